//! How much a tracker keeps.

/// How much is remembered of what is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Ended calls.
    pub ended_calls: usize,
    /// Ids of sessions that are gone.
    pub tombstones: usize,
    /// Finished jobs.
    pub jobs: usize,
    /// Bytes of their results, together. The latest is kept whatever its size.
    pub job_bytes: usize,
    /// Jobs without a result. Beyond it the oldest is forgotten and counted; its result still
    /// ends all waits for it.
    pub pending_jobs: usize,
    /// Legs that are gone of one running call. Beyond it the oldest but the first is forgotten
    /// and counted.
    pub gone_legs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ended_calls: 1000,
            tombstones: 10_000,
            jobs: 1000,
            job_bytes: 16 << 20,
            pending_jobs: 20_000,
            gone_legs: 100,
        }
    }
}
