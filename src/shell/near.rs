//! Did you mean.

/// The word that differs least from `word`, if it differs by few letters.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let most = (word.len() / 3).clamp(1, 4);
    let near = known.map(|known| (distance(&word, &known.to_ascii_lowercase()), known));
    near.min_by_key(|(far, _)| *far).filter(|(far, _)| *far <= most).map(|(_, known)| known)
}

/// How many letters have to be added, removed or replaced.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut left = i + 1;
        let mut above_left = i;
        for (y, cell) in b.bytes().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            *cell = (above_left + usize::from(x != y)).min(above + 1).min(left + 1);
            above_left = above;
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HangupCause;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        for (wrong, right) in [
            ("NORMAL_CLERING", Some("NORMAL_CLEARING")),
            ("user_busy", Some("USER_BUSY")),
            ("NOANSWER", Some("NO_ANSWER")),
            ("XYZZYPLUGHFOO", None),
        ] {
            assert_eq!(nearest(wrong, HangupCause::names()), right, "{wrong}");
        }
        assert_eq!(nearest("calz", ["calls", "call"].into_iter()), Some("call"));
        assert_eq!(nearest("not", ["set", "use"].into_iter()), None);
    }
}
