//! What the pages in `docs` show is run: lines behind `$` in console blocks, and scripts.
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::switch::Switch;

#[test]
fn every_shown_command_runs() {
    let (switch, home) = (Switch::start(), tempfile::tempdir().unwrap());
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["switchy", "fs_cli"] {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_switchy"), bin.join(name)).unwrap();
    }
    let config = home.path().join("config.toml");
    let profile = format!("[profile.pbx1]\nhost = '127.0.0.1'\nport = {}\n", switch.port());
    fs::write(&config, profile).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("PATH", &path).env("HOME", home.path());
        command.env("SWITCHY_CONFIG", &config).env_remove("SWITCHY_PASSWORD");
        let output = command.current_dir(home.path()).stdin(Stdio::null()).output().unwrap();
        let text =
            String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{line}\n{text}");
        text
    };
    let (mut commands, mut scripts) = (0, 0);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for page in fs::read_dir(docs).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap();
        for block in blocks(&text, "console") {
            for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
                run(line);
                commands += 1;
            }
        }
        for block in blocks(&text, "switchy") {
            assert!(block.lines().count() <= 10, "ten lines are enough:\n{block}");
            fs::write(home.path().join("script"), block).unwrap();
            let said = run("switchy pbx1 -f script");
            assert!(said.contains("NORMAL_CLEARING"), "{said}");
            scripts += 1;
        }
    }
    assert!(commands >= 10 && scripts >= 1, "{commands} commands, {scripts} scripts");
}

/// The texts of all blocks of a kind.
fn blocks<'a>(text: &'a str, kind: &str) -> Vec<&'a str> {
    let fence = format!("```{kind}\n");
    let found = text.split(fence.as_str()).skip(1);
    found.filter_map(|rest| rest.split("```").next()).collect()
}
