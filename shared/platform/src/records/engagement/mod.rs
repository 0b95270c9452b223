//! The parts of an engagement in the table: `A#<uuid>` / `REQUEST`, `ENTRY`,
//! `MEETING`, `INTERACTION`, `CAPTURE`, and the artifacts of its meeting. One query
//! reads all of them.

mod capture;
mod entry;
mod interaction;
mod meeting;
mod request;

use chrono::{DateTime, Utc};
use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::appointment::{AppointmentRequest, PersonCopy};
use convoke_domain::artifact::Artifact;
use convoke_domain::engagement::Engagement;
use convoke_domain::event::rfc3339;
use convoke_domain::id::{ArtifactId, ClientId, ContactId, UserId};
use convoke_domain::interaction::Interaction;
use convoke_domain::online_meeting::{Capture, OnlineMeeting};
use convoke_domain::schedule_entry::ScheduleEntry;
use convoke_domain::zone::Zone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use capture::CaptureRecord;
pub use entry::EntryRecord;
pub use interaction::InteractionRecord;
pub use meeting::OnlineMeetingRecord;
pub use request::RequestRecord;

use super::artifact::ArtifactRecord;
use super::corrupt;
use super::transfer::TransferRecord;
use crate::store::{Collection, Key, StoreError};

/// The partition that an engagement lives in.
pub fn engagement_partition(id: Uuid) -> String {
    format!("A#{id}")
}

/// Which engagement a key belongs to.
pub fn engagement_of(key: &Key) -> Option<Uuid> {
    Uuid::parse_str(key.partition.strip_prefix("A#")?).ok()
}

/// Reads an engagement out of what its partition holds.
pub fn read_engagement(mut items: Collection) -> Result<Engagement, StoreError> {
    let mut artifacts = items
        .take_all::<ArtifactRecord>()?
        .into_iter()
        .map(Artifact::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    artifacts
        .sort_by_key(|artifact| std::cmp::Reverse((artifact.created_at, artifact.artifact_id)));
    Ok(Engagement {
        request: items
            .take::<RequestRecord>()?
            .map(AppointmentRequest::try_from)
            .transpose()?,
        entry: items
            .take::<EntryRecord>()?
            .map(ScheduleEntry::try_from)
            .transpose()?,
        meeting: items
            .take::<OnlineMeetingRecord>()?
            .map(OnlineMeeting::try_from)
            .transpose()?,
        interaction: items
            .take::<InteractionRecord>()?
            .map(Interaction::try_from)
            .transpose()?,
        capture: items.take::<CaptureRecord>()?.map(Capture::from),
        artifacts,
        transfers: items
            .take_all::<TransferRecord>()?
            .iter()
            .map(|transfer| ArtifactId::new(transfer.artifact_id))
            .collect(),
    })
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PersonCopyRecord {
    name: Option<String>,
    email: Option<String>,
}

impl From<&PersonCopy> for PersonCopyRecord {
    fn from(person: &PersonCopy) -> Self {
        Self {
            name: person.name.clone(),
            email: person.email.as_ref().map(|email| email.as_str().to_owned()),
        }
    }
}

impl TryFrom<PersonCopyRecord> for PersonCopy {
    type Error = StoreError;

    fn try_from(record: PersonCopyRecord) -> Result<Self, StoreError> {
        Ok(Self {
            name: record.name,
            email: read_email(record.email.as_deref())?,
        })
    }
}

/// Index sort keys: by time, then one by one.
fn sort_of(at: DateTime<Utc>, id: Uuid) -> String {
    format!("{}#{id}", rfc3339(at))
}

pub(super) fn read_email(email: Option<&str>) -> Result<Option<EmailAddress>, StoreError> {
    email
        .map(EmailAddress::parse)
        .transpose()
        .map_err(|error| corrupt("email", error))
}

pub(super) fn read_link(link: Option<&str>) -> Result<Option<WebLink>, StoreError> {
    link.map(WebLink::parse)
        .transpose()
        .map_err(|error| corrupt("link", error))
}

fn read_user(id: Option<&str>) -> Result<Option<UserId>, StoreError> {
    id.map(UserId::parse)
        .transpose()
        .map_err(|error| corrupt("user id", error))
}

pub(super) fn read_client(id: Option<&str>) -> Result<Option<ClientId>, StoreError> {
    id.map(ClientId::parse)
        .transpose()
        .map_err(|error| corrupt("client id", error))
}

fn read_contact(id: Option<&str>) -> Result<Option<ContactId>, StoreError> {
    id.map(ContactId::parse)
        .transpose()
        .map_err(|error| corrupt("contact id", error))
}

pub(super) fn read_zone(name: &str) -> Result<Zone, StoreError> {
    Zone::parse(name).map_err(|error| corrupt("timezone", error))
}
