//! Names and values in one piece of memory: the variables of a channel, the headers of an event.
//!
//! A live leg has some hundred variables. A string each would cost it twenty kilobytes, and every
//! event of it a thousand allocations.

/// An ordered list of names and values; a name may stand twice.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Pairs {
    text: String,
    /// Where each name and each value ends.
    ends: Vec<(u32, u32)>,
}

/// What a list of variables grows by, in bytes and in places.
const STEP: (usize, usize) = (512, 8);

impl Pairs {
    /// A list for an event: room for what a channel event needs.
    pub(super) fn roomy() -> Self {
        Self { text: String::with_capacity(8 << 10), ends: Vec::with_capacity(192) }
    }

    /// Adds a pair at the end.
    pub(in crate::sim) fn push(&mut self, name: &str, value: &str) {
        self.push_parts(&[name], value);
    }

    /// Adds a pair at the end whose name is put together from parts.
    pub(in crate::sim) fn push_parts(&mut self, name: &[&str], value: &str) {
        for part in name {
            self.text.push_str(part);
        }
        let name_end = place(self.text.len());
        self.text.push_str(value);
        self.ends.push((name_end, place(self.text.len())));
    }

    /// Adds all pairs of another list, each name behind a prefix.
    pub(in crate::sim) fn append(&mut self, prefix: &str, other: &Self) {
        self.text.reserve(other.text.len() + prefix.len() * other.ends.len());
        for (name, value) in other.iter() {
            self.push_parts(&[prefix, name], value);
        }
    }

    /// The pairs in order.
    pub(in crate::sim) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        (0..self.ends.len()).filter_map(|at| self.pair(at))
    }

    /// The first value of that name, in any case.
    pub(in crate::sim) fn first(&self, name: &str) -> Option<&str> {
        self.position(name).and_then(|at| self.pair(at)).map(|(_, value)| value)
    }

    /// The last value of that name, in any case.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        let found = self.iter().rev().find(|(have, _)| have.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// Takes the pair of that name away and adds it at the end.
    pub(in crate::sim) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        let needs = name.len() + value.len();
        if self.text.capacity() - self.text.len() < needs {
            self.text.reserve_exact(needs.max(STEP.0));
        }
        if self.ends.capacity() == self.ends.len() {
            self.ends.reserve_exact(STEP.1);
        }
        self.push(name, value);
    }

    /// Changes the value where it stands, or adds it at the end.
    pub(in crate::sim) fn put(&mut self, name: &str, value: &str) {
        let Some(at) = self.position(name) else { return self.set(name, value) };
        let (from, to) = self.value_range(at);
        self.text.replace_range(from..to, value);
        self.shift(at, value.len(), to - from);
        if let Some((_, end)) = self.ends.get_mut(at) {
            *end = place(from + value.len());
        }
    }

    /// Takes the pair of that name away.
    pub(in crate::sim) fn remove(&mut self, name: &str) {
        if let Some(at) = self.position(name) {
            self.remove_at(at);
        }
    }

    /// Keeps the pairs whose name passes.
    pub(in crate::sim) fn retain_names(&mut self, keep: impl Fn(&str) -> bool) {
        for at in (0..self.ends.len()).rev() {
            if self.pair(at).is_some_and(|(name, _)| !keep(name)) {
                self.remove_at(at);
            }
        }
    }

    /// Whether a byte occurs in any name or value.
    pub(super) fn holds(&self, byte: u8) -> bool {
        memchr::memchr(byte, self.text.as_bytes()).is_some()
    }

    fn remove_at(&mut self, at: usize) {
        let (from, to) = (self.start(at), self.value_range(at).1);
        self.text.replace_range(from..to, "");
        self.shift(at, 0, to - from);
        self.ends.remove(at);
    }

    /// Moves the ends behind a place whose text has changed its length.
    fn shift(&mut self, at: usize, added: usize, taken: usize) {
        let (added, taken) = (place(added), place(taken));
        for (name, value) in self.ends.iter_mut().skip(at + 1) {
            *name = *name + added - taken;
            *value = *value + added - taken;
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        let (bytes, wanted) = (self.text.as_bytes(), name.as_bytes());
        let mut start = 0;
        for (at, (name_end, end)) in self.ends.iter().enumerate() {
            let name_end = *name_end as usize;
            if name_end - start == wanted.len()
                && bytes.get(start..name_end).is_some_and(|have| have.eq_ignore_ascii_case(wanted))
            {
                return Some(at);
            }
            start = *end as usize;
        }
        None
    }

    fn start(&self, at: usize) -> usize {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before));
        before.map_or(0, |(_, end)| *end as usize)
    }

    fn value_range(&self, at: usize) -> (usize, usize) {
        self.ends.get(at).map_or((0, 0), |(name, value)| (*name as usize, *value as usize))
    }

    fn pair(&self, at: usize) -> Option<(&str, &str)> {
        let (from, to) = self.value_range(at);
        Some((self.text.get(self.start(at)..from)?, self.text.get(from..to)?))
    }
}

/// Lists are far shorter than 4 GiB.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairs: &Pairs) -> Vec<(&str, &str)> {
        pairs.iter().collect()
    }

    #[limited::test]
    fn pairs_are_set_put_and_removed() {
        let mut pairs = Pairs::default();
        for (name, value) in [("a", "1"), ("bb", "22"), ("c", "")] {
            pairs.set(name, value);
        }
        assert_eq!(all(&pairs), [("a", "1"), ("bb", "22"), ("c", "")]);
        pairs.set("A", "3");
        assert_eq!(all(&pairs), [("bb", "22"), ("c", ""), ("A", "3")]);
        pairs.put("BB", "long value");
        pairs.put("c", "x");
        assert_eq!(all(&pairs), [("bb", "long value"), ("c", "x"), ("A", "3")]);
        pairs.put("bb", "");
        assert_eq!(all(&pairs), [("bb", ""), ("c", "x"), ("A", "3")]);
        pairs.remove("c");
        pairs.remove("nosuch");
        assert_eq!(all(&pairs), [("bb", ""), ("A", "3")]);
        pairs.put("d", "é");
        pairs.push("a", "last");
        assert_eq!((pairs.first("a"), pairs.last("a")), (Some("3"), Some("last")));
        pairs.retain_names(|name| name != "bb");
        assert_eq!(all(&pairs), [("A", "3"), ("d", "é"), ("a", "last")]);
        let mut other = Pairs::roomy();
        other.append("variable_", &pairs);
        assert_eq!(other.first("variable_d"), Some("é"));
        assert!(pairs.holds(b'l') && !pairs.holds(b'%'));
    }
}
