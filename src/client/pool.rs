//! Several switches at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::app::{App, LoadAs};
use super::error::Error;
use super::handle::Client;
use super::hung_up::HungUp;
use crate::model;
use crate::model::{HangupCause, Id};

/// Clients of several switches, by name. Each switch answers for itself: one that fails does not
/// hide what the others did.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    members: Vec<(String, Client)>,
}

impl Pool {
    /// An empty pool.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a switch. Two clients of one server are warned of: each would track and count all its
    /// calls.
    #[must_use]
    pub fn with(mut self, name: &str, client: Client) -> Self {
        let address = client.config().address();
        let is_same = |(_, known): &&(String, Client)| known.config().address() == address;
        if let Some((known, _)) = self.members.iter().find(is_same) {
            tracing::warn!("'{known}' and '{name}' both listen to {address}");
        }
        self.members.push((name.to_owned(), client));
        self
    }

    /// The switches, in the order in which they were added.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (&str, &Client)> {
        self.members.iter().map(|(name, client)| (name.as_str(), client))
    }

    /// The client of a switch.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Client> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, client)| client)
    }

    /// Does something on every switch at the same time; the results come in the order of the
    /// switches.
    ///
    /// # Cancel safety
    /// Dropping the future drops the work on all switches; each is as safe as its own future.
    pub async fn each<T, F>(&self, work: impl Fn(Client) -> F) -> Vec<(String, Result<T, Error>)>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut running = JoinSet::new();
        for (at, (_, client)) in self.members.iter().enumerate() {
            let work = work(client.clone());
            running.spawn(async move { (at, work.await) });
        }
        let mut results: Vec<_> = self.members.iter().map(|_| None).collect();
        while let Some(done) = running.join_next().await {
            // A panic in `work` leaves its switch without a result, which is reported below.
            if let Ok((at, result)) = done
                && let Some(slot) = results.get_mut(at)
            {
                *slot = Some(result);
            }
        }
        let named = self.members.iter().zip(results);
        named
            .map(|((name, _), result)| (name.clone(), result.unwrap_or(Err(Error::Panicked))))
            .collect()
    }

    /// Runs an `api` command on every switch.
    ///
    /// # Cancel safety
    /// As [`Client::send`], on each switch.
    pub async fn cmd(&self, line: &str) -> Vec<(String, Result<String, Error>)> {
        let line = line.to_owned();
        self.each(move |client| {
            let line = line.clone();
            async move { client.cmd(&line).await }
        })
        .await
    }

    /// Loads one instance of apps on every switch, under one name; the ids differ.
    ///
    /// # Cancel safety
    /// As [`Client::load_app`], on each switch; where it was loaded it stays.
    pub async fn load_apps(
        &self,
        apps: &[Arc<dyn App>],
        options: &LoadAs,
    ) -> Vec<(String, Result<Id<model::App>, Error>)> {
        let (apps, options) = (apps.to_vec(), options.clone());
        self.each(move |client| {
            let (apps, options) = (apps.clone(), options.clone());
            async move { client.load_apps(apps, &options).await }
        })
        .await
    }

    /// Hangs up, on every switch, what its client originated.
    ///
    /// # Cancel safety
    /// As [`Client::hupall`], on each switch.
    pub async fn hupall(&self) -> Vec<(String, Result<Vec<HungUp>, Error>)> {
        self.each(|client| async move { client.hupall(None, &HangupCause::NORMAL_CLEARING).await })
            .await
    }

    /// The running calls of all switches, with the name of the switch.
    #[must_use]
    pub fn calls(&self) -> Vec<(&str, model::CallInfo)> {
        let calls = self.members.iter().flat_map(|(name, client)| {
            let calls = client.listener().map(|listener| listener.calls()).unwrap_or_default();
            calls.into_iter().map(move |call| (name.as_str(), call))
        });
        calls.collect()
    }
}
