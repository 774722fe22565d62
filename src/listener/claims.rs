//! Subscriptions that are held for a while, by one or several holders.

use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::event_listener::EventListener;

impl EventListener {
    /// Subscribes for as long as it is held, and returns what to hand to
    /// [`EventListener::release`]. What is subscribed to for good is not among it.
    ///
    /// # Errors
    /// As [`EventListener::subscribe`]; nothing is held then, on the server neither.
    pub(crate) async fn claim(&self, names: &[&str]) -> Result<Vec<String>, Error> {
        let _turn = self.inner.claiming.lock().await;
        let mut claim = Claim { listener: self, held: Vec::new() };
        let mut new = Vec::new();
        {
            let mut state = self.state();
            for name in names {
                if claim.held.iter().any(|known| known == name) {
                    continue;
                }
                let is_known = state.events.iter().any(|known| known == name || known == "ALL");
                match state.claims.get_mut(*name) {
                    Some(count) => *count += 1,
                    None if is_known => continue,
                    None => {
                        state.claims.insert((*name).to_owned(), 1);
                        new.push(*name);
                    }
                }
                claim.held.push((*name).to_owned());
            }
        }
        if !new.is_empty() {
            self.add_events(&new).await?;
        }
        Ok(std::mem::take(&mut claim.held))
    }

    /// Gives back what [`EventListener::claim`] returned. What has no holder any more is no longer
    /// subscribed to.
    ///
    /// # Errors
    /// As [`EventListener::unsubscribe`].
    pub(crate) async fn release(&self, held: &[String]) -> Result<(), Error> {
        let _turn = self.inner.claiming.lock().await;
        self.give_back(held).await
    }

    /// As [`EventListener::release`], a while later: who held it for one event may want the next one
    /// soon. It does not keep the listener.
    pub(crate) fn release_later(&self, held: Vec<String>) {
        let inner = Arc::downgrade(&self.inner);
        let _task = tokio::spawn(async move {
            tokio::time::sleep(LINGER).await;
            let Some(listener) = inner.upgrade().map(|inner| Self { inner }) else { return };
            if let Err(err) = listener.release(&held).await {
                tracing::debug!(%err, "a subscription is not taken back");
            }
        });
    }

    async fn give_back(&self, held: &[String]) -> Result<(), Error> {
        let unused = self.uncount(held);
        if unused.is_empty() { Ok(()) } else { self.unsubscribe(&unused).await }
    }

    /// Counts one holder less; returns what has no holder any more.
    fn uncount(&self, held: &[String]) -> Vec<String> {
        let mut state = self.state();
        let is_last = |name: &&String| match state.claims.get_mut(name.as_str()) {
            Some(count) if *count > 1 => {
                *count -= 1;
                false
            }
            Some(_) => state.claims.remove(name.as_str()).is_some(),
            // It was subscribed to for good meanwhile, or has no holder.
            None => false,
        };
        held.iter().filter(is_last).cloned().collect()
    }
}

/// A claim that is being made. Refused, or dropped before it is done, it leaves nothing behind.
struct Claim<'a> {
    listener: &'a EventListener,
    held: Vec<String>,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let unused = self.listener.uncount(&self.held);
        if unused.is_empty() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let listener = self.listener.clone();
        // The server stops at the first name that it refuses; those before it are set.
        let _task = runtime.spawn(async move {
            let _turn = listener.inner.claiming.lock().await;
            let is_unwanted = |name: &&String| {
                let state = listener.state();
                !state.claims.contains_key(*name) && !state.events.contains(*name)
            };
            let unwanted: Vec<&String> = unused.iter().filter(is_unwanted).collect();
            if !unwanted.is_empty()
                && let Err(err) = listener.unsubscribe(&unwanted).await
            {
                tracing::debug!(%err, "a refused subscription is not taken back");
            }
        });
    }
}

/// How long a subscription outlives who held it for one event.
const LINGER: Duration = Duration::from_secs(10);
