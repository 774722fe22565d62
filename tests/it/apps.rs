//! The apps that come with Switchy, on the simulated switch: what each does to a call.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchy::Client;
use switchy::apps::router::{Route, Router, Routing};
use switchy::apps::{App, Bert, Cdr, DtmfChecker, Kind, PlayRec};
use switchy::client::{Error, LoadAs, Originate};
use switchy::listener::{EventListener, Job, JobError};
use switchy::model::{CallInfo, HangupCause, Id, Phase};

use crate::support::{LONG, pair, sim, tracked};

/// Loads an app by its name and parameters, under a name.
async fn load(client: &Client, app: &str, params: &[(&str, &str)], name: &str) {
    let app = Kind::named(app).unwrap().make(params).unwrap();
    client.load_apps(vec![app], &LoadAs::new().with_name(name)).await.unwrap();
}

fn park() -> Originate {
    Originate::to("park@127.0.0.1:5090")
}

/// Calls, and waits for the call's end.
async fn ended(client: &Client, call: &Originate) -> CallInfo {
    let listener = client.listener().unwrap();
    let job = client.originate(call).await.unwrap();
    let id = job.sess_uuid().unwrap().clone();
    let find = |listener: &EventListener| {
        listener
            .with(|tracker| tracker.ended().find(|call| call.id.as_str() == id.as_str()).cloned())
    };
    tracked(&listener, |listener| find(listener).is_some()).await;
    find(&listener).unwrap()
}

fn cause(call: &CallInfo) -> &str {
    call.sessions[0].cause.as_ref().map_or("", HangupCause::name)
}

async fn failure(job: &Job) -> String {
    match job.get(LONG).await {
        Err(JobError::Failed { text }) => text,
        other => panic!("{other:?}"),
    }
}

#[limited::test(paused)]
async fn play_rec_plays_in_turn_records_and_tells() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let book = Arc::clone(&told);
    let app = PlayRec::default()
        .with_filename("tone_stream://%(300,0,440)")
        .with_iterations(2)
        .with_callback(move |info| book.lock().unwrap().push(info));
    client.load_app(app).await.unwrap();
    listener.subscribe(&["PLAYBACK_START", "RECORD_START", "RECORD_STOP"]).await.unwrap();
    let mut seen = listener.events(&["PLAYBACK_START", "RECORD_START", "RECORD_STOP"]);
    let call = ended(&client, &park().with_app("PlayRec")).await;
    assert_eq!(cause(&call), "NORMAL_CLEARING");
    let mut kinds = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(1), seen.next()).await {
        let path = event.get("Playback-File-Path").unwrap_or_default().into_owned();
        kinds.push(format!("{} {path}", event.name()));
    }
    let count = |text: &str| kinds.iter().filter(|kind| kind.contains(text)).count();
    // Either side plays it twice, while the other one is silent.
    assert_eq!((count("tone_stream"), count("silence_stream")), (4, 4), "{kinds:#?}");
    assert_eq!((count("RECORD_START"), count("RECORD_STOP")), (2, 2), "{kinds:#?}");
    let infos = told.lock().unwrap().clone();
    assert_eq!(infos.len(), 1);
    assert!(infos[0].caller.ends_with("_caller.wav") && infos[0].host == "vm-host", "{infos:?}");
    // The next one comes too soon to be recorded.
    ended(&client, &park().with_app("PlayRec")).await;
    assert_eq!(told.lock().unwrap().len(), 1);
}

#[limited::test(paused)]
async fn muted_play_rec_swaps_who_is_heard() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    listener.subscribe(&["PLAYBACK_STOP"]).await.unwrap();
    let mut stops = listener.events(&["PLAYBACK_STOP"]);
    let clip = ("filename", "tone_stream://%(200,0,440)");
    load(&client, "MutedPlayRec", &[clip, ("iterations", "3")], "Muted").await;
    let call = ended(&client, &park().with_app("Muted")).await;
    assert_eq!(cause(&call), "NORMAL_CLEARING");
    let mut count = 0;
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(1), stops.next()).await {
        count += 1;
    }
    assert!(count >= 6, "{count}");
}

#[limited::test(paused)]
async fn play_rec_ends_a_call_whose_clip_is_not_there() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    load(&client, "PlayRec", &[("filename", "local_stream://moh")], "PlayRec").await;
    let call = ended(&client, &park().with_app("PlayRec")).await;
    assert_eq!(cause(&call), "NORMAL_TEMPORARY_FAILURE");
}

#[limited::test(paused)]
async fn bert_counts_who_is_in_sync_and_who_is_not() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let params =
        [("ring_response", "pre_answer"), ("pdd", "0.5"), ("prd", "1"), ("bert_window_ms", "400")];
    load(&client, "Bert", &params, "One").await;
    load(&client, "Bert", &[("two_sided", "yes")], "Two").await;
    let counts = |name: &str| client.app(name).unwrap().instance::<Bert>().unwrap().counts();
    for (name, in_sync) in [("One", 1), ("Two", 2)] {
        client.originate(&park().with_app(name)).await.unwrap().get(LONG).await.unwrap();
        tracked(&listener, |_| counts(name) == (in_sync, 0, 0)).await;
        client.hupall(Some(name), &HangupCause::NORMAL_CLEARING).await.unwrap();
        tracked(&listener, |listener| listener.calls().is_empty()).await;
    }
    // Nobody sends it back: 9197 plays a tone.
    let foreign = Originate::to("9197@127.0.0.1:5080").without_headers().with_app("Two");
    let call = ended(&client, &foreign).await;
    assert_eq!((counts("Two"), cause(&call)), ((2, 0, 1), "MEDIA_TIMEOUT"));
    // Without its module it is not loaded.
    client.api("unload mod_bert").await.unwrap();
    let Err(Error::AppSetup { reason, .. }) = client.load_app(Bert::default()).await else {
        panic!("loaded")
    };
    assert!(reason.to_string().contains("mod_bert is not loaded"), "{reason}");
}

#[limited::test(paused)]
async fn dtmf_checker_tells_good_from_wrong_and_cut_off() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    load(&client, "DtmfChecker", &[("sequence", "12#")], "Dtmf").await;
    let counts = || client.app("Dtmf").unwrap().instance::<DtmfChecker>().unwrap().counts();
    let job = client.originate(&park().with_app("Dtmf")).await.unwrap();
    let id = job.get(LONG).await.unwrap();
    tracked(&listener, |_| counts() == (1, 0, 0)).await;
    let callee = client.call(&Id::new(&id)).unwrap().sessions()[1].clone();
    let mut value = None;
    while value.is_none() {
        value = callee.getvar("dtmf_checked").await.unwrap();
    }
    assert_eq!(value.as_deref(), Some("true"));
    client.call(&Id::new(&id)).unwrap().hangup().await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    // A digit of somebody else comes first.
    let job = client.originate(&park().with_app("Dtmf")).await.unwrap();
    let id = job.sess_uuid().unwrap().clone();
    tracked(&listener, |listener| {
        listener.call(&id.cast()).is_some_and(|call| call.sessions.len() == 2)
    })
    .await;
    let callee = client.call(&id.cast()).unwrap().sessions()[1].clone();
    callee.park_and_wait(LONG).await.ok();
    callee.recv_dtmf("9", Duration::ZERO).await.unwrap();
    tracked(&listener, |_| counts().1 == 1).await;
    client.call(&id.cast()).unwrap().hangup().await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    // Hung up before any digit came.
    let job = client.originate(&park().with_app("Dtmf")).await.unwrap();
    job.get(LONG).await.unwrap();
    client.hupall(Some("Dtmf"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&listener, |_| counts().2 == 1).await;
    assert_eq!(counts(), (1, 1, 1));
}

#[limited::test(paused)]
async fn proxier_passes_on_to_the_request_line_and_both_ends_go_together() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    load(&client, "Proxier", &[("profile", "external")], "Proxier").await;
    let call = Originate::to("9196@127.0.0.1:5080").with_proxy("127.0.0.1:5090");
    let job = client.originate(&call.with_app("Proxier")).await.unwrap();
    let id = job.get(LONG).await.unwrap();
    tracked(&listener, |listener| {
        let call = listener.call(&Id::new(&id)).unwrap();
        call.sessions.len() == 4 && call.sessions.iter().all(|leg| leg.phase == Phase::Answered)
    })
    .await;
    let call = listener.call(&Id::new(&id)).unwrap();
    assert!(call.sessions.iter().any(|leg| &*leg.application == "echo"), "{call:?}");
    let last = client.session(&call.sessions[3].id).unwrap();
    last.hangup().await.unwrap();
    // Nobody is left parked.
    tracked(&listener, |listener| listener.calls().is_empty()).await;
}

#[limited::test(paused)]
async fn bridger_sends_each_leg_to_its_place() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    for bad in [&[][..], &[("leg0", "proxy")], &[("legs", "proxy")], &[("leg1", "")]] {
        assert!(Kind::named("Bridger").unwrap().make(bad).is_err(), "{bad:?}");
    }
    load(&client, "Bridger", &[("leg1", "9196@127.0.0.1:5080")], "Bridger").await;
    let job = client.originate(&park().with_app("Bridger")).await.unwrap();
    let id = job.sess_uuid().unwrap().to_string();
    tracked(&listener, |listener| {
        listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() == 4)
    })
    .await;
    client.hupall(Some("Bridger"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
}

#[limited::test(paused)]
async fn router_tries_routes_in_order_and_keeps_to_its_guards() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let ran = Arc::new(Mutex::new(Vec::new()));
    let note = |text: &'static str, next: Routing| {
        let ran = Arc::clone(&ran);
        move |_: switchy::client::Session, groups: Vec<String>| -> switchy::apps::router::Routed {
            ran.lock().unwrap().push(format!("{text} {}", groups.join(",")));
            Box::pin(async move { Ok(next) })
        }
    };
    let number = "Caller-Destination-Number";
    let fails = |_: switchy::client::Session, _: Vec<String>| -> switchy::apps::router::Routed {
        Box::pin(async { Err(Error::NotConnected) })
    };
    let router = Router::new()
        .with_guard("Caller-Context", "switchy")
        .with_route(Route::on(number, "(9)(.)", note("first", Routing::Next)).unwrap())
        // It holds from the start of the number.
        .with_route(Route::on(number, "1", note("never", Routing::Next)).unwrap())
        .with_route(Route::on(number, "91", fails).unwrap())
        .with_route(Route::parse("91..$ hangup USER_BUSY").unwrap())
        .with_route(Route::on(number, ".*", note("last", Routing::Stop)).unwrap())
        .rejecting();
    let options = LoadAs::new().with_name("default");
    client.load_apps(vec![Arc::new(router) as Arc<dyn App>], &options).await.unwrap();
    // Calls of anybody: these carry no app.
    for (number, cause, wanted) in
        [("9196", "USER_BUSY", vec!["first 91,9,1"]), ("9", "NORMAL_CLEARING", vec!["last 9"])]
    {
        let call =
            Originate::to(&format!("{number}@127.0.0.1:5090")).with_timeout(Duration::from_secs(5));
        let job = client.originate(&call).await.unwrap();
        tracked(&listener, |_| ran.lock().unwrap().len() == wanted.len()).await;
        if cause == "USER_BUSY" {
            assert_eq!(failure(&job).await, format!("-ERR {cause}"));
        } else {
            // A route that stops leaves the call to itself.
            client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
        }
        tracked(&listener, |listener| listener.calls().is_empty()).await;
        let was: Vec<String> = std::mem::take(&mut ran.lock().unwrap());
        assert_eq!(was, wanted);
    }
    client.unload_app("default").await.unwrap();
    // By words, as at the prompt: groups in a destination, a guard that does not hold.
    let route = ("route", r"^7(\d+)$ bridge $1@127.0.0.1:5080");
    load(&client, "Router", &[route, ("reject", "yes")], "default").await;
    let job = client.originate(&Originate::to("79196@127.0.0.1:5090")).await.unwrap();
    job.get(LONG).await.unwrap();
    tracked(&listener, |listener| listener.count_sessions() == 4).await;
    client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    let job = client.originate(&Originate::to("8@127.0.0.1:5090")).await.unwrap();
    let failed = "-ERR NO_ROUTE_DESTINATION";
    assert_eq!(failure(&job).await, failed);
    client.unload_app("default").await.unwrap();
    let guard = ("guard.Caller-Context", "elsewhere");
    load(&client, "Router", &[route, guard, ("reject", "yes")], "default").await;
    let job = client.originate(&Originate::to("79196@127.0.0.1:5090")).await.unwrap();
    assert_eq!(failure(&job).await, failed);
}

#[limited::test(paused)]
async fn a_callee_rings_for_a_while_or_refuses_at_once() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    load(&client, "CalleeRingback", &[("callee_hup_after", "2")], "Rings").await;
    let early = [("ring_response", "pre_answer"), ("caller_hup_after", "3")];
    load(&client, "CalleeRingback", &early, "Early").await;
    for name in ["Rings", "Early"] {
        let call = ended(&client, &park().with_app(name)).await;
        let leg = &call.sessions[0];
        assert!(leg.times.progress + leg.times.progress_media > 0, "{name}: {leg:?}");
        assert_eq!(leg.times.answered, 0);
        let lasted = leg.times.hangup - leg.times.created;
        assert!((1_000_000..5_000_000).contains(&lasted), "{name}: {lasted}");
    }
    for (response, cause) in [("486", "USER_BUSY"), ("CALL_REJECTED", "CALL_REJECTED")] {
        load(&client, "CalleeBlockOnInvite", &[("response", response)], response).await;
        let job = client.originate(&park().with_app(response)).await.unwrap();
        assert_eq!(failure(&job).await, format!("-ERR {cause}"));
    }
}

#[limited::test(paused)]
async fn a_record_of_each_call_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let (csv, jsonl) = (folder.path().join("a.csv"), folder.path().join("b.jsonl"));
    let blocker = Kind::named("CalleeBlockOnInvite").unwrap().make(&[]).unwrap();
    let parts: Vec<Arc<dyn App>> =
        vec![Arc::new(Cdr::new(&csv)), Arc::new(Cdr::new(&jsonl).as_jsonl()), blocker];
    client.load_apps(parts, &LoadAs::new().with_name("both")).await.unwrap();
    for _call in 0..3 {
        let call = ended(&client, &park().with_app("both")).await;
        assert_eq!(cause(&call), "UNALLOCATED_NUMBER");
    }
    let lines = |path: &std::path::Path| {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let listener = client.listener().unwrap();
    tracked(&listener, |_| lines(&csv).len() == 4 && lines(&jsonl).len() == 3).await;
    let (head, row) = (lines(&csv)[0].clone(), lines(&csv)[1].clone());
    assert_eq!(head.split(',').count(), row.split(',').count());
    assert!(row.starts_with("both,") && row.contains("UNALLOCATED_NUMBER"), "{row}");
    let record: serde_json::Value = serde_json::from_str(&lines(&jsonl)[0]).unwrap();
    assert!(record["caller_answer"].is_null() && record["callee_create"].is_f64(), "{record}");
    let no_folder = Cdr::new(&folder.path().join("no/such/cdr.csv"));
    assert!(matches!(client.load_app(no_folder).await, Err(Error::AppSetup { .. })));
}

#[cfg(feature = "shell")]
#[limited::test]
async fn an_interrupted_with_leaves_neither_calls_nor_callbacks() {
    use switchy::shell::{Output, Settings, Shell};

    let shell = Shell::new(Settings::default(), None, false);
    let config = shell.start_sim(switchy::sim::Config::new().with_seed(3)).await.unwrap();
    let switch = shell.connect("pbx", config).await.unwrap();
    let listener = switch.listener();
    let mut text = String::new();
    let line = "with TonePlay originate park@127.0.0.1:5090 --wait 30 --hold 60";
    {
        let output = Output::new(&mut text);
        let running = shell.run_line(line, output);
        let mut running = std::pin::pin!(running);
        // As Ctrl-C does: it is dropped while the call is held.
        tokio::select! {
            ended = &mut running => panic!("{ended:?}"),
            () = tracked(&listener, |listener| listener.count_sessions() >= 2) => {}
        }
    }
    let client = switch.client();
    tracked(&listener, |listener| {
        let callbacks = client.callbacks();
        if callbacks.is_empty() && listener.count_sessions() == 0 { Ok(()) } else { Err(callbacks) }
    })
    .await;
    shell.close().await;
}
