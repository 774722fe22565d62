//! Many calls while the connections are cut again and again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use switchy::client::{Error, Originate};
use switchy::conn::{Backoff, Config};
use switchy::listener::JobError;
use switchy::model::{ChannelRow, HangupCause, Id, Rows};
use switchy::{Client, EventListener};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Passes connections on to a server, until it is told to cut them.
async fn proxy(to: Config) -> (u16, broadcast::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (cut, _) = broadcast::channel(4);
    let cuts = cut.clone();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let (address, mut cut) = (to.address(), cuts.subscribe());
            tokio::spawn(async move {
                let mut far = TcpStream::connect(address).await.unwrap();
                tokio::select! {
                    _end = copy_bidirectional(&mut near, &mut far) => {}
                    _cut = cut.recv() => {}
                }
            });
        }
    });
    (port, cut)
}

/// Makes one call and ends it. Says `ok`, `failed` or `unknown`.
async fn one_call(client: &Client) -> &'static str {
    let call = Originate::to("9196@127.0.0.1:5080");
    let job = match client.originate(&call).await {
        Ok(job) => job,
        // Not sent, or sent and not acknowledged: both are told as what they are.
        Err(Error::ListenerNotRunning | Error::NotConnected) => return "not sent",
        Err(Error::Send(_)) => return "unknown",
        Err(err) => panic!("{err}"),
    };
    match job.get(Duration::from_secs(30)).await {
        Ok(uuid) => {
            assert_eq!(Some(uuid.as_str()), job.sess_uuid().map(|id| id.as_str()));
            sleep(Duration::from_millis(300)).await;
            if let Some(session) = client.session(&Id::new(&uuid)) {
                // A cut connection says so; the final hupall ends what is left.
                let _told = session.hangup().await;
            }
            "ok"
        }
        Err(JobError::Failed { .. }) => "failed",
        Err(JobError::Unknown) => "unknown",
        Err(err) => panic!("{err}"),
    }
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn two_hundred_calls_survive_cut_connections() {
    let server = super::server();
    let (port, cut) = proxy(server.clone()).await;
    let config = Config::new("127.0.0.1").with_port(port).with_login(server.login().clone());
    let quick = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
    let listener = EventListener::with_config(config.clone());
    listener.connect().await.unwrap();
    listener.start().await.unwrap();
    listener.keep_connected(quick).unwrap();
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect().await.unwrap();
    client.keep_connected(quick).unwrap();

    let (room, mut calls, mut results) = (Arc::new(Semaphore::new(30)), JoinSet::new(), Vec::new());
    for number in 0..200 {
        let (client, place) = (client.clone(), Arc::clone(&room).acquire_owned().await.unwrap());
        calls.spawn(async move {
            let result = one_call(&client).await;
            drop(place);
            result
        });
        if number % 50 == 25 {
            cut.send(()).unwrap();
        }
        // A stock FreeSWITCH takes 30 new sessions a second.
        sleep(Duration::from_millis(75)).await;
    }
    while let Some(result) = calls.join_next().await {
        results.push(result.unwrap());
    }
    let count = |what: &str| results.iter().filter(|result| **result == what).count();
    assert_eq!(results.len(), 200);
    assert!(count("ok") > 100, "{results:?}");
    assert_eq!(listener.jobs().iter().filter(|job| job.state.word() == "pending").count(), 0);

    client.hupall(None, &HangupCause::NORMAL_CLEARING).await.unwrap();
    let shown = async || {
        let rows = client.cmd("show channels as json").await.unwrap();
        let table = Rows::parse_as::<ChannelRow>(&rows, "uuid").unwrap();
        table.rows.into_iter().map(|row| row.uuid).collect::<BTreeSet<_>>()
    };
    let tracked = || {
        let sessions = listener.calls().into_iter().flat_map(|call| call.sessions);
        sessions.map(|leg| leg.id.to_string()).collect::<BTreeSet<_>>()
    };
    for _try in 0..50 {
        if shown().await == tracked() {
            return;
        }
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(tracked(), shown().await, "the tracker and the switch agree");
}
