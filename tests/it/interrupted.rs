//! Commands that are given up half-way: what they had set is taken back.

use switchy::Client;
use switchy::shell::{Output, Settings, Shell};
use switchy::sim::{Config, Sim};

use crate::support::{self, SOON};

async fn run(shell: &Shell, line: &str) -> String {
    let mut text = String::new();
    shell.run_line(line, Output::new(&mut text)).await.unwrap();
    text
}

/// Asks until a variable of a leg is so.
async fn until(client: &Client, leg: &str, name: &str, wanted: &str) {
    support::until(SOON, &format!("{name} to be {wanted}"), async || {
        let reply = client.api(&format!("uuid_getvar {leg} {name}")).await.unwrap().text();
        if reply.trim_end() == wanted { Ok(()) } else { Err(reply) }
    })
    .await;
}

#[limited::test]
async fn a_bridge_that_is_given_up_takes_back_what_it_set() {
    let sim = Sim::start(Config::new().with_seed(7));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let config = switchy::conn::Config::new("127.0.0.1").with_port(port);
    let shell = Shell::new(Settings::default(), None, false);
    shell.connect("pbx", config.clone()).await.unwrap();
    let client = Client::with_config(config);
    client.connect().await.unwrap();
    let told = run(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await;
    let leg = told.split_whitespace().last().unwrap().to_owned();
    give_up(&shell, &client, &leg).await;
    until(&client, &leg, KEEP, "_undef_").await;
    // It came about all the same, or not: the leg goes on.
    assert_eq!(client.cmd(&format!("uuid_exists {leg}")).await.unwrap(), "true");
    // And when the shell is left meanwhile.
    give_up(&shell, &client, &leg).await;
    shell.close().await;
    until(&client, &leg, KEEP, "_undef_").await;
}

/// Begins a bridge from a parked leg, and gives it up once it has set what it needs.
async fn give_up(shell: &Shell, client: &Client, leg: &str) {
    let line = format!("bridge {leg} user/1001");
    for _ in 0..10 {
        run(shell, &format!("park {leg}")).await;
        // The other one rings for more than a second; where that was too short, once more.
        tokio::select! {
            _bridged = run(shell, &line) => {}
            () = until(client, leg, KEEP, "true") => return,
        }
    }
    panic!("it was never seen to be set");
}

const KEEP: &str = "continue_on_fail";
