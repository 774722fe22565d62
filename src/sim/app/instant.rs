//! Applications that set a variable, fire an event or schedule a task, and are over at once.
//! Compared with FreeSWITCH 1.10.12.

use crate::sim::event::{Event, origin};
use crate::sim::world::World;

impl World {
    /// What such an application does; any other one is not its matter.
    pub(super) fn tell_or_set(&mut self, id: u64, app: &str, data: &str) {
        match app {
            "event" => self.app_event(id, data),
            "multiset" => {
                for pair in list(data) {
                    self.assign(id, "set", pair);
                }
            }
            "multiunset" => {
                if let Some(channel) = self.channels.get_mut(&id) {
                    for name in list(data) {
                        channel.vars.remove(name);
                    }
                }
            }
            "set_global" => {
                if let Some((name, value)) = data.split_once('=') {
                    self.set_global(name, value);
                }
            }
            "set_profile_var" => self.set_profile_var(id, data),
            "push" | "unshift" => self.push(id, data, app == "push"),
            "displace_session" => {
                // What cannot be played is only a line in the log.
                let _plays = self.displace(id, data.split(' ').next().unwrap_or_default());
            }
            "stop_displace_session" => {
                let _played = self.stop_displacing(id, data);
            }
            "sched_hangup" | "sched_transfer" | "sched_cancel" => self.schedule(id, app, data),
            _ => {}
        }
    }

    /// A value more in an array, at its end or its start.
    fn push(&mut self, id: u64, data: &str, at_end: bool) {
        let Some((name, value)) = data.split_once('=') else { return };
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let all = match channel.vars.get(name) {
            None => value.to_owned(),
            Some(old) => {
                let old = old.strip_prefix("ARRAY::").unwrap_or(old);
                let (first, second) = if at_end { (old, value) } else { (value, old) };
                format!("ARRAY::{first}|:{second}")
            }
        };
        channel.vars.set(name, all);
    }

    fn set_profile_var(&mut self, id: u64, data: &str) {
        let Some((name, value)) = data.split_once('=') else { return };
        let profile = self.channels.get_mut(&id).and_then(|channel| channel.profile.as_mut());
        let Some(profile) = profile else { return };
        let field = match name.to_ascii_lowercase().as_str() {
            "dialplan" => &mut profile.dialplan,
            "context" => &mut profile.context,
            "username" => &mut profile.username,
            "caller_id_name" => &mut profile.cid_name,
            "caller_id_number" => &mut profile.cid_num,
            "callee_id_name" => &mut profile.callee_name,
            "callee_id_number" => &mut profile.callee_num,
            "ani" => &mut profile.ani,
            "rdnis" => &mut profile.rdnis,
            "destination_number" => &mut profile.destination,
            "source" => &mut profile.source,
            _ => return,
        };
        value.clone_into(field);
    }

    /// `event Event-Name=..,Event-Subclass=..,NAME=VALUE`: CHANNEL_APPLICATION without a name.
    fn app_event(&mut self, id: u64, data: &str) {
        let pairs: Vec<(&str, &str)> =
            data.split(',').filter_map(|pair| pair.split_once('=')).collect();
        let named = |wanted: &str| {
            let found = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| (*value).to_owned())
        };
        let name = named("Event-Name").unwrap_or_else(|| "CHANNEL_APPLICATION".to_owned());
        let mut event = Event::bare(name.clone());
        event.subclass = named("Event-Subclass");
        if let Some(subclass) = event.subclass.clone() {
            event.push("Event-Subclass", subclass);
        }
        self.write_core(&mut event, &name, origin("CUSTOM"));
        for (name, value) in pairs {
            if !["event-name", "event-subclass"].contains(&name.to_ascii_lowercase().as_str()) {
                event.push(name, value);
            }
        }
        if let Some(channel) = self.channels.get(&id) {
            channel.write_headers(&mut event);
            if matches!(name.as_str(), "CUSTOM" | "CHANNEL_APPLICATION") {
                channel.write_variables(&mut event);
            }
        }
        self.emit(&event);
    }
}

/// Words at spaces, or at the letter behind `^^`.
fn list(data: &str) -> Vec<&str> {
    let own = data.strip_prefix("^^").and_then(|rest| {
        let separator = rest.chars().next()?;
        Some((separator, rest.strip_prefix(separator)?))
    });
    let (separator, rest) = own.unwrap_or((' ', data));
    rest.split(separator).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn lists() {
        assert_eq!(list("a=1 b=2"), ["a=1", "b=2"]);
        assert_eq!(list("^^;a=3;b=4 5"), ["a=3", "b=4 5"]);
        assert_eq!(list("^^"), ["^^"]);
    }
}
