//! Commands that take long, that ask, and a whole dialogue.
use std::time::Duration;

use switchy::sim::Fault;

use super::desk::*;

#[limited::test]
fn ctrl_c_gives_the_prompt_back() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    let before = terminal.len();
    keep_busy(terminal);
    terminal.keys("\x03");
    at_prompt(terminal);
    let said = terminal.since(before);
    assert!(said.contains("stopped waiting for \"api --timeout 600 msleep 600000\""), "{said:?}");
    assert!(said.contains("; the server may still finish it"), "{said:?}");
    // What needs no answer from the server runs.
    assert!(desk.run("apps").contains("TonePlay"));
}

#[limited::test]
fn ctrl_c_says_what_goes_on() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    for (line, verb, said, hint) in [
        ("trace 5551234", "trace", "stopped \"trace 5551234\"\r", ""),
        ("expect calls 9 600", "expect", "stopped \"expect calls 9 600\"\r", ""),
        ("sleep 600", "sleep", "stopped \"sleep 600\"\r", ""),
        ("msleep 4000", "msleep", "; the server may still finish it\r", "its result is shown"),
    ] {
        terminal.keys(line);
        terminal.wait_until("the typed line", |screen| holds(screen, line));
        terminal.keys("\r");
        terminal.wait_until("it runs", |screen| runs(screen, &format!(" · {verb} ")));
        let before = terminal.len();
        terminal.keys("\x03");
        at_prompt(terminal);
        let told = terminal.since(before);
        assert!(told.contains(said), "{line}: {told}");
        assert_eq!(told.contains("hint: "), !hint.is_empty(), "{line}: {told}");
        assert!(told.contains(hint), "{line}: {told}");
    }
}

#[limited::test]
fn a_slow_command_leaves_the_prompt() {
    let mut desk = Desk::new();
    desk.switch.flood(100);
    let terminal = &mut desk.terminal;
    keep_busy(terminal);
    watch(terminal, 3, |_| {});
    // What needs no answer from the server runs beside it, and Tab works.
    terminal.keys("app\t");
    terminal.wait_until("the completion", |screen| screen.last().ends_with("> apps"));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("TonePlay"));
    terminal.wait_until("the first", |screen| runs(screen, " · api "));
    // Ctrl-C in a line drops the line, and only in an empty one what runs.
    terminal.keys("half\x03");
    terminal.wait_until("the dropped line", |screen| {
        screen.rows().iter().any(|row| row.ends_with("> half")) && runs(screen, " · api ")
    });
    assert_eq!(terminal.count("stopped waiting"), 0);
    terminal.keys("\x03");
    terminal.wait_until("the word", |screen| screen.log.contains("stopped waiting for \"api"));
    at_prompt(terminal);
}

#[limited::test]
fn a_slow_command_of_the_server_holds_nothing_up() {
    let mut desk = Desk::new();
    // One that is known to take long, and one that nobody knew of; the shell itself asks for neither
    // while it connects.
    let late = Fault::LateReply {
        command_prefix: "api strftime".to_owned(),
        by: Duration::from_secs(600),
    };
    desk.switch.inject(late);
    let terminal = &mut desk.terminal;
    for (line, word) in [
        ("api --timeout 600 msleep 600000", " · api "),
        ("api --timeout 600 strftime", " · 2 run "),
    ] {
        terminal.keys(line);
        terminal.wait_until("the typed line", |screen| screen.last().contains(line));
        terminal.keys("\r");
        terminal.wait_until("the running command", |screen| runs(screen, word));
        let before = terminal.count("uptime");
        terminal.keys("status\r");
        terminal.wait_until("the answer", |screen| {
            screen.log.matches("uptime").count() > before && runs(screen, word)
        });
        // The server completes its own commands meanwhile.
        terminal.keys("sofia sta\t");
        terminal.wait_until("the completion", |screen| screen.last().contains("> sofia status"));
        terminal.keys("\x15");
        terminal.wait_until("the prompt", |screen| runs(screen, word));
    }
    terminal.keys("\x03");
    terminal.wait_until("one less", |screen| runs(screen, " · api "));
    terminal.keys("\x03");
    at_prompt(terminal);
    assert_eq!(terminal.count("its result is shown when it comes"), 1);
}

#[limited::test]
fn a_slow_command_answers_once() {
    let mut desk = Desk::new();
    let said = desk.run("api msleep 700");
    assert!(said.contains("+OK\r"), "{said}");
    // Two legs of one call.
    desk.switch.api("originate sofia/external/9196@127.0.0.1:5080 &park()");
    desk.terminal.wait_until("events", |screen| screen.log.contains(" answered after "));
    let said = desk.terminal.since(0);
    assert_eq!(said.matches("+OK").count(), 1, "{said}");
    assert!(!said.contains(" job "), "{said}");
    // Of what was given up the result is told.
    let terminal = &mut desk.terminal;
    terminal.keys("msleep 3000\r");
    terminal.wait_until("the running command", |screen| runs(screen, " · msleep "));
    terminal.keys("\x03");
    terminal.wait_until("the result", |screen| screen.log.contains(" msleep: +OK"));
    // As is what the server did not do.
    let said = desk.run("api originate error/USER_BUSY &park()");
    assert!(said.contains("-ERR USER_BUSY"), "{said}");
}

#[limited::test]
fn a_question_takes_the_place_of_the_prompt() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    let question = "Type 127.0.0.1 to go on:";
    let asked = |screen: &Screen<'_>| screen.last() == question;
    for no in ["\x03", "\x04", "\r", "no\r"] {
        terminal.keys("fsctl pause\r");
        terminal.wait_until("the question", asked);
        let before = terminal.len();
        terminal.keys(no);
        at_prompt(terminal);
        let said = terminal.since(before);
        assert!(
            said.contains("not confirmed, nothing was done") || said.contains("nothing was sent"),
            "{no:?} {said}"
        );
    }
    terminal.keys("fsctl pause\r");
    terminal.wait_until("the question", asked);
    terminal.keys("127.0.0.1\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("\n+OK"));
    at_prompt(terminal);

    // From the background: what was being typed comes back behind it, with its cursor.
    terminal.keys("\x1b[200~api --timeout 600 msleep 4000\rfsctl resume\rfsctl pause\x1b[201~\r");
    terminal.wait_until("the paste", |screen| screen.last() == "run these 3 lines? [y/N]");
    terminal.keys("y\r");
    terminal.wait_until("the running command", |screen| runs(screen, " · api "));
    terminal.keys(&format!("half a 日 line{}", LEFT.repeat(6)));
    terminal.wait_until("the question", asked);
    terminal.keys("127.0.0.1\r");
    terminal.wait_until("the draft", |screen| screen.last().ends_with("> half a 日 line"));
    terminal.keys("X\r");
    terminal.wait_until("the line", |screen| {
        screen.log.contains("-ERR half a X日 line Command not found!")
    });
    assert!(terminal.shown("half a X日 line") > 0);
    at_prompt(terminal);
    terminal.keys("\x04");
    terminal.ended();
    let kept = kept(&desk.home);
    assert!(kept.len() == 3 && !kept.contains(&"yes".to_owned()), "{kept:?}");
}

#[limited::test]
fn the_acceptance_dialogue() {
    let mut desk = Desk::new();
    assert!(desk.run("status").contains("uptime"));
    assert!(desk.run("api global_getvar local_ip_v4").contains("\n127.0.0.1\r"));
    assert!(desk.run("not a real command").contains("-ERR not a real command Command not found!"));
    desk.run("listen off");
    let said = desk.run("originate 9196@127.0.0.1:5080");
    assert!(said.contains("No listener has been assigned for this client"), "{said}");
    assert!(said.contains("hint: type \"listen on\""), "{said}");
    assert!(!said.contains("Job"), "{said}");
    let said = desk.run("listen on");
    assert!(said.contains("<EventListener"), "{said}");
    at_prompt(&desk.terminal);

    let said = desk.run("originate 9196@127.0.0.1:5080");
    let job = said.split("<Job ").nth(1).unwrap_or_else(|| panic!("{said}"));
    assert_eq!(job.get(36..47), Some(" [pending]>"), "{job}");
    let session = job.split("session ").nth(1).unwrap().get(..36).unwrap().to_owned();
    let short = session.get(..8).unwrap();
    let told = |what: &str| {
        let (short, what) = (short.to_owned(), what.to_owned());
        move |screen: &Screen<'_>| {
            screen.rows().iter().any(|row| row.contains(&short) && row.contains(&what))
        }
    };
    desk.terminal.wait_until("the answer of the call", told("answered"));
    desk.terminal.wait_until("the result of the job", |screen| {
        screen.rows().iter().any(|row| row.contains(&format!("originate: +OK {session}")))
    });
    let calls = desk.run("calls");
    let row =
        calls.lines().find(|line| line.starts_with(short)).unwrap_or_else(|| panic!("{calls}"));
    assert_eq!(row.split_whitespace().nth(1), Some("2"), "sessions: {row}");
    assert!(row.contains("9196") && row.contains("own"), "{row}");
    assert!(desk.run("hangup last").contains(&format!("call {session} hung up")));
    desk.terminal.wait_until("the end of the call", told("ended NORMAL_CLEARING by an operator"));
    assert!(desk.run("calls").contains("no calls"));
    let told = desk.run("events last 1000");
    assert!(told.contains("answered") && told.contains("ended NORMAL_CLEARING"), "{told}");

    let said = desk.run("load-app TonePlay");
    let id = said.lines().map(str::trim_end).find(|line| line.len() == 36).unwrap_or_default();
    assert_eq!(id.matches('-').count(), 4, "{said}");

    // A call of somebody else.
    let foreign = desk.switch.api("originate sofia/external/9196@127.0.0.1:5080 &park()");
    let foreign = foreign.strip_prefix("+OK ").unwrap();
    let said = desk.run("originate park@127.0.0.1:5080 --app TonePlay --wait 10");
    assert!(said.contains("answered "), "{said}");
    assert_eq!(desk.switch.channels(), 4);
    let said = desk.run("hupall");
    assert!(said.contains("TonePlay"), "{said}");
    desk.terminal
        .wait_until("the end of the own call", |screen| screen.last().contains(" 2 calls>"));
    assert_eq!(desk.switch.api(&format!("uuid_exists {foreign}")), "true");
    assert_eq!(desk.switch.channels(), 2);
}

#[limited::test]
fn with_cleans_up_after_ctrl_c() {
    let mut desk = Desk::new();
    let before = desk.run("apps --callbacks");
    let terminal = &mut desk.terminal;
    let line = "with TonePlay originate park@127.0.0.1:5080 --wait 60 --hold 600";
    terminal.keys(line);
    terminal.wait_until("the typed line", |screen| holds(screen, line));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("\nanswered "));
    assert_ne!(desk.switch.api("show channels count").trim(), "0 total.");
    desk.terminal.keys("\x03");
    // What the command left is told when it is done.
    desk.terminal.wait_until("the end of the app", |screen| {
        screen.log.contains("app 'TonePlay' is unloaded")
    });
    at_prompt(&desk.terminal);
    let nothing = "no app is called for any event";
    assert!(before.contains(nothing) && desk.run("apps --callbacks").contains(nothing));
    let switch = &desk.switch;
    desk.terminal.wait_until("the end of the call", |_| {
        switch.api("show channels count").trim() == "0 total."
    });
    assert_eq!(desk.terminal.count("is left") + desk.terminal.count("not unloaded"), 0);
}

#[limited::test]
fn behind_a_pager_events_are_only_counted() {
    let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
    let pager = "cat > /dev/null; echo THE PAGER; read key < /dev/tty; echo CLOSED";
    let variables = [("PAGER", pager), ("PATH", "/usr/bin:/bin")];
    let mut terminal = Terminal::start_in(home.path(), WIDE, &switch.args(&[]), &variables);
    terminal.wait_until("the connection", |screen| screen.shows(LISTENS));
    at_prompt(&terminal);
    terminal.keys("set pager on\r");
    terminal.wait_until("the setting", |screen| screen.log.contains("pager"));
    switch.flood(200);
    watch(&terminal, 3, |_| {});
    terminal.keys("calls\r");
    terminal.wait_until("the pager", |screen| screen.last() == "THE PAGER");
    let before = terminal.count(SUMMARY);
    // What comes meanwhile is not shown.
    switch.pass(Duration::from_secs(2));
    assert_eq!(terminal.count(SUMMARY), before);
    terminal.wait_until("the pager", |screen| screen.last() == "THE PAGER");
    // What is typed while the terminal is somebody else's is theirs, what comes behind is not lost.
    terminal.keys("\rnope one\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("-ERR nope one Command"));
    // One line tells how many there were: no frame alone has so many.
    let counted = |line: &str| {
        let digits = line.split_once("... +").map_or("", |(_, rest)| rest);
        let digits = digits.split(' ').next().unwrap_or_default().replace(',', "");
        digits.parse::<u32>().unwrap_or(0)
    };
    terminal.wait_until("the count", |screen| {
        screen.log.matches(SUMMARY).count() > before
            && screen.log.lines().any(|line| counted(line) >= 100)
    });
}
