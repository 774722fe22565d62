//! One call followed from its beginning, or before it, to its end.
//!
//! # Invariants
//! - It has a separate connection: what it subscribes to, and the log that it asks for, changes
//!   no other client's, and ends with it.
//! - The SIP trace of the server, if it was switched on, is switched off on every way out.
//! - The ladder and the file are finished on every way out, also when the trace is dropped.
//! - It ends: the time it was given counts from the first moment, and a call whose end no event says,
//!   because it came while the trace connected or was lost, is looked up.

mod gather;
mod item;
mod report;
pub(in crate::shell) mod save;
mod sip;
mod sip_users;

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, interval, timeout};

use super::call_name::LAST;
use super::context::Context;
use super::stream::end_of;
use crate::listener::{EventListener, Events, Logs};
use crate::model::{CallInfo, Id, SessionInfo};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::Format;
pub(super) use item::Item;
pub(super) use save::Bundle;
use sip::{Message, SipTrace};
pub(super) use sip_users::note_line;

/// What is to be followed, and how.
#[derive(Debug)]
pub(super) struct Request {
    /// A call, or the number of one that has not begun.
    pub(super) what: String,
    /// How long it may take to begin.
    pub(super) start_timeout: Duration,
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
    legs: Vec<Id<SessionInfo>>,
    alive: usize,
    /// The legs by their SIP Call-ID.
    sip_ids: HashMap<String, usize>,
    /// SIP messages of calls that are not known yet.
    unmatched_sip: Vec<Message>,
    items: Vec<Item>,
    /// How many of them were reported.
    reported: usize,
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

/// Follows a call and reports what happens to it, then its ladder.
pub(super) async fn follow(
    cx: &mut Context<'_>,
    request: &Request,
    bundle: Option<Bundle>,
) -> Result<(), CommandError> {
    let begin_by = Instant::now() + request.start_timeout;
    let end_by = request.most.map(|most| Instant::now() + most);
    // A leg may get another id while the trace connects.
    let shell = cx.listener()?;
    let mut renames = shell.events(&["CHANNEL_UUID"]);
    let mut known = known(cx, request).await?;
    let client = cx.client()?;
    let listener = EventListener::with_config(client.config());
    listener.subscribe(MORE).await?;
    let (mut events, mut logs) = (listener.events::<&str>(&[]), listener.logs());
    let deadline = [end_by, known.is_none().then_some(begin_by)].into_iter().flatten().min();
    open(&listener, request, deadline).await?;
    if known.is_none() {
        // It may have begun meanwhile.
        known = cx.named(request.what.as_str()).await.ok().map(|named| named.call);
    }
    let (sip, early) = match request.sip {
        true => SipTrace::start(cx, &client, &mut logs).await?,
        false => (None, Vec::new()),
    };
    let mut trace = Trace::new(listener.clone(), known.as_ref(), &request.what);
    trace.greet(cx, request)?;
    early.iter().for_each(|line| trace.line(line, request));
    let mut report = Report { cx, trace, bundle, lost: false, is_finished: false };
    let (mut look, mut was_gone) = (interval(LOOK), false);
    let over = loop {
        let waits = report.trace.legs.is_empty();
        let deadline = [end_by, waits.then_some(begin_by)].into_iter().flatten().min();
        tokio::select! {
            event = events.next() => match event {
                Some(event) => report.trace.event(&event),
                None => break Over::Lost,
            },
            line = logs.next() => match line {
                Some(line) => report.trace.line(&line, request),
                None => break Over::Lost,
            },
            Some(event) = renames.next() => report.trace.rename(&event),
            _reason = listener.closed() => break Over::Lost,
            _tick = look.tick() => {
                // Twice: what the events say of the end may be on its way.
                let is_gone = report.trace.is_gone(&shell);
                if is_gone && was_gone {
                    break Over::Ended;
                }
                was_gone = is_gone;
            }
            () = end_of(deadline) => {
                break if waits { Over::NeverBegan } else { Over::TimeUp };
            }
        }
        report.lost |= events.take_lost() + logs.take_lost() > 0;
        report.report()?;
        if !report.trace.legs.is_empty() && report.trace.alive == 0 {
            break Over::Ended;
        }
    };
    if matches!(over, Over::Ended) {
        report.rest(&mut events, &mut logs, request).await;
        report.report()?;
    }
    if let Some(sip) = sip {
        sip.stop(report.cx).await?;
        let is_none = !report.trace.items.iter().any(|item| item.kind == "sip");
        if is_none && report.cx.format() == Format::Table {
            report.cx.line(NO_SIP)?;
        }
    }
    report.finish()?;
    listener.disconnect().await;
    over.outcome(request)
}

/// The call that is named; none for a number that no call has yet.
async fn known(cx: &mut Context<'_>, request: &Request) -> Result<Option<CallInfo>, CommandError> {
    let known = match cx.named(request.what.as_str()).await {
        Ok(named) => Some(named.call),
        Err(err) if request.what == LAST => return Err(err),
        Err(_none) => None,
    };
    if known.is_none() && !is_number(&request.what) {
        return Err(CommandError::new(
            Kind::Refused,
            format!("no call is named {:?}", request.what),
        )
        .hint("a number waits for the next call from or to it; \"calls\" shows what is running"));
    }
    Ok(known)
}

/// Connects and subscribes, within the time that there is.
async fn open(
    listener: &EventListener,
    request: &Request,
    deadline: Option<Instant>,
) -> Result<(), CommandError> {
    let opening = async {
        listener.connect().await?;
        listener.start().await?;
        let level = request.log.as_deref().or_else(|| request.sip.then_some("console"));
        if let Some(level) = level {
            listener.log(Some(level)).await?;
        }
        Ok::<(), CommandError>(())
    };
    tokio::select! {
        opened = opening => opened,
        () = end_of(deadline) => Err(CommandError::new(Kind::TimedOut, NOT_OPEN).hint(LONGER)),
    }
}

/// A trace that is being reported; its end is reported however it comes.
struct Report<'a, 'c> {
    cx: &'a mut Context<'c>,
    trace: Trace,
    bundle: Option<Bundle>,
    lost: bool,
    is_finished: bool,
}

impl Report<'_, '_> {
    /// Takes what follows the end: log lines, the answer to a BYE.
    async fn rest(&mut self, events: &mut Events, logs: &mut Logs, request: &Request) {
        let rest = async {
            loop {
                tokio::select! {
                    Some(event) = events.next() => self.trace.event(&event),
                    Some(line) = logs.next() => self.trace.line(&line, request),
                    else => break,
                }
            }
        };
        let _over = timeout(AFTER, rest).await;
    }

    /// Reports what is new.
    fn report(&mut self) -> Result<(), CommandError> {
        let from = std::mem::replace(&mut self.trace.reported, self.trace.items.len());
        self.trace.report(self.cx, from, self.bundle.as_mut())
    }

    /// Writes the ladder, and closes the file.
    fn finish(&mut self) -> Result<(), CommandError> {
        self.is_finished = true;
        self.trace.finish(self.cx, self.bundle.take(), self.lost)
    }
}

impl Drop for Report<'_, '_> {
    fn drop(&mut self) {
        if !self.is_finished {
            // The trace was dropped, as after Ctrl-C: no caller is left to get an error.
            let _reported = self.report().and_then(|()| self.finish());
        }
    }
}

/// A call may be without SIP, or the trace may go nowhere.
const NO_SIP: &str = "no SIP message of this call came while it was traced; if there was one, the server writes \
                      them at another level: \"api sofia tracelevel console\" corrects that";

/// Its time was over before it began.
const NOT_OPEN: &str = "the time was up before the trace was connected";

const LONGER: &str = "--for and --timeout say how long; \"doctor\" shows how slow the server is";

/// How often it is looked up whether the call is still there.
const LOOK: Duration = Duration::from_millis(250);

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
    word != LAST && !word.is_empty() && !word.contains(char::is_whitespace) && !word.contains('-')
}

impl Trace {
    fn new(listener: EventListener, known: Option<&CallInfo>, what: &str) -> Self {
        let legs: Vec<_> = known
            .map_or_else(Vec::new, |call| call.sessions.iter().map(|leg| leg.id.clone()).collect());
        let began = known.and_then(CallInfo::lead).map_or(0, |lead| lead.times.created);
        Self {
            listener,
            alive: legs.len(),
            legs,
            sip_ids: HashMap::new(),
            unmatched_sip: Vec::new(),
            items: Vec::new(),
            reported: 0,
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
}
