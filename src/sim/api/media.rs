//! What a call hears: digits, recordings, displaced and muted sound.

use serde_json::{Value, json};

use super::calls::NO_CHANNEL;
use crate::sim::call::bridge::bug;
use crate::sim::channel::{Kind, PCMU};
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

const NO_SESSION: &str = "-ERR Cannot locate session!\n";
const DIGITS: &str = "0123456789*#ABCDabcdFfWw";

pub(super) fn uuid_send_dtmf(world: &mut World, asked: &ApiCall) -> Outcome {
    digits(world, asked, "sent", "-ERR Operation failed\n".into(), World::send_digits)
}

pub(super) fn uuid_recv_dtmf(world: &mut World, asked: &ApiCall) -> Outcome {
    digits(world, asked, "received", asked.usage(), World::receive_digits)
}

/// A text without any digit is refused; one with some is taken.
fn digits(
    world: &mut World,
    asked: &ApiCall,
    done: &str,
    refusal: Outcome,
    act: fn(&mut World, u64, &str),
) -> Outcome {
    let (uuid, text) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    if text.is_empty() {
        return asked.usage();
    }
    let Some(id) = world.find(uuid) else { return NO_SESSION.into() };
    // A duration may follow; without any digit in front of it there is nothing to receive.
    let (digits, lasts) = text.split_once('@').map_or((text, false), |(head, _)| (head, true));
    let nothing = done == "received" && digits.is_empty() && lasts;
    if !nothing && !digits.contains(|letter| DIGITS.contains(letter)) {
        return refusal;
    }
    act(world, id, text);
    format!("+OK {uuid} {done} DTMF {text}.\n").into()
}

pub(super) fn uuid_record(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.trim_start().splitn(3, char::is_whitespace);
    let (Some(uuid), Some(verb), Some(rest)) = (words.next(), words.next(), words.next()) else {
        return asked.usage();
    };
    // Quotes hold blanks together and are taken off (`switch_separate_string`).
    let rest = rest.trim_start();
    let quoted = rest.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
    let path = quoted.map_or_else(|| rest.split_whitespace().next(), |(path, _)| Some(path));
    let Some(path) = path else { return asked.usage() };
    let Some(id) = world.find(uuid) else { return NO_SESSION.into() };
    let records = world.channels.get(&id).is_some_and(|channel| {
        channel.recordings.iter().any(|(have, _)| path == "all" || have == path)
    });
    let verb = verb.to_ascii_lowercase();
    match verb.as_str() {
        "start" if world.start_record(id, path) => {}
        "start" => return "-ERR Cannot record session!\n".into(),
        "stop" if world.stop_recording(id, path) => {}
        "stop" => return "-ERR Cannot stop record session!\n".into(),
        "mask" | "unmask" | "pause" | "resume" if records => {}
        "mask" | "unmask" | "pause" | "resume" => {
            return format!("-ERR Cannot {verb} recording session!\n").into();
        }
        _ => return asked.usage(),
    }
    "+OK Success\n".into()
}

/// There is no file to displace the sound with, as there is none on a fresh server.
pub(super) fn uuid_displace(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(verb), Some(path)) = (words.next(), words.next(), words.next()) else {
        return asked.usage();
    };
    let Some(id) = world.find(uuid) else { return NO_SESSION.into() };
    match verb.to_ascii_lowercase().as_str() {
        "start" if world.displace(id, path) => {}
        "start" => return "-ERR Cannot displace session!\n".into(),
        "stop" if world.stop_displacing(id, path) => {}
        "stop" => return "-ERR Cannot stop displace session!\n".into(),
        _ => return asked.usage(),
    }
    "+OK Success\n".into()
}

impl World {
    /// What is heard is that, from now on; `false` when it is already or cannot be played.
    pub(in super::super) fn displace(&mut self, id: u64, path: &str) -> bool {
        let Some(channel) = self.channels.get_mut(&id) else { return false };
        let playable = path.contains("://") && channel.kind != Kind::Null;
        if !playable || channel.displaced.iter().any(|have| have == path) {
            return false;
        }
        channel.displaced.push(path.to_owned());
        self.fire_full(id, "MEDIA_BUG_START", bug("displace", path), Vec::new());
        true
    }

    /// `false` when it was not heard.
    pub(in super::super) fn stop_displacing(&mut self, id: u64, path: &str) -> bool {
        let Some(channel) = self.channels.get_mut(&id) else { return false };
        let Some(at) = channel.displaced.iter().position(|have| have == path) else { return false };
        channel.displaced.remove(at);
        self.fire_full(id, "MEDIA_BUG_STOP", bug("displace", path), Vec::new());
        true
    }
}

pub(super) fn uuid_audio(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let start = match words.as_slice() {
        [_, "stop", ..] => false,
        [_, "start", "read" | "write", "mute" | "level", _, ..] => true,
        // Without a number there is nothing to set, but without a call that comes first.
        [uuid, _, ..] if world.find(uuid).is_none() => return NO_CHANNEL.into(),
        _ => return asked.usage(),
    };
    let uuid = words.first().copied().unwrap_or_default();
    let Some(id) = world.find(uuid) else { return NO_CHANNEL.into() };
    let Some(channel) = world.channels.get_mut(&id) else { return NO_CHANNEL.into() };
    let was = std::mem::replace(&mut channel.muted, start);
    match (was, start) {
        (false, true) => world.fire_full(id, "MEDIA_BUG_START", bug("audio", "mute"), Vec::new()),
        (true, false) => world.fire_full(id, "MEDIA_BUG_STOP", bug("audio", "mute"), Vec::new()),
        _ => {}
    }
    "+OK\n".into()
}

pub(super) fn uuid_buglist(world: &mut World, asked: &ApiCall) -> Outcome {
    let Some(uuid) = asked.args.split_whitespace().next() else { return asked.usage() };
    let Some(id) = world.find(uuid) else { return "".into() };
    let Some(channel) = world.channels.get(&id) else { return "".into() };
    let recordings = channel.recordings.iter().map(|(path, _)| ("session_record", path.as_str()));
    let displaced = channel.displaced.iter().map(|path| ("displace", path.as_str()));
    let muted = channel.muted.then_some(("audio", "mute"));
    let list: String = recordings
        .chain(displaced)
        .chain(muted)
        .chain(world.eavesdrop_bugs(id))
        .map(|(function, target)| {
            format!(
                " <media-bug>\n  <function>{function}</function>\n  <target>{target}</target>\n  \
                 <thread-locked>0</thread-locked>\n </media-bug>\n"
            )
        })
        .collect();
    format!("<media-bugs>\n{list}</media-bugs>\n").into()
}

/// The numbers behind `json {"command":"mediaStats"}`, for a call with media: 50 packets a second
/// of 160 samples, none of them late.
pub(super) fn stats(world: &World, id: u64) -> Value {
    let Some(channel) = world.channels.get(&id) else { return json!({}) };
    let answered = channel.profile.as_ref().map_or(0, |profile| profile.answered);
    if channel.codec != Some(PCMU) || answered == 0 {
        return json!({});
    }
    let packets = (world.now - answered) / 20_000;
    let raw = packets * 172;
    json!({
        "audio": {
            "in_raw_bytes": raw,
            "in_media_bytes": raw,
            "in_packet_count": packets,
            "in_media_packet_count": packets,
            "in_skip_packet_count": 0,
            "in_jitter_packet_count": 0,
            "in_dtmf_packet_count": 0,
            "in_cng_packet_count": 0,
            "in_flush_packet_count": 0,
            "in_largest_jb_size": 0,
            "in_jitter_min_variance": 0,
            "in_jitter_max_variance": 0,
            "in_jitter_loss_rate": 0,
            "in_jitter_burst_rate": 0,
            "in_mean_interval": 0,
            "in_flaw_total": 0,
            "in_quality_percentage": 100,
            "in_mos": 4.5,
            "out_raw_bytes": raw,
            "out_media_bytes": raw,
            "out_packet_count": packets,
            "out_media_packet_count": packets,
            "out_skip_packet_count": 0,
            "out_dtmf_packet_count": 0,
            "out_cng_packet_count": 0,
            "rtcp_packet_count": 0,
            "rtcp_octet_count": 0,
        }
    })
}
