use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::meta::{Describe, Group, Meta};
use serde_json::{Map, Value, json};

use crate::model::{CallInfo, SessionInfo};
use crate::shell::commands::call_name::LAST;
use crate::shell::commands::call_name::last::Last;
use crate::shell::commands::context::Context;
use crate::shell::feed;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::{Format, call_rows, span};

/// Show one call: its legs, what happened so far, its variables and media
///
/// The call is named by its uuid, the start of it, "last", or a number of the caller or callee
/// that no other call has; one that ended by its uuid or the start of it. "last" is the call that
/// this shell started last, running or ended; in a shell that has started none it is the newest one,
/// and the answer says whose. Variables and media statistics are asked of the server, for legs that
/// live.
///
/// Examples:
///   call last
///   call 6c1d2a5e
///   call 1000 -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call
    #[arg(value_name = "CALL")]
    call: String,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).on_call(Purpose::Read);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let (call, is_over) = find(cx, &args.call).await?;
    let listener = cx.listener()?;
    let now = (!is_over).then(|| listener.server_time());
    let names = cx.app_names()?;
    let (whole, legs) = listener.with(|tracker| {
        let one = || std::iter::once(&call);
        let last = call.lead().map_or(0, |lead| lead.last_event);
        let whole = call_rows::calls(one(), tracker, now, &names);
        let legs = call_rows::channels(one(), tracker, now.unwrap_or(last), &names);
        (whole, legs.with_empty("no leg is left"))
    });
    let steps = timeline(&call);
    match cx.format() {
        Format::Table | Format::Vertical => {
            cx.line(&call.to_string())?;
            let legs = match cx.format() {
                Format::Table => legs
                    .with_hidden(&[], &["bound by", "cause", "sip", "disposition"])
                    .without_empty(),
                _ => legs,
            };
            cx.view_in(&legs, Format::Vertical)?;
            cx.line("")?;
            for step in &steps {
                cx.line(&step.line())?;
            }
            for leg in call.sessions.iter().filter(|_| !is_over).take(LEGS) {
                let (variables, media) = asked(cx, leg).await;
                if variables.is_empty() && media.is_empty() {
                    continue;
                }
                cx.line("")?;
                cx.line(&format!("{} says:", sanitise::line(leg.id.short())))?;
                for (name, value) in variables.iter().chain(&media) {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    cx.line(&format!("  {name:<28} {}", sanitise::line(&value)))?;
                }
            }
            Ok(())
        }
        Format::Json => {
            let mut document = whole.documents().pop().unwrap_or_default();
            let mut shown_legs = Vec::new();
            for (leg, mut shown) in call.sessions.iter().zip(legs.documents()) {
                let (variables, media) =
                    if is_over { Default::default() } else { asked(cx, leg).await };
                shown.insert("variables".to_owned(), Value::Object(variables));
                shown.insert("media".to_owned(), Value::Object(media));
                shown_legs.push(Value::Object(shown));
            }
            document.insert("legs".to_owned(), Value::Array(shown_legs));
            let steps = steps.iter().map(|step| step.document()).collect();
            document.insert("timeline".to_owned(), Value::Array(steps));
            cx.line(&format!("{:#}", Value::Object(document)))
        }
        Format::Jsonl | Format::Csv | Format::Raw => cx.view(&legs),
    }
}

/// A running call, or one that ended; and whether it has.
async fn find(cx: &mut Context<'_>, word: &str) -> Result<(CallInfo, bool), CommandError> {
    if word == LAST {
        match cx.settled_last().await? {
            Last::Ended(call) => return Ok((call, true)),
            Last::Stranger { call, is_running } => {
                cx.note_stranger(&call)?;
                return Ok((call, !is_running));
            }
            Last::Running(_) | Last::NoCall(_) | Last::Nothing => {}
        }
    }
    let missing = match cx.named(word).await {
        Ok(named) => return Ok((named.call, false)),
        Err(err) => err,
    };
    let is_it =
        |call: &&CallInfo| call.sessions.iter().any(|leg| leg.id.as_str().starts_with(word));
    let ended = cx.listener()?.with(|tracker| tracker.ended().rev().find(is_it).cloned());
    match ended.filter(|_| word.len() >= 4 && missing.kind == Kind::Refused) {
        Some(call) => Ok((call, true)),
        None => Err(missing),
    }
}

/// Something that happened to a leg.
struct Step<'a> {
    at: u64,
    since: u64,
    leg: &'a SessionInfo,
    what: String,
}

/// The milestones of all legs, in their order.
fn timeline(call: &CallInfo) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for leg in &call.sessions {
        let times = &leg.times;
        let ended = feed::ended(leg);
        for (at, what) in [
            (times.created, "created"),
            (times.progress, "ringing"),
            (times.progress_media, "early media"),
            (times.answered, "answered"),
            (times.bridged, "bridged"),
            (times.held, "held"),
            (times.hangup, ended.as_str()),
        ] {
            if at > 0 {
                steps.push(Step { at, since: 0, leg, what: what.to_owned() });
            }
        }
    }
    steps.sort_by_key(|step| step.at);
    let first = steps.first().map_or(0, |step| step.at);
    for step in &mut steps {
        step.since = step.at - first;
    }
    steps
}

impl Step<'_> {
    fn line(&self) -> String {
        let (clock, since) = (feed::clock(self.at), span(self.since));
        format!("{clock}  {since:>9}  {}  {}", sanitise::line(self.leg.id.short()), self.what)
    }

    fn document(&self) -> Value {
        let at = call_rows::instant(self.at);
        json!({"at": at, "after_ms": self.since / 1000, "uuid": self.leg.id, "what": self.what})
    }
}

/// What the server says of a living leg: variables of interest, media statistics.
async fn asked(
    cx: &mut Context<'_>,
    leg: &SessionInfo,
) -> (Map<String, Value>, Map<String, Value>) {
    let mut found = (Map::new(), Map::new());
    let Ok(client) = cx.client() else { return found };
    // A leg that is gone by now says nothing.
    if let Ok(text) = client.cmd(&format!("uuid_dump {} json", leg.id)).await
        && let Ok(Value::Object(all)) = serde_json::from_str(&text)
    {
        for name in VARIABLES {
            if let Some(value) = all.get(&format!("variable_{name}")) {
                found.0.insert((*name).to_owned(), value.clone());
            }
        }
    }
    let request = json!({"command": "mediaStats", "data": {"uuid": leg.id}});
    if let Ok(text) = client.cmd(&format!("json {request}")).await
        && let Ok(Value::Object(mut reply)) = serde_json::from_str(&text)
        && let Some(Value::Object(mut response)) = reply.remove("response")
        && let Some(Value::Object(audio)) = response.remove("audio")
    {
        for (name, value) in audio {
            if MEDIA.contains(&name.as_str()) {
                found.1.insert(name, value);
            }
        }
    }
    found
}

/// More legs than this are not asked about.
const LEGS: usize = 4;

/// What one looks for first.
const VARIABLES: &[&str] = &[
    "sip_call_id",
    "sip_from_uri",
    "sip_to_uri",
    "sip_user_agent",
    "sip_network_ip",
    "sip_network_port",
    "sip_gateway_name",
    "sip_gateway",
    "sofia_profile_name",
    "accountcode",
    "user_context",
    "read_codec",
    "read_rate",
    "write_codec",
    "write_rate",
    "local_media_ip",
    "local_media_port",
    "remote_media_ip",
    "remote_media_port",
    "rtp_has_crypto",
    "endpoint_disposition",
    "originate_disposition",
    "bridge_channel",
    "current_application",
    "current_application_data",
];

/// What shows whether it sounds well.
const MEDIA: &[&str] = &[
    "in_packet_count",
    "in_media_packet_count",
    "in_skip_packet_count",
    "in_jitter_packet_count",
    "in_flush_packet_count",
    "in_largest_jb_size",
    "in_jitter_loss_rate",
    "in_jitter_burst_rate",
    "in_quality_percentage",
    "in_mos",
    "out_packet_count",
    "out_media_packet_count",
    "out_skip_packet_count",
    "rtcp_packet_count",
    "rtcp_octet_count",
];
