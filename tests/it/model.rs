//! The Switchy model against the simulated switch: the tutorial, step by step.

use std::time::Duration;

use switchy::client::Originate;
use switchy::load::{Load, Plan};
use switchy::model::{Association, HangupCause, Id, Origin};

use crate::support::{LONG, pair, sim, tracked};

#[limited::test(paused)]
async fn calls_that_were_there_before_are_joined() {
    let sim = sim();
    let (client, _) = pair(&sim).await;
    let call = Originate::to("9196@127.0.0.1:5080");
    let uuid = client.originate(&call).await.unwrap().get(LONG).await.unwrap();
    let loopback = client.cmd("originate loopback/9196/default &park").await.unwrap();
    let (_, late) = pair(&sim).await;
    // The legs of a call are one call, though only variables tell that of the first one.
    let shape = |id: &str| {
        let legs = late.call(&Id::new(id)).unwrap().sessions;
        legs.iter().map(|leg| leg.association).collect::<Vec<_>>()
    };
    assert_eq!(late.calls().len(), 2, "{:?}", late.calls());
    assert_eq!(shape(&uuid), [Association::Header; 2]);
    assert!(shape(loopback.trim_start_matches("+OK ")).contains(&Association::Loopback));
    assert_eq!(late.calls().iter().map(|call| call.sessions.len()).collect::<Vec<_>>(), [2, 2]);
    let sessions: Vec<_> = late.calls().into_iter().flat_map(|call| call.sessions).collect();
    assert!(sessions.iter().all(|leg| leg.origin == Origin::Joined));
    client.cmd(&format!("uuid_kill {}", loopback.trim_start_matches("+OK "))).await.unwrap();
    client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&late, |late| late.calls().is_empty()).await;
}

#[limited::test(paused)]
async fn a_load_makes_its_calls_and_accounts_for_each() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let plan = Plan::new(40, 20.0).with_limit(10).with_hold(Duration::from_secs(2)).with_seed(3);
    let good = Load::new(client.clone(), Originate::to("9196@127.0.0.1:5080"), plan);
    let report = good.run().await.unwrap();
    assert_eq!((report.offered, report.answered, report.failed), (40, 40, 0));
    assert!(report.talk.p50 >= 1900.0 && report.talk.max < 3000.0, "{report:?}");
    assert!((report.answer_seizure_ratio() - 1.0).abs() < f64::EPSILON);
    let bad = Load::new(client, Originate::verbatim("error/USER_BUSY &park"), Plan::new(5, 50.0));
    let report = bad.run().await.unwrap();
    assert_eq!((report.offered, report.failed), (5, 5));
    assert_eq!(report.causes.get(&HangupCause::parse("USER_BUSY")), Some(&5));
    tracked(&listener, |listener| listener.calls().is_empty()).await;
}

#[limited::test(paused)]
async fn a_wait_for_an_event_subscribes_for_as_long_as_somebody_waits() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let call = Originate::to("9196@127.0.0.1:5080");
    let uuid = client.originate(&call).await.unwrap().get(LONG).await.unwrap();
    let session = client.session(&Id::new(&uuid)).unwrap();
    let before = listener.subscriptions();
    let kinds = &["PLAYBACK_START", "CHANNEL_ANSWER"];
    let (one, other) = (session.expect(kinds).await.unwrap(), session.expect(kinds).await.unwrap());
    assert!(listener.is_subscribed("PLAYBACK_START"));
    drop(one);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(listener.is_subscribed("PLAYBACK_START"), "the other one waits");
    // A wait that is given up before it began holds nothing.
    let never = session.expect(&["DTMF"]);
    drop(never);
    let begun = tokio::time::timeout(Duration::ZERO, session.expect(&["DTMF"])).await;
    assert!(begun.is_err());
    drop(other);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(listener.subscriptions(), before);
    // It works again, and one that is subscribed to for good stays.
    listener.subscribe(&["DTMF"]).await.unwrap();
    let heard = session.expect(&["DTMF"]).await.unwrap();
    drop(heard);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(listener.is_subscribed("DTMF"));
    client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
}
