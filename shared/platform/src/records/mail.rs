//! Mails that are written down with the state they tell of, and the templates
//! that a tenant has changed.
//!
//! A mail is `ML#<mail>` / `MAIL` and goes after thirty days; a template is
//! `TEMPLATES` / `<key>#<locale>`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::directory::Locale;
use convoke_domain::id::MailId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{Key, Record};

/// How long a mail is kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What has become of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// To be sent.
    Queued,
    /// Somebody is sending it until the lease ends.
    Claimed,
    /// SES has it.
    Sent,
    /// Nobody to send it, or nothing to say.
    Skipped,
    /// SES will never take it.
    Failed,
}

/// A calendar file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailCalendar {
    /// `REQUEST` or `CANCEL`, as in the file.
    pub method: String,
    /// The file.
    pub body: String,
}

/// A mail to one reader: a snapshot of what it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MailRecord {
    /// Also its `X-Convoke-Message-Id`.
    pub mail_id: Uuid,
    /// Which template.
    pub template: String,
    /// The reader's address.
    pub recipient_email: String,
    /// The reader's name.
    pub recipient_name: Option<String>,
    /// The reader's language, a BCP 47 tag.
    pub locale: String,
    /// What the template is filled in with.
    pub variables: BTreeMap<String, String>,
    /// The invitation, or its withdrawal.
    pub calendar: Option<MailCalendar>,
    /// What it is about.
    pub appointment_request_id: Uuid,
    /// What has become of it.
    pub state: MailState,
    /// Until when a claim holds.
    pub lease_until: Option<DateTime<Utc>>,
    /// How often it was claimed.
    pub attempts: u32,
    /// SES's id of it, once sent.
    pub ses_message_id: Option<String>,
    /// Rises with every write.
    pub version: u64,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
}

impl MailRecord {
    /// Where a mail is stored.
    pub fn key_of(mail_id: MailId) -> Key {
        Key::new(format!("ML#{mail_id}"), "MAIL")
    }

    /// When it may be dropped, and is sent no more.
    pub fn expiry(&self) -> DateTime<Utc> {
        self.created_at + KEPT
    }
}

impl Record for MailRecord {
    const KIND: &'static str = "mail";

    fn key(&self) -> Key {
        Self::key_of(MailId::new(self.mail_id))
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.expiry())
    }
}

/// A tenant's own sections of a template; an absent one is the product's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailTemplateRecord {
    /// Which template.
    pub template: String,
    /// In which language, a BCP 47 tag.
    pub locale: String,
    /// The subject line.
    pub subject: Option<String>,
    /// The plain text.
    pub text: Option<String>,
    /// The HTML.
    pub html: Option<String>,
    /// Rises with every write; stays when the product's text is restored.
    pub version: u64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl MailTemplateRecord {
    /// Where a tenant's version of a template is stored.
    pub fn key_of(template: &str, locale: Locale) -> Key {
        Key::new("TEMPLATES", format!("{template}#{}", locale.as_str()))
    }
}

impl Record for MailTemplateRecord {
    const KIND: &'static str = "mail template";

    fn key(&self) -> Key {
        Key::new("TEMPLATES", format!("{}#{}", self.template, self.locale))
    }

    fn version(&self) -> u64 {
        self.version
    }
}
