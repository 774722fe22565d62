//! Routes the calls that come in, by patterns on any field of them.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use regex_lite::{Captures, Regex};

use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Error, Originate, Session};
use crate::model::{Direction, Event, HangupCause};

/// Runs, for each call that is parked, the routes whose pattern matches, in order, until one of
/// them takes the call away.
///
/// A pattern holds from the start of the field; its groups stand as `$1` or `${1}` in the argument
/// of an action. Guards have to hold before any route is tried. A route that fails is reported, and the
/// next one is tried. Load it as `default` to route the calls of everybody.
///
/// ```
/// use switchy::apps::router::{Route, Router};
/// let router = Router::new()
///     .with_guard("Caller-Context", "switchy")
///     .with_route(Route::parse(r"^9(\d+)$ bridge 9$1@127.0.0.1:5080").expect("a route"))
///     .rejecting();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Router {
    routes: Vec<Route>,
    guards: Vec<(String, String)>,
    rejects: bool,
}

/// A pattern on a field, and what is done where it matches.
#[derive(Clone)]
pub struct Route {
    field: String,
    pattern: Regex,
    action: Action,
}

/// What comes after a route that has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Routing {
    /// The next route that matches.
    Next,
    /// No other: it has taken the call.
    Stop,
}

/// What the action of a route returns.
pub type Routed = Pin<Box<dyn Future<Output = Result<Routing, Error>> + Send>>;

#[derive(Clone)]
enum Action {
    Answer,
    Bridge(String),
    Execute(String, String),
    Hangup(HangupCause),
    Stop,
    Transfer(String),
    /// Gets the session, and the groups of the pattern.
    Own(Arc<dyn Fn(Session, Vec<String>) -> Routed + Send + Sync>),
}

pub(super) const KIND: Kind = Kind {
    name: "Router",
    about: "routes calls that come in by patterns on any field; load it --as default for all calls",
    params: &[
        Param::new(
            "route*",
            Takes::Route,
            "",
            "one of several, in order; actions: answer, bridge DEST, execute APP ARG, hangup CAUSE, \
             transfer EXTEN [DIALPLAN CONTEXT], stop",
        ),
        Param::new("guard.*", Takes::Text, "", "guard.FIELD=VALUE: only calls of which this is so"),
        Param::new(
            "reject",
            Takes::YesNo,
            "no",
            "hang up calls that no route takes, or a guard refuses",
        ),
    ],
    make: |values| {
        let mut router = Router::new();
        router.rejects = values.is("reject");
        for (_, text) in values.all("route*") {
            router.routes.extend(Route::parse(text));
        }
        for (name, value) in values.all("guard.*") {
            router = router.with_guard(name.trim_start_matches("guard."), value);
        }
        if router.routes.is_empty() && !router.rejects {
            return Err(crate::apps::kind::ParamError::Missing { app: "Router", name: "route" });
        }
        Ok(Arc::new(router))
    },
};

impl Router {
    /// One without routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route, tried after those before it.
    #[must_use]
    pub fn with_route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Only routes calls whose field has this value.
    #[must_use]
    pub fn with_guard(mut self, field: &str, value: &str) -> Self {
        self.guards.push((field.to_owned(), value.to_owned()));
        self
    }

    /// Hangs up, with NO_ROUTE_DESTINATION, what no route takes or a guard refuses.
    #[must_use]
    pub fn rejecting(mut self) -> Self {
        self.rejects = true;
        self
    }

    async fn route(&self, session: &Session, event: &Event) -> Result<(), Error> {
        let is_so = |(name, value): &(String, String)| field(event, name).as_deref() == Some(value);
        if let Some((name, _)) = self.guards.iter().find(|guard| !is_so(guard)) {
            return self.refuse(session, &format!("the guard of {name} does not hold")).await;
        }
        let mut has_run = false;
        for route in &self.routes {
            let Some(text) = field(event, &route.field) else { continue };
            let Some(groups) = route.pattern.captures(&text) else { continue };
            match route.run(session, &groups).await {
                Ok(Routing::Stop) => return Ok(()),
                Ok(Routing::Next) => has_run = true,
                Err(err) => {
                    tracing::error!(uuid = %session.id(), route = %route, %err, "Router: a route failed, the next one is tried");
                }
            }
        }
        if has_run { Ok(()) } else { self.refuse(session, "no route takes it").await }
    }

    async fn refuse(&self, session: &Session, why: &str) -> Result<(), Error> {
        let to = session.info().destination.to_string();
        if !self.rejects {
            tracing::warn!(uuid = %session.id(), to, "Router: a call stays parked: {why}");
            return Ok(());
        }
        tracing::info!(uuid = %session.id(), to, "Router: rejected: {why}");
        session.hangup_with(&HangupCause::parse("NO_ROUTE_DESTINATION")).await
    }
}

impl Route {
    /// A route with code of one's own. The field is a header, or a channel variable without its
    /// `variable_`; the code gets the session and the groups of the pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn on(
        field: &str,
        pattern: &str,
        run: impl Fn(Session, Vec<String>) -> Routed + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let pattern = anchored(pattern).map_err(|err| err.to_string())?;
        Ok(Self { field: field.to_owned(), pattern, action: Action::Own(Arc::new(run)) })
    }

    /// Reads `[FIELD~]PATTERN ACTION [ARGUMENT]`: `^9(\d+)$ bridge 9$1@127.0.0.1:5080`. The field is
    /// the called number by default.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (pattern, action) = text.trim().split_once(char::is_whitespace)?;
        let (field, pattern) = match pattern.split_once('~') {
            Some((field, pattern)) if !field.is_empty() => (field, pattern),
            _ => (NUMBER, pattern),
        };
        let action = action.trim();
        let (verb, arg) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
        let arg = arg.trim().to_owned();
        let action = match (verb, arg.is_empty()) {
            ("answer", true) => Action::Answer,
            ("stop", true) => Action::Stop,
            ("hangup", true) => Action::Hangup(HangupCause::NORMAL_CLEARING),
            ("hangup", false) => {
                Action::Hangup(Some(HangupCause::parse(&arg)).filter(HangupCause::is_known)?)
            }
            ("bridge", false) => Action::Bridge(arg),
            ("transfer", false) => Action::Transfer(arg),
            ("execute", false) => {
                let (app, arg) = arg.split_once(char::is_whitespace).unwrap_or((&arg, ""));
                Action::Execute(app.to_owned(), arg.trim().to_owned())
            }
            _ => return None,
        };
        let pattern = anchored(pattern).ok()?;
        Some(Self { field: field.to_owned(), pattern, action })
    }

    async fn run(&self, session: &Session, groups: &Captures<'_>) -> Result<Routing, Error> {
        let expanded = |text: &str| {
            let mut out = String::new();
            groups.expand(text, &mut out);
            out
        };
        match &self.action {
            Action::Answer => session.answer().await.map(|()| Routing::Next),
            Action::Execute(app, arg) => {
                session.execute(app, &expanded(arg)).await.map(|()| Routing::Next)
            }
            Action::Stop => Ok(Routing::Stop),
            Action::Hangup(cause) => session.hangup_with(cause).await.map(|()| Routing::Stop),
            Action::Bridge(to) => {
                let to = Originate::of(&expanded(to));
                session.bridge_or_end(&to).await.map(|()| Routing::Stop)
            }
            Action::Transfer(to) => {
                let to = expanded(to);
                let mut words = to.split_whitespace();
                let exten = words.next().unwrap_or_default();
                let (dialplan, context) =
                    (words.next().unwrap_or("XML"), words.next().unwrap_or("default"));
                session.transfer(exten, dialplan, context).await.map(|()| Routing::Stop)
            }
            Action::Own(run) => {
                let texts = groups.iter().map(|group| group.map_or("", |found| found.as_str()));
                run(session.clone(), texts.map(str::to_owned).collect()).await
            }
        }
    }
}

impl App for Router {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            match session.info().direction {
                Direction::Inbound => self.route(session, event).await,
                Direction::Outbound => Ok(()),
            }
        })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.field, self.pattern)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Route {self}>")
    }
}

/// A header, or a channel variable.
fn field(event: &Event, name: &str) -> Option<String> {
    event.get(name).or_else(|| event.variable(name)).map(std::borrow::Cow::into_owned)
}

/// A pattern that holds from the start.
fn anchored(pattern: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!("^(?:{pattern})"))
}

const NUMBER: &str = "Caller-Destination-Number";
