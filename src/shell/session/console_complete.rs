//! Asks FreeSWITCH itself what may follow, as `fs_cli` does on Tab.

use std::time::Duration;

use crate::client::Client;

/// What the server would complete the last word of a line with.
///
/// The form with a cursor, always: the server looks for `c=` anywhere in the line otherwise, and
/// writes where the number behind it says (`src/switch_console.c`, `switch_console_complete`).
pub(in crate::shell) async fn candidates(client: &Client, line: &str) -> Vec<String> {
    let request = format!("console_complete c={};{line}", line.len());
    // A command that holds up the connection holds this up, too.
    match client.api_within(&request, LONGEST).await {
        Ok(reply) => listed(&reply.text()),
        Err(_) => Vec::new(),
    }
}

/// `[            internal]` TAB, four a line, up to `write=`.
fn listed(text: &str) -> Vec<String> {
    let text = text.rsplit_once("\n\nwrite=").map_or(text, |(list, _)| list);
    let cells =
        text.split(['\t', '\n']).filter_map(|cell| cell.strip_prefix('[')?.strip_suffix(']'));
    let mut listed: Vec<String> = cells.map(|cell| cell.trim_start().to_owned()).collect();
    listed.retain(|word| !word.is_empty());
    listed.sort();
    listed.dedup();
    listed
}

/// A later answer is of no use: the next Tab asks again.
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_list_of_the_server_is_read() {
        let text = "\n\n[            internal]\t[            external]\t[                  a b]\t[   x]\t\n[   x]\t\n\nwrite=3:ext";
        assert_eq!(listed(text), ["a b", "external", "internal", "x"]);
        assert!(listed("\n\n\n\n").is_empty());
        assert!(listed("-ERR no reply\n").is_empty());
    }
}
