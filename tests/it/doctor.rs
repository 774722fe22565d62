//! The doctor: each sick server has its own diagnosis, with the line to change.

use std::time::Duration;

use switchy::conn;
use switchy::shell::{CommandError, Format, Kind, Output, Settings, Shell};
use switchy::sim::{Config, Fault, Sim};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::nowhere::Nowhere;

/// The diagnosis as text, and how the line ended.
async fn examine(line: &str) -> (String, Result<(), CommandError>) {
    let shell = Shell::new(Settings::default(), None, false);
    run(&shell, line, None).await
}

async fn run(
    shell: &Shell,
    line: &str,
    format: Option<Format>,
) -> (String, Result<(), CommandError>) {
    let mut text = String::new();
    let output = Output::new(&mut text).with_format(format);
    let ran = shell.run_line(line, output).await.map(drop);
    (text, ran)
}

/// A simulated switch and its port.
async fn sim(config: Config) -> (Sim, u16) {
    let sim = Sim::start(config);
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    (sim, port)
}

/// The line of a check, and the lines of its cure.
fn check<'a>(told: &'a str, name: &str) -> &'a str {
    let find = |line: &&str| line.split_whitespace().nth(1) == Some(name) && !line.starts_with(' ');
    told.lines().find(find).unwrap_or_else(|| panic!("no check {name} in\n{told}"))
}

#[limited::test]
async fn s44_s65_profile_context_extension_and_modules_are_looked_at() {
    let (_sim, port) = sim(Config::new()).await;
    let (told, ran) = examine(&format!("doctor 127.0.0.1:{port}")).await;
    assert!(ran.is_ok(), "{ran:?}\n{told}");
    for name in ["address", "port", "login", "version", "clock", "events", "log", "modules"] {
        assert!(check(&told, name).starts_with("ok "), "{name}\n{told}");
    }
    let context = check(&told, "context");
    assert!(context.contains("context default") && context.contains("9196 and 9197"), "{context}");
    // The context that parks every call, and the plan that does it with a limit.
    let (told, _) = examine(&format!("doctor 127.0.0.1:{port} --profile park")).await;
    let context = check(&told, "context");
    assert!(context.starts_with("warn ") && context.contains("parks all"), "{told}");
    assert!(told.contains("park_timeout"), "{told}");
    let (plan, _) = examine("doctor --dialplan --park-timeout 60").await;
    assert!(plan.contains("park_timeout=60:ALLOTTED_TIMEOUT"), "{plan}");
    assert!(plan.contains("<param name=\"context\" value=\"switchy\"/>"), "{plan}");
    let (told, ran) = examine(&format!("doctor 127.0.0.1:{port} --profile nosuch")).await;
    assert_eq!(ran.unwrap_err().kind, Kind::Refused);
    assert!(told.contains("Invalid Profile") && told.contains("external"), "{told}");
}

#[limited::test]
async fn s80_what_a_deployment_needs_is_checked() {
    let (sim, port) = sim(Config::new()).await;
    let (told, _) = examine(&format!("doctor 127.0.0.1:{port}")).await;
    let exposure = check(&told, "exposure");
    assert!(exposure.starts_with("warn ") && exposure.contains("the stock one"), "{exposure}");
    // An access list, a password, nobody there, somebody else there.
    let (told, ran) = examine(&format!("doctor 127.0.0.1:{port} -p wrong")).await;
    assert!(check(&told, "login").starts_with("fail "), "{told}");
    assert!(told.contains("<param name=\"password\""), "{told}");
    assert_eq!(ran.unwrap_err().kind, Kind::Connection);
    sim.inject(Fault::RejectAcl);
    let (told, _) = examine(&format!("doctor 127.0.0.1:{port}")).await;
    assert!(check(&told, "acl").starts_with("fail "), "{told}");
    assert!(told.contains("apply-inbound-acl"), "{told}");
    sim.stop();
    let nowhere = Nowhere::new();
    let (told, _) = examine(&format!("doctor {}", nowhere.address())).await;
    assert!(check(&told, "port").starts_with("fail "), "{told}");
    assert!(told.contains("listen-ip"), "{told}");
}

#[limited::test]
async fn a_read_only_session_writes_nothing_into_the_log() {
    let (_sim, port) = sim(Config::new()).await;
    let listener =
        switchy::EventListener::with_config(conn::Config::new("127.0.0.1").with_port(port));
    listener.subscribe(&["API"]).await.unwrap();
    let mut heard = listener.events(&["API"]);
    listener.connect().await.unwrap();
    listener.start().await.unwrap();
    for (read_only, verdict) in [(false, "ok "), (true, "unknown ")] {
        let shell = Shell::new(Settings::default(), None, false);
        if read_only {
            run(&shell, "set read-only on", None).await.1.unwrap();
        }
        let (told, _) = run(&shell, &format!("doctor 127.0.0.1:{port}"), None).await;
        assert!(check(&told, "log").starts_with(verdict), "{told}");
        // What comes last says that all before it was heard.
        let client = switchy::Client::with_config(listener.config().clone());
        client.connect().await.unwrap();
        client.api("eval the end").await.unwrap();
        let mut written = 0;
        while let Some(event) = heard.next().await {
            match &*event.get("API-Command").unwrap_or_default() {
                "log" => written += 1,
                "eval" => break,
                _ => {}
            }
        }
        assert_eq!(written, u32::from(!read_only));
    }
}

#[limited::test]
async fn who_accepts_and_says_nothing_or_something_else_is_told_apart() {
    let (sim, port) = sim(Config::new()).await;
    sim.inject(Fault::Silent);
    let (told, ran) = examine(&format!("doctor 127.0.0.1:{port}")).await;
    assert!(check(&told, "greeting").starts_with("fail ") && told.contains("freezes"), "{told}");
    assert_eq!(ran.unwrap_err().kind, Kind::Connection);
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut socket, _) = other.accept().await.unwrap();
        socket.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
    });
    let (told, _) = examine(&format!("doctor 127.0.0.1:{port}")).await;
    assert!(check(&told, "greeting").contains("SSH-2.0"), "{told}");
    served.abort();
    // One that waits for its client tells what it is when it is spoken to.
    let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = web.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        while let Ok((mut socket, _)) = web.accept().await {
            tokio::spawn(async move {
                if socket.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {
                    socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
                }
            });
        }
    });
    let (told, _) = examine(&format!("doctor 127.0.0.1:{port}")).await;
    assert!(check(&told, "greeting").contains("is a web server"), "{told}");
    served.abort();
}

#[limited::test]
async fn what_may_not_be_asked_is_unknown_and_a_paused_server_fails() {
    let (sim, port) = sim(Config::new()).await;
    let shell = Shell::new(Settings::default(), None, false);
    let config = conn::Config::new("127.0.0.1").with_port(port);
    shell.connect("pbx", config).await.unwrap();
    run(&shell, "api --yes fsctl pause", None).await.1.unwrap();
    sim.inject(Fault::Deny { command_prefix: "api module_exists".to_owned() });
    sim.inject(Fault::Deny { command_prefix: "api xml_locate dialplan".to_owned() });
    let (told, ran) = run(&shell, "doctor", None).await;
    assert!(check(&told, "paused").starts_with("fail "), "{told}");
    assert!(check(&told, "modules").starts_with("unknown "), "{told}");
    assert!(check(&told, "context").starts_with("unknown "), "{told}");
    assert_eq!(ran.unwrap_err().kind, Kind::Refused);
    let (json, _) = run(&shell, "doctor", Some(Format::Json)).await;
    let checks: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let paused = checks.iter().find(|check| check["check"] == "paused").unwrap();
    assert_eq!(paused["verdict"], "fail");
    assert!(paused["cure"].as_str().unwrap().contains("fsctl resume"));
}
