//! The Switchy model against the simulated switch: the tutorial, step by step.

use std::time::Duration;

use switchy::apps::TonePlay;
use switchy::client::{Error, Originate};
use switchy::conn::Config;
use switchy::load::{Load, Plan};
use switchy::model::{HangupCause, Phase};
use switchy::sim::{self, Sim};
use switchy::{Client, EventListener};

pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A simulated switch, and a client with a running listener on it, over in-memory sockets.
pub(crate) async fn pair(sim: &Sim) -> (Client, EventListener) {
    let config = Config::new("vm-host");
    let listener = EventListener::with_config(config.clone());
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect_over(sim.connect()).await.unwrap();
    (client, listener)
}

pub(crate) fn sim() -> Sim {
    Sim::start(sim::Config::new().with_seed(1))
}

/// Waits until the tracker says so. The clock is paused, so this takes no time.
pub(crate) async fn until(listener: &EventListener, what: impl Fn(&EventListener) -> bool) {
    let mut changes = listener.changes();
    tokio::time::timeout(LONG, async {
        while !what(listener) {
            let _change = tokio::time::timeout(Duration::from_millis(50), changes.next()).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn s15_s16_commands_need_no_listener_and_failures_are_the_servers_words() {
    let sim = sim();
    let client = Client::new("vm-host");
    assert!(matches!(client.cmd("status").await, Err(Error::NotConnected)));
    client.connect_over(sim.connect()).await.unwrap();
    assert_eq!(client.cmd("global_getvar local_ip_v4").await.unwrap(), "127.0.0.1");
    assert_eq!(client.cmd("global_getvar nosuchvariable").await.unwrap(), "");
    let unknown = client.cmd("not a real command").await.unwrap_err();
    assert_eq!(unknown.to_string(), "-ERR not Command not found!");
    assert!(matches!(unknown, Error::Api { .. }));
    assert!(client.cmd("status\n\nexit").await.is_err());
    assert!(client.is_connected());
}

#[tokio::test(start_paused = true)]
async fn s20_s21_originate_says_which_listener_is_missing_before_it_sends_anything() {
    let sim = sim();
    let client = Client::new("vm-host");
    client.connect_over(sim.connect()).await.unwrap();
    let call = Originate::to("9196@127.0.0.1:5080");
    let missing = client.originate(&call).await.unwrap_err();
    assert_eq!(missing.to_string(), "No listener has been assigned for this client");
    let listener = EventListener::new("vm-host");
    client.set_listener(Some(listener.clone()));
    assert!(matches!(client.originate(&call).await, Err(Error::ListenerNotRunning)));
    let early = listener.start().await.unwrap_err();
    assert_eq!(early.to_string(), "you must call 'connect' first");
    assert_eq!(listener.to_string(), "<EventListener [disconnected]>");
    listener.connect_over(sim.connect()).await.unwrap();
    assert_eq!(listener.to_string(), "<EventListener [connected]>");
    assert!(matches!(client.originate(&call).await, Err(Error::ListenerNotRunning)));
    listener.start().await.unwrap();
    listener.start().await.unwrap();
    client.originate(&call).await.unwrap();
    assert_eq!(sim.channels().await, 1);
}

#[tokio::test(start_paused = true)]
async fn s37_to_s49_a_call_of_two_sessions_from_its_job_to_hupall() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let call = Originate::to("9196@127.0.0.1:5080").with_exten("9197").with_proxy("127.0.0.1:5080");
    let job = client.originate(&call).await.unwrap();
    assert_eq!(job.to_string(), format!("<Job {} [pending]>", job.id()));
    assert!(!job.ready());
    assert_eq!(job.successful().unwrap_err().to_string(), "Job has not completed yet");
    let session = job.get(LONG).await.unwrap();
    assert_eq!(Some(session.as_str()), job.sess_uuid().map(|id| id.as_str()));
    assert!(job.ready() && job.successful().unwrap());
    until(&listener, |listener| listener.calls().len() == 1).await;
    let found = client.call(&session).unwrap();
    assert_eq!(found.to_string(), format!("<Call({session}, 2 sessions)>"));
    assert_eq!(found.peer(&found.sessions[0].id).unwrap().id, found.sessions[1].id);
    let done = client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    assert_eq!((done.len(), done[0].sessions), (1, 2));
    until(&listener, |listener| listener.calls().is_empty()).await;
    let ended = listener.with(|tracker| tracker.ended().next_back().unwrap().clone());
    assert_eq!(ended.sessions.len(), 2);
    assert_eq!(ended.cause(), Some(&HangupCause::NORMAL_CLEARING));
    assert_eq!(sim.channels().await, 0);
}

#[tokio::test(start_paused = true)]
async fn s47_a_failed_originate_raises_its_cause() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let job = client.originate(&Originate::verbatim("error/USER_BUSY &park")).await.unwrap();
    assert_eq!(job.get(LONG).await.unwrap_err().to_string(), "-ERR USER_BUSY");
    assert!(!job.successful().unwrap());
    let job = client.bgapi("msleep 60000").await.unwrap();
    let late = job.get(Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(late.to_string(), "Job not complete after '30' seconds");
}

#[tokio::test(start_paused = true)]
async fn s50_two_clients_with_the_same_app_do_not_touch_each_others_calls() {
    let sim = sim();
    let (mine, listener) = pair(&sim).await;
    let (theirs, _) = pair(&sim).await;
    for client in [&mine, &theirs] {
        client.load_app(TonePlay).await.unwrap();
        let call = Originate::to("park@127.0.0.1:5090").with_app("TonePlay");
        client.originate(&call).await.unwrap().get(LONG).await.unwrap();
    }
    until(&listener, |listener| listener.calls().len() == 2).await;
    mine.hupall(Some("TonePlay"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    until(&listener, |listener| listener.calls().len() == 1).await;
    assert_eq!(sim.channels().await, 2);
    let unknown = mine.hupall(None, &HangupCause::parse("NORMAL_CLERING")).await;
    assert!(matches!(unknown, Err(Error::UnknownCause { .. })));
}

#[tokio::test(start_paused = true)]
async fn s57_to_s73_tone_play_answers_plays_and_echoes() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let id = client.load_app(TonePlay).await.unwrap();
    assert_eq!(client.loaded_apps(), [("TonePlay".to_owned(), id.clone())]);
    assert!(matches!(client.load_app(TonePlay).await, Err(Error::AppLoaded { .. })));
    let call = Originate::to("park@127.0.0.1:5090").with_profile("park").with_app(id.as_str());
    let job = client.originate(&call).await.unwrap();
    job.wait(LONG).await;
    let session = job.sess_uuid().unwrap().clone();
    let runs = |app: &'static str| {
        move |listener: &EventListener| {
            let call = listener.call(session.as_str());
            call.is_some_and(|call| call.sessions.iter().any(|leg| &*leg.application == app))
        }
    };
    until(&listener, runs.clone()("playback")).await;
    until(&listener, runs("echo")).await;
    let call = client.call(job.sess_uuid().unwrap().as_str()).unwrap();
    assert!(
        call.sessions
            .iter()
            .all(|leg| leg.phase == Phase::Answered && leg.app.as_ref() == Some(&id))
    );
    call.hangup().await.unwrap();
    call.hangup().await.unwrap();
    until(&listener, |listener| listener.calls().is_empty()).await;
    assert_eq!(client.unload_app("TonePlay").await.unwrap(), id);
    assert!(matches!(client.unload_app("TonePlay").await, Err(Error::NoSuchApp { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_instantly_failing_jobs_lose_none() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let mut jobs = Vec::new();
    for _job in 0..1000 {
        jobs.push(client.bgapi("originate error/USER_BUSY &park").await.unwrap());
    }
    for job in jobs {
        assert_eq!(job.get(LONG).await.unwrap_err().to_string(), "-ERR USER_BUSY");
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_in_flight_become_unknown_when_the_connection_goes() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let job = client.bgapi("msleep 60000").await.unwrap();
    sim.inject(sim::Fault::DropAll);
    let lost = job.get(LONG).await.unwrap_err();
    assert_eq!(lost.to_string(), "the connection was lost, the outcome is unknown");
    listener.closed().await;
    assert!(!listener.is_connected());
    assert!(matches!(
        client.originate(&Originate::to("9196@h")).await,
        Err(Error::ListenerNotRunning)
    ));
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_there_before_are_joined() {
    let sim = sim();
    let (client, _) = pair(&sim).await;
    client.originate(&Originate::to("9196@127.0.0.1:5080")).await.unwrap().get(LONG).await.unwrap();
    let (_, late) = pair(&sim).await;
    let sessions: Vec<_> = late.calls().into_iter().flat_map(|call| call.sessions).collect();
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().all(|leg| leg.origin == switchy::model::Origin::Joined));
    client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    until(&late, |late| late.calls().is_empty()).await;
}

#[tokio::test(start_paused = true)]
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
    until(&listener, |listener| listener.calls().is_empty()).await;
}
