//! Connections that go and come back, over real sockets: the switch is simulated, time is not.

use std::time::Duration;

use switchy::apps::TonePlay;
use switchy::client::Originate;
use switchy::conn::{Backoff, Config};
use switchy::listener::{Gap, Link};
use switchy::model::{HangupCause, Id};
use switchy::sim::{self, Fault, Sim};
use switchy::{Client, EventListener};

use crate::support::{LONG, until};

fn quick() -> Backoff {
    Backoff::new(Duration::from_millis(20), Duration::from_millis(100))
}

struct Setup {
    sim: Sim,
    client: Client,
    listener: EventListener,
}

async fn setup() -> Setup {
    setup_with(|config| config).await
}

async fn setup_with(configure: impl Fn(Config) -> Config) -> Setup {
    let sim =
        Sim::start(sim::Config::new().with_seed(5).with_heartbeat(Duration::from_millis(200)));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let config = configure(Config::new("127.0.0.1").with_port(port));
    let listener = EventListener::with_config(config.clone());
    listener.connect().await.unwrap();
    listener.start().await.unwrap();
    listener.keep_connected(quick()).unwrap();
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect().await.unwrap();
    client.keep_connected(quick()).unwrap();
    Setup { sim, client, listener }
}

/// Waits for the link to come back, and says what was missed.
async fn back(listener: &EventListener) -> Gap {
    let mut link = listener.link();
    let came = link.wait_for(|link| matches!(link, Link::Up { gap: Some(_) }));
    let came = tokio::time::timeout(LONG, came).await.unwrap().unwrap().clone();
    let Link::Up { gap: Some(gap) } = came else { panic!("{came:?}") };
    gap
}

fn echo() -> Originate {
    Originate::to("9196@127.0.0.1:5080")
}

#[limited::test]
async fn a_dropped_connection_comes_back_with_its_calls_jobs_and_apps() {
    let Setup { sim, client, listener } = setup().await;
    client.load_app(TonePlay).await.unwrap();
    listener.subscribe(&["sofia::register"]).await.unwrap();
    let kept = client.originate(&echo()).await.unwrap();
    kept.get(LONG).await.unwrap();
    let slow = client.bgapi("msleep 60000").await.unwrap();
    sim.inject(Fault::DropAll);
    let gap = back(&listener).await;
    assert!(!gap.is_restarted);
    let calls = gap.calls.unwrap();
    assert_eq!((calls.ended, calls.new, calls.kept, gap.jobs), (0, 0, 1, 1));
    let unknown = slow.get(LONG).await.unwrap_err();
    assert_eq!(unknown.to_string(), "the connection was lost, the outcome is unknown");
    until(LONG, "the connection", async || client.cmd("status").await.is_ok()).await;
    // Events arrive again, and the app still controls its calls.
    let call = Originate::to("park@127.0.0.1:5090").with_app("TonePlay");
    client.originate(&call).await.unwrap().get(LONG).await.unwrap();
    client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    until(LONG, "the end of all calls", async || listener.calls().is_empty()).await;
}

#[limited::test]
async fn a_connection_cut_in_mid_frame_comes_back() {
    let Setup { sim, client, listener } = setup().await;
    client.originate(&echo()).await.unwrap().get(LONG).await.unwrap();
    sim.inject(Fault::CutFrame);
    assert_eq!(back(&listener).await.calls.unwrap().kept, 1);
}

#[limited::test]
async fn junk_ends_the_connection_and_it_comes_back() {
    let Setup { sim, listener, .. } = setup().await;
    sim.inject(Fault::Junk(b"\x00\xff no frame\n\n".to_vec()));
    back(&listener).await;
    assert!(listener.is_running());
}

#[limited::test]
async fn calls_that_ended_in_the_gap_are_over_and_new_ones_are_joined() {
    let Setup { sim, client, listener } = setup().await;
    let gone = client.originate(&echo()).await.unwrap().get(LONG).await.unwrap();
    until(LONG, "both legs", async || {
        listener.call(&Id::new(&gone)).is_some_and(|call| call.sessions.len() == 2)
    })
    .await;
    // Another client changes things while the listener is away.
    let other = Client::with_config(client.config());
    sim.inject(Fault::RejectAcl);
    sim.inject(Fault::DropAll);
    until(LONG, "the loss of the connection", async || !listener.is_connected()).await;
    sim.inject(Fault::Clear);
    other.connect().await.unwrap();
    other.cmd(&format!("uuid_kill {gone}")).await.unwrap();
    let gap = back(&listener).await;
    until(LONG, "the end of the call", async || listener.call(&Id::new(&gone)).is_none()).await;
    let calls = gap.calls.unwrap();
    assert!(calls.ended + calls.kept == 1, "{gap:?}");
}

#[limited::test]
async fn a_restarted_switch_is_known_by_its_core_uuid() {
    let Setup { sim, client, listener } = setup().await;
    client.originate(&echo()).await.unwrap().get(LONG).await.unwrap();
    until(LONG, "the first look at the switch", async || {
        listener.with(|tracker| tracker.core_uuid().is_some())
    })
    .await;
    sim.inject(Fault::Restart);
    let gap = back(&listener).await;
    assert!(gap.is_restarted);
    let calls = gap.calls.unwrap();
    assert_eq!((calls.ended, calls.kept), (1, 0));
    assert!(listener.calls().is_empty());
}

#[limited::test]
async fn a_frozen_server_is_told_from_a_slow_api() {
    let soon = Duration::from_millis(300);
    let Setup { sim, client, .. } =
        setup_with(|config| config.with_dead_after(soon).with_connect_timeout(soon)).await;
    // Five times as long as a dead server is waited for.
    let slow = client.api_within("msleep 1500", LONG).await.unwrap();
    assert!(slow.text().starts_with("+OK"), "{slow:?}");
    // A reply that never comes, from a server that greets others: the connection stays.
    sim.inject(Fault::NoReply { command_prefix: "api echo".to_owned() });
    let lost = client.api_within("echo lost", 5 * soon).await.unwrap_err().to_string();
    let connection = client.connection().unwrap();
    assert_eq!(lost, "no reply to \"api echo lost\" within 1.5s");
    // Now it greets nobody: it is frozen.
    sim.inject(Fault::Silent);
    let reason = tokio::time::timeout(LONG, connection.closed()).await.unwrap();
    assert_eq!(reason.to_string(), "the server does not answer any more");
    sim.inject(Fault::Clear);
    until(LONG, "the command to work again", async || {
        client.cmd("echo again").await.is_ok_and(|text| text == "again")
    })
    .await;
}

#[limited::test]
async fn a_client_that_connects_anew_closes_the_old_connection_and_keeps_the_new_one() {
    let Setup { sim, client, .. } = setup().await;
    let other = Sim::start(sim::Config::new().with_seed(6));
    let port = other.listen("127.0.0.1:0").await.unwrap().port();
    let first = client.connection().unwrap();
    client.connect().await.unwrap();
    let second = client.connection().unwrap();
    assert!(!second.is_same(&first));
    tokio::time::timeout(LONG, first.closed()).await.unwrap();
    client.connect_to(&format!("127.0.0.1:{port}")).await.unwrap();
    tokio::time::timeout(LONG, second.closed()).await.unwrap();
    // What went away was kept up, and so is what came for it.
    sim.stop();
    other.inject(Fault::DropAll);
    until(LONG, "the loss of the connection", async || !client.is_connected()).await;
    until(LONG, "the connection", async || client.cmd("status").await.is_ok()).await;
    // Nobody keeps a connection that the client gave up, or a client that is gone.
    let last = client.connection().unwrap().downgrade();
    drop(client);
    tokio::time::timeout(LONG, last.closed()).await.unwrap();
}

#[limited::test]
async fn what_cannot_help_is_not_tried_again() {
    let Setup { sim, listener, .. } = setup().await;
    sim.inject(Fault::RejectAcl);
    sim.inject(Fault::DropAll);
    let mut link = listener.link();
    let gave_up = link.wait_for(|link| matches!(link, Link::GaveUp { .. }));
    let gave_up = tokio::time::timeout(LONG, gave_up).await.unwrap().unwrap().clone();
    let Link::GaveUp { error } = gave_up else { panic!() };
    assert!(error.contains("forbids this address"), "{error}");
}

#[limited::test]
async fn disconnect_ends_attempts_to_come_back() {
    let Setup { sim, client, listener } = setup().await;
    sim.stop();
    until(LONG, "the second try", async || {
        matches!(*listener.link().borrow(), Link::Lost { attempt: 2.., .. })
    })
    .await;
    listener.disconnect().await;
    client.disconnect().await;
    assert!(matches!(*listener.link().borrow(), Link::Down));
    assert!(!listener.is_connected() && !client.is_connected());
}

#[limited::test(paused)]
async fn a_frozen_server_is_told_from_a_quiet_one() {
    let sim =
        Sim::start(sim::Config::new().with_seed(1).with_heartbeat(Duration::from_secs(86_400)));
    // Nobody listens there: it cannot come back.
    let listener = EventListener::with_config(Config::new("127.0.0.1").with_port(1));
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    let slow = Backoff::new(Duration::from_secs(60), Duration::from_secs(60));
    listener.keep_connected(slow).unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(listener.is_running(), "quiet is not frozen");
    sim.inject(Fault::NoReply { command_prefix: "api uptime".to_owned() });
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!listener.is_connected(), "a server that does not answer is frozen");
    let Link::Lost { reason, .. } = listener.link().borrow().clone() else { panic!() };
    assert_eq!(reason.to_string(), "the server does not answer any more");
}

#[limited::test(paused)]
async fn an_end_that_was_never_told_is_found_by_the_regular_check() {
    let sim = Sim::start(sim::Config::new().with_seed(1));
    let listener = EventListener::new("vm-host");
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    listener.keep_connected(quick()).unwrap();
    // A call whose DESTROY never comes: only this event of it was ever fired.
    let ghost = [("Event-Name", "CHANNEL_CREATE"), ("Unique-ID", "ghost"), ("variable_x", "1")];
    sim.fire(ghost.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), None);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(listener.calls().len(), 1);
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert!(listener.calls().is_empty());
}
