//! The gate before all that a switch's client sends. What was typed is judged before, with questions
//! and with hints; here what verbs make of it, and what apps send, meets `deny`, `read_only` and the
//! guard once more.

use super::Shell;
use super::switch::Switch;
use crate::client::{Asked, By};
use crate::shell::freeswitch::danger;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::settings::profile::{Profile, Ruling};
use crate::shell::settings::{ReadOnly, Settings};

/// Puts the gate before a switch.
pub(super) fn put(shell: &Shell, switch: &Switch) {
    let (shell, profile) = (shell.downgrade(), switch.profile_cell());
    switch.client().set_gate(move |asked| {
        let held =
            shell.upgrade().map_or_else(Held::default, |shell| shell.with_settings(Held::of));
        held.judge(profile.lock().as_ref(), asked)
    });
}

/// What holds in the session.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    is_read_only: bool,
    is_unguarded: bool,
    guard: Guard,
}

impl Held {
    fn of(settings: &Settings) -> Self {
        Self {
            is_read_only: settings.read_only != ReadOnly::Off,
            is_unguarded: settings.is_unguarded,
            guard: settings.guard,
        }
    }

    fn judge(self, profile: Option<&Profile>, asked: &Asked<'_>) -> Result<(), String> {
        let line = asked.line.trim();
        let rules = profile.map(|profile| &profile.guard);
        if rules.and_then(|rules| rules.ruling_inside(line)) == Some(Ruling::Deny) {
            return Err("the configuration forbids it: [guard] deny".to_owned());
        }
        let is_read_only = self.is_read_only || profile.is_some_and(|profile| profile.is_read_only);
        if is_read_only && (asked.is_application || !danger::only_reads(line)) {
            return Err("read-only: it may change the server".to_owned());
        }
        if asked.by == By::Holder {
            return Ok(());
        }
        match rules.and_then(|rules| rules.ruling(line)) {
            Some(Ruling::Allow) => return Ok(()),
            Some(Ruling::Confirm) => {
                return Err("the configuration wants to be asked, and an app cannot ask".to_owned());
            }
            _ if self.is_unguarded => return Ok(()),
            _ => {}
        }
        let danger = if asked.is_application {
            let (name, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            danger::dangerous_application(name, args)
        } else {
            let is_strict = profile.is_some_and(Profile::is_production);
            let guard = if is_strict { Guard::Strict } else { self.guard };
            // What a verb of an app does is the app's purpose: loading it was a change already.
            danger::danger(line, if asked.by == By::App { Guard::Normal } else { guard })
        };
        danger.map_or(Ok(()), |why| {
            Err(format!("{why}; an app may do that only where [guard] allow names the command"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::Config;

    const HARMFUL: &[&str] = &["hupall", "fsctl shutdown", "system ls", "reload mod_sofia"];

    fn asked(line: &str, is_application: bool, by: By) -> Asked<'_> {
        Asked { line, is_application, by }
    }

    #[limited::test]
    fn what_is_denied_leaves_by_no_path() {
        let mut profile = Profile::new("x", Config::new("x"));
        profile.guard.deny =
            ["hupall", "fsctl", "system", "reload", "uuid_kill"].map(str::to_owned).into();
        // Also where every other list allows it.
        profile.guard.allow = profile.guard.deny.clone();
        let held = Held { is_unguarded: true, ..Held::default() };
        for by in [By::Holder, By::App, By::AppLine] {
            for harm in HARMFUL.iter().chain(&["uuid_kill x"]) {
                for path in [
                    "%",
                    "expand %",
                    "bgapi bgapi bgapi bgapi bgapi bgapi bgapi bgapi %",
                    "expand ${a}%",
                    "uuid_setvar x api_hangup_hook %",
                    "originate {api_on_answer='%'}user/1 &park",
                    "sched_api +1 none %",
                    "json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"%\"}}",
                ] {
                    let line = path.replace('%', harm);
                    assert!(
                        held.judge(Some(&profile), &asked(&line, false, by)).is_err(),
                        "{line}"
                    );
                }
            }
            for line in [
                "system ls",
                "set api_on_answer=hupall",
                "export nolocal:api_hangup_hook=fsctl crash",
                "transfer system:ls inline",
                "bind_digit_action r,1,exec:system,ls",
            ] {
                assert!(held.judge(Some(&profile), &asked(line, true, by)).is_err(), "{line}");
            }
            assert_eq!(held.judge(Some(&profile), &asked("status", false, by)), Ok(()));
            assert_eq!(held.judge(Some(&profile), &asked("playback x.wav", true, by)), Ok(()));
        }
    }

    #[limited::test]
    fn nothing_changes_where_all_is_read_only() {
        let mut profile = Profile::new("x", Config::new("x"));
        profile.is_read_only = true;
        let always = Held { is_read_only: true, ..Held::default() };
        for (held, profile) in [(Held::default(), Some(&profile)), (always, None)] {
            for by in [By::Holder, By::App, By::AppLine] {
                for line in ["uuid_kill x", "originate user/1 &park", "reloadxml", "hupall"] {
                    assert!(held.judge(profile, &asked(line, false, by)).is_err(), "{line}");
                }
                assert!(held.judge(profile, &asked("playback x", true, by)).is_err());
                assert_eq!(held.judge(profile, &asked("show channels", false, by)), Ok(()));
            }
        }
    }

    #[limited::test]
    fn an_app_may_do_what_a_script_may() {
        let production =
            Profile { env: Some("prod".to_owned()), ..Profile::new("x", Config::new("x")) };
        for profile in [None, Some(&production)] {
            for by in [By::App, By::AppLine] {
                for line in HARMFUL {
                    assert!(
                        Held::default().judge(profile, &asked(line, false, by)).is_err(),
                        "{line}"
                    );
                }
                let line = "set api_hangup_hook=hupall";
                assert!(Held::default().judge(profile, &asked(line, true, by)).is_err());
            }
            let held = Held::default();
            // Its verbs act on its calls, in production as well.
            assert_eq!(held.judge(profile, &asked("uuid_kill x", false, By::App)), Ok(()));
            assert_eq!(held.judge(profile, &asked("playback x", true, By::App)), Ok(()));
            let line = held.judge(profile, &asked("uuid_kill x", false, By::AppLine));
            assert_eq!(line.is_err(), profile.is_some());
            // The holder of the client was asked before.
            assert_eq!(held.judge(profile, &asked("hupall", false, By::Holder)), Ok(()));
        }
        let mut allowing = production;
        allowing.guard.allow = vec!["reloadxml".to_owned(), "hupall".to_owned()];
        for line in ["reloadxml", "hupall NORMAL_CLEARING"] {
            let judged = Held::default().judge(Some(&allowing), &asked(line, false, By::AppLine));
            assert_eq!(judged, Ok(()), "{line}");
        }
        allowing.guard.confirm = vec!["reloadxml".to_owned()];
        let judged =
            Held::default().judge(Some(&allowing), &asked("reloadxml", false, By::AppLine));
        assert!(judged.is_err());
    }
}
