//! Commands about calls.

use crate::model::HangupCause;
use crate::model::dial::{DialString, separate_at_most};
use crate::sim::channel::then::{Exten, Then};
use crate::sim::channel::{Command, Doing};
use crate::sim::world::World;
use crate::sim::world::agenda::{Step, Tick};
use crate::sim::world::request::{ApiCall, Outcome};

pub(super) const NO_CHANNEL: &str = "-ERR No such channel!\n";

/// The channel that the first word names, and the rest.
pub(super) fn call<'a>(world: &World, asked: &'a ApiCall) -> (Option<u64>, &'a str) {
    let (uuid, rest) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    (world.find(uuid), rest.trim())
}

pub(super) fn originate(world: &mut World, asked: &ApiCall) -> Outcome {
    let words = separate_at_most(&asked.args, ' ', 10);
    let word = |at: usize| {
        words.get(at).map(String::as_str).filter(|word| !word.eq_ignore_ascii_case("undef"))
    };
    if words.len() < 2 || words.len() > 7 {
        return asked.usage();
    }
    let (plan, context) = (word(2).unwrap_or("XML"), word(3).unwrap_or("default"));
    let then = Then::parse(word(1).unwrap_or_default(), plan, context);
    let cid = (word(4).unwrap_or_default().to_owned(), word(5).unwrap_or("0000000000").to_owned());
    let timeout = word(6).and_then(|text| text.parse().ok()).unwrap_or(60);
    let Ok(mut dial) = DialString::parse(word(0).unwrap_or_default()) else {
        return "-ERR DESTINATION_OUT_OF_ORDER\n".into();
    };
    // A caller given behind the extension is a variable of the legs, too.
    for (at, name) in [(4, "origination_caller_id_name"), (5, "origination_caller_id_number")] {
        if let (Some(value), None) = (word(at), dial.variable(name)) {
            for lane in &mut dial.lanes {
                lane.variables.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    world.originate(Some(asked.clone()), dial, then, cid, timeout);
    Outcome::Pending
}

pub(super) fn hupall(world: &mut World, asked: &ApiCall) -> Outcome {
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
    let (name, value) = pairs.first().cloned().unwrap_or_default();
    let more = if pairs.len() > 1 { "..." } else { "" };
    format!("+OK hangup all channels matching [{name}]=[{value}]{more} with cause: {cause}\n")
        .into()
}

pub(super) fn uuid_exists(world: &mut World, asked: &ApiCall) -> Outcome {
    world.find(&asked.args).is_some().to_string().into()
}

pub(super) fn uuid_kill(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let (Some(id), cause) = call(world, asked) else { return NO_CHANNEL.into() };
    let known = HangupCause::parse(cause);
    let cause = if known.is_known() { known } else { HangupCause::NORMAL_CLEARING };
    world.hangup(id, cause.name(), Tick::Media);
    "+OK\n".into()
}

pub(super) fn uuid_answer(world: &mut World, asked: &ApiCall) -> Outcome {
    let Some(id) = world.find(&asked.args) else { return "-ERROR\n".into() };
    world.mark_answered(id);
    "+OK\n".into()
}

pub(super) fn uuid_pre_answer(world: &mut World, asked: &ApiCall) -> Outcome {
    let Some(id) = world.find(&asked.args) else { return "-ERROR\n".into() };
    world.mark_early(id);
    "+OK\n".into()
}

pub(super) fn uuid_ring_ready(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let ([uuid] | [uuid, "queued"]) = words.as_slice() else { return asked.usage() };
    let Some(id) = world.find(uuid) else { return "-ERROR\n".into() };
    world.mark_ringing(id);
    "+OK\n".into()
}

pub(super) fn uuid_park(world: &mut World, asked: &ApiCall) -> Outcome {
    let Some(id) = world.find(&asked.args) else { return NO_CHANNEL.into() };
    world.park(id);
    "+OK\n".into()
}

pub(super) fn uuid_transfer(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = separate_at_most(&asked.args, ' ', 5);
    // A lone option is taken for the extension.
    let leg = match words.get(1) {
        Some(word) if word.starts_with('-') && words.len() > 2 => words.remove(1),
        _ => "-aleg".to_owned(),
    };
    let [uuid, exten @ ..] = &words[..] else { return asked.usage() };
    if exten.is_empty() {
        return asked.usage();
    }
    let Some(id) = world.find(uuid) else { return NO_CHANNEL.into() };
    let exten = Exten::of_words(exten);
    let partner = world.channels.get(&id).and_then(|channel| channel.partner);
    if leg == "-both" {
        world.unpair(id);
    }
    if let Some(partner) = partner.filter(|_| matches!(leg.as_str(), "-bleg" | "-both")) {
        world.transfer(partner, &exten);
    }
    if leg != "-bleg" {
        world.transfer(id, &exten);
    }
    "+OK\n".into()
}

/// Each leg of a bridge goes its own way: `exten[/dialplan][/context]`.
pub(super) fn uuid_dual_transfer(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let [uuid, first, second] = words.as_slice() else { return asked.usage() };
    let Some(id) = world.find(uuid) else { return NO_CHANNEL.into() };
    let partner = world.channels.get(&id).and_then(|channel| channel.partner);
    world.unpair(id);
    for (id, target) in [(Some(id), first), (partner, second)] {
        let mut parts = target.split('/');
        let exten = parts.next().unwrap_or_default().to_owned();
        let plan = parts.next().unwrap_or("XML").to_owned();
        let context = parts.next().unwrap_or("default").to_owned();
        if let Some(id) = id {
            world.transfer(id, &Exten::new(&exten, &plan, &context));
        }
    }
    "+OK\n".into()
}

pub(super) fn uuid_bridge(world: &mut World, asked: &ApiCall) -> Outcome {
    let (first, second) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    if first.is_empty() || second.is_empty() {
        // `show api` has no syntax for it.
        return "-USAGE: <uuid> <other_uuid>\n".into();
    }
    match (world.find(first), world.find(second)) {
        (Some(a), Some(b)) => {
            if a != b {
                world.bridge_calls(a, b);
            }
            format!("+OK {second}\n").into()
        }
        _ => "-ERR Invalid uuid\n".into(),
    }
}

pub(super) fn uuid_broadcast(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(path)) = (words.next(), words.next()) else { return asked.usage() };
    let Some(id) = world.find(uuid) else { return "-ERR invalid uuid\n".into() };
    broadcast(world, id, path, words.next().unwrap_or("aleg"));
    "+OK Message sent\n".into()
}

/// Plays on one leg, on its partner, or on both.
pub(super) fn broadcast(world: &mut World, id: u64, path: &str, leg: &str) {
    let partner = world.channels.get(&id).and_then(|channel| channel.partner);
    let legs = match leg {
        "bleg" => [None, partner],
        "both" => [Some(id), partner],
        _ => [Some(id), None],
    };
    for id in legs.into_iter().flatten() {
        play_on(world, id, path);
    }
}

fn play_on(world: &mut World, id: u64, path: &str) {
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
    let command = Command { headers, app, data, uuid: None, lock: true, loops: 1, lap: 1 };
    if let Some(channel) = world.channels.get_mut(&id) {
        channel.commands.push_back(command);
    }
    // Five frames lead in.
    world.step_in(200, id, Step::Commands);
}

pub(super) fn uuid_break(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let (Some(id), rest) = call(world, asked) else { return NO_CHANNEL.into() };
    if rest == "all"
        && let Some(channel) = world.channels.get_mut(&id)
    {
        channel.commands.clear();
    }
    world.break_app(id);
    "+OK\n".into()
}

pub(super) fn uuid_hold(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace().peekable();
    if words.peek().is_none() {
        return format!("{}-ERR Operation failed\n", asked.usage_text()).into();
    }
    let mode = words.next_if(|word| matches!(*word, "off" | "toggle")).unwrap_or("on");
    let uuid = words.next().unwrap_or_default();
    // An unknown uuid is a success too.
    if let Some(id) = world.find(uuid) {
        let held = world
            .channels
            .get(&id)
            .is_some_and(|channel| channel.callstate == crate::sim::channel::CallState::Held);
        let on = match mode {
            "off" => false,
            "toggle" => !held,
            _ => true,
        };
        if on == held {
            return "-ERR Operation failed\n".into();
        }
        world.hold(id, on);
    }
    "+OK Success\n".into()
}

pub(super) fn uuid_display(world: &mut World, asked: &ApiCall) -> Outcome {
    let (id, text) = call(world, asked);
    if text.is_empty() {
        return asked.usage();
    }
    let Some(id) = id else { return "-ERR Operation failed\n".into() };
    let (name, number) = text.split_once('|').unwrap_or((text, text));
    world.show(id, &(name.to_owned(), number.to_owned()));
    "+OK Success\n".into()
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

pub(super) fn uuid_loglevel(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(level)) = (words.next(), words.next()) else { return asked.usage() };
    if crate::sim::event::log_place::level(level).is_none() {
        return "-ERR Invalid log level!\n".into();
    }
    match world.find(uuid) {
        Some(_) => "+OK\n".into(),
        None => format!("-ERR No such channel {uuid}!\n").into(),
    }
}

/// SESSION_HEARTBEAT as often as asked, as long as the call lasts; 0 ends it.
pub(super) fn uuid_session_heartbeat(world: &mut World, asked: &ApiCall) -> Outcome {
    let usage = format!("USAGE: uuid_session_heartbeat {}\n", asked.syntax());
    let mut words = asked.args.split_whitespace().peekable();
    let (Some(uuid), Some(_)) = (words.next(), words.peek()) else {
        return format!("-{usage}").into();
    };
    let Some(id) = world.find(uuid) else {
        return format!("-ERR Cannot locate session. {usage}").into();
    };
    let scheduled = words.next_if_eq(&"sched").is_some();
    let seconds = words.next().and_then(|word| word.parse().ok()).unwrap_or(60);
    world.session_heartbeat(id, seconds, scheduled);
    "+OK\n".into()
}
