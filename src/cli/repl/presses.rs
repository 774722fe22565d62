//! How often each key was pressed.

use std::collections::BTreeMap;

/// How often each key was pressed.
pub(super) type Presses = BTreeMap<u8, usize>;
