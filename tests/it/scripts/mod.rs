//! Transcripts of the shell: what the operator types and sees, held against a simulated switch.
//!
//! A file is a session of its own. `> LINE` is typed; what follows is its answer, up to the next
//! step. `~ until TEXT` below a line repeats it until its answer holds the text: for what takes a
//! moment. `~ lines until TEXT` shows what was told above the prompt meanwhile, up to a line with
//! the text. Lines that start with `# ` are comments. What differs from run to run has a name (UUID1,
//! PORT, SPAN, TIME); UUID1 and PORT can be typed as well. `UPDATE=1 cargo test` rewrites the files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use switchy::shell::{CommandError, Output, Settings, Shell, sanitise};
use switchy::sim::Config;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use names::Names;

mod names;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_as_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scripts");
    // Answers are sent to a file there, wherever this was built.
    fs::create_dir_all("target").unwrap();
    let mut sessions = JoinSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            sessions.spawn(check(path));
        }
    }
    let wrong: Vec<String> = sessions.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}\nUPDATE=1 cargo test accepts these answers", wrong.concat());
}

/// How long something may take.
const SOON: Duration = Duration::from_secs(30);

/// How long a login may take.
const LONG: Duration = Duration::from_secs(60);

/// Plays a file; returns how it differs, or rewrites it.
async fn check(path: PathBuf) -> Option<String> {
    let written = fs::read_to_string(&path).unwrap();
    let played = play(&written).await;
    if played == written {
        return None;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, played).unwrap();
        return None;
    }
    let same = written.lines().zip(played.lines()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str| text.lines().skip(same).take(12).collect::<Vec<_>>().join("\n  ");
    let name = path.file_name().unwrap().display();
    Some(format!(
        "\ntests/it/scripts/{name}:{}: written down\n  {}\nbut answered\n  {}\n",
        same + 1,
        rest(&written),
        rest(&played)
    ))
}

async fn play(script: &str) -> String {
    let (sender, mut told) = mpsc::channel(1000);
    let shell = Shell::new(Settings::default(), Some(sender), false);
    let clock = "2026-11-22T19:08:00Z".parse().unwrap();
    let sim = Config::new().with_seed(7).with_clock(clock);
    // All scripts run at the same time: on a slow machine even a login takes its time.
    let config = shell.start_sim(sim).await.unwrap().with_connect_timeout(LONG);
    let mut names = Names::new(config.port());
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
