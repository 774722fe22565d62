//! Outgoing calls: the grammar of dial strings, and the legs that compete to be answered.

use std::time::Duration;

use super::api::Waiting;
use super::channel::{Answer, Kind, State};
use super::hangup::Tick;
use super::legs::Outgoing;
use super::world::{Action, Step, World};
use crate::model::HangupCause;

/// Where an answered call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// `&app(args)`, one or several.
    Apps(Vec<(String, String)>),
    /// An extension, with its context.
    Exten(String, String),
    /// It is joined to the leg whose `bridge` dialled it.
    Bridge(u64),
}

/// A call being set up.
#[derive(Debug)]
pub(super) struct Originate {
    waiting: Option<Waiting>,
    then: Then,
    /// Legs that are still in the race.
    legs: Vec<u64>,
    /// What to try when these fail.
    rest: Vec<Vec<LegSpec>>,
    vars: Vec<(String, String)>,
    cid: (String, String),
    timeout: u64,
    token: u64,
    winner: Option<u64>,
    cause: String,
}

/// One leg of a dial string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LegSpec {
    pub(super) vars: Vec<(String, String)>,
    pub(super) target: String,
}

/// A dial string, taken apart: variables for all legs, then groups of legs to try one after the
/// other; the legs of a group ring together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Dial {
    pub(super) vars: Vec<(String, String)>,
    pub(super) groups: Vec<Vec<LegSpec>>,
}

impl Dial {
    pub(super) fn parse(text: &str) -> Self {
        let mut rest = text.trim();
        let mut vars = Vec::new();
        loop {
            let close = match rest.chars().next() {
                Some('{') => '}',
                Some('<') => '>',
                _ => break,
            };
            let Some((inside, tail)) = rest.get(1..).and_then(|rest| split_close(rest, close))
            else {
                break;
            };
            vars.extend(pairs(inside));
            rest = tail.trim_start();
        }
        let parts = split_top(&rest.replace(":_:", ","), '|');
        let groups = parts
            .iter()
            .map(|group| split_top(group, ',').iter().map(|leg| LegSpec::parse(leg)).collect())
            .collect();
        Self { vars, groups }
    }
}

impl LegSpec {
    fn parse(text: &str) -> Self {
        let (mut rest, mut vars) = (text.trim(), Vec::new());
        while let Some((inside, tail)) =
            rest.strip_prefix('[').and_then(|rest| split_close(rest, ']'))
        {
            vars.extend(pairs(inside));
            rest = tail.trim_start();
        }
        Self { vars, target: rest.to_owned() }
    }
}

/// Cuts at the closing bracket; one in single quotes does not count.
fn split_close(text: &str, close: char) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        if letter == '\'' {
            quoted = !quoted;
        } else if letter == close && !quoted {
            let (inside, tail) = text.split_at(at);
            return Some((inside, tail.get(close.len_utf8()..).unwrap_or_default()));
        }
    }
    None
}

/// Cuts at a separator outside of quotes and brackets.
fn split_top(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut quoted, mut depth) = (Vec::new(), String::new(), false, 0u32);
    for letter in text.chars() {
        match letter {
            '\'' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if letter == separator && !quoted && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(letter);
        }
    }
    parts.push(part);
    parts
}

/// `a=1,b='x,y'`; `^^;` in front changes the separator.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let (separator, text) = match text.strip_prefix("^^") {
        Some(rest) => {
            let mut letters = rest.chars();
            (letters.next().unwrap_or(','), letters.as_str())
        }
        None => (',', text),
    };
    split_top(text, separator)
        .iter()
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_owned(), unquote(value.trim())))
        })
        .collect()
}

fn unquote(value: &str) -> String {
    let inside = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
    inside.unwrap_or(value).replace("\\,", ",").replace("\\'", "'")
}

/// Splits the arguments of `originate` at spaces; single quotes and braces hold together.
pub(super) fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut depth) = (Vec::new(), String::new(), false, 0u32);
    let mut letters = text.trim().chars().peekable();
    let mut open = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&' ') => word.extend(letters.next()),
            '\'' if depth == 0 => {
                quoted = !quoted;
                open = true;
            }
            ' ' if !quoted && depth == 0 => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            _ => {
                match letter {
                    '{' | '[' => depth += 1,
                    '}' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                word.push(letter);
            }
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}

impl Then {
    /// `&app(args)` is cut at the first `)`; anything else is an extension.
    pub(super) fn parse(target: &str, context: &str) -> Self {
        let Some(app) = target.strip_prefix('&') else {
            return Self::Exten(target.to_owned(), context.to_owned());
        };
        let (name, data) = app.split_once('(').unwrap_or((app, ""));
        let data = data.split(')').next().unwrap_or_default();
        Self::Apps(vec![(name.to_owned(), data.to_owned())])
    }
}

impl World {
    /// Starts to dial.
    pub(super) fn originate(
        &mut self,
        waiting: Option<Waiting>,
        dial: Dial,
        then: Then,
        cid: (String, String),
        timeout: u64,
    ) -> u64 {
        let find = |name: &str| {
            dial.vars.iter().rev().find(|(have, _)| have == name).map(|(_, value)| value.clone())
        };
        let timeout =
            find("originate_timeout").and_then(|text| text.parse().ok()).unwrap_or(timeout);
        let name = find("origination_caller_id_name").unwrap_or(cid.0);
        let number = find("origination_caller_id_number").unwrap_or(cid.1);
        let id = self.token();
        self.originates.insert(
            id,
            Originate {
                waiting,
                then,
                legs: Vec::new(),
                rest: dial.groups,
                vars: dial.vars,
                cid: (name, number),
                timeout,
                token: 0,
                winner: None,
                cause: "NORMAL_TEMPORARY_FAILURE".to_owned(),
            },
        );
        self.dial_next(id);
        id
    }

    /// Lets a leg that exists already go on as if it had been dialled; nobody waits for it.
    pub(super) fn adopt(&mut self, leg: u64, then: Then) {
        let id = self.token();
        let cause = "NORMAL_TEMPORARY_FAILURE".to_owned();
        let originate = Originate {
            waiting: None,
            then,
            legs: vec![leg],
            rest: Vec::new(),
            vars: Vec::new(),
            cid: (String::new(), String::new()),
            timeout: 60,
            token: id,
            winner: None,
            cause,
        };
        self.originates.insert(id, originate);
        if let Some(channel) = self.channels.get_mut(&leg) {
            channel.originate = Some(id);
        }
    }

    /// Dials the next group, or gives up.
    fn dial_next(&mut self, id: u64) {
        loop {
            let token = self.token();
            let Some(originate) = self.originates.get_mut(&id) else { return };
            if originate.rest.is_empty() {
                let cause = originate.cause.clone();
                self.originate_done(id, Err(cause));
                return;
            }
            let group = originate.rest.remove(0);
            originate.token = token;
            let (vars, cid, timeout) =
                (originate.vars.clone(), originate.cid.clone(), originate.timeout);
            let by = match originate.then {
                Then::Bridge(by) => Some(by),
                _ => None,
            };
            let mut legs = Vec::new();
            for (index, spec) in group.iter().enumerate() {
                let mut all = vars.clone();
                all.extend(spec.vars.iter().cloned());
                let fixed = all.iter().find(|(name, _)| name == "origination_uuid");
                let uuid = fixed
                    .map(|(_, value)| value.clone())
                    .filter(|uuid| index == 0 && !uuid.is_empty() && self.find(uuid).is_none());
                let out = Outgoing {
                    uuid,
                    cid_name: cid.0.clone(),
                    cid_num: cid.1.clone(),
                    vars: all,
                    by,
                };
                match self.dial_leg(&spec.target, &out) {
                    Ok(leg) => {
                        if let Some(channel) = self.channels.get_mut(&leg) {
                            channel.originate = Some(id);
                        }
                        legs.push(leg);
                    }
                    Err(cause) => {
                        if let Some(originate) = self.originates.get_mut(&id) {
                            originate.cause = cause;
                        }
                    }
                }
            }
            if !legs.is_empty() {
                self.after(Duration::from_secs(timeout), Action::RingTimeout(token));
                if let Some(originate) = self.originates.get_mut(&id) {
                    originate.legs = legs;
                }
                return;
            }
        }
    }

    /// Dials one leg, or says why that is impossible; no event tells of such a failure.
    fn dial_leg(&mut self, target: &str, out: &Outgoing) -> Result<u64, String> {
        if self.paused {
            return Err("SWITCH_CONGESTION".to_owned());
        }
        let (endpoint, rest) = target.split_once('/').unwrap_or((target, ""));
        match endpoint.to_ascii_lowercase().as_str() {
            "sofia" => self.dial_sofia(rest, out),
            "loopback" => {
                let mut parts = rest.split('/');
                let exten = parts.next().unwrap_or_default().to_owned();
                let context = parts.next().unwrap_or("default").to_owned();
                Ok(self.loopback_leg(&exten, &context, out))
            }
            "user" => {
                let user = rest.split('@').next().unwrap_or_default().to_owned();
                if super::api::sofia::phone(&user).is_none() {
                    return Err("SUBSCRIBER_ABSENT".to_owned());
                }
                Ok(self.dial_phone("internal", &user, out, 200))
            }
            "null" => Ok(self.null_leg(rest, out)),
            "error" => Err(HangupCause::parse(&rest.to_uppercase()).to_string()),
            _ => Err("CHAN_NOT_IMPLEMENTED".to_owned()),
        }
    }

    fn dial_sofia(&mut self, rest: &str, out: &Outgoing) -> Result<u64, String> {
        let (profile, url) = rest.split_once('/').unwrap_or((rest, ""));
        if profile == "gateway" {
            let (gateway, user) = url.split_once('/').unwrap_or((url, ""));
            let name = gateway.rsplit("::").next().unwrap_or(gateway);
            if name != "example.com" {
                return Err("INVALID_GATEWAY".to_owned());
            }
            let dialog = self.dialog(("external", 5080), user, "example.com");
            let id = self.sofia_leg(dialog, Kind::Phone, out);
            let refused = Step::Refused("NO_ROUTE_DESTINATION", 404, "Not Found");
            self.step_in(180, id, refused);
            return Ok(id);
        }
        let Some(port) = super::api::sofia::profile_port(profile) else {
            return Err("INVALID_PROFILE".to_owned());
        };
        let mut parts = url.split(';');
        let address = parts.next().unwrap_or_default();
        let address = address.strip_prefix("sip:").unwrap_or(address);
        let (user, target) = address.rsplit_once('@').unwrap_or((address, ""));
        let mut dialog = self.dialog((profile, port), user, target);
        let route = parts.find_map(|part| part.strip_prefix("fs_path="));
        let route = route.map(|route| route.strip_prefix("sip:").unwrap_or(route).to_owned());
        let (host, port) = match &route {
            None => (dialog.host.clone(), dialog.port),
            Some(route) => match route.rsplit_once(':') {
                Some((host, port)) => (host.to_owned(), port.parse().unwrap_or(5060)),
                None => (route.clone(), 5060),
            },
        };
        let local = matches!(host.as_str(), "127.0.0.1" | "localhost");
        match super::api::sofia::port_profile(port).filter(|_| local) {
            Some(to) => {
                to.clone_into(&mut dialog.to_profile);
                (dialog.host, dialog.port) = (host, port);
                let id = self.sofia_leg(dialog, Kind::Sofia, out);
                self.step_in(2, id, Step::Invite);
                Ok(id)
            }
            None => {
                let id = self.sofia_leg(dialog, Kind::Sofia, out);
                let refused = Step::Refused("NORMAL_TEMPORARY_FAILURE", 503, "Service Unavailable");
                self.step_in(20, id, refused);
                Ok(id)
            }
        }
    }

    /// Dials a phone that rings one to three seconds and answers with a chance of `per_200`.
    pub(super) fn dial_phone(
        &mut self,
        profile: &str,
        user: &str,
        out: &Outgoing,
        per_200: u32,
    ) -> u64 {
        let port = super::api::sofia::profile_port(profile).unwrap_or(5060);
        let target = format!("127.0.0.1:{}", super::api::sofia::phone(user).unwrap_or(6060));
        let dialog = self.dialog((profile, port), user, &target);
        let id = self.sofia_leg(dialog, Kind::Phone, out);
        let ring = self.rng.u64(60..200);
        self.step_in(ring, id, Step::Ringing);
        if self.rng.u32(0..200) < per_200 {
            let answer = ring + self.rng.u64(1000..3000);
            self.step_in(answer, id, Step::Answered);
        }
        id
    }

    /// A leg is answered: it wins, the others lose.
    pub(super) fn leg_answered(&mut self, id: u64, leg: u64) {
        let Some(originate) = self.originates.get_mut(&id) else { return };
        if originate.winner.is_some_and(|winner| winner != leg) {
            return;
        }
        originate.winner = Some(leg);
        let losers: Vec<u64> =
            std::mem::take(&mut originate.legs).into_iter().filter(|other| *other != leg).collect();
        for loser in losers {
            if let Some(channel) = self.channels.get_mut(&loser) {
                channel.originate = None;
            }
            self.hangup(loser, "LOSE_RACE", Tick::Soon);
        }
        self.after(Duration::ZERO, Action::OriginateReady(id));
    }

    /// Early media is as good as an answer, unless the caller wants to wait.
    pub(super) fn early_media(&mut self, id: u64, leg: u64) {
        let Some(originate) = self.originates.get_mut(&id) else { return };
        let ignored = originate.vars.iter().any(|(name, value)| {
            name == "ignore_early_media" && matches!(value.as_str(), "true" | "yes" | "1")
        });
        if ignored || originate.winner.is_some() || originate.legs.len() > 1 {
            return;
        }
        originate.winner = Some(leg);
        self.after(Duration::from_millis(20), Action::OriginateReady(id));
    }

    /// The winner is ready for what comes next.
    pub(super) fn originate_ready(&mut self, id: u64) {
        let Some(winner) = self.originates.get(&id).and_then(|originate| originate.winner) else {
            return;
        };
        self.originate_done(id, Ok(winner));
    }

    /// A leg is gone before its time. Returns whether that ends the originate.
    pub(super) fn leg_failed(&mut self, id: u64, leg: u64, cause: &str) {
        let Some(originate) = self.originates.get_mut(&id) else { return };
        originate.legs.retain(|other| *other != leg);
        cause.clone_into(&mut originate.cause);
        if originate.winner == Some(leg) {
            originate.winner = None;
            originate.rest.clear();
            originate.legs.clear();
        }
        if originate.legs.is_empty() && originate.winner.is_none() {
            self.dial_next(id);
        }
    }

    /// Nobody answered in time.
    pub(super) fn ring_timeout(&mut self, token: u64) {
        let found = self.originates.values().find(|originate| originate.token == token);
        let Some(originate) = found.filter(|originate| originate.winner.is_none()) else { return };
        for leg in originate.legs.clone() {
            self.hangup(leg, "NO_ANSWER", Tick::Soon);
        }
    }

    fn originate_done(&mut self, id: u64, result: Result<u64, String>) {
        let Some(originate) = self.originates.remove(&id) else { return };
        let Originate { waiting, then, .. } = originate;
        match result {
            Ok(leg) => self.originate_won(leg, waiting, then),
            Err(cause) => {
                if let Some(waiting) = waiting {
                    self.answered(&waiting, &format!("-ERR {cause}\n"));
                }
                if let Then::Bridge(by) = then {
                    self.bridge_failed(by, &cause);
                }
            }
        }
    }

    fn originate_won(&mut self, leg: u64, waiting: Option<Waiting>, then: Then) {
        let Some(channel) = self.channels.get_mut(&leg) else { return };
        channel.originate = None;
        let (uuid, answered) = (channel.uuid.clone(), channel.answer == Answer::Answered);
        if let Then::Apps(_) = then
            && answered
        {
            self.flip(leg);
        }
        if let Some(waiting) = waiting {
            self.answered(&waiting, &format!("+OK {uuid}\n"));
        }
        match then {
            Then::Apps(apps) => {
                if let Some(channel) = self.channels.get_mut(&leg) {
                    channel.plan = apps.into();
                }
                self.execute(leg);
            }
            Then::Exten(exten, context) => {
                self.transfer_profile(leg, &exten, &context);
                self.set_state(leg, State::Routing, 2);
                self.flip(leg);
                self.hunt(leg);
                self.execute(leg);
            }
            Then::Bridge(by) => self.join(by, leg),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_quotes_and_braces_together() {
        let got = words("{a='b c',d=1}sofia/x/1@h 'my exten'  &park() XML default 'A B' undef 30");
        assert_eq!(
            got,
            [
                "{a='b c',d=1}sofia/x/1@h",
                "my exten",
                "&park()",
                "XML",
                "default",
                "A B",
                "undef",
                "30"
            ]
        );
    }

    #[test]
    fn dial_strings() {
        let dial = Dial::parse("{a=1,b='x,y'}{a=2}[c=3]user/1,user/2|loopback/3");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(dial.vars, [pair("a", "1"), pair("b", "x,y"), pair("a", "2")]);
        let targets: Vec<Vec<&str>> = dial
            .groups
            .iter()
            .map(|group| group.iter().map(|leg| leg.target.as_str()).collect())
            .collect();
        assert_eq!(targets, [vec!["user/1", "user/2"], vec!["loopback/3"]]);
        assert_eq!(dial.groups[0][0].vars, [pair("c", "3")]);
        assert_eq!(Dial::parse("{^^;a=1,2;b=3}null/x").vars, [pair("a", "1,2"), pair("b", "3")]);
    }

    #[test]
    fn app_arguments_end_at_the_first_parenthesis() {
        let then = Then::parse("&playback(tone_stream://%(251,0,1004))", "default");
        let data = "tone_stream://%(251,0,1004".to_owned();
        assert_eq!(then, Then::Apps(vec![("playback".to_owned(), data)]));
        let exten = Then::Exten("9197".into(), "default".into());
        assert_eq!(Then::parse("9197", "default"), exten);
    }
}
