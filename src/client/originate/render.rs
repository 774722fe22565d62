//! From a call to the line that makes it.

use super::{Originate, Runs, Target};
use crate::client::dial_string::{argument, refused, unsendable, word};
use crate::client::error::Error;
use crate::client::session::whole_seconds;
use crate::model;
use crate::model::dial::encode::Brackets;
use crate::model::dial::{DialString, OriginateLine, encode, find};
use crate::model::{Id, SessionInfo};
use crate::track::Rules;

impl Originate {
    /// The `originate` line that goes over the wire for this session and app.
    ///
    /// # Errors
    /// [`Error::DialString`] for a part that FreeSWITCH would read differently, and for an option
    /// that a dial string has to say itself.
    pub fn render(&self, session: &Id<SessionInfo>, app: &Id<model::App>) -> Result<String, Error> {
        let dial = self.read(|text| OriginateLine::parse(text).dial)?;
        let ours = [
            (UUID.to_owned(), session.as_str().to_owned()),
            (Rules::CALL_VARIABLE.to_owned(), session.as_str().to_owned()),
            (Rules::APP_VARIABLE.to_owned(), app.as_str().to_owned()),
            (format!("sip_h_X-{}", Rules::CALL_VARIABLE), session.as_str().to_owned()),
            (format!("sip_h_X-{}", Rules::APP_VARIABLE), app.as_str().to_owned()),
            ("originate_timeout".to_owned(), whole_seconds(self.timeout).to_string()),
            ("ignore_early_media".to_owned(), "true".to_owned()),
            ("ignore_display_updates".to_owned(), "true".to_owned()),
        ];
        let is_sent = |name: &str| match name {
            UUID if dial.is_set_somewhere(UUID) => false,
            UUID => self.uuid.is_some() || !dial.has_many_legs(),
            name => (self.has_headers || !name.starts_with("sip_h_")) && !dial.is_set_for_all(name),
        };
        let is_set = |name: &str| find(&self.variables, name).is_some();
        let ours = ours.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let ours = ours.filter(|(name, _)| is_sent(name) && !is_set(name));
        let mut line = "originate ".to_owned();
        line.push_str(&self.brackets(&dial, ours, encode::word)?);
        self.target.render(&mut line)?;
        Ok(line)
    }

    /// The argument of `bridge` that dials the same: the variables of this call, none of ours.
    ///
    /// # Errors
    /// As [`Originate::render`].
    pub fn render_bridge(&self) -> Result<String, Error> {
        let dial = self.read(str::to_owned)?;
        let variables = self.brackets(&dial, std::iter::empty(), str::to_owned)?;
        let mut target = String::new();
        self.target.render_dial(&mut target)?;
        // What the target names is expanded as everywhere, the values of variables are not.
        let is_expanded = encode::is_expanded(&format!("{variables}{target}"));
        let variables = if is_expanded { encode::unexpanded(&variables) } else { variables };
        Ok(variables + &target)
    }

    /// The dial string, taken apart, once its level of quotes is taken away.
    fn read(&self, level: impl Fn(&str) -> String) -> Result<DialString, Error> {
        if let Some((option, instead)) = self.misused {
            return Err(refused("option", option, instead));
        }
        let dial = match &self.target {
            Target::Verbatim(text) => DialString::parse(&level(text)).map_err(|unclosed| {
                refused(
                    "dial string",
                    text,
                    match unclosed.open {
                        '<' => "< has no matching >",
                        _ => "{ has no matching }; a blank outside quotes ends it, too",
                    },
                )
            })?,
            Target::Url { .. } => {
                let mut text = String::new();
                self.target.render_dial(&mut text)?;
                DialString::parse(&text).unwrap_or_default()
            }
        };
        let is_chosen = self.uuid.is_some() || find(&self.variables, UUID).is_some();
        if is_chosen && dial.legs().count() > 1 {
            let text = find(&self.variables, UUID).map(str::to_owned);
            let text = text.or_else(|| self.uuid.as_ref().map(ToString::to_string));
            let why = "several legs cannot have one uuid; put [origination_uuid=..] before one";
            return Err(refused(UUID, &text.unwrap_or_default(), why));
        }
        Ok(dial)
    }

    /// Variables for every leg that can win: in `<..>` where lanes are dialled on their own, or
    /// where the text begins with such brackets, which would be no variables after braces; in
    /// `{..}` otherwise.
    fn brackets<'a>(
        &'a self,
        dial: &DialString,
        ours: impl Iterator<Item = (&'a str, &'a str)>,
        level: impl Fn(&str) -> String,
    ) -> Result<String, Error> {
        let begins = match &self.target {
            Target::Verbatim(text) => OriginateLine::parse(text).dial.starts_with('<'),
            Target::Url { .. } => false,
        };
        let is_wide = begins || dial.lanes.len() > 1;
        let mut sets = [(Brackets::Angles, Vec::new()), (Brackets::Braces, Vec::new())];
        // FreeSWITCH sets no value that names a variable, unless it is allowed to.
        let needs_nested = self.variables.iter().any(|(_, value)| encode::names_variable(value))
            && find(&self.variables, NESTED).is_none();
        let nested = Some((NESTED, "true")).filter(|_| needs_nested);
        let variables = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in ours.chain(nested).chain(variables) {
            let order = if is_wide { [0, 0] } else { [1, 0] };
            let fit = order
                .into_iter()
                .find(|at| sets.get(*at).is_some_and(|(brackets, _)| brackets.can_hold(value)));
            let Some((_, pairs)) = fit.and_then(|at| sets.get_mut(at)) else {
                return Err(refused("variable value", value, "its brackets do not match"));
            };
            let name = encode::name(name).map_err(|why| unsendable("variable", name, why))?;
            let text = encode::value(value);
            let text = text.map_err(|why| unsendable("variable value", value, why))?;
            pairs.push(format!("{name}={}", level(&text)));
        }
        let mut line = String::new();
        for (brackets, pairs) in sets {
            if !pairs.is_empty() {
                let (open, close) = brackets.signs();
                line.push(open);
                line.push_str(&pairs.join(","));
                line.push(close);
            }
        }
        Ok(line)
    }

    /// The uuid that was chosen for the only leg, where it is known: by [`Originate::with_uuid`], by
    /// a variable, or in the text.
    #[must_use]
    pub fn chosen_uuid(&self) -> Option<Id<SessionInfo>> {
        if self.uuid.is_some() {
            return self.uuid.clone();
        }
        let of_text = match &self.target {
            Target::Verbatim(text) => DialString::parse(&OriginateLine::parse(text).dial).ok(),
            Target::Url { .. } => None,
        };
        let of_text = of_text.as_ref().and_then(DialString::chosen_uuid);
        // The server may have to compute it.
        let of_variables = || find(&self.variables, UUID).filter(|uuid| !uuid.contains('$'));
        of_text.or_else(of_variables).map(Id::new)
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
                    line.push_str(&argument(part.0, part.1)?);
                }
            }
            Runs::App { name, arg } => {
                if arg.contains(')') {
                    let why = "FreeSWITCH cuts the arguments at the first ')'";
                    return Err(refused("application argument", arg, why));
                }
                let app = format!("&{}({arg})", word("application", name)?);
                line.push(' ');
                line.push_str(&argument("application argument", &app)?);
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

/// The variable that chooses the uuid of a leg.
const UUID: &str = "origination_uuid";
/// The variable that lets values name variables.
const NESTED: &str = "origination_nested_vars";
