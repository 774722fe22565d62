//! What a newcomer to the library meets first: digits, the end of a call, errors that say why.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use switchy::client::{Call, Digits, DigitsEnd, Error, Originate, Session};
use switchy::conn::{Backoff, CloseReason, Config, ConnectError, SendError};
use switchy::listener::{self, JobError, Link};
use switchy::model::{EndedBy, HangupCause, Id};
use switchy::sim::{Fault, Sim};
use switchy::wire::WireError;
use switchy::{Client, EventListener};

use crate::support::{LONG, pair, sim};

/// A call that was answered, and its leg that is parked.
async fn called(client: &Client) -> (Call, Session) {
    let job = client.originate(&Originate::to("9196@127.0.0.1:5080")).await.unwrap();
    let id = job.get(LONG).await.unwrap();
    (client.call(&Id::new(&id)).unwrap(), client.session(&Id::new(&id)).unwrap())
}

/// Presses keys once the prompt plays; each part after the one before is judged wrong.
async fn press(client: &Client, session: &Session, parts: &[&str]) {
    let mut events = client.listener().unwrap().events(&["PLAYBACK_START"]);
    for part in parts {
        let prompt = async {
            while let Some(event) = events.next().await {
                if event.get("Playback-File-Path").is_some_and(|path| path.contains("440")) {
                    return;
                }
            }
        };
        tokio::time::timeout(LONG, prompt).await.unwrap();
        session.recv_dtmf(part, Duration::ZERO).await.unwrap();
    }
}

#[limited::test(paused)]
async fn digits_come_back_by_each_option() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    listener.subscribe(&["PLAYBACK_START"]).await.unwrap();
    let (_call, session) = called(&client).await;
    asks_by_each_option(&client, &session).await;
    // The caller hangs up instead.
    let digits = Digits::new().with_prompt(PROMPT).with_timeout(Duration::from_secs(3));
    let (found, _) = tokio::join!(session.digits(&digits), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        session.hangup_with(&HangupCause::parse("USER_BUSY")).await.unwrap();
    });
    let Err(Error::Gone { cause, .. }) = &found else { panic!("{found:?}") };
    assert_eq!(cause, "USER_BUSY");
}

const PROMPT: &str = "tone_stream://%(2000,0,440)";

/// Asks a leg for digits with each option, and presses the keys for it. The listener has
/// PLAYBACK_START. A real FreeSWITCH does the same.
pub(crate) async fn asks_by_each_option(client: &Client, session: &Session) {
    let ask = || Digits::new().with_prompt(PROMPT).with_timeout(Duration::from_secs(3));
    let wrong = "tone_stream://%(50,0,300)";
    let rows = [
        (ask(), &["7"][..], Ok(("7", DigitsEnd::Max))),
        (ask().with_max(4), &["12#"], Ok(("12", DigitsEnd::Terminator))),
        (ask().with_max(4), &["12"], Ok(("12", DigitsEnd::Timeout))),
        (ask().with_max(4).with_terminators("*"), &["1#2*"], Ok(("1#2", DigitsEnd::Terminator))),
        (ask().with_max(3).with_terminators(""), &["1#2"], Ok(("1#2", DigitsEnd::Max))),
        (ask().with_min(0).with_max(4), &["#"], Ok(("", DigitsEnd::Terminator))),
        (ask().with_min(3).with_max(4), &["12#"], Err("12")),
        (
            ask().with_min(2).with_tries(2).with_invalid(wrong).with_regexp(r"^4\d$"),
            &["12", "42"],
            Ok(("42", DigitsEnd::Max)),
        ),
        (ask().with_max(2).with_tries(2).with_regexp("^9"), &["12", "34"], Err("34")),
        (ask(), &[], Err("")),
        (
            ask().with_max(3).with_digit_timeout(Duration::from_secs(1)),
            &["5"],
            Ok(("5", DigitsEnd::Timeout)),
        ),
    ];
    for (digits, keys, wanted) in rows {
        let (found, ()) = tokio::join!(session.digits(&digits), press(client, session, keys));
        match (found, wanted) {
            (Ok(found), Ok((keys, end))) => {
                assert_eq!((found.digits.as_str(), found.end), (keys, end), "{digits:?}");
            }
            (Err(Error::NoDigits { pressed, tries, .. }), Err(wanted)) => {
                assert_eq!(pressed, wanted, "{digits:?}");
                assert!(tries > 0);
            }
            (found, _) => panic!("{digits:?}: {found:?}"),
        }
    }
}

#[limited::test(paused)]
async fn the_end_of_a_call_can_be_awaited() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let (call, session) = called(&client).await;
    // Dropped and begun again: nothing is lost.
    assert!(tokio::time::timeout(Duration::from_secs(1), call.ended()).await.is_err());
    let (ending, _) = tokio::join!(call.ended(), async {
        session.hangup_with(&HangupCause::parse("CALL_REJECTED")).await.unwrap();
    });
    let ending = ending.unwrap();
    assert_eq!((ending.cause.name(), ending.by), ("CALL_REJECTED", Some(EndedBy::Operator)));
    assert!(ending.answered && ending.at > 0);
    // It has ended already.
    let again = tokio::time::timeout(Duration::ZERO, call.ended()).await.unwrap().unwrap();
    assert_eq!(again, ending);
    // Nothing can be seen without a connection.
    let (running, _) = called(&client).await;
    let (unseen, ()) = tokio::join!(running.ended(), listener.disconnect());
    assert!(matches!(unseen, Err(Error::EndUnseen { .. })), "{unseen:?}");
    let unseen = running.ended().await;
    assert!(matches!(unseen, Err(Error::EndUnseen { .. })), "{unseen:?}");
    assert_eq!(call.ended().await.unwrap(), ending);
}

/// Over a real socket: a lost connection is opened again.
async fn kept() -> (Sim, Client, EventListener) {
    let sim = Sim::start(switchy::sim::Config::new().with_seed(5));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let config = Config::new("127.0.0.1").with_port(port);
    let listener = EventListener::with_config(config.clone());
    listener.connect().await.unwrap();
    listener.start().await.unwrap();
    let quick = Backoff::new(Duration::from_millis(20), Duration::from_millis(100));
    listener.keep_connected(quick).unwrap();
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect().await.unwrap();
    (sim, client, listener)
}

#[limited::test]
async fn the_end_of_a_call_is_awaited_across_lost_connections() {
    let (sim, client, listener) = kept().await;
    let (seen, session) = called(&client).await;
    let (unseen, _) = called(&client).await;
    let ended = |call: Call| tokio::spawn(async move { call.ended().await });
    let (seen, unseen) = (ended(seen), ended(unseen));
    let back = async || {
        let mut link = listener.link();
        link.mark_unchanged();
        let is_back = |link: &Link| matches!(link, Link::Up { gap: Some(_) });
        loop {
            link.changed().await.unwrap();
            if is_back(&link.borrow_and_update()) {
                return;
            }
        }
    };
    let (_back, ()) = tokio::join!(tokio::time::timeout(LONG, back()), async {
        sim.inject(Fault::DropAll);
    });
    client.disconnect().await;
    client.connect().await.unwrap();
    session.hangup_with(&HangupCause::parse("USER_BUSY")).await.unwrap();
    let ending = tokio::time::timeout(LONG, seen).await.unwrap().unwrap().unwrap();
    assert_eq!((ending.cause.name(), ending.by), ("USER_BUSY", Some(EndedBy::Operator)));
    // A switch that begins anew has none of the old calls.
    sim.inject(Fault::Restart);
    let ending = tokio::time::timeout(LONG, unseen).await.unwrap().unwrap().unwrap();
    assert_eq!((ending.by, ending.at), (None, 0), "{ending:?}");
}

fn broken() -> io::Error {
    io::Error::other("the cable is cut")
}

fn wire() -> WireError {
    WireError::NotAWord { what: "the user name" }
}

fn peer() -> String {
    "pbx:8021".to_owned()
}

fn command() -> String {
    "api status".to_owned()
}

fn uuid() -> String {
    "u1".to_owned()
}

const AFTER: Duration = Duration::from_secs(3);

/// Each error: its text names what, which peer or command, and why; what it holds is not said a
/// second time by its source.
#[limited::test]
fn every_error_of_a_connection_says_why() {
    let connects = [
        ConnectError::NoAddress { host: "pbx".to_owned(), reason: Some(broken()) },
        ConnectError::Refused { peer: peer() },
        ConnectError::Unreachable { peer: peer(), reason: broken() },
        ConnectError::NoAnswer { peer: peer(), after: AFTER },
        ConnectError::Silent { peer: peer(), after: AFTER },
        ConnectError::Unanswered { peer: peer(), after: AFTER },
        ConnectError::NotEventSocket { peer: peer(), start: "SSH-2.0".to_owned() },
        ConnectError::Unfinished { peer: peer(), start: "Content".to_owned(), after: AFTER },
        ConnectError::Dismissed { peer: peer(), text: "go away".to_owned() },
        ConnectError::AclRejected { peer: peer(), text: "Access Denied".to_owned() },
        ConnectError::WrongPassword { peer: peer() },
        ConnectError::ClosedEarly { peer: peer(), reason: Some(broken()) },
        ConnectError::Tunnel { peer: peer(), text: "ssh: no route".to_owned() },
        ConnectError::NoSsh { peer: peer() },
        ConnectError::IllegalLogin(wire()),
    ];
    let words = [
        "no address for pbx: the cable is cut",
        "pbx:8021 refuses the connection",
        "pbx:8021 cannot be reached: the cable is cut",
        "pbx:8021 does not answer within 3s",
        "pbx:8021 accepts the connection but says nothing for 3s",
        "pbx:8021 does not answer the login within 3s",
        "pbx:8021 is not an event socket: it says \"SSH-2.0\"",
        "pbx:8021 says \"Content\" and nothing more for 3s",
        "pbx:8021 closes the connection: go away",
        "pbx:8021 forbids this address: Access Denied",
        "pbx:8021 does not accept the password",
        "pbx:8021 closed the connection during the login: the cable is cut",
        "no way to pbx:8021: ssh: no route",
        "no way to pbx:8021: this program was built without the feature \"ssh\"",
        "the user name or the password cannot be sent: the user name is empty or holds a space",
    ];
    for (err, words) in connects.into_iter().zip(words) {
        assert!(err.source().is_none());
        assert_eq!(err.to_string(), words);
        let client = Error::Connect(err);
        assert_eq!(client.to_string(), format!("cannot connect: {words}"));
        assert!(client.source().is_none());
    }
}

#[limited::test]
fn every_end_of_a_connection_says_why() {
    let reasons = [
        (CloseReason::Dropped, "closed by us"),
        (CloseReason::Io(Arc::new(broken())), "the connection broke: the cable is cut"),
        (
            CloseReason::Broken(wire()),
            "the stream from the server is broken: the user name is empty or holds a space",
        ),
        (CloseReason::Frozen, "the server does not answer any more"),
        (CloseReason::EndOfStream, "the server closed the connection"),
    ];
    for (reason, words) in reasons {
        assert_eq!(reason.to_string(), words);
        let err = SendError::Closed { command: command(), reason };
        let words = format!("\"api status\" has no reply: {words}");
        assert_eq!(err.to_string(), words);
        assert_eq!(Error::Send(err.clone()).to_string(), words);
        assert_eq!(listener::Error::Send(err.clone()).to_string(), words);
        let both = Error::from(listener::Error::Send(err));
        assert_eq!(both.to_string(), format!("listener: {words}"));
        assert!(both.source().is_none());
    }
}

#[limited::test]
fn every_other_error_says_why() {
    let others: Vec<(Box<dyn std::error::Error>, &str)> = vec![
        (
            Box::new(SendError::TimedOut { command: command(), after: AFTER }),
            "no reply to \"api status\" within 3s",
        ),
        (
            Box::new(SendError::NotSent { command: command(), after: AFTER }),
            "\"api status\" was not sent: the server took nothing for 3s",
        ),
        (Box::new(Error::Api { command: command(), text: "-ERR no".to_owned() }), "-ERR no"),
        (
            Box::new(Error::Illegal(wire())),
            "the command cannot be sent: the user name is empty or holds a space",
        ),
        (
            Box::new(Error::AppSetup {
                name: "Bert".to_owned(),
                reason: Box::new(Error::Denied { command: command() }),
            }),
            "app Bert could not be set up: permission denied for \"api status\"",
        ),
        (
            Box::new(Error::NotConfirmed {
                uuid: uuid(),
                what: "CHANNEL_PARK".to_owned(),
                after: AFTER,
            }),
            "u1: no CHANNEL_PARK within 3s",
        ),
        (
            Box::new(Error::Gone { uuid: uuid(), cause: "USER_BUSY".to_owned() }),
            "u1 is gone: USER_BUSY",
        ),
        (
            Box::new(Error::NoDigits { uuid: uuid(), tries: 2, pressed: "12".to_owned() }),
            "session u1: no right digits in 2 tries, the last ones were \"12\"",
        ),
        (
            Box::new(Error::EndUnseen { call: uuid() }),
            "the end of call u1 is not known: the event connection is closed, or it ended long ago",
        ),
        (
            Box::new(listener::Error::Refused { command: command(), reply: "-ERR no".to_owned() }),
            "\"api status\" failed: -ERR no",
        ),
        (
            Box::new(listener::Error::Connect(ConnectError::Refused { peer: peer() })),
            "cannot connect the listener: pbx:8021 refuses the connection",
        ),
        (Box::new(JobError::Failed { text: "-ERR USER_BUSY".to_owned() }), "-ERR USER_BUSY"),
        (Box::new(JobError::Unknown), "the connection was lost, the outcome is unknown"),
    ];
    for (err, words) in others {
        assert_eq!(err.to_string(), words);
        assert!(err.source().is_none(), "{words}");
    }
}

/// Every type that is an error is in the table of the crate's page.
#[limited::test]
fn the_table_of_errors_is_complete() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let page = std::fs::read_to_string(root.join("lib.rs")).unwrap();
    let (_, table) = page.split_once("//! # Errors\n").unwrap();
    let (table, _) = table.split_once("//! # ").unwrap();
    let mut folders = vec![root.clone()];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let room = path.strip_prefix(&root).unwrap().iter().next().unwrap();
            for derived in text.split("thiserror::Error)]\n").skip(1) {
                let mut lines = derived
                    .lines()
                    .skip_while(|line| !line.contains("enum ") && !line.contains("struct "));
                let declared = lines.next().unwrap_or_default();
                let Some(name) = declared.strip_prefix("pub ") else { continue };
                let name = name.split([' ', '(']).nth(1).unwrap();
                let named = |line: &str| {
                    line.contains(&format!("`{}::", room.to_str().unwrap()))
                        && line.contains(&format!("::{name}`"))
                };
                assert!(table.lines().any(named), "{}: {name} is not in the table", path.display());
                found += 1;
            }
        }
    }
    assert!(found > 10, "{found}");
}
