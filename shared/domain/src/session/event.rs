//! Domain events of sessions: ids, states and times; no names, links, addresses
//! or texts (XC-12).

use serde::Serialize;

use super::Session;
use crate::event::rfc3339;
use crate::id::{EventId, TenantId};

/// What happened to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEventKind {
    /// It was planned, or begun at once.
    Scheduled,
    /// Something that people see changed.
    Updated,
    /// It was called off.
    Cancelled,
    /// It was held.
    Ended,
}

impl SessionEventKind {
    /// The event's `detail-type` on the bus.
    pub const fn detail_type(self) -> &'static str {
        match self {
            Self::Scheduled => "session.scheduled",
            Self::Updated => "session.updated",
            Self::Cancelled => "session.cancelled",
            Self::Ended => "session.ended",
        }
    }
}

/// The `detail` of a session's event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "docs/schemas describe each field")]
pub struct SessionEvent {
    pub event_id: String,
    pub org_id: String,
    pub meeting_id: String,
    pub version: u64,
    pub occurred_at: String,
    pub status: &'static str,
    pub start: String,
    pub end: String,
    pub timezone: &'static str,
    pub host_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub sequence: u32,
    pub invitee_count: usize,
    /// Which fields changed, in the API's words; only of `session.updated`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<&'static str>,
}

impl SessionEvent {
    /// Tells of the session's new state.
    pub fn of(
        session: &Session,
        event_id: EventId,
        tenant: &TenantId,
        changes: &[&'static str],
    ) -> Self {
        Self {
            event_id: event_id.to_string(),
            org_id: tenant.to_string(),
            meeting_id: session.session_id.to_string(),
            version: session.version,
            occurred_at: rfc3339(session.updated_at),
            status: session.status.as_str(),
            start: rfc3339(session.start),
            end: rfc3339(session.end()),
            timezone: session.zone.name(),
            host_id: session.host.user_id.to_string(),
            client_id: session.client_id.as_ref().map(ToString::to_string),
            sequence: session.sequence,
            invitee_count: session.roster.len(),
            changes: changes.to_vec(),
        }
    }
}
