//! What a command gets: the shell, its switch, and where its answer goes.

use std::fmt;
use std::sync::Arc;

use super::narrate::Awaited;
use super::pipe::Pace;
use super::profile::Ruling;
use super::render::View;
use super::starts::Starts;
use super::{
    CommandError, Format, Guard, Kind, Next, Operator, ReadOnly, Shell, Switch, line, rows,
    sanitise,
};
use crate::client::Client;
use crate::listener::EventListener;
use crate::model::{Call, HangupCause, Id, Session};
use crate::track::Tracker;

/// Where an answer goes and how it should look.
pub struct Output<'a> {
    /// Takes the text, in parts as they come.
    pub text: &'a mut (dyn fmt::Write + Send),
    /// The format that the process was asked for; a line or `set` may ask for another.
    pub format: Option<Format>,
    /// The width of the terminal, if it is one.
    pub width: Option<u16>,
    /// The height of the terminal, if it is one: longer answers go through a pager.
    pub rows: Option<u16>,
    /// Who can be asked; nobody in a script.
    pub operator: Option<Operator>,
    /// Whether `text` ends up on the standard output of this process, so that programs which a line
    /// starts may write there themselves.
    pub owns_stdout: bool,
    /// What the line itself asked for with `\G`.
    pub(super) forced: Option<Format>,
    /// How fast what is written without end is read.
    pub(super) pace: Option<Pace>,
    /// How many lines it is within: files run lines that can run files.
    pub(super) depth: u8,
}

impl<'a> Output<'a> {
    /// An answer into `text`: no format asked for, no terminal, nobody to ask.
    #[must_use]
    pub fn new(text: &'a mut (dyn fmt::Write + Send)) -> Self {
        Self {
            text,
            format: None,
            width: None,
            rows: None,
            operator: None,
            owns_stdout: false,
            forced: None,
            pace: None,
            depth: 0,
        }
    }

    /// In the format that the process was asked for.
    #[must_use]
    pub fn with_format(self, format: Option<Format>) -> Self {
        Self { format, ..self }
    }

    /// For a terminal of that many columns.
    #[must_use]
    pub fn with_width(self, width: Option<u16>) -> Self {
        Self { width, ..self }
    }

    /// For a terminal of that many rows.
    #[must_use]
    pub fn with_rows(self, rows: Option<u16>) -> Self {
        Self { rows, ..self }
    }

    /// On the standard output of this process.
    #[must_use]
    pub fn on_stdout(self) -> Self {
        Self { owns_stdout: true, ..self }
    }

    /// With the format and the operator of another one; that it is a terminal is not taken over.
    pub(super) fn asked_as(self, other: &Output<'_>) -> Self {
        let (operator, depth) = (other.operator.clone(), other.depth);
        Self { format: other.format, forced: other.forced, operator, depth, ..self }
    }

    /// One line deeper.
    ///
    /// # Errors
    /// A usage error when that is too deep: a file that runs itself never ends.
    fn within(self, depth: u8) -> Result<Self, CommandError> {
        if depth >= DEPTH {
            return Err(CommandError::usage(format!("lines run lines, {DEPTH} deep"))
                .hint("a file that runs itself, or a profile that connects to itself?"));
        }
        Ok(Self { depth: depth + 1, ..self })
    }

    pub(super) fn forced(self, format: Option<Format>) -> Self {
        Self { forced: format.or(self.forced), ..self }
    }

    pub(super) fn paced(self, pace: Pace) -> Self {
        Self { pace: Some(pace), ..self }
    }

    /// With somebody who can be asked.
    #[must_use]
    pub fn with_operator(self, operator: Option<Operator>) -> Self {
        Self { operator, ..self }
    }
}

/// How deep lines may run lines: each level takes its part of the stack.
const DEPTH: u8 = 16;

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("format", &self.format).finish_non_exhaustive()
    }
}

/// What a command works with.
#[derive(Debug)]
pub struct Context<'a> {
    /// The session.
    pub(super) shell: Shell,
    /// The switch that the line is for.
    switch: Option<Arc<Switch>>,
    output: Output<'a>,
    /// What the line itself asked for.
    pub(super) format: Option<Format>,
}

impl<'a> Context<'a> {
    pub(super) fn new(shell: &Shell, switch: Option<Arc<Switch>>, output: Output<'a>) -> Self {
        Self { shell: shell.clone(), switch, output, format: None }
    }

    /// The switch that the line is for.
    pub(super) fn switch(&self) -> Result<Arc<Switch>, CommandError> {
        self.switch.clone().ok_or_else(|| {
            CommandError::new(Kind::Connection, "not connected")
                .hint("type \"connect HOST\", or \"connect sim\" for a simulated switch")
        })
    }

    pub(super) fn client(&self) -> Result<Client, CommandError> {
        Ok(self.switch()?.client().clone())
    }

    /// The listener, as the client has it.
    pub(super) fn listener(&self) -> Result<EventListener, CommandError> {
        Ok(self.client()?.listener()?)
    }

    /// Keeps the result of a job from being told above the prompt, because this command answers
    /// with it.
    pub(super) fn awaits(&self, command: &str) -> Awaited {
        Awaited::new(self.shell.narration(), command)
    }

    /// Whether nothing may be changed on this switch.
    pub(super) fn is_read_only(&self) -> bool {
        let profile = self.switch().ok().and_then(|switch| switch.profile());
        self.shell.settings().read_only != ReadOnly::Off
            || profile.is_some_and(|profile| profile.is_read_only)
    }

    /// How careful to be on this switch: in production always strict.
    pub(super) fn guard(&self) -> Guard {
        let profile = self.switch().ok().and_then(|switch| switch.profile());
        match profile {
            Some(profile) if profile.is_production() => Guard::Strict,
            _ => self.shell.settings().guard,
        }
    }

    /// What the configuration says about a command.
    pub(super) fn ruling(&self, line: &str) -> Option<Ruling> {
        self.switch().ok()?.profile()?.guard.ruling(line)
    }

    /// Asks the operator and returns what was typed, which is never empty. Waits as long as it
    /// takes; the question takes the place of the prompt, and its answer is kept in no history.
    ///
    /// # Errors
    /// A usage error with a hint at `--yes` when there is nobody to ask; [`Kind::Interrupted`] when
    /// the operator declined, with Ctrl-C or an empty answer.
    pub async fn ask(&mut self, question: &str) -> Result<String, CommandError> {
        let Some(operator) = &self.output.operator else {
            let asked = question.lines().last().unwrap_or_default().trim_end();
            return Err(CommandError::usage(format!("nobody is here to answer: {asked}"))
                .hint("--yes does it without asking"));
        };
        let declined = || CommandError::new(Kind::Interrupted, "not confirmed, nothing was done");
        operator.ask(&sanitise::block(question)).await.ok_or_else(declined)
    }

    /// Who can be asked, and can lend the terminal.
    #[must_use]
    pub fn operator(&self) -> Option<&Operator> {
        self.output.operator.as_ref()
    }

    /// Runs another line in the place of this one; its answer is part of this one's.
    pub(super) async fn nested(&mut self, text: &str) -> Result<Next, CommandError> {
        let output = Output::new(&mut *self.output.text)
            .with_format(self.format.or(self.output.format))
            .with_width(self.output.width)
            .with_operator(self.output.operator.clone())
            .within(self.output.depth)?;
        self.shell.clone().run_line(text, output).await
    }

    /// The answer to another line, as a file would get it.
    pub(super) async fn answer_to(&mut self, line: &str) -> Result<String, CommandError> {
        let mut text = String::new();
        let output = Output::new(&mut text)
            .with_format(self.output.format)
            .with_operator(self.output.operator.clone())
            .within(self.output.depth)?;
        let mut inner = Context::new(&self.shell, self.switch.clone(), output);
        line::run(&mut inner, line).await?;
        Ok(text)
    }

    /// Writes an error that does not end the line.
    pub(super) fn failure(&mut self, err: &CommandError) -> Result<(), CommandError> {
        self.line(&sanitise::block(&err.message))?;
        err.hints.iter().try_for_each(|hint| self.line(&format!("hint: {}", sanitise::line(hint))))
    }

    /// How the answer is to be written.
    pub(super) fn format(&self) -> Format {
        let asked = self.format.or(self.output.forced).or(self.output.format);
        asked.unwrap_or_else(|| {
            let settings = self.shell.settings();
            let of_profile = || self.switch().ok()?.profile()?.output;
            settings.output.or_else(of_profile).unwrap_or(settings.format)
        })
    }

    /// Waits for whoever reads an answer without end.
    pub(super) async fn keep_pace(&mut self) {
        if let Some(pace) = &self.output.pace {
            pace.keep().await;
        }
    }

    /// Writes a line for people. A machine's format has none.
    pub(super) fn line(&mut self, text: &str) -> Result<(), CommandError> {
        self.write(text)?;
        Ok(self.output.text.write_char('\n')?)
    }

    /// Writes a view in the wanted format.
    pub(super) fn view(&mut self, view: &View) -> Result<(), CommandError> {
        let text = view.write(self.format(), self.output.width);
        self.write(&text)
    }

    /// Writes a view in a format of its own.
    pub(super) fn view_in(&mut self, view: &View, format: Format) -> Result<(), CommandError> {
        let text = view.write(format, self.output.width);
        self.write(&text)
    }

    /// The time by this machine's clock, in microseconds since 1970.
    pub(super) fn local_time(&self) -> u64 {
        u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(0)
    }

    /// Writes exact values as they are to a file or a pipe, and sanitised to a terminal.
    fn write(&mut self, text: &str) -> Result<(), CommandError> {
        if self.output.width.is_none() {
            return Ok(self.output.text.write_str(text)?);
        }
        Ok(self.output.text.write_str(&sanitise::block(text))?)
    }

    /// Writes the server's own text: as it is when raw was asked for, else sanitised.
    pub(super) fn server_text(&mut self, text: &str) -> Result<(), CommandError> {
        if text.is_empty() {
            return Ok(());
        }
        if self.format() == Format::Raw && self.output.width.is_none() {
            self.output.text.write_str(text)?;
        } else {
            self.output.text.write_str(&sanitise::block(text))?;
        }
        if !text.ends_with('\n') {
            self.output.text.write_char('\n')?;
        }
        Ok(())
    }

    /// The names of loaded apps by their ids.
    pub(super) fn app_names(
        &self,
    ) -> Result<impl Fn(&str) -> Option<String> + use<>, CommandError> {
        let loaded = self.switch()?.loaded_apps();
        Ok(move |id: &str| {
            let found = loaded.iter().find(|(_, loaded)| loaded == id);
            found.map(|(name, _)| name.clone())
        })
    }

    /// The running calls for which a filter holds, oldest first: the fields are those of `calls`.
    pub(super) fn calls_where(&self, filter: &str) -> Result<Vec<Call>, CommandError> {
        self.matching(self.listener()?.calls(), filter)
    }

    /// Those of these calls for which a filter holds, as they are.
    pub(super) fn matching(
        &self,
        mut calls: Vec<Call>,
        filter: &str,
    ) -> Result<Vec<Call>, CommandError> {
        let listener = self.listener()?;
        let (now, names) = (listener.server_time(), self.app_names()?);
        let view = listener.with(|tracker| rows::calls(calls.iter(), tracker, Some(now), &names));
        let chosen = view.matches(&view.filter("calls", filter)?);
        let mut at = 0..;
        calls.retain(|_call| at.next().is_some_and(|at| chosen.binary_search(&at).is_ok()));
        Ok(calls)
    }

    /// The running call that a word names: `last`, a uuid or its unique start, or a number.
    pub(super) fn call(&self, word: &str) -> Result<Call, CommandError> {
        let listener = self.listener()?;
        let calls = listener.calls();
        if word == "last" {
            let last = calls.into_iter().next_back();
            return last.ok_or_else(|| self.no_call("no call is running", word));
        }
        let found: Vec<Call> = calls.into_iter().filter(|call| is_named(call, word)).collect();
        if found.is_empty() {
            return Err(self.no_call(&format!("no call is named {word:?}"), word));
        }
        one(found, word, "calls", |call| call.id.as_str())
    }

    /// The living session that a word names. A call's name stands for its first leg.
    pub(super) fn session(&self, word: &str) -> Result<Session, CommandError> {
        let listener = self.listener()?;
        let by_id: Vec<Session> = listener
            .with(|tracker| tracker.sessions().filter(|x| has_id(&x.id, word)).cloned().collect());
        if !by_id.is_empty() {
            return one(by_id, word, "legs", |session| session.id.as_str());
        }
        let call = self.call(word)?;
        call.lead().cloned().ok_or_else(|| no_call("that call has no leg left"))
    }

    /// That a word names no running call, and how the one that it may mean has ended.
    fn no_call(&self, message: &str, word: &str) -> CommandError {
        let err = no_call(message);
        let is_it = |call: &Call| word == "last" || is_named(call, word);
        let ended = |tracker: &Tracker| tracker.ended().rev().find(|call| is_it(call)).cloned();
        let Some(call) = self.listener().ok().and_then(|listener| listener.with(ended)) else {
            return err;
        };
        let cause = call.cause().map_or("no cause", HangupCause::name);
        let cause = sanitise::line(cause);
        let id = call.id.short();
        err.hint(format!("{id} has ended with {cause}: \"why {id}\" tells more"))
    }
}

fn has_id<T>(id: &Id<T>, word: &str) -> bool {
    word.len() >= 2 && id.as_str().starts_with(word)
}

/// Whether a word stands for a call: an id of it or of a leg, or a number.
pub(super) fn is_named(call: &Call, word: &str) -> bool {
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
    // `0000000000` is FreeSWITCH's word for nobody.
    rest.filter(|rest| rest.starts_with(|first| ('1'..='9').contains(&first))).unwrap_or(text)
}

/// The one thing that a word names. An id that is the whole word stands for nothing else.
fn one<T>(
    mut found: Vec<T>,
    word: &str,
    things: &str,
    id: impl Fn(&T) -> &str,
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
    found.pop().ok_or_else(|| no_call(&format!("no call is named {word:?}")))
}

fn no_call(message: &str) -> CommandError {
    CommandError::new(Kind::Refused, message).hint("type \"calls\" to see what is running")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_with_and_without_the_international_sign() {
        for (one, other, same) in [
            ("+18005551234", "18005551234", true),
            ("0018005551234", "+18005551234", true),
            ("1000", "1000", true),
            ("1000", "100", false),
            ("0000000000", "", false),
            ("0000000000", "0000000000", true),
            ("01", "1", false),
            ("+", "", false),
        ] {
            assert_eq!(is_same_number(one, other), same, "{one} {other}");
        }
    }
}
