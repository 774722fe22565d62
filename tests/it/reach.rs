//! Ways to a server, and ways to give a password that leave no trace.
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::nowhere::Nowhere;
use crate::support::program::switchy_in;
use crate::switch::Switch;

/// Not the stock one, and found nowhere by accident.
const SECRET: &str = "tr0ub4dor-and-3-more";

fn switchy(home: &Path, args: &[&str]) -> Command {
    let mut command = switchy_in(home);
    command.args(args).env("XDG_CONFIG_HOME", home.join("config"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[limited::test]
fn through_ssh() {
    let (switch, home) = (Switch::start(), tempfile::tempdir().unwrap());
    let ssh = home.path().join("ssh");
    // As `ssh -W HOST:PORT` does it, without the way to another machine.
    script(
        &ssh,
        "#!/usr/bin/env bash\nprintf '%s\\n' \"$@\" >\"$HOME/args\"\n\
         while [ \"$1\" != -W ]; do shift; done\n\
         exec 3<>\"/dev/tcp/${2%:*}/${2##*:}\"\ncat <&3 &\ncat >&3\n",
    );
    let target = format!("ssh://ops@gate:2222/127.0.0.1:{}", switch.port());
    let run = |program: &Path, target: &str| {
        switchy(home.path(), &[target, "-x", "eval through"])
            .env("SWITCHY_SSH", program)
            .output()
            .unwrap()
    };
    let output = run(&ssh, &target);
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), "through\n"));
    let args = fs::read_to_string(home.path().join("args")).unwrap();
    assert!(args.contains("BatchMode=yes") && args.contains("-p\n2222\n"), "{args}");
    assert!(args.ends_with("--\nops@gate\n"), "{args}");
    // Its own words, when it fails.
    script(&ssh, "#!/bin/sh\necho 'ops@gate: Permission denied (publickey).' >&2\nexit 255\n");
    let output = run(&ssh, &target);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("Permission denied (publickey)"), "{}", said(&output));
    let output = run(&home.path().join("no-such-ssh"), &target);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("cannot be started"), "{}", said(&output));
    // About the server nothing is known then.
    let output = switchy(home.path(), &["doctor", &target])
        .env("SWITCHY_SSH", home.path().join("no-such-ssh"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("fail     ssh ") && !text.contains("ok "), "{text}");
}

#[limited::test]
fn through_a_unix_socket() {
    let (switch, home) = (Switch::start(), tempfile::tempdir().unwrap());
    let path = home.path().join("fs.sock");
    let (listener, port) = (std::os::unix::net::UnixListener::bind(&path).unwrap(), switch.port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut near, mut far) =
                (stream.unwrap(), std::net::TcpStream::connect(("127.0.0.1", port)).unwrap());
            let (mut from, mut to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
            std::thread::spawn(move || drop(std::io::copy(&mut far, &mut near)));
        }
    });
    let target = format!("unix:{}", path.display());
    let output =
        switchy(home.path(), &[&target, "-x", "eval through", "-x", "calls"]).output().unwrap();
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), "through\nno calls\n"));
    let nothing = format!("unix:{}", home.path().join("no-such.sock").display());
    let output = switchy(home.path(), &[&nothing, "-x", "status"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains(&format!("{nothing} cannot be reached")), "{}", said(&output));
}

#[limited::test]
fn several_addresses_and_ipv6() {
    let (switch, home) = (Switch::start(), tempfile::tempdir().unwrap());
    let port = switch.port();
    // `localhost` may be ::1 first, where nobody listens.
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}")] {
        let output = switchy(home.path(), &[&host, "-x", "eval ok"]).output().unwrap();
        assert_eq!(said(&output), "ok\n", "{host}");
    }
    let nowhere = Nowhere::new();
    let (port, address) = (nowhere.port().to_string(), format!("[::1]:{}", nowhere.port()));
    for host in ["::1", &address] {
        let output = switchy(home.path(), &[host, "-P", &port, "-x", "status"]).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(said(&output).contains(&address), "{}", said(&output));
    }
    for target in ["127.0.0.1:99999", "pbx1:x", "pbx1:", "[::1", "http://pbx1", "", "ssh://"] {
        let output = switchy(home.path(), &[target, "-x", "status"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{target}: {}", said(&output));
        assert!(said(&output).contains("is not an address"), "{target}: {}", said(&output));
    }
}

#[limited::test]
fn no_way_to_give_a_password_leaves_it_behind() {
    let switch = Switch::with(switchy::sim::Config::new().with_seed(7).with_password(SECRET));
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config/switchy");
    fs::create_dir_all(&config).unwrap();
    let port = switch.port();
    let secret = home.path().join("secret-in-a-safe");
    fs::write(&secret, SECRET).unwrap();
    let file = config.join("config.toml");
    fs::write(
        &file,
        format!(
            "[defaults]\nhost = '127.0.0.1'\nport = {port}\n[profile.file]\npassword = '{SECRET}'\n\
             [profile.command]\npassword_command = 'cat {}'\n[profile.none]\n",
            secret.display()
        ),
    )
    .unwrap();
    let run = |args: &[&str], env: bool, stdin: &str| {
        let mut command = switchy(home.path(), args);
        if env {
            command.env("SWITCHY_PASSWORD", SECRET);
        }
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // Nothing is read when the connection fails.
        drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
        child.wait_with_output().unwrap()
    };
    let connect = format!("connect 127.0.0.1:{port} -p {SECRET}\neval ok\n");
    let nowhere = Nowhere::new();
    let elsewhere = format!("connect {} -p {SECRET}\n", nowhere.address());
    for (args, env, stdin, code) in [
        (&["file", "-x", "eval ok"][..], false, "", 0),
        (&["command", "-x", "eval ok"], false, "", 0),
        (&["none", "-x", "eval ok"], true, "", 0),
        (&["none", "-p", SECRET, "-x", "eval ok"], false, "", 0),
        (&["none", "-p", SECRET, "-d", "7", "-x", "eval ok"], false, "", 0),
        (&["file", "--echo", "--keep-going"], false, connect.as_str(), 0),
        (&["file", "--echo"], false, elsewhere.as_str(), 3),
        (&["none", "-x", "eval ok"], false, "", 3),
        (&["--profile", "file", "-x", "hosts", "-o", "json"], false, "", 0),
        (&["--profile", "none", "-p", &format!("{SECRET}x"), "-x", "eval ok"], false, "", 3),
    ] {
        let output = run(args, env, stdin);
        assert!(!said(&output).contains(SECRET), "{args:?}: {}", said(&output));
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", said(&output));
    }
    // A program behind a pipe can tell its environment to anybody.
    let piped = run(&["none", "-x", "eval ok | cat - /proc/self/environ"], true, "");
    assert!(said(&piped).contains("ok") && !said(&piped).contains(SECRET), "{}", said(&piped));
    let shown = run(&["config", "show", "file"], false, "");
    assert!(said(&shown).contains("password = \"***\""), "{}", said(&shown));
    let checked = run(&["config", "check"], false, "");
    assert!(!said(&checked).contains(SECRET), "{}", said(&checked));
    assert!(said(&checked).contains("can be read by others: chmod 600"), "{}", said(&checked));
    // Nowhere but in the two files that hold it on purpose.
    for path in files(home.path()).into_iter().filter(|path| *path != secret && *path != file) {
        let bytes = fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{}", path.display());
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
