//! Prints what changes on a server.
//!
//! `cargo run --example listen [HOST:PORT] [SECONDS]`; without a host on a simulated switch with
//! some traffic.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::time::Duration;

use switchy::EventListener;
use switchy::conn::Config;
use switchy::listener::Update;
use switchy::sim::{self, Sim};
use switchy::track::Change;
use tokio::time::{Instant, timeout_at};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).peekable();
    // The simulated switch ends with its handle.
    let mut _sim = None;
    let config = if let Some(host) = args.next_if(|arg| arg.parse::<u64>().is_err()) {
        Config::new(&host)
    } else {
        let sim = _sim.insert(Sim::start(sim::Config::new().with_traffic(2.0)));
        Config::new(&sim.listen("127.0.0.1:0").await?.to_string())
    };
    let seconds = args.next().map_or(Ok(5), |arg| arg.parse())?;
    let end = Instant::now() + Duration::from_secs(seconds);

    let listener = EventListener::with_config(config);
    let mut changes = listener.changes();
    listener.connect().await?;
    listener.start().await?;
    println!("{listener:#}, {} calls", listener.calls().len());
    while let Ok(Some(update)) = timeout_at(end, changes.next()).await {
        print(&update);
    }
    let totals = listener.totals();
    println!("{} events, {} sessions in {seconds} s", totals.events, totals.sessions);
    Ok(())
}

fn print(update: &Update) {
    if let (Change::Session { what, .. }, Some(session)) = (&update.change, &update.session) {
        // {:?}: caller and callee come from the network and may hold anything.
        let (from, to) = (&session.caller_number, &session.destination);
        println!("{} {from:?} -> {to:?} {what:?}", session.id.short());
    }
}
