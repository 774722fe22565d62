//! An event and what every event says.

use std::borrow::Cow;

use crate::wire::EventData;

/// One event of a switch. Its headers are decoded when asked for.
///
/// # Examples
/// ```
/// use switchy::model::Event;
/// use switchy::wire::{EventData, Format};
///
/// let text = "Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aregister\nfrom-user: 1000\n\n";
/// let event = Event::new(EventData::new(Format::Plain, text.into()));
/// assert_eq!(event.name(), "CUSTOM");
/// assert_eq!(event.kind(), "sofia::register");
/// assert_eq!(event.get("from-user").as_deref(), Some("1000"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event(EventData);

impl Event {
    /// Wraps what the wire delivered.
    #[must_use]
    pub fn new(data: EventData) -> Self {
        Self(data)
    }

    /// The event as received.
    #[must_use]
    pub fn data(&self) -> &EventData {
        &self.0
    }

    /// Returns a copy that may be kept for long: it does not hold on to the read buffer.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(self.0.detached())
    }

    /// `Event-Name`, for example `CHANNEL_ANSWER`.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.first("Event-Name").unwrap_or_default()
    }

    /// What handlers are registered for: the subclass of a CUSTOM event, else the name.
    #[must_use]
    pub fn kind(&self) -> Cow<'_, str> {
        match self.name() {
            name if name == "CUSTOM" => self.first("Event-Subclass").unwrap_or(name),
            name => name,
        }
    }

    /// A header by name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(name)
    }

    /// A channel variable: the header `variable_NAME`.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(&format!("variable_{name}"))
    }

    /// The channel that it is about.
    #[must_use]
    pub fn unique_id(&self) -> Option<Cow<'_, str>> {
        self.first("Unique-ID")
    }

    /// The text inside the event: a job's result, a message.
    #[must_use]
    pub fn body(&self) -> Option<Cow<'_, str>> {
        self.0.body()
    }

    /// When the switch made it, in microseconds since 1970; 0 when it does not say.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.number("Event-Date-Timestamp")
    }

    /// Its number among all events of this switch, in the order of their making.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.number("Event-Sequence")
    }

    fn number(&self, name: &str) -> u64 {
        self.first(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn first(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.first(name).map(|field| field.value())
    }
}
