//! What FreeSWITCH takes for true.

/// What FreeSWITCH takes for yes.
pub(in crate::sim) fn is_true(word: &str) -> bool {
    ["yes", "on", "true", "t", "enabled", "active", "allow"]
        .iter()
        .any(|yes| yes.eq_ignore_ascii_case(word))
        || word.parse().is_ok_and(|number: i64| number != 0)
}

/// What FreeSWITCH takes for true.
pub(in crate::sim) fn truth(text: &str) -> bool {
    ["yes", "on", "true", "t", "enabled", "active", "allow"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text))
        || text.parse::<f64>().is_ok_and(|number| number != 0.0)
}
