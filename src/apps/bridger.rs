//! Bridges the parked legs of a call, each to its own place.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::apps::bounded_map::BoundedMap;
use crate::apps::kind::{Kind, Param, ParamError, Takes};
use crate::apps::proxier::onward;
use crate::client::app::Handling;
use crate::client::{App, AppContext, Originate};
use crate::model::{CallInfo, Id};

/// Bridges the nth leg of a call that is parked to the nth place.
#[derive(Debug, Default)]
pub struct Bridger {
    places: BTreeMap<usize, Place>,
    parked: BoundedMap<CallInfo, HashSet<Id<crate::model::SessionInfo>>>,
}

#[derive(Debug, Clone)]
enum Place {
    /// Where its request line says.
    Proxy,
    To(Box<Originate>),
}

pub(super) const KIND: Kind = Kind {
    name: "Bridger",
    about: "bridges the first, second .. leg of a call that is parked to its own place",
    params: &[Param::new(
        "leg*",
        Takes::Text,
        "",
        "where leg1, leg2 .. go: \"proxy\" (its request line), USER@HOST[:PORT] or a dial string",
    )],
    make: |values| {
        let mut bridger = Bridger::default();
        for (name, place) in values.all("leg*") {
            let count = name.trim_start_matches("leg").parse().ok().filter(|count| *count > 0);
            let Some(count) = count.filter(|_| !place.is_empty()) else {
                let (name, value) = (name.to_owned(), place.to_owned());
                let what = "place of a leg: leg1=proxy, leg2=USER@HOST".to_owned();
                return Err(ParamError::Value { name, what, value });
            };
            bridger = match place {
                "proxy" => bridger.proxying(count),
                place => bridger.with(count, Originate::of(place)),
            };
        }
        if bridger.places.is_empty() {
            return Err(ParamError::Missing { app: "Bridger", name: "leg1" });
        }
        Ok(Arc::new(bridger))
    },
};

impl Bridger {
    /// Bridges the nth parked leg of a call, from 1, to where its request line says.
    #[must_use]
    pub fn proxying(mut self, count: usize) -> Self {
        self.places.insert(count, Place::Proxy);
        self
    }

    /// Bridges the nth parked leg of a call, from 1, to where an [`Originate`] would call.
    #[must_use]
    pub fn with(mut self, count: usize, to: Originate) -> Self {
        self.places.insert(count, Place::To(Box::new(to)));
        self
    }
}

impl App for Bridger {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK", "CHANNEL_BRIDGE", "CHANNEL_DESTROY"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            match &*event.name() {
                "CHANNEL_PARK" => {
                    let count = self.parked.with(&session.info().call, |legs| {
                        // One that parks again is no other leg.
                        legs.insert(session.id().clone()).then_some(legs.len())
                    });
                    let place = count.and_then(|count| self.places.get(&count));
                    match place {
                        Some(Place::Proxy) => {
                            session.bridge_or_end(&onward(event, None, None)?).await
                        }
                        Some(Place::To(to)) => session.bridge_or_end(to).await,
                        None => Ok(()),
                    }
                }
                "CHANNEL_BRIDGE" => {
                    let other = event.get("Other-Leg-Unique-ID").unwrap_or_default().into_owned();
                    tracing::info!(uuid = %session.id(), other, "Bridger: bridged");
                    Ok(())
                }
                _ => {
                    let is_over = session.call().is_none();
                    if is_over {
                        drop(self.parked.take(&session.info().call));
                    }
                    Ok(())
                }
            }
        })
    }
}
