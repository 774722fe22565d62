//! Plays a transcript.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use switchy::shell::{CommandError, Output, Settings, Shell, sanitise};
use switchy::sim::Config;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::names::Names;
use crate::support::nowhere::Nowhere;
use crate::support::{LONG, SOON};

/// Plays a file; fails where it differs, or rewrites it.
pub(super) async fn check(path: PathBuf) {
    let written = fs::read_to_string(&path).unwrap();
    let played = play(&written).await;
    if played == written {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, played).unwrap();
        return;
    }
    let same = written.lines().zip(played.lines()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str| text.lines().skip(same).take(12).collect::<Vec<_>>().join("\n  ");
    panic!(
        "\n{}:{}: written down\n  {}\nbut answered\n  {}\nUPDATE=1 cargo test accepts the answer",
        path.display(),
        same + 1,
        rest(&written),
        rest(&played)
    );
}

async fn play(script: &str) -> String {
    let (sender, mut told) = mpsc::channel(1000);
    let shell = Shell::new(Settings::default(), Some(sender), false);
    let clock = "2026-11-22T19:08:00Z".parse().unwrap();
    let sim = Config::new().with_seed(7).with_clock(clock);
    let config = shell.start_sim(sim).await.unwrap().with_connect_timeout(LONG);
    let folder = tempfile::tempdir().unwrap();
    let nowhere = Nowhere::new();
    let mut names = Names::new(config.port(), nowhere.port(), folder.path());
    shell.connect("pbx", config).await.unwrap();
    let (mut played, mut lines) = (String::new(), script.lines().peekable());
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("~ lines until ") {
            played.extend([line, "\n"]);
            loop {
                let Ok(Some(line)) = timeout(SOON, told.recv()).await else {
                    panic!("no line with {text:?} in {played}");
                };
                // On a slow machine it may take long enough to be told.
                let told = names.replace(&format!("{}\n", line.text));
                played.push_str(
                    &told
                        .replace("answered after SPAN", "answered")
                        .replace("invite SPAN", "invite"),
                );
                if line.text.contains(text) {
                    break;
                }
            }
            continue;
        }
        let Some(typed) = line.strip_prefix("> ") else {
            // A comment, or an answer, which is made anew.
            if line.starts_with("# ") {
                played.extend([line, "\n"]);
            }
            continue;
        };
        let until = lines.next_if(|line| line.starts_with("~ until "));
        let text = until.map_or("", |line| line.trim_start_matches("~ until "));
        played.extend([line, "\n"]);
        played.extend(until.into_iter().flat_map(|line| [line, "\n"]));
        let start = Instant::now();
        let answer = loop {
            let mut known = names.clone();
            let answer = known.replace(&answer(&shell, &names.put_back(typed)).await);
            if answer.contains(text) {
                names = known;
                break answer;
            }
            assert!(start.elapsed() < SOON, "{typed}: never {text:?}, but {answer}");
            sleep(Duration::from_millis(10)).await;
        };
        played.push_str(&answer);
    }
    shell.close().await;
    played
}

/// The answer to a line, with the error as the process writes it.
async fn answer(shell: &Shell, line: &str) -> String {
    let mut text = String::new();
    let output = Output::new(&mut text);
    match shell.run_line(line, output).await {
        Ok(_next) => text,
        Err(err) => text + &error_text(&err),
    }
}

fn error_text(err: &CommandError) -> String {
    let message = sanitise::block(&err.message);
    let label = if message.starts_with(['-', '+']) { "" } else { "error: " };
    let hints = err.hints.iter().map(|hint| format!("hint: {}\n", sanitise::line(hint)));
    format!("{label}{}\n{}", message.trim_end(), hints.collect::<String>())
}
