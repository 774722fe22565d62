//! The endpoints of dial strings: what a leg can be dialled to, and how that fails at once.

use crate::model::HangupCause;
use crate::model::dial::Leg;
use crate::sim::channel::outgoing::Outgoing;
use crate::sim::channel::{Channel, Kind, State};
use crate::sim::world::World;
use crate::sim::world::agenda::Step;

/// The cause that a name or a number stands for; what is neither is NORMAL_CLEARING.
pub(super) fn cause(text: &str) -> HangupCause {
    let by_number = || {
        let number = text.parse::<u16>().ok()?;
        HangupCause::names().map(HangupCause::parse).find(|cause| cause.number() == Some(number))
    };
    let named = HangupCause::parse(&text.to_uppercase());
    if named.is_known() { named } else { by_number().unwrap_or(HangupCause::NORMAL_CLEARING) }
}

/// Whether a domain is this switch's own.
fn is_own(domain: &str) -> bool {
    matches!(domain, "" | "127.0.0.1" | "localhost" | "example.com")
}

/// What a group of a dial string stands for: the legs that are dialled now, and those that follow
/// one after the other (`group/NAME+F`). A group is what `group_call` says of it: its users, those
/// who are not registered too.
pub(in crate::sim) fn members(group: Vec<Leg>) -> (Vec<Leg>, Vec<Vec<Leg>>) {
    let (mut now, mut later) = (Vec::new(), Vec::new());
    for spec in group {
        let (endpoint, rest) = spec.target.split_once('/').unwrap_or((&spec.target, ""));
        if !endpoint.eq_ignore_ascii_case("group") {
            now.push(spec);
            continue;
        }
        let name = rest.split(['@', '+']).next().unwrap_or_default();
        let domain = rest.split_once('@').and_then(|(_, domain)| domain.split('+').next());
        let (domain, is_first) = (domain.unwrap_or_default(), rest.contains("+F"));
        let Some(users) = crate::sim::world::layout::members(name, domain) else {
            now.push(Leg { target: "error/NO_ROUTE_DESTINATION".to_owned(), ..spec });
            continue;
        };
        let legs = users.map(|user| {
            let user = user.to_string();
            let target = match crate::sim::world::layout::phone(&user) {
                Some(_) => format!("user/{user}"),
                None => "error/USER_NOT_REGISTERED".to_owned(),
            };
            Leg { target, variables: spec.variables.clone() }
        });
        if is_first {
            later.extend(legs.map(|leg| vec![leg]));
        } else {
            now.extend(legs);
        }
    }
    (now, later)
}

impl World {
    /// Dials one target, or says why that is impossible.
    pub(super) fn dial_leg(&mut self, target: &str, out: &Outgoing) -> Result<u64, String> {
        let full = u64::try_from(self.channels.len()).unwrap_or(u64::MAX);
        if self.paused || full >= self.counts.max_sessions {
            return Err("DESTINATION_OUT_OF_ORDER".to_owned());
        }
        let (endpoint, rest) = target.split_once('/').unwrap_or((target, ""));
        match endpoint.to_ascii_lowercase().as_str() {
            "" => Err("DESTINATION_OUT_OF_ORDER".to_owned()),
            "sofia" => self.dial_sofia(rest, out),
            "loopback" => {
                let mut parts = rest.split('/');
                let exten = parts.next().filter(|exten| !exten.is_empty()).unwrap_or("service");
                let context = parts.next().filter(|it| !it.is_empty()).unwrap_or("default");
                Ok(self.loopback_leg(exten, context, out))
            }
            "user" => {
                let (user, domain) = rest.split_once('@').unwrap_or((rest, ""));
                if !is_own(domain) || !crate::sim::world::layout::is_user(user) {
                    return Err("SUBSCRIBER_ABSENT".to_owned());
                }
                self.look_up_user(user, domain, out);
                if crate::sim::world::layout::phone(user).is_none() {
                    return Err("USER_NOT_REGISTERED".to_owned());
                }
                self.refuse_taken(out)?;
                Ok(self.dial_phone("internal", user, out, 200))
            }
            "null" => Ok(self.null_leg(rest, out)),
            "error" => Err(cause(rest).to_string()),
            _ => Err("CHAN_NOT_IMPLEMENTED".to_owned()),
        }
    }

    /// The dial string of a user asks where it is registered.
    fn look_up_user(&mut self, user: &str, domain: &str, out: &Outgoing) {
        let domain = if domain.is_empty() { "127.0.0.1" } else { domain };
        if let Some(by) = out.by.and_then(|by| self.channels.get_mut(&by)) {
            by.vars.extend([("dialed_user", user), ("dialed_domain", domain)]);
        }
        self.fire_api("sofia_contact", &format!("*/{user}@{domain}"));
    }

    /// SIP legs are not made under a uuid that another channel has.
    fn refuse_taken(&self, out: &Outgoing) -> Result<(), String> {
        match &out.uuid {
            Some(uuid) if self.find(uuid).is_some() => Err("DESTINATION_OUT_OF_ORDER".to_owned()),
            _ => Ok(()),
        }
    }

    /// A SIP session that ends before it is a channel: DESTROY reports it, under the uuid that was
    /// asked for.
    fn stillborn(&mut self, out: &Outgoing, cause: &str) -> String {
        let (session, fresh) = (self.next_session(), self.uuid());
        let uuid = out.uuid.clone().unwrap_or(fresh);
        let mut channel = Channel::new(session, uuid, "N/A".to_owned(), Kind::Sofia, false);
        channel.vars.extend([("direction", "outbound"), ("is_outbound", "true")]);
        let (uuid, number) = (channel.uuid.clone(), session.to_string());
        channel.vars.extend([("uuid", &uuid), ("call_uuid", &uuid), ("session_id", &number)]);
        channel.number = 12;
        self.add_channel(channel);
        self.fire_full(session, "CHANNEL_DESTROY", Vec::new(), Vec::new());
        self.set_state(session, State::Destroy, 12);
        self.remove_channel(session);
        cause.to_owned()
    }

    fn dial_sofia(&mut self, rest: &str, out: &Outgoing) -> Result<u64, String> {
        self.refuse_taken(out)?;
        let Some((profile, url)) = rest.split_once('/') else {
            return Err(self.stillborn(out, "INVALID_URL"));
        };
        if profile == "gateway" {
            let (gateway, user) = url.split_once('/').unwrap_or((url, ""));
            let name = gateway.rsplit("::").next().unwrap_or(gateway);
            if name != "example.com" {
                return Err(self.stillborn(out, "INVALID_GATEWAY"));
            }
            let dialog = self.dialog(("external", 5080), user, "example.com");
            let id = self.sofia_leg(dialog, Kind::Phone, out);
            let refused = Step::Refused("NO_ROUTE_DESTINATION", 404, "Not Found");
            self.step_in(180, id, refused);
            return Ok(id);
        }
        let Some(port) = crate::sim::world::layout::profile_port(profile) else {
            return Err(self.stillborn(out, "INVALID_PROFILE"));
        };
        // Without a host it is a registered user.
        if !url.contains('@') {
            let user = url.split(['%', ';']).next().unwrap_or(url);
            if profile != "internal" || crate::sim::world::layout::phone(user).is_none() {
                return Err(self.stillborn(out, "USER_NOT_REGISTERED"));
            }
            return Ok(self.dial_phone(profile, user, out, 200));
        }
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
        match crate::sim::world::layout::port_profile(port).filter(|_| local) {
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
        let port = crate::sim::world::layout::profile_port(profile).unwrap_or(5060);
        let target =
            format!("127.0.0.1:{}", crate::sim::world::layout::phone(user).unwrap_or(6060));
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
}
