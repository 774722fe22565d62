//! What can be put in at the cursor.

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is put into the line.
    pub replacement: String,
    /// What is listed: plain text, sanitised again before it is shown.
    pub display: String,
    /// Whether it is found by any part of what is listed.
    pub is_live: bool,
}

impl Candidate {
    pub(super) fn new(text: impl Into<String>) -> Self {
        let replacement = text.into();
        Self { display: replacement.clone(), replacement, is_live: false }
    }

    pub(super) fn described(text: &str, about: &str) -> Self {
        let display = format!("{text:<14}  {about}");
        Self { replacement: text.to_owned(), display, is_live: false }
    }

    /// A value that lives on the server, found by any part of what is said about it.
    pub(super) fn live(text: &str, about: &str) -> Self {
        let display = format!("{text}  {about}");
        Self { replacement: text.to_owned(), display, is_live: true }
    }
}

impl Candidate {
    pub(super) fn matches(&self, word: &str, lower: &str) -> bool {
        self.replacement.starts_with(word)
            || (!word.is_empty() && self.replacement.to_lowercase().starts_with(lower))
            || (self.is_live && word.len() >= 2 && self.display.to_lowercase().contains(lower))
    }
}
