//! Client sockets, seen from the server: greeting, one request at a time, the answer, the end.

use crate::sim::client::{Busy, Login, Socket};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::sim::client::outlet::Outlet;
use crate::sim::world::World;
use crate::sim::world::agenda::Action;
use crate::sim::world::request::{ApiCall, ReplyTo};
use crate::wire::{Request, encode, stray};

const GOODBYE: &[u8] = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";

const SHUT_DOWN: &[u8] = b"The system is being shut down.\n";

impl World {
    /// Greets a new socket, or turns it away.
    pub(in crate::sim) fn attach(&mut self, id: u64, out: Outlet) {
        out.split(self.faults.split);
        let mut socket = Socket::new(out);
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
    pub(in crate::sim) fn auth_timeout(&mut self, id: u64) {
        if self.sockets.get(&id).is_some_and(|socket| !socket.spoke && socket.login == Login::No) {
            self.say_goodbye(id);
        }
    }

    /// The event socket's module ends, and all its sockets with it.
    pub(in crate::sim) fn end_sockets(&mut self) {
        let ids: Vec<u64> = self.sockets.keys().copied().collect();
        for id in ids {
            let Some(socket) = self.sockets.remove(&id) else { continue };
            let mut bytes = Vec::new();
            encode::frame(&mut bytes, "text/disconnect-notice", &[], SHUT_DOWN);
            socket.out.send(&bytes.into());
            socket.out.close();
        }
    }

    pub(super) fn say_goodbye(&mut self, id: u64) {
        let Some(socket) = self.sockets.remove(&id) else { return };
        let mut bytes = Vec::new();
        match &socket.session {
            Some(uuid) => {
                let head = format!(
                    "Content-Type: text/disconnect-notice\nControlled-Session-UUID: {uuid}\n\
                     Content-Disposition: disconnect\nContent-Length: {}\n\n",
                    GOODBYE.len()
                );
                bytes.extend_from_slice(head.as_bytes());
                bytes.extend_from_slice(GOODBYE);
            }
            None => encode::frame(&mut bytes, "text/disconnect-notice", &[], GOODBYE),
        }
        socket.out.send(&bytes.into());
        socket.out.close();
    }

    /// `myevents` ends with its channel: the server closes the socket, at once or after lingering.
    pub(in crate::sim) fn end_myevents(&mut self, uuid: &str, name: &str) {
        let mine = |socket: &Socket| socket.session.as_deref() == Some(uuid);
        let ended: Vec<_> = self
            .sockets
            .iter()
            .filter(|(_, socket)| mine(socket))
            .map(|(id, socket)| (*id, socket.linger))
            .collect();
        for (id, linger) in ended {
            let Some(seconds) = linger else {
                self.say_goodbye(id);
                continue;
            };
            let time = seconds.map_or_else(|| "-1".to_owned(), |seconds| seconds.to_string());
            let notice = format!(
                "Content-Type: text/disconnect-notice\nControlled-Session-UUID: {uuid}\n\
                 Content-Disposition: linger\nChannel-Name: {name}\nLinger-Time: {time}\n\
                 Content-Length: 0\n\n"
            );
            if let Some(socket) = self.sockets.get_mut(&id) {
                socket.push(&stray::encode(&notice).into_owned().into());
            }
            if let Some(seconds) = seconds {
                self.after(Duration::from_secs(seconds), Action::LingerEnd(id));
            }
        }
    }

    /// Handles one packet.
    pub(in crate::sim) fn request(
        &mut self,
        id: u64,
        request: &Request,
        done: oneshot::Sender<()>,
    ) {
        let line = request.line();
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        if socket.login == Login::Mute {
            return;
        }
        socket.spoke = true;
        socket.busy = Some(Busy { line: line.to_owned(), _done: done });
        let is_in = socket.login == Login::Yes;
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("exit") || lower.starts_with("...") {
            self.reply(id, "+OK bye", &[]);
            self.say_goodbye(id);
        } else if !is_in {
            self.before_login(id, line);
        } else if self.faults.denies(line) {
            self.reply(id, "-ERR permission denied", &[]);
        } else {
            self.dispatch(id, request);
        }
    }

    /// Sends an api command's text to the caller that waits for it.
    pub(in crate::sim) fn deliver(&mut self, waiting: &ApiCall, text: &str) {
        match &waiting.reply_to {
            ReplyTo::Socket(id) => {
                let text = if text.is_empty() { "-ERR no reply\n" } else { text };
                let mut bytes = Vec::new();
                encode::frame(&mut bytes, "api/response", &[], &stray::encode(text));
                self.finish_with_faults(*id, bytes.into());
            }
            ReplyTo::Job { uuid, command, args } => {
                let mut event = self.event("BACKGROUND_JOB");
                event.push("Job-UUID", &**uuid);
                for (name, value) in [("Job-Command", command), ("Job-Command-Arg", args)] {
                    if !value.is_empty() {
                        event.push(name, &**value);
                    }
                }
                if !text.is_empty() {
                    event.body = Some(text.to_owned());
                }
                self.emit(&event);
            }
            ReplyTo::Nowhere => {}
        }
    }

    pub(super) fn reply(&mut self, id: u64, text: &str, headers: &[(&str, &str)]) {
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
    pub(in crate::sim) fn finish(&mut self, id: u64, bytes: Option<Bytes>) {
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
