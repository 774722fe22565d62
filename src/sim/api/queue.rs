//! `valet_info`, `callcenter_config` and `fifo`: what waits, and who serves it.

use std::time::Duration;

use crate::sim::world::World;
use crate::sim::world::agenda::Action;
use crate::sim::world::queue::{Agent, QUEUE};
use crate::sim::world::request::{ApiCall, Outcome};

const USAGE: &str = include_str!("../data/callcenter.txt");
const STATUSES: [&str; 4] = ["Available", "Available (On Demand)", "On Break", "Logged Out"];
const STATES: [&str; 5] = ["Idle", "Waiting", "Receiving", "In a queue call", "Reserved"];

pub(super) fn valet_info(world: &mut World, asked: &ApiCall) -> Outcome {
    world.valet_info(&asked.args).into()
}

pub(super) fn callcenter_config(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    match words.as_slice() {
        [] => USAGE.into(),
        ["agent", "add", name, kind] => add_agent(world, name, kind).into(),
        ["agent", "del", name] => {
            world.queue.agents.retain(|agent| agent.name != *name);
            "+OK\n".into()
        }
        ["agent", "set", what, name, value @ ..] => {
            set_agent(world, what, name, &value.join(" ")).into()
        }
        ["agent", "get", what, name] => get_agent(world, what, name),
        ["agent", "list"] | ["queue", "list", "agents", _] => list_agents(world).into(),
        ["tier", "add", queue, agent, rest @ ..] => add_tier(world, queue, agent, rest).into(),
        ["tier", "del", queue, agent] => {
            world.queue.tiers.retain(|(have, name, ..)| have != queue || name != agent);
            "+OK\n".into()
        }
        ["tier", "list"] | ["queue", "list", "tiers", _] => list_tiers(world).into(),
        ["queue", "list", "members", queue] => list_members(world, queue).into(),
        ["queue", "list"] => format!("name|strategy\n{QUEUE}|longest-idle-agent\n+OK\n").into(),
        ["queue", "count"] => "1\n".into(),
        ["queue", "count", "members", _] => format!("{}\n", world.queue.members.len()).into(),
        ["queue", "count", "agents", _] => format!("{}\n", world.queue.agents.len()).into(),
        ["queue", "count", "tiers", _] => format!("{}\n", world.queue.tiers.len()).into(),
        _ => "-ERR Invalid!\n".into(),
    }
}

fn add_agent(world: &mut World, name: &str, kind: &str) -> &'static str {
    if !matches!(kind, "callback" | "uuid-standby") {
        return "-ERR Agent type invalid!\n";
    }
    if world.queue.agents.iter().any(|agent| agent.name == name) {
        return "-ERR Agent already exist!\n";
    }
    world.queue.agents.push(Agent::new(name, kind));
    let all = vec![("CC-Agent", name.to_owned()), ("CC-Agent-Type", kind.to_owned())];
    world.fire_agent("agent-add", ("cc_agent_add", "915"), all);
    "+OK\n"
}

fn set_agent(world: &mut World, what: &str, name: &str, value: &str) -> &'static str {
    let Some(agent) = world.queue.agents.iter_mut().find(|agent| agent.name == name) else {
        return "-ERR Agent not found!\n";
    };
    let (field, action, header, line) = match what {
        "status" if !STATUSES.contains(&value) => return "-ERR Invalid Agent Status!\n",
        "status" => (&mut agent.status, "agent-status-change", "CC-Agent-Status", "1043"),
        "state" if !STATES.contains(&value) => return "-ERR Invalid Agent State!\n",
        "state" => (&mut agent.state, "agent-state-change", "CC-Agent-State", "1067"),
        "contact" => (&mut agent.contact, "agent-contact-change", "CC-Agent-Contact", "1091"),
        _ => return "-ERR Invalid Agent Update KEY!\n",
    };
    value.clone_into(field);
    let all = vec![("CC-Agent", name.to_owned()), (header, value.to_owned())];
    world.fire_agent(action, ("cc_agent_update", line), all);
    world.after(Duration::from_millis(80), Action::Dispatch);
    "+OK\n"
}

fn get_agent(world: &World, what: &str, name: &str) -> Outcome {
    let Some(agent) = world.queue.agents.iter().find(|agent| agent.name == name) else {
        return "-ERR Invalid Agent!\n".into();
    };
    match what {
        "status" => agent.status.clone().into(),
        "state" => agent.state.clone().into(),
        "uuid" => "".into(),
        _ => "-ERR Invalid Agent Update KEY!\n".into(),
    }
}

fn list_agents(world: &World) -> String {
    let head = "name|instance_id|uuid|type|contact|status|state|max_no_answer|wrap_up_time|\
                reject_delay_time|busy_delay_time|no_answer_delay_time|last_bridge_start|\
                last_bridge_end|last_offered_call|last_status_change|no_answer_count|\
                calls_answered|talk_time|ready_time|external_calls_count\n";
    let rows = world.queue.agents.iter().map(|agent| {
        let Agent { name, kind, contact, status, state, answered } = agent;
        format!(
            "{name}|single_box||{kind}|{contact}|{status}|{state}|3|2|2|2|0|0|0|0|0|0|{answered}|0|0|0\n"
        )
    });
    format!("{head}{}+OK\n", rows.collect::<String>())
}

fn add_tier(world: &mut World, queue: &str, agent: &str, rest: &[&str]) -> &'static str {
    if queue != QUEUE {
        return "-ERR Queue not found!\n";
    }
    if !world.queue.agents.iter().any(|have| have.name == agent) {
        return "-ERR Agent not found!\n";
    }
    if world.queue.tiers.iter().any(|(have, name, ..)| have == queue && name == agent) {
        return "-ERR Tier already exist!\n";
    }
    let number = |at: usize| rest.get(at).and_then(|text| text.parse().ok()).unwrap_or(1);
    world.queue.tiers.push((queue.to_owned(), agent.to_owned(), number(0), number(1)));
    world.after(Duration::from_millis(80), Action::Dispatch);
    "+OK\n"
}

fn list_tiers(world: &World) -> String {
    let rows = world.queue.tiers.iter().map(|(queue, agent, level, position)| {
        format!("{queue}|{agent}|Ready|{level}|{position}\n")
    });
    format!("queue|agent|state|level|position\n{}+OK\n", rows.collect::<String>())
}

/// Without any member there is not even a head.
fn list_members(world: &World, queue: &str) -> String {
    if queue != QUEUE || world.queue.members.is_empty() {
        return "+OK\n".to_owned();
    }
    let rows = world.queue.members.iter().map(|member| {
        let (name, number) = &member.cid;
        let state = if member.leg.is_some() { "Answered" } else { "Waiting" };
        let agent = member.agent.as_deref().unwrap_or_default();
        format!(
            "{queue}|single_box|{}|{}|{number}|{name}|0|{}|0|0|0|{agent}|single_box|{state}|0\n",
            member.uuid, member.session, member.joined
        )
    });
    format!(
        "queue|instance_id|uuid|session_uuid|cid_number|cid_name|system_epoch|joined_epoch|\
         rejoined_epoch|bridge_epoch|abandoned_epoch|serving_agent|serving_system|state|score\n{}+OK\n",
        rows.collect::<String>()
    )
}

pub(super) fn fifo(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let waiting = |name: &str| world.queue.fifos.iter().filter(|(have, _)| have == name).count();
    let mut names: Vec<&str> = world.queue.fifos.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    match words.as_slice() {
        ["count"] if names.is_empty() => "none\n".into(),
        ["count"] => {
            let rows = names.iter().map(|name| format!("{name}:0:{}:0:0:0\n", waiting(name)));
            rows.collect::<String>().into()
        }
        ["count", name] if names.contains(name) => {
            format!("{name}:0:{}:0:0:0\n", waiting(name)).into()
        }
        ["count", _] => "none\n".into(),
        ["list"] => {
            let rows = names.iter().map(|name| {
                let count = waiting(name);
                format!(
                    "  <fifo name=\"{name}\" consumer_count=\"0\" caller_count=\"{count}\" \
                     waiting_count=\"{count}\">\n  </fifo>\n"
                )
            });
            format!("<fifo_report>\n{}</fifo_report>\n\n", rows.collect::<String>()).into()
        }
        _ => asked.usage(),
    }
}
