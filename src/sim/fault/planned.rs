//! A fault as a line of text, and when it comes: `late-reply=api status:2s`, `restart@every:1m`.

use std::str::FromStr;
use std::time::Duration;

use super::Fault;
use crate::time_span::{SECOND, parse_in};

/// A fault and its time. As text it is `NAME[=VALUE]`, with `@TIME` behind it for once after a
/// time, or `@every:TIME` for again and again. [`FAULTS`] lists the names.
///
/// ```
/// use switchy::sim::{Config, Planned};
///
/// let drop: Planned = "drop@every:30s".parse()?;
/// let config = Config::new().with_fault(drop);
/// let wrong = "drpo".parse::<Planned>().unwrap_err();
/// assert!(wrong.to_string().starts_with("there is no fault \"drpo\""));
/// # Ok::<(), switchy::sim::FaultError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    fault: Fault,
    when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    AtOnce,
    After(Duration),
    Every(Duration),
}

/// Every fault that can be written as text: its form with an example of a value, and what it does.
pub const FAULTS: &[(&str, &str)] = &[
    ("late-reply=api status:2s", "replies to commands that start so are late; late-reply=2s: all"),
    ("no-reply=api show", "the reply to the next command that starts so never comes"),
    ("deny=api originate", "commands that start so answer: -ERR permission denied"),
    ("reject-acl", "new clients are turned away as by an ACL"),
    ("silent", "new clients are accepted, nothing is ever sent to them"),
    ("split-writes=3", "what is sent arrives in pieces of that many bytes"),
    ("stall=5s@20s", "nothing is sent to anybody for a while, then all of it"),
    ("junk=%00%FF nonsense@20s", "bytes that are no frame; %XX is any byte"),
    ("drop@20s", "every connection is cut"),
    ("cut-frame@20s", "every connection is cut in the middle of a frame"),
    ("restart@every:1m", "a crash: calls and connections are gone, the Core-UUID is new"),
    ("lose-events=5%", "that share of events is lost for each client, without a word"),
    ("flood=5000", "that many events a second, of calls that exist as events only"),
    ("ghost-rows", "the rows of show channels stay when their channels end"),
    ("broken-xml", "the configuration cannot be read again: reloadxml and its like say so"),
    ("hostile-names", "callers without a name, and of --traffic, have names that attack terminals"),
];

/// Why a text is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No fault has that name.
    #[error("there is no fault {name:?}; there are: {}", names().join(", "))]
    Unknown {
        /// The name that was given.
        name: String,
    },
    /// The value, or the time behind `@`, makes no sense for this fault.
    #[error("{text:?} is not understood; for example: {example}")]
    Value {
        /// What was given.
        text: String,
        /// How the fault is written.
        example: &'static str,
    },
}

impl From<Fault> for Planned {
    fn from(fault: Fault) -> Self {
        Self { fault, when: When::AtOnce }
    }
}

impl Planned {
    /// Lets the fault happen once, after a time.
    #[must_use]
    pub fn after(fault: Fault, time: Duration) -> Self {
        Self { fault, when: When::After(time) }
    }

    /// Lets the fault happen again and again; not more often than every 10 ms.
    #[must_use]
    pub fn every(fault: Fault, time: Duration) -> Self {
        Self { fault, when: When::Every(time.max(Duration::from_millis(10))) }
    }

    pub(in crate::sim) fn first(&self) -> Option<Duration> {
        match self.when {
            When::AtOnce => None,
            When::After(time) | When::Every(time) => Some(time),
        }
    }

    pub(in crate::sim) fn again(&self) -> Option<Duration> {
        match self.when {
            When::AtOnce | When::After(_) => None,
            When::Every(time) => Some(time),
        }
    }

    pub(in crate::sim) fn into_fault(self) -> Fault {
        self.fault
    }
}

impl FromStr for Planned {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let name = text.split(['=', '@']).next().unwrap_or_default();
        let found = FAULTS.iter().find(|(form, _)| form_name(form) == name);
        let Some((example, _)) = found else {
            return Err(FaultError::Unknown { name: name.to_owned() });
        };
        let wrong = || FaultError::Value { text: text.to_owned(), example };
        // A value may hold an @, a time cannot.
        let (rest, when) = match text.rsplit_once('@').map(|(rest, when)| (rest, time(when))) {
            Some((rest, Some(when))) => (rest, when),
            Some((rest, None)) if !rest.contains('=') => return Err(wrong()),
            _ => (text, When::AtOnce),
        };
        let value = rest.split_once('=').map(|(_, value)| value);
        let fault = fault(name, value).ok_or_else(wrong)?;
        Ok(Self { fault, when })
    }
}

fn form_name(form: &str) -> &str {
    form.split(['=', '@']).next().unwrap_or(form)
}

fn names() -> Vec<&'static str> {
    FAULTS.iter().map(|(form, _)| form_name(form)).collect()
}

fn time(text: &str) -> Option<When> {
    match text.strip_prefix("every:") {
        Some(text) => duration(text).filter(|time| !time.is_zero()).map(When::Every),
        None => duration(text).map(When::After),
    }
}

fn fault(name: &str, value: Option<&str>) -> Option<Fault> {
    if let Some(value) = value {
        return Some(match name {
            "late-reply" => {
                let (prefix, by) = value.rsplit_once(':').unwrap_or(("", value));
                Fault::SlowReplies { command_prefix: prefix.to_owned(), by: duration(by)? }
            }
            "no-reply" => Fault::NoReply { command_prefix: value.to_owned() },
            "deny" => Fault::Deny { command_prefix: value.to_owned() },
            "split-writes" => Fault::SplitWrites(value.parse().ok()?),
            "stall" => Fault::Stall(duration(value)?),
            "junk" => Fault::Junk(bytes(value)),
            "lose-events" => Fault::LoseEvents(share(value)?),
            "flood" => Fault::Flood { events_per_second: value.parse().ok()? },
            _ => return None,
        });
    }
    Some(match name {
        "reject-acl" => Fault::RejectAcl,
        "silent" => Fault::Silent,
        "drop" => Fault::DropAll,
        "cut-frame" => Fault::CutFrame,
        "restart" => Fault::Restart,
        "hostile-names" => Fault::HostileNames,
        "ghost-rows" => Fault::GhostRows,
        "broken-xml" => Fault::BrokenXml,
        _ => return None,
    })
}

/// `2s`, `500ms`, `1m30s`, or seconds.
fn duration(text: &str) -> Option<Duration> {
    parse_in(text, SECOND)
}

/// `5%` or `0.05`.
fn share(text: &str) -> Option<f64> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().ok()? / scale;
    (0.0..=1.0).contains(&share).then_some(share)
}

/// A text in which `%XX` is a byte.
fn bytes(text: &str) -> Vec<u8> {
    crate::wire::percent::decode_bytes(text.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, fault: Fault, when: When) {
        assert_eq!(text.parse::<Planned>(), Ok(Planned { fault, when }), "{text}");
    }

    #[limited::test]
    fn every_listed_example_is_a_fault() {
        for (example, about) in FAULTS {
            assert!(example.parse::<Planned>().is_ok(), "{example}");
            assert!(!about.is_empty());
        }
    }

    #[limited::test]
    fn texts() {
        let second = Duration::from_secs(1);
        let late = |prefix: &str, by| Fault::SlowReplies { command_prefix: prefix.into(), by };
        check("late-reply=2s", late("", second * 2), When::AtOnce);
        check("late-reply=api status:500ms", late("api status", second / 2), When::AtOnce);
        check("late-reply=api x@1:1@10s", late("api x@1", second), When::After(second * 10));
        check("drop@every:1m30s", Fault::DropAll, When::Every(second * 90));
        check("junk=%FFx@2", Fault::Junk(b"\xffx".to_vec()), When::After(second * 2));
        check(
            "deny=api originate user/1@h",
            Fault::Deny { command_prefix: "api originate user/1@h".into() },
            When::AtOnce,
        );
        check("lose-events=25%", Fault::LoseEvents(0.25), When::AtOnce);
        check("flood=100", Fault::Flood { events_per_second: 100 }, When::AtOnce);
        for wrong in [
            "",
            "drpo",
            "drop=1",
            "drop@soon",
            "drop@every:0",
            "flood=x",
            "stall",
            "lose-events=150%",
            "late-reply=api status",
            "late-reply=-1",
        ] {
            let error = wrong.parse::<Planned>().expect_err(wrong).to_string();
            assert!(error.contains("for example") || error.contains("there are"), "{error}");
        }
    }
}
