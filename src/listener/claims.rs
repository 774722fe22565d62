//! Subscriptions that are held for a while, by somebody who may not be the only one.

use std::collections::BTreeMap;

use super::{Error, EventListener};

/// How many hold each subscription that nobody made for good.
pub(super) type Claims = BTreeMap<String, usize>;

impl EventListener {
    /// Subscribes for as long as somebody holds it, and returns what to hand to
    /// [`EventListener::release`]. What is subscribed to for good is not among it.
    ///
    /// # Errors
    /// As [`EventListener::subscribe`]; nothing is held then, on the server neither.
    pub async fn claim(&self, names: &[&str]) -> Result<Vec<String>, Error> {
        let _turn = self.inner.claiming.lock().await;
        let mut held: Vec<String> = Vec::new();
        let mut new = Vec::new();
        {
            let mut state = self.state();
            for name in names {
                if held.iter().any(|known| known == name) {
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
                held.push((*name).to_owned());
            }
        }
        if !new.is_empty()
            && let Err(err) = self.add_events(&new).await
        {
            // The server stops at the first name that it refuses; those before it are set.
            if let Err(err) = self.give_back(&held).await {
                tracing::debug!(%err, "a refused subscription is not taken back");
            }
            return Err(err);
        }
        Ok(held)
    }

    /// Gives back what [`EventListener::claim`] returned. What nobody holds any more is no longer
    /// subscribed to.
    ///
    /// # Errors
    /// As [`EventListener::unsubscribe`].
    pub async fn release(&self, held: &[String]) -> Result<(), Error> {
        let _turn = self.inner.claiming.lock().await;
        self.give_back(held).await
    }

    async fn give_back(&self, held: &[String]) -> Result<(), Error> {
        let unused: Vec<&String> = {
            let mut state = self.state();
            let is_last = |name: &&String| match state.claims.get_mut(name.as_str()) {
                Some(count) if *count > 1 => {
                    *count -= 1;
                    false
                }
                // Without a count somebody wanted it for good meanwhile, or nobody any more.
                count => count.is_some(),
            };
            held.iter().filter(is_last).collect()
        };
        if unused.is_empty() { Ok(()) } else { self.unsubscribe(&unused).await }
    }
}
