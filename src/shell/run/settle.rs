//! Waits at the end of a script for the jobs that no line asked about.

use std::time::Duration;

use tokio::time::Instant;

use super::Runner;
use crate::listener::{Job, JobError};
use crate::shell::commands::context::Context;
use crate::shell::commands::error_hints::advise;
use crate::shell::commands::grammar::verbs;
use crate::shell::session::Shell;
use crate::shell::session::job_list::Entry;
use crate::shell::text::brief::brief as brief_command;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::output::Output;
use crate::shell::view::{Cell, Format, View};

/// How long the results of all that is left may take, once the script has ended: longer than an
/// originate rings by default.
const LONGEST: Duration = Duration::from_secs(90);

impl Shell {
    /// Waits for the next job that no line has asked about, and writes its result if `bgapi`
    /// started it; nothing when there is none. One that `until` is too short for has failed.
    ///
    /// # Errors
    /// That of the job, with its name as a hint; [`Kind::TimedOut`].
    pub async fn settle(
        &self,
        until: Option<Instant>,
        output: Output<'_>,
    ) -> Option<Result<(), CommandError>> {
        let Entry { job, switch, is_call } = self.next_left()?;
        let wait =
            until.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
        let result = job.get(wait).await;
        let named = format!("job {} {}", job.id().short(), brief_command(job.command()));
        Some(match result {
            Ok(_made) if is_call => Ok(()),
            Ok(text) => write_result(
                &mut Context::new(self, Some(switch), output, &Runner),
                &job,
                &named,
                &text,
            ),
            Err(JobError::TimedOut { .. }) if until.is_none() => Ok(()),
            Err(JobError::TimedOut { .. }) => {
                let message = format!("{named}: no result in time");
                Err(CommandError::new(Kind::TimedOut, message).hint(
                    "it continues; --wait SECS waits longer, \"exit\" as last line not at all",
                ))
            }
            Err(err) => Err(advise(&verbs(), &switch, job.command(), err.into()).await.hint(named)),
        })
    }

    /// Until when [`Shell::settle`] is to wait for what a script has left, when it ends now.
    #[must_use]
    pub fn settles_until() -> Instant {
        Instant::now() + LONGEST
    }
}

/// What the background job of a line has come to.
fn write_result(
    cx: &mut Context<'_>,
    job: &Job,
    named: &str,
    text: &str,
) -> Result<(), CommandError> {
    match cx.format() {
        Format::Raw => cx.server_text(text),
        Format::Table | Format::Vertical if text.trim_end().contains('\n') => {
            cx.line(&format!("{named}:"))?;
            cx.server_text(text)
        }
        Format::Table | Format::Vertical => {
            cx.server_text(&format!("{named}: {}", text.trim_end()))
        }
        _ => cx.view(&View::single(vec![
            ("id", Cell::text(job.id().as_str())),
            ("state", Cell::text(job.state().word())),
            ("command", Cell::text(job.command())),
            ("result", Cell::text(text)),
        ])),
    }
}
