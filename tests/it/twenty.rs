//! Each way in which a call ends, twenty times on the simulated switch, by a client that is not
//! ours: the account is the same each time.

use std::time::Duration;

use serde_json::Value;
use switchy::model::CallInfo;
use switchy::sim::Sim;
use switchy::{Client, EventListener};
use tokio::time::sleep;

use crate::endings::account;
use crate::sim::config;

/// A call from somewhere, what is done to it, and how the call of the inbound leg that comes in
/// there ended: without how long it was talked.
const ENDS: &[(&str, Deed, &str)] = &[
    (
        "7023",
        Deed::Caller,
        "3 N -> 7023: NORMAL_CLEARING by caller; 7012 USER_BUSY (486); 7004 answered",
    ),
    ("7050", Deed::Caller, "3 N -> 7050: NORMAL_CLEARING by caller; 7001 LOSE_RACE; 7043 answered"),
    ("7020", Deed::Caller, "2 N -> 7020: NORMAL_CLEARING by caller"),
    ("7020", Deed::Called, "2 N -> 7020: NORMAL_CLEARING by called"),
    ("7020", Deed::Kill, "2 N -> 7020: NORMAL_CLEARING by operator"),
    ("7020", Deed::Transfer, "2 N -> 7004: NORMAL_CLEARING by caller; 7003 answered"),
    ("7036", Deed::Nothing, "1 N -> 7036: MEDIA_TIMEOUT by media"),
    ("7035", Deed::Nothing, "1 N -> 7035: ALLOTTED_TIMEOUT by schedule"),
    ("7022", Deed::Nothing, "2 N -> 7022: NO_ANSWER by switch; 7001 NO_ANSWER"),
    ("7042", Deed::Nothing, "1 N -> 7042: USER_NOT_REGISTERED by none"),
    (
        "7040",
        Deed::Nothing,
        "2 N -> 7040: NORMAL_TEMPORARY_FAILURE by none sip 503; x NORMAL_TEMPORARY_FAILURE (503)",
    ),
    ("7011", Deed::Nothing, "1 N -> 7011: UNALLOCATED_NUMBER by switch sip 404"),
    ("7012", Deed::Nothing, "1 N -> 7012: USER_BUSY by switch sip 486"),
    ("7013", Deed::Nothing, "1 N -> 7013: NORMAL_TEMPORARY_FAILURE by switch sip 503"),
    ("7018", Deed::Nothing, "1 N -> 7018: CALL_REJECTED by switch sip 603"),
    ("7019", Deed::Nothing, "1 N -> 7019: NO_USER_RESPONSE by switch sip 480"),
    ("7010", Deed::Nothing, "1 N -> 7010: USER_BUSY by switch"),
    ("7014", Deed::Nothing, "1 N -> 7014: UNALLOCATED_NUMBER by switch"),
    ("7015", Deed::Nothing, "1 N -> 7015: CALL_REJECTED by switch"),
];

/// What is done to a call once it is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Nothing,
    /// The far end of the caller's leg hangs up.
    Caller,
    /// The far end of the called leg does.
    Called,
    /// A command ends the caller's leg itself.
    Kill,
    /// The caller is transferred, and hangs up later.
    Transfer,
}

#[limited::test(paused)]
async fn each_ending_is_the_same_twenty_times() {
    let sim = Sim::start(config());
    let driver = Client::new("127.0.0.1");
    driver.connect_over(sim.connect()).await.unwrap();
    let observer = EventListener::new("127.0.0.1");
    observer.connect_over(sim.connect()).await.unwrap();
    observer.start().await.unwrap();
    let mut number = 20_000;
    for time in 0..20 {
        for (to, deed, expected) in ENDS {
            number += 1;
            play(&driver, &number.to_string(), to, *deed).await;
            let ended = ended(&observer, &number.to_string(), deed, to).await;
            let told = without_talk(&account(&ended)).replace(&number.to_string(), "N");
            assert_eq!(told, *expected, "{deed:?} {to}, time {time}: {ended:#?}");
            let is_answered = ended.ending().unwrap().talked.is_some();
            assert_eq!(
                is_answered,
                *deed != Deed::Nothing || ["7035", "7036"].contains(to),
                "{to}"
            );
        }
    }
}

async fn play(driver: &Client, from: &str, to: &str, deed: Deed) {
    let dial = format!(
        "originate {{origination_caller_id_number={from}}}sofia/external/{to}@127.0.0.1:5080 &park"
    );
    let _failed = driver.api(&dial).await;
    sleep(Duration::from_secs(2)).await;
    let leg = |to: &'static str, direction: &'static str| async move {
        let text = driver.cmd("show channels as json").await.unwrap();
        let table: Value = serde_json::from_str(&text).unwrap();
        let rows = table.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_it = |row: &&Value| {
            row["initial_cid_num"] == from && row["dest"] == to && row["direction"] == direction
        };
        let row = rows.iter().find(is_it).cloned();
        row.map(|row| row["uuid"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    let kill = async |leg: String| driver.api(&format!("uuid_kill {leg}")).await.unwrap();
    let far: &'static str = match to {
        "7020" => "7020",
        "7023" => "7023",
        _ => "7050",
    };
    match deed {
        Deed::Nothing => sleep(Duration::from_secs(6)).await,
        Deed::Caller => drop(kill(leg(far, "outbound").await).await),
        Deed::Called => drop(kill(leg("7003", "inbound").await).await),
        Deed::Kill => drop(kill(leg(far, "inbound").await).await),
        Deed::Transfer => {
            let caller = leg(far, "inbound").await;
            driver.api(&format!("uuid_transfer {caller} 7004")).await.unwrap();
            sleep(Duration::from_secs(1)).await;
            drop(kill(leg(far, "outbound").await).await);
        }
    }
    sleep(Duration::from_secs(1)).await;
}

/// The ended call of the inbound leg that was called there.
async fn ended(observer: &EventListener, from: &str, deed: &Deed, to: &str) -> CallInfo {
    let to = if *deed == Deed::Transfer { "7004" } else { to };
    let is_it = |call: &&CallInfo| {
        let lead = call.lead().unwrap();
        lead.direction == switchy::model::Direction::Inbound
            && &*lead.caller_number == from
            && &*lead.destination == to
    };
    let found = observer.with(|tracker| tracker.ended().rev().find(is_it).cloned());
    found.unwrap_or_else(|| panic!("{from} -> {to} has not ended: {:#?}", observer.calls()))
}

fn without_talk(account: &str) -> String {
    let Some((before, after)) = account.split_once(" talked ") else { return account.to_owned() };
    after.split_once(';').map_or_else(|| before.to_owned(), |(_, rest)| format!("{before};{rest}"))
}
