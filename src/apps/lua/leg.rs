//! A session as a script knows it, and a handler that runs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::{Lua, Table};
use tokio::sync::Notify;

use super::failure::Failure;
use crate::client::Client;
use crate::model::{CallInfo, Id, SessionInfo};

/// A session as a script knows it.
pub(super) struct Leg {
    pub(super) id: Id<SessionInfo>,
    pub(super) call: Id<CallInfo>,
    is_gone: Cell<bool>,
    cause: RefCell<String>,
    gone: Notify,
    pub(super) digits: RefCell<VecDeque<char>>,
    pub(super) pressed: Notify,
    vars: RefCell<Option<Table>>,
}

impl Leg {
    pub(super) fn new(id: Id<SessionInfo>, call: Id<CallInfo>) -> Rc<Self> {
        Rc::new(Self {
            id,
            call,
            is_gone: Cell::new(false),
            cause: RefCell::default(),
            gone: Notify::new(),
            digits: RefCell::default(),
            pressed: Notify::new(),
            vars: RefCell::default(),
        })
    }

    pub(super) fn vars(&self, lua: &Lua) -> mlua::Result<Table> {
        if let Some(vars) = &*self.vars.borrow() {
            return Ok(vars.clone());
        }
        let vars = lua.create_table()?;
        *self.vars.borrow_mut() = Some(vars.clone());
        Ok(vars)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.is_gone.get() { Err(self.failure()) } else { Ok(()) }
    }

    pub(super) fn failure(&self) -> Failure {
        Failure::Gone { cause: self.cause.borrow().clone() }
    }

    /// Waits for its end.
    pub(super) async fn gone(&self) {
        let mut notified = pin!(self.gone.notified());
        notified.as_mut().enable();
        if !self.is_gone.get() {
            notified.await;
        }
    }

    pub(super) fn end(&self, cause: &str) {
        if !self.is_gone.replace(true) {
            cause.clone_into(&mut self.cause.borrow_mut());
            self.gone.notify_waiters();
        }
    }
}

/// One running handler.
pub(super) struct Run {
    /// The event, or what else it was started by.
    pub(super) what: String,
    pub(super) leg: Option<Rc<Leg>>,
    pub(super) client: Option<Client>,
    /// Whether it continues when its session has ended.
    pub(super) outlives: bool,
    spent: Cell<u64>,
    /// How long it ran since it waited, but for the part that runs.
    ran: Cell<Duration>,
    /// Since when it runs.
    since: Cell<Option<Instant>>,
    /// How many coroutines deep it runs.
    depth: Cell<u32>,
    is_stopped: Cell<bool>,
    stopped_at: RefCell<String>,
}

impl Run {
    pub(super) fn new(
        what: &str,
        leg: Option<Rc<Leg>>,
        client: Option<Client>,
        outlives: bool,
    ) -> Self {
        let (spent, is_stopped) = (Cell::new(0), Cell::new(false));
        let (what, stopped_at) = (what.to_owned(), RefCell::default());
        let depth = Cell::new(0);
        let (ran, since) = (Cell::default(), Cell::default());
        Self { what, leg, client, outlives, spent, ran, since, depth, is_stopped, stopped_at }
    }

    pub(super) fn spend(&self, instructions: u64) -> u64 {
        self.spent.set(self.spent.get().saturating_add(instructions));
        self.spent.get()
    }

    /// It has waited for something: the counts start anew.
    pub(super) fn rest(&self) {
        self.spent.set(0);
        self.ran.set(Duration::ZERO);
        self.since.set(self.since.get().map(|_| Instant::now()));
    }

    /// It has the thread from here on.
    pub(super) fn enter(&self) {
        self.since.set(Some(Instant::now()));
    }

    /// Another one has the thread.
    pub(super) fn leave(&self) {
        self.ran.set(self.ran());
        self.since.set(None);
    }

    /// How long it ran without waiting for anything.
    pub(super) fn ran(&self) -> Duration {
        self.ran.get() + self.since.get().map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(super) fn nest(&self, by: i32) {
        self.depth.set(self.depth.get().saturating_add_signed(by));
    }

    pub(super) fn is_nested(&self) -> bool {
        self.depth.get() > 0
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.get()
    }

    /// It goes no further, whatever it catches.
    pub(super) fn stop(&self, place: Option<String>, why: &str) -> Failure {
        self.is_stopped.set(true);
        let mut at = self.stopped_at.borrow_mut();
        if at.is_empty() {
            *at = format!("{}stopped: {why} without a pause", place.unwrap_or_default());
        }
        Failure::Stopped(at.clone())
    }

    /// It was stopped and runs on: where and why it was.
    pub(super) fn stop_again(&self) -> Failure {
        Failure::Stopped(self.stopped_at.borrow().clone())
    }
}
