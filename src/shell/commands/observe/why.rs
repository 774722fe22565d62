use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::client::Client;
use crate::model::{
    CallInfo, EndedBy, Ending, HangupCause, Id, JobRecord, JobState, Outcome, Rows, SessionInfo,
};
use crate::shell::commands::call_name::last::Last;
use crate::shell::commands::call_name::{LAST, is_named, one};
use crate::shell::commands::context::Context;
use crate::shell::commands::server_tables::{no_table, text_of};
use crate::shell::feed;
use crate::shell::freeswitch::hangup_advice;
use crate::shell::session::completeness::lost_rows;
use crate::shell::text::brief::brief as brief_command;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::{sanitise, suggest};
use crate::shell::view::{Cell, Format, View, call_rows, ending, span};
use crate::track::Rules;

/// Explain why a call ended, and what to check next
///
/// "by" is who ended it: the caller, the called party, the switch, an operator's command, a media
/// time-out, a schedule, or no far end (nothing ever answered there). "tries" are the legs that were
/// dialled and ended while the call continued.
///
/// The call is named as everywhere, also when it has ended; "last" is the call that this shell
/// started last, or its originate, where that failed without a call. A failed originate is named by
/// its job, a hangup cause by its name. Of a running call it shows how it stands and what is
/// scheduled for it.
///
/// Examples:
///   why last
///   why 6c1d2a5e
///   why 1000
///   why USER_BUSY
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call or job, or a hangup cause
    #[arg(value_name = "CALL|JOB|CAUSE", default_value = "last")]
    what: String,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).on_call(Purpose::Read).handling_call_results();
}

/// What a word may stand for.
enum Found {
    Ended(CallInfo),
    Running(CallInfo),
    Job(JobRecord),
    Cause(HangupCause),
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    match find(cx, &args.what).await? {
        Found::Ended(call) => write_fields(cx, &ended(&call)),
        Found::Running(call) => {
            let now = cx.listener()?.server_time();
            let tasks = tasks(&cx.client()?, &call, now).await;
            let limit = ring_limit(&cx.listener()?.jobs(), &call);
            write_fields(cx, &running(&call, now, &tasks, limit))
        }
        Found::Job(job) => write_fields(cx, &failed(&job)),
        Found::Cause(cause) => write_fields(cx, &of_cause(&cause)),
    }
}

async fn find(cx: &mut Context<'_>, word: &str) -> Result<Found, CommandError> {
    let cause = HangupCause::parse(&word.to_ascii_uppercase());
    if cause.is_known() {
        return Ok(Found::Cause(cause));
    }
    if word == LAST {
        return last(cx).await;
    }
    let listener = cx.listener()?;
    let jobs = listener.jobs();
    let names = |call: &CallInfo| is_named(call, word);
    // What runs, and what ended last.
    if let Some(call) = listener.calls().into_iter().rev().find(names) {
        return Ok(Found::Running(call));
    }
    let ended = listener.with(|tracker| tracker.ended().rev().find(|call| names(call)).cloned());
    if let Some(call) = ended {
        return Ok(Found::Ended(call));
    }
    let named = |job: &JobRecord| word.len() >= 2 && job.id.as_str().starts_with(word);
    let jobs: Vec<_> = jobs.into_iter().filter(named).collect();
    if !jobs.is_empty() {
        let job = one(jobs, word, "jobs", |job| job.id.as_str(), || missing(word))?;
        return of_job(cx, job);
    }
    Err(missing(word))
}

fn missing(word: &str) -> CommandError {
    let err = CommandError::new(Kind::Refused, format!("no call or job is named {word:?}"));
    match suggest::nearest(word, HangupCause::names()).filter(|_| word.len() > 5) {
        Some(near) => err.hint(format!("did you mean {near}?")),
        None => err.hint("\"calls --ended\" lists those that ended; the history has a limit"),
    }
}

/// The call that this shell started last, or its originate where it made no call. A shell that has
/// started none reads the newest end of another party's call.
async fn last(cx: &mut Context<'_>) -> Result<Found, CommandError> {
    let listener = cx.listener()?;
    let started = match cx.settled_last().await? {
        Last::Ended(call) => return Ok(Found::Ended(call)),
        Last::NoCall(started) => started,
        Last::Running(call) => {
            let started = cx.client()?.last_started();
            match started.filter(|started| started.failure().is_some()) {
                // Its own leg has failed; what is left of its call says nothing about why.
                Some(started) => started,
                None => return Ok(Found::Running(call)),
            }
        }
        Last::Stranger { .. } | Last::Nothing => return newest(cx),
    };
    let known = started
        .job()
        .and_then(|job| listener.with(|tracker| tracker.job(job.id().as_str()).cloned()));
    Ok(Found::Job(known.unwrap_or_else(|| JobRecord {
        id: started.job().map_or_else(|| Id::new(""), |job| job.id().clone()),
        command: started.command().to_owned(),
        is_foreign: false,
        state: started.state(),
        started: 0,
        finished: 0,
    })))
}

/// What a shell that has started no call can say: how its latest job failed, or how the newest call
/// of others ended, or stands.
fn newest(cx: &mut Context<'_>) -> Result<Found, CommandError> {
    let listener = cx.listener()?;
    let failed = |job: &JobRecord| matches!(job.state, JobState::Done(Outcome::Failed(_)));
    let job = listener.jobs().into_iter().rev().find(|job| !job.is_foreign && failed(job));
    if let Some(job) = job {
        return of_job(cx, job);
    }
    let ended = listener.with(|tracker| tracker.ended().next_back().cloned());
    let found = match (ended, listener.calls().pop()) {
        (Some(call), _) => Found::Ended(call),
        (None, Some(call)) => Found::Running(call),
        (None, None) => {
            return Err(CommandError::new(Kind::Refused, "no call has ended yet")
                .hint("\"calls\" shows what is running; \"why CAUSE\" explains a cause"));
        }
    };
    if let Found::Ended(call) | Found::Running(call) = &found {
        cx.note_stranger(call)?;
    }
    Ok(found)
}

/// The call that an originate made, where there was one: it says more than the job.
fn of_job(cx: &Context<'_>, job: JobRecord) -> Result<Found, CommandError> {
    // Behind it an originate of ours names its session.
    let named = job.command.split_once(&format!("{}=", Rules::CALL_VARIABLE));
    let session = named.and_then(|(_, id)| id.split([',', '}']).next());
    let session = session.filter(|id| !id.is_empty());
    let Some(session) = session else { return Ok(Found::Job(job)) };
    let has = |call: &CallInfo| call.sessions.iter().any(|leg| leg.id.as_str() == session);
    let is_it = |call: &CallInfo| call.id.as_str() == session || has(call);
    let listener = cx.listener()?;
    if let Some(call) = listener.calls().into_iter().find(is_it) {
        return Ok(Found::Running(call));
    }
    let ended = listener.with(|tracker| tracker.ended().rev().find(|call| is_it(call)).cloned());
    Ok(ended.map_or(Found::Job(job), Found::Ended))
}

/// Writes what is known; people are spared what is not.
fn write_fields(cx: &mut Context<'_>, fields: &[(&'static str, Cell)]) -> Result<(), CommandError> {
    let is_table = matches!(cx.format(), Format::Table | Format::Vertical);
    let fields = fields.iter().filter(|(_, cell)| !is_table || !cell.is_blank());
    let mut view = View::single(fields.cloned().collect());
    for (title, key) in UNITS {
        view = view.with_key(title, key);
    }
    cx.view(&view)
}

/// What machines read has its unit in its name.
const UNITS: [(&str, &str); 8] = [
    ("by", "ended_by"),
    ("began", "began_us"),
    ("ended", "ended_us"),
    ("rang", "rang_ms"),
    ("talked", "talked_ms"),
    ("ringing", "ringing_ms"),
    ("talking", "talking_ms"),
    ("rings until", "rings_until_us"),
];

type Fields = Vec<(&'static str, Cell)>;

fn ended(call: &CallInfo) -> Fields {
    let (Some(lead), Some(ending)) = (call.lead(), call.ending()) else { return Vec::new() };
    let mut fields = parties(call.id.as_str(), lead);
    fields.push(("ended", time(ending.at)));
    fields.extend(named(&ending.cause, ending::meaning(&ending)));
    let word = ending.by.map(EndedBy::word);
    fields.push(("by", Cell::shown(ending::by(call, &ending), json!(word))));
    fields.push(("leg", Cell::shown("", json!(ending.leg))));
    fields.push(("sip", ending.sip.map_or_else(Cell::none, sip)));
    fields.push(("rang", lead.ring_time(ending.at).map_or_else(Cell::none, Cell::span)));
    fields.push(("talked", ending.talked.map_or_else(Cell::none, Cell::span)));
    fields.push(("tries", tries(&ending)));
    fields.push(("app", Cell::text(&ending.application)));
    fields.push(("legs", legs(call)));
    fields.push(("joined", joined(call)));
    fields.push(("next", Cell::text(ending::advice(&ending))));
    fields
}

fn tries(ending: &Ending) -> Cell {
    if ending.tries.is_empty() {
        return Cell::none();
    }
    Cell::shown(ending::tries(&ending.tries), json!(ending.tries))
}

/// How calls became one: `valet_park, with call 6c1d2a5e`.
fn joined(call: &CallInfo) -> Cell {
    if call.joins.is_empty() {
        return Cell::none();
    }
    let shown = call.joins.iter().map(|join| {
        format!("{}, with call {}", sanitise::line(&join.how), sanitise::line(join.from.short()))
    });
    Cell::shown(shown.collect::<Vec<_>>().join("; "), json!(call.joins))
}

/// When the originate of this shell that made a call ends it, if it is not answered by then, in
/// microseconds since 1970.
fn ring_limit(jobs: &[JobRecord], call: &CallInfo) -> Option<u64> {
    let lead = call.lead()?;
    let is_its = |job: &&JobRecord| {
        matches!(job.state, JobState::Pending)
            && call.sessions.iter().any(|leg| {
                job.command.contains(&format!("{}={}", Rules::CALL_VARIABLE, leg.id.as_str()))
            })
    };
    let (_, rest) = jobs.iter().find(is_its)?.command.split_once("originate_timeout=")?;
    let seconds =
        rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse::<u64>().ok()?;
    (lead.times.created > 0)
        .then(|| lead.times.created.saturating_add(seconds.saturating_mul(1_000_000)))
}

fn running(
    call: &CallInfo,
    now: u64,
    tasks: &Result<Vec<String>, CommandError>,
    limit: Option<u64>,
) -> Fields {
    let Some(lead) = call.lead() else { return Vec::new() };
    let mut fields = parties(call.id.as_str(), lead);
    let state = call_rows::call_state(call, lead);
    fields.push(("state", Cell::text(&format!("it runs: {state}"))));
    fields.push(("ringing", lead.ring_time(now).map_or_else(Cell::none, Cell::span)));
    fields.push(("talking", lead.talk_time(now).map_or_else(Cell::none, Cell::span)));
    fields.push(("app", application(lead)));
    let is_ringing = lead.talk_time(now).is_none() && lead.ring_time(now).is_some();
    let limit = limit.filter(|_| is_ringing);
    let until = |at: u64| {
        format!("{}, in {} (originate_timeout)", feed::clock(at), span(at.saturating_sub(now)))
    };
    fields.push((
        "rings until",
        limit.map_or_else(Cell::none, |at| Cell::shown(until(at), json!(at))),
    ));
    let (scheduled, next) = match tasks {
        Ok(tasks) if tasks.is_empty() && limit.is_some() => (
            Cell::none(),
            "its originate ends it then, unless it is answered; \"hangup ID\" ends it now",
        ),
        Ok(tasks) if tasks.is_empty() && is_ringing => (Cell::none(), RINGING),
        Ok(tasks) if tasks.is_empty() => {
            (Cell::none(), "nothing is scheduled for it: it continues until a side hangs up")
        }
        Ok(tasks) => {
            let next = "\"sched-hangup ID --cancel\" takes back what is scheduled";
            (Cell::shown(tasks.join("; "), json!(tasks)), next)
        }
        Err(err) => {
            let text = format!("not known: {}", err.message);
            (Cell::shown(text, json!(null)), "\"api show tasks\" lists what is scheduled")
        }
    };
    fields.push(("scheduled", scheduled));
    fields.push(("next", Cell::text(next)));
    fields
}

/// Of a call that another party started.
const RINGING: &str = "what dialled it ends it when it has rung for too long: originate_timeout or \
                       call_timeout, 60 s where neither is set; \"hangup ID\" ends it now";

fn failed(job: &JobRecord) -> Fields {
    let (text, cause) = match &job.state {
        JobState::Done(Outcome::Failed(text)) => {
            let word = text.strip_prefix("-ERR ").and_then(|text| text.split_whitespace().next());
            (text.clone(), word.map(HangupCause::parse).filter(HangupCause::is_known))
        }
        JobState::Done(Outcome::Ok(text)) => (format!("it did not fail: {text}"), None),
        JobState::Pending => ("it has no result yet".to_owned(), None),
        _ => ("its result is not known: the connection was lost".to_owned(), None),
    };
    let mut fields = vec![
        (
            "job",
            Some(job.id.as_str()).filter(|id| !id.is_empty()).map_or_else(Cell::none, Cell::text),
        ),
        ("command", Cell::shown(brief_command(&job.command), json!(job.command))),
        ("result", Cell::text(&text)),
    ];
    if let Some(cause) = cause {
        fields.extend(explained(&cause));
        let (by, word) = match hangup_advice::is_refusal(&cause) {
            true => ("the switch: it made no channel", EndedBy::Switch),
            false => ("no far end: no channel was made", EndedBy::None),
        };
        fields.push(("by", Cell::shown(by, json!(word.word()))));
        fields.push(("next", Cell::text(hangup_advice::next_step_without_channel(&cause))));
    }
    fields
}

fn of_cause(cause: &HangupCause) -> Fields {
    let mut fields = Fields::from(explained(cause));
    fields.push(("next", Cell::text(hangup_advice::next_step(cause))));
    fields
}

/// The cause, its number, and what it means.
fn explained(cause: &HangupCause) -> [(&'static str, Cell); 3] {
    named(cause, cause.meaning().or(Some("a cause that this version of the shell does not know")))
}

fn named(cause: &HangupCause, meaning: Option<&str>) -> [(&'static str, Cell); 3] {
    let number = cause.number().map_or_else(Cell::none, |number| Cell::number(number.into()));
    let meaning = meaning.map_or_else(Cell::none, Cell::text);
    [("cause", Cell::text(cause.name())), ("number", number), ("meaning", meaning)]
}

fn parties(id: &str, lead: &SessionInfo) -> Fields {
    vec![
        ("call", Cell::text(id)),
        ("from", Cell::shown(feed::caller(lead), json!(lead.caller_number))),
        ("to", Cell::text(&lead.destination)),
        ("began", time(lead.times.created)),
    ]
}

fn sip(code: u16) -> Cell {
    Cell::shown(format!("{code}: {}", hangup_advice::sip_status(code)), json!(code))
}

fn application(leg: &SessionInfo) -> Cell {
    if leg.application.is_empty() {
        return Cell::none();
    }
    Cell::text(format!("{} {}", leg.application, leg.application_data).trim_end())
}

/// `6c1d2a5e USER_BUSY; 8f00b204 NORMAL_CLEARING`
fn legs(call: &CallInfo) -> Cell {
    let ends = call.sessions.iter().map(|leg| {
        let cause = leg.cause.as_ref().map_or("no cause", HangupCause::name);
        (
            format!("{} {}", leg.id.short(), sanitise::line(cause)),
            json!({"uuid": leg.id, "cause": cause}),
        )
    });
    let (shown, exact): (Vec<_>, Vec<_>) = ends.unzip();
    Cell::shown(shown.join("; "), json!(exact))
}

fn time(at: u64) -> Cell {
    if at == 0 { Cell::none() } else { Cell::shown(feed::clock(at), json!(at)) }
}

/// What is scheduled for the legs of a call. The server's table trails what was scheduled by some
/// tenths of a second, so that an empty one is asked for again.
async fn tasks(client: &Client, call: &CallInfo, now: u64) -> Result<Vec<String>, CommandError> {
    for _ask in 0..ASKS {
        let tasks = scheduled(client, call, now).await?;
        if !tasks.is_empty() {
            return Ok(tasks);
        }
        sleep(TABLE_LAG / ASKS).await;
    }
    scheduled(client, call, now).await
}

/// How often the table of tasks is asked for, and for how long it may trail.
const ASKS: u32 = 3;
const TABLE_LAG: Duration = Duration::from_millis(450);

async fn scheduled(
    client: &Client,
    call: &CallInfo,
    now: u64,
) -> Result<Vec<String>, CommandError> {
    let reply = client.api("show tasks as json").await?;
    let table = Rows::parse(&reply.text()).map_err(|err| no_table("show tasks", &err))?;
    if table.unreadable > 0 {
        return Err(lost_rows(table.unreadable));
    }
    let (rows, now) = (table.rows, now / 1_000_000);
    let text = text_of;
    let is_its = |group: &str| call.sessions.iter().any(|leg| leg.id.as_str() == group);
    let tasks = rows.iter().filter(|row| is_its(&text(row, "task_group")));
    let described = tasks
        .map(|row| {
            let at = text(row, "task_runtime").parse::<u64>().unwrap_or(0);
            let left = span(at.saturating_sub(now).saturating_mul(1_000_000));
            // `switch_ivr_schedule_hangup` in `src/switch_ivr_async.c`.
            let what = text(row, "task_desc").replace("switch_ivr_schedule_", "");
            format!("{what} in {left} (task {})", text(row, "task_id"))
        })
        .collect();
    Ok(described)
}
