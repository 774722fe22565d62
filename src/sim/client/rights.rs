//! What a user of the directory may do.

use super::user::User;

/// What a login allows; without one everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sim) struct Rights {
    events: Option<Events>,
    api: Option<Vec<String>>,
    no_log: bool,
}

/// The events of a user: names, and behind CUSTOM subclasses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sim) struct Events {
    all: bool,
    names: Vec<&'static str>,
    subclasses: Vec<String>,
}

/// Commands that run another one, which must be allowed too.
pub(in crate::sim) const WRAPPERS: [&str; 5] = ["bgapi", "sched_api", "eval", "expand", "xml_wrap"];

/// Words at commas, or at spaces where there is one.
pub(in crate::sim) fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(if list.contains(' ') { ' ' } else { ',' })
}

impl Rights {
    pub(in crate::sim) fn of(user: &User) -> Self {
        let events = user.events.as_deref().map(|list| {
            let (mut events, mut custom) = (Events::default(), false);
            for word in words(list) {
                if custom {
                    events.subclasses.push(word.to_owned());
                } else if word.eq_ignore_ascii_case("ALL") {
                    events.all = true;
                } else if let Some(name) = super::subscription::known(word) {
                    custom = name == "CUSTOM";
                    events.names.push(name);
                }
            }
            events
        });
        let api = user.api.as_deref().map(|list| words(list).map(str::to_owned).collect());
        Self { events, api, no_log: !user.log }
    }

    /// Whether the user may subscribe to the event of that name, or to `ALL`.
    pub(super) fn allows_event(&self, name: &str) -> bool {
        let Some(events) = &self.events else { return true };
        events.all || events.names.contains(&name)
    }

    /// Whether the user may subscribe to that subclass of CUSTOM.
    pub(super) fn allows_subclass(&self, name: &str) -> bool {
        let Some(events) = &self.events else { return true };
        events.subclasses.iter().any(|have| have == name)
    }

    /// The subclasses a user is limited to.
    pub(super) fn subclasses(&self) -> Option<&[String]> {
        self.events.as_ref().map(|events| events.subclasses.as_slice())
    }

    pub(in crate::sim) fn allows_log(&self) -> bool {
        !self.no_log
    }

    /// Whether the user may run that line: its command, and the ones that it wraps.
    pub(in crate::sim) fn allows_api(&self, line: &str) -> bool {
        let Some(allowed) = &self.api else { return true };
        let (mut command, mut rest) = line.split_once(' ').unwrap_or((line, ""));
        loop {
            if !allowed.iter().any(|have| have == command) {
                return false;
            }
            if !WRAPPERS.iter().any(|wrapper| wrapper.eq_ignore_ascii_case(command)) {
                return true;
            }
            // The next word is looked at, whatever it is: `sched_api +5 ..` asks for a `+5`.
            if rest.is_empty() {
                return true;
            }
            (command, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        }
    }
}

/// `USER@DOMAIN:PASSWORD` or `USER:PASSWORD@DOMAIN`.
pub(in crate::sim) fn credentials(text: &str) -> (&str, &str, &str) {
    let (user, domain) = text.split_once('@').unwrap_or((text, ""));
    let (domain, password) = domain.split_once(':').unwrap_or((domain, ""));
    let (user, own) = user.split_once(':').map_or((user, None), |(user, own)| (user, Some(own)));
    (user, domain, own.unwrap_or(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn either_order_of_the_credentials() {
        assert_eq!(credentials("bob@lan:pw"), ("bob", "lan", "pw"));
        assert_eq!(credentials("bob:pw@lan"), ("bob", "lan", "pw"));
        assert_eq!(credentials("bob"), ("bob", "", ""));
    }

    #[limited::test]
    fn a_wrapped_command_is_looked_at() {
        let user = User::new("bob@lan", "pw").with_api("status bgapi expand");
        let rights = Rights::of(&user);
        for (line, allowed) in [
            ("status", true),
            ("status x", true),
            ("show", false),
            ("bgapi status", true),
            ("bgapi show calls", false),
            ("bgapi expand status", true),
            ("bgapi expand show", false),
            ("eval 1", false),
            ("sched_api +5 g status", false),
            ("bgapi", true),
        ] {
            assert_eq!(rights.allows_api(line), allowed, "{line}");
        }
    }
}
