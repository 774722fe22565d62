//! Which lines hold a secret, and must not be kept.

/// Whether a line holds, or may hold, a password: such a line is not written to the history.
#[must_use]
pub fn is_secret(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let verb = verb.trim_start_matches('/');
    if verb == "auth" || verb == "userauth" {
        return true;
    }
    let has_option = verb == "connect"
        && words.any(|word| word.starts_with("-p") || word.starts_with("--password"));
    has_option
        || ["password=", "passwd=", "esl-password", "a1-hash", "secret="]
            .iter()
            .any(|mark| lower.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_recognised() {
        for line in [
            "connect pbx -p hunter2",
            "connect -phunter2 pbx",
            "connect pbx --password=x",
            "/auth hunter2",
            "userauth u@d:x",
            "originate {sip_auth_password=x}user/1",
        ] {
            assert!(is_secret(line), "{line}");
        }
        for line in ["status", "connect pbx", "api sofia status profile internal", "author x"] {
            assert!(!is_secret(line), "{line}");
        }
    }
}
