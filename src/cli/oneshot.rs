//! Lines from `-x`, files or standard input: answers to standard output, the rest to standard
//! error. The first failure ends it, unless `--keep-going` is given.

use crate::cli::stdout::{Stdout, gone, stdout};
use std::io;
use std::io::{IsTerminal as _, Write as _};
use std::pin::pin;
use std::time::{Duration, Instant};

use clap::CommandFactory as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::cli::args::Args;
use crate::cli::batch::{Content, Feed};
use crate::cli::process::{complain, demo_config};
use crate::cli::signals::{Continued, Stops};
use crate::cli::start::{Start, Target};
use crate::cli::{fs_cli, logging, terminal};
use crate::shell::{
    CommandError, History, Joiner, Kind, Next, Output, Shell, is_own, replay, script_place,
};

/// Runs the lines and returns the exit code.
pub(super) async fn run(start: &Start) -> anyhow::Result<u8> {
    logging::to_stderr(start.settings.debug);
    let history = History::new(crate::cli::process::history_folder());
    let content = start.feed();
    let (sender, lines) = content.map(|_| Feed::channel()).unzip();
    let shell = Shell::with_history(start.settings.clone(), sender, false, history);
    if content == Some(Content::Log) {
        shell.show_no_events();
    }
    let feed = lines.map(|lines| Feed::start(lines, shell.clone()));
    let stdout = stdout()?;
    let suspending = tokio::spawn(suspends(shell.clone()));
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    let outcome = tokio::select! {
        outcome = run_lines(start, &shell) => outcome,
        // Also where nothing is written for long.
        () = stdout.gone() => Ok(()),
        _signal = &mut interrupted => Err(CommandError::new(Kind::Interrupted, "interrupted")),
    };
    let is_interrupted = outcome.as_ref().is_err_and(|err| err.kind == Kind::Interrupted);
    if is_interrupted {
        // What is on its way may arrive; a reader that does not read is not waited for.
        let _in_time = tokio::time::timeout(SOON, stdout.settled()).await;
    } else {
        tokio::select! {
            () = stdout.settled() => {}
            _signal = &mut interrupted => {}
        }
    }
    let outcome = match gone() {
        Some(Some(why)) => Err(CommandError::usage(why)),
        // A reader that has seen enough is no error.
        Some(None) => Ok(()),
        None => outcome,
    };
    suspending.abort();
    if let Err(err) = &outcome
        && !err.message.is_empty()
    {
        complain(err, may_color());
    }
    crate::cli::process::close(&shell).await;
    if let Some(feed) = feed {
        feed.end().await;
    }
    logging::settle();
    Ok(match outcome {
        Err(err) => start.exit_code(err.kind),
        Ok(()) => 0,
    })
}

/// Ctrl-Z: no server shall wait for a process that stands still. Before SIGSTOP nothing can be done:
/// behind it the connections are opened anew, because the server may have dropped events, and the
/// streams say for how long they have none.
async fn suspends(shell: Shell) {
    let (mut stops, mut continued) = (Stops::new(), Continued::new());
    // A beat that came late may be seen before the signal that explains it.
    let (mut awake, mut late) = (Instant::now(), Duration::ZERO);
    loop {
        tokio::select! {
            () = stops.next() => {
                if terminal::can_come_back() {
                    shell.pause().await;
                    // The signal went to all that share the terminal.
                    terminal::stop_self();
                    shell.unpause();
                    // It is not taken for a stop from outside.
                    let _came = tokio::time::timeout(SOON, continued.next()).await;
                }
            }
            () = continued.next() => {
                let stood_still = awake.elapsed().max(std::mem::take(&mut late));
                if stood_still >= STOOD_STILL {
                    shell.pause_after(stood_still).await;
                    shell.unpause();
                }
            }
            () = tokio::time::sleep(BEAT) => {
                let passed = awake.elapsed();
                late = if passed >= STOOD_STILL { passed } else { Duration::ZERO };
            }
        }
        awake = Instant::now();
    }
}

/// A process that got SIGCONT, and did nothing for this long before, was stopped.
const STOOD_STILL: Duration = Duration::from_secs(1);
/// How often it is seen to be awake.
const BEAT: Duration = Duration::from_millis(250);

async fn run_lines(start: &Start, shell: &Shell) -> Result<(), CommandError> {
    start.prepare(shell)?;
    let lines = start.script.once.iter();
    let need = match lines.map(|line| Need::of(line)).max() {
        // There, every line is one for the server.
        Some(need) if !start.settings.as_fs_cli => need,
        _ => Need::Server,
    };
    let mut feed = Script { start, shell, failed: None, unasked: None };
    if need > Need::Nothing {
        match open(&start.target, shell).await {
            Ok(broken) => feed.failed = broken.map(|err| CommandError::new(err.kind, "")),
            Err(err) if need == Need::Server => return Err(err),
            Err(err) => feed.unasked = Some(err),
        }
    }
    start.record(shell).await?;
    if !start.script.once.is_empty() {
        for line in &start.script.once {
            if feed.line(line, None).await? == Next::Exit {
                return feed.end(Next::Exit).await;
            }
        }
        return feed.end(Next::Go).await;
    }
    let mut next = Next::Go;
    if start.script.file.is_empty() {
        next = feed.source("standard input", tokio::io::stdin()).await?;
    }
    for name in &start.script.file {
        next = if name == "-" {
            feed.source("standard input", tokio::io::stdin()).await?
        } else {
            let text = std::fs::read(name)
                .map_err(|err| CommandError::usage(format!("cannot read {name}: {err}")))?;
            feed.source(name, text.as_slice()).await?
        };
        if next == Next::Exit {
            break;
        }
    }
    feed.end(next).await
}

/// What a line needs of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// The shell knows the answer.
    Nothing,
    /// It is asked when it is there; why there is no connection is what `doctor` finds out.
    Ask,
    Server,
}

impl Need {
    fn of(line: &str) -> Self {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("help" | "?") if words.next().is_none_or(is_own) => Self::Nothing,
            Some(word) if word.strip_prefix('?').is_some_and(is_own) => Self::Nothing,
            Some("help" | "?" | "doctor") => Self::Ask,
            _ => Self::Server,
        }
    }
}

/// Runs lines one after the other.
struct Script<'a> {
    start: &'a Start,
    shell: &'a Shell,
    /// The first failure, when it did not end the run.
    failed: Option<CommandError>,
    /// Why no server was asked, where the lines can do without.
    unasked: Option<CommandError>,
}

impl Script<'_> {
    /// Runs the lines of a script.
    async fn source(
        &mut self,
        name: &str,
        script: impl AsyncRead + Unpin,
    ) -> Result<Next, CommandError> {
        let mut script = BufReader::new(script).split(b'\n');
        let mut joiner = Joiner::default();
        loop {
            let line = script.next_segment().await;
            let line =
                line.map_err(|err| CommandError::usage(format!("cannot read {name}: {err}")))?;
            let is_end = line.is_none();
            let whole = match line {
                Some(line) => joiner.push(String::from_utf8_lossy(&line).trim_end_matches('\r')),
                None => joiner.rest(),
            };
            if let Some((number, line)) = whole
                && self.line(&line, Some((name, number))).await? == Next::Exit
            {
                return Ok(Next::Exit);
            }
            if is_end {
                return Ok(Next::Go);
            }
        }
    }

    async fn line(
        &mut self,
        line: &str,
        place: Option<(&str, usize)>,
    ) -> Result<Next, CommandError> {
        if self.start.script.echo {
            let shown = if self.shell.is_private(line) { "(a line with a secret)" } else { line };
            // It cannot be reported when standard error is gone.
            let _written = writeln!(io::stderr(), "> {shown}");
        }
        let ran = if self.start.settings.as_fs_cli && place.is_none() && !line.starts_with('/') {
            fs_cli::execute(self.start, self.shell, line).await.map(|()| Next::Go)
        } else {
            self.step(line).await
        };
        // The answer stands before what is said about it, and before the next one.
        stdout()?.settled().await;
        let err = match ran {
            Ok(_) if let Some(why) = gone() => {
                return Err(CommandError::usage(why.unwrap_or_default()));
            }
            Ok(next) => return Ok(next),
            Err(err) if gone().is_some() => return Err(err),
            Err(err) => err,
        };
        let err = match &self.unasked {
            Some(why) if err.kind == Kind::Usage => {
                err.hint(format!("no server was asked: {}", why.message))
            }
            _ => err,
        };
        let err = match place {
            Some((file, number)) => err.hint(script_place(self.shell, file, number, line)),
            None => err,
        };
        let goes_on = match err.kind {
            Kind::Interrupted => false,
            _ if self.start.script.keep_going => true,
            // Nothing behind a lost connection makes sense.
            Kind::Connection => false,
            _ => self.start.settings.as_fs_cli && !self.start.script.stop_on_error,
        };
        if !goes_on {
            return Err(err);
        }
        if !err.message.is_empty() {
            complain(&err, may_color());
        }
        self.failed.get_or_insert_with(|| CommandError::new(err.kind, ""));
        Ok(Next::Go)
    }

    async fn step(&self, line: &str) -> Result<Next, CommandError> {
        let (mut stdout, out) = (Stdout, stdout()?);
        let format = self.start.script.output;
        let output = Output::new(&mut stdout).with_format(format).with_width(width()).on_stdout();
        self.shell.run_line(line, output.with_pace(out.pace())).await
    }

    /// Waits for the jobs that no line has asked about, but behind `exit`, and says whether all
    /// went well.
    async fn end(mut self, next: Next) -> Result<(), CommandError> {
        let until = (next == Next::Go).then(Shell::settles_until);
        let mut stdout = Stdout;
        loop {
            let output = Output::new(&mut stdout).with_format(self.start.script.output);
            match self.shell.settle(until, output.with_width(width())).await {
                None => break,
                Some(Ok(())) => {}
                Some(Err(err)) if gone().is_some() => return Err(err),
                Some(Err(err)) => {
                    complain(&err, may_color());
                    self.failed.get_or_insert_with(|| CommandError::new(err.kind, ""));
                }
            }
        }
        self.failed.map_or(Ok(()), Err)
    }
}

/// Connects what the process was started for. Gives what is broken of a recording, after saying so.
pub(super) async fn open(
    target: &Target,
    shell: &Shell,
) -> Result<Option<CommandError>, CommandError> {
    match target {
        Target::Hosts(profiles) => {
            for profile in profiles {
                shell.open(profile).await.map_err(|err| with_commands(err, &profile.name))?;
            }
        }
        Target::Demo(sim) => {
            let config = shell.start_sim(demo_config(sim)).await?;
            shell.connect("demo", config.with_password(&sim.password)).await?;
        }
        Target::Replay { path, until, speed } => {
            let opened = replay(shell, path, until.as_deref(), *speed).await?;
            if let Some(mut err) = opened.broken {
                err.kind = Kind::Partial;
                complain(&err, may_color());
                return Ok(Some(err));
            }
        }
    }
    Ok(None)
}

/// A name without an address may have been meant for a command of the program. The nearest one stands
/// before the other hints.
pub(super) fn with_commands(mut err: CommandError, name: &str) -> CommandError {
    let program = Args::command();
    let names = program.get_subcommands().map(clap::Command::get_name);
    if err.message.starts_with("no address")
        && let Some(near) = crate::shell::nearest(name, names)
    {
        err.hints.insert(0, format!("did you mean switchy {near}?"));
    }
    err
}

/// That of the terminal, where answers go to one.
fn width() -> Option<u16> {
    io::stdout().is_terminal().then(|| terminal::size().0)
}

fn may_color() -> bool {
    terminal::Color::Auto.enabled() && io::stderr().is_terminal()
}

/// A reader that reads has taken what there is by then.
const SOON: Duration = Duration::from_millis(200);
