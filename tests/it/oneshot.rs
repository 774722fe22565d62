//! The program without a terminal: `-x`, piped lines, exit codes.
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::nowhere::Nowhere;
use crate::support::program::{signal, switchy};
use crate::support::{LONG, until_blocking};
use crate::switch::Switch;

fn command(args: &[String]) -> Command {
    let mut command = switchy();
    command.args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(switch: &Switch, args: &[&str]) -> Output {
    command(&switch.args(args)).output().unwrap()
}

fn run_script(switch: &Switch, script: &str) -> Output {
    let mut child = command(&switch.args(&[])).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[limited::test]
fn exit_codes() {
    let switch = Switch::start();
    for (args, code, said) in [
        (&["-x", "status"][..], 0, ""),
        (&["-x", "not a real command"], 1, "-ERR not a real command Command not found!"),
        (&["-x", "hangup nosuch"], 1, "nosuch"),
        (&["--nosuch"], 2, "--nosuch"),
        (&["-x", "calls --nosuch"], 2, "--nosuch"),
        (&["-p", "wrong", "-x", "status"], 3, "password"),
        (&["-x", "api --timeout 1 msleep 3000"], 4, "api msleep 3000"),
        (&["-x", "exit", "-x", "not run"], 0, ""),
        (&["-x", "nope", "-x", "status"], 1, "-ERR nope"),
    ] {
        let output = run(&switch, args);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert_eq!(stderr.is_empty(), code == 0, "{args:?}: {stderr}");
        assert_eq!(output.stdout.is_empty(), code != 0 || args.contains(&"exit"), "{args:?}");
    }
}

#[limited::test]
fn each_command_of_the_program_has_help() {
    for (args, said) in [
        (&["demo", "--help"][..], "--traffic"),
        (&["sim", "-h"], "--listen"),
        (&["config", "check", "--help"], "Usage: switchy config check"),
        (&["help", "demo"], "--traffic"),
        (&["help", "config", "check"], "Usage: switchy config check"),
        (&["help"], "--reconnect"),
        // Those of the prompt, and its topics, without a server.
        (&["help", "originate"], "--dry-run"),
        (&["help", "keys"], "Ctrl-C"),
        (&["completions", "-?"], "fish"),
    ] {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let output = command(&args).output().unwrap();
        let stdout = text(&output.stdout);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        assert!(stdout.contains(said), "{args:?}: {stdout}");
    }
    let output = command(&["help".to_owned(), "originat".to_owned()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("originate"), "{}", text(&output.stderr));
    // No server answers: what is not the shell's own cannot be told.
    let nowhere = Nowhere::new();
    let nobody = ["-H", &nowhere.address(), "-x", "help uuid_kill"].map(str::to_owned);
    let output = command(&nobody).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no server was asked"), "{}", text(&output.stderr));
}

/// A command of the program is none of its servers, wherever it stands.
#[limited::test]
fn commands_of_the_program_stand_behind_options_too() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.toml");
    let nowhere = Nowhere::new();
    let refuses = format!("{} refuses", nowhere.address());
    let profile = format!("[profile.mine]\nhost = '{}'\n", nowhere.address());
    std::fs::write(&file, profile).unwrap();
    let run = |args: &[&str]| {
        let mut command = command(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>());
        let output = command.env("HOME", home.path()).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let config = ["--config", file.to_str().unwrap()];
    for (args, code, said) in [
        (&["config", "show", "mine"][..], 0, "mine.toml:2"),
        (&["config", "check"], 0, "1 profile\n"),
        (&["doctor", "mine"], 3, &refuses),
        (&["demo", "-x", "eval ok"], 0, "ok\n"),
        (&["demo", "--plain", "-x", "eval ok"], 0, "ok\n"),
        (&["mine", "-x", "status"], 3, &refuses),
        (&["mine", "demo"], 2, "go behind the command: switchy demo"),
        (&["-x", "status", "demo"], 2, "go behind the command: switchy demo"),
    ] {
        let (was, told) = run(&[&config, args].concat());
        assert_eq!(was, Some(code), "{args:?}: {told}");
        assert!(told.contains(said), "{args:?}: {told}");
    }
    let (code, told) = run(&["--no-config", "config", "show", "mine"]);
    assert!(code == Some(2) && told.contains("no profile \"mine\""), "{told}");
}

#[limited::test]
fn what_only_looks_like_success_is_a_failure() {
    let switch = Switch::start();
    for fault in ["broken-xml", "deny=api version", "deny=bgapi version"] {
        switch.plan(fault);
    }
    let nobody = "11111111-2222-3333-4444-555555555555";
    let held = format!("uuid_hold off {nobody}");
    for (line, said, next) in [
        (held.as_str(), "there is no session 11111111", "\"calls\" shows what runs"),
        ("reloadxml", "+OK [[error near line 31]", "what was loaded before stays"),
        ("reloadacl", "-ERR [[error near line 31]", "what was loaded before stays"),
        ("sofia profile external rescan", "Reload XML [[error", "what was loaded before stays"),
        ("reload mod_tone_strem", "-ERR loading module", "did you mean mod_tone_stream?"),
        ("sofia status profile intrnal", "Invalid Profile!", "did you mean internal?"),
        ("sofia status gateway exmple.com", "Invalid Gateway!", "did you mean example.com?"),
        ("version", "permission denied", "version in its esl-allowed-api"),
        ("uuid_kill 11111111", "-ERR No such channel!", "\"calls\" shows what runs"),
    ] {
        for line in
            [line.to_owned(), format!("api --yes {line}"), format!("bgapi --yes --wait 30 {line}")]
        {
            // One of them is the shell's own, one is asked about when it is bare.
            if ["version", "reload mod_tone_strem"].contains(&line.as_str()) {
                continue;
            }
            let output = run(&switch, &["-x", &line]);
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{line}: {told}");
            assert!(told.contains(said) && told.contains(next), "{line}: {told}");
        }
    }
}

#[limited::test]
fn a_part_that_failed_is_told_by_its_code() {
    let (one, other) = (Switch::start(), Switch::start());
    let targets = [&one, &other].map(|switch| format!("127.0.0.1:{}", switch.port()));
    let uuid = "11111111-2222-4333-8444-555555555555";
    let made = one.api(&format!("originate {{origination_uuid={uuid}}}loopback/9196 &park"));
    assert!(made.contains(uuid), "{made}");
    let ask = format!("@all uuid_dump {uuid}");
    let [here, there] = &targets;
    let args = [here.as_str(), there, "-x", &ask].map(str::to_owned);
    let output = command(&args).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains(there) && !said.contains(&format!("failed on {here}")), "{said}");
}

#[limited::test]
fn a_signal_ends_a_line_with_130() {
    let switch = Switch::start();
    let mut command = command(&switch.args(&["--echo", "-x", "api --timeout 60 msleep 50000"]));
    let mut child = command.spawn().unwrap();
    // The line is told when it is about to be run.
    let mut echo = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut echo).unwrap();
    assert!(echo.contains("msleep 50000"), "{echo}");
    signal(child.id(), Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[limited::test]
fn what_version_says_was_built() {
    let output = command(&["--version".to_owned()]).output().unwrap();
    let said = text(&output.stdout);
    assert!(said.starts_with(concat!("switchy ", env!("CARGO_PKG_VERSION"), "\n")), "{said}");
    let place = format!("built for: {}-{}", std::env::consts::ARCH, std::env::consts::OS);
    assert!(said.contains(&place), "{said}");
    assert!(said.contains(if cfg!(debug_assertions) { ", debug\n" } else { ", release\n" }));
    assert_eq!(said.contains("lua"), cfg!(feature = "lua"), "{said}");
}

#[limited::test]
fn completions_of_every_shell_are_printed() {
    for (shell, held) in [
        ("bash", "complete -F _switchy"),
        ("zsh", "#compdef switchy"),
        ("fish", "complete -c switchy"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[switchy]"),
    ] {
        let args = ["completions", shell].map(str::to_owned);
        let output = command(&args).output().unwrap();
        assert!(output.status.success() && text(&output.stdout).contains(held), "{shell}");
    }
}

#[limited::test]
fn configured_abbreviations_guards_and_prod_hold() {
    let (switch, home) = (Switch::start(), tempfile::tempdir().unwrap());
    let config = home.path().join("config.toml");
    let file = format!(
        "[defaults]\nhost = '127.0.0.1'\nport = {}\n\
         [abbr]\nsayit = 'eval'\nboth = 'eval not this'\n\
         [alias]\nboth = 'eval $2 $1'\n\
         [guard]\ndeny = ['eval bad*']\nconfirm = ['eval ask']\nallow = ['global_setvar free*']\n\
         [profile.plain]\nhost = 'localhost'\n[profile.live]\nenv = 'prod'\n[profile.looks]\noutput = 'json'\n",
        switch.port()
    );
    std::fs::write(&config, file).unwrap();
    let config = config.to_str().unwrap();
    for (profile, line, code, said) in [
        ("plain", "sayit one two", 0, "one two"),
        ("plain", "both one two", 0, "two one"),
        ("plain", "eval bad one", 1, "the configuration forbids it"),
        ("plain", "eval ask", 2, "--yes"),
        ("live", "global_setvar free=1", 0, ""),
        ("plain", "global_setvar a=b", 0, ""),
        ("live", "global_getvar a", 0, "b"),
        ("live", "global_setvar a=c", 2, "--yes"),
        ("live", "api --yes global_setvar a=c", 0, ""),
        // The same address.
        ("looks", "global_setvar a=d", 2, "--yes"),
        ("looks", "calls", 0, "[]"),
    ] {
        let args = ["--config", config, profile, "-x", line].map(str::to_owned);
        let output = command(&args).output().unwrap();
        let told = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{profile} {line}: {told}");
        assert!(told.contains(said), "{profile} {line}: {told}");
    }
}

#[limited::test]
fn the_password_of_the_environment() {
    let switch = Switch::start();
    // Empty is not set: the stock password is tried.
    for (password, code) in [("wrong", 3), ("ClueCon", 0), ("", 0)] {
        let mut command = command(&switch.args(&["-x", "version"]));
        let output = command.env("SWITCHY_PASSWORD", password).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{password:?}");
    }
}

#[limited::test]
fn nobody_listens() {
    // Bound and gone again: nobody answers there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = command(&["-P".into(), port.to_string(), "-x".into(), "status".into()]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("hint: is FreeSWITCH running"));
}

#[limited::test]
fn json_is_one_document() {
    let switch = Switch::start();
    for line in ["status", "calls", "version", "api global_getvar local_ip_v4", "hosts"] {
        let output = run(&switch, &["-x", line, "-o", "json"]);
        let stdout = text(&output.stdout);
        assert!(serde_json::from_str::<Value>(&stdout).is_ok(), "{line}: {stdout}");
    }
}

#[limited::test]
fn a_script_ends_with_its_input() {
    let switch = Switch::start();
    let output = run_script(&switch, "status\n\n# a comment\nversion\n");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let stdout = text(&output.stdout);
    assert!(stdout.contains("uptime") && stdout.contains("server"), "{stdout}");
    assert!(!stdout.contains('\x1b'), "{stdout:?}");
}

#[limited::test]
fn a_script_stops_at_the_first_failing_line() {
    let switch = Switch::start();
    for (line, code) in [("not a real command", 1), ("calls --nosuch", 2)] {
        let output = run_script(&switch, &format!("version\n{line}\nstatus\n"));
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{stdout}");
        assert!(stdout.contains("server") && !stdout.contains("uptime"), "{stdout}");
    }
    // Unless it is told to go on: behind a connection that failed, too.
    let nowhere = Nowhere::new();
    let line = format!("connect {}\neval still here", nowhere.address());
    let keep = "--keep-going";
    for (options, code, goes_on) in [(&[][..], 3, false), (&[keep], 3, true)] {
        let mut child = command(&switch.args(options)).stdin(Stdio::piped()).spawn().unwrap();
        // A run that ends early reads no more.
        drop(child.stdin.take().unwrap().write_all(line.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert_eq!(stdout.contains("still here"), goes_on, "{stdout}{stderr}");
    }
}

#[limited::test]
fn a_reader_that_goes_away_is_no_error() {
    let switch = Switch::start();
    let mut child = command(&switch.args(&[])).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than any pipe holds; what comes after the end is not read.
    let feeder = std::thread::spawn(move || drop(stdin.write_all("help\n".repeat(200).as_bytes())));
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("To see what is going on:"), "{first}");
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[limited::test]
fn events_stream_as_json_until_there_were_enough() {
    let switch = Switch::start();
    let line = "events CHANNEL_CREATE where Caller-Destination-Number=9196 -o jsonl --count 2";
    let mut stream = command(&switch.args(&["-x", line])).spawn().unwrap();
    // It takes a while until it listens.
    let status = loop {
        run(&switch, &["-x", "originate --wait 10 loopback/9196 &park"]);
        if let Some(status) = stream.try_wait().unwrap() {
            break status;
        }
    };
    let output = stream.wait_with_output().unwrap();
    assert_eq!((status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let stdout = text(&output.stdout);
    let events: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2, "{stdout}");
    for event in events {
        assert_eq!(event["Event-Name"], "CHANNEL_CREATE");
        assert_eq!(event["Caller-Destination-Number"], "9196");
        assert!(event["Unique-ID"].is_string());
    }
    let output = run(&switch, &["-x", "events on --for 1", "-o", "jsonl"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[limited::test]
fn an_answer_goes_through_a_program_byte_by_byte() {
    let switch = Switch::start();
    let output = run(&switch, &["-x", "version -o json | wc -l", "-x", "! printf 'a\\377b'"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert!(output.stdout.ends_with(b"a\xffb"), "{output:?}");
    let output = run(&switch, &["-x", "version | grep nothing-of-it", "-x", "version"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(text(&output.stderr).contains("nothing in the answer matches"));
}

#[limited::test]
fn jobs_that_no_line_asked_about_are_waited_for_at_the_end() {
    let switch = Switch::start();
    let told = |args: &[&str]| {
        let output = run(&switch, args);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, stdout, stderr) = told(&["-x", "bgapi version", "-x", "bgapi msleep 300"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains(" version: FreeSWITCH Version "), "{stdout}");
    assert!(stdout.contains(" msleep 300: "), "{stdout}");
    let (code, stdout, stderr) = told(&["-x", "bgapi nosuch", "-x", "version"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stderr.contains("Command not found!") && stderr.contains("hint: job "), "{stderr}");
    // What was asked for is not told again, and nobody waits behind exit.
    let (code, stdout, _) = told(&["-x", "bgapi version", "-x", "wait last"]);
    assert_eq!((code, stdout.matches("FreeSWITCH Version").count()), (Some(0), 1), "{stdout}");
    let (code, _, stderr) = told(&["-x", "bgapi msleep 60000", "-x", "exit"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    // As machines read it.
    let (code, stdout, _) = told(&["-x", "bgapi version", "-o", "jsonl"]);
    let lines: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, lines.len()), (Some(0), 2), "{stdout}");
    assert_eq!(lines[0]["id"], lines[1]["id"]);
    assert_eq!(lines[1]["state"], "done");
}

#[limited::test]
fn a_call_that_failed_fails_a_script_that_does_not_look_after_it() {
    let switch = Switch::start();
    let output = run(&switch, &["-x", "originate error/USER_BUSY &park"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("-ERR USER_BUSY"), "{}", text(&output.stderr));
    let lines = ["originate error/USER_BUSY &park", "expect hangup last 20 USER_BUSY"];
    let output = run(&switch, &["-x", lines[0], "-x", lines[1]]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let output = run(&switch, &["-x", "originate loopback/9196 &park"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[limited::test]
fn the_doctor_needs_no_connection() {
    let nowhere = Nowhere::new();
    let address = nowhere.address();
    for args in [&["doctor", &address][..], &[&address, "-x", "doctor"]] {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let output = command(&args).output().unwrap();
        let told = text(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {told}");
        assert!(told.contains("refuses the connection") && told.contains("listen-ip"), "{told}");
    }
    let output = command(&["doctor".to_owned(), "--dialplan".to_owned()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("park_timeout"));
}

#[limited::test]
fn every_failure_to_connect_names_the_doctor() {
    let switch = Switch::with(switchy::sim::Config::new().with_password("s3cret"));
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let not_an_event_socket = other.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in other.incoming() {
            // One that is gone is no failure.
            let _said = client.and_then(|mut client| client.write_all(b"SSH-2.0-OpenSSH\r\n"));
        }
    });
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_address = silent.local_addr().unwrap().to_string();
    let locked = format!("127.0.0.1:{}", switch.port());
    let nowhere = Nowhere::new();
    let (closed, port) = (nowhere.address(), nowhere.port().to_string());
    let by_name = format!("localhost:{port}");
    for (target, said, doctor) in [
        (closed.as_str(), "refuses the connection", closed.as_str()),
        (&by_name, "refuses the connection", &by_name),
        (&locked, "does not accept the password", &locked),
        (&not_an_event_socket, "is not an event socket", &not_an_event_socket),
        (&silent_address, "says nothing for", &silent_address),
        ("nosuch.invalid", "no address for nosuch.invalid", "nosuch.invalid"),
    ] {
        let args = ["--no-config", "-T", "300ms", target, "-x", "status"].map(str::to_owned);
        let output = command(&args).output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{target}: {stderr}");
        assert!(stderr.contains(said), "{target}: {stderr}");
        let last = stderr.trim_end().lines().last().unwrap();
        assert!(last.starts_with(&format!("hint: \"switchy doctor {doctor}\" ")), "{stderr}");
    }
    let args = ["--no-config", "-P", &port, "-u", "ann@lan", "-x", "status"].map(str::to_owned);
    let stderr = text(&command(&args).output().unwrap().stderr);
    let doctor = format!("\"switchy doctor {closed} -u ann@lan\"");
    assert!(stderr.contains(&doctor), "{stderr}");
}

#[limited::test]
fn a_misspelt_command_of_the_program_is_recognised() {
    for (word, meant) in
        [("dmo", "demo"), ("docter", "doctor"), ("simm", "sim"), ("repaly", "replay")]
    {
        let args = ["--no-config", "-T", "300ms", word, "-x", "status"].map(str::to_owned);
        let stderr = text(&command(&args).output().unwrap().stderr);
        assert!(
            stderr.contains(&format!("hint: did you mean switchy {meant}?")),
            "{word}: {stderr}"
        );
    }
}

#[limited::test]
fn a_question_mark_is_help_and_needs_no_server() {
    for (line, said) in [
        ("?", "What is going on:"),
        ("? hangup", "[OPTIONS] <CALL> [CAUSE]"),
        ("?hangup", "[OPTIONS] <CALL> [CAUSE]"),
    ] {
        let nobody = ["-H", "127.0.0.1", "-P", "1", "-x", line].map(str::to_owned);
        let output = command(&nobody).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(said), "{line}: {}", text(&output.stdout));
    }
    let switch = Switch::start();
    for (line, meant) in [
        ("show chanels", "channels"),
        ("show chanels -o raw", "channels"),
        ("api show registratoins", "registrations"),
        ("hagup", "hangup"),
        ("hlep", "help"),
        ("uuid_kil x", "uuid_kill"),
        ("help hagup", "hangup"),
        ("calls --endet", "--ended"),
    ] {
        let stderr = text(&run(&switch, &["-x", line]).stderr);
        assert!(stderr.contains(meant), "{line}: {stderr}");
    }
}

#[limited::test]
fn the_oldest_call_is_first_also_when_calls_begin_during_the_connect() {
    let switch = Switch::with(switchy::sim::Config::new().with_seed(7).with_traffic(20.0));
    until_blocking(LONG, "calls of several seconds", || switch.channels() > 60);
    for run_number in 0..12 {
        // A busy machine may take longer than an operator waits.
        let output = run(&switch, &["-T", "60s", "-x", "calls -o json"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let calls: Vec<Value> = serde_json::from_str(&text(&output.stdout)).unwrap();
        // A call that has only its second leg left keeps its place.
        let calls = calls.iter().filter(|call| call["dir"] == "inbound");
        let ages: Vec<u64> = calls.filter_map(|call| call["age_ms"].as_u64()).collect();
        assert!(ages.len() > 5, "{ages:?}");
        // The table of channels has whole seconds; an event since may have the exact beginning.
        assert!(ages.is_sorted_by(|a, b| a + 1000 > *b), "run {run_number}: {ages:?}");
    }
}

#[limited::test]
fn the_start_of_an_id_that_tables_show_stands_for_the_uuid() {
    let switch = Switch::start();
    let made =
        run(&switch, &["-x", "originate --wait 10 loopback/9196/default &park", "-x", "exit"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let listed = text(&run(&switch, &["-x", "calls -o json"]).stdout);
    let calls: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let id = calls[0]["id"].as_str().unwrap().to_owned();
    let short = id.get(..8).unwrap();
    for line in [
        format!("uuid_exists {short}"),
        format!("api uuid_exists {short}"),
        format!("bgapi --wait 5 uuid_exists {short}"),
    ] {
        let stdout = text(&run(&switch, &["-x", &line]).stdout);
        assert_eq!(stdout.trim_end(), format!("{short} is {id}\ntrue"), "{line}");
    }
    // A machine gets the answer alone.
    let raw = text(&run(&switch, &["-x", &format!("uuid_exists {short}"), "-o", "raw"]).stdout);
    assert_eq!(raw.trim_end(), "true");
    // What names no leg goes out as it is.
    let output = run(&switch, &["-x", "uuid_kill 00000000"]);
    assert!(text(&output.stderr).contains("No such channel"), "{}", text(&output.stderr));
    let output = run(&switch, &["-x", &format!("uuid_kill {short}")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    // It ends a step of the switch's clock after the reply.
    until_blocking(LONG, "the end of the leg", || {
        text(&run(&switch, &["-x", &format!("uuid_exists {id}")]).stdout).trim_end() == "false"
    });
}

#[limited::test]
#[cfg(feature = "lua")]
fn what_a_lua_app_logs_is_on_standard_error() {
    let (switch, home) = (Switch::start(), tempfile::tempdir().unwrap());
    let path = home.path().join("log.lua");
    std::fs::write(&path, "log('hi', 'there')\nlog.debug('hidden')\nfunction on_park() end\n")
        .unwrap();
    let output = run(&switch, &["-x", &format!("load-app {}", path.display())]);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("log.lua: hi there"), "{stderr}");
    assert!(!stderr.contains("hidden") && !stderr.contains("Loading call app"), "{stderr}");
}
