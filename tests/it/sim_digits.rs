//! Menus, digits and recordings of the simulated switch; what is expected of `read`,
//! `play_and_get_digits` and `record` was seen on FreeSWITCH 1.10.12.

use std::time::Duration;

use switchy::sim::Sim;
use switchy::wire::{EventData, Frame};

use crate::sim::{Client, config};

async fn client(sim: &Sim) -> Client {
    let mut client = Client::login(sim).await;
    client.ask("event json ALL").await;
    client
}

/// The events of the next while.
async fn events(client: &mut Client, milliseconds: u64) -> Vec<EventData> {
    client.read_for(Duration::from_millis(milliseconds)).await;
    let frames = std::mem::take(&mut client.frames).into_iter();
    frames
        .filter_map(|frame| if let Frame::Event(event) = frame { Some(event) } else { None })
        .collect()
}

fn get(event: &EventData, name: &str) -> String {
    event.get(name).unwrap_or_default().into_owned()
}

/// What they tell of applications, files and digits, in short.
fn told(events: &[EventData]) -> Vec<String> {
    let told = events.iter().filter_map(|event| match get(event, "Event-Name").as_str() {
        "CHANNEL_EXECUTE" => Some(format!("+{}", get(event, "Application"))),
        "CHANNEL_EXECUTE_COMPLETE" => Some(format!("-{}", get(event, "Application"))),
        "PLAYBACK_START" => Some(get(event, "Playback-File-Path")),
        "PLAYBACK_STOP" => Some(get(event, "Playback-Status")),
        "DTMF" => Some(get(event, "DTMF-Digit")),
        name @ ("RECORD_START" | "RECORD_STOP" | "PRIVATE_COMMAND" | "CODEC") => {
            Some(name.to_owned())
        }
        _ => None,
    });
    told.collect()
}

/// The last value of a variable that the events show.
fn variable(events: &[EventData], name: &str) -> Option<String> {
    let name = format!("variable_{name}");
    let last = events.iter().rfind(|event| event.get("variable_uuid").is_some())?;
    last.get(&name).map(std::borrow::Cow::into_owned)
}

async fn place(client: &mut Client, uuid: &str, dial: &str) {
    client.send(&format!("bgapi originate {{origination_uuid={uuid}}}{dial} &park\n\n")).await;
    events(client, 1000).await;
}

async fn execute(client: &mut Client, uuid: &str, app: &str, data: &str, more: &str) {
    let command = format!(
        "sendmsg {uuid}\ncall-command: execute\nexecute-app-name: {app}\nexecute-app-arg: {data}\n\
         {more}\n"
    );
    client.send(&command).await;
}

#[limited::test(paused)]
async fn the_menu_at_5000_does_what_the_digits_say() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    place(&mut client, "me", "sofia/external/5000@127.0.0.1:5080").await;
    // The call sleeps two seconds first.
    let seen = told(&events(&mut client, 2500).await);
    assert_eq!(seen, ["-sleep", "+ivr", "ivr/ivr-welcome_to_freeswitch.wav"]);
    client.send("api uuid_send_dtmf me 7#\n\n").await;
    let seen = told(&events(&mut client, 2500).await);
    // The tone of a digit is told first, then the end of the file that it cuts.
    let wrong = "ivr/ivr-that_was_an_invalid_entry.wav";
    assert_eq!(seen, ["7", "break", "#", wrong, "done"]);
    let seen = told(&events(&mut client, 1500).await);
    assert_eq!(seen, ["ivr/ivr-enter_ext.wav"]);
    // One digit is enough once nothing follows it for two seconds.
    client.send("api uuid_send_dtmf me 2\n\n").await;
    let seen = told(&events(&mut client, 4000).await);
    let wanted = ["2", "break", "+transfer", "-transfer", "-ivr"];
    assert!(wanted.iter().all(|word| seen.iter().any(|have| have == word)), "{seen:?}");
    assert!(seen.ends_with(&["+echo".to_owned()]), "{seen:?}");
}

#[limited::test(paused)]
async fn a_digit_during_the_invalid_sound_of_a_menu_counts_in_the_next_round() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    place(&mut client, "me", "sofia/external/5000@127.0.0.1:5080").await;
    events(&mut client, 2500).await;
    client.send("api uuid_send_dtmf me 7#\n\n").await;
    let seen = told(&events(&mut client, 1000).await);
    let wrong = "ivr/ivr-that_was_an_invalid_entry.wav";
    assert_eq!(seen, ["7", "break", "#", wrong]);
    client.send("api uuid_send_dtmf me 2\n\n").await;
    let seen = told(&events(&mut client, 5000).await);
    // The sound ends, and so does the greeting that follows, as soon as it has begun.
    assert_eq!(seen[..4], ["2", "break", "ivr/ivr-enter_ext.wav", "break"]);
    assert!(seen.ends_with(&["+echo".to_owned()]), "{seen:?}");
}

#[limited::test(paused)]
async fn a_menu_that_hears_nothing_ends() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    place(&mut client, "me", "null/x").await;
    execute(&mut client, "me", "ivr", "demo_ivr", "").await;
    let seen = events(&mut client, 60_000).await;
    assert_eq!(variable(&seen, "ivr_menu_status").as_deref(), Some("timeout"));
    let seen = told(&seen);
    assert!(seen.contains(&"voicemail/vm-goodbye.wav".to_owned()), "{seen:?}");
    assert_eq!(&seen[seen.len() - 2..], ["-ivr", "PRIVATE_COMMAND"]);
}

#[limited::test(paused)]
async fn digits_end_up_in_variables() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    place(&mut client, "me", "null/x").await;
    let tone = "tone_stream://%(400,0,440)";
    for (app, data, pressed, result, value) in [
        (
            "play_and_get_digits",
            format!(r"1 3 2 3000 # {tone} silence_stream://200 it \d+"),
            "12",
            "timeout",
            Some("12"),
        ),
        (
            "play_and_get_digits",
            format!(r"1 3 2 3000 # {tone} silence_stream://200 it \d+"),
            "123",
            "success",
            Some("123"),
        ),
        (
            "play_and_get_digits",
            format!(r"1 3 1 3000 # {tone} silence_stream://200 it ^[1-3]+$"),
            "9#",
            "success",
            None,
        ),
        ("read", format!("1 2 {tone} it 2000 #"), "4#", "success", Some("4")),
        ("read", format!("1 2 {tone} it 700 #"), "", "failure", None),
        ("read", format!("2 4 {tone} it 700 #"), "5", "failure", Some("5")),
    ] {
        execute(&mut client, "me", app, &data, "").await;
        let mut seen = events(&mut client, 600).await;
        assert_eq!(told(&seen), [&format!("+{app}"), tone, "done"], "{data}");
        if !pressed.is_empty() {
            client.send(&format!("api uuid_recv_dtmf me {pressed}\n\n")).await;
        }
        seen.extend(events(&mut client, 6000).await);
        assert_eq!(told(&seen).last().map(String::as_str), Some("PRIVATE_COMMAND"), "{data}");
        assert_eq!(variable(&seen, "read_result").as_deref(), Some(result), "{data}");
        assert_eq!(variable(&seen, "it").as_deref(), value, "{data}");
    }
}

#[limited::test(paused)]
async fn a_record_lasts_and_short_loops_run_once() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    place(&mut client, "me", "null/x").await;
    execute(&mut client, "me", "record", "/tmp/x.wav 2", "").await;
    let mut seen = events(&mut client, 1500).await;
    assert_eq!(told(&seen), ["+record", "CODEC", "RECORD_START"]);
    seen.extend(events(&mut client, 1000).await);
    assert_eq!(variable(&seen, "record_ms").as_deref(), Some("2000"));
    assert_eq!(&told(&seen)[3..], ["RECORD_STOP", "CODEC", "-record", "PRIVATE_COMMAND"]);
    // A second park in a parked call is over at once.
    execute(&mut client, "me", "park", "", "").await;
    assert_eq!(told(&events(&mut client, 500).await), ["+park", "-park", "PRIVATE_COMMAND"]);
    for (length, times) in [(100, 1), (600, 3)] {
        let data = format!("tone_stream://%({length},0,440)");
        execute(&mut client, "me", "playback", &data, "loops: 3\n").await;
        let seen = told(&events(&mut client, 3000).await);
        assert_eq!(seen.iter().filter(|word| *word == "+playback").count(), times, "{seen:?}");
        assert_eq!(seen.iter().filter(|word| *word == "PRIVATE_COMMAND").count(), 1);
    }
}
