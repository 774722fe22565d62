//! `call` and `client` of a script.

use std::cell::RefCell;
use std::time::Duration;

use mlua::{Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods, UserDataRef};

use super::arguments::dial;
use super::engine::Engine;
use super::failure::Failure;
use super::session::LuaSession;
use crate::client::{Client, Error};
use crate::listener::JobError;
use crate::model::{CallInfo, Id};

/// A call of a script.
pub(super) struct LuaCall {
    id: Id<CallInfo>,
    client: Client,
    /// Its variables, once they were asked for: they may be forgotten with its last leg.
    vars: RefCell<Option<Table>>,
}

impl LuaCall {
    pub(super) fn new(id: Id<CallInfo>, client: Client) -> Self {
        Self { id, client, vars: RefCell::default() }
    }

    fn vars(&self, lua: &Lua) -> mlua::Result<Table> {
        if let Some(vars) = &*self.vars.borrow() {
            return Ok(vars.clone());
        }
        let vars = Engine::of(lua)?.call_vars(&self.id)?;
        *self.vars.borrow_mut() = Some(vars.clone());
        Ok(vars)
    }

    fn sessions(&self, engine: &Engine) -> Vec<LuaSession> {
        let legs = self.client.call(&self.id).map(|call| call.sessions()).unwrap_or_default();
        legs.into_iter().map(|leg| LuaSession::new(engine.known_leg(&leg), leg)).collect()
    }
}

impl UserData for LuaCall {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("uuid", |_, this| Ok(this.id.to_string()));
        fields.add_field_method_get("vars", |lua, this| this.vars(lua));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("sessions", |lua, this, ()| {
            let engine = Engine::of(lua)?;
            lua.create_sequence_from(this.sessions(&engine))
        });
        methods.add_method("peer", |lua, this, own: UserDataRef<LuaSession>| {
            let legs = this.sessions(&*Engine::of(lua)?);
            Ok(legs.into_iter().find(|leg| leg.leg.id != own.leg.id))
        });
        methods.add_async_method("hangup", async |_: Lua, this: UserDataRef<Self>, (): ()| {
            let Some(call) = this.client.call(&this.id) else { return Ok(()) };
            let ended = call.hangup().await;
            ended.map(drop).map_err(|err| Failure::of("hangup", &err).into())
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            let call = this.client.call(&this.id);
            Ok(call.map_or_else(|| format!("<Call({}, gone)>", this.id), |call| call.to_string()))
        });
    }
}

/// `client` of a script: the one of the handler that runs.
pub(super) struct LuaClient;

fn client(lua: &Lua) -> mlua::Result<Client> {
    let run = Engine::of(lua)?.current();
    run.and_then(|run| run.client.clone()).ok_or_else(|| {
        mlua::Error::runtime(
            "there is no client while the file is read: use it in on_load or a handler",
        )
    })
}

fn rest(lua: &Lua) -> mlua::Result<()> {
    if let Some(run) = Engine::of(lua)?.current() {
        run.rest();
    }
    Ok(())
}

impl UserData for LuaClient {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("host", |lua, _| Ok(client(lua)?.config().host().to_owned()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_method("api", async |lua: Lua, _: UserDataRef<Self>, line: String| {
            let client = client(&lua)?;
            #[cfg(feature = "shell")]
            client.clear_line(&line).map_err(|err| Failure::of(&line, &err))?;
            let said = client.cmd(&line).await;
            rest(&lua)?;
            said.map_err(|err| Failure::of(&line, &err).into())
        });
        methods.add_async_method(
            "bgapi",
            async |lua: Lua, _: UserDataRef<Self>, (line, within): (String, Option<f64>)| {
                let within = within.map_or(JOB, super::arguments::seconds);
                let failed = |err: &Error| mlua::Error::from(Failure::of(&line, err));
                let client = client(&lua)?;
                #[cfg(feature = "shell")]
                client.clear_line(&line).map_err(|err| failed(&err))?;
                let job = client.bgapi(&line).await.map_err(|err| failed(&err))?;
                let value = job.get(within).await;
                rest(&lua)?;
                value.map_err(|err| {
                    Failure::Verb { what: line.clone(), text: err.to_string() }.into()
                })
            },
        );
        methods.add_async_method(
            "originate",
            async |lua: Lua, _: UserDataRef<Self>, (to, options): (String, Option<Table>)| {
                originate(&lua, &to, options.as_ref()).await
            },
        );
        methods.add_method("session", |lua, _, uuid: String| {
            let found = client(lua)?.session(&Id::new(&uuid));
            let engine = Engine::of(lua)?;
            Ok(found.map(|session| LuaSession::new(engine.known_leg(&session), session)))
        });
    }
}

/// Places a call: returns the session once it is answered, or nothing and the cause.
async fn originate(
    lua: &Lua,
    to: &str,
    options: Option<&Table>,
) -> mlua::Result<(Option<LuaSession>, Option<String>)> {
    let (client, engine) = (client(lua)?, Engine::of(lua)?);
    let mut call = dial(to, options)?;
    let app: mlua::Value =
        options.map(|options| options.get("app")).transpose()?.unwrap_or(mlua::Value::Nil);
    match app {
        mlua::Value::String(name) => call = call.with_app(&name.to_string_lossy()),
        mlua::Value::Boolean(false) => {}
        _ => {
            if let Some(own) = engine.own_name(&client) {
                call = call.with_app(&own);
            }
        }
    }
    let failed = |err: &Error| mlua::Error::from(Failure::of(&format!("originate {to}"), err));
    let job = client.originate(&call).await.map_err(|err| failed(&err))?;
    let outcome = job.session(JOB).await;
    rest(lua)?;
    match outcome {
        Ok(id) => {
            let session = client.session(&id);
            let session =
                session.map(|session| LuaSession::new(engine.known_leg(&session), session));
            let why = session.is_none().then(|| "it is gone already".to_owned());
            Ok((session, why))
        }
        Err(JobError::Failed { text }) => {
            Ok((None, Some(text.trim_start_matches("-ERR ").to_owned())))
        }
        Err(err) => Ok((None, Some(err.to_string()))),
    }
}

/// How long a job may take.
const JOB: Duration = Duration::from_secs(300);
