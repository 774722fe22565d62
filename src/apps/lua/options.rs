//! What a Lua app may do.

/// What a Lua file gets, and how much it may take.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Its `args`: names and values.
    pub args: Vec<(String, String)>,
    /// Libraries that it may use beside the harmless ones.
    pub allow: Vec<Allow>,
    /// How much it may take.
    pub limits: Limits,
}

impl Options {
    /// No arguments, no further libraries, the usual limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds arguments: names and values.
    #[must_use]
    pub fn with_args(mut self, args: impl IntoIterator<Item = (String, String)>) -> Self {
        self.args.extend(args);
        self
    }

    /// Allows a library.
    #[must_use]
    pub fn with_allowed(mut self, library: Allow) -> Self {
        self.allow.push(library);
        self
    }

    /// Sets how much it may take.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// A library that a script may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allow {
    /// `os`: the environment, running programs, the time.
    Os,
    /// `io`: files.
    Io,
    /// `package` and `require`: other Lua files.
    Package,
}

impl Allow {
    /// By its name in Lua.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "os" => Some(Self::Os),
            "io" => Some(Self::Io),
            "package" => Some(Self::Package),
            _ => None,
        }
    }
}

/// How much a script may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of memory.
    pub memory: usize,
    /// Instructions of Lua that a handler may run without waiting for anything.
    pub instructions: u64,
}

impl Default for Limits {
    /// 64 MiB, and 20 million instructions: a fraction of a second.
    fn default() -> Self {
        Self { memory: 64 << 20, instructions: 20_000_000 }
    }
}
