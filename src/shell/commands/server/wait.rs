use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use std::time::Duration;

use tokio::time::timeout;

use crate::model::{JobRecord, JobState, Outcome};
use crate::shell::commands::call_name::{LAST, one};
use crate::shell::commands::context::Context;
use crate::shell::commands::error_hints::advise;
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::{CommandError, Kind};

/// Wait for a background job and show its result
///
/// Examples:
///   wait last
///   wait 7f3e9b02
///   wait 7f3e9b02 --timeout 10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which job: the start of its id, or "last"
    #[arg(value_name = "JOB", default_value = "last")]
    job: String,
    /// How long
    #[arg(long, value_name = "SECS", default_value_t = 60, value_parser = whole_seconds::<u64>)]
    timeout: u64,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Server).waited_for().interrupted(AfterInterrupt::JOB);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let mut changes = listener.changes();
    let job = find(listener.jobs(), &args.job)?;
    cx.shell.mark_reported(job.id.as_str());
    let over = async {
        loop {
            let now = listener.with(|tracker| tracker.job(job.id.as_str()).cloned());
            match now.map(|job| job.state) {
                Some(JobState::Pending) if listener.is_connected() => {}
                state => return state,
            }
            // Any change may be it; without one there is nothing to look at.
            let _change = timeout(Duration::from_millis(500), changes.next()).await;
        }
    };
    match timeout(Duration::from_secs(args.timeout), over).await {
        Ok(Some(JobState::Done(Outcome::Ok(text)))) => cx.server_text(&text),
        Ok(Some(JobState::Done(Outcome::Failed(text)))) => {
            let err = crate::listener::JobError::Failed { text };
            Err(advise(&cx.verbs(), &*cx.switch()?, &job.command, err.into()).await)
        }
        Ok(_) => Err(crate::listener::JobError::Unknown.into()),
        Err(_elapsed) => {
            let message = format!("no result of {} within {} s", job.id.short(), args.timeout);
            Err(CommandError::new(Kind::TimedOut, message).hint("the job continues; see \"jobs\""))
        }
    }
}

fn find(jobs: Vec<JobRecord>, word: &str) -> Result<JobRecord, CommandError> {
    let missing = |message: String| {
        CommandError::new(Kind::Refused, message).hint("type \"jobs\" to see them")
    };
    if word == LAST {
        let own = jobs.into_iter().rev().find(|job| !job.is_foreign);
        return own.ok_or_else(|| missing("this shell has started no job".to_owned()));
    }
    if word.is_empty() {
        return Err(CommandError::usage("which job?").hint("type \"jobs\" to see them"));
    }
    let named = jobs.into_iter().filter(|job| job.id.as_str().starts_with(word)).collect();
    one(named, word, "jobs", |job| job.id.as_str(), || missing(format!("no job is named {word:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;

    #[limited::test]
    fn a_start_has_to_name_one_job() {
        let job = |(id, is_foreign): (&str, bool)| JobRecord {
            id: Id::new(id),
            command: "status".to_owned(),
            is_foreign,
            state: JobState::Pending,
            started: 0,
            finished: 0,
        };
        let jobs = || [("7f3e-01", false), ("7f3e-02", false), ("7f", true)].map(job).to_vec();
        for (word, found) in [
            ("7f3e-01", Ok("7f3e-01")),
            ("7f3e-02", Ok("7f3e-02")),
            // The whole id stands for nothing else.
            ("7f", Ok("7f")),
            ("last", Ok("7f3e-02")),
            ("7f3e", Err("\"7f3e\" names 2 jobs")),
            ("7", Err("\"7\" names 3 jobs")),
            ("8", Err("no job is named \"8\"")),
            ("", Err("which job?")),
        ] {
            let job = find(jobs(), word).map(|job| job.id.to_string()).map_err(|err| err.message);
            assert_eq!(job, found.map(str::to_owned).map_err(str::to_owned), "{word}");
        }
    }
}
