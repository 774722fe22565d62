//! One call followed from its beginning, or before it, to its end.
//!
//! # Invariants
//! - It has a connection of its own: what it subscribes to, and the log that it asks for, is nobody
//!   else's and ends with it.
//! - The SIP trace of the server, if it was switched on, is switched off on every way out.
//! - The ladder and the file are finished on every way out, also when nobody waits any more.

mod item;
mod save;
mod sip;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout};

use super::render::{Column, View, span};
use super::stream::end_of;
use super::{CommandError, Context, Format, Kind, sanitise};
use crate::listener::EventListener;
use crate::model::{Call, Direction, Event, HangupCause, Id, Session};
use crate::wire::LogLine;
pub(super) use item::Item;
pub(super) use save::Bundle;
use sip::{Message, SipTrace};

/// What is to be followed, and how.
#[derive(Debug)]
pub(super) struct Request {
    /// A call, or the number of one that has not begun.
    pub(super) what: String,
    /// How long it may take to begin.
    pub(super) patience: Duration,
    /// When to stop, whatever happens.
    pub(super) most: Option<Duration>,
    /// Which log lines.
    pub(super) log: Option<String>,
    /// Whether SIP messages are wanted.
    pub(super) sip: bool,
}

/// What a call showed so far.
pub(super) struct Trace {
    listener: EventListener,
    /// Its legs, in the order of their appearance.
    legs: Vec<Id<Session>>,
    alive: usize,
    /// The legs by their SIP Call-ID.
    sip_ids: HashMap<String, usize>,
    /// SIP messages of calls that are not known yet.
    strangers: Vec<Message>,
    items: Vec<Item>,
    /// How many of them were told.
    told: usize,
    began: u64,
    number: Option<String>,
}

/// The events that say more than those that calls are tracked with.
const MORE: &[&str] = &[
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
    "MEDIA_BUG_START",
    "MEDIA_BUG_STOP",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "RECORD_START",
    "RECORD_STOP",
];

/// Follows a call and tells what happens to it, then its ladder.
pub(super) async fn follow(
    cx: &mut Context<'_>,
    request: &Request,
    bundle: Option<Bundle>,
) -> Result<(), CommandError> {
    let known = cx.call(&request.what).ok();
    if known.is_none() && !is_number(&request.what) {
        return Err(CommandError::new(
            Kind::Refused,
            format!("no call is named {:?}", request.what),
        )
        .hint("a number waits for the next call from or to it; \"calls\" shows what is running"));
    }
    let client = cx.client()?;
    let listener = EventListener::with_config(client.config());
    listener.subscribe(MORE).await?;
    let (mut events, mut logs) = (listener.events::<&str>(&[]), listener.logs());
    listener.connect().await?;
    listener.start().await?;
    let sip = if request.sip { Some(SipTrace::start(cx, &client).await?) } else { None };
    let level = request.log.as_deref().or_else(|| request.sip.then_some("console"));
    if let Some(level) = level {
        listener.log(Some(level)).await?;
    }
    let trace = Trace::new(listener.clone(), known.as_ref(), &request.what);
    trace.greet(cx, request)?;
    let mut telling = Telling { cx, trace, bundle, lost: false, is_finished: false };
    let begin_by = Instant::now() + request.patience;
    let end_by = request.most.map(|most| Instant::now() + most);
    let over = loop {
        let waits = telling.trace.legs.is_empty();
        let deadline = [end_by, waits.then_some(begin_by)].into_iter().flatten().min();
        tokio::select! {
            event = events.next() => match event {
                Some(event) => telling.trace.event(&event),
                None => break Over::Lost,
            },
            line = logs.next() => match line {
                Some(line) => telling.trace.line(&line, request),
                None => break Over::Lost,
            },
            _reason = listener.closed() => break Over::Lost,
            () = end_of(deadline) => {
                break if waits { Over::NeverBegan } else { Over::TimeUp };
            }
        }
        telling.lost |= events.take_lost() + logs.take_lost() > 0;
        telling.tell()?;
        if !telling.trace.legs.is_empty() && telling.trace.alive == 0 {
            break Over::Ended;
        }
    };
    if matches!(over, Over::Ended) {
        // What follows the end: log lines, the answer to a BYE.
        let rest = async {
            loop {
                tokio::select! {
                    Some(event) = events.next() => telling.trace.event(&event),
                    Some(line) = logs.next() => telling.trace.line(&line, request),
                    else => break,
                }
            }
        };
        let _over = timeout(AFTER, rest).await;
        telling.tell()?;
    }
    if let Some(sip) = sip {
        sip.stop(telling.cx).await?;
        let is_none = !telling.trace.items.iter().any(|item| item.kind == "sip");
        if is_none && telling.cx.format() == Format::Table {
            telling.cx.line(NO_SIP)?;
        }
    }
    telling.finish()?;
    listener.disconnect().await;
    over.outcome(request)
}

/// A trace that is being told; its end is told however it comes.
struct Telling<'a, 'c> {
    cx: &'a mut Context<'c>,
    trace: Trace,
    bundle: Option<Bundle>,
    lost: bool,
    is_finished: bool,
}

impl Telling<'_, '_> {
    /// Tells what is new.
    fn tell(&mut self) -> Result<(), CommandError> {
        let from = std::mem::replace(&mut self.trace.told, self.trace.items.len());
        self.trace.tell(self.cx, from, self.bundle.as_mut())
    }

    /// Tells the ladder, and closes the file.
    fn finish(&mut self) -> Result<(), CommandError> {
        self.is_finished = true;
        self.trace.finish(self.cx, self.bundle.take(), self.lost)
    }
}

impl Drop for Telling<'_, '_> {
    fn drop(&mut self) {
        if !self.is_finished {
            // Nobody waits any more, as after Ctrl-C: there is nobody to hear of an error.
            let _told = self.tell().and_then(|()| self.finish());
        }
    }
}

/// A call may be without SIP, or the trace may go nowhere.
const NO_SIP: &str = "no SIP message of this call came: it has none, or the trace is written at another \
                      level: \"api sofia tracelevel console\" puts that right";

/// How long what comes behind the end is waited for.
const AFTER: Duration = Duration::from_millis(400);

/// Why a trace is over.
enum Over {
    Ended,
    TimeUp,
    NeverBegan,
    Lost,
}

impl Over {
    fn outcome(&self, request: &Request) -> Result<(), CommandError> {
        match self {
            Self::Ended | Self::TimeUp => Ok(()),
            Self::NeverBegan => {
                let message = format!("no call from or to {} began", request.what);
                Err(CommandError::new(Kind::TimedOut, message).hint("--timeout waits longer"))
            }
            Self::Lost => Err(CommandError::new(Kind::Connection, "the connection was lost")
                .hint("the trace ends here; what came until then is above")),
        }
    }
}

/// Whether a word can be a number that will call or be called.
fn is_number(word: &str) -> bool {
    word != "last" && !word.is_empty() && !word.contains(char::is_whitespace) && !word.contains('-')
}

impl Trace {
    fn new(listener: EventListener, known: Option<&Call>, what: &str) -> Self {
        let legs: Vec<_> = known
            .map_or_else(Vec::new, |call| call.sessions.iter().map(|leg| leg.id.clone()).collect());
        let began = known.and_then(Call::lead).map_or(0, |lead| lead.times.created);
        Self {
            listener,
            alive: legs.len(),
            legs,
            sip_ids: HashMap::new(),
            strangers: Vec::new(),
            items: Vec::new(),
            told: 0,
            began,
            number: known.is_none().then(|| what.to_owned()),
        }
    }

    fn greet(&self, cx: &mut Context<'_>, request: &Request) -> Result<(), CommandError> {
        if cx.format() != Format::Table {
            return Ok(());
        }
        match self.legs.first() {
            Some(first) => cx.line(&format!("following {first}, from now on")),
            None => {
                cx.line(&format!("waiting for a call from or to {}", sanitise::line(&request.what)))
            }
        }
    }

    /// Takes an event, if it is about this call.
    fn event(&mut self, event: &Event) {
        let Some(id) = event.unique_id().map(|id| Id::<Session>::new(&id)) else { return };
        let Some(leg) = self.leg(&id, event) else { return };
        if let Some(sip_id) = event.variable("sip_call_id") {
            self.bind(sip_id.into_owned(), leg);
        }
        if event.name() == "CHANNEL_DESTROY" {
            self.alive = self.alive.saturating_sub(1);
        }
        if self.began == 0 {
            self.began = event.timestamp();
        }
        let others = |id: &str| {
            let at = self.legs.iter().position(|leg| leg.as_str() == id);
            at.map_or_else(|| id.to_owned(), letter)
        };
        if let Some(text) = item::told(event, others) {
            let raw = event.data();
            self.items.push(Item {
                at: event.timestamp(),
                leg: Some(leg),
                kind: "event",
                text,
                full: item::headers(raw),
            });
        }
    }

    /// The number of the leg that an event is about; a new leg of the same call is taken in.
    fn leg(&mut self, id: &Id<Session>, event: &Event) -> Option<usize> {
        if let Some(at) = self.legs.iter().position(|leg| leg == id) {
            return Some(at);
        }
        // What has ended does not begin.
        if event.name() == "CHANNEL_DESTROY"
            || event.get("Channel-State").as_deref() == Some("CS_DESTROY")
        {
            return None;
        }
        let is_ours = if self.legs.is_empty() {
            self.number.as_deref().is_some_and(|number| has_number(event, number))
        } else {
            self.is_related(id, event)
        };
        if !is_ours {
            return None;
        }
        self.legs.push(id.clone());
        self.alive += 1;
        Some(self.legs.len() - 1)
    }

    fn is_related(&self, id: &Id<Session>, event: &Event) -> bool {
        let is_leg = |id: &str| self.legs.iter().any(|leg| leg.as_str() == id);
        let names = [
            "Other-Leg-Unique-ID",
            "Channel-Call-UUID",
            "variable_originator",
            "variable_other_loopback_leg_uuid",
            "Bridge-A-Unique-ID",
            "Bridge-B-Unique-ID",
        ];
        names.iter().any(|name| event.get(name).is_some_and(|id| is_leg(&id)))
            || self.listener.with(|tracker| {
                let call = tracker.session(id.as_str()).map(|session| session.call.clone());
                call.is_some_and(|call| {
                    tracker.legs(&call).iter().any(|leg| is_leg(leg.id.as_str()))
                })
            })
    }

    /// Takes a log line, if it is about this call, or a SIP message of it.
    fn line(&mut self, line: &LogLine, request: &Request) {
        if let Some(message) = request.sip.then(|| Message::of(line)).flatten() {
            match self.sip_ids.get(&message.call_id).copied() {
                Some(leg) => self.items.push(message.into_item(leg)),
                None => {
                    // The INVITE comes before the first event.
                    if self.strangers.len() >= STRANGERS {
                        self.strangers.remove(0);
                    }
                    self.strangers.push(message);
                }
            }
            return;
        }
        if request.log.is_none() {
            return;
        }
        let user = line.user_data();
        if let Some(leg) = self.legs.iter().position(|leg| leg.as_str() == &*user) {
            let text = line.text().into_owned();
            let at = self.items.last().map_or(self.began, |item| item.at);
            self.items.push(Item {
                at: item::time_of(&text, at),
                leg: Some(leg),
                kind: "log",
                text: item::without_stamp(&text),
                full: text,
            });
        }
    }

    /// A leg's SIP Call-ID is known: its messages until now are of this call.
    fn bind(&mut self, sip_id: String, leg: usize) {
        if self.sip_ids.contains_key(&sip_id) {
            return;
        }
        let (ours, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.strangers)
            .into_iter()
            .partition(|message| message.call_id == sip_id);
        self.strangers = rest;
        self.items.extend(ours.into_iter().map(|message| message.into_item(leg)));
        self.sip_ids.insert(sip_id, leg);
    }

    /// Tells the items from a number on.
    fn tell(
        &self,
        cx: &mut Context<'_>,
        from: usize,
        mut bundle: Option<&mut Bundle>,
    ) -> Result<(), CommandError> {
        for item in self.items.iter().skip(from) {
            if let Some(bundle) = &mut bundle {
                bundle.add(item, self.began);
            }
            match cx.format() {
                Format::Table => {
                    for line in item.lines(self.began) {
                        cx.line(&sanitise::line(&line))?;
                    }
                }
                Format::Jsonl => cx.line(&self.object(item).to_string())?,
                _ => {}
            }
        }
        Ok(())
    }

    fn object(&self, item: &Item) -> serde_json::Value {
        json!({
            "at_us": item.at,
            "delta_ms": item.at.saturating_sub(self.began) / 1000,
            "leg": item.leg.map(letter),
            "uuid": item.leg.and_then(|at| self.legs.get(at)),
            "kind": item.kind,
            "what": item.text,
        })
    }

    /// The ladder at the end, and the file.
    fn finish(
        &self,
        cx: &mut Context<'_>,
        bundle: Option<Bundle>,
        lost: bool,
    ) -> Result<(), CommandError> {
        let ladder = self.ladder(cx.listener().ok().as_ref());
        if let Some(bundle) = bundle {
            let path = bundle.close(&ladder)?;
            if cx.format() == Format::Table {
                cx.line(&format!("saved to {path}"))?;
            }
        }
        match cx.format() {
            Format::Table => {
                for line in &ladder {
                    cx.line(&sanitise::line(line))?;
                }
                if lost {
                    cx.line("too much came at once: something is missing above")?;
                }
                Ok(())
            }
            Format::Jsonl => Ok(()),
            Format::Json => {
                let items: Vec<_> = self.items.iter().map(|item| self.object(item)).collect();
                let document = json!({"legs": self.legs, "items": items, "ladder": ladder});
                cx.line(&format!("{document:#}"))
            }
            _ => {
                let columns = [
                    Column::number("at_us", "when, in microseconds since 1970"),
                    Column::number("delta_ms", "since the beginning of the call"),
                    Column::text("leg", "A, B, ..."),
                    Column::text("kind", "event, log or sip"),
                    Column::text("what", "what happened"),
                ];
                let mut view = View::of(columns, "nothing happened");
                for item in &self.items {
                    view.push(item.row(self.began));
                }
                cx.view(&view)
            }
        }
    }

    /// One line a leg: `A 6c1d2a5e  invite, ring 1.2 s, answer 4.8 s, hangup NORMAL_CLEARING by callee`
    fn ladder(&self, also: Option<&EventListener>) -> Vec<String> {
        let find = |id: &Id<Session>| {
            // The table that the trace began with trails the events: the shell may know more.
            let known = [Some(&self.listener), also].into_iter().flatten();
            known.into_iter().find_map(|listener| {
                listener.with(|tracker| {
                    let running = tracker.session(id.as_str()).cloned();
                    let calls = || tracker.calls().chain(tracker.ended().rev().cloned());
                    let gone = || calls().flat_map(|call| call.sessions).find(|leg| leg.id == *id);
                    running.or_else(gone)
                })
            })
        };
        let legs = self.legs.iter().enumerate();
        legs.filter_map(|(at, id)| Some(rungs(&letter(at), &find(id)?, self.began))).collect()
    }
}

/// How many SIP messages are kept for a call that is not known yet.
const STRANGERS: usize = 500;

/// A, B, ... for the legs.
fn letter(at: usize) -> String {
    let letter = u8::try_from(at).ok().filter(|at| *at < 26).map(|at| char::from(b'A' + at));
    letter.map_or_else(|| format!("#{at}"), |letter| letter.to_string())
}

fn rungs(name: &str, leg: &Session, began: u64) -> String {
    let times = &leg.times;
    let after = |at: u64| span(at.saturating_sub(times.created));
    let start = times.created.saturating_sub(began);
    let mut rungs =
        vec![if start < 1000 { "invite".to_owned() } else { format!("invite {}", span(start)) }];
    let progress = [times.progress, times.progress_media].into_iter().filter(|at| *at > 0).min();
    if let Some(progress) = progress {
        rungs.push(format!("ring {}", after(progress)));
    }
    if times.answered > 0 {
        rungs.push(format!("answer {}", after(times.answered)));
    }
    if let Some(cause) = &leg.cause {
        let by = match (leg.ended_by_far_end(), leg.direction) {
            (Some(true), Direction::Inbound) => " by caller",
            (Some(true), Direction::Outbound) => " by callee",
            (Some(false), _) => " by the switch",
            (None, _) => "",
        };
        let at = if times.hangup > 0 { format!(" {}", after(times.hangup)) } else { String::new() };
        let sip = leg
            .sip_status
            .filter(|code| *code >= 300)
            .map_or_else(String::new, |code| format!(" (SIP {code})"));
        rungs.push(format!("hangup{at} {}{by}{sip}", HangupCause::name(cause)));
    }
    let way = match leg.direction {
        Direction::Inbound => "in",
        Direction::Outbound => "out",
    };
    format!(
        "{name} {} {way} {} -> {}: {}",
        leg.id.short(),
        leg.caller_number,
        leg.destination,
        rungs.join(", ")
    )
}

/// Whether an event is of a call from or to a number; one with digits in front of it counts.
fn has_number(event: &Event, number: &str) -> bool {
    let plain = |text: &str| text.trim_start_matches('+').trim_start_matches("00").to_owned();
    let wanted = plain(number);
    let names = [
        "Caller-Caller-ID-Number",
        "Caller-Destination-Number",
        "Caller-ANI",
        "Caller-Orig-Caller-ID-Number",
        "Caller-Callee-ID-Number",
    ];
    names.iter().any(|name| {
        event.get(name).is_some_and(|found| {
            let found = plain(&found);
            found == wanted || (wanted.len() >= 5 && found.ends_with(&wanted))
        })
    })
}
