//! What stands in connected calendars, in the table: `CY#<subject>#<uuid>` /
//! `<user>#<provider>`; what is to be done or tried again is in the due index.
//! No titles, texts, people or links: a fingerprint says whether they changed.

use chrono::{DateTime, Utc};
use convoke_domain::calendar_connection::{CalendarProvider, CalendarSync, SyncKey, SyncSubject};
use convoke_domain::id::UserId;
use convoke_domain::online_meeting::Claim;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Due, DueKind, Indexes, Key, Record, StoreError};

/// A row as stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct CalendarSyncRecord {
    subject: String,
    id: Uuid,
    user_id: String,
    provider: String,
    connection_id: Uuid,
    transaction_id: Uuid,
    remote_id: Option<String>,
    may_exist: bool,
    sent: Option<String>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    is_removed: bool,
    given_up: Option<String>,
    empty_looks: u32,
    claim_token: Option<Uuid>,
    claim_until: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    attempts: u32,
    failing_since: Option<DateTime<Utc>>,
    error: Option<String>,
    version: u64,
    /// When the row may be dropped.
    keep_until: DateTime<Utc>,
}

impl CalendarSyncRecord {
    /// The partition of what is known of a session or schedule entry.
    pub fn partition_of(subject: SyncSubject) -> String {
        format!("CY#{}#{}", subject.kind(), subject.id())
    }

    /// Where a row is stored.
    pub fn key_of(key: &SyncKey) -> Key {
        let sort = format!("{}#{}", key.user_id, key.provider.as_str());
        Key::new(Self::partition_of(key.subject), sort)
    }

    /// What the row at a key is about.
    pub fn subject_of(key: &Key) -> Option<SyncSubject> {
        let (kind, id) = key.partition.strip_prefix("CY#")?.split_once('#')?;
        SyncSubject::parse(kind, Uuid::parse_str(id).ok()?)
    }
}

impl Record for CalendarSyncRecord {
    const KIND: &'static str = "calendar sync";

    fn key(&self) -> Key {
        let partition = format!("CY#{}#{}", self.subject, self.id);
        Key::new(partition, format!("{}#{}", self.user_id, self.provider))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            due: self.due_at.map(|at| Due {
                kind: DueKind::CalendarSync,
                at,
            }),
            ..Indexes::default()
        }
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.keep_until)
    }
}

impl From<&CalendarSync> for CalendarSyncRecord {
    fn from(row: &CalendarSync) -> Self {
        Self {
            subject: row.key.subject.kind().to_owned(),
            id: row.key.subject.id(),
            user_id: row.key.user_id.to_string(),
            provider: row.key.provider.as_str().to_owned(),
            connection_id: row.connection_id,
            transaction_id: row.transaction_id,
            remote_id: row.remote_id.clone(),
            may_exist: row.may_exist,
            sent: row.sent.clone(),
            starts_at: row.span.0,
            ends_at: row.span.1,
            is_removed: row.is_removed,
            given_up: row.given_up.clone(),
            empty_looks: row.empty_looks,
            claim_token: row.claim.map(|claim| claim.token),
            claim_until: row.claim.map(|claim| claim.until),
            due_at: row.due_at,
            attempts: row.attempts,
            failing_since: row.failing_since,
            error: row.error.clone(),
            version: row.version,
            keep_until: row.expiry(),
        }
    }
}

impl TryFrom<CalendarSyncRecord> for CalendarSync {
    type Error = StoreError;

    fn try_from(record: CalendarSyncRecord) -> Result<Self, StoreError> {
        let claim = record.claim_token.zip(record.claim_until);
        let key = SyncKey {
            subject: SyncSubject::parse(&record.subject, record.id)
                .ok_or_else(|| corrupt("calendar subject", &record.subject))?,
            user_id: UserId::parse(&record.user_id).map_err(|error| corrupt("user id", error))?,
            provider: CalendarProvider::parse(&record.provider)
                .ok_or_else(|| corrupt("calendar provider", &record.provider))?,
        };
        Ok(Self {
            key,
            connection_id: record.connection_id,
            transaction_id: record.transaction_id,
            remote_id: record.remote_id,
            may_exist: record.may_exist,
            sent: record.sent,
            span: (record.starts_at, record.ends_at),
            is_removed: record.is_removed,
            given_up: record.given_up,
            empty_looks: record.empty_looks,
            claim: claim.map(|(token, until)| Claim { token, until }),
            due_at: record.due_at,
            attempts: record.attempts,
            failing_since: record.failing_since,
            error: record.error,
            version: record.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use convoke_domain::calendar_connection::Wish;

    use super::*;

    /// IV-6: a due row names what is to be brought in step, whatever the user is called.
    #[test]
    fn a_row_reads_back_and_its_key_names_its_subject() {
        let at = |hour| DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour);
        for subject in [
            SyncSubject::Session(Uuid::from_u128(1)),
            SyncSubject::ScheduleEntry(Uuid::from_u128(2)),
        ] {
            let key = SyncKey {
                subject,
                user_id: UserId::parse("auth0|ann@acme").unwrap(),
                provider: CalendarProvider::Microsoft,
            };
            let wish = Wish {
                fingerprint: "f".to_owned(),
                span: (at(1), at(2)),
            };
            let mut row =
                CalendarSync::new(key.clone(), Uuid::from_u128(3), Uuid::from_u128(4), &wish);
            row.put_back(Some(&wish), "unavailable", None, at(0));
            let record = CalendarSyncRecord::from(&row);
            assert_eq!(record.key(), CalendarSyncRecord::key_of(&key));
            assert_eq!(CalendarSyncRecord::subject_of(&record.key()), Some(subject));
            assert_eq!(record.indexes().due.map(|due| due.at), row.due_at);
            assert_eq!(CalendarSync::try_from(record).unwrap(), row);
        }
        assert_eq!(
            CalendarSyncRecord::subject_of(&Key::new("CY#session", "x")),
            None
        );
    }
}
