//! What the shell must know of a command before it runs it. Each command says it beside its `Args`,
//! and nowhere else.

use super::call_name::{CallArg, Purpose};
use crate::shell::text::after_interrupt::AfterInterrupt;

/// Under which heading `help` lists a command; its file is in the folder of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Observe,
    Calls,
    Leg,
    Server,
    Apps,
    Connection,
    Script,
    Session,
}

impl Group {
    /// In the order of `help`.
    pub(crate) const ALL: [Self; 8] = [
        Self::Observe,
        Self::Calls,
        Self::Leg,
        Self::Server,
        Self::Apps,
        Self::Connection,
        Self::Script,
        Self::Session,
    ];

    /// The heading in `help`.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Observe => "What is going on",
            Self::Calls => "Make and end calls",
            Self::Leg => "Control a call",
            Self::Server => "Server commands",
            Self::Apps => "Apps",
            Self::Connection => "Connections",
            Self::Script => "Scripts",
            Self::Session => "This session",
        }
    }
}

/// What a command does to the server. Loading an app is a change: it acts on calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Changes nothing.
    Reads,
    /// May change something, whatever its arguments are.
    Changes,
    /// Its arguments decide: [`Describe::only_reads`].
    Depends,
}

/// The facts about one command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) group: Group,
    pub(crate) effect: Effect,
    /// What it does with the call that it names. A command without one changes what it names.
    pub(crate) purpose: Option<Purpose>,
    /// Whether it needs to know what is going on, and not only to send something.
    pub(crate) needs_events: bool,
    /// How many words of ours stand before a tail that is sent unchanged; `None` without such a tail.
    pub(crate) words_before_tail: Option<usize>,
    /// Whether `;;` within it belongs to it.
    pub(crate) keeps_lists: bool,
    /// Whether `|` and `>` within it belong to it: it holds a line to be run later.
    pub(crate) keeps_redirects: bool,
    /// Whether a script with it handles the results of its calls itself.
    pub(crate) handles_call_results: bool,
    /// Whether the next line waits for it: it changes where that line goes, or what it means.
    pub(crate) is_waited_for: bool,
    /// What continues after Ctrl-C.
    pub(crate) after_interrupt: AfterInterrupt,
}

impl Meta {
    /// A command that changes nothing on the server.
    pub(crate) const fn reads(group: Group) -> Self {
        Self {
            group,
            effect: Effect::Reads,
            purpose: None,
            needs_events: true,
            words_before_tail: None,
            keeps_lists: false,
            keeps_redirects: false,
            handles_call_results: false,
            is_waited_for: false,
            after_interrupt: AfterInterrupt::ENDED,
        }
    }

    /// A command that may change something on the server.
    pub(crate) const fn changes(group: Group) -> Self {
        Self { effect: Effect::Changes, ..Self::reads(group) }
    }

    /// A command that changes the call that it names, and waits until the server confirms it.
    pub(crate) const fn changes_call(group: Group) -> Self {
        Self::changes(group).on_call(Purpose::Change).interrupted(AfterInterrupt::MAY_STILL_ACT)
    }

    /// A command whose arguments decide whether it changes something.
    pub(crate) const fn depends(group: Group) -> Self {
        Self { effect: Effect::Depends, ..Self::reads(group) }
    }

    /// It takes a call.
    pub(crate) const fn on_call(self, purpose: Purpose) -> Self {
        Self { purpose: Some(purpose), ..self }
    }

    /// It only sends something: no events are needed for it.
    pub(crate) const fn without_events(self) -> Self {
        Self { needs_events: false, ..self }
    }

    /// What follows that many words of ours is sent unchanged.
    pub(crate) const fn with_verbatim_tail(self, words: usize) -> Self {
        Self { words_before_tail: Some(words), ..self }
    }

    /// `;;` within it belongs to it.
    pub(crate) const fn keeping_lists(self) -> Self {
        Self { keeps_lists: true, ..self }
    }

    /// `|` and `>` within it belong to it.
    pub(crate) const fn keeping_redirects(self) -> Self {
        Self { keeps_redirects: true, ..self }
    }

    /// A script with it handles the results of its calls itself.
    pub(crate) const fn handling_call_results(self) -> Self {
        Self { handles_call_results: true, ..self }
    }

    /// The next line waits for it.
    pub(crate) const fn waited_for(self) -> Self {
        Self { is_waited_for: true, ..self }
    }

    /// What continues after Ctrl-C.
    pub(crate) const fn interrupted(self, after_interrupt: AfterInterrupt) -> Self {
        Self { after_interrupt, ..self }
    }
}

/// What the `Args` of a command say about it.
pub(crate) trait Describe {
    /// What holds for each of its lines.
    const META: Meta;

    /// Whether this line changes nothing on the server.
    fn only_reads(&self) -> bool {
        matches!(Self::META.effect, Effect::Reads)
    }

    /// The call that this line changes.
    fn target(&self) -> Option<&CallArg> {
        None
    }

    /// Whether it asks by itself before it changes something, or the line says `--yes`.
    fn confirms_itself(&self) -> bool {
        self.target().is_some_and(|target| target.yes)
    }
}
