//! Events on their way: what every one of them says, what those about a channel say, who gets them.

use crate::sim::event::{Dates, Extra};
use bytes::Bytes;
use jiff::tz::TimeZone;

use super::globals::HOSTNAME;
use super::{World, log};
use crate::sim::channel::{CallState, State};
use crate::sim::event::{Event, Origin, WRITE_CODEC, origin};
use crate::wire::Format;

impl World {
    /// Whether a client may have subscribed to an event of that name.
    pub(in crate::sim) fn is_wanted(&self, name: &str) -> bool {
        self.sockets.values().any(|socket| socket.subscription.may_want(name))
    }

    /// Counts an event without subscribers.
    pub(in crate::sim) fn skip(&mut self) {
        self.sequence += 1;
    }

    /// An event with the headers that every event starts with.
    pub(in crate::sim) fn event(&mut self, name: &'static str) -> Event {
        let mut event = Event::bare(name);
        self.write_core(&mut event, name, origin(name));
        event
    }

    /// Writes the thirteen headers that every event has.
    pub(in crate::sim) fn write_core(&mut self, event: &mut Event, name: &str, from: Origin) {
        self.sequence += 1;
        self.turn_second();
        event.push("Event-Name", name);
        event.push("Core-UUID", &*self.core_uuid);
        event.push("FreeSWITCH-Hostname", HOSTNAME);
        event.push("FreeSWITCH-Switchname", HOSTNAME);
        event.push("FreeSWITCH-IPv4", "192.0.2.2");
        event.push("FreeSWITCH-IPv6", "fd00::2");
        event.push("Event-Date-Local", &self.dates.local);
        event.push("Event-Date-GMT", &self.dates.utc);
        event.push("Event-Date-Timestamp", self.clock().to_string());
        let (file, function, line) = from;
        event.push("Event-Calling-File", file);
        event.push("Event-Calling-Function", function);
        event.push("Event-Calling-Line-Number", line);
        event.push("Event-Sequence", self.sequence.to_string());
    }

    /// Writes the dates of all events of a second once.
    fn turn_second(&mut self) {
        let second = self.now / 1_000_000;
        if self.dates.second != second {
            let utc = self.time().to_zoned_datetime(TimeZone::UTC);
            let utc = utc.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            self.dates = Dates { second, local: self.stamp(self.now), utc };
        }
    }

    /// Sends an event to everybody who wants it; each format is written once.
    pub(in crate::sim) fn emit(&mut self, event: &Event) {
        if event.name == "DTMF"
            && let Some(uuid) = event.get("Unique-ID")
            && self.divert_event(uuid, event)
        {
            return;
        }
        let mut written: [Option<Bytes>; 3] = [None, None, None];
        let mut lost = Vec::new();
        let (lossy, rng) = (self.faults.lose, &mut self.rng);
        for (id, socket) in &mut self.sockets {
            let wanted = socket.subscription.wants(event, socket.session.as_deref());
            if !wanted || (lossy > 0.0 && rng.f64() < lossy) {
                continue;
            }
            let slot = match socket.format {
                Format::Plain => 0,
                Format::Json => 1,
                Format::Xml => 2,
            };
            let Some(bytes) = written.get_mut(slot) else { continue };
            let bytes = bytes.get_or_insert_with(|| event.encode(socket.format));
            if !socket.push(bytes) {
                lost.push(*id);
            }
        }
        for id in lost {
            self.drop_slow(id);
        }
    }

    pub(in crate::sim) fn fire(&mut self, headers: Vec<(String, String)>, body: Option<String>) {
        let named = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Event-Name"));
        let name = named.map_or_else(|| "CUSTOM".to_owned(), |(_, value)| value.clone());
        let subclass = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Event-Subclass"));
        let mut event = Event::bare(name.clone());
        if let Some((_, subclass)) = subclass {
            event.subclass = Some(subclass.clone());
            event.push("Event-Subclass", &**subclass);
        }
        self.write_core(&mut event, &name, origin(""));
        for (name, value) in headers {
            if !name.eq_ignore_ascii_case("Event-Name")
                && !name.eq_ignore_ascii_case("Event-Subclass")
            {
                event.push(&name, value);
            }
        }
        event.body = body;
        self.emit(&event);
    }

    /// Fires an event about a channel that carries its variables.
    pub(in crate::sim) fn fire_full(
        &mut self,
        id: u64,
        name: &'static str,
        before: Extra,
        after: Extra,
    ) {
        self.fire_channel(id, name, origin(name), before, after, true);
    }

    /// Fires an event about a channel without its variables.
    pub(in crate::sim) fn fire_brief(
        &mut self,
        id: u64,
        name: &'static str,
        before: Extra,
        after: Extra,
    ) {
        self.fire_channel(id, name, origin(name), before, after, false);
    }

    /// Fires an event about a channel: extra headers, channel, caller, other leg, variables, more
    /// extra headers.
    pub(in crate::sim) fn fire_channel(
        &mut self,
        id: u64,
        name: &'static str,
        from: Origin,
        before: Extra,
        after: Extra,
        variables: bool,
    ) {
        if !self.is_wanted(name) {
            self.skip();
            return;
        }
        let mut event = Event::bare(name);
        self.write_core(&mut event, name, from);
        let Some(channel) = self.channels.get(&id) else { return };
        for (header, value) in before {
            event.push(header, value);
        }
        channel.write_headers(&mut event);
        if variables {
            channel.write_variables(&mut event);
        }
        for (header, value) in after {
            event.push(header, value);
        }
        self.emit(&event);
    }

    /// Changes the running state and the number of the wanted one, and fires CHANNEL_STATE.
    pub(in crate::sim) fn set_state(&mut self, id: u64, state: State, number: u8) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.state = state;
        channel.number = number;
        if self.is_logging()
            && let Some(channel) = self.channels.get(&id)
        {
            let text = format!("({}) Running State Change {}", channel.name, state.name());
            self.log_channel(7, id, log::STATE, &text);
        }
        self.fire_brief(id, "CHANNEL_STATE", Vec::new(), Vec::new());
    }

    /// Changes the call state and fires CHANNEL_CALLSTATE; does nothing when it is that already.
    pub(in crate::sim) fn set_callstate(&mut self, id: u64, callstate: CallState) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.callstate == callstate {
            return;
        }
        let old = std::mem::replace(&mut channel.callstate, callstate);
        let extra = vec![
            ("Original-Channel-Call-State", old.name().to_owned()),
            ("Channel-Call-State-Number", (callstate as u8).to_string()),
        ];
        self.fire_brief(id, "CHANNEL_CALLSTATE", extra, Vec::new());
    }

    /// Reports a new channel's codecs.
    pub(in crate::sim) fn fire_codecs(&mut self, id: u64, read: Origin) {
        self.fire_read_codec(id, read);
        let Some((name, bits)) = self.channels.get(&id).and_then(|channel| channel.codec) else {
            return;
        };
        let after = vec![
            ("Channel-Write-Codec-Name", name.to_owned()),
            ("Channel-Write-Codec-Rate", "8000".to_owned()),
            ("Channel-Write-codec-bit-rate", bits.to_owned()),
        ];
        self.fire_channel(id, "CODEC", WRITE_CODEC, Vec::new(), after, false);
    }

    /// Reports the read codec of a channel.
    pub(in crate::sim) fn fire_read_codec(&mut self, id: u64, origin: Origin) {
        let Some((name, bits)) = self.channels.get(&id).and_then(|channel| channel.codec) else {
            return;
        };
        let after = vec![
            ("channel-read-codec-name", name.to_owned()),
            ("channel-read-codec-rate", "8000".to_owned()),
            ("channel-read-codec-bit-rate", bits.to_owned()),
        ];
        self.fire_channel(id, "CODEC", origin, Vec::new(), after, false);
    }
}
