//! `switchy config`: what is configured, where it is written, and what is wrong with it.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::{fs, io};

use super::Files;
use super::keys::{ALERT, KEYS, Key, TABLES};
use super::value::{Data, Origin, Section, shown};
use crate::shell::{CommandError, Kind as ErrorKind, Template, counted};

/// What to do with the configuration
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Check the files, and report all faults with line numbers
    Check,
    /// Show what holds for a profile, and where each value comes from
    Show {
        /// Which profile; the default one unless named
        profile: Option<String>,
    },
    /// Print where the configuration file is
    Path,
    /// Write a first configuration file, with every key explained; an existing one stays
    Init,
    /// List all keys and what they mean
    Keys,
}

/// Does it; the text goes to standard output.
pub(crate) fn run(
    action: &Action,
    files: &Files,
    as_fs_cli: bool,
    over: &Section,
) -> Result<String, CommandError> {
    match action {
        Action::Check => check(files),
        Action::Show { profile } => {
            files.first_error()?;
            let name = profile.as_deref().or_else(|| files.default_name(as_fs_cli));
            show(files, name, over)
        }
        Action::Path => {
            let path = files.own.as_deref().ok_or_else(no_path)?;
            Ok(format!("{}\n", path.display()))
        }
        Action::Init => init(files.own.as_deref().ok_or_else(no_path)?),
        Action::Keys => Ok(keys()),
    }
}

fn check(files: &Files) -> Result<String, CommandError> {
    let mut text = String::new();
    let all = [
        (&files.own, files.file.profiles.len()),
        (&files.fs_cli_file, files.legacy.profiles.len()),
    ];
    for (path, count) in all {
        let Some(path) = path else { continue };
        let about = if path.is_file() { counted(count, "profile") } else { "not there".to_owned() };
        line(&mut text, &format!("{}: {about}", shown(path)));
    }
    for name in files.legacy.profiles.keys().filter(|name| files.file.profiles.contains_key(*name))
    {
        line(&mut text, &format!("the profile {name} of config.toml hides that of fs_cli's file"));
    }
    for fault in &files.ignored {
        line(&mut text, &format!("ignored: {fault}"));
    }
    for exposed in files.exposed() {
        line(&mut text, &format!("warning: {exposed}"));
    }
    if files.faults.is_empty() {
        line(&mut text, "no faults");
        return Ok(text);
    }
    let mut reports = Vec::new();
    for fault in &files.faults {
        let hint = fault.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        reports.push(format!("{fault}{hint}"));
    }
    Err(CommandError::new(ErrorKind::Usage, reports.join("\n")))
}

fn show(files: &Files, name: Option<&str>, over: &Section) -> Result<String, CommandError> {
    let effective = files.effective(name, over)?;
    let mut text = String::new();
    line(
        &mut text,
        &match name {
            Some(name) => format!("# profile {name}"),
            None => "# no profile".to_owned(),
        },
    );
    let rows: Vec<_> = effective
        .values
        .iter()
        .map(|(key, value)| (format!("{key} = {}", value.data), value.origin.to_string()))
        .collect();
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default().min(60);
    for (left, origin) in rows {
        line(&mut text, &format!("{left:width$}  # {origin}"));
    }
    Ok(text)
}

/// Every key, as a file that says nothing yet.
fn init(path: &Path) -> Result<String, CommandError> {
    let wrong =
        |err: io::Error| CommandError::usage(format!("cannot write {}: {err}", shown(path)));
    let mut file = OpenOptions::new();
    file.write(true).create_new(true);
    let mut directory = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        file.mode(0o600);
        directory.mode(0o700);
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        directory.recursive(true).create(parent).map_err(wrong)?;
    }
    if fs::exists(path).unwrap_or(false) {
        let message = format!("{} is there already", shown(path));
        return Err(CommandError::usage(message).hint("\"switchy config show\" prints it"));
    }
    let mut file = file.open(path).map_err(wrong)?;
    file.write_all(template().as_bytes()).map_err(wrong)?;
    Ok(format!("wrote {}\n", shown(path)))
}

fn template() -> String {
    let mut text = String::from(
        "# Switchy. \"switchy config check\" checks it, \"switchy config show\" shows the values in force.\n\
         # A value behind # is the default, unless its comment begins with \"for example\".\n\n\
         # The profile to use when none is named.\n#default = \"pbx1\"  # for example\n\n\
         # Values for all profiles.\n[defaults]\n",
    );
    let built_in = super::built_in();
    for key in KEYS.iter().filter(|key| key.name != "inherits") {
        let default = match key.name {
            "prompt" => Some(Data::Text(Template::standard().to_string())),
            name => built_in.get(name).map(|value| value.data.clone()),
        };
        line(&mut text, &commented(key, default.as_ref()));
    }
    text.push_str(
        "\n# One section a server; any key of above, and inherits. For example:\n#[profile.pbx1]\n\
         #inherits = \"base\"\n#host = \"pbx1.example.com\"\n",
    );
    for table in TABLES {
        line(&mut text, &format!("\n# {}. For example:\n[{}]", table.about, table.name));
        let example = match table.name {
            "alias" => "#long = \"calls --where 'age > $1'\"",
            "abbr" => "#sst = \"sofia status\"",
            "keys" => "#F5 = [\"/log debug\", \"/nolog\"]",
            "colors" => "#prompt = \"bold-green\"",
            _ => "#confirm = [\"reloadxml\", \"sofia profile * rescan\"]",
        };
        line(&mut text, example);
    }
    text.push_str(
        "\n# Reported above the prompt whatever else is shown; any name. For example:\n\
         #[alerts.carrier-down]\n",
    );
    for key in ALERT {
        line(&mut text, &commented(key, super::built_in_alert(key.name).as_ref()));
    }
    text
}

/// A key as a comment: with its default, else with an example that says so.
fn commented(key: &Key, default: Option<&Data>) -> String {
    let Key { name, about, example, .. } = key;
    match (default, example) {
        // Everybody knows this one: FreeSWITCH comes with it.
        (Some(Data::Secret(text)), _) => format!("#{name} = {text:?}  # {about}"),
        (Some(data), _) => format!("#{name} = {data}  # {about}"),
        (None, example) => {
            format!("#{name} = {}  # for example; {about}", example.unwrap_or_default())
        }
    }
}

fn keys() -> String {
    let mut text = String::new();
    for key in KEYS {
        line(&mut text, &format!("{:18} {}", key.name, key.about));
    }
    for table in TABLES {
        line(&mut text, &format!("{:18} {}", format!("[{}]", table.name), table.about));
    }
    line(
        &mut text,
        &format!("{:18} {}", "[alerts.NAME]", "an event that is reported above the prompt, with:"),
    );
    for key in ALERT {
        line(&mut text, &format!("  {:16} {}", key.name, key.about));
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _written = writeln!(text, "{line}");
}

fn no_path() -> CommandError {
    CommandError::usage("no home directory is known").hint("set SWITCHY_CONFIG to a path")
}

/// A value of an option, for the layer above all files.
pub(crate) fn option(section: &mut Section, key: &str, name: &'static str, data: Option<Data>) {
    if let Some(data) = data {
        section.insert(key.to_owned(), super::value::Value::new(data, Origin::Option(name)));
    }
}
