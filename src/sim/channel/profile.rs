//! The caller profile: who calls whom and when, and its headers.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::sim::event::Event;

/// Who calls whom, as in the `Caller-*` headers.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Who {
    pub(in crate::sim) username: String,
    pub(in crate::sim) dialplan: String,
    pub(in crate::sim) cid_name: String,
    pub(in crate::sim) cid_num: String,
    pub(in crate::sim) orig_name: String,
    pub(in crate::sim) orig_num: String,
    pub(in crate::sim) callee_name: String,
    pub(in crate::sim) callee_num: String,
    pub(in crate::sim) network_addr: String,
    pub(in crate::sim) ani: String,
    pub(in crate::sim) destination: String,
    pub(in crate::sim) source: String,
    pub(in crate::sim) transfer_source: String,
    pub(in crate::sim) context: String,
    pub(in crate::sim) rdnis: String,
}

/// Who calls whom and when, in microseconds; 0 is not yet. Copies share the texts until one of
/// them changes.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Profile {
    who: Arc<Who>,
    pub(in crate::sim) index: u32,
    pub(in crate::sim) profile_created: u64,
    pub(in crate::sim) created: u64,
    pub(in crate::sim) answered: u64,
    pub(in crate::sim) progress: u64,
    pub(in crate::sim) progress_media: u64,
    pub(in crate::sim) hangup: u64,
    pub(in crate::sim) bridged: u64,
    pub(in crate::sim) last_hold: u64,
    pub(in crate::sim) hold_accum: u64,
}

impl Profile {
    /// The first profile of a channel that is made now.
    pub(in crate::sim) fn new(who: Who, now: u64) -> Self {
        Self { who: Arc::new(who), index: 1, profile_created: now, created: now, ..Self::default() }
    }

    /// What a leg takes over from the leg that dials it.
    pub(in crate::sim) fn inherit(&mut self, from: &Self) {
        let who: &mut Who = self;
        who.username.clone_from(&from.username);
        who.dialplan.clone_from(&from.dialplan);
        who.orig_name.clone_from(&from.orig_name);
        who.orig_num.clone_from(&from.orig_num);
        who.network_addr.clone_from(&from.network_addr);
        who.ani.clone_from(&from.ani);
        who.source.clone_from(&from.source);
        who.context.clone_from(&from.context);
    }

    /// The same people; nothing has happened yet.
    pub(in crate::sim) fn untimed(&self) -> Self {
        Self {
            who: Arc::clone(&self.who),
            index: self.index,
            hangup: self.hangup,
            ..Self::default()
        }
    }
}

impl Deref for Profile {
    type Target = Who;

    fn deref(&self) -> &Who {
        &self.who
    }
}

impl DerefMut for Profile {
    fn deref_mut(&mut self) -> &mut Who {
        Arc::make_mut(&mut self.who)
    }
}

/// A leg as a group of headers names it.
pub(super) struct Leg<'a> {
    pub(super) uuid: &'a str,
    pub(super) name: &'a str,
    pub(super) inbound: bool,
}

/// Writes `Caller-*` or `Other-Leg-*`.
pub(super) fn write_profile(
    event: &mut Event,
    prefix: &str,
    leg: &Leg<'_>,
    logical: bool,
    from: &Profile,
) {
    let word = |inbound: bool| if inbound { "inbound" } else { "outbound" };
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            event.headers.push_parts(&[prefix, "-", name], value);
        }
    };
    put("Direction", word(leg.inbound));
    put("Logical-Direction", word(logical));
    put("Username", &from.username);
    put("Dialplan", &from.dialplan);
    put("Caller-ID-Name", &from.cid_name);
    put("Caller-ID-Number", &from.cid_num);
    put("Orig-Caller-ID-Name", &from.orig_name);
    put("Orig-Caller-ID-Number", &from.orig_num);
    put("Callee-ID-Name", &from.callee_name);
    put("Callee-ID-Number", &from.callee_num);
    put("Network-Addr", &from.network_addr);
    put("ANI", &from.ani);
    put("Destination-Number", &from.destination);
    put("Unique-ID", leg.uuid);
    put("Source", &from.source);
    if prefix == "Caller" {
        put("Transfer-Source", &from.transfer_source);
    }
    put("Context", &from.context);
    put("RDNIS", &from.rdnis);
    put("Channel-Name", leg.name);
    if prefix == "Caller" {
        put("Profile-Index", &from.index.to_string());
    }
    for (name, at) in [
        ("Profile-Created-Time", from.profile_created),
        ("Channel-Created-Time", from.created),
        ("Channel-Answered-Time", from.answered),
        ("Channel-Progress-Time", from.progress),
        ("Channel-Progress-Media-Time", from.progress_media),
        ("Channel-Hangup-Time", from.hangup),
        ("Channel-Transfer-Time", 0),
        ("Channel-Resurrect-Time", 0),
        ("Channel-Bridged-Time", from.bridged),
        ("Channel-Last-Hold", from.last_hold),
        ("Channel-Hold-Accum", from.hold_accum),
    ] {
        put(name, &at.to_string());
    }
    put("Screen-Bit", "true");
    put("Privacy-Hide-Name", "false");
    put("Privacy-Hide-Number", "false");
}

/// A caller name as `Orig-Caller-ID-Name` shows it: control characters become spaces
/// (`transcripts/nasty_values`).
pub(in crate::sim) fn tame(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_control() { ' ' } else { letter }).collect()
}
