//! Before the first prompt: connections, a greeting, the lines of the start-up files.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::Repl;
use super::password::{Reading, Typed, read_password};
use crate::cli::editor::Editor;
use crate::cli::oneshot;
use crate::cli::signals::{Interrupts, terminated};
use crate::cli::start::{Start, Target};
use crate::shell::{
    CommandError, DEMO_TOUR, Kind, PASSWORD_TRIES, Password, Profile, counted, fs_cli_history,
    password_question, sanitise, script_lines,
};

impl Repl {
    /// As [`open`](Self::open), unless the operator leaves before: then the exit code.
    pub(super) async fn opened(
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
        let reading = Reading::default();
        let code = tokio::select! {
            lines = self.open(editor, start, rc, &reading) => return Ok(lines),
            () = interrupts.next() => INTERRUPTED,
            () = &mut ending => 0,
        };
        // The password reader restores the terminal by itself, unless it waits for a key.
        let _in_time = timeout(A_MOMENT, reading.lock()).await.is_ok();
        Err(code)
    }

    /// Connects what the process was started for, and greets. A failure leaves a prompt. Returns
    /// the lines that come before those of the operator.
    async fn open(
        &self,
        editor: &Editor,
        start: &Start,
        rc: Option<&Path>,
        reading: &Reading,
    ) -> Vec<String> {
        for warning in &start.warnings {
            self.printer.say(&format!("warning: {warning}"));
        }
        let target = &start.target;
        let opened = match target {
            Target::Hosts(profiles) => {
                let may_ask = !start.look.has_password();
                let mut opened = Ok(());
                for profile in profiles {
                    opened = self.open_asking(editor, profile, may_ask, reading).await;
                    if opened.is_err() {
                        break;
                    }
                }
                opened
            }
            _ => oneshot::open(target, &self.shell).await.map(drop),
        };
        match (opened, target) {
            (Err(err), _) => {
                self.complain(&err);
                self.printer.say(NOT_CONNECTED);
                return Vec::new();
            }
            (Ok(()), Target::Demo(_)) => self.printer.say(DEMO_TOUR),
            (Ok(()), Target::Replay { .. }) => self.printer.say(RECORDING),
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
        self.printer.say(&sanitise::block(&text));
    }

    /// The first time under fs_cli's name its history is taken in.
    fn inherit_history(&self) {
        let (history, name) = (self.shell.history(), self.shell.history_name());
        let Some(path) = fs_cli_history().filter(|path| path.exists()) else { return };
        if history.is_kept(&name) || !history.has_files() {
            return;
        }
        match self.shell.import_history(&path) {
            Ok(count) => self.printer.say(&format!(
                "{} of {} are in the history of {name}",
                counted(count, "line"),
                path.display()
            )),
            Err(err) => self.complain(&err),
        }
    }

    /// Connects a server. Where the stock password is wrong and no other was given, the operator is
    /// asked, without echo, and asked again while what they type is wrong.
    async fn open_asking(
        &self,
        editor: &Editor,
        profile: &Profile,
        may_ask: bool,
        reading: &Reading,
    ) -> Result<(), CommandError> {
        let opened = self.shell.open(profile).await.map(drop);
        let mut opened = opened.map_err(|err| oneshot::with_commands(err, &profile.name));
        let mut profile = profile.clone();
        for tried in 0..PASSWORD_TRIES {
            match &opened {
                Err(err) if may_ask && err.is_wrong_password() => {
                    if tried > 0 {
                        self.printer.output(err.message.clone());
                    }
                }
                _ => return opened,
            }
            self.printer.flush().await;
            let question = password_question(&profile.config);
            let typed = read_password(&question, Arc::clone(reading)).await;
            editor.keep_keys();
            let password = match typed {
                Typed::Password(password) => password,
                // The process gets the signal as well: that ends it.
                Typed::Interrupted => pending().await,
                Typed::Nothing => {
                    return Err(CommandError::new(Kind::Connection, "no password was given"));
                }
            };
            profile.config = profile.config.with_password(&password);
            profile.password = Password::Given;
            opened = self.shell.open(&profile).await.map(drop);
        }
        opened
    }
}

/// How long leaving waits for that.
const A_MOMENT: Duration = Duration::from_secs(1);

/// The exit code of an operator who would not wait.
const INTERRUPTED: u8 = 130;

/// What a recording opens with.
const RECORDING: &str =
    "a recording: \"calls --ended\" and \"events last\" show what happened; nothing can be sent";

const NOT_CONNECTED: &str = "\
Connect with:   connect HOST            (the event socket's port is 8021 unless HOST:PORT says so)
Or try first:   connect sim             (a simulated switch in this process)
And then:       help";
