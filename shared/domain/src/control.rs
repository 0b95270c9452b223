//! Compliance controls and the recurring evidence objective of each.
//!
//! A schedule counts its completed steps (N). Everything that recurs with it is
//! a pure function of N, so that whoever applies N late, twice or out of order
//! arrives at the same dates (CM-4).

use chrono::{DateTime, NaiveDate, Utc};

use crate::cadence::{Frequency, step_date};
use crate::error::Error;
use crate::id::{ControlId, ControlScheduleId};
use crate::zone::Zone;

/// Earliest and latest year that a date in a command may name.
pub const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// A control that is known here; naming one is optional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The deployment's own id.
    pub control_id: ControlId,
    /// What a picker shows, if anybody named it.
    pub name: Option<String>,
    /// Rises with every write.
    pub version: u64,
}

/// A control's recurring evidence objective (CM-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlSchedule {
    /// Minted when the schedule is first set; stays.
    pub control_schedule_id: ControlScheduleId,
    /// The control it belongs to; one schedule each.
    pub control_id: ControlId,
    /// How often evidence is due.
    pub frequency: Frequency,
    /// The due date that step [`Self::anchor_steps`] stands for.
    pub anchor_due: NaiveDate,
    /// Completed steps when `anchor_due` was set.
    pub anchor_steps: u32,
    /// N: how many steps were completed since the schedule exists.
    pub completed_steps: u32,
    /// The latest day on which a test was completed.
    pub last_completed: Option<NaiveDate>,
    /// Zone in which "today" is meant.
    pub zone: Zone,
    /// Rises with every write.
    pub version: u64,
    /// When it was first set.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl ControlSchedule {
    /// The next day on which evidence is due.
    pub fn next_due(&self) -> NaiveDate {
        due_after(
            self.frequency,
            self.anchor_due,
            self.completed_steps.saturating_sub(self.anchor_steps),
        )
    }

    /// Advances by exactly one cadence step (CM-4).
    ///
    /// `completed_on` in the future (in the schedule's zone) is refused; that
    /// one day counts once is the store's part.
    pub fn complete(&mut self, completed_on: NaiveDate, now: DateTime<Utc>) -> Result<(), Error> {
        let today = self.zone.local(now).date();
        if completed_on > today {
            return Err(Error::invalid(
                "/completed_on",
                "in_the_future",
                format!(
                    "a test cannot have been completed after today, {today} in {}",
                    self.zone
                ),
            ));
        }
        if self.completed_steps - self.anchor_steps >= LAST_STEP {
            return Err(Error::conflict(
                "schedule_exhausted",
                "set a new next_due: no later date can be computed",
            ));
        }
        self.completed_steps += 1;
        self.last_completed = self.last_completed.max(Some(completed_on));
        self.updated_at = now;
        Ok(())
    }

    /// Moves the objective: its next evidence is due on `next_due`.
    pub fn set(
        &mut self,
        frequency: Frequency,
        next_due: NaiveDate,
        zone: Zone,
        now: DateTime<Utc>,
    ) {
        if self.frequency != frequency || self.next_due() != next_due {
            self.frequency = frequency;
            self.anchor_due = next_due;
            self.anchor_steps = self.completed_steps;
        }
        self.zone = zone;
        self.updated_at = now;
    }
}

/// Steps after which a schedule must be anchored anew: 3,000 years of quarters.
const LAST_STEP: u32 = 12_000;

fn due_after(frequency: Frequency, anchor: NaiveDate, steps: u32) -> NaiveDate {
    // Beyond year 9999 there is no date; `complete` refuses long before.
    step_date(frequency, anchor, steps).unwrap_or(anchor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn schedule(frequency: Frequency, due: &str) -> ControlSchedule {
        let now = "2026-01-01T12:00:00Z".parse().unwrap();
        ControlSchedule {
            control_schedule_id: ControlScheduleId::new(Uuid::nil()),
            control_id: ControlId::parse("PCI-1").unwrap(),
            frequency,
            anchor_due: due.parse().unwrap(),
            anchor_steps: 0,
            completed_steps: 0,
            last_completed: None,
            zone: Zone::parse("America/New_York").unwrap(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// CM-4: one completion, one step, from the anchor and never from the last date.
    #[test]
    fn completing_advances_by_one_step_and_month_ends_come_back() {
        let mut schedule = schedule(Frequency::Monthly, "2026-01-31");
        let now = "2026-12-31T12:00:00Z".parse().unwrap();
        let mut dues = vec![];
        for completed in ["2026-01-30", "2026-02-27", "2026-03-31"] {
            schedule.complete(day(completed), now).unwrap();
            dues.push(schedule.next_due().to_string());
        }
        assert_eq!(dues, ["2026-02-28", "2026-03-31", "2026-04-30"]);
        assert_eq!(schedule.last_completed, Some(day("2026-03-31")));
        schedule.complete(day("2026-01-02"), now).unwrap();
        assert_eq!(
            schedule.last_completed,
            Some(day("2026-03-31")),
            "a late entry does not turn it back"
        );
    }

    /// CM-4: today is today in the schedule's zone.
    #[test]
    fn a_completion_in_the_future_is_refused() {
        let mut schedule = schedule(Frequency::Daily, "2026-01-05");
        let now = "2026-01-05T03:00:00Z".parse().unwrap();
        assert!(
            schedule.complete(day("2026-01-05"), now).is_err(),
            "it is still the 4th in New York"
        );
        assert!(schedule.complete(day("2026-01-04"), now).is_ok());
    }

    #[test]
    fn setting_the_same_again_keeps_the_anchor() {
        let mut schedule = schedule(Frequency::Monthly, "2026-01-31");
        let now = "2026-02-10T12:00:00Z".parse().unwrap();
        schedule.complete(day("2026-01-31"), now).unwrap();
        assert_eq!(schedule.next_due(), day("2026-02-28"));
        let zone = schedule.zone.clone();
        schedule.set(Frequency::Monthly, day("2026-02-28"), zone.clone(), now);
        schedule.complete(day("2026-02-10"), now).unwrap();
        assert_eq!(
            schedule.next_due(),
            day("2026-03-31"),
            "still anchored to the 31st"
        );
        schedule.set(Frequency::Monthly, day("2026-05-15"), zone, now);
        assert_eq!(schedule.next_due(), day("2026-05-15"));
        assert_eq!(schedule.completed_steps, 2, "N never falls");
    }
}
