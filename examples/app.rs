//! An app of one's own: it answers the calls that the dialplan parks, and plays them a tone.
//!
//! `cargo run --example app [HOST:PORT]`; without a host on a simulated switch.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::time::Duration;

use switchy::apps::App;
use switchy::client::app::Handling;
use switchy::client::{AppContext, Originate};
use switchy::conn::Config;
use switchy::model::{Direction, HangupCause};
use switchy::sim::{self, Sim};
use switchy::{Client, EventListener};

const TONE: &str = "tone_stream://%(2000,4000,440,480);loops=-1";

struct Ringback;

impl App for Ringback {
    fn name(&self) -> &'static str {
        "Ringback"
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK", "CHANNEL_ANSWER"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            println!("{} {}", session.id().short(), event.name());
            match (&*event.name(), session.info().direction) {
                ("CHANNEL_PARK", Direction::Inbound) => session.answer().await,
                ("CHANNEL_ANSWER", Direction::Inbound) => session.playback(TONE).await,
                _ => Ok(()),
            }
        })
    }
}

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
    let dest = format!("park@{}:5090", config.host());
    let listener = EventListener::with_config(config.clone());
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect().await?;
    listener.connect().await?;
    listener.start().await?;

    client.load_app(Ringback).await?;
    let job = client.originate(&Originate::to(&dest).with_app("Ringback")).await?;
    println!("answered: {}", job.get(Duration::from_secs(30)).await?);
    tokio::time::sleep(Duration::from_secs(2)).await;
    client.hupall(Some("Ringback"), &HangupCause::NORMAL_CLEARING).await?;
    Ok(())
}
