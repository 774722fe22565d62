//! A real FreeSWITCH, named by `SWITCHY_LIVE=HOST:PORT:PASSWORD`; without it these are skipped.
//!
//! It must have the layout of the recordings: profile `external` on 5080 with the stock dialplan,
//! 5090 with one that parks every call, both on 127.0.0.1.

mod apps;
#[cfg(feature = "shell")]
mod control;
mod digits;
mod storm;

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchy::apps::TonePlay;
use switchy::client::{Error, Originate};
use switchy::conn::{Config, ConnectError, SendError};
use switchy::listener::{Job, JobError};
use switchy::model::{CallInfo, HangupCause, Outcome, Phase, Status};
use switchy::track::Tracker;
use switchy::{Client, EventListener};
use tokio::time::{Instant, sleep, timeout};

const SOON: Duration = Duration::from_secs(10);

/// One check at a time: together they are more than the calls a second that a server allows.
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// Held until the check, which has a thread of its own, is over.
    static MINE: RefCell<Option<MutexGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// The server, once it is our turn.
pub(crate) fn server() -> Config {
    let text = std::env::var("SWITCHY_LIVE").unwrap();
    MINE.with_borrow_mut(|mine| {
        mine.get_or_insert_with(|| TURN.lock().unwrap_or_else(PoisonError::into_inner));
    });
    let [host, port, password] = text.splitn(3, ':').collect::<Vec<_>>()[..] else {
        panic!("SWITCHY_LIVE is HOST:PORT:PASSWORD, not {text:?}");
    };
    let port = port.parse().unwrap();
    Config::new(host).with_port(port).with_password(password)
}

async fn commands(config: Config) -> Client {
    let client = Client::with_config(config);
    client.connect().await.unwrap();
    client
}

/// A client with a running listener.
async fn client(config: Config) -> (Client, EventListener) {
    let listener = EventListener::with_config(config.clone());
    listener.connect().await.unwrap();
    listener.start().await.unwrap();
    (commands(config).await.with_listener(listener.clone()), listener)
}

/// Looks after every change, and now and then, until something is so.
async fn until<T>(listener: &EventListener, what: &str, look: impl Fn(&Tracker) -> Option<T>) -> T {
    let (mut changes, end) = (listener.changes(), Instant::now() + SOON);
    loop {
        if let Some(found) = listener.with(&look) {
            return found;
        }
        let change = timeout(Duration::from_millis(200), changes.next()).await;
        let is_open = !matches!(change, Ok(None)) && Instant::now() < end;
        assert!(is_open, "{what} did not happen: {:#?}", listener.calls());
    }
}

/// Makes a call and waits until its legs are all there.
async fn answered(client: &Client, call: &Originate, legs: usize) -> CallInfo {
    let job = client.originate(call).await.unwrap();
    let uuid = job.get(Duration::from_secs(30)).await.unwrap();
    assert_eq!(Some(uuid.as_str()), job.sess_uuid().map(|id| id.as_str()));
    until(&client.listener().unwrap(), "an answered call", |tracker| {
        let call = tracker.call(&uuid)?;
        let is_up = call.sessions.iter().all(|leg| leg.phase == Phase::Answered);
        (is_up && call.sessions.len() == legs).then_some(call)
    })
    .await
}

/// Waits until both legs are in `show channels`, which lags behind the events.
async fn shown(client: &Client, call: &CallInfo) {
    let end = Instant::now() + SOON;
    loop {
        let table = client.cmd("show channels").await.unwrap();
        if call.sessions.iter().all(|leg| table.contains(leg.id.as_str())) {
            return;
        }
        assert!(Instant::now() < end, "show channels never had {call}: {table}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for the end of a call, and returns it as it was then.
async fn ended(listener: &EventListener, call: &CallInfo) -> CallInfo {
    until(listener, "the end of the call", |tracker| {
        let is_gone = tracker.call(call.id.as_str()).is_none();
        is_gone.then(|| tracker.ended().find(|ended| ended.id == call.id).cloned())?
    })
    .await
}

fn echo() -> Originate {
    bounded(Originate::to("9196@127.0.0.1:5080"))
}

/// A call that ends by itself, even when a check fails and nobody hangs up.
fn bounded(call: Originate) -> Originate {
    call.with_variable("execute_on_answer", "sched_hangup +30")
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn logs_in_and_says_how_it_is() {
    let config = server();
    let client = commands(config).await;
    assert!(client.is_connected());
    let status = Status::parse(&client.cmd("status").await.unwrap());
    assert_eq!(status.state, "ready");
    assert!(status.missing().is_empty(), "{status:?}");
    assert!(status.sessions_max > Some(0) && status.per_second_max > Some(0), "{status:?}");
    let address = client.cmd("global_getvar local_ip_v4").await.unwrap();
    assert!(address.parse::<IpAddr>().is_ok(), "{address:?}");
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_wrong_password_is_told_from_other_failures() {
    let config = server();
    let outcome = Client::with_config(config.with_password("not the password")).connect().await;
    assert!(matches!(outcome, Err(Error::Connect(ConnectError::WrongPassword { .. }))));
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn errors_are_the_servers_own_words() {
    let config = server();
    let client = commands(config).await;
    for (line, words) in [
        ("not a real command", "-ERR not Command not found!"),
        ("uuid_kill nobody", "-ERR No such channel!"),
    ] {
        match client.cmd(line).await {
            Err(Error::Api { text, .. }) => assert_eq!(text, words),
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_late_reply_is_not_the_next_commands() {
    let config = server();
    let client = commands(config).await;
    let late = client.api_within("msleep 700", Duration::from_millis(100)).await;
    assert!(matches!(late, Err(Error::Send(SendError::TimedOut { .. }))), "{late:?}");
    assert_eq!(client.cmd("eval after").await.unwrap(), "after");
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_job_has_the_result_of_its_command() {
    let config = server();
    let (client, _listener) = client(config).await;
    let job = client.bgapi("status").await.unwrap();
    let text = job.get(SOON).await.unwrap();
    assert!(text.starts_with("UP "), "{text}");
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_call_is_tracked_from_its_answer_to_its_end() {
    let config = server();
    let (client, listener) = client(config).await;
    let call = answered(&client, &echo(), 2).await;
    assert!(listener.calls().iter().any(|running| running.id == call.id));
    client.call(&call.id).unwrap().hangup().await.unwrap();
    let ended = ended(&listener, &call).await;
    assert_eq!(ended.cause(), Some(HangupCause::NORMAL_CLEARING));
    assert_eq!(ended.sessions.len(), 2);
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_listener_that_comes_later_knows_what_runs() {
    let config = server();
    let (first, listener) = client(config.clone()).await;
    let call = answered(&first, &echo(), 2).await;
    shown(&first, &call).await;
    let (_second, late) = client(config).await;
    let sessions = call.sessions.iter().filter(|leg| late.session(&leg.id).is_some());
    assert_eq!(sessions.count(), 2);
    first.call(&call.id).unwrap().hangup().await.unwrap();
    ended(&listener, &call).await;
    until(&late, "the end of both legs", |tracker| {
        let is_alive = |id: &str| tracker.session(id).is_some();
        (!call.sessions.iter().any(|leg| is_alive(leg.id.as_str()))).then_some(())
    })
    .await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn toneplay_answers_what_is_parked() {
    let config = server();
    let (client, listener) = client(config).await;
    let app = client.load_app(TonePlay).await.unwrap();
    let parked = bounded(Originate::to("park@127.0.0.1:5090").with_app("TonePlay"));
    let call = answered(&client, &parked, 2).await;
    until(&listener, "a tone and an echo", |tracker| {
        let mut runs: Vec<_> =
            tracker.sessions_of_app(&app).map(|leg| leg.application.clone()).collect();
        runs.sort();
        (runs.iter().map(AsRef::as_ref).eq(["echo", "playback"])).then_some(())
    })
    .await;
    client.hupall(Some("TonePlay"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    assert_eq!(ended(&listener, &call).await.cause(), Some(HangupCause::NORMAL_CLEARING));
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_refused_call_fails_with_its_cause() {
    let config = server();
    let (client, _listener) = client(config).await;
    // Nobody listens on the discard port.
    let job = client
        .originate(&Originate::to("1@127.0.0.1:9").with_timeout(Duration::from_secs(5)))
        .await
        .unwrap();
    let failed = job.get(Duration::from_secs(30)).await;
    let text = "-ERR NORMAL_TEMPORARY_FAILURE".to_owned();
    assert_eq!(failed, Err(JobError::Failed { text }));
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn hupall_ends_own_calls_only() {
    let config = server();
    let ((one, first), (other, second)) = (client(config.clone()).await, client(config).await);
    let (own, foreign) = (answered(&one, &echo(), 2).await, answered(&other, &echo(), 2).await);
    one.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    ended(&first, &own).await;
    assert_eq!(second.call(&foreign.id).unwrap().sessions.len(), 2);
    other.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    ended(&second, &foreign).await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_hundred_instant_failures_all_get_their_results() {
    let config = server();
    let (client, _listener) = client(config).await;
    let mut jobs: Vec<Job> = Vec::new();
    for _ in 0..100 {
        jobs.push(client.originate(&Originate::verbatim("error/USER_BUSY &park")).await.unwrap());
    }
    for job in jobs {
        let failed = job.get(Duration::from_secs(30)).await;
        assert_eq!(failed, Err(JobError::Failed { text: "-ERR USER_BUSY".to_owned() }));
    }
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn log_lines_arrive_when_they_are_asked_for() {
    let config = server();
    let (client, listener) = client(config).await;
    let mut logs = listener.logs();
    listener.log(Some("7")).await.unwrap();
    let marker = format!("switchy {}", client.id());
    let outcome = client.api(&format!("log NOTICE {marker}")).await.unwrap();
    assert!(Outcome::of(&outcome.text()).is_ok());
    let found = timeout(SOON, async {
        while let Some(line) = logs.next().await {
            if line.text().contains(&marker) {
                return line.level();
            }
        }
        panic!("the listener is gone");
    });
    assert_eq!(found.await, Ok(5));
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_prompt_a_one_shot_and_the_servers_table_have_the_same_calls() {
    let config = server();
    let driver = commands(config.clone()).await;
    let fresh = async || {
        let listener = EventListener::with_config(config.clone());
        listener.connect().await.unwrap();
        listener.start().await.unwrap();
        listener
    };
    let observer = fresh().await;
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(3);
    crate::agree::storm(&driver, &observer, &fresh, seed, 100).await;
}
