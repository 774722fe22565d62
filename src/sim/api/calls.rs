//! Commands about calls.

use super::super::bridge::bug;
use super::super::channel::{Command, Doing};
use super::super::dial::{Dial, Exten, Then, separate};
use super::super::event::CALLEE_ID;
use super::super::hangup::Tick;
use super::super::world::{Step, World};
use super::{Outcome, Waiting};
use crate::model::HangupCause;
use crate::wire::{Format, encode};

const NO_CHANNEL: &str = "-ERR No such channel!\n";

/// The channel that the first word names, and the rest.
fn call<'a>(world: &World, asked: &'a Waiting) -> (Option<u64>, &'a str) {
    let (uuid, rest) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    (world.find(uuid), rest.trim())
}

pub(super) fn originate(world: &mut World, asked: &Waiting) -> Outcome {
    let words = separate(&asked.args, ' ');
    let word = |at: usize| words.get(at).map(String::as_str).filter(|word| *word != "undef");
    if words.len() < 2 || words.len() > 7 {
        return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n".into();
    }
    let (plan, context) = (word(2).unwrap_or("XML"), word(3).unwrap_or("default"));
    let then = Then::parse(word(1).unwrap_or_default(), plan, context);
    let cid = (word(4).unwrap_or_default().to_owned(), word(5).unwrap_or("0000000000").to_owned());
    let timeout = word(6).and_then(|text| text.parse().ok()).unwrap_or(60);
    let Some(mut dial) = Dial::parse(word(0).unwrap_or_default()) else {
        return "-ERR DESTINATION_OUT_OF_ORDER\n".into();
    };
    // A caller given behind the extension is a variable of the legs, too.
    for (at, name) in [(4, "origination_caller_id_name"), (5, "origination_caller_id_number")] {
        if let (Some(value), None) = (word(at), dial.var(name)) {
            for lane in &mut dial.lanes {
                lane.vars.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    world.originate(Some(asked.clone()), dial, then, cid, timeout);
    Outcome::Pending
}

pub(super) fn hupall(world: &mut World, asked: &Waiting) -> Outcome {
    let mut words = asked.args.split_whitespace();
    // The first word is the cause, whatever it says; an unknown one is NORMAL_CLEARING.
    let first = words.next().unwrap_or("MANAGER_REQUEST");
    let known = HangupCause::parse(first);
    let cause = if known.is_known() { known } else { HangupCause::NORMAL_CLEARING };
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        if pairs.len() < 5 {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    world.hangup_all(cause.name(), &pairs);
    if pairs.is_empty() {
        return format!("+OK hangup all channels with cause {cause}\n").into();
    }
    let list: Vec<String> =
        pairs.iter().map(|(name, value)| format!("[{name}]=[{value}]")).collect();
    format!("+OK hangup all channels matching {} with cause: {cause}\n", list.join(" and ")).into()
}

pub(super) fn uuid_exists(world: &mut World, asked: &Waiting) -> Outcome {
    world.find(&asked.args).is_some().to_string().into()
}

pub(super) fn uuid_kill(world: &mut World, asked: &Waiting) -> Outcome {
    let (Some(id), cause) = call(world, asked) else { return NO_CHANNEL.into() };
    let known = HangupCause::parse(cause);
    let cause = if known.is_known() { known } else { HangupCause::NORMAL_CLEARING };
    world.hangup(id, cause.name(), Tick::Media);
    "+OK\n".into()
}

pub(super) fn uuid_answer(world: &mut World, asked: &Waiting) -> Outcome {
    let Some(id) = world.find(&asked.args) else { return "-ERROR\n".into() };
    world.mark_answered(id);
    "+OK\n".into()
}

pub(super) fn uuid_pre_answer(world: &mut World, asked: &Waiting) -> Outcome {
    let Some(id) = world.find(&asked.args) else { return "-ERROR\n".into() };
    world.mark_early(id);
    "+OK\n".into()
}

pub(super) fn uuid_ring_ready(world: &mut World, asked: &Waiting) -> Outcome {
    let (Some(id), _) = call(world, asked) else { return "-ERROR\n".into() };
    world.mark_ringing(id);
    "+OK\n".into()
}

pub(super) fn uuid_park(world: &mut World, asked: &Waiting) -> Outcome {
    let Some(id) = world.find(&asked.args) else { return NO_CHANNEL.into() };
    world.transfer(id, &Exten::new("park", "XML", "switchy"));
    "+OK\n".into()
}

pub(super) fn uuid_transfer(world: &mut World, asked: &Waiting) -> Outcome {
    let usage = "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n";
    let mut words = separate(&asked.args, ' ');
    let leg = match words.get(1) {
        Some(word) if word.starts_with('-') => words.remove(1),
        _ => "-aleg".to_owned(),
    };
    let [uuid, exten @ ..] = &words[..] else { return usage.into() };
    if exten.is_empty() {
        return usage.into();
    }
    let Some(id) = world.find(uuid) else { return NO_CHANNEL.into() };
    let exten = Exten::of_words(exten);
    let partner = world.channels.get(&id).and_then(|channel| channel.partner);
    if leg != "-bleg" {
        world.transfer(id, &exten);
    }
    if let Some(partner) = partner.filter(|_| leg != "-aleg") {
        world.transfer(partner, &exten);
    }
    "+OK\n".into()
}

pub(super) fn uuid_bridge(world: &mut World, asked: &Waiting) -> Outcome {
    let (first, second) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    if first.is_empty() || second.is_empty() {
        return "-USAGE: <uuid> <other_uuid>\n".into();
    }
    match (world.find(first), world.find(second)) {
        (Some(a), Some(b)) if a != b => {
            world.bridge_calls(a, b);
            format!("+OK {second}\n").into()
        }
        _ => "-ERR Invalid uuid\n".into(),
    }
}

pub(super) fn uuid_broadcast(world: &mut World, asked: &Waiting) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(path)) = (words.next(), words.next()) else {
        return "-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n".into();
    };
    let Some(id) = world.find(uuid) else { return "-ERR invalid uuid\n".into() };
    let leg = words.next().unwrap_or("aleg");
    let partner = world.channels.get(&id).and_then(|channel| channel.partner);
    let legs = match leg {
        "bleg" => [None, partner],
        "both" => [Some(id), partner],
        _ => [Some(id), None],
    };
    for id in legs.into_iter().flatten() {
        broadcast(world, id, path);
    }
    "+OK Message sent\n".into()
}

fn broadcast(world: &mut World, id: u64, path: &str) {
    let (app, data) = path.split_once("::").unwrap_or(("playback", path));
    let app = app.split('!').next().unwrap_or(app);
    let mut event = world.event("COMMAND");
    event.push("call-command", "execute");
    event.push("execute-app-name", app);
    if !data.is_empty() {
        event.push("execute-app-arg", data);
    }
    event.push("event-lock", "true");
    event.push("lead-frames", "5");
    let (headers, app, data) = (event.headers, app.to_owned(), data.to_owned());
    let command = Command { headers, app, data, uuid: None, lock: true, loops: 1 };
    if let Some(channel) = world.channels.get_mut(&id) {
        channel.commands.push_back(command);
    }
    // Five frames lead in.
    world.step_in(200, id, Step::Commands);
}

pub(super) fn uuid_break(world: &mut World, asked: &Waiting) -> Outcome {
    let (Some(id), rest) = call(world, asked) else { return NO_CHANNEL.into() };
    if rest == "all"
        && let Some(channel) = world.channels.get_mut(&id)
    {
        channel.commands.clear();
    }
    world.break_app(id);
    "+OK\n".into()
}

pub(super) fn uuid_getvar(world: &mut World, asked: &Waiting) -> Outcome {
    let (uuid, name) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    if name.is_empty() {
        return "-USAGE: <uuid> <var>\n".into();
    }
    let Some(id) = world.find(uuid) else { return NO_CHANNEL.into() };
    let channel = world.channels.get(&id);
    let (name, index) = match name.trim().strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((name, index)) => (name, index.parse::<usize>().ok()),
        None => (name.trim(), None),
    };
    let value = channel.and_then(|channel| channel.vars.get(name));
    let value = match (value, index) {
        (Some(value), Some(index)) => {
            let items = value.strip_prefix("ARRAY::").unwrap_or(value);
            items.split("|:").nth(index)
        }
        (value, _) => value,
    };
    value.unwrap_or("_undef_").into()
}

pub(super) fn uuid_setvar(world: &mut World, asked: &Waiting) -> Outcome {
    let (id, rest) = call(world, asked);
    if rest.is_empty() {
        return "-USAGE: <uuid> <var> [value]\n".into();
    }
    let Some(channel) = id.and_then(|id| world.channels.get_mut(&id)) else {
        return NO_CHANNEL.into();
    };
    let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
    assign(channel, name, value);
    "+OK\n".into()
}

fn assign(channel: &mut super::super::channel::Channel, name: &str, value: &str) {
    let value: String = value.chars().filter(|letter| !matches!(letter, '\'' | '\\')).collect();
    if value.is_empty() {
        channel.vars.remove(name);
    } else {
        channel.vars.set(name, value);
    }
}

pub(super) fn uuid_setvar_multi(world: &mut World, asked: &Waiting) -> Outcome {
    let (id, rest) = call(world, asked);
    if rest.is_empty() {
        return "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n".into();
    }
    let Some(channel) = id.and_then(|id| world.channels.get_mut(&id)) else {
        return NO_CHANNEL.into();
    };
    for pair in rest.split(';') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        assign(channel, name, value);
    }
    "+OK\n".into()
}

pub(super) fn uuid_dump(world: &mut World, asked: &Waiting) -> Outcome {
    let (id, format) = call(world, asked);
    if asked.args.is_empty() {
        return "-USAGE: <uuid> [format]\n".into();
    }
    let Some(id) = id else { return NO_CHANNEL.into() };
    let event = world.dump(id);
    if format == "plain" {
        let lines = event.headers.iter().map(|(name, value)| format!("{name}: [{value}]\n"));
        return lines.collect::<String>().into();
    }
    let kind = match format {
        "json" => Format::Json,
        "xml" => Format::Xml,
        _ => Format::Plain,
    };
    let mut out = Vec::new();
    encode::event(&mut out, kind, &event.fields(), None);
    let text = String::from_utf8_lossy(&out);
    let body = text.split_once("\n\n").map_or(&*text, |(_, body)| body);
    body.to_owned().into()
}

pub(super) fn uuid_hold(world: &mut World, asked: &Waiting) -> Outcome {
    let (first, rest) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    let (mode, uuid) =
        if matches!(first, "off" | "toggle") { (first, rest) } else { ("on", first) };
    let uuid = uuid.split_whitespace().next().unwrap_or_default();
    if uuid.is_empty() {
        return "-USAGE: <uuid> [<display>] [[off|toggle] <uuid>]\n".into();
    }
    // An unknown uuid is a success too.
    if let Some(id) = world.find(uuid) {
        let held = world
            .channels
            .get(&id)
            .is_some_and(|channel| channel.callstate == super::super::channel::CallState::Held);
        let on = match mode {
            "off" => false,
            "toggle" => !held,
            _ => true,
        };
        world.hold(id, on);
    }
    "+OK Success\n".into()
}

pub(super) fn uuid_send_dtmf(world: &mut World, asked: &Waiting) -> Outcome {
    let (uuid, digits) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    if digits.is_empty() {
        return "-USAGE: <uuid> <dtmf_data>\n".into();
    }
    let Some(id) = world.find(uuid) else { return "-ERR Cannot locate session!\n".into() };
    world.send_digits(id, digits);
    format!("+OK {uuid} sent DTMF {digits}.\n").into()
}

pub(super) fn uuid_recv_dtmf(world: &mut World, asked: &Waiting) -> Outcome {
    let (uuid, digits) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    if digits.is_empty() {
        return "-USAGE: <uuid> <dtmf_data>\n".into();
    }
    let Some(id) = world.find(uuid) else { return "-ERR Cannot locate session!\n".into() };
    world.receive_digits(id, digits);
    format!("+OK {uuid} received DTMF {digits}.\n").into()
}

pub(super) fn uuid_record(world: &mut World, asked: &Waiting) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(verb), Some(path)) = (words.next(), words.next(), words.next()) else {
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
            .into();
    };
    let Some(id) = world.find(uuid) else { return "-ERR Cannot locate session!\n".into() };
    match verb {
        "start" => {
            world.start_record(id, path);
            "+OK Success\n".into()
        }
        "stop" if world.stop_recording(id, path) => "+OK Success\n".into(),
        "stop" => "-ERR Cannot stop record session!\n".into(),
        "mask" | "unmask" | "pause" | "resume" => "+OK Success\n".into(),
        _ => "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n".into(),
    }
}

pub(super) fn uuid_audio(world: &mut World, asked: &Waiting) -> Outcome {
    let (id, rest) = call(world, asked);
    let Some(id) = id else { return "-ERR No such channel!\n".into() };
    let verb = rest.split_whitespace().next().unwrap_or_default().to_owned();
    let Some(channel) = world.channels.get_mut(&id) else { return NO_CHANNEL.into() };
    let was = channel.muted;
    match verb.as_str() {
        "start" => {
            channel.muted = true;
            if !was {
                world.fire_full(id, "MEDIA_BUG_START", bug("audio", "mute"), Vec::new());
            }
        }
        "stop" => {
            channel.muted = false;
            if was {
                world.fire_full(id, "MEDIA_BUG_STOP", bug("audio", "mute"), Vec::new());
            }
        }
        _ => return "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n".into(),
    }
    "+OK\n".into()
}

pub(super) fn uuid_buglist(world: &mut World, asked: &Waiting) -> Outcome {
    let Some(id) = world.find(&asked.args) else { return NO_CHANNEL.into() };
    let bugs = world.channels.get(&id).into_iter().flat_map(|channel| channel.recordings.iter());
    let list: String = bugs
        .map(|path| {
            format!(
                " <media-bug>\n  <function>session_record</function>\n  <target>{path}</target>\n  \
                 <thread-locked>0</thread-locked>\n </media-bug>\n"
            )
        })
        .collect();
    format!("<media-bugs>\n{list}</media-bugs>\n").into()
}

pub(super) fn uuid_display(world: &mut World, asked: &Waiting) -> Outcome {
    let (id, text) = call(world, asked);
    let Some(id) = id else { return "-ERR Operation failed\n".into() };
    let (name, number) = text.split_once('|').unwrap_or((text, text));
    if let Some(channel) = world.channels.get_mut(&id) {
        channel.vars.set("last_sent_callee_id_name", name);
        channel.vars.set("last_sent_callee_id_number", number);
        channel.sent_callee = (name.to_owned(), number.to_owned());
    }
    let before = vec![
        ("Direction", "SEND".to_owned()),
        ("Sent-Callee-ID-Name", name.to_owned()),
        ("Sent-Callee-ID-Number", number.to_owned()),
    ];
    let origin = super::super::event::DISPLAY;
    world.fire_channel(id, "CALL_UPDATE", origin, before, Vec::new(), true);
    if let Some(peer) = world.channels.get(&id).and_then(|channel| channel.peer) {
        if let Some(profile) = world.channels.get_mut(&peer).and_then(|it| it.profile.as_mut()) {
            name.clone_into(&mut profile.cid_name);
            number.clone_into(&mut profile.cid_num);
        }
        let before = vec![("Direction", "RECV".to_owned())];
        world.fire_channel(peer, "CALL_UPDATE", CALLEE_ID, before, Vec::new(), true);
    }
    "+OK Success\n".into()
}

/// Commands that change nothing here, but need a call.
pub(super) fn known_call(world: &mut World, asked: &Waiting) -> Outcome {
    match call(world, asked).0 {
        Some(_) => "+OK\n".into(),
        None => NO_CHANNEL.into(),
    }
}

/// Commands that change nothing here and say so in two words.
pub(super) fn uuid_ok_success(world: &mut World, asked: &Waiting) -> Outcome {
    let args = asked.args.strip_prefix("off ").unwrap_or(&asked.args);
    let uuid = args.split_whitespace().next().unwrap_or_default();
    match world.find(uuid) {
        Some(_) => "+OK Success\n".into(),
        None => "-ERR Operation Failed\n".into(),
    }
}

impl World {
    /// What `show channels` lists as the running application.
    pub(super) fn running(&self, id: u64) -> (String, String) {
        let top = self.channels.get(&id).and_then(|channel| {
            channel.stack.iter().rev().find(|running| running.doing != Doing::Nothing)
        });
        top.map(|running| (running.app.clone(), running.data.clone())).unwrap_or_default()
    }
}
