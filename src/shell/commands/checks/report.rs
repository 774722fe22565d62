//! What the checks found, line by line.

use crate::shell::commands::context::Context;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::column::Column;
use crate::shell::view::{Cell, Format, View};
use serde_json::json;

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
pub(in crate::shell) struct Check {
    pub(in crate::shell) name: &'static str,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    cure: String,
}

/// What was checked so far.
#[derive(Debug, Default)]
pub(in crate::shell) struct Report {
    pub(super) checks: Vec<Check>,
}

impl Report {
    pub(in crate::shell) fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.add(name, Verdict::Ok, found, "");
    }

    pub(in crate::shell) fn warn(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(name, Verdict::Warn, found, cure);
    }

    pub(in crate::shell) fn fail(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(name, Verdict::Fail, found, cure);
    }

    pub(in crate::shell) fn unknown(&mut self, name: &'static str, found: impl Into<String>) {
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
    pub(in crate::shell) fn write(
        &self,
        cx: &mut Context<'_>,
        kind: Kind,
    ) -> Result<(), CommandError> {
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
