//! The apps that come with Switchy.

mod tone_play;

use std::sync::Arc;

pub use crate::client::App;
pub use tone_play::TonePlay;

/// An app that can be loaded by name.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    make: fn() -> Arc<dyn App>,
}

impl Kind {
    /// Makes one.
    #[must_use]
    pub fn make(&self) -> Arc<dyn App> {
        (self.make)()
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
    make: || Arc::new(TonePlay),
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_the_truth() {
        assert!(APPS.is_sorted_by_key(|kind| kind.name));
        for kind in APPS {
            assert_eq!(kind.make().name(), kind.name);
            assert!(!kind.make().events().is_empty());
            assert!(Kind::named(&kind.name.to_lowercase()).is_some());
        }
    }
}
