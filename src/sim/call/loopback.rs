//! Loopback calls: two halves of one wire inside the switch.

use super::legs::{dialled_by, outbound_profile};
use crate::sim::channel::outgoing::Outgoing;
use crate::sim::channel::profile::Profile;
use crate::sim::channel::{Channel, Kind, L16, State};
use crate::sim::event::{Event, READ_CODEC, WRITE_CODEC};
use crate::sim::world::agenda::Step;
use crate::sim::world::{World, log};

impl World {
    /// Makes both halves of a loopback call (`transcripts/call_loopback`).
    ///
    /// `app=NAME:ARGS` in place of an extension runs one application on the far half.
    pub(super) fn loopback_leg(&mut self, exten: &str, context: &str, out: &Outgoing) -> u64 {
        let (first, now) = (self.next_session(), self.clock());
        let provisional = self.uuid();
        let app = exten.strip_prefix("app=").map(|app| app.split_once(':').unwrap_or((app, "")));
        let (dialled, exten) = (exten, app.map_or(exten, |(app, _)| app));
        let mut a = Channel::new(
            first,
            provisional.clone(),
            format!("loopback/{exten}-a"),
            Kind::Loopback,
            false,
        );
        let mut profile = outbound_profile(out, exten, "mod_loopback", now);
        dialled.clone_into(&mut profile.callee_num);
        profile.dialplan = "xml".to_owned();
        context.clone_into(&mut profile.context);
        a.codec = Some(L16);
        a.vars.extend(
            [("direction", "outbound"), ("is_outbound", "true")]
                .map(|(name, value)| (name, value.to_owned())),
        );
        a.vars.set("session_id", first.to_string());
        a.vars.extend(l16_vars());
        a.vars.set("channel_name", a.name.clone());
        self.add_channel(a);
        self.log_new(first);
        let name = format!("loopback/{exten}-a");
        let text = format!("Rename Channel {name}->{name} [{provisional}]");
        self.log_channel(5, first, log::RENAME, &text);
        self.fire_codecs_new(first);
        let uuid = self.free_uuid(out).unwrap_or_else(|| provisional.clone());
        let Some(a) = self.channels.get_mut(&first) else { return first };
        a.set_profile(profile.clone());
        a.number = 1;
        a.vars.extend([("uuid", uuid.clone()), ("call_uuid", uuid.clone())]);
        if let Some((app, args)) = app {
            a.vars.set("loopback_app", app);
            if !args.is_empty() {
                a.vars.set("loopback_app_arg", args);
            }
        }
        if uuid != provisional {
            self.rename(first, &uuid);
            let old = vec![("Old-Unique-ID", provisional)];
            self.fire_full(first, "CHANNEL_UUID", old, Vec::new());
        }
        self.fire_brief(first, "CHANNEL_OUTGOING", Vec::new(), Vec::new());
        self.set_state(first, State::Init, 1);
        let second = self.loopback_half(first, exten, profile, out);
        if let (Some((app, args)), Some(b)) = (app, self.channels.get_mut(&second)) {
            b.vars.set("loopback_app", app);
            if !args.is_empty() {
                b.vars.set("loopback_app_arg", args);
            }
        }
        self.create(first);
        self.fire_full(first, "CHANNEL_ORIGINATE", Vec::new(), Vec::new());
        self.set_state(first, State::Routing, 2);
        self.set_state(first, State::ConsumeMedia, 7);
        self.set_state(second, State::Init, 1);
        self.create(second);
        self.step_in(0, second, Step::Route);
        first
    }

    /// The uuid that a leg shall have, if no other channel has it.
    fn free_uuid(&self, out: &Outgoing) -> Option<String> {
        let lives = |id: u64| self.channels.get(&id).is_some_and(|channel| channel.is_up());
        out.uuid.clone().filter(|uuid| !self.find(uuid).is_some_and(lives))
    }

    /// Makes a `null/` leg, which is answered at once.
    pub(super) fn null_leg(&mut self, user: &str, out: &Outgoing) -> u64 {
        let (session, now) = (self.next_session(), self.clock());
        let provisional = self.uuid();
        let name = format!("null/{user}");
        let mut channel = Channel::new(session, provisional.clone(), name, Kind::Null, false);
        channel.codec = Some(L16);
        channel.vars.extend([("direction", "outbound"), ("is_outbound", "true")]);
        let (name, number) = (channel.name.clone(), session.to_string());
        channel.vars.set("session_id", number);
        channel.vars.extend(l16_vars());
        channel.vars.set("channel_name", name);
        self.add_channel(channel);
        self.log_new(session);
        self.fire_codecs_new(session);
        let uuid = self.free_uuid(out).unwrap_or_else(|| provisional.clone());
        let profile = outbound_profile(out, user, "mod_loopback", now);
        let Some(channel) = self.channels.get_mut(&session) else { return session };
        channel.set_profile(profile);
        channel.number = 1;
        channel.vars.extend([("uuid", &uuid), ("call_uuid", &uuid)]);
        if uuid != provisional {
            self.rename(session, &uuid);
            let old = vec![("Old-Unique-ID", provisional)];
            self.fire_full(session, "CHANNEL_UUID", old, Vec::new());
        }
        if let Some(channel) = self.channels.get_mut(&session) {
            channel.vars.extend(out.vars.iter().map(|(name, value)| (name, value)));
            let early = if out.ignores_early { "false" } else { "true" };
            channel.vars.set("originate_early_media", early);
        }
        if let Some(by) = out.by
            && let Some(mut channel) = self.channels.remove(&session)
        {
            if let Some(by) = self.channels.get(&by) {
                dialled_by(&mut channel, by);
                channel.vars.set("originating_leg_uuid", &by.uuid);
            }
            self.channels.insert(session, channel);
        }
        if let Some(channel) = self.channels.get_mut(&session) {
            channel.vars.set("originate_endpoint", "null");
        }
        self.fire_brief(session, "CHANNEL_OUTGOING", Vec::new(), Vec::new());
        self.join_call(session, out.by);
        self.begin_outbound(session);
        self.step_in(1, session, Step::Answered);
        session
    }

    fn loopback_half(&mut self, first: u64, exten: &str, profile: Profile, out: &Outgoing) -> u64 {
        let second = self.next_session();
        let uuid = self.uuid();
        let mut b = Channel::new(second, uuid, format!("loopback/{exten}-b"), Kind::Loopback, true);
        b.codec = Some(L16);
        b.peer = Some(first);
        b.vars.extend([
            ("direction", "inbound".to_owned()),
            ("uuid", b.uuid.clone()),
            ("call_uuid", b.uuid.clone()),
            ("session_id", second.to_string()),
            ("channel_name", b.name.clone()),
        ]);
        b.vars.extend(l16_vars());
        b.vars.extend(out.vars.iter().cloned());
        let b_uuid = b.uuid.clone();
        self.add_channel(b);
        self.log_new(second);
        self.fire_codecs_new(second);
        let mut a_uuid = String::new();
        if let Some(a) = self.channels.get_mut(&first) {
            a.vars.extend(out.vars.iter().cloned());
            a.vars.extend([
                ("originate_early_media", "true".to_owned()),
                ("originate_endpoint", "loopback".to_owned()),
                ("other_loopback_leg_uuid", b_uuid),
                ("loopback_leg", "A".to_owned()),
            ]);
            a.peer = Some(second);
            a_uuid.clone_from(&a.uuid);
        }
        if let Some(b) = self.channels.get_mut(&second) {
            b.vars.set("other_loopback_leg_uuid", a_uuid);
            b.vars.set("loopback_leg", "B");
            b.set_profile(profile);
        }
        second
    }

    /// The first CODEC event of a loopback half comes before there is a write codec.
    fn fire_codecs_new(&mut self, id: u64) {
        if !self.is_wanted("CODEC") {
            self.skip();
            self.skip();
            return;
        }
        let mut event = Event::bare("CODEC");
        self.write_core(&mut event, "CODEC", READ_CODEC);
        let Some(channel) = self.channels.get(&id) else { return };
        channel.write_headers(&mut event);
        event.headers.retain_names(|name| !name.starts_with("Channel-Write-Codec"));
        let (name, bits) = L16;
        event.push("channel-read-codec-name", name);
        event.push("channel-read-codec-rate", "8000");
        event.push("channel-read-codec-bit-rate", bits);
        self.emit(&event);
        let after = vec![
            ("Channel-Write-Codec-Name", name.to_owned()),
            ("Channel-Write-Codec-Rate", "8000".to_owned()),
            ("Channel-Write-codec-bit-rate", bits.to_owned()),
        ];
        self.fire_channel(id, "CODEC", WRITE_CODEC, Vec::new(), after, false);
    }
}

fn l16_vars() -> [(&'static str, String); 4] {
    [("read_codec", "L16"), ("read_rate", "8000"), ("write_codec", "L16"), ("write_rate", "8000")]
        .map(|(name, value)| (name, value.to_owned()))
}
