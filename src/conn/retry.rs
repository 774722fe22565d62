//! Trying again: in one place, bounded, with the last real error.

use std::time::Duration;

use super::error::{ConnectError, Verdict};

/// How long to wait between attempts: twice as long each time, with jitter, so that many clients
/// do not come back at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    attempts: u32,
}

impl Default for Backoff {
    /// From 0.25 s to 15 s, without end.
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(15))
    }
}

impl Backoff {
    /// Waits `first`, then twice as long each time, up to `most`.
    #[must_use]
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, attempts: u32::MAX }
    }

    /// Gives up after this many attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The wait before attempt `number` (from 1), between half and all of what is due.
    #[must_use]
    pub fn wait(&self, number: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(number.saturating_sub(1).min(30));
        let due = self.first.saturating_mul(doubled).min(self.most);
        due.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// An error that knows whether trying again can help.
pub trait Retryable: std::error::Error {
    /// What to do about it.
    fn verdict(&self) -> Verdict;
}

impl Retryable for ConnectError {
    fn verdict(&self) -> Verdict {
        Self::verdict(self)
    }
}

/// Waits and tries, until it works or cannot. `waiting` is called before each wait: with its number,
/// how long it is, and the error of the attempt before, if there was one.
///
/// # Cancel safety
/// Dropping the future drops the attempt that is under way; no other one is made.
///
/// # Errors
/// The last real error: one that says [`Verdict::GiveUp`], or that of the last attempt.
pub async fn retry<T, E, F>(
    backoff: &Backoff,
    mut attempt: impl FnMut() -> F,
    mut waiting: impl FnMut(u32, Duration, Option<&E>),
) -> Result<T, E>
where
    E: Retryable,
    F: Future<Output = Result<T, E>>,
{
    let mut last = None;
    let mut number = 1;
    loop {
        let wait = backoff.wait(number);
        waiting(number, wait, last.as_ref());
        tokio::time::sleep(wait).await;
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(err) if err.verdict() == Verdict::GiveUp || number >= backoff.attempts => {
                return Err(err);
            }
            Err(err) => last = Some(err),
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn waits_double_up_to_the_most() {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for (number, due) in [(1, 100), (2, 200), (4, 800), (5, 1000), (1000, 1000)] {
            let wait = backoff.wait(number).as_millis();
            assert!((due / 2..=due).contains(&wait), "{number}: {wait}");
        }
    }

    #[limited::test(paused)]
    async fn a_wrong_password_is_not_tried_again_and_a_refusal_is() {
        let error = |is_final: bool| {
            let peer = String::new();
            if is_final {
                ConnectError::WrongPassword { peer }
            } else {
                ConnectError::Refused { peer }
            }
        };
        for (is_final, attempts, expected) in [(true, 9, 1), (false, 3, 3)] {
            let mut tried = 0;
            let backoff = Backoff::default().with_attempts(attempts);
            let attempt = || {
                tried += 1;
                std::future::ready(Err::<(), _>(error(is_final)))
            };
            let outcome = retry(&backoff, attempt, |_, _, _| {}).await;
            assert!(outcome.is_err());
            assert_eq!(tried, expected);
        }
    }
}
