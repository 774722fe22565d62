//! Event lines on their way to the printer, and a prompt that stays true.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::suspend::Fate;
use super::{LINES, Repl};
use crate::cli::editor::Assist as _;
use crate::cli::printer::fold_frame;
use crate::cli::terminal;
use crate::shell::sampler::{Budget, Line, Sampler};

/// Gives event lines to the printer, a few at a time, and keeps the prompt true.
pub(super) async fn pump(mut lines: mpsc::Receiver<Line>, repl: Repl, is_plain: bool) {
    let Repl { printer, assist, pulse, is_lent, .. } = repl;
    let mut sampler = Sampler::new(Budget::default());
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut shown, mut painted) = (String::new(), Instant::now());
    let mut doubtful = Vec::new();
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
                if let Some(took) = printer.took() {
                    sampler.printed_in(took);
                }
                if is_lent.load(Ordering::Relaxed) {
                    sampler.fold();
                } else if printer.ready()
                    && let Some(frame) = sampler.frame(Instant::now()) {
                    printer.frame(fold_frame(&frame, terminal::size().0));
                }
                if painted.elapsed() > REPAINT {
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

/// The prompt is drawn again at most this often.
const REPAINT: Duration = Duration::from_millis(300);
