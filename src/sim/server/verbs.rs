//! The verbs of mod_event_socket, in the order in which the server looks for them.

use crate::sim::client::subscription::Denied;
use crate::sim::event::truth::is_true;
use crate::sim::world::request::ReplyTo;
use crate::sim::world::{World, log};
use crate::wire::{Format, Request};

/// The longest Job-UUID; the rest is cut.
const JOB_LENGTH: usize = 255;

/// What follows a verb of that many letters, without the spaces in front.
fn rest(line: &str, letters: usize) -> &str {
    line.get(letters..).unwrap_or_default().trim_start_matches(' ')
}

impl World {
    /// Verbs are found by prefix, in any case, in this order (`mod_event_socket.c`,
    /// `parse_command`).
    pub(super) fn dispatch(&mut self, id: u64, request: &Request) {
        let line = request.line();
        let lower = line.to_ascii_lowercase();
        if lower.contains("mod_event_socket") {
            // Whatever it says: the server saves itself from being cut off in the middle.
            for verb in ["unload", "reload"] {
                if lower.contains(verb) {
                    self.api(id, &format!("bgapi {verb} mod_event_socket"), false);
                    return;
                }
            }
        }
        if lower.starts_with("filter ") {
            self.filter(id, rest(line, 6));
        } else if self.session_verb(id, &lower, line) {
        } else if lower.starts_with("divert_events") {
            self.divert(id, rest(line, 13));
        } else if lower.starts_with("sendmsg") {
            self.sendmsg(id, rest(line, 7), request);
        } else if lower.starts_with("sendevent") {
            self.sendevent(id, rest(line, 9).trim_start_matches(['\t', ' ']), request);
        } else if lower.starts_with("api ") {
            let console = request.get("console_execute").is_some_and(is_true);
            self.api(id, line.get(4..).unwrap_or_default(), console);
        } else if lower.starts_with("bgapi ") {
            self.bgapi(id, line.get(6..).unwrap_or_default(), request.get("Job-UUID"));
        } else if lower.starts_with("log") {
            self.log_level(id, rest(line, 3));
        } else if lower.starts_with("linger") {
            self.linger(id, line.get(6..).unwrap_or_default());
        } else if lower.starts_with("nolinger") {
            self.linger(id, "no");
        } else if lower.starts_with("nolog") {
            let text = match self.sockets.get_mut(&id).and_then(|socket| socket.log.take()) {
                Some(_) => "+OK no longer logging",
                None => "-ERR not loging",
            };
            self.reply(id, text, &[]);
        } else if lower.starts_with("event") {
            self.subscribe(id, line);
        } else if lower.starts_with("nixevent") {
            self.nix(id, line);
        } else if lower.starts_with("noevents") {
            self.noevents(id);
        } else {
            self.reply(id, "-ERR command not found", &[]);
        }
    }

    /// What a socket that controls a channel may say, and `myevents`, which makes it one.
    fn session_verb(&mut self, id: u64, lower: &str, line: &str) -> bool {
        let session = self.sockets.get(&id).and_then(|socket| socket.session.clone());
        if lower.starts_with("myevents ") || (session.is_some() && lower.starts_with("myevents")) {
            self.myevents(id, line.get(9..).unwrap_or_default());
            return true;
        }
        let Some(channel) = session.as_deref().and_then(|uuid| self.find(uuid)) else {
            return false;
        };
        if lower.starts_with("resume") {
            self.reply(id, "+OK", &[]);
        } else if lower.starts_with("getvar") {
            let name = line.split_once(' ').map_or("", |(_, name)| name);
            let value = self.variable(channel, name).map(std::borrow::Cow::into_owned);
            match value.filter(|value| !value.is_empty()) {
                Some(value) => self.reply(id, &value, &[]),
                // A reply without text is taken for none.
                None => self.reply(id, "-ERR command not found", &[]),
            }
        } else if lower.starts_with("connect") {
            let event = self.dump(channel);
            let mut text = event.text(Format::Plain);
            text.truncate(text.trim_end().len());
            text.push_str(
                "\nContent-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\n\
                 Control: single-channel\n\n",
            );
            self.finish(id, Some(crate::wire::stray::encode(&text).into_owned().into()));
        } else {
            return false;
        }
        true
    }

    fn myevents(&mut self, id: u64, words: &str) {
        let (uuid, format) =
            words.split_once(' ').map_or((words, None), |(uuid, format)| (uuid, Some(format)));
        let exists = self.find(uuid).is_some();
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = if socket.subscription.is_mine() {
            "-ERR aready enabled."
        } else if format.is_some() && !exists && socket.session.is_none() {
            "-ERR invalid uuid"
        } else {
            if exists {
                socket.session = Some(uuid.to_owned());
            }
            socket.subscription.mine();
            let says = |word: &str| {
                words.contains(word) || words.contains(word.to_ascii_uppercase().as_str())
            };
            if says("xml") {
                socket.format = Format::Xml;
            }
            if says("json") {
                socket.format = Format::Json;
            }
            "+OK Events Enabled"
        };
        self.reply(id, text, &[]);
    }

    fn divert(&mut self, id: u64, word: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = if socket.session.is_none() {
            "-ERR not controlling a session."
        } else if word.is_empty() {
            "-ERR missing value."
        } else {
            socket.diverts = word.eq_ignore_ascii_case("on");
            if socket.diverts { "+OK events diverted" } else { "+OK events not diverted" }
        };
        self.reply(id, text, &[]);
    }

    fn linger(&mut self, id: u64, word: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = if socket.session.is_none() {
            "-ERR not controlling a session".to_owned()
        } else if word == "no" {
            socket.linger = None;
            "+OK will not linger".to_owned()
        } else {
            let seconds = word.strip_prefix(' ').filter(|word| !word.is_empty());
            let seconds = seconds.map(|word| word.trim().parse().unwrap_or(0));
            socket.linger = Some(seconds);
            match seconds {
                Some(seconds) => format!("+OK will linger {seconds} seconds"),
                None => "+OK will linger".to_owned(),
            }
        };
        self.reply(id, &text, &[]);
    }

    /// The time of a lingering socket is over.
    pub(in crate::sim) fn linger_end(&mut self, id: u64) {
        if self.sockets.get(&id).is_some_and(|socket| socket.linger.is_some()) {
            self.say_goodbye(id);
        }
    }

    fn noevents(&mut self, id: u64) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = if socket.subscription.clear() {
            "+OK no longer listening for events"
        } else {
            "-ERR not listening for events"
        };
        self.reply(id, text, &[]);
    }

    fn subscribe(&mut self, id: u64, line: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        // The first word is the verb, however long.
        let mut words: Vec<&str> = line.split(' ').skip(1).collect();
        let format = words.first().and_then(|word| match word.to_ascii_lowercase().as_str() {
            "plain" => Some(Format::Plain),
            "json" => Some(Format::Json),
            "xml" => Some(Format::Xml),
            _ => None,
        });
        if let Some(format) = format {
            socket.format = format;
            words.remove(0);
        }
        let text = match socket.subscription.add(words.into_iter(), &socket.rights) {
            Ok(true) => format!("+OK event listener enabled {}", socket.format.word()),
            Ok(false) => "-ERR no keywords supplied".to_owned(),
            Err(Denied) => "-ERR permission denied".to_owned(),
        };
        self.reply(id, &text, &[]);
    }

    fn nix(&mut self, id: u64, line: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let found = socket.subscription.nix(line.split(' ').skip(1));
        self.reply(id, if found { "+OK events nixed" } else { "-ERR no keywords supplied" }, &[]);
    }

    fn filter(&mut self, id: u64, rest: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let pair = |text: &str| {
            let (name, value) =
                text.split_once(' ').map_or((text, None), |(name, value)| (name, Some(value)));
            (name.to_owned(), value.map(str::to_owned))
        };
        let text = match pair(rest) {
            (_, None) => "-ERR invalid syntax".to_owned(),
            (verb, Some(tail)) if verb.eq_ignore_ascii_case("delete") => {
                let (header, value) = pair(&tail);
                socket.subscription.delete_filter(&header, value.as_deref().unwrap_or_default());
                format!("+OK filter deleted. [{header}][{}]", value.unwrap_or_default())
            }
            (verb, Some(tail)) => {
                let (header, value) =
                    if verb.eq_ignore_ascii_case("add") { pair(&tail) } else { (verb, Some(tail)) };
                if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                    socket.subscription.add_filter(&header, value);
                }
                format!("+OK filter added. [{header}]=[{}]", value.as_deref().unwrap_or("(null)"))
            }
        };
        self.reply(id, &text, &[]);
    }

    fn log_level(&mut self, id: u64, words: &str) {
        let word = words.split(' ').next().unwrap_or_default();
        let level = if word.is_empty() { Some(7) } else { log::level(word) };
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let text = match level {
            _ if !socket.rights.allows_log() => "-ERR permission denied".to_owned(),
            Some(level) => {
                socket.log = Some(level);
                format!("+OK log level {word} [{level}]")
            }
            None => "-ERR invalid log level".to_owned(),
        };
        self.reply(id, &text, &[]);
    }

    fn api(&mut self, id: u64, line: &str, console: bool) {
        if !self.sockets.get(&id).is_some_and(|socket| socket.rights.allows_api(line)) {
            self.reply(id, "-ERR permission denied", &[]);
        } else if console {
            self.console_execute(line, ReplyTo::Socket(id));
        } else {
            self.run_api(line, ReplyTo::Socket(id));
        }
    }

    fn bgapi(&mut self, id: u64, line: &str, own: Option<&str>) {
        if !self.sockets.get(&id).is_some_and(|socket| socket.rights.allows_api(line)) {
            self.reply(id, "-ERR permission denied", &[]);
            return;
        }
        let uuid = own.map_or_else(|| self.uuid(), |own| cut(own, JOB_LENGTH).to_owned());
        self.reply(id, &format!("+OK Job-UUID: {uuid}"), &[("Job-UUID", &uuid)]);
        let (command, args) = line.split_once(' ').unwrap_or((line, ""));
        let reply_to = ReplyTo::Job { uuid, command: command.to_owned(), args: args.to_owned() };
        self.run_api(line, reply_to);
    }
}

/// At most that many bytes, in whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
