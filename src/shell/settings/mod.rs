//! What holds for a session.

pub(crate) mod alert;
pub(crate) mod colors;
pub(crate) mod keys;
pub(crate) mod log_view;
pub(crate) mod paging;
pub(crate) mod profile;
pub(crate) mod prompt;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::conn::Config;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::view::Format;
use alert::Alert;
use colors::Colors;
use keys::{Editing, Keys};
use paging::Paging;
use profile::Profile;
use prompt::Template;

/// What `set` changes, and what the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How answers are written unless a line says otherwise.
    pub format: Format,
    /// When answers go through `$PAGER` at the prompt.
    pub pager: Paging,
    /// How long an `api` may take.
    pub timeout: Duration,
    /// The login of `connect` without options: user and password.
    pub login: Config,
    /// What needs a confirmation.
    pub guard: Guard,
    /// Whether lines that change the server are refused.
    pub read_only: ReadOnly,
    /// The servers that have a name.
    pub profiles: Vec<Profile>,
    /// Words that stand for lines.
    pub aliases: BTreeMap<String, String>,
    /// Words that become others once they are typed, at the beginning of a line.
    pub abbreviations: BTreeMap<String, String>,
    /// What the function keys run.
    pub keys: Keys,
    /// How a line is edited.
    pub editing: Editing,
    /// Whether words that the server knows go there, as in fs_cli, though the shell knows them too.
    pub as_fs_cli: bool,
    /// Whether server commands that can harm are sent without `--yes`.
    pub is_unguarded: bool,
    /// When a switch gets its second connection, the one for events.
    pub listening: Listening,
    /// How much this client logs about itself: fs_cli's 0 to 7.
    pub debug: u8,
    /// How answers are written that was asked for at the prompt, on every switch.
    pub output: Option<Format>,
    /// What is drawn in which color.
    pub colors: Colors,
    /// What the prompt says, on every switch; what its profile says unless this is set.
    pub prompt: Option<Template>,
    /// The alerts on servers without a profile.
    pub alerts: Vec<Alert>,
    /// The variables whose values are kept out of files, beside those of profiles: FreeSWITCH's and
    /// those of scripts. `*` stands for any text.
    pub secret_variables: Vec<String>,
}

/// Whether lines that change the server are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadOnly {
    /// They are not.
    #[default]
    Off,
    /// They are, until `set read-only off`.
    On,
    /// They are, as long as the process lives.
    Always,
}

/// When a switch is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listening {
    /// From the start.
    #[default]
    Always,
    /// Once a command needs it: a single question is answered sooner without.
    WhenNeeded,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Table,
            pager: Paging::Auto,
            timeout: Duration::from_secs(10),
            login: Config::new("localhost"),
            profiles: Vec::new(),
            aliases: BTreeMap::new(),
            abbreviations: BTreeMap::new(),
            keys: Keys::default(),
            editing: Editing::Emacs,
            as_fs_cli: false,
            is_unguarded: false,
            listening: Listening::Always,
            debug: 0,
            output: None,
            colors: Colors::default(),
            prompt: None,
            alerts: Vec::new(),
            secret_variables: Vec::new(),
            guard: Guard::Normal,
            read_only: ReadOnly::Off,
        }
    }
}
