//! What the library logs, as lines: above the prompt, or on standard error.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{fmt, thread};

use jiff::ZonedDateTime;
use nu_ansi_term::Color;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::shell::sampler::{Line, Priority};
use crate::shell::sanitise;

/// How much is logged; shared with what shows it, so that it can change.
#[derive(Debug, Clone, Default)]
pub(super) struct Verbosity(Arc<AtomicU8>);

impl Verbosity {
    /// Sets fs_cli's level, 0 to 7; 0 is the default.
    pub(super) fn set(&self, level: u8) {
        self.0.store(level, Ordering::Relaxed);
    }

    fn shows(&self, level: Level, usual: Level) -> bool {
        let most = match self.0.load(Ordering::Relaxed) {
            0 => usual,
            1..=3 => Level::ERROR,
            4 => Level::WARN,
            5 | 6 => Level::INFO,
            7 => Level::DEBUG,
            _ => Level::TRACE,
        };
        level <= most
    }
}

/// Shows warnings and worse above the prompt, unless the operator asks for more.
pub(super) fn to_prompt(lines: mpsc::Sender<Line>, color: bool) -> Verbosity {
    let verbosity = Verbosity::default();
    let (usual, target) = (Level::WARN, Target::Prompt(lines));
    init(Lines { usual, verbosity: verbosity.clone(), color, target });
    verbosity
}

/// Writes warnings and worse to standard error, or as much as fs_cli's level says.
pub(super) fn to_stderr(level: u8) {
    let verbosity = Verbosity::default();
    verbosity.set(level);
    let (queue, lines) = sync_channel(ROOM);
    // The task that logs may be one that drains a socket: it does not wait for a reader of ours.
    let writing = thread::Builder::new().name("log".to_owned()).spawn(move || write(&lines));
    // Without a thread nothing is logged: the queue's other end is gone.
    drop(writing);
    let _is_first = QUEUE.set(queue.clone()).is_ok();
    let target = Target::Stderr(queue, AtomicU64::new(0));
    init(Lines { usual: Level::WARN, verbosity, color: false, target });
}

/// Waits until what was logged so far is on standard error; not for long, if that takes nothing.
pub(super) fn settle() {
    let Some(queue) = QUEUE.get() else { return };
    let (done, is_done) = sync_channel(1);
    if queue.try_send(Handed::Mark(done)).is_ok() {
        let _in_time = is_done.recv_timeout(PATIENCE).is_ok();
    }
}

/// What the thread that writes standard error is handed.
enum Handed {
    Line(String),
    /// To be answered.
    Mark(SyncSender<()>),
}

fn write(lines: &Receiver<Handed>) {
    for said in lines {
        match said {
            // It cannot be reported when standard error is gone.
            Handed::Line(text) => drop(writeln!(std::io::stderr(), "{text}")),
            // One that waited for too long is gone.
            Handed::Mark(done) => drop(done.send(())),
        }
    }
}

static QUEUE: OnceLock<SyncSender<Handed>> = OnceLock::new();

/// How many lines may wait for standard error; more are dropped, and counted.
const ROOM: usize = 4096;
const PATIENCE: Duration = Duration::from_millis(300);

fn init(layer: Lines) {
    // A second initialisation in one process keeps the first.
    let _is_first = tracing_subscriber::registry().with(layer).try_init().is_ok();
}

struct Lines {
    usual: Level,
    verbosity: Verbosity,
    color: bool,
    target: Target,
}

impl Lines {
    /// How much is shown of a target unless the operator asks for more. What an app reports is for
    /// its operator, at the prompt and in scripts; all else below a warning is for a developer.
    fn usual_of(&self, target: &str) -> Level {
        let is_for_operators = ["switchy::apps", "switchy::client::app::unloaded"]
            .iter()
            .any(|module| target.starts_with(module));
        if is_for_operators { self.usual.max(Level::INFO) } else { self.usual }
    }
}

enum Target {
    Prompt(mpsc::Sender<Line>),
    /// The writer's queue, and how many lines had no room since the last that had.
    Stderr(SyncSender<Handed>, AtomicU64),
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // rustyline logs every key at its debug level, passwords too: only our own targets.
        metadata.target().starts_with("switchy")
            && self.verbosity.shows(*metadata.level(), self.usual_of(metadata.target()))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut said = Said::default();
        event.record(&mut said);
        let text = said.line(&ZonedDateTime::now(), *metadata.level(), metadata.target());
        match &self.target {
            Target::Stderr(queue, lost) => {
                let count = lost.swap(0, Ordering::Relaxed);
                let text = match count {
                    0 => text,
                    1 => format!("(1 line of the log was lost: standard error is slow)\n{text}"),
                    _ => format!(
                        "({count} lines of the log were lost: standard error is slow)\n{text}"
                    ),
                };
                if queue.try_send(Handed::Line(text)).is_err() {
                    lost.fetch_add(count + 1, Ordering::Relaxed);
                }
            }
            Target::Prompt(lines) => {
                let (priority, style) = style(*metadata.level());
                let text = if self.color { style.paint(text).to_string() } else { text };
                let line = Line {
                    priority,
                    key: None,
                    leg: None,
                    kind: "log".to_owned(),
                    text,
                    merged: None,
                    at: None,
                    is_requested: false,
                };
                // A full channel means a flood of events; they say more than this line.
                let _is_shown = lines.try_send(line).is_ok();
            }
        }
    }
}

/// What an event says: its message, its host, and the other fields.
#[derive(Default)]
struct Said {
    message: String,
    host: Option<String>,
    rest: String,
}

impl Said {
    /// `Feb 25 10:33:05 [INFO] switchy.EventListener@vm-host : what happened`.
    fn line(&self, now: &ZonedDateTime, level: Level, target: &str) -> String {
        let at = self.host.as_ref().map_or_else(String::new, |host| format!("@{host}"));
        let (now, target) = (now.strftime("%b %d %H:%M:%S"), logger(target));
        let text = format!("{now} [{level}] {target}{at} : {}{}", self.message, self.rest);
        sanitise::line(&text).into_owned()
    }
}

/// What a line names for a target, which is the path of a module: the object that logs, in the words
/// of Switchy's own log.
fn logger(target: &str) -> String {
    let mut parts = target.split("::").skip(1);
    let name = match (parts.next(), parts.next()) {
        (None, _) => return target.to_owned(),
        (Some("listener"), _) => "EventListener",
        (Some("client"), Some("pool")) => "Pool",
        (Some("client"), Some("app")) if target.ends_with("::unloaded") => "app",
        (Some("client"), _) => "Client",
        (Some("apps"), Some("lua")) => "lua",
        (Some("apps"), _) => "app",
        (Some(layer), _) => layer,
    };
    format!("switchy.{name}")
}

fn style(level: Level) -> (Priority, nu_ansi_term::Style) {
    match level {
        Level::ERROR => (Priority::Alert, Color::Red.normal()),
        Level::WARN => (Priority::Alert, Color::Yellow.normal()),
        _ => (Priority::Own, Color::DarkGray.normal()),
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "host" {
            self.host = Some(value.to_owned());
        } else {
            self.record_debug(field, &format_args!("{value}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.rest, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn s32_a_log_line_is_date_level_where_and_what() {
        let now: jiff::Timestamp = "2015-02-25T10:33:05Z".parse().unwrap();
        let now = now.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        let said = Said {
            message: "Connected listener 'd2d4ee82' to 'vm-host'".to_owned(),
            host: Some("vm-host".to_owned()),
            rest: String::new(),
        };
        assert_eq!(
            said.line(&now, Level::INFO, "switchy::listener::event_listener"),
            "Feb 25 10:33:05 [INFO] switchy.EventListener@vm-host : \
             Connected listener 'd2d4ee82' to 'vm-host'"
        );
        // What a server named itself cannot colour or move anything.
        let said = Said { message: "\x1b[31mred\nline".to_owned(), ..Said::default() };
        let line = said.line(&now, Level::WARN, "switchy::client");
        assert!(line.starts_with("Feb 25 10:33:05 [WARN] switchy.Client : "), "{line}");
        for (target, name) in [
            ("switchy", "switchy"),
            ("switchy::client::pool", "switchy.Pool"),
            ("switchy::client::app::load", "switchy.Client"),
            ("switchy::client::app::unloaded", "switchy.app"),
            ("switchy::apps::lua::verbs", "switchy.lua"),
            ("switchy::apps::router", "switchy.app"),
            ("switchy::conn::driver", "switchy.conn"),
        ] {
            assert_eq!(logger(target), name);
        }
        assert!(!line.contains(['\x1b', '\n']), "{line:?}");
        let colors = [Level::ERROR, Level::WARN, Level::INFO].map(|level| style(level).1);
        assert!(colors[0] != colors[1] && colors[1] != colors[2] && colors[0] != colors[2]);
    }
}
