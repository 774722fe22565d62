//! How a server is: what it needs so that calls work, and what leaves it open.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::report::Report;
use super::xml;
use crate::client::{Client, Error};
use crate::conn::{Config, Login};
use crate::listener::EventListener;
use crate::model::{Rows, Status};
use crate::shell::commands::server_tables::sofia_lines;
use crate::shell::view::{counted, span};

/// Checks a connected server.
pub(in crate::shell) async fn server(
    client: &Client,
    profile: &str,
    is_read_only: bool,
    report: &mut Report,
) {
    let start = Instant::now();
    let Some(text) = ask(client, "status").await else {
        report.fail("api", "this login may not even ask for the status", RIGHTS);
        return;
    };
    round_trip(start.elapsed(), report);
    health(&Status::parse(&text), report);
    match ask(client, "fsctl pause_check").await.as_deref() {
        Some("true") => {
            report.fail("paused", "the server takes no new calls", "\"api fsctl resume\" ends it");
        }
        Some(_) => report.ok("paused", "it takes new calls"),
        None => report.unknown("paused", "fsctl pause_check does not say"),
    }
    channels(client, report).await;
    clock(client, report).await;
    exposure(client, report).await;
    events(client, is_read_only, report).await;
    modules(client, report).await;
    sip_profile(client, profile, report).await;
}

const RIGHTS: &str = "the directory user needs <param name=\"esl-allowed-api\" value=\"status show \
                      uuid_kill ...\"/>";

/// The text of a command, if it works.
pub(super) async fn ask(client: &Client, line: &str) -> Option<String> {
    client.cmd(line).await.ok()
}

fn round_trip(took: Duration, report: &mut Report) {
    let found = format!("a command takes {} ms", took.as_millis());
    if took > Duration::from_millis(500) {
        report.warn(
            "latency",
            found,
            "a slow network, or a busy server: \"status\" shows its idle CPU",
        );
    } else {
        report.ok("latency", found);
    }
}

fn health(status: &Status, report: &mut Report) {
    let uptime = status.uptime.and_then(|up| u64::try_from(up.as_micros()).ok()).map(span);
    match uptime.filter(|_| !status.version.is_empty() && !status.state.is_empty()) {
        Some(uptime) => {
            let state = &status.state;
            let version = format!("FreeSWITCH {}, up {uptime}, {state}", status.version);
            if state == "ready" {
                report.ok("version", version);
            } else {
                let cure = "it is starting, shutting down, or not able to take calls";
                report.warn("version", version, cure);
            }
        }
        None => report.unknown("version", "the reply to \"status\" is cut"),
    }
    let cure = "switch.conf.xml: <param name=\"max-sessions\" value=\"...\"/>, or \"api fsctl \
                max_sessions N\" until the next start";
    let (now, most) = (status.sessions, status.sessions_max);
    limit("sessions", "sessions", now, most, cure, report);
    let cure = "switch.conf.xml: <param name=\"sessions-per-second\" value=\"...\"/>, or \"api \
                fsctl sps N\" until the next start";
    let (now, most) = (status.per_second, status.per_second_max);
    limit("rate", "calls a second", now, most, cure, report);
}

/// Without the table of channels, calls are known from their next event on only.
async fn channels(client: &Client, report: &mut Report) {
    let text = client.cmd("show channels as json").await;
    let table = match &text {
        Ok(text) => Rows::parse(text).map_err(|err| err.to_string()),
        Err(err) => Err(err.to_string()),
    };
    let cure = "esl-allowed-api of the directory user needs show; FreeSWITCH started with -nosql has \
                no such table";
    match table {
        Ok(table) if table.unreadable == 0 => {}
        Ok(table) => {
            let rows = counted(table.unreadable, "row");
            report.warn("channels", format!("{rows} of the table cannot be read"), "");
        }
        Err(err) => {
            let found =
                format!("the table of channels cannot be had, so not all calls are known: {err}");
            report.warn("channels", found, cure);
        }
    }
}

/// Whether a number comes near to what the server allows.
fn limit(
    name: &'static str,
    things: &str,
    now: Option<u64>,
    most: Option<u64>,
    cure: &str,
    report: &mut Report,
) {
    let (Some(now), Some(most)) = (now, most) else {
        report.unknown(name, "the reply to \"status\" is cut");
        return;
    };
    let found = format!("{now} {things} of {most}");
    if most > 0 && now.saturating_mul(10) >= most.saturating_mul(8) {
        report.warn(name, found, cure);
    } else {
        report.ok(name, found);
    }
}

/// Times in events are the server's.
async fn clock(client: &Client, report: &mut Report) {
    let before = jiff::Timestamp::now().as_millisecond();
    let theirs = ask(client, "strepoch").await.and_then(|text| text.parse::<i64>().ok());
    let after = jiff::Timestamp::now().as_millisecond();
    let Some(theirs) = theirs else {
        report.unknown("clock", "the server does not report its time");
        return;
    };
    // Whole seconds: within one of ours is the same time.
    let ours = (before + after) / 2000;
    let off = theirs - ours;
    if off.abs() > 2 {
        report.warn(
            "clock",
            format!("the server's clock is {} s {}", off.abs(), if off > 0 { "ahead" } else { "behind" }),
            "set both clocks by NTP: \"timedatectl\"; FreeSWITCH follows with \"api fsctl sync_clock\"",
        );
    } else {
        report.ok("clock", "the server's clock and this one agree");
    }
}

/// Who else can run commands there.
async fn exposure(client: &Client, report: &mut Report) {
    let is_stock = match client.config().login() {
        Login::Password(password) => password.expose() == Config::PASSWORD,
        Login::User { .. } => false,
    };
    let line = "xml_locate configuration configuration name event_socket.conf";
    let Some(conf) = ask(client, line).await else {
        if is_stock {
            report.warn("exposure", "the password is the stock one", CHANGE_PASSWORD);
        } else {
            report.unknown("exposure", "the server does not report where its event socket listens");
        }
        return;
    };
    let conf = match xml::read(&conf) {
        Ok(conf) => conf,
        Err(why) => {
            let found = format!("event_socket.conf of the server cannot be read: {why}");
            report.unknown("exposure", found);
            return;
        }
    };
    let listen = xml::param(&conf, "listen-ip").unwrap_or("::");
    let acl = xml::param(&conf, "apply-inbound-acl");
    let is_open = matches!(listen, "::" | "0.0.0.0" | "");
    let is_stock = is_stock || xml::param(&conf, "password") == Some(Config::PASSWORD);
    let found = format!(
        "it listens on {listen}, {}, the password is {}",
        acl.map_or_else(|| "loopback only by default".to_owned(), |acl| format!("for list {acl}")),
        if is_stock { "the stock one" } else { "not the stock one" },
    );
    let cure = format!(
        "{CHANGE_PASSWORD}\nand <param name=\"listen-ip\" value=\"127.0.0.1\"/> unless others need it"
    );
    match (is_stock, is_open) {
        (true, true) => report.fail(
            "exposure",
            format!("{found}: anyone who reaches the port controls the server"),
            cure,
        ),
        (true, false) => report.warn("exposure", found, CHANGE_PASSWORD),
        (false, true) if acl.is_none() => report.ok("exposure", found),
        (false, _) => report.ok("exposure", found),
    }
}

const CHANGE_PASSWORD: &str = "event_socket.conf.xml: <param name=\"password\" value=\"a long one of \
                               your own\"/>, then \"reload mod_event_socket\"";

/// Whether events and log lines arrive, over a separate connection.
async fn events(client: &Client, is_read_only: bool, report: &mut Report) {
    let listener = EventListener::with_config(client.config());
    if let Err(err) = listener.connect().await {
        let cure = "a directory user needs <param name=\"esl-allowed-events\" value=\"all\"/>";
        report.fail("events", err.to_string(), cure);
        return;
    }
    report.ok("events", "the server takes the subscription");
    let mut logs = listener.logs();
    if let Err(err) = listener.log(Some("debug")).await {
        let cure = "a directory user needs <param name=\"esl-allowed-log\" value=\"true\"/>";
        report.warn("log", err.to_string(), cure);
    } else if is_read_only {
        report.unknown("log", "read-only: no line is written to the server's log to look for");
    } else {
        // One line in the log of the server: the only trace that a check leaves.
        let mark = format!("switchy doctor {}", listener.id());
        let written = ask(client, &format!("log DEBUG {mark}")).await.is_some();
        let heard = timeout(Duration::from_secs(2), async {
            while let Some(line) = logs.next().await {
                if line.text().contains(&mark) {
                    return true;
                }
            }
            false
        });
        if !written {
            report.unknown("log", "this login may not write a line to look for");
        } else if heard.await == Ok(true) {
            report.ok("log", "debug lines arrive");
        } else {
            let cure = "\"api fsctl loglevel debug\" until the next start; switch.conf.xml: <param \
                        name=\"loglevel\" value=\"debug\"/>";
            report.warn("log", "debug lines do not arrive: the core's level is lower", cure);
        }
    }
    listener.disconnect().await;
}

/// What calls and apps need.
async fn modules(client: &Client, report: &mut Report) {
    let mut missing = Vec::new();
    let mut unknown = 0;
    for name in MODULES {
        match ask(client, &format!("module_exists {name}")).await.as_deref() {
            Some("true") => {}
            Some(_) => missing.push(*name),
            None => unknown += 1,
        }
    }
    if unknown == MODULES.len() {
        report.unknown("modules", "the server does not list which are loaded");
    } else if missing.is_empty() {
        report.ok("modules", MODULES.join(" "));
    } else {
        let load = missing.iter().map(|name| format!("<load module=\"{name}\"/>"));
        let cure = format!(
            "modules.conf.xml: {}; \"api load {}\" until the next start",
            load.collect::<Vec<_>>().join(" "),
            missing.first().copied().unwrap_or_default(),
        );
        report.warn("modules", format!("not loaded: {}", missing.join(" ")), cure);
    }
}

const MODULES: &[&str] = &[
    "mod_commands",
    "mod_dptools",
    "mod_dialplan_xml",
    "mod_sofia",
    "mod_loopback",
    "mod_tone_stream",
];

/// The profile that calls come in and go out through, and what its context does with them.
pub(super) async fn sip_profile(client: &Client, profile: &str, report: &mut Report) {
    let text = match client.cmd(&format!("sofia status profile {profile}")).await {
        Ok(text) => text,
        Err(err) => {
            if !is_about_it(&err) {
                report.unknown("profile", format!("the server does not report {profile}: {err}"));
                return;
            }
            let names = profiles(client).await;
            let names = names.map_or_else(|| "not known".to_owned(), |names| names.join(", "));
            let cure = format!(
                "there are: {names}\nsip_profiles/{profile}.xml defines it; \"api sofia profile {profile} \
                 start\" starts it",
            );
            report.fail("profile", format!("{profile}: {err}"), cure);
            return;
        }
    };
    let field = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        lines.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == name)
    };
    let url = field("URL").map_or("", |(_, value)| value);
    report.ok("profile", format!("{profile} is {url}"));
    let Some((_, context)) = field("Context") else {
        report.unknown("context", "the profile does not show its context");
        return;
    };
    dial_plan(client, profile, context, report).await;
}

/// The names of the running profiles.
async fn profiles(client: &Client) -> Option<Vec<String>> {
    let sofia = sofia_lines(&ask(client, "sofia status").await?)?;
    let profiles = sofia.lines.into_iter().filter(|line| line.kind == "profile");
    Some(profiles.map(|line| line.name).collect())
}

/// Whether a refusal says that the thing itself is not there, not that it could not be asked for.
pub(super) fn is_about_it(err: &Error) -> bool {
    matches!(err, Error::Api { text, .. } if !text.ends_with("Command not found!"))
}

/// What the context does: the stock plan, one that parks all, or none.
async fn dial_plan(client: &Client, profile: &str, context: &str, report: &mut Report) {
    let line = format!("xml_locate dialplan context name {context}");
    let plan = ask(client, &line).await;
    let plan = plan.as_deref().and_then(|plan| xml::read(plan).ok());
    let Some(plan) = plan.filter(xml::is_context) else {
        let found = format!("calls of {profile} go to context {context}, which cannot be read");
        report.unknown("context", found);
        return;
    };
    let parks = xml::runs(&plan, "park");
    let patterns = xml::destinations(&plan);
    let is_all =
        |pattern: &str| matches!(pattern, "^(.*)$" | "^.*$" | ".*" | "(.*)" | "^(.+)$" | "^.+$");
    if parks && patterns.iter().all(|(_, pattern)| is_all(pattern)) {
        let found = format!("calls of {profile} go to context {context}, which parks all of them");
        if xml::names(&plan, "park_timeout") {
            report.ok("context", format!("{found}, with a limit"));
        } else {
            let cure = "a parked call stays for ever when no program handles it: \"doctor \
                        --dialplan\" prints a plan with a park_timeout";
            report.warn("context", found, cure);
        }
        return;
    }
    let has = |number: &str| {
        patterns.iter().any(|(_, pattern)| super::originate::matches(pattern, number))
    };
    let tests: Vec<_> = ["9196", "9197"].into_iter().filter(|number| has(number)).collect();
    let found = format!(
        "calls of {profile} go to context {context}: {} extensions, {}",
        patterns.len(),
        if tests.is_empty() {
            "without the stock test numbers".to_owned()
        } else {
            format!("{} among them", tests.join(" and "))
        },
    );
    report.ok("context", found);
    report.ok(
        "parking",
        "apps that expect parked calls need a context that parks: \"doctor --dialplan\"",
    );
}
