//! Mails that are written down with the state they tell of, and the templates
//! that a tenant has changed.
//!
//! A mail is `ML#<mail>` / `MAIL`, stands in the due index until it is settled,
//! and goes after thirty days; a template is `TEMPLATES` / `<key>#<locale>`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::directory::Locale;
use convoke_domain::id::MailId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{Due, DueKind, Indexes, Key, Record};

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
    /// The appointment that it is about, if it is about one.
    #[serde(default)]
    pub appointment_request_id: Option<Uuid>,
    /// The session that it is about, if it is about one.
    #[serde(default)]
    pub session_id: Option<Uuid>,
    /// The reader's place in that.
    #[serde(default)]
    pub invitation_id: Option<Uuid>,
    /// Whether it carries links to answer with.
    #[serde(default)]
    pub asks_for_answer: bool,
    /// When what it is about begins; absent in older items.
    #[serde(default)]
    pub starts_at: Option<DateTime<Utc>>,
    /// When that ends; absent in older items.
    #[serde(default)]
    pub ends_at: Option<DateTime<Utc>>,
    /// The mail before it to the same reader about the same: it goes out first.
    #[serde(default)]
    pub after: Option<Uuid>,
    /// What has become of it.
    pub state: MailState,
    /// Until when a claim holds.
    pub lease_until: Option<DateTime<Utc>>,
    /// When the sweep looks at it; absent once it is settled, and in older items.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
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

    /// Which mail a key names.
    pub fn id_of(key: &Key) -> Option<MailId> {
        MailId::parse(key.partition.strip_prefix("ML#")?)
    }

    /// When it may be dropped, and is sent no more.
    pub fn expiry(&self) -> DateTime<Utc> {
        self.created_at + KEPT
    }

    /// Whether nothing is to be done about it any more; once so, it stays so.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        let is_settled = match self.state {
            MailState::Queued | MailState::Claimed => false,
            MailState::Sent | MailState::Skipped | MailState::Failed => true,
        };
        is_settled || self.expiry() <= now
    }

    /// Until when somebody else is at work on it.
    pub fn held_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let lease = self
            .lease_until
            .filter(|_| self.state == MailState::Claimed);
        lease.filter(|until| *until > now)
    }

    /// Until when it waits after a failure. A mail that was never tried waits
    /// for nothing: the sweep is only a net below its job.
    pub fn waits_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let has_failed = self.state == MailState::Queued && self.attempts > 0;
        self.due_at.filter(|at| has_failed && *at > now)
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

    fn indexes(&self) -> Indexes {
        Indexes {
            due: self.due_at.map(|at| Due {
                kind: DueKind::Mail,
                at,
            }),
            ..Indexes::default()
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> MailRecord {
        MailRecord {
            mail_id: Uuid::from_u128(1),
            template: "appointment-assigned".to_owned(),
            recipient_email: "ada@example.org".to_owned(),
            recipient_name: None,
            locale: "en".to_owned(),
            variables: BTreeMap::new(),
            calendar: None,
            appointment_request_id: Some(Uuid::from_u128(2)),
            session_id: None,
            invitation_id: None,
            asks_for_answer: false,
            starts_at: None,
            ends_at: None,
            after: None,
            state: MailState::Queued,
            lease_until: None,
            due_at: Some(at(5)),
            attempts: 0,
            ses_message_id: None,
            version: 1,
            created_at: at(0),
        }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn an_older_releases_item_is_readable_and_may_be_sent_at_once() {
        let mut item = serde_json::to_value(mail()).unwrap();
        for added in [
            "starts_at",
            "ends_at",
            "after",
            "due_at",
            "session_id",
            "invitation_id",
            "asks_for_answer",
        ] {
            item.as_object_mut().unwrap().remove(added).unwrap();
        }
        let mut read: MailRecord = serde_json::from_value(item).unwrap();
        assert_eq!(read.appointment_request_id, Some(Uuid::from_u128(2)));
        assert_eq!((read.session_id, read.asks_for_answer), (None, false));
        assert_eq!(
            (read.starts_at, read.after, read.due_at),
            (None, None, None)
        );
        assert_eq!(read.indexes(), Indexes::default());
        read.attempts = 3;
        assert_eq!(read.waits_until(at(0)), None);
    }

    /// XC-7: the net below a fresh mail does not hold its own job back; a wait
    /// after a failure does.
    #[test]
    fn only_what_has_failed_waits() {
        let mut mail = mail();
        assert_eq!(mail.waits_until(at(1)), None);
        mail.attempts = 1;
        assert_eq!(mail.waits_until(at(1)), Some(at(5)));
        assert_eq!(mail.waits_until(at(5)), None);
        assert_eq!(mail.indexes().due.map(|due| due.at), Some(at(5)));
        (mail.state, mail.lease_until) = (MailState::Claimed, Some(at(7)));
        assert_eq!(mail.waits_until(at(1)), None);
        assert_eq!(mail.held_until(at(6)), Some(at(7)));
        assert_eq!(mail.held_until(at(7)), None);
        assert!(!mail.is_over(at(8)));
        assert!(mail.is_over(mail.expiry()));
    }

    #[test]
    fn a_due_row_names_its_mail() {
        let mail = mail();
        assert_eq!(
            MailRecord::id_of(&mail.key()),
            Some(MailId::new(mail.mail_id))
        );
        assert_eq!(MailRecord::id_of(&Key::new("M#x", "META")), None);
    }
}
