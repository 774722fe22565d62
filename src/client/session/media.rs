//! What a session plays, records, hears and dials.

use std::time::Duration;

use super::Session;
use crate::client::dial_string;
use crate::client::error::Error;

/// Which leg of a bridge a broadcast plays to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leg {
    /// This one.
    #[default]
    A,
    /// The other one.
    B,
    /// Both.
    Both,
}

/// Which direction is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MuteSide {
    /// What the far end hears.
    #[default]
    Write,
    /// What the far end says.
    Read,
}

/// What is recorded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Recording {
    /// Both directions mixed.
    #[default]
    Mixed,
    /// Only what the far end says.
    ReadOnly,
    /// Each direction in its own channel.
    Stereo,
}

impl Session {
    /// `uuid_send_dtmf`: at most 99 digits, each held for `duration` (FreeSWITCH's default for 0).
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::DialString`] for what are no digits; otherwise as [`Client::api`](crate::Client::api).
    pub async fn send_dtmf(&self, digits: &str, hold: Duration) -> Result<(), Error> {
        self.verb("uuid_send_dtmf", &dtmf(digits, hold)?).await
    }

    /// `sched_api` of [`Session::send_dtmf`]. FreeSWITCH counts whole seconds: the time is rounded
    /// up.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::send_dtmf`].
    pub async fn sched_dtmf(
        &self,
        after: Duration,
        digits: &str,
        hold: Duration,
    ) -> Result<(), Error> {
        let send = format!("uuid_send_dtmf {} {}", self.id(), dtmf(digits, hold)?);
        let line = format!("sched_api +{} {} {send}", super::whole_seconds(after), self.id());
        self.client.api(&line).await.map(drop)
    }

    /// `uuid_recv_dtmf`: as if the far end had pressed the keys; confirmed by DTMF.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::send_dtmf`].
    pub async fn recv_dtmf(&self, digits: &str, hold: Duration) -> Result<(), Error> {
        self.verb("uuid_recv_dtmf", &dtmf(digits, hold)?).await
    }

    /// Queues `playback` of a file or stream, for example `tone_stream://%(251,0,1004)`; confirmed
    /// by PLAYBACK_START. One queued before the session is parked is cut off by the park.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn playback(&self, path: &str) -> Result<(), Error> {
        self.execute("playback", path).await
    }

    /// Queues `endless_playback`; confirmed by PLAYBACK_START.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn endless_playback(&self, path: &str) -> Result<(), Error> {
        self.execute("endless_playback", path).await
    }

    /// `uuid_broadcast` of a file or `app::args`; confirmed by PLAYBACK_START. Less reliable than
    /// [`Session::playback`]; a HANGUP may be late while it plays.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn broadcast(&self, path: &str, leg: Leg) -> Result<(), Error> {
        let leg = match leg {
            Leg::A => "aleg",
            Leg::B => "bleg",
            Leg::Both => "both",
        };
        self.verb("uuid_broadcast", &format!("{path} {leg}")).await
    }

    /// `uuid_break`: ends what plays; confirmed by PLAYBACK_STOP.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn break_media(&self) -> Result<(), Error> {
        self.verb("uuid_break", "").await
    }

    /// Sets the recording variables and queues `record_session`; confirmed by RECORD_START.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`] and [`Session::setvar`].
    pub async fn start_record(&self, path: &str, what: Recording) -> Result<(), Error> {
        match what {
            Recording::Mixed => {}
            Recording::ReadOnly => self.setvar("RECORD_READ_ONLY", "true").await?,
            Recording::Stereo => self.setvar("RECORD_STEREO", "true").await?,
        }
        self.execute("record_session", path).await
    }

    /// Queues `stop_record_session` of a path, or of `all`; confirmed by RECORD_STOP.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn stop_record(&self, path: &str) -> Result<(), Error> {
        self.execute("stop_record_session", path).await
    }

    /// `uuid_record start|stop|mask|unmask|pause|resume PATH`.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn record(&self, action: &str, path: &str) -> Result<(), Error> {
        let action = dial_string::word("action", action)?;
        self.verb("uuid_record", &format!("{action} {path}")).await
    }

    /// `uuid_audio ... mute`: silences a direction; 0 ends it.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn mute(&self, side: MuteSide, level: u8) -> Result<(), Error> {
        let side = match side {
            MuteSide::Write => "write",
            MuteSide::Read => "read",
        };
        self.verb("uuid_audio", &format!("start {side} mute {level}")).await
    }

    /// `uuid_audio ... stop`: ends what [`Session::mute`] began; confirmed by MEDIA_BUG_STOP.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn unmute(&self) -> Result<(), Error> {
        self.verb("uuid_audio", "stop").await
    }

    /// Queues `speak`, with the engine flite and the voice kal.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn speak(&self, text: &str) -> Result<(), Error> {
        self.execute("speak", &format!("flite|kal|{text}")).await
    }

    /// Queues `play_and_get_digits`: its arguments as the application takes them.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn play_and_get_digits(&self, args: &str) -> Result<(), Error> {
        self.execute("play_and_get_digits", args).await
    }

    /// `uuid_displace start`: mixes or replaces audio with a file.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn displace(&self, path: &str) -> Result<(), Error> {
        self.verb("uuid_displace", &format!("start {path}")).await
    }

    /// `uuid_jitterbuffer`, for example `100:200:40`.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn jitterbuffer(&self, spec: &str) -> Result<(), Error> {
        self.verb("uuid_jitterbuffer", dial_string::word("jitter buffer", spec)?).await
    }

    /// `avmd UUID start`: listens for a voice mail's beep (mod_avmd).
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn start_amd(&self) -> Result<(), Error> {
        self.verb("avmd", "start").await
    }

    /// `avmd UUID stop`.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn stop_amd(&self) -> Result<(), Error> {
        self.verb("avmd", "stop").await
    }
}

/// `DIGITS` or `DIGITS@MILLISECONDS`; `w` and `W` are pauses.
fn dtmf(digits: &str, hold: Duration) -> Result<String, Error> {
    let is_digit = |letter: char| letter.is_ascii_digit() || "*#ABCDabcdwWFf".contains(letter);
    let is_good = (1..=99).contains(&digits.len()) && digits.chars().all(is_digit);
    if !is_good {
        let why = "it is not 1 to 99 of 0-9 * # A-D w W";
        return Err(Error::DialString { what: "digits", text: digits.to_owned(), why });
    }
    Ok(if hold.is_zero() { digits.to_owned() } else { format!("{digits}@{}", hold.as_millis()) })
}
