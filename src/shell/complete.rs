//! What Tab offers: plain data, so that no editor is named here.

/// The answer to one Tab.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// Byte offset in the line where the replaced text starts.
    pub start: usize,
    /// What may replace the text between `start` and the cursor.
    pub candidates: Vec<Candidate>,
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is put into the line.
    pub replacement: String,
    /// What is listed: plain text, sanitised again before it is shown.
    pub display: String,
}
