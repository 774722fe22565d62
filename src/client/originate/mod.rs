//! Making calls.

mod render;

use std::time::Duration;

use crate::client::error::Error;
use crate::client::handle::Client;
use crate::listener::Job;
use crate::model;
use crate::model::dial::is_dial_string;
use crate::model::{Id, SessionInfo};

/// Which app controls a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AppRef {
    /// None: the call is tagged with the client's own id.
    #[default]
    None,
    /// A loaded app, by its name or id.
    Loaded(String),
}

/// A call to be made: what to dial, with which variables, and what the caller's side runs.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use switchy::Client;
/// use switchy::client::Originate;
///
/// let call = Originate::to("9196@vm-host:5080")
///     .with_exten("9197")
///     .with_timeout(Duration::from_secs(20))
///     .with_variable("note", "a, b");
/// let line = Client::new("vm-host").dry_run(&call)?;
/// assert!(line.ends_with("sofia/external/9196@vm-host:5080 9197 xml default"), "{line}");
///
/// // FreeSWITCH's own words name the gateway themselves: the option is refused.
/// let call = Originate::verbatim("user/1000 &park").with_gateway("carrier");
/// assert!(Client::new("vm-host").dry_run(&call).is_err());
/// # Ok::<(), switchy::client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originate {
    target: Target,
    app: AppRef,
    variables: Vec<(String, String)>,
    timeout: Duration,
    uuid: Option<Id<SessionInfo>>,
    has_headers: bool,
    /// An option that means nothing for a dial string, and what to write instead.
    misused: Option<(&'static str, &'static str)>,
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
    /// variables are put before it in brackets of their own: `{..}`, or `<..>` where several calls
    /// are made at once (`a:_:b`). Where it may make several legs (`a,b`, `a|b`, `user/1000` with
    /// two phones) no uuid is chosen for them: they are bound to their call by our variable, and
    /// the job's session is that of the one that answered.
    ///
    /// A gateway, profile, proxy, endpoint, extension or application is part of the text:
    /// [`Originate::with_gateway`] and its like make [`Client::originate`] fail here.
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
        Self {
            target,
            app,
            variables: Vec::new(),
            timeout: Duration::from_secs(60),
            uuid: None,
            has_headers: true,
            misused: None,
        }
    }

    /// Calls through another endpoint than sofia: `user`, `loopback`, `null` ...
    #[must_use]
    pub fn with_endpoint(mut self, name: &str) -> Self {
        match &mut self.target {
            Target::Url { endpoint, .. } => *endpoint = Some(name.to_owned()),
            Target::Verbatim(_) => {
                let instead = "a dial string begins with its endpoint: write user/1000";
                self.misused = Some(("endpoint", instead));
            }
        }
        self
    }

    /// Chooses the uuid of the originated session; a random one otherwise. Sofia refuses one that
    /// is in use.
    #[must_use]
    pub fn with_uuid(mut self, uuid: Id<SessionInfo>) -> Self {
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
        match &mut self.target {
            Target::Url { profile, .. } => name.clone_into(profile),
            Target::Verbatim(_) => {
                let instead = "a dial string names its profile: write sofia/PROFILE/USER@HOST";
                self.misused = Some(("profile", instead));
            }
        }
        self
    }

    /// Calls through a gateway instead of a profile.
    #[must_use]
    pub fn with_gateway(mut self, name: &str) -> Self {
        match &mut self.target {
            Target::Url { gateway, .. } => *gateway = Some(name.to_owned()),
            Target::Verbatim(_) => {
                let instead = "a dial string names its gateway: write sofia/gateway/NAME/NUMBER";
                self.misused = Some(("gateway", instead));
            }
        }
        self
    }

    /// Sends the INVITE to `HOST[:PORT]`, whatever the destination says.
    #[must_use]
    pub fn with_proxy(mut self, to: &str) -> Self {
        match &mut self.target {
            Target::Url { proxy, .. } => *proxy = Some(to.to_owned()),
            Target::Verbatim(_) => {
                let instead =
                    "a dial string names its proxy: write ;fs_path=sip:HOST:PORT after the address";
                self.misused = Some(("proxy", instead));
            }
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
        let [exten, dialplan, context] = [exten, dialplan, context].map(str::to_owned);
        self.runs("extension", Runs::Exten { exten, dialplan, context });
        self
    }

    /// Runs an application on the caller's side: `&name(arg)`.
    #[must_use]
    pub fn with_application(mut self, name: &str, arg: &str) -> Self {
        self.runs("application", Runs::App { name: name.to_owned(), arg: arg.to_owned() });
        self
    }

    fn runs(&mut self, option: &'static str, what: Runs) {
        match &mut self.target {
            Target::Url { runs, .. } => *runs = what,
            Target::Verbatim(_) => {
                let instead = "write it after the dial string: user/1000 EXTEN, or user/1000 &APP";
                self.misused = Some((option, instead));
            }
        }
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
        self.variables.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets how long it may ring; the default is 60 s. FreeSWITCH counts whole seconds: a part of
    /// one is rounded up.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl Client {
    /// Makes a call in the background and returns its job at once; `job.sess_uuid()` names the
    /// session from now on.
    ///
    /// The job's value is that uuid, as soon as the first leg is answered. Its failure is the
    /// hangup cause, as `-ERR CAUSE`.
    ///
    /// # Cancel safety
    /// As [`Client::bgapi`]: a call of which a part was written may be made.
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
