//! What `sofia status` and its relatives list.

use serde_json::{Value, json};

use crate::sim::world::World;
use crate::sim::world::layout::{DOMAIN, PHONES, PROFILES, phone, phones};

/// The profiles that have not been stopped.
fn running(world: &World) -> impl Iterator<Item = (&'static str, u16)> {
    let is_up = |name: &str| !world.stopped.contains(name);
    PROFILES.iter().filter(move |(name, ..)| is_up(name)).map(|(name, port, _)| (*name, *port))
}

/// How many legs a profile has.
fn in_use(world: &World, profile: &str) -> usize {
    let is_its = |name: &str| {
        name.strip_prefix("sofia/")
            .and_then(|name| name.strip_prefix(profile))
            .is_some_and(|name| name.starts_with('/'))
    };
    world.channels.values().filter(|channel| is_its(&channel.name)).count()
}

/// The gateways: profile and name.
fn gateways(world: &World) -> impl Iterator<Item = &'static str> {
    running(world).map(|(name, _)| name).filter(|name| *name != "internal")
}

/// The table behind `sofia status gateway`.
pub(super) fn gateway_list(world: &World) -> String {
    let head = format!(
        "{:>25}\t{:>32}\t{}\t{:>9}\t{}\t{}\n{LINE}",
        "Profile::Gateway-Name",
        "    Data    ",
        "State",
        "Ping Time",
        "IB Calls(F/T)",
        "OB Calls(F/T)"
    );
    let rows = gateways(world).map(|profile| {
        let (name, to) = (format!("{profile}::example.com"), "sip:joeuser@example.com");
        format!("{name:>25}\t{to:>32}\tNOREG\t{:6.2}\t0/0\t0/0\n", 0.0)
    });
    let rows: Vec<String> = rows.collect();
    let plural = if rows.len() == 1 { "" } else { "s" };
    format!(
        "{head}{}{LINE}{} gateway{plural}: Inbound(Failed/Total): 0/0,Outbound(Failed/Total):0/0\n",
        rows.concat(),
        rows.len()
    )
}

/// The same as XML, which `sofia xmlstatus` with an unknown word gives too.
pub(super) fn xml_gateway_list(world: &World) -> String {
    let list: String = gateways(world)
        .map(|profile| {
            format!(
                "  <gateway>\n    <name>example.com</name>\n    <profile>{profile}</profile>\n    \
                 <to>sip:joeuser@example.com</to>\n    <state>NOREG</state>\n  </gateway>\n"
            )
        })
        .collect();
    format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<gateways>\n{list}</gateways>\n")
}

/// `json {"command":"sofia.status"}`; with what each profile is set to, which `sofia jsonstatus`
/// and `sofia.status.info` report, too.
pub(super) fn json_status(world: &World, with_info: bool) -> Value {
    let mut profiles = serde_json::Map::new();
    let mut add = |name: &str, status: Value, info: Value| {
        let mut profile = json!({ "status": status });
        if let Some(profile) = profile.as_object_mut().filter(|_| with_info) {
            profile.insert("info".to_owned(), info);
        }
        profiles.insert(name.to_owned(), profile);
    };
    for (name, port) in running(world).filter(|(name, _)| *name == "internal") {
        let status = json!({ "type": "alias", "data": name, "state": "ALIASED" });
        add(DOMAIN, status, json_info(world, name, port, Some(name)));
    }
    for (name, port) in running(world) {
        let url = format!("sip:mod_sofia@127.0.0.1:{port}");
        let used = in_use(world, name);
        let status = json!({ "type": "profile", "state": "RUNNING", "in-use": used, "data": url });
        add(name, status, json_info(world, name, port, None));
    }
    json!({ "profiles": profiles })
}

/// The first rows of what a profile says of itself.
fn json_info(world: &World, name: &str, port: u16, alias_of: Option<&str>) -> Value {
    let mut info = serde_json::Map::new();
    for (row, value) in rows(world, name, port).into_iter().skip(1).take(15) {
        let key = match row {
            "DBName" => "db-name".to_owned(),
            _ => row.to_ascii_lowercase().replace(' ', "-"),
        };
        let is_list = key == "rtp-ip";
        info.insert(key, if is_list { json!([value]) } else { value.into() });
        if let Some(alias) = alias_of.filter(|_| row == "Domain Name") {
            info.insert("alias-of".to_owned(), alias.into());
        }
    }
    info.into()
}

pub(super) fn is_gateway(name: &str) -> bool {
    matches!(name, "example.com" | "external::example.com" | "park::example.com")
}

pub(super) fn status(world: &World) -> String {
    let row = |name: &str, kind: &str, data: &str, state: &str| {
        format!("{name:>25}\t{kind:>7}\t{data:>42}\t{state}\n")
    };
    let mut out = row("Name", "Type", "Data", "State");
    out.push_str(LINE);
    out.push_str(&row("127.0.0.1", "alias", "internal", "ALIASED"));
    for (name, port) in running(world) {
        let url = format!("sip:mod_sofia@127.0.0.1:{port}");
        let state = format!("RUNNING ({})", in_use(world, name));
        out.push_str(&row(name, "profile", &url, &state));
        if name != "internal" {
            let gateway = format!("{name}::example.com");
            out.push_str(&row(&gateway, "gateway", "sip:joeuser@example.com", "NOREG"));
        }
    }
    out.push_str(LINE);
    let count = running(world).count();
    out.extend([format!("{count} profile{} 1 alias\n", if count == 1 { "" } else { "s" })]);
    out
}

pub(super) fn xmlstatus(world: &World) -> String {
    let item = |tag: &str, name: &str, kind: &str, data: &str, state: &str| {
        format!(
            "<{tag}>\n<name>{name}</name>\n<type>{kind}</type>\n<data>{data}</data>\n\
             <state>{state}</state>\n</{tag}>\n"
        )
    };
    let mut out = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profiles>\n".to_owned();
    out.push_str(&item("alias", "127.0.0.1", "alias", "internal", "ALIASED"));
    for (name, port) in running(world) {
        let url = format!("sip:mod_sofia@127.0.0.1:{port}");
        let state = format!("RUNNING ({})", in_use(world, name));
        out.push_str(&item("profile", name, "profile", &url, &state));
        if name != "internal" {
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
    let (hosts, realm) = match name {
        "internal" => (format!("{DOMAIN},{DOMAIN}"), "auto_from"),
        _ => (String::new(), "auto_to"),
    };
    vec![
        ("Name", name.to_owned()),
        ("Domain Name", "N/A".into()),
        ("Auto-NAT", "false".into()),
        ("DBName", format!("sofia_reg_{name}")),
        ("Pres Hosts", hosts),
        ("Dialplan", "XML".into()),
        ("Context", context.to_owned()),
        ("Challenge Realm", realm.into()),
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

pub(super) fn profile(world: &World, name: &str, port: u16) -> String {
    let rows = rows(world, name, port);
    let lines = rows.iter().map(|(name, value)| format!("{name:<17}\t{value}\n"));
    format!("{LINE}{}", lines.collect::<String>())
}

pub(super) fn xml_profile(world: &World, name: &str, port: u16) -> String {
    let mut rows = rows(world, name, port);
    // What failed comes last here.
    rows.sort_by_key(|(name, _)| match *name {
        "FAILED-CALLS-IN" | "FAILED-CALLS-OUT" => 1,
        "REGISTRATIONS" => 2,
        _ => 0,
    });
    let lines = rows.iter().map(|(name, value)| {
        let tag = match *name {
            "DBName" => "db-name".to_owned(),
            "CODECS IN" => "inbound-codecs".to_owned(),
            "CODECS OUT" => "outbound-codecs".to_owned(),
            "AGGRESSIVENAT" => "aggressive-nat".to_owned(),
            _ => name.to_lowercase().replace(' ', "-"),
        };
        format!("    <{tag}>{value}</{tag}>\n")
    });
    let info: String = lines.collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profile>\n  <profile-info>\n{info}  \
         </profile-info>\n</profile>\n"
    )
}

/// `reg`, `reg WORD` and `user USER`: the registrations, those that the word is found in.
pub(super) fn registrations(name: &str, words: &[&str]) -> String {
    let word = words.get(1).copied().unwrap_or_default();
    let word = word.split('@').next().unwrap_or_default();
    let phones: Vec<_> = registered(name).filter(|(user, _)| user.contains(word)).collect();
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

/// The phones that are registered at a profile.
fn registered(name: &str) -> impl Iterator<Item = (&'static str, u16)> {
    phones().filter(move |_| name == "internal")
}

pub(super) fn xml_registrations(name: &str) -> String {
    let list: String = registered(name)
        .map(|(user, port)| {
            let contact = format!("&quot;{user}&quot; &lt;sip:{user}@127.0.0.1:{port}&gt;");
            format!(
                "    <registration>\n      <call-id>reg-{user}@127.0.0.1</call-id>\n      \
                 <user>{user}@127.0.0.1</user>\n      <contact>{contact}</contact>\n      \
                 <agent>simulated</agent>\n      <status>Registered(UDP)(unknown)</status>\n      \
                 <ping-status>Reachable</ping-status>\n      <ping-time>0.00</ping-time>\n      \
                 <host>vm</host>\n      <network-ip>127.0.0.1</network-ip>\n      \
                 <network-port>{port}</network-port>\n      <sip-auth-user>{user}</sip-auth-user>\n      \
                 <sip-auth-realm>127.0.0.1</sip-auth-realm>\n      \
                 <mwi-account>{user}@127.0.0.1</mwi-account>\n    </registration>\n"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profile>\n  <registrations>\n{list}  \
         </registrations>\n</profile>\n"
    )
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

pub(super) fn gateway(world: &World) -> String {
    let rows = gateway_rows(world);
    let lines = rows.iter().map(|(name, value)| format!("{name:<8}\t{value}\n"));
    format!("{LINE}{}{LINE}", lines.collect::<String>())
}

pub(super) fn xml_gateway(world: &World) -> String {
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

pub(super) const LINE: &str = "=================================================================================================\n";

/// Where a user's phone is, as a dial string.
pub(super) fn contact(user: &str) -> String {
    match phone(user) {
        Some(port) => format!("sofia/internal/sip:{user}@127.0.0.1:{port}"),
        None => "error/user_not_registered".to_owned(),
    }
}
