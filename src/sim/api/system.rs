//! Commands about the switch as a whole.

use serde_json::json;

use super::super::log as levels;
use super::super::world::{HOSTNAME, World};
use super::{Outcome, Waiter, Waiting};

/// The modules that are loaded at the start.
pub(in super::super) const MODULES: &[&str] = &[
    "CORE_PCM_MODULE",
    "mod_bert",
    "mod_commands",
    "mod_conference",
    "mod_console",
    "mod_dialplan_xml",
    "mod_dptools",
    "mod_event_socket",
    "mod_hash",
    "mod_local_stream",
    "mod_loopback",
    "mod_sofia",
    "mod_tone_stream",
];

/// The global variables at the start.
pub(in super::super) fn globals(core_uuid: &str) -> Vec<(String, String)> {
    [
        ("core_uuid", core_uuid),
        ("hostname", HOSTNAME),
        ("local_ip_v4", "127.0.0.1"),
        ("local_mask_v4", "255.0.0.0"),
        ("local_ip_v6", "::1"),
        ("switch_serial", "simulated"),
        ("base_dir", "/usr/local/freeswitch"),
        ("recordings_dir", "/usr/local/freeswitch/recordings"),
        ("sounds_dir", "/usr/local/freeswitch/sounds"),
        ("conf_dir", "/usr/local/freeswitch/conf"),
        ("log_dir", "/usr/local/freeswitch/log"),
        ("domain", "127.0.0.1"),
        ("domain_name", "127.0.0.1"),
        ("hold_music", "local_stream://moh"),
        ("global_codec_prefs", "PCMU,PCMA"),
        ("outbound_codec_prefs", "PCMU,PCMA"),
        ("call_debug", "false"),
        ("default_areacode", "918"),
        ("default_country", "US"),
        ("internal_sip_port", "5060"),
        ("external_sip_port", "5080"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

struct Up {
    years: u64,
    days: u64,
    hours: u64,
    minutes: u64,
    seconds: u64,
    milliseconds: u64,
    microseconds: u64,
}

fn split(micros: u64) -> Up {
    let seconds = micros / 1_000_000;
    let days = seconds / 86_400;
    Up {
        years: days / 365,
        days: days % 365,
        hours: seconds / 3600 % 24,
        minutes: seconds / 60 % 60,
        seconds: seconds % 60,
        milliseconds: micros / 1000 % 1000,
        microseconds: micros % 1000,
    }
}

/// Time since the start, in words.
pub(in super::super) fn up_time(micros: u64) -> String {
    let up = split(micros);
    [
        (up.years, "year"),
        (up.days, "day"),
        (up.hours, "hour"),
        (up.minutes, "minute"),
        (up.seconds, "second"),
        (up.milliseconds, "millisecond"),
        (up.microseconds, "microsecond"),
    ]
    .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
    .join(", ")
}

pub(super) fn status(world: &mut World, _: &Waiting) -> Outcome {
    let counts = &world.counts;
    let rate = if counts.second.0 == world.now / 1_000_000 { counts.second.1 } else { 0 };
    format!(
        "UP {}\nFreeSWITCH (Version 1.10.12-release simulated 64bit) is ready\n\
         {} session(s) since startup\n{} session(s) - peak {}, last 5min {} \n\
         {rate} session(s) per Sec out of max {}, peak {}, last 5min {} \n{} session(s) max\n\
         min idle cpu 0.00/97.17\nCurrent Stack Size/Max 240K/8192K\n",
        up_time(world.now - world.started),
        counts.sessions,
        world.channels.len(),
        counts.peak,
        counts.peak,
        counts.max_rate,
        counts.rate_peak,
        counts.rate_peak,
        counts.max_sessions,
    )
    .into()
}

pub(super) fn json(world: &mut World, asked: &Waiting) -> Outcome {
    let Ok(request) = serde_json::from_str::<serde_json::Value>(&asked.args) else {
        return "-ERR Invalid JSON\n".into();
    };
    let command = request.get("command").and_then(|value| value.as_str()).unwrap_or_default();
    let up = split(world.now - world.started);
    let counts = &world.counts;
    let rate = if counts.second.0 == world.now / 1_000_000 { counts.second.1 } else { 0 };
    let response = match command {
        "status" => json!({
            "systemStatus": if world.paused { "paused" } else { "ready" },
            "uptime": {
                "years": up.years, "days": up.days, "hours": up.hours, "minutes": up.minutes,
                "seconds": up.seconds, "milliseconds": up.milliseconds,
                "microseconds": up.microseconds,
            },
            "version": "1.10.12-release simulated 64bit",
            "sessions": {
                "count": {
                    "total": counts.sessions, "active": world.channels.len(), "peak": counts.peak,
                    "peak5Min": counts.peak, "limit": counts.max_sessions,
                },
                "rate": {
                    "current": rate, "max": counts.max_rate, "peak": counts.rate_peak,
                    "peak5Min": counts.rate_peak,
                },
            },
            "idleCPU": { "used": 0, "allowed": 97.166_667 },
            "stackSizeKB": { "current": 240, "max": 8192 },
        }),
        "mediaStats" => json!({}),
        _ => {
            let answer = json!({
                "command": command, "data": request.get("data"), "status": "error",
                "message": "The command was not found.",
            });
            return format!("{answer}\n").into();
        }
    };
    let answer = json!({
        "command": command, "data": request.get("data"), "status": "success",
        "response": response,
    });
    format!("{answer}\n").into()
}

pub(super) fn version(_: &mut World, asked: &Waiting) -> Outcome {
    if asked.args == "short" {
        "1.10.12-release\n".into()
    } else {
        "FreeSWITCH Version 1.10.12-release~64bit (simulated 64bit)\n".into()
    }
}

pub(super) fn banner(_: &mut World, _: &Waiting) -> Outcome {
    "FreeSWITCH 1.10.12, simulated\n".into()
}

pub(super) fn hostname(_: &mut World, _: &Waiting) -> Outcome {
    HOSTNAME.into()
}

pub(super) fn uptime(world: &mut World, asked: &Waiting) -> Outcome {
    let up = world.now - world.started;
    let (unit, seconds) = (asked.args.as_str(), up / 1_000_000);
    let value = match unit {
        "us" | "microseconds" => up,
        "ms" | "milliseconds" => up / 1000,
        "" | "s" | "seconds" => seconds,
        "m" | "minutes" => seconds / 60,
        "h" | "hours" => seconds / 3600,
        "d" | "days" => seconds / 86_400,
        _ => {
            return "-USAGE: [us|ms|s|m|h|d|microseconds|milliseconds|seconds|minutes|hours|days]\n"
                .into();
        }
    };
    format!("{value}\n").into()
}

pub(super) fn create_uuid(world: &mut World, _: &Waiting) -> Outcome {
    world.uuid().into()
}

pub(super) fn msleep(_: &mut World, asked: &Waiting) -> Outcome {
    match asked.args.parse() {
        Ok(milliseconds) => Outcome::Later(milliseconds, "+OK\n".to_owned()),
        Err(_) => "-USAGE: <number of milliseconds to sleep>\n".into(),
    }
}

pub(super) fn global_getvar(world: &mut World, asked: &Waiting) -> Outcome {
    if asked.args.is_empty() {
        let lines = world.globals.iter().map(|(name, value)| format!("{name}={value}\n"));
        return lines.collect::<String>().into();
    }
    let found = world.globals.iter().find(|(name, _)| *name == asked.args);
    found.map(|(_, value)| value.clone()).unwrap_or_default().into()
}

pub(super) fn global_setvar(world: &mut World, asked: &Waiting) -> Outcome {
    let Some((name, value)) = asked.args.split_once('=') else {
        return "-USAGE: <var>=<value> [=<value2>]\n".into();
    };
    let (name, value) = (name.trim(), value.trim());
    world.globals.retain(|(have, _)| have != name);
    if !value.is_empty() {
        world.globals.push((name.to_owned(), value.to_owned()));
    }
    "+OK\n".into()
}

pub(super) fn bgapi(world: &mut World, asked: &Waiting) -> Outcome {
    let job = world.uuid();
    world.run_api(&asked.args, Waiter::Job(job.clone()));
    format!("+OK Job-UUID: {job}\n").into()
}

pub(super) fn accept(_: &mut World, _: &Waiting) -> Outcome {
    "+OK\n".into()
}

pub(super) fn conference(world: &mut World, asked: &Waiting) -> Outcome {
    world.conference(&asked.args).into()
}

pub(super) fn log(world: &mut World, asked: &Waiting) -> Outcome {
    let (level, text) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    let Some(level) = levels::level(level) else { return "-USAGE: <level> <message>\n".into() };
    let place = ("mod_commands.c", "log_function", "6600", "0");
    world.log(level, "", place, text);
    "+OK\n".into()
}

pub(super) fn module_exists(world: &mut World, asked: &Waiting) -> Outcome {
    world.modules.contains(&asked.args).to_string().into()
}

pub(super) fn reloadxml(world: &mut World, _: &Waiting) -> Outcome {
    let event = world.event("RELOADXML");
    world.emit(&event);
    "+OK [Success]\n".into()
}

pub(super) fn reloadacl(world: &mut World, _: &Waiting) -> Outcome {
    let event = world.event("RELOADXML");
    world.emit(&event);
    "+OK acl reloaded\n".into()
}

/// Modules that exist here but need not be loaded.
const SPARE: &[&str] = &["mod_cdr_csv", "mod_curl", "mod_enum", "mod_fifo", "mod_lua", "mod_db"];

fn spare(name: &str) -> bool {
    SPARE.contains(&name) || MODULES.contains(&name)
}

fn module_event(world: &mut World, event: &'static str, name: &str) {
    let mut event = world.event(event);
    event.push("type", "generic");
    event.push("name", name);
    event.push("key", name);
    event.push("filename", format!("/usr/local/freeswitch/mod/{name}.so"));
    world.emit(&event);
}

pub(super) fn load(world: &mut World, asked: &Waiting) -> Outcome {
    let name = asked.args.as_str();
    if name.is_empty() {
        return "-USAGE: <mod_name>\n".into();
    }
    let text = if world.modules.iter().any(|have| have == name) {
        "-ERR [Module already loaded]\n"
    } else if spare(name) {
        world.modules.push(name.to_owned());
        module_event(world, "MODULE_LOAD", name);
        "+OK\n"
    } else {
        "-ERR [module load file routine returned an error]\n"
    };
    format!("+OK Reloading XML\n{text}").into()
}

pub(super) fn unload(world: &mut World, asked: &Waiting) -> Outcome {
    let name = asked.args.trim_start_matches("-f ").trim();
    if name.is_empty() {
        return "-USAGE: [-f] <mod_name>\n".into();
    }
    let before = world.modules.len();
    world.modules.retain(|have| have != name);
    if world.modules.len() == before {
        return "-ERR [No such module!]\n".into();
    }
    module_event(world, "MODULE_UNLOAD", name);
    "+OK\n".into()
}

pub(super) fn reload(world: &mut World, asked: &Waiting) -> Outcome {
    let name = asked.args.trim_start_matches("-f ").trim().to_owned();
    if name.is_empty() {
        return "-USAGE: [-f] <mod_name>\n".into();
    }
    if !spare(&name) {
        return "+OK Reloading XML\n-ERR unloading module [No such module!]\n\
             -ERR loading module [module load file routine returned an error]\n"
            .into();
    }
    let loaded = world.modules.contains(&name);
    if loaded {
        module_event(world, "MODULE_UNLOAD", &name);
    } else {
        world.modules.push(name.clone());
    }
    module_event(world, "MODULE_LOAD", &name);
    let first =
        if loaded { "+OK module unloaded\n" } else { "-ERR unloading module [No such module!]\n" };
    format!("+OK Reloading XML\n{first}+OK module loaded\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_times() {
        let text =
            "0 years, 0 days, 0 hours, 1 minute, 37 seconds, 120 milliseconds, 137 microseconds";
        assert_eq!(up_time(97_120_137), text);
    }
}
