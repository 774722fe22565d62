//! What the operator asked to be told of, on the simulated switch.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use switchy::shell::sampler::Line;
use switchy::shell::{Alert, Output, Settings, Shell};
use switchy::sim::Config;
use tokio::sync::mpsc;

use crate::support::{SOON, until, within};

async fn answer(shell: &Shell, line: &str) -> String {
    let mut text = String::new();
    shell.run_line(line, Output::new(&mut text)).await.unwrap();
    text
}

/// A call that ends with this cause: two legs, each with an end of its own.
async fn busy(shell: &Shell) {
    let to = "sofia/external/9196@127.0.0.1:5080";
    let said = answer(shell, &format!("originate --wait 20 {to} &park")).await;
    let id = said.split_whitespace().last().unwrap();
    answer(shell, &format!("uuid_kill {id} USER_BUSY")).await;
}

/// The next line of an alert.
async fn alert(lines: &mut mpsc::Receiver<Line>) -> String {
    loop {
        let line = within(SOON, "a line of an alert", lines.recv()).await.unwrap();
        if line.text.contains("alert ") {
            return line.text;
        }
    }
}

#[limited::test(threads)]
async fn an_alert_is_told_once_in_its_time_and_runs_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("told");
    let of = |name: &str, filter: &str, every: Duration| {
        let mut alert = Alert::new(name, "CHANNEL_HANGUP_COMPLETE");
        alert.filter = Some(filter.to_owned());
        alert.every = every;
        alert
    };
    let mut once = of("once", "cause=USER_BUSY", Duration::from_secs(3600));
    once.run = Some(format!("cat > {0}.new && mv {0}.new {0}", path.display()));
    let mut failing = of("failing", "cause=USER_BUSY", Duration::from_secs(3600));
    failing.run = Some("exit 3".to_owned());
    let mut silent = of("each", "cause=USER_BUSY", Duration::ZERO);
    silent.rings = false;
    let never = of("never", "cause=NO_ROUTE_DESTINATION", Duration::ZERO);
    let mut settings = Settings::default();
    settings.alerts = vec![once, failing, silent, never];
    let (sender, mut lines) = mpsc::channel(10_000);
    let shell = Shell::new(settings, Some(sender), false);
    let config = shell.start_sim(Config::new()).await.unwrap();
    shell.connect("pbx", config).await.unwrap();
    // What nobody wants to see is told all the same.
    answer(&shell, "events off").await;
    for _ in 0..3 {
        busy(&shell).await;
    }
    let (mut each, mut told, mut failed) = (0, Vec::new(), Vec::new());
    while each < 3 || failed.is_empty() {
        let line = alert(&mut lines).await;
        assert!(!line.contains("never"), "{line:?}");
        match () {
            () if line.contains("alert each: call ") => {
                assert!(!line.contains('\x07'), "{line:?}");
                each += 1;
            }
            () if line.contains("alert once: ") => told.push(line),
            () if line.contains("\"exit 3\"") => failed.push(line),
            () => assert!(line.contains("alert failing: "), "{line:?}"),
        }
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with('\x07') && told[0].contains("hangup USER_BUSY ("), "{told:?}");
    assert!(failed[0].ends_with("ended with exit status 3"), "{failed:?}");

    let written = until(SOON, "what the program wrote", async || fs::read_to_string(&path)).await;
    let (line, json) = written.split_once('\n').unwrap();
    assert_eq!(line, told[0].trim_start_matches('\x07'));
    let json: Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["alert"], "once");
    assert_eq!(json["switch"], "pbx");
    assert_eq!(json["event"]["Hangup-Cause"], "USER_BUSY");
    assert!(answer(&shell, "events last 1000").await.contains("alert once: call "));
    shell.close().await;
}

#[limited::test(threads)]
async fn what_comes_too_soon_is_counted_and_told_with_the_next() {
    let mut settings = Settings::default();
    let mut counted = Alert::new("counted", "CHANNEL_HANGUP_COMPLETE");
    counted.every = Duration::from_secs(2);
    settings.alerts = vec![counted];
    let (sender, mut lines) = mpsc::channel(10_000);
    let shell = Shell::new(settings, Some(sender), false);
    let config = shell.start_sim(Config::new()).await.unwrap();
    shell.connect("pbx", config).await.unwrap();
    let calls = async {
        loop {
            busy(&shell).await;
        }
    };
    let told = async { while !alert(&mut lines).await.contains(" more since the last)") {} };
    let both = async {
        tokio::select! {
            () = calls => {}
            () = told => {}
        }
    };
    within(SOON, "an alert with a count", both).await;
    shell.close().await;
}

#[limited::test(threads)]
async fn what_an_alert_needs_is_subscribed_to_whatever_else_is_shown() {
    let mut settings = Settings::default();
    settings.alerts = vec![Alert::new("gateways", "sofia::gateway_state")];
    let (sender, _lines) = mpsc::channel(10_000);
    let shell = Shell::new(settings, Some(sender), false);
    let config = shell.start_sim(Config::new()).await.unwrap();
    let switch = shell.connect("pbx", config).await.unwrap();
    let is_held = || {
        let names = switch.listener().subscriptions();
        assert!(names.iter().any(|name| name == "sofia::gateway_state"), "{names:?}");
    };
    is_held();
    for line in ["events add sofia::gateway_state", "events remove sofia::gateway_state"] {
        answer(&shell, line).await;
        is_held();
    }
    for line in ["events all", "events on", "events off", "/noevents"] {
        answer(&shell, line).await;
    }
    is_held();
    shell.close().await;
}
