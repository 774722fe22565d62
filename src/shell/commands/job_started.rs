//! Says that a job was started.

use super::context::Context;
use crate::listener::Job;
use crate::shell::text::error::CommandError;
use crate::shell::view::{Cell, Format, View};

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
