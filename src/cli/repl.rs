//! The prompt: lines in, answers and events out.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nu_ansi_term::{Color, Style};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::editor::{Assist, Draft, Editor, Input, Options};
use super::printer::{Printer, fold};
use super::start::{Start, Target};
use super::{error_text, logging, oneshot, terminal};
use crate::conn::ConnectError;
use crate::shell::history::fs_cli_history;
use crate::shell::render::{counted, span};
use crate::shell::sampler::{Budget, Line, Sampler};
use crate::shell::{
    CommandError, Format, History, Kind, Lent, Next, Operator, Output, Password, Shell, Stopped,
    Wish, script_lines, whole_lines,
};
use keys::Presses;
use prompt::Helper;
use running::{Ended, Run, Running};
use signals::{Continued, Interrupts, terminated};
use suspend::{Fate, Pulse};

mod keys;
mod paste;
mod prompt;
mod running;
mod signals;
mod suspend;

/// Runs the prompt until the operator leaves; returns the exit code.
pub(super) fn run(start: &Start, rc: Option<&Path>, color: bool) -> anyhow::Result<u8> {
    let _restored = terminal::Guard::save();
    let (sender, lines) = mpsc::channel(LINES);
    let folder = super::history_folder().filter(|_| start.keeps_history);
    let shell = Shell::with_history(
        start.settings.clone(),
        Some(sender.clone()),
        color,
        History::new(folder),
    );
    start.prepare(&shell)?;
    let mut running = Running::default();
    let is_plain = start.is_plain || terminal::is_plain(color);
    let assist = Arc::new(Helper::new(shell.clone(), color, is_plain, running.board()));
    // Before any socket: the editor waits with `select`, which knows no high descriptors.
    let options = Options { color, assist: Arc::clone(&assist) as Arc<dyn Assist> };
    let (editor, printer) = Editor::spawn(options)?;
    let verbosity = logging::to_prompt(sender, color);
    verbosity.set(start.settings.debug);
    let runtime = super::runtime()?;
    assist.runs_on(runtime.handle().clone());
    let (wishing, wishes) = mpsc::channel(1);
    let operator = Operator::new(wishing);
    let format = start.script.output;
    let leaves = start.look.flag("interrupt");
    let printer_of_repl = printer.clone();
    let repl = Repl {
        shell,
        printer: printer_of_repl,
        assist,
        format,
        color,
        operator,
        verbosity,
        leaves,
        pulse: Pulse::default(),
        is_lent: Arc::default(),
    };
    let served = runtime.block_on(async {
        let pump = tokio::spawn(pump(lines, repl.clone(), is_plain));
        let lines = match repl.opened(&editor, start, rc).await {
            Ok(lines) => lines,
            Err(code) => return Ok(code),
        };
        for line in lines {
            running.push(line);
        }
        let served = repl.serve(&editor, running, wishes).await;
        pump.abort();
        super::close(&repl.shell).await;
        served.map(|()| 0)
    });
    // Nothing is left to do, unless the operator was asked for a password and left.
    runtime.shutdown_background();
    editor.shutdown();
    printer.close();
    served
}

/// The exit code of an operator who would not wait.
const INTERRUPTED: u8 = 130;

/// What a recording opens with.
const RECORDING: &str =
    "a recording: \"calls --ended\" and \"events last\" show what happened; nothing can be sent";

/// How many event lines may wait for the sampler.
const LINES: usize = 4096;

#[derive(Clone)]
struct Repl {
    shell: Shell,
    printer: Printer,
    assist: Arc<Helper>,
    format: Option<Format>,
    color: bool,
    operator: Operator,
    verbosity: logging::Verbosity,
    /// Whether Ctrl-C at an empty prompt leaves.
    leaves: bool,
    pulse: Pulse,
    /// A command has the terminal.
    is_lent: Arc<AtomicBool>,
}

impl Repl {
    /// As [`open`](Self::open), unless the operator leaves before: then the exit code.
    async fn opened(
        &self,
        editor: &Editor,
        start: &Start,
        rc: Option<&Path>,
    ) -> Result<Vec<String>, u8> {
        let (mut interrupts, mut ending) = (Interrupts::new(), Box::pin(terminated()));
        // A command that prints a password may ask for another one first.
        if !start.target.runs_commands() {
            editor.keep_keys();
        }
        tokio::select! {
            lines = self.open(editor, start, rc) => Ok(lines),
            () = interrupts.next() => Err(INTERRUPTED),
            () = &mut ending => Err(0),
        }
    }

    /// Connects what the process was started for, and greets. A failure leaves a prompt. Returns
    /// the lines that come before those of the operator.
    async fn open(&self, editor: &Editor, start: &Start, rc: Option<&Path>) -> Vec<String> {
        for warning in &start.warnings {
            self.printer.output(format!("warning: {warning}"));
        }
        let target = &start.target;
        let opened = match oneshot::open(target, &self.shell).await {
            Err(err) if !start.look.has_password() && is_wrong_password(&err) => {
                self.ask_password(editor, target).await
            }
            other => other,
        };
        match (opened, target) {
            (Err(err), _) => {
                self.complain(&err);
                self.printer.output(NOT_CONNECTED.to_owned());
                return Vec::new();
            }
            (Ok(()), Target::Demo(_)) => self.printer.output(DEMO.to_owned()),
            (Ok(()), Target::Replay { .. }) => self.printer.output(RECORDING.to_owned()),
            (Ok(()), Target::Hosts(_)) => self.greet().await,
        }
        if start.settings.as_fs_cli {
            self.inherit_history();
        }
        if let Err(err) = start.record(&self.shell).await {
            self.complain(&err);
        }
        let mut lines = Vec::new();
        if start.look.text("events") == Some("off") {
            lines.push("events off".to_owned());
        }
        match rc.map(std::fs::read_to_string) {
            Some(Ok(text)) => lines.extend(script_lines(&text).map(|(_, line)| line)),
            Some(Err(err)) => self.complain(&CommandError::usage(format!("start-up file: {err}"))),
            None => {}
        }
        if let Target::Hosts(profiles) = target {
            for profile in profiles {
                let own = profile.on_connect.iter();
                // On its own switch, whichever is current by then.
                lines.extend(own.map(|line| format!("@{} {line}", profile.name)));
            }
        }
        lines
    }

    async fn greet(&self) {
        let Some(switch) = self.shell.current() else { return };
        let version = switch.client().cmd("version").await.unwrap_or_default();
        let address = switch.client().config().address();
        let text = format!("connected to {address}: {version}\n\"help\" shows what can be typed");
        self.printer.output(crate::shell::sanitise::block(&text).into_owned());
    }

    /// The first time under fs_cli's name its history is taken in.
    fn inherit_history(&self) {
        let (history, name) = (self.shell.history(), self.shell.history_name());
        let Some(path) = fs_cli_history().filter(|path| path.exists()) else { return };
        if history.is_kept(&name) || !history.has_files() {
            return;
        }
        match self.shell.import_history(&path) {
            Ok(count) => self.printer.output(format!(
                "{} of {} are in the history of {name}",
                counted(count, "line"),
                path.display()
            )),
            Err(err) => self.complain(&err),
        }
    }

    /// The stock password was wrong and no other was given: asks once, without echo.
    async fn ask_password(&self, editor: &Editor, target: &Target) -> Result<(), CommandError> {
        let Target::Hosts(profiles) = target else { return Ok(()) };
        self.printer.flush().await;
        terminal::as_found();
        let asked = tokio::task::spawn_blocking(|| rpassword::prompt_password("Password: ")).await;
        editor.keep_keys();
        let Ok(Ok(password)) = asked else {
            return Err(CommandError::new(Kind::Connection, "no password was given"));
        };
        for profile in profiles {
            let mut profile = profile.clone();
            profile.config = profile.config.with_password(&password);
            profile.password = Password::Given;
            self.shell.open(&profile).await?;
        }
        Ok(())
    }

    /// Shows the prompt and runs what is typed, until the operator leaves.
    async fn serve(
        &self,
        editor: &Editor,
        mut running: Running,
        mut wishes: mpsc::Receiver<Wish>,
    ) -> anyhow::Result<()> {
        let mut ending = Box::pin(terminated());
        let (mut interrupts, mut continued) = (Interrupts::new(), Continued::new());
        let mut draft = Draft::default();
        let mut presses = Presses::default();
        editor.keep_keys();
        loop {
            while let Some(line) = running.next() {
                let repl = self.clone();
                let text = line.clone();
                running.start(&line, |run| async move { repl.block(&text, run).await });
            }
            let deadline = running.deadline();
            let waiting = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let is_free = !running.holds_prompt();
            let input = tokio::select! {
                biased;
                () = &mut ending => return Ok(()),
                ended = running.ended() => match ended {
                    Ended::Done(Next::Exit) => return Ok(()),
                    Ended::Done(Next::Go) | Ended::Stopped => None,
                    Ended::Panicked(line, text) => {
                        self.complain(&panicked(&line, &text));
                        None
                    }
                },
                Some(wish) = wishes.recv() => {
                    let granted = self.grant(editor, wish, &mut interrupts, &mut continued);
                    tokio::select! {
                        () = &mut ending => return Ok(()),
                        was = granted => was,
                    }
                }
                () = interrupts.next() => {
                    self.stop(&mut running);
                    None
                }
                () = continued.next() => {
                    // The terminal may be another one: the prompt is drawn from the beginning.
                    let was = Self::take_away(editor, &mut interrupts).await;
                    self.woken(editor);
                    was
                }
                () = waiting => None,
                () = self.printer.gone() => anyhow::bail!("nothing can be shown any more"),
                input = editor.next(|| self.assist.prompt_now(std::mem::take(&mut draft))),
                    if is_free => Some(input),
            };
            match input {
                None => {}
                Some(Input::Line(line)) => running.push(line),
                Some(Input::Interrupted { was_empty: true })
                    if self.leaves && running.len() == 0 =>
                {
                    return Ok(());
                }
                Some(Input::Interrupted { was_empty: true }) => self.stop(&mut running),
                Some(Input::Interrupted { .. }) => {}
                Some(Input::Preempted(was)) => draft = was,
                Some(Input::Key(key, was)) => {
                    draft = was;
                    self.press(&mut presses, key, &mut running);
                }
                Some(Input::Suspend(was)) => {
                    draft = was;
                    self.suspend(editor, &mut continued).await;
                }
                Some(Input::Eof) => return Ok(()),
                Some(Input::Failed(message)) => anyhow::bail!(message),
            }
        }
    }

    /// Takes the prompt away, and returns what stood there.
    async fn take_away(editor: &Editor, interrupts: &mut Interrupts) -> Option<Input> {
        let was = editor.preempt().await;
        // The signal that took the prompt away is no Ctrl-C, whoever got it.
        let _came = tokio::time::timeout(STRAY, interrupts.next()).await;
        was
    }

    /// Asks the operator for a command, or lends it the terminal. Returns what stood at the prompt
    /// before.
    async fn grant(
        &self,
        editor: &Editor,
        wish: Wish,
        interrupts: &mut Interrupts,
        continued: &mut Continued,
    ) -> Option<Input> {
        let was = Self::take_away(editor, interrupts).await;
        match wish {
            Wish::Answer { question, answer } => {
                let (above, last) = match question.trim_end().rsplit_once('\n') {
                    Some((above, last)) => (above, last),
                    None => ("", question.as_str()),
                };
                self.printer.output(above.to_owned());
                let input = loop {
                    let input = tokio::select! {
                        input = editor.next(|| self.assist.question(last)) => input,
                        () = interrupts.next() => Input::Interrupted { was_empty: true },
                        () = continued.next() => {
                            let was = Self::take_away(editor, interrupts).await;
                            self.woken(editor);
                            match was {
                                None | Some(Input::Preempted(_)) => continue,
                                Some(input) => input,
                            }
                        }
                    };
                    match input {
                        Input::Suspend(_) => self.suspend(editor, continued).await,
                        input => break input,
                    }
                };
                if let Input::Line(text) = input {
                    // A command that was stopped meanwhile wants no answer.
                    drop(answer.send(text));
                }
            }
            Wish::Clear { done } => {
                let printer = self.printer.clone();
                drop(tokio::task::spawn_blocking(move || printer.hold()).await);
                terminal::clear();
                self.printer.release();
                // A command that was stopped meanwhile does not wait for it.
                let _is_told = done.send(()).is_ok();
            }
            Wish::Terminal { lent } => {
                let printer = self.printer.clone();
                drop(tokio::task::spawn_blocking(move || printer.hold()).await);
                let (loan, given_back) = Lent::new();
                self.is_lent.store(true, Ordering::Relaxed);
                terminal::as_found();
                if lent.send(loan).is_ok() {
                    // It ends when the command drops it: that is an error here.
                    drop(given_back.await);
                }
                editor.keep_keys();
                self.is_lent.store(false, Ordering::Relaxed);
                self.printer.release();
            }
        }
        was
    }

    /// Ctrl-C: what was started last is not waited for any longer.
    fn stop(&self, running: &mut Running) {
        let Some((run, dropped)) = running.stop() else { return };
        self.printer.output(self.stopped(&run, dropped));
        if running.len() > 0 {
            return;
        }
        // The next command shall not wait behind the one that was given up.
        if let Some(switch) = self.shell.current() {
            let _task = tokio::spawn(async move { switch.relieve().await });
        }
    }

    /// Runs what Enter ended: one line, or the lines of a paste up to the first that fails, once the
    /// operator agrees.
    async fn block(&self, text: &str, run: Run) -> Next {
        let lines = whole_lines(&self.shell, text);
        if lines.len() > 1 && !self.is_agreed(&lines).await {
            self.printing(&run).print(paste::NOT_RUN.to_owned());
            return Next::Go;
        }
        let mut lines = lines.iter();
        while let Some(line) = lines.next() {
            match self.step(line, &run).await {
                Ok(Next::Go) => {}
                Ok(Next::Exit) => return Next::Exit,
                Err(mut err) => {
                    let left = lines.len();
                    if left > 0 {
                        let lines = if left == 1 { "line was" } else { "lines were" };
                        err = err.hint(format!("{left} more {lines} pasted and not run"));
                    }
                    self.printing(&run).print(error_text(&err, self.color, terminal::size().0));
                    return Next::Go;
                }
            }
        }
        Next::Go
    }

    /// What is said when a command is not waited for any longer.
    fn stopped(&self, run: &Run, dropped: usize) -> String {
        let Stopped { goes_on, hint } = self.shell.stopped(run.typed());
        let line = run.line();
        let mut text = match goes_on {
            Some(goes_on) => format!("stopped waiting for \"{line}\"; {goes_on}"),
            None => format!("stopped \"{line}\""),
        };
        if dropped > 0 {
            text = format!("{text}; {} that waited not run", counted(dropped, "line"));
        }
        let painted = |style: Style, text: String| match self.color {
            true => style.paint(text).to_string(),
            false => text,
        };
        let text = painted(Color::Yellow.normal(), text);
        let hint = hint.map(|hint| painted(Style::new().dimmed(), format!("\nhint: {hint}")));
        text + &hint.unwrap_or_default()
    }

    async fn step(&self, line: &str, run: &Run) -> Result<Next, CommandError> {
        let mut text = self.printing(run);
        let (columns, rows) = terminal::size();
        let output = Output::new(&mut text)
            .with_format(self.format)
            .with_width(Some(columns))
            .with_rows(Some(rows))
            .with_operator(Some(self.operator.clone()));
        let next = self.shell.run_line(line, output).await;
        self.verbosity.set(self.shell.settings().debug);
        next
    }

    fn printing(&self, run: &Run) -> Printing {
        let (printer, run) = (self.printer.clone(), run.clone());
        let style = self.shell.color_of("output").filter(|_| self.color);
        Printing { printer, run, color: self.color, style, pending: String::new() }
    }

    fn complain(&self, err: &CommandError) {
        self.printer.output(error_text(err, self.color, terminal::size().0));
    }
}

fn is_wrong_password(err: &CommandError) -> bool {
    let wrong = ConnectError::WrongPassword { peer: String::new() };
    err.hints.iter().any(|hint| hint == wrong.hint())
}

/// A defect of ours, in words that help to report it.
fn panicked(line: &str, text: &str) -> CommandError {
    let line = running::brief(line);
    CommandError::new(Kind::Refused, format!("\"{line}\" failed inside the shell: {text}"))
        .hint("this is a defect of the shell; the connections and everything else go on")
}

/// Gives event lines to the printer, a few at a time, and keeps the prompt true.
async fn pump(mut lines: mpsc::Receiver<Line>, repl: Repl, is_plain: bool) {
    let Repl { printer, assist, pulse, is_lent, .. } = repl;
    let mut sampler = Sampler::new(Budget::default());
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut shown, mut painted) = (String::new(), Instant::now());
    let mut doubtful = Vec::new();
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => match pulse.fate(line.at) {
                    Fate::Show => sampler.push(line),
                    Fate::Wait if doubtful.len() < LINES => doubtful.push(line),
                    Fate::Wait | Fate::Miss => {}
                },
                None => return,
            },
            _ = tick.tick() => {
                for line in std::mem::take(&mut doubtful) {
                    match pulse.fate(line.at) {
                        Fate::Show => sampler.push(line),
                        Fate::Wait => doubtful.push(line),
                        Fate::Miss => {}
                    }
                }
                pulse.beat();
                if let Some(took) = printer.took() {
                    sampler.printed_in(took);
                }
                if is_lent.load(Ordering::Relaxed) {
                    sampler.fold();
                } else if printer.ready()
                    && let Some(frame) = sampler.frame(Instant::now()) {
                    printer.frame(fold(&frame, terminal::size().0));
                }
                if painted.elapsed() > REPAINT {
                    painted = Instant::now();
                    let prompt = assist.prompt();
                    if prompt != shown && !is_plain {
                        shown = prompt;
                        printer.repaint();
                    }
                }
            }
        }
    }
}

/// The prompt is drawn again at most this often.
const REPAINT: Duration = Duration::from_millis(300);

/// The stray SIGINT of a preempted prompt comes within this time.
const STRAY: Duration = Duration::from_millis(20);

/// Hands the answer of a run to the printer, whole lines as they come.
struct Printing {
    printer: Printer,
    run: Run,
    color: bool,
    /// What answers look like, where they have no color of their own.
    style: Option<Style>,
    pending: String,
}

impl Printing {
    /// Prints; what comes from the background says of what it is the answer.
    fn print(&self, text: String) {
        if text.is_empty() {
            return;
        }
        let text = match self.style {
            Some(style) if !text.contains('\x1b') => {
                let line = |line: &str| style.paint(line).to_string();
                text.lines().map(line).collect::<Vec<_>>().join("\n")
            }
            _ => text,
        };
        if !self.run.speaks() {
            return self.printer.output(text);
        }
        let took = self.run.since().elapsed();
        let took = span(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let title = format!("{} (after {took}):", self.run.line());
        let title = if self.color { Style::new().dimmed().paint(title).to_string() } else { title };
        self.printer.output(format!("{title}\n{text}"));
    }
}

impl fmt::Write for Printing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.pending.push_str(text);
        if self.pending.ends_with('\n') {
            let text = std::mem::take(&mut self.pending);
            self.print(text);
        }
        if self.printer.broken() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.pending);
        self.print(text);
    }
}

const NOT_CONNECTED: &str = "\
Connect with:   connect HOST            (the event socket's port is 8021 unless HOST:PORT says so)
Or try first:   connect sim             (a simulated switch in this process)
And then:       help";

const DEMO: &str = "\
This is a simulated FreeSWITCH with some calls of its own. Try:
  originate 9196@127.0.0.1:5080     then: calls, call last, hangup last
  load-app TonePlay                 then: originate park@127.0.0.1:5080 --app TonePlay, hupall
  status, sofia status              or any FreeSWITCH command; Tab completes, help lists";
