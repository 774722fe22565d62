//! The menus of `ivr`: what they play, and what each digit does.

use super::reading::Ask;
use crate::sim::event::pattern;

/// A menu, as the server's `ivr.conf` describes one.
#[derive(Debug, PartialEq, Eq)]
struct Menu {
    name: &'static str,
    greet_long: &'static str,
    greet_short: &'static str,
    /// Milliseconds to the first digit.
    timeout: u64,
    max_digits: usize,
    entries: &'static [(&'static str, Entry)],
}

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// `menu-exec-app`; `$1` is the first group of the digits' expression.
    App(&'static str),
    /// `menu-sub`
    Sub(&'static str),
    /// `menu-top`
    Top,
    /// `menu-back`
    Back,
    /// `menu-exit`
    Exit,
}

const INVALID: &str = "ivr/ivr-that_was_an_invalid_entry.wav";
const GOODBYE: &str = "voicemail/vm-goodbye.wav";
/// How many wrong or missing entries end a menu.
const MAX_FAILURES: u32 = 3;
/// Milliseconds between two digits.
const BETWEEN: u64 = 2000;

const MENUS: &[Menu] = &[
    Menu {
        name: "demo_ivr",
        greet_long: "ivr/ivr-welcome_to_freeswitch.wav",
        greet_short: "ivr/ivr-enter_ext.wav",
        timeout: 10_000,
        max_digits: 4,
        entries: &[
            ("1", Entry::App("transfer 3000 XML default")),
            ("2", Entry::App("transfer 9196 XML default")),
            ("3", Entry::App("transfer 9664 XML default")),
            ("4", Entry::App("transfer 9197 XML default")),
            ("5", Entry::App("playback tone_stream://%(600,0,440)")),
            ("6", Entry::Sub("demo_ivr_submenu")),
            ("/^(10[0-1][0-9])$/", Entry::App("transfer $1 XML default")),
            ("9", Entry::Top),
            ("0", Entry::Exit),
        ],
    },
    Menu {
        name: "demo_ivr_submenu",
        greet_long: "ivr/ivr-sample_submenu.wav",
        greet_short: "ivr/ivr-sample_submenu.wav",
        timeout: 15_000,
        max_digits: 4,
        entries: &[("*", Entry::Top), ("#", Entry::Back)],
    },
];

fn find(name: &str) -> Option<&'static Menu> {
    MENUS.iter().find(|menu| menu.name == name)
}

/// What follows from the digits.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sim) enum Act {
    /// The next time round.
    Again,
    /// A file says that they are wrong.
    Wrong(&'static str),
    /// An application with its data.
    Run(String),
}

/// The open menus of a call, the innermost last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Menus {
    open: Vec<&'static Menu>,
    rounds: u32,
    failures: u32,
    timeouts: u32,
}

impl Menus {
    pub(in crate::sim) fn open(name: &str) -> Option<Self> {
        Some(Self { open: vec![find(name)?], rounds: 0, failures: 0, timeouts: 0 })
    }

    /// What is played now, and which digits may follow.
    pub(in crate::sim) fn ask(&mut self) -> Ask {
        let Some(menu) = self.open.last() else { return Ask::default() };
        let prompt = if self.rounds == 0 { menu.greet_long } else { menu.greet_short };
        self.rounds += 1;
        Ask {
            min: 1,
            max: menu.max_digits,
            timeout: menu.timeout,
            digit_timeout: BETWEEN,
            terminators: "#".to_owned(),
            prompt: prompt.to_owned(),
            ..Ask::default()
        }
    }

    fn enter(&mut self) {
        (self.rounds, self.failures, self.timeouts) = (0, 0, 0);
    }

    /// Looks the digits up. All that match count on a server; here the first one does.
    pub(in crate::sim) fn choose(&mut self, digits: &str) -> Act {
        if digits.is_empty() {
            self.timeouts += 1;
            return Act::Again;
        }
        let entries = self.open.last().map_or(&[][..], |menu| menu.entries);
        let found = entries.iter().find_map(|(bind, entry)| {
            if bind.starts_with('/') {
                let groups = pattern::captures(bind, digits)?;
                Some((entry, groups.get(1).copied().unwrap_or_default()))
            } else {
                (*bind == digits).then_some((entry, digits))
            }
        });
        let Some((entry, group)) = found else {
            self.failures += 1;
            return Act::Wrong(INVALID);
        };
        self.failures = 0;
        match entry {
            Entry::App(line) => return Act::Run(line.replace("$1", group)),
            Entry::Sub(name) => {
                self.open.extend(find(name));
                self.enter();
            }
            Entry::Top => {
                self.open.truncate(1);
                self.enter();
            }
            Entry::Back | Entry::Exit => {
                self.open.pop();
                self.enter();
            }
        }
        Act::Again
    }

    /// Before the next time round: the status of a menu that has given up, and what is played when
    /// it was the last one.
    pub(in crate::sim) fn turn(&mut self) -> (Option<&'static str>, Option<&'static str>) {
        let status = if self.failures >= MAX_FAILURES {
            Some("failure")
        } else if self.timeouts >= MAX_FAILURES {
            Some("timeout")
        } else {
            None
        };
        if status.is_some() {
            self.open.pop();
            self.enter();
        }
        (status, self.open.is_empty().then_some(GOODBYE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn entries() {
        let mut menus = Menus::open("demo_ivr").unwrap();
        assert_eq!(menus.choose("1003"), Act::Run("transfer 1003 XML default".to_owned()));
        assert_eq!(menus.choose("77"), Act::Wrong(INVALID));
        assert_eq!(menus.choose("6"), Act::Again);
        assert_eq!(menus.ask().prompt, "ivr/ivr-sample_submenu.wav");
        assert_eq!((menus.choose("*"), menus.turn()), (Act::Again, (None, None)));
        assert_eq!(menus.ask().prompt, "ivr/ivr-welcome_to_freeswitch.wav");
        for _ in 0..MAX_FAILURES {
            assert_eq!(menus.choose(""), Act::Again);
        }
        assert_eq!(menus.turn(), (Some("timeout"), Some(GOODBYE)));
        assert_eq!(Menus::open("nosuch"), None);
    }
}
