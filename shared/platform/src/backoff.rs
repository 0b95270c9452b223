//! Waiting before another try: exponential, capped, with full jitter.

use std::time::Duration;

use convoke_domain::error::Error;

use crate::store::StoreError;

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(640);

/// How often optimistic work is tried before the caller is told to come back.
pub const CONFLICT_ATTEMPTS: u32 = 24;

/// Sleeps before the `attempt`-th retry (from 1).
pub async fn pause(attempt: u32) {
    let ceiling = LONGEST.min(FIRST.saturating_mul(1 << attempt.min(10)));
    tokio::time::sleep(ceiling.mul_f64(fastrand::f64())).await;
}

/// How one attempt at optimistic work ended, when not well.
#[derive(Debug)]
pub enum Attempt {
    /// Somebody else wrote first: read again, decide anew.
    Disturbed(StoreError),
    /// Trying again would not help.
    Failed(Error),
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        if error.is_conflict() {
            Self::Disturbed(error)
        } else {
            Self::Failed(error.into())
        }
    }
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Attempt> for Error {
    fn from(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Disturbed(error) => error.into(),
            Attempt::Failed(error) => error,
        }
    }
}

/// Runs optimistic work (read, decide, write conditionally) until no other
/// writer came in between; after [`CONFLICT_ATTEMPTS`] the caller hears "busy".
pub async fn until_undisturbed<T, F>(mut work: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Attempt>>,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        match work().await {
            Err(Attempt::Disturbed(_)) if attempt < CONFLICT_ATTEMPTS => pause(attempt).await,
            other => return other.map_err(Error::from),
        }
    }
}
