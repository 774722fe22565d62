//! Points 74 to 82, all of it put together; and what an operator sees of the points before.

use std::sync::Arc;
use std::time::Duration;

use switchy::apps::TonePlay;
use switchy::client::app::Handling;
use switchy::client::{App, AppContext, Error, Originate, active_client};
use switchy::conn::Config;
use switchy::model::{self, Id};
use switchy::shell::{CommandError, Format, Kind, Output, Settings, Shell, complete};
use switchy::sim::{self, Sim};
use switchy::{Client, EventListener};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{called, echo, park};
use crate::support::nowhere::Nowhere;
use crate::support::{LONG, sim, tracked, until};

/// A shell on a simulated switch called `pbx`, and the switch's port.
async fn shell() -> (Shell, u16) {
    let shell = Shell::new(Settings::default(), None, false);
    let config = shell.start_sim(sim::Config::new().with_seed(7)).await.unwrap();
    let port = config.port();
    shell.connect("pbx", config).await.unwrap();
    (shell, port)
}

/// What a line answers.
async fn typed(shell: &Shell, line: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    let output = Output::new(&mut text).with_format(Some(Format::Table));
    shell.run_line(line, output).await?;
    Ok(text)
}

/// The start of a uuid, as tables show it.
fn short(id: &str) -> &str {
    id.split('-').next().unwrap()
}

async fn refused(shell: &Shell, line: &str) -> CommandError {
    match typed(shell, line).await {
        Err(err) => err,
        Ok(text) => panic!("{line}: {text}"),
    }
}

/// Types a line until its answer holds all of these.
async fn until_said(shell: &Shell, line: &str, texts: &[&str]) -> String {
    until(LONG, &format!("{texts:?} in the answer to {line}"), async || {
        let answer = typed(shell, line).await.unwrap();
        let is_so = texts.iter().all(|text| answer.contains(text));
        if is_so { Ok(answer) } else { Err(answer) }
    })
    .await
}

#[limited::test]
async fn s01_s05_s29_every_layer_is_seen_from_the_prompt() {
    let (shell, _port) = shell().await;
    let hosts = typed(&shell, "hosts").await.unwrap();
    assert!(hosts.contains("COMMANDS") && hosts.contains("LISTENER"), "{hosts}");
    let job = typed(&shell, "originate 9196@127.0.0.1:5080").await.unwrap();
    assert!(job.starts_with("<Job ") && job.contains("session "), "{job}");
    let listen = until_said(&shell, "listen", &["2 sessions, 1 call,", "0 failed"]).await;
    for text in ["<EventListener [connected]>", "BACKGROUND_JOB", "CHANNEL_UUID", "now ", "seen "] {
        assert!(listen.contains(text), "{text} in {listen}");
    }
    assert!(!listen.contains("SERVER_DISCONNECTED"));
    for (line, text) in [("jobs", "originate"), ("apps", "TonePlay"), ("calls", "9196")] {
        let answer = typed(&shell, line).await.unwrap();
        assert!(answer.contains(text), "{line}: {answer}");
    }
    shell.close().await;
}

#[limited::test]
async fn s08_a_login_with_rights_of_its_own_is_told_at_the_connection() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        loop {
            let (stream, _) = server.accept().await.unwrap();
            tokio::spawn(async move {
                let (reader, mut writer) = stream.into_split();
                writer.write_all(b"Content-Type: auth/request\n\n").await.unwrap();
                let mut lines = BufReader::new(reader).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let reply = match line.split(' ').next().unwrap() {
                        "userauth" => {
                            "Content-Type: command/reply\nReply-Text: +OK accepted\n\
                             Allowed-API: show status\nAllowed-LOG: false\n\n"
                        }
                        "api" => {
                            "Content-Type: api/response\nContent-Length: 15\n\n{\"row_count\":0}"
                        }
                        "" => continue,
                        _ => "Content-Type: command/reply\nReply-Text: +OK\n\n",
                    };
                    writer.write_all(reply.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let shell = Shell::new(Settings::default(), None, false);
    let line = format!("connect 127.0.0.1:{port} --user joe@lan --password two");
    let answer = typed(&shell, &line).await.unwrap();
    assert!(answer.contains("this login may api: show status\n"), "{answer}");
    assert!(answer.contains("this login may not see the log"), "{answer}");
    serving.abort();
}

#[limited::test]
async fn s13_a_failed_connection_says_where_and_what_to_check() {
    let (shell, port) = shell().await;
    let nowhere = Nowhere::new();
    let gone = refused(&shell, &format!("connect {}", nowhere.address())).await;
    assert_eq!((gone.kind, gone.kind.exit_code()), (Kind::Connection, 3));
    assert!(gone.message.contains(&format!("{} refuses", nowhere.address())), "{gone:?}");
    assert!(gone.hints[0].contains("is FreeSWITCH running"), "{gone:?}");
    let wrong = refused(&shell, &format!("connect 127.0.0.1:{port} --password no")).await;
    assert!(wrong.message.contains(&format!("127.0.0.1:{port}")), "{wrong:?}");
    assert!(wrong.hints[0].contains("password"), "{wrong:?}");
    shell.close().await;
}

#[limited::test]
async fn s14_s16_s17_a_failed_line_is_one_line_and_the_prompt_goes_on() {
    let (shell, _port) = shell().await;
    let status = typed(&shell, "api status").await.unwrap();
    assert!(status.starts_with("UP "), "{status}");
    let failed = refused(&shell, "api not a real command").await;
    assert_eq!(failed.message, "-ERR not Command not found!");
    // A bare line goes as from the server's console, which names it whole.
    let failed = refused(&shell, "not a real command").await;
    assert_eq!(failed.message, "-ERR not a real command Command not found!");
    assert_eq!((failed.kind, failed.kind.exit_code()), (Kind::Refused, 1));
    assert!(failed.hints[0].contains("its module is not loaded"), "{failed:?}");
    assert_eq!(typed(&shell, "global_getvar local_ip_v4").await.unwrap(), "127.0.0.1\n");
    shell.close().await;
}

#[limited::test]
async fn s18_s19_s37_a_dry_run_shows_the_rendered_command() {
    let (shell, _port) = shell().await;
    let line = "originate 9196@vm-host:5060 --exten 9197 --proxy other:5060 --dry-run";
    let shown = typed(&shell, line).await.unwrap();
    let end = "}sofia/external/9196@vm-host:5060;fs_path=sip:other:5060 9197 xml default\n";
    assert!(shown.starts_with("bgapi originate {origination_uuid="), "{shown}");
    assert!(shown.ends_with(end), "{shown}");
    let internal = typed(&shell, "originate 1@h --profile internal --dry-run").await.unwrap();
    assert!(internal.contains("}sofia/internal/1@h &park()"), "{internal}");
    let quoted = refused(&shell, "originate \"a b@h\" --dry-run").await;
    assert_eq!(quoted.kind, Kind::Usage);
    assert_eq!(typed(&shell, "calls --count").await.unwrap().trim(), "calls  0");
    shell.close().await;
}

#[limited::test]
async fn s20_s27_s35_without_a_listener_the_operator_is_told_what_to_type() {
    let (shell, _port) = shell().await;
    assert_eq!(typed(&shell, "listen off").await.unwrap(), "<EventListener [disconnected]>\n");
    for line in ["originate 9196@127.0.0.1:5080", "bgapi status"] {
        let missing = refused(&shell, line).await;
        assert_eq!(missing.message, "No listener has been assigned for this client");
        assert!(missing.hints[0].contains("listen on"), "{missing:?}");
    }
    assert_eq!(typed(&shell, "listen on").await.unwrap(), "<EventListener [connected]>\n");
    typed(&shell, "originate 9196@127.0.0.1:5080 --wait 10").await.unwrap();
    shell.close().await;
}

#[limited::test]
async fn s38_s39_s41_s42_s43_s47_a_call_from_its_job_to_its_legs() {
    let (shell, _port) = shell().await;
    let answer = typed(&shell, "originate 9196@127.0.0.1:5080 --wait 30").await.unwrap();
    let id = answer.trim_end().rsplit(' ').next().unwrap().to_owned();
    assert!(answer.starts_with("<Job ") && id.len() == 36, "{answer}");
    // By any unique start of its uuid.
    let line = format!("call {}", short(&id));
    let call = until_said(&shell, &line, &[&format!("<Call({id}, 2 sessions)>")]).await;
    assert!(call.contains("our SIP header") || call.contains("our variable"), "{call}");
    assert!(typed(&shell, "calls").await.unwrap().contains(short(&id)));
    // Ctrl-C drops the wait; the job stays.
    typed(&shell, "bgapi msleep 300").await.unwrap();
    let waiting = timeout(Duration::from_millis(50), typed(&shell, "wait last --timeout 30"));
    assert!(waiting.await.is_err());
    assert!(typed(&shell, "jobs").await.unwrap().contains("pending"));
    typed(&shell, "wait last --timeout 30").await.unwrap();
    shell.close().await;
}

#[limited::test]
async fn s51_a_dry_run_of_hupall_lists_the_victims() {
    let (shell, _port) = shell().await;
    let answer = typed(&shell, "originate 9196@127.0.0.1:5080 --wait 30").await.unwrap();
    let id = answer.trim_end().rsplit(' ').next().unwrap();
    until_said(&shell, "listen", &["2 sessions"]).await;
    let victims = typed(&shell, "hupall --dry-run").await.unwrap();
    assert!(victims.contains(id) && victims.contains("2 sessions would be hung up"), "{victims}");
    let wrong = refused(&shell, "hupall NORMAL_CLERING --dry-run").await;
    assert!(wrong.hints[0].contains("NORMAL_CLEARING"), "{wrong:?}");
    assert!(typed(&shell, "calls").await.unwrap().contains(short(id)), "nothing was hung up");
    shell.close().await;
}

#[limited::test]
async fn s56_s60_s61_s62_s66_s72_apps_from_the_prompt() {
    let (shell, port) = shell().await;
    let bad = refused(&shell, "load-app TonePlay --param colour=blue").await;
    assert_eq!(bad.kind, Kind::Usage);
    assert!(bad.hints[0].contains("tone"), "{bad:?}");
    assert!(!typed(&shell, "apps").await.unwrap().contains("yes"));
    let id = typed(&shell, "load-app TonePlay").await.unwrap();
    assert_eq!((id.trim().len(), id.matches('-').count()), (36, 4));
    let own = typed(&shell, "load-app toneplay --as Second --id second-1").await.unwrap();
    assert_eq!(own, "second-1\n");
    // Loaded ones are offered by Tab.
    let line = "unload-app Sec";
    let offered = complete::complete(&shell, line, line.len());
    assert!(offered.candidates.iter().any(|one| one.replacement == "Second"), "{offered:?}");
    // One instance on two switches of this shell, or one each.
    typed(&shell, &format!("connect localhost:{port}")).await.unwrap();
    let nowhere = refused(&shell, "load-app TonePlay --as Other --shared").await;
    assert!(nowhere.hints[0].contains("without --shared"), "{nowhere:?}");
    typed(&shell, "load-app TonePlay --shared").await.unwrap();
    typed(&shell, "load-app TonePlay --as Second").await.unwrap();
    let instance = |name: &str, app: &str| {
        let app = shell.switch(name).unwrap().client().app(app).unwrap();
        Arc::as_ptr(&app.parts()[0]).cast::<()>()
    };
    let there = format!("localhost:{port}");
    assert_eq!(instance("pbx", "TonePlay"), instance(&there, "TonePlay"));
    typed(&shell, "use pbx").await.unwrap();
    let line = "originate park@127.0.0.1:5090 --app TonePlay --wait 30";
    typed(&shell, line).await.unwrap();
    until_said(&shell, "calls", &["playback"]).await;
    let unloaded = format!("unloaded {id}");
    let told = format!("{unloaded}its 2 sessions were hung up\n");
    assert_eq!(typed(&shell, "unload-app TonePlay --hangup").await.unwrap(), told);
    until_said(&shell, "calls", &["no calls"]).await;
    let again = typed(&shell, "unload-app TonePlay").await.unwrap();
    assert_eq!(again, format!("already {unloaded}"));
    shell.close().await;
}

/// A simulated switch on a port of its own.
async fn served() -> (Sim, Config) {
    let sim = Sim::start(sim::Config::new().with_seed(9));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    (sim, Config::new("127.0.0.1").with_port(port))
}

#[limited::test]
async fn s74_s75_s76_s77_s78_the_tutorials_snippet_in_any_order_of_its_steps() {
    let (_sim, config) = served().await;
    for order in ["CLS", "LCS", "LSC"] {
        let listener = EventListener::with_config(config.clone());
        let client = Client::with_config(config.clone()).with_listener(listener.clone());
        for step in order.chars() {
            match step {
                'C' => client.connect().await.unwrap(),
                'L' => listener.connect().await.unwrap(),
                _ => listener.start().await.unwrap(),
            }
        }
        let id = client.load_app(TonePlay).await.unwrap();
        let job = client.originate(&park().with_app(id.as_str())).await.unwrap();
        let session = job.get(LONG).await.unwrap();
        assert_eq!(Some(session.as_str()), job.sess_uuid().map(Id::as_str));
        tracked(&listener, |listener| {
            listener.call(&Id::new(&session)).unwrap().sessions.len() == 2
        })
        .await;
        let call = client.call(&Id::new(&session)).unwrap();
        call.sessions()[0].hangup().await.unwrap();
        tracked(&listener, |listener| listener.call(&Id::new(&session)).is_none()).await;
        client.disconnect().await;
        listener.disconnect().await;
    }
    // A step that was left out is named.
    let listener = EventListener::new("vm-host");
    let client = Client::new("vm-host").with_listener(listener.clone());
    let texts = [
        client.cmd("status").await.unwrap_err().to_string(),
        listener.start().await.unwrap_err().to_string(),
        client.load_app(TonePlay).await.unwrap_err().to_string(),
    ];
    let (connect, start) =
        ("you must call 'connect' first", "start this listener before issuing bgapi");
    assert_eq!(texts, [connect, connect, start]);
    // The client's own connection is missed as late as something is to be sent.
    let sim = sim();
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    client.load_app(TonePlay).await.unwrap();
    assert!(matches!(client.originate(&echo()).await, Err(Error::NotConnected)));
    assert_eq!(listener.count_jobs(), 0);
}

/// Keeps the client that it was loaded with, and refuses.
#[derive(Clone, Default)]
struct Refuses(Arc<std::sync::Mutex<Option<Client>>>);

impl App for Refuses {
    fn name(&self) -> &str {
        "Refuses"
    }

    fn events(&self) -> &[&str] {
        &[]
    }

    fn on_event<'a>(&'a self, _on: AppContext<'a>) -> Handling<'a> {
        Box::pin(async { Ok(()) })
    }

    fn set_up<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        *self.0.lock().unwrap() = Some(client.clone());
        Box::pin(async { Err(Error::NotConnected) })
    }
}

#[limited::test]
async fn s79_an_active_client_leaves_nothing_behind_on_any_path() {
    let (sim, config) = served().await;
    let active = active_client(config.clone(), vec![Arc::new(TonePlay)]).await.unwrap();
    called(active.client(), &park().with_app("TonePlay")).await;
    let client = active.client().clone();
    active.close().await;
    assert!(client.loaded_apps().is_empty() && !client.is_connected());
    until_gone(&sim).await;
    // The task that holds it panics, or is cancelled.
    for is_panic in [true, false] {
        let (config, sim) = (config.clone(), sim.clone());
        let holder = tokio::spawn(async move {
            let active = active_client(config, Vec::new()).await.unwrap();
            called(active.client(), &echo()).await;
            assert!(!is_panic, "as planned");
            std::future::pending::<()>().await;
        });
        let stop = holder.abort_handle();
        if !is_panic {
            until(LONG, "both channels", async || sim.channels().await >= 2).await;
            stop.abort();
        }
        assert!(holder.await.is_err());
        until_gone(&sim).await;
    }
    // The second app cannot be loaded: the first one and both connections go.
    let refuses = Refuses::default();
    let apps: Vec<Arc<dyn App>> = vec![Arc::new(TonePlay), Arc::new(refuses.clone())];
    assert!(active_client(config, apps).await.is_err());
    let client = refuses.0.lock().unwrap().take().unwrap();
    let is_gone = async || !client.is_connected() && client.loaded_apps().is_empty();
    until(LONG, "the end of what was begun", is_gone).await;
}

async fn until_gone(sim: &Sim) {
    until(LONG, "the end of all channels", async || sim.channels().await == 0).await;
}

#[limited::test]
async fn s81_a_host_is_a_name_or_an_address_of_either_family_and_is_shown_resolved() {
    let (shell, port) = shell().await;
    let answer = typed(&shell, &format!("connect localhost:{port}")).await.unwrap();
    let text = format!("connected to localhost:{port} (127.0.0.1:{port})");
    assert!(answer.starts_with(&text), "{answer}");
    assert!(typed(&shell, "hosts").await.unwrap().contains(&format!("(127.0.0.1:{port})")));
    let sim = sim();
    // Not every machine has the other family.
    if let Ok(bound) = sim.listen("[::1]:0").await {
        let config = Config::new("::1").with_port(bound.port());
        let client = Client::with_config(config);
        client.connect().await.unwrap();
        assert_eq!(client.connection().unwrap().address(), Some(bound));
    }
    shell.close().await;
}

#[limited::test(paused)]
async fn s82_ids_are_random_uuids_that_give_no_time_and_no_machine_away() {
    let sim = sim();
    let (client, listener) = crate::support::pair(&sim).await;
    let app = client.load_app(TonePlay).await.unwrap();
    let job = client.originate(&Originate::to("9196@127.0.0.1:5080")).await.unwrap();
    let ids = [
        client.id().to_string(),
        listener.id().to_string(),
        app.to_string(),
        job.id().to_string(),
        job.sess_uuid().unwrap().to_string(),
    ];
    for id in &ids {
        let parts: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "version 4: {id}");
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    assert_ne!(Id::<model::SessionInfo>::random(), Id::random());
}
