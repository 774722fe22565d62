//! The server's log at the prompt, under `-b`, and in a pipe: whole, and line for line.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::desk::*;
use super::terminal::PROGRAM;
use crate::support::program::{program_in, switchy};
use crate::support::{LONG, until_blocking};

/// A server that logs these texts to every client that asks for its log.
fn logs(texts: Vec<String>) -> u16 {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in door.incoming().flatten() {
            let texts = texts.clone();
            // A client that leaves is no failure.
            thread::spawn(move || drop(serve(stream, &texts)));
        }
    });
    port
}

fn serve(mut stream: TcpStream, texts: &[String]) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    stream.write_all(b"Content-Type: auth/request\n\n")?;
    while let Some(line) = lines.next().transpose()? {
        while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        if word == "api" {
            let body = if rest.contains("as json") { "{\"row_count\":0}" } else { "-ERR no\n" };
            let length = body.len();
            write!(stream, "Content-Type: api/response\nContent-Length: {length}\n\n{body}")?;
        } else {
            stream.write_all(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")?;
        }
        if word == "log" {
            for text in texts {
                let level = if text.contains("[ERR]") { 3 } else { 7 };
                let length = text.len();
                write!(
                    stream,
                    "Content-Type: log/data\nContent-Length: {length}\nLog-Level: {level}\n\
                     Text-Channel: 0\nLog-File: x.c\nLog-Func: f\nLog-Line: 1\nUser-Data: \n\n{text}"
                )?;
            }
        }
    }
    Ok(())
}

/// Ends in an empty row, as fs_cli shows it.
const SIP: &str = "send 512 bytes to udp/[10.0.0.9]:5060 at 12:00:01.000001:\r\n   ---\r\n   INVITE \
                   sip:1000@10.0.0.9 SIP/2.0\r\n   Via: SIP/2.0/UDP 10.0.0.1;rport\r\n\r\n   v=0\r\n   \
                   o=- 1 1 IN IP4 10.0.0.1\r\n   \x1b[2Jevil\r\n\n";
/// As it is shown.
const ROWS: &[&str] = &[
    "send 512 bytes to udp/[10.0.0.9]:5060 at 12:00:01.000001:",
    "     ---",
    "     INVITE sip:1000@10.0.0.9 SIP/2.0",
    "     Via: SIP/2.0/UDP 10.0.0.1;rport",
    "",
    "     v=0",
    "     o=- 1 1 IN IP4 10.0.0.1",
    "     ␛[2Jevil",
    "",
];

/// The log of one call at debug level, a SIP message within it.
fn one_call() -> Vec<String> {
    let line = |n: usize| format!("12:00:01 [DEBUG] x.c:1 line {n:04} {}\n", "word ".repeat(20));
    let mut texts: Vec<_> = (0..430).map(line).collect();
    texts.insert(200, SIP.to_owned());
    texts.push("12:00:01 [ERR] x.c:1 END\n".to_owned());
    texts
}

fn arguments(port: u16, more: &[&str]) -> Vec<String> {
    let port = port.to_string();
    let own = ["--no-config", "-H", "127.0.0.1", "-P", &port, "--color=never"];
    own.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
}

#[limited::test]
fn all_of_a_call_is_shown_and_the_line_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    for size in [WIDE, NARROW] {
        let port = logs(one_call());
        let mut terminal = Terminal::start(home.path(), size, &arguments(port, &[]));
        at_prompt(&terminal);
        terminal.keys("log debug\r");
        terminal.keys("half a line");
        terminal.wait_until("the end of the log", |screen| {
            screen.log.contains("[ERR] x.c:1 END") && holds(screen, "half a line")
        });
        terminal.wait_until("every line", |screen| {
            let missing = (0..430).find(|n| !screen.log.contains(&format!("line {n:04} ")));
            assert_eq!(missing, None);
            assert!(!screen.log.contains(" events (log"), "nothing is only counted");
            assert!(!screen.log.contains('…'), "nothing is cut");
            true
        });
        // Again, and by themselves: the screen has no room for all of them.
        terminal.keys("\x15");
        at_prompt(&terminal);
        run(&mut terminal, "set pager off");
        let again = run(&mut terminal, "log last 5000");
        let rows: Vec<_> = again.lines().map(str::trim_end).collect();
        let start = rows.iter().position(|row| *row == ROWS[0]).unwrap();
        assert_eq!(rows[start..start + ROWS.len()], *ROWS);
        assert!(again.contains("line 0000 ") && again.contains("line 0429 "));
        // Broken as above the prompt.
        let is_broken = rows.iter().any(|row| row.starts_with("         word"));
        assert_eq!(is_broken, size.columns < WIDE.columns, "{again}");
        let events = run(&mut terminal, "events last 1000");
        assert!(events.contains("no events yet") && !events.contains("line 0"), "{events}");
    }
}

#[limited::test]
fn batch_mode_at_a_terminal_shows_the_log() {
    let home = tempfile::tempdir().unwrap();
    let port = logs(one_call());
    let terminal = Terminal::start(home.path(), WIDE, &arguments(port, &["-b", "-l", "debug"]));
    terminal.wait_until("the log", |screen| {
        screen.log.contains("[ERR] x.c:1 END")
            && (0..430).all(|n| screen.log.contains(&format!("line {n:04} ")))
            && screen.log.contains("     INVITE sip:1000@10.0.0.9 SIP/2.0")
    });
}

/// The program, under this name, with what fs_cli's users write.
fn called(home: &Path, name: &str, args: &[String]) -> Command {
    let link = home.join(name);
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_switchy"), &link).unwrap();
    }
    let mut command = program_in(link, home);
    command.args(args);
    command
}

#[limited::test]
fn batch_mode_at_the_end_of_a_pipe_has_the_log() {
    let home = tempfile::tempdir().unwrap();
    for (name, options, has_log) in [
        ("fs_cli", &["-b", "-l", "debug"][..], true),
        ("fs_cli", &["-b"], true),
        ("switchy", &["-b", "-l", "7"], true),
        ("fs_cli", &["-b", "-q"], false),
        ("switchy", &["-b"], false),
        // Without -b the lines are those of a script.
        ("switchy", &["-l", "7"], false),
    ] {
        let mut command = called(home.path(), name, &arguments(logs(one_call()), options));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut keys = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut rows = Vec::new();
        if has_log {
            // As it comes: nothing is typed.
            rows.extend(lines.by_ref().take_while(|line| !line.contains("[ERR] x.c:1 END")));
            assert_eq!(rows.len(), 430 + ROWS.len(), "{name} {options:?}");
            assert_eq!(rows[200..200 + ROWS.len()], *ROWS, "{name} {options:?}");
        }
        // The answers come between the lines of the log.
        keys.write_all(b"echo typed\n").unwrap();
        drop(keys);
        let rest: Vec<String> = lines.collect();
        assert!(!rest.iter().any(|row| row.contains("line 0")), "{name} {options:?}: {rest:?}");
        child.wait().unwrap();
    }
}

/// A file for standard output, the keyboard for standard input: nothing of a prompt is in the file.
#[limited::test]
fn a_file_has_plain_lines_that_are_not_broken() {
    let home = tempfile::tempdir().unwrap();
    let port = logs(one_call());
    for (options, has_log) in [("-l 7", true), ("", false)] {
        let mut terminal = Terminal::shell(home.path(), NARROW);
        let file = home.path().join("out");
        let line = format!(
            "'{PROGRAM}' --no-config -H 127.0.0.1 -P {port} --color=auto {options} > '{}'\r",
            file.display()
        );
        terminal.keys(&line);
        terminal.wait_until("the note", |screen| screen.log.contains("no prompt; Ctrl-D ends"));
        let text = || std::fs::read_to_string(&file).unwrap_or_default();
        if has_log {
            until_blocking(LONG, "the log", || {
                let text = text();
                if text.contains("[ERR] x.c:1 END") { Ok(()) } else { Err(text.len()) }
            });
        }
        terminal.keys("help exit\r");
        terminal.keys("\x04");
        terminal.wait_until("the end", |screen| screen.last() == "shell>");
        let text = text();
        assert!(!text.contains('\x1b') && !text.contains("127.0.0.1 ●"), "{text:.2000}");
        let rows: Vec<_> = text.lines().collect();
        if has_log {
            assert_eq!(rows.iter().filter(|row| row.contains(" line 0")).count(), 430);
            let whole = format!("line 0000 {}", "word ".repeat(20));
            assert!(text.contains(whole.trim_end()), "a line is broken");
            assert!(rows.windows(ROWS.len()).any(|rows| rows == ROWS), "the SIP message");
        } else {
            assert!(!text.contains("line 0"), "{text}");
        }
        assert!(rows.contains(&"Leave the shell"), "the answer: {}", rows.len());
    }
}

#[limited::test]
fn the_log_streams_as_text_into_a_pipe() {
    let port = logs(one_call());
    let ask = |line: &str| {
        let mut command = switchy();
        let output = command.args(arguments(port, &["-x", line])).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, text, _) = ask("log debug --count 201");
    let rows: Vec<_> = text.lines().collect();
    assert_eq!((code, rows.len()), (Some(0), 200 + ROWS.len()));
    assert_eq!(rows[200..], *ROWS);
    let (code, text, _) = ask("log debug --for 500ms");
    assert_eq!(code, Some(0));
    assert!(text.ends_with("[ERR] x.c:1 END\n"), "{text}");
    for (line, said) in [
        ("log last", "no log lines: a script keeps none"),
        ("log last 9", "\"log debug --for 10s\" writes them as they come"),
        ("events last", "no events: a script keeps none"),
        ("events last 9", "\"events all --for 10s\" writes them as they come"),
    ] {
        let (code, text, _) = ask(line);
        assert_eq!(code, Some(0), "{line}");
        assert!(text.contains(said), "{line}: {text}");
    }
    for (line, why) in [
        ("log --for 1s", "the log is off: which level?"),
        ("log last --count 3", "writes no stream"),
        ("log off --for 3", "writes no stream"),
        ("events last --for 3", "writes no stream"),
    ] {
        let (code, text, why_not) = ask(line);
        assert_eq!((code, text.as_str()), (Some(2), ""), "{line}");
        assert!(why_not.contains(why), "{line}: {why_not}");
    }
}
