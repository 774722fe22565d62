//! What a process starts with: its options and the configuration, put together.

use std::collections::BTreeMap;
use std::io;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::args::{Args, FOREVER, Script};
use crate::cli::batch::Content;
use crate::cli::config::keys::LOG_LEVELS;
use crate::cli::config::value::{Data, Origin, Section, Value};
use crate::cli::config::{Effective, Files, format_named};
use crate::cli::sim::SimArgs;
use crate::shell::{
    CommandError, Kind, LogView, Password, Prefix, Profile, ReadOnly, Settings, Shell, style_named,
};

/// What the shell opens on, and how.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) target: Target,
    /// What holds for the first server, or for none.
    pub(super) look: Effective,
    pub(super) settings: Settings,
    pub(super) script: Script,
    pub(super) log_uuid: Option<String>,
    /// Whether typed lines may be kept in files.
    pub(super) keeps_history: bool,
    pub(super) batchmode: bool,
    /// States are said in words, and no prompt is drawn again.
    pub(super) is_plain: bool,
    /// What the operator should know before anything else.
    pub(super) warnings: Vec<String>,
}

/// What the shell opens on.
#[derive(Debug)]
pub(super) enum Target {
    /// These servers.
    Hosts(Vec<Profile>),
    /// The built-in simulated switch.
    Demo(SimArgs),
    /// A transcript: its file, a time, a speed.
    Replay { path: PathBuf, until: Option<String>, speed: Option<u32> },
}

impl Target {
    /// Whether a command of the system prints a password.
    pub(super) fn runs_commands(&self) -> bool {
        let is_command = |profile: &Profile| matches!(profile.password, Password::Command(_));
        matches!(self, Self::Hosts(profiles) if profiles.iter().any(is_command))
    }
}

impl Start {
    /// Puts it together.
    ///
    /// # Errors
    /// A usage error: a fault of a file, a profile that does not exist.
    pub(super) fn new(
        args: Args,
        files: &Files,
        over: &Section,
        as_fs_cli: bool,
        instead: Option<Target>,
    ) -> Result<Self, CommandError> {
        files.first_error()?;
        let named = args.connection.profile.as_slice();
        let targets = if named.is_empty() { &args.connection.targets } else { named };
        let mut found = Vec::new();
        if targets.is_empty() {
            found.push(files.effective(files.default_name(as_fs_cli), over)?);
        }
        for target in targets {
            found.push(if files.names().contains(&target.as_str()) {
                files.effective(Some(target), over)?
            } else if args.connection.profile.is_some() || as_fs_cli {
                return Err(files.no_profile(target));
            } else {
                files.effective(None, &with_host(over, target))?
            });
        }
        let Some(look) = found.first().cloned() else {
            return Err(CommandError::usage("nothing to connect to"));
        };
        let mut settings = settings(&look, as_fs_cli);
        settings.login = patient(&files.effective(None, over)?, as_fs_cli).config;
        for name in files.names() {
            let mut profile = patient(&files.effective(Some(name), &Section::new())?, as_fs_cli);
            name.clone_into(&mut profile.name);
            settings.profiles.push(profile);
        }
        settings.debug = args.look.debug;
        settings.alerts = files.effective(None, over)?.alerts();
        // A profile may say so for itself; what an option says holds for all.
        let common = files.effective(None, over)?;
        let keeps_history = common.flag("history");
        settings.secret_variables =
            [common.lines("secret_variables"), look.lines("secret_variables")].concat();
        if common.flag("read_only") {
            settings.read_only = ReadOnly::Always;
        }
        settings.format = common.text("output").and_then(format_named).unwrap_or_default();
        let mut warnings = files.exposed();
        warnings.extend(files.ignored_warning());
        if args.connection.password.is_some() {
            warnings.push(
                "-p shows the password to everybody on this machine; SWITCHY_PASSWORD, or \
                 password_command in a profile, do not"
                    .to_owned(),
            );
        }
        let profiles = found.iter().map(|look| patient(look, as_fs_cli)).collect();
        Ok(Self {
            target: instead.unwrap_or(Target::Hosts(profiles)),
            look,
            settings,
            script: args.script,
            log_uuid: args.look.set_log_uuid,
            keeps_history,
            batchmode: args.look.batchmode,
            is_plain: args.look.plain,
            warnings,
        })
    }

    /// A shell with what was set for it.
    ///
    /// # Errors
    /// When a variable has no name.
    pub(super) fn prepare(&self, shell: &Shell) -> Result<(), CommandError> {
        for variable in &self.script.variables {
            let Some((name, value)) = variable.split_once('=') else {
                return Err(CommandError::usage(format!(
                    "{variable:?} is not a NAME=VALUE, as --set takes"
                )));
            };
            shell.define(name, value)?;
        }
        let mut view = LogView::default();
        view.uuid.clone_from(&self.log_uuid);
        view.prefix = Prefix::parse(self.look.text("log_uuid").unwrap_or_default());
        let length = self.look.number("log_uuid_length").map(usize::try_from);
        if let (Prefix::Full, Some(Ok(length))) = (view.prefix, length) {
            view.prefix = Prefix::First(length);
        }
        // fs_cli's numbers: the list of levels has "off" in front of them.
        for (style, level) in view.styles.iter_mut().zip(LOG_LEVELS.iter().skip(1)) {
            *style = self.look.text(&format!("colors.{level}")).and_then(style_named);
        }
        shell.set_log_view(view);
        Ok(())
    }

    /// Begins the transcript that was asked for.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub(super) async fn record(&self, shell: &Shell) -> Result<(), CommandError> {
        match &self.script.transcript {
            Some(path) => shell.start_transcript(path, false).await,
            None => Ok(()),
        }
    }

    /// Whether lines are typed at a prompt: both ends are a terminal, and no script runs.
    pub(super) fn is_at_prompt(&self) -> bool {
        !self.is_script()
            && !self.batchmode
            && io::stdin().is_terminal()
            && io::stdout().is_terminal()
    }

    /// What is written between the answers where no prompt is: nothing in a script. An operator who
    /// types lines sees what happens, as at the prompt; `-b` at the end of a pipe has the log that
    /// was asked for.
    pub(super) fn feed(&self) -> Option<Content> {
        if self.is_script() {
            return None;
        }
        if io::stdin().is_terminal() {
            return Some(Content::All);
        }
        let has_log = match &self.target {
            Target::Hosts(profiles) => profiles.iter().any(|profile| profile.log.is_some()),
            Target::Demo(_) | Target::Replay { .. } => false,
        };
        (self.batchmode && has_log).then_some(Content::Log)
    }

    fn is_script(&self) -> bool {
        !self.script.once.is_empty() || !self.script.file.is_empty()
    }

    /// The exit code for a failure.
    pub(super) fn exit_code(&self, kind: Kind) -> u8 {
        exit_code(kind, self.settings.as_fs_cli, self.script.fail_on_error)
    }
}

/// A profile. Where neither options nor files say otherwise, fs_cli connects for as long as the system
/// tries and shows the log.
fn patient(look: &Effective, as_fs_cli: bool) -> Profile {
    let mut profile = look.profile();
    if as_fs_cli && look.origin("connect_timeout") == Some(&Origin::BuiltIn) {
        profile.config = profile.config.with_connect_timeout(SYSTEMS_OWN);
    }
    // fs_cli starts with all of the log, which can hold up the server.
    if as_fs_cli && look.origin("log") == Some(&Origin::BuiltIn) {
        profile.log = Some("notice".to_owned());
    }
    profile
}

/// Somewhat longer than Linux tries to connect: its own error comes first.
const SYSTEMS_OWN: Duration = Duration::from_secs(140);

/// The exit code for a failure; under the name of fs_cli it is fs_cli's.
pub(super) fn exit_code(kind: Kind, as_fs_cli: bool, fail_on_error: bool) -> u8 {
    match kind {
        Kind::Refused | Kind::Partial if as_fs_cli && !fail_on_error => 0,
        Kind::Usage if as_fs_cli => 1,
        Kind::Connection if as_fs_cli => 255,
        Kind::TimedOut if as_fs_cli => 254,
        kind => kind.exit_code(),
    }
}

/// The exit codes under the name of fs_cli, where they are not our own.
pub(super) const FS_CLI_CODES: &[(u8, &str)] = &[
    (0, "any answer, a refusal too unless --fail-on-error"),
    (1, "usage; with --fail-on-error the server refused"),
    (254, "timeout"),
    (255, "no connection or login"),
];

fn with_host(over: &Section, target: &str) -> Section {
    let mut over = over.clone();
    let host = Value::new(Data::Text(target.to_owned()), Origin::Option("TARGET"));
    over.insert("host".to_owned(), host);
    over
}

fn settings(look: &Effective, as_fs_cli: bool) -> Settings {
    let mut settings = Settings { as_fs_cli, ..Settings::default() };
    if let Some(timeout) = look.span("timeout") {
        settings.timeout = timeout;
    }
    // fs_cli waits as long as it takes, unless an option says otherwise.
    if as_fs_cli && look.origin("timeout") == Some(&Origin::BuiltIn) {
        settings.timeout = FOREVER;
    }
    settings.colors = look.profile().colors;
    for (name, lines) in look.table("keys") {
        // Files know no other names.
        let _is_known = settings.keys.bind(&name, lines);
    }
    if let Some(editing) = look.text("editing") {
        settings.editing = clap::ValueEnum::from_str(editing, true).unwrap_or_default();
    }
    // An alias hides an abbreviation of the same name.
    let table = |name| look.table(name).map(|(name, lines)| (name, lines.join(" ;; ")));
    let aliases: BTreeMap<_, _> = table("alias").collect();
    settings.abbreviations =
        table("abbr").filter(|(name, _)| !aliases.contains_key(name)).collect();
    settings.aliases = settings.abbreviations.clone();
    settings.aliases.extend(aliases);
    settings
}
