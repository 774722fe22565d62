//! A listener and a client, an app, and a call that the app controls.
//!
//! `cargo run --example tutorial [HOST:PORT] [SECONDS]`; without a host on a simulated switch. A
//! real one needs a profile on port 5090 whose dialplan parks every call.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::time::Duration;

use switchy::apps::TonePlay;
use switchy::client::Originate;
use switchy::conn::Config;
use switchy::sim::{self, Sim};
use switchy::{Client, EventListener};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).peekable();
    // The simulated switch ends with its handle.
    let mut _sim = None;
    let config = if let Some(host) = args.next_if(|arg| arg.parse::<u64>().is_err()) {
        Config::new(&host)
    } else {
        let sim = _sim.insert(Sim::start(sim::Config::new()));
        Config::new(&sim.listen("127.0.0.1:0").await?.to_string())
    };
    let seconds = args.next().map_or(Ok(3), |arg| arg.parse())?;
    let dest = format!("park@{}:5090", config.host());

    let listener = EventListener::with_config(config.clone());
    let client = Client::with_config(config).with_listener(listener.clone());
    listener.connect().await?;
    client.connect().await?;
    listener.start().await?;
    println!("{listener}");

    let id = client.load_app(TonePlay).await?;
    println!("TonePlay is loaded: {id}");

    let job = client.originate(&Originate::to(&dest).with_app("TonePlay")).await?;
    println!("{job}");
    let id = job.session(Duration::from_secs(30)).await?;
    assert_eq!(Some(&id), job.sess_uuid());

    let session = client.session(&id).ok_or("the call ended at once")?;
    let call = session.call().ok_or("the call ended at once")?;
    println!("{call} plays a tone for {seconds} s");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let originating = call.sessions().into_iter().next().ok_or("the call has no session")?;
    originating.hangup().await?;
    println!("hung up {}", originating.id());
    Ok(())
}
