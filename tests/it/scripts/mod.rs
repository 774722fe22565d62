//! Transcripts of the shell: what the operator types and sees, held against a simulated switch.
//!
//! A file is a session of its own. `> LINE` is typed; what follows is its answer, up to the next
//! step. `~ until TEXT` below a line repeats it until its answer holds the text: for what takes a
//! moment. `~ lines until TEXT` shows what was told above the prompt meanwhile, up to a line with
//! the text. Lines that start with `# ` are comments. What differs from run to run has a name (UUID1,
//! PORT, SPAN, TIME, FOLDER, which is an empty one); UUID1, PORT and FOLDER can be typed as well. `UPDATE=1 cargo test` rewrites the files.

use std::fs;
use std::path::{Path, PathBuf};

use player::check;

mod names;
mod player;

/// A test for each file: `cargo test scripts::hangup` plays hangup.txt.
macro_rules! scripts {
    ($($name:ident)*) => {
        $(
            #[limited::test(threads)]
            async fn $name() {
                check(file_of(stringify!($name))).await;
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

scripts! {
    alias answer api apps apropos audit bgapi bridge call calls channels clear conferences
    connect deflect disconnect doctor dtmf dump events execute exit expect filter gateways
    getvar ghosts guard hangup help history hold hosts hupall hupall_app jobs kill let_
    lines listen load_app log mute originate park pipes play profiles record registrations
    reload_app replay sched_hangup set setvar show slash sleep source status tour trace transcript
    transfer unload_app use_ version wait why with
}

/// The file of a test: `use` cannot be the name of one, and no name has a hyphen in it.
fn file_of(name: &str) -> PathBuf {
    let stem = name.trim_end_matches('_').replace('_', "-");
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scripts").join(stem + ".txt")
}

#[limited::test]
fn every_file_has_a_test() {
    let mut files: Vec<PathBuf> = fs::read_dir(file_of("x").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    files.sort();
    let mut tested: Vec<PathBuf> = NAMES.iter().map(|name| file_of(name)).collect();
    tested.sort();
    assert_eq!(tested, files, "`scripts!` in tests/it/scripts/mod.rs lists the files");
}
