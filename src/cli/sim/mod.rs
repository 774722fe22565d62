//! `switchy sim`: a simulated switch for other people's clients; and what `switchy demo` shares.

mod user;

use std::io;
use std::io::Write as _;
use std::path::PathBuf;
use std::pin::pin;

use anyhow::Context as _;
use jiff::ZonedDateTime;

use crate::cli::signals::{Interrupts, terminated};
use crate::conn::Config;
use crate::shell::{CommandError, Kind};
use crate::sim::{FAULTS, FaultError, Planned, Sim};
use crate::{private, sim};

use user::SimUser;

/// Serves a simulated switch until it is interrupted.
pub(super) async fn serve(args: ServeArgs) -> anyhow::Result<u8> {
    let ServeArgs { listen, sim: args, record } = args;
    // Before anybody can connect, who may then end us.
    let (mut interrupts, mut terminated) = (Interrupts::new(), pin!(terminated()));
    let sim = Sim::start(args.config());
    if let Some(path) = &record {
        sim.record(
            private::append(path).with_context(|| format!("cannot write {}", path.display()))?,
        );
    }
    let mut notices = sim.notices();
    let address = sim.listen(&listen).await.map_err(|err| cannot_listen(&listen, &err))?;
    writeln!(
        io::stdout(),
        "a simulated FreeSWITCH listens on {address}; connect with: switchy -H {} -P {}\n{}\
         Ctrl-C ends it",
        address.ip(),
        address.port(),
        args.describe(record.as_deref())
    )?;
    loop {
        tokio::select! {
            // What happened before the end is written before it.
            biased;
            notice = notices.recv() => {
                let Some(notice) = notice else { break };
                // It cannot be reported when standard error is gone.
                let _written = writeln!(io::stderr(), "{} {notice}", ZonedDateTime::now().strftime("%H:%M:%S"));
            }
            () = interrupts.next() => break,
            () = &mut terminated => break,
        }
    }
    sim.stop();
    Ok(0)
}

/// Why an address cannot be listened on, and which one can.
fn cannot_listen(address: &str, err: &io::Error) -> CommandError {
    let (kind, hint) = match err.kind() {
        io::ErrorKind::AddrInUse => {
            (Kind::System, "another program has this port; FreeSWITCH itself listens on 8021")
        }
        io::ErrorKind::PermissionDenied => {
            (Kind::System, "only root may listen on ports below 1024")
        }
        io::ErrorKind::AddrNotAvailable => (Kind::System, "this machine has no such address"),
        // What is not an address at all, or a name without one.
        _ => (Kind::Usage, "an address is HOST:PORT, for example 127.0.0.1:8021"),
    };
    CommandError::new(kind, format!("cannot listen on {address}: {err}"))
        .hint(format!("{hint}; --listen 127.0.0.1:0 takes a free port"))
}

/// How the simulated switch is.
#[derive(Debug, clap::Args)]
pub(super) struct SimArgs {
    /// Its password
    #[arg(long, default_value = Config::PASSWORD)]
    pub(super) password: String,
    /// A user for userauth, with the switch's password or an own one; may be repeated
    ///
    /// Without limits everything is allowed. Limits stand behind the user, in one argument:
    /// api=COMMANDS and events=NAMES at commas (subclasses behind CUSTOM), log=off.
    #[arg(
        long = "user",
        value_name = "USER@DOMAIN[:PASSWORD] [LIMIT..]",
        value_parser = SimUser::parse
    )]
    users: Vec<SimUser>,
    /// Make ids, timings and background calls the same in each run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Background calls a second, answered, busy, unanswered and wrong ones
    #[arg(long, value_name = "CPS", value_parser = rate)]
    pub(super) traffic: Option<f64>,
    /// Let something go wrong; may be repeated, the list is below
    #[arg(long = "fault", value_name = "NAME[=VALUE][@TIME]", value_parser = fault)]
    faults: Vec<(String, Planned)>,
}

/// What `switchy sim` takes.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Where it listens; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: String,
    #[command(flatten)]
    sim: SimArgs,
    /// Write all exchanges to a file, as JSON lines; passwords are masked
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

fn fault(text: &str) -> Result<(String, Planned), FaultError> {
    Ok((text.to_owned(), text.parse()?))
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && (0.0..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number of calls a second, for example 0.5 or 20".to_owned()),
    }
}

pub(super) const SIM_ABOUT: &str = "\
Serve a simulated switch to any event-socket client

It answers as FreeSWITCH 1.10.12 does: login, all verbs, API commands, events in plain, json and
xml, and calls with their real order of events. There is no SIP and no sound: calls live inside.
In status, version and HEARTBEAT it says that it is simulated.

Dial sofia/external/9196@127.0.0.1:5080 (echo; also 9195 delayed echo, 9197 tone, 9664 music,
5000 menu, 3000 conference; 7001 to 7050 ring, refuse, forward and end calls in the ways that
`originate` can meet: 7012 is busy, 7020 bridges to 7003, 7023 tries 7012 and then 7004, 7035 ends
after 4 s, 7036 ends without sound, 7050 rings two phones), loopback/9196, user/1000 to user/1003, null/x, error/USER_BUSY;
port 5090 parks every call. Connections are listed on standard error; Ctrl-C ends it.";

/// The examples and the list of faults under `--help`.
pub(super) fn sim_examples() -> String {
    let mut text = "\
Examples:
  switchy sim --listen 127.0.0.1:8021
  switchy sim --listen 127.0.0.1:8021 --user 1000@example.com:secret --record session.jsonl
  switchy sim --user 'bob@lan:pw api=status,show events=HEARTBEAT,CUSTOM,sofia::register log=off'
  switchy sim --traffic 5 --seed 1 --fault hostile-names --fault 'restart@every:2m'

Faults, each with an example of a value. Without a time they hold from the start; @20s lets one
happen after 20 seconds, @every:1m every minute:
"
    .to_owned();
    text.extend(FAULTS.iter().map(|(example, about)| format!("  {example:<27}  {about}\n")));
    text
}

impl SimArgs {
    /// What is special about this run, a line each.
    fn describe(&self, record: Option<&std::path::Path>) -> String {
        let mut lines = String::new();
        let mut say = |name: &str, value: String| {
            if !value.is_empty() {
                lines.extend([format!("{name:<8} {value}\n")]);
            }
        };
        let users: Vec<String> = self.users.iter().map(SimUser::to_string).collect();
        say("users", users.join(", "));
        say("seed", self.seed.map(|seed| seed.to_string()).unwrap_or_default());
        let traffic = self.traffic.map(|rate| format!("{rate} calls/s"));
        say("traffic", traffic.unwrap_or_default());
        say(
            "faults",
            self.faults.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(", "),
        );
        say("record", record.map(|path| path.display().to_string()).unwrap_or_default());
        lines
    }

    pub(super) fn config(&self) -> sim::Config {
        let mut config = sim::Config::new().with_password(&self.password);
        if let Some(seed) = self.seed {
            config = config.with_seed(seed);
        }
        for user in &self.users {
            config = config.with_limited_user(user.limited(&self.password));
        }
        for (_, fault) in &self.faults {
            config = config.with_fault(fault.clone());
        }
        match self.traffic {
            Some(rate) => config.with_traffic(rate),
            None => config,
        }
    }
}
