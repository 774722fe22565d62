//! The views against the server's own tables, with calls in different states, simulated and real.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use switchy::conn::Config;
use switchy::shell::{CommandError, Output, Settings, Shell};
use switchy::sim;
use tokio::time::sleep;

use crate::support::{self, SOON};

async fn answer(shell: &Shell, line: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    shell.run_line(line, Output::new(&mut text)).await.map(|_next| text)
}

async fn rows(shell: &Shell, line: &str) -> Vec<Value> {
    let text = answer(shell, &format!("{line} -o jsonl")).await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row}"))
}

/// Asks again until what was asked for is so.
async fn until(shell: &Shell, line: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    support::until(SOON, line, async || {
        let rows = rows(shell, line).await;
        if is_so(&rows) { Ok(rows) } else { Err(rows) }
    })
    .await
}

/// Originates and returns the uuid of the answered leg.
async fn originate(shell: &Shell, tail: &str) -> String {
    let said = answer(shell, &format!("originate --wait 20 {tail}")).await.unwrap();
    said.split_whitespace().last().unwrap().to_owned()
}

/// Keeps to what a real server with the stock configuration allows: 30 sessions a second, and a call
/// has up to four.
async fn pace(is_real: bool) {
    if is_real {
        sleep(Duration::from_millis(200)).await;
    }
}

/// Some thirty calls: answered, parked, held, bridged, loopback, in a conference, ringing; one failed.
/// Each carries the mark as its caller, so that those of others are not touched.
async fn calls(shell: &Shell, mark: &str, is_real: bool) -> BTreeMap<String, &'static str> {
    let mut states = BTreeMap::new();
    // They end by themselves when this one fails.
    let end = "execute_on_answer='sched_hangup +120'";
    let from = format!("{{origination_caller_id_number={mark},{end}}}");
    for _ in 0..8 {
        pace(is_real).await;
        let id = originate(shell, &format!("{from}sofia/external/9196@127.0.0.1:5080 &park")).await;
        states.insert(id, "parked");
    }
    for _ in 0..5 {
        pace(is_real).await;
        let id = originate(shell, &format!("{from}sofia/external/9196@127.0.0.1:5080 &echo")).await;
        states.insert(id, "answered");
    }
    for _ in 0..5 {
        pace(is_real).await;
        let id = originate(shell, &format!("{from}loopback/9196 &park")).await;
        states.insert(id, "parked");
    }
    for _ in 0..4 {
        pace(is_real).await;
        let id = originate(shell, &format!("{from}sofia/external/9196@127.0.0.1:5080 &park")).await;
        answer(shell, &format!("uuid_hold {id}")).await.unwrap();
        states.insert(id, "held");
    }
    for _ in 0..2 {
        let bridge = "&bridge(sofia/external/9196@127.0.0.1:5080)";
        let to = "sofia/external/9196@127.0.0.1:5080";
        pace(is_real).await;
        let id = originate(shell, &format!("{from}{to} {bridge}")).await;
        states.insert(id, "bridged");
    }
    if is_real {
        for _ in 0..2 {
            pace(is_real).await;
            let id = originate(shell, &format!("{from}loopback/9196 &conference({mark})")).await;
            states.insert(id, "conference");
        }
    }
    // These are not answered: the other side only parks.
    for _ in 0..4 {
        let line = format!("originate {from}sofia/external/park@127.0.0.1:5090 &park");
        pace(is_real).await;
        let said = answer(shell, &line).await.unwrap();
        states.insert(said.split_whitespace().last().unwrap().to_owned(), "ringing");
    }
    let failed = format!("originate --wait 20 {from}error/USER_BUSY &park");
    assert_eq!(answer(shell, &failed).await.unwrap_err().message, "-ERR USER_BUSY");
    states
}

/// Whether a call is in a state; one that is not answered may not ring yet, or hear something.
fn is(row: &Value, state: &str) -> bool {
    let found = text(row, "state");
    found == state || (state == "ringing" && matches!(found, "new" | "early"))
}

async fn views_are_right(config: Config, is_real: bool) {
    let shell = Shell::new(Settings::default(), None, false);
    shell.connect("pbx", config).await.unwrap();
    let mark = format!("7{}", std::process::id());
    let states = calls(&shell, &mark, is_real).await;

    let line = format!("calls where from={mark}");
    let is_settled = |rows: &[Value]| {
        rows.len() == states.len()
            && rows
                .iter()
                .all(|row| states.get(text(row, "id")).is_some_and(|state| is(row, state)))
    };
    let seen = until(&shell, &line, is_settled).await;
    // Each leg that we follow is one that the server has, with the same direction and call state.
    let legs: BTreeSet<String> =
        rows(&shell, "channels").await.iter().map(|row| text(row, "uuid").to_owned()).collect();
    let ours: Vec<Value> = until(&shell, "show channels", |shown| {
        states.iter().all(|(id, state)| {
            let row = shown.iter().find(|row| text(row, "uuid") == id);
            row.is_some_and(|row| (text(row, "callstate") == "HELD") == (*state == "held"))
        })
    })
    .await;
    for row in ours.iter().filter(|row| states.contains_key(text(row, "uuid"))) {
        let id = text(row, "uuid");
        assert!(legs.contains(id), "{id} is not followed");
        let leg = rows_of(&shell, &format!("channels where uuid={id}")).await;
        assert_eq!(text(&leg, "dir"), text(row, "direction"), "{row}");
        assert_eq!(text(&leg, "channel"), text(row, "name"), "{row}");
        assert_eq!(text(&leg, "codec"), text(row, "read_codec"), "{row}");
        // A hold ends the application in the table for a moment.
        let runs = text(row, "application");
        assert!(runs.is_empty() || runs == text(&leg, "app"), "{row} {leg}");
    }
    // Filters, orders and counts agree with each other.
    for state in ["parked", "answered", "held", "bridged"] {
        let count = states.values().filter(|known| **known == state).count();
        assert_eq!(
            rows(&shell, &format!("{line} and state={state}")).await.len(),
            count,
            "{state}"
        );
    }
    let sorted = rows(&shell, &format!("{line} --sort age:desc")).await;
    let ages: Vec<u64> = sorted.iter().map(|row| row["age_ms"].as_u64().unwrap()).collect();
    assert!(ages.is_sorted_by(|a, b| a >= b), "{ages:?}");
    let counted = answer(&shell, &format!("{line} --count -o csv")).await.unwrap();
    assert_eq!(counted, format!("calls\n{}\n", seen.len()));
    for row in &seen {
        assert_eq!(row["own"], true, "{row}");
        assert_eq!(row["hold_ms"].is_null(), text(row, "state") != "held", "{row}");
        assert_eq!(row["talk_ms"].is_null(), is(row, "ringing"), "{row}");
        assert!(row["ring_ms"].is_u64(), "{row}");
    }
    if is_real {
        let here = format!("conferences where conference={mark}");
        assert_eq!(rows(&shell, &here).await[0]["members"], 2);
    }
    let busy = until(&shell, "calls --ended where cause=USER_BUSY or own=yes", |_| true).await;
    assert!(busy.len() <= 1, "{busy:?}");
    let status = rows_of(&shell, "status").await;
    assert!(status["sessions"].as_u64().unwrap() >= states.len() as u64, "{status}");
    for id in states.keys() {
        let document = answer(&shell, &format!("call {id} -o json")).await.unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(text(&document, "id"), id);
        assert_eq!(document["timeline"][0]["what"], "created");
        assert!(!document["legs"][0]["variables"].as_object().unwrap().is_empty(), "{document}");
        answer(&shell, &format!("hangup {id}")).await.unwrap();
    }
    until(&shell, &line, |rows| rows.is_empty()).await;
    shell.close().await;
}

async fn rows_of(shell: &Shell, line: &str) -> Value {
    let mut rows = rows(shell, line).await;
    assert_eq!(rows.len(), 1, "{line}: {rows:?}");
    rows.remove(0)
}

async fn simulated(shell: &Shell) {
    let config = shell.start_sim(sim::Config::new().with_seed(7)).await.unwrap();
    shell.connect("pbx", config).await.unwrap();
}

#[limited::test(threads)]
async fn views_are_right_on_a_simulated_switch() {
    let host = Shell::new(Settings::default(), None, false);
    let config = host.start_sim(sim::Config::new().with_seed(7)).await.unwrap();
    views_are_right(config, false).await;
    host.close().await;
}

#[limited::test(threads, needs = "SWITCHY_LIVE", seconds = 900)]
async fn live_views_are_right() {
    let config = crate::live::server();
    views_are_right(config, true).await;
}

#[limited::test(threads)]
async fn every_view_has_the_fields_that_help_lists() {
    let shell = Shell::new(Settings::default(), None, false);
    simulated(&shell).await;
    originate(&shell, "sofia/external/9196@127.0.0.1:5080 &park").await;
    let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let fields: Value =
        serde_json::from_str(&answer(&shell, "help fields -o json").await.unwrap()).unwrap();
    for row in fields.as_array().unwrap() {
        let fields = listed.entry(text(row, "view").to_owned()).or_default();
        fields.push(text(row, "field").to_owned());
        assert!(!text(row, "means").is_empty(), "{row}");
    }
    assert_eq!(listed.len(), 7);
    for (view, fields) in listed {
        let header = answer(&shell, &format!("{view} -o csv")).await.unwrap();
        assert_eq!(header.lines().next().unwrap(), fields.join(","), "{view}");
        for row in rows(&shell, &view).await {
            let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
            assert_eq!(keys, fields.iter().collect::<Vec<_>>(), "{view}");
        }
    }
    shell.close().await;
}
