//! Time and ids as ports, so that tests drive both. The only place that asks
//! the machine for either.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// Mints ids.
pub trait Ids: Send + Sync {
    /// A `UUIDv7`: unique, and sorted by creation.
    fn mint(&self) -> Uuid;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Random `UUIDv7`.
#[derive(Debug, Clone, Copy)]
pub struct RandomIds;

impl Ids for RandomIds {
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    fn mint(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// Both ports together, cheap to clone.
#[derive(Clone)]
pub struct Ports {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl Ports {
    /// The machine's clock and random ids.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        }
    }

    /// Ports of the caller's making.
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { clock, ids }
    }

    /// The present instant, to the microsecond (what a stored instant keeps).
    pub fn now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// A fresh `UUIDv7`.
    pub fn mint(&self) -> Uuid {
        self.ids.mint()
    }
}
