//! The clock of this host.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970 by the clock of this host; 0 when it stands before 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the library that reads it, which `jiff` would be too much for"
)]
pub(crate) fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
