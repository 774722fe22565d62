//! Making calls.

use std::fmt::Write as _;

use super::{Client, Error};
use crate::listener::Job;
use crate::model::{self, Id, Session};
use crate::track::Rules;

/// Which app controls a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AppRef {
    /// None: the call is tagged with the client's own id.
    #[default]
    None,
    /// A loaded app, by its name or id.
    Loaded(String),
}

/// A call to be made: what to dial, with which variables, and what the caller's side runs.
///
/// ```
/// use switchy::client::Originate;
/// let call = Originate::to("9196@vm-host:5080").with_exten("9197").with_proxy("vm-host:5060");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originate {
    target: Target,
    app: AppRef,
    variables: Vec<(String, String)>,
    timeout: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// The seed's form: a destination and where it goes through.
    Url {
        dest: String,
        profile: String,
        gateway: Option<String>,
        proxy: Option<String>,
        runs: Runs,
    },
    /// FreeSWITCH's own: a dial string and what follows it, word for word.
    Verbatim(String),
}

/// What the originated leg runs once it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Runs {
    Exten { exten: String, dialplan: String, context: String },
    App { name: String, arg: String },
}

impl Originate {
    /// A call to `USER@HOST[:PORT]` through the `external` sofia profile; the caller's side parks.
    #[must_use]
    pub fn to(dest: &str) -> Self {
        let target = Target::Url {
            dest: dest.to_owned(),
            profile: "external".to_owned(),
            gateway: None,
            proxy: None,
            runs: Runs::App { name: "park".to_owned(), arg: String::new() },
        };
        Self { target, app: AppRef::None, variables: Vec::new(), timeout: 60 }
    }

    /// A call in FreeSWITCH's own words: `{vars}user/1000 &park`. The text goes out as it is; our
    /// variables are put in front of it in braces of their own.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        let target = Target::Verbatim(text.trim().to_owned());
        Self { target, app: AppRef::None, variables: Vec::new(), timeout: 60 }
    }

    /// Sets the sofia profile to call from.
    #[must_use]
    pub fn with_profile(mut self, name: &str) -> Self {
        if let Target::Url { profile, .. } = &mut self.target {
            name.clone_into(profile);
        }
        self
    }

    /// Calls through a gateway instead of a profile.
    #[must_use]
    pub fn with_gateway(mut self, name: &str) -> Self {
        if let Target::Url { gateway, .. } = &mut self.target {
            *gateway = Some(name.to_owned());
        }
        self
    }

    /// Sends the INVITE to `HOST[:PORT]`, whatever the destination says.
    #[must_use]
    pub fn with_proxy(mut self, to: &str) -> Self {
        if let Target::Url { proxy, .. } = &mut self.target {
            *proxy = Some(to.to_owned());
        }
        self
    }

    /// Runs an extension of the XML dialplan, context `default`, on the caller's side.
    #[must_use]
    pub fn with_exten(self, exten: &str) -> Self {
        self.with_dialplan(exten, "xml", "default")
    }

    /// Runs an extension of any dialplan and context on the caller's side.
    #[must_use]
    pub fn with_dialplan(mut self, exten: &str, dialplan: &str, context: &str) -> Self {
        if let Target::Url { runs, .. } = &mut self.target {
            *runs = Runs::Exten {
                exten: exten.to_owned(),
                dialplan: dialplan.to_owned(),
                context: context.to_owned(),
            };
        }
        self
    }

    /// Runs an application on the caller's side: `&name(arg)`.
    #[must_use]
    pub fn with_application(mut self, name: &str, arg: &str) -> Self {
        if let Target::Url { runs, .. } = &mut self.target {
            *runs = Runs::App { name: name.to_owned(), arg: arg.to_owned() };
        }
        self
    }

    /// Lets a loaded app, by name or id, control the call.
    #[must_use]
    pub fn with_app(mut self, name_or_id: &str) -> Self {
        self.app = AppRef::Loaded(name_or_id.to_owned());
        self
    }

    /// Sets a channel variable; a later one of the same name replaces it.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets how long it may ring, in seconds (60 unless told otherwise).
    #[must_use]
    pub fn with_timeout(mut self, seconds: u32) -> Self {
        self.timeout = seconds;
        self
    }

    /// The `originate` line that goes over the wire for this session and app.
    ///
    /// # Errors
    /// [`Error::DialString`] for a part that FreeSWITCH would read differently.
    pub fn render(&self, session: &Id<Session>, app: &Id<model::App>) -> Result<String, Error> {
        let mut line = "originate {".to_owned();
        let ours = [
            ("origination_uuid".to_owned(), session.as_str().to_owned()),
            (Rules::CALL_VARIABLE.to_owned(), session.as_str().to_owned()),
            (Rules::APP_VARIABLE.to_owned(), app.as_str().to_owned()),
            (format!("sip_h_X-{}", Rules::CALL_VARIABLE), session.as_str().to_owned()),
            (format!("sip_h_X-{}", Rules::APP_VARIABLE), app.as_str().to_owned()),
            ("originate_timeout".to_owned(), self.timeout.to_string()),
            ("ignore_early_media".to_owned(), "true".to_owned()),
        ];
        let is_set = |name: &str| self.variables.iter().any(|(known, _)| known == name);
        let kept = ours.iter().filter(|(name, _)| !is_set(name) && !self.says(name));
        for (at, (name, value)) in kept.chain(&self.variables).enumerate() {
            let comma = if at == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            let _written = write!(line, "{comma}{}={}", word("variable", name)?, quoted(value)?);
        }
        line.push('}');
        self.target.render(&mut line)?;
        Ok(line)
    }

    /// Whether a verbatim text sets this variable itself.
    fn says(&self, name: &str) -> bool {
        let Target::Verbatim(text) = &self.target else { return false };
        text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|head| head.chars().next_back());
            let after = text.get(at + name.len()..).unwrap_or_default();
            before.is_some_and(|letter| "{[<,".contains(letter)) && after.starts_with('=')
        })
    }

    /// The uuid that a verbatim text chose itself.
    fn chosen_uuid(&self) -> Option<Id<Session>> {
        let Target::Verbatim(text) = &self.target else { return None };
        if !self.says("origination_uuid") {
            return None;
        }
        let (_, value) = text.split_once("origination_uuid=")?;
        value.split([',', '}', ']', '>']).next().filter(|id| !id.is_empty()).map(Id::new)
    }
}

impl Target {
    fn render(&self, line: &mut String) -> Result<(), Error> {
        let (dest, profile, gateway, proxy, runs) = match self {
            Self::Verbatim(text) => {
                line.push_str(text);
                return Ok(());
            }
            Self::Url { dest, profile, gateway, proxy, runs } => {
                (dest, profile, gateway, proxy, runs)
            }
        };
        match gateway {
            Some(gateway) => {
                line.push_str("sofia/gateway/");
                line.push_str(word("gateway", gateway)?);
            }
            None => {
                line.push_str("sofia/");
                line.push_str(word("profile", profile)?);
            }
        }
        line.push('/');
        line.push_str(word("destination", dest)?);
        if let Some(proxy) = proxy {
            line.push_str(";fs_path=sip:");
            line.push_str(word("proxy", proxy)?);
        }
        match runs {
            Runs::Exten { exten, dialplan, context } => {
                for part in [("extension", exten), ("dialplan", dialplan), ("context", context)] {
                    line.push(' ');
                    line.push_str(word(part.0, part.1)?);
                }
            }
            Runs::App { name, arg } => {
                if arg.contains(')') {
                    let why = "FreeSWITCH cuts the arguments at the first ')'";
                    let what = "application argument";
                    return Err(Error::DialString { what, text: arg.clone(), why });
                }
                let app = format!("&{}({arg})", word("application", name)?);
                // A space would end the word, so the whole is quoted (switch_separate_string).
                let needs_quotes = app.contains([' ', '\'']);
                let quote = if needs_quotes { "'" } else { "" };
                for part in [" ", quote, &app.replace('\'', "\\'"), quote] {
                    line.push_str(part);
                }
            }
        }
        Ok(())
    }
}

/// A part that must be one word.
fn word<'a>(what: &'static str, text: &'a str) -> Result<&'a str, Error> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.contains(char::is_whitespace) {
        "it holds white space"
    } else if text.contains(['{', '}', '\'', ',', '|']) {
        "it holds a sign with a meaning there: one of { } ' , |"
    } else {
        return Ok(text);
    };
    Err(Error::DialString { what, text: text.to_owned(), why })
}

/// A variable's value, quoted where FreeSWITCH would end it early. Inside single quotes a comma
/// or a space is plain text, a quote needs a backslash (`switch_separate_string`,
/// `src/switch_utils.c`).
fn quoted(value: &str) -> Result<String, Error> {
    let (mut depth, mut is_balanced) = (0_i32, true);
    for letter in value.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        is_balanced &= depth >= 0;
    }
    if depth != 0 || !is_balanced {
        let why = "its braces do not match";
        return Err(Error::DialString { what: "variable value", text: value.to_owned(), why });
    }
    if value.contains([' ', ',', '\'', '\\', '[', ']', '<', '>']) || value.is_empty() {
        Ok(format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'")))
    } else {
        Ok(value.to_owned())
    }
}

impl Client {
    /// Makes a call in the background and returns its job at once; `job.sess_uuid()` names the
    /// session from now on.
    ///
    /// The job's value is that uuid, as soon as the first leg is answered. Its failure is the
    /// hangup cause, as `-ERR CAUSE`.
    ///
    /// # Errors
    /// [`Error::NoListener`], [`Error::ListenerNotRunning`], [`Error::NoSuchApp`] and
    /// [`Error::DialString`] before anything is sent; otherwise as [`Client::send`].
    pub async fn originate(&self, call: &Originate) -> Result<Job, Error> {
        let _listener = self.running_listener()?;
        let session = call.chosen_uuid().unwrap_or_else(Id::random);
        let app = self.app_id(&call.app)?;
        let line = call.render(&session, &app)?;
        self.state().issued.insert(app);
        self.background(&line, Some(session)).await
    }

    /// The line that [`Client::originate`] would send, with a session uuid as it might be.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`] and [`Error::DialString`].
    pub fn dry_run(&self, call: &Originate) -> Result<String, Error> {
        let session = call.chosen_uuid().unwrap_or_else(Id::random);
        call.render(&session, &self.app_id(&call.app)?)
    }

    fn app_id(&self, app: &AppRef) -> Result<Id<model::App>, Error> {
        match app {
            AppRef::None => Ok(self.id().clone()),
            AppRef::Loaded(name) => self.apps().id(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "originate {origination_uuid=u,switchy_originating_session=u,switchy_app=a,\
                        sip_h_X-switchy_originating_session=u,sip_h_X-switchy_app=a,\
                        originate_timeout=60,ignore_early_media=true";

    fn check(call: &Originate, tail: &str) {
        assert_eq!(call.render(&Id::new("u"), &Id::new("a")).unwrap(), format!("{OURS}{tail}"));
    }

    #[test]
    fn the_seeds_form() {
        check(&Originate::to("9196@h:5080"), "}sofia/external/9196@h:5080 &park()");
        check(
            &Originate::to("9196@h")
                .with_exten("9197")
                .with_proxy("p:5060")
                .with_profile("internal"),
            "}sofia/internal/9196@h;fs_path=sip:p:5060 9197 xml default",
        );
        check(&Originate::to("1").with_gateway("gw"), "}sofia/gateway/gw/1 &park()");
        check(
            &Originate::to("1@h").with_application("playback", "a b"),
            "}sofia/external/1@h '&playback(a b)'",
        );
    }

    #[test]
    fn values_are_quoted_so_that_freeswitch_reads_them_as_meant() {
        for (value, rendered) in [
            ("plain", "plain"),
            ("Joe Smith", "'Joe Smith'"),
            ("a,b", "'a,b'"),
            ("O'Brien", "'O\\'Brien'"),
            ("", "''"),
            ("${x}", "${x}"),
        ] {
            let call = Originate::to("1@h").with_variable("v", value);
            check(&call, &format!(",v={rendered}}}sofia/external/1@h &park()"));
        }
    }

    #[test]
    fn freeswitchs_own_form_goes_out_as_it_is() {
        check(&Originate::verbatim(" {a='x y'}user/1000 &park "), "}{a='x y'}user/1000 &park");
        let own = Originate::verbatim("{origination_uuid=mine,a=1}user/1000 9196");
        assert_eq!(own.chosen_uuid(), Some(Id::new("mine")));
        let line = own.render(&Id::new("mine"), &Id::new("a")).unwrap();
        assert!(line.starts_with("originate {switchy_originating_session=mine,"), "{line}");
        assert!(line.ends_with("}{origination_uuid=mine,a=1}user/1000 9196"), "{line}");
    }

    #[test]
    fn a_variable_of_ours_can_be_replaced() {
        let call = Originate::to("1@h").with_variable("ignore_early_media", "false");
        let line = call.render(&Id::new("u"), &Id::new("a")).unwrap();
        assert_eq!(line.matches("ignore_early_media").count(), 1);
        assert!(line.contains("ignore_early_media=false"));
    }

    #[test]
    fn traps_are_refused() {
        for call in [
            Originate::to("1 2@h"),
            Originate::to(""),
            Originate::to("1@h").with_profile("a b"),
            Originate::to("1@h").with_application("playback", "say(1)"),
            Originate::to("1@h").with_variable("v", "a}b"),
            Originate::to("1@h").with_variable("a,b", "x"),
        ] {
            let refused = call.render(&Id::new("u"), &Id::new("a"));
            assert!(matches!(refused, Err(Error::DialString { .. })), "{refused:?}");
        }
    }
}
