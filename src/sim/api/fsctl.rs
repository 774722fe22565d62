//! `fsctl`: the switch's own switches.

use crate::sim::world::switches::Switches;
use std::time::Duration;

use crate::sim::event::truth::is_true;
use crate::sim::world::agenda::Action;
use crate::sim::world::request::{ApiCall, Outcome};
use crate::sim::world::{World, log};

pub(super) fn run(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let Some(verb) = words.next().map(str::to_ascii_lowercase) else { return asked.usage() };
    let arg = words.next();
    let number = arg.map(|arg| arg.parse::<i64>().unwrap_or(0));
    match verb.as_str() {
        "loglevel" => loglevel(world, arg),
        "pause" | "resume" => {
            pause(world, arg, verb == "pause");
            "+OK\n".into()
        }
        "pause_check" => {
            let switches = &world.switches;
            let paused = match arg.map(str::to_ascii_lowercase).as_deref() {
                Some("inbound") => switches.paused_inbound,
                Some("outbound") => switches.paused_outbound,
                _ => switches.paused_inbound && switches.paused_outbound,
            };
            paused.to_string().into()
        }
        "shutdown_check" => "false".into(),
        "ready_check" => (!world.paused).to_string().into(),
        "hupall" => {
            world.hangup_all("MANAGER_REQUEST", &[]);
            "+OK\n".into()
        }
        "sps" => {
            let rate = number.and_then(|rate| u64::try_from(rate).ok()).filter(|rate| *rate > 0);
            world.counts.max_rate = rate.unwrap_or(world.counts.max_rate);
            format!("+OK sessions per second: {}\n", world.counts.max_rate).into()
        }
        "max_sessions" => {
            let max = number.and_then(|max| u64::try_from(max).ok()).filter(|max| *max > 0);
            world.counts.max_sessions = max.unwrap_or(world.counts.max_sessions);
            format!("+OK max sessions: {}\n", world.counts.max_sessions).into()
        }
        "sps_peak_reset" => {
            world.counts.rate_peak = 0;
            "+OK max sessions per second counter reset\n".into()
        }
        "last_sps" => {
            let (second, count) = world.counts.second;
            let now = second == world.now / 1_000_000;
            format!("+OK last sessions per second: {}\n", if now { count } else { 0 }).into()
        }
        "debug_pool" => {
            let threads = world.channels.len();
            format!("Thread pool: running:{threads} busy:{threads} popping:{threads}\n").into()
        }
        "sync_clock" => "+OK clock synchronized\n".into(),
        "sync_clock_when_idle" if world.channels.is_empty() => "+OK clock synchronized\n".into(),
        "sync_clock_when_idle" => {
            "+OK clock will synchronize when there are no more calls\n".into()
        }
        "reclaim_mem" | "send_sighup" | "calibrate_clock" | "flush_db_handles" | "save_history" => {
            "+OK\n".into()
        }
        "sql" => if arg.is_some() { "+OK\n" } else { "" }.into(),
        "mdns_resolve" if matches!(arg, Some("enable" | "disable")) => "+OK\n".into(),
        "recover" => "+OK 0 session(s) recovered in total\n".into(),
        "shutdown" => shutdown(world, &asked.args),
        "crash" => {
            // Nothing is said any more.
            world.go_down();
            Outcome::Pending
        }
        _ => switch(&mut world.switches, &verb, arg, number)
            .unwrap_or_else(|| format!("-ERR Invalid command\nUSAGE: fsctl {}\n", asked.syntax()))
            .into(),
    }
}

/// Without an argument the real one says DISABLE whatever the level is.
fn loglevel(world: &mut World, arg: Option<&str>) -> Outcome {
    let Some(word) = arg else { return "+OK log level: DISABLE [-1]\n".into() };
    match log::level(word) {
        Some(level) => {
            world.loglevel = level;
            format!("+OK log level: {} [{level}]\n", log::level_name(level)).into()
        }
        None => "-ERR syntax error, log level not set!\n".into(),
    }
}

fn pause(world: &mut World, direction: Option<&str>, on: bool) {
    let direction = direction.map(str::to_ascii_lowercase);
    let switches = &mut world.switches;
    if direction.as_deref() != Some("outbound") {
        switches.paused_inbound = on;
    }
    if direction.as_deref() != Some("inbound") {
        switches.paused_outbound = on;
    }
    // What this switch dials comes back to it: either direction stops new calls.
    world.paused = switches.paused_inbound || switches.paused_outbound;
}

/// A simulated switch ends all calls, then its sockets, and comes back with another Core-UUID.
/// `asap` and `elegant` do not wait for the calls.
fn shutdown(world: &mut World, args: &str) -> Outcome {
    if args.split_whitespace().any(|word| word.eq_ignore_ascii_case("cancel")) {
        return "+OK\n".into();
    }
    let mut event = world.event("SHUTDOWN");
    event.push("Event-Info", "System Shutting Down");
    world.emit(&event);
    world.paused = true;
    world.hangup_all("SYSTEM_SHUTDOWN", &[]);
    world.after(Duration::from_secs(3), Action::ShutDown);
    "+OK\n".into()
}

/// `shutdown` and `...`: the same without a word.
pub(super) fn shutdown_now(world: &mut World, _: &ApiCall) -> Outcome {
    shutdown(world, "")
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Switches that are only stored and reported.
fn switch(
    switches: &mut Switches,
    verb: &str,
    arg: Option<&str>,
    number: Option<i64>,
) -> Option<String> {
    let set = |flag: &mut bool| {
        *flag = arg.map_or(*flag, is_true);
        *flag
    };
    Some(match verb {
        "verbose_events" => {
            format!("+OK verbose_events is {} \n", word(set(&mut switches.verbose_events)))
        }
        "api_expansion" => {
            format!("+OK api_expansion is {} \n", word(set(&mut switches.api_expansion)))
        }
        "threaded_system_exec" => {
            format!("+OK threaded_system_exec is {} \n", set(&mut switches.threaded_exec))
        }
        "debug_sql" => {
            switches.debug_sql = !switches.debug_sql;
            format!("+OK SQL DEBUG [{}]\n", word(switches.debug_sql))
        }
        "debug_level" => {
            switches.debug_level = number.map_or(switches.debug_level, |it| it.clamp(0, 10));
            format!("+OK DEBUG level: {}\n", switches.debug_level)
        }
        "min_idle_cpu" => {
            let given = arg.map(|arg| arg.parse().unwrap_or(0.0));
            switches.min_idle_cpu = given.unwrap_or(switches.min_idle_cpu);
            if switches.min_idle_cpu > 0.0 {
                format!("+OK min idle cpu: {:.2}", switches.min_idle_cpu)
            } else {
                "+OK min idle cpu: DISABLED\n".to_owned()
            }
        }
        "max_dtmf_duration" | "min_dtmf_duration" | "default_dtmf_duration" => {
            let [max, min, usual] = &mut switches.dtmf;
            let slot = match verb {
                "max_dtmf_duration" => max,
                "min_dtmf_duration" => min,
                _ => usual,
            };
            let given = number.filter(|number| *number > 0);
            *slot = given.map_or(*slot, |number| number.clamp(400, 192_000));
            format!("+OK {}: {slot}\n", verb.replace('_', " "))
        }
        _ => return None,
    })
}
