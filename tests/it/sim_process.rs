//! `switchy sim` as a process: what it says, writes down, and how it ends.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::program::{signal, switchy};

/// Starts one and returns it with what it says before it serves, up to the last line.
fn start(args: &[&str]) -> (Child, String) {
    let mut sim = switchy()
        .arg("sim")
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut said, mut out) = (String::new(), BufReader::new(sim.stdout.take().unwrap()));
    while !said.contains("Ctrl-C") {
        assert!(out.read_line(&mut said).unwrap() > 0, "it ended: {said}");
    }
    (sim, said)
}

fn interrupt(sim: &Child) {
    signal(sim.id(), Signal::INT);
}

#[limited::test]
fn it_serves_records_tells_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.jsonl");
    let (mut sim, said) = start(&[
        "--listen",
        "127.0.0.1:0",
        "--user",
        "1000@example.com:secret",
        "--seed",
        "3",
        "--fault",
        "split-writes=5",
        "--record",
        book.to_str().unwrap(),
    ]);
    for told in ["a simulated FreeSWITCH", "1000@example.com", "split-writes=5", "book.jsonl"] {
        assert!(said.contains(told), "no {told:?} in {said}");
    }
    assert!(!said.contains("secret"), "{said}");
    let address = said.split_whitespace().find_map(|word| word.strip_suffix(';')).unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"userauth 1000@example.com:secret\n\napi version\n\nexit\n\n").unwrap();
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    assert!(heard.contains("simulated") && heard.contains("See you"), "{heard}");
    interrupt(&sim);
    let mut log = String::new();
    sim.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(sim.wait().unwrap().success(), "{log}");
    assert!(log.contains("#1 logged in as 1000@example.com"), "{log}");
    let text = std::fs::read_to_string(book).unwrap();
    assert!(!text.contains("secret"));
    let written: String = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["from"] == "server" && line["conn"] == 1)
        .map(|line| line["data"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(written, heard);
}

#[limited::test]
fn a_user_may_do_what_the_command_line_allows() {
    let user = "bob@lan:secret api=echo events=HEARTBEAT,CUSTOM,sofia::register log=off";
    let (mut sim, said) = start(&["--user", user, "--user", "eve@lan"]);
    let limits = "bob@lan (api=echo events=HEARTBEAT,CUSTOM,sofia::register log=off), eve@lan\n";
    assert!(said.contains(limits) && !said.contains("secret"), "{said}");
    let address = said.split_whitespace().find_map(|word| word.strip_suffix(';')).unwrap();
    let ask = |login: &str| {
        let mut client = TcpStream::connect(address).unwrap();
        let lines =
            ["api echo 1", "api status", "event plain HEARTBEAT", "event plain API", "log 7"];
        let all = [&[login], &lines[..], &["exit"]].concat().join("\n\n");
        client.write_all(format!("{all}\n\n").as_bytes()).unwrap();
        let mut heard = String::new();
        client.read_to_string(&mut heard).unwrap();
        heard
    };
    let bob = ask("userauth bob@lan:secret");
    assert!(bob.contains("Allowed-API: echo\nAllowed-LOG: false\n"), "{bob}");
    assert_eq!(bob.matches("-ERR permission denied").count(), 3, "{bob}");
    assert_eq!(bob.matches("+OK event listener enabled plain").count(), 1, "{bob}");
    let eve = ask("userauth eve@lan:ClueCon");
    assert_eq!(eve.matches("-ERR permission denied").count(), 0, "{eve}");
    interrupt(&sim);
    assert!(sim.wait().unwrap().success());
}

#[limited::test]
fn what_it_does_not_understand_it_explains() {
    for (args, told) in [
        (["--fault", "drpo"], "there is no fault"),
        (["--fault", "stall=x"], "for example: stall=5s@20s"),
        (["--user", "1000"], "a user is USER@DOMAIN"),
        (["--user", "bob@lan allow=status"], "is none of these"),
        (["--user", "bob@lan events=HEARTBEET"], "did you mean HEARTBEAT?"),
        (["--traffic", "many"], "a rate is a number"),
    ] {
        let out = switchy().arg("sim").args(args).output().unwrap();
        assert_eq!(out.status.code(), Some(2));
        let text = String::from_utf8_lossy(&out.stderr);
        assert!(text.contains(told), "{args:?}: {text}");
    }
}
