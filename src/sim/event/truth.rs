//! What FreeSWITCH takes for true.

/// Whether a word of a command is true: a word for yes, or a whole number other than 0.
pub(in crate::sim) fn is_true(word: &str) -> bool {
    is_yes(word) || word.parse().is_ok_and(|number: i64| number != 0)
}

/// Whether the value of a variable is true: a word for yes, or any number other than 0.
pub(in crate::sim) fn truth(text: &str) -> bool {
    is_yes(text) || text.parse().is_ok_and(|number: f64| number != 0.0)
}

fn is_yes(word: &str) -> bool {
    const YES: [&str; 7] = ["yes", "on", "true", "t", "enabled", "active", "allow"];
    YES.iter().any(|yes| yes.eq_ignore_ascii_case(word))
}
