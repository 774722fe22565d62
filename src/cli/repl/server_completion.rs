//! What Tab asks of a server: waited for a moment only. An answer that comes later is for the next
//! Tab at the same place: over a slow link, or from a busy server, none would come in time.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::runtime::Handle;

use crate::shell::complete::{Candidate, Question};

/// At most one question at a time: a server that is busy is not asked again before it has answered.
#[derive(Debug, Default)]
pub(super) struct ServerCompletion {
    runtime: OnceLock<Handle>,
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    asked: Option<About>,
    answer: Option<(About, Instant, Vec<Candidate>)>,
}

/// What a question is about: where the word stands, and what there is of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct About {
    place: String,
    word: String,
}

impl About {
    /// Whether the answer holds for a longer word, too.
    fn covers(&self, other: &Self) -> bool {
        self.place == other.place && other.word.starts_with(&self.word)
    }
}

impl ServerCompletion {
    /// Where questions run.
    pub(super) fn runs_on(&self, runtime: Handle) {
        // Set once.
        let _is_first = self.runtime.set(runtime).is_ok();
    }

    /// Asks; nothing when the answer takes too long. Blocks until then.
    pub(super) fn ask(&self, question: Question) -> Vec<Candidate> {
        let (place, word) = question.place();
        self.wait(&About { place, word }, question.ask())
    }

    fn wait<F>(&self, about: &About, answer: F) -> Vec<Candidate>
    where
        F: Future<Output = Vec<Candidate>> + Send + 'static,
    {
        let Some(runtime) = self.runtime.get() else { return Vec::new() };
        let (state, changed) = &*self.shared;
        let mut state = state.lock();
        state.answer.take_if(|(to, at, _)| !to.covers(about) || at.elapsed() > FRESH);
        if state.answer.is_none() && state.asked.is_none() {
            state.asked = Some(about.clone());
            let shared = Arc::clone(&self.shared);
            let _task = runtime.spawn(async move {
                let candidates = answer.await;
                let mut state = shared.0.lock();
                let to = state.asked.take();
                state.answer = to.map(|to| (to, Instant::now(), candidates));
                shared.1.notify_all();
            });
        }
        let is_asked =
            |state: &mut State| state.asked.as_ref().is_some_and(|asked| asked.covers(about));
        let _timed_out = changed.wait_while_for(&mut state, is_asked, TAB);
        let answer = state.answer.take_if(|(to, ..)| to.covers(about));
        let mut candidates = answer.map_or_else(Vec::new, |(.., candidates)| candidates);
        candidates.retain(|candidate| candidate.replacement.starts_with(&about.word));
        candidates
    }
}

/// How long Tab waits for a server.
const TAB: Duration = Duration::from_millis(150);
/// How long a late answer is of use.
const FRESH: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::sync::oneshot;

    use super::*;

    #[limited::test]
    fn a_late_answer_is_for_the_next_tab() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let server_completion = ServerCompletion::default();
        server_completion.runs_on(runtime.handle().clone());
        let about = |word: &str| About { place: "sofia".to_owned(), word: word.to_owned() };
        let candidate = |text: &str| Candidate {
            replacement: text.to_owned(),
            display: text.to_owned(),
            is_live: false,
        };
        let names = |found: Vec<Candidate>| {
            found.into_iter().map(|candidate| candidate.replacement).collect::<Vec<_>>()
        };
        let (answer, answered) = oneshot::channel();
        let first = async { answered.await.unwrap_or_default() };
        assert_eq!(names(server_completion.wait(&about("s"), first)), [""; 0]);
        // It is not asked again, whatever is asked.
        assert_eq!(names(server_completion.wait(&about("x"), pending())), [""; 0]);
        answer.send(vec![candidate("status"), candidate("stop")]).unwrap();
        let mut found = Vec::new();
        // It may take longer on a busy machine.
        while found.is_empty() {
            found = names(server_completion.wait(&about("sta"), pending()));
        }
        assert_eq!(found, ["status"]);
    }
}
