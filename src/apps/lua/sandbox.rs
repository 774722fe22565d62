//! A Lua state that can do no harm: what it has, and what it may take.

use super::options::{Allow, Limits};
use std::rc::Weak;
use std::time::Duration;

use mlua::chunk::ChunkMode;
use mlua::debug::HookTriggers;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value, VmState};

use super::engine::Engine;
use super::leg::Run;

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

/// Counts instructions and time, lets others have a turn, and stops what does not end.
pub(super) fn guard(lua: &Lua, engine: &Weak<Engine>, limits: Limits) -> mlua::Result<()> {
    let counted = Weak::clone(engine);
    let triggers = HookTriggers::new().every_nth_instruction(STEP);
    lua.set_global_hook(triggers, move |_, debug| {
        let Some(engine) = counted.upgrade() else { return Ok(VmState::Continue) };
        let Some(run) = engine.current() else { return Ok(VmState::Continue) };
        let spent = run.spend(u64::from(STEP));
        if let Some(why) = excess(&engine, &run, limits) {
            let place = debug.current_line().map(|line| {
                let source = debug.source();
                format!("{}:{line}: ", source.short_src.unwrap_or_default())
            });
            return Err(run.stop(place, why).into());
        }
        // Another handler of this app may wait. To a script's own coroutine a pause would look like
        // one of its yields.
        let is_turn = spent / TURN != spent.saturating_sub(u64::from(STEP)) / TURN;
        Ok(if is_turn && !run.is_nested() { VmState::Yield } else { VmState::Continue })
    })?;
    let checked = Weak::clone(engine);
    let check = lua.create_function(move |_, values: MultiValue| {
        let run = checked.upgrade().and_then(|engine| engine.current());
        match run.filter(|run| run.is_stopped()) {
            Some(run) => Err(run.stop_again().into()),
            None => Ok(values),
        }
    })?;
    let charged = Weak::clone(engine);
    // For what one instruction of Lua makes C do: steps that no hook sees.
    let charge = lua.create_function(move |_, steps: i64| {
        let Some(engine) = charged.upgrade() else { return Ok(()) };
        let Some(run) = engine.current() else { return Ok(()) };
        run.spend(u64::try_from(steps).unwrap_or(0));
        excess(&engine, &run, limits).map_or(Ok(()), |why| Err(run.stop(None, why).into()))
    })?;
    let nested = Weak::clone(engine);
    let nest = lua.create_function(move |_, by: i32| {
        let Some(engine) = nested.upgrade() else { return Ok(()) };
        let Some(run) = engine.current() else { return Ok(()) };
        if by > 0 {
            // A coroutine has its own count, and may end before the hook ever sees it.
            run.spend(u64::from(STEP));
            if let Some(why) = excess(&engine, &run, limits) {
                return Err(run.stop(None, why).into());
            }
        }
        run.nest(by);
        Ok(())
    })?;
    // What a verb yields while it waits; no script has such a value to yield itself.
    let waits =
        lua.create_function(|_, first: Value| Ok(matches!(first, Value::LightUserData(_))))?;
    lua.load(PRELUDE).set_name("=switchy").call::<()>((check, nest, waits, charge))
}

/// What a handler took too much of, if anything.
fn excess(engine: &Engine, run: &Run, limits: Limits) -> Option<&'static str> {
    if engine.is_given_up() {
        return Some("it was given up, and ran");
    }
    if run.spend(0) > limits.instructions {
        return Some("too many instructions");
    }
    (run.ran() > LONGEST).then_some("it ran for 4 s")
}

/// A handler that is stopped must not catch that; finalizers run where no limit holds.
const PRELUDE: &str = r#"
local check, nest, waits, charge = ...
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
-- These move as many elements as they are asked to, inside one instruction.
local move_, insert_, remove_, tointeger_ = table.move, table.insert, table.remove, math.tointeger
local select_, most = select, math.maxinteger
local function distance(from, to)
    from, to = tointeger_(from), tointeger_(to)
    if from and to and to > from then
        local steps = to - from
        charge(steps < 0 and most or steps)
    end
end
function table.move(a, f, e, ...)
    distance(f, e)
    return move_(a, f, e, ...)
end
function table.insert(t, pos, ...)
    if select_('#', ...) > 0 then distance(pos, #t) end
    return insert_(t, pos, ...)
end
function table.remove(t, ...)
    if select_('#', ...) > 0 then distance((...), #t) end
    return remove_(t, ...)
end
string.dump = nil
"#;

/// How many instructions pass between two looks at a handler.
const STEP: u32 = 1_000;

/// After how many another handler has a turn.
const TURN: u64 = 100_000;

/// How long a handler may run without waiting for anything: a call of C code is one instruction.
const LONGEST: Duration = Duration::from_secs(4);
