//! The history that fs_cli keeps, read.

use std::path::PathBuf;

/// Where fs_cli keeps it.
#[must_use]
pub fn fs_cli_history() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from)?;
    Some(home.join(".fs_cli_history"))
}

/// The lines of libedit's file, where a space is `\040`, or of a plain one.
pub(in crate::shell) fn lines(bytes: &[u8]) -> Vec<String> {
    let is_encoded = bytes.starts_with(MARK);
    let lines = bytes.split(|byte| *byte == b'\n').skip(usize::from(is_encoded));
    let text = lines.map(|line| {
        let line = if is_encoded { decoded(line) } else { line.to_vec() };
        String::from_utf8_lossy(&line).trim().to_owned()
    });
    text.filter(|line| !line.is_empty() && !line.contains(char::is_control)).collect()
}

const MARK: &[u8] = b"_HiStOrY_V2_";

/// A line without the escapes of `vis`: `\ooo`, `\\`, `\s`, `\t`.
fn decoded(line: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(line.len()), line);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let digits = after.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        if digits == 3 {
            let (octal, behind) = after.split_at(3);
            let value = octal.iter().fold(0_u16, |sum, digit| sum * 8 + u16::from(digit - b'0'));
            out.push(u8::try_from(value).unwrap_or(b'?'));
            rest = behind;
        } else if let Some((letter, behind)) = after.split_first() {
            out.push(match letter {
                b's' => b' ',
                b't' => b'\t',
                b'n' => b'\n',
                other => *other,
            });
            rest = behind;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::History;
    use super::*;
    use crate::shell::session::Shell;
    use crate::shell::settings::Settings;
    use crate::shell::view::output::Output;

    #[limited::test]
    fn the_file_is_read_as_libedit_wrote_it() {
        let text = b"_HiStOrY_V2_\nstatus\nshow\\040calls\neval\\040\\134\\134x\\\\\n\\303\\251\nbad\\033[2J\n\n";
        assert_eq!(lines(text), ["status", "show calls", "eval \\\\x\\", "\u{e9}"]);
        assert_eq!(lines(b"status\nshow calls\n"), ["status", "show calls"]);
    }

    #[limited::test]
    async fn it_comes_before_what_is_there_and_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".fs_cli_history");
        let text = "_HiStOrY_V2_\nshow\\040calls\nstatus\nconnect\\040x\\040-p\\040hunter2\n\
            uuid_setvar\\040u\\040sip_auth_password\\040hunter2\nshow\\040calls\nversion\n";
        std::fs::write(&file, text).unwrap();
        let kept = folder.path().join("history.d");
        let shell =
            Shell::with_history(Settings::default(), None, false, History::new(Some(kept.clone())));
        shell.history().add("default", "status").unwrap();
        assert!(shell.history().is_kept("default") && !shell.history().is_kept("pbx2"));
        let mut said = String::new();
        let line = format!("history --import {}", file.display());
        shell.run_line(&line, Output::new(&mut said)).await.unwrap();
        assert!(said.starts_with("2 lines"), "{said}");
        let again = History::new(Some(kept.clone()));
        again.refresh("default").unwrap();
        let lines = again
            .with("default", |all| all.iter().map(|entry| entry.line.clone()).collect::<Vec<_>>());
        assert_eq!(lines, ["show calls", "version", "status"]);
        assert!(!std::fs::read_to_string(kept.join("default")).unwrap().contains("hunter2"));
        assert_eq!(shell.import_history(&file).unwrap(), 0, "twice is as once");
    }
}
