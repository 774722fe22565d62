//! Making calls.

use std::fmt::Write as _;

use super::dial_string::{has_many_legs, is_dial_string, quoted, word};
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
    uuid: Option<Id<Session>>,
    has_headers: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// The seed's form: a destination and where it goes through.
    Url {
        dest: String,
        profile: String,
        gateway: Option<String>,
        endpoint: Option<String>,
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
            endpoint: None,
            proxy: None,
            runs: Runs::App { name: "park".to_owned(), arg: String::new() },
        };
        Self::with_target(target)
    }

    /// A call in FreeSWITCH's own words: `{vars}user/1000 &park`. The text goes out as it is; our
    /// variables are put in front of it in braces of their own. Where it may make several legs
    /// (`a,b`, `a|b`, `user/1000` with two phones) no uuid is chosen for them: they are bound to
    /// their call by our variable, and the job's session is that of the one that answered.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        let target = Target::Verbatim(text.trim().to_owned());
        Self::with_target(target)
    }

    /// What an operator means by one text: a dial string in FreeSWITCH's own words, which names an
    /// endpoint (`{vars}user/1000`, `sofia/external/1@host`), or `USER@HOST[:PORT]`.
    #[must_use]
    pub fn of(target: &str) -> Self {
        if is_dial_string(target) { Self::verbatim(target) } else { Self::to(target) }
    }

    fn with_target(target: Target) -> Self {
        let app = AppRef::None;
        Self { target, app, variables: Vec::new(), timeout: 60, uuid: None, has_headers: true }
    }

    /// Calls through another endpoint than sofia: `user`, `loopback`, `null` ...
    #[must_use]
    pub fn with_endpoint(mut self, name: &str) -> Self {
        if let Target::Url { endpoint, .. } = &mut self.target {
            *endpoint = Some(name.to_owned());
        }
        self
    }

    /// Chooses the uuid of the originated session; a random one otherwise. Sofia refuses one that
    /// is in use.
    #[must_use]
    pub fn with_uuid(mut self, uuid: Id<Session>) -> Self {
        self.uuid = Some(uuid);
        self
    }

    /// Sets who calls.
    #[must_use]
    pub fn with_caller_id(self, name: &str, number: &str) -> Self {
        self.with_variable("origination_caller_id_name", name)
            .with_variable("origination_caller_id_number", number)
    }

    /// Prefers codecs, for example `PCMU,PCMA`.
    #[must_use]
    pub fn with_codec(self, codecs: &str) -> Self {
        self.with_variable("originator_codec", codecs)
    }

    /// Offers these codecs and no others.
    #[must_use]
    pub fn with_absolute_codec(self, codecs: &str) -> Self {
        self.with_variable("absolute_codec_string", codecs)
    }

    /// Adds a SIP header to the INVITE: `X-NAME` unless the name starts with `sip_h_`.
    #[must_use]
    pub fn with_sip_header(self, name: &str, value: &str) -> Self {
        if name.starts_with("sip_h_") {
            self.with_variable(name, value)
        } else {
            self.with_variable(&format!("sip_h_X-{name}"), value)
        }
    }

    /// Sends no tracking headers to the far end. Legs that come back are then bound by
    /// FreeSWITCH's own links only.
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        self.has_headers = false;
        self
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
            ("ignore_display_updates".to_owned(), "true".to_owned()),
        ];
        let is_set = |name: &str| self.variables.iter().any(|(known, _)| known == name);
        let is_sent = |name: &str| self.has_headers || !name.starts_with("sip_h_");
        let is_for_one = |name: &str| name != "origination_uuid" || self.is_one_leg();
        let is_kept =
            |name: &str| is_sent(name) && is_for_one(name) && !is_set(name) && !self.says(name);
        let kept = ours.iter().filter(|(name, _)| is_kept(name));
        for (at, (name, value)) in kept.chain(&self.variables).enumerate() {
            let comma = if at == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            let _written = write!(line, "{comma}{}={}", word("variable", name)?, quoted(value)?);
        }
        line.push('}');
        self.target.render(&mut line)?;
        Ok(line)
    }

    /// Whether it makes one leg and no more, or was given a uuid all the same.
    fn is_one_leg(&self) -> bool {
        match &self.target {
            _ if self.uuid.is_some() => true,
            Target::Verbatim(text) => !has_many_legs(text),
            Target::Url { endpoint, .. } => !matches!(endpoint.as_deref(), Some("user" | "group")),
        }
    }

    /// The argument of `bridge` that dials the same: the variables of this call, none of ours.
    ///
    /// # Errors
    /// As [`Originate::render`].
    pub fn render_bridge(&self) -> Result<String, Error> {
        let mut line = String::new();
        for (at, (name, value)) in self.variables.iter().enumerate() {
            let open = if at == 0 { "{" } else { "," };
            let _written = write!(line, "{open}{}={}", word("variable", name)?, quoted(value)?);
        }
        if !self.variables.is_empty() {
            line.push('}');
        }
        self.target.render_dial(&mut line)?;
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
        if self.uuid.is_some() {
            return self.uuid.clone();
        }
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
        self.render_dial(line)?;
        let Self::Url { runs, .. } = self else { return Ok(()) };
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

    /// What is dialled, without what the caller's side runs.
    fn render_dial(&self, line: &mut String) -> Result<(), Error> {
        let (dest, profile, gateway, endpoint, proxy) = match self {
            Self::Verbatim(text) => {
                line.push_str(text);
                return Ok(());
            }
            Self::Url { dest, profile, gateway, endpoint, proxy, .. } => {
                (dest, profile, gateway, endpoint, proxy)
            }
        };
        let (kind, through) = match (endpoint, gateway) {
            (Some(endpoint), _) => (word("endpoint", endpoint)?, ""),
            (None, Some(gateway)) => ("sofia/gateway/", word("gateway", gateway)?),
            (None, None) => ("sofia/", word("profile", profile)?),
        };
        line.push_str(kind);
        line.push_str(through);
        line.push('/');
        line.push_str(word("destination", dest)?);
        if let Some(proxy) = proxy {
            line.push_str(";fs_path=sip:");
            line.push_str(word("proxy", proxy)?);
        }
        Ok(())
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
        self.note_issued(app);
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
mod tests;
