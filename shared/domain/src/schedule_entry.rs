//! A place in somebody's working time (OM-6).

use chrono::{DateTime, Utc};

use crate::id::{AppointmentRequestId, ScheduleEntryId, UserId};

/// What a schedule entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkItem {
    /// An approved appointment request.
    AppointmentRequest,
    /// An interaction of a client's timeline.
    Interaction,
}

impl WorkItem {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppointmentRequest => "appointment_request",
            Self::Interaction => "interaction",
        }
    }
}

/// A schedule entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleEntry {
    /// Minted with its engagement.
    pub schedule_entry_id: ScheduleEntryId,
    /// What calendars show.
    pub title: String,
    /// Plain text; the join line ends it.
    pub notes: String,
    /// When it starts.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// Whose time it is.
    pub assigned_user_ids: Vec<UserId>,
    /// What it stands for; the item has the entry's own UUID.
    pub work_item: WorkItem,
    /// The request, where it is an appointment's.
    pub appointment_request_id: Option<AppointmentRequestId>,
    /// Whether moving or deleting it moves or removes a Teams meeting.
    pub has_meeting: bool,
    /// Rises with every write.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
