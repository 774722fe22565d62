//! When an answer goes through a pager.

/// When an answer goes through `$PAGER` at the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Paging {
    /// Always.
    On,
    /// Never.
    Off,
    /// When it is longer than the terminal.
    #[default]
    Auto,
}
