//! Sessions in the table: `S#<id>` / `SESSION` with the whole roster, and
//! `S#<id>` / `INVITATION#<invitation>` with what that invitee was last told. One
//! query reads both.
//!
//! `gsi1` lists the sessions that somebody is part of, by start: the host's from
//! the session itself, an invitee's from their row. `gsi2` lists all of a tenant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use convoke_domain::event::rfc3339;
use convoke_domain::id::{ContactId, InvitationId, MailId, SessionId, UserId};
use convoke_domain::session::{
    Field, Host, Invitee, LinkSource, MailNote, Response, Session, SessionStatus, Told, Who,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use super::engagement::{read_client, read_email, read_link, read_zone};
use crate::store::{Collection, Indexes, Key, Record, StoreError};

/// The partition of a session.
pub fn session_partition(id: SessionId) -> String {
    format!("S#{id}")
}

/// Reads a session out of what its partition holds.
pub fn read_session(mut items: Collection) -> Result<Option<(Session, Vec<Told>)>, StoreError> {
    let Some(record) = items.take::<SessionRecord>()? else {
        return Ok(None);
    };
    let rows = items.take_all::<InvitationRecord>()?;
    let told = rows
        .into_iter()
        .map(Told::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Some((record.try_into()?, told)))
}

/// `gsi1` partition of the sessions that a user hosts or is invited to.
pub fn sessions_of_user(user_id: &UserId) -> String {
    format!("SM#U#{user_id}")
}

/// `gsi1` partition of the sessions that a contact is invited to.
pub fn sessions_of_contact(contact_id: &ContactId) -> String {
    format!("SM#K#{contact_id}")
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind_of", content = "id", rename_all = "snake_case")]
enum WhoRecord {
    Internal(String),
    Contact(String),
    External,
}

impl From<&Who> for WhoRecord {
    fn from(who: &Who) -> Self {
        match who {
            Who::Internal(user_id) => Self::Internal(user_id.to_string()),
            Who::Contact(contact_id) => Self::Contact(contact_id.to_string()),
            Who::External => Self::External,
        }
    }
}

impl TryFrom<WhoRecord> for Who {
    type Error = StoreError;

    fn try_from(record: WhoRecord) -> Result<Self, StoreError> {
        Ok(match record {
            WhoRecord::Internal(id) => {
                Self::Internal(UserId::parse(&id).map_err(|error| corrupt("user id", error))?)
            }
            WhoRecord::Contact(id) => {
                Self::Contact(ContactId::parse(&id).map_err(|error| corrupt("contact id", error))?)
            }
            WhoRecord::External => Self::External,
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct InviteeRecord {
    invitation_id: Uuid,
    who: WhoRecord,
    email: Option<String>,
    name: Option<String>,
    response: String,
    responded_at: Option<DateTime<Utc>>,
    joined_at: Option<DateTime<Utc>>,
}

impl From<&Invitee> for InviteeRecord {
    fn from(invitee: &Invitee) -> Self {
        Self {
            invitation_id: invitee.invitation_id.uuid(),
            who: WhoRecord::from(&invitee.who),
            email: invitee.email.as_ref().map(ToString::to_string),
            name: invitee.name.clone(),
            response: invitee.response.as_str().to_owned(),
            responded_at: invitee.responded_at,
            joined_at: invitee.joined_at,
        }
    }
}

impl TryFrom<InviteeRecord> for Invitee {
    type Error = StoreError;

    fn try_from(record: InviteeRecord) -> Result<Self, StoreError> {
        Ok(Self {
            invitation_id: InvitationId::new(record.invitation_id),
            who: record.who.try_into()?,
            email: read_email(record.email.as_deref())?,
            name: record.name,
            response: Response::parse(&record.response)
                .ok_or_else(|| corrupt("response", &record.response))?,
            responded_at: record.responded_at,
            joined_at: record.joined_at,
        })
    }
}

/// A session as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionRecord {
    id: Uuid,
    title: String,
    description: Option<String>,
    start: DateTime<Utc>,
    duration_minutes: u32,
    zone: String,
    location: Option<String>,
    join_url: Option<String>,
    link_source: String,
    is_instant: bool,
    skips_invitation_mails: bool,
    status: String,
    host_id: String,
    host_name: Option<String>,
    host_email: Option<String>,
    client_id: Option<String>,
    roster: Vec<InviteeRecord>,
    organizer: Option<String>,
    sequence: u32,
    changed_at: BTreeMap<String, u32>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl SessionRecord {
    /// `gsi2` partition of all sessions of a tenant.
    pub const LIST: &'static str = "SS";

    /// Where a session is stored.
    pub fn key_of(id: SessionId) -> Key {
        Key::new(session_partition(id), "SESSION")
    }
}

/// Index sort key: by start.
fn sort_of(start: DateTime<Utc>, id: Uuid) -> String {
    format!("{}#{id}", rfc3339(start))
}

impl Record for SessionRecord {
    const KIND: &'static str = "session";

    fn key(&self) -> Key {
        Self::key_of(SessionId::new(self.id))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        let sort = sort_of(self.start, self.id);
        Indexes {
            gsi1: Some((format!("SM#U#{}", self.host_id), sort.clone())),
            gsi2: Some((Self::LIST.to_owned(), sort)),
            due: None,
        }
    }
}

impl From<&Session> for SessionRecord {
    fn from(session: &Session) -> Self {
        let changed = session.changed_at.iter();
        Self {
            id: session.session_id.uuid(),
            title: session.title.clone(),
            description: session.description.clone(),
            start: session.start,
            duration_minutes: session.duration_minutes,
            zone: session.zone.name().to_owned(),
            location: session.location.clone(),
            join_url: session.join_url.as_ref().map(ToString::to_string),
            link_source: session.link_source.as_str().to_owned(),
            is_instant: session.is_instant,
            skips_invitation_mails: session.skips_invitation_mails,
            status: session.status.as_str().to_owned(),
            host_id: session.host.user_id.to_string(),
            host_name: session.host.name.clone(),
            host_email: session.host.email.as_ref().map(ToString::to_string),
            client_id: session.client_id.as_ref().map(ToString::to_string),
            roster: session.roster.iter().map(InviteeRecord::from).collect(),
            organizer: session.organizer.as_ref().map(ToString::to_string),
            sequence: session.sequence,
            changed_at: changed
                .map(|(field, at)| (field.as_str().to_owned(), *at))
                .collect(),
            version: session.version,
            created_at: session.created_at,
            updated_at: session.updated_at,
        }
    }
}

impl TryFrom<SessionRecord> for Session {
    type Error = StoreError;

    fn try_from(record: SessionRecord) -> Result<Self, StoreError> {
        let field = |(word, at): (String, u32)| {
            let field = Field::parse(&word).ok_or_else(|| corrupt("field", &word))?;
            Ok::<_, StoreError>((field, at))
        };
        Ok(Self {
            session_id: SessionId::new(record.id),
            title: record.title,
            description: record.description,
            start: record.start,
            duration_minutes: record.duration_minutes,
            zone: read_zone(&record.zone)?,
            location: record.location,
            join_url: read_link(record.join_url.as_deref())?,
            link_source: LinkSource::parse(&record.link_source)
                .ok_or_else(|| corrupt("link source", &record.link_source))?,
            is_instant: record.is_instant,
            skips_invitation_mails: record.skips_invitation_mails,
            status: SessionStatus::parse(&record.status)
                .ok_or_else(|| corrupt("status", &record.status))?,
            host: Host {
                user_id: UserId::parse(&record.host_id).map_err(|error| corrupt("host", error))?,
                name: record.host_name,
                email: read_email(record.host_email.as_deref())?,
            },
            client_id: read_client(record.client_id.as_deref())?,
            roster: record
                .roster
                .into_iter()
                .map(Invitee::try_from)
                .collect::<Result<_, _>>()?,
            organizer: read_email(record.organizer.as_deref())?,
            sequence: record.sequence,
            changed_at: record
                .changed_at
                .into_iter()
                .map(field)
                .collect::<Result<_, _>>()?,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }
}

/// What an invitee was last told, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InvitationRecord {
    session_id: Uuid,
    invitation_id: Uuid,
    who: WhoRecord,
    email: Option<String>,
    name: Option<String>,
    sequence: u32,
    title: String,
    start: DateTime<Utc>,
    duration_minutes: u32,
    is_cancelled: bool,
    is_withdrawn: bool,
    holds_file: bool,
    last_mail: Option<Uuid>,
    mail_note: Option<String>,
    version: u64,
}

impl InvitationRecord {
    /// Where an invitee's row is stored.
    pub fn key_of(session: SessionId, invitation: InvitationId) -> Key {
        Key::new(
            session_partition(session),
            format!("INVITATION#{invitation}"),
        )
    }

    /// The row of what somebody was told.
    pub fn new(session: SessionId, told: &Told) -> Self {
        Self {
            session_id: session.uuid(),
            invitation_id: told.invitation_id.uuid(),
            who: WhoRecord::from(&told.who),
            email: told.email.as_ref().map(ToString::to_string),
            name: told.name.clone(),
            sequence: told.sequence,
            title: told.title.clone(),
            start: told.start,
            duration_minutes: told.duration_minutes,
            is_cancelled: told.is_cancelled,
            is_withdrawn: told.is_withdrawn,
            holds_file: told.holds_file,
            last_mail: told.last_mail.map(MailId::uuid),
            mail_note: told.mail_note.map(|note| note.as_str().to_owned()),
            version: told.version,
        }
    }

    /// The session that a listed row belongs to.
    pub fn session_id(&self) -> SessionId {
        SessionId::new(self.session_id)
    }
}

impl Record for InvitationRecord {
    const KIND: &'static str = "invitation";

    fn key(&self) -> Key {
        Self::key_of(
            SessionId::new(self.session_id),
            InvitationId::new(self.invitation_id),
        )
    }

    fn version(&self) -> u64 {
        self.version
    }

    /// Whoever was uninvited has it in their list no more; what was cancelled stays.
    fn indexes(&self) -> Indexes {
        let partition = match &self.who {
            WhoRecord::Internal(id) => Some(format!("SM#U#{id}")),
            WhoRecord::Contact(id) => Some(format!("SM#K#{id}")),
            WhoRecord::External => None,
        };
        let sort = sort_of(self.start, self.session_id);
        Indexes {
            gsi1: partition
                .filter(|_| !self.is_withdrawn)
                .map(|partition| (partition, sort)),
            ..Indexes::default()
        }
    }
}

impl TryFrom<InvitationRecord> for Told {
    type Error = StoreError;

    fn try_from(record: InvitationRecord) -> Result<Self, StoreError> {
        let note = |word: String| MailNote::parse(&word).ok_or_else(|| corrupt("mail note", &word));
        Ok(Self {
            invitation_id: InvitationId::new(record.invitation_id),
            who: record.who.try_into()?,
            email: read_email(record.email.as_deref())?,
            name: record.name,
            sequence: record.sequence,
            title: record.title,
            start: record.start,
            duration_minutes: record.duration_minutes,
            is_cancelled: record.is_cancelled,
            is_withdrawn: record.is_withdrawn,
            holds_file: record.holds_file,
            last_mail: record.last_mail.map(MailId::new),
            mail_note: record.mail_note.map(note).transpose()?,
            version: record.version,
        })
    }
}
