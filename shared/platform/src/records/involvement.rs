//! Whose name and address an engagement carries a copy of: `INVOLVED#U#<user>`
//! or `INVOLVED#C#<contact>` / `A#<uuid>` (XC-14).

use convoke_domain::id::{ContactId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{Key, Record};

/// A note that an engagement copies a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InvolvementRecord {
    person: String,
    engagement_id: Uuid,
}

impl InvolvementRecord {
    /// Notes that an engagement copies a user.
    pub fn of_user(user_id: &UserId, engagement_id: Uuid) -> Self {
        Self {
            person: Self::users(user_id),
            engagement_id,
        }
    }

    /// Notes that an engagement copies a contact.
    pub fn of_contact(contact_id: &ContactId, engagement_id: Uuid) -> Self {
        Self {
            person: Self::contacts(contact_id),
            engagement_id,
        }
    }

    /// The partition of a user's engagements.
    pub fn users(user_id: &UserId) -> String {
        format!("INVOLVED#U#{user_id}")
    }

    /// The partition of a contact's engagements.
    pub fn contacts(contact_id: &ContactId) -> String {
        format!("INVOLVED#C#{contact_id}")
    }

    /// The engagement.
    pub fn engagement_id(&self) -> Uuid {
        self.engagement_id
    }
}

impl Record for InvolvementRecord {
    const KIND: &'static str = "involvement";

    fn key(&self) -> Key {
        Key::new(self.person.clone(), format!("A#{}", self.engagement_id))
    }

    fn version(&self) -> u64 {
        0
    }
}
