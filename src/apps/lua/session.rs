//! What the verbs of a script's `session` do.

use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, Table};

use super::arguments::{dial, seconds};
use super::engine::Engine;
use super::event::LuaEvent;
use super::failure::Failure;
use super::leg::Leg;
use crate::client::{Digits, Error, Session};
use crate::model::{Event, HangupCause, Phase};

/// A session of a script.
#[derive(Clone)]
pub(super) struct LuaSession {
    pub(super) leg: Rc<Leg>,
    pub(super) session: Session,
}

impl LuaSession {
    pub(super) fn new(leg: Rc<Leg>, session: Session) -> Self {
        Self { leg, session }
    }

    /// The session as it is now, or as it was last.
    pub(super) fn now(&self) -> Session {
        self.session.client().session(&self.leg.id).unwrap_or_else(|| self.session.clone())
    }

    /// Does something that ends with the session.
    pub(super) async fn verb<T>(
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
    pub(super) async fn ran(
        &self,
        lua: &Lua,
        app: &str,
        arg: &str,
        within: Duration,
    ) -> mlua::Result<Event> {
        self.verb(lua, app, self.session.run_app(app, arg, within)).await
    }

    pub(super) async fn answer(&self, lua: &Lua) -> mlua::Result<()> {
        if self.now().info().phase >= Phase::Answered {
            return Ok(self.leg.check()?);
        }
        let session = self.session.clone();
        self.verb(lua, "answer", async {
            match session.answer_and_wait(SOON).await {
                // It was answered a moment ago.
                Err(Error::NotConfirmed { .. }) if self.now().info().phase >= Phase::Answered => {
                    Ok(())
                }
                other => other,
            }
        })
        .await
    }

    pub(super) async fn play(
        &self,
        lua: &Lua,
        path: &str,
        options: Option<Table>,
    ) -> mlua::Result<String> {
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

    /// Reads digits: those pressed before count, too. Where the answer is judged FreeSWITCH asks.
    pub(super) async fn digits(
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
        let is_judged = ["min", "tries", "invalid", "regexp"]
            .iter()
            .any(|name| options.contains_key(*name).unwrap_or_default());
        if is_judged {
            let digits = judged(&options)?
                .with_max(max)
                .with_timeout(first)
                .with_digit_timeout(between)
                .with_terminators(&ends)
                .with_prompt(prompt.as_deref().unwrap_or_default());
            return self.judged_digits(lua, &digits).await;
        }
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

    /// Reads digits as the library does.
    async fn judged_digits(
        &self,
        lua: &Lua,
        digits: &Digits,
    ) -> mlua::Result<(String, &'static str)> {
        let work = async {
            match self.session.digits(digits).await {
                Ok(pressed) => Ok((pressed.digits, pressed.end.word())),
                Err(Error::NoDigits { .. }) => Ok((String::new(), "invalid")),
                Err(err) => Err(err),
            }
        };
        let answer = self.verb(lua, "digits", work).await;
        // FreeSWITCH has taken what was pressed meanwhile.
        self.leg.digits.borrow_mut().clear();
        answer
    }

    /// Waits until a digit is there.
    async fn pressed(&self) {
        let mut notified = std::pin::pin!(self.leg.pressed.notified());
        notified.as_mut().enable();
        if self.leg.digits.borrow().is_empty() {
            notified.await;
        }
    }

    /// Bridges to another party and waits until that is over: whether it came about, and the cause.
    pub(super) async fn bridge(
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
            self.session.run_app("bridge", &call.render_bridge()?, LONG).await
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

    pub(super) async fn record(
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

    pub(super) async fn hangup(&self, lua: &Lua, cause: Option<String>) -> mlua::Result<()> {
        if self.leg.check().is_err() {
            return Ok(());
        }
        let cause = cause.map_or(HangupCause::NORMAL_CLEARING, |cause| HangupCause::parse(&cause));
        let work = async {
            let hangup = self.session.expect(&["CHANNEL_HANGUP"]).await?;
            self.session.hangup_with(&cause).await?;
            tokio::select! {
                // Without that event the session ends all the same.
                _event = hangup.within(SOON) => Ok(()),
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
    pub(super) async fn wait(
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

/// The options with which an answer is judged.
fn judged(options: &Table) -> mlua::Result<Digits> {
    let mut digits = Digits::new();
    if let Some(min) = options.get::<Option<usize>>("min")? {
        digits = digits.with_min(min);
    }
    if let Some(tries) = options.get::<Option<u32>>("tries")? {
        digits = digits.with_tries(tries);
    }
    if let Some(path) = options.get::<Option<String>>("invalid")? {
        digits = digits.with_invalid(&path);
    }
    if let Some(regexp) = options.get::<Option<String>>("regexp")? {
        digits = digits.with_regexp(&regexp);
    }
    let is_flushed = options.get::<Option<bool>>("flush")?.unwrap_or_default();
    Ok(if is_flushed { digits.with_flush() } else { digits })
}

/// How long a verb that is done at once may take.
pub(super) const SOON: Duration = Duration::from_secs(10);
/// No application runs longer.
pub(super) const LONG: Duration = Duration::from_secs(24 * 3600);
