//! A background command whose result can be waited for.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::model::{Id, JobRecord, JobState, Outcome, SessionInfo};

/// A handle to a `bgapi` in flight: the interface of Python's `AsyncResult`. A clone is another
/// handle to the same job.
///
/// # Examples
/// ```no_run
/// # async fn run(client: switchy::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use switchy::client::Originate;
///
/// let version = client.bgapi("version").await?.await?; // for as long as it takes
/// let job = client.originate(&Originate::to("9196@vm-host:5080")).await?;
/// let session = job.session(Duration::from_secs(30)).await?; // until it is answered
/// println!("{version} made {session}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Job {
    id: Id<JobRecord>,
    command: String,
    session: Option<Id<SessionInfo>>,
    /// The session that was really made, where it is another one.
    made: Arc<OnceLock<Id<SessionInfo>>>,
    state: watch::Receiver<JobState>,
}

/// A session that was asked for, and the one that was made instead.
pub(super) type Made = (Id<SessionInfo>, Id<SessionInfo>);

/// The end of a job that gets the result.
#[derive(Debug)]
pub(super) struct Waiting {
    session: Option<Id<SessionInfo>>,
    /// Whether the switch was asked to use that uuid.
    is_chosen: bool,
    made: Arc<OnceLock<Id<SessionInfo>>>,
    state: watch::Sender<JobState>,
}

impl Waiting {
    /// Both ends of a job that has no result.
    pub(super) fn new(
        id: Id<JobRecord>,
        command: &str,
        session: Option<Id<SessionInfo>>,
    ) -> (Self, Job) {
        let (sender, state) = watch::channel(JobState::Pending);
        let made = Arc::<OnceLock<_>>::default();
        let waiting = Self {
            session: session.clone(),
            is_chosen: session
                .as_ref()
                .is_some_and(|id| command.contains(&format!("origination_uuid={id}"))),
            made: Arc::clone(&made),
            state: sender,
        };
        (waiting, Job { id, command: command.to_owned(), session, made, state })
    }

    /// Whether a handle is held.
    pub(super) fn is_wanted(&self) -> bool {
        !self.state.is_closed()
    }

    /// Hands the result over. Returns the session that was asked for and the one that was made,
    /// where they differ: some endpoints ignore an `origination_uuid` that is in use.
    pub(super) fn over(self, state: JobState) -> Option<Made> {
        let made = match (&state, &self.session) {
            (JobState::Done(Outcome::Ok(text)), Some(asked)) => {
                let made = value(text);
                let is_id = !made.is_empty() && !made.contains(char::is_whitespace);
                (is_id && made != asked.as_str()).then(|| (asked.clone(), Id::new(made)))
            }
            _ => None,
        };
        if let Some((asked, made)) = &made {
            if self.is_chosen {
                tracing::warn!("asked for session '{asked}', the switch made '{made}'");
            }
            // Set once: the state is handed over below, and only then.
            let _is_first = self.made.set(made.clone());
        }
        self.state.send_replace(state);
        made
    }
}

/// Why a job has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The command failed.
    #[error("{text}")]
    Failed {
        /// The server's text, for example `-ERR USER_BUSY`.
        text: String,
    },
    /// No result in time. The job continues.
    #[error("Job not complete after '{}' seconds", .after.as_secs_f64())]
    TimedOut {
        /// How long we waited.
        after: Duration,
    },
    /// Its state was asked for before it had one.
    #[error("Job has not completed yet")]
    NotComplete,
    /// The job has a value, which is not the id of a session: only an originate makes one.
    #[error("{value:?} is not the id of a session")]
    NoSession {
        /// The value.
        value: String,
    },
    /// The connection went before the result came: the server may have carried it out or not.
    #[error("the connection was lost, the outcome is unknown")]
    Unknown,
}

impl Job {
    /// Its `Job-UUID`, chosen by us.
    #[must_use]
    pub fn id(&self) -> &Id<JobRecord> {
        &self.id
    }

    /// The command line.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// For an originate: the uuid of the session it makes, known before the result. Where the
    /// switch made it under another uuid than asked for, that one as soon as the result is there.
    #[must_use]
    pub fn sess_uuid(&self) -> Option<&Id<SessionInfo>> {
        self.made.get().or(self.session.as_ref())
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> JobState {
        self.state.borrow().clone()
    }

    /// Waits for the value: the text after `+OK`, or the whole text where there is no `+OK`.
    /// `job.await` waits without a limit.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the job as it is.
    ///
    /// # Errors
    /// [`JobError::Failed`] with the server's text, [`JobError::TimedOut`], [`JobError::Unknown`].
    pub async fn get(&self, within: Duration) -> Result<String, JobError> {
        self.wait(within).await;
        match self.result() {
            Err(JobError::NotComplete) => Err(JobError::TimedOut { after: within }),
            result => result,
        }
    }

    /// As [`Job::get`], for an originate: the session that was made, once it is answered.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the job as it is.
    ///
    /// # Errors
    /// [`JobError::NoSession`] when the command makes no session; otherwise as [`Job::get`].
    pub async fn session(&self, within: Duration) -> Result<Id<SessionInfo>, JobError> {
        let value = self.get(within).await?;
        match Id::parse(&value) {
            Ok(id) if self.session.is_some() => Ok(id),
            _ => Err(JobError::NoSession { value }),
        }
    }

    /// Waits until the job is over or the time has passed; look at [`Job::ready`] then.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the job as it is.
    pub async fn wait(&self, within: Duration) {
        let _in_time = timeout(within, self.over()).await.is_ok();
    }

    async fn over(&self) {
        let mut state = self.state.clone();
        // A sender that is gone is not an error here: the state says it.
        let _is_over = state.wait_for(|state| *state != JobState::Pending).await.is_ok();
    }

    fn result(&self) -> Result<String, JobError> {
        match self.state() {
            JobState::Pending => Err(JobError::NotComplete),
            JobState::Done(Outcome::Ok(text)) => Ok(value(&text).to_owned()),
            JobState::Done(Outcome::Failed(text)) => Err(JobError::Failed { text }),
            JobState::Unknown => Err(JobError::Unknown),
        }
    }

    /// Whether it is over.
    #[must_use]
    pub fn ready(&self) -> bool {
        *self.state.borrow() != JobState::Pending
    }

    /// Whether it is over and did what was asked.
    ///
    /// # Errors
    /// [`JobError::NotComplete`] while it runs.
    pub fn successful(&self) -> Result<bool, JobError> {
        match &*self.state.borrow() {
            JobState::Pending => Err(JobError::NotComplete),
            state => Ok(matches!(state, JobState::Done(Outcome::Ok(_)))),
        }
    }
}

impl IntoFuture for Job {
    type Output = Result<String, JobError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Waits for the value as [`Job::get`], for as long as it takes.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.over().await;
            match self.result() {
                // Its listener is gone, and with it the events that would bring a result.
                Err(JobError::NotComplete) => Err(JobError::Unknown),
                result => result,
            }
        })
    }
}

impl IntoFuture for &Job {
    type Output = Result<String, JobError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.clone().into_future()
    }
}

impl fmt::Display for Job {
    /// `<Job 67659308-5ebf-4594-87f1-6516e7929d57 [pending]>`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Job {} [{}]>", self.id, self.state.borrow().word())
    }
}

fn value(text: &str) -> &str {
    text.strip_prefix("+OK").map_or(text, str::trim_start)
}
