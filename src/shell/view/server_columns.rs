//! The columns of the tables that only the server can answer.

use super::column::Column;

/// The columns of `registrations`.
pub(in crate::shell) fn registration_columns() -> Vec<Column> {
    vec![
        Column::text("user", "who is registered"),
        Column::text("realm", "SIP domain").rank(2),
        Column::text("contact", "where calls for it go").rank(4),
        Column::text("ip", "address that it came from").rank(1),
        Column::number("port", "port that it came from").rank(2),
        Column::text("proto", "udp, tcp or tls").rank(3),
        Column::span("expires", "expires_ms", "until it ends unless it is renewed").rank(2),
        Column::text("token", "Call-ID of the registration").hidden(),
        Column::text("host", "server that holds it").hidden(),
    ]
}

/// The columns of `gateways`.
pub(in crate::shell) fn gateway_columns() -> Vec<Column> {
    vec![
        Column::text("gateway", "name"),
        Column::text("profile", "sofia profile that it belongs to").rank(2),
        Column::text("to", "whom it registers as").rank(4),
        Column::text("state", "of its registration: REGED, NOREG, FAIL_WAIT ..").rank(1),
        Column::span("retry", "retry_ms", "until it tries to register again").rank(3),
        Column::text("status", "UP or DOWN, as OPTIONS pings say").rank(1),
        Column::text("ping", "ms of the last ping, 0.00 when it is not pinged").rank(3),
        Column::span("uptime", "uptime_ms", "since it came up").rank(3),
        Column::number("calls in", "calls that came from it").with_key("calls_in").rank(2),
        Column::number("failed in", "of which failed").with_key("failed_in").rank(3),
        Column::number("calls out", "calls that went to it").with_key("calls_out").rank(2),
        Column::number("failed out", "of which failed").with_key("failed_out").rank(3),
        Column::text("proxy", "where its calls go").hidden(),
        Column::text("context", "dial plan context of its calls").hidden(),
    ]
}

/// The columns of `profiles`.
pub(in crate::shell) fn profile_columns() -> Vec<Column> {
    vec![
        Column::text("profile", "name"),
        Column::text("url", "address that it listens on").rank(1),
        Column::text("state", "RUNNING, or what else it says").rank(1),
        Column::number("calls", "channels that use it now").rank(1),
        Column::text("aliases", "other names of it").rank(2),
        Column::number("gateways", "how many belong to it").rank(2),
    ]
}

/// The columns of `conferences`.
pub(in crate::shell) fn conference_columns() -> Vec<Column> {
    vec![
        Column::text("conference", "name"),
        Column::number("members", "how many are in it").rank(1),
        Column::number("rate", "sample rate in Hz").rank(3),
        Column::span("runs", "runs_ms", "since it began").rank(2),
        Column::text("flags", "what is on: running, recording ..").rank(4),
        Column::text("numbers", "callers that are in it").rank(2),
        Column::text("uuids", "channels of its members").hidden(),
    ]
}

/// The fields of `status`.
pub(in crate::shell) fn status_columns() -> Vec<Column> {
    vec![
        Column::text("switch", "address of its event socket"),
        Column::text("state", "ready, or what else it says"),
        Column::text("version", "of FreeSWITCH"),
        Column::span("uptime", "uptime_ms", "since it was started"),
        Column::number("sessions", "channels now"),
        Column::number("peak", "most at one time").with_key("sessions_peak").hidden(),
        Column::number("limit", "how many it allows").with_key("sessions_limit").hidden(),
        Column::number("total", "how many since start-up").with_key("sessions_total").hidden(),
        Column::number("rate", "new channels in the last second"),
        Column::number("rate limit", "how many a second it allows").with_key("rate_limit").hidden(),
        Column::number("idle cpu", "percent").with_key("idle_cpu"),
        Column::number("gateways", "how many there are"),
        Column::number("gateways well", "of which registered, or not to be")
            .with_key("gateways_well")
            .hidden(),
        Column::number("registrations", "how many are registered"),
        Column::number("calls", "calls that this shell follows"),
        Column::text("listener", "its connection: connected or disconnected"),
        Column::span("round trip", "round_trip_ms", "how long the server took to answer"),
        Column::span("event lag", "event_lag_ms", "how much later events come than at their best"),
        Column::number("missing events", "events lost on the way; known while all are shown")
            .with_key("missing_events"),
        Column::number("lost updates", "changes we had no time for").with_key("lost_updates"),
        Column::number("not shown", "event lines that were only counted").with_key("not_shown"),
    ]
}
