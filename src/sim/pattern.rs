//! The small part of regular expressions that filters, `regex` and `show ... like` need here.

/// Whether `pattern` matches somewhere in `text`: literals, `.`, `\d`, `[..]`, `*`, `+`, `?`,
/// `^`, `$`, and `|` between whole alternatives; groups are ignored.
pub(super) fn search(pattern: &str, text: &str) -> bool {
    // Backtracking over a pattern of any length could take for ever.
    if pattern.len() > 200 || pattern.matches(['*', '+']).count() > 6 {
        return false;
    }
    pattern.split('|').any(|one| {
        let one: String = one.chars().filter(|letter| !matches!(letter, '(' | ')')).collect();
        let text: Vec<char> = text.chars().collect();
        let (atoms, start, end) = parse(&one);
        let last = if start { 0 } else { text.len() };
        (0..=last).any(|at| here(&atoms, text.get(at..).unwrap_or_default(), end))
    })
}

enum Atom {
    Any,
    Digit,
    One(char),
    Set(Vec<(char, char)>, bool),
}

struct Piece {
    atom: Atom,
    least: usize,
    most: usize,
}

impl Atom {
    fn is(&self, letter: char) -> bool {
        match self {
            Self::Any => true,
            Self::Digit => letter.is_ascii_digit(),
            Self::One(one) => *one == letter,
            Self::Set(ranges, negated) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *negated
            }
        }
    }
}

fn parse(pattern: &str) -> (Vec<Piece>, bool, bool) {
    let (pattern, start) = match pattern.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let (pattern, end) = match pattern.strip_suffix('$') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let mut pieces: Vec<Piece> = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let atom = match letter {
            '*' | '+' | '?' => {
                if let Some(piece) = pieces.last_mut() {
                    piece.least = usize::from(letter == '+');
                    piece.most = if letter == '?' { 1 } else { usize::MAX };
                }
                continue;
            }
            '.' => Atom::Any,
            '\\' => match letters.next() {
                Some('d') => Atom::Digit,
                Some(other) => Atom::One(other),
                None => break,
            },
            '[' => set(&mut letters),
            other => Atom::One(other),
        };
        pieces.push(Piece { atom, least: 1, most: 1 });
    }
    (pieces, start, end)
}

fn set(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Atom {
    let negated = letters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while let Some(low) = letters.next() {
        if low == ']' {
            break;
        }
        let high = match letters.next_if_eq(&'-') {
            Some(_) => letters.next().unwrap_or(low),
            None => low,
        };
        ranges.push((low, high));
    }
    Atom::Set(ranges, negated)
}

fn here(pieces: &[Piece], text: &[char], to_the_end: bool) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return !to_the_end || text.is_empty() };
    let fits = text.iter().take_while(|letter| piece.atom.is(**letter)).count().min(piece.most);
    (piece.least..=fits)
        .rev()
        .any(|count| here(rest, text.get(count..).unwrap_or_default(), to_the_end))
}

#[cfg(test)]
mod tests {
    use super::search;

    #[test]
    fn cases() {
        for (pattern, text, found) in [
            ("^a", "abc", true),
            ("c$", "abc", true),
            ("^b", "abc", false),
            ("a.*c", "xabbc", true),
            (r"^(10[01][0-9])$", "1019", true),
            (r"^(10[01][0-9])$", "1029", false),
            (r"^\d+$", "12a", false),
            ("x|bc", "abc", true),
            ("", "abc", true),
        ] {
            assert_eq!(search(pattern, text), found, "{pattern} in {text}");
        }
    }
}
