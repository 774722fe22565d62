//! Bit error rate test of a call's audio, with `mod_bert`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Client, Error, Session};
use crate::model::{Direction, Event, Phase};

/// Tests the audio of its calls for errors with `mod_bert`.
///
/// The caller's side runs `bert_test` when it is answered and parked, the callee's side the same or
/// `echo`. FreeSWITCH reports the result by the events `mod_bert::in_sync`, `mod_bert::lost_sync` and
/// `mod_bert::timeout` (`mod_bert.c`); a leg that lost sync is reported with its figures, and both legs
/// of its call get the variable `bert_stats_sync_lost`. The codec has to be PCMU.
#[derive(Debug)]
pub struct Bert {
    ring_response: Option<Ring>,
    pdd: Duration,
    prd: Duration,
    is_two_sided: bool,
    loads_module: bool,
    variables: Vec<(String, String)>,
    in_sync: AtomicU64,
    lost_sync: AtomicU64,
    timed_out: AtomicU64,
    /// The most bad samples of a leg that lost sync, in hundredths of a percent.
    worst: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum Ring {
    RingReady,
    PreAnswer,
}

pub(super) const KIND: Kind = Kind {
    name: "Bert",
    about: "tests the audio of both directions for bit errors (needs mod_bert, PCMU)",
    params: &[
        Param::new(
            "ring_response",
            Takes::OneOf(&["none", "ring_ready", "pre_answer"]),
            "none",
            "how the callee rings before it answers",
        ),
        Param::new("pdd", Takes::Seconds, "0", "how long the callee waits before it rings"),
        Param::new("prd", Takes::Seconds, "0", "how long the callee rings before it answers"),
        Param::new("two_sided", Takes::YesNo, "no", "the callee tests too, instead of an echo"),
        Param::new("hangup_on_error", Takes::YesNo, "yes", "hang up a leg that loses sync"),
        Param::new(
            "max_err",
            Takes::Number(1, 100),
            "30",
            "percent of bad samples that is too much",
        ),
        Param::new(
            "timeout",
            Takes::Milliseconds,
            "3000",
            "how long a leg may take to get in sync",
        ),
        Param::new("timer", Takes::Text, "soft", "what paces the sending"),
        Param::new("jitterbuffer", Takes::Text, "100:200:40", "the jitter buffer of both legs"),
        Param::new("load", Takes::YesNo, "no", "load mod_bert on the server if it is missing"),
        Param::new(
            "bert_*",
            Takes::Text,
            "",
            "another variable of mod_bert, such as bert_window_ms",
        ),
    ],
    make: |values| {
        let mut variables = vec![
            ("bert_timer_name".to_owned(), values.text("timer").to_owned()),
            ("bert_max_err".to_owned(), values.text("max_err").to_owned()),
            ("bert_timeout_ms".to_owned(), values.text("timeout").to_owned()),
            ("bert_hangup_on_error".to_owned(), values.is("hangup_on_error").to_string()),
            ("jitterbuffer_msec".to_owned(), values.text("jitterbuffer").to_owned()),
        ];
        for (name, value) in values.all("bert_*") {
            variables.retain(|(known, _)| known != name);
            variables.push((name.to_owned(), value.to_owned()));
        }
        variables.retain(|(_, value)| !value.is_empty());
        Ok(Arc::new(Bert {
            ring_response: match values.text("ring_response") {
                "ring_ready" => Some(Ring::RingReady),
                "pre_answer" => Some(Ring::PreAnswer),
                _ => None,
            },
            pdd: values.seconds("pdd"),
            prd: values.seconds("prd"),
            is_two_sided: values.is("two_sided"),
            loads_module: values.is("load"),
            variables,
            ..Bert::default()
        }))
    },
};

impl Default for Bert {
    /// As it is loaded by name without parameters, but with the values of `mod_bert` itself.
    fn default() -> Self {
        Self {
            ring_response: None,
            pdd: Duration::ZERO,
            prd: Duration::ZERO,
            is_two_sided: false,
            loads_module: false,
            variables: Vec::new(),
            in_sync: AtomicU64::new(0),
            lost_sync: AtomicU64::new(0),
            timed_out: AtomicU64::new(0),
            worst: AtomicU64::new(0),
        }
    }
}

impl Bert {
    /// Lets the callee test too, instead of an echo.
    #[must_use]
    pub fn two_sided(mut self) -> Self {
        self.is_two_sided = true;
        self
    }

    /// Sets a variable of `mod_bert`, for example `bert_timeout_ms`.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How many legs got in sync, lost it, and never had it in time.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let [a, b, c] = [&self.in_sync, &self.lost_sync, &self.timed_out];
        (a.load(Ordering::Relaxed), b.load(Ordering::Relaxed), c.load(Ordering::Relaxed))
    }

    async fn parked(&self, session: &Session) -> Result<(), Error> {
        match (session.info().direction, self.ring_response) {
            (Direction::Inbound, ring) => {
                tokio::time::sleep(self.pdd).await;
                match ring {
                    Some(Ring::RingReady) => session.ring_ready().await?,
                    Some(Ring::PreAnswer) => session.pre_answer().await?,
                    None => {}
                }
                tokio::time::sleep(self.prd).await;
                self.prepare(session).await?;
                session.answer().await
            }
            (Direction::Outbound, _) if session.info().phase == Phase::Answered => {
                self.prepare(session).await?;
                session.execute("bert_test", "").await
            }
            (Direction::Outbound, _) => Ok(()),
        }
    }

    async fn prepare(&self, session: &Session) -> Result<(), Error> {
        let pairs: Vec<_> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if pairs.is_empty() { Ok(()) } else { session.setvars(&pairs).await }
    }

    async fn lost(&self, session: &Session, event: &Event) -> Result<(), Error> {
        self.lost_sync.fetch_add(1, Ordering::Relaxed);
        let figure = |name: &str| event.get(name).unwrap_or_default().into_owned();
        self.worst.fetch_max(hundredths(&figure("sync_lost_percent")), Ordering::Relaxed);
        tracing::warn!(
            uuid = %session.id(),
            percent = figure("sync_lost_percent"),
            count = figure("sync_lost_count"),
            cng = figure("cng_count"),
            samples = figure("err_samples"),
            "Bert: sync lost"
        );
        for leg in session.call().map(|call| call.sessions()).unwrap_or_default() {
            match leg.setvar("bert_stats_sync_lost", "true").await {
                // With hangup_on_error it may be gone by now.
                Err(Error::Api { .. }) | Ok(()) => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

/// A percentage such as `12.5` in hundredths of a percent.
fn hundredths(percent: &str) -> u64 {
    let (whole, part) = percent.trim().split_once('.').unwrap_or_else(|| (percent.trim(), ""));
    let part: String = part.chars().chain("00".chars()).take(2).collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    number(whole).saturating_mul(100).saturating_add(number(&part))
}

impl App for Bert {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &[
            "CHANNEL_PARK",
            "CHANNEL_ANSWER",
            "mod_bert::in_sync",
            "mod_bert::lost_sync",
            "mod_bert::timeout",
        ]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            match (&*event.kind(), session.info().direction) {
                ("CHANNEL_PARK", _) => self.parked(session).await,
                ("CHANNEL_ANSWER", Direction::Inbound) if self.is_two_sided => {
                    session.execute("bert_test", "").await
                }
                ("CHANNEL_ANSWER", Direction::Inbound) => session.echo().await,
                // It was parked before, as by a dial plan that rings first.
                ("CHANNEL_ANSWER", Direction::Outbound) if session.info().is_parked => {
                    self.parked(session).await
                }
                ("mod_bert::in_sync", _) => {
                    self.in_sync.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                }
                ("mod_bert::lost_sync", _) => self.lost(session, event).await,
                ("mod_bert::timeout", _) => {
                    self.timed_out.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(uuid = %session.id(), "Bert: no sync in time");
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    }

    fn set_up<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        Box::pin(async move {
            if client.cmd("module_exists mod_bert").await?.trim() == "true" {
                return Ok(());
            }
            if self.loads_module {
                return client.api("load mod_bert").await.map(drop);
            }
            let text =
                "mod_bert is not loaded on the server: \"load mod_bert\" loads it, or load=yes";
            Err(Error::App { text: text.to_owned() })
        })
    }

    fn verdict(&self) -> Option<Result<String, String>> {
        let (in_sync, lost_sync, timed_out) = self.counts();
        let worst = match self.worst.load(Ordering::Relaxed) {
            0 => String::new(),
            worst => format!("; worst: {}.{:02} % bad samples", worst / 100, worst % 100),
        };
        let figures = format!(
            "legs in sync: {in_sync}, that lost it: {lost_sync}, without sync in time: \
             {timed_out}{worst}"
        );
        Some(match (in_sync, lost_sync + timed_out) {
            (0, 0) => Err("no leg was tested".to_owned()),
            (_, 0) => Ok(figures),
            _ => Err(figures),
        })
    }

    fn notes(&self) -> Vec<(&'static str, String)> {
        let (in_sync, lost_sync, timed_out) = self.counts();
        vec![
            ("in sync", in_sync.to_string()),
            ("lost sync", lost_sync.to_string()),
            ("timed out", timed_out.to_string()),
        ]
    }
}
