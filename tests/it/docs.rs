//! What the first page and the pages in `docs` show is run: lines behind `$`, lines of the prompt,
//! configurations, Lua files. A block of any other kind is a failure.
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use switchy::sim::Config;

use crate::support::program::program_in;
use crate::switch::Switch;

/// Lines that are not run here: they build, and need a network or another machine.
const APART: &[&str] = &[
    "cargo run -- demo",
    "cargo test",
    "cargo install --path .",
    "cargo install --locked --path .",
    "cargo install --locked --path . --no-default-features --features cli,ssh",
    "rustup target add x86_64-unknown-linux-musl",
    "cargo build --locked --release --target x86_64-unknown-linux-musl",
    "scp target/x86_64-unknown-linux-musl/release/switchy pbx1:/usr/local/bin/",
];

/// Lines that are shown because the server refuses them.
const REFUSED: &[&str] =
    &["not a real command", "originate --wait 10 sofia/external/nobody@127.0.0.1:5099 &park"];

/// A block of a page.
struct Block {
    kind: String,
    text: String,
}

/// The blocks of a page; code that is only indented says not what it is.
fn blocks(page: &Path) -> Vec<Block> {
    let (mut found, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for line in fs::read_to_string(page).unwrap().lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => {
                open = Some(Block { kind: kind.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => assert!(!line.starts_with("    "), "{}: {line}", page.display()),
        }
    }
    assert!(open.is_none(), "{}: a block has no end", page.display());
    found
}

/// A home of its own for a page, with the program in it, and a profile `pbx1`.
struct Home {
    directory: tempfile::TempDir,
    port: u16,
}

impl Home {
    fn new(port: u16) -> Self {
        let home = Self { directory: tempfile::tempdir().unwrap(), port };
        for folder in ["tools", "bin"] {
            fs::create_dir(home.path(folder)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_switchy"), home.path("tools/switchy")).unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        symlink(examples, home.path("examples")).unwrap();
        let profile =
            format!("default = 'pbx1'\n[profile.pbx1]\nhost = '127.0.0.1'\nport = {port}\n");
        fs::write(home.path("config.toml"), profile).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs a line of the system's shell. The server that is called by address is ours.
    fn run(&self, line: &str) -> Output {
        let place = format!("-H 127.0.0.1 -P {}", self.port);
        let line = line.replace("-H pbx1 -P 8021", &place);
        let programs = std::env::var("PATH").unwrap();
        let folders = ["bin", "tools"].map(|name| self.path(name).display().to_string());
        let mut command = program_in("sh", self.directory.path());
        command.args(["-c", &line]).current_dir(self.directory.path()).stdin(Stdio::null());
        command.env("PATH", format!("{}:{programs}", folders.join(":")));
        command.env("SWITCHY_CONFIG", self.path("config.toml")).env_remove("XDG_STATE_HOME");
        command.output().unwrap()
    }

    fn succeed(&self, line: &str) -> String {
        let output = self.run(line);
        let all = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&all).into_owned();
        assert!(output.status.success(), "{line}\n{text}");
        text
    }

    /// Runs lines of the prompt in one session, and returns what became of each.
    fn session(&self, lines: &str) -> Vec<(String, String, String)> {
        fs::write(self.path("lines"), lines).unwrap();
        let transcript = self.path("session.jsonl");
        let _old = fs::remove_file(&transcript);
        let output = self.run("switchy pbx1 --keep-going --transcript session.jsonl -f lines");
        let written = fs::read_to_string(&transcript).unwrap();
        let entries = written.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let replies = entries.filter(|entry| entry["kind"] == "reply");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let replies = replies.map(|reply| {
            let said = text(&reply["text"]) + &text(&reply["error"]);
            (text(&reply["line"]), text(&reply["outcome"]), said)
        });
        let replies: Vec<_> = replies.collect();
        let count = lines.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let all = [&*output.stdout, &*output.stderr].concat();
        assert_eq!(replies.len(), count.count(), "{lines}: {}", String::from_utf8_lossy(&all));
        replies
    }

    /// Runs lines of the prompt: all of them succeed, but for those that are shown as refused.
    fn typed(&self, lines: &str, refused: &mut BTreeSet<String>) -> usize {
        let replies = self.session(lines);
        for (line, outcome, said) in &replies {
            if REFUSED.contains(&line.as_str()) {
                assert_eq!(outcome, "refused", "{line}: {said}");
                refused.insert(line.clone());
            } else {
                assert_eq!(outcome, "ok", "{line}: {said}");
            }
        }
        replies.len()
    }
}

#[limited::test]
fn every_shown_command_runs() {
    let config = Config::new().with_seed(7).with_user("1000@pbx1.example.com", "ClueCon");
    let switch = Switch::with(config);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|page| page.unwrap().path());
    let (mut apart, mut refused) = (BTreeSet::new(), BTreeSet::new());
    let (mut commands, mut typed) = (0, 0);
    for page in docs.chain([root.join("README.md")]) {
        let home = Home::new(switch.port());
        for Block { kind, text } in blocks(&page) {
            match kind.as_str() {
                "console" => {
                    for line in text.lines() {
                        let line = line.strip_prefix("$ ").expect("a line of a console block");
                        if APART.contains(&line) {
                            apart.insert(line.to_owned());
                            continue;
                        }
                        home.succeed(line);
                        commands += 1;
                    }
                }
                "switchy" => typed += home.typed(&text, &mut refused),
                // A session as it looks: what was typed stands behind the prompt.
                "text" => {
                    let lines = text.lines().filter(|line| line.starts_with("pbx1 "));
                    let lines = lines.filter_map(|line| Some(line.split_once("> ")?.1));
                    let lines = lines.collect::<Vec<_>>().join("\n");
                    if !lines.is_empty() {
                        typed += home.typed(&lines, &mut refused);
                    }
                }
                "toml" if text.starts_with("[dependencies]") => named_dependencies(&text),
                "toml" => {
                    fs::write(home.path("shown.toml"), text).unwrap();
                    home.succeed("switchy --config shown.toml config check");
                }
                "lua" => {
                    fs::write(home.path("shown.lua"), text).unwrap();
                    home.typed("load-app shown.lua --as shown\n", &mut refused);
                }
                "xml" if text.starts_with("<context") => {
                    let bare = |text: &str| text.split_whitespace().collect::<String>();
                    let printed = bare(&home.succeed("switchy doctor --dialplan"));
                    assert!(printed.contains(&bare(&text)), "{text}");
                }
                // Parameters of a file of FreeSWITCH, and what the doctests compile.
                "xml" | "rust,no_run" => {}
                kind => panic!("{}: what is a block of {kind:?}?", page.display()),
            }
        }
    }
    assert!(commands >= 15 && typed >= 30, "{commands} commands, {typed} lines");
    // No list of exceptions outlives what it is for.
    assert!(APART.iter().all(|line| apart.contains(*line)), "{apart:?}");
    assert!(REFUSED.iter().all(|line| refused.contains(*line)), "{refused:?}");
}

#[limited::test]
fn the_script_of_the_docs_is_ten_lines_and_tells_the_truth() {
    let switch = Switch::start();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scripts.md");
    let script = blocks(&page).into_iter().find(|block| block.kind == "switchy").unwrap().text;
    assert!(script.lines().count() <= 10, "ten lines are enough:\n{script}");
    let home = Home::new(switch.port());
    fs::write(home.path("echo.switchy"), &script).unwrap();
    let said = home.succeed("switchy pbx1 -f echo.switchy");
    assert!(said.contains("NORMAL_CLEARING"), "{said}");
    // Where nobody answers it fails with the reason.
    let wrong = script.replace("9196@127.0.0.1:5080", "nosuch@127.0.0.1:5099");
    fs::write(home.path("wrong.switchy"), wrong).unwrap();
    let output = home.run("switchy pbx1 -f wrong.switchy");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("expect answered last 10"), "{stderr}");
}

impl Home {
    /// Runs lines in one session; what each answered, and how all of it ended.
    fn answers(&self, lines: &str) -> (Vec<(String, String)>, Option<i32>) {
        fs::write(self.path("lines"), lines).unwrap();
        let output = self.run("switchy pbx1 --keep-going --echo -f lines 2>&1");
        let text = String::from_utf8(output.stdout).unwrap();
        let mut answers = Vec::<(String, String)>::new();
        for line in text.lines() {
            match (line.strip_prefix("> "), answers.last_mut()) {
                (Some(typed), _) => answers.push((typed.to_owned(), String::new())),
                (None, Some((_, answer))) => answer.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        (answers, output.status.code())
    }
}

/// What a line answered, by its beginning.
fn answer_to<'a>(answers: &'a [(String, String)], start: &str) -> &'a str {
    let found = answers.iter().find(|(line, _)| line.starts_with(start));
    found.map(|(_, answer)| answer.as_str()).unwrap_or_else(|| panic!("{start}: {answers:?}"))
}

/// How often what the pages recommend is run while other parties call; `RUNS=50` does it as often.
fn runs() -> usize {
    std::env::var("RUNS").map_or(3, |runs| runs.parse().unwrap())
}

/// A switch with fifty new calls of other parties a second. One at a time: hundreds of calls on
/// several switches of one process would measure the machine.
fn busy_switch() -> (Switch, MutexGuard<'static, ()>) {
    static ONE: Mutex<()> = Mutex::new(());
    let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    (Switch::with(Config::new().with_seed(7).with_traffic(50.0)), alone)
}

/// The uuid that a line of an answer begins with, or names behind this word.
fn uuid_behind<'a>(said: &'a str, before: &str, after: &str) -> &'a str {
    let found = said.lines().find_map(|line| {
        let (start, _) = line.split_once(after)?;
        start.strip_prefix(before)
    });
    found.unwrap_or_else(|| panic!("no line with {before:?} and {after:?}:\n{said}"))
}

#[limited::test]
fn the_script_of_the_docs_keeps_to_its_own_call_while_others_call() {
    let (switch, _alone) = busy_switch();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scripts.md");
    let script = blocks(&page).into_iter().find(|block| block.kind == "switchy").unwrap().text;
    let home = Home::new(switch.port());
    fs::write(home.path("echo.switchy"), &script).unwrap();
    for _run in 0..runs() {
        let said = home.succeed("switchy pbx1 -f echo.switchy");
        let (_, own) = said.split_once(" session ").expect(&said);
        let own = own.lines().next().unwrap();
        assert_eq!(uuid_behind(&said, "", " sends 1234"), own, "{said}");
        assert_eq!(uuid_behind(&said, "call ", " hung up: NORMAL_CLEARING"), own, "{said}");
        assert!(!said.contains("not yours"), "{said}");
    }
}

#[limited::test]
fn the_tour_of_the_first_page_keeps_to_its_own_calls_while_others_call() {
    let (switch, _alone) = busy_switch();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let tour = blocks(&page).into_iter().find(|block| block.kind == "switchy").unwrap().text;
    assert!(tour.contains("why last"), "{tour}");
    let home = Home::new(switch.port());
    for _run in 0..runs() {
        let (answers, code) = home.answers(&tour);
        let said = |start: &str| answer_to(&answers, start);
        // It can be pasted: no line fails, and the last one is reached.
        assert_eq!((answers.len(), code), (tour.lines().count(), Some(0)), "{answers:?}");
        let answer = said("originate --wait 10 loopback");
        let own = answer.lines().find_map(|line| line.strip_prefix("answered ")).unwrap();
        assert!(said("calls").contains(own.get(..8).unwrap()), "{answers:?}");
        let why = said("why last");
        assert!(why.contains(own.get(..8).unwrap()) && !why.contains("not yours"), "{why}");
    }
}

/// The package that is named exists, and what it takes of others is what it says.
fn named_dependencies(text: &str) {
    let line = |name: &str| {
        let start = format!("{name} = ");
        text.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{text}"))
    };
    assert!(line(env!("CARGO_PKG_NAME")).contains("default-features = false"), "{text}");
    // What `#[tokio::main]` needs.
    for needed in ["\"macros\"", "\"rt-multi-thread\""] {
        assert!(line("tokio").contains(needed), "{text}");
    }
}

/// What the banner of `switchy demo` says to try.
fn demo_lines() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shell/commands/session/tour.rs");
    let source = fs::read_to_string(source).unwrap();
    let (_, banner) = source.split_once("const DEMO_TOUR: &str = \"").unwrap();
    let banner = banner.split("\";").next().unwrap().lines().filter(|line| line.starts_with("  "));
    let lines = banner.flat_map(|line| {
        let line = line.split(" or any ").next().unwrap();
        line.split("then:").flat_map(|part| part.split(',')).map(str::trim)
    });
    lines.filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
}

#[limited::test]
fn the_lines_of_the_demo_keep_to_their_own_calls_while_others_call() {
    let (switch, _alone) = busy_switch();
    let home = Home::new(switch.port());
    let lines = demo_lines();
    assert!(lines.contains("\nhangup last\n") && lines.contains("hupall\n"), "{lines}");
    for _run in 0..runs() {
        let (answers, code) = home.answers(&lines);
        assert_eq!((answers.len(), code), (lines.lines().count(), Some(0)), "{answers:?}");
        let (_, own) = answer_to(&answers, "originate 9196").split_once(" session ").unwrap();
        let (own, call) = (own.trim(), answer_to(&answers, "call last"));
        assert!(call.contains(own) && !call.contains("not yours"), "{call}");
        let hangup = answer_to(&answers, "hangup last");
        assert_eq!(uuid_behind(hangup, "call ", " hung up: NORMAL_CLEARING"), own, "{hangup}");
    }
}
