//! What was typed, by switch: kept in files that parallel sessions share.
//!
//! # Invariants
//! A file is only ever appended to, under its lock, so that no session takes another's lines; what
//! is too long is cut when it is read, under the same lock. Only its owner may read one that is made
//! here; the mode of one that is there stays as it is. A link is not followed: its switch is
//! remembered until the end of the session only. No line that holds a secret is kept, and none that
//! starts with a space.

pub(in crate::shell) mod import;

use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, File};
use std::io;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use parking_lot::Mutex;

pub use import::fs_cli_history;

use crate::private;
use crate::shell::freeswitch::secrets::is_secret;

/// The lines of all switches; in memory only when there is no folder.
#[derive(Debug, Default)]
pub struct History {
    folder: Option<PathBuf>,
    books: Mutex<HashMap<String, Book>>,
}

/// One line that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, in seconds since 1970.
    pub at: i64,
    /// The line, or the lines of a paste.
    pub line: String,
}

/// The lines of one switch, no line twice, oldest first.
#[derive(Debug, Default)]
struct Book {
    entries: Vec<Entry>,
    /// How much of the file is in `entries`.
    read: u64,
}

impl History {
    /// A history in a folder, with a file a switch; without one it is forgotten in the end.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, books: Mutex::default() }
    }

    /// Keeps a line for a switch, unless it is not to be kept. Returns whether it was.
    ///
    /// # Errors
    /// When the file cannot be written; the line is in memory all the same.
    pub fn add(&self, switch: &str, line: &str) -> io::Result<bool> {
        let is_private = line.starts_with(' ') || line.lines().any(is_secret);
        if line.trim().is_empty() || is_private {
            return Ok(false);
        }
        let entry = Entry { at: Timestamp::now().as_second(), line: line.trim_end().to_owned() };
        let mut books = self.books.lock();
        let book = books.entry(switch.to_owned()).or_default();
        let written = self.file(switch).map_or(Ok(()), |path| book.append(&path, &entry));
        book.push(entry);
        written.map(|()| true)
    }

    /// Keeps a line until the end of the session only, unless it is not to be kept.
    pub fn remember(&self, switch: &str, line: &str) {
        if line.trim().is_empty() || line.starts_with(' ') {
            return;
        }
        let entry = Entry { at: Timestamp::now().as_second(), line: line.trim_end().to_owned() };
        self.books.lock().entry(switch.to_owned()).or_default().push(entry);
    }

    /// Puts lines before all others of a switch, but those that are known. Returns how many.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(super) fn put_before(&self, switch: &str, lines: Vec<String>) -> io::Result<usize> {
        let mut books = self.books.lock();
        let book = books.entry(switch.to_owned()).or_default();
        let mut file = self.file(switch).map(|path| open(&path)).transpose()?;
        if let Some(file) = &mut file {
            file.lock()?;
            book.take_in(file)?;
        }
        let known = book.entries.len();
        let mut entries: Vec<Entry> = lines.into_iter().map(|line| Entry { at: 0, line }).collect();
        entries.append(&mut book.entries);
        book.entries = latest(entries);
        if let Some(file) = &mut file {
            book.shorten(file)?;
        }
        Ok(book.entries.len().saturating_sub(known))
    }

    /// Whether a file holds lines of a switch.
    #[must_use]
    pub fn is_kept(&self, switch: &str) -> bool {
        self.file(switch).is_some_and(|path| path.exists())
    }

    /// Whether lines are kept in files at all.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.folder.is_some()
    }

    /// Reads what other sessions wrote since the last look.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn refresh(&self, switch: &str) -> io::Result<()> {
        let Some(path) = self.file(switch) else { return Ok(()) };
        self.books.lock().entry(switch.to_owned()).or_default().read(&path)
    }

    /// Looks at the lines of a switch, oldest first.
    pub fn with<T>(&self, switch: &str, look: impl FnOnce(&[Entry]) -> T) -> T {
        let books = self.books.lock();
        look(books.get(switch).map_or(&[], |book| &book.entries))
    }

    fn file(&self, switch: &str) -> Option<PathBuf> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let name: String = switch.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        // Two names never share a file, nor is one a way out of the folder.
        let name = if name == switch && !name.starts_with('.') {
            name
        } else {
            let sum = switch
                .bytes()
                .fold(5381_u32, |sum, byte| sum.wrapping_mul(33).wrapping_add(u32::from(byte)));
            format!("{}-{sum:08x}", name.trim_start_matches('.'))
        };
        Some(self.folder.as_ref()?.join(name))
    }
}

impl Book {
    fn push(&mut self, entry: Entry) {
        self.entries.retain(|known| known.line != entry.line);
        self.entries.push(entry);
        if self.entries.len() > MOST {
            self.entries.remove(0);
        }
    }

    /// Takes in what others appended, then appends an entry.
    fn append(&mut self, path: &Path, entry: &Entry) -> io::Result<()> {
        let mut file = open(path)?;
        file.lock()?;
        self.take_in(&mut file)?;
        if self.entries.last().is_some_and(|last| last.line == entry.line) {
            return Ok(());
        }
        let text = format!("{}\t{}\n", entry.at, escaped(&entry.line));
        file.write_all(text.as_bytes())?;
        self.read += text.len() as u64;
        Ok(())
    }

    fn read(&mut self, path: &Path) -> io::Result<()> {
        // One that is not there is not made by looking.
        let about = path.symlink_metadata();
        if about.map_or(true, |file| file.is_symlink() || file.len() == self.read) {
            return Ok(());
        }
        let mut file = open(path)?;
        file.lock()?;
        self.take_in(&mut file)
    }

    fn take_in(&mut self, file: &mut File) -> io::Result<()> {
        let length = file.metadata()?.len();
        if length < self.read {
            // Another session has shortened it: everything anew.
            *self = Self::default();
        }
        if length == self.read {
            return Ok(());
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.read))?;
        file.read_to_end(&mut bytes)?;
        self.read += bytes.len() as u64;
        let text = String::from_utf8_lossy(&bytes);
        self.entries.extend(text.lines().filter_map(parsed));
        self.entries = latest(std::mem::take(&mut self.entries));
        let lines = text.lines().count();
        if lines > 2 * MOST { self.shorten(file) } else { Ok(()) }
    }

    /// Writes the file anew, in place: others hold it open.
    fn shorten(&mut self, file: &mut File) -> io::Result<()> {
        let lines = self.entries.iter().map(|entry| {
            let line = escaped(&entry.line);
            format!("{}\t{line}\n", entry.at)
        });
        let text: String = lines.collect();
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        self.read = text.len() as u64;
        Ok(())
    }
}

/// Each line once, where it was typed last; not more than are kept.
fn latest(entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    let mut kept: Vec<Entry> = entries
        .into_iter()
        .rev()
        .filter(|entry| seen.insert(entry.line.clone()))
        .take(MOST)
        .collect();
    kept.reverse();
    kept
}

fn parsed(text: &str) -> Option<Entry> {
    let (at, line) = text.split_once('\t').unwrap_or(("0", text));
    let (mut plain, mut letters) = (String::with_capacity(line.len()), line.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            _ => plain.push(letter),
        }
    }
    (!plain.is_empty()).then(|| Entry { at: at.parse().unwrap_or(0), line: plain })
}

fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "")
}

/// Opens a file for reading and appending. A new one is for its owner only.
fn open(path: &Path) -> io::Result<File> {
    let mut directory = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        directory.recursive(true).create(parent)?;
    }
    private::append(path)
}

/// Lines kept of a switch.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(history: &History, switch: &str) -> Vec<String> {
        history.refresh(switch).unwrap();
        history.with(switch, |entries| entries.iter().map(|entry| entry.line.clone()).collect())
    }

    #[limited::test]
    fn sessions_keep_each_others_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.d");
        let (one, two) = (History::new(Some(path.clone())), History::new(Some(path.clone())));
        assert!(one.add("pbx1", "status").unwrap());
        assert!(two.add("pbx1", "calls").unwrap());
        assert!(one.add("pbx1", "two\nlines\\n").unwrap());
        assert!(two.add("pbx1", "status").unwrap());
        assert!(two.add("pbx2", "other").unwrap());
        for history in [&one, &two, &History::new(Some(path.clone()))] {
            assert_eq!(lines(history, "pbx1"), ["calls", "two\nlines\\n", "status"]);
            assert_eq!(lines(history, "pbx2"), ["other"]);
        }
        assert!(lines(&one, "../pbx1").is_empty());
        let names = std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().contains('/')));
    }

    #[cfg(unix)]
    #[limited::test]
    fn a_link_is_not_followed_and_no_mode_is_changed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (victim, own) = (folder.path().join("victim"), folder.path().join("pbx2"));
        for file in [&victim, &own] {
            std::fs::write(file, "0\tx\n").unwrap();
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        symlink(&victim, folder.path().join("pbx1")).unwrap();
        let history = History::new(Some(folder.path().to_owned()));
        assert!(lines(&history, "pbx1").is_empty());
        assert!(history.add("pbx1", "status").unwrap_err().to_string().contains("a link"));
        assert_eq!(lines(&history, "pbx1"), ["status"]);
        assert!(history.add("pbx2", "status").unwrap());
        assert_eq!(lines(&history, "pbx2"), ["x", "status"]);
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "0\tx\n");
        for file in [&victim, &own] {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        }
    }

    #[limited::test]
    fn what_is_private_is_not_kept() {
        let history = History::default();
        for line in [" status", "", "  ", "connect x -p secret", "calls\nconnect x -p secret"] {
            assert!(!history.add("pbx", line).unwrap(), "{line:?}");
        }
        assert!(history.with("pbx", <[Entry]>::is_empty));
    }

    #[limited::test]
    fn a_file_that_grows_too_long_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pbx");
        let text: String = (0..2 * MOST + 5).map(|n| format!("0\tline {n}\n")).collect();
        std::fs::write(&path, text).unwrap();
        let (one, two) = (
            History::new(Some(folder.path().to_owned())),
            History::new(Some(folder.path().to_owned())),
        );
        assert_eq!(lines(&one, "pbx").len(), MOST);
        assert_eq!(lines(&two, "pbx").last().unwrap(), &format!("line {}", 2 * MOST + 4));
        assert!(two.add("pbx", "more").unwrap());
        assert_eq!(lines(&one, "pbx").last().unwrap(), "more");
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), MOST + 1);
    }
}
