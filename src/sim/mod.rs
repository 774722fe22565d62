//! A simulated FreeSWITCH: an event socket server for tests, demonstrations and practice.
//!
//! [`Sim::start`] makes a switch, [`Sim::listen`] serves it on a port, [`Sim::connect`] in memory.
//! It behaves like the FreeSWITCH 1.10.12 of the recordings: login, every verb, the api commands of
//! daily use, calls whose events have the recorded headers in the recorded order. It says of itself
//! that it is simulated (`status`, `version`, HEARTBEAT). [`Fault`] makes things go wrong.
//!
//! The stock layout is that of the recordings: SIP profiles `internal` 5060, `external` 5080
//! (context `default`), `park` 5090 (context `switchy`, which parks everything), all on 127.0.0.1;
//! phones 1000 to 1003; gateway `example.com`. In context `default`: 9195 delayed echo, 9196 echo,
//! 9197 tone, 9198, 9664 music, 5000 menu, `park`, 1000 to 1003 phones, 3000
//! to 3999 conferences, 7001 to 7050 (`data/numbers.tsv`) numbers that ring, refuse, forward and end
//! their calls; context `public` is the stock one. Dial strings take `sofia/`, `loopback/` (also `app=NAME`), `user/`, `group/`
//! (`default`, `sales`, `billing`, `support`, also with `+F`), `null/` and `error/CAUSE`, with `{}`, `[]`, `<>`, `,`, `|` and
//! `:_:`, `leg_timeout`, `leg_delay_start`, `originate_timeout`, `ignore_early_media`,
//! `fail_on_single_reject`, `originate_continue_on_timeout`, `originate_retries`,
//! `originate_retry_sleep_ms` and `local_var_clobber`; their quotes
//! and braces are read as FreeSWITCH reads them.
//!
//! # Architecture
//!
//! Each module uses only those above it in this table; a test checks it.
//!
//! | module | purpose |
//! |---|---|
//! | `event` | one event and its headers |
//! | `fault` | what can go wrong, as data |
//! | `client` | one client as data: login, rights, subscription, backlog |
//! | `channel` | one leg as data: states, variables, what it runs |
//! | `world` | all state, the agenda, how events reach the clients |
//! | `call` | setting up, bridging, transferring and ending calls |
//! | `app` | the applications of the dial plan |
//! | `api` | the api commands |
//! | `traffic` | what happens without a client: background calls, floods, faults |
//! | `server` | connections, logins, verbs, and the task that runs the switch |
//!
//! To add the answer of an api command, add its function to a file of `api` and its name to
//! `api/table.rs`.
//!
//! # Invariants
//! - One task owns the switch. It never waits for a socket.
//! - With a seed and a set clock the same commands give the same bytes.
//! - No SIP and no RTP: calls exist as events and tables only.
//!
//! # Who does not read
//!
//! No subscriber waits for another one. What a client does not read piles up to 64 MiB (some
//! thirteen thousand events); then the client is cut, and [`Sim::notices`] reports it. FreeSWITCH
//! itself holds 100,000 events a client and may freeze as a whole when it cuts one.
//!
//! # Faults
//!
//! A [`Fault`] is injected at once ([`Sim::inject`]) or [`Planned`] with the configuration. As text,
//! which `switchy sim --fault` takes, it is a name, a value and a time: see [`FAULTS`].
//!
//! # Differences from the recordings
//!
//! Everything else is compared with the recordings: the same replies, on each leg the same events
//! in the same order with the same header names in the same order.
//!
//! | where | what | why |
//! |---|---|---|
//! | ends of two legs of a bridge | the called leg always has `bridge_hangup_cause` when the caller ended first | two threads race for it |
//! | `version`, `status`, `json`, `banner`, HEARTBEAT | say `simulated` | it cannot be taken for a real one |
//! | `help`, `show api`, `show application`, `show modules`, `show interfaces` | leave out what is not simulated | a list is a promise |
//! | `show modules` | has the modules of a later server of the same version than `transcripts/api_replies` | that is where the other answers come from |
//! | `system`, `spawn`, `stun`, `memory`, `page` and the like | say that they are not simulated | they need the machine |
//! | `getenv`, `file_exists`, `xml_locate` | there is no environment, no disk, no document; of the directory `find_user_xml` gives one user | no I/O |
//! | `replace` with an empty pattern, `console_complete` with a cursor behind the line, `uuid_media_params` of a call without media | are refused | the recorded server hangs or ends |
//! | `unload mod_event_socket` | is a reload: the sockets end, the port stays | the port belongs to the caller of [`Sim::listen`] |
//! | `sofia profile X killgw` | the gateway stays | so that every later command has one |
//! | order between legs | events of one leg keep their order; those of two legs may interleave otherwise | as they do from run to run of a real one |
//! | RTP counters, `record_*` | are computed from the time that passed | no RTP |
//! | session descriptions | keep their version through re-invites | no SIP |
//! | `absolute_codec_string`, `uuid_media_reneg` | follows `uuid_media`, not every codec negotiation; another codec is agreed to and changes nothing | there is one codec |
//! | `local_stream://moh` | is missing, as recorded; other streams play without end | no disk |
//! | log lines | state changes are added at DEBUG | the recorded switch had switched DEBUG off |
//! | `show registrations`, `user/1000` to `user/1003`, `sofia xmlstatus` | four phones are registered, of the twenty users 1000 to 1019; no WebSocket bindings | so that there is a party to call |
//! | tables | never lag behind the events | a client should not depend on a lag |
//! | regular expressions of `filter` and `regex` | no lookaround and no back references | they run in time that grows with the text only |
//! | `open=true` of the stock dial plan | is not set in office hours | a test should not depend on the time of day |
//! | 5000, `ivr` | `demo_ivr` and its submenu are always there | the recorded server has no menus |
//! | `eavesdrop all` | hears the oldest other call, and no second one | `*` is never pressed |
//! | `valet_park`, `callcenter`, `fifo` | no announcements, no presence, one queue, agents of type `callback`, `fifo out` does not wait | no sound |
//! | conferences | no sounds are played (`play-file`), no member talks, the rate is 8000; `json_list` is shorter | no sound |
//! | `fsctl shutdown` | is a restart: calls end at once, sockets after 3 seconds, the Core-UUID is new | a service manager would have to start it again |

mod api;
mod app;
mod call;
mod channel;
mod client;
mod event;
mod fault;
mod server;
mod traffic;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use std::{fmt, io};

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::{mpsc, oneshot, watch};

pub use client::notice::Notice;
pub use client::user::User;
pub use fault::Fault;
pub use fault::planned::{FAULTS, FaultError, Planned};
pub use world::config::Config;

use client::record::Record;
use server::gate::{Gate, run};
use world::World;
use world::control::Control;

/// A running simulated switch. A clone is another handle to the same one; when [`Sim::stop`] is
/// called or the last handle is dropped it ends, and all its sockets with it.
#[derive(Clone)]
pub struct Sim {
    inner: Arc<Inner>,
}

struct Inner {
    gate: Gate,
    stop: watch::Sender<bool>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.gate.control(Control::Stop);
        self.stop.send_replace(true);
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").finish_non_exhaustive()
    }
}

impl Sim {
    /// Starts a switch. Needs a tokio runtime; under a paused clock its time is the clock's.
    #[must_use]
    pub fn start(config: Config) -> Self {
        let (control, controls) = mpsc::unbounded_channel();
        let (requests, asked) = mpsc::channel(256);
        let (stop, _) = watch::channel(false);
        let epoch = config.clock.unwrap_or_else(Timestamp::now).as_microsecond();
        let world = World::new(config, u64::try_from(epoch).unwrap_or_default());
        tokio::spawn(run(world, controls, asked));
        let gate =
            Gate { control, requests, ids: Arc::new(AtomicU64::new(1)), record: Record::new() };
        Self { inner: Arc::new(Inner { gate, stop }) }
    }

    /// Accepts connections on an address, and returns the one really bound (for port 0). Can be
    /// called several times.
    ///
    /// # Cancel safety
    /// Dropping the future listens nowhere, or on an address that nothing returns.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(&self, addr: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(addr).await?;
        let bound = listener.local_addr()?;
        let (gate, mut stop) = (self.inner.gate.clone(), self.inner.stop.subscribe());
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    _ = stop.changed() => return,
                    accepted = listener.accept() => accepted,
                };
                match accepted {
                    Ok((stream, peer)) => {
                        // Small frames shall not wait for each other; without it they only do.
                        let _slower = stream.set_nodelay(true);
                        gate.serve(stream, Some(peer));
                    }
                    Err(error) => {
                        tracing::debug!(%error, "accept failed");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        });
        Ok(bound)
    }

    /// Returns the client's end of a new in-memory connection.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(64 << 10);
        self.serve(server);
        client
    }

    /// Serves one stream, whatever it is made of.
    pub fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.inner.gate.serve(stream, None);
    }

    /// Makes something go wrong, now or when it is planned.
    pub fn inject(&self, fault: impl Into<Planned>) {
        self.inner.gate.control(Control::Inject(fault.into()));
    }

    /// Writes down everything that clients and the switch say from now on, as JSON lines:
    /// `{"t": seconds, "conn": number, "from": "client" or "server", "data": bytes as latin-1}`.
    /// Each line is flushed; passwords of logins are masked. Writing blocks the sockets: give it a
    /// file, not a slow device. When it fails the recording ends.
    pub fn record(&self, book: impl io::Write + Send + 'static) {
        self.inner.gate.record.open(Box::new(book));
    }

    /// Returns what happens to connections from now on. Dropping the receiver ends it.
    #[must_use]
    pub fn notices(&self) -> mpsc::UnboundedReceiver<Notice> {
        let (watcher, notices) = mpsc::unbounded_channel();
        self.inner.gate.control(Control::Watch(watcher));
        notices
    }

    /// Fires an event at everybody who subscribed to it. The core headers are added; the name is
    /// that of the header `Event-Name`, or CUSTOM.
    pub fn fire(&self, headers: Vec<(String, String)>, body: Option<String>) {
        self.inner.gate.control(Control::Fire(headers, body));
    }

    /// Returns how many channels exist; 0 once the switch has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn channels(&self) -> usize {
        let (reply, answer) = oneshot::channel();
        self.inner.gate.control(Control::Channels(reply));
        answer.await.unwrap_or(0)
    }

    /// Ends the switch: closes all sockets and stops listening.
    pub fn stop(&self) {
        self.inner.gate.control(Control::Stop);
        self.inner.stop.send_replace(true);
    }
}
