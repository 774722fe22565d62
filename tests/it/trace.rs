//! A call followed: from before its beginning to its end, and what is put back afterwards.

use std::time::Duration;

use switchy::client::Client;
use switchy::listener::EventListener;
use switchy::model::Id;
use switchy::shell::{CommandError, Format, Kind, Output, Settings, Shell};
use switchy::sim::{Config, Fault, Notice, Sim};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use crate::support::{LONG, SOON, until_so, within};

async fn switch() -> (Sim, switchy::conn::Config) {
    let sim = Sim::start(Config::new().with_seed(7));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    (sim, switchy::conn::Config::new("127.0.0.1").with_port(port))
}

async fn shell(config: &switchy::conn::Config, settings: Settings) -> Shell {
    let shell = Shell::new(settings, None, false);
    shell.connect("pbx", config.clone()).await.unwrap();
    shell
}

async fn run(shell: &Shell, line: &str, format: Option<Format>) -> Result<String, CommandError> {
    let mut text = String::new();
    let output = Output::new(&mut text).with_format(format);
    shell.run_line(line, output).await.map(|_next| text)
}

/// Waits until one more client is connected: the trace has a connection of its own.
async fn connected(notices: &mut UnboundedReceiver<Notice>) {
    let connected = async {
        while let Some(notice) = notices.recv().await {
            if matches!(notice, Notice::Connected { .. }) {
                return;
            }
        }
        panic!("the switch has ended");
    };
    within(SOON, "the trace's connection", connected).await;
}

/// Hears every API command that anybody runs.
async fn overhear(config: &switchy::conn::Config) -> (EventListener, switchy::listener::Events) {
    let listener = EventListener::with_config(config.clone());
    listener.subscribe(&["API"]).await.unwrap();
    let events = listener.events(&["API"]);
    listener.connect().await.unwrap();
    listener.start().await.unwrap();
    (listener, events)
}

/// Waits for a command that begins so.
async fn said(events: &mut switchy::listener::Events, line: &str) {
    let heard = async {
        while let Some(event) = events.next().await {
            let command = event.get("API-Command").unwrap_or_default();
            let arguments = event.get("API-Command-Argument").unwrap_or_default();
            if format!("{command} {arguments}").starts_with(line) {
                return;
            }
        }
        panic!("the listener is gone");
    };
    within(SOON, line, heard).await;
}

#[limited::test(threads)]
async fn a_call_is_followed_from_before_its_beginning_to_its_end() {
    let (_sim, config) = switch().await;
    let shell = shell(&config, Settings::default()).await;
    let folder = std::env::temp_dir();
    let path = folder.join(format!("switchy-trace-{}.txt", std::process::id()));
    let _gone = std::fs::remove_file(&path);
    let line = format!("trace 9196 --log debug --save {}", path.display());
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let tracing = tokio::spawn({
        let shell = shell.clone();
        async move { shell.run_line(&line, Output::new(&mut Feed(sender))).await.map(drop) }
    });
    // Whoever waits for the call listens before it is made; another call is none of its business.
    let mut told = timeout(SOON, lines.recv()).await.unwrap().unwrap();
    let client = Client::with_config(config.clone());
    client.connect().await.unwrap();
    client.api("originate loopback/9197 &park").await.unwrap();
    let other = self::shell(&config, Settings::default()).await;
    let made = run(&other, "originate 9196@127.0.0.1:5080 --wait 20", None).await.unwrap();
    let uuid = made.trim().rsplit(' ').next().unwrap().to_owned();
    run(&other, &format!("hangup {uuid} USER_BUSY"), None).await.unwrap();
    within(SOON, "the end of the trace", tracing).await.unwrap().unwrap();
    while let Some(part) = lines.recv().await {
        told.push_str(&part);
    }
    for words in
        ["waiting for a call", "A", "new, outbound", "answered", "runs park", "hangup USER_BUSY"]
    {
        assert!(told.contains(words), "{words}\n{told}");
    }
    assert!(!told.contains("9197"), "{told}");
    let ladder: Vec<&str> = told.lines().filter(|line| line.contains(": invite")).collect();
    assert_eq!(ladder.len(), 2, "{told}");
    assert!(ladder[0].contains("answer") && ladder[0].contains("hangup"), "{told}");
    let saved = std::fs::read_to_string(&path).unwrap();
    assert!(saved.contains(&format!("Unique-ID: {uuid}")) && saved.contains(": invite"), "{saved}");
    let again = run(&shell, &format!("trace 9196 --save {}", path.display()), None).await;
    assert!(again.unwrap_err().message.contains("exists already"));
    std::fs::remove_file(&path).unwrap();
}

#[limited::test(threads)]
async fn the_sip_trace_is_switched_off_on_every_way_out() {
    let (sim, config) = switch().await;
    let shell = shell(&config, Settings::default()).await;
    run(&shell, "originate 9196@127.0.0.1:5080 --wait 20", None).await.unwrap();
    let (_listener, mut events) = overhear(&config).await;
    // Its time is up.
    run(&shell, "trace last --sip --for 1", None).await.unwrap();
    said(&mut events, "sofia global siptrace on").await;
    said(&mut events, "sofia global siptrace off").await;
    // Nobody waits for it any more, as after Ctrl-C.
    let dropped = timeout(Duration::from_secs(1), run(&shell, "trace last --sip", None)).await;
    assert!(dropped.is_err());
    said(&mut events, "sofia global siptrace on").await;
    said(&mut events, "sofia global siptrace off").await;
    // The connections are lost in the middle of it.
    let tracing = tokio::spawn({
        let shell = shell.clone();
        async move { run(&shell, "trace last --sip", None).await }
    });
    said(&mut events, "sofia global siptrace on").await;
    sim.inject(Fault::DropAll);
    let ended = within(SOON, "the end of the trace", tracing).await.unwrap();
    assert_eq!(ended.unwrap_err().kind, Kind::Connection);
}

#[limited::test(threads)]
async fn a_trace_that_is_stopped_tells_its_ladder_and_finishes_its_file() {
    let (_sim, config) = switch().await;
    let shell = shell(&config, Settings::default()).await;
    run(&shell, "originate 9196@127.0.0.1:5080 --wait 20", None).await.unwrap();
    let path = std::env::temp_dir().join(format!("switchy-stopped-{}.txt", std::process::id()));
    let _gone = std::fs::remove_file(&path);
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let line = format!("trace last --save {}", path.display());
    let tracing = tokio::spawn({
        let shell = shell.clone();
        async move { shell.run_line(&line, Output::new(&mut Feed(sender))).await.map(drop) }
    });
    let greeting = timeout(SOON, told.recv()).await.unwrap().unwrap();
    assert!(greeting.contains("following"), "{greeting}");
    // As Ctrl-C does.
    tracing.abort();
    assert!(tracing.await.unwrap_err().is_cancelled());
    let mut text = String::new();
    while let Ok(part) = told.try_recv() {
        text.push_str(&part);
    }
    assert!(text.contains(": invite") && text.contains("answer"), "{text}");
    assert!(text.contains("saved to"), "{text}");
    assert!(std::fs::read_to_string(&path).unwrap().contains(": invite"));
    std::fs::remove_file(&path).unwrap();
}

/// Takes an answer while it is written.
pub(crate) struct Feed(pub(crate) tokio::sync::mpsc::UnboundedSender<String>);

impl std::fmt::Write for Feed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.send(text.to_owned()).map_err(|_gone| std::fmt::Error)
    }
}

#[limited::test]
async fn a_read_only_session_does_not_switch_the_sip_trace_on() {
    let (_sim, config) = switch().await;
    let shell = shell(&config, Settings::default()).await;
    run(&shell, "set read-only on", None).await.unwrap();
    let client = Client::with_config(config);
    client.connect().await.unwrap();
    client.api("originate loopback/9196 &park").await.unwrap();
    let err = run(&shell, "trace 9196 --sip --timeout 1", None).await.unwrap_err();
    assert!(err.message.contains("read-only"), "{err:?}");
}

/// What holds the trace up while it connects, or loses what it waits for.
fn hindrances() -> [(&'static str, Fault); 6] {
    let late = |prefix: &str, ms| Fault::LateReply {
        command_prefix: prefix.to_owned(),
        by: Duration::from_millis(ms),
    };
    let slow = Fault::SlowReplies { command_prefix: String::new(), by: Duration::from_millis(300) };
    [
        ("late login", late("auth", 2000)),
        ("late table", late("api show", 1500)),
        ("slow replies", slow),
        ("stall", Fault::Stall(Duration::from_secs(2))),
        ("lost events", Fault::LoseEvents(1.0)),
        ("ghost rows", Fault::GhostRows),
    ]
}

#[limited::test(threads)]
async fn it_ends_whatever_holds_it_up_while_its_call_ends() {
    for (name, fault) in hindrances() {
        let is_lossy = matches!(fault, Fault::LoseEvents(_));
        let (sim, config) = switch().await;
        let shell = shell(&config, Settings::default()).await;
        let client = Client::with_config(config.clone());
        client.connect().await.unwrap();
        let made = client.cmd("originate null/x &park").await.unwrap();
        let id = made.trim_start_matches("+OK ").trim().to_owned();
        let listener = shell.current().unwrap().listener();
        until_so(SOON, "the call in the table", || listener.session(&Id::new(&id)).is_some()).await;
        sim.inject(fault);
        let mut notices = sim.notices();
        let line = format!("trace {id} --log off");
        let tracing = tokio::spawn({
            let shell = shell.clone();
            async move { run(&shell, &line, None).await }
        });
        // It is on its way; which of the two is first, the end of the call or the subscription,
        // differs from fault to fault.
        connected(&mut notices).await;
        client.cmd(&format!("uuid_kill {id} USER_BUSY")).await.unwrap();
        let told = within(LONG, name, tracing).await.unwrap();
        let told = told.unwrap_or_else(|err| panic!("{name}: {err:?}"));
        assert!(told.contains(&format!("following {id}")), "{name}: {told}");
        // Where all events are lost, the cause is, too.
        assert!(is_lossy || told.contains("USER_BUSY"), "{name}: {told}");
    }
}

#[limited::test(threads)]
async fn it_ends_with_the_time_it_was_given_whatever_holds_it_up() {
    let none = |prefix: &str| Fault::NoReply { command_prefix: prefix.to_owned() };
    let more = [
        ("silence", Fault::Silent),
        ("no reply to the login", none("auth")),
        ("no reply to the subscription", none("event")),
        ("no reply to the table", none("api show")),
        ("no reply at all", none("")),
    ];
    for (name, fault) in hindrances().into_iter().chain(more) {
        let (sim, config) = switch().await;
        let shell = shell(&config, Settings::default()).await;
        sim.inject(fault);
        let line = "trace 4711 --timeout 1 --log off";
        let err = within(LONG, name, run(&shell, line, None)).await.unwrap_err();
        assert_eq!(err.kind, Kind::TimedOut, "{name}: {err:?}");
    }
}

#[limited::test(threads)]
async fn a_leg_that_gets_another_id_is_followed_to_its_end() {
    let (sim, config) = switch().await;
    let shell = shell(&config, Settings::default()).await;
    let client = Client::with_config(config.clone());
    client.connect().await.unwrap();
    let made = client.cmd("originate null/x &park").await.unwrap();
    let id = made.trim_start_matches("+OK ").trim().to_owned();
    let listener = shell.current().unwrap().listener();
    until_so(SOON, "the call in the table", || listener.session(&Id::new(&id)).is_some()).await;
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let line = format!("trace {id} --log off");
    let tracing = tokio::spawn({
        let shell = shell.clone();
        async move { shell.run_line(&line, Output::new(&mut Feed(sender))).await.map(drop) }
    });
    let _greeting = within(SOON, "the greeting", told.recv()).await.unwrap();
    let fire = |name: &str, more: &[(&str, &str)]| {
        let headers = [("Event-Name", name), ("Unique-ID", "renamed"), ("Channel-Name", "null/x")];
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        sim.fire(headers.iter().chain(more).map(own).collect(), None);
    };
    fire("CHANNEL_UUID", &[("Old-Unique-ID", &id)]);
    fire("CHANNEL_HANGUP", &[("Hangup-Cause", "USER_BUSY")]);
    fire("CHANNEL_DESTROY", &[("Hangup-Cause", "USER_BUSY")]);
    within(LONG, "the end of the trace", tracing).await.unwrap().unwrap();
    let mut text = String::new();
    while let Ok(part) = told.try_recv() {
        text.push_str(&part);
    }
    assert!(text.contains(&format!("was {id} before")) && text.contains("USER_BUSY"), "{text}");
    assert!(!text.contains(" B "), "it is the same leg: {text}");
}

/// A connection that is cut is said, whether the trace connects or follows.
#[limited::test(threads)]
async fn it_ends_when_its_connection_is_cut() {
    for (name, fault) in
        [("drop", Fault::DropAll), ("cut frame", Fault::CutFrame), ("restart", Fault::Restart)]
    {
        for is_following in [false, true] {
            let (sim, config) = switch().await;
            let shell = shell(&config, Settings::default()).await;
            let client = Client::with_config(config.clone());
            client.connect().await.unwrap();
            let made = client.cmd("originate null/x &park").await.unwrap();
            let id = made.trim_start_matches("+OK ").trim().to_owned();
            let listener = shell.current().unwrap().listener();
            until_so(SOON, "the call in the table", || listener.session(&Id::new(&id)).is_some())
                .await;
            if !is_following {
                let by = Duration::from_secs(1);
                sim.inject(Fault::LateReply { command_prefix: "auth".to_owned(), by });
            }
            let mut notices = sim.notices();
            let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
            let line = format!("trace {id} --log off");
            let tracing = tokio::spawn({
                let shell = shell.clone();
                async move { shell.run_line(&line, Output::new(&mut Feed(sender))).await.map(drop) }
            });
            connected(&mut notices).await;
            if is_following {
                let _greeting = within(SOON, "the greeting", told.recv()).await.unwrap();
            }
            sim.inject(fault.clone());
            let ended = within(LONG, name, tracing).await.unwrap();
            let err = ended.expect_err(name);
            assert_eq!(err.kind, Kind::Connection, "{name}, {is_following}: {err:?}");
        }
    }
}

/// A leg that gets another id while the trace connects is followed to its end, before and after it.
#[limited::test(threads)]
async fn a_rename_while_it_connects_is_followed() {
    for is_over_before in [false, true] {
        let (sim, config) = switch().await;
        let shell = shell(&config, Settings::default()).await;
        let client = Client::with_config(config.clone());
        client.connect().await.unwrap();
        let made = client.cmd("originate null/x &park").await.unwrap();
        let id = made.trim_start_matches("+OK ").trim().to_owned();
        let listener = shell.current().unwrap().listener();
        until_so(SOON, "the call in the table", || listener.session(&Id::new(&id)).is_some()).await;
        let by = Duration::from_secs(1);
        sim.inject(Fault::LateReply { command_prefix: "auth".to_owned(), by });
        let mut notices = sim.notices();
        let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
        let line = format!("trace {id} --log off");
        let tracing = tokio::spawn({
            let shell = shell.clone();
            async move { shell.run_line(&line, Output::new(&mut Feed(sender))).await.map(drop) }
        });
        connected(&mut notices).await;
        let fire = |name: &str, more: &[(&str, &str)]| {
            let headers =
                [("Event-Name", name), ("Unique-ID", "renamed"), ("Channel-Name", "null/x")];
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            sim.fire(headers.iter().chain(more).map(own).collect(), None);
        };
        let end = || {
            fire("CHANNEL_HANGUP", &[("Hangup-Cause", "USER_BUSY")]);
            fire("CHANNEL_DESTROY", &[("Hangup-Cause", "USER_BUSY")]);
        };
        fire("CHANNEL_UUID", &[("Old-Unique-ID", &id)]);
        if is_over_before {
            end();
        }
        let greeting = within(SOON, "the greeting", told.recv()).await.unwrap();
        assert!(greeting.contains("following"), "{greeting}");
        if !is_over_before {
            until_so(SOON, "the new id", || listener.session(&Id::new("renamed")).is_some()).await;
            end();
        }
        within(LONG, "the end of the trace", tracing).await.unwrap().unwrap();
        let mut text = greeting;
        while let Ok(part) = told.try_recv() {
            text.push_str(&part);
        }
        assert!(text.contains("USER_BUSY"), "{is_over_before}: {text}");
    }
}
