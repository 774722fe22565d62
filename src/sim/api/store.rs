//! Small stores: `hash`, `db`, `group`, and the limits of resources.

use std::collections::BTreeSet;

use crate::sim::channel::then::Exten;
use crate::sim::world::World;
use crate::sim::world::globals::HOSTNAME;
use crate::sim::world::request::{ApiCall, Outcome};

/// What is said to broken arguments of `db` and `group`.
const ERR: &str = "!err!";

pub(super) fn hash(world: &mut World, asked: &ApiCall) -> Outcome {
    let usage =
        "-ERR Usage: hash insert|insert_ifempty|select|delete|delete_ifmatch/realm/key[/value]\n";
    let mut parts = asked.args.splitn(4, '/');
    let verb = parts.next().unwrap_or_default().to_ascii_lowercase();
    let (Some(realm), Some(key)) = (parts.next(), parts.next()) else { return usage.into() };
    let (name, value) = (format!("{realm}_{key}"), parts.next().filter(|it| !it.is_empty()));
    let hash = &mut world.store.hash;
    let text = match (verb.as_str(), value) {
        ("insert", Some(value)) => {
            hash.insert(name, value.to_owned());
            "+OK\n"
        }
        ("insert_ifempty", Some(_)) if hash.contains_key(&name) => "-ERR key already exists\n",
        ("insert_ifempty", Some(value)) => {
            hash.insert(name, value.to_owned());
            "+OK\n"
        }
        ("delete", _) if hash.remove(&name).is_some() => "+OK\n",
        ("delete", _) => "-ERR Not found\n",
        ("delete_ifmatch", Some(value)) => match hash.get(&name) {
            None => "-ERR Not found\n",
            Some(have) if have != value => "-ERR Doesn't match\n",
            Some(_) => {
                hash.remove(&name);
                "+OK\n"
            }
        },
        ("select", _) => return hash.get(&name).cloned().unwrap_or_default().into(),
        _ => usage,
    };
    text.into()
}

pub(super) fn hash_dump(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let what = words.next().unwrap_or_default();
    let realm = words.next().map(|realm| format!("{realm}_"));
    if !matches!(what, "all" | "limit" | "db") {
        return "Usage: all|limit|db [<realm>]\n".into();
    }
    let mut out = String::new();
    if what != "db" {
        for ((backend, name), holders) in &world.store.limits {
            if backend == "hash" {
                out.extend([format!("L/{name}/{}/0/0/0\n", holders.len())]);
            }
        }
    }
    if what != "limit" {
        for (name, value) in &world.store.hash {
            if realm.as_ref().is_none_or(|realm| name.starts_with(realm)) {
                out.extend([format!("D/{name}/{value}\n")]);
            }
        }
    }
    out.into()
}

pub(super) fn hash_remote(_: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    match (words.next().unwrap_or_default(), words.next()) {
        ("list", _) => "Remote connections:\nName\t\t\tState\n+OK\n".into(),
        ("rescan", _) => "+OK\n".into(),
        ("kill", Some(name)) => format!("-ERR No such remote instance {name}\n").into(),
        _ => "-ERR Usage: list|kill [name]|rescan\n".into(),
    }
}

pub(super) fn db(world: &mut World, asked: &ApiCall) -> Outcome {
    let parts: Vec<&str> = asked.args.splitn(4, '/').collect();
    let (verb, rest) = parts.split_first().unwrap_or((&"", &[]));
    let db = &mut world.store.db;
    let at = |realm: &str, key: &str| (realm.to_owned(), key.to_owned());
    match (verb.to_ascii_lowercase().as_str(), rest) {
        ("insert", [realm, key, value]) => {
            db.insert(at(realm, key), (*value).to_owned());
            "+OK".into()
        }
        ("delete", [realm, key, ..]) => {
            db.remove(&at(realm, key));
            "+OK".into()
        }
        ("select", [realm, key, ..]) => db.get(&at(realm, key)).cloned().unwrap_or_default().into(),
        ("exists", [realm, key, ..]) => db.contains_key(&at(realm, key)).to_string().into(),
        ("count", [realm, ..]) => {
            db.keys().filter(|(have, _)| have == realm).count().to_string().into()
        }
        ("list", [realm, ..]) => {
            let keys = db.keys().filter(|(have, _)| have == realm);
            keys.map(|(_, key)| key.as_str()).collect::<Vec<_>>().join(",").into()
        }
        ("list", []) => {
            let realms: BTreeSet<&str> = db.keys().map(|(realm, _)| realm.as_str()).collect();
            realms.into_iter().collect::<Vec<_>>().join(",").into()
        }
        _ => ERR.into(),
    }
}

pub(super) fn group(world: &mut World, asked: &ApiCall) -> Outcome {
    let parts: Vec<&str> = asked.args.splitn(3, ':').collect();
    let groups = &mut world.store.groups;
    match parts.as_slice() {
        ["insert", name, url] => {
            groups.entry((*name).to_owned()).or_default().push((*url).to_owned());
            "+OK".into()
        }
        ["delete", name, url] => {
            if let Some(urls) = groups.get_mut(*name) {
                urls.retain(|have| have != url && *url != "*");
            }
            "+OK".into()
        }
        ["call", name, ..] => {
            let separator = if parts.get(2) == Some(&"order") { "|" } else { "," };
            groups.get(*name).map(|urls| urls.join(separator)).unwrap_or_default().into()
        }
        _ => ERR.into(),
    }
}

/// `hash r k` and the like: where the limit is kept.
fn limit(backend: &str, realm: &str, id: &str) -> (String, String) {
    (backend.to_ascii_lowercase(), format!("{realm}_{id}"))
}

pub(super) fn limit_usage(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(backend), Some(realm), Some(id)) = (words.next(), words.next(), words.next()) else {
        return format!("USAGE: limit_usage {} [rate]\n", asked.syntax()).into();
    };
    usage(world, &limit(backend, realm, id), words.next() == Some("rate"))
}

pub(super) fn limit_hash_usage(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let Some(realm) = words.next() else {
        let text = "USAGE: limit_hash_usage <realm> <id> [rate] (Using deprecated limit api, check \
                    limit_usage with backend param)\n";
        return text.into();
    };
    let id = words.next().unwrap_or_default();
    usage(world, &limit("hash", realm, id), words.next() == Some("rate"))
}

fn usage(world: &World, limit: &(String, String), rate: bool) -> Outcome {
    let count = world.store.limits.get(limit).map_or(0, BTreeSet::len);
    if rate { format!("{count}/0").into() } else { count.to_string().into() }
}

pub(super) fn limit_status(_: &mut World, asked: &ApiCall) -> Outcome {
    match asked.args.split_whitespace().next() {
        None => format!("USAGE: limit_status {}\n", asked.syntax()).into(),
        Some("hash") => "-ERR not supported yet (locking problems).".into(),
        Some("db") => format!("Tracking 0 resources for hostname {HOSTNAME}.").into(),
        Some(_) => "-ERR".into(),
    }
}

pub(super) fn limit_reset(_: &mut World, asked: &ApiCall) -> Outcome {
    match asked.args.split_whitespace().next() {
        None => format!("USAGE: limit_reset {}\n", asked.syntax()).into(),
        Some("db") => "+OK".into(),
        Some(_) => "-ERR".into(),
    }
}

pub(super) fn limit_interval_reset(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.split_whitespace().count() < 3 {
        return format!("USAGE: limit_interval_reset {}\n", asked.syntax()).into();
    }
    "+OK".into()
}

pub(super) fn uuid_limit(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(backend), Some(realm), Some(id)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return format!("USAGE: uuid_limit {}\n", asked.syntax()).into();
    };
    if world.find(uuid).is_none() {
        return format!("-ERR Cannot find session with uuid {uuid}\n").into();
    }
    let max = words.next().and_then(|word| word.split('/').next()?.parse::<usize>().ok());
    let holders = world.store.limits.entry(limit(backend, realm, id)).or_default();
    let full = !holders.contains(uuid) && max.is_some_and(|max| max > 0 && holders.len() >= max);
    if full {
        // The call goes to the extension that was given, or ends with a cause after `!`.
        let exten = words.next().unwrap_or("limit_exceeded").to_owned();
        let plan = words.next().unwrap_or("XML").to_owned();
        let context = words.next().unwrap_or("default").to_owned();
        if let Some(channel) = world.find(uuid) {
            match exten.strip_prefix('!') {
                Some(cause) => {
                    let tick = crate::sim::world::agenda::Tick::Media;
                    world.hangup(channel, cause, tick);
                }
                None => world.transfer(channel, &Exten::new(&exten, &plan, &context)),
            }
        }
    } else if backend.eq_ignore_ascii_case("hash") || backend.eq_ignore_ascii_case("db") {
        holders.insert(uuid.to_owned());
    }
    "+OK".into()
}

pub(super) fn uuid_limit_release(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(backend)) = (words.next(), words.next()) else {
        return format!("USAGE: uuid_limit_release {}\n", asked.syntax()).into();
    };
    if world.find(uuid).is_none() {
        return format!("-ERR Cannot find session with uuid {uuid}\n").into();
    }
    match (words.next(), words.next()) {
        (Some(realm), Some(id)) => {
            if let Some(holders) = world.store.limits.get_mut(&limit(backend, realm, id)) {
                holders.remove(uuid);
            }
        }
        _ => world.store.release_all(uuid),
    }
    "+OK".into()
}
