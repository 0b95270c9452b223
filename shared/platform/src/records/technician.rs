//! Technicians' taken time: `TD#<user>` / `<UTC day>`, gone a year after.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use convoke_domain::id::{ScheduleEntryId, UserId};
use convoke_domain::technician::{Hold, TechnicianDay};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Key, Record, StoreError};

/// How long a day is kept after it is over.
const KEPT: Days = Days::new(366);

/// A technician's day as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TechnicianDayRecord {
    user_id: String,
    date: NaiveDate,
    holds: Vec<HoldRecord>,
    version: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct HoldRecord {
    schedule_entry_id: Uuid,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl TechnicianDayRecord {
    /// Where a day is stored.
    pub fn key_of(user_id: &UserId, date: NaiveDate) -> Key {
        Key::new(format!("TD#{user_id}"), date.to_string())
    }
}

impl Record for TechnicianDayRecord {
    const KIND: &'static str = "technician day";

    fn key(&self) -> Key {
        Key::new(format!("TD#{}", self.user_id), self.date.to_string())
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        let last = self.date.checked_add_days(KEPT)?;
        Some(last.and_time(NaiveTime::MIN).and_utc())
    }
}

impl From<&TechnicianDay> for TechnicianDayRecord {
    fn from(day: &TechnicianDay) -> Self {
        Self {
            user_id: day.user_id.to_string(),
            date: day.date,
            holds: day
                .holds
                .iter()
                .map(|hold| HoldRecord {
                    schedule_entry_id: hold.schedule_entry_id.uuid(),
                    start: hold.start,
                    end: hold.end,
                })
                .collect(),
            version: day.version,
        }
    }
}

impl TryFrom<TechnicianDayRecord> for TechnicianDay {
    type Error = StoreError;

    fn try_from(record: TechnicianDayRecord) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: UserId::parse(&record.user_id).map_err(|error| corrupt("user_id", error))?,
            date: record.date,
            holds: record
                .holds
                .into_iter()
                .map(|hold| Hold {
                    schedule_entry_id: ScheduleEntryId::new(hold.schedule_entry_id),
                    start: hold.start,
                    end: hold.end,
                })
                .collect(),
            version: record.version,
        })
    }
}
