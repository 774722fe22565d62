use crate::model::{CallInfo, Id};
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::client::{Call, Client, Originate, is_dial_string};
use crate::listener::{Job, JobError};
use crate::shell::commands::context::Context;
use crate::shell::commands::error_hints::advise;
use crate::shell::commands::job_started::started;
use crate::shell::commands::server::api;
use crate::shell::freeswitch::dial_string_lint::{lacks_application, lint};
use crate::shell::session::Shell;
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::{Cell, Format, View};

/// Make a call
///
/// TARGET is USER@HOST[:PORT], called through a sofia profile or gateway, or FreeSWITCH's own form,
/// a dial string and what to run. Put options before a dial string: the rest of the line is sent
/// unchanged. --profile, --gateway, --proxy, --exten and --context are part of a dial string and
/// cannot be used with one. Values of --var arrive as they are, with commas, quotes, backslashes and
/// ${..}; in a dial string FreeSWITCH removes quotes twice, so a comma needs \, inside quotes.
///
/// The job is returned at once; ringing, answer and end appear above the prompt. A script
/// that does not look after the call itself (--wait, expect, trace, why, hangup, hupall, kill) waits
/// for its answer at the end, and fails when there is none.
///
/// Examples:
///   originate 9196@127.0.0.1:5080
///   originate park@127.0.0.1:5090 --app TonePlay --wait 10
///   originate 9196@127.0.0.1:5080 --count 5 --rate 2 --wait 10
///   originate 9196@127.0.0.1:5080 --var "origination_caller_id_name=Smith, J."
///   originate --dry-run {a=b,c='x\, y'}user/1000 &park
///   originate --wait {origination_caller_id_name='Joe Smith'}user/1000 &park
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Whom to call
    #[arg(value_name = "TARGET")]
    pub(in crate::shell) target: String,
    /// Let a loaded app, by name or id, control the call
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Call through this sofia profile, not through external
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Call through this gateway
    #[arg(long, value_name = "GATEWAY", conflicts_with = "profile")]
    gateway: Option<String>,
    /// Send the INVITE to this address instead of TARGET's
    #[arg(long, value_name = "HOST:PORT")]
    proxy: Option<String>,
    /// Run this extension on the caller's side, instead of parking it
    #[arg(long, value_name = "EXTEN")]
    exten: Option<String>,
    /// The dialplan context of --exten, if it is not default
    #[arg(long, value_name = "CONTEXT", requires = "exten")]
    context: Option<String>,
    /// Set a channel variable
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// How long it may ring
    #[arg(long, value_name = "SECS", default_value_t = 60, value_parser = whole_seconds::<u32>)]
    timeout: u32,
    /// Wait until it is answered, at most this long
    #[arg(long, value_name = "SECS", num_args = 0..=1, default_missing_value = "60", value_parser = whole_seconds::<u64>)]
    wait: Option<u64>,
    /// Wait until it is answered, and hang up this long after the answer; Ctrl-C hangs up too
    #[arg(long, value_name = "SECS", value_parser = whole_seconds::<u32>)]
    hold: Option<u32>,
    /// Number of calls to make
    #[arg(long, value_name = "N", conflicts_with = "hold", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    count: u32,
    /// At most this many calls a second, with --count
    #[arg(long, value_name = "PER_SECOND", default_value_t = 1.0, value_parser = rate)]
    rate: f64,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Describe for Args {
    const META: Meta = Meta::depends(Group::Calls).with_verbatim_tail(0).keeping_lists();

    fn only_reads(&self) -> bool {
        self.is_dry_run()
    }
}

impl Args {
    #[cfg(test)]
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// Whether nothing is sent.
    pub(in crate::shell) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn call(&self) -> Result<Originate, CommandError> {
        let mut call = Originate::of(&self.target);
        if is_dial_string(&self.target) {
            self.refuse_ignored()?;
        }
        if let Some(profile) = &self.profile {
            call = call.with_profile(profile);
        }
        if let Some(exten) = &self.exten {
            let context = self.context.as_deref().unwrap_or("default");
            call = call.with_dialplan(exten, "xml", context);
        }
        if let Some(gateway) = &self.gateway {
            call = call.with_gateway(gateway);
        }
        if let Some(proxy) = &self.proxy {
            call = call.with_proxy(proxy);
        }
        if let Some(app) = &self.app {
            call = call.with_app(app);
        }
        for variable in &self.variables {
            let Some((name, value)) = variable.split_once('=') else {
                return Err(CommandError::usage(format!("{variable:?} is not NAME=VALUE")));
            };
            call = call.with_variable(name, value);
        }
        if let Some(hold) = self.hold {
            // When this shell cannot hang it up any more, the switch does.
            let latest = hold.saturating_add(30);
            let end = format!("sched_hangup +{latest} ALLOTTED_TIMEOUT");
            call = call.with_variable("execute_on_answer", &end);
        }
        Ok(call.with_timeout(Duration::from_secs(self.timeout.into())))
    }

    /// A dial string says these things itself; FreeSWITCH would not see our option.
    fn refuse_ignored(&self) -> Result<(), CommandError> {
        let given = [
            (
                self.profile.is_some(),
                "--profile",
                "write the profile in it: sofia/PROFILE/USER@HOST",
            ),
            (
                self.gateway.is_some(),
                "--gateway",
                "write the gateway in it: sofia/gateway/NAME/NUMBER",
            ),
            (
                self.proxy.is_some(),
                "--proxy",
                "write it after the address: sofia/external/USER@HOST;fs_path=sip:HOST:PORT",
            ),
            (
                self.exten.is_some(),
                "--exten",
                "write it after the dial string: user/1000 EXTEN XML CONTEXT",
            ),
        ];
        match given.into_iter().find(|(is_given, ..)| *is_given) {
            Some((_, option, instead)) => {
                let message = format!("option {option} cannot be used with a dial string");
                Err(CommandError::usage(message).hint(instead))
            }
            None => Ok(()),
        }
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let call = args.call()?;
    let client = cx.client()?;
    let is_verbatim = is_dial_string(&args.target);
    if args.count > 1 && call.chosen_uuid().is_some() {
        return Err(CommandError::usage("one origination_uuid cannot name several calls")
            .hint("leave it out: each call gets its own"));
    }
    if is_verbatim && lacks_application(&args.target) {
        return Err(CommandError::usage("FreeSWITCH has to know what the caller's side does then")
            .hint(format!("for example: originate {} &park", args.target.trim())));
    }
    let is_table = cx.format() == Format::Table;
    if is_verbatim && is_table {
        for trap in lint(&args.target) {
            cx.line(&format!("warning: {trap}"))?;
        }
    }
    if args.dry_run {
        let line = client.dry_run(&call)?;
        cx.line(&format!("bgapi {line}"))?;
        if args.count > 1 && is_table {
            cx.line(&format!("{} times, {} a second", args.count, args.rate))?;
        }
        return Ok(());
    }
    let line = client.dry_run(&call)?;
    api::clear_effect(cx, &line, &format!("bgapi --yes {line}")).await?;
    if args.count > 1 {
        return several(cx, args, &call).await;
    }
    let job = client.originate(&call).await?;
    match args.wait.or_else(|| args.hold.map(|_| 60)) {
        None => {
            cx.shell.leave(&job, &cx.switch()?, true);
            started(cx, &job)
        }
        Some(seconds) => {
            cx.line(&job.to_string())?;
            // Only a call that is to be held ends with its command.
            let call = job.sess_uuid().filter(|_| args.hold.is_some()).map(Id::cast);
            let mut held = Held { shell: cx.shell.clone(), client: client.clone(), call };
            let value = match job.get(Duration::from_secs(seconds)).await {
                Ok(value) => value,
                Err(JobError::TimedOut { .. }) => {
                    return Err(unanswered(args, seconds, &job));
                }
                Err(err) => {
                    return Err(
                        advise(&cx.verbs(), &*cx.switch()?, job.command(), err.into()).await
                    );
                }
            };
            cx.line(&format!("answered {value}"))?;
            match args.hold {
                Some(hold) => {
                    // Of several legs, the one that answered.
                    held.call = Some(Id::new(&value));
                    held.out(cx, hold).await
                }
                None => {
                    held.leave();
                    Ok(())
                }
            }
        }
    }
}

/// What still runs when --wait has ended, and how to see what becomes of it.
fn unanswered(args: &Args, seconds: u64, job: &Job) -> CommandError {
    let id = job.id().short();
    let err = |text: String| CommandError::new(Kind::TimedOut, text);
    let longer = "--wait SECS waits longer";
    if args.hold.is_some() {
        return err(format!("no answer after {seconds} s; --hold hangs the call up (job {id})"))
            .hint(format!("\"why last\" explains its end; {longer}"));
    }
    // A dial string may set the limit itself.
    let limit = match is_dial_string(&args.target) {
        true => String::new(),
        false => format!(" and may ring for {} s", args.timeout),
    };
    err(format!("no answer after {seconds} s; the call continues{limit} (job {id})")).hint(format!(
        "\"jobs\" shows its result, \"why last\" how it stands; \"hangup last\" ends it; {longer}"
    ))
}

/// A call that ends with its command, however that ends.
struct Held {
    shell: Shell,
    client: Client,
    /// The call; `None` when it is left to itself.
    call: Option<Id<CallInfo>>,
}

impl Held {
    /// Waits for `time`, or until the call ends by itself.
    async fn out(self, cx: &mut Context<'_>, seconds: u32) -> Result<(), CommandError> {
        let end = Instant::now() + Duration::from_secs(u64::from(seconds));
        while Instant::now() < end && self.now().is_some() {
            let left = end.saturating_duration_since(Instant::now());
            tokio::time::sleep(left.min(LOOK)).await;
        }
        let Some(call) = self.now() else {
            return cx.line("it has ended; \"why last\" says why");
        };
        call.hangup().await?;
        self.leave();
        cx.line(&format!("hung up after {seconds} s"))
    }

    /// The call as it is now; `None` when it has ended, or is left to itself.
    fn now(&self) -> Option<Call> {
        self.client.call(self.call.as_ref()?)
    }

    fn leave(mut self) {
        self.call = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(call) = self.now() else { return };
        self.shell.finish(async move {
            if let Err(err) = call.hangup().await {
                tracing::warn!(%err, "a call is left");
            }
        });
    }
}

/// How often a held call is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Makes some calls at a rate, and says what became of them when that was waited for.
async fn several(cx: &mut Context<'_>, args: &Args, call: &Originate) -> Result<(), CommandError> {
    let client = cx.client()?;
    let mut jobs = Vec::new();
    let mut tick = interval(Duration::from_secs_f64(1.0 / args.rate));
    // A slow server is not caught up with: the rate is a limit.
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failure = None;
    for _ in 0..args.count {
        tick.tick().await;
        match client.originate(call).await {
            Ok(job) => {
                if args.wait.is_none() {
                    cx.shell.leave(&job, &cx.switch()?, true);
                }
                jobs.push(job);
            }
            // The calls that were made are reported before it.
            Err(err) => {
                failure = Some(CommandError::from(err));
                break;
            }
        }
    }
    if let Some(err) = failure.take_if(|_| jobs.is_empty()) {
        return Err(err);
    }
    let failure = failure.map(|err| {
        let message =
            format!("{} of {} calls were made, then: {}", jobs.len(), args.count, err.message);
        CommandError::new(Kind::Partial, message)
    });
    let mut view = View::new(&["job", "session", "result"], "");
    let end = Instant::now() + Duration::from_secs(args.wait.unwrap_or(0));
    let (mut outcomes, mut answered) = (BTreeMap::<String, usize>::new(), 0);
    for job in &jobs {
        let result = match args.wait {
            None => String::new(),
            Some(_) => match job.get(end.saturating_duration_since(Instant::now())).await {
                Ok(_session) => {
                    answered += 1;
                    "answered".to_owned()
                }
                Err(JobError::TimedOut { .. }) => "no answer in time".to_owned(),
                Err(JobError::Failed { text }) => text.trim_start_matches("-ERR ").to_owned(),
                Err(err) => err.to_string(),
            },
        };
        *outcomes.entry(result.clone()).or_default() += 1;
        let session = job.sess_uuid().map(ToString::to_string).unwrap_or_default();
        view.push(vec![Cell::text(job.id().as_str()), Cell::text(&session), Cell::text(&result)]);
    }
    if args.wait.is_none() {
        cx.view(&view.with_foot(format!("{} started; \"calls\" shows them", jobs.len())))?;
        return failure.map_or(Ok(()), Err);
    }
    let counts: Vec<String> =
        outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    cx.view(&view.with_foot(counts.join(", ")))?;
    if let Some(err) = failure {
        return Err(err);
    }
    match answered {
        all if all == jobs.len() => Ok(()),
        0 => Err(CommandError::new(Kind::Refused, "no call was answered")),
        some => {
            let message = format!("{some} of {} calls were answered", jobs.len());
            Err(CommandError::new(Kind::Partial, message))
        }
    }
}

/// A rate above 0, and not more than a small test needs.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text.trim_end_matches("/s").parse::<f64>().map_err(|err| err.to_string())?;
    if rate > 0.0 && rate <= 100.0 { Ok(rate) } else { Err("more than 0, at most 100".to_owned()) }
}
