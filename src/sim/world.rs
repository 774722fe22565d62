//! The switch itself: sockets, channels, the agenda. No I/O; time comes in from outside.
//!
//! A world is advanced to a moment, then handed what happened at that moment. All randomness comes
//! from one seeded generator.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};

use super::api::schedule::Task;
use super::channel::Channel;
use super::conference::Conference;
use super::config::Config;
use super::emit::Dates;
use super::farewell::Farewell;
use super::fault::Faults;
use super::flood::Flood;
use super::notice::Notice;
use super::originate::Originate;
use super::planned::Planned;
use super::protocol::Socket;
use super::reinvite::Reinvite;
use super::socket::{Asked, Outlet};
use super::traffic::Plan;
use crate::model::dial::Leg;

/// What the handle and the sockets tell the world.
#[derive(Debug)]
pub(super) enum Control {
    Attach(u64, Option<SocketAddr>, Outlet),
    Gone(u64),
    Inject(Planned),
    Watch(mpsc::UnboundedSender<Notice>),
    Fire(Vec<(String, String)>, Option<String>),
    Channels(oneshot::Sender<usize>),
    Stop,
}

/// What is due at some moment.
#[derive(Debug)]
pub(super) enum Action {
    Heartbeat,
    AuthTimeout(u64),
    LingerEnd(u64),
    /// A late reply, or the end of `msleep`.
    Respond(u64, Bytes),
    /// The end of an api command that took its time.
    Answer(Box<super::api::Waiting>, String),
    Leg(u64, Step),
    Task(u64),
    /// The scheduler's own thread tells of a task.
    TaskEvent(&'static str, u64, Box<Task>),
    Traffic,
    Flood,
    RingTimeout(u64),
    /// A leg of an originate's lane that had to wait.
    LateLeg(u64, usize, Box<Leg>),
    OriginateReady(u64),
    /// An originate tries again.
    Redial(u64),
    /// Waiting calls are offered to agents.
    Dispatch,
    /// The sockets of a server that goes down are told so; then it comes back.
    ShutDown,
    /// The sockets alone end, those of their module.
    EndSockets,
    Restart,
    Fault(Planned),
}

/// The next thing that happens to a channel.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The INVITE arrives: the other leg comes to life.
    Invite,
    /// The channel looks into the dial plan.
    Route,
    /// The channel begins its plan.
    Execute,
    /// The application with this token is over.
    Over(u64),
    /// Queued commands wait.
    Commands,
    /// A reply of the called end.
    Ringing,
    EarlyMedia,
    Answered,
    Refused(&'static str, u16, &'static str),
    /// The other end of the wire is gone.
    PeerGone(Box<Farewell>),
    Hangup(String),
    /// The leg has rung for as long as its `leg_timeout` allows.
    LegTimeout,
    Unwind,
    /// An INVITE within the call arrives, or the answer to one's own.
    Reinvite(Reinvite),
    Reinvited(Reinvite),
    /// An INFO shows another name and number.
    Info(Box<(String, String)>),
    Digit(char, u32, &'static str),
    /// The switch looks whether the leg still gets sound.
    Listen,
    /// A window of `bert_test` is over; `true` with its last one.
    Bert(u64, bool),
}

/// A simulated switch.
#[derive(Debug)]
pub(super) struct World {
    pub(super) config: Config,
    /// Microseconds since 1970.
    pub(super) now: u64,
    pub(super) started: u64,
    pub(super) rng: Rng,
    pub(super) core_uuid: String,
    pub(super) sequence: u64,
    pub(super) dates: Dates,
    pub(super) sockets: BTreeMap<u64, Socket>,
    /// In boxes: the map would keep room for twice as many.
    pub(super) channels: BTreeMap<u64, Box<Channel>>,
    ids: HashMap<String, u64>,
    pub(super) originates: BTreeMap<u64, Originate>,
    agenda: BTreeMap<(u64, u64), Action>,
    ticket: u64,
    pub(super) globals: Vec<(String, String)>,
    pub(super) tasks: BTreeMap<u64, Task>,
    pub(super) conferences: Vec<Conference>,
    pub(super) conference_ids: u64,
    /// Parked calls by lot and extension.
    pub(super) lots: BTreeMap<super::valet::Slot, u64>,
    pub(super) queue: super::queue::Queue,
    /// Who listens to a channel: listeners, with the tokens of their applications.
    pub(super) spies: BTreeMap<u64, Vec<(u64, u64)>>,
    pub(super) faults: Faults,
    watchers: Vec<mpsc::UnboundedSender<Notice>>,
    pub(super) flood: Option<Flood>,
    pub(super) plan: Option<Plan>,
    pub(super) counts: Counts,
    pub(super) loglevel: i8,
    pub(super) paused: bool,
    pub(super) modules: Vec<String>,
    pub(super) nesting: u8,
    /// While all calls are being hung up.
    pub(super) hupall: bool,
    pub(super) store: super::api::store::Store,
    pub(super) switches: super::api::fsctl::Switches,
    /// SIP profiles that were stopped.
    pub(super) stopped: BTreeSet<String>,
    pub(super) aliases: Vec<super::api::alias::Alias>,
    pub(super) completions: Vec<Vec<String>>,
}

/// What `status` counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) sessions: u64,
    pub(super) peak: usize,
    pub(super) rate_peak: u64,
    pub(super) second: (u64, u64),
    pub(super) max_sessions: u64,
    pub(super) max_rate: u64,
    pub(super) calls: BTreeMap<String, [u64; 4]>,
}

impl World {
    /// A switch that starts at this moment.
    pub(super) fn new(config: Config, now: u64) -> Self {
        let mut rng = config.seed.map_or_else(Rng::new, Rng::with_seed);
        let core_uuid = uuid(&mut rng);
        let plan = (config.traffic > 0.0).then(|| Plan::new(rng.fork(), config.traffic));
        let mut world = Self {
            config,
            now,
            started: now,
            rng,
            globals: super::api::system::globals(&core_uuid),
            core_uuid,
            sequence: 600,
            dates: Dates::default(),
            sockets: BTreeMap::new(),
            channels: BTreeMap::new(),
            ids: HashMap::new(),
            originates: BTreeMap::new(),
            agenda: BTreeMap::new(),
            ticket: 0,
            tasks: BTreeMap::new(),
            conferences: Vec::new(),
            conference_ids: 0,
            lots: BTreeMap::new(),
            queue: super::queue::Queue::default(),
            spies: BTreeMap::new(),
            faults: Faults::default(),
            watchers: Vec::new(),
            flood: None,
            plan,
            counts: Counts { max_sessions: 20_000, max_rate: 2000, ..Counts::default() },
            loglevel: 7,
            paused: false,
            nesting: 0,
            hupall: false,
            store: super::api::store::Store::default(),
            switches: super::api::fsctl::Switches::default(),
            stopped: BTreeSet::new(),
            aliases: Vec::new(),
            completions: Vec::new(),
            modules: super::api::modules(),
        };
        world.start();
        for planned in std::mem::take(&mut world.config.faults) {
            world.plan_fault(planned);
        }
        world
    }

    fn start(&mut self) {
        self.add_core_tasks();
        self.after(self.config.heartbeat, Action::Heartbeat);
        if self.plan.is_some() {
            self.after(Duration::from_millis(300), Action::Traffic);
        }
    }

    /// When the next action is due.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.agenda.keys().next().map(|(at, _)| *at)
    }

    /// Does everything that is due up to this moment.
    pub(super) fn advance(&mut self, now: u64) {
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((at, _), action) = entry.remove_entry();
            self.now = self.now.max(at);
            self.act(action);
        }
        self.now = self.now.max(now);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Heartbeat => self.heartbeat(),
            Action::AuthTimeout(socket) => self.auth_timeout(socket),
            Action::LingerEnd(socket) => self.linger_end(socket),
            Action::Respond(socket, bytes) => self.finish(socket, Some(bytes)),
            Action::Answer(waiting, text) => self.answered(&waiting, &text),
            Action::Leg(id, step) => self.step(id, step),
            Action::Task(id) => self.run_task(id),
            Action::TaskEvent(name, id, task) => self.fire_task(name, id, &task),
            Action::Traffic => self.traffic(),
            Action::Flood => self.flood_tick(),
            Action::RingTimeout(token) => self.ring_timeout(token),
            Action::LateLeg(id, lane, spec) => self.late_leg(id, lane, &spec),
            Action::OriginateReady(id) => self.originate_ready(id),
            Action::Redial(id) => self.redial(id),
            Action::Dispatch => self.offer_calls(),
            Action::ShutDown => {
                self.end_sockets();
                self.go_down();
            }
            Action::EndSockets => self.end_sockets(),
            Action::Restart => self.restart(),
            Action::Fault(planned) => self.fault_is_due(planned),
        }
    }

    /// Puts an action on the agenda.
    pub(super) fn after(&mut self, delay: Duration, action: Action) {
        let delay = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX / 4);
        self.ticket += 1;
        self.agenda.insert((self.now.saturating_add(delay), self.ticket), action);
    }

    /// Puts a channel's next step on the agenda.
    pub(super) fn step_in(&mut self, milliseconds: u64, id: u64, step: Step) {
        self.after(Duration::from_millis(milliseconds), Action::Leg(id, step));
    }

    /// A number that nothing else in this world has.
    pub(super) fn token(&mut self) -> u64 {
        self.ticket += 1;
        self.ticket
    }

    /// A new uuid of the switch's own.
    pub(super) fn uuid(&mut self) -> String {
        uuid(&mut self.rng)
    }

    /// Handles one message; `false` ends the world.
    pub(super) fn control(&mut self, control: Control) -> bool {
        match control {
            Control::Attach(id, peer, outlet) => {
                self.notify(&Notice::Connected { id, peer });
                self.attach(id, outlet);
            }
            Control::Gone(id) => {
                if let Some(socket) = self.sockets.remove(&id) {
                    socket.out.close();
                }
                self.notify(&Notice::Closed { id });
            }
            Control::Inject(planned) => self.plan_fault(planned),
            Control::Watch(watcher) => self.watchers.push(watcher),
            Control::Fire(headers, body) => self.fire(headers, body),
            Control::Channels(reply) => {
                // The asker may have left.
                let _left = reply.send(self.channels.len());
            }
            Control::Stop => return false,
        }
        true
    }

    /// Handles one request.
    pub(super) fn asked(&mut self, asked: Asked) {
        self.request(asked.socket, &asked.request, asked.done);
    }

    pub(super) fn restart(&mut self) {
        self.sockets.clear();
        self.channels.clear();
        self.ids.clear();
        self.originates.clear();
        self.conferences.clear();
        self.lots.clear();
        self.queue = super::queue::Queue::default();
        self.spies.clear();
        // What was planned from outside outlives the process.
        self.agenda.retain(|_, action| matches!(action, Action::Fault(_)));
        self.tasks.clear();
        self.flood = None;
        self.core_uuid = self.uuid();
        self.sequence = 600;
        self.started = self.now;
        self.globals = super::api::system::globals(&self.core_uuid);
        self.paused = false;
        self.store = super::api::store::Store::default();
        self.switches = super::api::fsctl::Switches::default();
        self.stopped.clear();
        self.modules = super::api::modules();
        self.aliases.retain(|alias| alias.is_sticky);
        self.completions.clear();
        self.counts = Counts { max_sessions: 20_000, max_rate: 2000, ..Counts::default() };
        self.start();
    }

    /// Tells whoever watches the sockets.
    pub(super) fn notify(&mut self, notice: &Notice) {
        self.watchers.retain(|watcher| watcher.send(notice.clone()).is_ok());
    }

    /// Goes down and comes back as another process would.
    pub(super) fn go_down(&mut self) {
        self.after(Duration::ZERO, Action::Restart);
    }

    /// Adds a channel and counts it.
    pub(super) fn add_channel(&mut self, channel: Channel) -> u64 {
        let id = channel.id;
        self.ids.insert(channel.uuid.clone(), id);
        self.channels.insert(id, Box::new(channel));
        self.counts.peak = self.counts.peak.max(self.channels.len());
        id
    }

    /// The number of the next session; it also is the channel's key here.
    pub(super) fn next_session(&mut self) -> u64 {
        self.counts.sessions += 1;
        let second = self.now / 1_000_000;
        let so_far = if self.counts.second.0 == second { self.counts.second.1 } else { 0 };
        self.counts.second = (second, so_far + 1);
        self.counts.rate_peak = self.counts.rate_peak.max(so_far + 1);
        self.counts.sessions
    }

    /// Forgets a channel.
    pub(super) fn remove_channel(&mut self, id: u64) {
        if self.faults.haunted {
            self.leave_row(id);
        }
        if let Some(channel) = self.channels.remove(&id) {
            self.store.release_all(&channel.uuid);
            self.spies.remove(&id);
            // A younger channel may have taken the name over.
            if self.find(&channel.uuid) == Some(id) {
                self.ids.remove(&channel.uuid);
            }
        }
    }

    /// The channel with this uuid.
    pub(super) fn find(&self, uuid: &str) -> Option<u64> {
        self.ids.get(uuid).copied()
    }

    /// Gives a channel another uuid.
    pub(super) fn rename(&mut self, id: u64, uuid: &str) {
        if let Some(channel) = self.channels.get_mut(&id) {
            self.ids.remove(&channel.uuid);
            self.ids.insert(uuid.to_owned(), id);
            uuid.clone_into(&mut channel.uuid);
            uuid.clone_into(&mut channel.call_uuid);
        }
    }

    /// The moment as events and call records show it: FreeSWITCH's clock goes in steps of 20 ms.
    pub(super) fn clock(&self) -> u64 {
        self.now - self.now.saturating_sub(self.started) % 20_000
    }

    /// The time until the next step of that clock, which is when media threads wake up.
    pub(super) fn to_next_tick(&self) -> Duration {
        Duration::from_micros(20_000 - (self.now - self.clock()))
    }

    /// The clock as a time stamp.
    pub(super) fn time(&self) -> Timestamp {
        timestamp(self.now)
    }

    /// A moment as FreeSWITCH writes local time. A switch whose clock was set runs on UTC.
    pub(super) fn stamp(&self, micros: u64) -> String {
        let zone = if self.config.clock.is_some() { TimeZone::UTC } else { TimeZone::system() };
        timestamp(micros).to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Cuts a client that has not read for too long.
    pub(super) fn drop_slow(&mut self, id: u64) {
        self.sockets.remove(&id);
        self.notify(&Notice::TooSlow { id });
    }

    fn heartbeat(&mut self) {
        self.after(self.config.heartbeat, Action::Heartbeat);
        let (up, counts) = (self.now - self.started, &self.counts);
        let rate = if counts.second.0 == self.now / 1_000_000 { counts.second.1 } else { 0 };
        let fields = [
            ("Event-Info", "System Ready".to_owned()),
            ("Up-Time", super::api::status::up_time(up)),
            ("FreeSWITCH-Version", "1.10.12-release-simulated~64bit".to_owned()),
            ("Uptime-msec", (up / 1000).to_string()),
            ("Session-Count", self.channels.len().to_string()),
            ("Max-Sessions", counts.max_sessions.to_string()),
            ("Session-Per-Sec", counts.max_rate.to_string()),
            ("Session-Per-Sec-Last", rate.to_string()),
            ("Session-Per-Sec-Max", counts.rate_peak.to_string()),
            ("Session-Per-Sec-FiveMin", counts.rate_peak.to_string()),
            ("Session-Since-Startup", counts.sessions.to_string()),
            ("Session-Peak-Max", counts.peak.to_string()),
            ("Session-Peak-FiveMin", counts.peak.to_string()),
            ("Idle-CPU", "97.166667".to_owned()),
        ];
        let mut event = self.event("HEARTBEAT");
        for (name, value) in fields {
            event.push(name, value);
        }
        self.emit(&event);
        let next = (self.now / 1_000_000 + self.config.heartbeat.as_secs()).to_string();
        let mut event = self.event("RE_SCHEDULE");
        event.push("Task-ID", "1");
        event.push("Task-Desc", "heartbeat");
        event.push("Task-Group", "core");
        event.push("Task-Runtime", next);
        self.emit(&event);
    }
}

/// The name of the machine, as in the recordings.
pub(super) const HOSTNAME: &str = "vm";

fn timestamp(micros: u64) -> Timestamp {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn uuid(rng: &mut Rng) -> String {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid().to_string()
}
