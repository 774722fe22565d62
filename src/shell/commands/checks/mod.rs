//! Checks: why a connection fails, and why a call cannot work. Each says what to change, and where.
//!
//! # Invariants
//! - A check changes nothing on the server; one of them writes a line to its log, unless the session is
//!   read-only.
//! - What cannot be asked (an old version, a login without the right) is said to be unknown, not ok.

mod connection;
mod originate;
mod server;
mod xml;

use serde_json::json;

use super::context::Context;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::column::Column;
use crate::shell::view::{Cell, Format, View};
pub(super) use connection::connect;
pub(super) use originate::originate;
pub(super) use server::server;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
    Unknown,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    found: String,
    cure: String,
}

/// What was checked so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    checks: Vec<Check>,
}

impl Report {
    fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.add(name, Verdict::Ok, found, "");
    }

    fn warn(&mut self, name: &'static str, found: impl Into<String>, cure: impl Into<String>) {
        self.add(name, Verdict::Warn, found, cure);
    }

    fn fail(&mut self, name: &'static str, found: impl Into<String>, cure: impl Into<String>) {
        self.add(name, Verdict::Fail, found, cure);
    }

    fn unknown(&mut self, name: &'static str, found: impl Into<String>) {
        self.add(name, Verdict::Unknown, found, "");
    }

    fn add(
        &mut self,
        name: &'static str,
        verdict: Verdict,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.checks.push(Check { name, verdict, found: found.into(), cure: cure.into() });
    }

    /// Writes the checks; a failed one makes it an error of this kind.
    pub(super) fn tell(&self, cx: &mut Context<'_>, kind: Kind) -> Result<(), CommandError> {
        if cx.format() == Format::Table {
            for check in &self.checks {
                let line =
                    format!("{:<8} {:<12} {}", check.verdict.word(), check.name, check.found);
                cx.line(sanitise::line(&line).trim_end())?;
                for line in check.cure.lines() {
                    cx.line(&format!("         {:<12} {}", "", sanitise::line(line)))?;
                }
            }
        } else {
            let columns = [
                Column::text("check", "what was checked"),
                Column::text("verdict", "ok, warn, fail or unknown"),
                Column::text("found", "what was found"),
                Column::text("cure", "what to change, and where"),
            ];
            let mut view = View::of(columns, "nothing was checked");
            for check in &self.checks {
                view.push(vec![
                    Cell::text(check.name),
                    Cell::text(check.verdict.word()),
                    Cell::text(&check.found),
                    if check.cure.is_empty() {
                        Cell::none()
                    } else {
                        Cell::shown(check.cure.replace('\n', "; "), json!(check.cure))
                    },
                ]);
            }
            cx.view(&view)?;
        }
        match self.checks.iter().filter(|check| check.verdict == Verdict::Fail).count() {
            0 => Ok(()),
            failed => {
                let checks = crate::shell::view::counted(failed, "check");
                Err(CommandError::new(kind, format!("{checks} failed")).hint(
                    "what to change stands below each; \"doctor\" again shows whether it helped",
                ))
            }
        }
    }
}

/// The dial plan that parks every call, with a limit, for apps to take them up.
pub(super) fn park_only(timeout: u32) -> String {
    format!(
        r#"<!-- conf/dialplan/switchy.xml: every call is parked; whoever listens decides what becomes
     of it. A call that nobody takes care of, because the shell is gone, ends by itself. -->
<include>
  <context name="switchy">
    <extension name="park">
      <condition field="destination_number" expression="^(.*)$">
        <action application="set" data="park_timeout={timeout}:ALLOTTED_TIMEOUT"/>
        <action application="park"/>
      </condition>
    </extension>
  </context>
</include>

<!-- conf/sip_profiles/external.xml: let the calls of the profile go there -->
<param name="context" value="switchy"/>

<!-- then: reloadxml, and sofia profile external rescan -->"#
    )
}
