//! What a server can do, as it lists it: its API commands, its applications, the words behind them.
//!
//! Asked for in the background after a connection, on the command connection, and kept: completion,
//! hints and help read it from memory.

use std::collections::BTreeMap;

use serde_json::Value;

use super::console_complete::candidates;
use crate::client::Client;
use crate::model::Rows;

/// The answers of `show api`, `show application` and `show complete`. What a login may not see is
/// empty.
#[derive(Debug, Default)]
pub(in crate::shell) struct Catalog {
    apis: BTreeMap<String, Entry>,
    applications: BTreeMap<String, Entry>,
    rules: Vec<Vec<String>>,
    /// What the server calls itself.
    pub(super) switchname: String,
    /// The machine that it runs on.
    pub(super) hostname: String,
    /// The sofia profiles.
    pub(in crate::shell) profiles: Vec<String>,
    /// The sofia gateways.
    pub(in crate::shell) gateways: Vec<String>,
}

/// One command or application.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::shell) struct Entry {
    pub(in crate::shell) about: String,
    pub(in crate::shell) syntax: String,
    pub(in crate::shell) module: String,
}

/// What may stand in one place of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::shell) struct Words {
    /// Known words, sorted.
    pub(in crate::shell) fixed: Vec<String>,
    /// The server makes a list on demand, for example of uuids or profiles: its name.
    pub(in crate::shell) lists: Vec<String>,
}

impl Catalog {
    /// Asks a server. What it does not list stays empty.
    pub(super) async fn fetch(client: &Client) -> Self {
        Self {
            apis: entries(&rows(client, "show api as json").await),
            applications: entries(&rows(client, "show application as json").await),
            rules: rules(&rows(client, "show complete as json").await),
            switchname: client.cmd("switchname").await.unwrap_or_default(),
            hostname: client.cmd("hostname").await.unwrap_or_default(),
            profiles: candidates(client, "sofia status profile ").await,
            gateways: candidates(client, "sofia status gateway ").await,
        }
    }

    pub(in crate::shell) fn is_empty(&self) -> bool {
        self.apis.is_empty()
    }

    pub(in crate::shell) fn api(&self, name: &str) -> Option<&Entry> {
        self.apis.get(&name.to_ascii_lowercase())
    }

    pub(in crate::shell) fn apis(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.apis.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    pub(in crate::shell) fn applications(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.applications.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// What may follow these words, by the server's own rules.
    pub(in crate::shell) fn words(&self, before: &[&str]) -> Words {
        let mut words = Words::default();
        for rule in &self.rules {
            let fits = rule.len() > before.len()
                && rule
                    .iter()
                    .zip(before)
                    .all(|(rule, word)| rule.starts_with("::") || rule.eq_ignore_ascii_case(word));
            let Some(next) = rule.get(before.len()).filter(|_| fits) else { continue };
            if let Some(list) = next.strip_prefix("::[") {
                words.fixed.extend(list.trim_end_matches(']').split(':').map(str::to_owned));
            } else if next.starts_with("::") {
                words.lists.push(next.clone());
            } else if !next.is_empty() {
                words.fixed.push(next.clone());
            }
        }
        for list in [&mut words.fixed, &mut words.lists] {
            list.sort();
            list.dedup();
        }
        words
    }
}

/// The rows of a `show ... as json`; none when the server refuses.
async fn rows(client: &Client, line: &str) -> Vec<Value> {
    let Ok(reply) = client.api(line).await else { return Vec::new() };
    match Rows::parse(&reply.text()) {
        Ok(table) => table.rows.into_iter().map(Value::Object).collect(),
        Err(err) => {
            // Completion offers less; nothing else is concluded from it.
            tracing::debug!(%err, line, "no table");
            Vec::new()
        }
    }
}

fn entries(rows: &[Value]) -> BTreeMap<String, Entry> {
    let named = rows.iter().map(|row| {
        let entry = Entry {
            about: text(row, "description"),
            syntax: text(row, "syntax"),
            module: text(row, "ikey"),
        };
        (text(row, "name").to_ascii_lowercase(), entry)
    });
    named.filter(|(name, _)| !name.is_empty()).collect()
}

fn rules(rows: &[Value]) -> Vec<Vec<String>> {
    let rule = |row: &Value| {
        let words = (1..=10).map(|column| text(row, &format!("a{column}")));
        words.take_while(|word| !word.is_empty()).collect()
    };
    rows.iter().map(rule).collect()
}

fn text(row: &Value, key: &str) -> String {
    row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[limited::test]
    fn words_follow_the_rules_of_the_server() {
        let row = |words: &[&str]| {
            let cell = |(at, word): (usize, &&str)| (format!("a{}", at + 1), json!(word));
            Value::Object(words.iter().enumerate().map(cell).collect())
        };
        let rows = [
            row(&["sofia", "profile", "::sofia::list_profiles", "rescan"]),
            row(&["sofia", "profile", "::sofia::list_profiles", "restart", ""]),
            row(&["sofia", "status"]),
            row(&["console", "colorize", "::[on:off:toggle"]),
        ];
        let catalog = Catalog { rules: rules(&rows), ..Catalog::default() };
        let fixed = |before: &[&str]| catalog.words(before).fixed;
        assert_eq!(fixed(&[]), ["console", "sofia"]);
        assert_eq!(fixed(&["sofia"]), ["profile", "status"]);
        assert_eq!(catalog.words(&["SOFIA", "profile"]).lists, ["::sofia::list_profiles"]);
        assert_eq!(fixed(&["sofia", "profile", "internal"]), ["rescan", "restart"]);
        assert_eq!(fixed(&["console", "colorize"]), ["off", "on", "toggle"]);
        assert_eq!(catalog.words(&["sofia", "status", "x"]), Words::default());
    }
}
