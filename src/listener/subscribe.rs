//! What a listener asks its server for: subscriptions, filters, the log.

use super::error::Error;
use super::event_listener::{EventListener, accepted};
use crate::wire::Command;

impl EventListener {
    /// Adds subscriptions; while connected, on the server too.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the list unchanged; the server may send the events until the connection
    /// ends.
    ///
    /// # Errors
    /// As for any command; the list is unchanged then.
    pub async fn subscribe<S: AsRef<str>>(&self, names: &[S]) -> Result<(), Error> {
        self.add_events(names).await?;
        // From now on it is wanted for good, also if it was held for a while.
        self.state().claims.retain(|known, _| !names.iter().any(|name| name.as_ref() == known));
        Ok(())
    }

    pub(super) async fn add_events<S: AsRef<str>>(&self, names: &[S]) -> Result<(), Error> {
        let (connection, format) = (self.connection().ok(), self.state().format);
        let command = Command::event(format, names).map_err(Error::Illegal)?;
        if let Some(connection) = connection {
            accepted(&connection, command).await?;
        }
        let mut state = self.state();
        for name in names.iter().map(AsRef::as_ref) {
            if !state.events.iter().any(|known| known == name) {
                state.events.push(name.to_owned());
            }
        }
        Ok(())
    }

    /// Drops subscriptions; while connected, with `nixevent`.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the list unchanged while the server sends the events no more; call it
    /// again.
    ///
    /// # Errors
    /// As for any command; the list is unchanged then.
    pub async fn unsubscribe<S: AsRef<str>>(&self, names: &[S]) -> Result<(), Error> {
        let command = Command::nixevent(names).map_err(Error::Illegal)?;
        if let Ok(connection) = self.connection() {
            accepted(&connection, command).await?;
        }
        let gone = |known: &String| names.iter().any(|name| name.as_ref() == known);
        let (left, format) = {
            let mut state = self.state();
            state.events.retain(|known| !gone(known));
            state.claims.retain(|known, _| !gone(known));
            (state.events.clone(), state.format)
        };
        // `nixevent ALL` takes everything away, not only what `event ALL` added.
        let takes_all = names.iter().any(|name| name.as_ref().eq_ignore_ascii_case("ALL"));
        if takes_all
            && !left.is_empty()
            && let Ok(connection) = self.connection()
        {
            let again = Command::event(format, &left).map_err(Error::Illegal)?;
            accepted(&connection, again).await?;
        }
        Ok(())
    }

    /// Lets only events pass whose `header` has this value (several filters: any of them), and
    /// restores the filter after a reconnect. Job results and HEARTBEAT would be hidden too, so
    /// they are let through by filters of their own.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the server with the change and the listener without it, until the
    /// connection is opened again; call it again.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Refused`] with the server's text, [`Error::Denied`].
    pub async fn filter(&self, header: &str, value: &str) -> Result<(), Error> {
        let connection = self.connection()?;
        for (header, value) in ALWAYS.into_iter().chain([(header, value)]) {
            let filter = (header.to_owned(), value.to_owned());
            if !self.state().filters.contains(&filter) {
                let command = Command::filter(header, value).map_err(Error::Illegal)?;
                accepted(&connection, command).await?;
                self.state().filters.push(filter);
            }
        }
        Ok(())
    }

    /// The filters that were asked for, and those that let job results and HEARTBEAT through.
    #[must_use]
    pub fn filters(&self) -> Vec<(String, String)> {
        self.state().filters.clone()
    }

    /// Takes one filter away. With the last one that was asked for, all of them go.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the server with the change and the listener without it, until the
    /// connection is opened again; call it again.
    ///
    /// # Errors
    /// As [`EventListener::filter`].
    pub async fn unfilter_one(&self, header: &str, value: &str) -> Result<(), Error> {
        let is_it =
            |filter: &(String, String)| filter.0.eq_ignore_ascii_case(header) && filter.1 == value;
        if self.filters().iter().all(|filter| is_it(filter) || ALWAYS.contains(&pair(filter))) {
            return self.unfilter().await;
        }
        let command = Command::filter_delete(header, Some(value)).map_err(Error::Illegal)?;
        accepted(&self.connection()?, command).await?;
        self.state().filters.retain(|filter| !is_it(filter));
        Ok(())
    }

    /// Takes all filters of a header away; those that let job results and HEARTBEAT through stay.
    /// With the last one that was asked for, all of them go.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the server with the change and the listener without it, until the
    /// connection is opened again; call it again.
    ///
    /// # Errors
    /// As [`EventListener::filter`].
    pub async fn unfilter_header(&self, header: &str) -> Result<(), Error> {
        let is_it = |filter: &(String, String)| filter.0.eq_ignore_ascii_case(header);
        if self.filters().iter().all(|filter| is_it(filter) || ALWAYS.contains(&pair(filter))) {
            return self.unfilter().await;
        }
        let connection = self.connection()?;
        let command = Command::filter_delete(header, None).map_err(Error::Illegal)?;
        accepted(&connection, command).await?;
        self.state().filters.retain(|filter| !is_it(filter));
        for (always, value) in ALWAYS.into_iter().filter(|it| it.0.eq_ignore_ascii_case(header)) {
            let command = Command::filter(always, value).map_err(Error::Illegal)?;
            accepted(&connection, command).await?;
            self.state().filters.push((always.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    /// Takes all filters away.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the server with the change and the listener without it, until the
    /// connection is opened again; call it again.
    ///
    /// # Errors
    /// As [`EventListener::filter`].
    pub async fn unfilter(&self) -> Result<(), Error> {
        let command = Command::filter_delete("all", None).map_err(Error::Illegal)?;
        accepted(&self.connection()?, command).await?;
        self.state().filters.clear();
        Ok(())
    }

    /// Asks for log lines up to a level (a name, or 0 to 7), or for none. Restored after a
    /// reconnect. Returns the server's text.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the server with the change and the listener without it, until the
    /// connection is opened again; call it again.
    ///
    /// # Errors
    /// As [`EventListener::filter`].
    pub async fn log(&self, level: Option<&str>) -> Result<String, Error> {
        let command = match level {
            Some(level) => Command::log(level),
            None => Command::nolog(),
        };
        let reply = accepted(&self.connection()?, command.map_err(Error::Illegal)?).await?;
        self.state().log = level.map(str::to_owned);
        Ok(reply.text())
    }
}

fn pair(filter: &(String, String)) -> (&str, &str) {
    (&filter.0, &filter.1)
}

/// What passes whatever is filtered.
const ALWAYS: [(&str, &str); 2] = [("Event-Name", "BACKGROUND_JOB"), ("Event-Name", "HEARTBEAT")];
