//! `session` and `event` of a script.

use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, MetaMethod, Table, UserData, UserDataFields, UserDataMethods, UserDataRef, Value};

use super::call::LuaCall;
use super::engine::Engine;
use super::failure::Failure;
use super::leg::Leg;
use super::verbs::{dial, seconds};
use crate::client::{self, Error, MuteSide, Recording, Session};
use crate::model::{Event, HangupCause, Phase};

/// A session of a script.
#[derive(Clone)]
pub(super) struct LuaSession {
    pub(super) leg: Rc<Leg>,
    pub(super) session: Session,
}

type This = UserDataRef<LuaSession>;

impl LuaSession {
    pub(super) fn new(leg: Rc<Leg>, session: Session) -> Self {
        Self { leg, session }
    }

    /// The session as it is now, or as it was last.
    fn now(&self) -> Session {
        self.session.client().session(&self.leg.id).unwrap_or_else(|| self.session.clone())
    }

    /// Does something that ends with the session.
    async fn verb<T>(
        &self,
        lua: &Lua,
        what: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> mlua::Result<T> {
        self.leg.check()?;
        let outcome = tokio::select! {
            biased;
            outcome = work => outcome.map_err(|err| Failure::of(what, &err)),
            () = self.leg.gone() => Err(self.leg.failure()),
        };
        if let Some(run) = Engine::of(lua)?.current().filter(|_| outcome.is_ok()) {
            run.rest();
        }
        Ok(outcome?)
    }

    /// Runs an application to its end.
    async fn ran(&self, lua: &Lua, app: &str, arg: &str, within: Duration) -> mlua::Result<Event> {
        self.verb(lua, app, self.session.ran(app, arg, within)).await
    }

    async fn answer(&self, lua: &Lua) -> mlua::Result<()> {
        if self.now().phase >= Phase::Answered {
            return Ok(self.leg.check()?);
        }
        let session = self.session.clone();
        self.verb(lua, "answer", async {
            match session.answered(SOON).await {
                // It was answered a moment ago.
                Err(Error::NotConfirmed { .. }) if self.now().phase >= Phase::Answered => Ok(()),
                other => other,
            }
        })
        .await
    }

    async fn play(&self, lua: &Lua, path: &str, options: Option<Table>) -> mlua::Result<String> {
        let limit =
            options.map(|options| options.get::<Option<f64>>("timeout")).transpose()?.flatten();
        let playing = self.ran(lua, "playback", path, LONG);
        let event = match limit {
            None => playing.await?,
            Some(limit) => {
                let mut playing = std::pin::pin!(playing);
                tokio::select! {
                    event = &mut playing => event?,
                    () = tokio::time::sleep(seconds(limit)) => {
                        self.verb(lua, "break", self.session.break_media()).await?;
                        playing.await?
                    }
                }
            }
        };
        let response = event.get("Application-Response").unwrap_or_default().into_owned();
        if response.contains("NOT FOUND") || response.contains("ERROR") {
            let what = format!("play {path}");
            return Err(Failure::Verb { what, text: response }.into());
        }
        Ok(response)
    }

    /// Reads digits: those pressed before count, too.
    async fn digits(
        &self,
        lua: &Lua,
        options: Option<Table>,
    ) -> mlua::Result<(String, &'static str)> {
        self.leg.check()?;
        let options = match options {
            Some(options) => options,
            None => lua.create_table()?,
        };
        let max = options.get::<Option<usize>>("max")?.unwrap_or(1).max(1);
        let first = seconds(options.get::<Option<f64>>("timeout")?.unwrap_or(5.0));
        let between = options.get::<Option<f64>>("interdigit")?.map_or(first, seconds);
        let ends: String =
            options.get::<Option<String>>("terminators")?.unwrap_or_else(|| "#".to_owned());
        if options.get::<Option<bool>>("flush")?.unwrap_or_default() {
            self.leg.digits.borrow_mut().clear();
        }
        let prompt: Option<String> = options.get("play")?;
        let mut got = String::new();
        if let Some(prompt) = &prompt
            && self.leg.digits.borrow().is_empty()
        {
            // The first digit ends the prompt; the wait begins after it.
            let playing = self.ran(lua, "playback", prompt, LONG);
            let mut playing = std::pin::pin!(playing);
            tokio::select! {
                event = &mut playing => drop(event?),
                () = self.pressed() => {
                    self.verb(lua, "break", self.session.break_media()).await?;
                    drop(playing.await?);
                }
            }
        }
        loop {
            let next = self.leg.digits.borrow_mut().pop_front();
            if let Some(digit) = next {
                if ends.contains(digit) {
                    return Ok((got, "terminator"));
                }
                got.push(digit);
                if got.len() >= max {
                    return Ok((got, "max"));
                }
                continue;
            }
            let wait = if got.is_empty() { first } else { between };
            tokio::select! {
                () = self.pressed() => {}
                () = self.leg.gone() => return Err(self.leg.failure().into()),
                () = tokio::time::sleep(wait) => return Ok((got, "timeout")),
            }
            if let Some(run) = Engine::of(lua)?.current() {
                run.rest();
            }
        }
    }

    /// Waits until a digit is there.
    async fn pressed(&self) {
        let mut told = std::pin::pin!(self.leg.pressed.notified());
        told.as_mut().enable();
        if self.leg.digits.borrow().is_empty() {
            told.await;
        }
    }

    /// Bridges to somebody and waits until that is over: whether it came about, and the cause.
    async fn bridge(
        &self,
        lua: &Lua,
        to: String,
        options: Option<Table>,
    ) -> mlua::Result<(bool, String)> {
        let call = dial(&to, options.as_ref())?;
        let limit =
            options.map(|options| options.get::<Option<u32>>("timeout")).transpose()?.flatten();
        let work = async {
            let mut vars = vec![
                ("continue_on_fail", "true".to_owned()),
                ("hangup_after_bridge", "false".to_owned()),
            ];
            if let Some(limit) = limit {
                vars.push(("call_timeout", limit.to_string()));
            }
            let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
            self.session.setvars(&vars).await?;
            self.session.ran("bridge", &call.render_bridge()?, LONG).await
        };
        let event = self.verb(lua, &format!("bridge {to}"), work).await?;
        let said = |name: &str| event.variable(name).map(std::borrow::Cow::into_owned);
        let disposition = said("originate_disposition").unwrap_or_default();
        if disposition == "SUCCESS" {
            let cause = said("last_bridge_hangup_cause").or_else(|| said("bridge_hangup_cause"));
            return Ok((true, cause.unwrap_or_default()));
        }
        Ok((false, disposition))
    }

    async fn record(
        &self,
        lua: &Lua,
        path: String,
        options: Option<Table>,
    ) -> mlua::Result<(String, Option<f64>)> {
        let mut arg = path.clone();
        if let Some(options) = options {
            if let Some(ends) = options.get::<Option<String>>("terminators")? {
                let set = self.session.setvar("playback_terminators", &ends);
                self.verb(lua, "record", set).await?;
            }
            let limit = options.get::<Option<u32>>("limit")?.unwrap_or(3600);
            arg = format!("{path} {limit}");
            if let Some(silence) = options.get::<Option<u32>>("silence")? {
                arg = format!("{arg} 200 {silence}");
            }
        }
        let event = self.ran(lua, "record", &arg, LONG).await?;
        let length = event.variable("record_ms").and_then(|ms| ms.parse::<f64>().ok());
        Ok((path, length.map(|ms| ms / 1000.0)))
    }

    async fn hangup(&self, lua: &Lua, cause: Option<String>) -> mlua::Result<()> {
        if self.leg.check().is_err() {
            return Ok(());
        }
        let cause = cause.map_or(HangupCause::NORMAL_CLEARING, |cause| HangupCause::parse(&cause));
        let work = async {
            let told = self.session.expect(&["CHANNEL_HANGUP"]).await?;
            self.session.hangup_with(&cause).await?;
            tokio::select! {
                // Where the end is not told the session is going all the same.
                _event = told.within(SOON) => Ok(()),
                () = self.leg.gone() => Ok(()),
            }
        };
        work.await.map_err(|err: Error| Failure::of("hangup", &err))?;
        // Nothing else can be done with it from now on.
        self.leg.end(cause.name());
        if let Some(run) = Engine::of(lua)?.current() {
            run.rest();
        }
        Ok(())
    }

    /// Waits for the next of some events of the session.
    async fn wait(
        &self,
        lua: &Lua,
        kinds: Vec<String>,
        within: Duration,
    ) -> mlua::Result<Option<LuaEvent>> {
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let work = async {
            let expected = self.session.expect(&kinds).await?;
            match expected.within(within).await {
                Ok(event) => Ok(Some(LuaEvent(event))),
                Err(Error::NotConfirmed { .. }) => Ok(None),
                Err(err) => Err(err),
            }
        };
        self.verb(lua, "wait", work).await
    }
}

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
        fields.add_field_method_get("uuid", |_, this| Ok(this.leg.id.clone()));
        fields.add_field_method_get("caller_number", |_, this| {
            Ok(this.now().caller_number.to_string())
        });
        fields
            .add_field_method_get("caller_name", |_, this| Ok(this.now().caller_name.to_string()));
        fields
            .add_field_method_get("destination", |_, this| Ok(this.now().destination.to_string()));
        fields.add_field_method_get("context", |_, this| Ok(this.now().context.to_string()));
        fields.add_field_method_get("channel", |_, this| Ok(this.now().channel_name.to_string()));
        fields.add_field_method_get("direction", |_, this| Ok(this.now().direction.word()));
        fields.add_field_method_get("state", |_, this| Ok(this.now().phase.word()));
        fields.add_field_method_get("answered", |_, this| {
            Ok(matches!(this.now().phase, Phase::Answered | Phase::Held))
        });
        fields.add_field_method_get("gone", |_, this| Ok(this.leg.check().is_err()));
        fields.add_field_method_get("cause", |_, this| {
            Ok(this.now().cause.as_ref().map(ToString::to_string))
        });
        fields.add_field_method_get("vars", |lua, this| this.leg.vars(lua));
        fields.add_field_method_get("call", |_, this| {
            Ok(LuaCall::new(this.now().call.as_str(), this.session.client().clone()))
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
        methods.add_async_method("transfer", async |lua: Lua, this: This, (exten, dialplan, context): (String, Option<String>, Option<String>)| {
            let (dialplan, context) = (dialplan.unwrap_or_else(|| "XML".to_owned()), context.unwrap_or_else(|| "default".to_owned()));
            this.verb(&lua, "transfer", this.session.transfer(&exten, &dialplan, &context)).await
        });
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
                this.session.parked(SOON).await
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
                    None | Some("aleg") => client::Leg::A,
                    Some("bleg") => client::Leg::B,
                    Some("both") => client::Leg::Both,
                    Some(other) => {
                        return Err(mlua::Error::runtime(format!(
                            "{other:?} is no aleg, bleg or both"
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
                this.verb(&lua, "sched_hangup", this.session.sched_hangup(time, &cause)).await
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

/// An event of a script: `event.name`, `event["Caller-Context"]`, `event.digit`.
pub(super) struct LuaEvent(pub(super) Event);

impl UserData for LuaEvent {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |_, this, name: String| {
            Ok(this.0.get(&name).map(std::borrow::Cow::into_owned))
        });
        methods.add_method("var", |_, this, name: String| {
            Ok(this.0.variable(&name).map(std::borrow::Cow::into_owned))
        });
        methods.add_meta_method(MetaMethod::Index, |_, this, name: String| {
            let event = &this.0;
            let text = match name.as_str() {
                "name" => Some(event.name()),
                "kind" => Some(event.kind()),
                "uuid" => event.unique_id(),
                "body" => event.body(),
                "digit" => event.get("DTMF-Digit"),
                name => event.get(name).or_else(|| event.variable(name)),
            };
            Ok(text.map(std::borrow::Cow::into_owned))
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.0.kind().into_owned()));
    }
}

/// How long a verb that is done at once may take.
const SOON: Duration = Duration::from_secs(10);
/// No application runs longer.
const LONG: Duration = Duration::from_secs(24 * 3600);
