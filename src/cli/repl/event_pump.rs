//! Event lines on their way to the printer, and a prompt that stays true.

use super::Repl;
use crate::cli::editor::assist::Assist;
use crate::cli::terminal;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

use tokio::time::MissedTickBehavior;

use super::pulse::Fate;
use crate::cli::printer::fold::fold_frame;
use crate::shell::sampler::{Budget, Line, Sampler};

/// Gives event lines to the printer, a few at a time, and keeps the prompt true.
pub(super) async fn pump(mut lines: mpsc::Receiver<Line>, repl: Repl, is_plain: bool) {
    let Repl { printer, assist, pulse, is_lent, .. } = repl;
    let mut sampler = Sampler::new(Budget::default());
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut shown, mut painted) = (String::new(), Instant::now());
    let mut doubtful = Vec::new();
    let (mut size, mut resized) = (terminal::size(), None);
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => match pulse.fate(line.at) {
                    Fate::Show => sampler.push(line),
                    Fate::Wait if doubtful.len() < LINES => doubtful.push(line),
                    Fate::Wait | Fate::Miss => {}
                },
                None => return,
            },
            _ = tick.tick() => {
                for line in std::mem::take(&mut doubtful) {
                    match pulse.fate(line.at) {
                        Fate::Show => sampler.push(line),
                        Fate::Wait => doubtful.push(line),
                        Fate::Miss => {}
                    }
                }
                pulse.beat();
                let now = terminal::size();
                if std::mem::replace(&mut size, now) != now {
                    resized = Some(Instant::now());
                }
                let is_resizing = resized.is_some_and(|at: Instant| at.elapsed() < SETTLE);
                if let Some(took) = printer.last_frame_time() {
                    sampler.printed_in(took);
                }
                if is_lent.load(Ordering::Relaxed) {
                    sampler.fold();
                } else if is_resizing {
                    // Of a size that changes again the terminal has wrapped its rows already.
                } else if printer.ready()
                    && let Some(frame) = sampler.frame(Instant::now()) {
                    printer.frame(fold_frame(&frame, terminal::size().0));
                }
                if painted.elapsed() > REPAINT && !is_resizing {
                    painted = Instant::now();
                    let prompt = assist.prompt();
                    if prompt != shown && !is_plain {
                        shown = prompt;
                        printer.repaint();
                    }
                }
            }
        }
    }
}

/// How long nothing is drawn after the terminal has changed its size. tmux wraps the rows of its
/// screen again at once, but reports the second of two changes 250 ms later: what is drawn meanwhile
/// would take rows for other ones and clear them.
const SETTLE: Duration = Duration::from_millis(300);
/// The prompt is drawn again at most this often.
const REPAINT: Duration = Duration::from_millis(300);

/// How many event lines may wait for the sampler.
pub(in crate::cli) const LINES: usize = 4096;
