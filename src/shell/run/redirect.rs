//! Where the command of a line ends, and what happens to its answer.
//!
//! FreeSWITCH has its own `|` and `>`, in dial strings (`user/1|user/2`), in `cond` and `regex`.
//! So nothing inside quotes or brackets counts, a blank must stand in front, and in what goes to
//! the server word for word the other side must look right as well: behind ` | ` a program that is
//! there, behind ` > ` at the end of the line a file name with a slash or a dot that does not begin
//! with a digit. The same holds for ` > ` in a filter.

use std::path::{Path, PathBuf};

use crate::shell::commands::{grammar, table};
use crate::shell::freeswitch::server_command;
use crate::shell::text::words;

/// What a line says about its answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redirect<'a> {
    /// There is no answer: `! COMMAND` is nothing but a program.
    Program(&'a str),
    /// A command of the shell ends in this sign, with nothing behind it.
    Missing(&'static str),
    /// Where the answer goes, and whether `\G` makes it vertical.
    Answer { is_vertical: bool, sink: Sink<'a> },
}

/// Where an answer goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sink<'a> {
    /// Where all answers go.
    Answer,
    /// To a program: what follows `|`, for the operator's own shell.
    Pipe(&'a str),
    /// To a file.
    File {
        /// Its name.
        path: PathBuf,
        /// Behind what it holds already.
        is_appended: bool,
    },
}

/// Reads a line without blanks around it: where its command ends, and what becomes of the answer.
pub(super) fn read(line: &str) -> (usize, Redirect<'_>) {
    if let Some(program) = line.strip_prefix('!') {
        return (line.len(), Redirect::Program(program.trim()));
    }
    let whole = Redirect::Answer { is_vertical: false, sink: Sink::Answer };
    let (_, command) = words::split_host(line);
    let (verb, _) = words::first_word(command);
    if table::meta(verb).is_some_and(|meta| meta.keeps_redirects) {
        return (line.len(), whole);
    }
    let care = Care {
        is_verbatim: grammar::is_verbatim(command),
        has_filter: words::words(command).iter().any(|(_, word)| *word == "where"),
    };
    let cut = signs(line).find_map(|at| sink(line, at, care).map(|sink| (at, sink)));
    let (end, sink) = cut.map_or((line.len(), Sink::Answer), |(at, sink)| (at, sink));
    let command = line.get(..end).unwrap_or(line).trim_end();
    let vertical = command.strip_suffix("\\G").filter(|command| !command.is_empty());
    if vertical.is_none() && sink == Sink::Answer {
        return (line.len(), missing(line).map_or(whole, Redirect::Missing));
    }
    let is_vertical = vertical.is_some();
    (vertical.unwrap_or(command).len(), Redirect::Answer { is_vertical, sink })
}

/// The sign at the end of a command of the shell with nothing behind it.
fn missing(line: &str) -> Option<&'static str> {
    let is_own = || !grammar::is_verbatim(line) && grammar::is_verb(words::first_word(line).0);
    let sign = ["|", ">>", ">"].into_iter().find(|sign| line.ends_with(&format!(" {sign}")))?;
    (!belongs_to_server(line, line.len() - sign.len()) && is_own()).then_some(sign)
}

/// What the end of a line that is still typed belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::shell) enum Tail<'a> {
    /// The command.
    Command,
    /// What follows `|` or `!`, for the operator's own shell.
    Program(&'a str),
    /// What follows `>`: the name of a file.
    File(&'a str),
}

/// As [`read`], for a line in which the last word may be half typed: a program need not be there.
pub(in crate::shell) fn tail(line: &str) -> Tail<'_> {
    if let Some(program) = line.trim_start().strip_prefix('!') {
        return Tail::Program(program);
    }
    let command = words::split_host(line).1.trim_start();
    let (verb, rest) = words::first_word(command);
    let verb = match verb {
        "api" | "bgapi" => words::first_word(rest).0,
        verb => verb,
    };
    // These have their own signs, and a half typed program looks like them.
    let keeps_all = table::meta(verb).is_some_and(|meta| meta.keeps_redirects);
    if keeps_all || verb.eq_ignore_ascii_case("bridge") || server_command::facts(verb).has_signs {
        return Tail::Command;
    }
    let is_verbatim = grammar::is_verbatim(command);
    let has_filter = words::words(command).iter().any(|(_, word)| *word == "where");
    for at in signs(line) {
        let rest = line.get(at..).unwrap_or_default();
        if let Some(program) = rest.strip_prefix('|') {
            let is_apart = program.starts_with(char::is_whitespace);
            if !program.starts_with('|') && (is_apart || !is_verbatim && !program.is_empty()) {
                return Tail::Program(program);
            }
        } else {
            let name = rest.trim_start_matches('>');
            let is_apart = name.starts_with(char::is_whitespace);
            let name = name.trim_start();
            // First what ends at the next word: the rest of a long line is looked through once.
            if name.starts_with(['=', '>']) || name.contains(char::is_whitespace) {
                continue;
            }
            let looks_right = name.contains(['/', '.']);
            if if has_filter { looks_right } else { is_apart || !is_verbatim } {
                return Tail::File(name);
            }
        }
    }
    Tail::Command
}

/// How careful to be.
#[derive(Debug, Clone, Copy)]
struct Care {
    /// The command goes to the server as it is.
    is_verbatim: bool,
    /// The command has a filter, in which `>` compares.
    has_filter: bool,
}

/// The places of `|` and `>` behind a blank, outside quotes and brackets.
fn signs(line: &str) -> impl Iterator<Item = usize> {
    let (mut quote, mut depth, mut before) = (None, 0_i32, None);
    line.char_indices().filter_map(move |(at, letter)| {
        let is_behind_blank = before.replace(letter).is_some_and(char::is_whitespace);
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '|' | '>') if depth == 0 && is_behind_blank && !belongs_to_server(line, at) => {
                return Some(at);
            }
            (None, _) => {}
        }
        None
    })
}

/// Whether a sign is an argument of the server's command: what separates the columns of
/// `show .. as delim |`, and the first one of `regex TEXT | PATTERN`, which needs it.
fn belongs_to_server(line: &str, at: usize) -> bool {
    let before = line.get(..at).unwrap_or_default().trim_start_matches(['@', '/']);
    let mut words = before.split_whitespace();
    let is_verb = |word: &&str| !matches!(*word, "api" | "bgapi" | "expand");
    let is_regex =
        words.clone().find(is_verb).is_some_and(|verb| verb.eq_ignore_ascii_case("regex"));
    words.next_back().is_some_and(|word| word.eq_ignore_ascii_case("delim"))
        || is_regex && !before.contains('|')
}

fn sink(line: &str, at: usize, care: Care) -> Option<Sink<'_>> {
    let rest = line.get(at..)?;
    if let Some(program) = rest.strip_prefix('|') {
        let is_apart = program.starts_with(char::is_whitespace);
        let program = program.trim();
        let (first, _) = words::first_word(program);
        let is_fit = !care.is_verbatim || (is_apart && is_program(first));
        return (is_fit && !first.is_empty() && !first.starts_with('|'))
            .then_some(Sink::Pipe(program));
    }
    let is_appended = rest.starts_with(">>");
    let name = rest.trim_start_matches('>');
    let is_apart = name.starts_with(char::is_whitespace);
    let name = words::only_word(name)?;
    let name = name.trim_matches(['\'', '"']);
    let looks_right = name.contains(['/', '.']) && !name.starts_with(|x: char| x.is_ascii_digit());
    let is_fit = match care {
        Care { is_verbatim: true, .. } => is_apart && looks_right,
        Care { has_filter: true, .. } => looks_right,
        _ => !name.is_empty() && !name.starts_with(['=', '>']),
    };
    is_fit.then(|| Sink::File { path: expanded(name), is_appended })
}

/// Whether there is such a program: a path, a word of the shell, or a name found on `PATH`.
fn is_program(word: &str) -> bool {
    if let Some(rest) = word.strip_prefix("~/") {
        return std::env::home_dir().is_some_and(|home| home.join(rest).is_file());
    }
    if word.contains('/') {
        return word.starts_with(['/', '.']) && Path::new(word).is_file();
    }
    let is_named = word.starts_with(|first: char| first.is_ascii_alphabetic());
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let is_there = || std::env::split_paths(&paths).any(|folder| folder.join(word).is_file());
    is_named && (matches!(word, "while" | "read" | "for" | "if") || is_there())
}

/// `~/` is the operator's own folder.
fn expanded(name: &str) -> PathBuf {
    match (name.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(line: &str) -> String {
        let (end, redirect) = read(line);
        let (is_vertical, sink) = match redirect {
            Redirect::Program(program) => return format!("! {program}"),
            Redirect::Missing(sign) => return format!("{sign} and nothing"),
            Redirect::Answer { is_vertical, sink } => (is_vertical, sink),
        };
        let vertical = if is_vertical { " G" } else { "" };
        let sink = match sink {
            Sink::Answer if !is_vertical => return "-".to_owned(),
            Sink::Answer => String::new(),
            Sink::Pipe(program) => format!(" | {program}"),
            Sink::File { path, is_appended } => {
                format!(" {} {}", if is_appended { ">>" } else { ">" }, path.display())
            }
        };
        format!("[{}]{vertical}{sink}", line.split_at(end).0.trim_end())
    }

    #[limited::test]
    fn what_is_redirected() {
        for (line, expected) in [
            ("calls", "-"),
            ("calls | grep x", "[calls] | grep x"),
            ("calls |grep x", "[calls] | grep x"),
            ("calls | grep x | wc -l > f", "[calls] | grep x | wc -l > f"),
            ("calls > f", "[calls] > f"),
            ("calls >f", "[calls] > f"),
            ("calls >> 'my file'", "[calls] >> my file"),
            ("calls -o csv > out.csv", "[calls -o csv] > out.csv"),
            ("calls\\G", "[calls] G"),
            ("calls \\G", "[calls] G"),
            ("calls \\G | cat", "[calls] G | cat"),
            ("@all status -o raw | sort", "[@all status -o raw] | sort"),
            ("! ls -l | wc", "! ls -l | wc"),
            ("!ls", "! ls"),
            ("!", "! "),
            ("\\G", "-"),
            ("calls |", "| and nothing"),
            ("calls >>", ">> and nothing"),
            ("alias x calls | sort > f", "-"),
            // The server's own: a separator of columns, a pattern.
            ("show modules as delim |", "-"),
            ("show modules as delim >", "-"),
            ("@pbx show calls as delim |", "-"),
            ("show modules as delim | | sort", "[show modules as delim |] | sort"),
            ("show modules as delim | > ./f", "[show modules as delim |] > ./f"),
            ("show modules as delim , | sort", "[show modules as delim ,] | sort"),
            ("conference 3000 list delim |", "-"),
            ("regex abc | test", "-"),
            ("api regex abc | test", "-"),
            ("regex abc | test | sort", "[regex abc | test] | sort"),
            ("originate user/1|user/2 &park", "-"),
            ("cond 5 > 3 ? a : b", "-"),
        ] {
            assert_eq!(shape(line), expected, "{line}");
        }
    }

    #[limited::test]
    fn the_end_of_a_line_that_is_typed() {
        for (line, expected) in [
            ("calls | gr", Tail::Program(" gr")),
            ("calls | ", Tail::Program(" ")),
            ("calls |gr", Tail::Program("gr")),
            ("calls |", Tail::Command),
            ("sofia status | gr", Tail::Program(" gr")),
            ("@all calls | grep x | so", Tail::Program(" grep x | so")),
            ("! l", Tail::Program(" l")),
            ("calls > ", Tail::File("")),
            ("calls > /tm", Tail::File("/tm")),
            ("calls where age > 1", Tail::Command),
            ("calls where age > 1h > ./x", Tail::File("./x")),
            ("originate user/1000 | us", Tail::Command),
            ("api originate user/1000 | us", Tail::Command),
            ("cond 5 > 3", Tail::Command),
            ("calls where (a~x | b", Tail::Command),
            ("alias x calls | gr", Tail::Command),
        ] {
            assert_eq!(tail(line), expected, "{line}");
        }
    }

    #[limited::test]
    fn a_long_line_is_read_once() {
        // 300 KB: looked through at each sign, that would be 30,000,000,000 steps and more.
        for part in ["> ", "| ", ">x ", " > a"] {
            let line = format!("calls {}", part.repeat(300_000 / part.len()));
            let _read = (read(&line), tail(&line));
        }
    }

    #[limited::test]
    fn filters_compare() {
        for (line, expected) in [
            ("calls where age > 1h", "-"),
            ("calls where age >1h", "-"),
            ("calls where age > 1h > old.txt", "[calls where age > 1h] > old.txt"),
            ("calls where age > 1h | wc -l", "[calls where age > 1h] | wc -l"),
            ("calls where from~/a|b/", "-"),
            ("calls where (from~x | y)", "-"),
            ("calls where from='a | b'", "-"),
            ("calls where own || from~x", "-"),
        ] {
            assert_eq!(shape(line), expected, "{line}");
        }
    }

    #[limited::test]
    fn the_switchs_own_signs_are_left_alone() {
        for line in [
            "originate user/1000|user/1001 &park",
            "originate {a='x | y'}user/1000 | user/1001 &park",
            "originate user/1000 | user/1001 &park",
            "bgapi originate user/1,user/2|user/3 &park",
            "api cond 5 > 3 ? yes : no",
            "cond 5 > 3 ? yes : no",
            "expr 5 > 3.2",
            "regex abc|a(b)|%1",
            "regex abc | ^a",
            "eval ${x > y}",
            "api eval x > 3",
            "show channels like a|b",
            "uuid_display x O'Brien | cat",
        ] {
            assert_eq!(shape(line), "-", "{line}");
        }
        for (line, expected) in [
            ("show registrations | sort", "[show registrations] | sort"),
            ("sofia status > /tmp/x", "[sofia status] > /tmp/x"),
            ("sofia status >> ./x", "[sofia status] >> ./x"),
            ("sofia status > x.txt", "[sofia status] > x.txt"),
            ("api uuid_dump 1 | sort | head -3", "[api uuid_dump 1] | sort | head -3"),
        ] {
            assert_eq!(shape(line), expected, "{line}");
        }
    }
}
