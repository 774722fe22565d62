//! What a column is: its names, what it holds, how much it matters.

use std::borrow::Cow;

use super::filter::{Field, Kind};

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// What people read.
    pub(super) title: Cow<'static, str>,
    /// Its name in machine formats.
    pub(super) key: Cow<'static, str>,
    /// What it holds; unknown columns are as their values are.
    pub(super) kind: Option<Kind>,
    /// The higher, the sooner it gives way on a narrow terminal.
    pub(super) rank: u8,
    /// Left out of tables unless it is asked for.
    pub(super) is_hidden: bool,
    /// What it means.
    pub(super) about: &'static str,
    /// All that it can hold; empty where that is open.
    pub(super) values: &'static [&'static str],
}

impl Column {
    /// A column of which nothing but the name is known.
    #[must_use]
    pub(crate) fn plain(name: impl Into<Cow<'static, str>>, rank: u8) -> Self {
        let title = name.into();
        let key = title.clone();
        Self { title, key, kind: None, rank, is_hidden: false, about: "", values: &[] }
    }

    fn of(title: &'static str, kind: Kind, about: &'static str) -> Self {
        let (key, title) = (Cow::Borrowed(title), Cow::Borrowed(title));
        Self { title, key, kind: Some(kind), rank: 0, is_hidden: false, about, values: &[] }
    }

    /// A column of texts.
    pub(in crate::shell) fn text(title: &'static str, about: &'static str) -> Self {
        Self::of(title, Kind::Text, about)
    }

    /// A column of numbers.
    pub(in crate::shell) fn number(title: &'static str, about: &'static str) -> Self {
        Self::of(title, Kind::Number, about)
    }

    /// A column of time spans; `key` is their name in milliseconds.
    pub(in crate::shell) fn span(
        title: &'static str,
        key: &'static str,
        about: &'static str,
    ) -> Self {
        Self::of(title, Kind::Span, about).with_key(key)
    }

    /// A column of points in time.
    pub(in crate::shell) fn time(title: &'static str, about: &'static str) -> Self {
        Self::of(title, Kind::Time, about)
    }

    /// A column of yes and no.
    pub(in crate::shell) fn truth(title: &'static str, about: &'static str) -> Self {
        Self::of(title, Kind::Truth, about)
    }

    /// Gives it another name in machine formats.
    pub(in crate::shell) fn with_key(mut self, key: &'static str) -> Self {
        self.key = Cow::Borrowed(key);
        self
    }

    /// Says all that it can hold, so that a filter for anything else is refused.
    pub(in crate::shell) fn of_values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    /// All that it can hold; empty where that is open.
    pub(in crate::shell) fn values(&self) -> &'static [&'static str] {
        self.values
    }

    /// Says how soon it gives way; 0 is never.
    pub(in crate::shell) fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// Leaves it out of tables unless it is asked for.
    pub(in crate::shell) fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    /// Its name in machine formats.
    #[must_use]
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What it means, in words.
    #[must_use]
    pub(crate) fn about(&self) -> &'static str {
        self.about
    }

    pub(in crate::shell) fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// As a filter names it.
    pub(super) fn field(&self, kind: Kind) -> Field<'_> {
        let kind = self.kind.unwrap_or(kind);
        Field { title: self.word(), key: &self.key, kind, values: self.values }
    }

    /// As it can be typed.
    pub(in crate::shell) fn word(&self) -> &str {
        if self.title.contains(' ') { &self.key } else { &self.title }
    }

    pub(in crate::shell) fn is_named(&self, name: &str) -> bool {
        self.title.eq_ignore_ascii_case(name) || self.key.eq_ignore_ascii_case(name)
    }

    pub(super) fn is_right(&self) -> bool {
        matches!(self.kind, Some(Kind::Number | Kind::Span))
    }
}
