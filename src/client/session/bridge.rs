//! Bridges a leg to where an originate would call.

use super::Session;
use crate::client::error::Error;
use crate::client::originate::Originate;

impl Session {
    /// Queues `bridge` to where an [`Originate`] would call, with its variables, from this leg;
    /// confirmed by CHANNEL_BRIDGE.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::DialString`]; otherwise as [`Session::execute`].
    pub async fn bridge(&self, to: &Originate) -> Result<(), Error> {
        self.execute("bridge", &to.render_bridge()?).await
    }

    /// As [`Session::bridge`], and this leg ends when the bridge does, or when it does not come
    /// about. Otherwise FreeSWITCH leaves it parked, where no operator may look for it.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Session::bridge`] and [`Session::setvar`].
    pub async fn bridge_or_end(&self, to: &Originate) -> Result<(), Error> {
        let to = to.render_bridge()?;
        self.setvar("hangup_after_bridge", "true").await?;
        self.execute("bridge", &to).await
    }
}
