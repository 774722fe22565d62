//! Which legs were transferred, and where to.

use std::collections::HashMap;

use crate::model::{Direction, SessionInfo};
use crate::shell::text::sanitise;
use crate::shell::view::words::later;
use crate::track::What;

/// Where each leg was last sent by a dial plan. A leg that runs an application elsewhere was
/// transferred: FreeSWITCH has no event for that alone.
#[derive(Debug, Default)]
pub(super) struct Transfers(HashMap<String, String>);

impl Transfers {
    /// What a change says of a transfer, in words.
    pub(super) fn describe(&mut self, session: &SessionInfo, what: What) -> Option<String> {
        let id = session.id.as_str();
        match what {
            What::Executes => {
                let to = session.destination.to_string();
                if self.0.len() >= MOST {
                    self.0.clear();
                }
                let before = self.0.insert(id.to_owned(), to.clone()).or_else(|| {
                    // An outbound leg was called at a number before it is sent to one.
                    let is_inbound = session.direction == Direction::Inbound;
                    is_inbound.then(|| session.dialled.to_string())
                })?;
                let is_elsewhere = !before.is_empty() && !to.is_empty() && before != to;
                is_elsewhere
                    .then(|| later(&format!("transferred to {}", sanitise::line(&to)), session))
            }
            What::Ended | What::Gone { .. } => {
                self.0.remove(id);
                None
            }
            _ => None,
        }
    }
}

/// Legs at most; what a server never ends does not take all memory.
const MOST: usize = 100_000;
