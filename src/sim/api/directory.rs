//! The directory: users 1000 to 1019 of one domain, in the groups of the stock layout.

use crate::sim::world::World;
use crate::sim::world::layout::{DOMAIN, GROUPS, members, user};
use crate::sim::world::request::{ApiCall, Outcome};

const DIAL_STRING: &str = "{^^:sip_invite_domain=${dialed_domain}:presence_id=${dialed_user}@${dialed_domain}}${sofia_contact(*/${dialed_user}@${dialed_domain})}";

/// `user@domain`, the domain being the only one unless it is given.
fn address(text: &str) -> Option<u16> {
    let (name, domain) = text.split_once('@').unwrap_or((text, DOMAIN));
    user(name).filter(|_| domain == DOMAIN)
}

const CALL_GROUP: &str = "techsupport";

pub(super) fn user_exists(_: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    match words.as_slice() {
        ["id", name, DOMAIN] => user(name).is_some().to_string().into(),
        _ => "false".into(),
    }
}

pub(super) fn user_data(_: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let [name, kind, field, ..] = words.as_slice() else { return "".into() };
    let Some(number) = address(name) else { return "".into() };
    let value = match (*kind, *field) {
        ("attr", "id") | ("var", "accountcode") | ("param", "vm-password") => number.to_string(),
        ("var", "effective_caller_id_name") => format!("Extension {number}"),
        ("var", "effective_caller_id_number") => number.to_string(),
        ("var", "user_context") => "default".to_owned(),
        ("var", "toll_allow") => "domestic,international,local".to_owned(),
        ("var", "callgroup") => CALL_GROUP.to_owned(),
        ("param", "password") => "simulated".to_owned(),
        ("param", "dial-string") => DIAL_STRING.to_owned(),
        _ => domain_field(kind, field),
    };
    value.into()
}

fn domain_field(kind: &str, field: &str) -> String {
    match (kind, field) {
        ("var", "record_stereo") => "true",
        ("var", "default_areacode") => "918",
        ("var", "transfer_fallback_extension") => "operator",
        ("param", "dial-string") => DIAL_STRING,
        ("attr", "name") => DOMAIN,
        _ => "",
    }
    .to_owned()
}

pub(super) fn domain_exists(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() { "".into() } else { (asked.args == DOMAIN).to_string().into() }
}

pub(super) fn domain_data(_: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    match words.as_slice() {
        [DOMAIN, kind, field, ..] => domain_field(kind, field).into(),
        _ => "".into(),
    }
}

pub(super) fn find_user_xml(_: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let [_, name, domain, ..] = words.as_slice() else { return "-ERR bad args\n".into() };
    let Some(number) = user(name).filter(|_| *domain == DOMAIN) else {
        return "-ERR can't find user\n".into();
    };
    let param = |name: &str, value: &str| {
        format!("    <param name=\"{name}\" value=\"{value}\"></param>\n")
    };
    let variable = |name: &str, value: &str| {
        format!("    <variable name=\"{name}\" value=\"{value}\"></variable>\n")
    };
    let id = number.to_string();
    [
        format!("<user id=\"{id}\" domain-name=\"{DOMAIN}\">\n  <params>\n"),
        param("dial-string", DIAL_STRING),
        param("vm-password", &id),
        "  </params>\n  <variables>\n".to_owned(),
        variable("accountcode", &id),
        variable("user_context", "default"),
        variable("effective_caller_id_name", &format!("Extension {id}")),
        variable("effective_caller_id_number", &id),
        variable("callgroup", CALL_GROUP),
        "  </variables>\n</user>\n".to_owned(),
    ]
    .concat()
    .into()
}

/// The real one looks for an attribute that the stock directory does not have.
pub(super) fn in_group(_: &mut World, _: &ApiCall) -> Outcome {
    "false".into()
}

/// `group@domain+F`: the dial string of a group; `F` one after the other, `E` independently, `A`
/// together.
pub(super) fn group_call(_: &mut World, asked: &ApiCall) -> Outcome {
    let (address, flag) = asked.args.split_once('+').unwrap_or((&asked.args, "A"));
    let (group, domain) = address.split_once('@').unwrap_or((address, DOMAIN));
    let Some(members) = members(group, domain) else { return "error/NO_ROUTE_DESTINATION".into() };
    let separator = match flag {
        "F" => "|",
        "E" => ":_:",
        _ => ",",
    };
    let legs = members.map(|number| {
        let contact = super::profiles::contact(&number.to_string());
        format!("[^^:sip_invite_domain={DOMAIN}:presence_id={number}@{DOMAIN}]{contact}")
    });
    legs.collect::<Vec<_>>().join(separator).into()
}

pub(super) fn list_users(_: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (mut group, mut domain, mut id, mut context) = (None, None, None, None);
    while let (Some(name), value) = (words.next(), words.next()) {
        match name {
            "group" => group = value,
            "domain" => domain = value,
            "user" => id = value,
            "context" => context = value,
            _ => {}
        }
    }
    let mut out = "userid|context|domain|group|contact|callgroup|effective_caller_id_name|\
                   effective_caller_id_number\n"
        .to_owned();
    for (name, first, last) in GROUPS {
        for number in *first..=*last {
            let text = number.to_string();
            let keep = group.is_none_or(|group| group == *name)
                && domain.is_none_or(|domain| domain == DOMAIN)
                && context.is_none_or(|context| context == "default")
                && id.is_none_or(|id| id == text);
            if keep {
                let contact = super::profiles::contact(&text);
                out.extend([format!(
                    "{number}|default|{DOMAIN}|{name}|{contact}|{CALL_GROUP}|Extension {number}|\
                     {number}\n"
                )]);
            }
        }
    }
    out.push_str("\n+OK\n");
    out.into()
}
