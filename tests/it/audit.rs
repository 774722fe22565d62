//! Who runs what on a switch, as `audit` hears it.

use std::time::Duration;

use serde_json::Value;
use switchy::client::Client;
use switchy::shell::{CommandError, Format, Output, Settings, Shell};
use switchy::sim::{Config, Sim};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{SOON, within};
use crate::trace::Feed;

/// A shell on a simulated switch, and another client there.
async fn shell_and_other() -> (Sim, Shell, Client) {
    let sim = Sim::start(Config::new().with_seed(7));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let config = switchy::conn::Config::new("127.0.0.1").with_port(port);
    let shell = Shell::new(Settings::default(), None, false);
    shell.connect("pbx", config.clone()).await.unwrap();
    let other = Client::with_config(config);
    other.connect().await.unwrap();
    (sim, shell, other)
}

/// Begins an audit, and returns what it writes.
fn audit(
    shell: &Shell,
    line: &'static str,
) -> (JoinHandle<Result<(), CommandError>>, UnboundedReceiver<String>) {
    let ((sender, told), shell) = (mpsc::unbounded_channel(), shell.clone());
    let audit = tokio::spawn(async move {
        let mut feed = Feed(sender);
        let output = Output::new(&mut feed).with_format(Some(Format::Jsonl));
        shell.run_line(line, output).await.map(drop)
    });
    (audit, told)
}

#[limited::test(threads)]
async fn commands_of_everybody_are_told_without_secrets() {
    let (_sim, shell, other) = shell_and_other().await;
    let (audit, mut told) = audit(&shell, "audit where arguments~mark --count 2");
    // It may not listen yet: until it does, nothing is told.
    let own = async {
        loop {
            let mut text = String::new();
            let line = "eval mark own password=hunter2";
            shell.run_line(line, Output::new(&mut text)).await.unwrap();
            other.cmd("global_setvar mark_secret=hunter3").await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = async {
        tokio::select! {
            () = own => unreachable!(),
            ended = audit => ended,
        }
    };
    within(SOON, "two lines of the audit", ended).await.unwrap().unwrap();
    let mut text = String::new();
    while let Ok(part) = told.try_recv() {
        text.push_str(&part);
    }
    let read = |line| serde_json::from_str::<Value>(line).unwrap();
    let mut lines: Vec<Value> = text.lines().map(read).collect();
    lines.sort_by_key(|line| line["command"].to_string());
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, command, arguments, own) in [
        (&lines[0], "eval", "mark own password=***", true),
        (&lines[1], "global_setvar", "mark_secret=***", false),
    ] {
        assert_eq!(line["command"], command, "{lines:?}");
        assert_eq!(line["arguments"], arguments, "{lines:?}");
        assert_eq!(line["own"], own, "{lines:?}");
        assert!(line["at_us"].as_u64().unwrap() > 0);
    }
}

#[limited::test(threads)]
async fn its_connection_is_closed_while_the_process_stands_still() {
    let (_sim, shell, other) = shell_and_other().await;
    let (audit, mut told) = audit(&shell, "audit where arguments~mark");
    let mut next = async || {
        let told = async {
            loop {
                other.cmd("global_setvar mark=1").await.unwrap();
                let soon = Duration::from_millis(50);
                if let Ok(Some(part)) = timeout(soon, told.recv()).await
                    && !part.trim().is_empty()
                {
                    return part;
                }
            }
        };
        within(SOON, "a command in the audit", told).await
    };
    assert!(next().await.contains("mark=1"));
    shell.pause().await;
    assert!(!audit.is_finished());
    shell.unpause();
    // What was on its way comes first.
    let mut text = next().await;
    while !text.contains("SWITCHY_LOST") {
        text = next().await;
    }
    assert!(text.contains("\"count\":null"), "{text}");
    assert!(next().await.contains("mark=1"));
    assert!(!audit.is_finished());
    audit.abort();
}
