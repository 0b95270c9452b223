//! Online meetings in the table: `A#<id>` / `MEETING`. What Microsoft has to
//! follow waits in the due index. `gsi1` has each organiser's meetings by their
//! ends, `gsi2` leads from Microsoft's id of a meeting to ours, and to those whose
//! id is not known.

use chrono::{DateTime, Utc};
use convoke_domain::id::{
    AppointmentRequestId, InteractionId, OnlineMeetingId, ScheduleEntryId, UserId,
};
use convoke_domain::meeting::Attendee;
use convoke_domain::online_meeting::{
    Claim, OnlineMeeting, Organizer, Remote, RemoteState, Span, StaffPlan, Status,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{engagement_partition, read_client, read_contact, read_link, read_zone};
use crate::keyring::sha256_hex;
use crate::records::attendee::AttendeeRecord;
use crate::records::corrupt;
use crate::store::{Due, DueKind, Indexes, Key, Record, StoreError};

/// An online meeting as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OnlineMeetingRecord {
    id: Uuid,
    provider: String,
    provider_meeting_id: Option<String>,
    provider_event_id: Option<String>,
    ms_tenant_id: Option<String>,
    organizer_upn: String,
    organizer_object_id: Option<String>,
    subject: String,
    join_url: Option<String>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    timezone: String,
    status: String,
    remote: RemoteRecord,
    error_code: Option<String>,
    recording_fetch_attempts: u32,
    last_fetch_at: Option<DateTime<Utc>>,
    appointment_request_id: Option<Uuid>,
    interaction_id: Option<Uuid>,
    schedule_entry_id: Option<Uuid>,
    client_id: Option<String>,
    contact_id: Option<String>,
    created_by: String,
    #[serde(default)]
    staff_plan: Option<StaffPlanRecord>,
    is_legacy: bool,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RemoteRecord {
    state: String,
    transaction_id: Uuid,
    shown_start: DateTime<Utc>,
    shown_end: DateTime<Utc>,
    claim: Option<Uuid>,
    claimed_until: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    attempts: u32,
    empty_lookups: u32,
    #[serde(default)]
    overtaken: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StaffPlanRecord {
    notes: Option<String>,
    attendees: Vec<AttendeeRecord>,
    entry_for: Option<Vec<String>>,
    /// Absent in older items.
    #[serde(default)]
    is_of_session: bool,
}

impl From<&StaffPlan> for StaffPlanRecord {
    fn from(plan: &StaffPlan) -> Self {
        let ids = |users: &Vec<UserId>| users.iter().map(ToString::to_string).collect();
        Self {
            notes: plan.notes.clone(),
            attendees: plan.attendees.iter().map(AttendeeRecord::from).collect(),
            entry_for: plan.entry_for.as_ref().map(ids),
            is_of_session: plan.is_of_session,
        }
    }
}

impl TryFrom<StaffPlanRecord> for StaffPlan {
    type Error = StoreError;

    fn try_from(record: StaffPlanRecord) -> Result<Self, StoreError> {
        let attendees = record.attendees.into_iter().map(Attendee::try_from);
        let users = |ids: Vec<String>| {
            ids.iter()
                .map(|id| UserId::parse(id).map_err(|error| corrupt("entry_for", error)))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            notes: record.notes,
            attendees: attendees.collect::<Result<_, _>>()?,
            entry_for: record.entry_for.map(users).transpose()?,
            is_of_session: record.is_of_session,
        })
    }
}

impl OnlineMeetingRecord {
    /// Where an online meeting is stored.
    pub fn key_of(id: OnlineMeetingId) -> Key {
        Key::new(engagement_partition(id.uuid()), "MEETING")
    }

    /// The partition of `gsi1` that holds an organiser's meetings by their ends.
    pub fn of_organizer(organizer_object_id: &str) -> String {
        format!("OMO#{}", organizer_object_id.to_lowercase())
    }

    /// A sort key of [`Self::of_organizer`] before all meetings that end at `end` or later.
    pub fn ending(end: DateTime<Utc>) -> String {
        end.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The partition of `gsi2` that holds what Microsoft calls by this id.
    pub fn of_provider(provider_meeting_id: &str) -> String {
        format!("OMP#{}", sha256_hex(provider_meeting_id.as_bytes()))
    }

    /// The partition of `gsi2` that holds an organiser's meetings whose id at
    /// Microsoft is not known, by their ends.
    pub fn unresolved_of(organizer_object_id: &str) -> String {
        format!("OMU#{}", organizer_object_id.to_lowercase())
    }

    /// Only meetings that leave something behind.
    fn is_held(&self) -> bool {
        let is_off = ["cancelled", "failed"].contains(&self.status.as_str());
        !self.is_legacy && self.join_url.is_some() && !is_off
    }

    fn place_at_organizer(&self) -> Option<(String, String)> {
        let organizer = self.organizer_object_id.as_ref()?;
        let sort = format!("{}#{}", Self::ending(self.end), self.id);
        self.is_held()
            .then(|| (Self::of_organizer(organizer), sort))
    }

    fn place_at_microsoft(&self) -> Option<(String, String)> {
        if !self.is_held() {
            return None;
        }
        match (&self.provider_meeting_id, &self.organizer_object_id) {
            (Some(meeting_id), _) => Some((Self::of_provider(meeting_id), self.id.to_string())),
            (None, Some(organizer)) => {
                let sort = format!("{}#{}", Self::ending(self.end), self.id);
                Some((Self::unresolved_of(organizer), sort))
            }
            (None, None) => None,
        }
    }
}

impl Record for OnlineMeetingRecord {
    const KIND: &'static str = "online meeting";

    fn key(&self) -> Key {
        Self::key_of(OnlineMeetingId::new(self.id))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            due: self.remote.due_at.map(|at| Due {
                kind: DueKind::OnlineMeeting,
                at,
            }),
            gsi1: self.place_at_organizer(),
            gsi2: self.place_at_microsoft(),
        }
    }
}

impl From<&Remote> for RemoteRecord {
    fn from(remote: &Remote) -> Self {
        Self {
            state: remote.state.as_str().to_owned(),
            transaction_id: remote.transaction_id,
            shown_start: remote.shown.start,
            shown_end: remote.shown.end,
            claim: remote.claim.map(|claim| claim.token),
            claimed_until: remote.claim.map(|claim| claim.until),
            due_at: remote.due_at,
            attempts: remote.attempts,
            empty_lookups: remote.empty_lookups,
            overtaken: remote.overtaken,
        }
    }
}

impl TryFrom<RemoteRecord> for Remote {
    type Error = StoreError;

    fn try_from(record: RemoteRecord) -> Result<Self, StoreError> {
        Ok(Self {
            state: RemoteState::parse(&record.state)
                .ok_or_else(|| corrupt("remote_state", &record.state))?,
            transaction_id: record.transaction_id,
            shown: Span {
                start: record.shown_start,
                end: record.shown_end,
            },
            claim: record
                .claim
                .zip(record.claimed_until)
                .map(|(token, until)| Claim { token, until }),
            due_at: record.due_at,
            attempts: record.attempts,
            empty_lookups: record.empty_lookups,
            overtaken: record.overtaken,
        })
    }
}

impl From<&OnlineMeeting> for OnlineMeetingRecord {
    fn from(meeting: &OnlineMeeting) -> Self {
        Self {
            id: meeting.online_meeting_id.uuid(),
            provider: "teams".to_owned(),
            provider_meeting_id: meeting.provider_meeting_id.clone(),
            provider_event_id: meeting.provider_event_id.clone(),
            ms_tenant_id: meeting.organizer.ms_tenant_id.clone(),
            organizer_upn: meeting.organizer.upn.clone(),
            organizer_object_id: meeting.organizer.object_id.clone(),
            subject: meeting.subject.clone(),
            join_url: meeting.join_url.as_ref().map(|url| url.as_str().to_owned()),
            start: meeting.start,
            end: meeting.end,
            timezone: meeting.zone.name().to_owned(),
            status: meeting.status.as_str().to_owned(),
            remote: RemoteRecord::from(&meeting.remote),
            error_code: meeting.error_code.clone(),
            recording_fetch_attempts: meeting.recording_fetch_attempts,
            last_fetch_at: meeting.last_fetch_at,
            appointment_request_id: meeting
                .appointment_request_id
                .map(AppointmentRequestId::uuid),
            interaction_id: meeting.interaction_id.map(InteractionId::uuid),
            schedule_entry_id: meeting.schedule_entry_id.map(ScheduleEntryId::uuid),
            client_id: meeting.client_id.as_ref().map(ToString::to_string),
            contact_id: meeting.contact_id.as_ref().map(ToString::to_string),
            created_by: meeting.created_by.to_string(),
            staff_plan: meeting.staff_plan.as_ref().map(StaffPlanRecord::from),
            is_legacy: meeting.is_legacy,
            version: meeting.version,
            created_at: meeting.created_at,
            updated_at: meeting.updated_at,
        }
    }
}

impl TryFrom<OnlineMeetingRecord> for OnlineMeeting {
    type Error = StoreError;

    fn try_from(record: OnlineMeetingRecord) -> Result<Self, StoreError> {
        Ok(Self {
            online_meeting_id: OnlineMeetingId::new(record.id),
            provider_meeting_id: record.provider_meeting_id,
            provider_event_id: record.provider_event_id,
            organizer: Organizer {
                ms_tenant_id: record.ms_tenant_id,
                upn: record.organizer_upn,
                object_id: record.organizer_object_id,
            },
            subject: record.subject,
            join_url: read_link(record.join_url.as_deref())?,
            start: record.start,
            end: record.end,
            zone: read_zone(&record.timezone)?,
            status: Status::parse(&record.status)
                .ok_or_else(|| corrupt("status", &record.status))?,
            remote: record.remote.try_into()?,
            error_code: record.error_code,
            recording_fetch_attempts: record.recording_fetch_attempts,
            last_fetch_at: record.last_fetch_at,
            appointment_request_id: record.appointment_request_id.map(AppointmentRequestId::new),
            interaction_id: record.interaction_id.map(InteractionId::new),
            schedule_entry_id: record.schedule_entry_id.map(ScheduleEntryId::new),
            client_id: read_client(record.client_id.as_deref())?,
            contact_id: read_contact(record.contact_id.as_deref())?,
            created_by: UserId::parse(&record.created_by)
                .map_err(|error| corrupt("created_by", error))?,
            staff_plan: record.staff_plan.map(StaffPlan::try_from).transpose()?,
            is_legacy: record.is_legacy,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }
}
