//! Lines from `-x` or standard input: answers to standard output, the first failure ends it.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::args::Args;
use super::{Target, complain, demo_config, logging, terminal};
use crate::shell::{CommandError, Kind, Next, Output, Settings, Shell};

/// Runs the lines and returns the exit code.
pub(super) async fn run(args: &Args, target: &Target, settings: Settings) -> anyhow::Result<u8> {
    logging::to_stderr();
    let shell = Shell::new(settings, None, false);
    let outcome = tokio::select! {
        outcome = lines(args, target, &shell) => outcome,
        _signal = tokio::signal::ctrl_c() => Err(CommandError::new(Kind::Interrupted, "interrupted")),
    };
    let gone = outcome.is_err() && is_gone();
    if let Err(err) = &outcome
        && !gone
    {
        complain(err, terminal::Color::Auto.enabled() && io::stderr().is_terminal());
    }
    super::close(&shell).await;
    Ok(match outcome {
        Err(err) if !gone => err.kind.exit_code(),
        _ => 0,
    })
}

async fn lines(args: &Args, target: &Target, shell: &Shell) -> Result<(), CommandError> {
    open(target, shell).await?;
    if !args.once.is_empty() {
        for line in &args.once {
            if step(args, shell, line).await? == Next::Exit {
                break;
            }
        }
        return Ok(());
    }
    let mut script = BufReader::new(tokio::io::stdin()).lines();
    loop {
        let line = script.next_line().await;
        let line =
            line.map_err(|err| CommandError::usage(format!("cannot read the script: {err}")))?;
        let Some(line) = line else { return Ok(()) };
        if step(args, shell, &line).await? == Next::Exit {
            return Ok(());
        }
    }
}

/// Connects what the process was started for.
pub(super) async fn open(target: &Target, shell: &Shell) -> Result<(), CommandError> {
    match target {
        Target::Hosts(hosts) => {
            for (name, config) in hosts {
                shell.connect(name, config.clone()).await?;
            }
        }
        Target::Demo(sim) => {
            let config = shell.start_sim(demo_config(sim)).await?;
            shell.connect("demo", config.with_password(&sim.password)).await?;
        }
    }
    Ok(())
}

async fn step(args: &Args, shell: &Shell, line: &str) -> Result<Next, CommandError> {
    let width = io::stdout().is_terminal().then(|| terminal::size().0);
    let mut stdout = Stdout;
    let output = Output::new(&mut stdout).with_format(args.output).with_width(width).on_stdout();
    shell.run_line(line, output).await
}

/// Standard output; what cannot be written is an error.
struct Stdout;

impl fmt::Write for Stdout {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|err| {
            if err.kind() == io::ErrorKind::BrokenPipe {
                GONE.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            fmt::Error
        })
    }
}

static GONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

fn is_gone() -> bool {
    GONE.load(std::sync::atomic::Ordering::Relaxed)
}
