//! Writing mails down, in the transaction of the state that they tell of.

mod appointment;
mod session;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::EmailAddress;
use convoke_domain::directory::Locale;
use convoke_domain::error::Error;
use convoke_domain::ics;
use convoke_domain::id::{AppointmentRequestId, InvitationId, MailId, SessionId};
use convoke_domain::zone::Zone;
use convoke_platform::mail::{clean_line, clean_lines};
use convoke_platform::records::{MailCalendar, MailRecord, MailState};
use convoke_platform::store::Transaction;

use super::key::MailKey;
use super::product;
use crate::core::Core;
use crate::jobs::Job;

pub use appointment::AppointmentLetter;
pub use session::SessionLetter;

/// How long a mail's own job has before the sweep sends another.
const NET: TimeDelta = TimeDelta::minutes(5);

/// Who a mail goes to.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Their address.
    pub email: EmailAddress,
    /// Their name, if known.
    pub name: Option<String>,
    /// Their language.
    pub locale: Locale,
    /// In which they read times.
    pub zone: Zone,
}

impl Recipient {
    /// An instant as they read it.
    fn shown(&self, at: DateTime<Utc>) -> String {
        product::shown_time(self.locale, at, &self.zone)
    }

    /// The same by the clocks of what it is about; empty if those are theirs.
    fn shown_there(&self, at: DateTime<Utc>, zone: &Zone) -> String {
        if *zone == self.zone {
            return String::new();
        }
        product::shown_time(self.locale, at, zone)
    }
}

/// Adds mails about appointments to a transaction; answers the jobs that send
/// them, for an outbox item of the same transaction.
pub fn post(
    core: &Core,
    transaction: &mut Transaction,
    letters: Vec<AppointmentLetter>,
) -> Result<Vec<Job>, Error> {
    post_all(core, transaction, letters)
}

/// Adds mails about sessions to a transaction; answers the jobs that send them,
/// for an outbox item of the same transaction.
pub fn post_session(
    core: &Core,
    transaction: &mut Transaction,
    letters: Vec<SessionLetter>,
) -> Result<Vec<Job>, Error> {
    post_all(core, transaction, letters)
}

fn post_all<L: Into<Letter>>(
    core: &Core,
    transaction: &mut Transaction,
    letters: Vec<L>,
) -> Result<Vec<Job>, Error> {
    let now = core.ports.now();
    let mut jobs = Vec::with_capacity(letters.len());
    for letter in letters {
        let record = record_of(letter.into(), now)?;
        transaction.create(&record);
        jobs.push(Job::SendMail {
            mail_id: record.mail_id,
        });
    }
    Ok(jobs)
}

/// A mail, whatever it is about.
struct Letter {
    key: MailKey,
    mail_id: MailId,
    after: Option<MailId>,
    recipient: Recipient,
    about: About,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    asks_for_answer: bool,
    calendar: Option<(ics::Method, String)>,
    /// More than the template may use is left out.
    values: Vec<(&'static str, String)>,
}

enum About {
    Appointment(AppointmentRequestId),
    Session(SessionId, InvitationId),
}

fn record_of(letter: Letter, now: DateTime<Utc>) -> Result<MailRecord, Error> {
    let calendar = letter.calendar.map(|(method, body)| {
        // The mail's header repeats the file's method.
        if !body.contains(&format!("\r\nMETHOD:{}\r\n", method.as_str())) {
            return Err(Error::internal("a mail's calendar file has another method"));
        }
        let method = method.as_str().to_owned();
        Ok(MailCalendar { method, body })
    });
    let (appointment_request_id, session_id, invitation_id) = match letter.about {
        About::Appointment(id) => (Some(id.uuid()), None, None),
        About::Session(id, invitation) => (None, Some(id.uuid()), Some(invitation.uuid())),
    };
    let known = letter.key.variable_names();
    let values = letter.values.into_iter();
    Ok(MailRecord {
        mail_id: letter.mail_id.uuid(),
        template: letter.key.as_str().to_owned(),
        recipient_email: letter.recipient.email.to_string(),
        recipient_name: letter.recipient.name,
        locale: letter.recipient.locale.as_str().to_owned(),
        variables: values
            .filter(|(name, _)| known.contains(name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        calendar: calendar.transpose()?,
        appointment_request_id,
        session_id,
        invitation_id,
        asks_for_answer: letter.asks_for_answer,
        starts_at: Some(letter.start),
        ends_at: Some(letter.end),
        after: letter.after.map(MailId::uuid),
        state: MailState::Queued,
        lease_until: None,
        due_at: Some(now + NET),
        attempts: 0,
        ses_message_id: None,
        version: 1,
        created_at: now,
    })
}

/// What people wrote as one line; nothing as an empty one.
fn line(text: Option<&String>) -> String {
    text.map(|text| clean_line(text)).unwrap_or_default()
}

/// What people wrote, line by line.
fn lines(text: Option<&String>) -> String {
    let text = text.map(|text| clean_lines(text)).unwrap_or_default();
    text.trim().to_owned()
}
