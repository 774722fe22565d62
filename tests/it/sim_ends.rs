//! How calls end, join and split on the simulated switch, beside the same calls on FreeSWITCH
//! 1.10.12. A line of `ends.jsonl` is one recording: the commands with their times, the legs with
//! their events in order, and the headers of each leg's CHANNEL_HANGUP_COMPLETE. Ids of legs are
//! written as `leg A`; headers whose values differ from run to run have a name only.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use switchy::sim::Sim;
use switchy::wire::{EventData, Frame};
use tokio::time::Instant;

use crate::sim::{Client, config};

/// One leg: its channel name, its events, the headers of its end.
#[derive(Debug, Default)]
struct Leg {
    letter: String,
    name: String,
    events: Vec<String>,
    end: Vec<String>,
}

#[derive(Debug)]
struct Recording {
    name: String,
    script: Vec<(u64, String)>,
    /// Hangups, bridges and jobs of all legs, in order.
    order: Vec<(u64, String)>,
    legs: Vec<Leg>,
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn timed(list: &Value) -> Vec<(u64, String)> {
    let list = list.as_array().unwrap().iter();
    list.map(|it| (it[0].as_u64().unwrap(), it[1].as_str().unwrap().to_owned())).collect()
}

fn recordings() -> Vec<Recording> {
    let lines = include_str!("ends.jsonl").lines();
    let all = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.map(|it| Recording {
        name: it["name"].as_str().unwrap().to_owned(),
        script: timed(&it["script"]),
        order: timed(&it["order"]),
        legs: it["legs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|leg| Leg {
                letter: leg["leg"].as_str().unwrap().to_owned(),
                name: leg["name"].as_str().unwrap().to_owned(),
                events: texts(&leg["events"]),
                end: texts(&leg["end"]),
            })
            .collect(),
    })
    .collect()
}

/// Who is who: the uuids of the simulated legs, by the letters of the recorded ones.
#[derive(Debug, Default)]
struct Cast {
    uuids: BTreeMap<String, String>,
}

impl Cast {
    /// Adds a new leg: it plays the first recorded one of its name that has no uuid yet.
    fn add(&mut self, recording: &Recording, uuid: &str, name: &str) {
        if self.uuids.values().any(|have| have == uuid) {
            return;
        }
        let free = recording
            .legs
            .iter()
            .find(|leg| leg.name == name && !self.uuids.contains_key(&leg.letter));
        let letter = free.map_or_else(|| format!("?{name}"), |leg| leg.letter.clone());
        self.uuids.insert(letter, uuid.to_owned());
    }

    fn letter(&self, uuid: &str) -> &str {
        self.uuids.iter().find(|(_, have)| *have == uuid).map_or("?", |(letter, _)| letter)
    }

    /// Writes `leg A` for the uuid of A.
    fn blur(&self, text: &str) -> String {
        let all = self.uuids.iter();
        all.fold(text.to_owned(), |text, (letter, uuid)| {
            text.replace(uuid, &format!("leg {letter}"))
        })
    }

    /// Writes the uuid of A for `leg A`.
    fn name(&self, text: &str) -> String {
        let all = self.uuids.iter();
        all.fold(text.to_owned(), |text, (letter, uuid)| {
            text.replace(&format!("leg {letter}"), uuid)
        })
    }
}

fn get(event: &EventData, name: &str) -> String {
    event.get(name).unwrap_or_default().into_owned()
}

/// An event in a few words, as `ends.jsonl` has it.
fn label(event: &EventData, cast: &Cast) -> String {
    let name = get(event, "Event-Name").replace("CHANNEL_", "");
    let detail = match name.as_str() {
        "STATE" => get(event, "Channel-State").replace("CS_", ""),
        "CALLSTATE" => get(event, "Channel-Call-State"),
        "EXECUTE" | "EXECUTE_COMPLETE" => get(event, "Application"),
        "HANGUP" | "HANGUP_COMPLETE" => get(event, "Hangup-Cause"),
        "BRIDGE" | "UNBRIDGE" => ["A", "B"]
            .map(|end| cast.letter(&get(event, &format!("Bridge-{end}-Unique-ID"))).to_owned())
            .concat(),
        "CUSTOM" => {
            let action = get(event, "Action") + &get(event, "CC-Action");
            format!("{} {action}", get(event, "Event-Subclass"))
        }
        _ => String::new(),
    };
    format!("{name} {detail}").trim_end().to_owned()
}

/// What a simulated switch makes of the commands of a recording.
async fn play(recording: &Recording) -> (Cast, Recording) {
    let sim = Sim::start(config());
    let (mut client, mut actor) = (Client::login(&sim).await, Client::login(&sim).await);
    client.ask("event plain ALL").await;
    let (mut cast, mut events) = (Cast::default(), Vec::new());
    for (index, leg) in recording.legs.iter().enumerate() {
        // The legs that the commands name themselves.
        let named = |(_, line): &(u64, String)| {
            line.contains(&format!("origination_uuid=leg {}", leg.letter))
        };
        if recording.script.iter().any(named) {
            cast.uuids.insert(leg.letter.clone(), format!("00000000-0000-4000-8000-{index:012}"));
        }
    }
    let start = Instant::now();
    let last = recording.script.iter().chain(&recording.order).map(|(at, _)| *at).max();
    let stops = recording.script.iter().map(|(at, line)| (*at, line.as_str()));
    for (at, line) in stops.chain([(last.unwrap_or_default() + 3000, "api status")]) {
        client.read_until(start + Duration::from_millis(at)).await;
        for frame in std::mem::take(&mut client.frames) {
            let Frame::Event(event) = frame else { continue };
            if let Some(uuid) = event.get("Unique-ID") {
                cast.add(recording, &uuid, &get(&event, "Channel-Name"));
            }
            events.push(event);
        }
        actor.send(&format!("{}\n\n", cast.name(line))).await;
    }
    let mut got = Recording {
        name: recording.name.clone(),
        script: Vec::new(),
        order: Vec::new(),
        legs: Vec::new(),
    };
    got.legs.extend(recording.legs.iter().map(|leg| Leg {
        letter: leg.letter.clone(),
        name: leg.name.clone(),
        ..Leg::default()
    }));
    let first = events.first().map_or(0, stamp);
    for event in &events {
        let at = (stamp(event) - first) / 1000;
        let (label, kind) = (label(event, &cast), get(event, "Event-Name"));
        let Some(uuid) = event.get("Unique-ID") else {
            if kind == "BACKGROUND_JOB" {
                let text = event.body().unwrap_or_default();
                got.order.push((at, format!("job {}", cast.blur(text.trim()))));
            }
            continue;
        };
        let letter = cast.letter(&uuid).to_owned();
        // `hupall` takes the channels in an order of its own.
        let is_ordered = ["CHANNEL_HANGUP", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"]
            .contains(&kind.as_str())
            && !label.ends_with("MANAGER_REQUEST");
        if is_ordered {
            got.order.push((at, format!("{letter} {label}")));
        }
        let Some(leg) = got.legs.iter_mut().find(|leg| leg.letter == letter) else {
            got.legs.push(Leg { letter, events: vec![label], ..Leg::default() });
            continue;
        };
        if !is_of_the_plan(&label) {
            leg.events.push(label);
        }
        if kind == "CHANNEL_HANGUP_COMPLETE" {
            leg.end = headers(event, &cast);
        }
    }
    (cast, got)
}

fn stamp(event: &EventData) -> u64 {
    get(event, "Event-Date-Timestamp").parse().unwrap()
}

/// The headers behind those that every event has.
fn headers(event: &EventData, cast: &Cast) -> Vec<String> {
    let all = event.fields().map(|field| String::from_utf8_lossy(field.name).into_owned());
    let own = |name: &String| {
        !["Event-", "FreeSWITCH", "Core-"].iter().any(|start| name.starts_with(start))
    };
    all.filter(own).map(|name| format!("{name}: {}", cast.blur(&get(event, &name)))).collect()
}

/// What the stock dial plan does before it comes to the number, in some contexts.
fn is_of_the_plan(label: &str) -> bool {
    label.starts_with("EXECUTE") && (label.ends_with(" hash") || label.ends_with(" export"))
}

/// What that leaves behind.
const OF_THE_PLAN: [&str; 3] =
    ["variable_RFC2822_DATE", "variable_export_vars", "variable_DP_MATCH"];

/// What a called leg has or has not, as two threads of FreeSWITCH race.
const RACES: [&str; 5] = [
    "variable_bridge_hangup_cause",
    "variable_last_bridge_hangup_cause",
    "variable_last_bridge_proto_specific_hangup_cause",
    "Channel-Call-UUID",
    "variable_call_uuid",
];

/// What the thread of a queue's agent says when it notices the end; it sleeps now and then.
const LATE: &str = "CUSTOM callcenter::info bridge-agent-end";

/// Where two ends differ: names in order, values where the recording has them.
fn end_differs(real: &[String], sim: &[String]) -> Vec<String> {
    let name = |line: &str| line.split_once(": ").map_or(line, |(name, _)| name).to_owned();
    let mut wrong = Vec::new();
    let is_called = real.iter().any(|line| line == "Other-Type: originator");
    let races = |name: &String| {
        let name = name.as_str();
        (is_called && RACES.contains(&name)) || OF_THE_PLAN.contains(&name)
    };
    let names = |all: &[String]| {
        all.iter().map(|line| name(line)).filter(|name| !races(name)).collect::<Vec<_>>()
    };
    let (of_real, of_sim) = (names(real), names(sim));
    for one in of_real.iter().filter(|one| !of_sim.contains(one)) {
        wrong.push(format!("missing {one}"));
    }
    for one in of_sim.iter().filter(|one| !of_real.contains(one)) {
        wrong.push(format!("more {one}"));
    }
    for line in real.iter().filter(|line| line.contains(": ") && !races(&name(line))) {
        let same = sim.iter().find(|have| name(have) == name(line));
        if let Some(have) = same.filter(|have| *have != line) {
            wrong.push(format!("real {line:?}, sim {have:?}"));
        }
    }
    wrong
}

async fn compare(recording: &Recording) -> Vec<String> {
    let (_, sim) = play(recording).await;
    let mut wrong = Vec::new();
    for leg in &recording.legs {
        let Some(have) = sim.legs.iter().find(|have| have.letter == leg.letter) else { continue };
        let in_time = |all: &[String]| -> Vec<String> {
            all.iter().filter(|label| *label != LATE).cloned().collect()
        };
        if have.events.contains(&LATE.to_owned()) != leg.events.contains(&LATE.to_owned()) {
            wrong.push(format!("leg {}: {LATE}", leg.letter));
        }
        // A recording may stop before the leg does.
        let is_cut = leg.end.is_empty();
        let (of_real, of_sim) = (in_time(&leg.events), in_time(&have.events));
        if of_sim != of_real && !(is_cut && of_sim.starts_with(&of_real)) {
            let at = of_sim.iter().zip(&of_real).take_while(|(a, b)| a == b).count();
            let rest = |all: &[String]| all.get(at.saturating_sub(2)..).unwrap().join(", ");
            wrong.push(format!(
                "leg {} differs at {at}\n    real {}\n    sim  {}",
                leg.letter,
                rest(&of_real),
                rest(&of_sim)
            ));
        }
        if is_cut {
            continue;
        }
        let ends = end_differs(&leg.end, &have.end);
        wrong.extend(ends.into_iter().map(|it| format!("end of leg {}: {it}", leg.letter)));
    }
    for leg in sim.legs.iter().skip(recording.legs.len()) {
        wrong.push(format!("one leg more, {}: {}", leg.letter, leg.events.join(", ")));
    }
    // Whether a leg leaves its bridge before or after the other one ends is a race, too.
    let texts = |all: &[(u64, String)]| -> Vec<String> {
        let all = all.iter().map(|(_, text)| text.clone());
        all.filter(|text| !text.contains(" UNBRIDGE ")).collect()
    };
    let (of_real, of_sim) = (texts(&recording.order), texts(&sim.order));
    let is_cut = recording.legs.iter().any(|leg| leg.end.is_empty());
    if of_real != of_sim && !(is_cut && of_sim.starts_with(&of_real)) {
        wrong.push(format!("order\n    real {:?}\n    sim  {:?}", recording.order, sim.order));
    }
    wrong
}

#[limited::test(paused)]
async fn calls_end_as_recorded() {
    let only = std::env::var("ENDS").unwrap_or_default();
    let mut failed = Vec::new();
    for recording in recordings().iter().filter(|it| it.name.contains(&only)) {
        let wrong = compare(recording).await;
        if !wrong.is_empty() {
            failed.push(format!("{}:\n  {}", recording.name, wrong.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The text of an api command.
async fn api(client: &mut Client, command: &str) -> String {
    client.text(&format!("api {command}")).await.trim_end().to_owned()
}

#[limited::test(paused)]
async fn a_paused_server_refuses_calls() {
    let sim = Sim::start(config());
    let (mut client, mut is_paused) = (Client::login(&sim).await, false);
    for (command, reply) in [
        ("fsctl pause", "+OK"),
        ("originate sofia/external/7003@127.0.0.1:5080 &park", "-ERR DESTINATION_OUT_OF_ORDER"),
        ("fsctl resume", "+OK"),
        ("fsctl max_sessions 1", "+OK max sessions: 1"),
        ("originate {origination_uuid=a}null/x &park", "+OK a"),
        ("originate null/x &park", "-ERR DESTINATION_OUT_OF_ORDER"),
    ] {
        assert_eq!(api(&mut client, command).await, reply, "{command}");
        is_paused = (is_paused || command == "fsctl pause") && command != "fsctl resume";
        let is_ready = api(&mut client, "status").await.contains(") is ready");
        assert_eq!(is_ready, !is_paused, "{command}");
    }
}

#[limited::test(paused)]
async fn a_shutdown_ends_calls_first_and_sockets_later() {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    let dial = "originate {origination_uuid=a}sofia/external/7003@127.0.0.1:5080 &park";
    assert_eq!(api(&mut client, dial).await, "+OK a");
    client.ask("event plain SHUTDOWN CHANNEL_HANGUP_COMPLETE").await;
    client.send("api fsctl shutdown\n\n").await;
    client.read_for(Duration::from_secs(2)).await;
    let frames = std::mem::take(&mut client.frames);
    let events: Vec<String> = frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Event(event) => Some(get(event, "Event-Info") + &get(event, "Hangup-Cause")),
            _ => None,
        })
        .collect();
    assert_eq!(events, ["System Shutting Down", "SYSTEM_SHUTDOWN", "SYSTEM_SHUTDOWN"]);
    assert!(client.read_for(Duration::from_secs(2)).await, "the socket ends");
    let text = String::from_utf8_lossy(&client.bytes);
    assert!(text.ends_with(
        "Content-Type: text/disconnect-notice\nContent-Length: 31\n\nThe system is being shut down.\n"
    ));
    let mut next = Client::login(&sim).await;
    assert!(api(&mut next, "status").await.contains(") is ready"), "it comes back");
}

#[limited::test(paused)]
async fn both_legs_of_a_call_end_in_one_step() {
    for recording in recordings().iter().filter(|it| it.name == "end_media_timeout") {
        let (_, sim) = play(recording).await;
        let ends: Vec<u64> = sim
            .order
            .iter()
            .filter(|(_, label)| label.contains("HANGUP"))
            .map(|(at, _)| *at)
            .collect();
        assert_eq!(ends, [4000, 4000], "{:?}", sim.order);
        assert!(sim.order.iter().all(|(at, _)| at % 20 == 0), "{:?}", sim.order);
    }
}

#[limited::test(paused)]
async fn lots_queues_and_rooms_tell_who_is_in_them() {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    assert_eq!(api(&mut client, "valet_info lot1").await, "<lots>\n</lots>");
    for (uuid, app) in [
        ("a", "valet_park(lot1 auto in 8001 8002)"),
        ("b", "valet_park(lot1 auto in 8001 8002)"),
        ("c", "fifo(f in)"),
        ("d", "conference(r)"),
    ] {
        let dial = format!("originate {{origination_uuid={uuid}}}null/{uuid} '&{app}'");
        assert_eq!(api(&mut client, &dial).await, format!("+OK {uuid}"));
    }
    assert_eq!(
        api(&mut client, "valet_info").await,
        "<lots>\n  <lot name=\"lot1\">\n    <extension uuid=\"a\">8001</extension>\n    \
         <extension uuid=\"b\">8002</extension>\n  </lot>\n</lots>"
    );
    assert_eq!(api(&mut client, "fifo count").await, "f:0:1:0:0:0");
    let rooms = api(&mut client, "conference xml_list").await;
    assert!(rooms.contains("<conference name=\"r\" member-count=\"1\""), "{rooms}");
    assert_eq!(rooms.matches("<uuid>d</uuid>").count(), 1);
    assert_eq!(api(&mut client, "conference r xml_list").await, rooms);
    api(&mut client, "originate {origination_uuid=e}null/e '&valet_park(lot1 8002)'").await;
    api(&mut client, "originate {origination_uuid=g}null/g 'fifo:f out' inline").await;
    client.read_for(Duration::from_millis(500)).await;
    client.frames.clear();
    let calls = api(&mut client, "show calls").await;
    for pair in [("b", "e"), ("g", "c")] {
        let is_row = |row: &str| {
            let mut cells = row.split(',');
            cells.next() == Some(pair.0) && cells.any(|cell| cell == pair.1)
        };
        assert!(calls.lines().any(is_row), "{pair:?} in {calls}");
    }
    assert_eq!(api(&mut client, "fifo count").await, "none");
    api(&mut client, "hupall").await;
    client.read_for(Duration::from_millis(500)).await;
    client.frames.clear();
    assert_eq!(api(&mut client, "valet_info").await, "<lots>\n</lots>");
    for (command, reply) in [
        ("agent get state a@default", "Waiting"),
        ("agent add a@default callback", "-ERR Agent already exist!"),
        ("agent set status a@default Nonsense", "-ERR Invalid Agent Status!"),
        ("agent set status nosuch Available", "-ERR Agent not found!"),
        ("queue count members support@default", "0"),
        ("nosuch", "-ERR Invalid!"),
    ] {
        let command = format!("callcenter_config {command}");
        assert_eq!(api(&mut client, &command).await, reply, "{command}");
    }
}
