//! What a real server sent back, packet by packet: logins, verbs, their refusals, events that
//! clients send to each other. A line of `frames.jsonl` is one connection: the packets, and the
//! frames that answered them, ids and times left out.

use std::time::Duration;

use serde_json::Value;
use switchy::sim::{Config, Sim, User};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Reads what comes within a while.
async fn read(stream: &mut DuplexStream, bytes: &mut Vec<u8>) {
    let mut chunk = vec![0; 64 << 10];
    let pause = Duration::from_millis(50);
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(pause, stream.read(&mut chunk)).await {
        bytes.extend_from_slice(&chunk[..count]);
    }
}

/// Cuts a stream into frames: headers, an empty line, the body.
fn cut(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let (mut frames, mut rest) = (Vec::new(), &*text);
    while let Some((head, tail)) = rest.split_once("\n\n") {
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let (body, more) = tail.split_at(length);
        frames.push(blur(&format!("{head}\n\n{body}")));
        rest = more;
    }
    // A reply that is too long is cut, and then it has no end.
    frames
}

/// Headers whose values are different on every run. The length is that of them, too.
const OWN: [&str; 10] = [
    "Core-UUID: ",
    "FreeSWITCH-",
    "Event-Date-",
    "Event-Calling-",
    "Event-Sequence: ",
    "Event-UUID: ",
    "Content-Length: ",
    "Job-UUID: ",
    "Reply-Text: +OK Job-UUID: ",
    "User-Data: ",
];

fn blur(frame: &str) -> String {
    let is_event = frame.contains("text/event-plain");
    let lines = frame.split_inclusive('\n').map(|line| {
        let own = OWN.iter().any(|start| line.starts_with(start));
        match line.split_once(": ") {
            Some((name, _)) if own && (is_event || !name.starts_with("Content")) => {
                format!("{name}: X\n")
            }
            _ => ids(line),
        }
    });
    lines.collect()
}

/// A line with `UUID` for each uuid in it.
fn ids(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let head = rest.get(..36).filter(|head| {
            let dashes = [8, 13, 18, 23].map(|at| head.as_bytes()[at] == b'-');
            dashes == [true; 4] && head.chars().all(|it| it == '-' || it.is_ascii_hexdigit())
        });
        match head {
            Some(_) => out.push_str("UUID"),
            None => out.push(letter),
        }
        let length = if head.is_some() { 36 } else { letter.len_utf8() };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// Sends packets over a connection of its own; the login is left out unless it is asked for.
async fn answer(sim: &Sim, packets: &[String]) -> Vec<String> {
    let (mut stream, mut bytes) = (sim.connect(), Vec::new());
    let own_login = packets.first().is_some_and(|first| first == "NOAUTH");
    if !own_login {
        stream.write_all(b"auth ClueCon\n\n").await.unwrap();
        read(&mut stream, &mut bytes).await;
        bytes.clear();
    }
    for packet in packets.iter().skip(usize::from(own_login)) {
        let end = if packet.ends_with("\n\n") { "" } else { "\n\n" };
        // A server that has hung up takes nothing any more.
        let _closed = stream.write_all(format!("{packet}{end}").as_bytes()).await;
        read(&mut stream, &mut bytes).await;
    }
    cut(&bytes)
}

#[limited::test(paused)]
async fn frames_of_a_real_server() {
    let sim = Sim::start(Config::new().with_seed(7));
    let mut wrong = Vec::new();
    for line in include_str!("frames.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let texts = |name: &str| -> Vec<String> {
            let list = case[name].as_array().unwrap().iter();
            list.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let real: Vec<String> = texts("frames").iter().map(|frame| blur(frame)).collect();
        let got = answer(&sim, &texts("send")).await;
        if got != real {
            wrong.push(format!("{:?}\n  real {real:?}\n  sim  {got:?}", texts("send")));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[limited::test(paused)]
async fn a_user_gets_what_the_directory_allows() {
    let user = User::new("bob@lan", "pw")
        .with_events("HEARTBEAT,CUSTOM,sofia::register")
        .with_api("status bgapi echo")
        .without_log();
    let sim = Sim::start(Config::new().with_seed(7).with_limited_user(user));
    let login = ["NOAUTH", "userauth bob@lan:pw"].map(str::to_owned);
    let frames = answer(&sim, &login).await;
    assert_eq!(
        frames[1],
        "Content-Type: command/reply\nReply-Text: +OK accepted\n\
         Allowed-Events: HEARTBEAT,CUSTOM,sofia::register\nAllowed-API: status bgapi echo\n\
         Allowed-LOG: false\n\n"
    );
    for (packet, text) in [
        ("event plain HEARTBEAT", "+OK event listener enabled plain"),
        ("event plain CUSTOM sofia::register", "+OK event listener enabled plain"),
        ("event plain CUSTOM sofia::expire", "-ERR permission denied"),
        ("event plain HEARTBEAT API", "-ERR permission denied"),
        ("event plain ALL", "-ERR permission denied"),
        ("log 7", "-ERR permission denied"),
        ("api show calls", "-ERR permission denied"),
        ("bgapi show calls", "-ERR permission denied"),
        ("api bgapi show calls", "-ERR permission denied"),
        ("api eval 1", "-ERR permission denied"),
        ("nolog", "-ERR not loging"),
        ("filter a b", "+OK filter added. [a]=[b]"),
    ] {
        let mut packets = login.to_vec();
        packets.push(packet.to_owned());
        let frames = answer(&sim, &packets).await;
        let last = frames.last().unwrap();
        assert_eq!(
            last,
            &format!("Content-Type: command/reply\nReply-Text: {text}\n\n"),
            "{packet}"
        );
    }
    for packet in ["api echo 1", "api bgapi echo 1", "bgapi status"] {
        let mut packets = login.to_vec();
        packets.push(packet.to_owned());
        let frames = answer(&sim, &packets).await;
        assert!(!frames.last().unwrap().contains("denied"), "{packet}: {frames:?}");
    }
}

#[limited::test(paused)]
async fn a_socket_with_a_channel_ends_with_it_or_lingers() {
    let sim = Sim::start(Config::new().with_seed(7));
    let packets = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let make = "api originate {origination_uuid=mine}null/x &park";
    let ended = answer(&sim, &packets(&[make, "myevents mine", "api uuid_kill mine"])).await;
    let last = ended.last().unwrap();
    assert!(
        last.starts_with(
            "Content-Type: text/disconnect-notice\nControlled-Session-UUID: mine\n\
             Content-Disposition: disconnect\nContent-Length: 67\n\nDisconnected, goodbye.\n"
        ),
        "{last}"
    );
    assert!(ended.iter().any(|frame| frame.contains("Event-Name: CHANNEL_HANGUP_COMPLETE\n")));
    let lines = [
        make,
        "myevents mine",
        "linger 5",
        "divert_events on",
        "sendevent MESSAGE\nUnique-ID: mine\nX: 1",
        "getvar uuid",
        "api uuid_kill mine",
        "api echo still here",
    ];
    let lingered = answer(&sim, &packets(&lines)).await;
    let has = |text: &str| lingered.iter().any(|frame| frame.contains(text));
    assert!(has("Reply-Text: +OK will linger 5 seconds"));
    assert!(has("X: 1\n"), "the event of the channel is diverted: {lingered:#?}");
    assert!(has("Reply-Text: mine\n"));
    assert!(has("Content-Disposition: linger\nChannel-Name: null/x\nLinger-Time: 5\n"));
    assert!(has("still here"));
}
