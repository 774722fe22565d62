//! Every verb of a session, and what confirms it, on the simulated switch.

use std::time::Duration;

use switchy::client::{Error, Leg, MuteSide, Originate, Pool, Recording, Session};
use switchy::model::{HangupCause, Id, Phase};
use switchy::sim;

use crate::support::{LONG, pair, sim, tracked};

/// An answered, parked session of a call to echo.
async fn answered(client: &switchy::Client) -> Session {
    let job = client.originate(&Originate::to("9196@127.0.0.1:5080")).await.unwrap();
    let id = job.get(LONG).await.unwrap();
    let listener = client.listener().unwrap();
    tracked(&listener, |listener| listener.session(&Id::new(&id)).is_some_and(|leg| leg.is_parked))
        .await;
    client.session(&Id::new(&id)).unwrap()
}

#[limited::test(paused)]
async fn verbs_do_what_their_events_say() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let leg = answered(&client).await;
    assert_eq!(leg.to_string(), format!("<Session({}, answered)>", leg.id()));

    leg.setvar("colour", "deep blue").await.unwrap();
    assert_eq!(leg.getvar("colour").await.unwrap().as_deref(), Some("deep blue"));
    leg.unsetvar("colour").await.unwrap();
    assert_eq!(leg.getvar("colour").await.unwrap(), None);
    leg.setvars(&[("a", "1"), ("b", "two")]).await.unwrap();
    assert_eq!(leg.getvar("b").await.unwrap().as_deref(), Some("two"));
    for value in ["1;2", "Smith, J.", "'q' \\n C:\\new", "${x}", "  x  ", "a\\", "it's"] {
        leg.setvars(&[("a", value), ("b", value)]).await.unwrap();
        leg.setvar("c", value).await.unwrap();
        for name in ["a", "b", "c"] {
            assert_eq!(leg.getvar(name).await.unwrap().as_deref(), Some(value), "{name}");
        }
    }
    assert!(matches!(leg.setvars(&[("a", "1\n2")]).await, Err(Error::DialString { .. })));
    assert!(matches!(leg.setvar("a", "1\r").await, Err(Error::DialString { .. })));
    assert!(matches!(leg.transfer("-both", "XML", "default").await, Err(Error::DialString { .. })));
    assert!(leg.dump().await.unwrap().contains(leg.id().as_str()));

    let held = leg.expect(&["CHANNEL_HOLD"]).await.unwrap();
    leg.hold().await.unwrap();
    held.within(LONG).await.unwrap();
    assert_eq!(listener.session(leg.id()).unwrap().phase, Phase::Held);
    let unheld = leg.expect(&["CHANNEL_UNHOLD"]).await.unwrap();
    leg.unhold().await.unwrap();
    unheld.within(LONG).await.unwrap();

    let tone = leg.expect(&["PLAYBACK_START"]).await.unwrap();
    leg.playback("{loops=-1}tone_stream://%(251,0,1004)").await.unwrap();
    tone.within(LONG).await.unwrap();
    leg.mute(MuteSide::Write, 1).await.unwrap();
    let stopped = leg.expect(&["PLAYBACK_STOP"]).await.unwrap();
    leg.break_media().await.unwrap();
    stopped.within(LONG).await.unwrap();

    let key = leg.expect(&["DTMF"]).await.unwrap();
    leg.recv_dtmf("5", Duration::from_millis(100)).await.unwrap();
    let key = key.within(LONG).await.unwrap();
    assert_eq!(key.get("DTMF-Digit").as_deref(), Some("5"));
    assert!(matches!(leg.send_dtmf("hello", Duration::ZERO).await, Err(Error::DialString { .. })));
    leg.send_dtmf("12#", Duration::ZERO).await.unwrap();

    let recording = leg.expect(&["RECORD_START"]).await.unwrap();
    leg.start_record("/tmp/x.wav", Recording::Stereo).await.unwrap();
    recording.within(LONG).await.unwrap();
    leg.stop_record("all").await.unwrap();
    leg.broadcast("tone_stream://%(100,0,500)", Leg::A).await.unwrap();

    leg.park_and_wait(LONG).await.unwrap();
    let moved = leg.expect(&["CHANNEL_EXECUTE"]).await.unwrap();
    leg.transfer("9664", "XML", "default").await.unwrap();
    moved.within(LONG).await.unwrap();
    leg.hangup_and_wait(LONG).await.unwrap();
    leg.hangup_and_wait(LONG).await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
}

#[limited::test(paused)]
async fn an_application_is_waited_for_by_its_own_mark() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let leg = answered(&client).await;
    leg.execute_and_wait("sleep", "200", LONG).await.unwrap();
    let late = leg.execute_and_wait("sleep", "60000", Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(late, Error::NotConfirmed { .. }), "{late:?}");
}

#[limited::test(paused)]
async fn a_wait_ends_with_its_session_and_with_the_connection() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let leg = answered(&client).await;
    let never = leg.expect(&["DTMF"]).await.unwrap();
    leg.hangup_with(&HangupCause::parse("CALL_REJECTED")).await.unwrap();
    let gone = never.within(LONG).await.unwrap_err();
    assert_eq!(gone.to_string(), format!("{} is gone: CALL_REJECTED", leg.id()));
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    let leg = answered(&client).await;
    let never = leg.expect(&["DTMF"]).await.unwrap();
    sim.inject(sim::Fault::DropAll);
    assert!(matches!(never.within(LONG).await, Err(Error::ListenerNotRunning)));
}

#[limited::test(paused)]
async fn two_parked_calls_are_bridged() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let (one, other) = (answered(&client).await, answered(&client).await);
    let bridged = one.expect(&["CHANNEL_BRIDGE"]).await.unwrap();
    one.bridge_to(other.id()).await.unwrap();
    bridged.within(LONG).await.unwrap();
    let legs = listener.session(one.id()).unwrap();
    assert_eq!(legs.other_leg.as_ref(), Some(other.id()));
    assert!(one.bridge_to(&Id::new("nosuch")).await.is_err());
}

#[limited::test(paused)]
async fn a_pool_answers_for_each_switch() {
    let (good, bad) = (sim(), sim());
    let (one, _) = pair(&good).await;
    let (two, _) = pair(&bad).await;
    let pool = Pool::new().with("good", one).with("bad", two);
    bad.inject(sim::Fault::Deny { command_prefix: "api version".to_owned() });
    let answers = pool.cmd("version").await;
    assert_eq!(answers[0].0, "good");
    assert!(answers[0].1.as_ref().unwrap().starts_with("FreeSWITCH Version"));
    assert!(matches!(answers[1], (_, Err(Error::Denied { .. }))), "{answers:?}");
    let call = Originate::to("9196@127.0.0.1:5080");
    let client = pool.get("good").unwrap();
    client.originate(&call).await.unwrap().get(LONG).await.unwrap();
    tracked(&client.listener().unwrap(), |listener| listener.calls().len() == 1).await;
    assert_eq!(pool.calls().len(), 1);
    assert!(pool.hupall().await.iter().all(|(_, done)| done.is_ok()));
}
