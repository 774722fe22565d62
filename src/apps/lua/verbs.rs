//! The functions of a script: `on`, `sleep`, `after`, `every`, `spawn`, `log`, `now`.

use super::arguments::seconds;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

use mlua::{Function, Lua, MultiValue, Table, UserData, UserDataMethods, Variadic};
use tokio::task::AbortHandle;

use super::call::LuaClient;
use super::engine::Engine;
use super::failure;
use super::leg::Run;
use crate::listener::host_clock;

/// Gives a state its globals.
pub(super) fn install(lua: &Lua, _: &Weak<Engine>, args: &[(String, String)]) -> mlua::Result<()> {
    let globals = lua.globals();
    globals.set("args", lua.create_table_from(args.iter().cloned())?)?;
    globals.set("client", LuaClient)?;
    globals.set(
        "on",
        lua.create_function(|lua, (event, function): (String, Function)| {
            Engine::of(lua)?.on(&event, function).map_err(mlua::Error::runtime)
        })?,
    )?;
    globals.set("now", lua.create_function(|_, ()| Ok(host_clock::micros() as f64 / 1e6))?)?;
    globals.set(
        "is_gone",
        lua.create_function(|_, err: mlua::Value| {
            Ok(matches!(err, mlua::Value::Error(err) if failure::is_gone(&err)))
        })?,
    )?;
    globals.set("sleep", lua.create_async_function(sleep)?)?;
    globals.set(
        "spawn",
        lua.create_function(|lua, (function, args): (Function, MultiValue)| {
            start(lua, None, false, function, args)
        })?,
    )?;
    globals.set(
        "after",
        lua.create_function(|lua, (time, function, args): (f64, Function, MultiValue)| {
            start(lua, Some(time), false, function, args)
        })?,
    )?;
    globals.set(
        "every",
        lua.create_function(|lua, (time, function, args): (f64, Function, MultiValue)| {
            start(lua, Some(time.max(0.01)), true, function, args)
        })?,
    )?;
    let log = lua.create_table()?;
    for level in ["debug", "info", "warn", "error"] {
        log.set(
            level,
            lua.create_function(move |lua, words: Variadic<mlua::Value>| {
                write(lua, level, &words)
            })?,
        )?;
    }
    globals.set("print", log.get::<Function>("info")?)?;
    let meta = lua.create_table()?;
    meta.set(
        "__call",
        lua.create_function(|lua, (_, words): (Table, Variadic<mlua::Value>)| {
            write(lua, "info", &words)
        })?,
    )?;
    log.set_metatable(Some(meta))?;
    globals.set("log", log)
}

/// Pauses the handler; one that belongs to a session ends with it.
async fn sleep(lua: Lua, time: f64) -> mlua::Result<()> {
    let run = Engine::of(&lua)?.current();
    pause(run.as_deref(), time).await?;
    if let Some(run) = run {
        run.rest();
    }
    Ok(())
}

async fn pause(run: Option<&Run>, time: f64) -> mlua::Result<()> {
    let leg = run.filter(|run| !run.outlives).and_then(|run| run.leg.as_ref());
    let Some(leg) = leg else {
        tokio::time::sleep(seconds(time)).await;
        return Ok(());
    };
    leg.check()?;
    tokio::select! {
        () = tokio::time::sleep(seconds(time)) => Ok(()),
        () = leg.gone() => Err(leg.failure().into()),
    }
}

/// A timer of a script.
struct Timer(RefCell<Option<AbortHandle>>);

impl UserData for Timer {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("cancel", |_, this, ()| {
            if let Some(task) = this.0.take() {
                task.abort();
            }
            Ok(())
        });
    }
}

/// Starts a function beside the handler that runs, now, later or again and again. It belongs to the
/// same session, and ends with it.
fn start(
    lua: &Lua,
    time: Option<f64>,
    repeats: bool,
    function: Function,
    args: MultiValue,
) -> mlua::Result<Timer> {
    let engine = Engine::of(lua)?;
    if !engine.has_room() {
        return Err(mlua::Error::runtime("too many handlers and timers run already"));
    }
    let parent = engine.current();
    if let Some(run) = &parent {
        run.spend(1000);
    }
    let (leg, client, outlives) = match &parent {
        Some(run) => (run.leg.clone(), run.client.clone(), run.outlives),
        None => (None, None, true),
    };
    let run = engine.run("a timer", leg.as_ref(), client, outlives);
    let Some(time) = time else {
        return Ok(Timer(RefCell::new(Some(engine.start(run, &function, args)))));
    };
    let waits = Rc::clone(&run);
    let again = lua.create_async_function(move |_, ()| {
        let (run, function, args) = (Rc::clone(&waits), function.clone(), args.clone());
        async move {
            loop {
                pause(Some(&run), time).await?;
                run.rest();
                function.call_async::<()>(args.clone()).await?;
                if !repeats {
                    return Ok(());
                }
            }
        }
    })?;
    Ok(Timer(RefCell::new(Some(engine.start(run, &again, ())))))
}

/// One line of the log, with the session that it is about.
fn write(lua: &Lua, level: &str, words: &[mlua::Value]) -> mlua::Result<()> {
    let engine = Engine::of(lua)?;
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word.to_string()?);
        if text.len() > LINE {
            break;
        }
    }
    let text: String = text.chars().take(LINE).collect();
    let run = engine.current();
    let uuid = run
        .as_ref()
        .and_then(|run| run.leg.as_ref())
        .map(|leg| leg.id.to_string())
        .unwrap_or_default();
    if let Some(run) = run {
        // A line costs more than the instruction that writes it.
        run.spend(10_000);
    }
    let file = &engine.file;
    match level {
        "debug" => tracing::debug!(uuid, "{file}: {text}"),
        "warn" => tracing::warn!(uuid, "{file}: {text}"),
        "error" => tracing::error!(uuid, "{file}: {text}"),
        _ => tracing::info!(uuid, "{file}: {text}"),
    }
    Ok(())
}

/// The longest line of the log.
const LINE: usize = 2000;
