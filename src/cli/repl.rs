//! The prompt: lines in, answers and events out.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcetera::BaseStrategy as _;
use nu_ansi_term::{Color, Style};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::args::Args;
use super::editor::{Assist, Editor, Input, Options, Prompt};
use super::printer::Printer;
use super::{Target, error_text, logging, oneshot, terminal};
use crate::conn::ConnectError;
use crate::listener::Link;
use crate::shell::complete::{self, Completions};
use crate::shell::render::counted;
use crate::shell::sampler::{Budget, Line, Sampler};
use crate::shell::{CommandError, Format, Kind, Next, Output, Settings, Shell, is_secret};

/// Runs the prompt until the operator leaves; returns the exit code.
pub(super) fn run(
    args: &Args,
    target: &Target,
    settings: Settings,
    color: bool,
) -> anyhow::Result<u8> {
    let _restored = terminal::Guard::save();
    let (sender, lines) = mpsc::channel(LINES);
    let shell = Shell::new(settings, Some(sender.clone()), color);
    let assist = Arc::new(Helper { shell: shell.clone(), color });
    // Before any socket: the editor waits with `select`, which knows no high descriptors.
    let options =
        Options { history: history(), color, assist: Arc::clone(&assist) as Arc<dyn Assist> };
    let (editor, printer) = Editor::spawn(options)?;
    logging::to_prompt(sender, color);
    let runtime = super::runtime()?;
    let repl = Repl { shell, printer: printer.clone(), assist, format: args.output, color };
    let has_password = args.connection.has_password();
    runtime.block_on(async {
        let pump = tokio::spawn(pump(lines, repl.printer.clone(), Arc::clone(&repl.assist)));
        repl.open(target, has_password).await;
        repl.serve(&editor).await;
        pump.abort();
        super::close(&repl.shell).await;
    });
    editor.shutdown();
    printer.close();
    Ok(0)
}

/// How many event lines may wait for the sampler.
const LINES: usize = 4096;

/// `switchy/history` in the state directory of the user.
fn history() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let directory = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(directory.join("switchy").join("history"))
}

struct Repl {
    shell: Shell,
    printer: Printer,
    assist: Arc<Helper>,
    format: Option<Format>,
    color: bool,
}

impl Repl {
    /// Connects what the process was started for, and greets. A failure leaves a prompt.
    async fn open(&self, target: &Target, has_password: bool) {
        let opened = oneshot::open(target, &self.shell).await;
        let opened = match opened {
            Err(err) if !has_password && is_wrong_password(&err) => self.ask_password(target).await,
            other => other,
        };
        match (opened, target) {
            (Err(err), _) => {
                self.complain(&err);
                self.printer.output(NOT_CONNECTED.to_owned());
            }
            (Ok(()), Target::Demo(_)) => self.printer.output(DEMO.to_owned()),
            (Ok(()), Target::Hosts(_)) => {
                let Some(switch) = self.shell.current() else { return };
                let version = switch.client().cmd("version").await.unwrap_or_default();
                let address = switch.client().config().address();
                let text =
                    format!("connected to {address}: {version}\n\"help\" shows what can be typed");
                self.printer.output(crate::shell::sanitise::block(&text).into_owned());
            }
        }
    }

    /// The stock password was wrong and no other was given: asks once, without echo.
    async fn ask_password(&self, target: &Target) -> Result<(), CommandError> {
        let Target::Hosts(hosts) = target else { return Ok(()) };
        self.printer.flush().await;
        let asked = tokio::task::spawn_blocking(|| rpassword::prompt_password("Password: ")).await;
        let Ok(Ok(password)) = asked else {
            return Err(CommandError::new(Kind::Connection, "no password was given"));
        };
        for (name, config) in hosts {
            self.shell.connect(name, config.clone().with_password(&password)).await?;
        }
        Ok(())
    }

    async fn serve(&self, editor: &Editor) {
        let mut ending = Box::pin(terminated());
        loop {
            // Before the line is read, so that no Ctrl-C falls between it and its command.
            let interrupted = interrupted();
            let prompt = self.assist.prompt_now();
            let input = tokio::select! {
                input = editor.next(prompt) => input,
                () = &mut ending => return,
            };
            let line = match input {
                Input::Line(line) => line,
                Input::Interrupted => continue,
                Input::Eof => return,
                Input::Failed(message) => {
                    self.complain(&CommandError::new(Kind::Interrupted, message));
                    return;
                }
            };
            tokio::select! {
                next = self.block(&line) => match next {
                    Next::Go => {}
                    Next::Exit => return,
                },
                () = interrupted => {
                    self.printer.output(self.stopped());
                    // The next command shall not wait behind the one that was given up.
                    if let Some(switch) = self.shell.current() {
                        let _in_time = tokio::time::timeout(SOON, switch.renew()).await;
                    }
                }
                () = &mut ending => return,
            }
        }
    }

    /// Runs what Enter ended: one line, or the lines of a paste up to the first that fails.
    async fn block(&self, text: &str) -> Next {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            match self.step(line).await {
                Ok(Next::Go) => {}
                Ok(Next::Exit) => return Next::Exit,
                Err(mut err) => {
                    let left = lines.filter(|line| !line.trim().is_empty()).count();
                    if left > 0 {
                        let lines = if left == 1 { "line was" } else { "lines were" };
                        err = err.hint(format!("{left} more {lines} pasted and not run"));
                    }
                    self.complain(&err);
                    return Next::Go;
                }
            }
        }
        Next::Go
    }

    /// What is said when a command is not waited for any longer.
    fn stopped(&self) -> String {
        // The terminal has shown ^C, without a line end.
        let text = "\nstopped waiting; the server may still finish it";
        let hint = "hint: \"bgapi\" runs what takes long, and tells the result when it comes";
        let dimmed = Style::new().dimmed();
        if self.color {
            format!("{}\n{}", Color::Yellow.paint(text), dimmed.paint(hint))
        } else {
            format!("{text}\n{hint}")
        }
    }

    async fn step(&self, line: &str) -> Result<Next, CommandError> {
        let mut text = Printing { printer: self.printer.clone(), pending: String::new() };
        let width = Some(terminal::size().0);
        let output = Output { text: &mut text, format: self.format, width };
        self.shell.run_line(line, output).await
    }

    fn complain(&self, err: &CommandError) {
        self.printer.output(error_text(err, self.color, terminal::size().0));
    }
}

fn is_wrong_password(err: &CommandError) -> bool {
    let wrong = ConnectError::WrongPassword { peer: String::new() };
    err.hints.iter().any(|hint| hint == wrong.hint())
}

/// Waits for a Ctrl-C that comes after this call. While a line is edited it is a key, not a signal.
fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let interrupts = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    async move {
        #[cfg(unix)]
        if let Ok(mut interrupts) = interrupts {
            interrupts.recv().await;
            return;
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Waits for SIGTERM or SIGHUP.
async fn terminated() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = (signal(SignalKind::terminate()), signal(SignalKind::hangup()));
        if let (Ok(mut terminate), Ok(mut hangup)) = signals {
            tokio::select! {
                _signal = terminate.recv() => return,
                _signal = hangup.recv() => return,
            }
        }
    }
    std::future::pending::<()>().await;
}

/// Gives event lines to the printer, a few at a time, and keeps the prompt true.
async fn pump(mut lines: mpsc::Receiver<Line>, printer: Printer, assist: Arc<Helper>) {
    let mut sampler = Sampler::new(Budget::default());
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut shown, mut painted) = (String::new(), Instant::now());
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => sampler.push(line),
                None => return,
            },
            _ = tick.tick() => {
                if let Some(took) = printer.took() {
                    sampler.printed_in(took);
                }
                if printer.ready() && let Some(frame) = sampler.frame(Instant::now()) {
                    printer.frame(frame);
                }
                let prompt = assist.prompt();
                if prompt != shown && painted.elapsed() > REPAINT {
                    (shown, painted) = (prompt, Instant::now());
                    printer.repaint();
                }
            }
        }
    }
}

/// How long the prompt may wait for a new connection.
const SOON: Duration = Duration::from_secs(1);

/// The prompt is drawn again at most this often.
const REPAINT: Duration = Duration::from_millis(300);

/// Hands an answer to the printer, whole lines as they come.
struct Printing {
    printer: Printer,
    pending: String,
}

impl fmt::Write for Printing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.pending.push_str(text);
        if self.pending.ends_with('\n') {
            self.printer.output(std::mem::take(&mut self.pending));
        }
        if self.printer.broken() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        self.printer.output(std::mem::take(&mut self.pending));
    }
}

struct Helper {
    shell: Shell,
    color: bool,
}

impl Helper {
    fn prompt_now(&self) -> Prompt {
        let (raw, styled) = self.prompts();
        Prompt { raw, styled }
    }

    /// `pbx1 ● 142 calls> `, without and with color. All states are as wide as three digits of
    /// calls, so that they can change while a line is typed.
    fn prompts(&self) -> (String, String) {
        let Some(switch) = self.shell.current() else {
            return ("not connected> ".to_owned(), "not connected> ".to_owned());
        };
        let listener = switch.listener();
        let is_up = switch.client().is_connected();
        let (mark, style) = match (is_up, listener.is_connected()) {
            (true, true) => ("●", Color::Green.normal()),
            (true, false) => ("◐", Color::Yellow.normal()),
            (false, _) => ("○", Color::Red.normal()),
        };
        let link = listener.link().borrow().clone();
        let state = if let Link::Lost { retry_at, .. } = link {
            let wait = retry_at.saturating_duration_since(tokio::time::Instant::now());
            format!("retry {}s", wait.as_secs() + 1)
        } else if listener.is_connected() {
            let calls = listener.with(|tracker| tracker.call_count());
            counted(calls, "call")
        } else if is_up {
            "no events".to_owned()
        } else {
            "offline".to_owned()
        };
        let name = crate::shell::sanitise::line(switch.name()).into_owned();
        let state = format!("{state:>0$}", "142 calls".len());
        let raw = format!("{name} {mark} {state}> ");
        let name = Style::new().bold().paint(name);
        let styled = format!("{name} {} {state}> ", style.paint(mark));
        let styled = if self.color { styled } else { raw.clone() };
        (raw, styled)
    }
}

impl Assist for Helper {
    fn complete(&self, line: &str, pos: usize) -> Completions {
        complete::complete(&self.shell, line, pos)
    }

    fn hint(&self, _line: &str, _pos: usize) -> Option<String> {
        None
    }

    fn keep(&self, line: &str) -> bool {
        // A paste holds several.
        !line.lines().any(is_secret)
    }

    fn prompt(&self) -> String {
        self.prompts().1
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
