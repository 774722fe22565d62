//! Apps in Lua files, on the simulated switch. They run in threads of their own, so in real time.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use switchy::Client;
use switchy::EventListener;
use switchy::apps::LuaApp;
use switchy::apps::lua::{Allow, LuaError, Options};
use switchy::client::{Error, LoadAs, Originate};
use switchy::listener::JobError;
use switchy::model::{CallInfo, Direction, HangupCause, Id, Phase};
use switchy::sim::Sim;
use tempfile::TempDir;

use crate::support::{LONG, is_alone, pair, sim, until, until_so};

/// A script in a folder of its own.
struct Script {
    folder: TempDir,
    path: PathBuf,
}

impl Script {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.lua");
        std::fs::write(&path, text).unwrap();
        Self { folder, path }
    }

    async fn open(&self) -> Result<LuaApp, LuaError> {
        let folder = self.folder.path().display().to_string();
        let args = [("folder".to_owned(), folder)];
        LuaApp::open(&self.path, Options::new().with_args(args)).await
    }
}

/// A switch, a client, and a script that is loaded there.
async fn loaded(text: &str) -> (Sim, Client, EventListener, Script) {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let script = Script::new(text);
    client.load_app(script.open().await.unwrap()).await.unwrap();
    (sim, client, listener, script)
}

fn park() -> Originate {
    Originate::to("park@127.0.0.1:5090").with_app("app")
}

/// The end of a call.
async fn ended(listener: &EventListener, id: &str) -> CallInfo {
    let find =
        || listener.with(|tracker| tracker.ended().find(|call| call.id.as_str() == id).cloned());
    until_so(LONG, "the end of the call", find).await
}

async fn called(client: &Client, call: &Originate) -> String {
    let job = client.originate(call).await.unwrap();
    job.get(LONG).await.unwrap();
    job.sess_uuid().unwrap().to_string()
}

fn cause(call: &CallInfo) -> &str {
    call.sessions[0].cause.as_ref().map_or("", HangupCause::name)
}

fn notes(client: &Client, name: &str) -> String {
    let app = client.app("app").unwrap();
    let found = app.parts()[0].notes().into_iter().find(|(known, _)| *known == name);
    found.unwrap().1
}

/// What a script that writes with `setvar` has written on the first leg.
async fn variable(client: &Client, leg: &str, name: &str) -> Option<String> {
    client.session(&Id::new(leg))?.getvar(name).await.ok()?
}

#[limited::test]
async fn s53_verbs_are_straight_code_that_waits_for_its_events() {
    let text = r#"
        function on_park(session, event, call)
            if session.direction == "outbound" then return end
            assert(event.name == "CHANNEL_PARK" and event["Unique-ID"] == session.uuid)
            assert(not session.answered)
            session:answer()
            assert(session.answered and session.state == "answered")
            local before = now()
            assert(session:play("tone_stream://%(300,0,440)") == "FILE PLAYED")
            assert(now() - before > 0.25, "it did not wait")
            session:setvar("lua_one", "eins")
            assert(session:getvar("lua_one") == "eins")
            assert(session:getvar("lua_none") == nil)
            call.vars.count, session.vars.mine = (call.vars.count or 0) + 1, true
            assert(session:execute("sleep", "50") == nil)
            local ok, err = pcall(session.play, session, "local_stream://moh")
            assert(not ok and tostring(err):find("NOT FOUND"), tostring(err))
            assert(not is_gone(err))
            assert(client:api("eval 1") == "1" and client.host == "vm-host")
            assert(#call:sessions() == 2)
            local peer = call:peer(session)
            assert(peer.direction == "outbound" and peer.uuid ~= session.uuid)
            peer:setvar("lua_done", "yes")
            session:sleep(0.05)
            session:hangup("USER_BUSY")
            assert(session.gone and call.vars.count == 2)
            local ok, err = pcall(session.answer, session)
            assert(not ok and is_gone(err))
            call.vars.count = 3
        end
        function on_answer(session, event, call)
            if session.direction == "inbound" then call.vars.count = (call.vars.count or 0) + 1 end
        end
    "#;
    let text = text.replace("session:sleep(0.05)", "session:sleep(0.5)");
    let (_sim, client, listener, _script) = loaded(&text).await;
    let id = called(&client, &park()).await;
    let said = until(LONG, "lua_done", async || variable(&client, &id, "lua_done").await).await;
    assert_eq!(said, "yes");
    let call = ended(&listener, &id).await;
    until(LONG, "the handler ends", async || notes(&client, "running") == "0").await;
    assert_eq!(notes(&client, "last failure"), "");
    assert_eq!(cause(&call), "USER_BUSY");
}

#[limited::test]
async fn digits_are_read_with_a_prompt_ahead_of_it_and_with_a_terminator() {
    let text = r#"
        function on_park(session)
            if session.direction == "outbound" then return end
            session:answer()
            local all = {}
            for _, ask in ipairs {
                { max = 4, timeout = 20, play = "tone_stream://%(20000,0,440)" },
                { max = 9, timeout = 20, terminators = '#' },
                { max = 2, timeout = 0.05 },
                { max = 3, timeout = 20, interdigit = 0.2 },
            } do
                session:setvar("asked", tostring(#all + 1))
                local digits, why = session:digits(ask)
                all[#all + 1] = digits .. ":" .. why
            end
            session:setvar("all", table.concat(all, " "))
            session:sleep(30)
        end
    "#;
    let (_sim, client, listener, _script) = loaded(text).await;
    let id = called(&client, &park()).await;
    let leg = {
        until(LONG, "two legs", async || {
            listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() == 2)
        })
        .await;
        client.call(&Id::new(&id)).unwrap().sessions()[1].clone()
    };
    let asked = async |number: &str| {
        let asked = async || leg.getvar("asked").await.unwrap().as_deref() == Some(number);
        until(LONG, &format!("question {number}"), asked).await;
    };
    asked("1").await;
    // Four of them are for the first question, the others for the next one.
    leg.recv_dtmf("1234567#", Duration::ZERO).await.unwrap();
    asked("4").await;
    leg.recv_dtmf("89", Duration::ZERO).await.unwrap();
    let all = until(LONG, "all answers", async || {
        leg.getvar("all").await.unwrap().ok_or_else(|| notes(&client, "last failure"))
    });
    assert_eq!(all.await, "1234:max 567:terminator :timeout 89:timeout");
    client.hupall(Some("app"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    // It sleeps half a minute, but not without its caller.
    until(LONG, "the handler ends", async || notes(&client, "running") == "0").await;
    assert_eq!(notes(&client, "last failure"), "");
}

#[limited::test]
async fn timers_calls_of_its_own_and_events_by_name() {
    let text = r#"
        local seen = {}
        on("mod_x::thing", function(session, event) seen[#seen + 1] = event.kind end)
        on("CHANNEL_BRIDGE", function() end)
        function on_load()
            after(0.01, function(word) seen[#seen + 1] = word end, "after")
            local timer = after(0.01, function() error("cancelled") end)
            timer:cancel()
            local ticks = 0
            local clock
            clock = every(0.01, function()
                ticks = ticks + 1
                if ticks == 3 then
                    seen[#seen + 1] = "every"
                    clock:cancel()
                end
            end)
        end
        function on_park(session)
            if session.direction == "outbound" then return end
            session:answer()
            local other, why = client:originate("error/USER_BUSY &park")
            assert(other == nil and why == "USER_BUSY", why)
            other = assert(client:originate("9196@127.0.0.1:5080", { vars = { mine = "yes" } }))
            assert(other.answered and other:getvar("mine") == "yes")
            other:hangup()
            assert(other.gone)
            assert(client:bgapi("eval 2") == "2")
            table.sort(seen)
            session:setvar("seen", table.concat(seen, " "))
            -- It belongs to this call and ends with it.
            every(0.01, function() session:getvar("seen") end)
            after(60, function() error("too late") end)
            spawn(function() session:sleep(60) end)
        end
    "#;
    let (sim, client, listener, _script) = loaded(text).await;
    let id = called(&client, &park()).await;
    until(LONG, "two legs", async || {
        listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() >= 2)
    })
    .await;
    let leg = client.call(&Id::new(&id)).unwrap().sessions()[1].clone();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let thing =
        vec![header("Event-Subclass", "mod_x::thing"), header("Unique-ID", leg.id().as_str())];
    sim.fire([header("Event-Name", "CUSTOM")].into_iter().chain(thing).collect(), None);
    let seen = until(LONG, "what was seen", async || {
        leg.getvar("seen").await.unwrap().ok_or_else(|| notes(&client, "last failure"))
    });
    assert_eq!(seen.await, "after every mod_x::thing");
    assert_eq!(notes(&client, "last failure"), "");
    client.call(&Id::new(&id)).unwrap().hangup().await.unwrap();
    until(LONG, "everything ends", async || notes(&client, "running") == "0").await;
    assert_eq!(notes(&client, "last failure"), "");
}

/// What is loaded and listened to, before and after.
fn state(client: &Client, listener: &EventListener) -> String {
    let (apps, callbacks) = (client.loaded_apps(), client.callbacks());
    format!("{apps:?}\n{callbacks:?}\n{:?}", listener.subscriptions())
}

#[limited::test]
async fn a_broken_file_leaves_nothing_behind_and_says_what_and_where() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let before = state(&client, &listener);
    for (text, said) in [
        ("function on_park(session)\n  session:answer(\nend", "app.lua:3:"),
        (
            "x = 1\nlocal y = nil + 1\nfunction on_park() end",
            "app.lua:2: attempt to perform arithmetic",
        ),
        ("function on_prak() end", "on_prak"),
        ("on('CHANNEL_PRAK', function() end)", "app.lua:1: there is no event \"CHANNEL_PRAK\""),
        ("local x = 1", "defines no function"),
        ("client:api('status')\nfunction on_park() end", "app.lua:1: there is no client"),
        ("error('not today')", "app.lua:1: not today"),
        ("while true do end", "app.lua:1: stopped: too many instructions"),
    ] {
        let err = Script::new(text).open().await.unwrap_err();
        assert!(err.to_string().contains(said), "{text}: {err}");
    }
    // It is read well, and its set-up fails.
    for (text, said) in [
        (
            "function on_load()\n  error('no database')\nend\nfunction on_dtmf() end",
            "app.lua:2: no database",
        ),
        (
            "function on_load() client:api('nonsense') end\nfunction on_dtmf() end",
            "app.lua:1: nonsense: -ERR",
        ),
        (
            "on('PLAYBACK_START', print)\nfunction on_load() while true do end end",
            "app.lua:2: stopped",
        ),
    ] {
        let app = Script::new(text).open().await.unwrap();
        let Err(Error::AppSetup { reason, .. }) = client.load_app(app).await else {
            panic!("{text}")
        };
        assert!(reason.to_string().starts_with(said), "{text}: {reason}");
        assert_eq!(state(&client, &listener), before, "{text}");
    }
    // A server that refuses its subscriptions.
    let app = Script::new("on('mod_x::y', print)").open().await.unwrap();
    sim.inject(switchy::sim::Fault::Deny { command_prefix: "event".to_owned() });
    assert!(client.load_app(app).await.is_err());
    assert_eq!(state(&client, &listener), before);
    let missing = LuaApp::open(Path::new("no/such/file.lua"), Options::default()).await;
    assert!(matches!(missing, Err(LuaError::Read { .. })));
}

#[limited::test]
async fn a_file_may_begin_as_editors_and_shells_like_it() {
    for head in ["\u{feff}", "#!/usr/bin/env lua\n", "\u{feff}#!/usr/bin/env lua\r\n"] {
        let app = Script::new(&format!("{head}function on_park() end\r\n")).open().await;
        assert!(app.is_ok(), "{head:?}: {:?}", app.err());
        let err = Script::new(&format!("{head}\nfunction (")).open().await.unwrap_err();
        let line = 2 + head.matches('\n').count();
        assert!(err.to_string().contains(&format!("app.lua:{line}:")), "{head:?}: {err}");
    }
    assert!(Script::new("#!/usr/bin/env lua").open().await.is_err());
}

#[limited::test]
async fn every_failure_names_file_and_line() {
    let text = r#"
        function on_park(session)
            if session.direction == "outbound" then return end
            local bad = { text = function() error("why", 0) end, table = function() error({}) end,
                none = function() error() end, memory = function() ("x"):rep(1 << 30) end }
            bad[session.destination]()
        end
    "#;
    for name in ["text", "table", "none", "memory"] {
        let (_sim, client, _listener, _script) = loaded(text).await;
        let call = Originate::to(&format!("{name}@127.0.0.1:5090")).with_app("app");
        let _job = client.originate(&call).await.unwrap();
        until(LONG, name, async || notes(&client, "failures") == "1").await;
        let said = notes(&client, "last failure");
        assert!(said.starts_with("app.lua:"), "{name}: {said}");
    }
}

#[limited::test]
async fn a_script_has_coroutines_of_its_own() {
    let text = r#"
        local function each(n)
            return coroutine.wrap(function()
                for i = 1, n do
                    -- Longer than a handler runs without letting others have a turn.
                    local sum = 0
                    for j = 1, 300000 do sum = sum + j end
                    if i == 2 then sleep(0.01) end
                    coroutine.yield(i)
                end
            end)
        end
        function on_park(session)
            if session.direction == "outbound" then return end
            local got = {}
            for i in each(3) do got[#got + 1] = i end
            -- Verbs in one, a yield without values, an error, and both of its ends.
            local co = coroutine.create(function(a)
                session:answer()
                local b = coroutine.yield()
                session:setvar("inside", a .. b)
                error("enough", 0)
            end)
            got[#got + 1] = tostring(coroutine.resume(co, "x"))
            got[#got + 1] = coroutine.status(co)
            local ok, text = coroutine.resume(co, "y")
            got[#got + 1] = tostring(ok) .. text
            got[#got + 1] = tostring(coroutine.resume(co)) .. coroutine.status(co)
            got[#got + 1] = select('#', coroutine.wrap(function() return 1, nil, nil end)())
            session:setvar("got", table.concat(got, " "))
        end
    "#;
    let (_sim, client, listener, _script) = loaded(text).await;
    let id = called(&client, &park().with_timeout(Duration::from_secs(60))).await;
    let call = listener.call(&Id::new(&id)).unwrap();
    let callee = call.sessions.iter().find(|leg| leg.direction == Direction::Inbound).unwrap();
    let got = async || variable(&client, callee.id.as_str(), "got").await;
    let got = until(LONG, "what the thread got", got).await;
    assert_eq!(got, "1 2 3 true suspended falseenough falsedead 3");
    assert_eq!(variable(&client, callee.id.as_str(), "inside").await.as_deref(), Some("xy"));
}

#[limited::test]
async fn a_hostile_file_harms_neither_other_calls_nor_its_own_next_ones() {
    // Where the machine is busy one of its threads may be given up, and `apps` lists it then.
    if !is_alone() {
        return;
    }
    let text = r#"
        local evil = {}
        function evil.loop() while true do end end
        function evil.caught() while true do pcall(function() while true do end end) end end
        function evil.xcaught() while true do xpcall(evil.loop, function() evil.loop() end) end end
        function evil.compile() while true do load("while true do end") end end
        function evil.sorted() table.sort({ 3, 2, 1 }, function() while true do end end) end
        function evil.replaced() string.gsub("aaa", "a", evil.loop) end
        function evil.coroutine() coroutine.wrap(evil.loop)() end
        function evil.resumed() while true do coroutine.resume(coroutine.create(evil.loop)) end end
        function evil.text() local s = string.rep("x", 1 << 30) end
        function evil.table() local t = {} while true do t[#t + 1] = ("x"):rep(1000) end end
        function evil.short() while true do coroutine.wrap(function() for i = 1, 900 do end end)() end end
        function evil.moved() table.move({}, 1, 1 << 62, 2) end
        function evil.inserted() table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 1) end
        function evil.removed() table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1) end
        function evil.busy() while true do ("x"):rep(1 << 20) end end
        function evil.deep() local function f(n) return 1 + f(n + 1) end f(1) end
        function evil.meta() local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x end
        function evil.finalizer() setmetatable({}, { __gc = function() while true do end end }) end
        function evil.os() os.execute("true") end
        function evil.io() io.open("/etc/passwd") end
        function evil.required() require("os") end
        function evil.debug() debug.getregistry() end
        function evil.bytecode() assert(load("\27Lua"))() end
        function evil.spawns() while true do spawn(function() sleep(1000) end) end end
        function evil.logs() while true do log.debug("x") end end
        function on_park(session)
            if session.direction == "outbound" then return end
            local name = session.destination
            if evil[name] then evil[name]() end
            session:answer()
            session:setvar("survived", name)
        end
    "#;
    let (sim, client, _listener, _script) = loaded(text).await;
    // Somebody else's app on the same switch, and its reactions meanwhile.
    let (other, _) = pair(&sim).await;
    other.load_app(switchy::apps::TonePlay).await.unwrap();
    let names: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("function evil.")?.split('(').next())
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 15);
    for (count, name) in (1..).zip(&names) {
        let call = Originate::to(&format!("{name}@127.0.0.1:5090"))
            .with_app("app")
            .with_timeout(Duration::from_secs(60));
        let job = client.originate(&call).await.unwrap();
        until(LONG, name, async || {
            let failures = notes(&client, "failures").parse::<usize>().unwrap();
            (failures >= count)
                .then_some(())
                .ok_or_else(|| (count, client.app("app").unwrap().parts()[0].notes()))
        })
        .await;
        let good = Originate::to("park@127.0.0.1:5090").with_app("TonePlay");
        let id = called(&other, &good).await;
        other.call(&Id::new(&id)).unwrap().hangup().await.unwrap();
        client.hupall(Some("app"), &HangupCause::NORMAL_CLEARING).await.unwrap();
        assert!(job.get(LONG).await.is_err(), "{name} survived");
    }
    // The next call of the hostile app itself is served.
    until(LONG, "it rests", async || notes(&client, "running") == "0").await;
    called(&client, &Originate::to("good@127.0.0.1:5090").with_app("app")).await;
    let memory: u64 = notes(&client, "memory").trim_end_matches(" KiB").parse().unwrap();
    assert!(memory < 64 << 10, "{memory}");
}

#[limited::test]
async fn a_thread_that_does_not_come_back_is_given_up_and_told_of() {
    // The thread stays, and `apps` lists it wherever it is asked for in this process.
    if !is_alone() {
        return;
    }
    // A pattern that takes ages: no limit of instructions holds inside of it.
    let text = r#"
        function on_park(session)
            local bomb = ("a"):rep(200)
            if session.direction == "inbound" then bomb:find(("a-"):rep(40) .. "b") end
        end
    "#;
    let (_sim, client, listener, _script) = loaded(text).await;
    let job = client.originate(&park()).await.unwrap();
    until(LONG, "two legs", async || listener.count_sessions() == 2).await;
    let start = Instant::now();
    until(LONG, "a thread that is stuck", async || {
        client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
        let notes = client.app("app").unwrap().parts()[0].notes();
        notes.iter().any(|(_, value)| value == "stuck")
    })
    .await;
    assert!(start.elapsed() > Duration::from_secs(3));
    assert!(job.get(LONG).await.is_err());
    // It can be taken away, and leaves nothing.
    assert!(client.unload_app("app").await.is_err());
    assert!(client.loaded_apps().is_empty() && client.callbacks().is_empty());
}

/// Each takes a processor: there is a cap for all of them, whatever the files are called.
#[limited::test(threads)]
async fn no_more_files_are_loaded_while_many_that_were_given_up_run() {
    if !is_alone() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let slow = r#"string.find(string.rep("a", 30000) .. "b", ".-.-.-.-.-.-c")"#;
    let slow: Vec<_> = (0..3).map(|n| file(&format!("slow{n}.lua"), slow)).collect();
    let good = file("good.lua", "function on_park(session) end");
    let open = async |path: &Path| LuaApp::open(path, Options::default()).await;
    let (one, two, three) = tokio::join!(open(&slow[0]), open(&slow[1]), open(&slow[2]));
    for opened in [one, two, three] {
        assert!(matches!(opened, Err(LuaError::TooLong { .. })), "{opened:?}");
    }
    // Also by another path to the same file.
    let link = folder.path().join("link.lua");
    std::os::unix::fs::symlink(&slow[0], &link).unwrap();
    for path in [&slow[0], &link, &folder.path().join("../").join(folder.path()).join("slow0.lua")]
    {
        let opened = open(path).await;
        assert!(matches!(opened, Err(LuaError::GivenUp { .. })), "{opened:?}");
    }
    let err = open(&good).await.unwrap_err();
    assert!(matches!(err, LuaError::TooManyGivenUp { count: 3, .. }), "{err:?}");
    assert!(err.to_string().contains("\"exit\" ends them"), "{err}");
    assert_eq!(switchy::apps::lua::given_up().len(), 3);
}

#[limited::test]
async fn libraries_are_there_for_whom_they_are_allowed() {
    let script = Script::new(
        "function on_park() end\nlocal file = io.open(args.folder .. '/x', 'w')\nfile:write(os.time())\nfile:close()",
    );
    assert!(script.open().await.is_err());
    let folder = script.folder.path().display().to_string();
    let options = Options::new()
        .with_args([("folder".to_owned(), folder)])
        .with_allowed(Allow::Io)
        .with_allowed(Allow::Os);
    LuaApp::open(&script.path, options).await.unwrap();
    assert!(script.folder.path().join("x").is_file());
    assert_eq!(Allow::named("debug"), None);
}

#[limited::test]
async fn a_reload_keeps_calls_and_lets_what_runs_end_in_the_old_code() {
    let old = r#"
        function on_park(session)
            if session.direction == "outbound" then return end
            session:answer()
            session:setvar("code", "old")
            session:setvar("got", (session:digits { max = 2, timeout = 30 }))
        end
        function on_dtmf(session, event) end
        function on_hold(session) session:setvar("held_by", "old") end
    "#;
    let (_sim, client, listener, script) = loaded(old).await;
    let id = called(&client, &park()).await;
    until(LONG, "two legs", async || {
        listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() == 2)
    })
    .await;
    let leg = client.call(&Id::new(&id)).unwrap().sessions()[1].clone();
    until(LONG, "the code's mark", async || leg.getvar("code").await.unwrap()).await;
    let app = client.app("app").unwrap();
    let before = state(&client, &listener);
    // One that is broken changes nothing.
    std::fs::write(&script.path, "function on_park( end").unwrap();
    assert!(app.instance::<LuaApp>().unwrap().reopen().await.is_err());
    std::fs::write(&script.path, "function on_park() end function on_load() error('x') end")
        .unwrap();
    let bad = app.instance::<LuaApp>().unwrap().reopen().await.unwrap();
    assert!(client.reload_app("app", vec![std::sync::Arc::new(bad)]).await.is_err());
    assert_eq!(state(&client, &listener), before);
    let new = old.replace("\"old\"", "\"new\"");
    std::fs::write(&script.path, new).unwrap();
    let good = app.instance::<LuaApp>().unwrap().reopen().await.unwrap();
    let reloaded = client.reload_app("app", vec![std::sync::Arc::new(good)]).await.unwrap();
    assert_eq!(&reloaded, app.id());
    // The handler that waits for digits gets them; the next event is the new code's.
    leg.recv_dtmf("42", Duration::ZERO).await.unwrap();
    leg.hold().await.unwrap();
    let got = until(LONG, "the digits", async || leg.getvar("got").await.unwrap()).await;
    let held = until(LONG, "the hold", async || leg.getvar("held_by").await.unwrap()).await;
    assert_eq!((got.as_str(), held.as_str()), ("42", "new"));
    client.hupall(Some("app"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    client.unload_app("app").await.unwrap();
    assert!(client.callbacks().is_empty());
}

/// An example of the guide, by its file name.
async fn example(name: &str, args: &[(&str, &str)]) -> (Sim, Client, EventListener) {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let app = LuaApp::open(&path, Options::new().with_args(args)).await.unwrap();
    let options = LoadAs::new().with_name("app");
    client.load_apps(vec![std::sync::Arc::new(app)], &options).await.unwrap();
    (sim, client, listener)
}

#[limited::test]
async fn the_guides_ivr_reads_digits_and_connects() {
    let (_sim, client, listener) =
        example("ivr.lua", &[("menu", "tone_stream://%(100,0,440)")]).await;
    let id = called(&client, &park()).await;
    until(LONG, "two legs", async || {
        listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() == 2)
    })
    .await;
    let callee = client.call(&Id::new(&id)).unwrap().sessions()[1].clone();
    callee.recv_dtmf("1", Duration::ZERO).await.unwrap();
    until(LONG, "an echo", async || {
        let call = listener.call(&Id::new(&id));
        call.is_some_and(|call| call.sessions.iter().any(|leg| &*leg.application == "echo"))
    })
    .await;
    client.hupall(Some("app"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    ended(&listener, &id).await;
    // Without a digit it gives up.
    let id = called(&client, &park()).await;
    let call = ended(&listener, &id).await;
    assert_eq!(call.sessions[1].cause.as_ref().unwrap().name(), "NO_USER_RESPONSE");
    assert_eq!(notes(&client, "last failure"), "");
}

#[limited::test]
async fn the_guides_forwarder_goes_on_to_the_next_place() {
    let (_sim, client, listener) = example("forward.lua", &[]).await;
    let id = called(&client, &park()).await;
    until(LONG, "four legs", async || {
        listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() == 4)
    })
    .await;
    until(LONG, "all talk", async || {
        listener
            .call(&Id::new(&id))
            .unwrap()
            .sessions
            .iter()
            .all(|leg| leg.phase == Phase::Answered)
    })
    .await;
    let last = listener.call(&Id::new(&id)).unwrap().sessions[3].id.clone();
    client.session(&last).unwrap().hangup().await.unwrap();
    ended(&listener, &id).await;
    let places = [("first", "error/USER_BUSY"), ("second", "error/NO_ANSWER")];
    let (_sim, client, _listener) = example("forward.lua", &places).await;
    let failed = client.originate(&park()).await.unwrap().get(LONG).await;
    assert_eq!(failed, Err(JobError::Failed { text: "-ERR NO_ANSWER".to_owned() }));
    assert_eq!(notes(&client, "last failure"), "");
}

#[limited::test]
async fn the_guides_recorder_records_until_a_key() {
    let (_sim, client, listener) = example("recorder.lua", &[("limit", "20")]).await;
    listener.subscribe(&["RECORD_START", "RECORD_STOP"]).await.unwrap();
    let mut events = listener.events(&["RECORD_START", "RECORD_STOP"]);
    let id = called(&client, &park()).await;
    until(LONG, "two legs", async || {
        listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() == 2)
    })
    .await;
    let callee = client.call(&Id::new(&id)).unwrap().sessions()[1].clone();
    let first = tokio::time::timeout(LONG, events.next()).await.unwrap().unwrap();
    assert_eq!(first.name(), "RECORD_START");
    let path = first.get("Record-File-Path").unwrap().into_owned();
    assert!(path.ends_with(&format!("{}.wav", callee.id())), "{path}");
    callee.recv_dtmf("#", Duration::ZERO).await.unwrap();
    let second = tokio::time::timeout(LONG, events.next()).await.unwrap().unwrap();
    assert_eq!(second.name(), "RECORD_STOP");
    ended(&listener, &id).await;
    assert_eq!(notes(&client, "last failure"), "");
}

#[limited::test]
async fn many_calls_at_a_time_go_through_the_guides_ivr_and_none_is_stuck() {
    let (_sim, client, listener) =
        example("ivr.lua", &[("menu", "tone_stream://%(100,0,440)")]).await;
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..40 {
        tick.tick().await;
        let (client, listener) = (client.clone(), listener.clone());
        callers.spawn(async move {
            let id = called(&client, &park()).await;
            // A choice and a bridge, no choice at all, and a caller who does not wait.
            if number % 3 == 0 {
                let legs = || listener.call(&Id::new(&id)).map_or(0, |call| call.sessions.len());
                until_so(LONG, "two legs", || legs() == 2).await;
                let callee = client.call(&Id::new(&id)).unwrap().sessions()[1].clone();
                callee.recv_dtmf("1", Duration::ZERO).await.unwrap();
                until_so(LONG, "a bridge", || legs() == 4).await;
            }
            if number % 3 != 1 {
                client.call(&Id::new(&id)).unwrap().hangup().await.unwrap();
            }
            ended(&listener, &id).await
        });
    }
    let calls = callers.join_all().await;
    let unheard = calls.iter().filter(|call| {
        let causes = call.sessions.iter().filter_map(|leg| leg.cause.as_ref());
        causes.map(HangupCause::name).any(|cause| cause == "NO_USER_RESPONSE")
    });
    assert_eq!((calls.len(), unheard.count()), (40, 13));
    until(LONG, "every function ends", async || notes(&client, "running") == "0").await;
    assert_eq!(notes(&client, "last failure"), "");
    assert!(listener.calls().is_empty());
}
