//! What a command says was done, was done; what was not, is an error or said to be so.

use std::time::{Duration, Instant};

use switchy::shell::{
    CommandError, Kind, Next, Operator, OperatorRequest, Output, Settings, Shell,
};
use switchy::sim::{Config, Fault, Sim};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::support::{self, SOON};

async fn start() -> (Sim, Shell) {
    let sim = Sim::start(Config::new().with_seed(7));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let shell = Shell::new(Settings::default(), None, false);
    let config = switchy::conn::Config::new("127.0.0.1").with_port(port);
    shell.connect("pbx", config).await.unwrap();
    (sim, shell)
}

async fn run(shell: &Shell, line: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    shell.run_line(line, Output::new(&mut text)).await.map(|_next| text)
}

/// Runs a line at a prompt, where each question gets this answer.
pub(crate) async fn at_prompt(
    shell: &Shell,
    line: &str,
    answer: &str,
) -> (Result<Next, CommandError>, String, Vec<String>) {
    let (requester, mut requests) = mpsc::channel(1);
    let word = answer.to_owned();
    let operator = tokio::spawn(async move {
        let mut questions = Vec::new();
        while let Some(request) = requests.recv().await {
            if let OperatorRequest::Answer { question, answer } = request {
                questions.push(question);
                answer.send(word.clone()).unwrap();
            }
        }
        questions
    });
    let mut text = String::new();
    let output = Output::new(&mut text).with_operator(Some(Operator::new(requester)));
    let ran = shell.run_line(line, output).await;
    (ran, text, operator.await.unwrap())
}

async fn until(shell: &Shell, line: &str, is_so: impl Fn(&str) -> bool) -> String {
    support::until(SOON, line, async || {
        let answer = run(shell, line).await.unwrap();
        if is_so(&answer) { Ok(answer) } else { Err(answer) }
    })
    .await
}

async fn call(shell: &Shell, to: &str) -> String {
    let text = run(shell, &format!("originate {to} --wait 20")).await.unwrap();
    text.rsplit_once("answered ").unwrap().1.trim().to_owned()
}

/// Each verb that sends something and confirms it, where it did not come about.
#[limited::test]
async fn what_was_not_done_is_not_said_to_be_done() {
    let (_sim, shell) = start().await;
    let id = call(&shell, "9196@127.0.0.1:5080").await;
    for (line, expected) in [
        ("mute ID off --timeout 1", Ok("was not muted: nothing changed")),
        ("play --timeout 1 ID --stop", Ok("was playing nothing: nothing changed")),
        ("play --stop --timeout 1 ID", Ok("was playing nothing: nothing changed")),
        ("play ID tone_stream://%(100,0,440) --leg both", Err("--leg must come before the path")),
        ("play ID /nonexist.wav", Err("FILE NOT FOUND")),
        ("execute --wait 5 ID playback /nonexist.wav", Err("FILE NOT FOUND")),
        ("execute ID nosuchapp x", Err("no application")),
        ("record ID stop /tmp/nothing.wav", Err("Cannot stop record session")),
        ("record ID start /tmp/a b.wav", Ok("is recorded to /tmp/a b.wav")),
        ("record ID stop /tmp/a b.wav", Ok("stopped recording /tmp/a b.wav")),
        ("hold ID off", Ok("is off hold already")),
        ("unload-app TonePlay --hangup", Err("no app \"TonePlay\" is loaded")),
        ("sched-hangup ID --cancel", Ok("0 tasks taken back")),
        ("transfer ID nosuchext XML public", Err("ran set, export, then its dial plan ended")),
        ("hangup ID", Err("no call is named")),
    ] {
        let line = line.replace("ID", &id);
        match (run(&shell, &line).await, expected) {
            (Ok(text), Ok(part)) => assert!(text.contains(part), "{line}: {text}"),
            (Err(err), Err(part)) => assert!(err.message.contains(part), "{line}: {err:?}"),
            (ran, _) => panic!("{line}: {ran:?}, but expected {expected:?}"),
        }
    }
}

#[limited::test]
async fn a_slow_line_at_the_prompt_ends_with_its_answer() {
    let (sim, shell) = start().await;
    sim.inject(Fault::Clear);
    let (ran, text, _) = at_prompt(&shell, "api --timeout 20 msleep 1200", "").await;
    assert_eq!((ran.is_ok(), text.trim()), (true, "+OK"), "{ran:?} {text}");
    let (ran, _, _) = at_prompt(&shell, "api --timeout 1 msleep 3000", "").await;
    let err = ran.unwrap_err();
    assert_eq!(err.kind, Kind::TimedOut);
    assert!(err.message.starts_with("no answer within 1 s: msleep 3000"), "{err:?}");
    assert!(err.hints[0].contains("job "), "{err:?}");
}

#[limited::test]
async fn a_leg_that_cannot_be_hung_up_keeps_no_other_alive() {
    for line in ["kill where to=9196 --yes --rate max", "hangup ID"] {
        let (sim, shell) = start().await;
        let id = call(&shell, "9196@127.0.0.1:5080").await;
        let other = call(&shell, "9196@127.0.0.1:5080").await;
        sim.inject(Fault::Deny { command_prefix: format!("api uuid_kill {id}") });
        let err = run(&shell, &line.replace("ID", &id)).await.expect_err(line);
        assert!(matches!(err.kind, Kind::Partial | Kind::Refused), "{line}: {err:?}");
        // The far end of the refused one was hung up, and it ended with it.
        until(&shell, "calls", |text| !text.contains(id.get(..8).unwrap())).await;
        let left = run(&shell, "calls").await.unwrap();
        assert_eq!(
            left.contains(other.get(..8).unwrap()),
            line.starts_with("hangup"),
            "{line}: {left}"
        );
        shell.close().await;
    }
}

#[limited::test]
async fn a_rate_is_not_exceeded_after_a_pause() {
    let (sim, shell) = start().await;
    for _call in 0..5 {
        call(&shell, "9196@127.0.0.1:5080").await;
    }
    let by = Duration::from_secs(1);
    sim.inject(Fault::LateReply { command_prefix: "api uuid_kill".to_owned(), by });
    let start = Instant::now();
    run(&shell, "kill where to=9196 --yes --rate 5/s").await.unwrap();
    // The first one takes a second; the four others 0.2 s each, none of them at once.
    let took = start.elapsed();
    assert!(took >= by + Duration::from_millis(600), "{took:?}");
}

#[limited::test]
async fn test_apps_give_a_verdict() {
    let (_sim, shell) = start().await;
    let park = "originate park@127.0.0.1:5090 --wait 20";
    let passed = run(&shell, &format!("with DtmfChecker sequence=12# {park} --hold 3")).await;
    let passed = passed.unwrap();
    assert!(passed.contains("DtmfChecker passed: legs that got all 3 digits: 1"), "{passed}");
    let line = format!("with DtmfChecker sequence=123456789012345 {park} --hold 1");
    let err = run(&shell, &line).await.unwrap_err();
    assert_eq!(err.kind, Kind::Refused);
    assert!(err.message.contains("DtmfChecker failed") && err.message.contains("too few: 1"));
    let err = run(&shell, "with DtmfChecker version").await.unwrap_err();
    assert!(err.message.contains("no leg was called"), "{err:?}");
    let passed = run(&shell, &format!("with Bert load=yes {park} --hold 3")).await.unwrap();
    assert!(passed.contains("Bert passed: legs in sync: 1, that lost it: 0"), "{passed}");
}

#[limited::test]
async fn a_record_is_there_when_its_script_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (round, end) in [
        "hupall",
        "hangup ID",
        "kill where to=park --yes",
        "unload-app TonePlay+Cdr --hangup",
        "exit",
    ]
    .iter()
    .enumerate()
    {
        let (_sim, shell) = start().await;
        let path = folder.path().join(format!("{round}.csv"));
        let file = path.display();
        if *end == "exit" {
            let line = format!(
                "with TonePlay+Cdr file={file} originate park@127.0.0.1:5090 --wait 20 --hold 1"
            );
            run(&shell, &line).await.unwrap();
        } else {
            run(&shell, &format!("load-app TonePlay+Cdr file={file}")).await.unwrap();
            let line = "originate park@127.0.0.1:5090 --app TonePlay+Cdr --wait 20";
            let text = run(&shell, line).await.unwrap();
            let id = text.rsplit_once("answered ").unwrap().1.trim();
            run(&shell, &end.replace("ID", id)).await.unwrap();
        }
        shell.close().await;
        let rows = std::fs::read_to_string(&path).unwrap();
        assert_eq!(rows.lines().count(), 2, "{end}: {rows}");
    }
}

#[limited::test]
async fn an_app_that_is_unloaded_says_what_became_of_how_many() {
    let (_sim, shell) = start().await;
    run(&shell, "load-app TonePlay").await.unwrap();
    run(&shell, "originate park@127.0.0.1:5090 --app TonePlay --wait 20").await.unwrap();
    let text = run(&shell, "unload-app TonePlay --hangup").await.unwrap();
    assert!(text.contains("its 2 sessions were hung up"), "{text}");
    assert!(run(&shell, "calls").await.unwrap().contains("no calls"));
    let text = run(&shell, "load-app TonePlay --as default").await.unwrap();
    run(&shell, "bgapi originate sofia/park/x@127.0.0.1:5090 &park").await.unwrap();
    until(&shell, "channels --count", |text| text.contains('2')).await;
    let text = text + &run(&shell, "unload-app default --hangup").await.unwrap();
    assert!(text.contains("it had no calls: none was hung up"), "{text}");
    assert!(text.contains("2 sessions of others that it acted on continue"), "{text}");
    until(&shell, "channels --count", |text| text.contains('2')).await;
}

#[limited::test]
async fn leaving_says_what_is_left() {
    let (_sim, shell) = start().await;
    let (ran, _, questions) = at_prompt(&shell, "exit", "n").await;
    assert_eq!((ran.unwrap(), questions.len()), (Next::Exit, 0));
    run(&shell, "load-app TonePlay").await.unwrap();
    call(&shell, "9196@127.0.0.1:5080").await;
    let (ran, _, questions) = at_prompt(&shell, "exit", "n").await;
    assert_eq!(ran.unwrap_err().kind, Kind::Interrupted);
    assert!(questions[0].contains("1 call of this shell continues"), "{questions:?}");
    assert!(questions[0].contains("TonePlay"), "{questions:?}");
    let (ran, _, questions) = at_prompt(&shell, "exit", "y").await;
    assert_eq!((ran.unwrap(), questions.len()), (Next::Exit, 1));
    let text = run(&shell, "exit").await.unwrap();
    assert!(text.contains("1 call of this shell continues"), "{text}");
}

/// A path by which something reaches the server, with `%` where the harm stands.
const PATHS: &[&str] = &[
    "originate {api_hangup_hook='%'}user/1000 &park",
    "originate 9196@127.0.0.1:5080 --var 'api_on_answer=%'",
    "originate 9196@127.0.0.1:5080 --count 2 --var 'execute_on_answer=set api_hangup_hook=%'",
    "with TonePlay originate 9196@127.0.0.1:5080 --var 'api_on_answer=%'",
    "setvar ID api_on_answer %",
    "setvar ID execute_on_answer set api_hangup_hook=%",
    "execute ID set api_hangup_hook=%",
    "execute ID bridge {api_on_answer='%'}user/1000",
    "execute ID transfer 'set:api_on_answer=%' inline",
    "transfer ID set:api_hangup_hook='%' inline",
    "play ID set::api_hangup_hook=%",
    "bridge ID {api_on_answer='%'}user/1000",
    "%",
    "@pbx %",
    "x_alias",
    "let y = $x_variable",
    "api %",
    "bgapi %",
    "bgapi sched_api +1 none %",
    "expand %",
];

#[limited::test]
async fn the_guard_judges_the_effect_on_every_path() {
    for harm in ["fsctl crash", "hupall NORMAL_CLEARING a b c", "system ls"] {
        let (_sim, shell) = start().await;
        let id = call(&shell, "9196@127.0.0.1:5080").await;
        run(&shell, &format!("alias x_alias {harm}")).await.unwrap();
        for path in PATHS {
            // The shell's own hupall takes no pairs, and refuses them itself.
            if path.starts_with("let ") {
                continue;
            }
            let line = path.replace('%', harm).replace("ID", &id);
            let err = run(&shell, &line).await.expect_err(&line);
            assert!(err.message.starts_with("not sent: "), "{line}: {err:?}");
            let (ran, _, questions) = at_prompt(&shell, &line, "no").await;
            assert!(ran.is_err(), "{line}");
            assert!(questions.len() <= 1, "{line}: {questions:?}");
        }
        // What it would have ended is there.
        let calls = run(&shell, "calls").await.unwrap();
        assert!(calls.contains(id.get(..8).unwrap()), "{harm}: {calls}");
        shell.close().await;
    }
}

/// The SIP trace is one switch of the server: the last user turns it off.
#[limited::test]
async fn traces_do_not_switch_the_sip_trace_off_for_each_other() {
    let (sim, shell) = start().await;
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let other = Shell::new(Settings::default(), None, false);
    let config = switchy::conn::Config::new("127.0.0.1").with_port(port);
    other.connect("pbx", config).await.unwrap();
    call(&shell, "9196@127.0.0.1:5080").await;
    until(&other, "calls", |text| text.contains("9196")).await;
    let long = {
        let shell = shell.clone();
        tokio::spawn(async move { run(&shell, "trace 9196 --sip --for 5").await })
    };
    sleep(Duration::from_secs(1)).await;
    let short = run(&other, "trace 9196 --sip --for 1").await.unwrap();
    assert!(short.contains("still writes SIP messages: others use"), "{short}");
    let long = long.await.unwrap().unwrap();
    assert!(long.contains("the server writes no SIP messages any more"), "{long}");
    // What was switched on by hand stays on.
    run(&other, "sofia global siptrace on").await.unwrap();
    let text = run(&shell, "trace 9196 --sip --for 1").await.unwrap();
    assert!(text.contains("still writes SIP messages: others use"), "{text}");
    run(&other, "sofia global siptrace off").await.unwrap();
    let text = run(&shell, "trace 9196 --sip --for 1").await.unwrap();
    assert!(text.contains("the server writes no SIP messages any more"), "{text}");
}
