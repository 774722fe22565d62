//! What to do about a server command that failed: what was probably meant, from the names that exist.

use serde_json::Value;

use super::call_name::LAST;
use crate::client::Client;
use crate::shell::session::console_complete::candidates;
use crate::shell::session::switch::Switch;
use crate::shell::text::error::{CommandError, GONE, Kind};
use crate::shell::text::{sanitise, suggest};

/// What a failed line got wrong.
#[derive(Debug, PartialEq, Eq)]
enum Mistake<'a> {
    Command(&'a str),
    Profile(&'a str),
    Gateway(&'a str),
    User(&'a str),
    Conference(&'a str),
    Module(&'a str),
    Session(&'a str),
}

/// Adds to the error of a server command what to type instead. It asks the server for the names
/// that it has; what it does not list is left out.
pub(in crate::shell) async fn advise(
    verbs: &[String],
    switch: &Switch,
    line: &str,
    err: CommandError,
) -> CommandError {
    if line.trim_start().starts_with("sofia status") && err.message.starts_with("Invalid Syntax") {
        return err.hint(
            "\"profiles\", \"gateways\" and \"registrations\" show it as tables, also -o json",
        );
    }
    if let Some((word, known)) = listed(line, &err.message) {
        return err.meant(word, known.iter().map(String::as_str), "");
    }
    let Some(wrong) = wrong(line, &err.message).filter(|_| err.kind == Kind::Refused) else {
        return err;
    };
    let client = switch.client();
    match wrong {
        Mistake::Command(word) => unknown_command(verbs, switch, word, err).await,
        Mistake::Profile(word) => {
            let names = candidates(client, "sofia status profile ").await;
            suggest(err, word, &names, "\"profiles\" lists those that run")
        }
        Mistake::Gateway(word) => {
            let names = candidates(client, "sofia status gateway ").await;
            suggest(err, word, &names, "the server has no gateway: \"gateways\" lists them")
        }
        Mistake::Conference(word) => {
            let names = conferences(client).await;
            suggest(err, word, &names, "no conference is running: \"conferences\" lists them")
        }
        Mistake::User(word) => user(client, word, err).await,
        Mistake::Module(word) => module(client, line, word, err).await,
        Mistake::Session(word) => session(switch, word, err).await,
    }
}

/// As [`advise`], for a table of the server: what its usage lists needs no question.
pub(super) fn advise_table(line: &str, err: CommandError) -> CommandError {
    match listed(line, &err.message) {
        Some((word, known)) => err.meant(word, known.iter().map(String::as_str), ""),
        None => err,
    }
}

/// The first argument of a line, when the usage that the server answers lists other ones:
/// `-USAGE: codec|calls [count]|channels [count|like <match string>]`.
fn listed<'a>(line: &'a str, text: &str) -> Option<(&'a str, Vec<String>)> {
    let usage = text.strip_prefix("-USAGE:")?.lines().next()?;
    let mut words = line.split_whitespace();
    let (verb, word) = (words.next()?, words.next()?);
    let (mut known, mut depth) = (vec![String::new()], 0_i32);
    for letter in usage.chars() {
        depth += i32::from(matches!(letter, '<' | '[' | '('));
        depth -= i32::from(matches!(letter, '>' | ']' | ')'));
        match known.last_mut() {
            Some(last) if letter != '|' || depth > 0 => last.push(letter),
            _ => known.push(String::new()),
        }
    }
    let first = |choice: &String| choice.split_whitespace().next().map(str::to_owned);
    let mut known: Vec<String> = known.iter().filter_map(first).collect();
    if verb.eq_ignore_ascii_case("show") {
        // Its usage leaves them out.
        known.push("registrations".to_owned());
    }
    let is_list = known.len() > 2 && known.iter().all(|name| !name.starts_with(['<', '[']));
    (is_list && !known.iter().any(|name| name == word)).then_some((word, known))
}

/// What went wrong, by the server's words, and the name in the line that it is about.
fn wrong<'a>(line: &'a str, text: &str) -> Option<Mistake<'a>> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let words: Vec<&str> = line.split_whitespace().collect();
    let behind = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(&word.to_ascii_lowercase().as_str()));
        words.get(at? + 1).copied()
    };
    if text.ends_with("Command not found!") {
        return words.first().copied().map(Mistake::Command);
    }
    if has(&[
        "nvalid Gateway",
        "nvalid gateway",
        "no such gateway",
        "INVALID_GATEWAY",
        "no gateway",
    ]) {
        let named = within(line, "sofia/gateway/");
        let verbs = ["gateway", "killgw", "startgw", "register", "unregister"];
        return named.or_else(|| behind(&verbs)).map(Mistake::Gateway);
    }
    if has(&["Invalid Profile", "INVALID_PROFILE", "Failure starting"]) {
        return within(line, "sofia/").or_else(|| behind(&["profile"])).map(Mistake::Profile);
    }
    if has(&["SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED", "user_not_registered"]) {
        let name = |word: &'a str| word.rsplit('/').next().and_then(|word| word.split('@').next());
        let contact = || behind(&["sofia_contact"]).and_then(name);
        return within(line, "user/").or_else(contact).map(Mistake::User);
    }
    if text.contains("Conference ") && text.contains(" not found") {
        return behind(&["conference"]).map(Mistake::Conference);
    }
    let verb = words.first().copied().unwrap_or_default();
    if ["load", "unload", "reload"].iter().any(|one| verb.eq_ignore_ascii_case(one)) {
        return words.iter().skip(1).find(|word| **word != "-f").copied().map(Mistake::Module);
    }
    // Some say why not, others only that.
    let is_gone = text == "-ERROR"
        || has(&["No such", "locate session", "nvalid uuid", "no session", "Operation failed"]);
    let mut rest = words.into_iter().skip(1);
    let uuid = rest.find(|word| !matches!(*word, "off" | "toggle") && !word.starts_with('+'));
    uuid.filter(|_| is_gone).map(Mistake::Session)
}

/// The name behind a part of a dial string: `gateway` in `sofia/gateway/NAME/1000`.
fn within<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(prefix)?;
    rest.split(|c: char| "/@,|: ]".contains(c)).next().filter(|name| !name.is_empty())
}

fn suggest(err: CommandError, word: &str, names: &[String], none: &str) -> CommandError {
    match suggest::nearest(word, names.iter().map(String::as_str)) {
        Some(near) if near != word => err.hint(format!("did you mean {}?", sanitise::line(near))),
        _ if names.is_empty() => err.hint(none),
        _ => {
            let listed: Vec<_> = names.iter().take(MOST).map(|name| sanitise::line(name)).collect();
            let more = if names.len() > MOST { ", ..." } else { "" };
            err.hint(format!("there are: {}{more}", listed.join(", ")))
        }
    }
}

/// Names listed at most.
const MOST: usize = 12;

/// FreeSWITCH says the same of an unknown command and of one that failed without a word.
async fn unknown_command(
    verbs: &[String],
    switch: &Switch,
    word: &str,
    mut err: CommandError,
) -> CommandError {
    let catalog = switch.learnt().await;
    if catalog.is_empty() {
        // It does not list its commands; ours are known.
        return err.meant(word, verbs.iter().map(String::as_str), "");
    }
    err.hints.clear();
    if let Some(entry) = catalog.api(word) {
        let form = format!("{word} {}", sanitise::line(&entry.syntax));
        return err.hint(format!(
            "the server has that command, but it failed without a reason; its form is: {}",
            form.trim_end()
        ));
    }
    let known = verbs.iter().map(String::as_str).chain(catalog.apis().map(|(name, _)| name));
    match suggest::nearest(word, known) {
        Some(near) => err.hint(format!("did you mean {}?", sanitise::line(near))),
        None => err.hint(format!(
            "neither the shell nor the server has that command, or its module is not loaded: \
             \"apropos {}\" looks for it",
            sanitise::line(word)
        )),
    }
}

async fn user(client: &Client, word: &str, err: CommandError) -> CommandError {
    let Ok(text) = client.cmd("list_users").await else { return err };
    let rows = text.lines().skip(1).filter_map(|row| row.split_once('|'));
    let mut names: Vec<String> = rows.map(|(name, _)| name.to_owned()).collect();
    names.dedup();
    if names.iter().any(|name| name == word) {
        return err.hint(format!(
            "user {word} exists, but no phone is registered for it: \"registrations\" lists who is, \
             \"doctor originate user/{word}\" looks closer"
        ));
    }
    suggest(err, word, &names, "the directory has no such user: \"api list_users\" lists them")
}

async fn conferences(client: &Client) -> Vec<String> {
    let text = client.cmd("conference json_list").await.unwrap_or_default();
    let Ok(Value::Array(rooms)) = serde_json::from_str(&text) else { return Vec::new() };
    let name = |room: &Value| Some(room.get("conference_name")?.as_str()?.to_owned());
    rooms.iter().filter_map(name).collect()
}

/// A module that did not come or go, or only half the way: how it stands now.
async fn module(client: &Client, line: &str, word: &str, err: CommandError) -> CommandError {
    let shown = sanitise::line(word).into_owned();
    let err = match client.cmd(&format!("module_exists {word}")).await.as_deref() {
        Ok("true") => err.hint(format!("{shown} is loaded now")),
        Ok("false") => err.hint(format!("{shown} is not loaded now")),
        _ => err,
    };
    let verb = line.split_whitespace().next().unwrap_or("load");
    let names = candidates(client, &format!("{verb} mod_")).await;
    match suggest::nearest(word, names.iter().map(String::as_str)) {
        Some(near) if near != word => err.hint(format!("did you mean {}?", sanitise::line(near))),
        _ => err.hint("the server's log says why: \"log err\", then try again"),
    }
}

/// The server takes whole uuids; the shell's own commands take a part of one.
async fn session(switch: &Switch, word: &str, err: CommandError) -> CommandError {
    let ids: Vec<String> = switch.listener().with(|tracker| {
        let ids = tracker.sessions().map(|session| session.id.as_str().to_owned());
        ids.filter(|id| id.starts_with(word)).take(2).collect()
    });
    if word.eq_ignore_ascii_case(LAST) {
        return err.hint(
            "\"last\" is a word of this shell: its own commands take it, as \"getvar last NAME\" or \
             \"dump last\"",
        );
    }
    match ids.as_slice() {
        [id] if id != word => err.hint(format!("the server takes whole uuids: did you mean {id}?")),
        _ if err.hints.is_empty() => {
            let exists = switch.client().cmd(&format!("uuid_exists {word}")).await;
            if exists.is_ok_and(|exists| exists == "false") { err.hint(GONE) } else { err }
        }
        _ => err,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_usage_lists_what_may_have_been_meant() {
        let usage =
            "-USAGE: codec|calls [count]|channels [count|like <match string>]|calls|modules";
        for (line, expected) in [
            ("show chanels", Some("channels")),
            ("show registratoins", Some("registrations")),
            ("SHOW modules", None),
            ("show", None),
        ] {
            let found = listed(line, usage);
            let near = found
                .as_ref()
                .and_then(|(word, known)| suggest::nearest(word, known.iter().map(String::as_str)));
            assert_eq!(near, expected, "{line}");
        }
        assert_eq!(listed("uuid_kill", "-USAGE: <uuid> [cause]"), None);
        assert_eq!(listed("uuid_hold x", "-USAGE: [off|toggle] <uuid> [<display>]"), None);
    }

    #[limited::test]
    fn the_name_that_was_wrong() {
        for (line, text, expected) in [
            ("uuid_kil x", "-ERR uuid_kil Command not found!", Mistake::Command("uuid_kil")),
            ("sofia status profile externl", "Invalid Profile!", Mistake::Profile("externl")),
            ("sofia profile a b", "Invalid Profile [a]", Mistake::Profile("a")),
            (
                "sofia profile a start",
                "Reload XML [Success]\nFailure starting a",
                Mistake::Profile("a"),
            ),
            ("sofia status gateway g", "Invalid Gateway!", Mistake::Gateway("g")),
            ("sofia profile p killgw g", "-ERR no such gateway.", Mistake::Gateway("g")),
            ("sofia profile p startgw g", "there is no gateway g", Mistake::Gateway("g")),
            (
                "originate {a=b}sofia/gateway/g/1 &park",
                "-ERR INVALID_GATEWAY",
                Mistake::Gateway("g"),
            ),
            ("originate {a=b}sofia/p/1@h &park", "-ERR INVALID_PROFILE", Mistake::Profile("p")),
            ("originate user/1@h &park", "-ERR SUBSCRIBER_ABSENT", Mistake::User("1")),
            ("sofia_contact internal/1@h", "error/user_not_registered", Mistake::User("1")),
            ("conference c list", "-ERR Conference c not found", Mistake::Conference("c")),
            ("reload -f mod_x", "+OK Reloading XML\n-ERR unloading", Mistake::Module("mod_x")),
            ("uuid_answer a", "-ERROR", Mistake::Session("a")),
            ("uuid_kill a", "-ERR No such channel!", Mistake::Session("a")),
            ("uuid_hold off a", "there is no session a", Mistake::Session("a")),
            ("sched_hangup +10 a", "-ERR No such channel!", Mistake::Session("a")),
        ] {
            assert_eq!(wrong(line, text), Some(expected), "{line}");
        }
        assert_eq!(wrong("uuid_kill", "-USAGE: <uuid> [cause]"), None);
    }
}
