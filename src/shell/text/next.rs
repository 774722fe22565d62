//! What comes after a line.

/// What comes after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next line.
    Go,
    /// Nothing: the operator leaves.
    Exit,
}

/// A command that says nothing of it leaves the session as it is.
impl From<()> for Next {
    fn from((): ()) -> Self {
        Self::Go
    }
}
