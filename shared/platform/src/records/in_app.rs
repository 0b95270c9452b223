//! In-app notifications in the table: `N#<user>` / `<notification>`, whose ids
//! sort by time, for 90 days.
//!
//! `gsi1` holds only the unread ones, `NU#<user>` by time, so that counting them
//! looks at nothing else.

use chrono::{DateTime, Utc};
use convoke_domain::event::rfc3339;
use convoke_domain::id::{NotificationId, SessionId, UserId};
use convoke_domain::notification::{KEPT, Notification, NotificationKind};
use convoke_domain::session::{Field, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use super::engagement::read_zone;
use crate::store::{Indexes, Key, Record, SortRange, StoreError};

/// Sorts behind every instant.
const BEHIND_ALL: &str = ":";

/// A notification as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NotificationRecord {
    id: Uuid,
    user_id: String,
    about: String,
    session_id: Option<Uuid>,
    title: String,
    start: Option<DateTime<Utc>>,
    zone: Option<String>,
    changes: Vec<String>,
    person: Option<String>,
    response: Option<String>,
    provider: Option<String>,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
    is_unread: bool,
    version: u64,
}

impl NotificationRecord {
    /// The partition of a user's notifications.
    pub fn list_of(user_id: &UserId) -> String {
        format!("N#{user_id}")
    }

    /// `gsi1` partition of those that a user has not read.
    pub fn unread_of(user_id: &UserId) -> String {
        format!("NU#{user_id}")
    }

    /// `gsi1` range of those that have not expired by `now`.
    pub fn kept_by(now: DateTime<Utc>) -> SortRange {
        SortRange::Between(rfc3339(now - KEPT), BEHIND_ALL.to_owned())
    }

    /// `gsi1` range of those that came after one.
    pub fn unread_behind(one: &Notification) -> SortRange {
        let last = sort_of(one.created_at, one.notification_id.uuid());
        SortRange::Between(format!("{last}~"), BEHIND_ALL.to_owned())
    }

    /// Where a notification is stored.
    pub fn key_of(user_id: &UserId, id: NotificationId) -> Key {
        Key::new(Self::list_of(user_id), id.to_string())
    }
}

fn sort_of(created_at: DateTime<Utc>, id: Uuid) -> String {
    format!("{}#{id}", rfc3339(created_at))
}

impl Record for NotificationRecord {
    const KIND: &'static str = "notification";

    fn key(&self) -> Key {
        Key::new(
            format!("N#{}", self.user_id),
            self.id.hyphenated().to_string(),
        )
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        let sort = sort_of(self.created_at, self.id);
        let unread = (format!("NU#{}", self.user_id), sort);
        Indexes {
            gsi1: self.is_unread.then_some(unread),
            ..Indexes::default()
        }
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.created_at + KEPT)
    }
}

impl From<&Notification> for NotificationRecord {
    fn from(notification: &Notification) -> Self {
        let changes = notification.changes.iter();
        Self {
            id: notification.notification_id.uuid(),
            user_id: notification.user_id.to_string(),
            about: notification.kind.as_str().to_owned(),
            session_id: notification.session_id.map(SessionId::uuid),
            title: notification.title.clone(),
            start: notification.start,
            zone: notification
                .zone
                .as_ref()
                .map(|zone| zone.name().to_owned()),
            changes: changes.map(|field| field.as_str().to_owned()).collect(),
            person: notification.person.clone(),
            response: notification.response.map(|one| one.as_str().to_owned()),
            provider: notification.provider.map(str::to_owned),
            created_at: notification.created_at,
            read_at: notification.read_at,
            is_unread: notification.read_at.is_none(),
            version: notification.version,
        }
    }
}

impl TryFrom<NotificationRecord> for Notification {
    type Error = StoreError;

    fn try_from(record: NotificationRecord) -> Result<Self, StoreError> {
        let field = |word: String| Field::parse(&word).ok_or_else(|| corrupt("field", &word));
        let response =
            |word: String| Response::parse(&word).ok_or_else(|| corrupt("response", &word));
        Ok(Self {
            notification_id: NotificationId::new(record.id),
            user_id: UserId::parse(&record.user_id).map_err(|error| corrupt("user id", error))?,
            kind: NotificationKind::parse(&record.about)
                .ok_or_else(|| corrupt("notification", &record.about))?,
            session_id: record.session_id.map(SessionId::new),
            title: record.title,
            start: record.start,
            zone: record.zone.as_deref().map(read_zone).transpose()?,
            changes: record
                .changes
                .into_iter()
                .map(field)
                .collect::<Result<_, _>>()?,
            person: record.person,
            response: record.response.map(response).transpose()?,
            provider: record.provider.as_deref().map(read_provider).transpose()?,
            created_at: record.created_at,
            read_at: record.read_at,
            version: record.version,
        })
    }
}

fn read_provider(word: &str) -> Result<&'static str, StoreError> {
    ["google", "microsoft"]
        .into_iter()
        .find(|known| *known == word)
        .ok_or_else(|| corrupt("calendar provider", word))
}
