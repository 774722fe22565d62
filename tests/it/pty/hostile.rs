//! Hostile text in a real terminal.
#![expect(clippy::string_slice, reason = "cut where something was found")]

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use switchy::sim::{Config, Fault};

use super::desk::*;

#[limited::test]
fn hostile_text_stays_text() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    terminal.keys("\x1b[200~a\u{202e}b\x07\u{9b}2Jc\x1b[201~");
    terminal.wait_until("the pasted text", |screen| typed(screen).as_deref() == Some("ab2Jc"));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| {
        screen.shows("-ERR a‹202e›b␇‹009b›2Jc Command not found!")
    });
    assert_eq!(terminal.count("\u{202e}") + terminal.count("\u{9b}"), 0);
}

#[limited::test]
fn hostile_callers_stay_text() {
    let config = Config::new().with_seed(7).with_traffic(20.0);
    let mut desk = Desk::with(config, WIDE);
    desk.switch.inject(Fault::HostileNames);
    let seen = ["␛[31mEVIL", "␛]0;owned␇", "left‹202e›thgir", "‹009b›2J␈", "%0a%1b[2J"];
    desk.terminal
        .wait_until("hostile names", |screen| seen.iter().all(|name| screen.log.contains(name)));
    for line in [
        // A slow machine has more calls by now than the screen has rows.
        "set pager off",
        "calls",
        "calls -o csv",
        "calls -o raw",
        "calls -o json",
        "call last -o csv",
        "show channels",
        "show channels as json",
        "channels -o csv | cat",
        "channels -o raw | cat",
        "channels -o json | cat",
        "channels -o jsonl | cat",
        "api show channels as json | cat",
        "events all -o jsonl --for 300ms | head -c 20000",
        "events CHANNEL_CREATE",
    ] {
        desk.run(line);
    }
    desk.terminal.keys("uuid_kill \t");
    desk.terminal.wait_until("the list", |screen| screen.log.contains("  ␛[31mEVIL␛[0m <+1555"));
    let evil = ["\x1b[31mEVIL", "\x1b]0;", "\u{202e}", "\u{2066}", "\u{9b}", "\x07", "\x08\x08"];
    let found: Vec<_> = evil.iter().filter(|evil| desk.terminal.count(evil) > 0).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// What a hostile value may do: every one begins with something that must not reach a terminal.
pub(super) fn hostile() -> Vec<String> {
    let known = [
        "\x1b[31mred",
        "\x1b]0;owned\x07",
        "\x1b]52;c;cm0gLXJmIC8=\x07",
        "\x1bP+q544e\x1b\\",
        "\x1b[2J\x1b[H",
        "\x1b[6n",
        "\u{9b}2J",
        "\u{9d}0;owned\u{9c}",
        "\u{202e}thgir",
        "\u{2066}isolated",
        "\nFORGED line",
        "\r\nFORGED line",
        "\rFORGED line",
        "\u{2028}FORGED line",
        "\x08\x08\x08gone",
        "\x07bell",
        "\x0eshift",
        "\x00nul",
        "\x7fdelete",
        "\u{85}FORGED line",
        "\u{61c}mark",
        "\u{200b}zero width",
        "\u{2060}joined",
        "\u{ad}soft",
        "\u{180e}mongolian",
        "\u{3164}filler",
        "\u{feff}byte order",
        "\u{fff9}annotation",
        "\u{e0041}\u{e007f}tags",
        "\u{e0100}selector",
        "\x1b[31m\u{202e}\n\r\x1b",
    ];
    let mut values: Vec<String> = known.iter().map(|value| (*value).to_owned()).collect();
    values.push(format!("\x1b[31m{}", "long ".repeat(2_000)));
    values.extend(recorded());
    let parts = prop::sample::select(vec![
        "\x1b[",
        "\x1b]",
        "\x1b",
        "\u{9b}",
        "\u{90}",
        "\n",
        "\r",
        "\t",
        "\x07",
        "\x08",
        "\u{202e}",
        "\u{2069}",
        "\u{2028}",
        "\u{200b}",
        "\u{feff}",
        "\u{e0041}",
        "31m",
        "2J",
        "FORGED",
        "日本",
        "%0a",
        "<b>",
        "\"",
        ",",
        "=",
        "é",
    ]);
    let bad = prop::sample::select(vec!["\x1b[", "\n", "\r", "\u{9b}", "\u{202e}", "\x07"]);
    let generated = (bad, prop::collection::vec(parts, 0..8));
    let mut runner = TestRunner::deterministic();
    for _ in 0..40 {
        let (first, rest) = generated.new_tree(&mut runner).unwrap().current();
        values.push(format!("{first}{}", rest.concat()));
    }
    values
}

/// The hostile headers that a real server sent, from their first bad character on.
fn recorded() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts/nasty_values.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    for line in text.lines() {
        let frame: serde_json::Value = serde_json::from_str(line).unwrap();
        if frame["from"] != "server" {
            continue;
        }
        for header in frame["data"].as_str().unwrap().lines() {
            let value = header.split_once(": ").map_or("", |(_, value)| value);
            let bytes = percent(value);
            let value = String::from_utf8_lossy(&bytes).into_owned();
            if let Some(at) = value.find(is_bad) {
                found.push(value[at..].to_owned());
            }
        }
    }
    found.sort();
    found.dedup();
    assert!(found.len() >= 2, "{found:?}");
    found
}

fn percent(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.as_bytes());
        match after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend(rest.as_bytes());
    bytes
}

/// What moves the cursor or the text around it, and what is not seen at all.
fn is_bad(c: char) -> bool {
    let is_invisible = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    is_invisible
        || c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What in all that was written is not the program's own.
pub(super) fn offences(written: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |at: usize, why: &str| {
        let near: String = written[at..].chars().take(40).collect();
        found.push(format!("{why}: {near:?}"));
    };
    for (at, c) in written.char_indices().filter(|(_, c)| is_bad(*c)) {
        let rest = &written[at + c.len_utf8()..];
        match c {
            '\r' | '\n' | '\t' => {}
            '\x1b' => {
                let sequence = rest.strip_prefix('[').unwrap_or_default();
                let end = sequence.find(|c: char| !"?;0123456789".contains(c));
                let last = end.and_then(|end| sequence[end..].chars().next());
                if !last.is_some_and(|last| "mKJHACDhl".contains(last)) {
                    note(at, "a sequence");
                }
            }
            _ => note(at, "a character"),
        }
    }
    for (at, mark) in written.match_indices(MARK) {
        if written[at + mark.len()..].chars().next().is_some_and(|c| is_bad(c) && c != '\r') {
            note(at, "not made harmless");
        }
    }
    for (at, _) in written.match_indices("FORGED") {
        if written[..at].ends_with(['\n', '\r']) {
            note(at, "a line of its own");
        }
    }
    found
}

#[limited::test]
fn offences_are_found() {
    for bad in [
        "EVIL\x1b[31m",
        "\x07",
        "a\u{202e}",
        "x\nFORGED",
        "\x1b]0;t",
        "\u{9b}",
        "\x1b[6n",
        "a\u{200b}",
        "\u{e0041}",
    ] {
        assert!(!offences(bad).is_empty(), "{bad:?}");
    }
    assert_eq!(offences("\x1b[?2026h\x1b[K\x1b[1mEVIL␛[31m\x1b[0m␊FORGED\r\n"), [""; 0]);
}

#[limited::test]
fn no_hostile_value_reaches_the_terminal() {
    let mut desk = Desk::new();
    let values = hostile();
    let mut ids = Vec::new();
    for (value, number) in values.iter().zip(0..) {
        let id = format!("{number:08x}-1111-4222-8333-444455556666");
        let evil = format!("{MARK}{value}");
        for name in ["CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_ANSWER"] {
            let headers = [
                ("Event-Name", name),
                ("Unique-ID", &id),
                ("Call-Direction", "inbound"),
                ("Channel-Name", &evil),
                ("Channel-State", "CS_EXECUTE"),
                ("Caller-Caller-ID-Name", &evil),
                ("Caller-Caller-ID-Number", &evil),
                ("Caller-Destination-Number", &evil),
                ("Channel-Read-Codec-Name", &evil),
                ("variable_sip_gateway_name", &evil),
            ];
            desk.switch.fire(&headers);
        }
        ids.push((id, evil));
    }
    let count = format!("{} calls>", values.len());
    desk.terminal.wait_until("the calls", |screen| screen.last().contains(&count));
    let (id, _) = ids[0].clone();
    for line in [
        "set pager off",
        "calls",
        "channels",
        "calls -o csv",
        "calls -o raw",
        "calls -o json",
        "calls -o jsonl",
        "calls -o vertical",
        "calls --columns id,from_name,to,gateway,codec,channel",
        "calls where from~EVI",
        "events last 1000",
        &format!("call {id}"),
        &format!("why {id}"),
        "calls -o json | cat",
        "calls -o jsonl | cat",
        "calls -o vertical | cat",
        "calls | cat",
        "events last 1000 | cat",
        "hangup EVI",
        "events CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY",
    ] {
        desk.run(line);
    }
    // The list, the hint and the suggestion of a line that names one.
    for keys in ["hangup \t", "uuid_kill \t", "call EVI\t"] {
        desk.terminal.keys(keys);
        let verb = keys.split(' ').next().unwrap();
        desk.terminal.wait_until("the list", |screen| holds(screen, verb));
        desk.terminal.keys("\x15\x0c");
        at_prompt(&desk.terminal);
    }
    for (id, evil) in &ids {
        for name in ["CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"] {
            desk.switch.fire(&[
                ("Event-Name", name),
                ("Unique-ID", id),
                ("Call-Direction", "inbound"),
                ("Caller-Caller-ID-Name", evil),
                ("Caller-Destination-Number", evil),
                ("Hangup-Cause", evil),
                ("variable_sip_hangup_disposition", evil),
            ]);
        }
    }
    desk.terminal.wait_until("the end", |screen| screen.last().contains(" 0 calls>"));
    for line in ["calls --ended", "calls --ended -o csv", "events last 1000", &format!("why {id}")]
    {
        desk.run(line);
    }
    let written = desk.terminal.bytes();
    assert!(written.matches(MARK).count() > 10 * values.len(), "they are shown");
    let found = offences(&written);
    assert!(found.is_empty(), "{} offences: {:#?}", found.len(), &found[..found.len().min(10)]);
}

/// Stands before each hostile value.
pub(super) const MARK: &str = "EVIL";
