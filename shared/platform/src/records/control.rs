//! Controls, their schedules, what is linked to them and what was completed.
//!
//! Controls of a tenant share the partition `CONTROLS` (a picker reads it);
//! everything of one schedule shares `CS#<control>`: `SCHEDULE`, the counter
//! `LINKS`, `LINK#<meeting>`, `DONE#<day>`.

use chrono::{DateTime, NaiveDate, Utc};
use convoke_domain::cadence::Frequency;
use convoke_domain::control::{Control, ControlSchedule};
use convoke_domain::id::{ControlId, ControlScheduleId, MeetingId};
use convoke_domain::zone::Zone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Key, Record, StoreError};

/// A control as stored: `CONTROLS` / `<id>`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ControlRecord {
    control_id: String,
    name: Option<String>,
    /// Name and id in lower case: what a picker's search looks at.
    search: String,
    version: u64,
}

impl ControlRecord {
    /// The partition of all controls of a tenant.
    pub const LIST: &'static str = "CONTROLS";

    /// Where a control is stored.
    pub fn key_of(id: &ControlId) -> Key {
        Key::new(Self::LIST, id.as_str())
    }
}

impl Record for ControlRecord {
    const KIND: &'static str = "control";

    fn key(&self) -> Key {
        Key::new(Self::LIST, self.control_id.as_str())
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl From<&Control> for ControlRecord {
    fn from(control: &Control) -> Self {
        Self {
            control_id: control.control_id.to_string(),
            name: control.name.clone(),
            search: format!(
                "{} {}",
                control.name.as_deref().unwrap_or_default(),
                control.control_id
            )
            .to_lowercase(),
            version: control.version,
        }
    }
}

impl TryFrom<ControlRecord> for Control {
    type Error = StoreError;

    fn try_from(record: ControlRecord) -> Result<Self, StoreError> {
        Ok(Self {
            control_id: ControlId::parse(&record.control_id)
                .map_err(|error| corrupt("control_id", error))?,
            name: record.name,
            version: record.version,
        })
    }
}

fn partition_of(control_id: &str) -> String {
    format!("CS#{control_id}")
}

/// A control's schedule as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScheduleRecord {
    control_schedule_id: Uuid,
    control_id: String,
    frequency: String,
    anchor_due: NaiveDate,
    anchor_steps: u32,
    completed_steps: u32,
    last_completed: Option<NaiveDate>,
    timezone: String,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl ScheduleRecord {
    /// Where a control's schedule is stored.
    pub fn key_of(id: &ControlId) -> Key {
        Key::new(partition_of(id.as_str()), "SCHEDULE")
    }
}

impl Record for ScheduleRecord {
    const KIND: &'static str = "control schedule";

    fn key(&self) -> Key {
        Key::new(partition_of(&self.control_id), "SCHEDULE")
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl From<&ControlSchedule> for ScheduleRecord {
    fn from(schedule: &ControlSchedule) -> Self {
        Self {
            control_schedule_id: schedule.control_schedule_id.uuid(),
            control_id: schedule.control_id.to_string(),
            frequency: schedule.frequency.as_str().to_owned(),
            anchor_due: schedule.anchor_due,
            anchor_steps: schedule.anchor_steps,
            completed_steps: schedule.completed_steps,
            last_completed: schedule.last_completed,
            timezone: schedule.zone.name().to_owned(),
            version: schedule.version,
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
        }
    }
}

impl TryFrom<ScheduleRecord> for ControlSchedule {
    type Error = StoreError;

    fn try_from(record: ScheduleRecord) -> Result<Self, StoreError> {
        Ok(Self {
            control_schedule_id: ControlScheduleId::new(record.control_schedule_id),
            control_id: ControlId::parse(&record.control_id)
                .map_err(|error| corrupt("control_id", error))?,
            frequency: record
                .frequency
                .parse::<Frequency>()
                .map_err(|_| corrupt("frequency", &record.frequency))?,
            anchor_due: record.anchor_due,
            anchor_steps: record.anchor_steps,
            completed_steps: record.completed_steps,
            last_completed: record.last_completed,
            zone: Zone::parse(&record.timezone).map_err(|error| corrupt("timezone", error))?,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }
}

/// How many meetings are linked to a schedule.
pub const LINK_COUNTER_KIND: &str = "link counter";

/// Where the number of linked meetings is kept; an item of its own, so that
/// linking one does not disturb who completes a step.
pub fn link_counter_key(id: &ControlId) -> Key {
    Key::new(partition_of(id.as_str()), "LINKS")
}

/// The number of linked meetings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkCounter {
    /// The number.
    pub count: u64,
}

impl Record for LinkCounter {
    const KIND: &'static str = LINK_COUNTER_KIND;

    fn key(&self) -> Key {
        Key::new("CS", "LINKS")
    }

    fn version(&self) -> u64 {
        0
    }
}

/// One linked meeting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkRecord {
    control_id: String,
    meeting_id: Uuid,
}

impl LinkRecord {
    /// Prefix of the sort keys of all links.
    pub const PREFIX: &'static str = "LINK#";

    /// Ties a meeting to its control's schedule.
    pub fn new(control_id: &ControlId, meeting_id: MeetingId) -> Self {
        Self {
            control_id: control_id.to_string(),
            meeting_id: meeting_id.uuid(),
        }
    }

    /// The partition that a control's links are in.
    pub fn partition(control_id: &ControlId) -> String {
        partition_of(control_id.as_str())
    }

    /// The linked meeting.
    pub fn meeting_id(&self) -> MeetingId {
        MeetingId::new(self.meeting_id)
    }
}

impl Record for LinkRecord {
    const KIND: &'static str = "link";

    fn key(&self) -> Key {
        Key::new(
            partition_of(&self.control_id),
            format!("{}{}", Self::PREFIX, self.meeting_id),
        )
    }

    fn version(&self) -> u64 {
        0
    }
}

/// One completed day: the same day counts once (CM-4).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompletionRecord {
    control_id: String,
    completed_on: NaiveDate,
    /// N after this completion.
    pub completed_steps: u32,
    completed_by: String,
    created_at: DateTime<Utc>,
}

impl CompletionRecord {
    /// Notes a completion, by whom and when.
    pub fn new(
        schedule: &ControlSchedule,
        completed_on: NaiveDate,
        by: &str,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            control_id: schedule.control_id.to_string(),
            completed_on,
            completed_steps: schedule.completed_steps,
            completed_by: by.to_owned(),
            created_at: now,
        }
    }

    /// Where the completion of one day is stored.
    pub fn key_of(id: &ControlId, completed_on: NaiveDate) -> Key {
        Key::new(partition_of(id.as_str()), format!("DONE#{completed_on}"))
    }
}

impl Record for CompletionRecord {
    const KIND: &'static str = "completion";

    fn key(&self) -> Key {
        Key::new(
            partition_of(&self.control_id),
            format!("DONE#{}", self.completed_on),
        )
    }

    fn version(&self) -> u64 {
        0
    }
}
