//! Asking a caller for digits.

use std::time::Duration;

use super::Session;
use crate::client::dial_string;
use crate::client::error::Error;
use crate::model::dial::encode;
use crate::model::{Event, Phase};

/// What to ask a caller for: how many digits, with which prompt, and how long to wait.
///
/// ```
/// use std::time::Duration;
/// use switchy::client::Digits;
///
/// let pin = Digits::new()
///     .with_min(4)
///     .with_max(6)
///     .with_tries(3)
///     .with_timeout(Duration::from_secs(10))
///     .with_prompt("ivr/ivr-please_enter_pin_followed_by_pound.wav")
///     .with_invalid("ivr/ivr-pin_or_extension_is-invalid.wav")
///     .with_regexp(r"^\d+$");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    min: usize,
    max: usize,
    tries: u32,
    timeout: Duration,
    digit_timeout: Option<Duration>,
    terminators: String,
    prompt: String,
    invalid: String,
    regexp: String,
    is_flushed: bool,
}

/// The digits that a caller pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pressed {
    /// The digits, without the terminator. Empty only where [`Digits::with_min`] allows it.
    pub digits: String,
    /// Why no more digits were waited for.
    pub end: DigitsEnd,
}

/// Why no more digits were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DigitsEnd {
    /// As many as were asked for.
    Max,
    /// A terminator was pressed.
    Terminator,
    /// No further digit came in time.
    Timeout,
}

impl DigitsEnd {
    /// The word for it: `max`, `terminator` or `timeout`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Terminator => "terminator",
            Self::Timeout => "timeout",
        }
    }
}

impl Default for Digits {
    fn default() -> Self {
        Self {
            min: 1,
            max: 1,
            tries: 1,
            timeout: Duration::from_secs(5),
            digit_timeout: None,
            terminators: "#".to_owned(),
            prompt: String::new(),
            invalid: String::new(),
            regexp: String::new(),
            is_flushed: false,
        }
    }
}

impl Digits {
    /// One digit within 5 seconds, asked for once without a prompt; `#` ends it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fewest digits that count as an answer; 1 if not given. With 0 a terminator alone is an
    /// answer.
    #[must_use]
    pub fn with_min(mut self, digits: usize) -> Self {
        self.min = digits;
        self.max = self.max.max(digits);
        self
    }

    /// The digits after which it ends without a terminator; 1 if not given, at most 127.
    #[must_use]
    pub fn with_max(mut self, digits: usize) -> Self {
        self.max = digits;
        self
    }

    /// How often the prompt is played until the answer is right; 1 if not given.
    #[must_use]
    pub fn with_tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// How long to wait for the first digit after the prompt; 5 seconds if not given. FreeSWITCH
    /// waits a second at least.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long to wait for each further digit; as for the first one if not given.
    #[must_use]
    pub fn with_digit_timeout(mut self, timeout: Duration) -> Self {
        self.digit_timeout = Some(timeout);
        self
    }

    /// The keys that end the answer and are not part of it; `#` if not given, none for `""`.
    #[must_use]
    pub fn with_terminators(mut self, keys: &str) -> Self {
        keys.clone_into(&mut self.terminators);
        self
    }

    /// The file or stream that is played first. The first digit ends it. `${name}` in it is the
    /// value of a channel variable.
    #[must_use]
    pub fn with_prompt(mut self, path: &str) -> Self {
        path.clone_into(&mut self.prompt);
        self
    }

    /// The file or stream that is played after a wrong answer, and after none.
    #[must_use]
    pub fn with_invalid(mut self, path: &str) -> Self {
        path.clone_into(&mut self.invalid);
        self
    }

    /// A regular expression of FreeSWITCH's (PCRE) that the digits have to match.
    #[must_use]
    pub fn with_regexp(mut self, regexp: &str) -> Self {
        regexp.clone_into(&mut self.regexp);
        self
    }

    /// Forgets digits that FreeSWITCH has queued before it asks.
    #[must_use]
    pub fn with_flush(mut self) -> Self {
        self.is_flushed = true;
        self
    }

    /// The arguments of `play_and_get_digits`.
    fn render(&self) -> Result<String, Error> {
        let refuse = |what, value: &dyn std::fmt::Display, why| {
            Err(dial_string::refused(what, &value.to_string(), why))
        };
        if self.max == 0 || self.max > MOST {
            return refuse("maximum number of digits", &self.max, "it must be from 1 to 127");
        }
        if self.min > self.max {
            return refuse("minimum number of digits", &self.min, "it is above the maximum");
        }
        if self.tries == 0 {
            return refuse("number of tries", &self.tries, "it must be at least 1");
        }
        if !self.terminators.chars().all(|key| KEYS.contains(key)) {
            let why = "only the keys 0 to 9, *, #, A, B, C and D are digits";
            return refuse("terminators", &self.terminators, why);
        }
        let text = |what, text: &str, default: &str| {
            encode::plain(text).map_err(|why| dial_string::unsendable(what, text, why))?;
            Ok::<_, Error>(encode::word(if text.is_empty() { default } else { text }))
        };
        let words = [
            self.min.to_string(),
            self.max.to_string(),
            self.tries.to_string(),
            milliseconds(self.timeout).to_string(),
            // FreeSWITCH takes an empty word for #; no key is called one of these letters.
            if self.terminators.is_empty() { "none".to_owned() } else { self.terminators.clone() },
            text("prompt", &self.prompt, "silence")?,
            text("sound", &self.invalid, "silence_stream://1")?,
            VARIABLE.to_owned(),
            text("regular expression", &self.regexp, ".*")?,
            milliseconds(self.digit_timeout.unwrap_or(self.timeout)).to_string(),
        ];
        let line = words.join(" ");
        if !encode::is_expanded(&line) {
            return Ok(line);
        }
        // What is played may name variables; a regular expression does not.
        let protect = |(at, word): (usize, &String)| {
            let is_path = at == PROMPT || at == INVALID;
            let is_kept = is_path && encode::names_variable(word);
            if is_kept { word.clone() } else { encode::unexpanded(word) }
        };
        Ok(words.iter().enumerate().map(protect).collect::<Vec<_>>().join(" "))
    }

    /// The longest that an answer may take, with prompts of ten minutes.
    fn longest(&self) -> Duration {
        let between = self.digit_timeout.unwrap_or(self.timeout).max(SECOND);
        let digits = u32::try_from(self.max).unwrap_or(u32::MAX);
        let one = between.saturating_mul(digits).saturating_add(self.timeout.max(SECOND));
        one.saturating_add(PROMPTS).saturating_mul(self.tries).min(DAY)
    }

    /// Reads the answer from the event that says that the application is over.
    fn answer(&self, session: &Session, event: &Event) -> Result<Pressed, Error> {
        let said = |name: &str| event.variable(name).map(std::borrow::Cow::into_owned);
        let digits = said(VARIABLE).unwrap_or_default();
        let count = digits.chars().count();
        let result = said("read_result").unwrap_or_default();
        // A terminator before enough digits leaves what there was in the variable.
        let is_answer = count >= self.min && (count > 0 || result == "success");
        if is_answer {
            let end = match result.as_str() {
                "timeout" => DigitsEnd::Timeout,
                _ if count >= self.max => DigitsEnd::Max,
                _ => DigitsEnd::Terminator,
            };
            return Ok(Pressed { digits, end });
        }
        let uuid = session.id().to_string();
        let has_ended = event.get("Answer-State").is_some_and(|state| state == "hangup");
        if has_ended || session.is_hung_up() {
            let cause = event.get("Hangup-Cause").unwrap_or_default().into_owned();
            return Err(Error::Gone { uuid, cause });
        }
        let pressed = said(&format!("{VARIABLE}_invalid")).unwrap_or(digits);
        Err(Error::NoDigits { uuid, tries: self.tries, pressed })
    }
}

impl Session {
    /// Asks the far end for digits with `play_and_get_digits` and waits for them. FreeSWITCH
    /// answers the session with early media first, where it is not answered yet.
    ///
    /// ```no_run
    /// # async fn run(session: switchy::client::Session) -> Result<(), switchy::client::Error> {
    /// use switchy::client::{Digits, Error};
    ///
    /// match session.digits(&Digits::new().with_max(4).with_prompt("ivr/ivr-enter_ext.wav")).await {
    ///     Ok(pressed) => println!("extension {}", pressed.digits),
    ///     Err(Error::NoDigits { .. }) => session.hangup().await?,
    ///     Err(err) => return Err(err),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// FreeSWITCH continues to ask when the future is dropped; what is pressed then is lost.
    ///
    /// # Errors
    /// [`Error::NoDigits`] when no try gave a right answer, [`Error::Gone`] when the session ended
    /// meanwhile, [`Error::DialString`] for options that FreeSWITCH cannot have; otherwise as
    /// [`Session::execute_and_wait`].
    pub async fn digits(&self, digits: &Digits) -> Result<Pressed, Error> {
        let arguments = digits.render()?;
        if digits.is_flushed {
            self.verb("uuid_flush_dtmf", "").await?;
        }
        let event = self.run_app("play_and_get_digits", &arguments, digits.longest()).await?;
        digits.answer(self, &event)
    }

    /// Whether the listener has seen its end.
    fn is_hung_up(&self) -> bool {
        let now = self.client.session(self.id());
        now.is_none_or(|session| session.info().phase >= Phase::Hangup)
    }
}

/// Whole milliseconds, a second at least as FreeSWITCH has it.
fn milliseconds(time: Duration) -> u128 {
    time.max(SECOND).min(DAY).as_millis()
}

/// The channel variable that FreeSWITCH puts the digits in.
const VARIABLE: &str = "switchy_digits";

/// As many as FreeSWITCH has room for.
const MOST: usize = 127;

/// The digits that DTMF has.
const KEYS: &str = "0123456789*#ABCD";

/// The places of what is played, among the arguments.
const PROMPT: usize = 5;
const INVALID: usize = 6;

const SECOND: Duration = Duration::from_secs(1);
const PROMPTS: Duration = Duration::from_secs(600);
const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn arguments_are_cut_by_the_server_as_they_were_meant() {
        let rows = [
            (Digits::new(), "1 1 1 5000 # silence silence_stream://1 switchy_digits .* 5000"),
            (
                Digits::new().with_min(2).with_max(4).with_tries(3).with_terminators("*#"),
                "2 4 3 5000 *# silence silence_stream://1 switchy_digits .* 5000",
            ),
            (
                Digits::new().with_terminators("").with_timeout(Duration::from_millis(10)),
                "1 1 1 1000 none silence silence_stream://1 switchy_digits .* 1000",
            ),
            (
                Digits::new()
                    .with_prompt("say it's.wav")
                    .with_invalid("${bad}.wav")
                    .with_regexp(r"^\d{2,}$")
                    .with_digit_timeout(Duration::from_secs(2)),
                r"1 1 1 5000 # 'say it\\'s.wav' ${bad}.wav switchy_digits ^\\d{2,}\$ 2000",
            ),
        ];
        for (digits, wanted) in rows {
            assert_eq!(digits.render().unwrap(), wanted);
        }
    }

    #[limited::test]
    fn what_the_server_cannot_have_is_refused_with_a_reason() {
        for (digits, why) in [
            (Digits::new().with_max(0), "from 1 to 127"),
            (Digits::new().with_max(128), "from 1 to 127"),
            (Digits::new().with_min(3).with_max(2), "above the maximum"),
            (Digits::new().with_tries(0), "at least 1"),
            (Digits::new().with_terminators("x"), "are digits"),
            (Digits::new().with_prompt("a\nb"), "line break"),
        ] {
            let text = digits.render().unwrap_err().to_string();
            assert!(text.contains(why), "{text}");
        }
    }
}
