//! Makes a call, waits for the answer, hangs up and says how it ended.
//!
//! `cargo run --example originate [HOST:PORT]`; without a host on a simulated switch.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::time::Duration;

use switchy::client::Originate;
use switchy::conn::Config;
use switchy::sim::{self, Sim};
use switchy::{Client, EventListener};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The simulated switch ends with its handle.
    let mut _sim = None;
    let config = if let Some(host) = std::env::args().nth(1) {
        Config::new(&host)
    } else {
        let sim = _sim.insert(Sim::start(sim::Config::new()));
        Config::new(&sim.listen("127.0.0.1:0").await?.to_string())
    };
    let dest = format!("9196@{}:5080", config.host());

    let listener = EventListener::with_config(config.clone());
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect().await?;
    listener.connect().await?;
    listener.start().await?;

    let call = Originate::to(&dest).with_variable("origination_caller_id_name", "Joe Smith");
    println!("{}", client.dry_run(&call)?);
    let job = client.originate(&call).await?;
    let id = job.session(Duration::from_secs(30)).await?;
    println!("answered: {id}");

    let session = client.session(&id).ok_or("it has ended already")?;
    let call = session.call().ok_or("it has ended already")?;
    call.hangup().await?;
    let ending = call.ended().await?;
    println!("ended: {} by {}", ending.cause, ending.by.map_or("unknown", |by| by.word()));
    Ok(())
}
