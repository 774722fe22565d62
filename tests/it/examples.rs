//! Every example that help shows is run, each in a session of its own, as an operator types it.
//!
//! What differs from system to system stands for something here: see [`STAND_INS`] and [`session`].
//! An example fails the test when its line fails. One that goes on (`watch`) is stopped after a while.

use std::time::Duration;

use switchy::shell::{CommandError, Next, Operator, OperatorRequest, Output, Settings, Shell};
use switchy::sim::Config;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

#[limited::test(threads)]
async fn every_example_of_help_runs() {
    let shell = Shell::new(Settings::default(), None, false);
    let listed = answer(&shell, "help").await.unwrap();
    let commands = listed.split("\nTopics:").next().unwrap();
    let verbs =
        commands.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let (mut wrong, mut sessions, mut count) = (Vec::new(), JoinSet::new(), 0);
    for verb in verbs {
        let help = answer(&shell, &format!("help {verb}")).await.unwrap();
        let examples = examples(&help);
        if examples.len() < 3 {
            wrong.push(format!("help {verb}: {} examples, not three", examples.len()));
        }
        for example in examples {
            count += 1;
            // Not all at once: a small machine would only wait.
            if sessions.len() >= 8 {
                wrong.extend(sessions.join_next().await.and_then(Result::unwrap));
            }
            sessions.spawn(check(verb.to_owned(), example));
        }
    }
    wrong.extend(sessions.join_all().await.into_iter().flatten());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count >= 60, "only {count} examples were found");
}

/// The lines below "Examples:", up to the next that is not indented.
fn examples(help: &str) -> Vec<String> {
    let mut lines = help.lines().map(str::trim_end);
    lines.find(|line| *line == "Examples:");
    let examples = lines.take_while(|line| line.starts_with("  "));
    examples.map(|line| line.trim().to_owned()).collect()
}

async fn check(verb: String, example: String) -> Option<String> {
    let (shell, names) = session(&verb, &example).await;
    let line = names.iter().fold(example.clone(), |line, (name, found)| line.replace(name, found));
    // What an example writes goes where it is thrown away.
    let folder = tempfile::tempdir().unwrap();
    let line = ["calls.csv", "events.txt", "call.log"]
        .iter()
        .fold(line, |line, name| line.replace(name, folder.path().join(name).to_str().unwrap()));
    let old = folder.path().join("fs_cli_history");
    std::fs::write(&old, "_HiStOrY_V2_\nshow\\040calls\n").unwrap();
    let line = line.replace("~/.fs_cli_history", old.to_str().unwrap());
    let incident = folder.path().join("incident.jsonl");
    let incident = incident.to_str().unwrap();
    if verb == "replay" || example == "transcript stop" {
        answer(&shell, &format!("transcript start {incident}")).await.unwrap();
    }
    if verb == "replay" {
        answer(&shell, "transcript stop").await.unwrap();
    }
    let line = line.replace("incident.jsonl", incident);
    let ivr = folder.path().join("ivr.lua");
    std::fs::write(&ivr, IVR).unwrap();
    let ivr = ivr.to_str().unwrap();
    let line = line.replace("./ivr.lua", ivr);
    // What an example goes on with has been begun.
    if verb == "reload-app" {
        answer(&shell, &format!("load-app {ivr}")).await.unwrap();
    }
    if example.starts_with("record") && !example.contains(" start ") {
        let file = example.split_whitespace().last().unwrap();
        answer(&shell, &format!("record {} start {file}", names[0].1)).await.unwrap();
    }
    let ran = timeout(LONG, answer(&shell, &line)).await;
    shell.close().await;
    match ran {
        Ok(Err(err)) => Some(format!("help {verb}: {example}\n  as {line}\n  fails: {err:?}")),
        _ => None,
    }
}

/// A shell with the switches `pbx2` and `pbx1`, both simulated, and on the second, which is current,
/// a call from 1000, a loaded TonePlay and a job that is done. What the names in examples stand for.
async fn session(verb: &str, example: &str) -> (Shell, Vec<(&'static str, String)>) {
    let shell = Shell::new(Settings::default(), None, false);
    let mut ports = Vec::new();
    for name in ["pbx2", "pbx1"] {
        let sim = Config::new().with_seed(7).with_user("1000@pbx.example.com", "ClueCon");
        let config = shell.start_sim(sim).await.unwrap();
        ports.push(config.port());
        shell.connect(name, config).await.unwrap();
    }
    let call = "originate --var origination_caller_id_number=1000 9196@127.0.0.1:5080 --wait 10";
    let said = answer(&shell, call).await.unwrap();
    let call = said.split_whitespace().last().unwrap().to_owned();
    // Verbs about two calls, or about one that is not answered, have a second one.
    let mut second = String::new();
    let target = match verb {
        "answer" => "park@127.0.0.1:5090",
        "bridge" | "dump" => "9197@127.0.0.1:5080 --wait 10",
        _ => "",
    };
    if !target.is_empty() {
        let call = format!("originate --var origination_caller_id_number=1001 {target}");
        let said = answer(&shell, &call).await.unwrap();
        second = said.split_whitespace().last().unwrap().to_owned();
    }
    // What an example does must not be done already.
    if !example.starts_with("load-app") && verb != "with" {
        answer(&shell, "load-app TonePlay").await.unwrap();
    }
    if verb == "log" {
        answer(&shell, "log info").await.unwrap();
    }
    let said = answer(&shell, "bgapi status").await.unwrap();
    let job = said.split_whitespace().nth(1).unwrap().to_owned();
    answer(&shell, "wait last").await.unwrap();
    // What is waited for has happened.
    if example.starts_with("expect hangup") || example.starts_with("expect calls") {
        answer(&shell, "hangup last").await.unwrap();
    }
    let mut names = vec![(STAND_INS[0], call), (STAND_INS[1], job)];
    names.push((STAND_INS[4], second));
    if verb == "source" {
        names.push(("checks.switchy", "tests/it/scripts/source/good.switchy".to_owned()));
    }
    if verb == "connect" {
        names.push((STAND_INS[2], format!("127.0.0.1:{}", ports[0])));
        names.push((STAND_INS[3], format!("127.0.0.1:{}", ports[1])));
    }
    (shell, names)
}

/// What stands for the operator's own app.
const IVR: &str = "function on_park(session) session:answer() session:play(args.greeting) end";

/// A call, a job, two hosts, and a second call.
const STAND_INS: [&str; 5] = ["6c1d2a5e", "7f3e9b02", "pbx1", "10.0.0.1:8022", "8f00b204"];

/// Runs a line for an operator who agrees to everything.
async fn answer(shell: &Shell, line: &str) -> Result<String, CommandError> {
    let (requester, mut requests) = mpsc::channel(1);
    let agreeing = tokio::spawn(async move {
        while let Some(request) = requests.recv().await {
            if let OperatorRequest::Answer { question, answer } = request {
                let word = if question.contains("pbx1") && !question.contains("yes") {
                    "pbx1"
                } else {
                    "yes"
                };
                drop(answer.send(word.to_owned()));
            }
        }
    });
    let mut text = String::new();
    let output = Output::new(&mut text).with_operator(Some(Operator::new(requester)));
    let ran = shell.run_line(line, output).await;
    agreeing.abort();
    ran.map(|next| match next {
        Next::Go | Next::Exit => text,
    })
}

/// An example that runs for so long had nothing to complain about.
const LONG: Duration = Duration::from_secs(20);
