//! Which occurrence is next (CM-4).

use chrono::{DateTime, TimeDelta, Utc};

use crate::control::ControlSchedule;
use crate::meeting::{Meeting, MeetingStatus, ScheduleLink};

impl Meeting {
    /// Follows the control's schedule to its N completed steps.
    ///
    /// A pure function of N: applying an N twice, or an older one late, changes
    /// nothing. Answers whether the meeting moved.
    pub fn advance_to_step(&mut self, completed_steps: u32, now: DateTime<Utc>) -> bool {
        let Some(link) = &self.link else { return false };
        if self.status == MeetingStatus::Cancelled {
            return false;
        }
        let index = u32::try_from(i64::from(completed_steps) - link.linked_at).unwrap_or(0);
        self.advance_to_index(index, now)
    }

    /// Leaves behind every occurrence that has ended by `now`; only an unlinked
    /// meeting advances with the clock. Answers whether it moved.
    pub fn advance_past(&mut self, now: DateTime<Utc>) -> bool {
        if self.link.is_some() || self.status == MeetingStatus::Cancelled {
            return false;
        }
        let ended_before = now - TimeDelta::minutes(self.duration_minutes.into());
        self.cadence
            .first_at_or_after(ended_before + TimeDelta::seconds(1))
            .is_some_and(|index| self.advance_to_index(index, now))
    }

    /// Ties the meeting to its control's schedule from its next occurrence on.
    pub fn link_to(&mut self, schedule: &ControlSchedule) {
        self.link = Some(ScheduleLink {
            control_schedule_id: schedule.control_schedule_id,
            linked_at: i64::from(schedule.completed_steps) - i64::from(self.index),
        });
    }

    /// When an unlinked meeting has to advance next.
    pub fn advances_at(&self) -> Option<DateTime<Utc>> {
        if self.link.is_some() {
            return None;
        }
        Some(self.next_occurrence()?.start + TimeDelta::minutes(self.duration_minutes.into()))
    }

    fn advance_to_index(&mut self, index: u32, now: DateTime<Utc>) -> bool {
        if index <= self.index || self.cadence.occurrence(index).is_none() {
            return false;
        }
        self.index = index;
        self.last_occurrence = self
            .cadence
            .occurrence(index - 1)
            .map(|passed| passed.start);
        self.updated_at = now;
        true
    }
}
