//! Conferences: who is in which room, the events of `conference::maintenance`, and the command
//! `conference`. What it says and fires was read off FreeSWITCH 1.10.12.

use crate::sim::world::conference::{Conference, Member};
use serde_json::json;

use crate::sim::channel::L16;
use crate::sim::event::{Event, Origin, READ_CODEC};
use crate::sim::world::World;
use crate::sim::world::agenda::Tick;

const FLAGS: &str = "running|answered|enforce_min|dynamic|exit_sound|enter_sound|json_status";
const KICK_USAGE: &str = "kick <[member_id|all|last|non_moderator]> [<optional sound file>]";

fn origin(action: &str) -> Origin {
    match action {
        "conference-create" => ("mod_conference.c", "conference_new", "3848"),
        "conference-destroy" => ("mod_conference.c", "conference_thread_run", "863"),
        "add-member" => ("conference_member.c", "conference_member_add", "962"),
        "del-member" => ("conference_member.c", "conference_member_del", "1355"),
        "floor-change" => ("conference_member.c", "conference_member_set_floor_holder", "1158"),
        "hup-member" => ("conference_api.c", "conference_api_sub_hup", "871"),
        _ => ("conference_api.c", "conference_api_dispatch", "3998"),
    }
}

impl World {
    /// The application: `NAME[@PROFILE][+FLAGS]`. A locked room does not let anybody in.
    pub(super) fn enter_conference(&mut self, channel: u64, data: &str) -> bool {
        let data = data.split('+').next().unwrap_or(data).trim();
        let (name, profile) = data.split_once('@').unwrap_or((data, "default"));
        if !self.conferences.iter().any(|room| room.name == name) {
            let (uuid, since) = (self.uuid(), self.now);
            self.conferences.push(Conference {
                name: name.to_owned(),
                profile: profile.to_owned(),
                uuid,
                since,
                locked: false,
                floor: None,
                members: Vec::new(),
            });
            self.fire_conference(name, None, "conference-create", &[]);
        }
        let id = self.conference_ids + 1;
        let Some(room) = self.conferences.iter_mut().find(|room| room.name == name) else {
            return false;
        };
        if room.locked {
            return false;
        }
        self.conference_ids = id;
        room.members.push(Member { id, channel, speaks: true, hears: true });
        let vars = [
            ("conference_name", name.to_owned()),
            ("conference_member_id", id.to_string()),
            ("conference_uuid", room.uuid.clone()),
            ("conference_moderator", "false".to_owned()),
            ("conference_ghost", "false".to_owned()),
        ];
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.room = channel.codec.replace(L16);
            channel.vars.extend(vars);
        }
        self.fire_read_codec(channel, READ_CODEC);
        self.fire_conference(name, Some(id), "add-member", &[]);
        self.give_floor(name);
        true
    }

    /// A member leaves its room; the last one takes the room along.
    pub(in crate::sim) fn leave_conference(&mut self, channel: u64) {
        let found = self.conferences.iter().find_map(|room| {
            let member = room.members.iter().find(|member| member.channel == channel)?;
            Some((room.name.clone(), member.id))
        });
        let Some((name, id)) = found else { return };
        if let Some(room) = self.conferences.iter_mut().find(|room| room.name == name)
            && room.floor == Some(id)
        {
            room.floor = None;
        }
        self.fire_conference(&name, Some(id), "del-member", &[]);
        let mut empty = false;
        if let Some(room) = self.conferences.iter_mut().find(|room| room.name == name) {
            room.members.retain(|member| member.id != id);
            empty = room.members.is_empty();
        }
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.codec = channel.room.take().or(channel.codec);
        }
        self.fire_read_codec(channel, READ_CODEC);
        if empty {
            self.fire_conference(&name, None, "conference-destroy", &[]);
            self.conferences.retain(|room| room.name != name);
        } else {
            self.give_floor(&name);
        }
    }

    /// The first member has the floor.
    fn give_floor(&mut self, name: &str) {
        let Some(room) = self.conferences.iter_mut().find(|room| room.name == name) else { return };
        let Some(first) = room.members.first().filter(|_| room.floor.is_none()) else { return };
        let id = first.id;
        room.floor = Some(id);
        let more = [("Old-ID", "none".to_owned()), ("New-ID", id.to_string())];
        self.fire_conference(name, Some(id), "floor-change", &more);
    }

    /// Fires an event of a room, perhaps about a member. A change of the floor names the action
    /// first and the room twice.
    fn fire_conference(
        &mut self,
        name: &str,
        member: Option<u64>,
        action: &str,
        more: &[(&'static str, String)],
    ) {
        if !self.is_wanted("CUSTOM") {
            self.skip();
            return;
        }
        let mut event = Event::bare("CUSTOM");
        event.subclass = Some("conference::maintenance".to_owned());
        event.push("Event-Subclass", "conference::maintenance");
        self.write_core(&mut event, "CUSTOM", origin(action));
        let Some(room) = self.conferences.iter().find(|room| room.name == name) else { return };
        let size = room.members.len() - usize::from(action == "del-member");
        let head = |event: &mut Event| {
            event.push("Conference-Name", &room.name);
            event.push("Conference-Domain", "127.0.0.1");
            event.push("Conference-Size", size.to_string());
            event.push("Conference-Ghosts", "0");
            event.push("Conference-Profile-Name", &room.profile);
            event.push("Conference-Unique-ID", &room.uuid);
        };
        head(&mut event);
        let (before, after) = match more.split_first() {
            Some((old, new)) if action == "floor-change" => (Some(old), new),
            _ => (None, more),
        };
        if let Some((name, value)) = before {
            event.push("Action", action);
            event.push(name, value);
            head(&mut event);
        }
        if let Some(member) = member.and_then(|id| room.member(id)) {
            event.push("Floor", (room.floor == Some(member.id)).to_string());
            if let Some(channel) = self.channels.get(&member.channel) {
                channel.write_headers(&mut event);
            }
            for (name, value) in [
                ("Video", false),
                ("Hear", member.hears),
                ("See", true),
                ("Speak", member.speaks),
                ("Talking", false),
                ("Mute-Detect", false),
                ("Hold", false),
            ] {
                event.push(name, value.to_string());
            }
            event.push("Member-ID", member.id.to_string());
            event.push("Member-Type", "member");
            event.push("Member-Ghost", "false");
            event.push("Energy-Level", "100");
            event.push("Current-Energy", "0");
        }
        if before.is_none() {
            event.push("Action", action);
        }
        for (name, value) in after {
            event.push(name, value);
        }
        self.emit(&event);
    }

    /// The command `conference`.
    pub(in crate::sim) fn conference(&mut self, args: &str) -> String {
        let words: Vec<&str> = args.split_whitespace().collect();
        let name = words.first().copied().unwrap_or("list");
        let verb = words.get(1).copied().unwrap_or("list");
        if matches!(name, "list" | "count" | "json_list" | "xml_list") && words.len() < 2 {
            return self.rooms(name);
        }
        let Some(room) = self.conferences.iter().find(|room| room.name == name) else {
            return format!("-ERR Conference {name} not found\n");
        };
        let target = words.get(2).copied();
        match verb {
            "list" if target == Some("count") => room.members.len().to_string(),
            "list" => self.rows(room),
            "xml_list" => {
                let room = self.room_xml(room);
                format!("<?xml version=\"1.0\"?>\n<conferences>\n{room}</conferences>\n")
            }
            "json_list" => json!([self.room_json(room)]).to_string(),
            "lock" | "unlock" => {
                let locks = verb == "lock";
                if let Some(room) = self.conferences.iter_mut().find(|room| room.name == name) {
                    room.locked = locks;
                }
                self.fire_conference(name, None, verb, &[]);
                format!("+OK {name} {verb}ed\n")
            }
            "mute" | "unmute" | "deaf" | "undeaf" | "kick" | "hup" => match target {
                None => format!("{verb} <[member_id|all|last|non_moderator]>"),
                Some(target) => self.each(name, verb, target),
            },
            _ => format!("-ERR Conference command '{verb}' not found.\n"),
        }
    }

    /// Does something to a member, the last one, or all.
    fn each(&mut self, name: &str, verb: &str, target: &str) -> String {
        let Some(room) = self.conferences.iter().find(|room| room.name == name) else {
            return String::new();
        };
        let mut members: Vec<Member> = room.members.clone();
        match (target, target.parse::<u64>()) {
            ("all" | "non_moderator", _) => {}
            ("last", _) => {
                members.drain(..members.len().saturating_sub(1));
            }
            (_, Ok(id)) => {
                members.retain(|member| member.id == id);
                if members.is_empty() {
                    return format!("-ERR Non-Existant ID {id}\n");
                }
            }
            (_, Err(_)) => return KICK_USAGE.replacen("kick", verb, 1),
        }
        let said = if verb == "kick" { "kicked" } else { verb };
        for member in &members {
            self.treat(name, verb, member);
        }
        members.iter().map(|member| format!("+OK {said} {}\n", member.id)).collect()
    }

    fn treat(&mut self, name: &str, verb: &str, member: &Member) {
        if let Some(room) = self.conferences.iter_mut().find(|room| room.name == name)
            && let Some(member) = room.members.iter_mut().find(|it| it.id == member.id)
        {
            match verb {
                "mute" | "unmute" => member.speaks = verb == "unmute",
                "deaf" | "undeaf" => member.hears = verb == "undeaf",
                _ => {}
            }
        }
        self.fire_conference(name, Some(member.id), &format!("{verb}-member"), &[]);
        if matches!(verb, "kick" | "hup") {
            self.leave_conference(member.channel);
            self.complete(member.channel);
            if verb == "hup" {
                self.hangup(member.channel, "NORMAL_CLEARING", Tick::Soon);
            } else {
                self.proceed(member.channel);
            }
        }
    }

    fn rooms(&self, verb: &str) -> String {
        match verb {
            "count" => return self.conferences.len().to_string(),
            "json_list" => {
                let rooms: Vec<_> =
                    self.conferences.iter().map(|room| self.room_json(room)).collect();
                return format!("{}\n", json!(rooms));
            }
            "xml_list" => return self.rooms_xml(),
            _ if self.conferences.is_empty() => return "+OK No active conferences.\n".to_owned(),
            _ => {}
        }
        let one = |room: &Conference| {
            let (count, locked) = (room.members.len(), if room.locked { "locked|" } else { "" });
            let plural = if count == 1 { "" } else { "s" };
            format!(
                "+OK Conference {} ({count} member{plural} rate: 8000 flags: {locked}{FLAGS})\n{}",
                room.name,
                self.rows(room)
            )
        };
        self.conferences.iter().map(one).collect()
    }

    /// All rooms as XML.
    fn rooms_xml(&self) -> String {
        if self.conferences.is_empty() {
            return "<?xml version=\"1.0\"?>\n<conferences></conferences>\n".to_owned();
        }
        let rooms: String = self.conferences.iter().map(|room| self.room_xml(room)).collect();
        format!("<?xml version=\"1.0\"?>\n<conferences>\n{rooms}</conferences>\n")
    }

    fn room_xml(&self, room: &Conference) -> String {
        let seconds = self.now.saturating_sub(room.since) / 1_000_000;
        let attributes: String = FLAGS.split('|').map(|flag| format!(" {flag}=\"true\"")).collect();
        let locked = if room.locked { " locked=\"true\"" } else { "" };
        let member = |member: &Member| {
            let channel = self.channels.get(&member.channel)?;
            let profile = channel.profile.as_ref()?;
            let flags: String = [
                ("can_hear", member.hears),
                ("can_see", true),
                ("can_speak", member.speaks),
                ("mute_detect", false),
                ("talking", false),
                ("hold", false),
                ("has_video", false),
                ("video_bridge", false),
                ("has_floor", room.floor == Some(member.id)),
                ("is_moderator", false),
                ("end_conference", false),
                ("mandatory_member_end_conference", false),
                ("is_ghost", false),
            ]
            .iter()
            .map(|(name, on)| format!("          <{name}>{on}</{name}>\n"))
            .collect();
            let fields: String = [
                ("uuid", escape_xml(&channel.uuid)),
                ("caller_id_name", escape_xml(&profile.cid_name)),
                ("caller_id_number", escape_xml(&profile.cid_num)),
                ("join_time", seconds.to_string()),
                ("last_talking", "N/A".to_owned()),
                ("energy", "100".to_owned()),
                ("volume_in", "0".to_owned()),
                ("volume_out", "0".to_owned()),
                ("output-volume", "0".to_owned()),
            ]
            .iter()
            .map(|(name, value)| format!("        <{name}>{value}</{name}>\n"))
            .collect();
            Some(format!(
                "      <member type=\"caller\">\n        <id>{}</id>\n        <flags>\n{flags}        \
                 </flags>\n{fields}      </member>\n",
                member.id
            ))
        };
        let members: String = room.members.iter().filter_map(member).collect();
        format!(
            "  <conference name=\"{}\" member-count=\"{}\" ghost-count=\"0\" rate=\"8000\" \
             uuid=\"{}\"{locked}{attributes} run_time=\"{seconds}\">\n    \
             <variables></variables>\n    <members>\n{members}    </members>\n  </conference>\n",
            escape_xml(&room.name),
            room.members.len(),
            room.uuid,
        )
    }

    fn rows(&self, room: &Conference) -> String {
        let row = |member: &Member| {
            let channel = self.channels.get(&member.channel)?;
            let profile = channel.profile.as_ref()?;
            let (name, uuid) = (&channel.name, &channel.uuid);
            let (shown, number) = (&profile.cid_name, &profile.cid_num);
            let flags = flags(room, member).join("|");
            Some(format!("{};{name};{uuid};{shown};{number};{flags};0;0;100\n", member.id))
        };
        room.members.iter().filter_map(row).collect()
    }

    fn room_json(&self, room: &Conference) -> serde_json::Value {
        let member = |member: &Member| {
            let channel = self.channels.get(&member.channel)?;
            let profile = channel.profile.as_ref()?;
            Some(json!({
                "type": "caller",
                "id": member.id,
                "uuid": channel.uuid,
                "caller_id_name": profile.cid_name,
                "caller_id_number": profile.cid_num,
                "flags": {
                    "can_hear": member.hears,
                    "can_speak": member.speaks,
                    "has_floor": room.floor == Some(member.id),
                },
            }))
        };
        json!({
            "conference_name": room.name,
            "member_count": room.members.len(),
            "ghost_count": 0,
            "rate": 8000,
            "run_time": self.now.saturating_sub(room.since) / 1_000_000,
            "conference_uuid": room.uuid,
            "locked": room.locked,
            "members": room.members.iter().filter_map(member).collect::<Vec<_>>(),
        })
    }
}

fn flags(room: &Conference, member: &Member) -> Vec<&'static str> {
    let all = [
        ("hear", member.hears),
        ("speak", member.speaks),
        ("floor", room.floor == Some(member.id)),
    ];
    all.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
}

/// Text as XML has it.
fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
