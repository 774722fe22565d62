//! Which events a socket gets: names, subclasses and filters, with their traps.

use std::collections::BTreeSet;

use super::rights::Rights;
use crate::model::EVENT_NAMES;
use crate::sim::event::{Event, pattern};

/// What `event`, `nixevent`, `noevents`, `myevents` and `filter` left behind.
#[derive(Debug, Default)]
pub(in crate::sim) struct Subscription {
    on: bool,
    all: bool,
    names: BTreeSet<&'static str>,
    subclasses: BTreeSet<String>,
    filters: Vec<(String, String)>,
    mine: bool,
}

/// A name that the user's login does not allow.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sim) struct Denied;

impl Subscription {
    /// Whether `myevents` has been said.
    pub(in crate::sim) fn is_mine(&self) -> bool {
        self.mine
    }

    /// `myevents`: the events of one channel.
    pub(in crate::sim) fn mine(&mut self) {
        self.names.extend(MINE);
        (self.on, self.mine) = (true, true);
    }

    /// Adds names; words behind CUSTOM are subclasses. Returns whether one was known. What stands
    /// in front of a name that is denied stays.
    pub(in crate::sim) fn add<'a>(
        &mut self,
        words: impl Iterator<Item = &'a str>,
        rights: &Rights,
    ) -> Result<bool, Denied> {
        let (mut custom, mut found) = (false, false);
        for word in words {
            if custom {
                if !rights.allows_subclass(word) {
                    return Err(Denied);
                }
                self.subclasses.insert(word.to_owned());
            } else if let Some(name) = known(word) {
                if !rights.allows_event(name) {
                    return Err(Denied);
                }
                custom = name == "CUSTOM";
                found = true;
                if name == "ALL" {
                    self.all = true;
                    self.names.extend(EVENT_NAMES.iter().filter(|name| **name != "ALL"));
                    let own = rights.subclasses();
                    let list = own.map(<[String]>::to_vec);
                    self.subclasses
                        .extend(list.unwrap_or_else(|| SUBCLASSES.map(str::to_owned).to_vec()));
                } else {
                    self.names.insert(name);
                }
            }
        }
        self.on |= found;
        Ok(found)
    }

    /// Takes names away, the reverse of [`Subscription::add`].
    pub(in crate::sim) fn nix<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> bool {
        let (mut custom, mut found) = (false, false);
        for word in words {
            if custom {
                self.subclasses.remove(word);
            } else if let Some(name) = known(word) {
                found = true;
                match name {
                    "ALL" => {
                        self.all = false;
                        self.names.clear();
                    }
                    // What follows are subclasses; the name itself stays.
                    "CUSTOM" => custom = true,
                    name => {
                        self.all = false;
                        self.names.remove(name);
                    }
                }
            }
        }
        self.on |= found;
        found
    }

    /// `noevents`: drops the names, keeps the filters; `false` when nothing was subscribed.
    pub(in crate::sim) fn clear(&mut self) -> bool {
        self.all = false;
        self.names.clear();
        self.subclasses.clear();
        std::mem::take(&mut self.on)
    }

    /// Adds a filter.
    pub(in crate::sim) fn add_filter(&mut self, header: &str, value: &str) {
        self.filters.push((header.to_owned(), value.to_owned()));
    }

    /// Drops the filters on a header, or those with this value if it is not empty, or `all`.
    pub(in crate::sim) fn delete_filter(&mut self, header: &str, value: &str) {
        if header.eq_ignore_ascii_case("all") {
            self.filters.clear();
            return;
        }
        self.filters.retain(|(found, with)| {
            !found.eq_ignore_ascii_case(header) || !(value.is_empty() || value == with)
        });
    }

    /// Whether an event of that name could be wanted, before its headers are made.
    pub(in crate::sim) fn may_want(&self, name: &str) -> bool {
        self.on && (self.all || self.names.contains(name))
    }

    /// Whether this event goes out to a socket that controls this channel, or none.
    pub(in crate::sim) fn wants(&self, event: &Event, session: Option<&str>) -> bool {
        let named = self.on
            && (self.all
                || (self.names.contains(event.name.as_ref())
                    && match &event.subclass {
                        Some(subclass) if event.name == "CUSTOM" => {
                            self.subclasses.contains(subclass)
                        }
                        _ => true,
                    }));
        named && self.passes(event) && (!self.mine || is_of(event, session))
    }

    /// Filters are or-ed; one that matches with a leading `-` drops the event; only negative ones
    /// let nothing pass (`protocol.md` 2.5, tested on a real server).
    fn passes(&self, event: &Event) -> bool {
        if self.filters.is_empty() {
            return true;
        }
        let mut pass = false;
        for (header, wanted) in &self.filters {
            let Some(value) = event.get(header) else { continue };
            // Signs and spaces in front, in any number; the last sign holds.
            let bare = wanted.trim_start_matches(['+', '-', ' ']);
            let signs = wanted.strip_suffix(bare).unwrap_or_default();
            let is_negative =
                signs.rfind(['+', '-']).is_some_and(|at| signs.get(at..=at) == Some("-"));
            if bare.is_empty() || (pass && !is_negative) {
                continue;
            }
            // Only a value that starts with the slash is a regular expression.
            let fits = match wanted.starts_with('/') {
                true => pattern::search(bare, value),
                false => bare.eq_ignore_ascii_case(value),
            };
            match (fits, is_negative) {
                (true, true) => return false,
                (true, false) => pass = true,
                (false, _) => {}
            }
        }
        pass
    }
}

/// Whether an event has a Unique-ID, and that of the channel if there is one.
fn is_of(event: &Event, session: Option<&str>) -> bool {
    let unique = event.get("Unique-ID");
    unique.is_some_and(|unique| session.is_none_or(|session| unique == session))
}

/// The event's own spelling of a name, if it is one.
///
/// Thirteen characters in front are overlooked, as those of `SWITCH_EVENT_` are meant to be.
pub(in crate::sim) fn known(word: &str) -> Option<&'static str> {
    let bare = word.get(13..).filter(|bare| !bare.is_empty());
    let is = |name: &&&str| {
        name.eq_ignore_ascii_case(word) || bare.is_some_and(|bare| name.eq_ignore_ascii_case(bare))
    };
    EVENT_NAMES.iter().find(is).copied()
}

/// What `myevents` subscribes to.
const MINE: [&str; 23] = [
    "CHANNEL_ANSWER",
    "CHANNEL_APPLICATION",
    "CHANNEL_BRIDGE",
    "CHANNEL_CREATE",
    "CHANNEL_DATA",
    "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_ORIGINATE",
    "CHANNEL_UUID",
    "CHANNEL_OUTGOING",
    "CHANNEL_PARK",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_STATE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_UNPARK",
    "DETECTED_SPEECH",
    "DTMF",
    "NOTALK",
    "TALK",
];

/// Subclasses that modules of this switch have reserved: they stay wanted when one name is taken
/// out of ALL.
const SUBCLASSES: [&str; 12] = [
    "conference::maintenance",
    "sofia::expire",
    "sofia::gateway_add",
    "sofia::gateway_delete",
    "sofia::gateway_state",
    "sofia::pre_register",
    "sofia::profile_start",
    "sofia::register",
    "sofia::register_attempt",
    "sofia::register_failure",
    "sofia::reinvite",
    "sofia::unregister",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &'static str, subclass: Option<&str>, unique: &str) -> Event {
        let mut event = Event::bare(name);
        event.subclass = subclass.map(str::to_owned);
        event.push("Event-Name", name);
        event.push("Unique-ID", unique);
        event
    }

    fn check(words: &str, filters: &[(&str, &str)], name: &'static str, wanted: bool) {
        let mut subscription = Subscription::default();
        subscription.add(words.split(' '), &Rights::default()).unwrap();
        for (header, value) in filters {
            subscription.add_filter(header, value);
        }
        let subclass = (name == "CUSTOM").then_some("sofia::register");
        let got = subscription.wants(&event(name, subclass, "abc"), None);
        assert_eq!(got, wanted, "{words:?} with {filters:?} on {name}");
    }

    #[limited::test]
    fn names_subclasses_and_filters() {
        check("ALL", &[], "CUSTOM", true);
        check("CUSTOM sofia::register", &[], "CUSTOM", true);
        check("CUSTOM", &[], "CUSTOM", false);
        check("CUSTOM sofia::register HEARTBEAT", &[], "HEARTBEAT", false);
        check("heartbeat bogus", &[], "HEARTBEAT", true);
        check("ALL", &[("Unique-ID", "ABC")], "DTMF", true);
        check("ALL", &[("Unique-ID", "x")], "BACKGROUND_JOB", false);
        check("ALL", &[("Unique-ID", "x"), ("Event-Name", "DTMF")], "DTMF", true);
        check("ALL", &[("Event-Name", "-DTMF")], "DTMF", false);
        check("ALL", &[("Event-Name", "-DTMF")], "API", false);
        check("ALL", &[("Event-Name", "/^CHANNEL_/")], "CHANNEL_PARK", true);
        check("ALL", &[("Event-Name", "/^channel_/i")], "CHANNEL_PARK", true);
        check("ALL", &[("Event-Name", "/^CHANNEL_/")], "DTMF", false);
        check("ALL", &[("Event-Name", "-/^CHANNEL_/"), ("Unique-ID", "abc")], "CHANNEL_PARK", true);
        check("ALL", &[("Event-Name", "/^CHANNEL_")], "CHANNEL_PARK", false);
        check("ALL", &[("Event-Name", "+ DTMF")], "DTMF", true);
        check("ALL", &[("Event-Name", "DTMF"), ("Unique-ID", "-abc")], "DTMF", false);
        check("SWITCH_EVENT_DTMF", &[], "DTMF", true);
    }

    #[limited::test]
    fn nixing_one_of_all_leaves_the_others() {
        let mut subscription = Subscription::default();
        subscription.add(["ALL"].into_iter(), &Rights::default()).unwrap();
        assert!(subscription.nix(["DTMF"].into_iter()));
        assert!(!subscription.wants(&event("DTMF", None, "a"), None));
        assert!(subscription.wants(&event("API", None, "a"), None));
        assert!(!subscription.nix(["bogus"].into_iter()));
    }
}
