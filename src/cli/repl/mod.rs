//! The prompt: lines in, answers and events out.

use event_pump::LINES;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc;

use crate::cli::editor::assist::{Assist, Draft, Options};
use crate::cli::editor::{Editor, Input};
use crate::cli::printer::Printer;
use crate::cli::process::error_text;
use crate::cli::signals::{Continued, Interrupts, Stops, terminated};
use crate::cli::start::Start;
use crate::cli::{logging, terminal};
use crate::shell::{
    CommandError, Format, History, Next, Operator, OperatorRequest, Output, Shell, TypedLine,
    join_continuations,
};
use event_pump::pump;
use not_run::panicked;
use presses::Presses;
use prompt::Helper;
use pulse::Pulse;
use running::{Ended, Run, Running};

mod event_pump;
mod keys;
mod not_run;
mod operator_requests;
mod password;
mod paste;
mod presses;
mod printing;
mod prompt;
mod pulse;
mod running;
mod server_completion;
mod startup;
mod suspend;
mod typed_ahead;

/// Runs the prompt until the operator leaves; returns the exit code.
pub(super) fn run(start: &Start, rc: Option<&Path>, color: bool) -> anyhow::Result<u8> {
    let _restored = terminal::Guard::save();
    let (sender, lines) = mpsc::channel(LINES);
    let folder = crate::cli::process::history_folder().filter(|_| start.keeps_history);
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
    let runtime = crate::cli::process::runtime()?;
    assist.runs_on(runtime.handle().clone());
    let (requester, requests) = mpsc::channel(1);
    let operator = Operator::new(requester);
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
        let served = repl.serve(&editor, running, requests).await;
        pump.abort();
        crate::cli::process::close(&repl.shell).await;
        served.map(|()| 0)
    });
    // Nothing is left to do, unless the operator was asked for a password and left.
    runtime.shutdown_background();
    editor.shutdown();
    printer.close();
    served
}

/// Waits for a time, or for ever.
async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

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
    /// Shows the prompt and runs what is typed, until the operator leaves.
    async fn serve(
        &self,
        editor: &Editor,
        mut running: Running,
        mut requests: mpsc::Receiver<OperatorRequest>,
    ) -> anyhow::Result<()> {
        let mut ending = Box::pin(terminated());
        let (mut interrupts, mut continued) = (Interrupts::new(), Continued::new());
        let mut stops = Stops::new();
        let mut draft = Draft::default();
        let mut presses = Presses::default();
        let mut was_at_end = false;
        editor.keep_keys();
        loop {
            self.start_next(&mut running);
            let waiting = until(running.deadline());
            let is_free = !running.holds_prompt();
            let input = tokio::select! {
                biased;
                () = &mut ending => return Ok(()),
                ended = running.ended() => match ended {
                    Ended::Done(Next::Exit) => return Ok(()),
                    other => self.after(other, editor, &mut interrupts).await,
                },
                Some(request) = requests.recv() => {
                    let request_served = self.serve_request(editor, request, &mut interrupts, &mut stops, &mut continued);
                    let (was, typed_ahead) = tokio::select! {
                        () = &mut ending => return Ok(()),
                        request_served = request_served => request_served,
                    };
                    running.request_served();
                    self.retype(was, &typed_ahead, &mut draft, &mut running)
                }
                () = interrupts.next() => {
                    editor.drop_keys();
                    self.stop(&mut running);
                    None
                }
                () = continued.next() => {
                    // The terminal may be another one: the prompt is drawn from the beginning.
                    let was = self.interrupt_editor(editor, &mut interrupts).await;
                    self.woken(editor);
                    was
                }
                () = stops.next() => {
                    let was = self.interrupt_editor(editor, &mut interrupts).await;
                    self.suspend(editor, &mut stops, &mut continued).await;
                    was
                }
                () = waiting => None,
                () = self.printer.gone() => anyhow::bail!("nothing can be shown any more"),
                input = editor.next(|| self.assist.prompt_now(std::mem::take(&mut draft))),
                    if is_free => Some(input),
            };
            // A second Ctrl-D in a row leaves, and so does a terminal that is gone.
            let was_end = match &input {
                None => was_at_end,
                Some(input) => std::mem::replace(&mut was_at_end, *input == Input::Eof),
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
                    self.suspend(editor, &mut stops, &mut continued).await;
                }
                Some(Input::Eof) if was_end || !self.shell.leaves_something() => return Ok(()),
                Some(Input::Eof) => running.push("exit".to_owned()),
                Some(Input::Failed(message)) => anyhow::bail!(message),
            }
        }
    }

    /// A run has ended, and the operator stays. A prompt with room for what ran is drawn again
    /// without it.
    async fn after(
        &self,
        ended: Ended,
        editor: &Editor,
        interrupts: &mut Interrupts,
    ) -> Option<Input> {
        if let Ended::Panicked(line, text) = ended {
            self.complain(&panicked(&line, &text));
        }
        if self.assist.has_gap() { self.interrupt_editor(editor, interrupts).await } else { None }
    }

    /// Starts the lines that may start now.
    fn start_next(&self, running: &mut Running) {
        while let Some(line) = running.next() {
            let repl = self.clone();
            let text = line.clone();
            running.start(&line, |run| async move { repl.block(&text, run).await });
        }
    }

    /// Ctrl-C: what was started last is not waited for any longer.
    fn stop(&self, running: &mut Running) {
        let Some((run, dropped)) = running.stop() else { return };
        self.printer.say(&self.stopped(&run, dropped));
        if running.len() > 0 {
            return;
        }
        // The next command shall not wait behind the one that was given up.
        if let Some(switch) = self.shell.current() {
            let _task = tokio::spawn(async move { switch.reconnect_if_busy().await });
        }
    }

    /// Runs what Enter ended: one line, or the lines of a paste, once the operator agrees, up to the
    /// first that fails and that no `why` follows.
    async fn block(&self, text: &str, run: Run) -> Next {
        let lines = join_continuations(&self.shell, text);
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
                    // `why` behind a line that failed asks about that line.
                    let is_asked = lines
                        .as_slice()
                        .first()
                        .is_some_and(|next| TypedLine::read(next).asks_why());
                    if left > 0 && !is_asked {
                        let lines = if left == 1 { "line was" } else { "lines were" };
                        err = err.hint(format!("{left} more {lines} pasted and not run"));
                    }
                    self.printing(&run).print(error_text(&err, self.color, terminal::size().0));
                    if !is_asked {
                        return Next::Go;
                    }
                }
            }
        }
        Next::Go
    }

    async fn step(&self, line: &str, run: &Run) -> Result<Next, CommandError> {
        let mut text = self.printing(run);
        let (columns, rows) = terminal::size();
        let output = Output::new(&mut text)
            .with_format(self.format)
            .with_width(Some(columns))
            .with_rows(Some(rows))
            .with_operator(Some(self.operator.clone()))
            .with_pace(self.printer.pace());
        let next = self.shell.run_line(line, output).await;
        self.verbosity.set(self.shell.settings().debug);
        next
    }
}
