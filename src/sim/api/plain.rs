//! Commands on a call that change nothing here: what they say is all there is to them.

use crate::sim::channel::reinvite::Reinvite;
use crate::sim::channel::{Answer, Doing, Kind};
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

/// What such a command says.
struct Says {
    name: &'static str,
    /// The words it needs; with none the whole argument is the uuid.
    words: usize,
    /// Said when there are fewer; `%` is the usage text.
    few: &'static str,
    /// The reply without such a channel; `%` is the uuid.
    gone: &'static str,
    good: &'static str,
}

const fn says(
    name: &'static str,
    words: usize,
    few: &'static str,
    gone: &'static str,
    good: &'static str,
) -> Says {
    Says { name, words, few, gone, good }
}

const NO_CHANNEL: &str = "-ERR No such channel!\n";
const NO_CHANNEL_UUID: &str = "-ERR No such channel %!\n";
const FAILED: &str = "-ERR Operation failed\n";
const FAILED_TOO: &str = "-ERR Operation Failed\n";
const SUCCESS: &str = "+OK Success\n";
const USAGE_FAILED: &str = "%-ERR Operation failed\n";
const USAGE_FAILED_TOO: &str = "%-ERR Operation Failed\n";
const VIDEO_USAGE: &str = "-USAGE: <uuid> [auto|manual]\n-ERR Operation Failed\n";

/// As a real server answered them for no, too few, unknown and known arguments.
const ALL: &[Says] = &[
    says("pause", 2, "%", NO_CHANNEL, ""),
    says("tone_detect", 3, "", "-ERR Cannot locate session!\n", ""),
    says("uuid_capture_text", 2, "%", NO_CHANNEL_UUID, ""),
    // Only a phone can be written to.
    says("uuid_chat", 2, "%", NO_CHANNEL_UUID, "-ERR Send failed\n"),
    says("uuid_codec_debug", 3, USAGE_FAILED_TOO, FAILED_TOO, SUCCESS),
    says(
        "uuid_codec_param",
        3,
        "%-ERR Operation Failed [NOT SENT]\n",
        "-ERR Operation Failed [NOT SENT]\n",
        "+OK Command sent reply: [NOT SENT]\n",
    ),
    says("uuid_debug_media", 3, "%", FAILED, SUCCESS),
    says("uuid_deflect", 2, "%", NO_CHANNEL_UUID, "+OK:\n"),
    says("uuid_early_ok", 0, "-ERROR\n", "-ERROR\n", ""),
    says("uuid_fileman", 2, "%", NO_CHANNEL, "+OK\n"),
    says("uuid_flush_dtmf", 0, "-ERR No such session\n", "-ERR No such session\n", "+OK\n"),
    says("uuid_jitterbuffer", 2, "%", FAILED, SUCCESS),
    says("uuid_media", 1, USAGE_FAILED, FAILED, SUCCESS),
    says("uuid_media_3p", 1, USAGE_FAILED, FAILED, SUCCESS),
    says("uuid_media_params", 2, "%", FAILED, SUCCESS),
    says("uuid_media_reneg", 1, USAGE_FAILED_TOO, FAILED_TOO, SUCCESS),
    says(
        "uuid_msrp_send",
        2,
        "-ERR Usage: uuid_msrp_send <uuid> msg\n",
        "-ERR Usage: cannot locate session.\n",
        "-ERR Usage: cannot locate session.\n",
    ),
    says("uuid_outgoing_answer", 0, "%", NO_CHANNEL, "+OK\n"),
    says("uuid_pause", 2, "%", NO_CHANNEL, ""),
    says("uuid_phone_event", 1, USAGE_FAILED, FAILED, SUCCESS),
    says("uuid_preprocess", 2, "%", NO_CHANNEL, "+OK\n"),
    says("uuid_recovery_refresh", 2, "%", NO_CHANNEL_UUID, "+OK:\n"),
    says("uuid_redirect", 2, "%", NO_CHANNEL_UUID, "+OK:\n"),
    says("uuid_send_info", 1, USAGE_FAILED_TOO, FAILED_TOO, SUCCESS),
    says("uuid_send_message", 2, "%", "-ERR Unable to find session for UUID\n", SUCCESS),
    says("uuid_send_text", 2, "%", NO_CHANNEL_UUID, "+OK\n"),
    says("uuid_set_media_stats", 0, "%", NO_CHANNEL_UUID, "+OK:\n"),
    says("uuid_simplify", 1, "%", FAILED, SUCCESS),
    says("uuid_video_bandwidth", 2, VIDEO_USAGE, FAILED_TOO, SUCCESS),
    says("uuid_video_bitrate", 2, VIDEO_USAGE, FAILED_TOO, SUCCESS),
    says("uuid_video_refresh", 1, USAGE_FAILED_TOO, FAILED_TOO, SUCCESS),
    says("uuid_xfer_zombie", 1, USAGE_FAILED_TOO, FAILED_TOO, SUCCESS),
    says(
        "uuid_zombie_exec",
        0,
        "-ERR no such session\n",
        "-ERR no such session\n",
        "+OK MMM Brains...\n",
    ),
];

pub(super) fn run(world: &mut World, asked: &ApiCall) -> Outcome {
    let Some(says) = ALL.iter().find(|says| says.name.eq_ignore_ascii_case(&asked.command)) else {
        return Outcome::Failed;
    };
    let mut words: Vec<&str> = asked.args.split_whitespace().collect();
    let mut ask = Reinvite::Media;
    if says.name.starts_with("uuid_media") && words.first() == Some(&"off") && words.len() > 1 {
        words.remove(0);
        ask = Reinvite::NoMedia;
    }
    let uuid = if says.words == 0 { &asked.args } else { words.first().copied().unwrap_or("") };
    if uuid.is_empty() || words.len() < says.words {
        return says.few.replace('%', &asked.usage_text()).into();
    }
    let found = world.find(uuid);
    let Some(channel) = found.and_then(|id| world.channels.get(&id)) else {
        return says.gone.replace('%', uuid).into();
    };
    // Without a media path there is nothing to move or to play.
    let no_media = says.name.starts_with("uuid_media") && channel.kind == Kind::Null;
    let plays = channel.stack.last().is_some_and(|top| matches!(top.doing, Doing::Playback { .. }));
    let no_file = says.name == "uuid_fileman" && !plays;
    let is_sip = matches!(channel.kind, Kind::Sofia | Kind::Phone);
    // A mime type without its text.
    let torn = says.name == "uuid_send_info" && words.len() == 3;
    let referred = says.name == "uuid_deflect" && is_sip && channel.answer == Answer::Answered;
    match found {
        _ if no_media => says.gone.into(),
        _ if no_file => "-ERR No file handle!\n".into(),
        _ if torn => says.few.replace('%', &asked.usage_text()).into(),
        Some(id) if referred => {
            world.deflect(id, words.get(1).copied().unwrap_or_default(), asked);
            Outcome::Pending
        }
        _ if is_sip && says.name == "uuid_chat" => "+OK\n".into(),
        Some(id) if says.name == "uuid_media" => {
            world.move_media(id, ask);
            says.good.into()
        }
        _ => says.good.into(),
    }
}

/// Digits that are dropped, and what is heard in their place.
pub(super) fn uuid_drop_dtmf(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split(' ').collect();
    let &[uuid, mode, what, with, ..] = words.as_slice() else { return asked.usage() };
    let found = world.find(uuid).and_then(|id| world.channels.get_mut(&id));
    let Some(channel) = found else { return NO_CHANNEL_UUID.replace('%', uuid).into() };
    let masks = ["drop_dtmf_masking_digits", "drop_dtmf_masking_file"];
    for mask in masks {
        channel.vars.remove(mask);
    }
    match what.to_ascii_lowercase().as_str() {
        "mask_digits" => channel.vars.set("drop_dtmf_masking_digits", with),
        "mask_file" => channel.vars.set("drop_dtmf_masking_file", with),
        _ => return asked.usage(),
    }
    let on = mode.eq_ignore_ascii_case("on");
    channel.vars.set("drop_dtmf", on.to_string());
    let not = if on { "" } else { "not " };
    let [digits, file] = masks.map(|mask| channel.vars.get(mask).unwrap_or("NONE"));
    format!("+OK {uuid} is {not}dropping DTMF. mask_file: {file} mask_digits: {digits}\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn every_one_is_a_command() {
        for says in ALL {
            assert!(crate::sim::world::interfaces::command(says.name).is_some(), "{}", says.name);
        }
    }
}
