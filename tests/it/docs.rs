//! What the first page and the pages in `docs` show is run: lines behind `$`, lines of the prompt,
//! configurations, Lua files. A block of any other kind is a failure.
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use switchy::sim::Config;

use crate::switch::Switch;

/// Lines that are not run here: they build, and need a network or another machine.
const APART: &[&str] = &[
    "cargo run -- demo",
    "cargo test",
    "cargo install --path .",
    "cargo install --locked --path .",
    "cargo install --locked --path . --no-default-features --features shell,cli",
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
        let mut command = Command::new("sh");
        command.args(["-c", &line]).current_dir(self.directory.path()).stdin(Stdio::null());
        command.env("PATH", format!("{}:{programs}", folders.join(":")));
        command.env("HOME", self.directory.path()).env("SWITCHY_CONFIG", self.path("config.toml"));
        for name in ["SWITCHY_PASSWORD", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
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
        assert!(!replies.is_empty(), "{lines}: {}", String::from_utf8_lossy(&output.stderr));
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
        let count = lines.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        assert_eq!(replies.len(), count.count(), "{lines}");
        replies.len()
    }
}

#[test]
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

#[test]
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
