use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::*;
use crate::client::Client;
use crate::listener::{EventListener, Events};
use crate::shell::commands::grammar::Parsed;
use crate::shell::commands::{grammar, table};
use crate::shell::session::Shell;
use crate::shell::settings::Settings;
use crate::shell::text::operator::{Operator, OperatorRequest};
use crate::shell::view::output::Output;
use crate::sim;

/// What follows the call in a line of each command that changes one.
const CHANGES: &[(&str, &str)] = &[
    ("answer", ""),
    ("bridge", "loopback/9197/default"),
    ("deflect", "sip:1@127.0.0.1"),
    ("dtmf", "12"),
    ("execute", "set a=b"),
    ("hangup", ""),
    ("hold", ""),
    ("mute", ""),
    ("park", ""),
    ("play", "silence_stream://100"),
    ("record", "start /tmp/call.wav"),
    ("sched-hangup", "300"),
    ("setvar", "a b"),
    ("transfer", "9197"),
];

/// And of each that reads one.
const READS: &[(&str, &str)] = &[
    ("call last", ""),
    ("dump last", ""),
    ("events only last", ""),
    ("expect answered last", "5"),
    ("getvar last", "uuid"),
    ("log only last", ""),
    ("trace last", "--for 1s"),
    ("why last", ""),
];

#[limited::test]
fn every_command_that_takes_a_call_is_in_the_list() {
    for (verb, _) in grammar::abouts() {
        let mut command = grammar::command(&verb).unwrap();
        let help = command.render_long_help().to_string();
        let takes =
            help.split(|c: char| !c.is_ascii_alphabetic() && c != '_').any(|word| word == "CALL");
        let purpose = table::meta(&verb).unwrap().purpose;
        assert_eq!(purpose.is_some(), takes, "{verb}: does its Meta have a purpose?");
        let Some(purpose) = &purpose else { continue };
        let has_yes = command
            .get_arguments()
            .any(|arg| arg.get_long() == Some("yes") && arg.get_short() == Some('y'));
        assert_eq!(has_yes, *purpose == Purpose::Change, "{verb}: has it a CallArg?");
        let line = match purpose {
            Purpose::Read => READS.iter().find(|(line, _)| line.starts_with(&verb)),
            Purpose::Change => CHANGES.iter().find(|(name, _)| *name == verb),
        };
        let (start, rest) = line.unwrap_or_else(|| panic!("{verb} is tried by no test"));
        let line = match purpose {
            Purpose::Read => format!("{start} {rest}"),
            Purpose::Change => format!("{start} --yes last {rest}"),
        };
        let Parsed::Builtin(parsed) = grammar::parse(&line).unwrap() else { panic!("{line}") };
        assert_eq!(parsed.command.only_reads(), *purpose == Purpose::Read, "{line}");
        assert_eq!(parsed.command.confirms_itself(), *purpose == Purpose::Change, "{line}");
    }
}

/// A shell on a switch where other parties make calls, and an eye on those.
struct Desk {
    shell: Shell,
    others: Client,
    seen: Events,
}

/// A call of another party: its uuid.
struct Stranger(&'static str);

impl Desk {
    async fn new() -> Self {
        let shell = Shell::new(Settings::default(), None, false);
        let config = shell.start_sim(sim::Config::new().with_seed(7)).await.unwrap();
        shell.connect("pbx", config.clone()).await.unwrap();
        let listener = EventListener::with_config(config.clone());
        let seen = listener.events::<&str>(&[]);
        listener.connect().await.unwrap();
        listener.start().await.unwrap();
        listener.subscribe(&["ALL"]).await.unwrap();
        let others = Client::with_config(config).with_listener(listener);
        others.connect().await.unwrap();
        Self { shell, others, seen }
    }

    /// Another party calls, and the shell knows of it.
    async fn stranger(&self, from: &str, to: &str, id: &'static str) -> Stranger {
        let variables = format!("origination_uuid={id},origination_caller_id_number={from}");
        self.others.cmd(&format!("originate {{{variables}}}null/{to} &park")).await.unwrap();
        let known = async {
            let listener = self.shell.current().unwrap().listener();
            while listener.session(&Id::new(id)).is_none_or(|leg| !leg.is_parked) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(10), known).await.unwrap();
        Stranger(id)
    }

    /// The answer to a line, or its error.
    async fn run(&self, line: &str) -> (String, Option<CommandError>) {
        let mut text = String::new();
        let ran = self.shell.run_line(line, Output::new(&mut text)).await;
        (text, ran.err())
    }

    async fn fails(&self, line: &str) -> String {
        let (text, err) = self.run(line).await;
        let err = err.unwrap_or_else(|| panic!("{line}: {text}"));
        format!("{}\n{}", err.message, err.hints.join("\n"))
    }

    /// What has happened since the last look.
    async fn happened(&mut self) -> String {
        self.others.cmd("echo look").await.unwrap();
        let mut seen = String::new();
        loop {
            let event = timeout(Duration::from_secs(10), self.seen.next()).await.unwrap().unwrap();
            let header = |name: &str| event.get(name).unwrap_or_default().into_owned();
            if header("API-Command") == "echo" && header("API-Command-Argument") == "look" {
                return seen;
            }
            let names = ["API-Command", "API-Command-Argument", "Unique-ID", "Channel-Call-UUID"];
            let values = names.map(header).join(" ");
            seen.extend([&*event.kind(), " ", &values, "\n"]);
        }
    }
}

const FIRST: &str = "11111111-0000-4000-8000-000000000001";
const SECOND: &str = "22222222-0000-4000-8000-000000000002";

#[limited::test(threads)]
async fn no_change_reaches_a_call_of_another_party_by_last() {
    let mut tried = JoinSet::new();
    for (verb, meta) in table::all() {
        if meta.purpose == Some(Purpose::Change) {
            let (verb, rest) = CHANGES.iter().find(|(name, _)| *name == verb).unwrap();
            tried.spawn(change(verb, rest));
        }
    }
    while let Some(done) = tried.join_next().await {
        done.unwrap();
    }
}

async fn change(verb: &str, rest: &str) {
    let mut desk = Desk::new().await;
    let wait = if CHANGES_AT_ONCE.contains(&verb) { "" } else { "--timeout 1 " };
    // Without an own call neither `last` nor a number is enough.
    let first = desk.stranger("4444", "5555", FIRST).await;
    desk.happened().await;
    let said = desk.fails(&format!("{verb} {wait}last {rest}")).await;
    let expected = format!("last is not yours: {FIRST}, 4444 -> 5555\n");
    assert!(said.starts_with(&expected) && said.contains("11111111"), "{verb}: {said}");
    for number in ["4444", "5555", "111"] {
        let said = desk.fails(&format!("{verb} {wait}{number} {rest}")).await;
        let expected = format!("{number} names a call that is not yours: {FIRST}, 4444 -> 5555\n");
        assert!(said.starts_with(&expected) && said.contains("--yes"), "{verb}: {said}");
    }
    let happened = desk.happened().await;
    assert!(!happened.contains(first.0), "{verb}: {happened}");
    // An own call, then another party's.
    let (answer, err) = desk.run("originate 9196@127.0.0.1:5080 --wait 10").await;
    assert!(err.is_none(), "{answer} {err:?}");
    let own = answer.lines().last().unwrap().strip_prefix("answered ").unwrap().to_owned();
    let second = desk.stranger("4445", "5556", SECOND).await;
    desk.happened().await;
    let (said, err) = desk.run(&format!("{verb} {wait}last {rest}")).await;
    let happened = desk.happened().await;
    assert!(
        happened.contains(&own) || said.contains(&own) || verb == "answer",
        "{verb}: {said} {err:?}\n{happened}"
    );
    for stranger in [&first, &second] {
        assert!(!happened.contains(stranger.0), "{verb}: {happened}");
    }
    // It has ended: neither an older one nor another party's takes its place.
    let (_, err) = desk.run("hupall").await;
    assert!(err.is_none(), "{err:?}");
    let (_, err) = desk.run("expect hangup last 10").await;
    assert!(err.is_none(), "{err:?}");
    let said = desk.fails(&format!("{verb} {wait}last {rest}")).await;
    assert!(said.starts_with("last has ended with ") && said.contains(&own), "{verb}: {said}");
    assert!(said.contains(&format!("why {}", own.get(..8).unwrap())), "{verb}: {said}");
    desk.run("originate --wait 10 error/USER_BUSY &park").await;
    let said = desk.fails(&format!("{verb} {wait}last {rest}")).await;
    assert!(said.starts_with("last has failed: -ERR USER_BUSY\n"), "{verb}: {said}");
    let happened = desk.happened().await;
    for stranger in [&first, &second] {
        assert!(!happened.contains(stranger.0), "{verb}: {happened}");
    }
    // An id is deliberate, and so is --yes: the answer names the call.
    for (name, yes, id, parties) in
        [("11111111", "", FIRST, "4444 -> 5555"), ("4445", "--yes ", SECOND, "4445 -> 5556")]
    {
        let (said, err) = desk.run(&format!("{verb} {wait}{yes}{name} {rest}")).await;
        let named = format!("call {id}, {parties}, not yours\n");
        assert!(said.starts_with(&named), "{verb} {name}: {said} {err:?}");
        let happened = desk.happened().await;
        // What the switch calls itself has no caller that could be answered.
        let is_done = happened.contains(id) || said.matches(id).count() > 1;
        assert!(is_done || verb == "answer", "{verb}: {said} {err:?}\n{happened}");
    }
    desk.shell.close().await;
}

/// These wait for nothing.
const CHANGES_AT_ONCE: &[&str] = &["setvar"];

#[limited::test(threads)]
async fn what_reads_says_whose_the_newest_call_is_until_there_is_one_of_its_own() {
    for (start, rest) in READS {
        let desk = Desk::new().await;
        let line = format!("{start} {rest}");
        desk.run("log info").await;
        desk.stranger("4444", "5555", FIRST).await;
        let (said, err) = desk.run(&line).await;
        let note = format!("last is not yours: {FIRST}, 4444 -> 5555\n");
        assert!(said.contains(&note) && err.is_none(), "{line}: {said} {err:?}");
        let (answer, _) = desk.run("originate 9196@127.0.0.1:5080 --wait 10").await;
        let own = answer.lines().last().unwrap().strip_prefix("answered ").unwrap().to_owned();
        desk.stranger("4445", "5556", SECOND).await;
        let (said, err) = desk.run(&line).await;
        assert!(!said.contains("not yours") && err.is_none(), "{line}: {said} {err:?}");
        let is_named = said.contains(own.get(..8).unwrap());
        assert!(is_named, "{line}: {said}");
        desk.shell.close().await;
    }
}

#[limited::test]
async fn at_a_prompt_a_number_of_another_party_is_asked_about() {
    let desk = Desk::new().await;
    desk.stranger("4444", "5555", FIRST).await;
    let (requests, mut asked) = mpsc::channel(1);
    let (answers, mut typed) = mpsc::channel::<&str>(1);
    let asking = tokio::spawn(async move {
        let mut questions = Vec::new();
        while let Some(OperatorRequest::Answer { question, answer }) = asked.recv().await {
            questions.push(question);
            answer.send(typed.recv().await.unwrap().to_owned()).unwrap();
        }
        questions
    });
    for (answer, is_done) in [("n", false), ("", false), ("y", true)] {
        answers.send(answer).await.unwrap();
        let mut text = String::new();
        let operator = Some(Operator::new(requests.clone()));
        let output = Output::new(&mut text).with_operator(operator);
        let ran = desk.shell.run_line("hangup 5555", output).await;
        assert_eq!(ran.is_ok(), is_done, "{answer:?}: {text} {ran:?}");
        assert_eq!(text.contains("hung up"), is_done, "{answer:?}: {text}");
    }
    drop(requests);
    let questions = asking.await.unwrap();
    assert_eq!(questions.len(), 3);
    let wanted = format!("5555 names a call that is not yours: {FIRST}, 4444 -> 5555");
    assert!(questions.iter().all(|question| question.starts_with(&wanted)), "{questions:?}");
    desk.shell.close().await;
}

#[limited::test]
async fn last_is_of_the_switch_that_a_line_is_for() {
    let desk = Desk::new().await;
    let other = desk.shell.start_sim(sim::Config::new().with_seed(8)).await.unwrap();
    desk.run("originate --wait 10 {origination_uuid=own-0001}null/1 &park").await;
    desk.shell.connect("other", other).await.unwrap();
    let said = desk.fails("hangup last").await;
    assert!(said.starts_with("no call is running"), "{said}");
    let (said, err) = desk.run("@pbx hangup last").await;
    assert!(said.contains("own-0001 hung up") && err.is_none(), "{said} {err:?}");
    desk.shell.close().await;
}

#[limited::test]
async fn every_way_to_start_a_call_and_to_write_a_line_means_the_same_last() {
    for start in [
        "originate --wait 10 {origination_uuid=own-0001}null/1 &park",
        "api originate {origination_uuid=own-0001}null/1 &park",
        "bgapi --wait 10 originate {origination_uuid=own-0001}null/1 &park",
        "o {origination_uuid=own-0001}null/1",
    ] {
        let desk = Desk::new().await;
        desk.run("alias o api originate $1 &park").await;
        desk.run("alias bye hangup last").await;
        let (_, err) = desk.run(start).await;
        assert!(err.is_none(), "{start}: {err:?}");
        desk.stranger("4444", "5555", FIRST).await;
        for line in ["getvar last uuid", "/getvar last uuid", "sleep 0;; getvar last uuid"] {
            let (said, err) = desk.run(line).await;
            assert_eq!((said.trim(), err.is_none()), ("own-0001", true), "{start} {line}");
        }
        let (said, err) = desk.run("bye").await;
        assert!(said.contains("own-0001 hung up") && err.is_none(), "{start}: {said} {err:?}");
        desk.shell.close().await;
    }
}

#[limited::test]
async fn a_value_that_is_kept_has_no_note_in_it() {
    let desk = Desk::new().await;
    desk.stranger("4444", "5555", FIRST).await;
    let (said, err) = desk.run("let id = $(getvar last uuid)").await;
    assert!(said.starts_with("last is not yours: ") && err.is_none(), "{said} {err:?}");
    assert_eq!(desk.run("let id").await.0, format!("{FIRST}\n"));
    desk.shell.close().await;
}

#[limited::test]
async fn an_older_call_does_not_take_the_place_of_the_last() {
    let desk = Desk::new().await;
    desk.run("originate --wait 10 {origination_uuid=older-0001}null/1 &park").await;
    desk.run("originate --wait 10 {origination_uuid=newer-0002}null/2 &park").await;
    desk.run("hangup last").await;
    let said = desk.fails("hangup last").await;
    assert!(said.starts_with("last has ended with NORMAL_CLEARING: newer-0002"), "{said}");
    assert!(said.contains("your call older-0001"), "{said}");
    let (said, err) = desk.run("hangup older-0001").await;
    assert!(said.contains("call older-0001 hung up") && err.is_none(), "{said} {err:?}");
    desk.shell.close().await;
}

#[limited::test]
async fn why_explains_the_last_originate_whatever_others_do() {
    for (line, wanted) in [
        // Its channel is there, and is not.
        ("originate --wait 10 sofia/external/nobody@127.0.0.1:5099 &park", "nobody"),
        ("originate --wait 10 error/USER_BUSY &park", "USER_BUSY"),
        ("api originate error/CALL_REJECTED &park", "CALL_REJECTED"),
        ("bgapi --wait 10 originate error/NO_ANSWER &park", "NO_ANSWER"),
    ] {
        let desk = Desk::new().await;
        let (said, _) = desk.run("originate --wait 10 null/1 &park").await;
        assert!(said.contains("answered"), "{said}");
        let said = desk.fails(line).await;
        assert!(!said.is_empty());
        // Other parties fail meanwhile, and talk.
        desk.stranger("4444", "5555", FIRST).await;
        let _failed = desk.others.cmd("originate error/SUBSCRIBER_ABSENT &park").await;
        let _failed = desk.others.cmd("originate sofia/external/zebra@127.0.0.1:5099 &park").await;
        for why in ["why", "why last"] {
            let (said, err) = desk.run(why).await;
            assert!(said.contains(wanted) && err.is_none(), "{line}: {said} {err:?}");
            for other in ["4444", "zebra", "SUBSCRIBER_ABSENT", "it runs"] {
                assert!(!said.contains(other), "{line}: {said}");
            }
        }
        desk.shell.close().await;
    }
}

#[limited::test]
fn numbers_are_the_same_with_and_without_the_international_sign() {
    for (one, other, same) in [
        ("+18005551234", "18005551234", true),
        ("0018005551234", "+18005551234", true),
        ("1000", "1000", true),
        ("1000", "100", false),
        ("0000000000", "", false),
        ("0000000000", "0000000000", true),
        ("01", "1", false),
        ("+", "", false),
    ] {
        assert_eq!(is_same_number(one, other), same, "{one} {other}");
    }
}

#[limited::test]
fn a_start_counts_as_an_id_when_it_is_as_long_as_tables_show_it() {
    for (word, is_whole, by) in [
        ("6c1d2a5e", false, By::Id),
        ("6c1d2a5e-0001", false, By::Id),
        ("6c1d", false, By::Number),
        ("1000", false, By::Number),
        ("1000", true, By::Id),
    ] {
        assert_eq!(By::of(word, is_whole), by, "{word}");
    }
}
