//! Each built-in app does on a real server what it says, with calls that loop to the context that
//! parks them, twenty at a time.

use std::path::Path;
use std::sync::Arc;

use switchy::apps::{App, Bert, DtmfChecker, Kind};
use switchy::client::LoadAs;

use super::*;

/// So many calls at a time.
const MANY: usize = 20;

fn make(app: &str, params: &[(&str, &str)]) -> Arc<dyn App> {
    Kind::named(app).unwrap().make(params).unwrap()
}

/// A server, and an app that is loaded there under a name of its own.
async fn loaded(parts: Vec<Arc<dyn App>>, name: &str) -> (Client, EventListener) {
    let (client, listener) = client(server()).await;
    client.load_apps(parts, &LoadAs::new().with_name(name)).await.unwrap();
    (client, listener)
}

/// Originates calls of an app, a few each second.
async fn dial(client: &Client, app: &str, call: &Originate) -> Vec<Job> {
    let mut jobs = Vec::new();
    for _call in 0..MANY {
        jobs.push(client.originate(&call.clone().with_app(app)).await.unwrap());
        // The server takes thirty new sessions a second from everybody.
        sleep(Duration::from_millis(300)).await;
    }
    jobs
}

fn park() -> Originate {
    Originate::to("park@127.0.0.1:5090").with_variable("execute_on_answer", "sched_hangup +60")
}

/// Waits until each call is so.
async fn each(
    listener: &EventListener,
    jobs: &[Job],
    what: &str,
    is_so: impl Fn(&Tracker, &str) -> bool,
) {
    for job in jobs {
        let id = job.sess_uuid().unwrap();
        until(listener, what, |tracker| is_so(tracker, id.as_str()).then_some(())).await;
    }
}

/// Ends all calls of an app, and waits until none is left.
async fn end(client: &Client, listener: &EventListener, app: &str, jobs: &[Job]) {
    client.hupall(Some(app), &HangupCause::NORMAL_CLEARING).await.unwrap();
    each(listener, jobs, "the end of all calls", |tracker, id| tracker.call(id).is_none()).await;
    client.unload_app(app).await.unwrap();
}

/// How a call ended that has ended.
fn cause(tracker: &Tracker, id: &str) -> Option<String> {
    let call = tracker.ended().find(|call| call.id.as_str() == id)?;
    Some(call.sessions.first()?.cause.as_ref()?.name().to_owned())
}

fn runs(tracker: &Tracker, id: &str, application: &str) -> bool {
    let call = tracker.call(id);
    call.is_some_and(|call| call.sessions.iter().any(|leg| &*leg.application == application))
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn tone_play_plays_and_echoes() {
    let (client, listener) = loaded(vec![make("TonePlay", &[])], "live-tone").await;
    let jobs = dial(&client, "live-tone", &park()).await;
    each(&listener, &jobs, "a tone and an echo", |tracker, id| {
        runs(tracker, id, "echo") && runs(tracker, id, "playback")
    })
    .await;
    end(&client, &listener, "live-tone", &jobs).await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn play_rec_plays_in_turn_and_hangs_up() {
    for name in ["PlayRec", "MutedPlayRec"] {
        let params = [("filename", "tone_stream://%(300,0,440)"), ("tail", "0.5")];
        let (client, listener) = loaded(vec![make(name, &params)], "live-rec").await;
        let jobs = dial(&client, "live-rec", &park()).await;
        each(&listener, &jobs, "the end of the clips", |tracker, id| {
            cause(tracker, id).is_some_and(|cause| cause == "NORMAL_CLEARING")
        })
        .await;
        client.unload_app("live-rec").await.unwrap();
    }
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn bert_gets_in_sync() {
    let config = server();
    if commands(config).await.cmd("module_exists mod_bert").await.unwrap() != "true" {
        return crate::support::skipped("the server has no mod_bert");
    }
    let app = make("Bert", &[]);
    let (client, listener) = loaded(vec![app], "live-bert").await;
    let jobs = dial(&client, "live-bert", &park().with_absolute_codec("PCMU")).await;
    let counts = || client.app("live-bert").unwrap().instance::<Bert>().unwrap().counts();
    until(&listener, "all in sync", |_| (counts().0 == 20).then_some(())).await;
    assert_eq!(counts(), (20, 0, 0));
    end(&client, &listener, "live-bert", &jobs).await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn dtmf_arrives() {
    let app = make("DtmfChecker", &[("sequence", "12#")]);
    let (client, listener) = loaded(vec![app], "live-dtmf").await;
    let jobs = dial(&client, "live-dtmf", &park()).await;
    let counts = || client.app("live-dtmf").unwrap().instance::<DtmfChecker>().unwrap().counts();
    until(&listener, "all are checked", |_| {
        let (good, wrong, cut) = counts();
        (good + wrong + cut == 20).then_some(())
    })
    .await;
    assert_eq!(counts(), (20, 0, 0));
    end(&client, &listener, "live-dtmf", &jobs).await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn proxier_bridger_and_router_bridge() {
    let bridges = "9196@127.0.0.1:5080";
    let route = ("route", r"^7(\d+)$ bridge $1@127.0.0.1:5080");
    for (app, params, to) in [
        ("Proxier", [("profile", "external")], "9196@127.0.0.1:5080"),
        ("Bridger", [("leg1", bridges)], "park@127.0.0.1:5090"),
        ("Router", [route], "79196@127.0.0.1:5090"),
    ] {
        let (client, listener) = loaded(vec![make(app, &params)], "live-bridge").await;
        let mut call = Originate::to(to).with_variable("execute_on_answer", "sched_hangup +60");
        if app == "Proxier" {
            call = call.with_proxy("127.0.0.1:5090");
        }
        let jobs = dial(&client, "live-bridge", &call).await;
        each(&listener, &jobs, app, |tracker, id| {
            tracker.call(id).is_some_and(|call| call.sessions.len() == 4)
                && runs(tracker, id, "echo")
        })
        .await;
        end(&client, &listener, "live-bridge", &jobs).await;
    }
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn callees_ring_or_refuse() {
    for (app, params, wanted) in [
        ("CalleeRingback", &[("callee_hup_after", "2")][..], None),
        ("CalleeBlockOnInvite", &[("response", "486")], Some("USER_BUSY")),
        ("CalleeBlockOnInvite", &[("response", "CALL_REJECTED")], Some("CALL_REJECTED")),
    ] {
        let (client, listener) = loaded(vec![make(app, params)], "live-callee").await;
        let jobs = dial(&client, "live-callee", &park()).await;
        each(&listener, &jobs, app, |tracker, id| {
            let call = tracker.ended().find(|call| call.id.as_str() == id);
            let Some(leg) = call.and_then(|call| call.sessions.first()) else { return false };
            assert_eq!(leg.times.answered, 0, "{leg:?}");
            match wanted {
                None => leg.times.progress > 0,
                Some(_) => cause(tracker, id).as_deref() == wanted,
            }
        })
        .await;
        client.unload_app("live-callee").await.unwrap();
    }
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_record_of_each_call_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.csv");
    let parts =
        vec![make("Cdr", &[("file", path.to_str().unwrap())]), make("CalleeBlockOnInvite", &[])];
    let (client, listener) = loaded(parts, "live-cdr").await;
    let jobs = dial(&client, "live-cdr", &park()).await;
    each(&listener, &jobs, "the end", |tracker, id| cause(tracker, id).is_some()).await;
    let rows = |path: &Path| std::fs::read_to_string(path).unwrap().lines().count() - 1;
    until(&listener, "all records", |_| (rows(&path) == MANY).then_some(())).await;
    client.unload_app("live-cdr").await.unwrap();
}
