//! The terminal the process runs in: what it can do, and its attributes as they were found.
use std::io::{IsTerminal as _, Write as _};
use std::{env, io};

pub(crate) use attributes::{
    Guard, Silence, as_found, as_found_without_echo, can_come_back, drop_keys, hostname, is_ours,
    keep_keys, stop_others, stop_self, take_keys,
};

/// When to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Decides for standard output.
    pub(crate) fn enabled(self) -> bool {
        self.decide(io::stdout().is_terminal(), |name| env::var(name).ok())
    }

    /// <https://no-color.org> and <https://bixense.com/clicolors>: set and not empty counts.
    fn decide(self, tty: bool, var: impl Fn(&str) -> Option<String>) -> bool {
        let set = |name| var(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto
                if set("CLICOLOR_FORCE") && var("CLICOLOR_FORCE").as_deref() != Some("0") =>
            {
                true
            }
            Self::Auto => tty && var("TERM").as_deref() != Some("dumb"),
        }
    }
}

/// Whether marks and redraws are not wanted: a terminal that only writes on, or `NO_COLOR` where no
/// option brings color back.
pub(crate) fn is_plain(color: bool) -> bool {
    let no_color = env::var("NO_COLOR").is_ok_and(|value| !value.is_empty());
    is_dumb() || (no_color && !color)
}

/// Clears the screen, unless the terminal is one that cannot.
pub(crate) fn clear() {
    if !is_dumb() {
        let mut out = io::stdout();
        // A terminal that is gone needs no clearing.
        drop(out.write_all(b"\x1b[H\x1b[2J\x1b[3J").and_then(|()| out.flush()));
    }
}

/// Whether the terminal is known to wrap what stands on its screen again when it gets another width.
/// Others keep their rows, and cut them.
pub(crate) fn wraps_again() -> bool {
    const SAY_SO: &[&str] = &[
        "TMUX",
        "VTE_VERSION",
        "KITTY_WINDOW_ID",
        "WEZTERM_PANE",
        "ALACRITTY_WINDOW_ID",
        "KONSOLE_VERSION",
        "ITERM_SESSION_ID",
        "WT_SESSION",
    ];
    let is_tmux = || env::var("TERM").is_ok_and(|term| term.starts_with("tmux"));
    SAY_SO.iter().any(|name| env::var_os(name).is_some()) || is_tmux()
}

/// Whether the terminal understands nothing but text.
pub(crate) fn is_dumb() -> bool {
    !matches!(env::var("TERM"), Ok(term) if !term.is_empty() && term != "dumb")
}

/// Returns columns and rows, 80 by 24 when they are unknown.
pub(crate) fn size() -> (u16, u16) {
    let (columns, rows) = attributes::size().unwrap_or((0, 0));
    let var = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    let or = |found: u16, name, default| match found {
        0 => var(name).filter(|n| *n > 0).unwrap_or(default),
        _ => found,
    };
    (or(columns, "COLUMNS", 80), or(rows, "LINES", 24))
}

#[cfg(unix)]
mod attributes {
    use std::io::Write as _;
    use std::process::Command;
    use std::{io, panic, thread};

    use parking_lot::Mutex;
    use rustix::termios;
    use rustix::termios::{
        InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios,
    };

    /// The threads without which there is no prompt.
    const VITAL: &[&str] = &["main", "printer", "repl"];

    static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

    /// Keeps what is typed while no line is edited for the line that comes next, every key as it is,
    /// and does not echo it into what is shown. Ctrl-C still interrupts.
    pub(crate) fn keep_keys() {
        if let Some(found) = &*FOUND.lock() {
            // A terminal that is gone keeps nothing.
            _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &keeping(found));
        }
    }

    /// Gives the terminal to another program, as it was found.
    pub(crate) fn as_found() {
        if let Some(found) = &*FOUND.lock() {
            // A terminal that is gone needs no attributes.
            _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, found);
        }
    }

    /// As [`as_found`], for a program that reads no lines of the operator: what they type meanwhile is
    /// for the next prompt, and not echoed into what the program shows.
    pub(crate) fn as_found_without_echo() {
        if let Some(found) = &*FOUND.lock() {
            let mut silent = found.clone();
            silent.local_modes -= LocalModes::ECHO;
            // A terminal that is gone needs no attributes.
            _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &silent);
        }
    }

    /// Takes what was typed and not read yet, while keys are kept.
    pub(crate) fn take_keys() -> Vec<u8> {
        let mut keys = Vec::new();
        let found = FOUND.lock();
        let Some(found) = &*found else { return keys };
        let mut waits_for_none = keeping(found);
        waits_for_none.special_codes[SpecialCodeIndex::VMIN] = 0;
        if termios::tcsetattr(io::stdin(), OptionalActions::Now, &waits_for_none).is_err() {
            return keys;
        }
        let mut part = [0; 1024];
        // More than a person types is a paste that went wrong.
        while keys.len() < MOST_KEYS {
            match rustix::io::read(io::stdin(), &mut part) {
                Ok(count @ 1..) => keys.extend(part.iter().take(count)),
                // Nothing is left, or the terminal is gone.
                Ok(_) | Err(_) => break,
            }
        }
        _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &keeping(found));
        keys
    }

    /// Forgets what was typed and not read yet.
    pub(crate) fn drop_keys() {
        // A terminal that is gone holds nothing.
        _ = termios::tcflush(io::stdin(), QueueSelector::IFlush);
    }

    /// Bytes of type-ahead that are kept.
    const MOST_KEYS: usize = 64 * 1024;

    fn keeping(found: &Termios) -> Termios {
        let mut keeping = found.clone();
        keeping.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN;
        // At Ctrl-C Linux would throw away what the terminal has not taken yet, and would not wake
        // the printer that waits for room: seen on 6.18, one Ctrl-C in ten while a slow terminal
        // catches up. What was typed is dropped by [`drop_keys`].
        keeping.local_modes |= LocalModes::NOFLSH;
        keeping.input_modes -= InputModes::ICRNL | InputModes::IXON;
        keeping.special_codes[SpecialCodeIndex::VMIN] = 1;
        keeping.special_codes[SpecialCodeIndex::VTIME] = 0;
        // Ctrl-Z waits for the line, too: a shell that does not put the terminal back would be left
        // without an echo. Elsewhere it stops the process at once.
        #[cfg(target_os = "linux")]
        {
            keeping.special_codes[SpecialCodeIndex::VSUSP] = 0;
        }
        keeping
    }

    fn are_alike(one: &Termios, other: &Termios) -> bool {
        one.local_modes == other.local_modes && one.input_modes == other.input_modes
    }

    /// Puts the terminal back as it was found, when dropped and when anything panics.
    ///
    /// The editor thread may be inside a raw mode readline when the process ends.
    #[derive(Debug)]
    #[must_use]
    pub(crate) struct Guard(());

    impl Guard {
        /// Remembers the terminal's attributes; a standard input that has none is left alone.
        pub(crate) fn save() -> Self {
            let found = termios::tcgetattr(io::stdin()).ok();
            *FOUND.lock() = found;
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                // A task or a helper that panics ends alone: the prompt continues, and reports it.
                let is_vital = |name: &str| VITAL.contains(&name);
                if !thread::current().name().is_some_and(is_vital) {
                    tracing::error!(target: "switchy", "a defect: {info}");
                    return;
                }
                restore();
                report(info);
            }));
            Self(())
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            restore();
        }
    }

    /// Keeps what is typed off the screen, until it is dropped.
    #[derive(Debug)]
    #[must_use]
    pub(crate) struct Silence(Option<Termios>);

    impl Silence {
        /// Begins it; a standard input that is no terminal shows nothing anyway.
        pub(crate) fn begin() -> Self {
            let found = termios::tcgetattr(io::stdin()).ok();
            if let Some(mut silent) = found.clone() {
                silent.local_modes -= LocalModes::ECHO;
                // The reader of the password sets the same.
                let _is_set = termios::tcsetattr(io::stdin(), OptionalActions::Now, &silent);
            }
            Self(found)
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            if let Some(found) = &self.0 {
                // Nothing is left to do if the terminal is gone.
                _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, found);
            }
        }
    }

    fn restore() {
        let found = FOUND.lock();
        let (Some(found), Ok(now)) = (&*found, termios::tcgetattr(io::stdin())) else { return };
        if are_alike(&now, found) {
            return;
        }
        // Nothing is left to do if the terminal is gone.
        _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, found);
        if are_alike(&now, &keeping(found)) {
            return;
        }
        // Cut short in the middle of a line: bracketed paste off, cursor shown, a new line.
        let mut out = io::stdout();
        drop(out.write_all(b"\x1b[?2026l\x1b[?2004l\x1b[?25h\x1b[0m\n").and_then(|()| out.flush()));
    }

    /// Stops all processes that share this process's place in the terminal, as Ctrl-Z does where no
    /// line is edited; this process too, which listens for it and does not stop.
    pub(crate) fn stop_others() {
        use rustix::process::{Signal, kill_current_process_group};
        // Signals to oneself are always allowed.
        let _is_sent = kill_current_process_group(Signal::TSTP).is_ok();
    }

    /// Stops this process, whatever it listens for. Returns after SIGCONT.
    pub(crate) fn stop_self() {
        use rustix::process::{Signal, getpid, kill_process};
        // Signals to oneself are always allowed.
        let _is_sent = kill_process(getpid(), Signal::STOP).is_ok();
    }

    /// Whether a shell waits behind this process that could bring it back. The kernel asks the same
    /// before it lets Ctrl-Z stop anything: whether a process of the group has a parent in another
    /// group of the same session.
    pub(crate) fn can_come_back() -> bool {
        // Groups and sessions that began outside of our container are 0 here: nix gives them,
        // rustix takes a 0 for impossible.
        use nix::unistd::{getpgid, getpgrp, getppid, getsid};
        let (group, session) = (getpgrp(), getsid(None));
        let mut parent = Some(getppid()).filter(|parent| parent.as_raw() > 0);
        for _generation in 0..GENERATIONS {
            let Some(known) = parent else { return false };
            match getpgid(Some(known)) {
                Ok(other) if other == group => parent = parent_of(known),
                Ok(_) => return getsid(Some(known)) == session,
                Err(_gone) => return false,
            }
        }
        false
    }

    /// How many parents may share our place in the terminal: scripts that run scripts.
    const GENERATIONS: usize = 64;

    /// The parent of another process.
    fn parent_of(process: nix::unistd::Pid) -> Option<nix::unistd::Pid> {
        let id = process.to_string();
        let number = match std::fs::read_to_string(format!("/proc/{id}/stat")) {
            // Behind the name, which may hold anything, stand the state and then the parent.
            Ok(about) => about.rsplit_once(')')?.1.split_whitespace().nth(1)?.to_owned(),
            Err(_not_linux) => {
                let ps = Command::new("ps").args(["-o", "ppid=", "-p", &id]).output().ok()?;
                String::from_utf8_lossy(&ps.stdout).trim().to_owned()
            }
        };
        number.parse().ok().filter(|parent| *parent > 0).map(nix::unistd::Pid::from_raw)
    }

    /// Says whether the terminal listens to this process: to one in the background it does not.
    pub(crate) fn is_ours() -> bool {
        // One that is gone has no other owner.
        nix::unistd::tcgetpgrp(io::stdin()).map_or(true, |group| group == nix::unistd::getpgrp())
    }

    /// What this machine is called.
    pub(crate) fn hostname() -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }

    pub(super) fn size() -> Option<(u16, u16)> {
        let size = termios::tcgetwinsize(io::stdout()).ok()?;
        Some((size.ws_col, size.ws_row))
    }
}

#[cfg(not(unix))]
mod attributes {
    /// Nothing to put back: the console restores itself.
    #[derive(Debug)]
    #[must_use]
    pub(crate) struct Guard(());

    impl Guard {
        pub(crate) fn save() -> Self {
            Self(())
        }
    }

    /// What is typed ahead is kept by the console.
    pub(crate) fn keep_keys() {}

    /// Nothing was changed.
    pub(crate) fn as_found() {}

    /// Nothing was changed.
    pub(crate) fn as_found_without_echo() {}

    /// What is typed ahead stays where it is.
    pub(crate) fn take_keys() -> Vec<u8> {
        Vec::new()
    }

    /// The console forgets it by itself.
    pub(crate) fn drop_keys() {}

    /// The console's own reader of passwords does not echo.
    #[derive(Debug)]
    #[must_use]
    pub(crate) struct Silence(());

    impl Silence {
        pub(crate) fn begin() -> Self {
            Self(())
        }
    }

    /// Not on this system.
    pub(crate) fn stop_others() {}

    /// Not on this system.
    pub(crate) fn stop_self() {}

    /// Nothing is stopped here.
    pub(crate) fn can_come_back() -> bool {
        false
    }

    /// The terminal cannot be taken away here.
    pub(crate) fn is_ours() -> bool {
        true
    }

    /// What this machine is called.
    pub(crate) fn hostname() -> String {
        std::env::var("COMPUTERNAME").unwrap_or_default()
    }

    pub(super) fn size() -> Option<(u16, u16)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn color() {
        for (choice, tty, vars, expected) in [
            (Color::Auto, true, &[][..], true),
            (Color::Auto, false, &[], false),
            (Color::Auto, true, &[("NO_COLOR", "1")], false),
            (Color::Auto, true, &[("NO_COLOR", "")], true),
            (Color::Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Color::Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Color::Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
            (Color::Auto, true, &[("TERM", "dumb")], false),
            (Color::Auto, true, &[("TERM", "xterm")], true),
            (Color::Always, false, &[("NO_COLOR", "1")], true),
            (Color::Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ] {
            let var = |name: &str| {
                vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(choice.decide(tty, var), expected, "{choice:?} {tty} {vars:?}");
        }
    }
}
