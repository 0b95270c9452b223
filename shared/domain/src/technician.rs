//! A technician's taken time, a ledger item for each UTC day (AP-3).
//!
//! Guarantee: whoever writes a day on the condition of its version cannot take
//! time that another appointment holds, unless told to.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::error::Error;
use crate::id::{ScheduleEntryId, UserId};

/// Most appointments of one technician on one day, however they overlap.
pub const HOLDS_MAX: usize = 200;

/// Time that an appointment takes of a technician.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Whose entry holds it.
    pub schedule_entry_id: ScheduleEntryId,
    /// From here.
    pub start: DateTime<Utc>,
    /// To here, which is free again.
    pub end: DateTime<Utc>,
}

/// What one technician's appointments take of one UTC day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TechnicianDay {
    /// The technician.
    pub user_id: UserId,
    /// The day, in UTC.
    pub date: NaiveDate,
    /// In no order; a hold may begin the day before or end the day after.
    pub holds: Vec<Hold>,
    /// Rises with every write; 0: not written yet.
    pub version: u64,
}

impl TechnicianDay {
    /// A day that nothing is known of.
    pub fn empty(user_id: UserId, date: NaiveDate) -> Self {
        Self {
            user_id,
            date,
            holds: vec![],
            version: 0,
        }
    }

    /// Gives an entry's time free.
    pub fn release(&mut self, entry: ScheduleEntryId) {
        self.holds.retain(|hold| hold.schedule_entry_id != entry);
    }

    /// Takes time; what another holds is refused (409), unless overlaps are allowed.
    pub fn take(&mut self, hold: Hold, allow_overlap: bool) -> Result<(), Error> {
        self.release(hold.schedule_entry_id);
        let taken = self
            .holds
            .iter()
            .any(|other| other.start < hold.end && hold.start < other.end);
        if taken && !allow_overlap {
            return Err(Error::conflict(
                "technician_unavailable",
                "the technician has another appointment at that time; choose another time or technician, or set allow_overlap",
            ));
        }
        if self.holds.len() >= HOLDS_MAX {
            return Err(Error::conflict(
                "technician_unavailable",
                format!("the technician has {HOLDS_MAX} appointments on that day already"),
            ));
        }
        self.holds.push(hold);
        Ok(())
    }
}

/// The UTC days that a stretch of time touches.
pub fn days_of(start: DateTime<Utc>, end: DateTime<Utc>) -> Vec<NaiveDate> {
    let mut days = vec![];
    let mut day = start.date_naive();
    while day.and_time(chrono::NaiveTime::MIN).and_utc() < end {
        days.push(day);
        match day.checked_add_days(Days::new(1)) {
            Some(next) => day = next,
            None => break,
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hold(id: u128, start: &str, end: &str) -> Hold {
        Hold {
            schedule_entry_id: ScheduleEntryId::new(Uuid::from_u128(id)),
            start: at(start),
            end: at(end),
        }
    }

    /// AP-3: time is taken once, unless told to; neighbours do not overlap.
    #[test]
    fn time_is_taken_once_unless_told_to() {
        let user = UserId::parse("tech").unwrap();
        let mut day = TechnicianDay::empty(user, at("2027-01-15T00:00:00Z").date_naive());
        day.take(
            hold(1, "2027-01-15T09:00:00Z", "2027-01-15T10:00:00Z"),
            false,
        )
        .unwrap();
        day.take(
            hold(2, "2027-01-15T10:00:00Z", "2027-01-15T11:00:00Z"),
            false,
        )
        .unwrap();
        let between = hold(3, "2027-01-15T09:59:00Z", "2027-01-15T10:01:00Z");
        assert_eq!(
            day.take(between.clone(), false).unwrap_err().code(),
            "technician_unavailable"
        );
        assert_eq!(day.holds.len(), 2);
        day.take(between, true).unwrap();
        // Moving one's own hold does not collide with itself.
        day.release(ScheduleEntryId::new(Uuid::from_u128(3)));
        day.take(
            hold(2, "2027-01-15T10:30:00Z", "2027-01-15T11:30:00Z"),
            false,
        )
        .unwrap();
        assert_eq!(day.holds.len(), 2);
    }

    #[test]
    fn a_stretch_touches_the_days_that_it_lies_in() {
        let days = |start, end| days_of(at(start), at(end)).len();
        assert_eq!(days("2027-01-15T09:00:00Z", "2027-01-15T10:00:00Z"), 1);
        assert_eq!(days("2027-01-15T23:00:00Z", "2027-01-16T00:00:00Z"), 1);
        assert_eq!(days("2027-01-15T23:00:00Z", "2027-01-16T00:01:00Z"), 2);
    }
}
