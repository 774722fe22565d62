//! The simulated switch against the recordings of a real one, and its faults.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::BytesMut;
use serde_json::Value;
use switchy::sim::{Config, Fault, Sim};
use switchy::wire::{Decoder, EventData, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep_until};

use crate::transcripts::{decode, server_chunks};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/transcripts/{name}.jsonl"))
}

pub(crate) fn config() -> Config {
    Config::new().with_seed(7).with_clock("2026-11-22T19:08:00Z".parse().unwrap())
}

/// What a client sent, and when.
fn client_chunks(name: &str) -> Vec<(f64, String)> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["from"] == "client")
        .map(|line| (line["t"].as_f64().unwrap(), line["data"].as_str().unwrap().to_owned()))
        .collect()
}

/// The server's frames as the client had them at a moment of the recording.
fn recorded(name: &str, until: f64) -> Vec<Frame> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let (mut decoder, mut buf, mut frames) = (Decoder::new(), BytesMut::new(), Vec::new());
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["from"] == "server" && line["t"].as_f64().unwrap() <= until {
            let data = line["data"].as_str().unwrap();
            buf.extend(data.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()));
        }
    }
    while let Some(frame) = decoder.decode(&mut buf).unwrap() {
        frames.push(frame);
    }
    frames
}

/// The channels in the order in which they first appear.
fn uuids(frames: &[Frame]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for frame in frames {
        if let Frame::Event(event) = frame
            && let Some(uuid) = event.get("Unique-ID")
            && !found.iter().any(|have| *have == uuid)
        {
            found.push(uuid.into_owned());
        }
    }
    found
}

/// An in-memory client.
pub(crate) struct Client {
    stream: DuplexStream,
    decoder: Decoder,
    buf: BytesMut,
    pub(crate) bytes: Vec<u8>,
    pub(crate) frames: Vec<Frame>,
}

impl Client {
    pub(crate) fn new(sim: &Sim) -> Self {
        let stream = sim.connect();
        let (bytes, frames) = (Vec::new(), Vec::new());
        Self { stream, decoder: Decoder::new(), buf: BytesMut::new(), bytes, frames }
    }

    pub(crate) async fn login(sim: &Sim) -> Self {
        let mut client = Self::new(sim);
        client.send("auth ClueCon\n\n").await;
        client.read_for(Duration::from_millis(5)).await;
        client.frames.clear();
        client
    }

    pub(crate) async fn send(&mut self, text: &str) {
        let bytes: Vec<u8> = match text.chars().all(|letter| u32::from(letter) < 256) {
            true => text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect(),
            false => text.as_bytes().to_vec(),
        };
        // The other side may have hung up already, as in the recordings of refused logins.
        let _closed = self.stream.write_all(&bytes).await;
    }

    /// Reads until that moment, or the end; says whether it is the end.
    pub(crate) async fn read_until(&mut self, moment: Instant) -> bool {
        loop {
            let mut chunk = Vec::with_capacity(64 << 10);
            let read = tokio::select! {
                biased;
                read = self.stream.read_buf(&mut chunk) => read,
                () = sleep_until(moment) => return false,
            };
            let Ok(1..) = read else { return true };
            self.bytes.extend_from_slice(&chunk);
            self.buf.extend_from_slice(&chunk);
            while let Some(frame) = self.decoder.decode(&mut self.buf).unwrap() {
                self.frames.push(frame);
            }
        }
    }

    /// Reads bytes that are perhaps no frames.
    pub(crate) async fn read_raw(&mut self, time: Duration, out: &mut Vec<u8>) {
        let end = Instant::now() + time;
        loop {
            tokio::select! {
                biased;
                read = self.stream.read_buf(out) => if !matches!(read, Ok(1..)) { return },
                () = sleep_until(end) => return,
            }
        }
    }

    pub(crate) async fn read_for(&mut self, time: Duration) -> bool {
        self.read_until(Instant::now() + time).await
    }

    /// Sends a command and returns the frames of the next while, which start with its reply.
    pub(crate) async fn ask(&mut self, command: &str) -> Vec<Frame> {
        self.send(&format!("{command}\n\n")).await;
        self.read_for(Duration::from_millis(5)).await;
        std::mem::take(&mut self.frames)
    }

    /// Sends a command and waits for its reply.
    pub(crate) async fn text(&mut self, command: &str) -> String {
        self.send(&format!("{command}\n\n")).await;
        let end = Instant::now() + Duration::from_secs(10);
        while self.frames.is_empty() && Instant::now() < end {
            self.read_for(Duration::from_millis(5)).await;
        }
        text(&std::mem::take(&mut self.frames)[0])
    }
}

pub(crate) fn text(frame: &Frame) -> String {
    match frame {
        Frame::Reply(reply) => reply.text().to_string(),
        Frame::Api(body) => String::from_utf8_lossy(body).into_owned(),
        other => format!("{other:?}"),
    }
}

/// Plays the client's part of a recording to the sim.
async fn replay(name: &str) -> (Vec<Frame>, Vec<Frame>) {
    let sim = Sim::start(config());
    if matches!(name, "call_toneplay" | "call_bridge") {
        // An older call was up on the recorded switch.
        let mut other = Client::login(&sim).await;
        other.ask("api originate null/x &park").await;
    } else if name == "auth_ok" {
        // The recorded switch had been up for more than a minute.
        tokio::time::sleep(Duration::from_millis(97_120)).await;
    }
    let mut client = Client::new(&sim);
    let start = Instant::now();
    for (at, mut data) in client_chunks(name) {
        client.read_until(start + Duration::from_secs_f64(at)).await;
        let mut before = recorded(name, at);
        before.retain(|frame| matches!(frame, Frame::Event(_)));
        // A client that named a leg had seen it: give the sim the time for it, then its own name.
        let known = uuids(&before);
        for (index, uuid) in known.iter().enumerate() {
            if !data.contains(uuid) {
                continue;
            }
            while uuids(&client.frames).len() <= index {
                client.read_for(Duration::from_millis(1)).await;
            }
            data = data.replace(uuid, &uuids(&client.frames)[index]);
        }
        client.send(&data).await;
    }
    client.read_for(Duration::from_secs(5)).await;
    let stream = server_chunks(&path(name)).concat();
    (decode([&stream[..]]), client.frames)
}

/// Everything a leg's events say but for the values.
fn legs(frames: &[Frame]) -> Vec<Vec<(String, Vec<String>)>> {
    let order = uuids(frames);
    let mut legs: Vec<Vec<(String, Vec<String>)>> = vec![Vec::new(); order.len()];
    for frame in frames {
        let Frame::Event(event) = frame else { continue };
        let Some(uuid) = event.get("Unique-ID") else { continue };
        let at = order.iter().position(|have| *have == uuid).unwrap();
        legs[at].push((event.get("Event-Name").unwrap().into_owned(), names(event)));
    }
    // Calls that were up before the recording began.
    legs.retain(|leg| leg.first().is_some_and(|(name, _)| name != "CHANNEL_HANGUP"));
    legs
}

fn names(event: &EventData) -> Vec<String> {
    event.fields().map(|field| String::from_utf8_lossy(field.name).into_owned()).collect()
}

/// Replies without ids and numbers.
fn replies(frames: &[Frame]) -> Vec<String> {
    frames
        .iter()
        .filter(|frame| !matches!(frame, Frame::Event(_)))
        .map(|frame| blur(&text(frame)))
        .collect()
}

/// Takes out what differs from run to run, and that the sim says what it is.
fn blur(text: &str) -> String {
    let text = text.replace("simulated", "");
    let mut out = String::new();
    let text: String = text.split_inclusive(['\n', ',']).map(without_tags).collect();
    for word in
        text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
    {
        let id = word.len() >= 36 && word.chars().filter(|letter| *letter == '-').count() >= 4;
        out.push_str(if id { "ID" } else { word });
    }
    out.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// A header of a dump, plain or json, without the random ids of its SIP dialog.
fn without_tags(header: &str) -> &str {
    let tags = ["sip_full_", "sip_recover_via", "sip_to_tag", "sip_from_tag"];
    let name = header.trim_start_matches('"').strip_prefix("variable_");
    let value = header.split_once(": ").or_else(|| header.split_once("\":\""));
    match (name, value) {
        (Some(name), Some((head, _))) if tags.iter().any(|tag| name.starts_with(tag)) => head,
        _ => header,
    }
}

fn check_replies(name: &str, sim: &[Frame], real: &[Frame]) {
    let wrong = wrong_replies(&replies(sim), &replies(real));
    assert!(wrong.is_empty(), "{name}: {} replies differ\n{}", wrong.len(), wrong.join("\n"));
}

/// The replies that differ, from where they do.
fn wrong_replies(sim: &[String], real: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, (sim, real)) in sim.iter().zip(real).enumerate() {
        if sim != real {
            let same = sim.chars().zip(real.chars()).take_while(|(sim, real)| sim == real).count();
            let rest = |text: &str| text.chars().skip(same.saturating_sub(40)).take(160).collect();
            let (sim, real): (String, String) = (rest(sim), rest(real));
            wrong.push(format!("reply {at}:\n  real {real:?}\n  sim  {sim:?}"));
        }
    }
    if sim.len() != real.len() {
        wrong.push(format!("{} replies instead of {}", sim.len(), real.len()));
    }
    wrong
}

/// The same replies; on each leg the same events in the same order with the same headers.
async fn compare(name: &str) {
    let (real, sim) = replay(name).await;
    let mut wrong = wrong_replies(&replies(&sim), &replies(&real));
    // When the beat comes within a recording is chance.
    let beats = |(name, _): &(String, _)| name == "HEARTBEAT" || name == "RE_SCHEDULE";
    let others = |frames: &[Frame]| others(frames).into_iter().filter(|it| !beats(it)).collect();
    let (mut of_real, of_sim): (Vec<_>, Vec<_>) = (others(&real), others(&sim));
    if name == "call_refused" {
        // A job of another connection ended meanwhile.
        of_real.truncate(of_sim.len());
    }
    if of_real != of_sim {
        let names = |all: &[(String, _)]| all.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
        let differs = of_sim.iter().zip(&of_real).find(|(sim, real)| sim != real);
        wrong.push(format!(
            "events of no leg:\n  real {:?}\n  sim  {:?}\n  sim and real at first {differs:?}",
            names(&of_real),
            names(&of_sim)
        ));
    }
    let (real, sim) = (legs(&real), legs(&sim));
    assert_eq!(sim.len(), real.len(), "{name}: number of legs");
    for (index, (sim, real)) in sim.iter().zip(&real).enumerate() {
        let order = |leg: &[(String, Vec<String>)]| {
            leg.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        if order(sim) != order(real) {
            wrong.push(format!("leg {index}:\n  real {:?}\n  sim  {:?}", order(real), order(sim)));
            continue;
        }
        for (at, (sim, real)) in sim.iter().zip(real).enumerate() {
            if sim.1 != real.1 {
                let less = |all: &[String], known: &[String]| {
                    all.iter().filter(|it| !known.contains(it)).cloned().collect::<Vec<_>>()
                };
                let (missing, more) = (less(&real.1, &sim.1), less(&sim.1, &real.1));
                let place = sim.1.iter().zip(&real.1).find(|(sim, real)| sim != real);
                wrong.push(format!(
                    "leg {index}, event {at} {}: missing {missing:?}, more {more:?}, sim and real \
                     at first {place:?}",
                    sim.0
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{name}: {} differences\n{}", wrong.len(), wrong.join("\n"));
}

/// Names and header names of the events that belong to no leg, in order.
fn others(frames: &[Frame]) -> Vec<(String, Vec<String>)> {
    let events = frames.iter().filter_map(|frame| match frame {
        Frame::Event(event) if event.get("Unique-ID").is_none() => Some(event),
        _ => None,
    });
    events.map(|event| (event.get("Event-Name").unwrap().into_owned(), names(event))).collect()
}

/// The log lines of each call, calls in the order in which they appear.
fn logs(frames: &[Frame]) -> Vec<Vec<String>> {
    let mut calls: Vec<(String, Vec<String>)> = Vec::new();
    for frame in frames {
        let Frame::Log(line) = frame else { continue };
        // The recorded switch had switched DEBUG off.
        if line.level() > 6 {
            continue;
        }
        let header = |name: &str| line.get(name).unwrap_or_default().into_owned();
        let place = ["Log-Level", "Text-Channel", "Log-File", "Log-Func", "Log-Line"].map(header);
        let text = format!("{} | {}", place.join(" "), blur(&line.text()));
        let call = line.user_data().into_owned();
        match calls.iter_mut().find(|(have, _)| *have == call) {
            Some((_, lines)) => lines.push(text),
            None => calls.push((call, vec![text])),
        }
    }
    calls.into_iter().map(|(_, lines)| lines).collect()
}

#[limited::test(paused)]
async fn logins_and_commands() {
    for name in [
        "auth_ok",
        "auth_bad",
        "auth_first",
        "userauth_bad",
        "commands",
        "pipelined",
        "bgjobs",
        "heartbeat",
    ] {
        let (real, sim) = replay(name).await;
        check_replies(name, &sim, &real);
        assert_eq!(others(&sim), others(&real), "{name}: events");
    }
}

#[limited::test(paused)]
async fn log_lines() {
    let (real, sim) = replay("logstream").await;
    let replies = |frames: &[Frame]| -> Vec<String> {
        let kept = frames.iter().filter(|frame| !matches!(frame, Frame::Log(_)));
        kept.map(|frame| blur(&text(frame))).collect()
    };
    assert_eq!(replies(&sim), replies(&real));
    assert_eq!(logs(&sim), logs(&real));
}

#[limited::test(paused)]
async fn call_parked_on_both_sides() {
    compare("call_park_park").await;
}

#[limited::test(paused)]
async fn call_with_a_tone() {
    compare("call_toneplay").await;
}

#[limited::test(paused)]
async fn call_to_echo() {
    compare("call_echo_plain").await;
}

#[limited::test(paused)]
async fn call_over_loopback() {
    compare("call_loopback").await;
}

#[limited::test(paused)]
async fn call_nowhere() {
    compare("call_noroute").await;
}

#[limited::test(paused)]
async fn call_refused() {
    compare("call_refused").await;
}

#[limited::test(paused)]
async fn call_busy() {
    compare("call_busy").await;
}

#[limited::test(paused)]
async fn nasty_values() {
    compare("nasty_values").await;
}

#[limited::test(paused)]
async fn faults_of_replies() {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    sim.inject(Fault::LateReply {
        command_prefix: "api status".into(),
        by: Duration::from_secs(2),
    });
    let start = Instant::now();
    client.send("api status\n\napi echo 1\n\n").await;
    while client.frames.len() < 2 {
        client.read_for(Duration::from_millis(1)).await;
    }
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert!(text(&client.frames[0]).starts_with("UP "));
    assert_eq!(text(&client.frames[1]), "1");
    client.frames.clear();
    sim.inject(Fault::NoReply { command_prefix: "api echo".into() });
    assert!(client.ask("api echo 2").await.is_empty());
    assert_eq!(client.text("api echo 3").await, "3");
    sim.inject(Fault::Deny { command_prefix: "api status".into() });
    assert_eq!(client.text("api status").await, "-ERR permission denied");
    sim.inject(Fault::Clear);
    assert!(client.text("api status").await.starts_with("UP "));
}

#[limited::test(paused)]
async fn faults_of_sockets() {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    sim.inject(Fault::DropAll);
    assert!(client.read_for(Duration::from_secs(1)).await, "the socket is cut");
    let mut client = Client::login(&sim).await;
    sim.inject(Fault::CutFrame);
    assert!(client.read_for(Duration::from_secs(1)).await);
    assert!(client.decoder.is_mid_frame(&client.buf), "in the middle of a frame");
    let mut client = Client::login(&sim).await;
    sim.inject(Fault::SplitWrites(3));
    assert!(client.text("api status").await.starts_with("UP "));
    sim.inject(Fault::RejectAcl);
    let mut rejected = Client::new(&sim);
    assert!(rejected.read_for(Duration::from_secs(1)).await);
    assert!(format!("{:?}", rejected.frames[0]).contains("rude") || rejected.frames.len() == 2);
    let before = client.text("api global_getvar switch_serial").await;
    assert_eq!(before, "simulated");
    sim.inject(Fault::Restart);
    assert!(client.read_for(Duration::from_secs(1)).await);
    sim.inject(Fault::Clear);
    sim.inject(Fault::Silent);
    let mut silent = Client::new(&sim);
    assert!(!silent.read_for(Duration::from_secs(60)).await);
    assert!(silent.frames.is_empty());
}

#[limited::test(paused)]
async fn a_client_that_does_not_read_hurts_nobody() {
    let sim = Sim::start(config());
    let mut slow = Client::login(&sim).await;
    slow.send("event plain ALL\n\n").await;
    let mut quick = Client::login(&sim).await;
    assert_eq!(quick.text("event plain HEARTBEAT").await, "+OK event listener enabled plain");
    sim.inject(Fault::Flood { events_per_second: 2000 });
    // Reads nothing for long enough to be dropped, while the other one is served in time.
    for _ in 0..12 {
        assert!(!quick.read_for(Duration::from_secs(1)).await);
        assert_eq!(quick.text("api echo here").await, "here");
    }
    sim.inject(Fault::Flood { events_per_second: 0 });
    assert!(slow.read_for(Duration::from_secs(1)).await, "the slow client was dropped");
}

#[limited::test(paused)]
async fn a_seed_repeats_itself() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let sim = Sim::start(config().with_traffic(3.0));
        let mut client = Client::login(&sim).await;
        client.ask("event plain ALL").await;
        client.ask("bgapi originate {a=1}user/1000,user/1001 &park").await;
        client.read_for(Duration::from_secs(60)).await;
        assert!(sim.channels().await > 3);
        runs.push(client.bytes);
    }
    assert!(runs[0].len() > 100_000);
    assert!(runs[0] == runs[1], "two runs of one seed differ");
}

#[limited::test(paused)]
async fn background_calls_are_ordinary_calls() {
    let sim = Sim::start(config().with_traffic(2.0));
    let mut client = Client::login(&sim).await;
    client.ask("event json CHANNEL_HANGUP_COMPLETE CHANNEL_BRIDGE").await;
    client.read_for(Duration::from_secs(120)).await;
    let mut seen: HashMap<String, usize> = HashMap::new();
    for frame in std::mem::take(&mut client.frames) {
        let Frame::Event(event) = frame else { continue };
        let cause = event.get("Hangup-Cause").unwrap_or_default().into_owned();
        *seen.entry(cause).or_default() += 1;
    }
    for cause in ["", "NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER"] {
        assert!(seen.contains_key(cause), "no {cause:?} in {seen:?}");
    }
    client.ask("api fsctl pause").await;
    let before = sim.channels().await;
    assert!(before > 5, "{before} channels");
    let text = client.text("api hupall NORMAL_CLEARING").await;
    assert_eq!(text, "+OK hangup all channels with cause NORMAL_CLEARING\n");
    client.read_for(Duration::from_secs(2)).await;
    assert_eq!(sim.channels().await, 0);
}

#[limited::test(paused)]
async fn calls_in_json() {
    compare("call_loopback_json").await;
    compare("call_answered_json").await;
}

#[limited::test(paused)]
async fn everything_done_to_a_call() {
    // After `uuid_media` the real one sends a re-invite; a display update comes as an INFO.
    compare("call_control").await;
    compare("call_bridge").await;
}

#[limited::test(paused)]
async fn api_replies() {
    // What differs on purpose: lists of what is simulated, phones that are registered.
    let other = ["show registrations", "show modules", "sofia xmlstatus", "show help", "help"];
    let other: Vec<String> = other.iter().map(|command| format!("api {command}")).collect();
    let lists = ["api show api", "api show application", "api status", "api json"];
    let commands: Vec<String> =
        client_chunks("api_replies").into_iter().map(|(_, text)| text.trim().to_owned()).collect();
    let (real, sim) = replay("api_replies").await;
    let (real, sim) = (replies(&real), replies(&sim));
    assert_eq!(sim.len(), real.len());
    // The greeting has no command.
    for (command, (sim, real)) in commands.iter().zip(sim.iter().zip(&real).skip(1)) {
        let differs = other.iter().chain(&lists.map(str::to_owned)).any(|c| command.starts_with(c));
        if !differs {
            assert_eq!(sim, real, "{command}");
        }
    }
}

#[limited::test(paused)]
async fn a_slow_command_holds_its_socket_only() {
    let sim = Sim::start(config());
    let (mut slow, mut quick) = (Client::login(&sim).await, Client::login(&sim).await);
    slow.ask("event plain ALL").await;
    slow.send("api msleep 1500\n\napi echo 1\n\n").await;
    assert_eq!(quick.text("api echo 2").await, "2");
    assert!(!slow.read_for(Duration::from_millis(1400)).await);
    assert!(slow.frames.is_empty(), "events wait for the end of an api command");
    slow.read_for(Duration::from_millis(200)).await;
    assert_eq!(text(&slow.frames[0]), "+OK");
}

#[limited::test(paused)]
async fn commands_on_calls() {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    let ok = client.text("api originate null/a &park").await;
    let a = ok.trim().strip_prefix("+OK ").unwrap().to_owned();
    let ok = client.text("api originate {x=1}null/b &park").await;
    let b = ok.trim().strip_prefix("+OK ").unwrap().to_owned();
    for (command, reply) in [
        (format!("uuid_exists {a}"), "true"),
        (format!("uuid_getvar {b} x"), "1"),
        (format!("uuid_getvar {b} y"), "_undef_"),
        (format!("uuid_setvar {b} y z w"), "+OK\n"),
        (format!("uuid_getvar {b} y"), "z w"),
        (format!("uuid_bridge {a} {b}"), &format!("+OK {b}\n")),
        ("show calls count".into(), "\n1 total.\n"),
        ("show channels count".into(), "\n2 total.\n"),
        ("sched_api +1 g uuid_kill x".into(), "+OK Added: 7\n"),
        ("sched_del g".into(), "+OK Deleted: 1\n"),
        ("originate gateway/x 1".into(), "-ERR CHAN_NOT_IMPLEMENTED\n"),
        (
            "console_complete c=9;uuid_kil".into(),
            "\n\n[           uuid_kill]\t\n\nwrite=8:uuid_kill ",
        ),
        ("regex 1001|^10[01][0-9]$".into(), "true"),
        ("expr (1+2)*3/2".into(), "4.5"),
        ("expand echo ${local_ip_v4}".into(), "127.0.0.1"),
        ("uuid_kill nosuch".into(), "-ERR No such channel!\n"),
        ("hupall accountcode".into(), "+OK hangup all channels with cause NORMAL_CLEARING\n"),
    ] {
        assert_eq!(client.text(&format!("api {command}")).await, reply, "{command}");
    }
    client.read_for(Duration::from_secs(1)).await;
    assert_eq!(sim.channels().await, 0, "the lone word was taken for a cause");
    // A phone rings before it answers; the socket is blocked meanwhile.
    let start = Instant::now();
    client.send("api originate user/1000 &park\n\n").await;
    while client.frames.is_empty() {
        client.read_for(Duration::from_millis(10)).await;
    }
    assert!(start.elapsed() > Duration::from_secs(1));
    assert!(text(&client.frames[0]).starts_with("+OK "));
    assert_eq!(sim.channels().await, 1);
}

/// Two parked calls that `$U` and `$V` stand for.
async fn park_two(client: &mut Client, dial: &str) -> [(&'static str, String); 2] {
    let mut made = Vec::new();
    for _leg in ["U", "V"] {
        let ok = client.text(&format!("api originate {{h4a=abc}}{dial} &park")).await;
        made.push(ok.trim().strip_prefix("+OK ").unwrap().to_owned());
    }
    let second = made.pop().unwrap();
    [("$U", made.pop().unwrap()), ("$V", second)]
}

/// What a real server answered to some nine hundred commands: right, wrong, empty, unknown. A line
/// is a command and its answer as JSON; `#new` is two fresh calls, to nobody or to whom it says.
#[limited::test(paused)]
async fn answers_of_a_real_server() {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    // Before that, SIP profiles may not be stopped.
    client.read_for(Duration::from_secs(20)).await;
    let mut calls = park_two(&mut client, "null/U").await;
    let mut wrong = Vec::new();
    for line in include_str!("answers.tsv").lines() {
        if let Some(dial) = line.strip_prefix("#new") {
            for (_, uuid) in &calls {
                client.text(&format!("api uuid_kill {uuid}")).await;
            }
            client.read_for(Duration::from_secs(1)).await;
            let dial = if dial.is_empty() { "null/U" } else { dial.trim_start() };
            calls = park_two(&mut client, dial).await;
            continue;
        }
        let (command, answer) = line.split_once('\t').unwrap();
        let answer: String = serde_json::from_str(answer).unwrap();
        let mut asked = command.to_owned();
        for (name, uuid) in &calls {
            asked = asked.replace(name, uuid);
        }
        let got = client.text(&format!("api {asked}")).await;
        if ids(&got) != answer {
            wrong.push(format!("{command}\n  real {answer:?}\n  sim  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// A text with `UUID` for each uuid in it.
fn ids(text: &str) -> String {
    let is_uuid =
        |word: &str| word.len() == 36 && word.chars().all(|it| it == '-' || it.is_ascii_hexdigit());
    text.split_inclusive(|letter: char| !letter.is_ascii_hexdigit() && letter != '-')
        .map(|part| {
            let word = part.trim_end_matches(|it: char| !it.is_ascii_hexdigit() && it != '-');
            if is_uuid(word) { part.replace(word, "UUID") } else { part.to_owned() }
        })
        .collect()
}

#[limited::test(paused)]
async fn users_log_in() {
    let sim = Sim::start(config().with_user("bob@lan", "pw"));
    for (line, reply) in [
        ("userauth bob@lan:pw", "+OK accepted"),
        ("userauth bob:pw@lan", "+OK accepted"),
        ("userauth bob@lan:no", "-ERR invalid"),
    ] {
        let mut client = Client::new(&sim);
        client.ask("").await;
        let Frame::Reply(got) = &client.ask(line).await[0] else { panic!("no reply") };
        assert_eq!(got.text(), reply);
        assert_eq!(got.get("Allowed-API").is_some(), reply.starts_with("+OK"));
    }
}

#[limited::test]
async fn a_port_is_served_until_the_switch_stops() {
    let sim = Sim::start(Config::new());
    let addr = sim.listen("127.0.0.1:0").await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"auth ClueCon\n\nexit\n\n").await.unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).await.unwrap();
    assert!(all.starts_with("Content-Type: auth/request\n\n") && all.contains("+OK bye"), "{all}");
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    sim.fire(vec![("Event-Name".into(), "CUSTOM".into())], None);
    sim.stop();
    let mut rest = Vec::new();
    // Cut off, with or without a reset.
    let _cut = stream.read_to_end(&mut rest).await;
    assert_eq!(sim.channels().await, 0);
}

#[limited::test(paused)]
async fn hostile_names_stay_inside_their_values() {
    let sim = Sim::start(config().with_traffic(5.0));
    sim.inject(Fault::HostileNames);
    let mut client = Client::login(&sim).await;
    client.ask("event plain CHANNEL_CREATE").await;
    client.read_for(Duration::from_secs(30)).await;
    let names: Vec<Vec<u8>> = client
        .frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Event(event) => event.field("Caller-Caller-ID-Name").map(|x| x.raw.to_vec()),
            _ => None,
        })
        .collect();
    let has = |part: &[u8]| names.iter().any(|name| name.windows(part.len()).any(|x| x == part));
    for part in [&b"%1B%5B31m"[..], b"%FF%C3", b"%0D%0A", b"%E2%80%AE"] {
        assert!(has(part), "{}", String::from_utf8_lossy(part));
    }
    assert!(client.frames.iter().all(|frame| match frame {
        Frame::Event(event) => event.get("Event-Name").unwrap() == "CHANNEL_CREATE",
        _ => false,
    }));
}

#[limited::test(paused)]
async fn a_flood_has_the_rate_it_was_asked_for() {
    let sim = Sim::start(config());
    let mut client = Client::login(&sim).await;
    client.ask("event json ALL").await;
    sim.inject(Fault::Flood { events_per_second: 5000 });
    client.read_for(Duration::from_secs(2)).await;
    let count = client.frames.len();
    assert!((9_900..=10_200).contains(&count), "{count} events");
}
