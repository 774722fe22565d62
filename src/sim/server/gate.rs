//! The way into the world's task, and that task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::socket;
use crate::sim::client::outlet;
use crate::sim::client::outlet::Asked;
use crate::sim::client::record::Record;
use crate::sim::world::World;
use crate::sim::world::control::Control;

/// The way into the world's task.
///
/// What handles say is unbounded, because their methods do not wait; what clients say is bounded.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Gate {
    pub(in crate::sim) control: mpsc::UnboundedSender<Control>,
    pub(in crate::sim) requests: mpsc::Sender<Asked>,
    pub(in crate::sim) ids: Arc<AtomicU64>,
    pub(in crate::sim) record: Record,
}

impl Gate {
    pub(in crate::sim) fn control(&self, control: Control) {
        // A world that has ended needs no message.
        let _ended = self.control.send(control);
    }

    pub(in crate::sim) async fn ask(&self, asked: Asked) -> Result<(), ()> {
        self.requests.send(asked).await.map_err(|_| ())
    }

    pub(in crate::sim) fn serve<S>(&self, stream: S, peer: Option<SocketAddr>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let (outlet, inlet) = outlet::pair();
        self.control(Control::Attach(id, peer, outlet));
        tokio::spawn(socket::run(id, stream, inlet, self.clone()));
    }
}

/// The world's task: what happens, when it happens.
pub(in crate::sim) async fn run(
    mut world: World,
    mut controls: mpsc::UnboundedReceiver<Control>,
    mut requests: mpsc::Receiver<Asked>,
) {
    let (origin, epoch) = (Instant::now(), world.now);
    let clock = || epoch + u64::try_from(origin.elapsed().as_micros()).unwrap_or_default();
    loop {
        let due = world.next_due().unwrap_or(u64::MAX).saturating_sub(epoch);
        let due = origin + Duration::from_micros(due.min(1 << 50));
        tokio::select! {
            biased;
            control = controls.recv() => {
                world.advance(clock());
                if !control.is_some_and(|control| world.control(control)) {
                    return;
                }
            }
            asked = requests.recv() => {
                world.advance(clock());
                match asked {
                    Some(asked) => world.asked(asked),
                    None => return,
                }
            }
            () = tokio::time::sleep_until(due) => world.advance(clock()),
        }
    }
}
