//! A stand-in for the shell: echoes lines and floods the screen.
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use super::editor::{Assist, Editor, Input, Options, Prompt};
use super::printer::Printer;
use super::terminal::{self, Color};
use crate::shell::complete::{Candidate, Completions};
use crate::shell::sampler::{Budget, Line, Priority, Sampler};
use crate::shell::sanitise;

/// Runs the program.
pub fn main() -> ExitCode {
    let color = match env::args().nth(1).as_deref() {
        Some("--color=always") => Color::Always,
        Some("--color=never") => Color::Never,
        _ => Color::Auto,
    };
    match run(color) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(70),
    }
}

fn run(color: Color) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if !terminal::is_tty() {
        let printer = Printer::plain()?;
        printer.output("not a terminal".to_owned());
        printer.close();
        return Ok(());
    }
    let _restored = terminal::Guard::save();
    let state = Arc::new(State::default());
    let history = env::var_os("HOME").map(|home| PathBuf::from(home).join(".switchy/history"));
    let assist: Arc<dyn Assist> = state.clone();
    let (editor, printer) = Editor::spawn(Options { history, color: color.enabled(), assist })?;
    runtime
        .block_on(Demo { printer: printer.clone(), state, rate: 0, panic_at: None }.run(&editor));
    editor.shutdown();
    printer.close();
    Ok(())
}

#[derive(Default)]
struct State {
    calls: AtomicU64,
}

impl Assist for State {
    fn complete(&self, line: &str, pos: usize) -> Completions {
        let typed = line.get(..pos).unwrap_or_default();
        let words = ["status", "stop", "start", "calls", "flood", "exit"];
        let known = words.iter().filter(|word| word.starts_with(typed));
        let candidates = known
            .map(|word| Candidate { replacement: (*word).to_owned(), display: (*word).to_owned() })
            .collect();
        Completions { start: 0, candidates }
    }

    fn hint(&self, line: &str, _: usize) -> Option<String> {
        (line == "flood ").then(|| "<lines per second>".to_owned())
    }

    fn keep(&self, line: &str) -> bool {
        !line.contains("secret")
    }

    fn prompt(&self) -> String {
        format!("\x1b[1mdemo {}>\x1b[0m ", self.calls.load(Ordering::Relaxed))
    }
}

struct Demo {
    printer: Printer,
    state: Arc<State>,
    rate: u64,
    panic_at: Option<Instant>,
}

impl Demo {
    async fn run(mut self, editor: &Editor) {
        let mut sampler = Sampler::new(Budget::default());
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let prompt = Prompt { raw: "demo 0>".to_owned() + " ", styled: "demo 0> ".to_owned() };
        let mut pushed = 0;
        let mut since = Instant::now();
        loop {
            tokio::select! {
                input = editor.next(prompt.clone()) => {
                    if !self.obey(input).await {
                        return;
                    }
                    pushed = 0;
                    since = Instant::now();
                }
                _ = tick.tick() => {
                    if self.panic_at.is_some_and(|at| at < Instant::now()) {
                        asked_to_panic();
                    }
                    let due = self.rate * u64::try_from(since.elapsed().as_millis()).unwrap_or(0) / 1000;
                    for n in pushed..due {
                        sampler.push(line(n));
                    }
                    pushed = pushed.max(due);
                    if let Some(took) = self.printer.took() {
                        sampler.printed_in(took);
                    }
                    if self.printer.ready() && let Some(frame) = sampler.frame(Instant::now()) {
                        self.printer.frame(frame);
                    }
                }
            }
        }
    }

    async fn obey(&mut self, input: Input) -> bool {
        let line = match input {
            Input::Line(line) => line,
            Input::Interrupted => return true,
            Input::Eof | Input::Failed(_) => return false,
        };
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("exit", _) => return false,
            ("flood", rate) => self.rate = rate.parse().unwrap_or(0),
            ("calls", count) => {
                self.state.calls.store(count.parse().unwrap_or(0), Ordering::Relaxed);
            }
            ("panic", _) => self.panic_at = Some(Instant::now() + Duration::from_millis(200)),
            ("later", count) => {
                let printer = self.printer.clone();
                let state = Arc::clone(&self.state);
                let count = count.parse().unwrap_or(0);
                tokio::spawn(async move {
                    printer.flush().await;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    state.calls.store(count, Ordering::Relaxed);
                    printer.repaint();
                });
            }
            ("pager", _) => {
                let _hold = self.printer.hold();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            _ => {
                let body = format!("you typed: {}", sanitise::block(&line));
                self.printer.send(body).await;
            }
        }
        !self.printer.broken()
    }
}

#[expect(clippy::panic, reason = "shows that the terminal is put back")]
fn asked_to_panic() {
    panic!("asked to");
}

fn line(n: u64) -> Line {
    let kinds = ["CREATE", "ANSWER", "HANGUP"];
    let kind = kinds.iter().cycle().nth(usize::try_from(n % 3).unwrap_or(0)).unwrap_or(&"");
    Line {
        priority: Priority::Rest,
        key: None,
        kind: (*kind).to_owned(),
        text: format!("event {n} {kind} 日本 \x1b[32m1000\x1b[0m → +18005551234"),
        merged: None,
    }
}
