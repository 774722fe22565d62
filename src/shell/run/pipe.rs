//! What becomes of an answer: to a program, to a file, down a pager; and programs by themselves.
//!
//! # Invariants
//! - What goes to a file is exact, and so is what goes to a program that does not write to the
//!   terminal itself; to one that does, it is sanitised. None has a color; errors go to the screen.
//! - A program that stops reading is no error; one that fails is.
//! - While a program has the terminal, nothing else is written to it.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::{fmt, io, thread};

use tokio::sync::oneshot;

use crate::shell::session::Shell;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::next::Next;
use crate::shell::text::outlet::Outlet;
use crate::shell::view::Format;
use crate::shell::view::output::Output;

use super::program::{Place, Program, Stdin};
use super::redirect::{Redirect, Sink};
use super::typed::TypedLine;

/// Runs a line and sends its answer where the line says.
pub(super) async fn run(
    shell: &Shell,
    line: &TypedLine<'_>,
    mut output: Output<'_>,
) -> Result<Next, CommandError> {
    match line.redirect() {
        Redirect::Missing(sign) => Err(CommandError::usage(format!(
            "missing file or program after {sign}"
        ))
        .hint("\"CMD | PROGRAM\", \"CMD > FILE\", \"CMD >> FILE\": \"help pipes\" explains")),
        Redirect::Program("") => Err(CommandError::usage("run what?")
            .hint("\"! COMMAND\" runs a command of your own shell on this machine")),
        Redirect::Program(program) => {
            Program::start(program, Place::of(&output), Stdin::Terminal)
                .await?
                .ended(&mut output)
                .await?;
            Ok(Next::Go)
        }
        Redirect::Answer { is_vertical, sink } => {
            let format = is_vertical.then_some(Format::Vertical);
            match sink {
                Sink::Answer => {
                    super::pager::run(shell, line, output.with_forced_format(format)).await
                }
                Sink::Pipe(program) => to_program(shell, line, program, output, format).await,
                Sink::File { path, is_appended } => {
                    let mut file = Target::open(path, *is_appended).await?;
                    let pace = file.outlet.pace();
                    let sent = Output::new(&mut file)
                        .inherit_from(&output)
                        .with_forced_format(format)
                        .with_pace(pace);
                    let ran = shell.run_command(line, sent).await;
                    file.finish(path, ran).await
                }
            }
        }
    }
}

/// Sends an answer to a program and waits for its end.
async fn to_program(
    shell: &Shell,
    line: &TypedLine<'_>,
    program: &str,
    mut output: Output<'_>,
    format: Option<Format>,
) -> Result<Next, CommandError> {
    let mut program = Program::start(program, Place::of(&output), Stdin::Answer).await?;
    let ran = {
        let (mut feed, pace) = program.feed();
        let sent =
            Output::new(&mut feed).inherit_from(&output).with_forced_format(format).with_pace(pace);
        tokio::select! {
            ran = shell.run_command(line, sent) => Some(ran),
            // A Ctrl-C that ended the program is meant for the command, too.
            () = program.killed() => None,
        }
    };
    let is_gone = program.is_gone();
    let ended = program.ended(&mut output).await;
    match ran {
        // What could not be written says nothing when the reader has seen enough.
        Some(Err(err)) if err.kind == Kind::Interrupted && is_gone => ended.map(|()| Next::Go),
        Some(Err(err)) => Err(err),
        Some(Ok(next)) => ended.map(|()| next),
        None => Err(CommandError::new(Kind::Interrupted, "interrupted")),
    }
}

/// A file that takes an answer. What it held is replaced when there is something to write.
struct Target {
    outlet: Outlet,
    /// To be emptied, if nothing was written by then.
    fresh: Option<File>,
}

impl Target {
    /// Opens it. A named pipe that has no reader is waited for.
    async fn open(path: &Path, is_appended: bool) -> Result<Self, CommandError> {
        let (opened, opening) = oneshot::channel();
        let at = path.to_owned();
        let open = move || {
            let mut options = OpenOptions::new();
            let options = options.create(true).append(is_appended).write(true).truncate(false);
            // The command that wanted it may have been stopped meanwhile.
            let _is_wanted = opened.send(options.open(at)).is_ok();
        };
        // Not a thread of the runtime: that would wait for it at its end.
        let start = |_started| opening;
        let opening = thread::Builder::new().name("opener".to_owned()).spawn(open).map(start);
        let file = match opening {
            Ok(opening) => opening.await.unwrap_or_else(|gone| Err(io::Error::other(gone))),
            Err(err) => Err(err),
        };
        let file = file.map_err(|err| failed(path, &err))?;
        // A device or a named pipe holds nothing that could be replaced.
        let is_file = file.metadata().is_ok_and(|about| about.is_file());
        let is_fresh = is_file && !is_appended;
        let fresh = if is_fresh { Some(file.try_clone()) } else { None }.transpose();
        let fresh = fresh.map_err(|err| failed(path, &err))?;
        let outlet = Outlet::spawn(Replaced { file, is_fresh });
        Ok(Self { outlet: outlet.map_err(|err| failed(path, &err))?, fresh })
    }

    async fn finish(
        self,
        path: &Path,
        ran: Result<Next, CommandError>,
    ) -> Result<Next, CommandError> {
        if let Some(fresh) = self.fresh.filter(|_| ran.is_ok()) {
            // An empty answer is one as well; a failure leaves what was there.
            fresh.set_len(0).map_err(|err| failed(path, &err))?;
        }
        self.outlet.settled().await;
        match self.outlet.with_failure(|err| failed(path, err)) {
            Some(err) => Err(err),
            None => ran,
        }
    }
}

impl fmt::Write for Target {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.fresh = None;
        self.outlet.write_str(text)
    }
}

/// A file that is emptied before the first write.
struct Replaced {
    file: File,
    is_fresh: bool,
}

impl io::Write for Replaced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.is_fresh) {
            self.file.set_len(0)?;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn failed(path: &Path, err: &io::Error) -> CommandError {
    CommandError::usage(format!("cannot write {}: {err}", path.display()))
}
