//! Typed answers: the rows of `show channels as json`, and `status`.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::table::plain_text;

/// One row of `show channels as json`; columns that a version lacks are empty, and so is one that
/// holds neither a text nor a number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are FreeSWITCH's column names")]
pub struct ChannelRow {
    #[serde(deserialize_with = "text")]
    pub uuid: String,
    #[serde(deserialize_with = "text")]
    pub direction: String,
    #[serde(deserialize_with = "text")]
    pub created_epoch: String,
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "text")]
    pub state: String,
    #[serde(deserialize_with = "text")]
    pub cid_name: String,
    #[serde(deserialize_with = "text")]
    pub cid_num: String,
    #[serde(deserialize_with = "text")]
    pub dest: String,
    #[serde(deserialize_with = "text")]
    pub application: String,
    #[serde(deserialize_with = "text")]
    pub application_data: String,
    #[serde(deserialize_with = "text")]
    pub context: String,
    #[serde(deserialize_with = "text")]
    pub read_codec: String,
    #[serde(deserialize_with = "text")]
    pub callstate: String,
    #[serde(deserialize_with = "text")]
    pub call_uuid: String,
    #[serde(deserialize_with = "text")]
    pub initial_cid_name: String,
    #[serde(deserialize_with = "text")]
    pub initial_cid_num: String,
    /// The leg that it is bridged to, empty for none; `None` when the table of calls was not asked.
    #[serde(skip)]
    pub bridged_to: Option<String>,
}

impl ChannelRow {
    /// Takes over which legs are bridged from `show calls as json`. A leg that was answered and is
    /// in no bridge stands for itself, whatever its `call_uuid` says.
    pub(crate) fn pair(rows: &mut [Self], calls: &[CallRow]) {
        let places: HashMap<_, _> =
            rows.iter().enumerate().map(|(at, row)| (row.uuid.clone(), at)).collect();
        let mut peers = HashMap::new();
        for call in calls.iter().filter(|call| !call.b_uuid.is_empty()) {
            let (one, other) = (&*call.uuid, &*call.b_uuid);
            // The call goes by the older leg: the rows are in the order of their creation.
            let first = if places.get(other) < places.get(one) { other } else { one };
            peers.insert(one, (other, first));
            peers.insert(other, (one, first));
        }
        for row in rows {
            let peer = peers.get(&*row.uuid);
            row.bridged_to = Some(peer.map_or_else(String::new, |(peer, _)| (*peer).to_owned()));
            let is_ringing = matches!(&*row.callstate, "DOWN" | "DIALING" | "RINGING" | "EARLY");
            match peer {
                Some((_, first)) => row.call_uuid = (*first).to_owned(),
                // The halves of a loopback are one call without a bridge.
                None if !is_ringing && !row.name.starts_with("loopback/") => {
                    row.call_uuid.clone_from(&row.uuid);
                }
                None => {}
            }
        }
    }
}

/// A row of `show calls as json`: a leg, and the one that it is bridged to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub(crate) struct CallRow {
    #[serde(deserialize_with = "text")]
    pub(crate) uuid: String,
    #[serde(deserialize_with = "text")]
    pub(crate) b_uuid: String,
}

fn text<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    Ok(plain_text(&Value::deserialize(value)?).unwrap_or_default())
}

/// What `status` says. `None`, or an empty text, is what the reply does not say.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// Since FreeSWITCH was started.
    pub uptime: Option<Duration>,
    /// `1.10.12-release  64bit`.
    pub version: String,
    /// `ready`, or what else it says.
    pub state: String,
    /// Sessions now.
    pub sessions: Option<u64>,
    /// The most at one time.
    pub sessions_peak: Option<u64>,
    /// How many are allowed.
    pub sessions_max: Option<u64>,
    /// How many there were since start-up.
    pub sessions_since_startup: Option<u64>,
    /// New sessions in the last second.
    pub per_second: Option<u64>,
    /// How many a second are allowed.
    pub per_second_max: Option<u64>,
    /// The share of idle CPU now, in percent.
    pub idle_cpu: Option<f64>,
}

impl Status {
    /// Reads the eight lines of `status`.
    #[must_use]
    pub fn parse(body: &str) -> Self {
        let mut status = Self::default();
        for line in body.lines() {
            let mut numbers = line
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|word| word.parse::<u64>().ok());
            if let Some(rest) = line.strip_prefix("UP ") {
                status.uptime = uptime(rest);
            } else if let Some(rest) = line.strip_prefix("FreeSWITCH (Version ") {
                let (version, state) = rest.split_once(')').unwrap_or((rest, ""));
                version.clone_into(&mut status.version);
                state.trim().trim_start_matches("is ").clone_into(&mut status.state);
            } else if line.contains("since startup") {
                status.sessions_since_startup = numbers.next();
            } else if line.contains("per Sec") {
                status.per_second = numbers.next();
                status.per_second_max = numbers.next();
            } else if line.contains(" - peak") {
                status.sessions = numbers.next();
                status.sessions_peak = numbers.next();
            } else if line.contains("session(s) max") {
                status.sessions_max = numbers.next();
            } else if let Some(rest) = line.strip_prefix("min idle cpu ") {
                let now = rest.split_once('/').map_or(rest, |(_, now)| now);
                status.idle_cpu = now.trim().parse().ok();
            }
        }
        status
    }

    /// What the reply did not say, by name: all of it when it was no answer to `status`.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let lacks = [
            ("uptime", self.uptime.is_none()),
            ("version", self.version.is_empty()),
            ("state", self.state.is_empty()),
            ("sessions", self.sessions.is_none() || self.sessions_peak.is_none()),
            ("sessions since startup", self.sessions_since_startup.is_none()),
            ("limit of sessions", self.sessions_max.is_none()),
            ("sessions per second", self.per_second.is_none() || self.per_second_max.is_none()),
            ("idle cpu", self.idle_cpu.is_none()),
        ];
        lacks.into_iter().filter(|(_, lacks)| *lacks).map(|(name, _)| name).collect()
    }
}

/// `0 years, 0 days, 2 hours, 1 minute, 37 seconds, 120 milliseconds, 137 microseconds`; `None`
/// for a line that is cut.
fn uptime(text: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut last = "";
    for part in text.trim().split(", ") {
        let (number, unit) = part.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        last = unit.trim_end_matches('s');
        let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
        sum = sum.checked_add(match last {
            "year" => seconds(365 * 86_400)?,
            "day" => seconds(86_400)?,
            "hour" => seconds(3600)?,
            "minute" => seconds(60)?,
            "second" => seconds(1)?,
            "millisecond" => Duration::from_millis(number),
            "microsecond" => Duration::from_micros(number),
            _ => return None,
        })?;
    }
    (last == "microsecond").then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "UP 0 years, 0 days, 2 hours, 1 minute, 37 seconds, 120 milliseconds, \
         137 microseconds\nFreeSWITCH (Version 1.10.12-release  64bit) is ready\n\
         5 session(s) since startup\n1 session(s) - peak 3, last 5min 2 \n\
         4 session(s) per Sec out of max 2000, peak 8, last 5min 8 \n20000 session(s) max\n\
         min idle cpu 0.00/49.77\nCurrent Stack Size/Max 240K/8192K\n";

    #[limited::test]
    fn status_as_recorded() {
        let status = Status::parse(STATUS);
        assert_eq!(status.uptime, Some(Duration::from_micros(7_297_120_137)));
        assert_eq!(
            (status.version.as_str(), status.state.as_str()),
            ("1.10.12-release  64bit", "ready")
        );
        assert_eq!((status.sessions, status.sessions_peak), (Some(1), Some(3)));
        assert_eq!(status.sessions_max, Some(20000));
        assert_eq!((status.per_second, status.per_second_max), (Some(4), Some(2000)));
        assert_eq!(status.sessions_since_startup, Some(5));
        assert_eq!(status.idle_cpu, Some(49.77));
        assert!(status.missing().is_empty());
    }

    #[limited::test]
    fn what_a_cut_status_does_not_say_is_not_zero() {
        for (length, lines) in STATUS.match_indices('\n').map(|(at, _)| at).zip(1..) {
            let status = Status::parse(STATUS.get(..=length).unwrap_or_default());
            let missing = status.missing().len();
            assert_eq!(missing, 8_usize.saturating_sub(if lines > 1 { lines + 1 } else { 1 }));
        }
        let nothing = Status::parse("-ERR no\n");
        assert_eq!((nothing.sessions, nothing.missing().len()), (None, 8));
        assert_eq!(uptime("0 years, 0 days, 1 ho"), None);
        assert_eq!(uptime("0 years, 0 days, 1 hour"), None, "cut at a comma");
    }

    #[limited::test]
    fn a_row_keeps_what_can_be_read_of_it() {
        let row =
            r#"{"uuid":"a","created_epoch":1796040000,"name":null,"dest":true,"context":[1]}"#;
        let row: ChannelRow = serde_json::from_str(row).unwrap();
        assert_eq!((row.uuid.as_str(), row.created_epoch.as_str()), ("a", "1796040000"));
        assert_eq!((row.name.as_str(), row.dest.as_str(), row.context.as_str()), ("", "true", ""));
    }
}
