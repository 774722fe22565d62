//! Values by the kind that help names: what is there now, on the server and in this shell.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::place::Place;
use super::{local, names};
use crate::apps::APPS;
use crate::listener::EventListener;
use crate::model::{HangupCause, SessionInfo};
use crate::shell::commands::call_name::LAST;
use crate::shell::commands::call_name::last::LAST_MEANS;
use crate::shell::commands::script::expect::WORDS as WAITED_FOR;
use crate::shell::commands::{grammar, topics};
use crate::shell::text::sanitise;
use crate::shell::view::words::{caller, minutes};

impl Place<'_> {
    /// Values of a kind, by the name that help shows for it.
    pub(super) fn values(&self, kind: &str) -> Vec<Candidate> {
        match kind {
            "CALL" | "CALL|DIALSTRING" | "CALL|NUMBER" | "ID" => {
                let last = Candidate::described(LAST, LAST_MEANS);
                std::iter::once(last).chain(self.sessions()).collect()
            }
            "APP" => self.loaded_apps(),
            "KIND" => APPS.iter().map(|kind| Candidate::described(kind.name, kind.about)).collect(),
            "SWITCH" => {
                let switches = self.shell.switches();
                switches.iter().map(|switch| Candidate::new(switch.name())).collect()
            }
            "CALL|JOB|CAUSE" => {
                let calls = self.values("CALL").into_iter();
                let jobs = self.jobs().into_iter().skip(1);
                // Hundreds of causes only where one can be meant.
                let is_cause = self.word.starts_with(|first: char| first.is_ascii_uppercase());
                let causes = if is_cause { self.values("CAUSE") } else { Vec::new() };
                calls.chain(jobs).chain(causes).collect()
            }
            "HOST" => self.hosts(),
            "CAUSE" => described(HangupCause::names(), |name| {
                HangupCause::parse(name).meaning().unwrap_or_default()
            }),
            "LEVEL" => plain(names::LEVELS.iter().copied()),
            "EVENT" => names::events().collect(),
            "JOB" => self.jobs(),
            "COMMAND|TOPIC" => {
                let topics = topics::all().map(|(name, about)| Candidate::described(name, about));
                let verbs = grammar::verbs().into_iter().map(Candidate::new);
                topics.chain(verbs).chain(self.apis()).collect()
            }
            "SETTING" => names::settings(),
            "WHAT" => plain(WAITED_FOR.iter().copied()),
            "KIND [NAME=VALUE].. COMMAND" => self.values("KIND"),
            "PROFILE" => self.known(|catalog| &catalog.profiles, &["internal", "external"]),
            "GATEWAY" => self.known(|catalog| &catalog.gateways, &[]),
            "APPLICATION" => self.applications(""),
            "NAME" | "VAR" | "NAME=VALUE" => names::variables(),
            "DIALPLAN" => plain(["XML", "inline"].into_iter()),
            "FILE" => local::files(self.word),
            _ => Vec::new(),
        }
    }

    /// Whatever can be connected: the profiles, what is connected, and the simulated switch.
    fn hosts(&self) -> Vec<Candidate> {
        let profiles = self.shell.settings().profiles;
        let mut all: Vec<Candidate> = profiles
            .iter()
            .map(|profile| {
                let address = profile.config.address();
                let about = match &profile.env {
                    Some(env) => format!("{address} ({env})"),
                    None => address,
                };
                Candidate::described(&profile.name, &about)
            })
            .collect();
        let switches = self.shell.switches();
        let names = switches.iter().map(|switch| switch.name().to_owned());
        for name in names.chain(["sim".to_owned()]).collect::<BTreeSet<_>>() {
            if !all.iter().any(|known| known.replacement == name) {
                all.push(Candidate::new(name));
            }
        }
        all
    }

    /// The applications of the dialplan, each behind `mark`.
    pub(super) fn applications(&self, mark: &str) -> Vec<Candidate> {
        let Some(switch) = self.switch else { return Vec::new() };
        let catalog = switch.catalog();
        let all = catalog.applications();
        all.map(|(name, entry)| Candidate::described(&format!("{mark}{name}"), &entry.about))
            .collect()
    }

    /// Names that the server listed, or the stock ones.
    pub(super) fn known(
        &self,
        listed: impl Fn(&crate::shell::session::catalog::Catalog) -> &Vec<String>,
        stock: &[&str],
    ) -> Vec<Candidate> {
        let listed =
            self.switch.map(|switch| listed(&switch.catalog()).clone()).unwrap_or_default();
        if listed.is_empty() {
            return plain(stock.iter().copied());
        }
        listed.into_iter().map(Candidate::new).collect()
    }

    /// The living legs, the newest first.
    pub(super) fn sessions(&self) -> Vec<Candidate> {
        let Some(listener) = self.listener() else { return Vec::new() };
        let now = listener.server_time();
        let word = self.word.to_lowercase();
        let mut legs: Vec<SessionInfo> = listener.with(|tracker| {
            let fits = |leg: &&SessionInfo| {
                let texts = [leg.id.as_str(), &leg.caller_number, &leg.destination, &leg.gateway];
                word.len() < 2
                    || texts.iter().any(|text| text.contains(&word))
                    || leg.caller_name.to_lowercase().contains(&word)
                    || leg.channel_name.to_lowercase().contains(&word)
            };
            tracker.sessions().filter(fits).cloned().collect()
        });
        legs.sort_by_key(|leg| std::cmp::Reverse(leg.times.created));
        legs.iter().map(|leg| Candidate::live(leg.id.as_str(), &about(leg, now))).collect()
    }

    fn listener(&self) -> Option<EventListener> {
        self.switch?.client().listener().ok()
    }

    fn loaded_apps(&self) -> Vec<Candidate> {
        let Some(switch) = self.switch else { return Vec::new() };
        let apps = switch.client().loaded_apps();
        apps.iter().map(|(name, id)| Candidate::live(name, id.as_str())).collect()
    }

    fn jobs(&self) -> Vec<Candidate> {
        let Some(listener) = self.listener() else { return Vec::new() };
        let jobs = listener.jobs();
        let own = jobs.iter().rev().filter(|job| !job.is_foreign);
        let own = own.map(|job| {
            let about = format!("{}  {}", job.state.word(), job.command);
            Candidate::live(job.id.as_str(), &about)
        });
        std::iter::once(Candidate::described("last", "the job that was started last"))
            .chain(own)
            .collect()
    }
}

/// `1000 -> +18005551234  answered 02:13  carrier-a`
fn about(leg: &SessionInfo, now: u64) -> String {
    let mut about =
        format!("{} -> {}  {}", caller(leg), sanitise::line(&leg.destination), leg.phase.word());
    let time = leg.talk_time(now).or_else(|| leg.ring_time(now));
    if let Some(time) = time {
        about = format!("{about} {}", minutes(time));
    }
    if !leg.gateway.is_empty() {
        about = format!("{about}  {}", sanitise::line(&leg.gateway));
    }
    about
}

fn plain<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Candidate> {
    words.map(Candidate::new).collect()
}

fn described<'a>(
    words: impl Iterator<Item = &'a str>,
    about: impl Fn(&str) -> &'static str,
) -> Vec<Candidate> {
    words.map(|word| Candidate::described(word, about(word))).collect()
}
