//! Who was given a ticket for a recording, and when it was first used (OM-9):
//! `AUDIT#<artifact>` / `<when it was issued>#<ticket>#<event>`. Ids only; kept
//! as long as the tenant's items are, and read by operators.

use chrono::{DateTime, Utc};
use convoke_domain::event::rfc3339;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::http::CallerKind;
use crate::store::{Key, Record};
use crate::ticket::Ticket;

/// What happened to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditEvent {
    /// Somebody got it.
    Issued,
    /// It opened its recording for the first time.
    Used,
}

impl AuditEvent {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Used => "used",
        }
    }
}

/// A row of the audit. The key holds when the ticket was issued, so that its
/// first use is one row whoever writes it, next to its issue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditRecord {
    ticket_id: Uuid,
    artifact_id: Uuid,
    online_meeting_id: Uuid,
    event: AuditEvent,
    at: DateTime<Utc>,
    issued_at: DateTime<Utc>,
    user_id: String,
    client_id: Option<String>,
    contact_id: Option<String>,
}

impl AuditRecord {
    /// Of a ticket's event at an instant.
    pub fn of(ticket: &Ticket, event: AuditEvent, at: DateTime<Utc>) -> Self {
        let (client_id, contact_id) = match &ticket.kind {
            CallerKind::Internal => (None, None),
            CallerKind::Portal {
                client_id,
                contact_id,
            } => (Some(client_id.to_string()), Some(contact_id.to_string())),
        };
        Self {
            ticket_id: ticket.ticket_id.uuid(),
            artifact_id: ticket.artifact_id.uuid(),
            online_meeting_id: ticket.online_meeting_id.uuid(),
            event,
            at,
            issued_at: ticket.issued_at(),
            user_id: ticket.user_id.to_string(),
            client_id,
            contact_id,
        }
    }

    /// The partition of a recording's rows, oldest ticket first.
    pub fn partition_of(artifact_id: Uuid) -> String {
        format!("AUDIT#{artifact_id}")
    }

    /// What happened.
    pub fn event(&self) -> AuditEvent {
        self.event
    }

    /// Who holds the ticket.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Their client, for portal users.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// When it happened.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }
}

impl Record for AuditRecord {
    const KIND: &'static str = "ticket event";

    fn key(&self) -> Key {
        let issued_at = rfc3339(self.issued_at);
        Key::new(
            Self::partition_of(self.artifact_id),
            format!("{issued_at}#{}#{}", self.ticket_id, self.event.as_str()),
        )
    }

    fn version(&self) -> u64 {
        1
    }
}
