//! What a hostile or broken server costs: time, memory and text.

use std::fmt::Write as _;
use std::fs;
#[cfg(all(unix, feature = "cli"))]
use std::process::Stdio;
use std::sync::Arc;

use bytes::BytesMut;
use switchy::conn::Config;
use switchy::shell::{CommandError, Output, Settings, Shell};
use switchy::wire::RequestDecoder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

#[cfg(all(unix, feature = "cli"))]
use crate::support::program::switchy;
use crate::support::{LONG, is_alone, until_so, within};

/// What a server answers to an `api` line.
type Answer = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A server that logs everybody in, sends this behind the login, and answers so.
async fn server(behind: Vec<u8>, answer: Answer) -> Config {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let _task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _task = tokio::spawn(serve(stream, behind.clone(), Arc::clone(&answer)));
        }
    });
    Config::new("127.0.0.1").with_port(port)
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    behind: Vec<u8>,
    answer: Answer,
) -> Option<()> {
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
                let body = answer(line);
                let length = body.len();
                format!("Content-Type: api/response\nContent-Length: {length}\n\n{body}")
            }
            None => "Content-Type: command/reply\nReply-Text: +OK accepted\n\n".to_owned(),
        };
        stream.write_all(reply.as_bytes()).await.ok()?;
        if request.line().starts_with("auth") {
            stream.write_all(&behind).await.ok()?;
        }
        if request.line() == "exit" {
            return None;
        }
    }
}

async fn shell(config: &Config) -> Shell {
    let shell = Shell::new(Settings::default(), None, false);
    within(LONG, "the connection", shell.connect("pbx", config.clone())).await.unwrap();
    shell
}

async fn run(shell: &Shell, line: &str) -> (String, Result<(), CommandError>) {
    let mut text = String::new();
    let ran = within(LONG, line, shell.run_line(line, Output::new(&mut text))).await;
    (text, ran.map(|_next| ()))
}

/// The most memory that this process had since the last look, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
    // From now on it counts anew.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak
}

/// Two rows of very many calls cost two rows. With --sort and filters all of them are looked at.
#[cfg(target_os = "linux")]
#[limited::test(threads)]
async fn a_limit_costs_no_memory_for_what_it_leaves_out() {
    const CALLS: usize = 20_000;
    // The peak is that of a process.
    if !is_alone() {
        return;
    }
    let mut rows = String::new();
    for number in 0..CALLS {
        let comma = if number > 0 { "," } else { "" };
        write!(
            rows,
            "{comma}{{\"uuid\":\"{number:08}-0000-4000-8000-000000000000\",\"direction\":\"inbound\",\
             \"created_epoch\":\"1796040000\",\"name\":\"sofia/internal/{number}@10.0.0.1\",\
             \"state\":\"CS_EXECUTE\",\"cid_num\":\"{number}\",\"dest\":\"9196\",\
             \"callstate\":\"ACTIVE\",\"application\":\"playback\",\
             \"application_data\":\"/usr/share/freeswitch/sounds/music/8000/suite.wav\"}}"
        )
        .unwrap();
    }
    let table = format!("{{\"row_count\":{CALLS},\"rows\":[{rows}]}}");
    let answer = move |line: &str| match line {
        "show channels as json" => table.clone(),
        _ => "-ERR no such command\n".to_owned(),
    };
    let shell = shell(&server(Vec::new(), Arc::new(answer)).await).await;
    let listener = shell.current().unwrap().listener();
    until_so(LONG, "all calls", || listener.count_sessions() == CALLS).await;
    // What the first command of a kind needs once does not count.
    for line in ["calls --limit 2", "channels --limit 2"] {
        run(&shell, line).await.1.unwrap();
    }
    let settled = {
        peak();
        peak()
    };
    for line in [
        "calls --limit 2",
        "calls --limit 2 -o json",
        "calls --limit 2 -o csv",
        "channels --limit 2",
        "channels --limit 2 -o jsonl",
    ] {
        let (text, ran) = run(&shell, line).await;
        ran.unwrap();
        assert!(text.len() < 8_192, "{line}: {} bytes", text.len());
        let more = peak().saturating_sub(settled);
        // All rows took 90 MB.
        assert!(more < 24 << 10, "{line}: {more} KiB more than {settled}");
    }
}

/// A flood of replies that nothing asked for is counted, not told line by line.
#[cfg(all(unix, feature = "cli"))]
#[limited::test(threads)]
async fn unasked_replies_are_counted_whatever_their_kind() {
    for (name, frame) in [
        ("command/reply", "Content-Type: command/reply\nReply-Text: +OK nobody asked\n\n"),
        ("api/response", "Content-Type: api/response\nContent-Length: 9\n\nunasked!\n"),
        ("an empty body", "Content-Type: api/response\nContent-Length: 0\n\n"),
        ("an error", "Content-Type: command/reply\nReply-Text: -ERR \x1b[31m\n\n"),
        ("without a text", "Content-Type: command/reply\n\n"),
    ] {
        let answer = |_line: &str| "-ERR no such command\n".to_owned();
        let config = server(frame.repeat(100_000).into_bytes(), Arc::new(answer)).await;
        let port = config.port().to_string();
        let running = tokio::task::spawn_blocking(move || {
            let mut command = switchy();
            command.args(["--no-config", "-H", "127.0.0.1", "-P", &port, "-x", "sleep 1"]);
            command.stdin(Stdio::null()).output().unwrap()
        });
        let output = within(LONG, name, running).await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.len() < 4_096 && said.lines().count() < 20, "{name}: {}", said.len());
        assert!(!said.contains("\x1b[31m"), "{name}: {said}");
    }
}

/// A reply that is no table is not shown as a whole in its error.
#[limited::test(threads)]
async fn an_error_shows_the_beginning_of_what_cannot_be_read() {
    for (name, body) in [
        ("one line", "x".repeat(200_000)),
        ("many lines", "no table at all\n".repeat(20_000)),
        ("almost JSON", format!("{{\"row_count\":1,\"rows\":[{}", "[".repeat(200_000))),
        ("escapes", "\x1b]0;owned\x07\u{202e}".repeat(20_000)),
        ("an error", format!("-ERR {}", "y".repeat(200_000))),
        ("letters", "é\u{1f600}".repeat(40_000)),
    ] {
        let is_known = |line: &str| line == "show channels as json" || line == "status";
        let answer = move |line: &str| match line {
            _ if is_known(line) => "{\"row_count\":0}".to_owned(),
            _ => body.clone(),
        };
        let shell = shell(&server(Vec::new(), Arc::new(answer)).await).await;
        for line in [
            "registrations",
            "gateways",
            "profiles",
            "conferences",
            "show calls",
            "show registrations",
            "registrations -o json",
            "status",
            "ghosts",
        ] {
            let (text, ran) = run(&shell, line).await;
            let more = ran.map_or_else(|err| err.message + &err.hints.concat(), |()| String::new());
            let length = text.len() + more.len();
            assert!(length < 4_096, "{name}, {line}: {length} bytes");
        }
        shell.close().await;
    }
}

/// A recording that breaks off fails, with `-x` as well, and what stands before is there.
#[cfg(all(unix, feature = "cli"))]
#[limited::test]
fn a_damaged_recording_ends_with_partly_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.jsonl");
    let start = "{\"time\":\"2026-11-30T10:00:00.000000Z\",\"kind\":\"start\",\"switchy\":\"0.1.0\",\"form\":1}\n\
         {\"time\":\"2026-11-30T10:00:01.000000Z\",\"kind\":\"command\",\"switch\":\"pbx\",\"line\":\"calls\"}\n\
         {\"time\":\"2026-11-30T10:00:02.000000Z\",\"kind\":\"state\",\"switch\":\"pbx\",\"server_time\":1,\"legs\":[]}\n";
    for (name, rest, code) in [
        ("nothing", &b""[..], 0),
        ("garbage", b"garbage\n", 5),
        ("a cut line", b"{\"time\":\"2026-11-30T10:00:03.000000Z\",\"kin", 5),
        ("a list", b"[1]\n", 5),
        ("NUL", b"\0\0\0\n", 5),
        ("no UTF-8", b"\xff\xfe\n", 5),
        ("no time", b"{\"kind\":\"command\",\"switch\":\"pbx\",\"line\":\"x\"}\n", 5),
        (
            "a bad time",
            b"{\"time\":\"x\",\"kind\":\"command\",\"switch\":\"pbx\",\"line\":\"x\"}\n",
            5,
        ),
    ] {
        fs::write(&path, [start.as_bytes(), rest].concat()).unwrap();
        let file = path.to_str().unwrap();
        let args = ["--no-config", "replay", file, "-x", "calls --count -o csv"];
        let mut command = switchy();
        command.args(args).stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        assert!(said.contains('0') && !said.contains('\0'), "{name}: {said}");
    }
}
