//! A clock that stands where a test puts it.

use std::sync::Arc;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_platform::clock::{Clock, Ports, RandomIds};

/// Stands still until a test moves it.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    /// Stands at an RFC 3339 instant.
    pub fn at(instant: &str) -> Self {
        Self(Arc::new(Mutex::new(instant.parse().unwrap())))
    }

    /// Moves on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }

    /// Moves to an RFC 3339 instant.
    pub fn set(&self, instant: &str) {
        *self.0.lock().unwrap() = instant.parse().unwrap();
    }

    /// Ports with this clock and random ids.
    pub fn ports(&self) -> Ports {
        Ports::new(Arc::new(self.clone()), Arc::new(RandomIds))
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
