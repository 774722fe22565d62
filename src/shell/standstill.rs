//! When the process stood still: what was not shown is said, and the calls are looked at anew.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::render::counted;
use super::{Shell, Switch, completeness};
use crate::model::{Call, Id};

/// The calls that ran at one moment, by switch.
#[derive(Debug, Clone, Default)]
pub struct RunningCalls(Vec<(String, HashSet<Id<Call>>)>);

impl Shell {
    /// The calls that run now.
    #[must_use]
    pub fn running_calls(&self) -> RunningCalls {
        let switches = self.switches();
        RunningCalls(switches.iter().map(|it| (it.name().to_owned(), running(it))).collect())
    }

    /// Says that this process stood still from one moment to another, and that what happened then is
    /// not shown: it counts and is remembered all the same. A new snapshot tells what became of the
    /// calls, with `before` what ran before if that is known. Returns at once.
    pub fn resumed(&self, from: Timestamp, to: Timestamp, before: Option<RunningCalls>) {
        self.narration().stood_still(from, to);
        let is_many = self.switches().len() > 1;
        let before = before.unwrap_or_default().0;
        for switch in self.switches().into_iter().filter(|it| it.listener().is_connected()) {
            let before = before.iter().find(|(name, _)| *name == switch.name());
            let before = before.map(|(_, calls)| calls.clone());
            let narration = Arc::clone(&self.inner.narration);
            let _task = tokio::spawn(async move {
                // One that is gone is told of by its own line.
                if switch.listener().resync().await.is_ok() {
                    let text = match completeness::of_calls(&switch) {
                        Some(gap) => gap.error("calls").message,
                        None => looked_again(&running(&switch), before.as_ref()),
                    };
                    let name = if is_many { String::new() } else { format!("{}: ", switch.name()) };
                    narration.tell(switch.name(), &format!("{name}{text}"));
                }
            });
        }
    }
}

fn running(switch: &Switch) -> HashSet<Id<Call>> {
    switch.listener().calls().into_iter().map(|call| call.id).collect()
}

/// `meanwhile 3 calls ended, 2 new; 12 calls now`
fn looked_again(now: &HashSet<Id<Call>>, before: Option<&HashSet<Id<Call>>>) -> String {
    let running = counted(now.len(), "call");
    match before {
        None => format!("looked again: {running} now"),
        Some(before) => {
            let ended = counted(before.difference(now).count(), "call");
            let new = now.difference(before).count();
            format!("meanwhile {ended} ended, {new} new; {running} now")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_the_calls() {
        let calls = |ids: &[&str]| ids.iter().map(|id| Id::new(id)).collect::<HashSet<_>>();
        let (before, now) = (calls(&["a", "b", "c"]), calls(&["c", "d"]));
        assert_eq!(
            looked_again(&now, Some(&before)),
            "meanwhile 2 calls ended, 1 new; 2 calls now"
        );
        assert_eq!(looked_again(&before, None), "looked again: 3 calls now");
    }
}
