//! How long a thread has had a processor. On a busy machine that is less than the time that passed.

use std::path::PathBuf;
use std::time::Duration;

/// Reads the time of one thread, from any other thread. Knows nothing but on Linux.
#[derive(Debug)]
pub(super) struct Meter(Option<PathBuf>);

impl Meter {
    /// The meter of the thread that calls this.
    pub(super) fn of_this_thread() -> Self {
        let own = std::fs::read_link("/proc/thread-self").ok();
        Self(own.map(|own| PathBuf::from("/proc").join(own).join("stat")))
    }

    /// The time so far, in steps of 10 ms; `None` when the system does not say, or the thread ended.
    pub(super) fn used(&self) -> Option<Duration> {
        ticks(&std::fs::read_to_string(self.0.as_ref()?).ok()?)
    }
}

/// User and system time in a `stat` of proc(5): fields 14 and 15, in hundredths of a second. The
/// name of the thread is in brackets before them and may contain anything.
fn ticks(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some(Duration::from_millis((user + system).saturating_mul(10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn both_times_are_read_whatever_the_thread_is_called() {
        let stat = "7 (a) 1 (b)) R 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 0 0";
        assert_eq!(ticks(stat), Some(Duration::from_secs(3)));
        for broken in ["", "7 (a", "7 (a) R 1 2", "7 (a) R 1 7 7 0 -1 0 1 0 0 0 x 5"] {
            assert_eq!(ticks(broken), None, "{broken}");
        }
    }

    #[cfg(target_os = "linux")]
    #[limited::test]
    async fn a_thread_that_computes_uses_time_and_one_that_sleeps_does_not() {
        let meter = Meter::of_this_thread();
        let before = meter.used().unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let slept = meter.used().unwrap();
        assert!(slept - before < Duration::from_millis(100));
        while meter.used().unwrap() - slept < Duration::from_millis(50) {}
    }
}
