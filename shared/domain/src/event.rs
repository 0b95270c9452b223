//! Domain events, as other systems read them from the bus (XC-12).

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::id::{ControlId, EventId, MeetingId, TenantId};

/// What happened to a control meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeetingEventKind {
    /// A provider holds the series now.
    Scheduled,
    /// A field that people see changed.
    Updated,
    /// It will not take place any more.
    Cancelled,
    /// The next occurrence is another one.
    OccurrenceAdvanced,
}

impl MeetingEventKind {
    /// The event's `detail-type` on the bus.
    pub const fn detail_type(self) -> &'static str {
        match self {
            Self::Scheduled => "meeting.scheduled",
            Self::Updated => "meeting.updated",
            Self::Cancelled => "meeting.cancelled",
            Self::OccurrenceAdvanced => "meeting.occurrence_advanced",
        }
    }
}

/// An instant as the API and events write it: RFC 3339, UTC, `Z`, whole seconds.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The `detail` of a control-meeting event: ids and times, no names or links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeetingEvent {
    /// Consumers deduplicate by it: delivery is at least once.
    pub event_id: String,
    /// The tenant.
    pub org_id: String,
    /// The meeting.
    pub meeting_id: String,
    /// Its control.
    pub control_id: String,
    /// The meeting's version after the change; order by it.
    pub version: u64,
    /// When the change was made.
    pub occurred_at: String,
    /// The occurrence before the next one, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_occurrence: Option<String>,
    /// The next occurrence, unless cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_occurrence: Option<String>,
}

/// What identifies the event and its subject.
#[derive(Debug, Clone)]
pub struct MeetingEventHead<'a> {
    /// Minted for this event.
    pub event_id: EventId,
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Its control.
    pub control_id: &'a ControlId,
}

impl MeetingEvent {
    /// Fills the head in; the caller adds what the event is about.
    pub fn new(head: &MeetingEventHead<'_>, version: u64, occurred_at: DateTime<Utc>) -> Self {
        Self {
            event_id: head.event_id.to_string(),
            org_id: head.tenant.to_string(),
            meeting_id: head.meeting_id.to_string(),
            control_id: head.control_id.to_string(),
            version,
            occurred_at: rfc3339(occurred_at),
            last_occurrence: None,
            next_occurrence: None,
        }
    }
}
