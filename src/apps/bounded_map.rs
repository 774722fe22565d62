//! What apps note by session or call, and forget with it.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::model::Id;

/// Notes by id. Bounded: what is forgotten late cannot pile up.
#[derive(Debug)]
pub(super) struct BoundedMap<K, V>(Mutex<HashMap<Id<K>, V>>);

/// More calls than this at once are not noted.
const MOST: usize = 100_000;

impl<K, V> Default for BoundedMap<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K, V: Default> BoundedMap<K, V> {
    /// Looks at a note, or at a fresh one.
    pub(super) fn with<T>(&self, id: &Id<K>, look: impl FnOnce(&mut V) -> T) -> T {
        let mut notes = self.0.lock();
        if notes.len() >= MOST && !notes.contains_key(id) {
            return look(&mut V::default());
        }
        look(notes.entry(id.clone()).or_default())
    }

    /// Takes a note out.
    pub(super) fn take(&self, id: &Id<K>) -> Option<V> {
        self.0.lock().remove(id)
    }
}
