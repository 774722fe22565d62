//! `session` as a script sees it: its fields and its verbs.

use std::time::Duration;

use mlua::{Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods, UserDataRef, Value};

use super::arguments::seconds;
use super::call::LuaCall;
use super::session::{LONG, LuaSession, SOON};
use crate::client::{Leg, MuteSide, Recording};
use crate::model::{HangupCause, Phase};

type This = UserDataRef<LuaSession>;

/// Adds a verb that takes a text and gives nothing.
macro_rules! verb {
    ($methods:ident, $name:literal, |$session:ident| $work:expr) => {
        $methods.add_async_method($name, async |lua: Lua, this: This, (): ()| {
            let $session = &this.session;
            this.verb(&lua, $name, $work).await
        });
    };
    ($methods:ident, $name:literal, |$session:ident, $arg:ident: $kind:ty| $work:expr) => {
        $methods.add_async_method($name, async |lua: Lua, this: This, $arg: $kind| {
            let $session = &this.session;
            this.verb(&lua, $name, $work).await
        });
    };
}

impl UserData for LuaSession {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("uuid", |_, this| Ok(this.leg.id.to_string()));
        fields.add_field_method_get("caller_number", |_, this| {
            Ok(this.now().info().caller_number.to_string())
        });
        fields.add_field_method_get("caller_name", |_, this| {
            Ok(this.now().info().caller_name.to_string())
        });
        fields.add_field_method_get("destination", |_, this| {
            Ok(this.now().info().destination.to_string())
        });
        fields.add_field_method_get("context", |_, this| Ok(this.now().info().context.to_string()));
        fields.add_field_method_get("channel", |_, this| {
            Ok(this.now().info().channel_name.to_string())
        });
        fields.add_field_method_get("direction", |_, this| Ok(this.now().info().direction.word()));
        fields.add_field_method_get("state", |_, this| Ok(this.now().info().phase.word()));
        fields.add_field_method_get("answered", |_, this| {
            Ok(matches!(this.now().info().phase, Phase::Answered | Phase::Held))
        });
        fields.add_field_method_get("gone", |_, this| Ok(this.leg.check().is_err()));
        fields.add_field_method_get("cause", |_, this| {
            Ok(this.now().info().cause.as_ref().map(ToString::to_string))
        });
        fields.add_field_method_get("vars", |lua, this| this.leg.vars(lua));
        fields.add_field_method_get("call", |_, this| {
            Ok(LuaCall::new(this.now().info().call.clone(), this.session.client().clone()))
        });
    }

    #[expect(clippy::too_many_lines, reason = "it is the list of the verbs")]
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_method("answer", async |lua: Lua, this: This, (): ()| {
            this.answer(&lua).await
        });
        methods.add_async_method("hangup", async |lua: Lua, this: This, cause| {
            this.hangup(&lua, cause).await
        });
        methods.add_async_method(
            "play",
            async |lua: Lua, this: This, (path, options): (String, Option<Table>)| {
                this.play(&lua, &path, options).await
            },
        );
        methods.add_async_method("digits", async |lua: Lua, this: This, options| {
            this.digits(&lua, options).await
        });
        methods.add_async_method("bridge", async |lua: Lua, this: This, (to, options)| {
            this.bridge(&lua, to, options).await
        });
        methods.add_async_method("record", async |lua: Lua, this: This, (path, options)| {
            this.record(&lua, path, options).await
        });
        methods.add_async_method("sleep", async |lua: Lua, this: This, time: f64| {
            let work = async {
                tokio::time::sleep(seconds(time)).await;
                Ok(())
            };
            this.verb(&lua, "sleep", work).await
        });
        methods.add_async_method(
            "wait",
            async |lua: Lua, this: This, (kinds, within): (Value, Option<f64>)| {
                let kinds = match kinds {
                    Value::Table(list) => list.sequence_values().collect::<mlua::Result<_>>()?,
                    Value::String(one) => vec![one.to_string_lossy()],
                    _ => {
                        return Err(mlua::Error::runtime(
                            "wait takes the name of an event, or a list of names",
                        ));
                    }
                };
                this.wait(&lua, kinds, within.map_or(LONG, seconds)).await
            },
        );
        methods.add_async_method(
            "execute",
            async |lua: Lua,
                   this: This,
                   (app, arg, within): (String, Option<String>, Option<f64>)| {
                let event = this
                    .ran(&lua, &app, &arg.unwrap_or_default(), within.map_or(LONG, seconds))
                    .await?;
                let response = event.get("Application-Response").map(std::borrow::Cow::into_owned);
                Ok(response.filter(|text| text != "_none_"))
            },
        );
        methods.add_async_method(
            "start",
            async |lua: Lua, this: This, (app, arg): (String, Option<String>)| {
                let arg = arg.unwrap_or_default();
                this.verb(&lua, &app, this.session.execute(&app, &arg)).await
            },
        );
        methods.add_async_method(
            "transfer",
            async |lua: Lua,
                   this: This,
                   (exten, dialplan, context): (String, Option<String>, Option<String>)| {
                let context = context.unwrap_or_else(|| "default".to_owned());
                let dialplan = dialplan.unwrap_or_else(|| "XML".to_owned());
                let work = this.session.transfer(&exten, &dialplan, &context);
                this.verb(&lua, "transfer", work).await
            },
        );
        methods.add_async_method(
            "setvar",
            async |lua: Lua, this: This, (name, value): (String, Option<String>)| {
                let work = async {
                    match &value {
                        Some(value) => this.session.setvar(&name, value).await,
                        None => this.session.unsetvar(&name).await,
                    }
                };
                this.verb(&lua, "setvar", work).await
            },
        );
        methods.add_async_method("park", async |lua: Lua, this: This, timeout: Option<u32>| {
            let work = async {
                if let Some(timeout) = timeout {
                    this.session.setvar("park_timeout", &timeout.to_string()).await?;
                }
                this.session.park_and_wait(SOON).await
            };
            this.verb(&lua, "park", work).await
        });
        methods.add_async_method(
            "send_dtmf",
            async |lua: Lua, this: This, (digits, held): (String, Option<u64>)| {
                let held = Duration::from_millis(held.unwrap_or_default());
                this.verb(&lua, "send_dtmf", this.session.send_dtmf(&digits, held)).await
            },
        );
        methods.add_async_method(
            "broadcast",
            async |lua: Lua, this: This, (path, leg): (String, Option<String>)| {
                let leg = match leg.as_deref() {
                    None | Some("aleg") => Leg::A,
                    Some("bleg") => Leg::B,
                    Some("both") => Leg::Both,
                    Some(other) => {
                        return Err(mlua::Error::runtime(format!(
                            "{other:?} is not aleg, bleg or both"
                        )));
                    }
                };
                this.verb(&lua, "broadcast", this.session.broadcast(&path, leg)).await
            },
        );
        methods.add_async_method(
            "sched_hangup",
            async |lua: Lua, this: This, (time, cause): (u32, Option<String>)| {
                let cause = HangupCause::parse(cause.as_deref().unwrap_or("NORMAL_CLEARING"));
                let after = Duration::from_secs(u64::from(time));
                this.verb(&lua, "sched_hangup", this.session.sched_hangup(after, &cause)).await
            },
        );
        verb!(methods, "getvar", |session, name: String| session.getvar(&name));
        verb!(methods, "pre_answer", |session| session.pre_answer());
        verb!(methods, "ring_ready", |session| session.ring_ready());
        verb!(methods, "break_media", |session| session.break_media());
        verb!(methods, "echo", |session| session.echo());
        verb!(methods, "hold", |session| session.hold());
        verb!(methods, "unhold", |session| session.unhold());
        verb!(methods, "mute", |session| session.mute(MuteSide::Write, 1));
        verb!(methods, "unmute", |session| session.mute(MuteSide::Write, 0));
        verb!(methods, "speak", |session, text: String| session.speak(&text));
        verb!(methods, "respond", |session, code: u16| session.respond(code));
        verb!(methods, "deflect", |session, uri: String| session.deflect(&uri));
        verb!(methods, "start_record", |session, path: String| session
            .start_record(&path, Recording::Mixed));
        verb!(methods, "stop_record", |session, path: String| session.stop_record(&path));
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.now().to_string()));
        methods.add_meta_method(MetaMethod::Eq, |_, this, other: This| {
            Ok(this.leg.id == other.leg.id)
        });
    }
}
