//! Schedule entries in the table: `A#<id>` / `ENTRY`; `gsi1` lists a tenant's
//! by start.

use chrono::{DateTime, Utc};
use convoke_domain::event::rfc3339;
use convoke_domain::id::{AppointmentRequestId, ScheduleEntryId, UserId};
use convoke_domain::schedule_entry::{ScheduleEntry, WorkItem};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{engagement_partition, sort_of};
use crate::records::corrupt;
use crate::store::{Indexes, Key, Record, StoreError};

/// A schedule entry as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntryRecord {
    id: Uuid,
    title: String,
    notes: String,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    assigned_user_ids: Vec<String>,
    work_item_type: String,
    appointment_request_id: Option<Uuid>,
    has_meeting: bool,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl EntryRecord {
    /// `gsi1` partition of all entries of a tenant.
    pub const LIST: &'static str = "SE";

    /// Where an entry is stored.
    pub fn key_of(id: ScheduleEntryId) -> Key {
        Key::new(engagement_partition(id.uuid()), "ENTRY")
    }

    /// Index sort key that comes before every entry that starts at or after `at`.
    pub fn sort_bound(at: DateTime<Utc>) -> String {
        rfc3339(at)
    }
}

impl Record for EntryRecord {
    const KIND: &'static str = "schedule entry";

    fn key(&self) -> Key {
        Self::key_of(ScheduleEntryId::new(self.id))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            gsi1: Some((Self::LIST.to_owned(), sort_of(self.start, self.id))),
            ..Indexes::default()
        }
    }
}

impl From<&ScheduleEntry> for EntryRecord {
    fn from(entry: &ScheduleEntry) -> Self {
        Self {
            id: entry.schedule_entry_id.uuid(),
            title: entry.title.clone(),
            notes: entry.notes.clone(),
            start: entry.start,
            end: entry.end,
            assigned_user_ids: entry
                .assigned_user_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
            work_item_type: entry.work_item.as_str().to_owned(),
            appointment_request_id: entry.appointment_request_id.map(AppointmentRequestId::uuid),
            has_meeting: entry.has_meeting,
            version: entry.version,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl TryFrom<EntryRecord> for ScheduleEntry {
    type Error = StoreError;

    fn try_from(record: EntryRecord) -> Result<Self, StoreError> {
        let assigned = record
            .assigned_user_ids
            .iter()
            .map(|id| UserId::parse(id).map_err(|error| corrupt("user id", error)));
        Ok(Self {
            schedule_entry_id: ScheduleEntryId::new(record.id),
            assigned_user_ids: assigned.collect::<Result<_, _>>()?,
            title: record.title,
            notes: record.notes,
            start: record.start,
            end: record.end,
            work_item: [WorkItem::AppointmentRequest, WorkItem::Interaction]
                .into_iter()
                .find(|one| one.as_str() == record.work_item_type)
                .ok_or_else(|| corrupt("work_item_type", &record.work_item_type))?,
            appointment_request_id: record.appointment_request_id.map(AppointmentRequestId::new),
            has_meeting: record.has_meeting,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }
}
