//! A session that is written down and opened again gives the same answers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use switchy::shell::{CommandError, Output, Profile, Settings, Shell};
use switchy::sim::Config;

use crate::support::{self, SOON};

async fn ask(shell: &Shell, line: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    shell.run_line(line, Output::new(&mut text)).await.map(|_next| text)
}

/// Asks until the answer has something in it.
async fn until(shell: &Shell, line: &str, wanted: &str) -> String {
    support::until(SOON, &format!("{wanted} in the answer to {line}"), async || {
        let text = ask(shell, line).await.unwrap();
        if text.contains(wanted) { Ok(text) } else { Err(text) }
    })
    .await
}

/// A shell with a simulated switch under this name.
async fn session(name: &str) -> Shell {
    let shell = Shell::new(Settings::default(), None, false);
    let config = shell.start_sim(Config::new().with_seed(7)).await.unwrap();
    shell.connect(name, config).await.unwrap();
    shell
}

async fn replayed(path: &std::path::Path) -> Shell {
    let shell = Shell::new(Settings::default(), None, false);
    ask(&shell, &format!("replay {}", path.display())).await.unwrap();
    shell
}

async fn count(shell: &Shell) -> String {
    let count = ask(shell, "calls --count -o csv").await.unwrap();
    count.lines().nth(1).unwrap().to_owned()
}

/// The answers that have to be the same, of whatever runs and what ended.
const ASKED: &[&str] = &[
    "calls --columns id,sessions,dir,from,to,state,ring,app,channel,tag,own -o json",
    "calls --ended -o json",
    "calls --count -o csv",
];

#[limited::test(threads)]
async fn a_replay_answers_as_the_session_did() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("incident.jsonl");
    let shown = path.display();
    let shell = session("pbx").await;
    // Two are up before; of one the end is seen.
    ask(&shell, "load-app TonePlay").await.unwrap();
    ask(&shell, "originate park@127.0.0.1:5090 --app TonePlay --wait 20").await.unwrap();
    ask(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
    ask(&shell, &format!("transcript start {shown}")).await.unwrap();
    ask(&shell, "hangup last").await.unwrap();
    until(&shell, "calls --ended -o json", "NORMAL_CLEARING").await;
    ask(&shell, "originate --wait 20 error/USER_BUSY &park").await.unwrap_err();
    ask(&shell, "originate 9197@127.0.0.1:5080 --wait 20").await.unwrap();
    let id = ask(&shell, "calls --limit 1 --sort created:desc --columns id -o csv").await.unwrap();
    let id = id.lines().nth(1).unwrap().to_owned();
    ask(&shell, &format!("hangup {id}")).await.unwrap();
    until(&shell, "calls --ended -o json", &id).await;
    until(&shell, "jobs", "USER_BUSY").await;
    until(&shell, "calls --count -o csv", "\n1").await;
    let asked: Vec<String> =
        ASKED.iter().map(|line| (*line).to_owned()).chain([format!("why {id}")]).collect();
    let mut lived = Vec::new();
    for line in &asked {
        lived.push(ask(&shell, line).await.unwrap());
    }
    assert!(lived[0].contains("TonePlay") && lived[3].contains("NORMAL_CLEARING"), "{lived:?}");
    let told = ask(&shell, "transcript stop").await.unwrap();
    assert!(told.contains("incident.jsonl") && !told.contains("lost"), "{told}");
    let again = ask(&shell, &format!("transcript start {shown}")).await.unwrap_err();
    assert!(again.message.contains("there already"), "{again}");
    shell.close().await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let shell = replayed(&path).await;
    for (line, lived) in asked.iter().zip(&lived) {
        assert_eq!(&ask(&shell, line).await.unwrap(), lived, "{line}");
    }
    let jobs = ask(&shell, "jobs").await.unwrap();
    assert!(jobs.contains("USER_BUSY"), "{jobs}");
    let events = ask(&shell, "events last 1000").await.unwrap();
    assert!(events.contains("pbx> hangup last") && events.contains("ended NORMAL_"), "{events}");
    let refused = ask(&shell, "status").await.unwrap_err();
    assert!(refused.message.contains("this is a recording"), "{refused}");
    // How it was before anything happened.
    let first = fs::read_to_string(&path).unwrap();
    let first = first.lines().find(|line| line.contains("\"state\"")).unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    let at = first["time"].as_str().unwrap();
    ask(&shell, &format!("replay {shown} --until {at}")).await.unwrap();
    assert_eq!(count(&shell).await, "2");
    // And as it went on.
    ask(&shell, &format!("replay {shown} --speed 1000000")).await.unwrap();
    until(&shell, "calls --ended -o json", &id).await;
}

#[limited::test(threads)]
async fn what_is_broken_is_opened_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.jsonl");
    let shell = session("pbx").await;
    ask(&shell, &format!("transcript start {}", path.display())).await.unwrap();
    ask(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
    shell.close().await;
    let text = fs::read_to_string(&path).unwrap();
    let number = text.lines().count() + 1;
    let hostile = "{\"time\":\"2026-01-01T00:00:00Z\",\"kind\":\"event\",\"switch\":\"a\u{1b}[2Jb\",\
        \"headers\":{\"Event-Name\":\"CHANNEL_CREATE\",\"Unique-ID\":\"\\u001b[31mx\",\"Caller-Destination-Number\":\"\\u001b]0;x\\u0007\"}}\n";
    for (tail, told) in [
        ("{\"kind\":\"ev", format!("cut.jsonl:{number}: the last line is cut off")),
        ("what?\n", format!("cut.jsonl:{number}: no JSON")),
        ("[]\n{}\n", format!("cut.jsonl:{number}: neither a line of a transcript")),
        ("{\"kind\":\"event\"}\n", format!("cut.jsonl:{number}: \"\" is not a time")),
        (
            "{\"kind\":\"event\",\"time\":\"2026-01-01T00:00:00Z\"}\n",
            format!("cut.jsonl:{number}: event without headers"),
        ),
        (
            "{\"kind\":\"state\",\"time\":\"2026-01-01T00:00:00Z\",\"legs\":[{}]}\n",
            format!("cut.jsonl:{number}: missing field"),
        ),
        ("\u{0}\u{1}\n", format!("cut.jsonl:{number}: no JSON")),
    ] {
        fs::write(&path, format!("{text}{tail}")).unwrap();
        let shell = Shell::new(Settings::default(), None, false);
        let said = ask(&shell, &format!("replay {}", path.display())).await.unwrap_err();
        let words = &said.message;
        assert!(words.contains(&told) && words.contains("what stands before is here"), "{said:?}");
        assert_eq!(count(&shell).await, "1", "{tail}");
    }
    // What a terminal would obey is shown as text, and what comes later is kept apart.
    fs::write(&path, format!("{text}{}", hostile.replace('\u{1b}', "\\u001b"))).unwrap();
    let shell = replayed(&path).await;
    for line in ["hosts", "@all calls", "events last", "@all channels"] {
        let said = ask(&shell, line).await.unwrap_or_else(|err| err.to_string());
        assert!(!said.contains(['\u{1b}', '\u{7}']), "{line}: {said:?}");
    }
    // What is no recording at all is refused.
    for (content, told) in [
        ("", "is empty"),
        ("name = 1\n", "cut.jsonl:1: no JSON"),
        ("{\"a\":1}\n", "cut.jsonl:1: neither a line"),
        (
            "{\"kind\":\"start\",\"time\":\"2026-01-01T00:00:00Z\",\"form\":99,\"switchy\":\"9.0\"}\n",
            "cut.jsonl:1: written by a later version of this program: 9.0",
        ),
    ] {
        fs::write(&path, content).unwrap();
        let shell = Shell::new(Settings::default(), None, false);
        let err = ask(&shell, &format!("replay {}", path.display())).await.unwrap_err();
        assert!(err.message.contains(told), "{err}");
        assert!(shell.switches().is_empty());
    }
}

#[limited::test(threads)]
async fn a_transcript_holds_no_secret() {
    const SECRET: &str = "hunter2-of-mine";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.jsonl");
    let shell = Shell::new(Settings::default(), None, false);
    let sim = Config::new().with_seed(7).with_password(SECRET);
    let config = shell.start_sim(sim).await.unwrap();
    let port = config.port();
    shell.connect("pbx", config.with_password(SECRET)).await.unwrap();
    ask(&shell, "alias go connect 127.0.0.1 -P $1 -p $2").await.unwrap();
    ask(&shell, &format!("transcript start {}", path.display())).await.unwrap();
    for line in [
        format!("connect 127.0.0.1:{port} -p {SECRET}"),
        format!("@pbx connect 127.0.0.1 --port {port} --password={SECRET}"),
        format!("status ;; connect 127.0.0.1:{port} -p{SECRET}"),
        format!("go {port} {SECRET}"),
        format!("originate --var sip_auth_password={SECRET} 9196@127.0.0.1:5080 --wait 20"),
        format!("global_setvar default_password={SECRET}"),
        "global_getvar default_password".to_owned(),
        "global_getvar".to_owned(),
        "eval $${default_password}".to_owned(),
        "bgapi global_getvar default_password".to_owned(),
        "wait last".to_owned(),
        format!("setvar last my_secret {SECRET}"),
        "dump last".to_owned(),
        format!("echo says {SECRET}"),
        "calls -o json".to_owned(),
    ] {
        // Some fail, with a text that is kept as well.
        let _failed = ask(&shell, &line).await.is_err();
    }
    let sim: Profile = Profile::new("x", switchy::conn::Config::new("x"));
    assert!(shell.is_private(&format!("go {port} {SECRET}")) && !shell.is_private(&sim.name));
    until(&shell, "calls --count -o csv", "\n1").await;
    ask(&shell, "transcript stop").await.unwrap();
    shell.close().await;
    let text = fs::read_to_string(&path).unwrap();
    let found: Vec<&str> = text.lines().filter(|line| line.contains(SECRET)).collect();
    assert!(found.is_empty(), "{found:#?}");
    assert!(text.contains("connect 127.0.0.1") && text.contains("CHANNEL_CREATE"), "{text}");
    assert_eq!(replayed(&path).await.switches().len(), 3);
}
