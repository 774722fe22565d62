//! `sendmsg` and `sendevent`: what clients hand to channels and to each other.

use crate::model::HangupCause;
use crate::sim::channel::Command;
use crate::sim::client::subscription::known;
use crate::sim::event::header_map::Pairs;
use crate::sim::event::{Event, origin};
use crate::sim::world::World;
use crate::sim::world::agenda::Step;
use crate::wire::{Request, stray};

impl World {
    pub(super) fn sendmsg(&mut self, id: u64, uuid: &str, request: &Request) {
        let uuid = if uuid.is_empty() { request.get("session-id").unwrap_or("") } else { uuid };
        let own = self.sockets.get(&id).and_then(|socket| socket.session.clone());
        let target = if uuid.is_empty() { own.as_deref().unwrap_or_default() } else { uuid };
        let Some(channel) = self.find(target) else {
            self.reply(id, &format!("-ERR invalid session id [{uuid}]"), &[]);
            return;
        };
        self.reply(id, "+OK", &[]);
        let mut headers = Pairs::default();
        headers.push("Command", request.line());
        for (name, value) in request.headers() {
            if !name.eq_ignore_ascii_case("content-length") {
                headers.push(name, value);
            }
        }
        let word = |name: &str| request.get(name).unwrap_or_default();
        let body = stray::decode(request.body());
        let data = request.get("execute-app-arg").unwrap_or(&body);
        let mut command = Command {
            headers,
            app: word("execute-app-name").to_owned(),
            data: data.to_owned(),
            uuid: request.get("Event-UUID").map(str::to_owned),
            lock: word("event-lock") == "true",
            loops: word("loops").parse().ok().filter(|loops| *loops != 0).unwrap_or(1),
            lap: 1,
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

    /// An unknown name is fired as CUSTOM; an event for a live channel goes to that alone, which
    /// passes it on to the socket that diverts its events.
    pub(super) fn sendevent(&mut self, id: u64, name: &str, request: &Request) {
        let uuid = self.uuid();
        self.reply(id, &format!("+OK {uuid}"), &[]);
        let name = known(name).unwrap_or("CUSTOM");
        let mut event = Event::bare(name);
        let subclass = request.get("Event-Subclass").filter(|_| name == "CUSTOM");
        if let Some(subclass) = subclass {
            event.subclass = Some(subclass.to_owned());
            event.push("Event-Subclass", subclass);
        }
        event.push("Command", request.line());
        for (header, value) in request.headers() {
            if subclass.is_none() || !header.eq_ignore_ascii_case("event-subclass") {
                event.push(header, value);
            }
        }
        event.push("Event-UUID", uuid);
        if !request.body().is_empty() {
            event.body = Some(stray::decode(request.body()));
        }
        let channel = request.get("Unique-ID").filter(|uuid| self.find(uuid).is_some());
        if let Some(channel) = channel {
            event.push("Event-Name", name);
            self.divert_event(channel, &event);
        } else {
            self.write_core(&mut event, name, origin(""));
            self.emit(&event);
        }
    }

    /// Gives an event of a channel to the sockets which divert its events; `false` when none does.
    pub(in crate::sim) fn divert_event(&mut self, uuid: &str, event: &Event) -> bool {
        let mut found = false;
        for socket in self.sockets.values_mut() {
            if socket.diverts && socket.session.as_deref() == Some(uuid) {
                let bytes = event.encode(socket.format);
                // One that does not read is found out by the events that everybody gets.
                let _queued = socket.push(&bytes);
                found = true;
            }
        }
        found
    }
}
