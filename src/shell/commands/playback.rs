//! A recorded session as switches: their listeners are fed from a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::listener::Changes;
use crate::model::Id;
use crate::shell::feed;
use crate::shell::feed::transcript::recording::{Entry as Recorded, Recording};
use crate::shell::session::switch::Switch;
use crate::shell::session::{Shell, WeakShell};
use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;

/// A recording that was opened.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ReplaySummary {
    /// The names of its switches.
    pub names: Vec<String>,
    /// How many events it holds.
    pub events: usize,
    /// How many commands were typed.
    pub commands: usize,
    /// How many entries were lost when it was made.
    pub lost: u64,
    /// Where the file is broken; what stands before is kept.
    pub broken: Option<CommandError>,
}

/// Opens a recorded session as switches named after the file, and makes the first the current
/// one: as it was at its end or at a time, or as it runs in the background, as many times as
/// fast.
///
/// # Errors
/// A usage error when the file is no recording, or the time is none.
pub async fn replay(
    shell: &Shell,
    path: &Path,
    until: Option<&str>,
    speed: Option<u32>,
) -> Result<ReplaySummary, CommandError> {
    let mut recording = Recording::open(path)?;
    let until = until.map(|until| recording.moment(until)).transpose()?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().replace(' ', "_"));
    let mut stage = Stage {
        shell: shell.downgrade(),
        stem: stem.unwrap_or_else(|| "recording".to_owned()),
        switches: BTreeMap::new(),
        is_told: speed.is_some(),
        summary: ReplaySummary::default(),
    };
    match speed {
        Some(speed) => {
            // The first line that names a switch gives the prompt something to stand on.
            let first = recording.next()?;
            if let Some((_, entry)) = &first {
                stage.enter(entry.switch().unwrap_or_default());
            }
            let names = stage.summary.names.clone();
            let _task = tokio::spawn(again(stage, recording, first, speed));
            Ok(ReplaySummary { names, ..ReplaySummary::default() })
        }
        None => {
            for count in 1_usize.. {
                match recording.next() {
                    Ok(Some((at, _))) if until.is_some_and(|until| at > until) => break,
                    Ok(Some((at, entry))) => stage.take(at, entry),
                    Ok(None) => break,
                    Err(err) => {
                        stage.summary.broken = Some(err);
                        break;
                    }
                }
                if count.is_multiple_of(PORTION) {
                    tokio::task::yield_now().await;
                }
            }
            if stage.switches.is_empty() {
                stage.enter("");
            }
            Ok(stage.summary)
        }
    }
}

/// How many entries are taken in at once.
const PORTION: usize = 256;

/// Where a recording happens again.
struct Stage {
    shell: WeakShell,
    /// What the switches are named after.
    stem: String,
    /// By the name that they had in the recorded session.
    switches: BTreeMap<String, (Arc<Switch>, Option<Changes>)>,
    /// Whether events are reported as they happen.
    is_told: bool,
    summary: ReplaySummary,
}

impl Stage {
    fn shell(&self) -> Option<Shell> {
        self.shell.upgrade()
    }

    /// The switch that was called so; what has no name is about the first.
    fn enter(&mut self, recorded: &str) -> Option<&mut (Arc<Switch>, Option<Changes>)> {
        let shell = self.shell()?;
        let is_first = self.switches.is_empty();
        if !self.switches.contains_key(recorded) {
            if recorded.is_empty() && !is_first {
                return self.switches.values_mut().next();
            }
            let stem = &self.stem;
            let recorded_name = sanitise::line(recorded).replace(char::is_whitespace, "_");
            let name = if is_first { stem.clone() } else { format!("{stem}-{recorded_name}") };
            let name = shell.free_name(&name);
            let switch = Arc::new(Switch::recorded(&name, Arc::clone(shell.narration())));
            shell.add(Arc::clone(&switch));
            if is_first {
                shell.select(&name);
            }
            let changes = if self.is_told {
                feed::follow(&name, &switch.listener(), Arc::clone(shell.narration()));
                None
            } else {
                Some(switch.listener().changes())
            };
            self.summary.names.push(name);
            self.switches.insert(recorded.to_owned(), (switch, changes));
        }
        self.switches.get_mut(recorded)
    }

    fn take(&mut self, at: Timestamp, entry: Recorded) {
        let Some(shell) = self.shell() else { return };
        let is_told = self.is_told;
        let say = |text: &str| {
            let at = u64::try_from(at.as_microsecond()).unwrap_or_default();
            shell.inner.narration.note(at, text, is_told);
        };
        match entry {
            Recorded::Event { switch, event, own, command } => {
                self.summary.events += 1;
                let Some((switch, changes)) = self.enter(&switch) else { return };
                let listener = switch.listener();
                if let Some(own) = own {
                    listener.claim_call(&Id::new(&own));
                }
                match (command, event.get("Job-UUID")) {
                    (Some(command), Some(id)) => listener.claim_job(Id::new(&id), &command),
                    (Some(command), None) => listener.expect_command(&command),
                    (None, _) => {}
                }
                listener.feed(event.data().clone());
                if let Some(update) = changes.as_mut().and_then(Changes::try_next) {
                    shell.inner.narration.keep(&update);
                }
            }
            Recorded::Log { switch, log } => {
                if let Some((switch, _)) = self.enter(&switch) {
                    switch.listener().feed_log(log.clone());
                }
                if !is_told {
                    shell.inner.narration.keep_log(&log);
                }
            }
            Recorded::State { switch, legs, server_time } => {
                if let Some((switch, _)) = self.enter(&switch) {
                    switch.listener().restore(legs, server_time);
                }
            }
            Recorded::Apps { switch, apps } => {
                if let Some((switch, _)) = self.enter(&switch) {
                    switch.set_recorded_apps(apps);
                }
            }
            Recorded::Link { switch, is_up, why } => {
                if let Some((switch, _)) = self.enter(&switch) {
                    if is_up {
                        say(&format!("{}: connected again", switch.name()));
                    } else {
                        switch.listener().mark_jobs_unknown();
                        let why = if why.is_empty() { "closed".to_owned() } else { why };
                        say(&format!("{}: connection lost, {why}", switch.name()));
                    }
                }
            }
            Recorded::Command { switch, line } => {
                self.summary.commands += 1;
                say(&format!("{switch}> {line}"));
            }
            Recorded::Failure(message) => say(&format!("error: {message}")),
            Recorded::Lost(count) => self.summary.lost += count,
        }
    }
}

impl Recorded {
    /// The switch that it is about.
    fn switch(&self) -> Option<&str> {
        match self {
            Self::Event { switch, .. }
            | Self::Log { switch, .. }
            | Self::State { switch, .. }
            | Self::Apps { switch, .. }
            | Self::Link { switch, .. }
            | Self::Command { switch, .. } => Some(switch),
            Self::Failure(_) | Self::Lost(_) => None,
        }
    }
}

/// Lets it happen again, as it did but faster, as long as its first switch is there.
async fn again(
    mut stage: Stage,
    mut recording: Recording,
    first: Option<(Timestamp, Recorded)>,
    speed: u32,
) {
    let (mut next, mut last) = (Ok::<_, CommandError>(first), None);
    let end = loop {
        match next {
            Ok(Some((at, entry))) => {
                let passed = last.map_or(0, |last: Timestamp| {
                    at.as_microsecond().saturating_sub(last.as_microsecond())
                });
                let passed = Duration::from_micros(u64::try_from(passed).unwrap_or(0));
                tokio::time::sleep(passed / speed).await;
                last = last.max(Some(at));
                let name = stage.summary.names.first().cloned().unwrap_or_default();
                let is_there = stage.shell().is_some_and(|shell| shell.switch(&name).is_ok());
                if !is_there {
                    return;
                }
                stage.take(at, entry);
            }
            Ok(None) => break "the recording ends here".to_owned(),
            Err(err) => break format!("the recording ends here: {}", err.message),
        }
        next = recording.next();
    };
    let at = last.unwrap_or_default();
    if let Some(shell) = stage.shell() {
        let at = u64::try_from(at.as_microsecond()).unwrap_or_default();
        shell.inner.narration.note(at, &end, true);
    }
}
