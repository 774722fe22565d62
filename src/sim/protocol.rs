//! The verbs of mod_event_socket, seen from the server.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::api::{Waiter, Waiting};
use super::channel::Command;
use super::event::{Event, origin};
use super::log;
use super::notice::Notice;
use super::pairs::Pairs;
use super::record::user_of;
use super::socket::Outlet;
use super::subscription::{Subscription, known};
use super::world::{Action, Step, World};
use crate::model::HangupCause;
use crate::wire::{Format, Request, encode};

/// What the world knows of one client socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) out: Outlet,
    login: Login,
    spoke: bool,
    pub(super) format: Format,
    pub(super) subscription: Subscription,
    pub(super) log: Option<u8>,
    busy: Option<Busy>,
    held: Vec<Bytes>,
    held_bytes: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Login {
    No,
    Yes,
    /// Accepted, never spoken to.
    Mute,
}

/// A request being answered. Nothing else goes to the socket before the answer.
#[derive(Debug)]
struct Busy {
    line: String,
    _done: oneshot::Sender<()>,
}

/// What may wait for the end of a command that takes long.
const HELD: usize = 64 << 20;

impl Socket {
    /// Sends bytes, or keeps them until the running command is answered; `false` when too much
    /// waits.
    pub(super) fn push(&mut self, bytes: &Bytes) -> bool {
        if self.busy.is_none() {
            return self.out.send(bytes);
        }
        self.held_bytes += bytes.len();
        self.held.push(bytes.clone());
        self.held_bytes <= HELD
    }
}

const GOODBYE: &[u8] = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";

impl World {
    /// Greets a new socket, or turns it away.
    pub(super) fn attach(&mut self, id: u64, out: Outlet) {
        out.split(self.faults.split);
        let mut socket = Socket {
            out,
            login: Login::No,
            spoke: false,
            format: Format::Plain,
            subscription: Subscription::default(),
            log: None,
            busy: None,
            held: Vec::new(),
            held_bytes: 0,
        };
        let mut bytes = Vec::new();
        if self.faults.silent {
            socket.login = Login::Mute;
        } else if self.faults.reject {
            encode::frame(&mut bytes, "text/rude-rejection", &[], b"Access Denied, go away.\n");
            encode::frame(&mut bytes, "text/disconnect-notice", &[], GOODBYE);
            socket.out.send(&bytes.into());
            socket.out.close();
            return;
        } else {
            encode::frame(&mut bytes, "auth/request", &[], b"");
            socket.out.send(&bytes.into());
            self.after(self.config.auth_timeout, Action::AuthTimeout(id));
        }
        self.sockets.insert(id, socket);
    }

    /// The first packet is due in time; afterwards there is no limit, logged in or not.
    pub(super) fn auth_timeout(&mut self, id: u64) {
        if self.sockets.get(&id).is_some_and(|socket| !socket.spoke && socket.login == Login::No) {
            self.say_goodbye(id);
        }
    }

    fn say_goodbye(&mut self, id: u64) {
        if let Some(socket) = self.sockets.remove(&id) {
            let mut bytes = Vec::new();
            encode::frame(&mut bytes, "text/disconnect-notice", &[], GOODBYE);
            socket.out.send(&bytes.into());
            socket.out.close();
        }
    }

    /// Handles one packet.
    pub(super) fn request(&mut self, id: u64, request: &Request, done: oneshot::Sender<()>) {
        let line = request.line();
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        if socket.login == Login::Mute {
            return;
        }
        socket.spoke = true;
        socket.busy = Some(Busy { line: line.to_owned(), _done: done });
        if socket.login == Login::No {
            self.before_login(id, line);
        } else if self.faults.denies(line) {
            self.reply(id, "-ERR permission denied", &[]);
        } else {
            self.dispatch(id, request);
        }
    }

    fn before_login(&mut self, id: u64, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_lowercase();
        if verb == "exit" {
            self.reply(id, "+OK bye", &[]);
            self.say_goodbye(id);
        } else if verb == "auth" {
            let good = rest.trim() == self.config.password;
            self.logged_in(id, good, &[]);
        } else if verb == "userauth" {
            let good = self.config.users.iter().any(|(user, password)| {
                let (name, domain) = user.split_once('@').unwrap_or((user, ""));
                rest.trim() == format!("{user}:{password}")
                    || rest.trim() == format!("{name}:{password}@{domain}")
            });
            let rights =
                [("Allowed-Events", "ALL"), ("Allowed-API", "all"), ("Allowed-LOG", "true")];
            self.logged_in(id, good, &rights);
        } else {
            self.reply(id, "-ERR command not found", &[]);
        }
    }

    fn logged_in(&mut self, id: u64, good: bool, rights: &[(&str, &str)]) {
        if good {
            if let Some(socket) = self.sockets.get_mut(&id) {
                socket.login = Login::Yes;
                let user = socket.busy.as_ref().and_then(|busy| user_of(&busy.line));
                self.notify(&Notice::LoggedIn { id, user });
            }
            self.reply(id, "+OK accepted", rights);
        } else {
            self.notify(&Notice::Refused { id });
            self.reply(id, "-ERR invalid", &[]);
            self.say_goodbye(id);
        }
    }

    /// Verbs are found by prefix, in any case, in this order (`mod_event_socket.c`,
    /// `parse_command`).
    fn dispatch(&mut self, id: u64, request: &Request) {
        let line = request.line();
        let lower = line.to_ascii_lowercase();
        let rest = |verb: &str| line.get(verb.len()..).unwrap_or_default().trim();
        if lower.starts_with("exit") || lower.starts_with("...") {
            self.reply(id, "+OK bye", &[]);
            self.say_goodbye(id);
        } else if lower.starts_with("filter ") {
            self.filter(id, rest("filter "));
        } else if lower.starts_with("myevents ") {
            self.myevents(id, rest("myevents "));
        } else if lower.starts_with("divert_events ") {
            self.reply(id, "-ERR not controlling a session.", &[]);
        } else if lower.starts_with("sendmsg") {
            self.sendmsg(id, rest("sendmsg"), request);
        } else if lower.starts_with("sendevent") {
            self.sendevent(id, rest("sendevent"), request);
        } else if lower.starts_with("api ") {
            self.api(id, line.get(4..).unwrap_or_default());
        } else if lower.starts_with("bgapi ") {
            self.bgapi(id, rest("bgapi "), request.get("Job-UUID"));
        } else if lower.starts_with("log") {
            self.log_level(id, rest("log"));
        } else if lower.starts_with("nolog") {
            let text = match self.sockets.get_mut(&id).and_then(|socket| socket.log.take()) {
                Some(_) => "+OK no longer logging",
                None => "-ERR not loging",
            };
            self.reply(id, text, &[]);
        } else if lower.starts_with("linger") || lower.starts_with("nolinger") {
            self.reply(id, "-ERR not controlling a session", &[]);
        } else if lower.starts_with("event") {
            self.subscribe(id, rest("event"));
        } else if lower.starts_with("nixevent") {
            let socket = self.sockets.get_mut(&id);
            let found = socket
                .is_some_and(|socket| socket.subscription.nix(rest("nixevent").split_whitespace()));
            self.reply(
                id,
                if found { "+OK events nixed" } else { "-ERR no keywords supplied" },
                &[],
            );
        } else if lower.starts_with("noevents") {
            self.noevents(id);
        } else {
            self.reply(id, "-ERR command not found", &[]);
        }
    }

    fn noevents(&mut self, id: u64) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = if socket.subscription.is_on() {
            socket.subscription.clear();
            "+OK no longer listening for events"
        } else {
            "-ERR not listening for events"
        };
        self.reply(id, text, &[]);
    }

    fn subscribe(&mut self, id: u64, words: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let words: Vec<&str> = words.split_whitespace().collect();
        socket.format = match words.first().map(|word| word.to_ascii_lowercase()).as_deref() {
            Some("json") => Format::Json,
            Some("xml") => Format::Xml,
            _ => Format::Plain,
        };
        let named = words.iter().copied();
        let text = if socket.subscription.add(named) {
            format!("+OK event listener enabled {}", socket.format.word())
        } else {
            "-ERR no keywords supplied".to_owned()
        };
        self.reply(id, &text, &[]);
    }

    fn filter(&mut self, id: u64, rest: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let (first, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        let tail = tail.trim();
        let text = match first.to_ascii_lowercase().as_str() {
            "delete" if tail.is_empty() => "-ERR invalid syntax".to_owned(),
            "delete" => {
                let (header, value) = tail.split_once(' ').unwrap_or((tail, ""));
                let value = value.trim();
                socket
                    .subscription
                    .delete_filter(header, Some(value).filter(|value| !value.is_empty()));
                format!("+OK filter deleted. [{header}][{value}]")
            }
            "add" if !tail.contains(' ') => format!("+OK filter added. [{tail}]=[(null)]"),
            "add" => {
                let (header, value) = tail.split_once(' ').unwrap_or((tail, ""));
                socket.subscription.add_filter(header, value.trim());
                format!("+OK filter added. [{header}]=[{}]", value.trim())
            }
            _ if tail.is_empty() => "-ERR invalid syntax".to_owned(),
            _ => {
                socket.subscription.add_filter(first, tail);
                format!("+OK filter added. [{first}]=[{tail}]")
            }
        };
        self.reply(id, &text, &[]);
    }

    fn myevents(&mut self, id: u64, rest: &str) {
        let mut words = rest.split_whitespace();
        let (uuid, format) = (words.next().unwrap_or_default(), words.next());
        let exists = self.find(uuid).is_some();
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = if socket.subscription.only.is_some() {
            "-ERR aready enabled."
        } else if format.is_some() && !exists {
            "-ERR invalid uuid"
        } else {
            socket.subscription.only = Some(uuid.to_owned());
            "+OK Events Enabled"
        };
        self.reply(id, text, &[]);
    }

    /// `myevents` ends with its channel: the server closes the socket.
    pub(super) fn end_myevents(&mut self, uuid: &str) {
        let mine = |socket: &&Socket| socket.subscription.only.as_deref() == Some(uuid);
        let ended: Vec<u64> =
            self.sockets.iter().filter(|(_, socket)| mine(socket)).map(|(id, _)| *id).collect();
        for id in ended {
            self.say_goodbye(id);
        }
    }

    fn log_level(&mut self, id: u64, word: &str) {
        let level = if word.is_empty() { Some(7) } else { log::level(word) };
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = match level {
            Some(level) => {
                socket.log = Some(level);
                format!("+OK log level {word} [{level}]")
            }
            None => "-ERR invalid log level".to_owned(),
        };
        self.reply(id, &text, &[]);
    }

    fn sendmsg(&mut self, id: u64, uuid: &str, request: &Request) {
        let uuid = if uuid.is_empty() { request.get("session-id").unwrap_or("") } else { uuid };
        let Some(channel) = self.find(uuid) else {
            self.reply(id, &format!("-ERR invalid session id [{uuid}]"), &[]);
            return;
        };
        self.reply(id, "+OK", &[]);
        let mut headers = Pairs::default();
        headers.push("Command", &format!("sendmsg {uuid}"));
        for (name, value) in request.headers() {
            if !name.eq_ignore_ascii_case("content-length") && !value.is_empty() {
                headers.push(name, value);
            }
        }
        let word = |name: &str| request.get(name).unwrap_or_default();
        let body = String::from_utf8_lossy(request.body());
        let data = request.get("execute-app-arg").unwrap_or(&body);
        let mut command = Command {
            headers,
            app: word("execute-app-name").to_owned(),
            data: data.to_owned(),
            uuid: request.get("Event-UUID").map(str::to_owned),
            lock: word("event-lock") == "true",
            loops: word("loops").parse().unwrap_or(1),
        };
        match word("call-command") {
            "execute" => {}
            "hangup" => {
                let cause = request.get("hangup-cause").unwrap_or("NORMAL_CLEARING");
                command.app = "hangup".to_owned();
                command.data = HangupCause::parse(cause).to_string();
                command.loops = 0;
            }
            _ => command.app.clear(),
        }
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.commands.push_back(command);
        }
        self.step_in(20, channel, Step::Commands);
    }

    fn sendevent(&mut self, id: u64, name: &str, request: &Request) {
        let uuid = self.uuid();
        self.reply(id, &format!("+OK {uuid}"), &[]);
        let name = known(name).map_or_else(|| name.to_owned(), str::to_owned);
        let mut event = Event::bare(name.clone());
        if let Some(subclass) = request.get("Event-Subclass") {
            event.subclass = Some(subclass.to_owned());
            event.push("Event-Subclass", subclass);
        }
        event.push("Command", request.line());
        for (header, value) in request.headers() {
            if !header.eq_ignore_ascii_case("event-subclass")
                && !header.eq_ignore_ascii_case("content-length")
            {
                event.push(header, value);
            }
        }
        event.push("Event-UUID", uuid);
        if !request.body().is_empty() {
            event.body = Some(String::from_utf8_lossy(request.body()).into_owned());
        }
        self.write_core(&mut event, &name, origin(""));
        self.emit(&event);
    }

    fn api(&mut self, id: u64, line: &str) {
        self.run_api(line.trim(), Waiter::Socket(id));
    }

    fn bgapi(&mut self, id: u64, line: &str, own: Option<&str>) {
        let job = own.map_or_else(|| self.uuid(), str::to_owned);
        self.reply(id, &format!("+OK Job-UUID: {job}"), &[("Job-UUID", &job)]);
        self.run_api(line, Waiter::Job(job));
    }

    /// Gives an api command's text to whoever waits for it.
    pub(super) fn deliver(&mut self, waiting: &Waiting, text: &str) {
        match &waiting.waiter {
            Waiter::Socket(id) => {
                let text = if text.is_empty() { "-ERR no reply\n" } else { text };
                let mut bytes = Vec::new();
                encode::frame(&mut bytes, "api/response", &[], &super::event::raw(text));
                self.finish_with_faults(*id, bytes.into());
            }
            Waiter::Job(job) => {
                let mut event = self.event("BACKGROUND_JOB");
                event.push("Job-UUID", &**job);
                event.push("Job-Command", &*waiting.command);
                if !waiting.args.is_empty() {
                    event.push("Job-Command-Arg", &*waiting.args);
                }
                if !text.is_empty() {
                    event.body = Some(text.to_owned());
                }
                self.emit(&event);
            }
            Waiter::Nobody => {}
        }
    }

    fn reply(&mut self, id: u64, text: &str, headers: &[(&str, &str)]) {
        let mut bytes = Vec::new();
        encode::reply(&mut bytes, text, headers);
        self.finish_with_faults(id, bytes.into());
    }

    fn finish_with_faults(&mut self, id: u64, bytes: Bytes) {
        let line = self.sockets.get(&id).and_then(|socket| socket.busy.as_ref());
        let Some(line) = line.map(|busy| busy.line.clone()) else { return };
        if self.faults.take_swallow(&line) {
            self.finish(id, None);
        } else if let Some(by) = self.faults.take_late(&line) {
            self.after(by, Action::Respond(id, bytes));
        } else {
            self.finish(id, Some(bytes));
        }
    }

    /// Answers the running request and lets out what waited behind it.
    pub(super) fn finish(&mut self, id: u64, bytes: Option<Bytes>) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let mut alive = bytes.is_none_or(|bytes| socket.out.send(&bytes));
        for bytes in std::mem::take(&mut socket.held) {
            alive = alive && socket.out.send(&bytes);
        }
        socket.held_bytes = 0;
        socket.busy = None;
        if !alive {
            self.drop_slow(id);
        }
    }
}
