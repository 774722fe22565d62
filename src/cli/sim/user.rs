//! `--user` of the simulated switch: who may log in, and what they may do then.

use std::fmt;

use crate::model::EVENT_NAMES;
use crate::shell::nearest;
use crate::sim;

/// A directory user of the simulated switch. `Debug` and `Display` show no password.
#[derive(Clone)]
pub(super) struct SimUser {
    name: String,
    password: Option<String>,
    api: Option<String>,
    events: Option<String>,
    log: bool,
}

impl SimUser {
    /// Reads `USER@DOMAIN[:PASSWORD]` and the limits behind it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let who = words.next().unwrap_or_default();
        let (name, password) = match who.split_once(':') {
            Some((name, password)) => (name, Some(password.to_owned())),
            None => (who, None),
        };
        if !name
            .split_once('@')
            .is_some_and(|(user, domain)| !user.is_empty() && !domain.is_empty())
        {
            return Err("a user is USER@DOMAIN, for example 1000@example.com:secret".to_owned());
        }
        let mut user = Self { name: name.to_owned(), password, api: None, events: None, log: true };
        for word in words {
            match word.split_once('=') {
                Some(("api", list)) if is_list(list) => user.api = Some(list.to_owned()),
                Some(("events", list)) if is_list(list) => user.events = Some(events(list)?),
                Some(("log", "off")) => user.log = false,
                Some(("log", "on")) => user.log = true,
                _ => {
                    return Err(format!(
                        "what {name} may do is said as api=COMMANDS, events=NAMES (at commas) or \
                         log=off, for example 'bob@lan:secret api=status,show \
                         events=HEARTBEAT,BACKGROUND_JOB log=off'; {word:?} is none of these"
                    ));
                }
            }
        }
        Ok(user)
    }

    /// The user as the simulated switch knows it; without a password it has the
    /// switch's.
    pub(super) fn limited(&self, password: &str) -> sim::User {
        let password = self.password.as_deref().unwrap_or(password);
        let mut user = sim::User::new(&self.name, password);
        if let Some(api) = &self.api {
            user = user.with_api(api);
        }
        if let Some(events) = &self.events {
            user = user.with_events(events);
        }
        if self.log { user } else { user.without_log() }
    }
}

impl fmt::Debug for SimUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SimUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let api = self.api.as_ref().map(|list| format!("api={list}"));
        let events = self.events.as_ref().map(|list| format!("events={list}"));
        let log = (!self.log).then(|| "log=off".to_owned());
        let limits: Vec<String> = [api, events, log].into_iter().flatten().collect();
        if limits.is_empty() { Ok(()) } else { write!(f, " ({})", limits.join(" ")) }
    }
}

/// Names at commas, none of them empty.
fn is_list(list: &str) -> bool {
    list.split(',').all(|name| !name.is_empty())
}

/// Names of events in any case; behind CUSTOM stand subclasses, which are free text.
fn events(list: &str) -> Result<String, String> {
    let mut names = Vec::new();
    let mut custom = false;
    for word in list.split(',') {
        let known = EVENT_NAMES.iter().find(|name| name.eq_ignore_ascii_case(word));
        custom |= known.is_some_and(|name| *name == "CUSTOM");
        match known {
            Some(name) => names.push((*name).to_owned()),
            None if custom => names.push(word.to_owned()),
            None => {
                let near = nearest(word, EVENT_NAMES.iter().copied());
                let hint = near.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                return Err(format!(
                    "there is no event {word}{hint} (subclasses stand behind CUSTOM)"
                ));
            }
        }
    }
    Ok(names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_user_and_the_limits() {
        for (text, shown) in [
            ("bob@lan", "bob@lan"),
            ("bob@lan:pw", "bob@lan"),
            ("bob@lan:p:w=x log=off", "bob@lan (log=off)"),
            ("bob@lan api=status,show", "bob@lan (api=status,show)"),
            (
                "bob@lan:pw events=heartbeat,CUSTOM,sofia::register api=status",
                "bob@lan (api=status events=HEARTBEAT,CUSTOM,sofia::register)",
            ),
        ] {
            assert_eq!(SimUser::parse(text).unwrap().to_string(), shown);
        }
        for (text, why) in [
            ("", "a user is USER@DOMAIN"),
            ("bob", "a user is USER@DOMAIN"),
            ("@lan", "a user is USER@DOMAIN"),
            ("bob@lan api", "\"api\" is none of these"),
            ("bob@lan api=", "\"api=\" is none of these"),
            ("bob@lan log=maybe", "\"log=maybe\" is none of these"),
            ("bob@lan events=HEARTBEET", "did you mean HEARTBEAT?"),
            ("bob@lan events=sofia::register", "behind CUSTOM"),
        ] {
            let error = SimUser::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
