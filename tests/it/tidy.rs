//! The house rules that no compiler checks. A failure names file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// Which layers a layer may name. A folder of `src` without a row is a failure.
const LAYERS: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("private", &[]),
    ("spreadsheet", &[]),
    ("time_span", &[]),
    ("model", &["wire"]),
    ("conn", &["wire"]),
    ("track", &["model", "wire"]),
    ("listener", &["conn", "track", "model", "wire"]),
    ("client", &["listener", "conn", "track", "model", "wire"]),
    ("apps", &["client", "listener", "conn", "track", "model", "wire"]),
    ("load", &["client", "apps", "listener", "conn", "track", "model", "wire"]),
    // No conn: the switch and its client share the codec and nothing else.
    ("sim", &["wire", "model"]),
    ("shell", &["apps", "client", "conn", "listener", "load", "model", "sim", "track", "wire"]),
    (
        "cli",
        &["apps", "client", "conn", "listener", "load", "model", "shell", "sim", "track", "wire"],
    ),
];

/// The modules of the two largest layers: each may use those before it in its row, and no others.
const MODULES: &[(&str, &[&str])] = &[
    (
        "shell",
        &["text", "freeswitch", "view", "settings", "feed", "session", "commands", "run", "assist"],
    ),
    (
        "sim",
        &[
            "event", "fault", "client", "channel", "world", "call", "app", "api", "traffic",
            "server",
        ],
    ),
];

/// The folders of `src/shell/commands` whose files are commands, one each, as `help` groups them.
const GROUPS: &[&str] =
    &["app", "calls", "connection", "leg", "observe", "script", "server", "session"];

/// Files in one folder of `src/shell` and `src/sim`, at most: more are two folders.
const FILES: usize = 20;

/// Outside crates that stay in their rooms: the paths that may name them.
const ROOMS: &[(&str, &[&str])] = &[
    ("rustyline", &["cli/editor/"]),
    ("clap", &["shell/", "cli/"]),
    ("clap_complete", &["cli/"]),
    ("clap_mangen", &["cli/"]),
    ("anyhow", &["cli/"]),
    ("mlua", &["apps/lua/"]),
    (
        "regex_lite",
        &["apps/router.rs", "shell/view/filter/", "shell/commands/checks/", "sim/event/pattern.rs"],
    ),
    ("shlex", &["shell/"]),
    ("csv", &["spreadsheet.rs"]),
    ("roxmltree", &["shell/commands/checks/"]),
    ("strsim", &["shell/text/"]),
    ("rpassword", &["cli/"]),
    ("tracing_subscriber", &["cli/"]),
    ("socket2", &["conn/"]),
    // The layers below do no I/O and know no time.
    ("tokio", &["conn/", "listener/", "client/", "apps/", "load/", "sim/", "shell/", "cli/"]),
];

/// Longer files are two files.
const LINES: usize = 600;

#[limited::test]
fn layers_look_down_only() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let Some(layer) = layer(&name) else { continue };
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!("src/{name}:1: the layer {layer:?} has no row in the table"));
            continue;
        };
        for (line, used) in used_names(&name, &text, "") {
            // How files are made and written, for all who keep something in one.
            if used == "time_span" && ["apps", "sim", "shell", "cli"].contains(&layer) {
                continue;
            }
            if ["private", "spreadsheet"].contains(&used.as_str())
                && ["apps", "shell", "cli"].contains(&layer)
            {
                continue;
            }
            if used != layer && !below.contains(&used.as_str()) {
                wrong.push(format!("src/{name}:{line}: {layer} must not know {used:?}"));
            }
        }
    }
    report(&wrong);
}

#[limited::test]
fn modules_of_a_layer_look_up_the_table_only() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let Some((layer, inside)) = name.split_once('/') else { continue };
        let row = MODULES.iter().find(|(of, _)| *of == layer);
        // The face of the layer names what it shows.
        let Some((_, modules)) = row.filter(|_| inside != "mod.rs") else { continue };
        let own = inside.split('/').next().unwrap_or_default();
        let Some(place) = modules.iter().position(|module| *module == own) else {
            wrong.push(format!("src/{name}:1: the module {own:?} has no place in the table"));
            continue;
        };
        for (line, used) in used_names(&name, &text, layer) {
            match modules.iter().position(|module| *module == used) {
                Some(other) if other <= place => {}
                Some(_) => wrong.push(format!("src/{name}:{line}: {own} must not know {used:?}")),
                None => wrong.push(format!(
                    "src/{name}:{line}: {used:?} is named through the face of the layer; name it \
                     where it is defined"
                )),
            }
        }
    }
    report(&wrong);
}

#[limited::test]
fn folders_are_small_and_sessions_have_their_methods_in_two_modules() {
    let mut wrong = Vec::new();
    let mut folders = std::collections::BTreeMap::<String, usize>::new();
    for (name, text) in sources() {
        let is_ours = MODULES.iter().any(|(layer, _)| name.starts_with(&format!("{layer}/")));
        let Some((folder, _)) = name.rsplit_once('/').filter(|_| is_ours) else { continue };
        *folders.entry(folder.to_owned()).or_default() += 1;
        let is_home = ["shell/session/", "shell/run/"].iter().any(|home| name.starts_with(home));
        for (line, code) in code_lines(&text) {
            if code.starts_with("impl Shell ") && !is_home {
                wrong.push(format!("src/{name}:{line}: methods of Shell are in session or run"));
            }
        }
    }
    for (folder, count) in folders.into_iter().filter(|(_, count)| *count > FILES) {
        wrong.push(format!("src/{folder}: {count} files, more than {FILES}"));
    }
    report(&wrong);
}

#[limited::test]
fn outside_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (line, code) in code_lines(&text) {
            for (outside, rooms) in ROOMS {
                if names_crate(code, outside) && !rooms.iter().any(|room| name.starts_with(room)) {
                    wrong.push(format!("src/{name}:{line}: {outside} belongs in {rooms:?}"));
                }
            }
        }
    }
    report(&wrong);
}

#[limited::test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let count = text.lines().count();
        if count > LINES {
            wrong.push(format!("src/{name}:{LINES}: {count} lines, more than {LINES}"));
        }
        // The help text of a command is its doc; tests belong to the module that names them.
        let is_exempt =
            is_command(&name) || name.ends_with("/tests.rs") || name.contains("/tests/");
        if !is_exempt && !text.starts_with("//! ") {
            wrong.push(format!("src/{name}:1: the first line is no `//!` doc"));
        }
    }
    report(&wrong);
}

#[limited::test]
fn every_command_has_a_transcript() {
    let mut wrong = Vec::new();
    let commands = sources().into_iter().filter_map(|(name, _)| {
        let stem = name.rsplit('/').next()?.strip_suffix(".rs")?;
        // `let` and `use` are keywords of Rust: their files are let_.rs and use_.rs.
        let verb = stem.trim_end_matches('_').replace('_', "-");
        is_command(&name).then_some((name, verb))
    });
    for (name, verb) in commands {
        let script = format!("tests/it/scripts/{verb}.txt");
        if !root().join(&script).is_file() {
            wrong.push(format!("src/{name}:1: there is no {script}"));
        }
    }
    report(&wrong);
}

#[limited::test]
fn every_command_shows_three_examples() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        if !is_command(&name) {
            continue;
        }
        let mut lines = text.lines().skip_while(|line| *line != "/// Examples:").skip(1);
        let examples = lines.by_ref().take_while(|line| line.starts_with("///   ")).count();
        if examples < 3 && text.contains("pub(crate) struct Args") {
            wrong.push(format!(
                "src/{name}:1: the help has {examples} lines under \"/// Examples:\", not three; \
                 tests/it/examples.rs runs them"
            ));
        }
    }
    report(&wrong);
}

#[limited::test]
fn nothing_speaks_of_one_machine() {
    // In two halves, or this file would be the first to speak of them.
    let private = [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("/ro", "ot/")];
    let mut wrong = Vec::new();
    for path in files(&root(), &["target", ".git"]) {
        // What is no text is skipped.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (at, line) in text.lines().enumerate() {
            if let Some(word) = private.iter().find(|word| line.contains(**word)) {
                let name = path.strip_prefix(root()).unwrap().display();
                wrong.push(format!("{name}:{}: speaks of {word}", at + 1));
            }
        }
    }
    report(&wrong);
}

#[limited::test]
fn every_test_has_a_time_limit() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests/it"] {
        for path in files(&root().join(folder), &[]) {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let name = path.strip_prefix(root()).unwrap().display();
            for (line, code) in code_lines(&text) {
                let code = code.trim_start();
                if ["#[test]", "#[tokio::test"].iter().any(|it| code.starts_with(it)) {
                    wrong.push(format!(
                        "{name}:{line}: {code} has no time limit: #[limited::test] has one, with \
                         paused, threads, seconds = N or needs = \"VARIABLE\" in brackets"
                    ));
                }
            }
        }
    }
    report(&wrong);
}

/// A caller who drops a future has to know what becomes of what it was doing.
#[limited::test]
fn every_public_async_method_states_its_cancel_safety() {
    let mut found = 0;
    for folder in ["apps", "client", "conn", "listener", "load", "sim", "track"] {
        for path in files(&root().join("src").join(folder), &[]) {
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                if !line.trim_start().starts_with("pub async fn ") {
                    continue;
                }
                found += 1;
                let above = lines[..at].iter().rev().map(|line| line.trim_start());
                let is_stated = above
                    .take_while(|line| line.starts_with("///") || line.starts_with("#["))
                    .any(|line| line == "/// # Cancel safety");
                assert!(is_stated, "{}:{}: no \"# Cancel safety\"", path.display(), at + 1);
            }
        }
    }
    assert!(found > 100, "{found}");
}

/// Whether a source is the file of a command.
fn is_command(name: &str) -> bool {
    let mut parts = name.strip_prefix("shell/commands/").unwrap_or_default().split('/');
    let (group, file) = (parts.next().unwrap_or_default(), parts.next());
    GROUPS.contains(&group) && file.is_some_and(|file| file != "mod.rs")
}

/// What a source names of the crate's root, or of the layer `below` it: `crate::X`, `crate::{X, Y}`,
/// and `super::X` there.
fn used_names(name: &str, text: &str, below: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    // How many times `super` leads to the crate's root; once more in a module inside the file.
    let is_mod = name.ends_with("/mod.rs");
    let outer = name.split('/').count() - usize::from(is_mod) - usize::from(!below.is_empty());
    let from_root =
        if below.is_empty() { "crate::".to_owned() } else { format!("crate::{below}::") };
    let mut depth = outer;
    for (line, code) in code_lines(text) {
        if code.starts_with("mod ") && code.ends_with('{') {
            depth = outer + 1;
        } else if code == "}" {
            depth = outer;
        }
        let to_root = format!("{}::", vec!["super"; depth].join("::"));
        for root in [from_root.as_str(), to_root.as_str()] {
            for (at, _) in code.match_indices(root) {
                let before = code.get(..at).unwrap_or_default();
                if before.ends_with(|letter: char| is_word(letter) || letter == ':') {
                    continue;
                }
                let rest = code.get(at + root.len()..).unwrap_or_default();
                match rest.strip_prefix('{') {
                    Some(group) => used.extend(members(group).map(|name| (line, name))),
                    None => used.push((line, first_name(rest))),
                }
            }
        }
    }
    used
}

/// The first names of a `{a::b, c::{d, e}}` on one line, without its opening brace.
fn members(group: &str) -> impl Iterator<Item = String> {
    let mut depth = 1;
    let top = group.split(move |letter| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 1
    });
    top.map(|member| first_name(member.trim())).filter(|name| !name.is_empty())
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|letter| is_word(*letter)).collect()
}

pub(crate) fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether a line has a path into this crate.
fn names_crate(code: &str, outside: &str) -> bool {
    let is_path = |at: usize| {
        let before = code.get(..at).unwrap_or_default();
        let after = code.get(at + outside.len()..).unwrap_or_default();
        !before.ends_with(|letter: char| is_word(letter) || letter == ':')
            && (after.starts_with("::") || (before.ends_with("use ") && after.starts_with(';')))
    };
    code.match_indices(outside).any(|(at, _)| is_path(at))
}

/// The numbered lines that are no comments.
pub(crate) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The folder, or the file at the top, that a source belongs to; none for `lib.rs` and `main.rs`.
fn layer(name: &str) -> Option<&str> {
    let first = name.split_once('/').map_or(name, |(folder, _)| folder);
    let layer = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(layer, "lib" | "main")).then_some(layer)
}

/// Every source file: its path below `src`, with slashes, and its text.
pub(crate) fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    // Tables that are read as they are have no code in them.
    let is_code = |path: &PathBuf| path.extension().is_some_and(|it| it == "rs");
    let files = files(&src, &[]).into_iter().filter(is_code).map(|path| {
        let parts = path.strip_prefix(&src).unwrap().iter();
        let parts: Vec<_> = parts.map(|part| part.to_str().unwrap()).collect();
        (parts.join("/"), fs::read_to_string(&path).unwrap())
    });
    files.collect()
}

fn files(folder: &Path, skipped: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if skipped.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path(), &[]));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
