//! What a command gets: the shell, its switch, and where its answer goes.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::call_name::Purpose;
use super::meta::Meta;
use crate::client;
use crate::client::Client;
use crate::listener::EventListener;
use crate::model::CallInfo;
use crate::shell::feed::inline_jobs::Awaited;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::session::Shell;
use crate::shell::session::switch::Switch;
use crate::shell::settings::ReadOnly;
use crate::shell::settings::profile::Ruling;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::next::Next;
use crate::shell::text::operator::Operator;
use crate::shell::text::sanitise;
use crate::shell::text::wrap::{FEED_INDENT, Wrap, wrap};
pub(super) use crate::shell::view::output::Output;
use crate::shell::view::{Format, View, call_rows};

/// Runs lines for the commands that have some: `source`, `let`, `expect`, `connect`. Commands know
/// only this trait, so that nothing here depends on how a line is read.
pub(in crate::shell) trait RunLine: fmt::Debug + Send + Sync {
    /// Runs a line as if it had been typed, with its switch, its pipes and its file.
    fn whole<'a>(&self, shell: &'a Shell, line: &'a str, output: Output<'a>) -> Running<'a>;

    /// The grammar of all built-in commands.
    fn grammar(&self) -> &'static clap::Command;

    /// The built-in commands and what is known of each, in the order of `help`.
    fn commands(&self) -> Vec<(String, &'static Meta)>;

    /// Runs a line that is a command and nothing else, on the switch of `cx`.
    fn command<'a>(&self, cx: &'a mut Context<'_>, line: &'a str) -> Running<'a>;
}

/// A line under way. Boxed, because a line may lead to another line.
pub(in crate::shell) type Running<'a> =
    Pin<Box<dyn Future<Output = Result<Next, CommandError>> + Send + 'a>>;

/// What a command works with.
#[derive(Debug)]
pub struct Context<'a> {
    /// The session.
    pub(in crate::shell) shell: Shell,
    /// The switch that the line is for.
    switch: Option<Arc<Switch>>,
    output: Output<'a>,
    runner: &'static dyn RunLine,
    /// What the line itself asked for.
    pub(super) format: Option<Format>,
    /// What the command that runs does with a call that it names.
    pub(in crate::shell) purpose: Purpose,
}

impl<'a> Context<'a> {
    pub(in crate::shell) fn new(
        shell: &Shell,
        switch: Option<Arc<Switch>>,
        output: Output<'a>,
        runner: &'static dyn RunLine,
    ) -> Self {
        let purpose = Purpose::Change;
        Self { shell: shell.clone(), switch, output, runner, format: None, purpose }
    }

    pub(super) fn runner(&self) -> &'static dyn RunLine {
        self.runner
    }

    /// The switch that the line is for.
    pub(in crate::shell) fn switch(&self) -> Result<Arc<Switch>, CommandError> {
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
        let client = self.client()?;
        // Before the first connection no listener is assigned, which is not what is wrong.
        if !client.is_connected() && client.listener().is_err() {
            return Err(client::Error::NotConnected.into());
        }
        Ok(client.listener()?)
    }

    /// Keeps the result of a job from being shown above the prompt, because this command answers
    /// with it.
    pub(super) fn suppress_job_line(&self, command: &str) -> Awaited {
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

    /// What it says about a line that a command of the shell sends.
    pub(super) fn ruling_inside(&self, line: &str) -> Option<Ruling> {
        self.switch().ok()?.profile()?.guard.ruling_inside(line)
    }

    /// Asks the operator and returns what was typed, which is never empty. Waits as long as it
    /// takes; the question takes the place of the prompt, and its answer is kept in no history.
    ///
    /// # Errors
    /// A usage error with a hint at `--yes` without an operator to ask; [`Kind::Interrupted`] when
    /// the operator declined, with Ctrl-C or an empty answer.
    pub async fn ask(&mut self, question: &str) -> Result<String, CommandError> {
        let Some(operator) = &self.output.operator else {
            let asked = question.lines().last().unwrap_or_default().trim_end();
            return Err(CommandError::usage(format!("no one can answer here: {asked}"))
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
        let (notes, pace) = (self.output.notes.clone(), self.output.pace.clone());
        let output = Output { notes, pace, ..output };
        self.runner.whole(&self.shell, text, output).await
    }

    /// The answer to another line, as a file would get it.
    pub(super) async fn capture(&mut self, line: &str) -> Result<String, CommandError> {
        let mut text = String::new();
        let output = Output::new(&mut text)
            .with_format(self.output.format)
            .with_operator(self.output.operator.clone())
            .within(self.output.depth)?;
        let notes = Arc::default();
        let output = Output { notes: Some(Arc::clone(&notes)), ..output };
        let mut inner = Context::new(&self.shell, self.switch.clone(), output, self.runner);
        self.runner.command(&mut inner, line).await?;
        let notes = std::mem::take(&mut *notes.lock());
        notes.iter().try_for_each(|note| self.note(note))?;
        Ok(text)
    }

    /// Writes a line about the answer: it is no part of an answer that is kept as a value.
    pub(super) fn note(&mut self, text: &str) -> Result<(), CommandError> {
        let Some(notes) = &self.output.notes else { return self.line(text) };
        notes.lock().push(text.to_owned());
        Ok(())
    }

    /// Writes an error that does not end the line.
    pub(in crate::shell) fn failure(&mut self, err: &CommandError) -> Result<(), CommandError> {
        self.line(&sanitise::block(&err.message))?;
        err.hints.iter().try_for_each(|hint| self.line(&format!("hint: {}", sanitise::line(hint))))
    }

    /// How the answer is to be written.
    pub(in crate::shell) fn format(&self) -> Format {
        let asked = self.format.or(self.output.with_forced_format).or(self.output.format);
        asked.unwrap_or_else(|| {
            let settings = self.shell.settings();
            let of_profile = || self.switch().ok()?.profile()?.output;
            settings.output.or_else(of_profile).unwrap_or(settings.format)
        })
    }

    /// Waits for the reader of an answer without end.
    pub(super) async fn keep_pace(&mut self) {
        if let Some(pace) = &self.output.pace {
            pace.keep().await;
        }
    }

    /// Writes a line for people. A machine's format has none.
    pub(in crate::shell) fn line(&mut self, text: &str) -> Result<(), CommandError> {
        self.write(text)?;
        Ok(self.output.text.write_char('\n')?)
    }

    /// Writes an event or a line of the log, broken as above the prompt where a terminal is.
    pub(in crate::shell) fn feed_line(&mut self, text: &str) -> Result<(), CommandError> {
        let Some(columns) = self.output.width else { return self.line(text) };
        let mut rows = String::with_capacity(text.len());
        for (at, line) in text.split('\n').enumerate() {
            rows.push_str(if at == 0 { "" } else { "\n" });
            Wrap { columns, indent: FEED_INDENT, rows: usize::MAX }.line(line, &mut rows);
        }
        self.line(&rows)
    }

    /// Writes a view in the wanted format.
    pub(in crate::shell) fn view(&mut self, view: &View) -> Result<(), CommandError> {
        self.view_in(view, self.format())
    }

    /// Writes a view in another format.
    pub(super) fn view_in(&mut self, view: &View, format: Format) -> Result<(), CommandError> {
        let text = view.write(format, self.output.width);
        self.write_in(format, &text)
    }

    /// The time by this machine's clock, in microseconds since 1970.
    pub(super) fn local_time(&self) -> u64 {
        u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(0)
    }

    /// Writes exact values as they are to a file or a pipe, and sanitised to a terminal. JSON escapes
    /// what a terminal would act on wherever it goes: it means the same.
    fn write(&mut self, text: &str) -> Result<(), CommandError> {
        self.write_in(self.format(), text)
    }

    fn write_in(&mut self, format: Format, text: &str) -> Result<(), CommandError> {
        let text = match format {
            Format::Json | Format::Jsonl => &*sanitise::json(text),
            _ => text,
        };
        match self.output.width {
            None => Ok(self.output.text.write_str(text)?),
            Some(columns) => self.write_to_terminal(text, format, columns),
        }
    }

    /// Writes to a terminal: sanitised, and broken at words where people read it.
    fn write_to_terminal(
        &mut self,
        text: &str,
        format: Format,
        columns: u16,
    ) -> Result<(), CommandError> {
        let text = sanitise::block(text);
        let is_for_people = matches!(format, Format::Table | Format::Vertical);
        let text = if is_for_people { wrap(&text, columns) } else { text.as_ref().into() };
        Ok(self.output.text.write_str(&text)?)
    }

    /// Writes the server's own text: as it is when raw was asked for, else sanitised.
    pub(in crate::shell) fn server_text(&mut self, text: &str) -> Result<(), CommandError> {
        if text.is_empty() {
            return Ok(());
        }
        match self.output.width {
            None if self.format() == Format::Raw => self.output.text.write_str(text)?,
            None => self.output.text.write_str(&sanitise::block(text))?,
            Some(columns) => self.write_to_terminal(text, self.format(), columns)?,
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
    pub(super) fn calls_where(&self, filter: &str) -> Result<Vec<CallInfo>, CommandError> {
        self.matching(self.listener()?.calls(), filter)
    }

    /// Those of these calls for which a filter holds, as they are.
    pub(super) fn matching(
        &self,
        mut calls: Vec<CallInfo>,
        filter: &str,
    ) -> Result<Vec<CallInfo>, CommandError> {
        let listener = self.listener()?;
        let (now, names) = (listener.server_time(), self.app_names()?);
        let view =
            listener.with(|tracker| call_rows::calls(calls.iter(), tracker, Some(now), &names));
        let chosen = view.matches(&view.filter("calls", filter)?);
        let mut at = 0..;
        calls.retain(|_call| at.next().is_some_and(|at| chosen.binary_search(&at).is_ok()));
        Ok(calls)
    }
}
