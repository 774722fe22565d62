//! One client as data: its login, its rights, its subscription, and what waits for it. Knows no call.
//! `server` reads its requests.

pub(super) mod notice;
pub(super) mod outlet;
pub(super) mod record;
pub(super) mod rights;
pub(super) mod subscription;
pub(super) mod user;

use crate::wire::Format;
use bytes::Bytes;
use outlet::Outlet;
use rights::Rights;
use subscription::Subscription;
use tokio::sync::oneshot;

/// What the world knows of one client socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) out: Outlet,
    pub(super) login: Login,
    pub(in crate::sim) spoke: bool,
    pub(super) format: Format,
    pub(super) subscription: Subscription,
    pub(super) log: Option<i8>,
    pub(super) rights: Rights,
    /// The channel that `myevents` named, if it existed.
    pub(super) session: Option<String>,
    pub(super) diverts: bool,
    /// What `linger` asked for: seconds, or no end.
    pub(super) linger: Option<Option<u64>>,
    pub(in crate::sim) busy: Option<Busy>,
    pub(in crate::sim) held: Vec<Bytes>,
    pub(in crate::sim) held_bytes: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Login {
    No,
    Yes,
    /// Accepted, never spoken to.
    Mute,
}

/// A request being answered. Nothing else goes to the socket before the answer.
#[derive(Debug)]
pub(in crate::sim) struct Busy {
    pub(in crate::sim) line: String,
    pub(in crate::sim) _done: oneshot::Sender<()>,
}

/// What may wait for the end of a command that takes long.
pub(in crate::sim) const HELD: usize = 64 << 20;

impl Socket {
    pub(in crate::sim) fn new(out: Outlet) -> Self {
        Self {
            out,
            login: Login::No,
            spoke: false,
            format: Format::Plain,
            subscription: Subscription::default(),
            log: None,
            rights: Rights::default(),
            session: None,
            diverts: false,
            linger: None,
            busy: None,
            held: Vec::new(),
            held_bytes: 0,
        }
    }

    /// Sends bytes, or keeps them until the running command is answered; `false` when too much
    /// waits.
    pub(super) fn push(&mut self, bytes: &Bytes) -> bool {
        if self.busy.is_none() {
            return self.out.send(bytes);
        }
        self.held_bytes += bytes.len();
        self.held.push(bytes.clone());
        self.held_bytes <= HELD
    }
}
