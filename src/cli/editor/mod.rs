//! The line editor, on its own thread. The only module that names rustyline.
//!
//! # Invariants
//! rustyline's defects that bite beside a stream of events are kept away here: see the comments in
//! [`config`]. Nothing but this thread and, through it, the printer touches the terminal.
pub(crate) use assist::{Assist, Draft, Options, Purpose};
use std::io::Write as _;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::{io, thread};

use anyhow::Context as _;
use rustyline::config::{BellStyle, Configurer as _};
use rustyline::error::ReadlineError;
use rustyline::history::History as _;
use rustyline::{
    Cmd, ColorMode, CompletionType, Config, EditMode, Event, EventHandler, ExternalPrinter as _,
    KeyCode, KeyEvent, Modifiers,
};
use tokio::sync::{Mutex, mpsc as tokio_mpsc};

use crate::cli::printer::terminal_arbiter::Arbiter;
use crate::cli::printer::{Above, Printer, Target};
use crate::cli::terminal;
use crate::shell::Editing;
use abbreviations::{Expand, Expanding};
use helper::{Helper, Leave};
use history_navigation::{Past, Walk, Way};
use key_bindings::{Key, Press, Pressed};

mod abbreviations;
pub(in crate::cli) mod assist;
mod candidates;
mod helper;
mod history_navigation;
mod key_bindings;

/// What stands before the line.
#[derive(Debug, Clone)]
pub(crate) struct Prompt {
    /// Without color.
    pub(crate) raw: String,
    /// The same, colored.
    pub(crate) styled: String,
    /// What the line is for.
    pub(crate) purpose: Purpose,
    /// What the line holds already.
    pub(crate) draft: Draft,
}

/// What the operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Enter.
    Line(String),
    /// Ctrl-C, in a line that held something or not.
    Interrupted { was_empty: bool },
    /// [`Editor::preempt`] took the prompt away: what the line held.
    Preempted(Draft),
    /// A function key, by its number, and what the line held.
    Key(u8, Draft),
    /// Ctrl-Z, and what the line held.
    Suspend(Draft),
    /// Ctrl-D on an empty line, or the end of a pipe.
    Eof,
    /// The terminal is gone or does not work.
    Failed(String),
}

/// A handle to the editor thread.
#[derive(Debug)]
pub(crate) struct Editor {
    prompts: mpsc::SyncSender<Prompt>,
    inputs: Mutex<Inputs>,
    /// There is a terminal that it edits on.
    is_editing: bool,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Inputs {
    rx: tokio_mpsc::Receiver<Input>,
    /// A prompt is shown, and was perhaps not waited for to the end.
    asked: bool,
}

type Rustyline = rustyline::Editor<Helper, Past>;

impl Editor {
    /// Starts the editor and the printer that shares its terminal.
    ///
    /// Call it before opening sockets: the editor waits with `select`, which knows no file
    /// descriptor above 1023.
    pub(crate) fn spawn(options: Options) -> anyhow::Result<(Self, Printer)> {
        let arbiter = Arc::new(Arbiter::default());
        let pressed = Arc::new(Pressed::default());
        let mut rustyline =
            rustyline(&options, &arbiter, &pressed).context("cannot use the terminal")?;
        // Fails without a terminal, which needs no care: nothing can be garbled there.
        let above = rustyline.create_external_printer().ok().map(|mut printer| {
            Above::new(move |text| printer.print(text).map_err(io::Error::other))
        });
        let is_editing = above.is_some();
        let target = Target { above, plain: Box::new(io::stdout()) };
        let printer = Printer::spawn(Arc::clone(&arbiter), target)?;

        // One prompt is answered by one input, so there is never more of either.
        let (prompts, prompts_rx) = mpsc::sync_channel(1);
        let (tx, rx) = tokio_mpsc::channel(1);
        let assist = options.assist;
        let thread = thread::Builder::new()
            .name("repl".to_owned())
            .spawn(move || run(rustyline, &arbiter, &pressed, &*assist, &prompts_rx, &tx))?;
        let inputs = Mutex::new(Inputs { rx, asked: false });
        Ok((Self { prompts, inputs, is_editing, thread }, printer))
    }

    /// Shows the prompt and waits for a line.
    ///
    /// Cancelling is safe: the line stays on the screen and the next call continues it.
    pub(crate) async fn next(&self, prompt: impl FnOnce() -> Prompt) -> Input {
        let stopped = || Input::Failed("the line editor has stopped".to_owned());
        let mut inputs = self.inputs.lock().await;
        if !inputs.asked {
            if self.prompts.try_send(prompt()).is_err() {
                return stopped();
            }
            inputs.asked = true;
        }
        let input = inputs.rx.recv().await.unwrap_or_else(stopped);
        inputs.asked = false;
        input
    }

    /// Keeps what is typed from now on until a prompt is shown. Not to be called while one is.
    pub(crate) fn keep_keys(&self) {
        // Without a terminal that it edits on, whole lines are read.
        if self.is_editing {
            terminal::keep_keys();
        }
    }

    /// Forgets what was typed ahead of Ctrl-C. Not to be called while a prompt is shown.
    pub(crate) fn drop_keys(&self) {
        if self.is_editing {
            terminal::drop_keys();
        }
    }

    /// Takes the prompt away, if one is shown, and returns what the operator did: most times
    /// [`Input::Preempted`]. `None` when none is shown, or the terminal cannot do that.
    pub(crate) async fn preempt(&self) -> Option<Input> {
        let mut inputs = self.inputs.lock().await;
        if !inputs.asked || !self.is_editing || !cfg!(unix) {
            return None;
        }
        loop {
            // rustyline has no other way to end a line from outside. Again and again: the first may
            // come before it listens.
            interrupt_self();
            if let Ok(input) = tokio::time::timeout(AGAIN, inputs.rx.recv()).await {
                inputs.asked = false;
                return input;
            }
        }
    }

    /// Ends the thread, unless it is in the middle of a line: then it dies with the process.
    pub(crate) fn shutdown(self) {
        drop(self.prompts);
        if !self.inputs.into_inner().asked {
            // An editor that panicked has nothing left to do.
            drop(self.thread.join());
        }
    }
}

fn run(
    mut editor: Rustyline,
    arbiter: &Arbiter,
    pressed: &Pressed,
    assist: &dyn Assist,
    prompts: &mpsc::Receiver<Prompt>,
    inputs: &tokio_mpsc::Sender<Input>,
) {
    while let Ok(Prompt { raw, styled, purpose, draft }) = prompts.recv() {
        arbiter.enter();
        if let Some(helper) = editor.helper_mut() {
            helper.begin(&raw, purpose);
        }
        if let Some(lines) = assist.recall() {
            recall(&mut editor, &lines);
        }
        pressed.listen(purpose == Purpose::Command);
        editor.set_edit_mode(match assist.editing() {
            Editing::Emacs => EditMode::Emacs,
            Editing::Vi => EditMode::Vi,
        });
        let initial = (draft.left.as_str(), draft.right.as_str());
        let read = editor.readline_with_initial(&(raw, styled), initial);
        let input = match read {
            Ok(line) if let Some((key, draft)) = pressed.take() => {
                ended_by(&editor, arbiter, key, draft, &line)
            }
            Ok(line) => {
                if purpose == Purpose::Command {
                    assist.keep(&line);
                }
                arbiter.away();
                Input::Line(line)
            }
            Err(ReadlineError::Interrupted) => preempted(&editor, arbiter),
            Err(err) => {
                arbiter.away();
                match err {
                    ReadlineError::Eof => Input::Eof,
                    err => Input::Failed(err.to_string()),
                }
            }
        };
        if inputs.blocking_send(input).is_err() {
            return;
        }
    }
}

/// A key ended the line: Ctrl-C leaves it on the screen, behind the others it is shown again later.
fn ended_by(editor: &Rustyline, arbiter: &Arbiter, key: Key, draft: Draft, line: &str) -> Input {
    let input = match key {
        Key::Interrupt => Input::Interrupted { was_empty: line.is_empty() },
        Key::Function(number) => Input::Key(number, draft),
        Key::Suspend => Input::Suspend(draft),
    };
    if key != Key::Interrupt {
        wipe(editor.helper().map_or(0, |helper| helper.rows_of(line)));
    }
    arbiter.away();
    input
}

/// [`Editor::preempt`]: the line is wiped from the screen, to be shown again later.
fn preempted(editor: &Rustyline, arbiter: &Arbiter) -> Input {
    let (draft, rows) = editor.helper().map(Helper::draft).unwrap_or_default();
    wipe(rows);
    arbiter.away();
    Input::Preempted(draft)
}

/// Clears a line that was left, and its prompt: `rows` rows, and one.
fn wipe(rows: usize) {
    let mut out = io::stdout();
    // A terminal that is gone shows nothing anyway.
    drop(write!(out, "\x1b[{}A\r\x1b[J", rows + 1).and_then(|()| out.flush()));
}

#[cfg(unix)]
fn interrupt_self() {
    use rustix::process::{Signal, getpid, kill_process};
    // Signals to oneself are always allowed.
    let _is_sent = kill_process(getpid(), Signal::INT).is_ok();
}

#[cfg(not(unix))]
fn interrupt_self() {}

/// How soon the signal that ends a prompt is repeated.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(50);

fn rustyline(
    options: &Options,
    arbiter: &Arc<Arbiter>,
    pressed: &Arc<Pressed>,
) -> rustyline::Result<Rustyline> {
    let config = config()?;
    let mut editor = Rustyline::with_history(config.clone(), Past::new(&config))?;
    let expanding = Expanding::default();
    editor.set_helper(Some(Helper::new(arbiter, options, &expanding)));
    for (way, walk) in Walk::all() {
        let event = match way {
            Way::Back => Event::from(KeyEvent(KeyCode::Up, Modifiers::NONE)),
            Way::Forth => Event::from(KeyEvent(KeyCode::Down, Modifiers::NONE)),
            Way::Away => Event::Any,
        };
        editor.bind_sequence(event, EventHandler::Conditional(Box::new(walk)));
    }
    let expand = Expand::new(&options.assist, pressed, &expanding);
    let space = KeyEvent(KeyCode::Char(' '), Modifiers::NONE);
    editor.bind_sequence(space, EventHandler::Conditional(Box::new(expand)));
    let leave = EventHandler::Conditional(Box::new(Leave(Arc::clone(arbiter))));
    editor.bind_sequence(KeyEvent::ctrl('D'), leave);
    let mut press = |event, key| {
        let press = Press::new(arbiter, pressed, key);
        editor.bind_sequence(event, EventHandler::Conditional(Box::new(press)));
    };
    press(KeyEvent::ctrl('C'), Key::Interrupt);
    for number in 1..=12 {
        press(KeyEvent(KeyCode::F(number), Modifiers::NONE), Key::Function(number));
    }
    // Its own way to stop leaves the printer believing that a line is edited.
    #[cfg(unix)]
    press(KeyEvent::ctrl('Z'), Key::Suspend);
    // What stands for "no such key" in the terminal's settings would suspend, too.
    editor.bind_sequence(KeyEvent::ctrl('@'), Cmd::Noop);
    Ok(editor)
}

/// Gives the editor the history of the switch that is current now.
fn recall(editor: &mut Rustyline, lines: &[String]) {
    let history = editor.history_mut();
    let filled = history
        .clear()
        .and_then(|()| lines.iter().try_for_each(|line| history.add(line).map(|_is_added| ())));
    if let Err(err) = filled {
        tracing::warn!(%err, "the history cannot be searched");
    }
}

fn config() -> rustyline::Result<Config> {
    Ok(Config::builder()
        // The default waits for a second Tab, and at a hundred candidates for an answer: both
        // hold events back.
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(usize::MAX)
        // A bell that rings at a Tab would not be heard as an alarm.
        .bell_style(BellStyle::None)
        // Without color rustyline never asks for the prompt, so it could not change; the helper
        // leaves color out itself.
        .color_mode(ColorMode::Forced)
        .max_history_size(10_000)?
        .build())
}
