//! The state of the switch: its clients, its channels, its agenda, and how events reach the clients.
//! No I/O; time comes in from outside.
//!
//! A world is advanced to a moment, then receives what happened at that moment. All randomness comes
//! from one seeded generator. What happens is written in the modules above this one: each adds the
//! methods of `World` for its part (`call`, `app`, `api`, `traffic`, `server`).

pub(super) mod agenda;
pub(super) mod app_names;
pub(super) mod background;
pub(super) mod conference;
pub(super) mod config;
pub(super) mod control;
pub(super) mod counts;
pub(super) mod emit;
pub(super) mod globals;
pub(super) mod interfaces;
pub(super) mod layout;
pub(super) mod log;
pub(super) mod originate;
pub(super) mod queue;
pub(super) mod request;
pub(super) mod store;
pub(super) mod switches;
pub(super) mod task;
pub(super) mod uptime;

use agenda::{Action, Agenda, Step};
use counts::Counts;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use crate::sim::channel::Channel;
use crate::sim::client::Socket;
use crate::sim::client::notice::Notice;
use crate::sim::event::Dates;
use crate::sim::fault::Faults;
use background::{Flood, Plan};
use conference::Conference;
use config::Config;
use originate::Originate;
use task::Task;

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
    pub(in crate::sim) agenda: Agenda,
    pub(super) globals: Vec<(String, String)>,
    pub(super) tasks: BTreeMap<u64, Task>,
    pub(super) conferences: Vec<Conference>,
    pub(super) conference_ids: u64,
    /// Parked calls by lot and extension.
    pub(super) lots: BTreeMap<crate::sim::channel::Slot, u64>,
    pub(super) queue: queue::Queue,
    /// Who listens to a channel: listeners, with the tokens of their applications.
    pub(super) spies: BTreeMap<u64, Vec<(u64, u64)>>,
    pub(super) faults: Faults,
    pub(in crate::sim) watchers: Vec<mpsc::UnboundedSender<Notice>>,
    pub(super) flood: Option<Flood>,
    pub(super) plan: Option<Plan>,
    pub(super) counts: Counts,
    pub(super) loglevel: i8,
    pub(super) paused: bool,
    pub(super) modules: Vec<String>,
    pub(super) nesting: u8,
    /// While all calls are being hung up.
    pub(super) hupall: bool,
    pub(super) store: store::Store,
    pub(super) switches: switches::Switches,
    /// SIP profiles that were stopped.
    pub(super) stopped: BTreeSet<String>,
    pub(super) aliases: Vec<switches::Alias>,
    pub(super) completions: Vec<Vec<String>>,
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
            globals: globals::globals(&core_uuid),
            core_uuid,
            sequence: 600,
            dates: Dates::default(),
            sockets: BTreeMap::new(),
            channels: BTreeMap::new(),
            ids: HashMap::new(),
            originates: BTreeMap::new(),
            agenda: Agenda::default(),
            tasks: BTreeMap::new(),
            conferences: Vec::new(),
            conference_ids: 0,
            lots: BTreeMap::new(),
            queue: queue::Queue::default(),
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
            store: store::Store::default(),
            switches: switches::Switches::default(),
            stopped: BTreeSet::new(),
            aliases: Vec::new(),
            completions: Vec::new(),
            modules: interfaces::modules(),
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
        self.agenda.next_due()
    }

    /// Puts an action on the agenda.
    pub(super) fn after(&mut self, delay: Duration, action: Action) {
        let delay = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX / 4);
        self.agenda.enter(self.now.saturating_add(delay), action);
    }

    /// Puts a channel's next step on the agenda.
    pub(super) fn step_in(&mut self, milliseconds: u64, id: u64, step: Step) {
        self.after(Duration::from_millis(milliseconds), Action::Leg(id, step));
    }

    /// A number that nothing else in this world has.
    pub(super) fn token(&mut self) -> u64 {
        self.agenda.ticket()
    }

    /// A new uuid of the switch's own.
    pub(super) fn uuid(&mut self) -> String {
        uuid(&mut self.rng)
    }

    pub(super) fn restart(&mut self) {
        self.sockets.clear();
        self.channels.clear();
        self.ids.clear();
        self.originates.clear();
        self.conferences.clear();
        self.lots.clear();
        self.queue = queue::Queue::default();
        self.spies.clear();
        self.agenda.restart();
        self.tasks.clear();
        self.flood = None;
        self.core_uuid = self.uuid();
        self.sequence = 600;
        self.started = self.now;
        self.globals = globals::globals(&self.core_uuid);
        self.paused = false;
        self.store = store::Store::default();
        self.switches = switches::Switches::default();
        self.stopped.clear();
        self.modules = interfaces::modules();
        self.aliases.retain(|alias| alias.is_sticky);
        self.completions.clear();
        self.counts = Counts { max_sessions: 20_000, max_rate: 2000, ..Counts::default() };
        self.start();
    }

    /// Notifies the watchers of sockets.
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
        timestamp(micros).to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Cuts a client that has not read for too long.
    pub(super) fn drop_slow(&mut self, id: u64) {
        self.sockets.remove(&id);
        self.notify(&Notice::TooSlow { id });
    }

    pub(in crate::sim) fn heartbeat(&mut self) {
        self.after(self.config.heartbeat, Action::Heartbeat);
        let (up, counts) = (self.now - self.started, &self.counts);
        let rate = if counts.second.0 == self.now / 1_000_000 { counts.second.1 } else { 0 };
        let fields = [
            ("Event-Info", "System Ready".to_owned()),
            ("Up-Time", uptime::up_time(up)),
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

fn timestamp(micros: u64) -> Timestamp {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn uuid(rng: &mut Rng) -> String {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid().to_string()
}
