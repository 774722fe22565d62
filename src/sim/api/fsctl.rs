//! `fsctl`: the switch's own switches.

use super::super::log;
use super::super::world::World;
use super::{Outcome, Waiting};

const USAGE: &str = "-ERR Invalid command\nUSAGE: fsctl [api_expansion [on|off]|recover|send_sighup|hupall|pause [inbound|outbound]|resume [inbound|outbound]|shutdown [cancel|elegant|asap|now|restart]|sps|sps_peak_reset|sync_clock|sync_clock_when_idle|reclaim_mem|max_sessions|min_dtmf_duration [num]|max_dtmf_duration [num]|default_dtmf_duration [num]|min_idle_cpu|loglevel [level]|debug_level [level]|mdns_resolve [enable|disable]]\n";

pub(super) fn run(world: &mut World, asked: &Waiting) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let arg = words.next();
    match verb {
        // Without an argument the real one says DISABLE whatever the level is.
        "loglevel" => match arg {
            None => "+OK log level: DISABLE [-1]\n".into(),
            Some(word) => match log::level(word).filter(|level| *level < 8) {
                Some(level) => {
                    world.loglevel = level;
                    format!("+OK log level: {} [{level}]\n", log::level_name(level)).into()
                }
                None => "-ERR syntax error, log level not set!\n".into(),
            },
        },
        "pause" => {
            world.paused = true;
            "+OK\n".into()
        }
        "resume" => {
            world.paused = false;
            "+OK\n".into()
        }
        "pause_check" => world.paused.to_string().into(),
        "shutdown_check" => "false".into(),
        "ready_check" => "true".into(),
        "hupall" => {
            let cause = arg.unwrap_or("MANAGER_REQUEST").to_owned();
            world.hangup_all(&cause, &[]);
            "+OK\n".into()
        }
        "sps" => {
            if let Some(rate) = arg.and_then(|arg| arg.parse().ok()) {
                world.counts.max_rate = rate;
            }
            format!("+OK sessions per second: {}\n", world.counts.max_rate).into()
        }
        "max_sessions" => {
            if let Some(max) = arg.and_then(|arg| arg.parse().ok()) {
                world.counts.max_sessions = max;
            }
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
        "debug_level" => format!("+OK DEBUG level: {}\n", arg.unwrap_or("0")).into(),
        "api_expansion" => "+OK\n".into(),
        "verbose_events" => "+OK verbose_events is off\n".into(),
        "sync_clock" | "reclaim_mem" | "send_sighup" => "+OK\n".into(),
        "recover" => "+OK flushed\n".into(),
        // A simulated switch goes down and comes back at once, with another Core-UUID.
        "shutdown" => {
            if arg == Some("cancel") {
                return "+OK\n".into();
            }
            let event = world.event("SHUTDOWN");
            world.emit(&event);
            world.go_down();
            "+OK\n".into()
        }
        _ => USAGE.into(),
    }
}
