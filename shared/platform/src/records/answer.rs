//! That a mail's answer link was used: `RSVP#<mail>` / `USED`, until the link
//! ends (IV-7). It is created in the transaction of the answer, so one mail
//! answers once, whoever is how fast.

use chrono::{DateTime, Utc};
use convoke_domain::id::MailId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::answer_link::AnswerLink;
use crate::store::{Key, Record};

/// The mark of a used link.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UsedAnswerLinkRecord {
    mail_id: Uuid,
    /// Not `expires_at`, which the table's TTL is called.
    valid_until: DateTime<Utc>,
}

impl UsedAnswerLinkRecord {
    /// Where the mark of a mail's link is stored.
    pub fn key_of(mail_id: MailId) -> Key {
        Key::new(format!("RSVP#{mail_id}"), "USED")
    }

    /// The mark of a link that is being used.
    pub fn of(link: &AnswerLink) -> Self {
        Self {
            mail_id: link.mail_id.uuid(),
            valid_until: link.expires_at,
        }
    }
}

impl Record for UsedAnswerLinkRecord {
    const KIND: &'static str = "used answer link";

    fn key(&self) -> Key {
        Self::key_of(MailId::new(self.mail_id))
    }

    fn version(&self) -> u64 {
        0
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.valid_until)
    }
}
