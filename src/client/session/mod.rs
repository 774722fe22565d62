//! A session with verbs. They go over the command connection, never the event one.
//!
//! What FreeSWITCH answers is mostly a receipt: it has queued the verb. The event that confirms it
//! is named with each; [`Session::expect`] waits for it.

mod bridge;
pub(in crate::client) mod digits;
pub(in crate::client) mod media;
mod variables;

use std::fmt;
use std::time::Duration;

use crate::client::dial_string;
use crate::client::error::Error;
use crate::client::handle::{Client, checked};
use crate::client::hung_up::LegEnd;
use crate::model;
use crate::model::{Event, HangupCause, Id};
use crate::wire::Command;

/// A session as it was when it was looked up, with verbs.
///
/// # Examples
/// ```no_run
/// # async fn run(session: switchy::client::Session) -> Result<(), switchy::client::Error> {
/// use std::time::Duration;
///
/// let within = Duration::from_secs(10);
/// session.answer_and_wait(within).await?;
/// session.execute_and_wait("playback", "ivr/ivr-welcome.wav", within).await?;
/// session.sched_hangup(Duration::from_secs(60), &switchy::model::HangupCause::NORMAL_CLEARING).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Session {
    pub(in crate::client) client: Client,
    pub(in crate::client) session: model::SessionInfo,
}

impl Session {
    pub(super) fn new(client: Client, session: model::SessionInfo) -> Self {
        Self { client, session }
    }

    /// What was known of it when it was looked up.
    #[must_use]
    pub fn info(&self) -> &model::SessionInfo {
        &self.session
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &Id<model::SessionInfo> {
        &self.session.id
    }

    /// The client that its verbs go through.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// `uuid_answer`; confirmed by CHANNEL_ANSWER.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`], here and in every verb that is an `api` command.
    pub async fn answer(&self) -> Result<(), Error> {
        self.verb("uuid_answer", "").await
    }

    /// Answers, and waits for CHANNEL_ANSWER.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send); dropped later, it ends the wait, not what runs.
    ///
    /// # Errors
    /// As [`Expect::within`](crate::client::Expect::within); otherwise as [`Client::api`].
    pub async fn answer_and_wait(&self, within: Duration) -> Result<(), Error> {
        let answer = self.expect(&["CHANNEL_ANSWER"]).await?;
        self.answer().await?;
        answer.within(within).await.map(drop)
    }

    /// `uuid_pre_answer`: early media; confirmed by CHANNEL_PROGRESS_MEDIA.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn pre_answer(&self) -> Result<(), Error> {
        self.verb("uuid_pre_answer", "").await
    }

    /// Queues `ring_ready`; confirmed by CHANNEL_PROGRESS.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn ring_ready(&self) -> Result<(), Error> {
        self.execute("ring_ready", "").await
    }

    /// `uuid_kill` with NORMAL_CLEARING; confirmed by CHANNEL_DESTROY. A session that is gone
    /// already is no error.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn hangup(&self) -> Result<(), Error> {
        self.hangup_with(&HangupCause::NORMAL_CLEARING).await
    }

    /// `uuid_kill` with a cause. FreeSWITCH takes an unknown cause for NORMAL_CLEARING, so one is
    /// refused here.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::UnknownCause`]; otherwise as [`Client::api`].
    pub async fn hangup_with(&self, cause: &HangupCause) -> Result<(), Error> {
        self.end(cause).await.map(drop)
    }

    pub(super) async fn end(&self, cause: &HangupCause) -> Result<LegEnd, Error> {
        known(cause)?;
        match self.verb("uuid_kill", cause.name()).await {
            Ok(()) => Ok(LegEnd::HungUp),
            Err(Error::Api { text, .. }) if text.contains("No such channel") => Ok(LegEnd::WasGone),
            Err(err) => Err(err),
        }
    }

    /// Hangs up, and waits for CHANNEL_DESTROY.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send); dropped later, it ends the wait, not what runs.
    ///
    /// # Errors
    /// As [`Expect::within`](crate::client::Expect::within); otherwise as [`Client::api`].
    pub async fn hangup_and_wait(&self, within: Duration) -> Result<(), Error> {
        let gone = self.expect(&["CHANNEL_DESTROY"]).await?;
        if self.client.session(self.id()).is_none() {
            return Ok(());
        }
        self.hangup().await?;
        gone.within(within).await.map(drop)
    }

    /// `sched_hangup`. FreeSWITCH counts whole seconds and hangs up at once for 0, so the time is
    /// rounded up, to 1 s at least.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::UnknownCause`]; otherwise as [`Client::api`].
    pub async fn sched_hangup(&self, after: Duration, cause: &HangupCause) -> Result<(), Error> {
        known(cause)?;
        let seconds = whole_seconds(after).max(1);
        let line = format!("sched_hangup +{seconds} {} {cause}", self.id());
        self.client.api(&line).await.map(drop)
    }

    /// `sched_del`: takes back what was scheduled for this session.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn clear_tasks(&self) -> Result<(), Error> {
        self.client.api(&format!("sched_del {}", self.id())).await.map(drop)
    }

    /// `uuid_park`; confirmed by CHANNEL_PARK.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn park(&self) -> Result<(), Error> {
        self.verb("uuid_park", "").await
    }

    /// Parks, and waits for CHANNEL_PARK.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send); dropped later, it ends the wait, not what runs.
    ///
    /// # Errors
    /// As [`Expect::within`](crate::client::Expect::within); otherwise as [`Client::api`].
    pub async fn park_and_wait(&self, within: Duration) -> Result<(), Error> {
        let parked = self.expect(&["CHANNEL_PARK"]).await?;
        self.park().await?;
        parked.within(within).await.map(drop)
    }

    /// `uuid_transfer` of this leg; confirmed by a CHANNEL_EXECUTE of the new extension, which may
    /// be an inline dial plan: `set:foo=1,park:` with `inline`.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::DialString`] for an empty part; otherwise as [`Client::api`].
    pub async fn transfer(&self, exten: &str, dialplan: &str, context: &str) -> Result<(), Error> {
        let place = place(exten, dialplan, context)?;
        self.verb("uuid_transfer", &place).await
    }

    /// `uuid_transfer -both`: this leg and the one that it is bridged to; confirmed as
    /// [`Session::transfer`], for each.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::transfer`].
    pub async fn transfer_both(
        &self,
        exten: &str,
        dialplan: &str,
        context: &str,
    ) -> Result<(), Error> {
        let place = place(exten, dialplan, context)?;
        self.verb("uuid_transfer", &format!("-both {place}")).await
    }

    /// `uuid_bridge` with another session; confirmed by CHANNEL_BRIDGE.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn bridge_to(&self, other: &Id<model::SessionInfo>) -> Result<(), Error> {
        self.verb("uuid_bridge", other.as_str()).await
    }

    /// `uuid_hold`; confirmed by CHANNEL_HOLD. The reply says `+OK` even for a session that is
    /// gone.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn hold(&self) -> Result<(), Error> {
        self.verb("uuid_hold", "").await
    }

    /// `uuid_hold off`; confirmed by CHANNEL_UNHOLD.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn unhold(&self) -> Result<(), Error> {
        self.client.api(&format!("uuid_hold off {}", self.id())).await.map(drop)
    }

    /// `uuid_media off`: lets media pass by FreeSWITCH.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn bypass_media(&self) -> Result<(), Error> {
        self.client.api(&format!("uuid_media off {}", self.id())).await.map(drop)
    }

    /// `uuid_media`: takes media through FreeSWITCH again.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn proxy_media(&self) -> Result<(), Error> {
        self.verb("uuid_media", "").await
    }

    /// `uuid_loglevel`: what the server logs for this session.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn loglevel(&self, level: &str) -> Result<(), Error> {
        self.verb("uuid_loglevel", dial_string::word("log level", level)?).await
    }

    /// Queues `echo`; confirmed by CHANNEL_EXECUTE.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn echo(&self) -> Result<(), Error> {
        self.execute("echo", "").await
    }

    /// Queues `respond`: a SIP response instead of an answer.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn respond(&self, code: u16) -> Result<(), Error> {
        self.execute("respond", &code.to_string()).await
    }

    /// Queues `deflect`: a REFER to another SIP address.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn deflect(&self, uri: &str) -> Result<(), Error> {
        self.execute("deflect", uri).await
    }

    /// `uuid_deflect`: a 302 before the answer, a REFER after it; confirmed by the end of the leg.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::DialString`] for an address that is no word; otherwise as [`Client::api`].
    pub async fn deflect_to(&self, uri: &str) -> Result<(), Error> {
        self.verb("uuid_deflect", dial_string::word("address", uri)?).await
    }

    /// Queues `conference`, for example `3000@default`.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn conference(&self, name: &str) -> Result<(), Error> {
        self.execute("conference", name).await
    }

    /// Queues `eavesdrop` on another session.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn eavesdrop(&self, other: &Id<model::SessionInfo>) -> Result<(), Error> {
        self.execute("eavesdrop", other.as_str()).await
    }

    /// Queues `intercept`: takes another session's call.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn intercept(&self, other: &Id<model::SessionInfo>) -> Result<(), Error> {
        self.execute("intercept", other.as_str()).await
    }

    /// `uuid_send_info`: a SIP INFO with a text.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn send_info(&self, text: &str) -> Result<(), Error> {
        self.verb("uuid_send_info", text).await
    }

    /// Queues a dialplan application on the channel (`sendmsg`). `Ok` means queued, not done:
    /// CHANNEL_EXECUTE says that it runs, CHANNEL_EXECUTE_COMPLETE that it is over.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::Api`] with `-ERR invalid session id` when it is gone; otherwise as
    /// [`Client::send`].
    pub async fn execute(&self, app: &str, arg: &str) -> Result<(), Error> {
        let command =
            Command::execute(self.id().as_str(), app, arg, None).map_err(Error::Illegal)?;
        let shown = format!("execute {app} {arg}");
        let reply = self.client.send(command).await?;
        checked(reply, shown.trim_end()).map(drop)
    }

    /// As [`Session::execute`], under an id that comes back as `Application-UUID` in the events of
    /// this run.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn execute_as(&self, app: &str, arg: &str, mark: &str) -> Result<(), Error> {
        let id = self.id().as_str();
        let command = Command::execute(id, app, arg, Some(mark)).map_err(Error::Illegal)?;
        let reply = self.client.send(command).await?;
        checked(reply, app).map(drop)
    }

    /// Runs an application and waits until it is over; returns its response, if it gave one.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send); dropped later, it ends the wait, not what runs.
    ///
    /// # Errors
    /// As [`Expect::within`](crate::client::Expect::within); otherwise as [`Session::execute`].
    pub async fn execute_and_wait(
        &self,
        app: &str,
        arg: &str,
        within: Duration,
    ) -> Result<Option<String>, Error> {
        let event = self.run_app(app, arg, within).await?;
        let response = event.get("Application-Response").map(std::borrow::Cow::into_owned);
        Ok(response.filter(|text| text != "_none_"))
    }

    /// Runs an application and waits until it is over; returns the CHANNEL_EXECUTE_COMPLETE, which
    /// carries the variables that it has set.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send); dropped later, it ends the wait, not what runs.
    ///
    /// # Errors
    /// As [`Session::execute_and_wait`].
    pub async fn run_app(&self, app: &str, arg: &str, within: Duration) -> Result<Event, Error> {
        let mark = Id::<Event>::random();
        let done = self.expect(&["CHANNEL_EXECUTE_COMPLETE"]).await?;
        let done = done.with("Application-UUID", mark.as_str());
        self.execute_as(app, arg, mark.as_str()).await?;
        done.within(within).await
    }

    async fn verb(&self, api: &str, arg: &str) -> Result<(), Error> {
        let blank = if arg.is_empty() { "" } else { " " };
        let line = format!("{api} {}{blank}{arg}", self.id());
        self.client.api(&line).await.map(drop)
    }
}

impl fmt::Display for Session {
    /// `<Session(72451178-bd0c-11e4-9d26-74d02bc595d7, answered)>`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Session({}, {})>", self.id(), self.info().phase.word())
    }
}

/// The place of a transfer. Where the extension begins with `-` FreeSWITCH takes it for an option.
fn place(exten: &str, dialplan: &str, context: &str) -> Result<String, Error> {
    if exten.starts_with('-') {
        return Err(dial_string::refused("extension", exten, "it begins with - as an option does"));
    }
    let exten = dial_string::argument("extension", exten)?;
    let dialplan = dial_string::argument("dialplan", dialplan)?;
    let context = dial_string::argument("context", context)?;
    Ok(format!("{exten} {dialplan} {context}"))
}

/// FreeSWITCH counts whole seconds; a part of one is rounded up.
pub(in crate::client) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

fn known(cause: &HangupCause) -> Result<(), Error> {
    if cause.is_known() {
        Ok(())
    } else {
        Err(Error::UnknownCause { cause: cause.name().to_owned() })
    }
}

impl Client {
    /// A living session, with verbs.
    #[must_use]
    pub fn session(&self, id: &Id<model::SessionInfo>) -> Option<Session> {
        let session = self.listener().ok()?.session(id)?;
        Some(Session::new(self.clone(), session))
    }
}
