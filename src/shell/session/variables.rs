//! Variables of scripts: `$name` and `${name}`, but only those that were defined here.

use std::collections::BTreeMap;

use super::Shell;
use crate::shell::text::error::CommandError;

impl Shell {
    /// What `let` set.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        self.state().variables.clone()
    }

    /// Sets a variable of scripts.
    ///
    /// # Errors
    /// A usage error when the name is none.
    pub fn define(&self, name: &str, value: &str) -> Result<(), CommandError> {
        let name = self::name(name)?.to_owned();
        if self.inner.secrets.names().is_secret(&name) {
            self.inner.secrets.learn_value(value);
        }
        self.change_variables(|variables| variables.insert(name, value.to_owned()));
        Ok(())
    }

    pub(crate) fn change_variables<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> T,
    ) -> T {
        change(&mut self.state().variables)
    }
}

/// Puts the values of defined variables into a line. What is not defined stays as it is: it is
/// FreeSWITCH's.
pub(in crate::shell) fn substitute(line: &str, variables: &BTreeMap<String, String>) -> String {
    if variables.is_empty() || !line.contains('$') {
        return line.to_owned();
    }
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        // Only as far as a name reaches: what is never closed is not looked through at each `${`.
        let (name, left) = match after.strip_prefix('{').map(split_name) {
            Some((name, left)) => match left.strip_prefix('}') {
                Some(left) => (name, left),
                None => ("", after),
            },
            None => split_name(after),
        };
        // `$${name}` is a global of FreeSWITCH.
        let is_global = before.ends_with('$') || text.ends_with('$');
        match variables.get(name).filter(|_| !is_global) {
            Some(value) => {
                text.push_str(value);
                rest = left;
            }
            None => {
                text.push('$');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// The letters of a name at the start of a text, and what follows.
fn split_name(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !is_letter(c)).unwrap_or(text.len()))
}

/// Checks the name of a variable.
///
/// # Errors
/// A usage error when it is none.
pub(in crate::shell) fn name(text: &str) -> Result<&str, CommandError> {
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(is_letter);
    if is_name {
        return Ok(text);
    }
    Err(CommandError::usage(format!("{text:?} is not a name of a variable"))
        .hint("names have letters, digits and _, and start with a letter"))
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn only_what_is_defined_is_replaced() {
        let variables = [("id", "6c1d"), ("a_1", "x y"), ("domain", "wrong")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = BTreeMap::from(variables);
        for (line, expected) in [
            ("hangup $id", "hangup 6c1d"),
            ("hangup ${id}.", "hangup 6c1d."),
            ("eval $idx ${idx} $ $$", "eval $idx ${idx} $ $$"),
            ("eval $${domain} ${caller_id_number}", "eval $${domain} ${caller_id_number}"),
            ("$a_1$id", "x y6c1d"),
            ("${unclosed $id", "${unclosed 6c1d"),
        ] {
            assert_eq!(substitute(line, &variables), expected, "{line}");
        }
        let long = "${".repeat(1 << 20);
        assert_eq!(substitute(&long, &variables), long);
        assert!(name("1a").is_err() && name("a-b").is_err() && name("").is_err());
        assert_eq!(name("a_1").unwrap(), "a_1");
    }
}
