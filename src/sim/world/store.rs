//! The small stores of the switch: `hash`, `db`, `group` and the limits of resources.

use std::collections::{BTreeMap, BTreeSet};

/// What is stored. A limit counts the channels that hold it, under `realm_resource`.
#[derive(Debug, Default)]
pub(in crate::sim) struct Store {
    pub(in crate::sim) hash: BTreeMap<String, String>,
    pub(in crate::sim) db: BTreeMap<(String, String), String>,
    pub(in crate::sim) groups: BTreeMap<String, Vec<String>>,
    pub(in crate::sim) limits: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Store {
    /// A channel is gone: it holds no limit any more.
    pub(in crate::sim) fn release_all(&mut self, uuid: &str) {
        for holders in self.limits.values_mut() {
            holders.remove(uuid);
        }
    }
}
