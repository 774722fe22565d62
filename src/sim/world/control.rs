//! What the handle of the switch asks for.

use crate::sim::client::notice::Notice;
use crate::sim::client::outlet::Outlet;
use crate::sim::fault::planned::Planned;
use std::net::SocketAddr;
use tokio::sync::{mpsc, oneshot};

/// Messages from the handle and the sockets to the world.
#[derive(Debug)]
pub(in crate::sim) enum Control {
    Attach(u64, Option<SocketAddr>, Outlet),
    Gone(u64),
    Inject(Planned),
    Watch(mpsc::UnboundedSender<Notice>),
    Fire(Vec<(String, String)>, Option<String>),
    Channels(oneshot::Sender<usize>),
    Stop,
}
