//! A session with each way to give a password leaves it nowhere: not in files, not in what is
//! written, not in what its children see.
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use switchy::conn::Config;
use switchy::shell::{Profile, Settings};
use switchy::sim;

use crate::support::program::program_in;
use crate::switch::Switch;

/// What must not be found anywhere.
pub(crate) const SECRET: &str = "Xq7-hunter2-Zw9";

/// A line that shows what a child of the shell can see of itself and of its arguments.
pub(crate) const LOOK: &str = "! tr '\\0' '\\n' < /proc/self/environ > child-env; tr '\\0' '\\n' < /proc/self/cmdline > child-line";

/// One way: options, what stands in the environment, and files that hold the password.
struct Way {
    name: &'static str,
    program: &'static str,
    args: Vec<String>,
    variable: Option<&'static str>,
    files: Vec<(&'static str, String)>,
    code: i32,
}

fn ways(port: u16) -> Vec<Way> {
    let place = ["-H", "127.0.0.1", "-P", &port.to_string()].map(str::to_owned).to_vec();
    let with = |more: &[&str]| {
        let more = more.iter().map(|arg| (*arg).to_owned());
        place.iter().cloned().chain(more).collect::<Vec<_>>()
    };
    let profile = |line: &str| {
        format!(
            "[profile.pbx1]\nhost = \"127.0.0.1\"\nport = {port}\n{line}\n[alias]\ngo = \"connect $1 -p $2\"\n"
        )
    };
    let config = ".config/switchy/config.toml";
    let pbx1 = vec!["pbx1".to_owned()];
    // The command shows what it sees of us, and logs what it likes.
    let command = "tr '\\\\0' '\\\\n' < /proc/self/environ > command-env; cat pw";
    let way = |name, program, args, variable, files| Way {
        name,
        program,
        args,
        variable,
        files,
        code: 0,
    };
    let mut ways = vec![
        way("environment", "switchy", with(&[]), Some(SECRET), vec![]),
        way("-p", "switchy", with(&["-p", SECRET]), None, vec![]),
        way("--password", "switchy", with(&[&format!("--password={SECRET}")]), None, vec![]),
        way(
            "file",
            "switchy",
            pbx1.clone(),
            None,
            vec![(config, profile(&format!("password = \"{SECRET}\"")))],
        ),
        way(
            "password_command",
            "switchy",
            pbx1.clone(),
            None,
            vec![
                (config, profile(&format!("password_command = \"{command}\""))),
                ("pw", format!("{SECRET}\n")),
            ],
        ),
        way(
            "fs_cli.conf",
            "fs_cli",
            pbx1,
            None,
            vec![(
                ".fs_cli_conf",
                format!("[pbx1]\nhost => 127.0.0.1\nport => {port}\npassword => {SECRET}\n"),
            )],
        ),
    ];
    // A user and a password do not belong into a target: ssh would show it to everybody.
    for target in
        [format!("ops:{SECRET}@127.0.0.1:{port}"), format!("ssh://ops:{SECRET}@127.0.0.1")]
    {
        let code = 2;
        ways.push(Way { code, ..way("URL", "switchy", vec![target], None, vec![]) });
    }
    ways
}

fn run(home: &Path, way: &Way, more: &[&str]) -> Output {
    let program = home.join(way.program);
    if !program.exists() {
        symlink(env!("CARGO_BIN_EXE_switchy"), &program).unwrap();
    }
    let mut command = program_in("timeout", home);
    command.arg("60").arg(program).args(&way.args).args(more).current_dir(home);
    if let Some(password) = way.variable {
        command.env("SWITCHY_PASSWORD", password);
    }
    command.stdin(Stdio::null()).output().unwrap()
}

/// The files below a folder that hold the secret, but for those that were given.
pub(crate) fn leaks(folder: &Path, given: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() || given.contains(&path) {
            continue;
        }
        if path.is_dir() {
            found.extend(leaks(&path, given));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(SECRET) {
            found.push(path);
        }
    }
    found
}

#[limited::test]
fn no_way_to_give_a_password_leaves_it_anywhere() {
    let switch = Switch::with(sim::Config::new().with_seed(7).with_password(SECRET));
    for way in ways(switch.port()) {
        let home = tempfile::tempdir().unwrap();
        let mut given = Vec::new();
        for (name, text) in &way.files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            given.push(path);
        }
        // The script itself is given, too.
        let script = home.path().join("script");
        let port = switch.port();
        fs::write(
            &script,
            format!(
                "status\n/calls\nconnect 127.0.0.1:{port} -p {SECRET}\n@127.0.0.1 /calls\n\
                 originate {{sip_auth_password={SECRET}}}loopback/9196 &park\n/calls\n\
                 status | cat > answer\n{LOOK}\n\
                 connect 127.0.0.1:{port} -p not-{SECRET}\n"
            ),
        )
        .unwrap();
        given.push(script);
        let args = ["-d", "7", "--transcript", "t.jsonl", "--echo", "--keep-going", "-f", "script"];
        let output = run(home.path(), &way, &args);
        let said = [&output.stdout[..], &output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!said.contains(SECRET), "{}: {said}", way.name);
        let leaked = leaks(home.path(), &given);
        assert!(leaked.is_empty(), "{}: {leaked:?} {said}", way.name);
        if way.code == 0 {
            // The last line fails.
            assert_ne!(output.status.code(), Some(0), "{}: {said}", way.name);
            assert!(home.path().join("child-env").exists(), "{}: {said}", way.name);
            let text = fs::read_to_string(home.path().join("t.jsonl")).unwrap();
            assert!(text.contains("\"kind\":\"reply\""), "{}: {text}", way.name);
        } else {
            assert_eq!(output.status.code(), Some(way.code), "{}: {said}", way.name);
        }
        if way.name == "password_command" {
            assert!(home.path().join("command-env").exists(), "{said}");
        }
        // What is configured is shown without it.
        let shown = run(home.path(), &Way { args: vec![], ..way }, &["config", "show"]);
        assert!(!String::from_utf8_lossy(&shown.stdout).contains(SECRET));
    }
}

#[limited::test]
fn what_a_panic_could_print_holds_no_password() {
    let config = Config::new("pbx1").with_password(SECRET).with_user("a@b");
    let profile = Profile::new("pbx1", config.clone());
    let mut settings = Settings::default();
    settings.login = config.clone();
    settings.profiles.push(profile.clone());
    let auth = switchy::wire::Command::auth(SECRET).unwrap();
    let user = switchy::wire::Command::userauth("a@b", SECRET).unwrap();
    for text in [
        format!("{config:?}"),
        format!("{profile:?}"),
        format!("{settings:?}"),
        format!("{auth:?}{user:?} {} {}", auth.shown(), user.shown()),
        format!("{:?}", switchy::Client::with_config(config.clone())),
        format!("{:?}", switchy::EventListener::with_config(config)),
    ] {
        assert!(!text.contains(SECRET), "{text}");
    }
}

/// The value of a variable that the settings list is in no file, whatever shows it.
#[limited::test]
fn the_value_of_a_listed_variable_is_kept_nowhere() {
    let switch = Switch::with(sim::Config::new().with_seed(7));
    let home = tempfile::tempdir().unwrap();
    let (port, script) = (switch.port(), home.path().join("script"));
    let config = home.path().join(".config/switchy/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let text = format!(
        "[profile.pbx1]\nhost = \"127.0.0.1\"\nport = {port}\nsecret_variables = [\"pi*\"]\n\
         [alias]\nsp = \"setvar last $1 $2\"\ngp = \"getvar last pin\"\n"
    );
    fs::write(&config, text).unwrap();
    let plan = format!("'sleep:600,set:pin={SECRET},export:nolocal:pin={SECRET},park'");
    fs::write(
        &script,
        format!(
            "originate --wait 10 {{pin={SECRET}}}loopback/9196 {plan} inline\n\
             trace last --for 2 --log debug --save trace.txt\n\
             setvar last pin {SECRET}\nsp pin {SECRET}2\nsetvar last pin x\n\
             setvar last pin {SECRET} -o json\ngetvar last pin\ndump last\n\
             dump last -o csv\ndump last -o jsonl\ndump last -o vertical\ndump last -o json\n\
             api uuid_dump $(x)\napi uuid_setvar_multi x pin={SECRET};a=b\n\
             execute last set pin={SECRET}\nexecute last set PIN={SECRET}\n\
             calls --columns uuid,variable_pin\napi global_setvar pin={SECRET}\n\
             api global_getvar\neval ${{pin}}\nlet a = $(getvar last pin)\nlet a\nlet\n\
             alias y setvar last pin {SECRET}\nalias\nbgapi global_setvar pin={SECRET}\n\
             bgapi eval ${{pin}}\n! echo --pin {SECRET} >> /dev/null\nsleep 0.3\n\
             setvar last pin {SECRET}3\ngp\nsource more\nhangup last\n"
        ),
    )
    .unwrap();
    fs::write(home.path().join("more"), "getvar last pin\ngp\ngetvar last pin\n").unwrap();
    let way = Way {
        name: "listed",
        program: "switchy",
        args: vec!["pbx1".to_owned()],
        variable: None,
        files: vec![],
        code: 0,
    };
    let args = ["--transcript", "t.jsonl", "--echo", "--keep-going", "-f", "script"];
    let output = run(home.path(), &way, &args);
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    // It is in the answers, and in what they were written to only masked.
    assert!(said.contains(SECRET), "{:?} {said}", output.status);
    let trace = fs::read_to_string(home.path().join("trace.txt")).unwrap();
    assert!(trace.contains("set pin=***") && trace.contains("variable_pin: ***"), "{trace}");
    let text = fs::read_to_string(home.path().join("t.jsonl")).unwrap();
    let leaking: Vec<&str> = text.lines().filter(|line| line.contains(SECRET)).collect();
    assert!(leaking.is_empty(), "{leaking:#?}");
    assert_eq!(leaks(home.path(), &[script]), [] as [PathBuf; 0]);
}
