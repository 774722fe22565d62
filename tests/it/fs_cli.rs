//! fs_cli's invocations, keys of its files and slash commands, under its name, on the simulated
//! switch. With `SWITCHY_FS_CLI` (the path of a real one) and `SWITCHY_LIVE=HOST:PORT:PASSWORD` the
//! invocations are run by both, side by side.
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::program::program_in;
use crate::switch::Switch;

/// A home with a program called `fs_cli` in it.
struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { directory: tempfile::tempdir().unwrap() };
        #[cfg(unix)]
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_switchy"), home.program()).unwrap();
        home
    }

    fn program(&self) -> PathBuf {
        self.directory.path().join("fs_cli")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join(name), text).unwrap();
    }

    fn command(&self, program: &Path, args: &[String]) -> Command {
        // A run that does not end is a failure, not a wait.
        let mut command = program_in("timeout", self.directory.path());
        command.arg("30").arg(program).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[String]) -> Output {
        self.command(&self.program(), args).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Arguments with PORT and PASSWORD in them, the exit code, and what standard output holds.
type Case = (&'static [&'static str], i32, &'static str);

/// What fs_cli and we do alike.
const SAME: &[Case] = &[
    (&["-x", "global_getvar local_ip_v4"], 0, "."),
    (&["-xhostname"], 0, ""),
    (&["--execute=global_getvar local_ip_v4"], 0, "."),
    (&["--execute", "global_getvar local_ip_v4"], 0, "."),
    (&["--exec=global_getvar local_ip_v4"], 0, "."),
    (&["-x", "nosuch"], 0, "-ERR nosuch Command not found!\n\n"),
    (&["-x", "uuid_kill nobody"], 0, "-ERR No such channel!\n\n"),
    (&["-x", "uuid_kill"], 0, "-USAGE: <uuid> [cause]\n\n"),
    (&["-x", "uuid_answer"], 0, "-ERROR\n\n"),
    (&["-x", "status"], 0, "UP 0 years"),
    (&["-x", "version"], 0, "FreeSWITCH Version"),
    (&["-x", "show calls"], 0, "\n0 total.\n\n"),
    (&["-x", "show channels as json"], 0, "row_count"),
    (&["-x", "sofia status"], 0, "3 profiles"),
    (&["-x", "eval a  b"], 0, "a  b"),
    (&["-x", "eval 'quoted' \"words\""], 0, "'quoted' \"words\""),
    (&["-x", "eval # no comment"], 0, "# no comment"),
    (&["-x", "eval ${domain}x"], 0, "x"),
    (&["-x", "originate error/USER_BUSY &park"], 0, "-ERR USER_BUSY"),
    (&["-x", "bgapi status"], 0, "+OK Job-UUID: "),
    (&["-x", "help"], 0, "uuid_kill"),
    (&["-x", "console_complete c=8;sofia st"], 0, "status"),
    (&["-x", ""], 0, "-ERR  Command not found!\n\n"),
    (&["-n", "-x", "eval ok"], 0, "ok\n"),
    (&["-b", "-x", "eval ok"], 0, "ok\n"),
    (&["-q", "-x", "eval ok"], 0, "ok\n"),
    (&["-r", "-x", "eval ok"], 0, "ok\n"),
    (&["-R", "-x", "eval ok"], 0, "ok\n"),
    (&["-i", "-x", "eval ok"], 0, "ok\n"),
    (&["-U", "-x", "eval ok"], 0, "ok\n"),
    (&["-S", "-x", "eval ok"], 0, "ok\n"),
    (&["-Q", "-x", "eval ok"], 0, "ok\n"),
    (&["-nbqrRiUSQ", "-x", "eval ok"], 0, "ok\n"),
    (&["-l", "debug", "-x", "eval ok"], 0, "ok\n"),
    (&["-l", "3", "-x", "eval ok"], 0, "ok\n"),
    (&["-l7", "-q", "-x", "eval ok"], 0, "ok\n"),
    (&["-s", "6c1d2a5e", "-x", "eval ok"], 0, "ok\n"),
    (&["-T", "2000", "-x", "eval ok"], 0, "ok\n"),
    (&["-t", "5000", "-x", "eval ok"], 0, "ok\n"),
    (&["--timeout=5000", "-x", "eval ok"], 0, "ok\n"),
    (&["-t", "0", "-x", "eval ok"], 0, "ok\n"),
    (&["--no-color", "--quiet", "--retry", "--reconnect", "-x", "eval ok"], 0, "ok\n"),
    (&["-t", "300", "-x", "msleep 2000"], 254, "Request timed out.\n"),
    (&["-p", "wrong", "-x", "status"], 255, ""),
    // The last one holds: wrappers put their options in front of those of the operator.
    (&["-p", "wrong", "-p", "ClueCon", "-x", "eval ok"], 0, "ok\n"),
    (&["-u", "nobody@nowhere", "-x", "status"], 255, ""),
    (&["-P", "99999", "-x", "status"], 1, ""),
    (&["-P", "0", "-x", "status"], 1, ""),
    (&["-d", "9", "-x", "status"], 1, ""),
];

/// What is better here than in fs_cli, and documented so.
const BETTER: &[Case] = &[
    // Every -x counts, in order, at any length.
    (&["-x", "eval one", "-x", "eval two"], 0, "one\ntwo\n"),
    // A profile that does not exist is none.
    (&["nosuchprofile", "-x", "status"], 1, ""),
    // An unknown option is a mistake.
    (&["--nosuch"], 1, ""),
    // A script can ask for the truth.
    (&["--fail-on-error", "-x", "nosuch"], 1, "-ERR nosuch"),
    (&["--fail-on-error", "-x", "eval ok"], 0, "ok\n"),
    // Slash commands and those of the shell.
    (&["-x", "/calls"], 0, "no calls"),
    (&["-x", "/help"], 0, "/logfilter"),
    (&["-x", "/event plain HEARTBEAT"], 0, "HEARTBEAT"),
    (&["-x", "/uuid 6c1d"], 0, "6c1d"),
    (&["-x", "/logfilter text"], 0, "text"),
    (&["-x", "/log 3"], 0, "+OK log level"),
    (&["-x", "/log 3", "-x", "/nolog"], 0, "+OK no longer logging"),
    (&["-x", "/exit", "-x", "eval not run"], 0, ""),
    (&["-x", "/nosuch"], 1, ""),
    // Options may be cut short, whatever we have beside fs_cli's.
    (&["--t", "5000", "--e", "eval ok"], 0, "ok\n"),
    (&["-P", "-1", "-x", "status"], 1, ""),
    // What was only piped in runs, and ends.
    (&["-b"], 0, ""),
];

/// A line at the prompt, what fs_cli says, and what we say: the same effect, in our words where
/// they tell more.
const LINES: &[(&str, &str, &str)] = &[
    ("/event plain HEARTBEAT", "+OK event listener enabled plain", "events: HEARTBEAT"),
    ("/EVENT json CUSTOM sofia::register", "+OK event listener enabled json", "sofia::register"),
    ("/eventfoo HEARTBEAT", "+OK event listener enabled", "events: HEARTBEAT"),
    ("/filter Event-Name HEARTBEAT", "+OK filter added", "HEARTBEAT"),
    ("/filter delete all", "+OK filter deleted", "no filter"),
    ("/nixevent HEARTBEAT", "+OK events nixed", "events: off"),
    ("/log 3", "+OK log level 3 [3]", "+OK log level 3 [3]"),
    ("/log warning", "+OK log level warning [4]", "+OK log level warning [4]"),
    ("/log nosuch", "-ERR invalid log level", "-ERR invalid log level"),
    ("/nolog", "-ERR not loging", "-ERR not loging"),
    ("/uuid 6c1d", "UUID filtering enabled", "log lines of 6c1d only"),
    ("/uuid", "UUID filtering disabled", "log lines of all calls"),
    ("/logfilter abc", "Logfilter enabled", "log lines with \"abc\" only"),
    ("/logfilter", "Logfilter disabled", "log lines with any text"),
    ("/debug 3", "fs_cli debug level set to 3", "fs_cli debug level set to 3"),
    ("/nosuch", "Unknown command [nosuch]", "unknown command /nosuch"),
    ("/help", "/logfilter", "/logfilter"),
    ("/quit", "", ""),
    ("/bye", "", ""),
    ("...", "", ""),
    ("eval one;;eval two", "two", "two"),
    ("eval 'a  b'", "'a  b'", "'a  b'"),
    ("nosuch", "-ERR nosuch Command not found!", "-ERR nosuch Command not found!"),
];

/// Types a line, and leaves behind it.
fn typed(home: &Home, program: &Path, args: &[String], line: &str) -> String {
    let mut child = home.command(program, args).stdin(Stdio::piped()).spawn().unwrap();
    // One that has left reads no more.
    let _left = child.stdin.take().unwrap().write_all(format!("{line}\n/exit\n").as_bytes());
    let output = child.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(124), "{line} does not end");
    text(&output.stdout) + &text(&output.stderr)
}

#[limited::test]
fn lines_at_the_prompt_do_what_they_do_in_fs_cli() {
    let (switch, home) = (Switch::start(), Home::new());
    for (line, _, ours) in LINES {
        let said = typed(&home, &home.program(), &switch.args(&["-b", "-q"]), line);
        assert!(said.contains(ours), "{line}: {said}");
    }
}

#[limited::test]
fn invocations_do_what_fs_cli_does_or_better() {
    let (switch, home) = (Switch::start(), Home::new());
    for (args, code, held) in SAME.iter().chain(BETTER) {
        let output = home.run(&switch.args(args));
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {stdout}{stderr}");
        assert!(stdout.contains(held), "{args:?}: {stdout:?} {stderr:?}");
        // A failure to connect is never without a word.
        assert!(*code < 3 || !stderr.trim().is_empty(), "{args:?} says nothing");
    }
    assert!(SAME.len() + BETTER.len() >= 60);
    let long = format!("eval {}", "x".repeat(5000));
    let output = home.run(&switch.args(&["-x", &long]));
    assert_eq!(text(&output.stdout).trim().len(), 5000, "no line is cut");
}

#[limited::test(needs = "SWITCHY_FS_CLI SWITCHY_LIVE")]
fn the_same_invocations_with_a_real_fs_cli() {
    let [theirs, server] =
        ["SWITCHY_FS_CLI", "SWITCHY_LIVE"].map(|name| std::env::var(name).unwrap());
    let (home, theirs) = (Home::new(), PathBuf::from(theirs));
    let mut parts = server.splitn(3, ':');
    let mut part = || parts.next().unwrap().to_owned();
    let place = ["-H".to_owned(), part(), "-P".to_owned(), part(), "-p".to_owned(), part()];
    let mut differing = Vec::new();
    for (args, code, _) in SAME {
        let args: Vec<String> =
            place.iter().cloned().chain(args.iter().map(|arg| (*arg).to_owned())).collect();
        let ours = home.run(&args);
        let theirs = home.command(&theirs, &args).output().unwrap();
        let codes = (ours.status.code(), theirs.status.code());
        // Uptimes, ids, and counts differ from run to run: what is long and alive is only compared
        // by its first word.
        let [a, b] = [&ours, &theirs].map(|output| text(&output.stdout));
        let first = |text: &str| text.split_whitespace().next().map(str::to_owned);
        let keys = |text: &str| {
            let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
            value.and_then(|value| {
                value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>())
            })
        };
        let is_same = a == b
            || (keys(&a).is_some() && keys(&a) == keys(&b))
            || (a.len() > 60 && first(&a) == first(&b))
            || *code == 1;
        if codes.0 != codes.1 || !(is_same || a.starts_with("+OK Job-UUID")) {
            differing.push(format!("{args:?}: {codes:?}\n ours {a:?}\n theirs {b:?}"));
        }
    }
    for (line, they_say, we_say) in LINES {
        let args: Vec<String> =
            place.iter().cloned().chain(["-b".to_owned(), "-q".to_owned()]).collect();
        let a = typed(&home, &home.program(), &args, line);
        let b = typed(&home, &theirs, &args, line);
        if !a.contains(we_say) || !b.contains(they_say) {
            differing.push(format!("{line}:\n ours {a:?}\n theirs {b:?}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[limited::test]
fn its_files_are_read() {
    let (switch, home) = (Switch::start(), Home::new());
    let port = switch.port();
    home.write(
        ".fs_cli_conf",
        &format!(
            "[default]\nhost => 127.0.0.1\nport => {port}\npassword => ClueCon\n\
             [bad]\nhost => 127.0.0.1\nport => {port}\npassword => wrong\n"
        ),
    );
    for (args, code) in [
        (&["-x", "eval ok"][..], 0),
        (&["bad", "-x", "eval ok"], 255),
        (&["default", "-x", "eval ok"], 0),
    ] {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        assert_eq!(home.run(&args).status.code(), Some(code), "{args:?}");
    }
}

#[limited::test]
fn its_files_are_read_as_editors_leave_them() {
    let (switch, home) = (Switch::start(), Home::new());
    let right = format!("host => 127.0.0.1\nport => {}\npassword => ClueCon\n", switch.port());
    let wrong = right.replace("ClueCon", "wrong");
    for (file, profile, code) in [
        (format!("\u{feff}[default]\n{right}"), "default", 0),
        (format!("\u{feff}[default]\n{wrong}"), "default", 255),
        (format!("[a]\n{right}[b]\n{wrong}").replace('\n', "\r\n"), "a", 0),
        (format!("[a]\n{right}[b]\n{wrong}").replace('\n', "\r\n"), "b", 255),
        (format!("# c\n\n; c\n[a] ; c\n{right}junk\nnosuch => 1\n# password => wrong\n"), "a", 0),
        (format!("[a]\n{right}password => wrong ;; not this\n"), "a", 255),
        (format!("[a]\n{wrong}PASSWORD=ClueCon"), "a", 0),
        (format!("[a]\n{right}__END__\n{wrong}"), "a", 0),
        (format!("[a]\n{right}password => \"ClueCon\"\n"), "a", 255),
    ] {
        home.write(".fs_cli_conf", &file);
        let args = [profile, "-x", "eval ok"].map(str::to_owned);
        let output = home.run(&args);
        assert_eq!(output.status.code(), Some(code), "{file:?}: {}", text(&output.stderr));
    }
}

/// No question under that name, but what the configuration rules out is not sent.
#[limited::test]
fn what_the_configuration_forbids_is_sent_on_no_way() {
    let (switch, home) = (Switch::start(), Home::new());
    fs::create_dir_all(home.directory.path().join(".config/switchy")).unwrap();
    let place = format!("host = '127.0.0.1'\nport = {}\n", switch.port());
    home.write(
        ".config/switchy/config.toml",
        &format!(
            "[profile.ro]\n{place}read_only = true\n\
             [profile.no]\n{place}guard.deny = ['reloadxml']\nguard.confirm = ['fsctl *']\n\
             [profile.prod]\n{place}env = 'prod'\n"
        ),
    );
    for (profile, line, is_sent) in [
        ("ro", "global_getvar local_ip_v4", true),
        ("ro", "reloadxml", false),
        ("ro", "status;;reloadxml", false),
        ("ro", "bgapi reloadxml", false),
        ("no", "status", true),
        ("no", "reloadxml", false),
        ("no", "status ;; reloadxml", false),
        ("no", "fsctl sync_clock", false),
        ("prod", "reloadxml", true),
        ("prod", "hupall", true),
    ] {
        let args = [profile, "-x", line].map(str::to_owned);
        let output = home.run(&args);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let code = if is_sent { 0 } else { 1 };
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stdout}{stderr}");
        assert_eq!(stdout.is_empty(), !is_sent, "{args:?}: {stdout}");
        assert_eq!(stderr.is_empty(), is_sent, "{args:?}: {stderr}");
    }
    let args = ["prod", "--read-only", "-x", "reloadxml"].map(str::to_owned);
    assert_eq!(home.run(&args).status.code(), Some(1));
}

#[limited::test]
fn piped_lines_end_by_themselves() {
    let (switch, home) = (Switch::start(), Home::new());
    let mut command = home.command(&home.program(), &switch.args(&["-b"]));
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"eval one\nnosuch\neval two\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "an answer is an answer");
    assert_eq!(text(&output.stdout), "one\ntwo\n");
}
