//! The items and the ladder, in each format.

use super::item::letter;
use serde_json::json;

use super::Trace;
use super::item::Item;
use super::save::Bundle;
use crate::listener::EventListener;
use crate::model::{Direction, HangupCause, Id, SessionInfo};
use crate::shell::commands::context::Context;
use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;
use crate::shell::view::column::Column;
use crate::shell::view::{Format, View, span};

impl Trace {
    /// Reports the items from a number on.
    pub(super) fn report(
        &self,
        cx: &mut Context<'_>,
        from: usize,
        mut bundle: Option<&mut Bundle>,
    ) -> Result<(), CommandError> {
        for item in self.items.iter().skip(from) {
            if let Some(bundle) = &mut bundle {
                bundle.add(item, self.began);
            }
            match cx.format() {
                Format::Table => {
                    for line in item.lines(self.began) {
                        cx.line(&sanitise::line(&line))?;
                    }
                }
                Format::Jsonl => cx.line(&self.object(item).to_string())?,
                _ => {}
            }
        }
        Ok(())
    }

    fn object(&self, item: &Item) -> serde_json::Value {
        json!({
            "at_us": item.at,
            "delta_ms": item.at.saturating_sub(self.began) / 1000,
            "leg": item.leg.map(letter),
            "uuid": item.leg.and_then(|at| self.legs.get(at)),
            "kind": item.kind,
            "what": item.text,
        })
    }

    /// The ladder at the end, and the file.
    pub(super) fn finish(
        &self,
        cx: &mut Context<'_>,
        bundle: Option<Bundle>,
        lost: bool,
    ) -> Result<(), CommandError> {
        let ladder = self.ladder(cx.listener().ok().as_ref());
        if let Some(bundle) = bundle {
            let path = bundle.close(&ladder)?;
            if cx.format() == Format::Table {
                cx.line(&format!("saved to {path}"))?;
            }
        }
        match cx.format() {
            Format::Table => {
                for line in &ladder {
                    cx.line(&sanitise::line(line))?;
                }
                if lost {
                    cx.line("too much came at once: something is missing above")?;
                }
                Ok(())
            }
            Format::Jsonl => Ok(()),
            Format::Json => {
                let items: Vec<_> = self.items.iter().map(|item| self.object(item)).collect();
                let document = json!({"legs": self.legs, "items": items, "ladder": ladder});
                cx.line(&format!("{document:#}"))
            }
            _ => {
                let columns = [
                    Column::number("at_us", "when, in microseconds since 1970"),
                    Column::number("delta_ms", "since the beginning of the call"),
                    Column::text("leg", "A, B, ..."),
                    Column::text("kind", "event, log or sip"),
                    Column::text("what", "what happened"),
                ];
                let mut view = View::of(columns, "nothing happened");
                for item in &self.items {
                    view.push(item.row(self.began));
                }
                cx.view(&view)
            }
        }
    }

    /// One line a leg: `A 6c1d2a5e  invite, ring 1.2 s, answer 4.8 s, hangup NORMAL_CLEARING by callee`
    fn ladder(&self, also: Option<&EventListener>) -> Vec<String> {
        let find = |id: &Id<SessionInfo>| {
            // The table that the trace began with trails the events: the shell may know more.
            let known = [Some(&self.listener), also].into_iter().flatten();
            known.into_iter().find_map(|listener| {
                listener.with(|tracker| {
                    let running = tracker.session(id.as_str()).cloned();
                    let calls = || tracker.calls().chain(tracker.ended().rev().cloned());
                    let gone = || calls().flat_map(|call| call.sessions).find(|leg| leg.id == *id);
                    running.or_else(gone)
                })
            })
        };
        let legs = self.legs.iter().enumerate();
        legs.filter_map(|(at, id)| Some(rungs(&letter(at), &find(id)?, self.began))).collect()
    }
}

fn rungs(name: &str, leg: &SessionInfo, began: u64) -> String {
    let times = &leg.times;
    // When it was made is not always known.
    let after = |at: u64| match times.created {
        0 => String::new(),
        created => format!(" {}", span(at.saturating_sub(created))),
    };
    let start = if began > 0 { times.created.saturating_sub(began) } else { 0 };
    let mut rungs =
        vec![if start < 1000 { "invite".to_owned() } else { format!("invite {}", span(start)) }];
    let progress = [times.progress, times.progress_media].into_iter().filter(|at| *at > 0).min();
    if let Some(progress) = progress {
        rungs.push(format!("ring{}", after(progress)));
    }
    if times.answered > 0 {
        rungs.push(format!("answer{}", after(times.answered)));
    }
    if let Some(cause) = &leg.cause {
        let by = match leg.ended_by_far_end() {
            Some(true) => " by its far end",
            Some(false) => " by the switch",
            None => "",
        };
        let at = if times.hangup > 0 { after(times.hangup) } else { String::new() };
        let sip = leg
            .sip_status
            .filter(|code| *code >= 300)
            .map_or_else(String::new, |code| format!(" (SIP {code})"));
        rungs.push(format!("hangup{at} {}{by}{sip}", HangupCause::name(cause)));
    }
    let way = match leg.direction {
        Direction::Inbound => "in",
        Direction::Outbound => "out",
    };
    format!(
        "{name} {} {way} {} -> {}: {}",
        leg.id.short(),
        leg.caller_number,
        leg.destination,
        rungs.join(", ")
    )
}
