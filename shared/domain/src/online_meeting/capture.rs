//! When recording and transcript of a meeting are looked for, and when that
//! ends (OM-7, OM-11, OM-12).

use chrono::{DateTime, TimeDelta, Utc};

use super::Claim;
use crate::artifact::ArtifactType;

/// The first wait after the end; each further one is twice as long.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(5);
/// The longest wait.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(8);

/// How often a meeting is looked at after its end, at most, before it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapturePolicy {
    attempts: u32,
}

impl CapturePolicy {
    /// As configured; at least one look.
    pub const fn new(attempts: u32) -> Self {
        Self {
            attempts: if attempts == 0 { 1 } else { attempts },
        }
    }

    /// How long after the end the `nth` look is due, from 0: at the end itself,
    /// then after doubling waits of five minutes to eight hours.
    pub fn offset(self, nth: u32) -> TimeDelta {
        (1..=nth.min(self.attempts))
            .map(|look| (FIRST_WAIT * (1 << (look - 1).min(10))).min(LONGEST_WAIT))
            .sum()
    }

    /// How long after the end the last look is due.
    pub fn window(self) -> TimeDelta {
        self.offset(self.attempts - 1)
    }

    /// When to look again for more of what is complete: some hours after the end,
    /// and when the window closes.
    pub(crate) fn once_more(self, end: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        [self.offset(5).min(self.window()), self.window()]
            .into_iter()
            .map(|offset| end + offset)
            .find(|at| *at > now)
    }

    /// When to look next after a look at `now`; `None`: it is given up. Looks
    /// that nobody took on while nothing ran are made up for, with long waits.
    pub(crate) fn next(
        self,
        end: DateTime<Utc>,
        attempts: u32,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let planned = (0..self.attempts)
            .map(|nth| end + self.offset(nth))
            .find(|at| *at > now);
        let late = || (attempts < self.attempts).then(|| now + LONGEST_WAIT);
        planned.or_else(late)
    }
}

impl Default for CapturePolicy {
    /// Fourteen looks: the last is due 58 hours after the end.
    fn default() -> Self {
        Self::new(14)
    }
}

/// The state of looking for a meeting's recording and transcript.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capture {
    /// When to look next; `None`: not any more.
    pub due_at: Option<DateTime<Utc>>,
    /// Whoever is looking right now.
    pub claim: Option<Claim>,
    /// What was made before this belongs to an earlier date of the meeting.
    pub since: Option<DateTime<Utc>>,
    /// Why the last look was not a whole one.
    pub error_code: Option<String>,
    /// Whether the last look had no time left for everything that it found.
    pub has_leftover: bool,
    /// How many recordings and readable transcripts others were told of.
    pub announced: u32,
    /// Whether something came up while somebody was looking: to be looked at again.
    pub is_wanted_again: bool,
    /// Of which kinds Microsoft was to notify when the meeting ended; `None` before
    /// the first look after its end.
    pub watched: Option<Vec<ArtifactType>>,
}

impl Capture {
    /// From a new end on, as for a new meeting; what was announced before is not
    /// announced again.
    pub(crate) fn starting(
        end: DateTime<Utc>,
        since: Option<DateTime<Utc>>,
        announced: u32,
    ) -> Self {
        Self {
            due_at: Some(end),
            since,
            announced,
            ..Self::default()
        }
    }

    /// Whether somebody may look at `now`.
    pub fn is_free(&self, now: DateTime<Utc>) -> bool {
        self.claim.is_none_or(|claim| claim.until <= now)
    }

    /// Whether the background is to look at `now`.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_at.is_some_and(|at| at <= now) && self.is_free(now)
    }
}

/// How far capture has come, as callers read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureStatus {
    /// Nothing is looked for: the meeting was cancelled, or never made.
    None,
    /// The meeting is not over yet.
    Scheduled,
    /// Somebody is looking right now, or goes on in a moment.
    Running,
    /// It is looked again later.
    Waiting,
    /// Recording and transcript are there.
    Complete,
    /// It is not looked again.
    Closed,
}

impl CaptureStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Scheduled,
        Self::Running,
        Self::Waiting,
        Self::Complete,
        Self::Closed,
    ];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Complete => "complete",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OM-11: by default the looks reach past 48 hours after the end.
    #[test]
    fn the_default_window_reaches_past_two_days() {
        let policy = CapturePolicy::default();
        assert!(policy.window() > TimeDelta::hours(48));
        assert!(policy.window() < TimeDelta::hours(72));
    }

    /// OM-11: looks come at the end, then ever more slowly, and stop at the cap.
    #[test]
    fn looks_are_spread_and_bounded() {
        let policy = CapturePolicy::default();
        let end = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (mut now, mut looks) = (end, 1);
        let mut waits = vec![];
        while let Some(next) = policy.next(end, looks, now) {
            assert!(next > now);
            waits.push(next - now);
            now = next;
            looks += 1;
        }
        assert_eq!(looks, 14);
        assert_eq!(now, end + policy.window());
        assert_eq!(waits[0], TimeDelta::minutes(5));
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&TimeDelta::hours(8)));
    }

    /// OM-11: a deployment that was down for days still looks as often as promised.
    #[test]
    fn looks_that_nobody_took_on_are_made_up_for() {
        let policy = CapturePolicy::new(3);
        let end = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let late = end + TimeDelta::days(9);
        assert_eq!(policy.next(end, 1, late), Some(late + LONGEST_WAIT));
        assert_eq!(policy.next(end, 3, late), None);
        // Many looks at once do not shorten the window.
        assert_eq!(policy.next(end, 50, end), Some(end + FIRST_WAIT));
    }

    #[test]
    fn a_cap_of_none_is_one_look() {
        let policy = CapturePolicy::new(0);
        assert_eq!(policy.window(), TimeDelta::zero());
    }
}
