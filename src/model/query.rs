//! Typed answers: `show ... as json` and `status`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The rows of `show X as json`. All values are texts; 0 rows come without `rows`
/// (`transcripts/api_replies`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Rows {
    /// One object a row, columns in the server's order.
    #[serde(default)]
    pub rows: Vec<Map<String, Value>>,
}

impl Rows {
    /// Reads the reply.
    ///
    /// # Errors
    /// When it is no such JSON, for example an `-ERR` text.
    pub fn parse(body: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(body)
    }

    /// Reads the reply as rows of a type.
    ///
    /// # Errors
    /// As [`Rows::parse`].
    pub fn parse_as<T: for<'de> Deserialize<'de>>(body: &str) -> Result<Vec<T>, serde_json::Error> {
        Self::parse(body)?
            .rows
            .into_iter()
            .map(|row| serde_json::from_value(Value::Object(row)))
            .collect()
    }
}

/// One row of `show channels as json`; columns that a version lacks are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are FreeSWITCH's column names")]
pub struct ChannelRow {
    pub uuid: String,
    pub direction: String,
    pub created_epoch: String,
    pub name: String,
    pub state: String,
    pub cid_name: String,
    pub cid_num: String,
    pub dest: String,
    pub application: String,
    pub application_data: String,
    pub context: String,
    pub read_codec: String,
    pub callstate: String,
    pub call_uuid: String,
    pub initial_cid_name: String,
    pub initial_cid_num: String,
}

/// What `status` says.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// `1 minute, 37 seconds`, without the parts that are 0 and below a second.
    pub uptime: String,
    /// `1.10.12-release  64bit`.
    pub version: String,
    /// `ready`, or what else it says.
    pub state: String,
    /// Sessions now.
    pub sessions: u64,
    /// The most at one time.
    pub sessions_peak: u64,
    /// How many are allowed.
    pub sessions_max: u64,
    /// How many there were since start-up.
    pub sessions_since_startup: u64,
    /// New sessions in the last second.
    pub per_second: u64,
    /// How many a second are allowed.
    pub per_second_max: u64,
    /// The share of idle CPU now, in percent.
    pub idle_cpu: f64,
}

impl Status {
    /// Reads the eight lines of `status`. What it cannot find stays empty or 0.
    #[must_use]
    pub fn parse(body: &str) -> Self {
        let mut status = Self::default();
        for line in body.lines() {
            let mut numbers = line
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|word| word.parse::<u64>().ok());
            let mut next = || numbers.next().unwrap_or(0);
            if let Some(uptime) = line.strip_prefix("UP ") {
                status.uptime = short_uptime(uptime);
            } else if let Some(rest) = line.strip_prefix("FreeSWITCH (Version ") {
                let (version, state) = rest.split_once(')').unwrap_or((rest, ""));
                version.clone_into(&mut status.version);
                state.trim().trim_start_matches("is ").clone_into(&mut status.state);
            } else if line.contains("since startup") {
                status.sessions_since_startup = next();
            } else if line.contains("per Sec") {
                status.per_second = next();
                status.per_second_max = next();
            } else if line.contains(" - peak") {
                status.sessions = next();
                status.sessions_peak = next();
            } else if line.contains("session(s) max") {
                status.sessions_max = next();
            } else if let Some(rest) = line.strip_prefix("min idle cpu ") {
                let now = rest.split_once('/').map_or(rest, |(_, now)| now);
                status.idle_cpu = now.trim().parse().unwrap_or(0.0);
            }
        }
        status
    }
}

fn short_uptime(text: &str) -> String {
    let parts: Vec<&str> = text
        .split(", ")
        .filter(|part| {
            !part.starts_with("0 ") && !part.contains("milli") && !part.contains("micro")
        })
        .take(2)
        .collect();
    if parts.is_empty() { "less than a second".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_as_recorded() {
        let status = Status::parse(
            "UP 0 years, 0 days, 2 hours, 1 minute, 37 seconds, 120 milliseconds, 137 microseconds\n\
             FreeSWITCH (Version 1.10.12-release  64bit) is ready\n5 session(s) since startup\n\
             1 session(s) - peak 3, last 5min 2 \n\
             4 session(s) per Sec out of max 2000, peak 8, last 5min 8 \n\
             20000 session(s) max\nmin idle cpu 0.00/49.77\nCurrent Stack Size/Max 240K/8192K\n",
        );
        assert_eq!(status.uptime, "2 hours, 1 minute");
        assert_eq!(
            (status.version.as_str(), status.state.as_str()),
            ("1.10.12-release  64bit", "ready")
        );
        assert_eq!((status.sessions, status.sessions_peak, status.sessions_max), (1, 3, 20000));
        assert_eq!((status.per_second, status.per_second_max), (4, 2000));
        assert_eq!(status.sessions_since_startup, 5);
        assert!((status.idle_cpu - 49.77).abs() < 1e-9);
    }

    #[test]
    fn rows_with_and_without_rows() {
        assert_eq!(Rows::parse("{\"row_count\": 0}").unwrap().rows.len(), 0);
        let rows: Vec<ChannelRow> = Rows::parse_as(
            "{\"row_count\":1,\"rows\":[{\"uuid\":\"a\",\"name\":\"sofia/x\",\"new_column\":\"1\"}]}",
        )
        .unwrap();
        assert_eq!((rows[0].uuid.as_str(), rows[0].name.as_str()), ("a", "sofia/x"));
        assert!(Rows::parse("-ERR SQL disabled").is_err());
    }
}
