use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};

use crate::client::Started;
use crate::listener::{DEFAULT_EVENTS, EventListener};
use crate::model::{CallInfo, Event, HangupCause, Phase, SessionInfo};
use crate::shell::commands::call_name::last::{Last, call_of_session};
use crate::shell::commands::call_name::{LAST, is_named};
use crate::shell::commands::context::Context;
use crate::shell::feed::choice::event_named;
use crate::shell::session::completeness;
use crate::shell::text::duration::duration;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::{sanitise, words};
use crate::shell::view::{Cell, Format, View, span};
use crate::track::Tracker;

/// Wait until something is so, and fail when it is not in time
///
/// A call is "last" (the call that this shell started last), a uuid or its start, or a number.
/// What is so already passes at once, but for events. A call that ends while it is waited for
/// fails at once. Exit codes in scripts: 4 when the time is over, 1 when it went otherwise.
///
///   expect ringing|early|answered|bridged|held|parked [CALL] [SECS]
///   expect hangup [CALL] [SECS] [CAUSE]
///   expect event NAME [SECS] [HEADER=VALUE ...]
///   expect calls NUMBER [SECS]
///   expect text TEXT LINE
///
/// Examples:
///   expect answered last 10
///   expect hangup last 30 NORMAL_CLEARING
///   expect event HEARTBEAT 30
///   expect calls 0 20
///   expect text RUNNING sofia status
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// What, of which call, for how long: seconds, or with a unit (10s, 5m)
    #[arg(value_name = "WHAT", required = true)]
    tail: String,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Script)
        .on_call(Purpose::Read)
        .with_verbatim_tail(0)
        .keeping_lists()
        .handling_call_results();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let (what, rest) = words::first_word(&args.tail);
    let what = what.to_ascii_lowercase();
    match what.as_str() {
        "event" => event(cx, rest).await,
        "text" => text(cx, rest).await,
        "calls" => calls(cx, rest).await,
        "ringing" | "early" | "answered" | "bridged" | "held" | "parked" | "hangup" => {
            call(cx, &what, rest).await
        }
        _ => {
            let err = CommandError::usage(format!("{what:?} cannot be expected"));
            let otherwise = format!("there are: {}", WORDS.join(", "));
            Err(err.meant(&what, WORDS.iter().copied(), otherwise))
        }
    }
}

/// What can be waited for.
pub(in crate::shell) const WORDS: &[&str] = &[
    "answered", "hangup", "event", "calls", "text", "ringing", "early", "bridged", "held", "parked",
];

/// How long, unless a line says so.
const LONG: Duration = Duration::from_secs(30);

fn within(word: Option<&str>) -> Result<Duration, CommandError> {
    word.map_or(Ok(LONG), duration)
}

/// How far the wait is.
enum Verdict {
    Yes(String),
    No(String),
    NotYet(String),
}

async fn call(cx: &mut Context<'_>, what: &str, rest: &str) -> Result<(), CommandError> {
    let mut words = rest.split_whitespace();
    let word = words.next().unwrap_or(LAST).to_owned();
    let within = within(words.next())?;
    let cause = match words.next() {
        Some(name) if what == "hangup" => Some(cause(name)?),
        Some(extra) => return Err(CommandError::usage(format!("{extra:?} has no meaning here"))),
        None => None,
    };
    let started = cx.client()?.last_started().filter(|_| word == LAST);
    let listener = cx.listener()?;
    let newest = match &started {
        None if word == LAST => newest(cx)?,
        _ => None,
    };
    // A shell that has started no call waits for the newest one, and then for no other.
    let pinned = OnceLock::new();
    if let Some(call) = &newest {
        pinned.get_or_init(|| call.clone());
    }
    let look = |tracker: &Tracker| {
        let found = match &started {
            Some(started) => started.session().and_then(|id| call_of_session(tracker, &id)),
            None if word == LAST => pinned_call(tracker, &pinned),
            None => call_named(tracker, &word),
        };
        verdict(what, found, started.as_ref(), cause.as_ref())
    };
    let waited = wait(&listener, within, &format!("{what} {word}"), look).await;
    let stranger = pinned.get().filter(|call| !cx.is_own(call).is_ok_and(|is_own| is_own));
    if let Some(call) = stranger {
        cx.note_stranger(call)?;
    }
    say(cx, what, &waited?)
}

/// The call that `last` stands for in a shell that has originated none.
fn newest(cx: &Context<'_>) -> Result<Option<CallInfo>, CommandError> {
    Ok(match cx.last()? {
        Last::Running(call) | Last::Stranger { call, is_running: true } => Some(call),
        Last::Ended(_) | Last::Stranger { .. } | Last::NoCall(_) | Last::Nothing => None,
    })
}

/// The call that was chosen first, whichever came later.
fn pinned_call(tracker: &Tracker, pinned: &OnceLock<CallInfo>) -> Option<(CallInfo, bool)> {
    let chosen = match pinned.get() {
        Some(call) => call.clone(),
        None => {
            let newest = tracker.calls().next_back()?;
            pinned.get_or_init(|| newest).clone()
        }
    };
    call_of_session(tracker, &chosen.id.cast()).or(Some((chosen, false)))
}

fn cause(name: &str) -> Result<HangupCause, CommandError> {
    if HangupCause::names().any(|known| known == name) {
        return Ok(HangupCause::parse(name));
    }
    let err = CommandError::usage(format!("unknown hangup cause {name}"));
    Err(err.meant(name, HangupCause::names(), "for example NORMAL_CLEARING, USER_BUSY, NO_ANSWER"))
}

/// The newest call that a word names, and whether it runs.
fn call_named(tracker: &Tracker, word: &str) -> Option<(CallInfo, bool)> {
    let has = |call: &CallInfo| is_named(call, word);
    if let Some(call) = tracker.calls().rev().find(has) {
        return Some((call, true));
    }
    tracker.ended().rev().find(|call| has(call)).map(|call| (call.clone(), false))
}

fn verdict(
    what: &str,
    found: Option<(CallInfo, bool)>,
    started: Option<&Started>,
    cause: Option<&HangupCause>,
) -> Verdict {
    let failed = started.and_then(Started::failure);
    let Some((call, is_running)) = found else {
        return match failed {
            Some(text) if what == "hangup" => ended_as(text.trim_start_matches("-ERR "), cause),
            Some(text) => Verdict::No(format!("originate failed: {}", sanitise::line(&text))),
            None => Verdict::NotYet("no such call".to_owned()),
        };
    };
    let id = started.and_then(Started::session);
    let own = id.and_then(|id| call.sessions.iter().find(|leg| leg.id == id));
    let Some(leg) = own.or_else(|| call.lead()) else { return Verdict::NotYet(String::new()) };
    if what == "hangup" {
        if is_running {
            return Verdict::NotYet(format!("it is {}", leg.phase.word()));
        }
        return ended_as(cause_of(&call, leg).name(), cause);
    }
    // A bridge or a hold may be one of the far end: the two ends of a call that loops through here.
    let far = || call.sessions.iter().find(|leg| is_so(what, leg));
    let far = if matches!(what, "bridged" | "held") { far() } else { None };
    if let Some(leg) = Some(leg).filter(|leg| is_so(what, leg)).or(far) {
        return Verdict::Yes(format!(
            "{what}: {} {}",
            sanitise::line(leg.id.short()),
            since(what, leg)
        ));
    }
    if leg.phase == Phase::Hangup || !is_running {
        let cause = cause_of(&call, leg);
        let cause = cause.name();
        return Verdict::No(format!("the call ended with {}, never {what}", sanitise::line(cause)));
    }
    Verdict::NotYet(format!("it is {}", leg.phase.word()))
}

/// Why the call ended; of one whose other legs live still, why this leg did.
fn cause_of(call: &CallInfo, leg: &SessionInfo) -> HangupCause {
    let of_leg = || leg.cause.clone().unwrap_or_else(|| HangupCause::parse("NONE"));
    call.cause().unwrap_or_else(of_leg)
}

fn ended_as(name: &str, wanted: Option<&HangupCause>) -> Verdict {
    let shown = sanitise::line(name);
    match wanted.filter(|wanted| wanted.name() != name) {
        Some(wanted) => Verdict::No(format!("the call ended with {shown}, not {}", wanted.name())),
        None => Verdict::Yes(format!("hangup: {shown}")),
    }
}

fn is_so(what: &str, leg: &SessionInfo) -> bool {
    let times = &leg.times;
    match what {
        // What comes later has passed it.
        "ringing" => {
            leg.phase == Phase::Ringing || [times.progress, times.answered].iter().any(|at| *at > 0)
        }
        "early" => leg.phase == Phase::Early || times.progress_media > 0,
        "answered" => times.answered > 0,
        "bridged" => times.bridged > 0,
        "held" => leg.phase == Phase::Held,
        _ => leg.is_parked && leg.phase < Phase::Hangup,
    }
}

fn since(what: &str, leg: &SessionInfo) -> String {
    let rang = leg.ring_time(leg.last_event);
    match rang.filter(|_| what == "answered") {
        Some(rang) => format!("after {}", span(rang)),
        None => String::new(),
    }
}

/// Looks at the tracker after each change until it says yes or no, or the time is over.
async fn wait(
    listener: &EventListener,
    within: Duration,
    wanted: &str,
    look: impl Fn(&Tracker) -> Verdict,
) -> Result<String, CommandError> {
    let (mut changes, end) = (listener.changes(), Instant::now() + within);
    loop {
        let now = match listener.with(&look) {
            Verdict::Yes(text) => return Ok(text),
            Verdict::No(why) => {
                return Err(CommandError::new(Kind::Refused, format!("expected {wanted}: {why}")));
            }
            Verdict::NotYet(now) => now,
        };
        if Instant::now() >= end {
            return Err(late(wanted, within, &now));
        }
        // What a job says comes without a change of a call: look again now and then.
        let again = end.min(Instant::now() + Duration::from_millis(200));
        let _change = timeout_at(again, changes.next()).await;
    }
}

fn late(wanted: &str, within: Duration, now: &str) -> CommandError {
    let now = if now.is_empty() { String::new() } else { format!(": {now}") };
    let message = format!("expected {wanted} within {} s{now}", within.as_secs_f64());
    CommandError::new(Kind::TimedOut, message)
}

fn say(cx: &mut Context<'_>, what: &str, text: &str) -> Result<(), CommandError> {
    match cx.format() {
        Format::Table | Format::Raw | Format::Vertical => cx.line(text.trim_end()),
        _ => cx.view(&View::single(vec![
            ("expected", Cell::text(what)),
            ("ok", Cell::shown("yes", json!(true))),
            ("text", Cell::text(text.trim_end())),
        ])),
    }
}

async fn calls(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    let mut words = rest.split_whitespace();
    let number: usize = words.next().and_then(|word| word.parse().ok()).ok_or_else(|| {
        CommandError::usage("how many calls?").hint("for example: expect calls 0 20")
    })?;
    let within = within(words.next())?;
    let switch = cx.switch()?;
    // What is not known is never what was expected; it may be known in a moment.
    let look = |tracker: &Tracker| match (completeness::of_calls(&switch), tracker.call_count()) {
        (Some(gap), _) => Verdict::NotYet(gap.error("calls").message),
        (None, count) if count == number => Verdict::Yes(format!("calls: {count}")),
        (None, count) => Verdict::NotYet(format!("there are {count}")),
    };
    let text = wait(&cx.listener()?, within, &format!("{number} calls"), look).await;
    let text = match (text, completeness::of_calls(&switch)) {
        (Err(late), Some(gap)) => {
            let err = gap.error("calls");
            let kind = if err.kind == Kind::Partial { Kind::Refused } else { err.kind };
            let hints = err.hints.into_iter();
            return Err(hints.fold(CommandError::new(kind, late.message), CommandError::hint));
        }
        (text, _) => text?,
    };
    say(cx, "calls", &text)
}

async fn event(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    let mut words = rest.split_whitespace().peekable();
    let Some(name) = words.next() else {
        return Err(CommandError::usage("which event?")
            .hint("for example: expect event CHANNEL_ANSWER 10 Unique-ID=..."));
    };
    let name = event_named(name)?;
    let within = within(words.next_if(|word| !word.contains('=')))?;
    let headers = words.map(|word| {
        word.split_once('=')
            .ok_or_else(|| CommandError::usage(format!("{word:?} is not a HEADER=VALUE")))
    });
    let headers: Vec<(&str, &str)> = headers.collect::<Result<_, _>>()?;
    let listener = cx.listener()?;
    let is_new = !listener.is_subscribed(&name);
    // Listened to before it is asked for, so that the first one counts.
    let mut events = listener.events::<&str>(&[]);
    if is_new {
        listener.subscribe(&[&name]).await?;
    }
    let is_it = |event: &Event| {
        let is_named = event.name() == name || event.kind() == name;
        let has = |(header, value): &(&str, &str)| event.get(header).as_deref() == Some(*value);
        is_named && headers.iter().all(has)
    };
    let found = timeout(within, async {
        loop {
            match events.next().await {
                Some(event) if is_it(&event) => {
                    return Some(event.unique_id().unwrap_or_default().into_owned());
                }
                Some(_) => {}
                None => return None,
            }
        }
    })
    .await;
    if is_new && !DEFAULT_EVENTS.contains(&name.as_str()) {
        listener.unsubscribe(&[&name]).await?;
    }
    match found {
        Ok(Some(id)) => say(cx, "event", &format!("event: {name} {}", sanitise::line(&id))),
        Ok(None) => Err(CommandError::new(Kind::Connection, "the listener is gone")),
        Err(_elapsed) => Err(late(&format!("event {name}"), within, "")),
    }
}

async fn text(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    let (wanted, line) = words::quoted_word(rest)?;
    if wanted.is_empty() || line.trim().is_empty() {
        return Err(CommandError::usage("which text in the answer to which line?")
            .hint("for example: expect text RUNNING sofia status"));
    }
    let answer = cx.capture(line.trim()).await?;
    if answer.contains(&wanted) {
        return say(cx, "text", &format!("text: {wanted}"));
    }
    let first = answer.lines().next().unwrap_or_default();
    let message =
        format!("expected text {wanted:?}: the answer starts with {:?}", sanitise::line(first));
    Err(CommandError::new(Kind::Refused, message))
}
