//! Regular expressions as `switch_regex.c` takes them: bare, or as `/pattern/options`.

use regex_lite::{Captures, Regex, RegexBuilder};

/// The limit of what a pattern may grow to: a stranger's must not take the machine.
const SIZE: usize = 1 << 16;

/// `/pattern/` with the options `i` and `s`; anything else is a pattern as a whole.
fn compile(expression: &str) -> Option<Regex> {
    let (pattern, options) = match expression.strip_prefix('/') {
        Some(rest) => rest.rsplit_once('/')?,
        None => (expression, ""),
    };
    RegexBuilder::new(pattern)
        .case_insensitive(options.contains('i'))
        .dot_matches_new_line(options.contains('s'))
        .size_limit(SIZE)
        .build()
        .ok()
}

/// Whether an expression matches somewhere in a text; a broken one matches nowhere.
pub(in crate::sim) fn search(expression: &str, text: &str) -> bool {
    compile(expression).is_some_and(|regex| regex.is_match(text))
}

/// What an expression captured: the whole match, then its groups.
pub(in crate::sim) fn captures<'t>(expression: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let regex = compile(expression)?;
    let found: Captures<'t> = regex.captures(text)?;
    Some(found.iter().map(|group| group.map_or("", |group| group.as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn cases() {
        for (pattern, text, found) in [
            ("^a", "abc", true),
            ("^b", "abc", false),
            (r"^(10[01][0-9])$", "1019", true),
            (r"^(10[01][0-9])$", "1029", false),
            (r"^\d{3,4}$", "12a", false),
            ("x|bc", "abc", true),
            ("", "abc", true),
            ("/B/", "abc", false),
            ("/B/i", "abc", true),
            ("/b", "abc", false),
            ("(", "abc", false),
        ] {
            assert_eq!(search(pattern, text), found, "{pattern} in {text}");
        }
        assert_eq!(captures("a(.)(x)?", "zab"), Some(vec!["ab", "b", ""]));
    }
}
