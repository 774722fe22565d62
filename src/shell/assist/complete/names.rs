//! Names that no server lists.

use clap::ValueEnum;

use super::candidate::Candidate;
use crate::model::EVENT_NAMES;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::settings::keys::Editing;
use crate::shell::settings::paging::Paging;
use crate::shell::view::Format;

/// The channel variables that people set and read, as `switch_channel.h`, `switch_ivr_originate.c`
/// and mod_sofia name them.
const VARIABLES: &[&str] = &[
    "absolute_codec_string",
    "accountcode",
    "api_hangup_hook",
    "api_on_answer",
    "answer_epoch",
    "bridge_channel",
    "bridge_hangup_cause",
    "bridge_uuid",
    "bypass_media",
    "call_direction",
    "call_timeout",
    "call_uuid",
    "caller_id_name",
    "caller_id_number",
    "cc_agent",
    "cc_queue",
    "channel_name",
    "codec_string",
    "conference_name",
    "continue_on_fail",
    "created_time",
    "default_gateway",
    "destination_number",
    "dialed_user",
    "direction",
    "domain_name",
    "dtmf_type",
    "effective_caller_id_name",
    "effective_caller_id_number",
    "endpoint_disposition",
    "execute_on_answer",
    "execute_on_media",
    "execute_on_ring",
    "export_vars",
    "fail_on_single_reject",
    "group_confirm_file",
    "group_confirm_key",
    "hangup_after_bridge",
    "hangup_cause",
    "hold_music",
    "ignore_early_media",
    "instant_ringback",
    "jitterbuffer_msec",
    "last_app",
    "last_arg",
    "last_bridge_hangup_cause",
    "leg_delay_start",
    "leg_timeout",
    "local_media_ip",
    "local_media_port",
    "media_timeout",
    "origination_audio_mode",
    "origination_caller_id_name",
    "origination_caller_id_number",
    "origination_callee_id_name",
    "origination_callee_id_number",
    "origination_cancel_key",
    "origination_privacy",
    "origination_uuid",
    "originate_continue_on_timeout",
    "originate_disposition",
    "originate_retries",
    "originate_retry_sleep_ms",
    "originate_timeout",
    "originator",
    "park_after_bridge",
    "park_timeout",
    "playback_terminators",
    "presence_id",
    "proxy_media",
    "read_codec",
    "record_sample_rate",
    "record_stereo",
    "remote_media_ip",
    "remote_media_port",
    "ringback",
    "rtp_audio_in_quality_percentage",
    "rtp_secure_media",
    "rtp_timeout_sec",
    "sip_auth_password",
    "sip_auth_username",
    "sip_call_id",
    "sip_cid_type",
    "sip_contact_uri",
    "sip_copy_custom_headers",
    "sip_from_host",
    "sip_from_uri",
    "sip_from_user",
    "sip_gateway_name",
    "sip_h_X-",
    "sip_hangup_disposition",
    "sip_invite_domain",
    "sip_invite_failure_status",
    "sip_network_ip",
    "sip_profile_name",
    "sip_received_ip",
    "sip_req_user",
    "sip_route_uri",
    "sip_term_status",
    "sip_to_user",
    "sip_user_agent",
    "sip_via_host",
    "start_epoch",
    "tone_detect_hits",
    "transfer_after_bridge",
    "transfer_ringback",
    "transfer_source",
    "user_context",
    "user_name",
    "uuid",
    "write_codec",
];

/// Subclasses of CUSTOM events of the modules that most servers load.
const SUBCLASSES: &[&str] = &[
    "callcenter::info",
    "conference::cdr",
    "conference::maintenance",
    "fifo::info",
    "http_cache::file_created",
    "portaudio::ringing",
    "sofia::error",
    "sofia::expire",
    "sofia::gateway_add",
    "sofia::gateway_delete",
    "sofia::gateway_state",
    "sofia::intercepted",
    "sofia::notify_refer",
    "sofia::pre_register",
    "sofia::profile_start",
    "sofia::recovery_recv",
    "sofia::recovery_recovered",
    "sofia::recovery_send",
    "sofia::register",
    "sofia::register_attempt",
    "sofia::register_failure",
    "sofia::reinvite",
    "sofia::replaced",
    "sofia::sip_user_state",
    "sofia::transferee",
    "sofia::transferor",
    "sofia::unregister",
    "sofia::wrong_call_state",
    "spandsp::rxfaxresult",
    "spandsp::txfaxresult",
    "valet_parking::info",
    "verto::login",
    "vm::maintenance",
];

/// The levels of the log.
pub(super) const LEVELS: &[&str] =
    &["off", "console", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// What `set` changes.
const SETTINGS: &[(&str, &str)] = &[
    ("output", "how answers are written"),
    ("pager", "when answers go through $PAGER"),
    ("timeout", "seconds that an api may take"),
    ("guard", "what is asked about"),
    ("read-only", "whether changes are refused"),
    ("keys", "how a line is edited"),
    ("prompt", "what stands before the line"),
];

pub(super) fn settings() -> Vec<Candidate> {
    SETTINGS.iter().map(|(name, about)| Candidate::described(name, about)).collect()
}

/// The values of the setting that the words behind `set` begin with; nothing where any may stand.
pub(super) fn values_of(words: &[&str]) -> Vec<Candidate> {
    match words.first() {
        Some(&"output") => variants::<Format>(),
        Some(&"pager") => variants::<Paging>(),
        Some(&"guard") => variants::<Guard>(),
        Some(&"keys") => variants::<Editing>(),
        Some(&"read-only") => ["on", "off"].map(Candidate::new).to_vec(),
        Some(&"prompt") => vec![Candidate::new("default")],
        _ => Vec::new(),
    }
}

fn variants<T: ValueEnum>() -> Vec<Candidate> {
    let values = T::value_variants().iter().filter_map(T::to_possible_value);
    values.map(|value| Candidate::new(value.get_name())).collect()
}

/// Names of events, and subclasses of those that are CUSTOM.
pub(super) fn events() -> impl Iterator<Item = Candidate> {
    EVENT_NAMES.iter().chain(SUBCLASSES).copied().map(Candidate::new)
}

/// The actions of `events`, and the words that select them.
pub(super) fn event_verbs() -> Vec<Candidate> {
    let verbs = [
        ("on", "one line a change of a call"),
        ("off", "nothing is shown"),
        ("all", "every event"),
        ("last", "lines that were shown, and those that were only counted"),
        ("add", "events beside what is shown"),
        ("remove", "events no longer"),
        ("only", "what is about one call or number"),
        ("where", "what a filter holds for"),
        ("mute", "leave out a kind"),
        ("unmute", "a kind again"),
        ("format", "line, json or headers"),
    ];
    verbs.into_iter().map(|(verb, about)| Candidate::described(verb, about)).collect()
}

/// What may follow `filter`.
pub(super) fn filtered(words: &[&str]) -> Vec<Candidate> {
    let words: &[&str] = match words {
        [] => &["add", "delete"],
        ["add"] => HEADERS,
        ["delete"] => &["all"],
        _ => &[],
    };
    words.iter().copied().map(Candidate::new).collect()
}

/// The headers of events that a filter is set on most.
const HEADERS: &[&str] = &[
    "Event-Name",
    "Event-Subclass",
    "Unique-ID",
    "Other-Leg-Unique-ID",
    "Channel-Name",
    "Call-Direction",
    "Caller-Caller-ID-Number",
    "Caller-Destination-Number",
    "Caller-Context",
    "Hangup-Cause",
    "variable_sip_gateway_name",
];

/// What every server shows (`src/mod/applications/mod_commands/mod_commands.c`, `show_function`).
pub(super) fn tables() -> Vec<Candidate> {
    let tables = [
        "channels",
        "calls",
        "bridged_calls",
        "detailed_calls",
        "registrations",
        "modules",
        "api",
        "application",
        "codec",
        "endpoint",
        "dialplan",
        "file",
        "timer",
        "interfaces",
        "limits",
        "nat_map",
        "say",
        "tasks",
        "aliases",
        "complete",
        "management",
        "chat",
    ];
    tables.into_iter().map(Candidate::new).collect()
}

pub(super) fn variables() -> Vec<Candidate> {
    VARIABLES.iter().copied().map(Candidate::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn no_name_is_there_twice() {
        for names in [VARIABLES, SUBCLASSES] {
            let mut known: Vec<_> = names.to_vec();
            known.sort_unstable();
            known.dedup();
            assert_eq!(known.len(), names.len());
        }
    }
}
