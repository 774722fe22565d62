//! Aliases: a word of the operator's own that stands for a line.

use super::error::CommandError;

/// Puts the arguments of a line into an alias's text: `$1` to `$9`, `$*` for all of them. A text
/// that names none gets them behind it. Everything else, FreeSWITCH's `${name}` too, stays.
///
/// # Errors
/// A usage error when an argument is missing.
pub(in crate::shell) fn expand(name: &str, text: &str, rest: &str) -> Result<String, CommandError> {
    let rest = rest.trim();
    let args: Vec<&str> = rest.split_whitespace().collect();
    let (mut line, mut letters) = (String::new(), text.chars().peekable());
    let mut is_placed = false;
    while let Some(letter) = letters.next() {
        let next = if letter == '$' { letters.peek().copied() } else { None };
        match next {
            Some('*') => {
                line.push_str(rest);
                is_placed = true;
            }
            Some(digit @ '1'..='9') => {
                let at = usize::try_from(u32::from(digit) - u32::from('1')).unwrap_or_default();
                let Some(word) = args.get(at) else {
                    let message = format!("{name} needs an argument ${digit}");
                    return Err(CommandError::usage(message).hint(format!("{name} is: {text}")));
                };
                line.push_str(word);
                is_placed = true;
            }
            _ => {
                line.push(letter);
                continue;
            }
        }
        letters.next();
    }
    if !is_placed && !rest.is_empty() {
        line.push(' ');
        line.push_str(rest);
    }
    Ok(line)
}

/// How deep an alias may stand for another.
pub(in crate::shell) const DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn arguments_take_their_places() {
        for (text, rest, line) in [
            ("sofia status", "", "sofia status"),
            ("sofia status", "profile internal", "sofia status profile internal"),
            ("calls --where 'age > $1'", "60", "calls --where 'age > 60'"),
            ("uuid_transfer $1 -both $2", "abc 1000", "uuid_transfer abc -both 1000"),
            ("eval $*", " ${domain} x ", "eval ${domain} x"),
            ("eval $${local_ip_v4} ${x} $x $", "", "eval $${local_ip_v4} ${x} $x $"),
        ] {
            assert_eq!(expand("it", text, rest).unwrap(), line);
        }
        let err = expand("it", "a $1 $2", "x").unwrap_err();
        assert_eq!(err.message, "it needs an argument $2");
    }
}
