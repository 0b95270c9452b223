//! Messages of conversations in the table: `CV#<session>` / `<message>`, whose
//! ids sort by time.

use chrono::{DateTime, Utc};
use convoke_domain::conversation::{Author, Message};
use convoke_domain::id::{ContactId, MessageId, SessionId, UserId};
use convoke_domain::session::Who;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::corrupt;
use crate::store::{Key, Record, StoreError};

/// A message as stored; it is never changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageRecord {
    id: Uuid,
    conversation_id: Uuid,
    user_id: Option<String>,
    contact_id: Option<String>,
    name: Option<String>,
    body: String,
    created_at: DateTime<Utc>,
}

impl MessageRecord {
    /// The partition of a conversation.
    pub fn list_of(conversation: SessionId) -> String {
        format!("CV#{conversation}")
    }
}

impl Record for MessageRecord {
    const KIND: &'static str = "message";

    fn key(&self) -> Key {
        Key::new(
            Self::list_of(SessionId::new(self.conversation_id)),
            MessageId::new(self.id).to_string(),
        )
    }

    fn version(&self) -> u64 {
        1
    }
}

impl From<&Message> for MessageRecord {
    fn from(message: &Message) -> Self {
        let (user_id, contact_id) = match &message.author.who {
            Who::Internal(user_id) => (Some(user_id.to_string()), None),
            Who::Contact(contact_id) => (None, Some(contact_id.to_string())),
            Who::External => (None, None),
        };
        Self {
            id: message.message_id.uuid(),
            conversation_id: message.conversation_id.uuid(),
            user_id,
            contact_id,
            name: message.author.name.clone(),
            body: message.body.clone(),
            created_at: message.created_at,
        }
    }
}

impl TryFrom<MessageRecord> for Message {
    type Error = StoreError;

    fn try_from(record: MessageRecord) -> Result<Self, StoreError> {
        let user_id = record.user_id.as_deref().map(UserId::parse);
        let contact_id = record.contact_id.as_deref().map(ContactId::parse);
        let who = match (user_id, contact_id) {
            (Some(id), None) => Who::Internal(id.map_err(|error| corrupt("author", error))?),
            (None, Some(id)) => Who::Contact(id.map_err(|error| corrupt("author", error))?),
            (None, None) => Who::External,
            (Some(_), Some(_)) => return Err(corrupt("author", "two identities")),
        };
        Ok(Self {
            message_id: MessageId::new(record.id),
            conversation_id: SessionId::new(record.conversation_id),
            author: Author {
                who,
                name: record.name,
            },
            body: record.body,
            created_at: record.created_at,
        })
    }
}
