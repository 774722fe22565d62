//! Tab.
use switchy::sim::Config;

use super::desk::*;

#[limited::test]
fn tab_lists_and_events_go_on() {
    let mut desk = Desk::new();
    desk.switch.flood(1_000);
    let terminal = &mut desk.terminal;
    watch(terminal, 3, |_| {});
    terminal.keys("h\t");
    terminal.wait_until("the verbs", |screen| {
        let lists = |verb: &&str| screen.log.contains(*verb);
        ["hangup  ", "help  ", "history  ", "hosts  ", "hupall  "].iter().all(lists)
            && typed(screen).as_deref() == Some("h")
    });
    watch(terminal, 15, |screen| assert_eq!(typed(screen).as_deref(), Some("h")));
    terminal.keys("up\t --d\t");
    terminal
        .wait_until("the option", |screen| typed(screen).as_deref() == Some("hupall --dry-run"));
    watch(terminal, 3, |screen| assert_eq!(typed(screen).as_deref(), Some("hupall --dry-run")));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("this shell started no calls"));
}

#[limited::test]
fn tab_lists_live_calls() {
    let mut desk = Desk::new();
    let answer = desk.switch.api(
        "originate {origination_caller_id_name=Zoe,origination_caller_id_number=+4930123}sofia/external/9196@127.0.0.1:5080 &park()",
    );
    let uuid = answer.strip_prefix("+OK ").unwrap().to_owned();
    let terminal = &mut desk.terminal;
    terminal.wait_until("the call", |screen| screen.last().contains("2 calls>"));
    for verb in ["uuid_kill", "hangup", "call", "api uuid_dump"] {
        terminal.keys(&format!("{verb} \t"));
        let line = format!("{uuid}  Zoe <+4930123> -> 9196");
        terminal.wait_until("the list", |screen| {
            screen.rows().iter().any(|row| row.contains(&line)) && holds(screen, verb)
        });
        terminal.keys("\x15\x0c");
        at_prompt(terminal);
    }
    // Any part of what is listed finds it; here the caller's number.
    terminal.keys(&format!("uuid_exists {}\t", uuid.get(..12).unwrap()));
    terminal.wait_until("the uuid", |screen| holds(screen, &format!("uuid_exists {uuid}")));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.rows().contains(&"true".to_owned()));
}

#[limited::test]
fn tab_in_a_wrapped_line_keeps_the_list() {
    let mut desk = Desk::with(Config::new().with_seed(7), NARROW);
    let terminal = &mut desk.terminal;
    terminal.keys(&format!("h{}", "日".repeat(50)));
    terminal.wait_until("the typed text", |screen| screen.last().starts_with("日日"));
    terminal.keys(&format!("{BEGIN}{RIGHT}\t"));
    terminal.wait_until("the list", |screen| {
        let mut rows = screen.rows().into_iter();
        let is_listed = rows.any(|row| row.starts_with("hangup "));
        is_listed && rows.filter_map(|row| behind_prompt(&row)).any(|text| text.starts_with("h日"))
    });
}

#[limited::test]
fn tab_among_5000_calls_lists_a_screen() {
    let mut desk = Desk::new();
    for number in 0..5_000 {
        let id = format!("{number:08x}-aaaa-4bbb-8ccc-ddddeeeeffff");
        let caller = format!("+4930{number:06}");
        desk.switch.fire(&[
            ("Event-Name", "CHANNEL_CREATE"),
            ("Unique-ID", &id),
            ("Call-Direction", "inbound"),
            ("Channel-Name", "sofia/internal/1000@127.0.0.1"),
            ("Caller-Caller-ID-Number", &caller),
            ("Caller-Destination-Number", "9196"),
        ]);
    }
    let terminal = &mut desk.terminal;
    // The prompt that stands there has room for three digits.
    terminal.wait_until("the calls", |screen| screen.last().contains("  5k calls>"));
    terminal.keys("\r");
    terminal.wait_until("the number", |screen| screen.last().contains(" 5000 calls>"));
    desk.switch.flood(500);
    terminal.keys("hangup \t");
    terminal.wait_until("the list", |screen| {
        let is_capped = screen.log.contains(" more, keep typing");
        is_capped && screen.last().contains("calls> hangup ")
    });
    // Any part of what is listed finds one among them.
    terminal.keys("+4930004711\t");
    let line = "hangup 00001267-aaaa-4bbb-8ccc-ddddeeeeffff";
    terminal.wait_until("the uuid", |screen| screen.last().contains(line));
    let rows = terminal.count("+4930");
    assert!(rows < 600, "{rows} rows are no screen");
}

#[limited::test]
fn a_blank_behind_an_abbreviation_writes_it_out() {
    let config = "[abbr]\nst = 'sofia status'\ngw = 'no'\n[alias]\ngw = 'eval gateway $1'\n";
    let mut desk = Desk::configured(config);
    let terminal = &mut desk.terminal;
    terminal.keys("st profile");
    terminal.wait_until("the words", |screen| {
        typed(screen).is_some_and(|typed| typed.starts_with("sofia status profile"))
    });
    // Not in the middle of a line, not behind other words; Enter runs it as it is.
    terminal.keys("\x15eval st st ;\x01st \x05");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("st eval st st ;"));
    terminal.keys("\x15gw one");
    terminal.wait_until("the alias", |screen| holds(screen, "gw one"));
    terminal.keys("\x15st\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("external"));
    at_prompt(terminal);
}
