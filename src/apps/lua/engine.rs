//! What a script is while it runs: its state, its handlers, and the sessions that it knows.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mlua::{Function, IntoLuaMulti, Lua, Table, Value};
use tokio::sync::{Notify, mpsc, oneshot};

use super::call::LuaCall;
use super::error::LuaError;
use super::event::LuaEvent;
use super::failure;
use super::leg::{Leg, Run};
use super::message::{Loaded, Message};
use super::pulse::Pulse;
use super::session::LuaSession;
use crate::client::{Client, Session};
use crate::model::{CallInfo, Id, SessionInfo};
use crate::model::{EVENT_NAMES, Event};

/// The state of a script.
pub(super) struct Engine {
    pub(in crate::apps) number: u64,
    pub(super) file: String,
    lua: Lua,
    handlers: RefCell<HashMap<String, Vec<Function>>>,
    legs: RefCell<HashMap<Id<SessionInfo>, Rc<Leg>>>,
    calls: RefCell<HashMap<Id<CallInfo>, Table>>,
    current: RefCell<Option<Rc<Run>>>,
    pulse: Arc<Pulse>,
    is_retired: Cell<bool>,
    idle: Notify,
}

impl Engine {
    pub(super) fn new(number: u64, file: &str, lua: Lua, pulse: Arc<Pulse>) -> Self {
        Self {
            number,
            file: file.to_owned(),
            lua,
            handlers: RefCell::default(),
            legs: RefCell::default(),
            calls: RefCell::default(),
            current: RefCell::default(),
            pulse,
            is_retired: Cell::new(false),
            idle: Notify::new(),
        }
    }

    pub(super) fn lua(&self) -> &Lua {
        &self.lua
    }

    /// The engine of a state, inside a function that Lua called.
    pub(super) fn of(lua: &Lua) -> mlua::Result<Rc<Self>> {
        let weak = lua.app_data_ref::<Weak<Self>>().and_then(|weak| weak.upgrade());
        weak.ok_or_else(|| mlua::Error::runtime("this app has ended"))
    }

    /// Whether the code that runs here was given up.
    pub(super) fn is_given_up(&self) -> bool {
        self.pulse.is_given_up.load(Ordering::Relaxed)
    }

    /// The handler that runs right now.
    pub(super) fn current(&self) -> Option<Rc<Run>> {
        self.current.borrow().clone()
    }

    pub(super) async fn load(self: &Rc<Self>, source: &[u8]) -> Loaded {
        let chunk = self.lua.load(chunk(source)).set_name(format!("@{}", self.file));
        let chunk = chunk.set_mode(mlua::chunk::ChunkMode::Text).into_function();
        let failed = |text| LuaError::Script { text };
        let chunk = chunk.map_err(|err| failed(failure::describe(&err, &self.file)))?;
        let run = self.run("the file", None, None, true);
        let ran = self.drive(&run, chunk.call_async::<()>(())).await;
        ran.map_err(|err| failed(failure::describe_in(&chunk, &err, &self.file)))?;
        self.collect()
    }

    /// Collects the functions that are called for events.
    fn collect(&self) -> Loaded {
        let mut handlers = self.handlers.borrow_mut();
        for pair in self.lua.globals().pairs::<String, Value>() {
            let Ok((name, Value::Function(function))) = pair else { continue };
            let Some(word) = name.strip_prefix("on_").filter(|word| !HOOKS.contains(word)) else {
                continue;
            };
            let word = word.to_ascii_uppercase();
            let event = [format!("CHANNEL_{word}"), word];
            match event.into_iter().find(|event| EVENT_NAMES.contains(&event.as_str())) {
                Some(event) => handlers.entry(event).or_default().insert(0, function),
                None => {
                    return Err(LuaError::NoSuchEvent { path: self.file.clone(), function: name });
                }
            }
        }
        if handlers.is_empty() {
            return Err(LuaError::NoHandlers { path: self.file.clone() });
        }
        let mut events: Vec<&'static str> = ALWAYS.to_vec();
        for event in handlers.keys() {
            if !events.contains(&event.as_str()) {
                let known = EVENT_NAMES.iter().find(|known| *known == event);
                // A subclass has to live as long as its subscriptions; there are few.
                events.push(known.copied().unwrap_or_else(|| String::leak(event.clone())));
            }
        }
        events.sort_unstable();
        Ok(events)
    }

    /// Adds a handler by the name of its event: `on("mod_x::y", function(session, event) .. end)`.
    pub(super) fn on(&self, event: &str, function: Function) -> Result<(), String> {
        let is_known = event.contains("::") || EVENT_NAMES.contains(&event);
        if !is_known {
            return Err(format!("there is no event {event:?}"));
        }
        self.handlers.borrow_mut().entry(event.to_owned()).or_default().push(function);
        Ok(())
    }

    pub(super) async fn serve(self: Rc<Self>, mut inbox: mpsc::Receiver<Message>) {
        loop {
            let message = tokio::select! {
                message = inbox.recv() => message,
                () = self.idle.notified(), if self.is_retired.get() => None,
            };
            match message {
                None => return,
                Some(Message::Event(event)) => {
                    let (session, event, is_note) = *event;
                    self.event(&session, &event, is_note);
                }
                Some(Message::SetUp { client, done }) => self.hook("on_load", client, done),
                Some(Message::TearDown { client, done }) => self.hook("on_unload", client, done),
                Some(Message::Retire) => {
                    self.is_retired.set(true);
                    self.pulse.is_retired.store(true, Ordering::Relaxed);
                    if self.pulse.running.load(Ordering::Relaxed) == 0 {
                        return;
                    }
                }
            }
            self.pulse.memory.store(self.lua.used_memory(), Ordering::Relaxed);
        }
    }

    /// Runs `on_load` or `on_unload`, if there is one.
    fn hook(
        self: &Rc<Self>,
        name: &str,
        client: Client,
        done: oneshot::Sender<Result<(), String>>,
    ) {
        let Ok(Value::Function(function)) = self.lua.globals().get(name) else {
            let _nobody_waits = done.send(Ok(())).is_err();
            return;
        };
        let run = self.run(name, None, Some(client), true);
        let engine = Rc::clone(self);
        tokio::task::spawn_local(async move {
            let outcome = engine.drive(&run, function.call_async::<()>(())).await;
            let outcome =
                outcome.map_err(|err| failure::describe_in(&function, &err, &engine.file));
            let _nobody_waits = done.send(outcome).is_err();
        });
    }

    fn event(self: &Rc<Self>, session: &Session, event: &Event, is_note: bool) {
        let kind = event.kind();
        let leg = self.leg(session);
        match &*kind {
            "DTMF" => {
                let mut digits = leg.digits.borrow_mut();
                if digits.len() < DIGITS {
                    digits.extend(event.get("DTMF-Digit").unwrap_or_default().chars());
                }
                drop(digits);
                leg.pressed.notify_waiters();
            }
            "CHANNEL_HANGUP" | "CHANNEL_DESTROY" => {
                leg.end(&event.get("Hangup-Cause").unwrap_or_default());
            }
            _ => {}
        }
        if !is_note && let Some(functions) = self.handlers.borrow().get(&*kind) {
            let outlives = leg.is_gone();
            for function in functions {
                let run = self.run(&kind, Some(&leg), Some(session.client().clone()), outlives);
                let call = LuaCall::new(session.info().call.clone(), session.client().clone());
                let args = (
                    LuaSession::new(Rc::clone(&leg), session.clone()),
                    LuaEvent(event.clone()),
                    call,
                );
                self.start(run, function, args);
            }
        }
        if kind == "CHANNEL_DESTROY" {
            self.forget(&leg);
        }
    }

    fn leg(&self, session: &Session) -> Rc<Leg> {
        let mut legs = self.legs.borrow_mut();
        if let Some(leg) = legs.get(session.id()) {
            return Rc::clone(leg);
        }
        // No event reports sessions that ended while the connection was down.
        if legs.len() == legs.capacity() {
            let client = session.client();
            legs.retain(|id, leg| {
                let lives = client.session(id).is_some();
                if !lives {
                    leg.end("");
                }
                lives
            });
        }
        let leg = Leg::new(session.id().clone(), session.info().call.clone());
        legs.insert(session.id().clone(), Rc::clone(&leg));
        leg
    }

    /// The leg of a session that a script came by in another way.
    pub(super) fn known_leg(&self, session: &Session) -> Rc<Leg> {
        self.leg(session)
    }

    fn forget(&self, leg: &Leg) {
        let mut legs = self.legs.borrow_mut();
        legs.remove(&leg.id);
        if !legs.values().any(|other| other.call == leg.call) {
            self.calls.borrow_mut().remove(&leg.call);
        }
    }

    /// The variables of a call, shared by all handlers of its legs.
    pub(super) fn call_vars(&self, call: &Id<CallInfo>) -> mlua::Result<Table> {
        if let Some(vars) = self.calls.borrow().get(call) {
            return Ok(vars.clone());
        }
        let vars = self.lua.create_table()?;
        let is_alive = self.legs.borrow().values().any(|leg| leg.call == *call);
        if is_alive {
            self.calls.borrow_mut().insert(call.clone(), vars.clone());
        }
        Ok(vars)
    }

    pub(super) fn run(
        &self,
        what: &str,
        leg: Option<&Rc<Leg>>,
        client: Option<Client>,
        outlives: bool,
    ) -> Rc<Run> {
        Rc::new(Run::new(what, leg.cloned(), client, outlives))
    }

    /// Whether one more handler may run.
    pub(super) fn has_room(&self) -> bool {
        self.pulse.running.load(Ordering::Relaxed) < MOST
    }

    /// Starts a handler as a separate task.
    pub(super) fn start(
        self: &Rc<Self>,
        run: Rc<Run>,
        function: &Function,
        args: impl IntoLuaMulti + 'static,
    ) -> tokio::task::AbortHandle {
        let engine = Rc::clone(self);
        let function = function.clone();
        let call = function.call_async::<()>(args);
        let counted = Counted::new(self);
        let task = tokio::task::spawn_local(async move {
            let _counted = counted;
            if let Err(err) = engine.drive(&run, call).await {
                engine.report(&run, &function, &err);
            }
        });
        task.abort_handle()
    }

    /// Polls a call with its handler as the current one.
    async fn drive<T>(
        &self,
        run: &Rc<Run>,
        call: impl Future<Output = mlua::Result<T>>,
    ) -> mlua::Result<T> {
        let mut call = pin!(call);
        std::future::poll_fn(|cx| {
            let before = self.current.replace(Some(Rc::clone(run)));
            self.pulse.enter();
            run.enter();
            let polled = call.as_mut().poll(cx);
            run.leave();
            self.pulse.leave();
            self.current.replace(before);
            polled
        })
        .await
    }

    fn report(&self, run: &Run, function: &Function, err: &mlua::Error) {
        let uuid = run.leg.as_ref().map(|leg| leg.id.to_string()).unwrap_or_default();
        if failure::is_gone(err) {
            tracing::debug!(
                file = self.file,
                event = run.what,
                uuid,
                "a handler ended with its session"
            );
            return;
        }
        self.pulse.failures.fetch_add(1, Ordering::Relaxed);
        let text = failure::describe_in(function, err, &self.file);
        self.pulse.note(&text);
        let call = run.leg.as_ref().map(|leg| leg.call.to_string()).unwrap_or_default();
        tracing::error!(event = run.what, uuid, call, "app failed: {text}");
    }
}

/// What is compiled of a file: without the mark of UTF-8, and without the line that names an
/// interpreter, whose end stays so that lines keep their numbers.
fn chunk(source: &[u8]) -> &[u8] {
    let source = source.strip_prefix("\u{feff}".as_bytes()).unwrap_or(source);
    if !source.starts_with(b"#") {
        return source;
    }
    let end = source.iter().position(|byte| *byte == b'\n');
    source.get(end.unwrap_or(source.len())..).unwrap_or_default()
}

/// Counts a handler while it runs.
struct Counted(Rc<Engine>);

impl Counted {
    fn new(engine: &Rc<Engine>) -> Self {
        engine.pulse.running.fetch_add(1, Ordering::Relaxed);
        Self(Rc::clone(engine))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.pulse.running.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.idle.notify_one();
        }
    }
}

/// Functions that are no handlers of events.
const HOOKS: &[&str] = &["load", "unload"];

/// What the verbs wait for, and what reports digits and ends.
const ALWAYS: &[&str] = &[
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_PARK",
    "DTMF",
];

/// How many digits wait to be read.
const DIGITS: usize = 256;

/// How many handlers and timers of one script run at once.
const MOST: usize = 20_000;
