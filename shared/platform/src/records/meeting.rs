//! Control meetings in the table: `M#<id>` / `META`.
//!
//! `gsi1` lists a tenant's meetings, `gsi2` those of a control, both by their
//! next occurrence; unlinked ones also wait in the due index for their
//! occurrence to pass.

use chrono::{DateTime, NaiveDateTime, Utc};
use convoke_domain::address::WebLink;
use convoke_domain::cadence::{Cadence, Frequency};
use convoke_domain::event::rfc3339;
use convoke_domain::id::{ControlId, ControlScheduleId, IntentId, MeetingId};
use convoke_domain::meeting::{Attendee, Meeting, MeetingStatus, RemoteEvent, ScheduleLink};
use convoke_domain::provider::ProviderKind;
use convoke_domain::zone::Zone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attendee::AttendeeRecord;
use super::corrupt;
use crate::store::{Due, DueKind, Indexes, Key, Record, StoreError};

/// A meeting as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeetingRecord {
    meeting_id: Uuid,
    control_id: String,
    control_schedule_id: Option<Uuid>,
    linked_at: i64,
    title: String,
    description: Option<String>,
    provider: String,
    duration_minutes: u32,
    is_online: bool,
    location: Option<String>,
    join_url: Option<String>,
    attendees: Vec<AttendeeRecord>,
    frequency: String,
    anchor: NaiveDateTime,
    timezone: String,
    index: u32,
    last_occurrence: Option<DateTime<Utc>>,
    status: String,
    remote: Option<RemoteRecord>,
    intent: Option<Uuid>,
    revision: u32,
    sequence: u32,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Derived, for the indexes: the next occurrence, or when it stopped having one.
    sort_time: DateTime<Utc>,
    /// Derived, for the due index.
    advances_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RemoteRecord {
    provider: String,
    external_event_id: String,
    organizer: Option<String>,
    join_url: Option<String>,
    revision: u32,
    sequence: u32,
}

impl MeetingRecord {
    /// Where a meeting is stored.
    pub fn key_of(id: MeetingId) -> Key {
        Key::new(format!("M#{id}"), "META")
    }

    /// Which meeting a key names.
    pub fn id_of(key: &Key) -> Option<MeetingId> {
        MeetingId::parse(key.partition.strip_prefix("M#")?)
    }

    /// `gsi1` partition of all meetings of a tenant.
    pub const LIST: &'static str = "M";

    /// `gsi2` partition of a control's meetings.
    pub fn list_of(control_id: &ControlId) -> String {
        format!("CM#{control_id}")
    }

    /// Index sort key that comes before every meeting due at or after `at`.
    pub fn sort_bound(at: DateTime<Utc>) -> String {
        rfc3339(at)
    }
}

impl Record for MeetingRecord {
    const KIND: &'static str = "meeting";

    fn key(&self) -> Key {
        Self::key_of(MeetingId::new(self.meeting_id))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        let sort = format!("{}#{}", rfc3339(self.sort_time), self.meeting_id);
        Indexes {
            gsi1: Some((Self::LIST.to_owned(), sort.clone())),
            gsi2: Some((format!("CM#{}", self.control_id), sort)),
            due: self.advances_at.map(|at| Due {
                kind: DueKind::Occurrence,
                at,
            }),
        }
    }
}

impl From<&Meeting> for MeetingRecord {
    fn from(meeting: &Meeting) -> Self {
        let next = meeting.next_occurrence();
        Self {
            meeting_id: meeting.meeting_id.uuid(),
            control_id: meeting.control_id.to_string(),
            control_schedule_id: meeting
                .link
                .as_ref()
                .map(|link| link.control_schedule_id.uuid()),
            linked_at: meeting.link.as_ref().map_or(0, |link| link.linked_at),
            title: meeting.title.clone(),
            description: meeting.description.clone(),
            provider: meeting.provider.as_str().to_owned(),
            duration_minutes: meeting.duration_minutes,
            is_online: meeting.is_online,
            location: meeting.location.clone(),
            join_url: meeting
                .join_url
                .as_ref()
                .map(|link| link.as_str().to_owned()),
            attendees: meeting.attendees.iter().map(AttendeeRecord::from).collect(),
            frequency: meeting.cadence.frequency().as_str().to_owned(),
            anchor: meeting.cadence.anchor(),
            timezone: meeting.cadence.zone().name().to_owned(),
            index: meeting.index,
            last_occurrence: meeting.last_occurrence,
            status: meeting.status.as_str().to_owned(),
            remote: meeting.remote.as_ref().map(RemoteRecord::from),
            intent: meeting.intent.map(IntentId::uuid),
            revision: meeting.revision,
            sequence: meeting.sequence,
            version: meeting.version,
            created_at: meeting.created_at,
            updated_at: meeting.updated_at,
            sort_time: next.map_or(meeting.updated_at, |next| next.start),
            advances_at: meeting.advances_at(),
        }
    }
}

impl TryFrom<MeetingRecord> for Meeting {
    type Error = StoreError;

    fn try_from(record: MeetingRecord) -> Result<Self, StoreError> {
        let zone = Zone::parse(&record.timezone).map_err(|error| corrupt("timezone", error))?;
        let frequency: Frequency = record
            .frequency
            .parse()
            .map_err(|_| corrupt("frequency", &record.frequency))?;
        Ok(Self {
            meeting_id: MeetingId::new(record.meeting_id),
            control_id: ControlId::parse(&record.control_id)
                .map_err(|error| corrupt("control_id", error))?,
            link: record.control_schedule_id.map(|id| ScheduleLink {
                control_schedule_id: ControlScheduleId::new(id),
                linked_at: record.linked_at,
            }),
            title: record.title,
            description: record.description,
            provider: ProviderKind::parse_or_mock(&record.provider),
            duration_minutes: record.duration_minutes,
            is_online: record.is_online,
            location: record.location,
            join_url: parse_link(record.join_url.as_deref())?,
            attendees: record
                .attendees
                .into_iter()
                .map(Attendee::try_from)
                .collect::<Result<_, _>>()?,
            cadence: Cadence::restored(frequency, record.anchor, zone),
            index: record.index,
            last_occurrence: record.last_occurrence,
            status: parse_status(&record.status)?,
            remote: record.remote.map(RemoteEvent::try_from).transpose()?,
            intent: record.intent.map(IntentId::new),
            revision: record.revision,
            sequence: record.sequence,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }
}

impl From<&RemoteEvent> for RemoteRecord {
    fn from(remote: &RemoteEvent) -> Self {
        Self {
            provider: remote.provider.as_str().to_owned(),
            external_event_id: remote.external_event_id.clone(),
            organizer: remote.organizer.clone(),
            join_url: remote
                .join_url
                .as_ref()
                .map(|link| link.as_str().to_owned()),
            revision: remote.revision,
            sequence: remote.sequence,
        }
    }
}

impl TryFrom<RemoteRecord> for RemoteEvent {
    type Error = StoreError;

    fn try_from(record: RemoteRecord) -> Result<Self, StoreError> {
        Ok(Self {
            provider: ProviderKind::parse_or_mock(&record.provider),
            external_event_id: record.external_event_id,
            organizer: record.organizer,
            join_url: parse_link(record.join_url.as_deref())?,
            revision: record.revision,
            sequence: record.sequence,
        })
    }
}

fn parse_link(link: Option<&str>) -> Result<Option<WebLink>, StoreError> {
    link.map(WebLink::parse)
        .transpose()
        .map_err(|error| corrupt("link", error))
}

fn parse_status(word: &str) -> Result<MeetingStatus, StoreError> {
    [
        MeetingStatus::Planned,
        MeetingStatus::Scheduled,
        MeetingStatus::Cancelled,
    ]
    .into_iter()
    .find(|status| status.as_str() == word)
    .ok_or_else(|| corrupt("status", word))
}
