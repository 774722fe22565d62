//! `status`, `version`, `uptime`, and the same for programs: `json`.

use crate::sim::world::uptime::{split, up_time};
use serde_json::{Map, Value, json};

use super::profiles;
use crate::sim::api::listing::render::pretty;
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

pub(super) fn status(world: &mut World, _: &ApiCall) -> Outcome {
    let counts = &world.counts;
    let rate = if counts.second.0 == world.now / 1_000_000 { counts.second.1 } else { 0 };
    format!(
        "UP {}\nFreeSWITCH (Version 1.10.12-release simulated 64bit) is {}ready\n\
         {} session(s) since startup\n{} session(s) - peak {}, last 5min {} \n\
         {rate} session(s) per Sec out of max {}, peak {}, last 5min {} \n{} session(s) max\n\
         min idle cpu 0.00/97.17\nCurrent Stack Size/Max 240K/8192K\n",
        up_time(world.now - world.started),
        if world.paused { "not " } else { "" },
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

/// The version behind `version` and in the JSON of `status`.
const VERSION: &str = "1.10.12-release simulated 64bit";

fn status_json(world: &World) -> Value {
    let up = split(world.now - world.started);
    let counts = &world.counts;
    let rate = if counts.second.0 == world.now / 1_000_000 { counts.second.1 } else { 0 };
    json!({
        "systemStatus": if world.paused { "not ready" } else { "ready" },
        "uptime": {
            "years": up.years, "days": up.days, "hours": up.hours, "minutes": up.minutes,
            "seconds": up.seconds, "milliseconds": up.milliseconds,
            "microseconds": up.microseconds,
        },
        "version": VERSION,
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
    })
}

/// `json {"command": .., "data": ..}`: the request comes back with `status` and `response`.
pub(super) fn json(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return "-ERR No JSON supplied.\n".into();
    }
    // What is no object cannot hold an answer.
    let Ok(Value::Object(mut request)) = serde_json::from_str(&asked.args) else {
        return "-ERR Parse error.\n".into();
    };
    let command = request.get("command").and_then(Value::as_str).unwrap_or_default().to_owned();
    let answer = request.get("data").cloned().map(|data| answer(world, &command, &data));
    let (status, message, response) = match answer {
        Some(Answer::Good(response)) => ("success", None, response),
        Some(Answer::Bad(response)) => ("error", Some("The command returned an error"), response),
        Some(Answer::Unknown) | None => {
            ("error", Some("Invalid request or non-existant command"), Value::Null)
        }
    };
    request.insert("status".to_owned(), status.into());
    if let Some(message) = message {
        request.insert("message".to_owned(), message.into());
    }
    request.insert("response".to_owned(), response);
    let is_pretty = request.get("format").and_then(Value::as_str) == Some("pretty");
    let whole = Value::Object(request);
    if is_pretty { format!("{}\n", pretty(&whole, 0)).into() } else { format!("{whole}\n").into() }
}

enum Answer {
    Good(Value),
    Bad(Value),
    Unknown,
}

fn answer(world: &mut World, command: &str, data: &Value) -> Answer {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let bad = |text: &str| Answer::Bad(json!({ "response": text }));
    match command {
        "status" => Answer::Good(status_json(world)),
        "mediaStats" | "channelData" if text("uuid").is_empty() => bad("INVALID INPUT"),
        "mediaStats" => match world.find(&text("uuid")) {
            Some(id) => Answer::Good(super::media::stats(world, id)),
            None => bad("Session does not exist"),
        },
        "channelData" => match world.find(&text("uuid")) {
            Some(id) => Answer::Good(channel_data(world, id)),
            None => bad("Session does not exist"),
        },
        "execute" => bad("INVALID INPUT"),
        "fsapi" => {
            let (command, args) = (text("cmd"), text("arg"));
            let invalid = json!({ "message": "INVALID CALL" });
            if command.is_empty() {
                return Answer::Good(invalid);
            }
            match world.text_of(&format!("{command} {args}")) {
                (text, true) => Answer::Good(json!({ "message": text })),
                (_, false) => Answer::Bad(invalid),
            }
        }
        "sofia.status" => Answer::Good(profiles::json_status(world, false)),
        "sofia.status.info" => Answer::Good(profiles::json_status(world, true)),
        _ => Answer::Unknown,
    }
}

fn channel_data(world: &World, id: u64) -> Value {
    let Some(channel) = world.channels.get(&id) else { return Value::Null };
    let variables: Map<String, Value> =
        channel.vars.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({
        "channelData": {
            "core-uuid": world.core_uuid,
            "switchname": crate::sim::world::globals::HOSTNAME,
            "channel_data": {
                "state": channel.state.name(),
                "direction": channel.direction(),
                "state_number": channel.number.to_string(),
            },
            "callStats": {},
            "variables": variables,
        }
    })
}

pub(super) fn version(_: &mut World, asked: &ApiCall) -> Outcome {
    let word = asked.args.split_whitespace().next().unwrap_or_default();
    if word.eq_ignore_ascii_case("short") {
        "1.10.12-release\n".into()
    } else {
        "FreeSWITCH Version 1.10.12-release~64bit (simulated 64bit)\n".into()
    }
}

pub(super) fn banner(_: &mut World, _: &ApiCall) -> Outcome {
    "FreeSWITCH 1.10.12, simulated\n".into()
}

pub(super) fn uptime(world: &mut World, asked: &ApiCall) -> Outcome {
    let up = world.now - world.started;
    let (unit, seconds) = (asked.args.to_ascii_lowercase(), up / 1_000_000);
    let value = match unit.as_str() {
        "us" | "microseconds" => up,
        "ms" | "milliseconds" => up / 1000,
        "" | "s" | "seconds" => seconds,
        "m" | "minutes" => seconds / 60,
        "h" | "hours" => seconds / 3600,
        "d" | "days" => seconds / 86_400,
        _ => return asked.usage(),
    };
    format!("{value}\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn up_times() {
        let text =
            "0 years, 0 days, 0 hours, 1 minute, 37 seconds, 120 milliseconds, 137 microseconds";
        assert_eq!(up_time(97_120_137), text);
    }

    #[limited::test]
    fn laid_out() {
        let value = json!({ "a": { "b": 1, "c": [1, "x"] }, "d": {} });
        assert_eq!(
            pretty(&value, 0),
            "{\n\t\"a\":\t{\n\t\t\"b\":\t1,\n\t\t\"c\":\t[1, \"x\"]\n\t},\n\t\"d\":\t{}\n}"
        );
    }
}
