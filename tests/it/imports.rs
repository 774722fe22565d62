//! The import graph of `src`, file by file: who names what is defined where. A path through a
//! re-export leads to the file that defines the name.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::{code_lines, is_word, report, sources};

/// Files that name each other in a circle: at most this many.
const CIRCLE: usize = 3;

type Path = Vec<String>;

#[limited::test]
fn no_circle_of_files_is_large() {
    let graph = Graph::of(&sources());
    let circles = graph.circles().into_iter().filter(|files| files.len() > CIRCLE);
    let wrong: Vec<_> = circles
        .map(|files| format!("{} files in a circle: {}", files.len(), files.join(" ")))
        .collect();
    report(&wrong);
}

#[limited::test]
fn the_graph_sees_groups_renames_re_exports_and_inline_paths() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let graph = Graph::of(&[
        file("lib.rs", "mod a;\nmod b;\n"),
        file("a/mod.rs", "mod one;\nmod two;\npub use one::One;\n"),
        file("a/one.rs", "pub struct One;\npub fn helper() {}\n"),
        file("a/two.rs", "use super::{\n    one::helper as help,\n};\nfn f() { help() }\n"),
        file(
            "b.rs",
            "use crate::a::One;\nfn g(_: One) { crate::a::two::f() }\n// use crate::c::X;\n",
        ),
    ]);
    let edges = |from: &str| graph.edges.get(from).cloned().unwrap_or_default();
    assert_eq!(edges("a/two.rs"), BTreeSet::from(["a/one.rs".to_owned()]));
    assert_eq!(edges("b.rs"), ["a/one.rs", "a/two.rs"].map(str::to_owned).into());
    assert_eq!(graph.circles(), Vec::<Path>::new());
}

/// Which files a file names.
struct Graph {
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// One source: its module, what it defines at its top, and the names that it brings in.
#[derive(Default)]
struct Source {
    file: String,
    module: Path,
    code: String,
    defined: BTreeSet<String>,
    /// Names that `use` brings in, and whole modules (`*`).
    brought: BTreeMap<String, Path>,
    globs: Vec<Path>,
}

impl Graph {
    fn of(files: &[(String, String)]) -> Self {
        let sources: BTreeMap<Path, Source> = files
            .iter()
            .filter(|(name, _)| name != "main.rs" && !name.ends_with("tests.rs"))
            .map(|(name, text)| (module(name), Source::read(name, text)))
            .collect();
        let mut edges = BTreeMap::<String, BTreeSet<String>>::new();
        for source in sources.values() {
            for path in source.paths() {
                let path = source.absolute(&path, &sources);
                let Some(home) = path.and_then(|path| defining(&path, &sources, 0)) else {
                    continue;
                };
                if home.file != source.file {
                    edges.entry(source.file.clone()).or_default().insert(home.file.clone());
                }
            }
        }
        Self { edges }
    }

    /// Groups of files each of which reaches all others of its group.
    fn circles(&self) -> Vec<Vec<String>> {
        let reached: BTreeMap<_, _> =
            self.edges.keys().map(|file| (file, self.reached_from(file))).collect();
        let mut done = BTreeSet::new();
        let mut circles = Vec::new();
        for (file, others) in &reached {
            if !others.contains(*file) || done.contains(*file) {
                continue;
            }
            let circle: Vec<String> = others
                .iter()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(*file)))
                .cloned()
                .collect();
            done.extend(circle.iter().cloned());
            circles.push(circle);
        }
        circles
    }

    fn reached_from(&self, file: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut open = vec![file];
        while let Some(next) = open.pop() {
            for other in self.edges.get(next).into_iter().flatten() {
                if reached.insert(other.clone()) {
                    open.push(other);
                }
            }
        }
        reached
    }
}

impl Source {
    fn read(name: &str, text: &str) -> Self {
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code: Vec<&str> = code_lines(text).map(|(_, line)| line).collect();
        let code = code.join("\n");
        let defined = code.lines().filter_map(defined_name).map(str::to_owned).collect();
        let mut source =
            Self { file: name.to_owned(), module: module(name), code, defined, ..Self::default() };
        for (path, name) in source.uses() {
            match path.split_last() {
                Some((last, module)) if last == "*" => source.globs.push(module.to_vec()),
                _ => {
                    source.brought.insert(name, path);
                }
            }
        }
        source
    }

    /// Each `use` at the top of the file: the path, and the name that it gets.
    fn uses(&self) -> Vec<(Path, String)> {
        let starts = self.code.lines().scan(0, |at, line| {
            let start = *at;
            *at += line.len() + 1;
            Some((start, line))
        });
        let mut found = Vec::new();
        for (at, line) in starts {
            if let Some(skip) = use_keyword(line) {
                let statement = self.code.get(at + skip..).unwrap_or_default();
                let tree = statement.split(';').next().unwrap_or_default();
                expand(tree, &[], &mut found);
            }
        }
        found
    }

    /// Every path that the file names: those of its `use` lines, and those in its code that begin
    /// with a module.
    fn paths(&self) -> Vec<Path> {
        let mut paths: Vec<Path> = self.brought.values().cloned().collect();
        let mut rest = self.code.as_str();
        while let Some(at) = rest.find("::") {
            let before = rest.get(..at).unwrap_or_default();
            let start = before.rfind(|letter| !is_word(letter)).map_or(0, |found| found + 1);
            let mut path = vec![before.get(start..).unwrap_or_default().to_owned()];
            rest = rest.get(at..).unwrap_or_default();
            while let Some(tail) = rest.strip_prefix("::") {
                let end = tail.find(|letter| !is_word(letter)).unwrap_or(tail.len());
                path.push(tail.get(..end).unwrap_or_default().to_owned());
                rest = tail.get(end..).unwrap_or_default();
                if end == 0 {
                    break;
                }
            }
            paths.push(path);
        }
        paths
    }

    /// A path from the root of the crate; none for a path into another crate.
    fn absolute(&self, path: &[String], sources: &BTreeMap<Path, Self>) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module.split_last()?.1.to_vec(),
            name => {
                let mut child = self.module.clone();
                child.push(name.to_owned());
                if sources.contains_key(&child) {
                    child
                } else {
                    // A name from a `use` line counts there unless it is a module.
                    let brought =
                        self.brought.get(name).filter(|brought| brought.first() != path.first())?;
                    let module = self.absolute(brought, sources)?;
                    sources.contains_key(&module).then_some(module)?
                }
            }
        };
        for step in rest {
            if step == "super" {
                base.pop()?;
            } else {
                base.push(step.clone());
            }
        }
        Some(base)
    }
}

/// The source that defines the item of a path; none when the path ends at a module.
fn defining<'a>(
    path: &[String],
    sources: &'a BTreeMap<Path, Source>,
    depth: usize,
) -> Option<&'a Source> {
    let inside = (0..path.len())
        .rev()
        .find(|length| path.get(..*length).is_some_and(|module| sources.contains_key(module)))?;
    if sources.contains_key(path) || depth > 9 {
        return None;
    }
    let home = sources.get(path.get(..inside)?)?;
    let item = path.get(inside)?;
    if home.defined.contains(item) || item == "*" {
        return Some(home);
    }
    if let Some(brought) = home.brought.get(item) {
        return defining(&home.absolute(brought, sources)?, sources, depth + 1);
    }
    home.globs.iter().find_map(|glob| {
        let mut path = home.absolute(glob, sources)?;
        path.push(item.clone());
        defining(&path, sources, depth + 1)
    })
}

/// How many letters of a line come before the path of its `use`, if it is one.
fn use_keyword(line: &str) -> Option<usize> {
    let bare = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    bare.starts_with("use ").then(|| line.len() - bare.len() + 4)
}

/// The item that a line at the margin defines.
fn defined_name(line: &str) -> Option<&str> {
    const KINDS: [&str; 9] =
        ["fn", "struct", "enum", "trait", "const", "static", "type", "union", "macro_rules!"];
    let mut words = line.split([' ', '(', '<', ':', '=', '{', ';']).filter(|word| !word.is_empty());
    if line.starts_with([' ', '\t', '}', '#']) {
        return None;
    }
    let kind = words.by_ref().find(|word| KINDS.contains(word))?;
    let name = words.next()?;
    // `const fn name`
    if kind == "const" && name == "fn" { words.next() } else { Some(name) }
}

/// Writes out `a::{b, c::d as e}`.
fn expand(tree: &str, before: &[String], found: &mut Vec<(Path, String)>) {
    let tree = tree.trim();
    let (steps, group) = match tree.split_once('{') {
        Some((steps, group)) => (steps, group.rsplit_once('}').map(|(group, _)| group)),
        None => (tree, None),
    };
    let (steps, alias) =
        steps.split_once(" as ").map_or((steps, None), |(a, b)| (a, Some(b.trim())));
    let mut path = before.to_vec();
    path.extend(
        steps.split("::").map(str::trim).filter(|step| !step.is_empty()).map(str::to_owned),
    );
    let Some(group) = group else {
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = alias.map(str::to_owned).or_else(|| path.last().cloned());
        found.extend(name.map(|name| (path, name)));
        return;
    };
    let mut depth = 0;
    let parts = group.split(|letter| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 0
    });
    for part in parts.filter(|part| !part.trim().is_empty()) {
        expand(part, &path, found);
    }
}

fn module(name: &str) -> Path {
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() }
}
