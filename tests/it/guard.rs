//! What a profile forbids never reaches the server, whichever path it takes: seen from the server.

use std::io;
use std::sync::{Arc, Mutex};

use switchy::shell::{CommandError, GuardRules, Output, Profile, Settings, Shell};
use switchy::sim::{Config, Sim};

/// What the server was sent.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<u8>>>);

impl io::Write for Book {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Book {
    /// The requests since the last look that name one of these words.
    fn take(&self, words: &[&str]) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(bytes).unwrap();
        let entries = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let asked = entries.filter(|entry: &serde_json::Value| entry["from"] == "client");
        let asked = asked.map(|entry| entry["data"].as_str().unwrap().to_owned());
        asked.filter(|data| words.iter().any(|word| data.contains(word))).collect()
    }
}

/// A shell under a profile, on a switch with a call of another party.
struct Desk {
    shell: Shell,
    book: Book,
    /// Another party's call.
    stranger: String,
    _sim: Sim,
}

impl Desk {
    async fn new(change: impl FnOnce(&mut Profile)) -> Self {
        let sim = Sim::start(Config::new().with_seed(7));
        let port = sim.listen("127.0.0.1:0").await.unwrap().port();
        let config = switchy::conn::Config::new("127.0.0.1").with_port(port);
        let other = Shell::new(Settings::default(), None, false);
        other.connect("pbx", config.clone()).await.unwrap();
        let text = run(&other, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
        let stranger = text.rsplit_once("answered ").unwrap().1.trim().to_owned();
        let mut profile = Profile::new("pbx", config);
        change(&mut profile);
        let mut settings = Settings::default();
        settings.profiles = vec![profile.clone()];
        let shell = Shell::new(settings, None, false);
        shell.open(&profile).await.unwrap();
        let book = Book::default();
        sim.record(book.clone());
        Self { shell, book, stranger, _sim: sim }
    }

    /// Runs each line, with what a path says; none may send one of the words.
    async fn sends_none(&self, lines: &[String], words: &[&str]) {
        for line in lines {
            let said = run(&self.shell, line).await;
            let sent = self.book.take(words);
            assert!(sent.is_empty(), "{line}: {sent:?}, {said:?}");
        }
    }
}

async fn run(shell: &Shell, line: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    shell.run_line(line, Output::new(&mut text)).await.map(|_next| text)
}

/// Paths by which a command reaches the server: `%` is the command, `ID` another party's call.
/// Each says that it is meant.
const PATHS: &[&str] = &[
    "%",
    "/%",
    "@pbx %",
    "@all api --yes %",
    "api --yes %",
    "bgapi --yes %",
    "api --yes bgapi %",
    "api --yes bgapi bgapi bgapi bgapi bgapi bgapi bgapi bgapi bgapi %",
    "api --yes expand %",
    "api --yes expand ${nothing}%",
    "api --yes expand uuid:ID %",
    "api --yes eval ${expand %}",
    "api --yes status;;%",
    "api --yes sched_api +1 none %",
    "api --yes alias add x %",
    "api --yes global_setvar api_on_answer=%",
    "api --yes cond a == a ? % : status",
    "api --yes uuid_setvar ID api_hangup_hook %",
    "api --yes uuid_setvar_multi ID a=b;api_hangup_hook=%",
    "api --yes originate {api_on_answer='%'}user/1000 &park",
    "api --yes uuid_broadcast ID set::api_hangup_hook=%",
    "api --yes uuid_transfer ID 'set:api_hangup_hook=%' inline",
    "api --yes conference 3000 dial {api_on_answer='%'}user/1",
    "originate {api_hangup_hook='%'}user/1000 &park",
    "originate 9196@127.0.0.1:5080 --var 'api_on_answer=%'",
    "originate 9196@127.0.0.1:5080 --var 'nolocal:api_on_answer=%'",
    "originate 9196@127.0.0.1:5080 --var 'execute_on_answer=set api_hangup_hook=%'",
    "with TonePlay originate 9196@127.0.0.1:5080 --var 'api_on_answer=%'",
    "setvar --yes ID api_on_answer %",
    "setvar --yes ID execute_on_answer set api_hangup_hook=%",
    "execute --yes ID set api_hangup_hook=%",
    "execute --yes ID export nolocal:api_hangup_hook=%",
    "execute --yes ID bridge {api_on_answer='%'}user/1000",
    "execute --yes ID transfer 'set:api_on_answer=%' inline",
    "execute --yes ID bind_digit_action r,1,api:%",
    "transfer --yes ID set:api_hangup_hook='%' inline",
    "play --yes ID set::api_hangup_hook=%",
    "bridge --yes ID {api_on_answer='%'}user/1000",
    "  %",
    "@pbx api --yes bgapi %",
    "bgapi --yes bgapi %",
    "api --yes sched_api +1 none '%'",
    "api --yes sched_api +1 none bgapi %&",
    "api --yes expand uuid_setvar ID ${nothing} %",
    "api --yes json {\"command\":\"fsapi\",\"Data\":{\"cmd\":\"%\"}}",
    "api --yes json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"%\",\"cmd\":\"status\"}}",
    "api --yes json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"%\"}} x",
    "api --yes json {\"command\":\"execute\",\"data\":{\"uuid\":\"ID\",\"app\":\"set\",\"arg\":\"api_hangup_hook=%\"}}",
    "api --yes tone_detect ID x 440 r +10 set api_hangup_hook=% 1",
    "api --yes uuid_broadcast ID set!NONE::api_hangup_hook=%",
    "api --yes uuid_dual_transfer ID set:api_hangup_hook='%'/inline park/inline",
    "api --yes luarun ~freeswitch.API():executeString('%')",
    "execute --yes ID lua ~freeswitch.API():executeString('%')",
    "execute --yes ID tone_detect x 440 r +10 set api_hangup_hook=% 1",
    "execute --yes ID set ${nothing}=%",
    "my_alias",
    "let y = api --yes %",
    "$x",
    "source FILE",
    "load-app LUA1",
    "load-app LUA2",
    "load-app LUA3",
    "load-app LUA4",
    "load-app LUA5",
];

/// What Lua files do in `on_load`.
const LUA: &[&str] = &[
    "client:api('%')",
    "pcall(client.bgapi, client, '%')",
    "client:session('ID'):setvar('api_hangup_hook', '%')",
    "client:session('ID'):execute('set', 'api_hangup_hook=%', 1)",
    "client:originate('9196@127.0.0.1:5080', {vars = {api_on_answer = '%'}})",
];

/// The lines that send a command by each path.
async fn lines(desk: &Desk, harm: &str, folder: &std::path::Path) -> Vec<String> {
    let name = harm.split_whitespace().next().unwrap();
    let file = folder.join(format!("{name}.txt"));
    std::fs::write(&file, format!("api --yes {harm}\n")).unwrap();
    run(&desk.shell, &format!("alias my_alias api --yes {harm}")).await.unwrap();
    run(&desk.shell, &format!("let x = '{harm}'")).await.unwrap();
    let mut lines: Vec<String> = PATHS.iter().map(|path| path.replace('%', harm)).collect();
    for (at, code) in LUA.iter().enumerate() {
        let code = code.replace('%', harm).replace("ID", &desk.stranger);
        let path = folder.join(format!("{name}{at}.lua"));
        std::fs::write(
            &path,
            format!("function on_load()\n{code}\nend\nfunction on_park(session) end\n"),
        )
        .unwrap();
        for line in &mut lines {
            *line = line.replace(&format!("LUA{}", at + 1), &path.display().to_string());
        }
    }
    let (file, id) = (file.display().to_string(), &desk.stranger);
    lines.iter().map(|line| line.replace("FILE", &file).replace("ID", id)).collect()
}

#[limited::test]
async fn what_is_denied_reaches_the_server_by_no_path() {
    let deny = ["fsctl", "hupall", "system", "uuid_kill"].map(str::to_owned).to_vec();
    let desk =
        Desk::new(|profile| profile.guard = GuardRules { deny, ..GuardRules::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let kill = format!("uuid_kill {}", desk.stranger);
    let words = ["fsctl", "hupall", "system", "uuid_kill"];
    for harm in ["fsctl shutdown", "hupall NORMAL_CLEARING", "system ls", &kill] {
        let lines = lines(&desk, harm, folder.path()).await;
        desk.sends_none(&lines, &words).await;
    }
    // Verbs and applications by what they send.
    let id = &desk.stranger;
    let others = [
        format!("hangup --yes {id}"),
        format!("hangup {}", id.get(..8).unwrap()),
        "kill where to=9196 --yes".to_owned(),
        "hupall --all --yes".to_owned(),
        format!("execute --yes {id} system ls"),
        format!("execute --yes {id} bind_digit_action r,1,exec:system,ls"),
        format!("transfer --yes {id} system:ls inline"),
        format!("play --yes {id} system::ls"),
        "originate user/1000 &system(ls)".to_owned(),
        "originate user/1000 'set:x=y,system:ls' inline".to_owned(),
        "originate loopback/app=system:ls &park".to_owned(),
    ];
    desk.sends_none(&others, &words).await;
    // Other commands and applications with the effect of one that is denied.
    let others = [
        format!("sched-hangup --yes {id} 1"),
        format!("execute --yes {id} hangup"),
        format!("execute --yes {id} sched_hangup +1"),
        format!("transfer --yes {id} hangup inline"),
        format!("play --yes {id} shell_stream://ls"),
        format!("api --yes sched_hangup +1 {id}"),
        format!("api --yes uuid_broadcast {id} hangup!USER_BUSY::"),
        format!("api --yes uuid_transfer {id} hangup inline"),
        format!("api --yes uuid_displace {id} start shell_stream://ls"),
        format!(
            "api --yes json {{\"command\":\"execute\",\"data\":{{\"uuid\":\"{id}\",\"app\":\"hangup\"}}}}"
        ),
        "api --yes conference 3000 kick all".to_owned(),
        "api --yes sofia profile internal stop".to_owned(),
        "api --yes sofia profile internal 'restart'".to_owned(),
        "api --yes reload mod_sofia".to_owned(),
        "api --yes shutdown".to_owned(),
        "originate {execute_on_answer='sched_hangup +1'}user/1000 &park".to_owned(),
        "bgapi --yes bg_system ls".to_owned(),
    ];
    let words = ["hangup", "kick", "shell_stream", "stop", "restart", "reload", "shutdown", "ls"];
    desk.sends_none(&others, &words).await;
    let calls = run(&desk.shell, "calls").await.unwrap();
    assert!(calls.contains(id.get(..8).unwrap()), "{calls}");
    desk.shell.close().await;
}

#[limited::test]
async fn a_read_only_profile_lets_nothing_pass_that_changes() {
    let desk = Desk::new(|profile| profile.is_read_only = true).await;
    let folder = tempfile::tempdir().unwrap();
    let words =
        ["\nexecute-app-name", "uuid_kill", "originate", "setvar", "reloadxml", "hupall", "sched"];
    let kill = format!("uuid_kill {}", desk.stranger);
    for harm in ["reloadxml", &kill] {
        let mut lines = lines(&desk, harm, folder.path()).await;
        // It only gives the text back.
        lines.retain(|line| !line.contains(" cond "));
        desk.sends_none(&lines, &words).await;
    }
    desk.shell.close().await;
}

/// Without a question and without `--yes`, as in a script.
#[limited::test]
async fn a_lua_file_may_do_what_a_script_may() {
    for is_production in [false, true] {
        let env = is_production.then(|| "prod".to_owned());
        let desk = Desk::new(|profile| profile.env = env).await;
        let folder = tempfile::tempdir().unwrap();
        for harm in ["fsctl shutdown", "hupall NORMAL_CLEARING", "system ls"] {
            let all = lines(&desk, harm, folder.path()).await;
            let files: Vec<String> =
                all.into_iter().filter(|line| line.starts_with("load-app")).collect();
            assert_eq!(files.len(), LUA.len());
            desk.sends_none(&files, &["fsctl", "hupall", "system ls"]).await;
        }
        let kill = format!("uuid_kill {}", desk.stranger);
        let line = &lines(&desk, &kill, folder.path()).await;
        let line = line.iter().find(|line| line.ends_with("uuid_kill0.lua")).unwrap();
        let loaded = run(&desk.shell, line).await;
        assert_eq!(loaded.is_err(), is_production, "{loaded:?}");
        desk.shell.close().await;
    }
}

/// What harms needs a confirmation on every path, and a script cannot give one without `--yes`.
#[limited::test]
async fn what_harms_passes_by_no_path_without_a_yes() {
    for is_production in [false, true] {
        let env = is_production.then(|| "prod".to_owned());
        let desk = Desk::new(|profile| profile.env = env).await;
        let folder = tempfile::tempdir().unwrap();
        // The shell's own hupall of an app that is unloaded has another cause.
        let words = ["fsctl", "hupall USER_BUSY", "system"];
        for harm in ["fsctl shutdown", "hupall USER_BUSY", "system ls"] {
            let mut lines = lines(&desk, harm, folder.path()).await;
            // These say themselves that it is meant.
            lines.retain(|line| line != "my_alias" && !line.starts_with("source"));
            // A bare one is the shell's own command, for its own calls.
            let is_own = |line: &String| {
                let line = line.trim_start().trim_start_matches("@pbx ").trim_start_matches('/');
                line.starts_with("hupall") || line == "$x"
            };
            lines.retain(|line| !is_own(line));
            let lines: Vec<String> = lines.iter().map(|line| line.replace("--yes ", "")).collect();
            assert!(lines.iter().all(|line| !line.contains("--yes")));
            desk.sends_none(&lines, &words).await;
        }
        let id = &desk.stranger;
        let others = [
            format!("execute {id} system ls"),
            format!("execute {id} bgsystem ls"),
            format!("execute {id} playback ${{system(ls)}}"),
            format!("transfer {id} system:ls inline"),
            format!("transfer {id} 'sys\"te\"m:ls' inline"),
            format!("play {id} system::ls"),
            format!("play {id} 'system!NONE::ls'"),
            format!("setvar {id} execute_on_answer system ls"),
            format!("bridge {id} loopback/app=system:ls"),
            format!("bridge {id} {{execute_on_answer='system ls'}}user/1000"),
            "originate user/1000 &system(ls)".to_owned(),
            "originate user/1000 'set:x=y,system:ls' inline".to_owned(),
            "originate loopback/app=system:ls &park".to_owned(),
            "with TonePlay originate 9196@127.0.0.1:5080 --var execute_on_answer=system".to_owned(),
            "api originate user/1000 &playback(${system(ls)})".to_owned(),
            "expand fsctl ${what}".to_owned(),
            "api fsctl 'shutdown'".to_owned(),
            "fsctl hupall NORMAL_CLEARING".to_owned(),
        ];
        desk.sends_none(&others, &words).await;
        desk.shell.close().await;
    }
}
