//! One event on its way to the subscribers: its headers, and where FreeSWITCH says it comes from.
//! Knows no call and no client.

pub(super) mod header_map;
pub(super) mod log_place;
pub(super) mod pattern;
pub(super) mod truth;

use crate::wire::Format;
use bytes::Bytes;
use std::borrow::Cow;

use crate::wire::{encode, stray};
use header_map::Pairs;

/// An event before it is written in one of the three formats.
///
/// Bytes that are no UTF-8 ride in the values as [`stray`] carries them.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: Cow<'static, str>,
    pub(super) subclass: Option<String>,
    pub(super) headers: Pairs,
    pub(super) body: Option<String>,
}

impl Event {
    /// An event without any header.
    pub(super) fn bare(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), subclass: None, headers: Pairs::roomy(), body: None }
    }

    /// Adds a header at the end.
    pub(super) fn push(&mut self, name: &str, value: impl AsRef<str>) {
        self.headers.push(name, value.as_ref());
    }

    /// The last header of that name, in any case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.headers.last(name)
    }

    /// The headers with their values as bytes.
    pub(super) fn fields(&self) -> Vec<(&str, Cow<'_, [u8]>)> {
        // The first byte of every character that stands for a byte.
        let strays = self.headers.holds(0xef);
        let bytes =
            |value| if strays { stray::encode(value) } else { Cow::Borrowed(value.as_bytes()) };
        self.headers.iter().map(|(name, value)| (name, bytes(value))).collect()
    }

    /// Writes the whole frame.
    pub(super) fn encode(&self, format: Format) -> Bytes {
        let mut out = Vec::with_capacity(8 << 10);
        let body = self.body.as_deref().map(stray::encode);
        encode::event(&mut out, format, &self.fields(), body.as_deref());
        Bytes::from(out)
    }

    /// The headers alone, as text in one of the three formats.
    pub(super) fn text(&self, format: Format) -> String {
        stray::decode(&encode::event_body(format, &self.fields(), None))
    }
}

/// Source file, function and line, as the recordings have them for 1.10.12.
pub(super) type Origin = (&'static str, &'static str, &'static str);

/// Where an event of that name comes from when it can come from one place only.
pub(super) fn origin(name: &str) -> Origin {
    ORIGINS
        .iter()
        .find(|(known, ..)| *known == name)
        .map_or(("mod_event_socket.c", "parse_command", "2297"), |(_, file, function, line)| {
            (*file, *function, *line)
        })
}

/// The functions which fire CODEC: first read codec of a loopback half, read codec of a SIP leg,
/// write codec (`transcripts/call_loopback`, `call_toneplay`).
pub(super) const READ_CODEC: Origin =
    ("switch_core_codec.c", "switch_core_session_set_read_codec", "279");
pub(super) const REAL_READ_CODEC: Origin =
    ("switch_core_codec.c", "switch_core_session_set_real_read_codec", "168");
pub(super) const WRITE_CODEC: Origin =
    ("switch_core_codec.c", "switch_core_session_set_write_codec", "450");
/// The application that joins a leg to another one.
pub(super) const SOFT_EXECUTE: Origin =
    ("switch_ivr_bridge.c", "uuid_bridge_on_soft_execute", "1102");
/// The other end's hold, as a SIP re-invite reports it (`transcripts/call_control`).
pub(super) const MARK_HOLD: Origin = ("switch_channel.c", "switch_channel_mark_hold", "875");
/// A display update after a bridge (`transcripts/call_bridge`).
pub(super) const DISPLAY: Origin = ("mod_sofia.c", "sofia_receive_message", "2100");
/// A display update received from the other end.
pub(super) const CALLEE_ID: Origin = ("sofia.c", "sofia_update_callee_id", "1358");

const ORIGINS: &[(&str, &str, &str, &str)] = &[
    ("API", "switch_loadable_module.c", "switch_api_execute", "2954"),
    ("ADD_SCHEDULE", "switch_scheduler.c", "switch_scheduler_add_task_ex", "266"),
    ("BACKGROUND_JOB", "mod_event_socket.c", "api_exec", "1572"),
    ("CALL_UPDATE", "switch_channel.c", "switch_channel_flip_cid", "3277"),
    ("CHANNEL_ANSWER", "switch_channel.c", "switch_channel_perform_mark_answered", "3846"),
    ("CHANNEL_BRIDGE", "switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", "1689"),
    ("CHANNEL_CALLSTATE", "switch_channel.c", "switch_channel_perform_set_callstate", "301"),
    ("CHANNEL_CREATE", "switch_core_state_machine.c", "switch_core_session_run", "626"),
    ("CHANNEL_DATA", "mod_commands.c", "uuid_dump_function", "6382"),
    ("CHANNEL_DESTROY", "switch_core_session.c", "switch_core_session_perform_destroy", "1584"),
    ("CHANNEL_EXECUTE", "switch_core_session.c", "switch_core_session_exec", "2944"),
    ("CHANNEL_EXECUTE_COMPLETE", "switch_core_session.c", "switch_core_session_exec", "2967"),
    ("CHANNEL_HANGUP", "switch_channel.c", "switch_channel_perform_hangup", "3445"),
    (
        "CHANNEL_HANGUP_COMPLETE",
        "switch_core_state_machine.c",
        "switch_core_session_reporting_state",
        "943",
    ),
    ("CHANNEL_HOLD", "switch_ivr.c", "switch_ivr_hold", "1558"),
    ("CHANNEL_ORIGINATE", "switch_core_state_machine.c", "switch_core_session_run", "632"),
    ("CHANNEL_OUTGOING", "switch_core_session.c", "switch_core_session_outgoing_channel", "768"),
    ("CHANNEL_PARK", "switch_ivr.c", "switch_ivr_park", "1002"),
    (
        "CHANNEL_PROGRESS",
        "switch_channel.c",
        "switch_channel_perform_mark_ring_ready_value",
        "3505",
    ),
    (
        "CHANNEL_PROGRESS_MEDIA",
        "switch_channel.c",
        "switch_channel_perform_mark_pre_answered",
        "3560",
    ),
    ("CHANNEL_STATE", "switch_channel.c", "switch_channel_perform_set_running_state", "2408"),
    ("CHANNEL_UNBRIDGE", "switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", "1879"),
    ("CHANNEL_UNHOLD", "switch_ivr.c", "switch_ivr_unhold", "1638"),
    ("CHANNEL_UNPARK", "switch_ivr.c", "switch_ivr_park", "1213"),
    ("CHANNEL_UUID", "switch_core_session.c", "switch_core_session_set_uuid", "2051"),
    ("COMMAND", "switch_ivr_async.c", "switch_ivr_broadcast", "5731"),
    ("CUSTOM", "sofia.c", "sofia_handle_sip_i_state", "8489"),
    ("DEL_SCHEDULE", "switch_scheduler.c", "task_thread_loop", "151"),
    ("DTMF", "switch_channel.c", "switch_channel_dequeue_dtmf", "677"),
    ("HEARTBEAT", "switch_core.c", "send_heartbeat", "95"),
    ("MEDIA_BUG_START", "switch_core_media_bug.c", "switch_core_media_bug_add", "1014"),
    ("MEDIA_BUG_STOP", "switch_core_media_bug.c", "switch_core_media_bug_destroy", "84"),
    ("MODULE_LOAD", "switch_loadable_module.c", "switch_loadable_module_process", "172"),
    ("MODULE_UNLOAD", "switch_loadable_module.c", "switch_loadable_module_unprocess", "834"),
    ("PLAYBACK_START", "switch_ivr_play_say.c", "switch_ivr_play_file", "1646"),
    ("PLAYBACK_STOP", "switch_ivr_play_say.c", "switch_ivr_play_file", "2020"),
    ("PRIVATE_COMMAND", "switch_ivr.c", "switch_ivr_parse_next_event", "804"),
    ("RECORD_START", "switch_ivr_async.c", "record_callback", "1481"),
    ("RECORD_STOP", "switch_ivr_async.c", "send_record_stop_event", "1240"),
    ("RECV_INFO", "sofia.c", "create_info_event", "9721"),
    ("RELOADXML", "switch_xml.c", "switch_xml_open_root", "2450"),
    ("RE_SCHEDULE", "switch_scheduler.c", "switch_scheduler_execute", "73"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_stray_byte_survives() {
        let mut event = Event::bare("X");
        event.push("N", "\u{f7ff}");
        let frame = event.encode(Format::Plain);
        assert!(frame.ends_with(b"N: %FF\n\n"), "{frame:?}");
    }
}

/// A second as events write it.
#[derive(Debug, Default)]
pub(super) struct Dates {
    pub(in crate::sim) second: u64,
    pub(in crate::sim) local: String,
    pub(in crate::sim) utc: String,
}

/// Extra headers of one event.
pub(super) type Extra = Vec<(&'static str, String)>;
