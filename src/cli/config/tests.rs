use super::*;

fn files(own: &str, legacy: &str) -> Files {
    let (own_path, their_path): (Arc<Path>, Arc<Path>) =
        (Path::new("/c/config.toml").into(), Path::new("/c/fs_cli.conf").into());
    let mut files = Files::default();
    files.file = file::read(&own_path, own, &mut files.faults);
    files.legacy = legacy::read(&their_path, legacy, &mut files.ignored);
    files.own = Some(own_path);
    files.fs_cli_file = Some(their_path);
    files.check_names();
    files
}

fn faults(own: &str) -> Vec<String> {
    let shown = |fault: &Fault| {
        let hint = fault.hint.as_deref().unwrap_or_default();
        format!("{}: {} | {hint}", fault.line, fault.message)
    };
    files(own, "").faults.iter().map(shown).collect()
}

const OWN: &str = r##"
default = "pbx1"

[defaults]
timeout = 20
alias.long = "calls --where 'age > $1'"

[profile.base]
port = 8022
user = "ops@example.com"
password_command = "pass show base"
log = "notice"
keys.F5 = ["/log debug", "/nolog"]

[profile.pbx1]
inherits = "base"
host = "pbx1.example.com"
env = "prod"
connect_timeout = "500 ms"
on_connect = "events off"

[profile.pbx2]
inherits = "base"
host = "pbx2:8099"
password = "hunter2"

[guard]
deny = ["fsctl shutdown"]
"##;

#[limited::test]
fn a_profile_has_what_it_inherits_and_knows_from_where() {
    let files = files(OWN, "");
    files.first_error().unwrap();
    assert_eq!(files.default_name(false), Some("pbx1"));
    let pbx1 = files.effective(Some("pbx1"), &Section::new()).unwrap();
    let profile = pbx1.profile();
    assert_eq!(profile.name, "pbx1");
    assert_eq!(profile.config.address(), "pbx1.example.com:8022");
    assert_eq!(profile.config.connect_timeout(), Duration::from_millis(500));
    assert_eq!(profile.config.command_timeout(), Duration::from_secs(20));
    assert_eq!(profile.password, Password::Command("pass show base".to_owned()));
    assert_eq!(profile.on_connect, ["events off"]);
    assert_eq!(profile.guard.deny, ["fsctl shutdown"]);
    assert_eq!(profile.env.as_deref(), Some("prod"));
    assert_eq!(pbx1.origin("port").unwrap().to_string(), "/c/config.toml:9");
    assert_eq!(pbx1.origin("host").unwrap().to_string(), "/c/config.toml:17");
    assert_eq!(pbx1.origin("output").unwrap().to_string(), "built in");
    let keys: Vec<_> = pbx1.table("keys").collect();
    assert_eq!(keys, [("F5".to_owned(), vec!["/log debug".to_owned(), "/nolog".to_owned()])]);
    assert_eq!(pbx1.lines("alias.long"), ["calls --where 'age > $1'"]);
    // Nearer values win: a port in the host, a password over a command.
    let pbx2 = files.effective(Some("pbx2"), &Section::new()).unwrap().profile();
    assert_eq!(pbx2.config.address(), "pbx2:8099");
    assert_eq!(pbx2.password, Password::Given);
    assert!(!format!("{pbx2:?}").contains("hunter2"));
}

const ALERTING: &str = r#"
[alerts.carrier-down]
on = "custom sofia::gateway_state"
where = "State=DOWN and Gateway=carrier-a"
every = "60s"
run = "logger -t switchy"

[alerts.noroute]
on = "channel_hangup_complete"
bell = false

[profile.lab]
alerts.carrier-down.on = "off"
alerts.noroute.every = 5
"#;

#[limited::test]
fn a_profile_has_the_alerts_of_all_and_its_own_word_on_them() {
    let files = files(ALERTING, "");
    files.first_error().unwrap();
    let common = files.effective(None, &Section::new()).unwrap();
    let alerts = common.alerts();
    let mut carrier = Alert::new("carrier-down", "sofia::gateway_state");
    carrier.filter = Some("State=DOWN and Gateway=carrier-a".to_owned());
    carrier.every = Duration::from_secs(60);
    carrier.run = Some("logger -t switchy".to_owned());
    let mut noroute = Alert::new("noroute", "CHANNEL_HANGUP_COMPLETE");
    noroute.rings = false;
    assert_eq!(alerts, [carrier, noroute.clone()]);
    noroute.every = Duration::from_secs(5);
    let lab = files.effective(Some("lab"), &Section::new()).unwrap();
    assert_eq!(lab.profile().alerts, [noroute]);
    let shown =
        run(&Action::Show { profile: Some("lab".to_owned()) }, &files, false, &Section::new());
    let shown = shown.unwrap();
    for line in ["alerts.noroute.every = 5 ", "alerts.noroute.bell = false "] {
        assert!(shown.contains(line), "{shown}");
    }
    let of = |key: &str| lab.origin(key).unwrap().to_string();
    assert_eq!(of("alerts.noroute.every"), "/c/config.toml:14");
    assert_eq!(of("alerts.noroute.bell"), "/c/config.toml:10");
}

#[limited::test]
fn mistakes_in_alerts_are_told_with_their_line() {
    for (own, expected) in [
        (
            "[alerts.a]\non = 'CHANNEL_HANGUPP'",
            "2: alerts.a.on: there is no event CHANNEL_HANGUPP; did you mean CHANNEL_HANGUP? | ",
        ),
        (
            "[alerts.a]\non = 'CUSTOM'",
            "2: alerts.a.on: CUSTOM needs a subclass; like this: \"CUSTOM sofia::gateway_state\" | ",
        ),
        ("[alerts.a]\non = 'DTMF'\nbel = true", "3: unknown key \"bel\" | did you mean bell?"),
        ("[alerts.a]\non = 'DTMF'\nbell = 3", "3: alerts.a.bell: must be true or false | "),
        (
            "[alerts.a]\nbell = true",
            "2: alerts.a does not say on which event | like this: on = \"CUSTOM sofia::gateway_state\"",
        ),
        (
            "[profile.p.alerts.a]\n",
            "1: an alert is a section with its event: [alerts.a] | like this: on = \"CUSTOM sofia::gateway_state\"",
        ),
        (
            "[alerts]\non = 'DTMF'",
            "2: an alert is a section with its event: [alerts.on] | like this: on = \"CUSTOM sofia::gateway_state\"",
        ),
        ("[alert.a]\non = 'DTMF'", "1: unknown key \"alert\" | did you mean alerts?"),
    ] {
        assert_eq!(faults(own), [expected], "{own}");
    }
    let bad = faults("[alerts.a]\non = 'DTMF'\nwhere = 'State=\"DOWN'");
    assert!(bad.len() == 1 && bad[0].starts_with("3: alerts.a.where: the quote"), "{bad:?}");
}

#[limited::test]
fn every_color_that_can_be_configured_is_one() {
    for name in keys::COLORS {
        assert!(crate::shell::style_named(name).is_some(), "{name}");
    }
    assert!(crate::shell::style_named("boldred").is_none());
}

#[limited::test]
fn an_option_comes_before_the_profile() {
    let files = files(OWN, "");
    let mut over = Section::new();
    option(&mut over, "port", "-P", Some(Data::Number(9000)));
    option(&mut over, "password", "-p", Some(Data::Secret("x".to_owned())));
    let effective = files.effective(Some("pbx1"), &over).unwrap();
    assert_eq!(effective.profile().config.address(), "pbx1.example.com:9000");
    assert_eq!(effective.profile().password, Password::Given);
    assert_eq!(effective.origin("port").unwrap().to_string(), "-P");
    option(&mut over, "host", "-H", Some(Data::Text("other".to_owned())));
    assert_eq!(files.effective(Some("pbx1"), &over).unwrap().profile().name, "other");
}

#[limited::test]
fn mistakes_are_told_with_their_line() {
    for (own, expected) in [
        ("[defaults]\nhots = 'x'", "2: unknown key \"hots\" | did you mean host?"),
        ("[profil.x]\n", "1: unknown key \"profil\" | did you mean profile?"),
        (
            "host = 'x'",
            "1: host stands outside of a section | put it below [defaults], or below a [profile.NAME]",
        ),
        ("[profile.a]\nport = 0", "2: port: \"0\" is not a number from 1 to 65535 | "),
        ("[profile.a]\nport = true", "2: port: must be from 1 to 65535 | "),
        (
            "[profile.a]\nenv = 'prd'",
            "2: env: \"prd\" is none of prod, stage, test | did you mean prod?",
        ),
        (
            "[profile.a]\non_connect = [1]",
            "2: on_connect: only texts in quotes can stand in this list | ",
        ),
        ("[keys]\nF13 = 'x'", "2: unknown key \"F13\" | did you mean F1?"),
        ("[profile.a]\ninherits = 'b'", "2: there is no profile \"b\" | did you mean a?"),
        ("[profile.a]\ninherits = 'a'", "2: the profile a inherits from itself | "),
        (
            "default = 'nosuch'",
            "1: there is no profile \"nosuch\" | no profile is configured: see \"switchy config path\"",
        ),
        (
            "[defaults]\ntimeout = 'soon'",
            "2: timeout: \"soon\" is not a time: seconds, or with a unit (\"500 ms\", \"5 s\", \"2 m\") | ",
        ),
    ] {
        assert_eq!(faults(own), [expected], "{own}");
    }
    let broken = faults("[defaults]\nhost = \n");
    assert!(broken.len() == 1 && broken[0].starts_with("2: "), "{broken:?}");
    // All of them, not only the first.
    assert_eq!(faults("[defaults]\na1 = 1\nb2 = 2\n").len(), 2);
}

#[limited::test]
fn an_unknown_profile_is_never_another_one() {
    let err = files(OWN, "").effective(Some("pbx3"), &Section::new()).unwrap_err();
    assert_eq!(err.message, "there is no profile \"pbx3\"");
    assert!(err.hints[0].starts_with("did you mean pbx"), "{err:?}");
}

const THEIRS: &str = "
# comment
[lab]
host     => 10.0.0.5
port     => 8022 ;; the other one
password = s3cret
loglevel => 6
quiet    => false
timeout  => 1500
prompt-string => %p@%s %h %H %o:%P%x%%
prompt-color => bold-cyan
key_F3   => show channels
key_toggle_F3 => show calls
log-uuid-short => true
log-uuid-length => 13
nonsense => 1
[pbx1]
host => elsewhere
__END__
[not read]
host => x
";

#[limited::test]
fn fs_clis_file_is_read_as_profiles() {
    let files = files(OWN, THEIRS);
    files.first_error().unwrap();
    assert_eq!(files.names(), ["base", "pbx1", "pbx2", "lab"]);
    let lab = files.effective(Some("lab"), &Section::new()).unwrap();
    let profile = lab.profile();
    assert_eq!(profile.config.address(), "10.0.0.5:8022");
    assert_eq!(profile.config.command_timeout(), Duration::from_millis(1500));
    assert_eq!(profile.log.as_deref(), Some("info"));
    assert_eq!(
        lab.text("prompt"),
        Some("{profile}@{switchname} {localhost} {hostname} {host}:{port}%> ")
    );
    assert_eq!(lab.text("colors.prompt"), Some("bold-cyan"));
    assert_eq!(lab.text("log_uuid"), Some("short"));
    assert_eq!(lab.number("log_uuid_length"), Some(13));
    assert_eq!(lab.lines("keys.F3"), ["show channels", "show calls"]);
    // A profile of our own hides that of fs_cli.
    let pbx1 = files.effective(Some("pbx1"), &Section::new()).unwrap();
    assert_eq!(pbx1.profile().config.host(), "pbx1.example.com");
    let ignored: Vec<_> = files.ignored.iter().map(ToString::to_string).collect();
    assert_eq!(ignored, ["/c/fs_cli.conf:16: unknown key \"nonsense\""]);
}

#[limited::test]
fn the_default_is_fs_clis_only_under_its_name() {
    let files = files("", THEIRS);
    assert_eq!(files.default_name(false), None);
    assert_eq!(files.default_name(true), Some("lab"));
    let files = self::files("", "[x]\n[default]\nhost => h\n");
    assert_eq!(files.default_name(false), Some("default"));
}

#[limited::test]
fn the_first_file_that_init_writes_has_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("switchy/config.toml");
    let mut files = Files { own: Some(path.clone().into()), ..Files::default() };
    run(&Action::Init, &files, false, &Section::new()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    files.file = file::read(&path.as_path().into(), &text, &mut files.faults);
    files.first_error().unwrap();
    // Also with every line of it in use.
    let used = text.lines().filter_map(|line| match line.strip_prefix('#') {
        Some(key) => {
            key.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[').then_some(key)
        }
        None => Some(line),
    });
    // One way to a password is enough.
    let used = used.filter(|line| !line.starts_with("password_command"));
    let all = used.collect::<Vec<_>>().join("\n");
    let _file = file::read(&path.as_path().into(), &all, &mut files.faults);
    assert!(all.contains("\nhost = ") && files.faults.is_empty(), "{:?}", files.faults);
    assert!(run(&Action::Init, &files, false, &Section::new()).is_err(), "an existing one stays");
}

/// What a commented line of the first file sets, and whether it says that it is an example.
fn commented(text: &str, name: &str) -> (Data, bool) {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(&format!("#{name} = ")));
    let line = lines.next().unwrap_or_else(|| panic!("no line for {name}"));
    assert_eq!(lines.next(), None, "{name} has two lines");
    let (_, comment) = line.rsplit_once("  # ").expect(line);
    let mut faults = Vec::new();
    let own: Arc<Path> = Path::new("/c/config.toml").into();
    let section = if keys::ALERT.iter().any(|key| key.name == name) {
        let on = if name == "on" { "" } else { "on = 'HEARTBEAT'\n" };
        format!("[alerts.a]\n{on}{name} = {line}\n")
    } else {
        format!("[defaults]\n{name} = {line}\n")
    };
    let file = file::read(&own, &section, &mut faults);
    assert!(faults.is_empty(), "{section}: {faults:?}");
    let found = file.defaults.into_iter().find(|(key, _)| key.rsplit('.').next() == Some(name));
    (found.unwrap().1.data, comment.starts_with("for example"))
}

#[limited::test]
fn each_line_of_the_first_file_is_the_default_or_says_that_it_is_an_example() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let files = Files { own: Some(path.clone().into()), ..Files::default() };
    run(&Action::Init, &files, false, &Section::new()).unwrap();
    let written = fs::read_to_string(&path).unwrap();
    let (text, rest) = written.split_once("#[profile.").unwrap();
    let (_, alerts_text) = rest.split_once("#[alerts.").unwrap();
    let mut defaults = built_in();
    for key in keys::KEYS.iter().filter(|key| key.name != "inherits") {
        let (data, is_example) = commented(text, key.name);
        let default = match key.name {
            "prompt" => Some(Data::Text(Template::standard().to_string())),
            name => defaults.remove(name).map(|value| value.data),
        };
        match default {
            Some(default) => assert!(data == default && !is_example, "{}: {data}", key.name),
            None => assert!(is_example, "{}: {data} is no default", key.name),
        }
    }
    assert!(defaults.is_empty(), "a default without a key: {defaults:?}");
    // What an alert does that says nothing about it.
    let files = self::files("[alerts.a]\non = 'HEARTBEAT'", "");
    let alerts = files.effective(None, &Section::new()).unwrap().alerts();
    let alert = alerts.first().unwrap();
    for key in keys::ALERT {
        let (data, is_example) = commented(alerts_text, key.name);
        let default = match key.name {
            "bell" => Some(Data::Flag(alert.rings)),
            "every" => Some(Data::Span(alert.every)),
            _ => None,
        };
        assert_eq!(
            (Some(&data).filter(|_| !is_example), is_example),
            (default.as_ref(), default.is_none()),
            "{}",
            key.name
        );
    }
    // Outside of comments there are only sections.
    let set = written.lines().filter(|line| !line.starts_with(['#', '[']) && !line.is_empty());
    assert_eq!(set.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[limited::test]
fn names_that_nobody_could_use_are_faults() {
    for (text, expected) in [
        ("profile = 'x'", "1: profile is a section: [profile.NAME] | default = "),
        ("alerts = 'x'", "1: alerts is a section: [alerts.NAME] | "),
        ("[profile.demo]\nhost = 'h'", "1: \"demo\" means something else where"),
        ("[profile.all]\nhost = 'h'", "1: \"all\" means something else where"),
        ("[profile.'a b']\nhost = 'h'", "1: \"a b\": the name of a profile is one word"),
        ("[alias]\nstatus = 'x'", "2: status is a command of the shell | choose another"),
        ("[abbr]\ncalls = 'x'", "2: calls is a command of the shell | choose another"),
        ("[alias]\n'a b' = 'x'", "2: \"a b\": the name of an alias is one word"),
        ("[alias]\n'/x' = 'x'", "2: /x cannot be the name of an alias"),
        (
            "[profile.p]\npassword = 'x'\npassword_command = 'y'",
            "2: password and password_command stand in the same section | remove one",
        ),
    ] {
        let faults = faults(text);
        assert!(faults.len() == 1 && faults.concat().starts_with(expected), "{text}: {faults:?}");
    }
    // They are reported from top to bottom; an alias may stand for a command of the server.
    let faults = faults("[alias]\nsofia = 'x'\nq = 5\n[profile.p]\nhots = 'x'\n[keys]\nF13 = 'x'");
    let lines: Vec<_> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(lines, ["3", "5", "7"], "{faults:?}");
}

#[limited::test]
fn secret_variables_are_names_with_stars() {
    let files = files(
        "[defaults]\nsecret_variables = \"pin\"\n[profile.a]\nsecret_variables = [\"*_token\", \"x\"]\n",
        "",
    );
    files.first_error().unwrap();
    let listed = |name| files.effective(name, &Section::new()).unwrap().lines("secret_variables");
    assert_eq!(listed(None), ["pin"]);
    assert_eq!(listed(Some("a")), ["*_token", "x"]);
    for (value, expected) in [
        ("[\"$pin\"]", "\"$pin\" is not the name of a variable"),
        ("\"a b\"", "\"a b\" is not the name of a variable"),
        ("\"*\"", "\"*\" is not the name of a variable"),
        ("[1]", "only texts in quotes"),
        ("7", "a text in quotes, or a list of them"),
    ] {
        let faults = faults(&format!("[defaults]\nsecret_variables = {value}\n"));
        assert!(faults.len() == 1 && faults[0].contains(expected), "{faults:?}");
    }
}
