//! Scheduled tasks: commands, hangups, transfers, and those of the core.

use crate::sim::world::task::{Task, Work};
use std::time::Duration;

use crate::sim::channel::then::Exten;
use crate::sim::world::World;
use crate::sim::world::agenda::{Action, Tick};
use crate::sim::world::request::{ApiCall, Outcome};

/// `+5`, `@5` (again and again) or a time in seconds since 1970: delay and repetition. What is no
/// number is long past, and so at once.
fn when(world: &World, text: &str) -> (u64, u64) {
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    if let Some(delay) = text.strip_prefix('+') {
        return (number(delay), 0);
    }
    if let Some(every) = text.strip_prefix('@') {
        return (number(every), number(every).max(1));
    }
    (number(text).saturating_sub(world.now / 1_000_000), 0)
}

impl World {
    /// The tasks that every switch has.
    pub(in super::super) fn add_core_tasks(&mut self) {
        let at = self.now / 1_000_000 + 20;
        for (id, desc) in [(1, "heartbeat"), (2, "check_ip"), (3, "limit_hash_cleanup")] {
            let group = if id == 3 { "mod_hash" } else { "core" }.to_owned();
            self.tasks.insert(id, Task { desc, group, at, work: Work::Core, repeat: 0 });
        }
    }

    fn add_task(&mut self, desc: &'static str, group: &str, when: (u64, u64), work: Work) -> u64 {
        let id = self.tasks.keys().next_back().map_or(1, |last| last + 1).max(7);
        let (delay, repeat) = when;
        let at = self.now / 1_000_000 + delay;
        let task = Task { desc, group: group.to_owned(), at, work, repeat };
        self.after(Duration::ZERO, Action::TaskEvent("ADD_SCHEDULE", id, Box::new(task.clone())));
        self.tasks.insert(id, task);
        self.after(Duration::from_secs(delay), Action::Task(id));
        id
    }

    /// What the applications `sched_hangup`, `sched_transfer` and `sched_cancel` do.
    pub(in super::super) fn schedule(&mut self, id: u64, app: &str, data: &str) {
        let Some(uuid) = self.channels.get(&id).map(|channel| channel.uuid.clone()) else { return };
        let words: Vec<&str> = data.split_whitespace().collect();
        match (app, words.as_slice()) {
            ("sched_hangup", [time, rest @ ..]) => {
                self.hang_up_then(when(self, time), &uuid, rest);
            }
            ("sched_transfer", [time, rest @ ..]) if !rest.is_empty() => {
                self.transfer_then(when(self, time), &uuid, rest);
            }
            ("sched_cancel", words) => {
                let group = words.first().copied().unwrap_or(&uuid);
                self.drop_tasks(|_, task| task.group == group);
            }
            _ => {}
        }
    }

    /// `[CAUSE]`
    fn hang_up_then(&mut self, when: (u64, u64), uuid: &str, words: &[&str]) {
        let cause = words.first().copied().unwrap_or("ALLOTTED_TIMEOUT").to_owned();
        let work = Work::Hangup(uuid.to_owned(), cause);
        self.add_task("switch_ivr_schedule_hangup", uuid, when, work);
    }

    /// `EXTENSION [DIALPLAN CONTEXT]`
    fn transfer_then(&mut self, when: (u64, u64), uuid: &str, words: &[&str]) {
        let exten = words.first().copied().unwrap_or_default().to_owned();
        let context = words.get(2).copied().unwrap_or("default").to_owned();
        let work = Work::Transfer(uuid.to_owned(), exten, context);
        self.add_task("switch_ivr_schedule_transfer", uuid, when, work);
    }

    /// SESSION_HEARTBEAT every `seconds` seconds, the first at once unless it is only scheduled; 0
    /// ends them.
    pub(super) fn session_heartbeat(&mut self, id: u64, seconds: u64, scheduled: bool) {
        let Some(uuid) = self.channels.get(&id).map(|channel| channel.uuid.clone()) else { return };
        self.drop_tasks(|_, task| matches!(&task.work, Work::Beat(have) if *have == uuid));
        if seconds == 0 {
            return;
        }
        if !scheduled {
            self.fire_full(id, "SESSION_HEARTBEAT", Vec::new(), Vec::new());
        }
        let work = Work::Beat(uuid.clone());
        self.add_task("switch_core_session_heartbeat", &uuid, (seconds, seconds), work);
    }

    /// Takes tasks off the schedule, and says how many. The scheduler looks twice a second what is
    /// gone (`transcripts/call_control`).
    pub(in super::super) fn drop_tasks(&mut self, gone: impl Fn(u64, &Task) -> bool) -> usize {
        let ids: Vec<u64> =
            self.tasks.iter().filter(|(id, task)| gone(**id, task)).map(|(id, _)| *id).collect();
        for id in &ids {
            if let Some(task) = self.tasks.remove(id) {
                let event = Action::TaskEvent("DEL_SCHEDULE", *id, Box::new(task));
                self.after(Duration::from_millis(480), event);
            }
        }
        ids.len()
    }

    pub(in super::super) fn fire_task(&mut self, name: &'static str, id: u64, task: &Task) {
        let mut event = self.event(name);
        event.push("Task-ID", id.to_string());
        event.push("Task-Desc", task.desc);
        event.push("Task-Group", &*task.group);
        event.push("Task-Runtime", task.at.to_string());
        self.emit(&event);
    }

    /// A task is due.
    pub(in super::super) fn run_task(&mut self, id: u64) {
        let Some(mut task) = self.tasks.remove(&id) else { return };
        match task.work.clone() {
            Work::Core => {}
            Work::Api(line) => self.run_quietly(&line),
            Work::Hangup(uuid, cause) => {
                if let Some(channel) = self.find(&uuid) {
                    self.hangup(channel, &cause, Tick::Media);
                }
            }
            Work::Beat(uuid) => {
                if let Some(channel) = self.find(&uuid) {
                    self.fire_full(channel, "SESSION_HEARTBEAT", Vec::new(), Vec::new());
                }
            }
            Work::Broadcast(uuid, path, leg) => {
                if let Some(channel) = self.find(&uuid) {
                    super::calls::broadcast(self, channel, &path, &leg);
                }
            }
            Work::Transfer(uuid, exten, context) => {
                if let Some(channel) = self.find(&uuid) {
                    self.transfer(channel, &Exten::new(&exten, "XML", &context));
                }
            }
        }
        if task.repeat > 0 {
            task.at = self.now / 1_000_000 + task.repeat;
            self.after(Duration::from_secs(task.repeat), Action::Task(id));
            self.fire_task("RE_SCHEDULE", id, &task);
            self.tasks.insert(id, task);
        } else {
            self.fire_task("DEL_SCHEDULE", id, &task);
        }
    }
}

pub(super) fn sched_api(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut parts = asked.args.splitn(3, ' ');
    let (Some(time), Some(group), Some(line)) = (parts.next(), parts.next(), parts.next()) else {
        return format!("-ERR Invalid syntax. USAGE: {}\n", asked.syntax()).into();
    };
    let line = line.trim_end_matches('&').trim().to_owned();
    let id = world.add_task("sched_api_function", group, when(world, time), Work::Api(line));
    format!("+OK Added: {id}\n").into()
}

/// When, which call, the other words.
type Timed<'a> = ((u64, u64), &'a str, Vec<&'a str>);

/// The words of a command about a call: the time, the uuid if there is such a call, the rest.
fn timed<'a>(world: &World, asked: &'a ApiCall) -> Result<Timed<'a>, Outcome> {
    let mut words = asked.args.split_whitespace();
    let Some(time) = words.next() else { return Err(asked.usage()) };
    match words.next().filter(|uuid| world.find(uuid).is_some()) {
        Some(uuid) => Ok((when(world, time), uuid, words.collect())),
        None => Err("-ERR No such channel!\n".into()),
    }
}

pub(super) fn sched_hangup(world: &mut World, asked: &ApiCall) -> Outcome {
    let (when, uuid, words) = match timed(world, asked) {
        Ok(found) => found,
        Err(text) => return text,
    };
    world.hang_up_then(when, uuid, &words);
    "+OK\n".into()
}

pub(super) fn sched_transfer(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.split_whitespace().count() < 2 {
        return asked.usage();
    }
    let (when, uuid, words) = match timed(world, asked) {
        Ok(found) => found,
        Err(text) => return text,
    };
    world.transfer_then(when, uuid, &words);
    "+OK\n".into()
}

/// Whether there is such a call is seen when the time has come.
pub(super) fn sched_broadcast(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(time), Some(uuid), Some(path)) = (words.next(), words.next(), words.next()) else {
        return asked.usage();
    };
    let leg = words.next().unwrap_or("aleg").to_owned();
    let work = Work::Broadcast(uuid.to_owned(), path.to_owned(), leg);
    world.add_task("switch_ivr_schedule_broadcast", uuid, when(world, time), work);
    "+OK Message scheduled\n".into()
}

pub(super) fn sched_del(world: &mut World, asked: &ApiCall) -> Outcome {
    let number: Option<u64> = asked.args.parse().ok();
    let deleted = world.drop_tasks(|id, task| {
        !matches!(task.work, Work::Core) && (number == Some(id) || task.group == asked.args)
    });
    format!("+OK Deleted: {deleted}\n").into()
}

pub(super) fn unsched_api(world: &mut World, asked: &ApiCall) -> Outcome {
    let Ok(id) = asked.args.parse::<u64>() else { return "".into() };
    let is_core = world.tasks.get(&id).is_none_or(|task| matches!(task.work, Work::Core));
    if is_core {
        return "-ERR No such id\n".into();
    }
    world.drop_tasks(|other, _| other == id);
    "+OK\n".into()
}
