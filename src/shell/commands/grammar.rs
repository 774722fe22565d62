//! From a line to a command and its arguments.

use std::sync::LazyLock;

use clap::{ArgAction, CommandFactory as _, Parser as _};

use super::table;
use super::table::Line;
#[cfg(feature = "cli")]
use super::topics;
use super::verbs;
use crate::client::is_dial_string;
use crate::shell::text::error::CommandError;
use crate::shell::text::words::{first_word, quoted_word, shell_word, words};
use crate::time_span;

/// What a line is.
#[derive(Debug)]
pub(in crate::shell) enum Parsed {
    /// A built-in command.
    Builtin(Box<Line>),
    /// `--help` was asked for: the text.
    Help(String),
    /// Anything else: for the server, word for word.
    Api(String),
}

/// Reads a line. The first word decides; the tail of raw verbs is kept as it is.
pub(in crate::shell) fn parse(line: &str) -> Result<Parsed, CommandError> {
    let (verb, rest) = first_word(line);
    let grammar = grammar();
    // In any case, as FreeSWITCH takes its own: `HUPALL` must not become the server's.
    let Some(command) = grammar.find_subcommand(verb.to_ascii_lowercase()) else {
        return Ok(Parsed::Api(line.to_owned()));
    };
    let verb = command.get_name().to_owned();
    let mut words = split_around_tail(command, &verb, rest)?;
    words.insert(0, verb.clone());
    match Line::try_parse_from(words) {
        Ok(line) => Ok(Parsed::Builtin(Box::new(line))),
        Err(err) if !err.use_stderr() => Ok(Parsed::Help(err.render().to_string())),
        Err(err) => {
            let text = err.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let text = text.split("\n\nFor more information").next().unwrap_or(text);
            let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
            Err(CommandError::usage(lines.join("\n")).hint(format!("\"help {verb}\" explains")))
        }
    }
}

fn split_around_tail(
    command: &clap::Command,
    verb: &str,
    rest: &str,
) -> Result<Vec<String>, CommandError> {
    if let Some(before) = table::meta(verb).and_then(|meta| meta.words_before_tail) {
        let (mut words, mut tail) = options(command, rest)?;
        let mut named = Vec::new();
        for _ in 0..before {
            let Some(text) = tail else { break };
            let (word, rest) = quoted_word(text)?;
            named.push(word);
            let (more, rest) = options(command, rest)?;
            words.extend(more);
            tail = rest;
        }
        if !named.is_empty() {
            // A path or a dial string has no such words: they are options in the wrong place.
            if matches!(verb, "play" | "bridge")
                && let Some(tail) = tail
            {
                refuse_late_options(command, tail, if verb == "play" { "path" } else { DIAL })?;
            }
            words.push("--".to_owned());
            words.extend(named);
            words.extend(tail.map(|tail| tail.trim_end().to_owned()));
            return Ok(words);
        }
        if let Some(tail) = tail.filter(|tail| is_raw(verb, tail)) {
            if verb == "originate" {
                refuse_late_options(command, tail, DIAL)?;
            }
            words.extend(["--".to_owned(), tail.trim_end().to_owned()]);
            return Ok(words);
        }
    }
    if verb == "transfer" {
        return Ok(split(rest)?.into_iter().map(in_our_words).collect());
    }
    let takes_filter = command.get_arguments().any(|arg| arg.get_long() == Some("where"));
    if takes_filter && let Some((before, filter, after)) = split_filter(rest) {
        let mut words = split(before)?;
        words.push(format!("--where={filter}"));
        words.extend(split(after)?);
        return Ok(words);
    }
    Ok(values_beside_options(command, split(rest)?))
}

/// Moves an option whose value is a number of seconds and may be left out behind the other words, where what
/// follows it is not one: in `originate --wait 9196@HOST` the target is not the time.
fn values_beside_options(command: &clap::Command, words: Vec<String>) -> Vec<String> {
    let may_stand_alone = |word: &str| {
        command.get_arguments().any(|arg| {
            arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long))
                && arg.get_num_args().is_some_and(|range| range.min_values() == 0)
                && arg
                    .get_value_names()
                    .is_some_and(|names| names.iter().any(|name| name == "SECS"))
        })
    };
    let is_number = |word: &String| time_span::parse_in(word, time_span::SECOND).is_some();
    let (mut kept, mut last) = (Vec::with_capacity(words.len()), Vec::new());
    let mut rest = words.into_iter().peekable();
    while let Some(word) = rest.next() {
        let is_alone = may_stand_alone(&word) && !rest.peek().is_some_and(is_number);
        if is_alone { last.push(word) } else { kept.push(word) }
    }
    kept.extend(last);
    kept
}

/// The leg of a `uuid_transfer` in our words: it has one dash there.
fn in_our_words(word: String) -> String {
    match word.to_ascii_lowercase().as_str() {
        "-both" => "--leg=both".to_owned(),
        "-bleg" => "--leg=b".to_owned(),
        "-aleg" => "--leg=a".to_owned(),
        _ => word,
    }
}

/// Takes `where FILTER` out of a line: what stands before it, the filter as it was typed, and the
/// options behind it. Quotes and signs mean something else in a filter.
fn split_filter(rest: &str) -> Option<(&str, &str, &str)> {
    let words = words(rest);
    let at = words.iter().position(|(_, word)| word.eq_ignore_ascii_case("where"))?;
    let (start, word) = words.get(at)?;
    let is_option = |word: &str| {
        let name = word.trim_start_matches('-');
        name.len() < word.len() && name.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    let end = words.iter().skip(at + 1).find(|(_, word)| is_option(word));
    let end = end.map_or(rest.len(), |(end, _)| *end);
    Some((rest.get(..*start)?, rest.get(start + word.len()..end)?.trim(), rest.get(end..)?))
}

const DIAL: &str = "dial string";

/// Our own options after what goes out word for word would go to the server as part of it.
fn refuse_late_options(
    command: &clap::Command,
    tail: &str,
    what: &str,
) -> Result<(), CommandError> {
    let is_option = |word: &&str| {
        let name = word.strip_prefix("--").map(|name| name.split('=').next().unwrap_or(name));
        name.is_some_and(|name| command.get_arguments().any(|arg| arg.get_long() == Some(name)))
    };
    match tail.split_whitespace().find(is_option) {
        Some(option) => {
            let message =
                format!("{option} must come before the {what}, which is sent word for word");
            let verb = command.get_name();
            Err(CommandError::usage(message).hint(format!("type \"{verb} {option} ...\"")))
        }
        None => Ok(()),
    }
}

/// Whether this tail goes to the server as it is.
fn is_raw(verb: &str, tail: &str) -> bool {
    match verb {
        "originate" => is_dial_string(tail),
        "doctor" => first_word(tail).0 == "originate",
        _ => true,
    }
}

/// Whether this command goes to the server word for word, all of it or its tail.
pub(in crate::shell) fn is_verbatim(line: &str) -> bool {
    let (verb, rest) = first_word(line);
    let verb = verb.to_ascii_lowercase();
    let grammar = grammar();
    let Some(command) = grammar.find_subcommand(&verb) else { return true };
    let verb = command.get_name();
    let tail = || options(command, rest).ok().and_then(|(_, tail)| tail);
    let known = table::meta(verb).and_then(|meta| meta.words_before_tail);
    known.is_some_and(|before| before > 0 || tail().is_some_and(|tail| is_raw(verb, tail)))
}

/// Whether a command of ours has a quote that is not closed, in a place where quotes are ours.
pub(in crate::shell) fn has_open_quote(line: &str) -> bool {
    let (verb, rest) = first_word(line);
    is_verb(verb) && !is_verbatim(line) && split(rest).is_err()
}

/// Whether a word is a command of ours.
pub(in crate::shell) fn is_verb(word: &str) -> bool {
    grammar().find_subcommand(word.to_ascii_lowercase()).is_some()
}

/// The names of all built-in commands.
pub(in crate::shell) fn verbs() -> Vec<String> {
    verbs::names(grammar())
}

/// Takes options off the front of a tail: the words for clap, and what is left, untouched.
fn options<'a>(
    command: &clap::Command,
    mut rest: &'a str,
) -> Result<(Vec<String>, Option<&'a str>), CommandError> {
    let mut words = Vec::new();
    loop {
        rest = rest.trim_start();
        if !rest.starts_with('-') {
            return Ok((words, Some(rest).filter(|rest| !rest.is_empty())));
        }
        let (word, tail) = first_word(rest);
        if word == "--" {
            return Ok((words, Some(tail.trim_start())));
        }
        words.push(word.to_owned());
        rest = tail;
        let argument = command.get_arguments().find(|arg| {
            arg.get_long().is_some_and(|long| word == format!("--{long}"))
                || arg.get_short().is_some_and(|short| word == format!("-{short}"))
        });
        let Some(argument) = argument else { continue };
        if !matches!(argument.get_action(), ArgAction::Set | ArgAction::Append) {
            continue;
        }
        let is_optional = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
        // As after any other target: `--var "a=say \"x\""`, `--var a='b c'`.
        let (value, tail) = shell_word(rest)?;
        let looks_right = time_span::parse_in(&value, time_span::SECOND).is_some();
        if !is_optional || looks_right {
            words.push(value);
            rest = tail;
        }
    }
}

/// Splits the arguments of our own verbs as a shell would.
fn split(mut rest: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    while !rest.trim_start().is_empty() {
        let (word, tail) = shell_word(rest)?;
        words.push(word);
        rest = tail;
    }
    Ok(words)
}

/// The grammar of one command, for help and completion.
pub(in crate::shell) fn command(verb: &str) -> Option<clap::Command> {
    verbs::find(grammar(), verb)
}

/// If the shell itself can explain a command or topic, without a server.
#[cfg(feature = "cli")]
pub(crate) fn is_own(word: &str) -> bool {
    topics::names().any(|topic| topic.eq_ignore_ascii_case(word)) || is_command(word)
}

/// Whether a word is a command of the shell.
#[cfg(feature = "cli")]
pub(crate) fn is_command(word: &str) -> bool {
    command(word).is_some()
}

/// The names of all built-in commands, and what each is about.
pub(in crate::shell) fn abouts() -> Vec<(String, String)> {
    let about = |command: &clap::Command| {
        let about = command.get_about().map(ToString::to_string);
        (command.get_name().to_owned(), about.unwrap_or_default())
    };
    grammar().get_subcommands().map(about).collect()
}

/// The whole grammar, with the options that all commands share in each of them. It is made once:
/// hints ask for it at every key.
pub(in crate::shell) fn grammar() -> &'static clap::Command {
    static GRAMMAR: LazyLock<clap::Command> = LazyLock::new(|| {
        let mut grammar = Line::command();
        grammar.build();
        grammar
    });
    &GRAMMAR
}

#[cfg(test)]
mod tests {
    use super::super::table::Command;
    use super::*;

    #[limited::test]
    fn words_are_read_as_a_shell_reads_them() {
        for (text, words) in [
            ("", &[][..]),
            ("  a  b\tc ", &["a", "b", "c"]),
            ("tone='%(500, 500)' x", &["tone=%(500, 500)", "x"]),
            (r#"a="b c"d 'e "f"' "g 'h'" "#, &["a=b cd", r#"e "f""#, "g 'h'"]),
            (r"a\ b c\'d", &["a b", "c'd"]),
            ("'' x", &["", "x"]),
            ("#1 12# '#3 4#' a=\"5#\"", &["#1", "12#", "#3 4#", "a=5#"]),
            ("ä='ö ü' 'ß'", &["ä=ö ü", "ß"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        for open in ["a 'b", "\"", "x='y z"] {
            assert_eq!(split(open).unwrap_err().message, "a quote is not closed", "{open}");
        }
    }

    #[limited::test]
    fn tails_are_not_touched() {
        for (line, tail) in [
            (
                "api originate {a='Joe Smith',b=O'Brien}user/1 &park",
                "originate {a='Joe Smith',b=O'Brien}user/1 &park",
            ),
            ("api --timeout 5 sofia status # x", "sofia status # x"),
            ("api -- -x y", "-x y"),
            ("bgapi --wait 5 status", "status"),
            ("bgapi --wait status", "status"),
            ("bgapi --wait 1m30s status", "status"),
            ("originate --wait 1m user/1000 &park", "user/1000 &park"),
            ("originate --wait user/1000 &park", "user/1000 &park"),
            (
                "originate --wait 10 --app 'Tone Play' {a='x y'}user/1000 &park",
                "{a='x y'}user/1000 &park",
            ),
            (
                r#"originate --var "a=say \"x\"" --var b='c d' {a='x y'}user/1000 &park"#,
                "{a='x y'}user/1000 &park",
            ),
            ("execute --wait --timeout 3 last set a='b c'  d", "a='b c'  d"),
            ("execute last --wait 5 set a=b --x", "a=b --x"),
            ("play last --leg b say::en 'x y'", "say::en 'x y'"),
            (
                "originate sofia/external/1@h 9196 XML default",
                "sofia/external/1@h 9196 XML default",
            ),
        ] {
            let Parsed::Builtin(parsed) = parse(line).unwrap() else { panic!("{line}") };
            let found = match parsed.command {
                Command::Api(args) => args.tail().to_owned(),
                Command::Bgapi(args) => args.tail().to_owned(),
                Command::Originate(args) => args.target().to_owned(),
                Command::Execute(args) => args.tail().to_owned(),
                Command::Play(args) => args.tail().to_owned(),
                other => panic!("{other:?}"),
            };
            assert_eq!(found, tail, "{line}");
        }
    }

    #[limited::test]
    fn what_is_no_verb_goes_to_the_server_as_it_is() {
        for line in ["not a real command", "sofia status", "uuid_kill 'x"] {
            let Parsed::Api(text) = parse(line).unwrap() else { panic!("{line}") };
            assert_eq!(text, line);
        }
    }

    #[limited::test]
    fn the_seeds_form_of_originate_has_options_behind_it() {
        let line = "originate 9196@h:5080 --app TonePlay --proxy p:5060 --exten 9197 --wait";
        let Parsed::Builtin(parsed) = parse(line).unwrap() else { panic!() };
        let Command::Originate(args) = parsed.command else { panic!() };
        assert_eq!(args.target(), "9196@h:5080");
    }

    #[limited::test]
    fn a_target_is_not_the_value_of_an_option_before_it() {
        for line in [
            "originate --wait 9196@127.0.0.1:5080",
            "originate --wait --app TonePlay 9196@127.0.0.1:5080",
            "originate 9196@127.0.0.1:5080 --wait",
            "originate --wait 5 9196@127.0.0.1:5080",
        ] {
            let Parsed::Builtin(parsed) = parse(line).unwrap() else { panic!("{line}") };
            let Command::Originate(args) = parsed.command else { panic!("{line}") };
            assert_eq!(args.target(), "9196@127.0.0.1:5080", "{line}");
        }
    }

    #[limited::test]
    fn mistakes_are_reported() {
        assert!(matches!(parse("calls --help").unwrap(), Parsed::Help(_)));
        assert!(parse("calls --nosuch").unwrap_err().message.contains("--nosuch"));
        assert!(parse("hangup 'x").is_err());
        assert!(parse("use").is_err());
        assert!(matches!(parse("HupAll").unwrap(), Parsed::Builtin(_)));
        let late = parse("originate user/1000 &park --wait 5").unwrap_err();
        assert!(late.message.starts_with("--wait must come before"), "{late:?}");
        for line in [
            "play last tone_stream://%(100,0,440) --leg both",
            "play last x.wav --timeout=5",
            "play last --stop x.wav",
            "bridge 1000 user/1001 --timeout 5",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("play --leg both last {a=--leg}x.wav").is_ok());
        assert!(parse("originate user/1000 &playback(a--b) --nosuch").is_ok());
    }
}
