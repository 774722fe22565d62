//! Did you mean.

/// The word that differs least from `word`, if it differs by few letters (added, left out, replaced,
/// swapped with a neighbour); else the shortest that it begins, if it has three letters of it. Of words
/// that differ as much, the one that fingers miss so.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let most = (word.len() / 3).clamp(1, 4);
    let near = known.filter_map(|known| {
        let lower = known.to_ascii_lowercase();
        let far = strsim::osa_distance(&word, &lower);
        let begins = word.len().min(lower.len()) >= 3
            && (lower.starts_with(&word) || word.starts_with(&lower));
        (far <= most || begins).then(|| ((far, !is_slip(&word, &lower)), known))
    });
    near.min_by_key(|(far, _)| *far).map(|(_, known)| known)
}

/// Whether fingers slip so: a letter twice or only once, two letters swapped, the key beside the
/// right one.
fn is_slip(typed: &str, meant: &str) -> bool {
    let single = |word: &str| {
        let mut letters: Vec<u8> = word.bytes().collect();
        letters.dedup();
        letters
    };
    let sorted = |word: &str| {
        let mut letters: Vec<u8> = word.bytes().collect();
        letters.sort_unstable();
        letters
    };
    let are_same_or_near = |(a, b): (u8, u8)| a == b || are_neighbours(a, b);
    single(typed) == single(meant)
        || typed.len() == meant.len()
            && (sorted(typed) == sorted(meant)
                || typed.bytes().zip(meant.bytes()).all(are_same_or_near))
}

/// Whether two letters are beside or above each other on a keyboard.
fn are_neighbours(a: u8, b: u8) -> bool {
    // Each row is a part of a key to the right of the one above: in quarters of a key.
    let place = |letter: u8| {
        ROWS.iter().zip(0_usize..).find_map(|((keys, shift), row)| {
            Some((row, keys.bytes().position(|key| key == letter)? * 4 + shift))
        })
    };
    match (place(a), place(b)) {
        (Some((row, x)), Some((other, y))) => row.abs_diff(other) <= 1 && x.abs_diff(y) <= 4,
        _ => false,
    }
}

/// The letters of a keyboard, and how far a row begins from the left.
const ROWS: [(&str, usize); 3] = [("qwertyuiop", 0), ("asdfghjkl", 1), ("zxcvbnm", 3)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HangupCause;

    #[limited::test]
    fn a_misspelt_word_finds_its_neighbour() {
        for (wrong, right) in [
            ("NORMAL_CLERING", Some("NORMAL_CLEARING")),
            ("user_busy", Some("USER_BUSY")),
            ("NOANSWER", Some("NO_ANSWER")),
            ("USRE_BUSY", Some("USER_BUSY")),
            ("XYZZYPLUGHFOO", None),
        ] {
            assert_eq!(nearest(wrong, HangupCause::names()), right, "{wrong}");
        }
        assert_eq!(nearest("hots", ["port", "host"].into_iter()), Some("host"));
        assert_eq!(nearest("calz", ["calls", "call"].into_iter()), Some("call"));
        let verbs = ["call", "calls", "channels", "hangup", "hupall", "jobs", "status", "why"];
        for (typed, meant) in [
            ("callz", "calls"),
            ("callls", "calls"),
            ("cals", "calls"),
            ("clals", "calls"),
            ("cal", "call"),
            ("hagnup", "hangup"),
            ("hupal", "hupall"),
            ("stauts", "status"),
            ("jbos", "jobs"),
            ("chanels", "channels"),
        ] {
            assert_eq!(nearest(typed, verbs.into_iter()), Some(meant), "{typed}");
        }
        assert_eq!(nearest("not", ["set", "use"].into_iter()), None);
        assert_eq!(nearest("hang", ["hupall", "hangup"].into_iter()), Some("hangup"));
        assert_eq!(nearest("ha", ["hupall", "hangup"].into_iter()), None);
        assert_eq!(nearest("direction", ["to", "dir"].into_iter()), Some("dir"));
    }
}
