//! The shortest starts of ids that name one thing each.
//!
//! FreeSWITCH's ids differ in their first digits, but `origination_uuid` may be any text, and uuids
//! of version 7 begin with the time.

/// Ids among which a start has to be the only one.
pub(in crate::shell) struct Starts<'a>(Vec<&'a str>);

impl<'a> Starts<'a> {
    pub(in crate::shell) fn new(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    /// At least eight characters of an id, and as many more as it takes to be unique.
    pub(in crate::shell) fn of<'b>(&self, id: &'b str) -> &'b str {
        let (before, from) = self.0.split_at(self.0.partition_point(|other| *other < id));
        let after = from.iter().find(|other| **other != id);
        let neighbours = before.last().into_iter().chain(after);
        let shared = neighbours.map(|other| shared(id, other)).max().unwrap_or(0);
        let end = id.char_indices().nth((shared + 1).max(SHORT));
        end.and_then(|(at, _)| id.get(..at)).unwrap_or(id)
    }
}

/// How many characters two texts begin with in common.
fn shared(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// As many as [`Id::short`](crate::model::Id::short) gives.
const SHORT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_start_is_as_long_as_its_neighbours_need() {
        let ids =
            ["6c1d2a5e-0001", "cccccccc-0001-77", "cccccccc-0002-78", "cccccccc-0002-79", "é"];
        let starts = Starts::new(ids);
        assert_eq!(
            ids.map(|id| starts.of(id)),
            ["6c1d2a5e", "cccccccc-0001", "cccccccc-0002-78", "cccccccc-0002-79", "é"]
        );
        assert_eq!(starts.of("6c1d2a5e-0001-beyond"), "6c1d2a5e-0001-");
        assert_eq!(starts.of("6c1d2a5e-"), "6c1d2a5e-");
        assert_eq!(Starts::new([]).of("0123456789"), "01234567");
    }
}
