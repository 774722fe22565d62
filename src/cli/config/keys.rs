//! What can be configured: the only list of keys.

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A text that is never shown.
    Secret,
    Number(u64, u64),
    Flag,
    /// Seconds, or a text with a unit: `"500 ms"`.
    Span,
    /// Names of variables, with `*` for any text; one alone may stand without brackets.
    Names,
    /// Command lines; one alone may stand without brackets.
    Lines,
    Choice(&'static [&'static str]),
    /// A prompt with places in braces.
    Template,
    /// An event, or `off`.
    Event,
    /// A filter over headers of events.
    Filter,
}

/// A key of a profile, and of `[defaults]`.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) about: &'static str,
    /// A value as a file has it, where none is built in.
    pub(super) example: Option<&'static str>,
}

/// A table in a profile, or at the top for all of them.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) about: &'static str,
    /// The names in it; any when there are none.
    pub(super) names: &'static [&'static str],
}

/// The key of this name: `host`, `alias.NAME`. None when there is none.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    match name.split_once('.') {
        None => KEYS.iter().find(|key| key.name == name).map(|key| key.kind),
        Some((table, entry)) => {
            let table = TABLES.iter().find(|known| known.name == table)?;
            let is_known = table.names.is_empty() || table.names.contains(&entry);
            is_known.then_some(table.kind)
        }
    }
}

pub(super) const KEYS: &[Key] = &[
    key("inherits", Kind::Text, "the profile that values missing here are taken from")
        .like(r#""base""#),
    key("host", Kind::Text, "HOST, HOST:PORT, unix:PATH or ssh://USER@HOST"),
    key("port", Kind::Number(1, 65_535), "the port of the event socket"),
    key("user", Kind::Text, "log in as this directory user: USER@DOMAIN")
        .like(r#""1000@pbx1.example.com""#),
    key("password", Kind::Secret, "the password; keep the file to yourself: chmod 600"),
    key("password_command", Kind::Text, "a command that prints the password: pass show pbx1")
        .like(r#""pass show pbx1""#),
    key("env", Kind::Choice(&["prod", "stage", "test"]), "prod colors the prompt and asks more")
        .like(r#""prod""#),
    key("read_only", Kind::Flag, "send nothing that changes something"),
    key("timeout", Kind::Span, "how long a command waits for its answer"),
    key("connect_timeout", Kind::Span, "limit for connecting, and the same again for the login"),
    key("retry", Kind::Span, "keep trying to connect for this long"),
    key("log", Kind::Choice(LOG_LEVELS), "the log level that a session starts with"),
    key("log_uuid", Kind::Choice(&["off", "short", "full"]), "the call's id in front of log lines"),
    key("log_uuid_length", Kind::Number(1, 36), "with log_uuid: the number of its characters")
        .like(r#"8"#),
    key("events", Kind::Choice(&["on", "off"]), "show changes of calls above the prompt"),
    key("output", Kind::Choice(FORMATS), "how answers are written"),
    key("editing", Kind::Choice(&["emacs", "vi"]), "the keys that edit a line"),
    key("prompt", Kind::Template, "the prompt; \"help set\" lists the names in braces"),
    key("color", Kind::Choice(&["auto", "always", "never"]), "when to color"),
    key("history", Kind::Flag, "whether typed lines are kept in a file"),
    key(
        "secret_variables",
        Kind::Names,
        "variables whose values are kept out of history, transcripts and traces; * is any text",
    )
    .like(r#"["pin", "*_token"]"#),
    key("interrupt", Kind::Flag, "whether Ctrl-C at an empty prompt leaves"),
    key("on_connect", Kind::Lines, "lines to run whenever this profile was connected")
        .like(r#"["status", "log warning"]"#),
];

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "alias",
        kind: Kind::Text,
        about: "NAME = \"LINE\": $1 to $9 are its arguments, $* is all of them",
        names: &[],
    },
    Table {
        name: "abbr",
        kind: Kind::Text,
        about: "WORD = \"TEXT\": stands for TEXT at the start of a line; what follows it is kept",
        names: &[],
    },
    Table {
        name: "keys",
        kind: Kind::Lines,
        about: "F1 = \"LINE\", or two lines in turn",
        names: &["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"],
    },
    Table {
        name: "colors",
        kind: Kind::Choice(COLORS),
        about: "of log levels; of prompt, input and output; of lines about calls: progress, answered, ended, failed",
        names: &[
            "prompt", "input", "output", "progress", "answered", "ended", "failed", "console",
            "alert", "crit", "err", "warning", "notice", "info", "debug",
        ],
    },
    Table {
        name: "guard",
        kind: Kind::Lines,
        about: "server commands that are refused, or need --yes, or do not; * stands for anything",
        names: &["deny", "confirm", "allow"],
    },
];

/// The keys of `[alerts.NAME]`.
pub(super) const ALERT: &[Key] = &[
    key(
        "on",
        Kind::Event,
        "the event: CHANNEL_HANGUP_COMPLETE, CUSTOM sofia::gateway_state; or off",
    )
    .like(r#""CUSTOM sofia::gateway_state""#),
    key("where", Kind::Filter, "only those for which this holds, as \"events where\" of headers")
        .like(r#""State=DOWN and Gateway=carrier-a""#),
    key("bell", Kind::Flag, "whether the terminal's bell rings"),
    key(
        "run",
        Kind::Text,
        "a command that gets the line, and the event as JSON, on standard input",
    )
    .like(r#""logger -t switchy""#),
    key("every", Kind::Span, "report it at most once in this time; the others are counted"),
];

/// The error for an alert without its event.
pub(super) const ALERT_HINT: &str = "like this: on = \"CUSTOM sofia::gateway_state\"";

/// The table of tables with these keys.
pub(super) const ALERTS: &str = "alerts";

pub(crate) const LOG_LEVELS: &[&str] =
    &["off", "console", "alert", "crit", "err", "warning", "notice", "info", "debug"];

const FORMATS: &[&str] = &["table", "vertical", "json", "jsonl", "csv", "raw"];

pub(super) const COLORS: &[&str] = &[
    "default",
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bold",
    "bold-black",
    "bold-red",
    "bold-green",
    "bold-yellow",
    "bold-blue",
    "bold-magenta",
    "bold-cyan",
    "bold-white",
];

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, about, example: None }
}

impl Key {
    const fn like(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
}
