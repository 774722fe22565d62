//! Why a Lua app cannot be loaded.

use std::time::Duration;

/// Why a Lua file is no app.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LuaError {
    /// It cannot be read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        reason: std::io::Error,
    },
    /// It has an error; the text begins with file and line.
    #[error("{text}")]
    Script {
        /// What Lua says.
        text: String,
    },
    /// It defines no function that is called for an event.
    #[error("{path} defines no function that is called for an event, such as on_park")]
    NoHandlers {
        /// The file.
        path: String,
    },
    /// A function is called like one for an event that there is not.
    #[error("{path} defines {function}, but that event does not exist")]
    NoSuchEvent {
        /// The file.
        path: String,
        /// The function.
        function: String,
    },
    /// It was given up before, and what it did then still runs: each further try would add to it.
    #[error("{path} was given up and still runs in one long call; it ends with this process")]
    GivenUp {
        /// The file.
        path: String,
    },
    /// Too many threads were given up and still run to load a further file.
    #[error(
        "{count} Lua files were given up and still run, each takes a processor; \"exit\" ends \
         them, then start Switchy again to load {path}"
    )]
    TooManyGivenUp {
        /// The file.
        path: String,
        /// How many threads.
        count: usize,
    },
    /// It did not come to its end.
    #[error("{path} is not loaded: what stands outside its functions still runs after {after:?}")]
    TooLong {
        /// The file.
        path: String,
        /// How long.
        after: Duration,
    },
}
