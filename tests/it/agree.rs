//! Calls of other clients that are bridged, parked, queued, intercepted and transferred at random:
//! a listener that saw all of it, one that comes now, and the server's own table have the same
//! calls, with the same legs, numbers, states and codecs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use switchy::client::Error;
use switchy::model::Phase;
use switchy::sim::Sim;
use switchy::{Client, EventListener};
use tokio::time::sleep;

use crate::sim::config;
use crate::support::{LONG, Shown, until};

/// The uuids of each call's legs.
type Partition = BTreeSet<BTreeSet<String>>;

#[limited::test(paused)]
async fn a_prompt_a_one_shot_and_the_servers_table_have_the_same_calls() {
    for seed in [1, 7] {
        let sim = Sim::start(config());
        let driver = Client::new("127.0.0.1");
        driver.connect_over(sim.connect()).await.unwrap();
        let observer = listener(&sim).await;
        let done = storm(&driver, &observer, async || listener(&sim).await, seed, 200).await;
        assert!(done.iter().all(|count| *count > 0), "not all was tried: {done:?}");
    }
}

async fn listener(sim: &Sim) -> EventListener {
    let listener = EventListener::new("127.0.0.1");
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    listener
}

/// How often each kind of step was taken.
type Done = [u32; 10];

/// Makes calls and has them joined and split, and compares after every tenth step.
pub(crate) async fn storm(
    driver: &Client,
    observer: &EventListener,
    fresh: impl AsyncFn() -> EventListener,
    seed: u64,
    steps: u32,
) -> Done {
    for line in [
        "agent add a@default callback",
        "agent set contact a@default sofia/external/7003@127.0.0.1:5080",
        "agent set status a@default Available",
        "agent set state a@default Waiting",
        "tier add support@default a@default 1 1",
    ] {
        let _there_already = driver.api(&format!("callcenter_config {line}")).await;
    }
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut done, mut lines) = ([0; 10], Vec::new());
    let history = history(observer);
    for step in 0..steps {
        let rows = rows(driver, "channels").await;
        let legs: Vec<String> = rows.iter().map(|row| text(row, "uuid")).collect();
        let bridged: Vec<String> = rows
            .iter()
            .filter(|row| text(row, "call_uuid") != text(row, "uuid"))
            .map(|row| text(row, "uuid"))
            .collect();
        let crowded = legs.len() > 40;
        let kind = if crowded { 9 } else { random.usize(..10) };
        let mut some = |of: &[String]| random.choice(of).cloned();
        let line = match (kind, some(&legs), some(&legs), some(&bridged)) {
            (0, ..) => to("7004"),
            (1, ..) => to("7020"),
            (2, ..) => to("7030"),
            (3, ..) => "originate null/x 'valet_park:lot1 8001' inline".to_owned(),
            (4, ..) => to("7032"),
            (5, Some(leg), ..) => format!("originate null/x 'intercept:{leg}' inline"),
            (6, Some(leg), ..) => format!("uuid_transfer {leg} 7004"),
            (7, .., Some(leg)) => format!("uuid_transfer {leg} -both 7004"),
            (8, Some(one), Some(other), _) if one != other => format!("uuid_bridge {one} {other}"),
            (9, Some(leg), ..) => format!("uuid_kill {leg}"),
            _ => to("7037"),
        };
        match driver.api(&line).await {
            Ok(_) => done[kind] += 1,
            // The leg went away meanwhile, or cannot do that.
            Err(Error::Api { .. } | Error::Missing { .. }) => {}
            Err(err) => panic!("{line}: {err}"),
        }
        lines.push(line);
        if step % 10 == 9 {
            compare(driver, observer, &fresh, (&lines, &history)).await;
        }
    }
    for row in rows(driver, "channels").await {
        let _gone_already = driver.api(&format!("uuid_kill {}", text(&row, "uuid"))).await;
    }
    compare(driver, observer, &fresh, (&lines, &history)).await;
    assert_eq!(observer.calls(), []);
    done
}

fn to(number: &str) -> String {
    format!("originate sofia/external/{number}@127.0.0.1:5080 &park")
}

/// Waits until all three say the same; the server's tables trail its events.
async fn compare(
    driver: &Client,
    observer: &EventListener,
    fresh: &impl AsyncFn() -> EventListener,
    (lines, history): (&[String], &Mutex<Vec<String>>),
) {
    until(LONG, "the server's tables, its events and a newcomer say the same", async || {
        // Before that, what they say may be the same because none has changed yet.
        sleep(Duration::from_millis(700)).await;
        let table: Partition = rows(driver, "calls")
            .await
            .iter()
            .map(|row| [text(row, "uuid"), text(row, "b_uuid")])
            .map(|legs| legs.into_iter().filter(|leg| !leg.is_empty()).collect())
            .collect();
        let newcomer = fresh().await;
        // A leg can stay in the table for long after it hung up (`callcenter` does that).
        let dead = dead(observer);
        let table: Partition = without(table, &dead);
        let (seen, snapshot) = (shape(observer, &dead), shape(&newcomer, &dead));
        newcomer.disconnect().await;
        let partition: Partition = seen.iter().map(|(legs, _)| legs.clone()).collect();
        if partition == table && seen == snapshot {
            return Ok(());
        }
        let odd: BTreeSet<&String> = table.symmetric_difference(&partition).flatten().collect();
        let history = history.lock().unwrap();
        let is_odd = |line: &&String| odd.iter().any(|leg| line.contains(leg.as_str()));
        Err(Shown(format!(
            "only in the table {:#?}\nonly seen {:#?}\nseen {:#?}\nbut a newcomer {:#?}\nafter {:#?}\nhistory {:#?}",
            table.difference(&partition).collect::<Vec<_>>(),
            partition.difference(&table).collect::<Vec<_>>(),
            seen.difference(&snapshot).collect::<Vec<_>>(),
            snapshot.difference(&seen).collect::<Vec<_>>(),
            &lines[lines.len().saturating_sub(22)..],
            history.iter().filter(is_odd).collect::<Vec<_>>(),
        )))
    })
    .await;
}

/// What an observer hears of bridges and applications.
fn history(observer: &EventListener) -> Arc<Mutex<Vec<String>>> {
    let history = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&history);
    observer.tap(move |seen| {
        let get = |name: &str| seen.event.get(name).unwrap_or_default();
        if get("Event-Name").starts_with("CHANNEL_") {
            let names =
                ["Event-Name", "Unique-ID", "Answer-State", "Application", "Channel-Call-UUID"];
            let bridge = ["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"];
            let line: Vec<_> = names.into_iter().chain(bridge).map(get).collect();
            kept.lock().unwrap().push(line.join(" "));
        }
        true
    });
    history
}

/// Legs that hung up and are not gone yet.
fn dead(observer: &EventListener) -> BTreeSet<String> {
    let is_dead = |leg: &&switchy::model::SessionInfo| leg.phase == Phase::Hangup;
    observer
        .with(|tracker| tracker.sessions().filter(is_dead).map(|leg| leg.id.to_string()).collect())
}

fn without(table: Partition, dead: &BTreeSet<String>) -> Partition {
    let calls = table.into_iter().map(|legs| legs.difference(dead).cloned().collect());
    let calls: Partition = calls.filter(|legs: &BTreeSet<String>| !legs.is_empty()).collect();
    // So does the row of the bridge that it was in.
    let is_stale = |legs: &BTreeSet<String>| {
        calls.iter().any(|other| other.len() > legs.len() && legs.is_subset(other))
    };
    calls.iter().filter(|legs| !is_stale(legs)).cloned().collect()
}

/// The legs of each call; from, to, state and codec.
fn shape(
    listener: &EventListener,
    dead: &BTreeSet<String>,
) -> BTreeSet<(BTreeSet<String>, String)> {
    let mut calls = listener.calls();
    for call in &mut calls {
        call.sessions.retain(|leg| !dead.contains(leg.id.as_str()));
    }
    calls
        .iter()
        .filter_map(|call| {
            let lead = call.lead()?;
            let legs = call.sessions.iter().map(|leg| leg.id.to_string()).collect();
            let is_bridged = call.sessions.iter().any(|leg| leg.is_bridged);
            let phase = call.phase().word();
            let numbers = format!("{} -> {}", lead.caller_number, lead.destination);
            Some((legs, format!("{numbers} {phase} bridged={is_bridged} {}", lead.codec)))
        })
        .collect()
}

async fn rows(driver: &Client, table: &str) -> Vec<Value> {
    let text = driver.cmd(&format!("show {table} as json")).await.unwrap();
    let mut table: Value = serde_json::from_str(&text).unwrap();
    match table.get_mut("rows").map(Value::take) {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}

fn text(row: &Value, column: &str) -> String {
    row.get(column).and_then(Value::as_str).unwrap_or_default().to_owned()
}
