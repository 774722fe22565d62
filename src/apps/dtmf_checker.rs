//! Digits that one leg sends have to arrive at the other one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::apps::bounded_map::BoundedMap;
use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Error, Session};
use crate::model;
use crate::model::{Direction, Phase};

/// Sends digits from the caller's side and checks that the callee's side gets them, in order.
///
/// A leg that got them all has the variable `dtmf_checked`; those that got others, or hung up
/// before the last one, are counted and reported.
#[derive(Debug)]
pub struct DtmfChecker {
    sequence: String,
    hold: Duration,
    got: BoundedMap<model::SessionInfo, Got>,
    checked: AtomicU64,
    failed: AtomicU64,
    incomplete: AtomicU64,
}

#[derive(Debug, Default)]
struct Got {
    is_expected: bool,
    is_done: bool,
    digits: String,
}

pub(super) const KIND: Kind = Kind {
    name: "DtmfChecker",
    about: "the caller sends digits, the callee checks that they arrive in order",
    params: &[
        Param::new("sequence", Takes::Digits, SEQUENCE, "the digits"),
        Param::new("duration", Takes::Milliseconds, "200", "how long each is held"),
    ],
    make: |values| {
        let checker = DtmfChecker::new(values.text("sequence"));
        Ok(Arc::new(DtmfChecker { hold: values.milliseconds("duration"), ..checker }))
    },
};

impl Default for DtmfChecker {
    fn default() -> Self {
        Self::new(SEQUENCE)
    }
}

impl DtmfChecker {
    /// One that sends these digits, each held for 200 ms.
    #[must_use]
    pub fn new(sequence: &str) -> Self {
        Self {
            sequence: sequence.to_owned(),
            hold: Duration::from_millis(200),
            got: BoundedMap::default(),
            checked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            incomplete: AtomicU64::new(0),
        }
    }

    /// How many legs got all digits, got others, and hung up before the last one.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let [a, b, c] = [&self.checked, &self.failed, &self.incomplete];
        (a.load(Ordering::Relaxed), b.load(Ordering::Relaxed), c.load(Ordering::Relaxed))
    }

    async fn digit(&self, session: &Session, digit: &str) -> Result<(), Error> {
        let verdict = self.got.with(session.id(), |got| {
            if !got.is_expected || got.is_done {
                return None;
            }
            got.digits.push_str(digit);
            if !self.sequence.starts_with(&got.digits) {
                got.is_done = true;
                return Some(Err(got.digits.clone()));
            }
            got.is_done = got.digits.len() == self.sequence.len();
            got.is_done.then_some(Ok(()))
        });
        match verdict {
            Some(Ok(())) => {
                self.checked.fetch_add(1, Ordering::Relaxed);
                session.setvar("dtmf_checked", "true").await
            }
            Some(Err(digits)) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                let sequence = &self.sequence;
                tracing::warn!(uuid = %session.id(), digits, sequence, "DtmfChecker: wrong digits");
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl App for DtmfChecker {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK", "DTMF", "CHANNEL_DESTROY"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            match (&*event.name(), session.info().direction) {
                ("CHANNEL_PARK", Direction::Inbound) if session.info().phase < Phase::Answered => {
                    self.got.with(session.id(), |got| got.is_expected = true);
                    session.answer().await
                }
                ("CHANNEL_PARK", Direction::Outbound)
                    if session.info().phase == Phase::Answered =>
                {
                    // Digits travel inside a stream of audio, so there has to be one.
                    session.playback("silence_stream://-1").await?;
                    session.send_dtmf(&self.sequence, self.hold).await
                }
                ("DTMF", _) => {
                    let digit = event.get("DTMF-Digit").unwrap_or_default();
                    self.digit(session, &digit).await
                }
                ("CHANNEL_DESTROY", _) => {
                    let note = self.got.take(session.id());
                    if let Some(got) = note.filter(|got| got.is_expected && !got.is_done) {
                        self.incomplete.fetch_add(1, Ordering::Relaxed);
                        let (digits, sequence) = (got.digits, &self.sequence);
                        tracing::warn!(uuid = %session.id(), digits, sequence, "DtmfChecker: hung up before the last digit");
                    }
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    }

    fn verdict(&self) -> Option<Result<String, String>> {
        let (checked, failed, incomplete) = self.counts();
        let digits = self.sequence.len();
        let figures = format!(
            "legs that got all {digits} digits: {checked}, other digits: {failed}, \
             too few: {incomplete}"
        );
        Some(match (checked, failed + incomplete) {
            (0, 0) => Err("no leg was called, so no digit was checked".to_owned()),
            (_, 0) => Ok(figures),
            _ => Err(figures),
        })
    }

    fn notes(&self) -> Vec<(&'static str, String)> {
        let (checked, failed, incomplete) = self.counts();
        vec![
            ("checked", checked.to_string()),
            ("failed", failed.to_string()),
            ("incomplete", incomplete.to_string()),
        ]
    }
}

const SEQUENCE: &str = "123456789";
