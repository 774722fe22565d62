//! What comes after a line.

/// What comes after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next line.
    Go,
    /// Nothing: the operator leaves.
    Exit,
}
