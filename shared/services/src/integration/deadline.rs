//! The time that a whole test of the settings may take, shared by its calls.

use std::time::Duration;

use tokio::time::Instant;

/// Leaves a function of 29 s the time to answer.
const WHOLE: Duration = Duration::from_secs(24);

/// When a test has to be over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// For a test that begins now.
    pub(super) fn begin() -> Self {
        Self(Instant::now() + WHOLE)
    }

    /// A call's share: at most `most`, with `reserve` left for what follows it.
    pub(super) fn share(self, most: Duration, reserve: Duration) -> Duration {
        let left = self.0.saturating_duration_since(Instant::now());
        most.min(left.saturating_sub(reserve))
    }

    /// Whether nothing can be asked any more.
    pub(super) fn is_over(self) -> bool {
        self.0.saturating_duration_since(Instant::now()) < Duration::from_millis(500)
    }
}
