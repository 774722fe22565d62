//! What goes wrong in the simulated switch on purpose, what it writes down, and who is cut.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use switchy::sim::{Config, Fault, Notice, Planned, Sim};
use switchy::wire::Frame;
use tokio::time::Instant;

use crate::sim::{Client, config, text};

fn planned(text: &str) -> Planned {
    text.parse().unwrap()
}

/// What the events say under a name.
fn values(client: &mut Client, name: &str) -> Vec<String> {
    let frames = std::mem::take(&mut client.frames);
    let events = frames.iter().filter_map(|frame| match frame {
        Frame::Event(event) => Some(event),
        _ => None,
    });
    events.filter_map(|event| event.get(name).map(std::borrow::Cow::into_owned)).collect()
}

#[limited::test(paused)]
async fn replies_are_late_as_long_as_the_fault_lasts() {
    let sim = Sim::start(config().with_fault(planned("late-reply=api echo:2s")));
    let mut client = Client::login(&sim).await;
    for _ in 0..2 {
        let start = Instant::now();
        client.send("api echo 1\n\n").await;
        while client.frames.is_empty() {
            client.read_for(Duration::from_millis(1)).await;
        }
        assert!(start.elapsed() >= Duration::from_secs(2));
        client.frames.clear();
    }
    assert_eq!(client.text("api eval 1").await, "1");
}

#[limited::test(paused)]
async fn a_stalled_switch_sends_everything_afterwards() {
    let sim = Sim::start(config().with_fault(planned("stall=5s@1s")));
    let mut client = Client::login(&sim).await;
    client.read_for(Duration::from_secs(2)).await;
    assert!(client.ask("api echo 1").await.is_empty(), "it stalls");
    client.send("api echo 2\n\n").await;
    assert!(!client.read_for(Duration::from_secs(5)).await);
    let replies: Vec<String> = client.frames.iter().map(text).collect();
    assert_eq!(replies, ["1", "2"]);
}

#[limited::test(paused)]
async fn a_switch_that_restarts_every_minute_has_a_new_core_uuid_each_time() {
    let sim = Sim::start(config().with_fault(planned("restart@every:1m")));
    let mut cores = Vec::new();
    for _ in 0..3 {
        let mut client = Client::login(&sim).await;
        client.ask("api originate null/x &park").await;
        assert_eq!(sim.channels().await, 1);
        cores.push(client.text("api global_getvar core_uuid").await);
        assert!(client.read_for(Duration::from_secs(61)).await, "it restarts");
        assert_eq!(sim.channels().await, 0);
    }
    cores.dedup();
    assert_eq!(cores.len(), 3);
}

#[limited::test(paused)]
async fn lost_events_leave_gaps() {
    let sim = Sim::start(config().with_traffic(5.0).with_fault(planned("lose-events=20%")));
    let mut client = Client::login(&sim).await;
    client.ask("event json ALL").await;
    client.read_for(Duration::from_secs(20)).await;
    let numbers: Vec<u64> =
        values(&mut client, "Event-Sequence").iter().map(|text| text.parse().unwrap()).collect();
    let span = usize::try_from(numbers[numbers.len() - 1] - numbers[0] + 1).unwrap();
    assert!(numbers.is_sorted());
    let share = 1.0 - numbers.len() as f64 / span as f64;
    assert!((0.15..0.25).contains(&share), "{share} of {span} events lost");
}

#[limited::test(paused)]
async fn hostile_names_come_in_every_format() {
    for format in ["plain", "json", "xml"] {
        let sim = Sim::start(config().with_traffic(5.0).with_fault(Fault::HostileNames));
        let mut client = Client::login(&sim).await;
        client.ask(&format!("event {format} CHANNEL_CREATE")).await;
        // Nobody gave this caller a name.
        client.ask("api originate sofia/external/9196@127.0.0.1:5080 &park").await;
        client.read_for(Duration::from_secs(30)).await;
        if format == "xml" {
            let text = String::from_utf8_lossy(&client.bytes);
            for evil in ["%1B", "%E2%80%AE", "%0A", "%FF", "%C2%9B"] {
                assert!(text.contains(evil), "no {evil}");
            }
            continue;
        }
        let names = values(&mut client, "Caller-Caller-ID-Name").concat();
        for evil in ['\u{1b}', '\u{202e}', '\n', '\u{fffd}', '\u{9b}'] {
            assert!(names.contains(evil), "{format}: no {evil:?}");
        }
        assert!(!client.bytes.windows(8).any(|at| at == b"\nFORGED:"));
    }
}

#[limited::test(paused)]
async fn junk_and_denials_as_text() {
    let sim = Sim::start(config().with_fault(planned("deny=bgapi originate")));
    let mut client = Client::login(&sim).await;
    assert_eq!(client.text("bgapi originate null/x &park").await, "-ERR permission denied");
    assert!(client.text("bgapi status").await.starts_with("+OK Job-UUID"));
    sim.inject(planned("junk=%00%FFjunk"));
    client.bytes.clear();
    let mut raw = Vec::new();
    client.read_raw(Duration::from_millis(50), &mut raw).await;
    assert_eq!(raw, b"\x00\xffjunk");
}

/// Where a recording goes.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<u8>>>);

impl Write for Book {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[limited::test(paused)]
async fn exchanges_are_written_down_without_passwords() {
    let sim = Sim::start(config().with_user("1000@lan", "hunter2"));
    let book = Book::default();
    sim.record(book.clone());
    let mut first = Client::login(&sim).await;
    let mut second = Client::new(&sim);
    second.send("userauth 1000@lan:hunter2\n\n").await;
    second.read_for(Duration::from_secs(1)).await;
    first.ask("sendevent CUSTOM\nEvent-Subclass: a::b").await;
    let text = String::from_utf8(book.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("ClueCon"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |conn: u64, from: &str| -> String {
        let mine = lines.iter().filter(|line| line["conn"] == conn && line["from"] == from);
        mine.map(|line| line["data"].as_str().unwrap()).collect()
    };
    assert_eq!(said(1, "client"), "auth ***\n\nsendevent CUSTOM\nEvent-Subclass: a::b\n\n");
    assert_eq!(said(2, "client"), "userauth 1000@lan:***\n\n");
    assert_eq!(said(1, "server").as_bytes(), first.bytes);
    assert_eq!(said(2, "server").as_bytes(), second.bytes);
    let times: Vec<f64> = lines.iter().map(|line| line["t"].as_f64().unwrap()).collect();
    assert!(times.is_sorted() && times[times.len() - 1] >= 1.0, "{times:?}");
}

#[limited::test(paused)]
async fn whoever_runs_it_learns_of_connections() {
    let sim = Sim::start(config().with_user("1000@lan", "hunter2"));
    let mut notices = sim.notices();
    drop(Client::login(&sim).await);
    let mut wrong = Client::new(&sim);
    wrong.send("auth hunter3\n\n").await;
    wrong.read_for(Duration::from_secs(1)).await;
    let mut user = Client::new(&sim);
    user.send("userauth 1000:hunter2@lan\n\n").await;
    user.read_for(Duration::from_secs(1)).await;
    let mut seen = Vec::new();
    while let Ok(notice) = notices.try_recv() {
        seen.push(notice);
    }
    let shown: Vec<String> = seen.iter().map(ToString::to_string).collect();
    assert!(seen.contains(&Notice::Closed { id: 1 }), "{shown:?}");
    assert!(seen.contains(&Notice::Refused { id: 2 }), "{shown:?}");
    assert!(shown.contains(&"#3 logged in as 1000@lan".to_owned()), "{shown:?}");
    assert!(!shown.concat().contains("hunter"));
}

#[limited::test(paused)]
async fn who_does_not_read_is_cut_alone_and_in_bounds() {
    let sim = Sim::start(config());
    let mut notices = sim.notices();
    let mut slow = Client::login(&sim).await;
    slow.send("event plain ALL\n\n").await;
    let mut quick = Client::login(&sim).await;
    quick.ask("event plain ALL").await;
    sim.inject(Fault::Flood { events_per_second: 2000 });
    let mut cut_after = 0;
    for second in 1..=60 {
        // The quick one is never late: it has this second's events in this second.
        let before = quick.frames.len();
        assert!(!quick.read_for(Duration::from_secs(1)).await, "the quick client was cut");
        let got = quick.frames.len() - before;
        assert!((1990..2020).contains(&got), "{got} events in second {second}");
        quick.frames.clear();
        quick.bytes.clear();
        while let Ok(notice) = notices.try_recv() {
            if notice == (Notice::TooSlow { id: 1 }) {
                cut_after = second;
            }
        }
        if cut_after > 0 {
            break;
        }
    }
    assert!(cut_after > 1, "the slow client was not cut, or at once");
    assert!(slow.read_for(Duration::from_secs(1)).await, "its socket is closed");
    assert!(slow.bytes.len() < 1 << 20, "what it did not read is gone");
}

#[limited::test(paused)]
async fn faults_are_the_same_in_each_run_of_a_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let sim = Sim::start(
            Config::new()
                .with_seed(11)
                .with_clock("2026-11-22T19:08:00Z".parse().unwrap())
                .with_traffic(4.0)
                .with_fault(Fault::HostileNames)
                .with_fault(planned("lose-events=10%"))
                .with_fault(planned("junk=x@30s")),
        );
        let mut client = Client::login(&sim).await;
        client.ask("event json ALL").await;
        client.ask("bgapi originate null/x &park").await;
        client.read_for(Duration::from_secs(29)).await;
        runs.push(client.bytes);
    }
    assert!(runs[0].len() > 100_000);
    assert!(runs[0] == runs[1], "two runs of one seed differ");
}

#[limited::test(paused)]
async fn rows_stay_when_their_channels_end() {
    let sim = Sim::start(config());
    sim.inject(Fault::GhostRows);
    let mut client = Client::login(&sim).await;
    client.text("api originate {origination_uuid=a}null/x &park").await;
    client.text("api uuid_kill a").await;
    client.read_for(Duration::from_secs(1)).await;
    assert_eq!(client.text("api uuid_exists a").await, "false");
    assert_eq!(client.text("api show channels count").await, "\n1 total.\n");
    assert_eq!(sim.channels().await, 0);
}
