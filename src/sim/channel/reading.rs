//! The state of an application that waits for digits.

use super::file::File;
use super::menu::Menus;
use crate::model::dial::separate;

/// What is played, and which digits may follow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sim) struct Ask {
    pub(in crate::sim) min: usize,
    pub(in crate::sim) max: usize,
    pub(in crate::sim) tries: u32,
    /// Milliseconds to the first digit, and between two.
    pub(in crate::sim) timeout: u64,
    pub(in crate::sim) digit_timeout: u64,
    pub(in crate::sim) terminators: String,
    pub(in crate::sim) prompt: String,
    pub(in crate::sim) invalid: String,
    pub(in crate::sim) variable: String,
    pub(in crate::sim) regex: String,
    pub(in crate::sim) failure: String,
}

impl Ask {
    /// `<min> <max> <file> <variable> <timeout> <terminators> [<digit timeout>]`
    pub(in crate::sim) fn of_read(data: &str) -> Option<Self> {
        let words = separate(data, ' ');
        let [min, max, prompt, variable, timeout, terminators, rest @ ..] = &words[..] else {
            return None;
        };
        let ask = Self {
            tries: 1,
            prompt: prompt.clone(),
            variable: variable.clone(),
            terminators: terminators.clone(),
            ..Self::default()
        };
        Some(ask.with_limits([min, max, timeout], rest.first()))
    }

    /// `<min> <max> <tries> <timeout> <terminators> <file> <invalid file> <variable> <regex>
    /// [<digit timeout>] ['<failure extension> ...']`
    pub(in crate::sim) fn of_play_and_get(data: &str) -> Option<Self> {
        let words = separate(data, ' ');
        let [min, max, tries, timeout, terminators, prompt, invalid, rest @ ..] = &words[..] else {
            return None;
        };
        let word = |at: usize| rest.get(at).cloned().unwrap_or_default();
        let ask = Self {
            tries: tries.parse().unwrap_or(1).max(1),
            terminators: terminators.clone(),
            prompt: prompt.clone(),
            invalid: invalid.clone(),
            variable: word(0),
            regex: word(1),
            failure: word(3),
            ..Self::default()
        };
        Some(ask.with_limits([min, max, timeout], rest.get(2)))
    }

    /// The server waits a second at least.
    fn with_limits(self, [min, max, timeout]: [&String; 3], between: Option<&String>) -> Self {
        let min = min.parse().unwrap_or(0);
        let timeout = timeout.parse().unwrap_or(1000).max(1000);
        let between = between.and_then(|text| text.parse().ok()).filter(|ms| *ms > 0);
        let max = max.parse().unwrap_or(1).clamp(min.max(1), 128);
        Self { min, max, timeout, digit_timeout: between.unwrap_or(timeout), ..self }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Phase {
    /// The prompt plays; the first digit ends it.
    Prompt,
    Wait,
    /// What was pressed is wrong, and a file says so.
    Wrong,
    /// A menu waits before it begins again.
    Pause,
    /// An application that a menu has started runs.
    Away,
    /// A menu says goodbye.
    Goodbye,
}

/// The state of an application that waits for digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Reading {
    pub(in crate::sim) ask: Ask,
    pub(in crate::sim) menus: Option<Menus>,
    pub(in crate::sim) phase: Phase,
    pub(in crate::sim) digits: String,
    pub(in crate::sim) file: Option<File>,
    pub(in crate::sim) since: u64,
    pub(in crate::sim) timer: u64,
    pub(in crate::sim) is_late: bool,
    /// Pressed while a menu said that something was wrong: they count in the next round.
    pub(in crate::sim) early: String,
}

impl Reading {
    pub(in crate::sim) fn new(ask: Ask, menus: Option<Menus>) -> Self {
        Self {
            ask,
            menus,
            phase: Phase::Prompt,
            digits: String::new(),
            file: None,
            since: 0,
            timer: 0,
            is_late: false,
            early: String::new(),
        }
    }
}
