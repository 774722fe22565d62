//! Jobs that a script started and has not asked about: their results are waited for at its end, so
//! that its exit code is the truth. At the prompt they are told above it instead.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::advice::advise;
use super::cmd::brief_command;
use super::render::{Cell, View};
use super::{CommandError, Context, Format, Kind, Output, Shell, Switch};
use crate::listener::{Job, JobError};

/// How long the results of all that is left may take, once the script has ended: longer than an
/// originate rings unless told otherwise.
const LONGEST: Duration = Duration::from_secs(90);

/// So many are remembered; a script that starts more has long stopped to look.
const MOST: usize = 10_000;

/// A job, and where it runs.
#[derive(Debug)]
struct Entry {
    job: Job,
    switch: Arc<Switch>,
    /// An originate: what it made is looked after with the verbs for calls.
    is_call: bool,
}

/// The jobs, in the order in which they were started.
#[derive(Debug, Default)]
pub(super) struct Left(VecDeque<Entry>);

impl Shell {
    /// A line started a job and does not wait for it.
    pub(super) fn leave(&self, job: &Job, switch: &Arc<Switch>, is_call: bool) {
        if self.narration().is_told() {
            return;
        }
        let left = &mut self.state().left.0;
        left.push_back(Entry { job: job.clone(), switch: Arc::clone(switch), is_call });
        if left.len() > MOST {
            left.pop_front();
        }
    }

    /// A line waited for a job, or told its result.
    pub(super) fn has_told(&self, id: &str) {
        self.state().left.0.retain(|entry| entry.job.id().as_str() != id);
    }

    /// A line looked after calls: what became of those made so far is the script's own matter.
    pub(super) fn has_seen_calls(&self) {
        self.state().left.0.retain(|entry| !entry.is_call);
    }

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
        let Entry { job, switch, is_call } = self.state().left.0.pop_front()?;
        let wait =
            until.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
        let result = job.get(wait).await;
        let named = format!("job {} {}", job.id().short(), brief_command(job.command()));
        Some(match result {
            Ok(_made) if is_call => Ok(()),
            Ok(text) => tell(&mut Context::new(self, Some(switch), output), &job, &named, &text),
            Err(JobError::TimedOut { .. }) if until.is_none() => Ok(()),
            Err(JobError::TimedOut { .. }) => {
                let message = format!("{named}: no result in time");
                Err(CommandError::new(Kind::TimedOut, message)
                    .hint("it goes on; --wait SECS waits longer, \"exit\" as last line not at all"))
            }
            Err(err) => Err(advise(&switch, job.command(), err.into()).await.hint(named)),
        })
    }

    /// Until when [`Shell::settle`] is to wait for what a script has left, when it ends now.
    #[must_use]
    pub fn settles_until() -> Instant {
        Instant::now() + LONGEST
    }
}

/// Says that a job was started; machines get it in their format.
pub(super) fn started(cx: &mut Context<'_>, job: &Job) -> Result<(), CommandError> {
    let session = job.sess_uuid().map(ToString::to_string);
    match cx.format() {
        Format::Table | Format::Vertical | Format::Raw => cx.line(&match session {
            Some(session) => format!("{job} session {session}"),
            None => job.to_string(),
        }),
        _ => {
            let mut fields = vec![
                ("id", Cell::text(job.id().as_str())),
                ("state", Cell::text(job.state().word())),
                ("command", Cell::text(job.command())),
            ];
            fields.extend(session.map(|session| ("session", Cell::text(&session))));
            cx.view(&View::single(fields))
        }
    }
}

/// What the background job of a line has come to.
fn tell(cx: &mut Context<'_>, job: &Job, named: &str, text: &str) -> Result<(), CommandError> {
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
