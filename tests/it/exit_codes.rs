//! Exit codes: those that the program can end with are those that help, manual and docs list.
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Output;
use std::{fs, path};

use switchy::shell::Kind;

use crate::support::program::switchy;

fn run(args: &[&str]) -> Output {
    switchy().args(args).output().unwrap()
}

/// The codes at the starts of lines, behind the line with these words.
fn codes_behind(text: &str, heading: &str) -> BTreeSet<u8> {
    let (_, list) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}:\n{text}"));
    let lines = list.lines().skip(1).map(|line| line.trim_start_matches([' ', '|', '\\', '&']));
    let lines = lines.skip_while(|line| !line.starts_with(|first: char| first.is_ascii_digit()));
    let codes = lines.map_while(|line| {
        let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    codes.collect()
}

#[limited::test]
fn every_exit_code_is_documented_and_no_other() {
    let all: BTreeSet<u8> = Kind::ALL.iter().map(|kind| kind.exit_code()).chain([0]).collect();
    assert_eq!(all.len(), Kind::ALL.len() + 1, "each kind has a code of its own");
    let root = path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let said = |args: &[&str]| String::from_utf8(run(args).stdout).unwrap();
    let man = said(&["man"]);
    for (place, text, heading) in [
        ("--help", said(&["--help"]), "Exit codes:"),
        ("-h", said(&["-h"]), "Exit codes:"),
        ("the manual page", man.replace("\n.br", ""), "Exit codes:"),
        ("help exit-codes", said(&["--no-config", "-x", "help exit-codes"]), "exit codes:"),
        ("docs/scripts.md", page("docs/scripts.md"), "| exit code |"),
    ] {
        assert_eq!(codes_behind(&text, heading), all, "{place}:\n{text}");
    }
    let theirs = BTreeSet::from([0, 1, 254, 255]);
    assert_eq!(codes_behind(&said(&["--help"]), "Under the name fs_cli:"), theirs);
    let table = page("docs/fs_cli.md");
    assert_eq!(codes_behind(&table, "| exit code |"), theirs);
    // Every number that the sources hand to the system is one of a kind, or of fs_cli.
    for file in ["src/cli/mod.rs", "src/cli/start.rs", "src/cli/oneshot.rs", "src/main.rs"] {
        let text = page(file);
        let numbers = text.match_indices("ExitCode::from(").filter_map(|(at, call)| {
            let rest = text.get(at + call.len()..).unwrap();
            rest.split(')').next().and_then(|given| given.parse::<u8>().ok())
        });
        for number in numbers {
            assert!(all.contains(&number), "{file}: exit code {number} is in no list");
        }
    }
}

#[limited::test]
fn an_address_that_cannot_be_listened_on_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (address, code, hint) in [
        (taken.as_str(), 70, "another program has this port"),
        ("192.0.2.1:8021", 70, "this machine has no such address"),
        ("127.0.0.1", 2, "an address is HOST:PORT"),
        ("127.0.0.1:99999", 2, "an address is HOST:PORT"),
    ] {
        let output = run(&["sim", "--listen", address]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{address}: {said}");
        assert!(said.starts_with(&format!("error: cannot listen on {address}: ")), "{said}");
        assert!(said.contains(hint) && said.contains("--listen 127.0.0.1:0"), "{said}");
    }
}
