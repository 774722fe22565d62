//! Points 37 to 51: making calls, jobs, the calls of a listener, hupall.

use std::time::Duration;

use switchy::client::{Error, Originate};
use switchy::listener::JobError;
use switchy::model::{Association, Direction, HangupCause, Id, Phase};
use switchy::sim::Fault;
use switchy::{Client, EventListener};
use tokio::time::Instant;

use super::{Log, called, echo, overheard, park};
use crate::support::{LONG, pair, sim, tracked};

/// What every call of session `S` for app `A` carries.
const OURS: &str = "originate {origination_uuid=S,switchy_originating_session=S,switchy_app=A,\
    sip_h_X-switchy_originating_session=S,sip_h_X-switchy_app=A,originate_timeout=60,\
    ignore_early_media=true,ignore_display_updates=true}";

#[limited::test]
fn s18_s19_s37_s76_what_is_dialled_reads_as_freeswitch_means_it() {
    let to = |dest: &str| Originate::to(dest);
    for (call, line) in [
        (to("9196@vm-host:5080"), "sofia/external/9196@vm-host:5080 &park()"),
        (to("park@vm-host"), "sofia/external/park@vm-host &park()"),
        (to("1@h").with_profile("internal"), "sofia/internal/1@h &park()"),
        (to("1").with_gateway("trunk"), "sofia/gateway/trunk/1 &park()"),
        (
            to("9196@vm-host:5060").with_exten("9197").with_proxy("intermediary:5060"),
            "sofia/external/9196@vm-host:5060;fs_path=sip:intermediary:5060 9197 xml default",
        ),
        (
            to("1@h").with_dialplan("9197", "xml", "public").with_proxy("p"),
            "sofia/external/1@h;fs_path=sip:p 9197 xml public",
        ),
        (to("1@h").with_application("playback", "a.wav"), "sofia/external/1@h &playback(a.wav)"),
    ] {
        let rendered = call.render(&Id::new("S"), &Id::new("A")).unwrap();
        assert_eq!(rendered, format!("{OURS}{line}"));
    }
    for wrong in ["", "9196@h 5080", "9196\n@h", "o'neil@h", "a,b@h", "{x=1}a@h"] {
        let refused = to(wrong).render(&Id::new("S"), &Id::new("A"));
        assert!(matches!(refused, Err(Error::DialString { .. })), "{wrong:?}: {refused:?}");
    }
}

#[limited::test(paused)]
async fn s22_s38_s45_a_call_is_one_bgapi_and_its_job_is_there_at_once() {
    let sim = sim();
    let (stream, said) = overheard(&sim);
    let (client, _listener) = pair(&sim).await;
    client.connect_over(stream).await.unwrap();
    said.take();
    let start = Instant::now();
    // Nobody answers there: the result is a minute away.
    let job = client.originate(&park()).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    assert_eq!(job.to_string(), format!("<Job {} [pending]>", job.id()));
    let (id, app) = (job.sess_uuid().unwrap(), client.id());
    let vars = OURS.replace("=S", &format!("={id}")).replace("=A", &format!("={app}"));
    let line = format!("bgapi {vars}sofia/external/park@127.0.0.1:5090 &park()");
    assert_eq!(said.take(), [format!("{line}\nJob-UUID: {}", job.id())]);
    assert_eq!(job.get(Duration::from_secs(90)).await.unwrap_err().to_string(), "-ERR NO_ANSWER");
    let job = client.bgapi("version").await.unwrap();
    assert_eq!((job.command(), job.sess_uuid()), ("version", None));
    assert!(job.get(LONG).await.unwrap().starts_with("FreeSWITCH Version"));
}

#[limited::test(paused)]
async fn s39_s40_s41_calls_are_in_the_order_of_their_first_event_and_found_by_uuid() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let mut ids = Vec::new();
    for _call in 0..3 {
        ids.push(client.originate(&echo()).await.unwrap().sess_uuid().unwrap().clone());
    }
    tracked(&listener, |listener| {
        let calls = listener.calls();
        calls.len() == 3 && calls.iter().all(|call| call.sessions.len() == 2)
    })
    .await;
    // One in the middle ends, another begins.
    let gone = ids.remove(1);
    client.call(&gone.cast()).unwrap().hangup().await.unwrap();
    ids.push(called(&client, &echo()).await);
    tracked(&listener, |listener| listener.count_sessions() == 6).await;
    let order: Vec<String> = listener.calls().iter().map(|call| call.id.to_string()).collect();
    assert_eq!(order, ids.iter().map(ToString::to_string).collect::<Vec<_>>());
    for id in &ids {
        let call = listener.call(&id.cast()).unwrap();
        assert_eq!(call.id.as_str(), id.as_str());
        // By the other leg too.
        let other = call.peer(id).unwrap();
        assert_eq!(listener.call(&other.id.cast()).unwrap().id, call.id);
    }
    assert!(listener.call(&gone.cast()).is_none());
}

#[limited::test(paused)]
async fn s42_s43_both_legs_are_one_call_and_each_says_why() {
    let log = Log::start();
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let id = called(&client, &echo()).await;
    tracked(&listener, |listener| listener.call(&id.cast()).unwrap().sessions.len() == 2).await;
    let call = listener.call(&id.cast()).unwrap();
    assert_eq!(call.to_string(), format!("<Call({id}, 2 sessions)>"));
    let legs: Vec<_> = call.sessions.iter().map(|leg| (leg.direction, leg.association)).collect();
    assert_eq!(legs[0].0, Direction::Outbound);
    assert_eq!(legs[1], (Direction::Inbound, Association::Header));
    assert_eq!(log.count(&["Unable to associate"]), 0, "{:#?}", log.lines());
    // A device on the way that takes our header off: the second leg cannot be bound, and that is said.
    let bare = called(&client, &echo().without_headers()).await;
    tracked(&listener, |listener| listener.count_sessions() == 4).await;
    let legs = listener.calls().into_iter().flat_map(|call| call.sessions);
    let stray = legs.filter(|leg| leg.association == Association::OwnUuid).collect::<Vec<_>>();
    assert_eq!((stray.len(), stray[0].direction), (1, Direction::Inbound));
    let text = format!(
        "Unable to associate inbound session '{}' with a call using variable \
         'variable_sip_h_X-switchy_originating_session'",
        stray[0].id
    );
    assert_eq!(log.count(&["WARN switchy::listener::intake", &text]), 1, "{:#?}", log.lines());
    // Somebody else's call is no reason to warn.
    client.call(&bare.cast()).unwrap().hangup().await.unwrap();
    client.cmd("originate loopback/9664 &park").await.unwrap();
    assert_eq!(log.count(&["WARN", "Unable to associate"]), 1, "{:#?}", log.lines());
    assert!(log.count(&["DEBUG", "Unable to associate"]) > 0);
}

#[limited::test(paused)]
async fn s46_s68_a_job_is_waited_for_as_an_async_result() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let job = client.bgapi("msleep 5000").await.unwrap();
    let start = Instant::now();
    // `wait` gives nothing after its time and is no error; the job goes on.
    job.wait(Duration::from_secs(2)).await;
    assert_eq!(start.elapsed().as_secs(), 2);
    assert!(!job.ready());
    assert_eq!(job.successful(), Err(JobError::NotComplete));
    assert_eq!(JobError::NotComplete.to_string(), "Job has not completed yet");
    let late = job.get(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(late, JobError::TimedOut { after: Duration::from_secs(1) });
    job.wait(LONG).await;
    assert!(job.ready() && job.successful().unwrap());
    // A result without `+OK` is a value as well.
    let text = client.bgapi("global_getvar local_ip_v4").await.unwrap();
    assert_eq!(text.get(LONG).await.unwrap(), "127.0.0.1");
    // Without a limit, and as what it is not.
    assert_eq!((&text).await, Ok("127.0.0.1".to_owned()));
    let none = text.session(LONG).await.unwrap_err();
    assert_eq!(none.to_string(), r#""127.0.0.1" is not the id of a session"#);
    // A failure is raised, every time.
    let failed = client.bgapi("uuid_kill nosuch").await.unwrap();
    for _turn in 0..2 {
        let err = failed.get(LONG).await.unwrap_err();
        assert_eq!(err, JobError::Failed { text: "-ERR No such channel!".to_owned() });
    }
    assert!(!failed.successful().unwrap());
}

#[limited::test(paused)]
async fn s47_s77_get_returns_the_session_or_raises_and_can_be_given_up() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let job = client.originate(&echo()).await.unwrap();
    let session = job.get(LONG).await.unwrap();
    assert_eq!(job.session(LONG).await.unwrap().as_str(), session);
    assert_eq!((&job).await, Ok(session.clone()));
    assert_eq!(Some(session.as_str()), job.sess_uuid().map(Id::as_str));
    let busy = client.originate(&Originate::verbatim("error/USER_BUSY &park")).await.unwrap();
    assert_eq!(busy.get(LONG).await.unwrap_err().to_string(), "-ERR USER_BUSY");
    assert!(!busy.successful().unwrap());
    let slow = client.bgapi("msleep 60000").await.unwrap();
    let late = slow.get(Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(late.to_string(), "Job not complete after '30' seconds");
    // The wait is dropped, as by Ctrl-C: the job stays and can be waited for again.
    let given_up = tokio::time::timeout(Duration::from_secs(1), slow.get(LONG)).await;
    assert!(given_up.is_err() && !slow.ready());
    slow.get(Duration::from_secs(60)).await.unwrap();
}

#[limited::test(paused)]
async fn s48_the_session_is_known_at_once_and_corrected_when_the_switch_made_another() {
    let log = Log::start();
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    // SIP refuses a uuid that is in use; loopback goes on under another one.
    let taken = Originate::to("9196@127.0.0.1:5080").with_uuid(Id::new("taken"));
    client.originate(&taken).await.unwrap().get(LONG).await.unwrap();
    let refused = client.originate(&taken).await.unwrap().get(LONG).await.unwrap_err();
    assert_eq!(refused.to_string(), "-ERR DESTINATION_OUT_OF_ORDER");
    client.api("hupall").await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    let echo = || Originate::verbatim("loopback/9196/default &park");
    let wanted = Id::random();
    let job = client.originate(&echo().with_uuid(wanted.clone())).await.unwrap();
    assert_eq!(job.sess_uuid(), Some(&wanted));
    assert_eq!(job.get(LONG).await.unwrap(), wanted.as_str());
    tracked(&listener, |listener| listener.count_sessions() == 2).await;
    // The uuid is in use now: the simulated switch goes on under another one.
    let job = client.originate(&echo().with_uuid(wanted.clone())).await.unwrap();
    let made = job.get(LONG).await.unwrap();
    assert_ne!(made, wanted.as_str());
    assert_eq!(job.sess_uuid().unwrap().as_str(), made);
    assert_eq!(log.count(&["WARN", wanted.as_str(), &made]), 1, "{:#?}", log.lines());
    // It is a call of its own, and ours.
    let call = listener.call(&Id::new(&made)).unwrap();
    assert_eq!(call.id.as_str(), made);
    assert!(listener.with(|tracker| tracker.is_own_call(&call.id)));
    assert!(call.sessions.iter().all(|leg| leg.id != wanted));
    assert!(listener.call(&wanted.cast()).unwrap().sessions.iter().any(|leg| leg.id == wanted));
    // Where we know of no other one, what comes under its name is this call too.
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let destroy =
        vec![header("Event-Name", "CHANNEL_DESTROY"), header("Unique-ID", wanted.as_str())];
    sim.fire(destroy, None);
    tracked(&listener, |listener| listener.session(&wanted).is_none()).await;
    for leg in client.call(&wanted.cast()).unwrap().sessions() {
        sim.fire(
            vec![header("Event-Name", "CHANNEL_DESTROY"), header("Unique-ID", leg.id().as_str())],
            None,
        );
    }
    tracked(&listener, |listener| listener.call(&wanted.cast()).is_none()).await;
    let job = client.originate(&echo().with_uuid(wanted.clone())).await.unwrap();
    let made = job.get(LONG).await.unwrap();
    assert_ne!(made, wanted.as_str());
    tracked(&listener, |listener| listener.call(&Id::new(&made)).unwrap().sessions.len() == 2)
        .await;
    assert_eq!(listener.call(&Id::new(&made)).unwrap().id.as_str(), made);
    assert!(listener.call(&wanted.cast()).is_none());
}

#[limited::test(paused)]
async fn s49_hupall_ends_the_calls_of_every_id_that_this_client_ever_used() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let (stream, said) = overheard(&sim);
    client.connect_over(stream).await.unwrap();
    let app = client.load_app(switchy::apps::TonePlay).await.unwrap();
    // One without an app, as in the tutorial, and one of an app that is unloaded by then.
    called(&client, &echo()).await;
    called(&client, &park().with_app("TonePlay")).await;
    tracked(&listener, |listener| listener.count_sessions() == 4).await;
    client.unload_app("TonePlay").await.unwrap();
    said.take();
    let done = client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    let counts: Vec<_> = done.iter().map(|done| (done.name.as_deref(), done.sessions)).collect();
    assert!(counts.contains(&(None, 2)) && counts.contains(&(Some("TonePlay"), 2)), "{counts:?}");
    let mut said = said.take();
    said.sort();
    let mut expected =
        [client.id(), &app].map(|id| format!("api hupall NORMAL_CLEARING switchy_app {id}"));
    expected.sort();
    assert_eq!(said, expected);
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    assert_eq!(sim.channels().await, 0);
}

#[limited::test(paused)]
async fn s50_two_clients_with_the_same_app_do_not_touch_each_others_calls() {
    let sim = sim();
    let (mine, listener) = pair(&sim).await;
    let (theirs, _) = pair(&sim).await;
    for client in [&mine, &theirs] {
        client.load_app(switchy::apps::TonePlay).await.unwrap();
        called(client, &park().with_app("TonePlay")).await;
        called(client, &echo()).await;
    }
    tracked(&listener, |listener| listener.count_sessions() == 8).await;
    mine.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&listener, |listener| listener.count_sessions() == 4).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(sim.channels().await, 4);
    // An empty value would end every channel of the switch: no way leads to it.
    for nothing in ["", " ", "nosuch"] {
        let refused = mine.hupall(Some(nothing), &HangupCause::NORMAL_CLEARING).await;
        assert!(matches!(refused, Err(Error::NoSuchApp { .. })), "{refused:?}");
    }
    let options = switchy::client::LoadAs::new().with_name("x").with_id(&Id::new(""));
    let refused = mine.load_apps(vec![std::sync::Arc::new(switchy::apps::TonePlay)], &options);
    assert!(refused.await.is_err());
    assert_eq!(sim.channels().await, 4);
    // One that has made no calls ends none.
    let fresh = Client::new("vm-host");
    fresh.connect_over(sim.connect()).await.unwrap();
    assert_eq!(fresh.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap(), []);
    assert_eq!(sim.channels().await, 4);
}

#[limited::test(paused)]
async fn clients_that_use_the_same_app_id_do_not_touch_each_others_calls() {
    let sim = sim();
    let (mine, listener) = pair(&sim).await;
    let (theirs, _) = pair(&sim).await;
    let options = switchy::client::LoadAs::new().with_name("x").with_id(&Id::new("shared"));
    let mut calls = Vec::new();
    for client in [&mine, &theirs] {
        let app = std::sync::Arc::new(switchy::apps::TonePlay);
        client.load_apps(vec![app], &options).await.unwrap();
        calls.push(called(client, &park().with_app("x")).await);
    }
    tracked(&listener, |listener| listener.count_sessions() == 4).await;
    let preview = mine.hupall_preview(None).unwrap();
    let victims = preview.iter().flat_map(|hung_up| &hung_up.victims);
    assert!(
        victims.clone().any(|id| *id == calls[0]) && !victims.clone().any(|id| *id == calls[1])
    );
    mine.hupall(Some("x"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&listener, |listener| listener.count_sessions() == 2).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(sim.channels().await, 2);
    mine.unload_app_with("x", switchy::client::LiveCalls::HangUp).await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(sim.channels().await, 2);
    theirs.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(sim.channels().await, 0);
}

#[limited::test(paused)]
async fn s51_hupall_takes_an_app_and_a_cause_and_can_be_tried_first() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let (stream, said) = overheard(&sim);
    client.connect_over(stream).await.unwrap();
    client.load_app(switchy::apps::TonePlay).await.unwrap();
    let other = called(&client, &echo()).await;
    let id = called(&client, &park().with_app("TonePlay")).await;
    tracked(&listener, |listener| listener.count_sessions() == 4).await;
    said.take();
    let unknown = HangupCause::parse("NORMAL_CLERING");
    for refused in
        [client.hupall_dry_run(None, &unknown), client.hupall(Some("TonePlay"), &unknown).await]
    {
        assert!(matches!(refused, Err(Error::UnknownCause { .. })), "{refused:?}");
    }
    let busy = HangupCause::parse("USER_BUSY");
    let victims = client.hupall_dry_run(Some("TonePlay"), &busy).unwrap();
    assert_eq!((victims.len(), victims[0].victims.len()), (1, 2));
    assert_eq!(victims[0].victims[0], id);
    assert_eq!(said.take(), Vec::<String>::new());
    assert_eq!(client.hupall(Some("TonePlay"), &busy).await.unwrap(), victims);
    tracked(&listener, |listener| listener.count_calls() == 1).await;
    let ended = listener.with(|tracker| tracker.ended().next_back().unwrap().clone());
    assert_eq!((ended.id.as_str(), ended.cause()), (id.as_str(), Some(busy)));
    assert!(listener.call(&other.cast()).is_some());
}

#[limited::test(paused)]
async fn s69_s78_a_call_is_found_by_its_job_before_the_answer_and_its_first_leg_ends_it() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let job = client.originate(&park()).await.unwrap();
    let id = job.sess_uuid().unwrap().clone();
    tracked(&listener, |listener| listener.call(&id.cast()).is_some()).await;
    let call = client.call(&id.cast()).unwrap();
    assert!(!job.ready() && call.info().phase() < Phase::Answered, "{call:?}");
    assert_eq!(*call.sessions()[0].id(), id);
    call.sessions()[0].hangup().await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    let ended = listener.with(|tracker| tracker.ended().next_back().unwrap().clone());
    assert_eq!(ended.id.as_str(), id.as_str());
    assert!(job.get(LONG).await.is_err());
}

#[limited::test(paused)]
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

#[limited::test(paused)]
async fn jobs_in_flight_become_unknown_when_the_connection_goes() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let job = client.bgapi("msleep 60000").await.unwrap();
    sim.inject(Fault::DropAll);
    let lost = job.get(LONG).await.unwrap_err();
    assert_eq!(lost.to_string(), "the connection was lost, the outcome is unknown");
    listener.closed().await;
    assert!(!EventListener::is_connected(&listener));
    let after = client.originate(&Originate::to("9196@h")).await;
    assert!(matches!(after, Err(Error::ListenerNotRunning)));
}
