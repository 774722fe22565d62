//! A call that is killed at any moment of its set-up is gone, on the simulated switch and in the
//! tracker of a client: no channel stays, and each that was created reports its end.

use std::collections::BTreeMap;
use std::time::Duration;

use switchy::client::Originate;
use switchy::model::{Event, Id};
use switchy::sim::Sim;
use switchy::track::Tracker;
use switchy::wire::Frame;

use crate::sim::{Client, config};
use crate::support::pair;

/// What is dialled, by name.
const DIALS: &[&str] = &[
    "loopback/9196/default &park()",
    "loopback/app=park &park()",
    "loopback/9196 9196 XML default",
    "sofia/external/9196@127.0.0.1:5080 &park()",
    "sofia/external/park@127.0.0.1:5090 9196 XML default",
    "null/x &park()",
    "{ignore_early_media=true}sofia/external/9664@127.0.0.1:5080 &park()",
    "sofia/external/9196@127.0.0.1:5080 &bridge(sofia/external/9664@127.0.0.1:5080)",
    "loopback/9196/default &bridge(loopback/9664/default)",
];

/// How the call is ended.
#[derive(Debug, Clone, Copy)]
enum Kill {
    First,
    Last,
    All,
}

/// Ends a call `after` milliseconds of its set-up, and returns what is wrong afterwards.
async fn killed(dial: &str, kill: Kill, after: u64) -> Vec<String> {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    client.ask("event json ALL").await;
    let mut other = Client::login(&sim).await;
    client.send(&format!("bgapi originate {dial}\n\n")).await;
    client.read_for(Duration::from_millis(after)).await;
    match kill {
        Kill::All => drop(other.text("api hupall").await),
        Kill::First | Kill::Last => {
            let table = other.text("api show channels as delim |").await;
            let ids = table.lines().skip(1).filter_map(|row| {
                row.split_once('|').map(|(id, _)| id.to_owned()).filter(|id| id.len() == 36)
            });
            let ids: Vec<String> = ids.collect();
            let id = if matches!(kill, Kill::First) { ids.first() } else { ids.last() };
            if let Some(id) = id {
                other.text(&format!("api uuid_kill {id}")).await;
            }
        }
    }
    // A far end that was not killed may have the rest of its plan to go through.
    client.read_for(Duration::from_secs(5)).await;
    let mut wrong = Vec::new();
    let left = other.text("api show channels").await;
    if !left.trim().starts_with("0 total") {
        wrong.push(format!("channels stay: {left}"));
    }
    let (mut legs, mut tracker) = (BTreeMap::<String, Vec<String>>::new(), Tracker::new());
    for frame in std::mem::take(&mut client.frames) {
        let Frame::Event(event) = frame else { continue };
        let name = event.get("Event-Name").unwrap_or_default().into_owned();
        let leg = event.get("Unique-ID").unwrap_or_default().into_owned();
        if matches!(
            &*name,
            "CHANNEL_CREATE" | "CHANNEL_HANGUP" | "CHANNEL_HANGUP_COMPLETE" | "CHANNEL_DESTROY"
        ) {
            legs.entry(leg).or_default().push(name);
        }
        tracker.apply(&Event::new(event));
    }
    for (leg, events) in legs {
        if events
            != ["CHANNEL_CREATE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"]
        {
            wrong.push(format!("{leg}: {events:?}"));
        }
    }
    if tracker.call_count() > 0 {
        wrong.push(format!("calls stay: {:?}", tracker.calls().collect::<Vec<_>>()));
    }
    wrong
}

/// Ends each call in each way at many moments of its set-up; nothing may be wrong afterwards.
async fn at_every_moment(mut killed: impl AsyncFnMut(&'static str, Kill, u64) -> Vec<String>) {
    let mut all = Vec::new();
    for dial in DIALS {
        for kill in [Kill::First, Kill::Last, Kill::All] {
            for after in (0..30).chain((30..250).step_by(20)) {
                let wrong = killed(dial, kill, after).await;
                all.extend(
                    wrong.iter().map(|it| format!("{dial}, {kill:?} after {after} ms: {it}")),
                );
            }
        }
    }
    assert!(all.is_empty(), "{all:#?}");
}

#[limited::test(paused)]
async fn a_call_that_is_killed_at_any_moment_is_gone() {
    at_every_moment(killed).await;
}

/// A client dials, with an id that it has chosen; its own lines end the call.
async fn killed_by_its_client(dial: &str, kill: Kill, after: u64) -> Vec<String> {
    let sim = Sim::start(config());
    let (client, listener) = pair(&sim).await;
    let call = Originate::verbatim(dial).with_uuid(Id::new(CHOSEN));
    let job = client.originate(&call).await.unwrap();
    tokio::time::sleep(Duration::from_millis(after)).await;
    let line = match kill {
        Kill::All => "hupall".to_owned(),
        Kill::First => format!("uuid_kill {CHOSEN}"),
        Kill::Last => {
            let calls = listener.calls();
            let last = calls.iter().flat_map(|call| &call.sessions).last().map(|it| it.id.clone());
            format!("uuid_kill {}", last.unwrap_or_else(|| Id::new(CHOSEN)))
        }
    };
    // One that is not there yet cannot be killed.
    if client.api(&line).await.is_err() {
        client.api("hupall").await.unwrap();
    }
    let ended = job.get(Duration::from_secs(60)).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let mut wrong = Vec::new();
    let calls = listener.calls();
    if !calls.is_empty() {
        wrong.push(format!("calls stay, the job is {ended:?}: {calls:?}"));
    }
    wrong
}

/// The id of a call whose client names it.
const CHOSEN: &str = "11111111-2222-3333-4444-555555555555";

#[limited::test(paused)]
async fn a_client_forgets_what_it_killed_at_any_moment() {
    at_every_moment(killed_by_its_client).await;
}
