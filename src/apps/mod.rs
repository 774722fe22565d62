//! The apps that come with Switchy.

mod tone_play;

use std::sync::Arc;

pub use crate::client::App;
pub use tone_play::{Tone, TonePlay};

/// An app that can be loaded by name.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// The names of its parameters.
    pub params: &'static [&'static str],
    make: fn(&Params<'_>) -> Result<Arc<dyn App>, ParamError>,
}

/// Parameters of an app: names and values.
pub type Params<'a> = [(&'a str, &'a str)];

/// A parameter that an app cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// It has none of that name.
    #[error("app {app} has no parameter {name:?}")]
    Unknown {
        /// The app.
        app: &'static str,
        /// The name.
        name: String,
    },
    /// It cannot have that value.
    #[error("{value:?} is no {what}")]
    Value {
        /// What it should be.
        what: &'static str,
        /// The value.
        value: String,
    },
}

impl Kind {
    /// Makes one. Nothing of it is registered anywhere when a parameter is wrong.
    ///
    /// # Errors
    /// [`ParamError`], before anything is made.
    pub fn make(&self, params: &Params<'_>) -> Result<Arc<dyn App>, ParamError> {
        if let Some((name, _)) = params.iter().find(|(name, _)| !self.params.contains(name)) {
            return Err(ParamError::Unknown { app: self.name, name: (*name).to_owned() });
        }
        (self.make)(params)
    }

    /// The app of that name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        APPS.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
    }
}

/// All of them.
pub const APPS: &[Kind] = &[Kind {
    name: "TonePlay",
    about: "the caller plays a tone, the callee answers and echoes it",
    params: &["tone"],
    make: |params| match params.iter().rev().find(|(name, _)| *name == "tone") {
        None => Ok(Arc::new(TonePlay)),
        Some((_, tone)) if tone.starts_with("%(") && tone.ends_with(')') => {
            Ok(Arc::new(TonePlay.with_tone(tone)))
        }
        Some((_, tone)) => Err(ParamError::Value {
            what: "tone, such as %(500,500,440)",
            value: (*tone).to_owned(),
        }),
    },
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_the_truth() {
        assert!(APPS.is_sorted_by_key(|kind| kind.name));
        for kind in APPS {
            let app = kind.make(&[]).unwrap();
            assert_eq!(app.name(), kind.name);
            assert!(!app.events().is_empty());
            assert!(Kind::named(&kind.name.to_lowercase()).is_some());
        }
    }
}
