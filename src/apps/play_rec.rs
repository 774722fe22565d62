//! Both sides play clips to each other, and some calls are recorded.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::apps::bounded_map::BoundedMap;
use crate::apps::kind::{Kind, Param, Takes, Values};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Client, Error, MuteSide, Recording, Session};
use crate::model;
use crate::model::{Direction, HangupCause, Phase};

/// Plays a clip from either side in turn, and records both sides of some calls.
///
/// When both sides are parked and answered the caller plays the clip while the callee is silent,
/// then the other way round, `with_clips` times. A recording begins before and ends a while after the
/// last clip; then the call is hung up. Not every call is recorded, but one in a while.
pub struct PlayRec {
    name: &'static str,
    script: Script,
    clip_length: Duration,
    rec_period: Duration,
    folder: Mutex<String>,
    last: Mutex<Option<Instant>>,
    begun: BoundedMap<model::CallInfo, bool>,
    /// The conversations that run.
    running: Mutex<JoinSet<()>>,
}

/// What happens in a call.
#[derive(Clone)]
struct Script {
    filename: String,
    category: String,
    iterations: u32,
    tail: Duration,
    sample_rate: u32,
    recording: Recording,
    is_muted: bool,
    callback: Option<Callback>,
}

/// A recorded call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecInfo {
    /// The server.
    pub host: String,
    /// The file, on the server, with what the caller said.
    pub caller: String,
    /// The file, on the server, with what the callee said.
    pub callee: String,
}

type Callback = Arc<dyn Fn(RecInfo) + Send + Sync>;

pub(super) const KIND: Kind = Kind {
    name: "PlayRec",
    about: "both sides play a clip in turn; one call in a while is recorded",
    params: PARAMS,
    make: |values| Ok(Arc::new(PlayRec::read("PlayRec", values))),
};

pub(super) const MUTED: Kind = Kind {
    name: "MutedPlayRec",
    about: "as PlayRec, but both sides play without end and take turns in being muted",
    params: PARAMS,
    make: |values| Ok(Arc::new(PlayRec::read("MutedPlayRec", values).muted())),
};

const PARAMS: &[Param] = &[
    Param::new("filename", Takes::Text, CLIP, "what is played: a file on the server, or a stream"),
    Param::new(
        "category",
        Takes::Text,
        "ivr",
        "the folder of the sound prefix that a bare filename is in",
    ),
    Param::new("iterations", Takes::Number(1, 100_000), "1", "how often each side plays it"),
    Param::new(
        "duration",
        Takes::Seconds,
        "0",
        "instead of iterations: how long it all takes; 0 is unset",
    ),
    Param::new(
        "clip_length",
        Takes::Seconds,
        "4.25",
        "how long the clip takes, to reckon with duration",
    ),
    Param::new("tail", Takes::Seconds, "1", "how long a recording continues after the last clip"),
    Param::new(
        "rec_period",
        Takes::Seconds,
        "5",
        "a call is recorded if none was within this time; 0 records all",
    ),
    Param::new(
        "stereo",
        Takes::YesNo,
        "no",
        "record both directions of a leg, one in each channel",
    ),
    Param::new("sample_rate", Takes::Number(8000, 48_000), "8000", "the sample rate of recordings"),
];

impl Default for PlayRec {
    fn default() -> Self {
        Self {
            name: "PlayRec",
            script: Script {
                filename: CLIP.to_owned(),
                category: "ivr".to_owned(),
                iterations: 1,
                tail: Duration::from_secs(1),
                sample_rate: 8000,
                recording: Recording::ReadOnly,
                is_muted: false,
                callback: None,
            },
            clip_length: Duration::from_millis(4250),
            rec_period: Duration::from_secs(5),
            folder: Mutex::default(),
            last: Mutex::default(),
            begun: BoundedMap::default(),
            running: Mutex::default(),
        }
    }
}

impl PlayRec {
    /// Plays another clip: a file on the server, or a stream.
    #[must_use]
    pub fn with_filename(mut self, name: &str) -> Self {
        name.clone_into(&mut self.script.filename);
        self
    }

    /// Plays it so often on each side.
    #[must_use]
    pub fn with_iterations(mut self, count: u32) -> Self {
        self.script.iterations = count.max(1);
        self
    }

    /// Records a call if none was recorded for this time.
    #[must_use]
    pub fn with_rec_period(mut self, period: Duration) -> Self {
        self.rec_period = period;
        self
    }

    /// Lets the whole take this time: as many clips as fit in, the rest is the tail.
    #[must_use]
    pub fn with_duration(mut self, duration: Duration) -> Self {
        let (all, clip) = (duration.as_millis(), self.clip_length.as_millis().max(1));
        self.script.iterations = u32::try_from(all / clip).unwrap_or(u32::MAX).max(1);
        let rest = u64::try_from(all % clip).unwrap_or_default();
        self.script.tail = Duration::from_millis(rest).max(Duration::from_secs(1));
        self
    }

    /// Calls this for each recorded call, after it was hung up.
    #[must_use]
    pub fn with_callback(mut self, callback: impl Fn(RecInfo) + Send + Sync + 'static) -> Self {
        self.script.callback = Some(Arc::new(callback));
        self
    }

    /// Both sides play without end, and take turns in being muted.
    #[must_use]
    pub fn muted(mut self) -> Self {
        (self.name, self.script.is_muted) = ("MutedPlayRec", true);
        self
    }

    fn read(name: &'static str, values: &Values<'_>) -> Self {
        let script = Script {
            filename: values.text("filename").to_owned(),
            category: values.text("category").to_owned(),
            iterations: values.number("iterations"),
            tail: values.seconds("tail"),
            sample_rate: values.number("sample_rate"),
            recording: if values.is("stereo") { Recording::Stereo } else { Recording::ReadOnly },
            is_muted: false,
            callback: None,
        };
        let (clip_length, rec_period) =
            (values.seconds("clip_length"), values.seconds("rec_period"));
        let made = Self { name, script, clip_length, rec_period, ..Self::default() };
        let duration = values.seconds("duration");
        if duration.is_zero() { made } else { made.with_duration(duration) }
    }

    fn is_due(&self) -> bool {
        let mut last = self.last.lock();
        let is_due = last.is_none_or(|at| at.elapsed() >= self.rec_period);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }

    /// Both legs of the call of a session, once both are parked and answered: caller and callee.
    fn pair(session: &Session) -> Option<(Session, Session)> {
        let legs = session.call()?.sessions();
        let [one, two] = <[Session; 2]>::try_from(legs).ok()?;
        let is_ready = |leg: &Session| leg.info().is_parked && leg.info().phase == Phase::Answered;
        if !is_ready(&one) || !is_ready(&two) {
            return None;
        }
        if one.info().direction == Direction::Outbound {
            Some((one, two))
        } else {
            Some((two, one))
        }
    }

    fn files(&self, caller: &Session) -> RecInfo {
        let folder = self.folder.lock().clone();
        let file = |side: &str| format!("{folder}/switchy_{}_{side}.wav", caller.info().call);
        let host = caller.client().config().host().to_owned();
        RecInfo { host, caller: file("caller"), callee: file("callee") }
    }

    /// Begins a conversation, in a separate task: the events of its legs are handled meanwhile.
    fn begin(&self, caller: Session, callee: Session) {
        let files = self.is_due().then(|| self.files(&caller));
        let script = self.script.clone();
        let mut running = self.running.lock();
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            let outcome = script.converse(&caller, &callee, files).await;
            // One that is gone was ended by another party.
            let Err(err) = outcome else { return };
            if !matches!(err, Error::Gone { .. }) && caller.client().session(caller.id()).is_some()
            {
                tracing::error!(uuid = %caller.id(), %err, "PlayRec: the call is hung up");
                // It may be gone already.
                let cause = HangupCause::parse("NORMAL_TEMPORARY_FAILURE");
                let _hung_up = caller.hangup_with(&cause).await.is_ok();
            }
        });
    }
}

impl Script {
    /// What is played: a bare name is looked up below the server's sound prefix.
    fn clip(&self) -> String {
        if self.filename.contains('/') {
            self.filename.clone()
        } else {
            format!("{}/{}", self.category, self.filename)
        }
    }

    async fn converse(
        &self,
        caller: &Session,
        callee: &Session,
        files: Option<RecInfo>,
    ) -> Result<(), Error> {
        if let Some(info) = &files {
            for (leg, path) in [(caller, &info.caller), (callee, &info.callee)] {
                leg.setvar("record_sample_rate", &self.sample_rate.to_string()).await?;
                leg.start_record(path, self.recording).await?;
            }
        }
        if self.is_muted {
            self.mute_in_turn(caller, callee).await?;
        } else {
            self.play_in_turn(caller, callee).await?;
        }
        tokio::time::sleep(self.tail).await;
        if let Some(info) = files {
            self.end_recordings(caller, callee, &info).await?;
            caller.hangup().await?;
            if let Some(callback) = &self.callback {
                callback(info);
            }
            return Ok(());
        }
        caller.hangup().await
    }

    async fn play_in_turn(&self, caller: &Session, callee: &Session) -> Result<(), Error> {
        let clip = self.clip();
        for _turn in 0..self.iterations {
            for (speaks, is_silent) in [(caller, callee), (callee, caller)] {
                // Silence is a stream too: audio that stops would be taken for a dead call.
                is_silent.playback(SILENCE).await?;
                played(speaks, &clip).await?;
                is_silent.break_media().await?;
            }
        }
        Ok(())
    }

    async fn mute_in_turn(&self, caller: &Session, callee: &Session) -> Result<(), Error> {
        let clip = self.clip();
        callee.mute(MuteSide::Write, 1).await?;
        callee.endless_playback(&clip).await?;
        for turn in 0..self.iterations.saturating_mul(2) {
            played(caller, &clip).await?;
            let (on, off) = if turn % 2 == 0 { (caller, callee) } else { (callee, caller) };
            on.mute(MuteSide::Write, 1).await?;
            off.mute(MuteSide::Write, 0).await?;
        }
        callee.break_media().await
    }

    async fn end_recordings(
        &self,
        caller: &Session,
        callee: &Session,
        info: &RecInfo,
    ) -> Result<(), Error> {
        for (leg, path) in [(caller, &info.caller), (callee, &info.callee)] {
            let stopped = leg.expect(&["RECORD_STOP"]).await?;
            leg.stop_record(path).await?;
            stopped.within(SOON).await?;
        }
        Ok(())
    }
}

/// Plays to the end; a file that is not there is an error.
async fn played(session: &Session, clip: &str) -> Result<(), Error> {
    match session.execute_and_wait("playback", clip, LONG).await? {
        Some(text) if text == "FILE NOT FOUND" => {
            Err(Error::App { text: format!("the server has no file {clip}") })
        }
        _ => Ok(()),
    }
}

impl App for PlayRec {
    fn name(&self) -> &'static str {
        self.name
    }

    fn events(&self) -> &[&str] {
        &[
            "CHANNEL_PARK",
            "CHANNEL_ANSWER",
            "CHANNEL_EXECUTE_COMPLETE",
            "RECORD_STOP",
            "CHANNEL_DESTROY",
        ]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            match (&*event.name(), session.info().direction) {
                ("CHANNEL_PARK", Direction::Inbound) if session.info().phase < Phase::Answered => {
                    session.answer().await
                }
                ("CHANNEL_PARK" | "CHANNEL_ANSWER", _) => {
                    let Some((caller, callee)) = Self::pair(session) else { return Ok(()) };
                    let is_first = self
                        .begun
                        .with(&session.info().call, |begun| !std::mem::replace(begun, true));
                    if !is_first {
                        return Ok(());
                    }
                    self.begin(caller, callee);
                    Ok(())
                }
                ("CHANNEL_DESTROY", _) => {
                    if session.call().is_none() {
                        let _begun = self.begun.take(&session.info().call);
                    }
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    }

    fn tear_down<'a>(&'a self, _: &'a Client) -> Handling<'a> {
        Box::pin(async move {
            self.running.lock().abort_all();
            Ok(())
        })
    }

    fn set_up<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        Box::pin(async move {
            let folder = client.cmd("global_getvar recordings_dir").await?;
            *self.folder.lock() = folder;
            Ok(())
        })
    }
}

impl fmt::Debug for PlayRec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.name).field("filename", &self.script.filename).finish_non_exhaustive()
    }
}

/// A clip that stock sounds have.
const CLIP: &str = "ivr-founder_of_freesource.wav";
const SILENCE: &str = "silence_stream://-1";
/// No clip is longer than this.
const LONG: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_secs(10);
