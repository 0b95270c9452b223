//! Appointment requests in the table: `A#<id>` / `REQUEST`.
//!
//! `gsi1` lists a tenant's requests, `gsi2` those of a client, both by start.

use chrono::{DateTime, Utc};
use convoke_domain::appointment::{
    AppointmentRequest, AppointmentTime, Assignee, LastMails, MeetingColumns, PersonCopy,
    RequestStatus,
};
use convoke_domain::id::{AppointmentRequestId, ClientId, MailId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    PersonCopyRecord, engagement_partition, read_client, read_contact, read_email, read_link,
    read_user, read_zone, sort_of,
};
use crate::records::corrupt;
use crate::store::{Indexes, Key, Record, StoreError};

/// A request as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequestRecord {
    id: Uuid,
    status: String,
    service_name: String,
    description: Option<String>,
    start: DateTime<Utc>,
    duration_minutes: u32,
    timezone: String,
    preferred: Option<String>,
    client_id: Option<String>,
    contact_id: Option<String>,
    requester: PersonCopyRecord,
    assigned_user_id: Option<String>,
    assignee: Option<PersonCopyRecord>,
    internal_notes: Option<String>,
    approved_by: Option<String>,
    approved_at: Option<DateTime<Utc>>,
    declined_reason: Option<String>,
    cancelled_reason: Option<String>,
    online_meeting_provider: Option<String>,
    online_meeting_url: Option<String>,
    online_meeting_id: Option<String>,
    has_meeting: bool,
    legacy_organizer: Option<String>,
    legacy_ms_tenant_id: Option<String>,
    is_legacy: bool,
    told: bool,
    #[serde(default)]
    last_mail_to_client: Option<Uuid>,
    #[serde(default)]
    last_mail_to_technician: Option<Uuid>,
    organizer: Option<String>,
    sequence: u32,
    created_by: String,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl RequestRecord {
    /// `gsi1` partition of all requests of a tenant.
    pub const LIST: &'static str = "AR";

    /// `gsi2` partition of a client's requests.
    pub fn list_of(client_id: &ClientId) -> String {
        format!("ARC#{client_id}")
    }

    /// Where a request is stored.
    pub fn key_of(id: AppointmentRequestId) -> Key {
        Key::new(engagement_partition(id.uuid()), "REQUEST")
    }
}

impl Record for RequestRecord {
    const KIND: &'static str = "appointment request";

    fn key(&self) -> Key {
        Self::key_of(AppointmentRequestId::new(self.id))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        let sort = sort_of(self.start, self.id);
        Indexes {
            gsi1: Some((Self::LIST.to_owned(), sort.clone())),
            gsi2: self
                .client_id
                .as_ref()
                .map(|client_id| (format!("ARC#{client_id}"), sort)),
            due: None,
        }
    }
}

impl From<&AppointmentRequest> for RequestRecord {
    fn from(request: &AppointmentRequest) -> Self {
        let text = |id: &UserId| id.to_string();
        Self {
            id: request.appointment_request_id.uuid(),
            status: request.status.as_str().to_owned(),
            service_name: request.service_name.clone(),
            description: request.description.clone(),
            start: request.time.start(),
            duration_minutes: request.time.duration_minutes(),
            timezone: request.time.zone().name().to_owned(),
            preferred: request.preferred.as_ref().map(text),
            client_id: request.client_id.as_ref().map(ToString::to_string),
            contact_id: request.contact_id.as_ref().map(ToString::to_string),
            requester: PersonCopyRecord::from(&request.requester),
            assigned_user_id: request.assignee.as_ref().map(|one| text(&one.user_id)),
            assignee: request
                .assignee
                .as_ref()
                .map(|one| PersonCopyRecord::from(&one.person)),
            internal_notes: request.internal_notes.clone(),
            approved_by: request.approved_by.as_ref().map(text),
            approved_at: request.approved_at,
            declined_reason: request.declined_reason.clone(),
            cancelled_reason: request.cancelled_reason.clone(),
            online_meeting_provider: request.columns.provider.clone(),
            online_meeting_url: request
                .columns
                .url
                .as_ref()
                .map(|url| url.as_str().to_owned()),
            online_meeting_id: request.columns.meeting_id.clone(),
            has_meeting: request.has_meeting,
            legacy_organizer: request.legacy_organizer.clone(),
            legacy_ms_tenant_id: request.legacy_ms_tenant_id.clone(),
            is_legacy: request.is_legacy,
            told: request.told,
            last_mail_to_client: request.last_mails.client.map(MailId::uuid),
            last_mail_to_technician: request.last_mails.technician.map(MailId::uuid),
            organizer: request
                .organizer
                .as_ref()
                .map(|email| email.as_str().to_owned()),
            sequence: request.sequence,
            created_by: text(&request.created_by),
            version: request.version,
            created_at: request.created_at,
            updated_at: request.updated_at,
        }
    }
}

impl TryFrom<RequestRecord> for AppointmentRequest {
    type Error = StoreError;

    fn try_from(record: RequestRecord) -> Result<Self, StoreError> {
        let assigned = read_user(record.assigned_user_id.as_deref())?;
        let person = record.assignee.map(PersonCopy::try_from).transpose()?;
        Ok(Self {
            appointment_request_id: AppointmentRequestId::new(record.id),
            status: RequestStatus::parse(&record.status)
                .ok_or_else(|| corrupt("status", &record.status))?,
            service_name: record.service_name,
            description: record.description,
            time: AppointmentTime::restored(
                record.start,
                record.duration_minutes,
                read_zone(&record.timezone)?,
            ),
            preferred: read_user(record.preferred.as_deref())?,
            client_id: read_client(record.client_id.as_deref())?,
            contact_id: read_contact(record.contact_id.as_deref())?,
            requester: record.requester.try_into()?,
            assignee: assigned.map(|user_id| Assignee {
                user_id,
                person: person.unwrap_or_default(),
            }),
            internal_notes: record.internal_notes,
            approved_by: read_user(record.approved_by.as_deref())?,
            approved_at: record.approved_at,
            declined_reason: record.declined_reason,
            cancelled_reason: record.cancelled_reason,
            columns: MeetingColumns {
                provider: record.online_meeting_provider,
                url: read_link(record.online_meeting_url.as_deref())?,
                meeting_id: record.online_meeting_id,
            },
            has_meeting: record.has_meeting,
            legacy_organizer: record.legacy_organizer,
            legacy_ms_tenant_id: record.legacy_ms_tenant_id,
            is_legacy: record.is_legacy,
            told: record.told,
            last_mails: LastMails {
                client: record.last_mail_to_client.map(MailId::new),
                technician: record.last_mail_to_technician.map(MailId::new),
            },
            organizer: read_email(record.organizer.as_deref())?,
            sequence: record.sequence,
            created_by: UserId::parse(&record.created_by)
                .map_err(|error| corrupt("created_by", error))?,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }
}
