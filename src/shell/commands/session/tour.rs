use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

/// Show the first lines to try
///
/// On a simulated switch they are those that "switchy demo" begins with, on a FreeSWITCH those that its
/// stock configuration answers. Nothing is run.
///
/// Examples:
///   tour
///   @all tour
///   help tour
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) async fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let version = cx.client()?.cmd("version").await?;
    cx.line(if version.contains("simulated") { DEMO_TOUR } else { TOUR })
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session).without_events();
}

/// What a simulated switch answers; the demo begins with it.
pub(crate) const DEMO_TOUR: &str = "\
This is a simulated FreeSWITCH with some calls. Try:
  originate 9196@127.0.0.1:5080     then: calls, call last, hangup last
  load-app TonePlay                 then: originate park@127.0.0.1:5090 --app TonePlay, hupall
  status, sofia status              or any FreeSWITCH command; Tab completes, help lists
\"tour\" shows these lines again.";

/// What a FreeSWITCH with its stock configuration answers.
const TOUR: &str = "\
  doctor                                      is all well?
  originate --wait 10 loopback/9196/default &park
                                              a test call to the echo, then: calls, call last, hangup last
  originate --wait 10 sofia/external/nobody@127.0.0.1:5099 &park
                                              a call that fails, then: why last
  status, sofia status                        or any FreeSWITCH command; Tab completes, help lists";
