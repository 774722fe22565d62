//! A session written down: each line and its answer, and every event, as JSON lines.
//!
//! # Invariants
//! - Nothing waits for the disk: what does not fit into the queue is counted, and the file says so.
//! - No secret gets into the file, and only its owner may read it.

pub(in crate::shell) mod recording;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;

use writer::{Counts, Entry, now};

use crate::listener::{EventListener, Link, Logs, Seen};
use crate::private;
use crate::shell::freeswitch::secret_names::STARS;
use crate::shell::freeswitch::secrets::Secrets;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::track::Change;

/// A transcript under way. Dropping it ends the file once what is queued is written.
pub(in crate::shell) struct Transcript {
    path: PathBuf,
    secrets: Arc<Secrets>,
    /// Taken away to end it.
    queue: Mutex<Option<SyncSender<Entry>>>,
    counts: Arc<Counts>,
    /// By listener that is heard: the loaded apps, as they were written last.
    heard: Mutex<HashMap<String, Value>>,
    writer: Mutex<Option<tokio::task::JoinHandle<()>>>,
    over: watch::Sender<bool>,
}

/// A switch as a transcript sees it.
pub(in crate::shell) struct Source<'a> {
    pub(in crate::shell) name: &'a str,
    pub(in crate::shell) listener: EventListener,
    /// The loaded apps: their names and ids.
    pub(in crate::shell) apps: Vec<(String, String)>,
}

impl Transcript {
    /// Opens the file and begins to write.
    ///
    /// # Errors
    /// A usage error when the file is there and is not to be appended to, or cannot be written.
    pub(in crate::shell) fn start(
        path: &Path,
        append: bool,
        secrets: Arc<Secrets>,
    ) -> Result<Self, CommandError> {
        let mut options = OpenOptions::new();
        options.append(true);
        let options = if append { options.create(true) } else { options.create_new(true) };
        let file = private::open(options, path).map_err(|err| {
            let shown = path.display();
            if err.kind() == std::io::ErrorKind::AlreadyExists {
                CommandError::usage(format!("{shown} is there already"))
                    .hint("--append writes behind what it holds; or choose another name")
            } else {
                CommandError::usage(format!("cannot write {shown}: {err}"))
            }
        })?;
        let (queue, entries) = sync_channel(ROOM);
        let counts = Arc::new(Counts::default());
        let (counted, known) = (Arc::clone(&counts), Arc::clone(&secrets));
        let writer =
            tokio::task::spawn_blocking(move || writer::write(file, &entries, &counted, &known));
        let transcript = Self {
            path: path.to_owned(),
            secrets,
            queue: Mutex::new(Some(queue)),
            counts,
            heard: Mutex::default(),
            writer: Mutex::new(Some(writer)),
            over: watch::Sender::new(false),
        };
        let version = env!("CARGO_PKG_VERSION");
        transcript.line(json!({ "kind": "start", "switchy": version, "form": recording::FORM }));
        Ok(transcript)
    }

    /// Writes down what runs on a switch now, and from now on all its events and log lines.
    pub(in crate::shell) fn hear(self: &Arc<Self>, source: Source<'_>) {
        let (name, listener): (Arc<str>, _) = (source.name.into(), source.listener.clone());
        if self.heard.lock().insert(listener.id().to_string(), Value::Null).is_some() {
            return;
        }
        self.apps(source);
        let now = listener.server_time();
        let (weak, switch) = (Arc::downgrade(self), Arc::clone(&name));
        listener.tap_from(
            |tracker| self.state(&name, tracker.state(), now),
            move |seen| weak.upgrade().is_some_and(|transcript| transcript.event(&switch, seen)),
        );
        let logs = listener.logs();
        let _task = tokio::spawn(follow(Arc::downgrade(self), name, listener, logs));
    }

    /// Writes down what runs on a switch at its end.
    pub(in crate::shell) fn leave(&self, source: &Source<'_>) {
        if self.heard.lock().contains_key(source.listener.id().as_str()) {
            self.now_on(&source.name.into(), &source.listener);
        }
    }

    fn now_on(&self, switch: &Arc<str>, listener: &EventListener) {
        let now = listener.server_time();
        // Under the lock of the tracker: no event falls between.
        listener.with(|tracker| self.state(switch, tracker.state(), now));
    }

    fn state(&self, switch: &Arc<str>, legs: Vec<crate::track::Leg>, server_time: u64) {
        let switch = Arc::clone(switch);
        let _is_running = self.offer(Entry::State { at: now(), switch, server_time, legs });
    }

    /// Writes down which apps are loaded, when it has changed.
    pub(in crate::shell) fn apps(&self, source: Source<'_>) {
        let apps: serde_json::Map<String, Value> =
            source.apps.into_iter().map(|(name, id)| (id, name.into())).collect();
        let (apps, id) = (Value::Object(apps), source.listener.id().to_string());
        let is_new = self.heard.lock().get_mut(&id).is_some_and(|known| {
            let is_new = *known != apps && !(known.is_null() && apps == json!({}));
            *known = apps.clone();
            is_new
        });
        if is_new {
            self.line(json!({ "kind": "apps", "switch": source.name, "apps": apps }));
        }
    }

    fn event(&self, switch: &Arc<str>, seen: &Seen<'_>) -> bool {
        let (mut own, mut command) = (None, None);
        match seen.change {
            Change::Session { call, .. } if seen.tracker.is_own_call(call) => {
                own = Some(call.as_str().to_owned());
            }
            Change::Job(id) => {
                let job = seen.tracker.job(id.as_str()).filter(|job| !job.is_foreign);
                command = job.map(|job| job.command.clone());
            }
            _ => command = seen.tracker.own_hangup(seen.event),
        }
        let (switch, event) = (Arc::clone(switch), seen.event.detached());
        self.offer(Entry::Event { at: now(), switch, event, own, command })
    }

    /// Writes down what was typed.
    pub(in crate::shell) fn command(&self, switch: Option<&str>, line: &str) {
        self.line(json!({ "kind": "command", "switch": switch, "line": line }));
    }

    /// Writes down what came of it.
    pub(in crate::shell) fn reply(
        &self,
        line: &str,
        text: &str,
        err: Option<&CommandError>,
        took: Duration,
    ) {
        let outcome = match err.map(|err| err.kind) {
            None => "ok",
            Some(Kind::Refused) => "refused",
            Some(Kind::Usage) => "usage",
            Some(Kind::Connection) => "connection",
            Some(Kind::TimedOut) => "timeout",
            Some(Kind::Partial) => "partial",
            Some(Kind::System) => "system",
            Some(Kind::Interrupted) => "interrupted",
        };
        let mask = |text: &str| self.secrets.mask_text(text);
        let text = match text {
            "" => String::new(),
            _ if self.secrets.names().asks_for_secret(line) => STARS.to_owned(),
            text => mask(&sanitise::uncolored(text)),
        };
        let mut entry = json!({
            "kind": "reply", "line": line, "outcome": outcome,
            "seconds": took.as_secs_f64(), "text": text,
        });
        if let (Some(err), Some(entry)) = (err, entry.as_object_mut()) {
            entry.insert("error".to_owned(), mask(&err.message).into());
            let hints: Vec<_> = err.hints.iter().map(|hint| mask(hint)).collect();
            entry.insert("hints".to_owned(), hints.into());
        }
        self.line(entry);
    }

    fn line(&self, value: Value) {
        let _is_running = self.offer(Entry::Line { at: now(), value });
    }

    /// Queues an entry; `false` when the transcript is over.
    fn offer(&self, entry: Entry) -> bool {
        let queue = self.queue.lock();
        let Some(queue) = queue.as_ref() else { return false };
        match queue.try_send(entry) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.counts.lose();
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    /// Ends it, and returns what became of it once everything is on the disk.
    ///
    /// # Errors
    /// When the file could not be written.
    pub(in crate::shell) async fn stop(&self) -> Result<String, CommandError> {
        self.over.send_replace(true);
        self.line(json!({ "kind": "stop" }));
        drop(self.queue.lock().take());
        let writer = self.writer.lock().take();
        if let Some(writer) = writer {
            // One that failed has said so.
            let _ended = writer.await.is_ok();
        }
        self.status().map(|status| format!("transcript ended: {status}"))
    }

    /// Where it goes and how much it holds.
    ///
    /// # Errors
    /// When the file could not be written.
    pub(in crate::shell) fn status(&self) -> Result<String, CommandError> {
        let shown = self.path.display().to_string();
        let shown = sanitise::line(&shown);
        let (written, lost) = self.counts.status().map_err(|why| {
            CommandError::new(Kind::Partial, format!("the transcript broke off: {why}"))
                .hint(format!("{shown} holds what was written before"))
        })?;
        Ok(match lost {
            0 => format!("{shown}, {written} lines"),
            lost => format!("{shown}, {written} lines; lost {lost}: the disk was too slow"),
        })
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Writes down log lines, and when the connection goes and comes, until one of them is over.
async fn follow(
    transcript: Weak<Transcript>,
    switch: Arc<str>,
    listener: EventListener,
    mut logs: Logs,
) {
    let mut link = listener.link();
    let Some(mut over) = transcript.upgrade().map(|running| running.over.subscribe()) else {
        return;
    };
    loop {
        let (log, link) = tokio::select! {
            log = logs.next() => (log, None),
            changed = link.changed() => match changed {
                Ok(()) => (None, Some(link.borrow_and_update().clone())),
                Err(_gone) => return,
            },
            _ = over.changed() => return,
        };
        let Some(transcript) = transcript.upgrade() else { return };
        if let Some(log) = log {
            let switch = Arc::clone(&switch);
            let _is_running = transcript.offer(Entry::Log { at: now(), switch, log });
        }
        let line = |state: &str, why: String| {
            transcript.line(json!({
                "kind": "link", "switch": &*switch, "state": state, "why": transcript.secrets.mask_text(&why),
            }));
        };
        match link {
            Some(Link::Lost { reason, attempt: 1, .. }) => line("lost", reason.to_string()),
            Some(Link::GaveUp { error }) => line("lost", error),
            Some(Link::Up { .. }) => {
                line("up", String::new());
                transcript.now_on(&switch, &listener);
            }
            Some(Link::Down) => return line("closed", String::new()),
            Some(Link::Lost { .. }) | None => {}
        }
    }
}

/// How many entries may wait for the disk.
const ROOM: usize = 8192;
