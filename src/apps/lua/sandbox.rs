//! A Lua state that can do no harm: what it has, and what it may take.

use std::rc::Weak;

use mlua::chunk::ChunkMode;
use mlua::debug::HookTriggers;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value, VmState};

use super::engine::Engine;

/// A library that a script may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allow {
    /// `os`: the environment, running programs, the time.
    Os,
    /// `io`: files.
    Io,
    /// `package` and `require`: other Lua files.
    Package,
}

impl Allow {
    /// By its name in Lua.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "os" => Some(Self::Os),
            "io" => Some(Self::Io),
            "package" => Some(Self::Package),
            _ => None,
        }
    }
}

/// How much a script may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory.
    pub memory: usize,
    /// Instructions of Lua that a handler may run without waiting for anything.
    pub instructions: u64,
}

impl Default for Limits {
    /// 64 MiB, and 20 million instructions: a fraction of a second.
    fn default() -> Self {
        Self { memory: 64 << 20, instructions: 20_000_000 }
    }
}

/// Makes a state without what could do harm.
pub(super) fn state(limits: Limits, allow: &[Allow]) -> mlua::Result<Lua> {
    let mut libs = StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::UTF8;
    for library in allow {
        libs |= match library {
            Allow::Os => StdLib::OS,
            Allow::Io => StdLib::IO,
            Allow::Package => StdLib::PACKAGE,
        };
    }
    let lua = Lua::new_with(libs, LuaOptions::default())?;
    lua.set_memory_limit(limits.memory)?;
    let globals = lua.globals();
    for name in ["dofile", "loadfile", "collectgarbage", "warn"] {
        globals.set(name, Value::Nil)?;
    }
    globals.set("load", lua.create_function(load_text)?)?;
    Ok(lua)
}

/// `load` of a text; never of bytecode, which can break the interpreter.
fn load_text(
    lua: &Lua,
    (text, name, _mode, env): (mlua::LuaString, Option<String>, Value, Option<Table>),
) -> mlua::Result<(Option<Function>, Option<String>)> {
    if let Some(run) = Engine::of(lua)?.current() {
        // It costs more than the instruction that calls it.
        run.spend(u64::from(STEP));
    }
    let chunk = lua.load(text.as_bytes().to_vec()).set_mode(ChunkMode::Text);
    let chunk = chunk.set_name(name.unwrap_or_else(|| "=load".to_owned()));
    let chunk = match env {
        Some(env) => chunk.set_environment(env),
        None => chunk,
    };
    match chunk.into_function() {
        Ok(function) => Ok((Some(function), None)),
        Err(err) => Ok((None, Some(err.to_string()))),
    }
}

/// Counts instructions, lets others have a turn, and stops what does not end.
pub(super) fn guard(lua: &Lua, engine: &Weak<Engine>, limits: Limits) -> mlua::Result<()> {
    let counted = Weak::clone(engine);
    let triggers = HookTriggers::new().every_nth_instruction(STEP);
    lua.set_global_hook(triggers, move |_, debug| {
        let run = counted.upgrade().and_then(|engine| engine.current());
        let Some(run) = run else { return Ok(VmState::Continue) };
        let spent = run.spend(u64::from(STEP));
        if spent > limits.instructions {
            let place = debug.current_line().map(|line| {
                let source = debug.source();
                format!("{}:{line}: ", source.short_src.unwrap_or_default())
            });
            return Err(run.stop(place).into());
        }
        // Another handler of this app may wait. To a script's own coroutine a pause would look like
        // one of its yields.
        let is_turn = spent.is_multiple_of(10 * u64::from(STEP)) && !run.is_nested();
        Ok(if is_turn { VmState::Yield } else { VmState::Continue })
    })?;
    let checked = Weak::clone(engine);
    let check = lua.create_function(move |_, values: MultiValue| {
        let run = checked.upgrade().and_then(|engine| engine.current());
        match run.filter(|run| run.is_stopped()) {
            Some(run) => Err(run.stop(None).into()),
            None => Ok(values),
        }
    })?;
    let nested = Weak::clone(engine);
    let nest = lua.create_function(move |_, by: i32| {
        if let Some(run) = nested.upgrade().and_then(|engine| engine.current()) {
            run.nest(by);
        }
        Ok(())
    })?;
    // What a verb yields while it waits; no script has such a value to yield itself.
    let waits =
        lua.create_function(|_, first: Value| Ok(matches!(first, Value::LightUserData(_))))?;
    lua.load(PRELUDE).set_name("=switchy").call::<()>((check, nest, waits))
}

/// A handler that is stopped must not catch that; finalizers run where no limit holds.
const PRELUDE: &str = r#"
local check, nest, waits = ...
local pcall_, setmetatable_, rawget_, type_, error_ = pcall, setmetatable, rawget, type, error
function pcall(...) return check(pcall_(...)) end
-- A message handler would run where no limit holds; here it runs after the error.
local function handled(handler, ok, ...)
    if ok then return ok, ... end
    return ok, handler(...)
end
function xpcall(f, handler, ...) return handled(handler, pcall(f, ...)) end
function setmetatable(table, meta)
    if type_(meta) == "table" and (rawget_(meta, "__gc") ~= nil or rawget_(meta, "__close") ~= nil) then
        error_("__gc and __close are not to be had here", 2)
    end
    return setmetatable_(table, meta)
end
-- A verb inside a script's own coroutine waits with all that is around it.
local create_, resume_, yield_ = coroutine.create, coroutine.resume, coroutine.yield
local back
local function resume(co, ...)
    if type_(co) == "thread" then nest(1) end
    return back(co, resume_(co, ...))
end
function back(co, ok, ...)
    nest(-1)
    if ok and type_((...)) == "userdata" and waits((...)) then return resume(co, yield_(...)) end
    return check(ok, ...)
end
local function raise(ok, ...)
    if ok then return ... end
    error_((...), 0)
end
coroutine.resume = resume
function coroutine.wrap(f)
    local co = create_(f)
    return function(...) return raise(resume(co, ...)) end
end
string.dump = nil
"#;

/// How many instructions pass between two looks at a handler.
const STEP: u32 = 10_000;
