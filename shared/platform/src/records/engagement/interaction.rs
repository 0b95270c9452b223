//! Interactions in the table: `A#<id>` / `INTERACTION`; `gsi1` lists a
//! client's, `gsi2` a contact's, by start.

use chrono::{DateTime, Utc};
use convoke_domain::id::{ClientId, ContactId, InteractionId, UserId};
use convoke_domain::interaction::{Interaction, InteractionStatus, InteractionType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{engagement_partition, read_client, read_contact, read_user, sort_of};
use crate::records::corrupt;
use crate::store::{Indexes, Key, Record, StoreError};

/// An interaction as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionRecord {
    id: Uuid,
    #[serde(rename = "type")]
    type_name: String,
    title: String,
    notes: String,
    client_id: Option<String>,
    contact_id: Option<String>,
    user_id: Option<String>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    status: String,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl InteractionRecord {
    /// Where an interaction is stored.
    pub fn key_of(id: InteractionId) -> Key {
        Key::new(engagement_partition(id.uuid()), "INTERACTION")
    }

    /// `gsi1` partition of a client's timeline.
    pub fn list_of_client(client_id: &ClientId) -> String {
        format!("IC#{client_id}")
    }

    /// `gsi2` partition of a contact's timeline.
    pub fn list_of_contact(contact_id: &ContactId) -> String {
        format!("IK#{contact_id}")
    }
}

impl Record for InteractionRecord {
    const KIND: &'static str = "interaction";

    fn key(&self) -> Key {
        Self::key_of(InteractionId::new(self.id))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        let sort = sort_of(self.start, self.id);
        let of = |prefix: &str, id: &Option<String>| {
            id.as_ref()
                .map(|id| (format!("{prefix}#{id}"), sort.clone()))
        };
        Indexes {
            gsi1: of("IC", &self.client_id),
            gsi2: of("IK", &self.contact_id),
            due: None,
        }
    }
}

impl From<&Interaction> for InteractionRecord {
    fn from(interaction: &Interaction) -> Self {
        Self {
            id: interaction.interaction_id.uuid(),
            type_name: interaction.kind.name().to_owned(),
            title: interaction.title.clone(),
            notes: interaction.notes.clone(),
            client_id: interaction.client_id.as_ref().map(ToString::to_string),
            contact_id: interaction.contact_id.as_ref().map(ToString::to_string),
            user_id: interaction.user_id.as_ref().map(UserId::to_string),
            start: interaction.start,
            end: interaction.end,
            status: interaction.status.as_str().to_owned(),
            version: interaction.version,
            created_at: interaction.created_at,
            updated_at: interaction.updated_at,
        }
    }
}

impl TryFrom<InteractionRecord> for Interaction {
    type Error = StoreError;

    fn try_from(record: InteractionRecord) -> Result<Self, StoreError> {
        Ok(Self {
            interaction_id: InteractionId::new(record.id),
            kind: InteractionType::parse(&record.type_name)
                .ok_or_else(|| corrupt("interaction type", &record.type_name))?,
            client_id: read_client(record.client_id.as_deref())?,
            contact_id: read_contact(record.contact_id.as_deref())?,
            user_id: read_user(record.user_id.as_deref())?,
            status: InteractionStatus::parse(&record.status)
                .ok_or_else(|| corrupt("status", &record.status))?,
            title: record.title,
            notes: record.notes,
            start: record.start,
            end: record.end,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }
}
