//! The stock layout: SIP profiles, registered phones, and the users of the directory with their groups.

/// The profiles: name, port, context.
pub(in crate::sim) const PROFILES: &[(&str, u16, &str)] =
    &[("park", 5090, "switchy"), ("external", 5080, "default"), ("internal", 5060, "default")];

/// The phones that are registered: user and port.
pub(in crate::sim) const PHONES: &[(&str, u16)] =
    &[("1000", 6060), ("1001", 6061), ("1002", 6062), ("1003", 6063)];

/// The port of a profile.
pub(in crate::sim) fn profile_port(name: &str) -> Option<u16> {
    PROFILES.iter().find(|(known, ..)| *known == name).map(|(_, port, _)| *port)
}

/// The profile behind a port.
pub(in crate::sim) fn port_profile(port: u16) -> Option<&'static str> {
    PROFILES.iter().find(|(_, known, _)| *known == port).map(|(name, ..)| *name)
}

/// The port at which a registered user's phone listens.
pub(in crate::sim) fn phone(user: &str) -> Option<u16> {
    let user = user.split('@').next().unwrap_or(user);
    PHONES.iter().find(|(known, _)| *known == user).map(|(_, port)| *port)
}

pub(in crate::sim) fn phones() -> impl Iterator<Item = (&'static str, u16)> {
    PHONES.iter().copied()
}

pub(in crate::sim) fn profile_names() -> impl Iterator<Item = &'static str> {
    PROFILES.iter().map(|(name, ..)| *name)
}

pub(in crate::sim) const DOMAIN: &str = "127.0.0.1";

/// Groups and the users in them, first and last.
pub(in crate::sim) const GROUPS: &[(&str, u16, u16)] = &[
    ("default", 1000, 1019),
    ("sales", 1000, 1004),
    ("billing", 1005, 1009),
    ("support", 1010, 1014),
];

/// The users of a group, if there is such a group in this domain.
pub(in crate::sim) fn members(group: &str, domain: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let (_, first, last) =
        GROUPS.iter().find(|(name, ..)| *name == group && matches!(domain, "" | DOMAIN))?;
    Some(*first..=*last)
}

/// A user's number, if it is one.
pub(in crate::sim) fn user(name: &str) -> Option<u16> {
    name.parse().ok().filter(|number| (1000..=1019).contains(number) && name.len() == 4)
}

/// Whether a user of the directory has that name; it need not be registered.
pub(in crate::sim) fn is_user(name: &str) -> bool {
    user(name).is_some()
}
