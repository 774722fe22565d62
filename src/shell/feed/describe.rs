//! What an event says by default, beside its time and its name: one table.
//!
//! # Invariants
//! One line of bounded length, sanitised, for any event at all.

use crate::model::Event;
use crate::shell::text::sanitise;

/// The headers of an event that say most, as the table has them; of an event that is not in the table
/// those that only it has.
pub(super) fn describe(event: &Event) -> String {
    let kind = event.kind();
    let known = TABLE.iter().find(|(name, _)| *name == kind).map(|(_, template)| *template);
    let text = known.map(|template| fill(event, template)).unwrap_or_default();
    // A build of FreeSWITCH may name its headers in another way.
    if text.is_empty() { leftover(event) } else { text }
}

/// Fills in a template of parts; a part that lacks a header is left out.
fn fill(event: &Event, template: &str) -> String {
    let parts = template.split('|').filter_map(|part| fill_part(event, part));
    parts.collect::<Vec<_>>().join(", ")
}

fn fill_part(event: &Event, part: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        text.push_str(before);
        match name.strip_prefix('?') {
            Some(name) => {
                if let Some(value) = value(event, name) {
                    text.push(' ');
                    text.push_str(&value);
                }
            }
            None => text.push_str(&name.split('/').find_map(|name| value(event, name))?),
        }
        rest = behind;
    }
    text.push_str(rest);
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// A header as it is shown; nothing where it says nothing.
fn value(event: &Event, name: &str) -> Option<String> {
    let value = match name {
        "_body" => event.body().map(|body| {
            let mut lines = body.lines().filter(|line| !line.trim().is_empty());
            let first = lines.next().unwrap_or_default().to_owned();
            if lines.next().is_some() { format!("{first} ...") } else { first }
        }),
        // Microseconds behind it are for machines.
        "Up-Time" => event.get(name).map(|text| {
            let units = text.split(", ").filter(|unit| {
                !unit.starts_with("0 ") && !unit.contains("second") && !unit.is_empty()
            });
            units.take(2).collect::<Vec<_>>().join(" ")
        }),
        "Idle-CPU" => event.get(name).map(|text| {
            text.parse::<f64>().map_or_else(|_err| text.into_owned(), |idle| format!("{idle:.0}"))
        }),
        _ => event.get(name).map(std::borrow::Cow::into_owned),
    }?;
    if value.trim().is_empty() || value == "_undef_" {
        return None;
    }
    let value = sanitise::line(&value);
    let end = value.char_indices().nth(LONGEST).map(|(at, _)| at);
    Some(match end.and_then(|end| value.get(..end)) {
        Some(start) => format!("{start}…"),
        None => value.into_owned(),
    })
}

/// The first headers that not every event and not every channel has, by name.
fn leftover(event: &Event) -> String {
    let mut names = Vec::new();
    for field in event.data().fields() {
        let name = String::from_utf8_lossy(field.name).into_owned();
        let is_common = COMMON.iter().any(|start| name.starts_with(start));
        if !is_common && !names.contains(&name) && names.len() < MOST {
            names.push(name);
        }
    }
    let shown =
        |name: &String| value(event, name).map(|it| format!("{} {it}", sanitise::line(name)));
    let mut parts: Vec<_> = names.iter().filter_map(shown).collect();
    parts.extend(value(event, "_body").filter(|_| parts.is_empty()));
    if parts.is_empty() {
        parts.extend(value(event, "Channel-Name").or_else(|| value(event, "Event-Info")));
    }
    parts.join(", ")
}

/// Headers of every event, and those that say which channel it is of.
const COMMON: &[&str] = &[
    "Event-",
    "Core-UUID",
    "FreeSWITCH-",
    "Unique-ID",
    "Channel-",
    "Caller-",
    "Other-",
    "Call-Direction",
    "Presence-",
    "Answer-State",
    "Hangup-",
    "Content-Length",
    "variable_",
    "ARRAY::",
];
/// Headers shown of an event that is not in the table.
const MOST: usize = 6;
/// Letters of one header.
const LONGEST: usize = 160;

/// The parts of the line of an event, `|` between them: `{Header}`, the first of `{This/Or-That}`,
/// and `{?Header}` for one that may be absent. `_body` is the first line of the body. The names of
/// the headers are those that the FreeSWITCH 1.10 sources add.
pub(super) const TABLE: &[(&str, &str)] = &[
    // The server.
    (
        "HEARTBEAT",
        "sessions {Session-Count} of {Max-Sessions}|{Session-Per-Sec-Last/Session-Per-Sec} per \
         second|peak {Session-Peak-FiveMin} in 5 minutes|CPU {Idle-CPU} % idle|up {Up-Time}",
    ),
    ("STARTUP", "{Event-Info}|{FreeSWITCH-Version}"),
    ("SHUTDOWN", "{Event-Info}"),
    ("SHUTDOWN_REQUESTED", "{Event-Info}"),
    ("RELOADXML", "{Event-Calling-Function}|{Event-Calling-File}"),
    ("MODULE_LOAD", "{type} {name}|module {key/filename}|{description}"),
    ("MODULE_UNLOAD", "{type} {name}|module {key/filename}|{description}"),
    ("API", "{API-Command}{?API-Command-Argument}"),
    ("BACKGROUND_JOB", "job {Job-UUID}|{Job-Command}{?Job-Command-Arg}|{_body}"),
    ("COMMAND", "{Command/call-command/API-Command}{?Argument}|{_body}"),
    ("PRIVATE_COMMAND", "{call-command}{?execute-app-name}{?execute-app-arg}"),
    ("ADD_SCHEDULE", "task {Task-ID}|{Task-Desc}|group {Task-Group}|due {Task-Runtime}"),
    ("DEL_SCHEDULE", "task {Task-ID}|{Task-Desc}|group {Task-Group}|due {Task-Runtime}"),
    ("EXE_SCHEDULE", "task {Task-ID}|{Task-Desc}|group {Task-Group}|due {Task-Runtime}"),
    ("RE_SCHEDULE", "task {Task-ID}|{Task-Desc}|group {Task-Group}|due {Task-Runtime}"),
    (
        "TRAP",
        "{condition}|from {network-address-previous-v4/network-address-previous-v6}|to \
         {network-address-change-v4/network-address-change-v6}|IPv4 {network-status-v4}|IPv6 \
         {network-status-v6}|{old-hostname} is now {new-hostname}|signal {Trapped-Signal}|\
         {Additional-Info}",
    ),
    ("NAT", "{op} {proto} port {port}|sticky {sticky}"),
    ("LOG", "{_body/Log-Data}"),
    ("GENERAL", "{Event-Info}|{_body}"),
    (
        "FAILURE",
        "{Failure-Message}|service {service}|port {port}|profile {profile}|{file} line {line}",
    ),
    ("SESSION_CRASH", "{Channel-Name}|{Signal}"),
    ("REQUEST_PARAMS", "{section} {tag_name} {key_name} {key_value}|domain {domain}|user {user}"),
    ("QUEUE_LEN", "{Queue-Name} {Queue-Len}"),
    // No part of FreeSWITCH 1.10 fires these; modules of others may.
    ("CLIENT_DISCONNECTED", "{Event-Info}"),
    ("CLONE", "{Event-Info}"),
    ("INBOUND_CHAN", "{Channel-Name}"),
    ("OUTBOUND_CHAN", "{Channel-Name}"),
    ("SERVER_DISCONNECTED", "{Event-Info}"),
    ("SOCKET_DATA", "{_body}"),
    ("ALL", "{Event-Info}"),
    ("SUBCLASS_ANY", "{Event-Subclass}"),
    ("CUSTOM", "{Event-Subclass}"),
    // Channels.
    ("CHANNEL_CREATE", CALLER),
    ("CHANNEL_OUTGOING", CALLER),
    ("CHANNEL_ORIGINATE", CALLER),
    ("CHANNEL_PROGRESS", CALLER),
    ("CHANNEL_PROGRESS_MEDIA", CALLER),
    ("CHANNEL_ANSWER", CALLER),
    ("CHANNEL_HOLD", CALLER),
    ("CHANNEL_UNHOLD", CALLER),
    ("CHANNEL_PARK", CALLER),
    ("CHANNEL_UNPARK", CALLER),
    ("CHANNEL_DESTROY", "{Channel-Name}|{Hangup-Cause}"),
    ("CHANNEL_HANGUP", "{Channel-Name}|{Hangup-Cause}"),
    (
        "CHANNEL_HANGUP_COMPLETE",
        "{Channel-Name}|{Hangup-Cause}|SIP {variable_sip_term_status}|{variable_billsec} s billed|\
         {variable_sip_hangup_disposition}",
    ),
    ("CHANNEL_BRIDGE", "{Channel-Name}|to {Other-Leg-Channel-Name/Bridge-B-Unique-ID}"),
    ("CHANNEL_UNBRIDGE", "{Channel-Name}|from {Other-Leg-Channel-Name/Bridge-B-Unique-ID}"),
    ("CHANNEL_STATE", "{Channel-Name}|{Channel-State}"),
    ("CHANNEL_CALLSTATE", "{Channel-Name}|{Original-Channel-Call-State} to {Channel-Call-State}"),
    ("CHANNEL_EXECUTE", "{Channel-Name}|{Application}{?Application-Data}"),
    (
        "CHANNEL_EXECUTE_COMPLETE",
        "{Channel-Name}|{Application}{?Application-Data}|{Application-Response}",
    ),
    ("CHANNEL_APPLICATION", "{Channel-Name}|{Application}{?Application-Data}"),
    ("CHANNEL_UUID", "{Channel-Name}|was {Old-Unique-ID}"),
    ("CHANNEL_DATA", "{Channel-Name}|{Channel-State}|{Channel-Call-State}"),
    ("CHANNEL_GLOBAL", "{Channel-Name}|{Channel-State}"),
    ("SESSION_DATA", "{Channel-Name}|{Channel-State}"),
    ("SESSION_HEARTBEAT", "{Channel-Name}|{Channel-Call-State}"),
    (
        "CALL_UPDATE",
        "{Channel-Name}|{Direction}|to {Bridged-To}|callee {Sent-Callee-ID-Name/Caller-Callee-ID-Name} \
         {Sent-Callee-ID-Number/Caller-Callee-ID-Number}",
    ),
    ("CALL_DETAIL", "{Channel-Name}|{Caller-Caller-ID-Number} -> {Caller-Destination-Number}"),
    ("CALL_SECURE", "{secure_type}|{caller-unique-id}|{secure_media_confirmed}"),
    (
        "CALL_SETUP_REQ",
        "{Request-Action}|from {Requesting-Component}|to {Target-Component}|{Request-Target}",
    ),
    ("CALL_SETUP_RESULT", "{Request-Action}|{Result}|{Target-Component}"),
    ("BLIND_TRANSFER", "{Channel-Name}|to {Transfer-Exten/Caller-Destination-Number}"),
    (
        "CODEC",
        "{Channel-Name}|reads {channel-read-codec-name} {channel-read-codec-rate}|writes \
         {Channel-Write-Codec-Name} {Channel-Write-Codec-Rate}|video {channel-video-read-codec-name}",
    ),
    // Media.
    ("DTMF", "digit {DTMF-Digit}|{DTMF-Duration} samples|{DTMF-Source}|{Channel-Name}"),
    ("PLAYBACK_START", "{Playback-File-Path}|{Channel-Name}"),
    ("PLAYBACK_STOP", "{Playback-File-Path}|{Playback-Status}|{Channel-Name}"),
    ("RECORD_START", "{Record-File-Path}|{Channel-Name}"),
    (
        "RECORD_STOP",
        "{Record-File-Path}|{Record-Completion-Cause}|{variable_record_seconds} s|{Channel-Name}",
    ),
    ("MEDIA_BUG_START", "{Media-Bug-Function}|{Media-Bug-Target}|{Channel-Name}"),
    ("MEDIA_BUG_STOP", "{Media-Bug-Function}|{Media-Bug-Target}|{Channel-Name}"),
    ("DETECTED_TONE", "{Detected-Tone/Detected-Fax-Tone}|{Channel-Name}"),
    ("DETECTED_SPEECH", "{Speech-Type}|{ASR-Completion-Cause}|{_body}|{Channel-Name}"),
    ("TALK", "{Channel-Name}"),
    ("NOTALK", "{Channel-Name}"),
    ("TEXT", "{_body/text}|{Channel-Name}"),
    (
        "SEND_RTCP_MESSAGE",
        "SSRC {SSRC}|{Sender-Packet-Count} packets sent|lost {Source0-Lost}|jitter {Source0-Jitter}|\
         {Channel-Name}",
    ),
    (
        "RECV_RTCP_MESSAGE",
        "SSRC {SSRC}|{Sender-Packet-Count} packets sent|lost {Source0-Lost}|jitter {Source0-Jitter}|\
         round trip {Source0-RTT/Rtt}|{Channel-Name}",
    ),
    // Messages and presence.
    ("MESSAGE", MESSAGE),
    ("SEND_MESSAGE", MESSAGE),
    ("RECV_MESSAGE", MESSAGE),
    ("MESSAGE_QUERY", "{Message-Account}|profile {VM-Sofia-Profile}"),
    (
        "MESSAGE_WAITING",
        "{MWI-Message-Account}|waiting {MWI-Messages-Waiting}|voice {MWI-Voice-Message}",
    ),
    ("SEND_INFO", "{SIP-Content-Type/Content-Type}|to {SIP-To-User}|{_body}|{Channel-Name}"),
    ("RECV_INFO", "{SIP-Content-Type}|from {SIP-From-User}@{SIP-From-Host}|{_body}|{Channel-Name}"),
    ("NOTIFY", "{event-string/event}|to {to-uri}|profile {profile}|{_body}"),
    ("NOTIFY_IN", "{event}|from {from/from-user}|{host}{?port}|{pl_data/_body}"),
    ("PRESENCE_IN", PRESENCE),
    ("PRESENCE_OUT", PRESENCE),
    ("PRESENCE_PROBE", "from {from}|to {to}|{event_type/event}"),
    ("ROSTER", "from {from}|{event_type}|{proto}"),
    ("PUBLISH", "{service}|port {port}|{profile}"),
    ("UNPUBLISH", "{service}|port {port}|{profile}"),
    ("UNSUBSCRIBE", "{from}|{to}|{event}"),
    (
        "DEVICE_STATE",
        "device {Device-ID}|{Last-Device-State} to {Device-State}|{Device-Call-State}|legs \
         {Device-Total-Legs}",
    ),
    ("PHONE_FEATURE", "{Feature-Event}|{user}@{host}|{Feature-Action}{?Feature-Enabled}"),
    ("PHONE_FEATURE_SUBSCRIBE", "{user}@{host}|{contact}|{Feature-Action}"),
    ("CONFERENCE_DATA", CONFERENCE),
    ("CONFERENCE_DATA_QUERY", "{Conference-Name/conference_name}|{from}|{to}"),
    // Subclasses of CUSTOM.
    (
        "sofia::gateway_state",
        "gateway {Gateway}|state {State}|ping {Ping-Status}|{Status}{?Phrase}|\
         {Register-Network-IP}{?Register-Network-Port}",
    ),
    ("sofia::gateway_add", "gateway {Gateway}|profile {profile-name}"),
    ("sofia::gateway_delete", "gateway {Gateway}|profile {profile-name}"),
    ("sofia::gateway_invalid_digest_req", "gateway {Gateway}|profile {profile-name}|realm {realm}"),
    (
        "sofia::sip_user_state",
        "{from-user}@{from-host}|ping {Ping-Status}|{Status}{?Phrase}|profile {profile-name}",
    ),
    ("sofia::register", REGISTER),
    ("sofia::pre_register", REGISTER),
    ("sofia::register_attempt", REGISTER),
    (
        "sofia::register_failure",
        "{to-user}@{to-host}|{network-ip}{?network-port}|profile {profile-name}|{user-agent}|\
         {registration-type}",
    ),
    (
        "sofia::unregister",
        "{from-user/username}@{from-host}|{network-ip}{?network-port}|profile {profile-name}|\
         {contact}",
    ),
    (
        "sofia::expire",
        "{user}@{host}|{network-ip}{?network-port}|profile {profile-name}|{user-agent}",
    ),
    ("sofia::profile_start", "profile {profile_name/profile-name}|{profile_uri}"),
    ("sofia::reinvite", "{Channel-Name/Unique-ID}"),
    ("sofia::replaced", "{Channel-Name}|{Caller-Caller-ID-Number} -> {Caller-Destination-Number}"),
    (
        "sofia::transferor",
        "{Channel-Name}|{Caller-Caller-ID-Number} -> {Caller-Destination-Number}",
    ),
    (
        "sofia::transferee",
        "{Channel-Name}|{Caller-Caller-ID-Number} -> {Caller-Destination-Number}",
    ),
    ("sofia::intercepted", "{Channel-Name}|by {intercepted_by}"),
    ("sofia::error", "{Error-Type}|to {Transfer-Exten}|{Full-Refer-To}"),
    ("sofia::wrong_call_state", "{network_ip}{?network_port}|from {from_user}@{from_host}"),
    ("sofia::bye_response", "{Unique-ID}|SIP call {call-id}"),
    ("sofia::notify_refer", "from {from}|to {to}|{subscription-substate}|{_body}"),
    ("sofia::notify_watched_header", "{Header-Name}: {Header-Value}|{SIP-Message}"),
    ("sofia::recovery_recovered", "{Channel-Name/profile}"),
    ("sofia::recovery_send", "{Channel-Name/profile}"),
    ("sofia::recovery_recv", "{Channel-Name/profile}"),
    ("conference::maintenance", CONFERENCE),
    ("conference::cdr", "{Conference-Name}|{_body}"),
    (
        "callcenter::info",
        "{CC-Action}|queue {CC-Queue}|agent {CC-Agent}|{CC-Agent-Status}|{CC-Agent-State}|member \
         {CC-Member-CID-Name} {CC-Member-CID-Number}|{CC-Count} waiting|{CC-Cause}|\
         {CC-Cancel-Reason}|{CC-Hangup-Cause}",
    ),
    (
        "fifo::info",
        "{FIFO-Action}|queue {FIFO-Name}|caller {FIFO-Caller-CID-Name} {FIFO-Caller-CID-Number}|\
         result {FIFO-Result/result}|{cause}|{Channel-Name}",
    ),
    (
        "valet_parking::info",
        "{Action}|lot {Valet-Lot-Name}|slot {Valet-Extension}|bridge to {Bridge-To-UUID}|\
         {Channel-Name}",
    ),
    (
        "vm::maintenance",
        "{VM-Action}|{VM-User}@{VM-Domain}|from {VM-Caller-ID-Name} {VM-Caller-ID-Number}|\
         {VM-Message-Len} s|{VM-Auth-Result}",
    ),
    ("spandsp::txfaxresult", FAX),
    ("spandsp::rxfaxresult", FAX),
    ("spandsp::txfaxpageresult", FAX),
    ("spandsp::rxfaxpageresult", FAX),
    ("spandsp::txfaxnegociateresult", FAX),
    ("spandsp::rxfaxnegociateresult", FAX),
    (
        "verto::login",
        "{verto_login}|{verto_client_address}|profile {verto_profile_name}|success {verto_success}|\
         {verto_result_txt}",
    ),
    ("verto::client_connect", "{verto_client_address}|profile {verto_profile_name}"),
    (
        "verto::client_disconnect",
        "{verto_login}|{verto_client_address}|profile {verto_profile_name}",
    ),
    ("mod_bert::in_sync", "{Channel-Name}"),
    ("mod_bert::lost_sync", "{Channel-Name}|{sync_lost_percent} % lost|{sync_lost_count} times"),
    ("mod_bert::timeout", "{Channel-Name}"),
];

const CALLER: &str = "{Channel-Name}|{Caller-Caller-ID-Number} -> {Caller-Destination-Number}";
const MESSAGE: &str = "from {from}|to {to}|{proto}|{subject}|{_body}";
const PRESENCE: &str = "{from/login}|{status}|{rpid}|{event_type}|{answer-state}|{call-direction/presence-call-direction}";
const CONFERENCE: &str = "{Conference-Name}|{Action}|member {Member-ID}|{Conference-Size} members|\
                          {Caller-Caller-ID-Name} {Caller-Caller-ID-Number}";
const REGISTER: &str = "{from-user}@{from-host}|{network-ip}{?network-port}|profile {profile-name}|\
                        for {expires} s|{auth-result}|{user-agent}";
const FAX: &str = "{fax-result-text}|code {fax-result-code}|pages \
                   {fax-document-transferred-pages} of {fax-document-total-pages}|rate \
                   {fax-transfer-rate}|remote {fax-remote-station-id}";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use super::*;
    use crate::model::EVENT_NAMES;
    use crate::wire::{EventData, Format};

    fn event(name: &str, headers: &str) -> Event {
        let (name, subclass) = match name.contains("::") {
            true => ("CUSTOM", format!("Event-Subclass: {}\n", name.replace(':', "%3A"))),
            false => (name, String::new()),
        };
        let standard = "Core-UUID: c\nFreeSWITCH-Hostname: h\nEvent-Date-Timestamp: 1\n";
        let text = format!("Event-Name: {name}\n{standard}{subclass}{headers}\n");
        Event::new(EventData::new(Format::Plain, text.into_bytes().into()))
    }

    /// The headers that a template needs for its first part.
    fn first_headers(template: &str) -> Vec<&str> {
        let part = template.split('|').next().unwrap();
        let names = part.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        names
            .filter(|name| !name.starts_with('?'))
            .map(|name| name.split('/').next().unwrap())
            .collect()
    }

    #[limited::test]
    fn each_event_has_a_default_line() {
        let known: BTreeSet<_> = TABLE.iter().map(|(name, _)| *name).collect();
        assert_eq!(known.len(), TABLE.len(), "each once");
        let missing: Vec<_> = EVENT_NAMES.iter().filter(|name| !known.contains(*name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for (name, template) in TABLE {
            let headers = first_headers(template);
            assert!(!headers.is_empty(), "{name}: a line without a header says nothing");
            let mut text = String::new();
            let is_body = headers.contains(&"_body");
            for header in headers.iter().filter(|header| **header != "_body") {
                if !header.starts_with("Event-") {
                    writeln!(text, "{header}: V-{header}").unwrap();
                }
            }
            if is_body {
                text.push_str("Content-Length: 6\n\nV-body");
            }
            let shown = describe(&event(name, &text));
            let is_plain = |header: &&&str| !header.starts_with("Event-") && **header != "_body";
            for header in headers.iter().filter(is_plain) {
                assert!(shown.contains(&format!("V-{header}")), "{name}: {shown}");
            }
            assert!(!is_body || shown.contains("V-body"), "{name}: {shown}");
        }
    }

    #[limited::test]
    fn what_an_event_says() {
        for (name, headers, expected) in [
            (
                "sofia::gateway_state",
                "Gateway: carrier-a\nState: NOREG\nPing-Status: DOWN\n",
                "gateway carrier-a, state NOREG, ping DOWN",
            ),
            (
                "sofia::gateway_state",
                "Gateway: a\nState: FAIL_WAIT\nPhrase: Forbidden\nStatus: 403\n",
                "gateway a, state FAIL_WAIT, 403 Forbidden",
            ),
            (
                "HEARTBEAT",
                "Up-Time: 0%20years%2C%202%20days%2C%201%20hour%2C%2059%20minutes%2C%207%20seconds\n\
                 Session-Count: 12\nMax-Sessions: 1000\nSession-Per-Sec: 30\nSession-Per-Sec-Last: 3\n\
                 Session-Peak-FiveMin: 40\nIdle-CPU: 94.166667\n",
                "sessions 12 of 1000, 3 per second, peak 40 in 5 minutes, CPU 94 % idle, up 2 days 1 hour",
            ),
            ("API", "API-Command: show\nAPI-Command-Argument: calls\n", "show calls"),
            ("API", "API-Command: status\n", "status"),
            (
                "BACKGROUND_JOB",
                "Job-UUID: j\nJob-Command: originate\nContent-Length: 9\n\n-ERR one\ntwo\n",
                "job j, originate, -ERR one",
            ),
            (
                "DTMF",
                "DTMF-Digit: 5\nDTMF-Duration: 2000\nDTMF-Source: RTP\n",
                "digit 5, 2000 samples, RTP",
            ),
            (
                "conference::maintenance",
                "Conference-Name: 3000\nAction: add-member\nMember-ID: 7\nConference-Size: 2\n",
                "3000, add-member, member 7, 2 members",
            ),
            // Not in the table, and headers of another build.
            (
                "acme::thing",
                "Colour: red%1b[2J\nvariable_x: 1\nSize: 5\n",
                "Colour red␛[2J, Size 5",
            ),
            ("acme::empty", "", ""),
            ("HEARTBEAT", "Load: 3\n", "Load 3"),
            ("TALK", "Channel-Name: sofia/x\n", "sofia/x"),
        ] {
            assert_eq!(describe(&event(name, headers)), expected, "{name}");
        }
    }

    #[limited::test]
    fn a_line_is_bounded() {
        let long = "x".repeat(100_000);
        let headers: String = (0..50).map(|n| format!("H{n}: {long}\n")).collect();
        assert!(describe(&event("acme::thing", &headers)).len() < 2_000);
        assert!(describe(&event("API", &format!("API-Command: {long}\n"))).len() < 1_000);
    }
}
