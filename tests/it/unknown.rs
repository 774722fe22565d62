//! Unknown is not none: what a server does not tell is an error, never an empty list.
//!
//! A server written by hand gives each table in each broken form; all commands that show it, or act
//! on it, are tried.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use serde_json::Value;
use switchy::conn::{Config, ConnectError, Connection, NoEvents};
use switchy::listener::Snapshot;
use switchy::shell::{CommandError, Kind, Output, Settings, Shell};
use switchy::wire::RequestDecoder;
use switchy::{Client, EventListener};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::support::{SOON, until};

const CHANNELS: &str = r#"{"row_count":2,"rows":[
    {"uuid":"aaaa-1","direction":"inbound","created_epoch":"1796040000","name":"sofia/x/1","state":"CS_EXECUTE","cid_num":"1001","dest":"9196","callstate":"ACTIVE"},
    {"uuid":"bbbb-2","direction":"inbound","created_epoch":"1796040000","name":"sofia/x/2","state":"CS_EXECUTE","cid_num":"1002","dest":"9197","callstate":"ACTIVE"}]}"#;

const REGISTRATIONS: &str = r#"{"row_count":2,"rows":[
    {"reg_user":"1001","realm":"lan","url":"sip:1001@10.0.0.1","network_ip":"10.0.0.1","network_port":"5060","expires":"1796040000"},
    {"reg_user":"1002","realm":"lan","url":"sip:1002@10.0.0.2","network_ip":"10.0.0.2","network_port":"5060","expires":"1796040000"}]}"#;

const SOFIA: &str =
    "                     Name\t   Type\t                                      Data\tState
=================================================================================================
                 external\tprofile\t          sip:mod_sofia@127.0.0.1:5080\tRUNNING (0)
              external::a\tgateway\t                        sip:u@a.example\tFAIL_WAIT (retry: 22s)
              external::b\tgateway\t                        sip:u@b.example\tREGED
=================================================================================================
1 profile 0 aliases
";

const CONFERENCES: &str = r#"[{"conference_name":"one","member_count":2,"members":[]},
    {"conference_name":"two","member_count":1,"members":[]}]"#;

const STATUS: &str =
    "UP 0 years, 0 days, 2 hours, 1 minute, 37 seconds, 120 milliseconds, 137 microseconds
FreeSWITCH (Version 1.10.12-release  64bit) is ready
5 session(s) since startup
1 session(s) - peak 3, last 5min 2\x20
4 session(s) per Sec out of max 2000, peak 8, last 5min 8\x20
20000 session(s) max
min idle cpu 0.00/49.77
Current Stack Size/Max 240K/8192K
";

fn healthy(line: &str) -> String {
    match line {
        "show channels as json" | "show calls as json" => CHANNELS.to_owned(),
        "show registrations as json" => REGISTRATIONS.to_owned(),
        "sofia status" => SOFIA.to_owned(),
        "conference json_list" => CONFERENCES.to_owned(),
        "status" => STATUS.to_owned(),
        _ if line.starts_with("sofia status gateway ") => {
            "=====\nName    \ta\nStatus  \tUP\nPingTime\t0.00\nUptime  \t5s\n=====\n".to_owned()
        }
        _ if line.starts_with("uuid_exists ") => "true".to_owned(),
        _ if line.starts_with("uuid_kill ") => "+OK\n".to_owned(),
        _ => format!("-ERR {line} Command not found!\n"),
    }
}

/// How a table is broken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Err,
    Denied,
    Unloaded,
    Cut,
    NotJson,
    Empty,
    /// Another text in the place of a piece of the healthy reply.
    Odd(&'static str, &'static str),
}

impl Broken {
    fn frame(self, line: &str) -> Vec<u8> {
        let whole = healthy(line);
        let word = line.split(' ').next().unwrap_or_default();
        let body = match self {
            Self::Err => "-ERR SQL disabled, no data available!\n".to_owned(),
            Self::Denied => {
                return b"Content-Type: command/reply\nReply-Text: -ERR permission denied\n\n"
                    .into();
            }
            Self::Unloaded => format!("-ERR {word} Command not found!\n"),
            Self::Cut => whole.chars().take(whole.len() * 2 / 3).collect(),
            Self::NotJson => "<html>busy</html>\n".to_owned(),
            Self::Empty => String::new(),
            Self::Odd(piece, other) => {
                assert!(whole.contains(piece), "{line} has no {piece}");
                whole.replacen(piece, other, 1)
            }
        };
        api(body.as_bytes())
    }
}

fn api(body: &[u8]) -> Vec<u8> {
    let head = format!("Content-Type: api/response\nContent-Length: {}\n\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Which `api` line is broken, and how.
type Fault = Arc<Mutex<Option<(&'static str, Broken)>>>;

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, fault: Fault) -> Option<()> {
    stream.write_all(b"Content-Type: auth/request\n\n").await.ok()?;
    let (mut decoder, mut buf) = (RequestDecoder::new(), BytesMut::new());
    loop {
        let Some(request) = decoder.decode(&mut buf).ok()? else {
            if stream.read_buf(&mut buf).await.ok()? == 0 {
                return None;
            }
            continue;
        };
        let reply = match request.line().strip_prefix("api ") {
            Some(line) => {
                let broken = fault.lock().unwrap().filter(|(broken, _)| *broken == line);
                broken.map_or_else(|| api(healthy(line).as_bytes()), |(_, how)| how.frame(line))
            }
            None => b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n".to_vec(),
        };
        stream.write_all(&reply).await.ok()?;
        if request.line() == "exit" {
            return None;
        }
    }
}

struct Fake {
    config: Config,
    fault: Fault,
}

impl Fake {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config::new("127.0.0.1").with_port(listener.local_addr().unwrap().port());
        let fault = Fault::default();
        let shared = Arc::clone(&fault);
        let _task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _task = tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { config, fault }
    }

    /// A shell that connects while this table is broken.
    async fn shell(&self, fault: Option<(&'static str, Broken)>) -> Shell {
        *self.fault.lock().unwrap() = fault;
        let shell = Shell::new(Settings::default(), None, false);
        shell.connect("pbx", self.config.clone()).await.unwrap();
        shell
    }
}

/// What a line writes, and how it ends.
async fn run(shell: &Shell, line: &str) -> (String, Result<(), CommandError>) {
    let mut text = String::new();
    let ran = timeout(SOON, shell.run_line(line, Output::new(&mut text))).await;
    let ran = ran.unwrap_or_else(|_late| panic!("{line} does not end"));
    (text, ran.map(|_next| ()))
}

/// Commands, and the table of the server that they need.
const COMMANDS: &[(&str, &str)] = &[
    ("calls", "show channels as json"),
    ("calls --count", "show channels as json"),
    ("calls where from=1001", "show channels as json"),
    ("channels", "show channels as json"),
    ("channels --count", "show channels as json"),
    ("hosts", "show channels as json"),
    ("status", "show channels as json"),
    ("hupall --all --yes", "show channels as json"),
    ("hupall --all --dry-run", "show channels as json"),
    ("kill where from=9999 --yes", "show channels as json"),
    ("expect calls 0 0.1", "show channels as json"),
    ("expect calls 2 0.1", "show channels as json"),
    ("show channels", "show channels as json"),
    ("show calls", "show calls as json"),
    ("show calls --count", "show calls as json"),
    ("ghosts", "show channels as json"),
    ("ghosts --count", "show channels as json"),
    ("show registrations", "show registrations as json"),
    ("registrations", "show registrations as json"),
    ("registrations --count", "show registrations as json"),
    ("status", "show registrations as json"),
    ("status", "sofia status"),
    ("gateways", "sofia status"),
    ("gateways --count", "sofia status"),
    ("profiles", "sofia status"),
    ("conferences", "conference json_list"),
    ("conferences --count", "conference json_list"),
];

#[limited::test]
async fn a_table_that_cannot_be_had_is_an_error_in_every_command_that_needs_it() {
    use Broken::{Cut, Denied, Empty, Err, NotJson, Unloaded};
    let fake = Fake::start().await;
    for broken in [Err, Denied, Unloaded, Cut, NotJson, Empty] {
        for (line, table) in COMMANDS {
            let shell = fake.shell(Some((table, broken))).await;
            for format in ["", " -o json"] {
                let line = format!("{line}{format}");
                let (text, ran) = run(&shell, &line).await;
                let what = format!("{line}, {table} {broken:?}: {text:?} {ran:?}");
                let err = ran.expect_err(&what);
                assert_eq!(err.kind, Kind::Refused, "{what}");
                for none in
                    ["no calls", "no channels", "none", "no registrations", "[]", "no match"]
                {
                    assert!(!text.contains(none), "{what}");
                }
                if format.is_empty() {
                    assert!(text.is_empty() || text.contains("not known"), "{what}");
                } else if !text.is_empty() {
                    let document: Value = serde_json::from_str(&text).expect(&what);
                    let is_null = |key: &str| document.get(key).is_some_and(Value::is_null);
                    let fields = ["gateways", "registrations", "calls"];
                    let hosts = || document.get(0)?.get("calls").map(Value::is_null);
                    assert!(
                        document.is_null()
                            || fields.into_iter().any(is_null)
                            || hosts() == Some(true),
                        "{what}"
                    );
                }
            }
        }
    }
    // All of them work when nothing is broken.
    for (line, _) in COMMANDS.iter().filter(|(line, _)| !line.contains("calls 0")) {
        let shell = fake.shell(None).await;
        for format in ["", " -o json"] {
            // The calls are never gone here.
            if line.starts_with("hupall --all --yes") {
                continue;
            }
            let (text, ran) = run(&shell, &format!("{line}{format}")).await;
            assert!(ran.is_ok(), "{line}{format}: {text} {ran:?}");
        }
    }
}

/// One odd row, what a row that stays is found by, and whether the odd one is lost.
const ODD: &[(&str, &str, Broken, &str, bool)] = &[
    ("calls", "show channels as json", Broken::Odd("\"1796040000\"", "1796040000"), "1001", false),
    ("calls", "show channels as json", Broken::Odd("\"1001\"", "null"), "1002", false),
    ("calls", "show channels as json", Broken::Odd("sofia/x/1", "so\u{1}fia"), "1001", false),
    ("calls", "show channels as json", Broken::Odd("\"aaaa-1\"", "null"), "1002", true),
    ("calls", "show channels as json", Broken::Odd("\"uuid\":\"aaaa-1\",", ""), "1002", true),
    ("calls", "show channels as json", Broken::Odd("\"inbound\",", "\"in\\x\","), "1002", true),
    ("channels", "show channels as json", Broken::Odd("\"aaaa-1\"", "[]"), "1002", true),
    ("ghosts --count", "show channels as json", Broken::Odd("\"aaaa-1\"", "{}"), "ghosts", true),
    ("show calls", "show calls as json", Broken::Odd("\"1001\"", "1001"), "1001", false),
    ("show calls", "show calls as json", Broken::Odd("\"dest\":\"9196\"", "dest"), "1002", true),
    ("registrations", "show registrations as json", Broken::Odd("\"1001\"", "1001"), "1001", false),
    ("registrations", "show registrations as json", Broken::Odd("\"5060\"", "nan"), "1002", true),
    ("gateways", "sofia status", Broken::Odd("\tgateway\t", "\u{1}"), "REGED", true),
    ("profiles", "sofia status", Broken::Odd("\tFAIL_WAIT (retry: 22s)", ""), "external", true),
    ("conferences", "conference json_list", Broken::Odd("\"one\"", "7"), "two", false),
    ("conferences", "conference json_list", Broken::Odd("\"member_count\":2", "nan"), "two", true),
];

#[limited::test]
async fn an_odd_row_costs_itself_and_is_counted() {
    let fake = Fake::start().await;
    for (line, table, broken, kept, is_lost) in ODD {
        let shell = fake.shell(Some((table, *broken))).await;
        for format in ["", " -o json"] {
            let (text, ran) = run(&shell, &format!("{line}{format}")).await;
            let what = format!("{line}{format}, {table} {broken:?}: {text:?} {ran:?}");
            assert!(text.contains(kept), "{what}");
            match ran {
                Ok(()) => assert!(!is_lost, "{what}"),
                Err(err) => {
                    assert!(*is_lost && err.kind == Kind::Partial, "{what}");
                    assert!(err.message.starts_with("1 row of the server's reply"), "{what}");
                }
            }
        }
    }
}

#[limited::test]
async fn calls_that_events_told_of_are_shown_and_said_to_be_some_of_them() {
    let fake = Fake::start().await;
    let shell = fake.shell(Some(("show channels as json", Broken::Err))).await;
    let listener = shell.current().unwrap().listener();
    let Snapshot::Missing { reason } = listener.snapshot_state() else { panic!("it is known") };
    assert!(reason.contains("SQL disabled"), "{reason}");
    // The answer comes late: it is found without a new connection.
    *fake.fault.lock().unwrap() = None;
    let state = async || listener.snapshot_state() == Snapshot::Complete;
    until(SOON, "another try at the snapshot", state).await;
    let (text, ran) = run(&shell, "calls --count -o csv").await;
    assert_eq!((text.as_str(), ran), ("calls\n2\n", Ok(())));
}

#[limited::test]
async fn a_row_that_can_be_read_later_is_known_then() {
    let fake = Fake::start().await;
    let odd = Broken::Odd("\"aaaa-1\"", "null");
    let shell = fake.shell(Some(("show channels as json", odd))).await;
    let listener = shell.current().unwrap().listener();
    assert_eq!(listener.snapshot_state(), Snapshot::Partial { unreadable: 1 });
    let (_, ran) = run(&shell, "expect calls 1 0.1").await;
    let err = ran.unwrap_err();
    assert!(err.kind == Kind::Refused && err.message.contains("1 row of"), "{err:?}");
    let (_, ran) = run(&shell, "kill where from=9999 --yes").await;
    assert_eq!(ran.unwrap_err().kind, Kind::Partial);
    *fake.fault.lock().unwrap() = None;
    let state = async || listener.snapshot_state() == Snapshot::Complete;
    until(SOON, "another try at the snapshot", state).await;
    assert_eq!(listener.calls().len(), 2);
}

#[limited::test]
async fn a_gateway_that_waits_is_found_by_its_state() {
    let fake = Fake::start().await;
    let shell = fake.shell(None).await;
    let line = "gateways where state=FAIL_WAIT and retry<1m --columns gateway,state,retry -o csv";
    let (text, ran) = run(&shell, line).await;
    assert_eq!((text.as_str(), ran), ("gateway,state,retry_ms\na,FAIL_WAIT,22000\n", Ok(())));
    // Numbers in JSON.
    let (text, ran) = run(&shell, "status -o json").await;
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((document["uptime_ms"].as_u64(), ran), (Some(7_297_120), Ok(())));
}

#[limited::test(paused)]
async fn a_server_that_does_not_greet_is_quoted_in_its_own_words() {
    for (greeting, wanted) in [
        (
            "Content-Type: text/disconnect-notice\nContent-Length: 22\n\nDisconnected, goodbye.",
            "closes the connection: Disconnected, goodbye.",
        ),
        (
            "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n",
            "forbids this address: Access Denied, go away.",
        ),
        ("Content-Type: auth/request\r\n", "says \"Content-Type: auth/request\" and nothing more"),
        ("Content-Type: auth/other\n\n", "it says \"auth/other\""),
        ("Content-Type: command/reply\nReply-Text: -ERR busy\n\n", "it says \"-ERR busy\""),
        ("SSH-2.0-OpenSSH_9.2\r\n", "it says \"SSH-2.0-OpenSSH_9.2\""),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "it says \"HTTP/1.1 400 Bad Request\""),
        ("X: \"y\"\n\n", "a frame without content type: \"X: \"y\"\""),
        ("", "says nothing for 5s"),
    ] {
        let (client, mut server) = tokio::io::duplex(4096);
        server.write_all(greeting.as_bytes()).await.unwrap();
        let err = Connection::over(client, &Config::new("vm-host"), NoEvents).await.unwrap_err();
        let text = err.to_string();
        assert!(text.contains(wanted), "{text}");
        for debug in ["b\"", "Notice", "Frame", "{", "\\n", "\\r"] {
            assert!(!text.contains(debug), "{text}");
        }
    }
    // Lines may end with CR LF.
    let (client, mut server) = tokio::io::duplex(4096);
    server.write_all(b"Content-Type: auth/request\r\n\r\n").await.unwrap();
    server
        .write_all(b"Content-Type: command/reply\r\nReply-Text: +OK accepted\r\n\r\n")
        .await
        .unwrap();
    Connection::over(client, &Config::new("vm-host"), NoEvents).await.unwrap();
    // What is said in the place of an answer to the login.
    let (client, mut server) = tokio::io::duplex(4096);
    server.write_all(b"Content-Type: auth/request\n\n").await.unwrap();
    server
        .write_all(b"Content-Type: text/disconnect-notice\nContent-Length: 4\n\nbye\n")
        .await
        .unwrap();
    let refused = Connection::over(client, &Config::new("vm-host"), NoEvents).await;
    assert!(matches!(refused, Err(ConnectError::Dismissed { text, .. }) if text == "bye"));
}

#[limited::test]
async fn one_of_two_that_connect_at_once_is_refused() {
    let fake = Fake::start().await;
    let listener = EventListener::with_config(fake.config.clone());
    let (one, other) = tokio::join!(listener.connect(), listener.connect());
    assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
    assert!(listener.is_connected());
}

#[limited::test(paused)]
async fn a_background_job_that_was_never_written_is_not_pending_for_ever() {
    let (to_listener, events) = tokio::io::duplex(1 << 16);
    let _task = tokio::spawn(serve(events, Fault::default()));
    let listener = EventListener::new("vm-host");
    listener.connect_over(to_listener).await.unwrap();
    listener.start().await.unwrap();
    // A command connection whose server takes the login, and then not a byte.
    let (to_client, mut server) = tokio::io::duplex(64);
    server.write_all(b"Content-Type: auth/request\n\n").await.unwrap();
    let accept = async {
        let mut login = [0; 64];
        let _length = server.read(&mut login).await.unwrap();
        let accepted = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n";
        server.write_all(accepted).await.unwrap();
    };
    let client = Client::new("vm-host").with_listener(listener.clone());
    let (connected, ()) = tokio::join!(client.connect_over(to_client), accept);
    connected.unwrap();
    let long = format!("expr {}", "1".repeat(500));
    // The first is written in part, and fills the pipe; the second waits behind it.
    for (line, states) in [(&*long, &["unknown"][..]), ("version", &["unknown"])] {
        let given_up = timeout(Duration::from_millis(200), client.bgapi(line)).await;
        assert!(given_up.is_err(), "{line} was answered");
        let jobs: Vec<_> = listener.jobs().iter().map(|job| job.state.word()).collect();
        assert_eq!(jobs, states, "{line}");
        assert_eq!(listener.count_jobs(), 0);
    }
}

#[limited::test]
async fn a_switch_that_is_forgotten_is_not_the_one_before() {
    let fake = Fake::start().await;
    let shell = fake.shell(None).await;
    shell.connect("other", fake.config.clone()).await.unwrap();
    run(&shell, "use pbx").await.1.unwrap();
    run(&shell, "use -").await.1.unwrap();
    run(&shell, "use -").await.1.unwrap();
    run(&shell, "disconnect other").await.1.unwrap();
    let err = run(&shell, "use -").await.1.unwrap_err();
    assert_eq!(err.message, "there was no switch before");
    // The current one is forgotten, and the one before is the current one.
    shell.connect("other", fake.config.clone()).await.unwrap();
    run(&shell, "disconnect other").await.1.unwrap();
    let err = run(&shell, "use -").await.1.unwrap_err();
    assert_eq!(err.message, "there was no switch before");
}
