//! What the end of a half typed dial string belongs to.

/// The place at which text is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// The name of a variable in brackets.
    Name {
        /// Where the name begins.
        at: usize,
    },
    /// The value of a variable.
    Value,
    /// An endpoint.
    Endpoint {
        /// Where it begins.
        at: usize,
    },
}

impl Typed {
    /// Looks at a dial string that ends where the cursor is.
    #[must_use]
    pub fn at_end(text: &str) -> Self {
        let (mut open, mut depth, mut is_quoted) = (None, 0_u32, false);
        let (mut at, mut delimiter, mut has_value, mut before) = (0, ',', false, ' ');
        for (place, letter) in text.char_indices() {
            let (is_escaped, next) = (before == '\\', place + letter.len_utf8());
            before = letter;
            match (open, letter) {
                (None, '{' | '[' | '<') => {
                    open = Some((letter, closing(letter)));
                    (at, depth, delimiter, has_value, is_quoted) = (next, 1, ',', false, false);
                    let own = text.get(next..).and_then(|rest| rest.strip_prefix("^^"));
                    if let Some(own) = own.and_then(|rest| rest.chars().next()) {
                        delimiter = own;
                    }
                }
                (None, ',' | '|') => at = next,
                (None, ':') if text.get(..next).is_some_and(|head| head.ends_with(":_:")) => {
                    at = next;
                }
                (None, _) => {}
                (Some((same, _)), _) if letter == same => depth += 1,
                (Some((_, close)), _) if letter == close => {
                    depth -= 1;
                    if depth == 0 {
                        (open, at) = (None, next);
                    }
                }
                (Some(_), '\'') if !is_escaped => is_quoted = !is_quoted,
                (Some(_), _) if letter == delimiter && !is_quoted && !is_escaped => {
                    (at, has_value) = (next, false);
                }
                (Some(_), '=') => has_value = true,
                (Some(_), _) => {}
            }
        }
        match open {
            None => Self::Endpoint { at },
            Some(_) if has_value => Self::Value,
            Some(_) => Self::Name { at },
        }
    }
}

fn closing(open: char) -> char {
    match open {
        '{' => '}',
        '[' => ']',
        _ => '>',
    }
}
