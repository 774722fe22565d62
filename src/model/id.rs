//! Names of things: a uuid that knows what it names.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The id of a `T`: `Id<Session>`, `Id<Call>`, `Id<Job>`, `Id<App>`.
///
/// FreeSWITCH's ids are uuids, but `origination_uuid` and `Job-UUID` may be any text, so any text
/// is kept. A clone is cheap.
pub struct Id<T: ?Sized>(Arc<str>, PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> Id<T> {
    /// Takes an id as the wire carries it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into(), PhantomData)
    }

    /// Reads an id that a person wrote, or that comes out of a text.
    ///
    /// # Errors
    /// [`IdError`] when it is empty, or has blanks or control characters in it: no command could
    /// name it.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let is_odd = |it: char| it.is_whitespace() || it.is_control();
        if text.is_empty() || text.contains(is_odd) {
            return Err(IdError { text: text.to_owned() });
        }
        Ok(Self::new(text))
    }

    /// Makes a fresh random uuid. Version 4, because its first digits differ: the shell names
    /// calls by their shortest unique start.
    #[must_use]
    pub fn random() -> Self {
        Self::new(&uuid::Uuid::new_v4().to_string())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text as the id of something else: a call is named by its first session.
    #[must_use]
    pub fn cast<U: ?Sized>(&self) -> Id<U> {
        Id(Arc::clone(&self.0), PhantomData)
    }

    /// The first eight characters: what tables and event lines show.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.char_indices().nth(8).and_then(|(at, _)| self.0.get(..at)).unwrap_or(&self.0)
    }
}

/// A text that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id: an id is one word without blanks, such as a uuid")]
pub struct IdError {
    text: String,
}

impl<T: ?Sized> FromStr for Id<T> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl<T: ?Sized> Clone for Id<T> {
    fn clone(&self) -> Self {
        self.cast()
    }
}

impl<T: ?Sized> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: ?Sized> Eq for Id<T> {}

impl<T: ?Sized> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: ?Sized> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T: ?Sized> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T: ?Sized> Borrow<str> for Id<T> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<T: ?Sized> AsRef<str> for Id<T> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<T: ?Sized> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<T: ?Sized> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: ?Sized> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn an_id_is_one_word() {
        for text in ["72451178-bd0c-11e4-9d26-74d02bc595d7", "a", "anruf-ü"] {
            assert_eq!(text.parse::<Id<str>>().unwrap().as_str(), text);
        }
        for text in ["", " ", "a b", "a\n", "\u{0}", "\u{7f}a", "a\u{a0}b"] {
            let err = Id::<str>::parse(text).unwrap_err().to_string();
            assert!(err.starts_with(&format!("{text:?} is not an id")), "{err}");
        }
    }
}
