//! Tracks every event of a server until a CUSTOM event `bench::done`, then says what it saw.
//!
//! `cargo run --release --example flood_client -- HOST:PORT`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use switchy::EventListener;
use switchy::listener::DEFAULT_EVENTS;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let host = std::env::args().nth(1).ok_or("usage: flood_client HOST:PORT")?;
    let listener = EventListener::new(&host);
    listener.unsubscribe(DEFAULT_EVENTS).await?;
    listener.subscribe(&["ALL"]).await?;
    let mut done = listener.events(&["bench::done"]);
    listener.connect().await?;
    tokio::select! {
        event = done.next() => drop(event),
        // A server may flood before it answers the snapshot that `start` asks for.
        reason = async {
            let _snapshot = listener.start().await;
            listener.closed().await
        } => eprintln!("closed before bench::done: {reason}"),
    }
    let totals = listener.totals();
    let lost = listener.with(switchy::track::Tracker::sequence_gaps) + listener.lost_updates();
    let calls = totals.ended_calls + listener.calls().len() as u64;
    let report = serde_json::json!({
        "events": totals.events,
        "lost": lost,
        "sessions": totals.sessions,
        "calls": calls,
    });
    println!("{report}");
    Ok(())
}
