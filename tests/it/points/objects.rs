//! Points 1 to 36: connection, listener and client.

use std::time::Duration;

use bytes::BytesMut;
use switchy::client::{App, AppContext, Error, Originate, Pool, app::Handling};
use switchy::conn::{Config, ConnectError, Connection, Login, NoEvents, Reply};
use switchy::listener::{self, DEFAULT_EVENTS};
use switchy::model::{Event, HangupCause};
use switchy::sim::{self, Fault, Sim};
use switchy::track::Tracker;
use switchy::wire::{Command, Decoder, Frame};
use switchy::{Client, EventListener, get_listener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Log, called, echo, overheard};
use crate::support::nowhere::Nowhere;
use crate::support::{LONG, pair, sim, tracked};

#[limited::test(paused)]
async fn s01_s02_each_layer_is_public_and_works_alone() {
    // Bytes to frames, without a socket.
    let mut bytes = BytesMut::from(
        "Content-Length: 41\nContent-Type: text/event-plain\n\nEvent-Name: CHANNEL_CREATE\nUnique-ID: a\n\n",
    );
    let frame = Decoder::new().decode(&mut bytes).unwrap();
    let Some(Frame::Event(event)) = frame else { panic!("{frame:?}") };
    // Events to calls, without a connection.
    let mut tracker = Tracker::new();
    tracker.apply(&Event::new(event));
    assert_eq!(tracker.calls().next().unwrap().to_string(), "<Call(a, 1 session)>");
    // A connection without a client; a client without a listener; a listener without a client.
    let sim = sim();
    let connection = Connection::over(sim.connect(), &Config::new("h"), NoEvents).await.unwrap();
    let reply = connection.send(Command::api("version").unwrap()).await.unwrap();
    assert!(reply.text().starts_with("FreeSWITCH Version"), "{reply:?}");
    let client = Client::new("h");
    client.connect_over(sim.connect()).await.unwrap();
    let listener = EventListener::new("h");
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    client.cmd("originate loopback/9196 &park").await.unwrap();
    tracked(&listener, |listener| !listener.calls().is_empty()).await;
}

#[limited::test(paused)]
async fn s03_many_tasks_share_a_connection_and_each_gets_its_own_replies() {
    fn shareable<T: Clone + Send + Sync>(it: &T) -> T {
        it.clone()
    }
    let sim = sim();
    let connection = Connection::over(sim.connect(), &Config::new("h"), NoEvents).await.unwrap();
    let tasks = (0..20).map(|task| {
        let connection = shareable(&connection);
        tokio::spawn(async move {
            for turn in 0..50 {
                let word = format!("{task}-{turn}");
                let command = Command::api(&format!("echo {word}")).unwrap();
                assert_eq!(connection.send(command).await.unwrap().text(), word);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// Fails on the answer, panics on the park.
struct Clumsy;

impl App for Clumsy {
    fn name(&self) -> &str {
        "Clumsy"
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_ANSWER", "CHANNEL_PARK"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let event = on.event;
        Box::pin(async {
            assert!(event.name() == "CHANNEL_ANSWER", "as planned");
            Err(Error::NotConnected)
        })
    }
}

#[limited::test(paused)]
async fn s04_a_failing_callback_is_logged_and_the_chain_goes_on_in_order() {
    let log = Log::start();
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    client.load_app(Clumsy).await.unwrap();
    let mut seen = listener.events(&["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_PARK"]);
    let id = called(&client, &echo().with_app("Clumsy")).await;
    tracked(&listener, |_| log.count(&["app panicked"]) > 0).await;
    for (what, event) in [("app failed", "CHANNEL_ANSWER"), ("app panicked", "CHANNEL_PARK")] {
        let texts = ["ERROR switchy::client::app::route", what, event, id.as_str(), "Clumsy"];
        assert!(log.count(&texts) > 0, "{texts:?} in {:#?}", log.lines());
    }
    // Nobody else was disturbed, and events came in the order of their making.
    let mut last = 0;
    for _event in 0..4 {
        let event = seen.next().await.unwrap();
        assert!(event.sequence() > last, "{event:?}");
        last = event.sequence();
    }
    assert_eq!(listener.calls()[0].sessions.len(), 2);
    // A CUSTOM event goes by its subclass.
    listener.subscribe(&["mod_test::thing"]).await.unwrap();
    let mut custom = listener.events(&["mod_test::thing"]);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![header("Event-Name", "CUSTOM"), header("Event-Subclass", "mod_test::thing")];
    sim.fire(headers, None);
    let event = tokio::time::timeout(LONG, custom.next()).await.unwrap().unwrap();
    assert_eq!((&*event.name(), &*event.kind()), ("CUSTOM", "mod_test::thing"));
}

#[limited::test(paused)]
async fn s05_a_listener_counts_what_its_switch_does() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let id = called(&client, &echo()).await;
    tracked(&listener, |listener| listener.count_sessions() == 2).await;
    assert_eq!((listener.count_calls(), listener.count_jobs()), (1, 0));
    assert_eq!(listener.sessions_per_app().get(client.id()), Some(&2));
    let slow = client.bgapi("msleep 60000").await.unwrap();
    assert_eq!(listener.count_jobs(), 1);
    let failing = client.originate(&Originate::verbatim("error/USER_BUSY &park")).await.unwrap();
    failing.wait(LONG).await;
    assert_eq!(listener.failed_jobs().get("-ERR USER_BUSY"), Some(&1));
    client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    assert_eq!((listener.count_failed(), listener.failed_sessions().len()), (0, 0));
    let id_of_rejected = called(&client, &echo()).await;
    let rejected = HangupCause::parse("CALL_REJECTED");
    client.session(&id_of_rejected).unwrap().hangup_with(&rejected).await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    let causes = listener.hangup_causes();
    assert_eq!(causes.get(&HangupCause::NORMAL_CLEARING), Some(&2));
    let failed = listener.failed_sessions();
    assert_eq!(listener.count_failed(), causes.values().sum::<u64>() - 2);
    assert!(failed[&rejected].iter().any(|leg| leg.id == id_of_rejected), "{failed:?}");
    assert!(!failed.values().flatten().any(|leg| leg.id == id), "it was answered and ended well");
    assert_eq!(listener.totals().answered, 4);
    let epoch = listener.epoch();
    assert!(epoch > 0 && listener.uptime() < LONG);
    tokio::time::sleep(Duration::from_secs(60)).await;
    // HEARTBEAT carries the server's time on.
    assert!(listener.uptime() > Duration::from_secs(40), "{:?}", listener.uptime());
    let living = called(&client, &echo()).await;
    let running = client.bgapi("msleep 60000").await.unwrap();
    listener.reset();
    assert!(listener.hangup_causes().is_empty() && listener.failed_jobs().is_empty());
    assert!(listener.failed_sessions().is_empty() && listener.totals().answered == 0);
    assert!(listener.call(&living.cast()).is_some() && listener.epoch() == epoch);
    running.get(Duration::from_secs(90)).await.unwrap();
    assert!(slow.ready());
}

#[limited::test(paused)]
async fn s06_a_second_listener_on_one_server_is_warned_of() {
    let log = Log::start();
    let sim = sim();
    let (client, first) = pair(&sim).await;
    let (other, second) = pair(&sim).await;
    assert_eq!(log.count(&["WARN"]), 0, "{:#?}", log.lines());
    client.set_listener(Some(second.clone()));
    let both = ["WARN switchy::client::handle@vm-host", first.id().as_str(), second.id().as_str()];
    assert_eq!(log.count(&both), 1, "{:#?}", log.lines());
    let pool = Pool::new().with("a", client).with("b", other);
    assert_eq!(log.count(&["WARN switchy::client::pool", "'a' and 'b'", "vm-host:8021"]), 1);
    let elsewhere = Client::new("vm-host2");
    assert_eq!(pool.with("c", elsewhere).members().len(), 3);
    assert_eq!(log.count(&["WARN switchy::client::pool"]), 1);
}

#[limited::test(paused)]
async fn s07_s24_the_listener_only_listens_verbs_go_over_the_command_connection() {
    let sim = sim();
    let (events, heard_events) = overheard(&sim);
    let (commands, heard_commands) = overheard(&sim);
    let listener = EventListener::new("vm-host");
    listener.connect_over(events).await.unwrap();
    listener.start().await.unwrap();
    let client = Client::new("vm-host").with_listener(listener.clone());
    client.connect_over(commands).await.unwrap();
    client.load_app(switchy::apps::TonePlay).await.unwrap();
    let id = called(&client, &super::park().with_app("TonePlay")).await;
    tracked(&listener, |_| client.session(&id).is_some_and(|leg| leg.info().is_parked)).await;
    let leg = client.session(&id).unwrap();
    leg.setvar("colour", "blue").await.unwrap();
    leg.playback("silence_stream://-1").await.unwrap();
    leg.hold().await.unwrap();
    leg.hangup().await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    let said = heard_events.take();
    let only = ["auth ", "event plain ", "api show channels as json"];
    let is_allowed = |command: &&String| only.iter().any(|start| command.starts_with(start));
    assert!(said.iter().all(|command| is_allowed(&command)), "{said:#?}");
    let said = heard_commands.take();
    for verb in ["bgapi originate", "api uuid_setvar", "sendmsg", "api uuid_hold", "api uuid_kill"]
    {
        assert!(said.iter().any(|command| command.starts_with(verb)), "{verb} in {said:#?}");
    }
}

#[limited::test(paused)]
async fn s08_both_logins_work_and_say_what_they_may_do() {
    let sim = Sim::start(sim::Config::new().with_password("one").with_user("joe@lan", "two"));
    for config in [
        Config::new("h").with_password("one"),
        Config::new("h").with_user("joe@lan").with_password("two"),
    ] {
        let client = Client::with_config(config);
        client.connect_over(sim.connect()).await.unwrap();
        assert!(client.cmd("version").await.is_ok());
    }
    // A directory user with lists.
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let server = tokio::spawn(async move {
        theirs.write_all(b"Content-Type: auth/request\n\n").await.unwrap();
        let mut bytes = vec![0; 200];
        let count = theirs.read(&mut bytes).await.unwrap();
        theirs
            .write_all(
                b"Content-Type: command/reply\nReply-Text: +OK accepted\n\
                  Allowed-Events: HEARTBEAT BACKGROUND_JOB\nAllowed-API: show status\n\
                  Allowed-LOG: false\n\n",
            )
            .await
            .unwrap();
        (String::from_utf8_lossy(&bytes[..count]).into_owned(), theirs)
    });
    let client = Client::with_config(Config::new("h").with_user("joe@lan").with_password("two"));
    client.connect_over(ours).await.unwrap();
    let (login, _socket) = server.await.unwrap();
    assert_eq!(login, "userauth joe@lan:two\n\n");
    let rights = client.connection().unwrap().permissions().clone();
    let names = |list: &[&str]| Some(list.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(rights.events, names(&["HEARTBEAT", "BACKGROUND_JOB"]));
    assert_eq!((rights.api, rights.log), (names(&["show", "status"]), Some(false)));
}

#[limited::test(paused)]
async fn s09_s11_s14_a_client_runs_api_commands_without_a_listener() {
    let sim = sim();
    let client = Client::new("vm-host");
    assert!(matches!(client.api("status").await, Err(Error::NotConnected)));
    let (stream, said) = overheard(&sim);
    client.connect_over(stream).await.unwrap();
    assert!(matches!(client.listener(), Err(Error::NoListener)));
    said.take();
    let reply = client.api("status").await.unwrap();
    assert!(matches!(&reply, Reply::Api(body) if body.starts_with(b"UP ")), "{reply:?}");
    assert_eq!(said.take(), ["api status"]);
    assert!(client.cmd("version").await.unwrap().starts_with("FreeSWITCH Version"));
}

#[limited::test(paused)]
async fn s10_a_shared_listener_binds_the_calls_of_each_client() {
    let sim = sim();
    let (one, listener) = pair(&sim).await;
    let rules = listener.with(|tracker| tracker.rules().clone());
    let subscriptions = listener.subscriptions();
    let two = Client::new("vm-host");
    two.connect_over(sim.connect()).await.unwrap();
    two.set_listener(Some(listener.clone()));
    assert_eq!(listener.with(|tracker| tracker.rules().clone()), rules);
    assert_eq!(listener.subscriptions(), subscriptions);
    for client in [&one, &two] {
        let id = called(client, &echo()).await;
        tracked(&listener, |listener| listener.call(&id.cast()).unwrap().sessions.len() == 2).await;
        let call = listener.call(&id.cast()).unwrap();
        assert!(call.sessions.iter().all(|leg| leg.app.as_ref() == Some(client.id())));
    }
    two.set_listener(None);
    assert!(listener.is_running() && one.listener().is_ok());
}

#[limited::test]
fn s12_construction_takes_the_host_and_does_no_io() {
    // No runtime runs here: I/O would panic.
    let client = Client::new("vm-host");
    assert_eq!(client.config().address(), "vm-host:8021");
    assert!(!client.is_connected());
    let config = Config::new("10.0.0.1").with_port(8022).with_user("a@b").with_password("x");
    let client = Client::with_config(config);
    assert_eq!(client.config().address(), "10.0.0.1:8022");
    assert!(matches!(client.config().login(), Login::User { user, .. } if user == "a@b"));
    assert_eq!(format!("{client:?}"), "<Client 10.0.0.1:8022 [disconnected]>");
}

#[limited::test]
async fn s13_connect_takes_another_host_and_tells_failures_apart() {
    let sim = Sim::start(sim::Config::new().with_password("right"));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let peer = format!("127.0.0.1:{port}");
    let client = Client::with_config(Config::new("no.such.host.invalid").with_password("right"));
    let failed = client.connect().await.unwrap_err();
    let Error::Connect(ConnectError::NoAddress { host, .. }) = failed else { panic!("{failed:?}") };
    assert_eq!(host, "no.such.host.invalid");
    client.connect_to(&peer).await.unwrap();
    assert!(client.is_connected());
    assert_eq!(client.config().address(), peer);
    client.cmd("version").await.unwrap();
    // What went wrong is named with host, port and what to check.
    let attempt = async |address: &str, password: &str| {
        let config = Config::new(address)
            .with_password(password)
            .with_connect_timeout(Duration::from_millis(300));
        match Client::with_config(config).connect().await {
            Err(Error::Connect(err)) => err,
            other => panic!("{other:?}"),
        }
    };
    let mut hints = std::collections::BTreeSet::new();
    let mut check = |err: ConnectError, peer: &str| {
        assert!(err.to_string().contains(peer), "{err}");
        hints.insert(err.hint());
        err
    };
    let nowhere = Nowhere::new();
    let refused = check(attempt(&nowhere.address(), "right").await, &nowhere.address());
    assert!(matches!(refused, ConnectError::Refused { .. }), "{refused:?}");
    let wrong = check(attempt(&peer, "wrong").await, &peer);
    assert!(matches!(wrong, ConnectError::WrongPassword { .. }), "{wrong:?}");
    sim.inject(Fault::RejectAcl);
    let forbidden = check(attempt(&peer, "right").await, &peer);
    assert!(matches!(forbidden, ConnectError::AclRejected { .. }), "{forbidden:?}");
    sim.inject(Fault::Clear);
    sim.inject(Fault::Silent);
    let silent = check(attempt(&peer, "right").await, &peer);
    assert!(matches!(silent, ConnectError::Silent { .. }), "{silent:?}");
    assert_eq!(hints.len(), 4);
}

#[limited::test(paused)]
async fn s15_cmd_returns_the_text_without_white_space_around_it() {
    let sim = sim();
    let client = Client::new("vm-host");
    client.connect_over(sim.connect()).await.unwrap();
    assert_eq!(client.cmd("global_getvar local_ip_v4").await.unwrap(), "127.0.0.1");
    assert_eq!(client.cmd("global_getvar nosuchvariable").await.unwrap(), "");
    let status = client.cmd("status").await.unwrap();
    assert!(status.lines().count() > 3 && status.trim() == status, "{status}");
}

#[limited::test(paused)]
async fn s16_a_failed_command_is_an_error_in_the_servers_words() {
    let sim = sim();
    let client = Client::new("vm-host");
    client.connect_over(sim.connect()).await.unwrap();
    for (command, text) in [
        ("not a real command", "-ERR not Command not found!"),
        ("uuid_kill nosuch", "-ERR No such channel!"),
        ("uuid_bridge", "-USAGE: <uuid> <other_uuid>"),
        ("uuid_answer nosuch", "-ERROR"),
    ] {
        match client.cmd(command).await {
            Err(err @ Error::Api { .. }) => assert_eq!(err.to_string(), text),
            other => panic!("{command}: {other:?}"),
        }
    }
    // A last line that says so, behind others: the text is kept whole.
    match client.cmd("uuid_setvar_multi nosuch a=1").await {
        Err(Error::Api { text, .. }) => assert!(text.contains("-ERR"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert!(client.cmd("status\n\nexit").await.is_err());
    assert!(client.is_connected());
}

#[limited::test(paused)]
async fn s20_s21_s25_what_needs_a_listener_says_so_before_it_sends_anything() {
    let sim = sim();
    let (stream, said) = overheard(&sim);
    let client = Client::new("vm-host");
    client.connect_over(stream).await.unwrap();
    said.take();
    let missing = client.originate(&echo()).await.unwrap_err();
    assert_eq!(missing.to_string(), "No listener has been assigned for this client");
    assert!(matches!(missing, Error::NoListener));
    assert!(matches!(client.bgapi("status").await, Err(Error::NoListener)));
    let listener = EventListener::new("vm-host");
    client.set_listener(Some(listener.clone()));
    assert!(matches!(client.originate(&echo()).await, Err(Error::ListenerNotRunning)));
    listener.connect_over(sim.connect()).await.unwrap();
    let early = client.bgapi("status").await.unwrap_err();
    assert!(matches!(early, Error::ListenerNotRunning));
    assert_eq!(early.to_string(), "start this listener before issuing bgapi");
    assert_eq!(said.take(), Vec::<String>::new());
    listener.start().await.unwrap();
    client.originate(&echo()).await.unwrap();
    assert_eq!(sim.channels().await, 1);
}

#[limited::test(paused)]
async fn s23_results_are_subscribed_to_before_the_first_background_command() {
    let sim = sim();
    let (stream, said) = overheard(&sim);
    let listener = EventListener::new("vm-host");
    listener.unsubscribe(&["BACKGROUND_JOB"]).await.unwrap();
    listener.connect_over(stream).await.unwrap();
    listener.start().await.unwrap();
    assert!(!said.take().concat().contains("BACKGROUND_JOB"));
    let (commands, bgapi) = overheard(&sim);
    let client = Client::new("vm-host").with_listener(listener);
    client.connect_over(commands).await.unwrap();
    bgapi.take();
    let job = client.bgapi("version").await.unwrap();
    assert_eq!(said.take(), ["event plain BACKGROUND_JOB"]);
    // The job's id is ours, so that no result can be too fast.
    assert_eq!(bgapi.take(), [format!("bgapi version\nJob-UUID: {}", job.id())]);
    assert!(job.get(LONG).await.unwrap().starts_with("FreeSWITCH"));
}

#[limited::test(paused)]
async fn s26_s27_s31_s33_a_new_listener_shows_its_state_live() {
    let sim = sim();
    let listener = get_listener("vm-host:8022");
    assert_eq!(listener.to_string(), "<EventListener [disconnected]>");
    assert_eq!(format!("{listener:#}"), "<EventListener vm-host:8022 [disconnected]>");
    listener.connect_over(sim.connect()).await.unwrap();
    assert_eq!(listener.to_string(), "<EventListener [connected]>");
    assert_ne!(listener.id(), get_listener("vm-host").id());
    assert_eq!(listener.id().as_str().len(), 36);
    sim.inject(Fault::DropAll);
    listener.closed().await;
    assert_eq!(listener.to_string(), "<EventListener [disconnected]>");
}

#[limited::test(paused)]
async fn s28_s29_default_events_can_be_dropped_before_and_after_connecting() {
    let sim = sim();
    let listener = get_listener("vm-host");
    assert_eq!(listener.subscriptions(), DEFAULT_EVENTS);
    for name in "BACKGROUND_JOB CALL_UPDATE CHANNEL_ANSWER CHANNEL_CREATE CHANNEL_DESTROY \
                 CHANNEL_HANGUP CHANNEL_ORIGINATE CHANNEL_PARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE \
                 CHANNEL_UUID CHANNEL_HANGUP_COMPLETE CHANNEL_CALLSTATE"
        .split_whitespace()
    {
        assert!(listener.is_subscribed(name), "{name}");
    }
    // No event of FreeSWITCH is called so.
    assert!(!listener.is_subscribed("LOG") && !listener.is_subscribed("SERVER_DISCONNECTED"));
    listener.unsubscribe(&["CALL_UPDATE", "CHANNEL_CALLSTATE"]).await.unwrap();
    let (stream, said) = overheard(&sim);
    listener.connect_over(stream).await.unwrap();
    let said_first = said.take();
    let subscribe = said_first.iter().find(|command| command.starts_with("event plain ")).unwrap();
    let names: Vec<&str> = subscribe.split(' ').skip(2).collect();
    let left = DEFAULT_EVENTS.len() - 2;
    assert!(names.len() == left && !names.contains(&"CALL_UPDATE"), "{subscribe}");
    listener.unsubscribe(&["CHANNEL_UNPARK"]).await.unwrap();
    assert_eq!(said.take(), ["nixevent CHANNEL_UNPARK"]);
    assert!(!listener.is_subscribed("CHANNEL_UNPARK"));
}

#[limited::test(paused)]
async fn s30_connected_is_said_when_the_server_has_acknowledged_the_subscription() {
    let log = Log::start();
    let sim = sim();
    let listener = get_listener("vm-host");
    let sentence = format!("Connected listener '{}' to 'vm-host'", listener.id());
    let line = format!("INFO switchy::listener::event_listener@vm-host : {sentence}");
    sim.inject(Fault::Deny { command_prefix: "event".to_owned() });
    let denied = listener.connect_over(sim.connect()).await.unwrap_err();
    assert!(matches!(denied, listener::Error::Denied { .. }), "{denied:?}");
    assert_eq!(log.count(&["Connected"]), 0);
    assert!(!listener.is_connected());
    sim.inject(Fault::Clear);
    let by = Duration::from_secs(3);
    sim.inject(Fault::LateReply { command_prefix: "event".to_owned(), by });
    let (connecting, stream) = (listener.clone(), sim.connect());
    let connecting = tokio::spawn(async move { connecting.connect_over(stream).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(log.count(&["Connected"]), 0);
    connecting.await.unwrap().unwrap();
    assert!(log.lines().contains(&line), "{:#?}", log.lines());
}

#[limited::test]
fn s32_passwords_are_in_no_text_about_a_command_or_a_login() {
    let commands = [Command::auth("hunter2"), Command::userauth("joe@lan", "hunter2")];
    for command in commands.map(Result::unwrap) {
        assert!(!command.shown().contains("hunter2"), "{}", command.shown());
        assert!(!format!("{command:?}").contains("hunter2"), "{command:?}");
    }
    let client = Client::with_config(Config::new("h").with_password("hunter2"));
    assert!(!format!("{client:?} {:?}", client.config()).contains("hunter2"));
}

#[limited::test(paused)]
async fn s34_start_wants_a_connection_and_may_be_said_twice() {
    let log = Log::start();
    let sim = sim();
    let listener = get_listener("vm-host");
    let early = listener.start().await.unwrap_err();
    assert_eq!(early.to_string(), "you must call 'connect' first");
    listener.connect_over(sim.connect()).await.unwrap();
    let again = listener.connect_over(sim.connect()).await.unwrap_err();
    assert!(matches!(again, listener::Error::AlreadyConnected));
    assert!(!listener.is_running());
    for _turn in 0..2 {
        listener.start().await.unwrap();
        assert!(listener.is_running());
    }
    let line = "INFO switchy::listener::link@vm-host : starting event loop thread";
    assert_eq!(log.lines().iter().filter(|said| *said == line).count(), 1, "{:#?}", log.lines());
}

#[limited::test(paused)]
async fn s35_s36_a_listener_is_assigned_later_or_at_construction() {
    let sim = sim();
    for is_at_construction in [true, false] {
        let listener = get_listener("vm-host");
        let client = Client::new("vm-host");
        let client = if is_at_construction {
            client.with_listener(listener.clone())
        } else {
            client.set_listener(Some(listener.clone()));
            client
        };
        assert_eq!(client.listener().unwrap().id(), listener.id());
        listener.connect_over(sim.connect()).await.unwrap();
        listener.start().await.unwrap();
        client.connect_over(sim.connect()).await.unwrap();
        called(&client, &echo()).await;
        assert!(listener.count_calls() > 0);
    }
}
