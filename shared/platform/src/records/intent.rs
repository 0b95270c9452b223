//! Intended provider calls in the table: `M#<meeting>` / `INTENT#<id>`. They
//! outlive their meeting, and wait in the due index for whoever finishes them.

use chrono::{DateTime, Utc};
use convoke_domain::id::{IntentId, MeetingId};
use convoke_domain::meeting::{Intent, Operation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Due, DueKind, Indexes, Key, Record, StoreError};

/// An intent as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IntentRecord {
    intent_id: Uuid,
    meeting_id: Uuid,
    operation: String,
    event_id: Option<String>,
    organizer: String,
    revision: u32,
    sequence: u32,
    claimed: bool,
    first_start: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    attempts: u32,
    #[serde(default)]
    empty_lookups: u32,
    version: u64,
    created_at: DateTime<Utc>,
}

impl IntentRecord {
    const PREFIX: &'static str = "INTENT#";

    /// Where an intent is stored.
    pub fn key_of(meeting_id: MeetingId, intent_id: IntentId) -> Key {
        Key::new(
            format!("M#{meeting_id}"),
            format!("{}{intent_id}", Self::PREFIX),
        )
    }

    /// Which intent a key names.
    pub fn ids_of(key: &Key) -> Option<(MeetingId, IntentId)> {
        let meeting = MeetingId::parse(key.partition.strip_prefix("M#")?)?;
        Some((
            meeting,
            IntentId::parse(key.sort.strip_prefix(Self::PREFIX)?)?,
        ))
    }
}

impl Record for IntentRecord {
    const KIND: &'static str = "intent";

    fn key(&self) -> Key {
        Self::key_of(
            MeetingId::new(self.meeting_id),
            IntentId::new(self.intent_id),
        )
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            due: Some(Due {
                kind: DueKind::Intent,
                at: self.lease_until,
            }),
            ..Indexes::default()
        }
    }
}

impl From<&Intent> for IntentRecord {
    fn from(intent: &Intent) -> Self {
        let event_id = match &intent.operation {
            Operation::Create => None,
            Operation::Update { event_id } | Operation::Delete { event_id } => {
                Some(event_id.clone())
            }
        };
        Self {
            intent_id: intent.intent_id.uuid(),
            meeting_id: intent.meeting_id.uuid(),
            operation: intent.operation.as_str().to_owned(),
            event_id,
            organizer: intent.organizer.clone(),
            revision: intent.revision,
            sequence: intent.sequence,
            claimed: intent.claimed,
            first_start: intent.first_start,
            lease_until: intent.lease_until,
            attempts: intent.attempts,
            empty_lookups: intent.empty_lookups,
            version: intent.version,
            created_at: intent.created_at,
        }
    }
}

impl TryFrom<IntentRecord> for Intent {
    type Error = StoreError;

    fn try_from(record: IntentRecord) -> Result<Self, StoreError> {
        let operation = match (record.operation.as_str(), record.event_id) {
            ("create", None) => Operation::Create,
            ("update", Some(event_id)) => Operation::Update { event_id },
            ("delete", Some(event_id)) => Operation::Delete { event_id },
            (other, _) => return Err(corrupt("operation", other)),
        };
        Ok(Self {
            intent_id: IntentId::new(record.intent_id),
            meeting_id: MeetingId::new(record.meeting_id),
            operation,
            organizer: record.organizer,
            revision: record.revision,
            sequence: record.sequence,
            claimed: record.claimed,
            first_start: record.first_start,
            lease_until: record.lease_until,
            attempts: record.attempts,
            empty_lookups: record.empty_lookups,
            version: record.version,
            created_at: record.created_at,
        })
    }
}
