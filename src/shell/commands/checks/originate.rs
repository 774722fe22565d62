//! Why a call cannot be made: what a dial string needs, piece by piece.

use regex_lite::Regex;

use super::report::Report;
use super::server::{ask, is_about_it};
use super::xml;
use crate::client::{Client, is_dial_string};
use crate::model::dial::{DialString, OriginateLine};
use crate::model::{HangupCause, Rows};
use crate::shell::commands::server_tables::sofia_lines;
use crate::shell::freeswitch::dial_string_lint::lint;
use crate::shell::text::suggest;

/// Checks what `originate LINE` would need.
pub(in crate::shell) async fn originate(client: &Client, line: &str, report: &mut Report) {
    let line = line.trim().strip_prefix("originate ").unwrap_or_else(|| line.trim()).trim();
    if !syntax(line, report) {
        return;
    }
    let read = OriginateLine::parse(line);
    let dial = match is_dial_string(&read.dial) {
        true => read.dial,
        false => format!("sofia/external/{}", read.dial),
    };
    let dial = DialString::parse(&dial).unwrap_or_default();
    for leg in dial.legs().filter(|leg| !leg.target.is_empty()) {
        endpoint(client, &leg.target, report).await;
    }
    target(client, &read.words, report).await;
    if ask(client, "fsctl pause_check").await.as_deref() == Some("true") {
        let cure = "\"api fsctl resume\" ends it";
        report.fail("paused", "the server takes no new calls", cure);
    }
}

/// What FreeSWITCH would read otherwise than it was meant.
fn syntax(line: &str, report: &mut Report) -> bool {
    let problems = lint(line);
    if problems.is_empty() {
        report.ok("syntax", "quotes and brackets match");
    } else {
        let cure = "--var NAME=VALUE brings any value across; \"originate --dry-run\" shows what is \
                    sent";
        report.fail("syntax", problems.join("; "), cure);
    }
    problems.is_empty()
}

async fn endpoint(client: &Client, leg: &str, report: &mut Report) {
    let (kind, rest) = leg.split_once('/').unwrap_or((leg, ""));
    match (kind, rest) {
        ("sofia", rest) if rest.starts_with("gateway/") => {
            let name = rest.split('/').nth(1).unwrap_or_default();
            gateway(client, name, report).await;
        }
        ("sofia", rest) => {
            let profile = rest.split('/').next().unwrap_or_default();
            super::server::sip_profile(client, profile, report).await;
        }
        ("user", user) => registered(client, user, report).await,
        ("error", cause) => {
            let text = format!("it fails on purpose with {cause}");
            if HangupCause::parse(cause).is_known() {
                report.warn("endpoint", text, "another endpoint makes a call");
            } else {
                report.fail(
                    "endpoint",
                    format!("error/{cause} names no cause"),
                    nearest_cause(cause),
                );
            }
        }
        ("loopback", target) => {
            module(client, "mod_loopback", report).await;
            let mut parts = target.split('/');
            let exten = parts.next().unwrap_or_default();
            let context = parts.next().unwrap_or("default");
            extension(client, exten, context, report).await;
        }
        ("null" | "group" | "pickup", _) => report.ok("endpoint", format!("{kind} needs no peer")),
        (kind, _) => {
            let name = match kind {
                "verto.rtc" | "verto" => "mod_verto".to_owned(),
                kind => format!("mod_{kind}"),
            };
            module(client, &name, report).await;
        }
    }
}

fn nearest_cause(cause: &str) -> String {
    suggest::nearest(cause, HangupCause::names())
        .map_or_else(String::new, |near| format!("did you mean {near}?"))
}

async fn module(client: &Client, name: &str, report: &mut Report) {
    match ask(client, &format!("module_exists {name}")).await.as_deref() {
        Some("true") => report.ok("module", format!("{name} is loaded")),
        Some(_) => report.fail(
            "module",
            format!("{name} is not loaded"),
            format!("modules.conf.xml: <load module=\"{name}\"/>; \"api load {name}\" for now"),
        ),
        None => {
            report
                .unknown("module", format!("the server does not report whether {name} is loaded"));
        }
    }
}

async fn gateway(client: &Client, name: &str, report: &mut Report) {
    let text = match client.cmd(&format!("sofia status gateway {name}")).await {
        Ok(text) => text,
        Err(err) if !is_about_it(&err) => {
            report.unknown("gateway", format!("the server does not report {name}: {err}"));
            return;
        }
        Err(_refused) => {
            let names = gateways(client).await;
            let known = names.as_deref().unwrap_or_default();
            let near = suggest::nearest(name, known.iter().map(String::as_str));
            let mut cure = match near {
                Some(near) => format!("did you mean {near}?"),
                None if names.is_none() => "which gateways there are is not known".to_owned(),
                None if known.is_empty() => "the server has no gateway yet".to_owned(),
                None => format!("there are: {}", known.join(", ")),
            };
            cure.push_str(
                "\nsip_profiles/external/NAME.xml defines one; \"api sofia profile external rescan\" \
                 reads it",
            );
            report.fail("gateway", format!("there is no gateway {name}"), cure);
            return;
        }
    };
    let field = |key: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        let found =
            lines.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| *name == key);
        found.map_or("", |(_, value)| value)
    };
    let (state, status) = (field("State"), field("Status"));
    let found = format!("{name}: {state}, {status}");
    if status.starts_with("UP") && matches!(state, "REGED" | "NOREG") {
        report.ok("gateway", found);
    } else {
        let cure = "user, password, proxy and register of the gateway; \"trace --sip\" shows what its \
                    registrar answers; \"api sofia profile external killgw NAME\" and rescan read it anew";
        report.fail("gateway", found, cure);
    }
}

async fn gateways(client: &Client) -> Option<Vec<String>> {
    let sofia = sofia_lines(&ask(client, "sofia status").await?)?;
    let gateways = sofia.lines.into_iter().filter(|line| line.kind == "gateway");
    let name = |name: String| name.rsplit("::").next().map(str::to_owned).unwrap_or(name);
    Some(gateways.map(|line| name(line.name)).collect())
}

async fn registered(client: &Client, user: &str, report: &mut Report) {
    let (name, domain) = match user.split_once('@') {
        Some((name, domain)) => (name.to_owned(), domain.to_owned()),
        None => (user.to_owned(), ask(client, "global_getvar domain").await.unwrap_or_default()),
    };
    let known = ask(client, &format!("user_exists id {name} {domain}")).await;
    if known.as_deref() == Some("false") {
        report.fail(
            "user",
            format!("there is no user {name}@{domain}"),
            format!("directory/default/{name}.xml defines one; the domain must be {domain}"),
        );
        return;
    }
    let contact = ask(client, &format!("sofia_contact {name}@{domain}")).await;
    match contact {
        None => {
            let found = format!("the server does not report whether {name}@{domain} is registered");
            report.unknown("user", found);
        }
        Some(contact) if !contact.starts_with("error/") => {
            report.ok("user", format!("{name}@{domain} is registered: {contact}"));
        }
        Some(_) => report.fail(
            "user",
            format!("{name}@{domain} exists, but is not registered"),
            "the phone registers with user, password and domain of the directory: \"api sofia status \
             profile internal reg\" lists who has",
        ),
    }
}

/// What runs on the caller's side: an application, or an extension of the dial plan.
async fn target(client: &Client, words: &[String], report: &mut Report) {
    let word = |at: usize| words.get(at).map(String::as_str);
    let Some(exten) = word(0) else {
        report.ok("target", "the caller's side is parked");
        return;
    };
    if let Some(app) = exten.strip_prefix('&') {
        let name = app.split(['(', ' ']).next().unwrap_or_default();
        application(client, name, report).await;
        return;
    }
    let dialplan = word(1).unwrap_or("XML");
    let context = word(2).unwrap_or("default");
    if dialplan.eq_ignore_ascii_case("XML") {
        extension(client, exten, context, report).await;
    }
}

async fn application(client: &Client, name: &str, report: &mut Report) {
    let text = ask(client, "show application as json").await;
    let table = text.and_then(|text| Rows::parse(&text).ok()).unwrap_or_default();
    let named = table.rows.iter().filter_map(|row| row.get("name")?.as_str());
    let names: Vec<&str> = named.collect();
    // The one that is asked for may be in a row that could not be read.
    if names.is_empty() || (table.unreadable > 0 && !names.contains(&name)) {
        report.unknown("application", "the server does not list all its applications");
    } else if names.contains(&name) {
        report.ok("application", format!("{name} is there"));
    } else {
        let cure = suggest::nearest(name, names.into_iter()).map_or_else(
            || "\"api show application\" lists them; a module may not be loaded".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        report.fail("application", format!("there is no application {name}"), cure);
    }
}

async fn extension(client: &Client, exten: &str, context: &str, report: &mut Report) {
    let line = format!("xml_locate dialplan context name {context}");
    let plan = match client.cmd(&line).await {
        Ok(plan) => plan,
        // What `xml_locate` says of what is not there (`mod_commands.c`).
        Err(err) if err.to_string().contains("can't find anything") => {
            let cure = "dialplan/*.xml define contexts; \"api reloadxml\" reads them again";
            report.fail("extension", format!("there is no context {context}"), cure);
            return;
        }
        Err(_other) => {
            let found = format!("the server does not show its dial plan ({exten} in {context})");
            report.unknown("extension", found);
            return;
        }
    };
    let plan = match xml::read(&plan) {
        Ok(plan) => plan,
        Err(why) => {
            report.unknown("extension", format!("context {context} cannot be read: {why}"));
            return;
        }
    };
    let found = xml::destinations(&plan).into_iter().find(|(_, pattern)| matches(pattern, exten));
    match found {
        Some((name, pattern)) => {
            report.ok("extension", format!("{exten} matches {pattern} of {name} in {context}"));
        }
        None => report.fail(
            "extension",
            format!("no extension of context {context} matches {exten}"),
            format!("dialplan/{context}.xml: <condition field=\"destination_number\" expression=\"^{exten}$\">"),
        ),
    }
}

/// Whether a pattern of the dial plan matches a number. One that cannot be read does not.
pub(super) fn matches(pattern: &str, number: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn patterns_of_the_dial_plan() {
        assert!(matches("^919[67]$", "9196") && !matches("^1$", "9196") && !matches("(", "9196"));
    }

    #[limited::test]
    fn what_freeswitch_reads_otherwise_is_found() {
        for (line, words) in [
            ("{a=b user/1 &park", "{ has no matching }"),
            ("user/1 &playback(say:(x))", "arguments end at the first )"),
            ("user/1 &playback(x", "no closing )"),
            ("{a='b}user/1 &park", "' is not closed"),
            ("{a='b, c'}user/1 &park", "a comma ends the value of a"),
        ] {
            let mut report = Report::default();
            syntax(line, &mut report);
            assert!(report.checks[0].found.contains(words), "{line}: {report:?}");
        }
    }
}
