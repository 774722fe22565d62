//! What the name of a variable means to a channel: a plain variable, a field of its caller
//! profile, a variable of the whole switch (`switch_channel.c`).

use std::borrow::Cow;

use crate::sim::channel::Channel;
use crate::sim::channel::profile::Profile;
use crate::sim::world::World;

impl World {
    /// The value of a name, which may ask for one element of an array, as in `list[1]`.
    pub(in crate::sim) fn variable(&self, id: u64, name: &str) -> Option<Cow<'_, str>> {
        let channel = self.channels.get(&id)?;
        let (name, index) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((name, index)) => (name, index.parse::<usize>().ok()),
            None => (name, None),
        };
        let own = channel.vars.get(name).and_then(|value| match index {
            // What is no list has no elements.
            Some(at) => value.strip_prefix("ARRAY::")?.split("|:").nth(at),
            None => Some(value),
        });
        own.map(Cow::Borrowed)
            .or_else(|| field(channel, &name.to_ascii_lowercase()))
            .or_else(|| self.global(name).map(Cow::Borrowed))
    }

    /// Sets a variable of the whole switch; without a value it goes.
    pub(in crate::sim) fn set_global(&mut self, name: &str, value: &str) {
        self.globals.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            self.globals.push((name.to_owned(), value.to_owned()));
        }
    }

    /// A variable of the whole switch; case does not matter.
    pub(in crate::sim) fn global(&self, name: &str) -> Option<&str> {
        let found = self.globals.iter().find(|(have, _)| have.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A field of the caller profile, or of the one of the leg that made this one (`aleg_`) or was
/// made by it (`bleg_`).
fn field<'a>(channel: &'a Channel, name: &str) -> Option<Cow<'a, str>> {
    let others = |role: &str| channel.other.as_ref().filter(|other| other.role == role);
    let (uuid, leg, profile, name) = if let Some(name) = name.strip_prefix("aleg_") {
        let other = others("originator")?;
        (&other.uuid, &other.name, &other.profile, name)
    } else if let Some(name) = name.strip_prefix("bleg_") {
        let other = others("originatee")?;
        (&other.uuid, &other.name, &other.profile, name)
    } else {
        (&channel.uuid, &channel.name, channel.profile.as_ref()?, name)
    };
    let text = match name {
        "uuid" => uuid,
        "chan_name" => leg,
        "dialplan" => &profile.dialplan,
        "username" => &profile.username,
        "caller_id_name" => &profile.cid_name,
        "caller_id_number" => &profile.cid_num,
        "orig_caller_id_name" => &profile.orig_name,
        "orig_caller_id_number" => &profile.orig_num,
        "callee_id_name" => &profile.callee_name,
        "callee_id_number" => &profile.callee_num,
        "ani" => &profile.ani,
        "aniii" => "",
        "network_addr" => &profile.network_addr,
        "rdnis" => &profile.rdnis,
        "destination_number" => &profile.destination,
        "source" => &profile.source,
        "transfer_source" if profile.transfer_source.is_empty() => return None,
        "transfer_source" => &profile.transfer_source,
        "context" => &profile.context,
        "screen_bit" => "true",
        "privacy_hide_name" | "privacy_hide_number" => "false",
        _ => return number(profile, name).map(|number| number.to_string().into()),
    };
    Some(text.into())
}

fn number(profile: &Profile, name: &str) -> Option<u64> {
    Some(match name {
        "profile_index" => u64::from(profile.index),
        // The type or plan of a number was not given.
        "caller_ton"
        | "caller_numplan"
        | "destination_number_ton"
        | "destination_number_numplan"
        | "ani_ton"
        | "ani_numplan"
        | "rdnis_ton"
        | "rdnis_numplan" => 255,
        "profile_created_time" => profile.profile_created,
        "created_time" => profile.created,
        "answered_time" => profile.answered,
        "progress_time" => profile.progress,
        "progress_media_time" => profile.progress_media,
        "hungup_time" => profile.hangup,
        "transferred_time" => 0,
        _ => return None,
    })
}
