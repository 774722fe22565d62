//! The ways of reading us slowly, or not at all. The bench `drain` measures each of them.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::flood::{Content, Flood};
use super::terminal::{PROGRAM, Screen, Size, Terminal};
use crate::support::program::switchy_in;

/// One way.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    place: Place,
    /// What the program is started with. `FIFO` is a named pipe whose reader sleeps, and `HOME` the
    /// folder of the files.
    args: &'static [&'static str],
    /// What is typed, and what is shown then.
    keys: &'static [(&'static str, &'static str)],
    /// Its files.
    files: &'static [(&'static str, &'static str)],
    /// Where it says what was lost, if anything reads it in the end.
    pub(crate) says: Option<Says>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Its outputs are pipes, and nothing reads them.
    Pipes,
    /// A terminal that takes all that is written.
    Terminal,
    /// A terminal that takes nothing after the keys, as after Ctrl-S.
    Frozen,
    /// A terminal without a prompt that takes nothing.
    FrozenBatch,
    /// A shell with job control: Ctrl-Z after the keys.
    Stopped,
}

#[derive(Clone, Copy)]
pub(crate) enum Says {
    Stdout,
    Fifo,
}

/// Where a pager shows its text.
pub(crate) const OTHER_SCREEN: &str = "\x1b[?1049h";

const NONE: Way =
    Way { name: "", place: Place::Pipes, args: &[], keys: &[], files: &[], says: None };
const AT_PROMPT: Way = Way { place: Place::Terminal, ..NONE };
const STOPPED: Way = Way { place: Place::Stopped, ..NONE };

pub(crate) const WAYS: &[Way] = &[
    Way { name: "events as text, a pipe", args: &["-x", "events all --for 600s"], ..NONE },
    Way {
        name: "events, a pipe",
        args: &["-x", "events all -o jsonl"],
        says: Some(Says::Stdout),
        ..NONE
    },
    Way { name: "the log as text, a pipe", args: &["-x", "log 7 --for 600s"], ..NONE },
    Way {
        name: "the log, a pipe",
        args: &["-x", "log 7 -o jsonl"],
        says: Some(Says::Stdout),
        ..NONE
    },
    Way { name: "audit, a pipe", args: &["-x", "audit -o jsonl"], ..NONE },
    Way {
        name: "events, a file on a device that stalls",
        args: &["-x", "events all -o jsonl > FIFO"],
        says: Some(Says::Fifo),
        ..NONE
    },
    Way {
        name: "events, a program that reads nothing",
        args: &["-x", "events all -o jsonl | sleep 600"],
        ..NONE
    },
    Way {
        name: "! cmd of a script",
        args: &["-x", "events all -o jsonl --count 1", "-x", "! sleep 600"],
        ..NONE
    },
    Way {
        name: "a transcript on a device that stalls",
        args: &["-x", "transcript start --append FIFO", "-x", "events all -o jsonl | sleep 600"],
        ..NONE
    },
    Way {
        name: "standard error, all that we log",
        args: &["--debug", "7", "-x", "events all -o jsonl | sleep 600"],
        ..NONE
    },
    Way {
        name: "a pager that is not scrolled",
        keys: &[("help | less\r", OTHER_SCREEN)],
        ..AT_PROMPT
    },
    Way {
        name: "! cmd at the prompt",
        keys: &[("! echo started; sleep 600\r", "\nstarted")],
        ..AT_PROMPT
    },
    Way {
        name: "events at the prompt, a program that reads nothing",
        keys: &[("events all -o jsonl | (echo started >&2; sleep 600)\r", "\nstarted")],
        ..AT_PROMPT
    },
    Way {
        name: "a transcript of the prompt on a device that stalls",
        keys: &[
            ("transcript start --append FIFO\r", "transcript"),
            ("events add HEARTBEAT\r", "HEARTBEAT"),
        ],
        ..AT_PROMPT
    },
    Way {
        name: "a Lua handler that does not return",
        files: &[("app.lua", "function on_dtmf(session) log.info('begins') while true do end end")],
        keys: &[("load-app HOME/app.lua --as default\r", "default")],
        ..AT_PROMPT
    },
    Way {
        name: "a Lua handler that waits",
        files: &[("app.lua", "function on_dtmf(session) sleep(600) end")],
        keys: &[("load-app HOME/app.lua --as default\r", "default")],
        ..AT_PROMPT
    },
    Way {
        name: "the program of an alert, which reads nothing",
        args: &["--config", "HOME/config.toml"],
        files: &[(
            "config.toml",
            "[alerts.slow]\non = 'HEARTBEAT'\nevery = '1ms'\nrun = 'exec sleep 600'\n",
        )],
        keys: &[("", "alert slow")],
        ..AT_PROMPT
    },
    Way {
        name: "Ctrl-S at the prompt, a stream",
        place: Place::Frozen,
        keys: &[("events all -o jsonl\r", "\"HEARTBEAT\"")],
        ..NONE
    },
    Way {
        name: "Ctrl-S at the prompt, events above it",
        place: Place::Frozen,
        keys: &[("events add HEARTBEAT\r", "HEARTBEAT"), ("log debug\r", "line ")],
        ..NONE
    },
    Way {
        name: "-b at a terminal, Ctrl-S",
        place: Place::FrozenBatch,
        args: &["-b", "-l", "7"],
        keys: &[("", "line ")],
        ..NONE
    },
    Way { name: "Ctrl-Z at the prompt", ..STOPPED },
    Way {
        name: "Ctrl-Z in a program that has the terminal",
        keys: &[("! echo started; sleep 600\r", "\nstarted")],
        ..STOPPED
    },
    Way {
        name: "Ctrl-Z of a stream",
        args: &["-x", "'events all -o jsonl'", ">", "events"],
        ..STOPPED
    },
];

/// A program in one of the ways. It ends with this.
pub(crate) struct Held {
    pub(crate) child: Option<Child>,
    /// Opened to be read, and not read.
    pub(crate) fifo: Option<File>,
    pub(crate) terminal: Option<Terminal>,
    pub(crate) flood: Flood,
    /// It stands still, and has closed its sockets before.
    pub(crate) is_stopped: bool,
    _home: TempDir,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Way {
    /// Starts the program, and returns when nothing is read any longer.
    pub(crate) fn start(&self) -> Held {
        let home = tempfile::tempdir().unwrap();
        let fifo = home.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for (name, text) in self.files {
            fs::write(home.path().join(name), text).unwrap();
        }
        let is_call = self.files.iter().any(|(_, text)| text.contains("on_dtmf"));
        let flood = Flood::of(if is_call { Content::Digits } else { Content::Heartbeats });
        let placed = |text: &str| {
            let folder = home.path().display().to_string();
            text.replace("FIFO", &format!("{folder}/fifo")).replace("HOME", &folder)
        };
        let mut args = flood.place();
        if !self.args.contains(&"--config") {
            args.push("--no-config".to_owned());
        }
        args.extend(self.args.iter().map(|arg| placed(arg)));
        let keys: Vec<_> = self.keys.iter().map(|(keys, shown)| (placed(keys), *shown)).collect();
        let (child, terminal) = if self.place == Place::Pipes {
            (Some(program(home.path(), &args)), None)
        } else {
            (None, Some(self.at_terminal(home.path(), &args)))
        };
        let mut held = Held { child, fifo: None, terminal, flood, is_stopped: false, _home: home };
        let opens = |text: &str| text.contains("FIFO");
        // A program that opens the pipe waits for its reader.
        if self.args.iter().chain(self.keys.iter().map(|(keys, _)| keys)).any(|text| opens(text)) {
            let path = fifo;
            let opening = std::thread::spawn(move || File::open(path).unwrap());
            if self.place == Place::Pipes {
                held.fifo = Some(opening.join().unwrap());
            } else {
                self.types(&mut held, &keys);
                held.fifo = Some(opening.join().unwrap());
                return held;
            }
        }
        self.types(&mut held, &keys);
        held
    }

    fn at_terminal(&self, home: &Path, args: &[String]) -> Terminal {
        if self.place == Place::Stopped {
            let mut terminal = Terminal::shell(home, SIZE);
            terminal.wait_until("the shell", is_shell);
            terminal.keys(&format!("'{PROGRAM}' {}\r", args.join(" ")));
            return terminal;
        }
        Terminal::start(home, SIZE, args)
    }

    fn types(&self, held: &mut Held, keys: &[(String, &str)]) {
        held.flood.flows(self.name);
        let Some(terminal) = &mut held.terminal else { return };
        let has_prompt = self.place != Place::FrozenBatch && !self.args.contains(&"-x");
        if has_prompt {
            terminal.wait_until("the prompt", is_prompt);
        }
        for (keys, shown) in keys {
            let before = terminal.len();
            terminal.keys(keys);
            terminal.wait_until(shown, |screen| {
                let new = if keys.is_empty() { 0 } else { before };
                screen.raw_since(new).contains(shown)
            });
        }
        match self.place {
            Place::Frozen | Place::FrozenBatch => terminal.freeze(true),
            Place::Stopped => {
                terminal.keys("\x1a");
                terminal.wait_until("the shell", is_shell);
                held.is_stopped = true;
            }
            Place::Pipes | Place::Terminal => {}
        }
    }
}

/// The program with outputs that are pipes.
pub(crate) fn program(home: &Path, args: &[String]) -> Child {
    let mut command = switchy_in(home);
    command.args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn is_shell(screen: &Screen<'_>) -> bool {
    screen.last() == "shell>"
}

pub(crate) fn is_prompt(screen: &Screen<'_>) -> bool {
    screen.last().starts_with("127.0.0.1 ")
}

const SIZE: Size = Size { columns: 160, rows: 40 };
