//! When to try again: Retry-After, back-off, and the budget that bounds both.
//!
//! Guarantees: an operation ends within its budget; a wait that does not fit is
//! not begun, so the caller learns at once when to come back; and once a write
//! may have taken effect, no later refusal makes that be forgotten.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

use crate::correlation;
use crate::error::{GraphError, GraphErrorClass};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The tries of one request within its operation's deadline.
pub(crate) struct Attempts {
    deadline: Instant,
    most: u32,
    made: u32,
    reauthenticated: bool,
    outcome_unknown: bool,
}

impl Attempts {
    pub(crate) fn new(deadline: Instant, most: u32) -> Self {
        Self {
            deadline,
            most: most.max(1),
            made: 0,
            reauthenticated: false,
            outcome_unknown: false,
        }
    }

    /// Counts a try and gives its number, from 1.
    pub(crate) fn begin(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// What is left of the budget.
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// `error` with what earlier tries left open.
    pub(crate) fn give_up(&self, mut error: GraphError) -> GraphError {
        error.outcome_unknown |= self.outcome_unknown;
        error
    }

    /// Returns when another try is due, or gives the error to report.
    pub(crate) async fn pause_after(&mut self, mut error: GraphError) -> Result<(), GraphError> {
        self.outcome_unknown |= error.outcome_unknown;
        error.outcome_unknown = self.outcome_unknown;
        if error.class == GraphErrorClass::AuthExpired {
            // The caller has dropped the token: one more try with a fresh one.
            if self.reauthenticated || self.remaining().is_zero() {
                return Err(error);
            }
            self.reauthenticated = true;
            self.most += 1;
            return Ok(());
        }
        if self.made >= self.most || !cured_by_waiting(&error.class) {
            return Err(error);
        }
        let pause = error.retry_after.unwrap_or_else(|| back_off(self.made));
        if pause >= self.remaining() {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

fn cured_by_waiting(class: &GraphErrorClass) -> bool {
    matches!(
        class,
        GraphErrorClass::Throttled | GraphErrorClass::Transient | GraphErrorClass::Malformed
    )
}

/// Doubles from [`FIRST_PAUSE`]; half of it is random, so that callers spread out.
fn back_off(made: u32) -> Duration {
    let whole = FIRST_PAUSE
        .saturating_mul(1 << made.saturating_sub(1).min(16))
        .min(LONGEST_PAUSE);
    whole / 2 + (whole / 2).mul_f64(correlation::fraction())
}

/// The wait an answer asks for: seconds (Graph sends fractions), or a date
/// measured against the answer's own `Date`, so that no clock of ours counts.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_nan() || seconds < 0.0 => return None,
        Ok(seconds) => Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_RETRY_AFTER),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(text).ok()?;
            let answered = headers.get(DATE)?.to_str().ok()?;
            let answered = DateTime::parse_from_rfc2822(answered).ok()?;
            until
                .signed_duration_since(answered)
                .to_std()
                .unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn retry_after_is_read_as_fractional_seconds() {
        let wait = |text| retry_after(&headers(&[("retry-after", text)]));
        assert_eq!(wait("2.128"), Some(Duration::from_millis(2128)));
        assert_eq!(wait(" 30 "), Some(Duration::from_secs(30)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        assert_eq!(wait("1e300"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(wait("inf"), Some(LONGEST_RETRY_AFTER));
        for senseless in ["-1", "NaN", "soon", ""] {
            assert_eq!(wait(senseless), None, "{senseless}");
        }
    }

    #[test]
    fn retry_after_as_a_date_counts_from_the_answers_own_date() {
        let asked = ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT");
        let answered = ("date", "Sun, 06 Nov 1994 08:49:07 GMT");
        assert_eq!(
            retry_after(&headers(&[asked, answered])),
            Some(Duration::from_secs(30))
        );
        let passed = ("date", "Sun, 06 Nov 1994 09:00:00 GMT");
        assert_eq!(
            retry_after(&headers(&[asked, passed])),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after(&headers(&[asked])), None);
    }

    #[test]
    fn back_off_grows_within_its_bounds_and_varies() {
        for made in 1..40 {
            let whole = FIRST_PAUSE
                .saturating_mul(1 << (made - 1).min(16))
                .min(LONGEST_PAUSE);
            let pause = back_off(made);
            assert!(pause >= whole / 2 && pause <= whole, "{made}: {pause:?}");
        }
        let pauses: std::collections::HashSet<_> = (0..32).map(|_| back_off(3)).collect();
        assert!(pauses.len() > 1);
    }
}
