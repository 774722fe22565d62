//! Which events a socket gets: names, subclasses and filters, with their traps.

use std::collections::BTreeSet;

use super::event::Event;

/// What `event`, `nixevent`, `noevents` and `filter` left behind.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    all: bool,
    names: BTreeSet<&'static str>,
    subclasses: BTreeSet<String>,
    filters: Vec<(String, String)>,
    /// The channel of `myevents`.
    pub(super) only: Option<String>,
}

impl Subscription {
    /// Whether anything is subscribed.
    pub(super) fn is_on(&self) -> bool {
        self.all || !self.names.is_empty() || self.only.is_some()
    }

    /// Adds names; words behind CUSTOM are subclasses. Returns whether one was known.
    pub(super) fn add<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> bool {
        let (mut custom, mut found) = (false, false);
        for word in words {
            if custom {
                self.subclasses.insert(word.to_owned());
            } else if word.eq_ignore_ascii_case("ALL") {
                (self.all, found) = (true, true);
            } else if let Some(name) = known(word) {
                custom = name == "CUSTOM";
                self.names.insert(name);
                found = true;
            }
        }
        found
    }

    /// Takes names away, the reverse of [`Subscription::add`].
    pub(super) fn nix<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> bool {
        let (mut custom, mut found) = (false, false);
        for word in words {
            if custom {
                self.subclasses.remove(word);
            } else if word.eq_ignore_ascii_case("ALL") {
                self.clear();
                found = true;
            } else if let Some(name) = known(word) {
                custom = name == "CUSTOM";
                if std::mem::take(&mut self.all) {
                    self.names.extend(NAMES);
                }
                if !custom {
                    self.names.remove(name);
                }
                found = true;
            }
        }
        found
    }

    /// `noevents`: drops the names, keeps the filters.
    pub(super) fn clear(&mut self) {
        self.all = false;
        self.names.clear();
        self.subclasses.clear();
        self.only = None;
    }

    /// Adds a filter.
    pub(super) fn add_filter(&mut self, header: &str, value: &str) {
        self.filters.push((header.to_owned(), value.to_owned()));
    }

    /// Drops the filters on a header, or the one with this value, or `all`.
    pub(super) fn delete_filter(&mut self, header: &str, value: Option<&str>) {
        if header.eq_ignore_ascii_case("all") && value.is_none() {
            self.filters.clear();
            return;
        }
        self.filters.retain(|(found, with)| {
            !found.eq_ignore_ascii_case(header) || value.is_some_and(|value| value != with)
        });
    }

    /// Whether an event of that name could be wanted, before its headers are made.
    pub(super) fn may_want(&self, name: &str) -> bool {
        self.all || self.only.is_some() || self.names.contains(name)
    }

    /// Whether this event goes out.
    pub(super) fn wants(&self, event: &Event) -> bool {
        if let Some(only) = &self.only
            && event.get("Unique-ID") == Some(only.as_str())
        {
            return true;
        }
        let named = self.all
            || match (&event.subclass, event.name.as_ref()) {
                (Some(subclass), "CUSTOM") => self.subclasses.contains(subclass),
                (_, name) => self.names.contains(name),
            };
        named && self.passes(event)
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
            match wanted.strip_prefix('-') {
                Some(wanted) if value.eq_ignore_ascii_case(wanted) => return false,
                Some(_) => {}
                None => pass |= matches(wanted, value),
            }
        }
        pass
    }
}

/// `/re/` searches, anything else compares the whole value. Of regular expressions the sim knows
/// literals, `^`, `$`, `.`, `.*` and `|`.
fn matches(wanted: &str, value: &str) -> bool {
    match wanted.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((pattern, options)) if options.contains('i') => {
            super::pattern::search(&pattern.to_lowercase(), &value.to_lowercase())
        }
        Some((pattern, _)) => super::pattern::search(pattern, value),
        None => wanted.eq_ignore_ascii_case(value),
    }
}

/// The event's own spelling of a name, if it is one.
pub(super) fn known(word: &str) -> Option<&'static str> {
    NAMES.iter().find(|name| name.eq_ignore_ascii_case(word)).copied()
}

/// The names a client may subscribe to (`switch_event.c`).
const NAMES: &[&str] = &[
    "CUSTOM",
    "CLONE",
    "CHANNEL_CREATE",
    "CHANNEL_DESTROY",
    "CHANNEL_STATE",
    "CHANNEL_CALLSTATE",
    "CHANNEL_ANSWER",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_OUTGOING",
    "CHANNEL_PARK",
    "CHANNEL_UNPARK",
    "CHANNEL_APPLICATION",
    "CHANNEL_ORIGINATE",
    "CHANNEL_UUID",
    "API",
    "LOG",
    "INBOUND_CHAN",
    "OUTBOUND_CHAN",
    "STARTUP",
    "SHUTDOWN",
    "PUBLISH",
    "UNPUBLISH",
    "TALK",
    "NOTALK",
    "SESSION_CRASH",
    "MODULE_LOAD",
    "MODULE_UNLOAD",
    "DTMF",
    "MESSAGE",
    "PRESENCE_IN",
    "NOTIFY_IN",
    "PRESENCE_OUT",
    "PRESENCE_PROBE",
    "MESSAGE_WAITING",
    "MESSAGE_QUERY",
    "ROSTER",
    "CODEC",
    "BACKGROUND_JOB",
    "DETECTED_SPEECH",
    "DETECTED_TONE",
    "PRIVATE_COMMAND",
    "HEARTBEAT",
    "TRAP",
    "ADD_SCHEDULE",
    "DEL_SCHEDULE",
    "EXE_SCHEDULE",
    "RE_SCHEDULE",
    "RELOADXML",
    "NOTIFY",
    "PHONE_FEATURE",
    "PHONE_FEATURE_SUBSCRIBE",
    "SEND_MESSAGE",
    "RECV_MESSAGE",
    "REQUEST_PARAMS",
    "CHANNEL_DATA",
    "GENERAL",
    "COMMAND",
    "SESSION_HEARTBEAT",
    "CLIENT_DISCONNECTED",
    "SERVER_DISCONNECTED",
    "SEND_INFO",
    "RECV_INFO",
    "RECV_RTCP_MESSAGE",
    "SEND_RTCP_MESSAGE",
    "CALL_SECURE",
    "NAT",
    "RECORD_START",
    "RECORD_STOP",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "CALL_UPDATE",
    "FAILURE",
    "SOCKET_DATA",
    "MEDIA_BUG_START",
    "MEDIA_BUG_STOP",
    "CONFERENCE_DATA_QUERY",
    "CONFERENCE_DATA",
    "CALL_SETUP_REQ",
    "CALL_SETUP_RESULT",
    "CALL_DETAIL",
    "DEVICE_STATE",
    "TEXT",
    "SHUTDOWN_REQUESTED",
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
        subscription.add(words.split(' '));
        for (header, value) in filters {
            subscription.add_filter(header, value);
        }
        let subclass = (name == "CUSTOM").then_some("sofia::register");
        let got = subscription.wants(&event(name, subclass, "abc"));
        assert_eq!(got, wanted, "{words:?} with {filters:?} on {name}");
    }

    #[test]
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
    }

    #[test]
    fn nixing_one_of_all_leaves_the_others() {
        let mut subscription = Subscription::default();
        subscription.add(["ALL"].into_iter());
        assert!(subscription.nix(["DTMF"].into_iter()));
        assert!(!subscription.wants(&event("DTMF", None, "a")));
        assert!(subscription.wants(&event("API", None, "a")));
        assert!(!subscription.nix(["bogus"].into_iter()));
    }
}
