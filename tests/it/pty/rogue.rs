//! A server that puts hostile text wherever a server can put text.
use std::cell::Cell;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::desk::{Size, at_prompt, holds};
use super::hostile::{MARK, hostile, offences};
use super::terminal::Terminal;

/// It answers for as long as the process lives.
#[derive(Clone)]
struct Rogue {
    port: u16,
    values: Arc<Vec<String>>,
    /// The connections that events and log lines go to.
    listening: Arc<Mutex<Vec<TcpStream>>>,
}

impl Rogue {
    fn start(values: Vec<String>) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let rogue = Self { port, values: Arc::new(values), listening: Arc::default() };
        let server = rogue.clone();
        thread::spawn(move || {
            for stream in door.incoming().flatten() {
                let server = server.clone();
                // A client that leaves is no failure.
                thread::spawn(move || drop(server.serve(stream)));
            }
        });
        rogue
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        stream.write_all(b"Content-Type: auth/request\n\n")?;
        while let Some(line) = lines.next().transpose()? {
            let mut headers = Vec::new();
            while let Some(header) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
                headers.push(header);
            }
            let mut all = self.listening.lock().unwrap();
            match line.split_once(' ').unwrap_or((&line, "")) {
                ("api", command) => {
                    let body = self.answer(command);
                    let head = format!("Content-Length: {}\n\n", body.len());
                    stream.write_all(b"Content-Type: api/response\n")?;
                    stream.write_all(&[head.as_bytes(), &body].concat())?;
                }
                ("bgapi", command) => {
                    let id = headers.iter().find_map(|header| header.strip_prefix("Job-UUID: "));
                    let id = id.unwrap_or_default();
                    write!(
                        stream,
                        "Content-Type: command/reply\nReply-Text: +OK Job-UUID: {id}\n\
                         Job-UUID: {id}\n\n"
                    )?;
                    let body = self.answer(command);
                    let event = format!(
                        "Event-Name: BACKGROUND_JOB\nJob-UUID: {id}\nContent-Length: {}\n\n",
                        body.len()
                    );
                    for stream in &mut *all {
                        frame(stream, "text/event-plain", &[event.as_bytes(), &body].concat())?;
                    }
                }
                (verb, _) => {
                    stream
                        .write_all(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")?;
                    match verb {
                        "event" if all.is_empty() => all.push(stream.try_clone()?),
                        "log" => self.log(&mut stream)?,
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// What it answers: bytes, for a server need not send UTF-8.
    fn answer(&self, command: &str) -> Vec<u8> {
        if command.ends_with("as json") {
            let rows: Vec<_> = self.values.iter().zip(0..).map(|(v, n)| row(v, n)).collect();
            let document = serde_json::json!({"row_count": rows.len(), "rows": rows});
            return document.to_string().into_bytes();
        }
        let marked = self.values.iter().map(|value| format!("{MARK}{}", value.replace('\n', "")));
        let (before, after) = match command.split(' ').next().unwrap_or_default() {
            "console_complete" => ("[", "]\t"),
            "sofia" => ("", "\tgateway\tEVIL\x1b[2J\tEVIL\x1b[31m\n"),
            _ => ("", "\n"),
        };
        let lines: Vec<String> = marked.map(|line| format!("{before}{line}{after}")).collect();
        let mut bytes = lines.concat().into_bytes();
        bytes.extend(b"EVIL\xff\xfe\x1b[2J\xc3\x28\xf0\x9f\x9b\xe2\x80\n");
        if command.starts_with("fail") {
            bytes.splice(0..0, *b"-ERR ");
        }
        bytes
    }

    /// Sends each value as a log line, with what may stand around one.
    fn log(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        for value in self.values.iter() {
            let flat = value.replace('\n', "");
            // Rows of a message are rows, which the tests of the log look at.
            let text = format!("2026-11-22 19:14:50.181523 [ERR] {MARK}{flat}.\n");
            write!(
                stream,
                "Content-Type: log/data\nContent-Length: {}\nLog-Level: 3\nText-Channel: 0\n\
                 Log-File: {MARK}{flat}\nLog-Func: {MARK}{flat}\nLog-Line: 1\n\
                 User-Data: {MARK}{flat}\n\n{text}",
                text.len()
            )?;
        }
        Ok(())
    }

    /// Fires each value in an event that nobody knows, in its headers, names and body, in every
    /// form that a server has.
    fn fire(&self) {
        for value in self.values.iter() {
            let evil = format!("{MARK}{value}");
            let pairs = [("Event-Name", "CUSTOM"), ("Event-Subclass", &evil), ("X-Evil", &evil)];
            let json: serde_json::Map<_, _> =
                pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
            let json = serde_json::Value::from(json).to_string();
            let xml = format!("<event><headers><Event-Name>{evil}</Event-Name></headers></event>");
            for stream in &mut *self.listening.lock().unwrap() {
                frame(stream, "text/event-json", json.as_bytes()).unwrap();
                frame(stream, "text/event-xml", xml.as_bytes()).unwrap();
            }
            let coded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let body = format!("{MARK}{}", value.replace('\n', ""));
            let event = format!(
                "Event-Name: CUSTOM\nEvent-Subclass: {MARK}{coded}\nX-{MARK}: {MARK}{coded}\n\
                 Content-Length: {}\n\n{body}",
                body.len()
            );
            for stream in &mut *self.listening.lock().unwrap() {
                frame(stream, "text/event-plain", event.as_bytes()).unwrap();
            }
        }
    }
}

/// A server that lets nobody in, with a hostile word: each value twice, before and after the login.
fn rude(values: Vec<String>) -> u16 {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    thread::spawn(move || {
        for (stream, number) in door.incoming().flatten().zip(0..) {
            let value = &values[number / 2 % values.len()];
            // A client that leaves is no failure.
            drop(refuse(stream, &value.replace('\n', ""), number % 2 == 0));
        }
    });
    port
}

fn refuse(mut stream: TcpStream, value: &str, at_once: bool) -> std::io::Result<()> {
    if at_once {
        return frame(&mut stream, "text/rude-rejection", format!("{MARK}{value}\n").as_bytes());
    }
    stream.write_all(b"Content-Type: auth/request\n\n")?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let said = format!("Content-Type: command/reply\nReply-Text: -ERR {MARK}{value}\n\n");
    stream.write_all(said.as_bytes())?;
    frame(&mut stream, "text/disconnect-notice", format!("{MARK}{value}\n").as_bytes())
}

fn frame(stream: &mut TcpStream, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("Content-Length: {}\nContent-Type: {kind}\n\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())
}

/// A row of any table that a server has.
fn row(value: &str, number: usize) -> serde_json::Map<String, serde_json::Value> {
    let fields = [
        "name",
        "cid_name",
        "cid_num",
        "ip_addr",
        "dest",
        "application",
        "application_data",
        "dialplan",
        "context",
        "read_codec",
        "callee_name",
        "callee_num",
        "initial_dest",
        "reg_user",
        "realm",
        "token",
        "url",
        "network_ip",
        "hostname",
        "description",
        "syntax",
        "ikey",
        "type",
    ];
    let evil = |name| (name, format!("{MARK}{value}"));
    let known = [
        ("uuid", format!("{number:08x}-1111-4222-8333-444455556666")),
        ("call_uuid", format!("{number:08x}-1111-4222-8333-444455556666")),
        ("direction", "inbound".to_owned()),
        ("state", "CS_EXECUTE".to_owned()),
        ("callstate", "ACTIVE".to_owned()),
        ("created_epoch", "1767225600".to_owned()),
    ];
    let pairs = fields.into_iter().map(evil).chain(known);
    pairs.map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// What is typed, and whether hostile text is seen in answer to it.
const TYPED: &[(&str, bool)] = &[
    ("set pager off", false),
    ("transcript start session.jsonl", false),
    ("status", false),
    ("version", true),
    ("nonsense", true),
    ("api anything", true),
    ("fail now", true),
    ("bgapi nonsense", true),
    ("bgapi fail now", true),
    ("wait last", true),
    ("jobs", true),
    ("jobs -o csv", true),
    ("sofia status", true),
    ("show calls", true),
    ("show channels", true),
    ("show channels -o csv", true),
    ("show api", true),
    ("show tasks", true),
    ("calls", true),
    ("channels", true),
    ("gateways", false),
    ("profiles", false),
    ("registrations", true),
    ("conferences", true),
    ("getvar 00000000 anything", true),
    ("dump 00000000", false),
    ("call 00000000", true),
    ("why 00000000", true),
    ("hangup EVI", false),
    ("play 00000000 tone_stream://x", false),
    ("execute 00000000 nothing", false),
    ("originate 9196@127.0.0.1:5080", false),
    ("doctor", false),
    ("ghosts", false),
    ("hosts", false),
    ("apropos EVI", true),
    ("help nonsense", false),
    ("log 7", false),
    ("log off", false),
    ("events ALL", false),
    ("events format json", false),
    ("events format Event-Subclass,X-Evil,Nowhere", false),
    ("events format line", false),
    ("events last 1000", true),
    ("events last 1000 -o json", true),
    ("events last 1000 -o vertical", true),
    ("events last 1000 -o csv", true),
    ("events last 1000 -o raw", true),
    ("events last 1000 -o jsonl", true),
    ("events all -o jsonl --count 20", true),
    ("api anything | cat", true),
    ("fail now | cat", false),
    ("version | cat", true),
    ("show channels | cat", true),
    ("show channels -o json | cat", true),
    ("show channels -o jsonl | cat", true),
    ("show channels -o raw | cat", true),
    ("show channels -o vertical | cat", true),
    ("conferences -o json | cat", true),
    ("events last 1000 | cat", true),
    ("events last 1000 -o json | cat", true),
    ("events last 1000 -o jsonl | cat", true),
    ("events last 1000 -o raw | cat", true),
    ("getvar 00000000 anything | cat", true),
    ("why 00000000 | cat", true),
    ("let x = $(api anything)", false),
    ("let", true),
    ("let -o json | cat", true),
    ("doctor | cat", false),
    ("events all -o raw", false),
    ("expect text NEVER nonsense", false),
    ("events off", false),
    ("set pager on", false),
    ("status", false),
    ("calls", true),
];

#[limited::test]
fn a_hostile_server_changes_nothing_on_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let values: Vec<String> = hostile().into_iter().filter(|value| value.len() < 500).collect();
    let rogue = Rogue::start(values);
    let args = ["-H", "127.0.0.1", "-P", &rogue.port.to_string(), "--color=always"];
    let size = Size { columns: 160, rows: 40 };
    let variables = [("PAGER", "cat"), ("PATH", "/usr/bin:/bin")];
    let mut terminal = Terminal::start_in(home.path(), size, &args.map(str::to_owned), &variables);
    terminal.wait_until("the connection", |screen| screen.log.contains("connected to "));
    terminal.keys("\x0c");
    at_prompt(&terminal);
    let mut unseen = Vec::new();
    for (line, is_seen) in TYPED {
        let (before, marked) = (terminal.len(), terminal.shown(MARK));
        terminal.keys(line);
        terminal.wait_until("the line", |screen| holds(screen, line));
        terminal.keys("\r");
        if line.contains("--count") {
            // It may begin to listen later than the first of them.
            terminal.wait_until("a stream", |screen| {
                rogue.fire();
                screen.log.matches(MARK).count() > marked
            });
        }
        at_prompt(&terminal);
        match *line {
            // However they are to be shown.
            "events ALL" | "events format json" | "events format Event-Subclass,X-Evil,Nowhere" => {
                rogue.fire();
                terminal.wait_until("events", |screen| screen.log.matches(MARK).count() > marked);
            }
            "log 7" => {
                let logged = "[ERR] EVIL";
                terminal.wait_until("log lines", |screen| screen.log.contains(logged));
            }
            "bgapi nonsense" | "bgapi fail now" => {
                terminal
                    .wait_until("the result", |screen| screen.log.matches(MARK).count() > marked);
            }
            _ => {}
        }
        if *is_seen && !terminal.since(before).contains(MARK) {
            unseen.push((*line, terminal.since(before)));
        }
    }
    for keys in ["nonsense \t", "uuid_kill \t", "sofia status profile \t"] {
        terminal.keys(keys);
        let word = keys.trim_end();
        terminal.wait_until("the line", |screen| screen.last().contains(word));
        terminal.keys("\x15\x0c");
        at_prompt(&terminal);
    }
    // Whoever lets nobody in has a word, too.
    let door = rude(hostile().into_iter().filter(|value| value.len() < 500).collect());
    for _ in 0..40 {
        let before = terminal.shown("error: ");
        terminal.keys(&format!("connect 127.0.0.1:{door}\r"));
        // Where the password is refused, another one is asked for.
        let is_asked = Cell::new(false);
        terminal.wait_until("the refusal", |screen| {
            is_asked.set(screen.last().starts_with("Password for "));
            let is_refused = screen.log.matches("error: ").count() > before;
            is_asked.get() || is_refused && screen.last().ends_with('>')
        });
        if is_asked.get() {
            terminal.keys("\x03");
            terminal.wait_until("the prompt", |screen| screen.last().ends_with('>'));
        }
    }
    // And the session as it was written down, opened again.
    for line in ["use 127.0.0.1", "transcript stop"] {
        terminal.keys(&format!("{line}\r"));
        terminal
            .wait_until(line, |screen| screen.log.contains(line) && screen.last().ends_with('>'));
    }
    terminal.keys("replay session.jsonl\r");
    terminal.wait_until("the recording", |screen| {
        screen.last().contains("recording>") && screen.log.contains("replay session.jsonl")
    });
    for line in
        ["status", "calls", "calls --ended", "events last 1000", "events last 1000 -o raw", "jobs"]
    {
        let before = terminal.len();
        terminal.keys(&format!("{line}\r"));
        terminal.wait_until(line, |screen| {
            terminal.since(before).contains('\n') && screen.last().ends_with("recording>")
        });
    }
    let written = terminal.bytes();
    let found = offences(&written);
    assert!(found.is_empty(), "{} offences: {:#?}", found.len(), &found[..found.len().min(10)]);
    assert!(unseen.is_empty(), "{unseen:#?}");
}
