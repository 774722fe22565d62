//! SIP profiles, the gateway and the registered phones.

use super::super::world::World;
use super::{Outcome, Waiting};

/// The profiles: name, port, context.
const PROFILES: &[(&str, u16, &str)] =
    &[("park", 5090, "switchy"), ("external", 5080, "default"), ("internal", 5060, "default")];

/// The phones that are registered: user and port.
const PHONES: &[(&str, u16)] = &[("1000", 6060), ("1001", 6061), ("1002", 6062), ("1003", 6063)];

const LINE: &str = "=================================================================================================\n";

/// The port of a profile.
pub(in super::super) fn profile_port(name: &str) -> Option<u16> {
    PROFILES.iter().find(|(known, ..)| *known == name).map(|(_, port, _)| *port)
}

/// The profile behind a port.
pub(in super::super) fn port_profile(port: u16) -> Option<&'static str> {
    PROFILES.iter().find(|(_, known, _)| *known == port).map(|(name, ..)| *name)
}

/// The port at which a registered user's phone listens.
pub(in super::super) fn phone(user: &str) -> Option<u16> {
    let user = user.split('@').next().unwrap_or(user);
    PHONES.iter().find(|(known, _)| *known == user).map(|(_, port)| *port)
}

pub(super) fn phones() -> impl Iterator<Item = (&'static str, u16)> {
    PHONES.iter().copied()
}

pub(super) fn profiles() -> impl Iterator<Item = &'static str> {
    PROFILES.iter().map(|(name, ..)| *name)
}

pub(super) fn sofia(world: &mut World, asked: &Waiting) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let text = match words.as_slice() {
        ["status"] => status(),
        ["xmlstatus"] => xmlstatus(),
        ["status", "profile", name] => match profile_port(name) {
            Some(port) => profile(world, name, port),
            None => "Invalid Profile!\n".to_owned(),
        },
        ["status", "profile", name, "reg"] => match profile_port(name) {
            Some(_) => registrations(name),
            None => "Invalid Profile!\n".to_owned(),
        },
        ["xmlstatus", "profile", name, ..] => match profile_port(name) {
            Some(port) => xml_profile(world, name, port),
            None => "Invalid Profile!\n".to_owned(),
        },
        ["status", "gateway", name] if is_gateway(name) => gateway(world),
        ["xmlstatus", "gateway", name] if is_gateway(name) => xml_gateway(world),
        ["status" | "xmlstatus", "gateway", _] => "Invalid Gateway!\n".to_owned(),
        ["profile", name, "rescan" | "gwlist" | "flush_inbound_reg", ..]
            if profile_port(name).is_some() =>
        {
            match words.get(2..) {
                Some(["gwlist", "up"]) => "example.com".to_owned(),
                Some(["gwlist", ..]) => String::new(),
                _ => "Reload XML [Success]\n+OK scan complete\n".to_owned(),
            }
        }
        ["profile", name, "siptrace", mode] if profile_port(name).is_some() => {
            let word = if *mode == "on" { "Enabled" } else { "Disabled" };
            format!("{word} sip debugging on {name}\n")
        }
        ["profile", name, "start"] if profile_port(name).is_some() => {
            format!("{name} started successfully\n")
        }
        ["profile", name, "stop" | "restart", ..] if profile_port(name).is_some() => {
            "-ERR profiles of a simulated switch do not stop\n".to_owned()
        }
        ["profile", name, ..] if profile_port(name).is_none() => {
            format!("Invalid Profile [{name}]\n")
        }
        ["loglevel" | "tracelevel" | "global", ..] => "+OK\n".to_owned(),
        [] | ["help", ..] => USAGE.to_owned(),
        [verb, ..] => format!("Unknown Command [{verb}]\n"),
    };
    text.into()
}

const USAGE: &str = "USAGE:\nsofia global siptrace <on|off>\nsofia profile <name> [start | stop | restart | rescan | gwlist | siptrace]\nsofia <status|xmlstatus> profile <name> [reg]\nsofia <status|xmlstatus> gateway <name>\nsofia loglevel <all|...> [0-9]\nsofia help\n";

fn is_gateway(name: &str) -> bool {
    matches!(name, "example.com" | "external::example.com" | "park::example.com")
}

fn status() -> String {
    let row = |name: &str, kind: &str, data: &str, state: &str| {
        format!("{name:>25}\t{kind:>7}\t{data:>42}\t{state}\n")
    };
    let mut out = row("Name", "Type", "Data", "State");
    out.push_str(LINE);
    out.push_str(&row("127.0.0.1", "alias", "internal", "ALIASED"));
    for (name, port, _) in PROFILES {
        let url = format!("sip:mod_sofia@127.0.0.1:{port}");
        out.push_str(&row(name, "profile", &url, "RUNNING (0)"));
        if *name != "internal" {
            let gateway = format!("{name}::example.com");
            out.push_str(&row(&gateway, "gateway", "sip:joeuser@example.com", "NOREG"));
        }
    }
    out.push_str(LINE);
    out.push_str("3 profiles 1 alias\n");
    out
}

fn xmlstatus() -> String {
    let item = |tag: &str, name: &str, kind: &str, data: &str, state: &str| {
        format!(
            "<{tag}>\n<name>{name}</name>\n<type>{kind}</type>\n<data>{data}</data>\n\
             <state>{state}</state>\n</{tag}>\n"
        )
    };
    let mut out = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profiles>\n".to_owned();
    out.push_str(&item("alias", "127.0.0.1", "alias", "internal", "ALIASED"));
    for (name, port, _) in PROFILES {
        let url = format!("sip:mod_sofia@127.0.0.1:{port}");
        out.push_str(&item("profile", name, "profile", &url, "RUNNING (0)"));
        if *name != "internal" {
            let user = "sip:joeuser@example.com";
            out.push_str(&item("gateway", "example.com", "gateway", user, "NOREG"));
            out.push('\n');
        }
    }
    out.push_str("</profiles>\n");
    out
}

/// What a profile says of itself, row by row.
fn rows(world: &World, name: &str, port: u16) -> Vec<(&'static str, String)> {
    let [calls_in, failed_in, calls_out, failed_out] =
        world.counts.calls.get(name).copied().unwrap_or_default();
    let context = PROFILES.iter().find(|(known, ..)| *known == name).map_or("", |(.., it)| *it);
    let registered = if name == "internal" { PHONES.len() } else { 0 };
    let local = || "127.0.0.1".to_owned();
    vec![
        ("Name", name.to_owned()),
        ("Domain Name", "N/A".into()),
        ("Auto-NAT", "false".into()),
        ("DBName", format!("sofia_reg_{name}")),
        ("Pres Hosts", String::new()),
        ("Dialplan", "XML".into()),
        ("Context", context.to_owned()),
        ("Challenge Realm", "auto_to".into()),
        ("RTP-IP", local()),
        ("Ext-RTP-IP", local()),
        ("SIP-IP", local()),
        ("Ext-SIP-IP", local()),
        ("URL", format!("sip:mod_sofia@127.0.0.1:{port}")),
        ("BIND-URL", format!("sip:mod_sofia@127.0.0.1:{port};maddr=127.0.0.1;transport=udp,tcp")),
        ("HOLD-MUSIC", "local_stream://moh".into()),
        ("OUTBOUND-PROXY", "N/A".into()),
        ("CODECS IN", "PCMU,PCMA".into()),
        ("CODECS OUT", "PCMU,PCMA".into()),
        ("TEL-EVENT", "101".into()),
        ("DTMF-MODE", "rfc2833".into()),
        ("CNG", "13".into()),
        ("SESSION-TO", "0".into()),
        ("MAX-DIALOG", "0".into()),
        ("MAX-RECV-RPS", "1000".into()),
        ("NOMEDIA", "false".into()),
        ("LATE-NEG", "true".into()),
        ("PROXY-MEDIA", "false".into()),
        ("AGGRESSIVENAT", "false".into()),
        ("CALLS-IN", calls_in.to_string()),
        ("FAILED-CALLS-IN", failed_in.to_string()),
        ("CALLS-OUT", calls_out.to_string()),
        ("FAILED-CALLS-OUT", failed_out.to_string()),
        ("REGISTRATIONS", registered.to_string()),
    ]
}

fn profile(world: &World, name: &str, port: u16) -> String {
    let rows = rows(world, name, port);
    let lines = rows.iter().map(|(name, value)| format!("{name:<17}\t{value}\n"));
    format!("{LINE}{}", lines.collect::<String>())
}

fn xml_profile(world: &World, name: &str, port: u16) -> String {
    let rows = rows(world, name, port);
    let lines = rows.iter().map(|(name, value)| {
        let tag = name.to_lowercase().replace(' ', "-");
        format!("    <{tag}>{value}</{tag}>\n")
    });
    let info: String = lines.collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profile>\n  <profile-info>\n{info}  \
         </profile-info>\n</profile>\n"
    )
}

fn registrations(name: &str) -> String {
    let phones: Vec<_> = if name == "internal" { phones().collect() } else { Vec::new() };
    let list: String = phones
        .iter()
        .map(|(user, port)| {
            format!(
                "Call-ID:    \treg-{user}@127.0.0.1\nUser:       \t{user}@127.0.0.1\n\
                 Contact:    \t\"{user}\" <sip:{user}@127.0.0.1:{port}>\nAgent:      \tsimulated\n\
                 Status:     \tRegistered(UDP)(unknown)\nPing-Status:\tReachable\n\
                 Ping-Time:\t0.00\nHost:       \tvm\nIP:         \t127.0.0.1\nPort:       \t{port}\n\
                 Auth-User:  \t{user}\nAuth-Realm: \t127.0.0.1\nMWI-Account:\t{user}@127.0.0.1\n\n"
            )
        })
        .collect();
    format!("\nRegistrations:\n{LINE}{list}Total items returned: {}\n{LINE}", phones.len())
}

fn gateway_rows(world: &World) -> Vec<(&'static str, String)> {
    let up = (world.now - world.started) / 1_000_000;
    [
        ("Name", "example.com"),
        ("Profile", "external"),
        ("Scheme", "Digest"),
        ("Realm", "example.com"),
        ("Username", "joeuser"),
        ("Password", "yes"),
        ("From", "<sip:joeuser@example.com>"),
        ("Contact", "<sip:gw+example.com@127.0.0.1:5080;transport=udp;gw=example.com>"),
        ("Exten", "5000"),
        ("To", "sip:joeuser@example.com"),
        ("Proxy", "sip:example.com"),
        ("Context", "public"),
        ("Expires", "600"),
        ("Freq", "600"),
        ("Ping", "0"),
        ("PingFreq", "0"),
        ("PingTime", "0.00"),
        ("PingState", "0/0/0"),
        ("State", "NOREG"),
        ("Status", "UP"),
        ("Uptime", ""),
        ("CallsIN", "0"),
        ("CallsOUT", "0"),
        ("FailedCallsIN", "0"),
        ("FailedCallsOUT", "0"),
    ]
    .map(|(name, value)| (name, if name == "Uptime" { format!("{up}s") } else { value.to_owned() }))
    .to_vec()
}

fn gateway(world: &World) -> String {
    let rows = gateway_rows(world);
    let lines = rows.iter().map(|(name, value)| format!("{name:<8}\t{value}\n"));
    format!("{LINE}{}{LINE}", lines.collect::<String>())
}

fn xml_gateway(world: &World) -> String {
    let clean = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lines = gateway_rows(world).into_iter().map(|(name, value)| {
        let (tag, value) = match name {
            "Uptime" => ("uptime-usec".to_owned(), (world.now - world.started).to_string()),
            "CallsIN" => ("calls-in".to_owned(), value),
            "CallsOUT" => ("calls-out".to_owned(), value),
            "FailedCallsIN" => ("failed-calls-in".to_owned(), value),
            "FailedCallsOUT" => ("failed-calls-out".to_owned(), value),
            name => (name.to_lowercase(), value),
        };
        format!("  <{tag}>{}</{tag}>\n", clean(&value))
    });
    let lines: String = lines.collect();
    format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<gateway>\n{lines}</gateway>\n")
}

pub(super) fn sofia_contact(_: &mut World, asked: &Waiting) -> Outcome {
    let user = asked.args.rsplit('/').next().unwrap_or_default();
    let name = user.split('@').next().unwrap_or_default();
    match phone(name) {
        Some(port) => format!("sofia/internal/sip:{name}@127.0.0.1:{port}").into(),
        None => "error/user_not_registered".into(),
    }
}

pub(super) fn user_exists(_: &mut World, asked: &Waiting) -> Outcome {
    let user = asked.args.split_whitespace().nth(1).unwrap_or_default();
    phone(user).is_some().to_string().into()
}

pub(super) fn list_users(_: &mut World, _: &Waiting) -> Outcome {
    let mut out = "userid|context|domain|group|contact|callgroup|effective_caller_id_name|\
                   effective_caller_id_number\n"
        .to_owned();
    for (user, port) in PHONES {
        out.push_str(user);
        out.push_str("|default|127.0.0.1|default|sofia/internal/sip:");
        out.extend([format!("{user}@127.0.0.1:{port}|techsupport|Extension {user}|{user}\n")]);
    }
    out.push_str("\n+OK\n");
    out.into()
}
