//! The dial plan: two contexts, a handful of extensions.

use crate::sim::channel::profile::Who;
use crate::sim::channel::then::inline;
use crate::sim::channel::{Channel, Kind};
use crate::sim::world::agenda::Tick;
use crate::sim::world::{World, log};

/// What an extension says to do.
#[derive(Debug, Default)]
pub(super) struct Route {
    pub(super) actions: Vec<(String, String)>,
    /// What the condition matched, as DP_MATCH shows it.
    matched: Option<String>,
    /// An api command that evaluating the plan runs.
    asks: Option<(&'static str, &'static str)>,
}

/// The contexts that there are.
const CONTEXTS: &[&str] = &["default", "public", "switchy"];

/// The context of calls to a profile.
pub(super) fn context(profile: &str) -> &'static str {
    if profile == "park" { "switchy" } else { "default" }
}

/// The extensions that are listed.
pub(in crate::sim) const EXTENSIONS: &[&str] =
    &["9195", "9196", "9197", "9198", "9664", "5000", "park", "5900"];

/// Numbers that end, join or split their calls (70xx), with their applications.
const NUMBERS: &str = include_str!("../data/numbers.tsv");

/// The applications of a number of [`NUMBERS`].
fn number(exten: &str) -> Option<Vec<(&'static str, &'static str)>> {
    let mut lines = NUMBERS.lines().filter_map(|line| line.split_once('\t'));
    let (_, apps) = lines.find(|(have, _)| *have == exten)?;
    Some(apps.split('\t').map(|app| app.split_once(' ').unwrap_or((app, ""))).collect())
}

/// Whether an extension is listed, and where it goes.
fn extension(exten: &str) -> Option<Vec<(&'static str, &'static str)>> {
    Some(match exten {
        "9195" => vec![("answer", ""), ("delay_echo", "5000")],
        "9196" => vec![("answer", ""), ("echo", "")],
        "9197" => vec![("answer", ""), ("playback", "{loops=-1}tone_stream://%(251,0,1004)")],
        "9198" => vec![("answer", ""), ("playback", "{loops=10}tone_stream://path=tetris.ttml")],
        "9664" => vec![("answer", ""), ("playback", "local_stream://default")],
        "5000" => vec![("answer", ""), ("sleep", "2000"), ("ivr", "demo_ivr")],
        // Beside the park-only context: so that apps can be tried on the external profile, too.
        "park" | "5900" => vec![("park", "")],
        _ => return number(exten),
    })
}

fn route(channel: &Channel, now: &str) -> Route {
    let Some(profile) = &channel.profile else { return Route::default() };
    let exten = profile.destination.as_str();
    let twice = |value: &str| Some(format!("ARRAY::{value}|:{value}"));
    if profile.context == "switchy" {
        return Route {
            actions: vec![("park".to_owned(), String::new())],
            matched: twice(exten),
            asks: None,
        };
    }
    let own = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(app, data)| ((*app).to_owned(), (*data).to_owned())).collect()
    };
    if profile.context == "public" {
        return public(exten, now);
    }
    let unlisted =
        [("acknowledge_call", ""), ("ring_ready", ""), ("playback", "local_stream://moh")];
    let mut found = Route::default();
    // The stock plan keeps books of calls whose media is not negotiated yet.
    if channel.vars.get("endpoint_disposition") == Some("DELAYED NEGOTIATION") {
        let (uuid, number) = (&channel.uuid, &profile.cid_num);
        found.matched = twice("DELAYED NEGOTIATION");
        found.actions = [
            ("hash", format!("insert/127.0.0.1-spymap/{number}/{uuid}")),
            ("hash", format!("insert/127.0.0.1-last_dial/{number}/{exten}")),
            ("hash", format!("insert/127.0.0.1-last_dial/global/{uuid}")),
            ("export", format!("RFC2822_DATE={now}")),
        ]
        .map(|(app, data)| (app.to_owned(), data))
        .to_vec();
    }
    if exten.len() == 4 && exten.starts_with('3') && exten.parse::<u16>().is_ok() {
        let room = format!("{exten}-127.0.0.1@default");
        found
            .actions
            .extend([("answer".to_owned(), String::new()), ("conference".to_owned(), room)]);
    } else if let Some(actions) = extension(exten) {
        found.actions.extend(own(&actions));
    } else if crate::sim::world::layout::phone(exten).is_some() {
        found.matched = twice(exten);
        found.actions.push(("bridge".to_owned(), format!("user/{exten}")));
    } else {
        found.matched = twice(exten);
        found.asks = Some(("module_exists", "mod_enum"));
        found.actions.extend(own(&unlisted));
    }
    found
}

/// The stock public context: an extension with `continue="true"` first, then those that lead to
/// the default context. A number that none of them knows still has the applications of the first.
fn public(exten: &str, now: &str) -> Route {
    let mut actions = vec![
        ("set".to_owned(), "outside_call=true".to_owned()),
        ("export".to_owned(), format!("RFC2822_DATE={now}")),
    ];
    let leads_in = match exten.as_bytes() {
        [b'1', b'0', b'0' | b'1', last] => last.is_ascii_digit(),
        [b'3', b'5'..=b'8', b'0' | b'1', last] => last.is_ascii_digit(),
        _ => false,
    };
    if leads_in {
        actions.push(("transfer".to_owned(), format!("{exten} XML default")));
    }
    Route { actions, matched: Some(format!("ARRAY::{exten}|:{exten}")), asks: None }
}

impl World {
    /// Looks the channel's destination up and gives it its plan; `false` when there is none, which
    /// ends the call.
    pub(in crate::sim) fn hunt(&mut self, id: u64) -> bool {
        let Some(channel) = self.channels.get_mut(&id) else { return false };
        if let Some(profile) = channel.profile.as_mut()
            && profile.dialplan == "inline"
        {
            channel.plan = inline(&profile.destination).into();
            let who: &mut Who = profile;
            who.destination = std::mem::take(&mut who.rdnis);
            return true;
        }
        // The far half of `loopback/app=` runs that, and no plan.
        if channel.kind == Kind::Loopback
            && channel.inbound
            && let Some(app) = channel.vars.get("loopback_app").map(str::to_owned)
        {
            let args = channel.vars.get("loopback_app_arg").unwrap_or_default().to_owned();
            channel.plan = [("pre_answer".to_owned(), String::new()), (app, args)].into();
            return true;
        }
        let context = channel.profile.as_ref().map(|profile| profile.context.as_str());
        if !context.is_some_and(|context| CONTEXTS.contains(&context)) {
            self.hangup(id, "NO_ROUTE_DESTINATION", Tick::Soon);
            return false;
        }
        let now = self.time().to_zoned_datetime(jiff::tz::TimeZone::UTC);
        let now = now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let Some(channel) = self.channels.get_mut(&id) else { return false };
        let found = route(channel, &now);
        channel.plan = found.actions.into();
        if let Some(matched) = found.matched {
            channel.vars.set("DP_MATCH", matched);
        }
        let Some(profile) = &channel.profile else { return false };
        let text = format!(
            "Processing {} <{}>->{} in context {}",
            profile.cid_name, profile.cid_num, profile.destination, profile.context
        );
        self.log_channel(6, id, log::DIALPLAN, &text);
        if let Some((command, args)) = found.asks {
            self.fire_api(command, args);
        }
        true
    }

    /// Whether the channel is of the kind that runs the whole stock plan.
    pub(in crate::sim) fn is_local(&self, id: u64) -> bool {
        self.channels.get(&id).is_some_and(|channel| channel.kind == Kind::Loopback)
    }
}
