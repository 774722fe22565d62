//! Ending the calls of this client, and no others.

use super::hung_up::HungUp;

use super::error::Error;
use super::handle::Client;
use crate::listener::EventListener;
use crate::model;
use crate::model::{HangupCause, Id};

impl Client {
    /// Hangs up the calls that this client originated: those of all its apps, unloaded ones too, and
    /// those without one, or those of one app when `app` names it. Calls of others are not touched.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the calls of app ids alive that were not reached.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`], [`Error::UnknownCause`]; otherwise as [`Client::api`], from the first
    /// id that failed, after all were tried.
    pub async fn hupall(
        &self,
        app: Option<&str>,
        cause: &HangupCause,
    ) -> Result<Vec<HungUp>, Error> {
        let (mut done, mut failure) = (Vec::new(), None);
        for hung_up in self.hupall_dry_run(app, cause)? {
            match self.hang_up_app(&hung_up.id, cause).await {
                Ok(_reply) => done.push(hung_up),
                Err(err) => failure = failure.or(Some(err)),
            }
        }
        failure.map_or(Ok(done), Err)
    }

    /// What [`Client::hupall`] would do now, or refuse.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`], [`Error::UnknownCause`].
    pub fn hupall_dry_run(
        &self,
        app: Option<&str>,
        cause: &HangupCause,
    ) -> Result<Vec<HungUp>, Error> {
        if !cause.is_known() {
            return Err(Error::UnknownCause { cause: cause.name().to_owned() });
        }
        self.hupall_preview(app)
    }

    /// The sessions that this client's app ids tag now.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`].
    pub fn hupall_preview(&self, app: Option<&str>) -> Result<Vec<HungUp>, Error> {
        let ids: Vec<_> = match app {
            Some(name) => vec![self.apps().id_ever(name)?],
            None => self.state().issued.clone(),
        };
        let listener = self.listener().ok();
        // An id is a uuid of ours; an empty one would hang up the whole switch.
        let preview = ids.into_iter().filter(|id| !id.as_str().is_empty()).map(|id| {
            let victims =
                listener.as_ref().map(|listener| self.legs_of(listener, &id)).unwrap_or_default();
            HungUp { name: self.apps().name(&id), id, sessions: victims.len(), victims }
        });
        Ok(preview.collect())
    }

    /// The legs that carry an id, oldest first. Of an id that other clients may use, those of the
    /// calls that this client started.
    pub(super) fn legs_of(
        &self,
        listener: &EventListener,
        id: &Id<model::App>,
    ) -> Vec<Id<model::SessionInfo>> {
        let is_given = self.apps().is_given(id);
        listener.with(|tracker| {
            let is_own = |leg: &&model::SessionInfo| !is_given || tracker.is_own_call(&leg.call);
            let mut legs: Vec<_> = tracker.sessions_of_app(id).filter(is_own).collect();
            // FreeSWITCH's clock has steps of 20 ms: both ends of a call may begin in one.
            legs.sort_by_key(|leg| {
                let inbound = leg.direction == model::Direction::Inbound;
                (leg.times.created, inbound, leg.id.clone())
            });
            legs.into_iter().map(|leg| leg.id.clone()).collect()
        })
    }

    /// Hangs up the calls that carry an id. FreeSWITCH's `hupall` ends all that carry it, whichever
    /// client started them: it is for ids that only this client knows.
    pub(super) async fn hang_up_app(
        &self,
        id: &Id<model::App>,
        cause: &HangupCause,
    ) -> Result<(), Error> {
        if !self.apps().is_given(id) {
            return self.hupall_tagged(id, cause).await;
        }
        let mut first = None;
        for leg in self.legs_of(&self.listener()?, id) {
            match self.api(&format!("uuid_kill {leg} {cause}")).await {
                // The end of its other leg has ended it.
                Err(Error::Api { text, .. }) if text.contains("No such channel") => {}
                Err(err) => {
                    first.get_or_insert(err);
                }
                Ok(_) => {}
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Remembers that an originate carries this id. Ids of apps that are unloaded and have no calls
    /// any more are forgotten when they become many.
    pub(super) fn note_issued(&self, app: Id<model::App>) {
        let is_room = {
            let mut state = self.state();
            if !state.issued.contains(&app) {
                state.issued.push(app);
            }
            state.issued.len() <= ISSUED
        };
        if is_room {
            return;
        }
        let alive = self.listener().map(|listener| listener.sessions_per_app());
        let is_loaded = |id: &Id<model::App>| self.apps().id(id.as_str()).is_ok();
        let is_needed = |id: &Id<model::App>| {
            id == self.id() || is_loaded(id) || alive.as_ref().is_ok_and(|x| x.contains_key(id))
        };
        let mut state = self.state();
        // The latest half stays as it is: a call of theirs may be about to begin.
        let old = state.issued.len() / 2;
        let mut place = 0;
        state.issued.retain(|id| {
            place += 1;
            place > old || is_needed(id)
        });
        let issued = state.issued.clone();
        drop(state);
        self.apps().forget_unloaded(&issued);
    }
}

/// With more app ids than this, those without calls are forgotten.
const ISSUED: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn ids_that_nobody_needs_are_forgotten() {
        let client = Client::new("vm-host");
        client.note_issued(client.id().clone());
        for _app in 0..10_000 {
            client.note_issued(Id::random());
        }
        let last = Id::random();
        client.note_issued(last.clone());
        let issued = client.state().issued.clone();
        assert!(issued.len() <= ISSUED, "{}", issued.len());
        assert_eq!((issued.first(), issued.last()), (Some(client.id()), Some(&last)));
    }
}
