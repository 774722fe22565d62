//! What a word names: `last`, an id or its start, or a number.
//!
//! # Invariants
//! - `last` is the call that this shell started last on this switch, running or ended. A command
//!   that changes a call never gets another party's call for it, nor an older call of this shell.
//! - A number changes another party's call only once that was confirmed. An id is deliberate, if it
//!   is as long as tables show it.

pub(in crate::shell) mod last;

use super::context::Context;
use crate::model::{CallInfo, Id, SessionInfo};
use crate::shell::feed;
use crate::shell::session::completeness;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::text::short_id::Starts;
use crate::shell::view::Format;
use crate::track::Tracker;

/// What a command does with the call that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Purpose {
    /// It only shows or follows it.
    Read,
    /// It changes it, or ends it.
    Change,
}

/// Which call a command changes.
#[derive(Debug, clap::Args)]
pub(in crate::shell) struct CallArg {
    /// Which call or leg
    #[arg(value_name = "CALL")]
    pub(super) call: String,
    /// Do it without a question, also when a number names another party's call
    #[arg(short, long)]
    pub(super) yes: bool,
}

/// A word for a call, and whether to ask before another party's call is changed.
#[derive(Debug, Clone, Copy)]
pub(in crate::shell) struct Word<'a> {
    text: &'a str,
    asks: Asks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Always,
    Never,
}

impl<'a> From<&'a str> for Word<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, asks: Asks::Always }
    }
}

impl<'a> From<&'a CallArg> for Word<'a> {
    fn from(arg: &'a CallArg) -> Self {
        arg.also(&arg.call)
    }
}

impl CallArg {
    /// Another word of the same line.
    pub(super) fn also<'a>(&self, text: &'a str) -> Word<'a> {
        Word { text, asks: if self.yes { Asks::Never } else { Asks::Always } }
    }
}

/// A running call that a word names.
#[derive(Debug)]
pub(in crate::shell) struct Named {
    /// The call.
    pub(super) call: CallInfo,
    /// The leg that is named, or that stands for the call.
    pub(in crate::shell) leg: SessionInfo,
    /// Whether the word names that leg, and not the call.
    pub(super) is_leg: bool,
    by: By,
}

/// How a word names a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    /// By a number, or by a start that is shorter than tables show it.
    Number,
}

impl Context<'_> {
    /// The running call that a word names for the command that runs. A change of another party's
    /// call is confirmed here, and the answer names the call.
    ///
    /// # Errors
    /// When the word names no running call, several, or one that may not be changed.
    pub(in crate::shell) async fn named(
        &mut self,
        word: impl Into<Word<'_>> + Send,
    ) -> Result<Named, CommandError> {
        let word = word.into();
        if word.text == LAST {
            return self.named_last().await;
        }
        let named = self.by_name(word.text)?;
        if self.purpose == Purpose::Change {
            self.clear_change(&named, word).await?;
        }
        Ok(named)
    }

    /// Whether this shell started a call.
    pub(super) fn is_own(&self, call: &CallInfo) -> Result<bool, CommandError> {
        let is_own = self.listener()?.with(|tracker| is_own(tracker, call));
        Ok(is_own || self.client()?.has_started(call))
    }

    fn by_name(&self, word: &str) -> Result<Named, CommandError> {
        let listener = self.listener()?;
        let (mut legs, calls): (Vec<SessionInfo>, Vec<CallInfo>) = listener.with(|tracker| {
            let legs = tracker.sessions().filter(|leg| has_id(&leg.id, word)).cloned();
            (legs.collect(), tracker.calls().filter(|call| is_named(call, word)).collect())
        });
        if let Some(at) = legs.iter().position(|leg| leg.id.as_str() == word) {
            legs = vec![legs.swap_remove(at)];
        } else {
            let is_of_a_leg = |call: &CallInfo| legs.iter().any(|leg| leg.call == call.id);
            // The start of an id may be a number, too.
            if legs.is_empty() || !calls.iter().all(is_of_a_leg) {
                let missing = || self.no_call(&format!("no call is named {word:?}"), word);
                let call = one(calls, word, "calls", |call| call.id.as_str(), missing)?;
                let leg = call.lead().cloned().ok_or_else(|| has_ended(&call))?;
                let is_whole = call.id.as_str() == word;
                let by = if has_id(&call.id, word) { By::of(word, is_whole) } else { By::Number };
                return Ok(Named { call, leg, is_leg: false, by });
            }
        }
        let missing = || self.no_call(&format!("no call is named {word:?}"), word);
        let leg = one(legs, word, "legs", |leg| leg.id.as_str(), missing)?;
        let call = listener.call(&leg.call);
        let call = call.unwrap_or_else(|| CallInfo::new(leg.call.clone(), vec![leg.clone()]));
        let is_leg = leg.id.as_str() != call.id.as_str();
        let by = By::of(word, leg.id.as_str() == word);
        Ok(Named { call, leg, is_leg, by })
    }

    /// Asks where another party's call would be changed, and says which call is changed.
    async fn clear_change(&mut self, named: &Named, word: Word<'_>) -> Result<(), CommandError> {
        let (is_own, call) = (self.is_own(&named.call)?, described(&named.call));
        if !is_own && named.by == By::Number && word.asks == Asks::Always {
            let text = sanitise::line(word.text);
            let question = format!("{text} names a call that is not yours: {call}");
            if self.operator().is_none() {
                return Err(CommandError::usage(question).hint(format!(
                    "its id, {}, or --yes changes it without a question",
                    self.short(&named.call)
                )));
            }
            let answer = self.ask(&format!("{question}\nchange it? [y/N]")).await?;
            if !["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)) {
                let message = "not confirmed, nothing was done";
                return Err(CommandError::new(Kind::Interrupted, message));
            }
        }
        match self.format() {
            Format::Table | Format::Vertical if is_own => self.line(&format!("call {call}")),
            Format::Table | Format::Vertical => self.line(&format!("call {call}, not yours")),
            _ => Ok(()),
        }
    }

    /// The shortest start of a call's id that names no other one.
    fn short(&self, call: &CallInfo) -> String {
        let ids: Vec<_> = self.listener().map_or_else(
            |_none| Vec::new(),
            |listener| {
                listener.with(|tracker| tracker.sessions().map(|leg| leg.id.clone()).collect())
            },
        );
        let starts = Starts::new(ids.iter().map(Id::as_str));
        sanitise::line(starts.of(call.id.as_str())).into_owned()
    }

    /// That a word names no running call, and how the one that it may mean has ended.
    fn no_call(&self, message: &str, word: &str) -> CommandError {
        let err =
            CommandError::new(Kind::Refused, message).hint("type \"calls\" to see what is running");
        let gap = self.switch().ok().and_then(|switch| completeness::of_calls(&switch));
        let err = match gap {
            Some(gap) => err.hint(gap.error("calls").message),
            None => err,
        };
        let is_it = |call: &CallInfo| word == LAST || is_named(call, word);
        let ended = |tracker: &Tracker| tracker.ended().rev().find(|call| is_it(call)).cloned();
        let Some(call) = self.listener().ok().and_then(|listener| listener.with(ended)) else {
            return err;
        };
        let cause = call.cause().map_or_else(|| "no cause".to_owned(), |cause| cause.to_string());
        let cause = sanitise::line(&cause);
        let id = call.id.short();
        err.hint(format!("{id} has ended with {cause}: \"why {id}\" explains"))
    }
}

impl By {
    fn of(word: &str, is_whole: bool) -> Self {
        if is_whole || word.chars().count() >= SHOWN { Self::Id } else { Self::Number }
    }
}

/// How many letters of an id tables show.
const SHOWN: usize = 8;

/// `6c1d2a5e-.., 1000 -> 1001`
pub(super) fn described(call: &CallInfo) -> String {
    let parties = call.lead().map_or_else(String::new, |lead| {
        format!(", {} -> {}", feed::caller(lead), sanitise::line(&lead.destination))
    });
    format!("{}{parties}", sanitise::line(call.id.as_str()))
}

fn is_own(tracker: &Tracker, call: &CallInfo) -> bool {
    let is_own_leg = |leg: &SessionInfo| tracker.is_own_call(&leg.id.cast());
    tracker.is_own_call(&call.id) || call.sessions.iter().any(is_own_leg)
}

fn has_ended(call: &CallInfo) -> CommandError {
    let cause =
        call.cause().map_or_else(|| "an unknown cause".to_owned(), |cause| cause.to_string());
    let message = format!("last has ended with {}: {}", sanitise::line(&cause), described(call));
    CommandError::new(Kind::Refused, message)
        .hint(format!("\"why {}\" explains it", sanitise::line(call.id.short())))
}

fn has_id<T>(id: &Id<T>, word: &str) -> bool {
    word.len() >= 2 && id.as_str().starts_with(word)
}

/// Whether a word stands for a call: an id of it or of a leg, or a number.
pub(super) fn is_named(call: &CallInfo, word: &str) -> bool {
    has_id(&call.id, word)
        || call.sessions.iter().any(|session| {
            has_id(&session.id, word)
                || is_same_number(&session.caller_number, word)
                || is_same_number(&session.destination, word)
        })
}

/// Whether two numbers are the same, with or without the sign of an international one.
pub(super) fn is_same_number(one: &str, other: &str) -> bool {
    plain_number(one) == plain_number(other)
}

/// A number without `+` or `00` in front.
pub(super) fn plain_number(text: &str) -> &str {
    let rest = text.strip_prefix('+').or_else(|| text.strip_prefix("00"));
    // `0000000000` is FreeSWITCH's word for an unknown caller.
    rest.filter(|rest| rest.starts_with(|first| ('1'..='9').contains(&first))).unwrap_or(text)
}

/// The one thing that a word names. An id that is the whole word stands for nothing else.
///
/// # Errors
/// When it names several, which are listed, or none.
pub(super) fn one<T>(
    mut found: Vec<T>,
    word: &str,
    things: &str,
    id: impl Fn(&T) -> &str,
    missing: impl FnOnce() -> CommandError,
) -> Result<T, CommandError> {
    if let Some(at) = found.iter().position(|one| id(one) == word) {
        return Ok(found.swap_remove(at));
    }
    if found.len() > 1 {
        let starts = Starts::new(found.iter().map(&id));
        let names: Vec<_> = found.iter().take(5).map(|one| starts.of(id(one))).collect();
        let count = found.len();
        return Err(CommandError::usage(format!("{word:?} names {count} {things}"))
            .hint(format!("be more exact, for example: {}", sanitise::line(&names.join(", ")))));
    }
    found.pop().ok_or_else(missing)
}

#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

/// The word for the call that this shell started last.
pub(in crate::shell) const LAST: &str = "last";
