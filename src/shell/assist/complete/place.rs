//! Where in a line the cursor is.

use crate::shell::session::Shell;
use crate::shell::session::switch::Switch;
use std::sync::Arc;

/// The words before the one at the cursor, without an `@host`, and the switch that they are for.
pub(in crate::shell) fn words<'a>(
    shell: &Shell,
    typed: &'a str,
) -> (Option<Arc<Switch>>, Vec<&'a str>) {
    let mut words: Vec<&str> = typed.split_whitespace().collect();
    let tag = words.first().and_then(|first| first.strip_prefix('@'));
    let switch = match tag {
        Some("all") | None => shell.current(),
        Some(name) => shell.switch(name).ok(),
    };
    if tag.is_some() {
        words.remove(0);
    }
    (switch, words)
}

/// Where the cursor is.
#[derive(Debug, Clone, Copy)]
pub(in crate::shell) struct Place<'a> {
    pub(in crate::shell) shell: &'a Shell,
    pub(in crate::shell) switch: Option<&'a Switch>,
    pub(in crate::shell) word: &'a str,
}
