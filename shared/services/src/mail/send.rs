//! Sending a mail that was written down, after those before it to its reader.
//!
//! Calendars ignore a cancellation of what they do not know and then add what
//! comes late, so one reader's mails about one thing go out in the order
//! in which they were written: each knows the one before it, and none goes out
//! before that one is settled. Whoever comes for a later one sends the earlier
//! ones first.
//!
//! What cannot go out now waits in the due index, not in the queue: SES may be
//! away for days without a dead letter.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::EmailAddress;
use convoke_domain::error::Error;
use convoke_domain::ics::Method;
use convoke_domain::id::{AppointmentRequestId, InvitationId, MailId, SessionId};
use convoke_platform::answer_link::{self, AnswerLink};
use convoke_platform::link::{self, Target};
use convoke_platform::mail::mime::{Calendar, Message};
use convoke_platform::mail::template::Rendered;
use convoke_platform::mail::{Mailer, Sender};
use convoke_platform::records::{MailCalendar, MailRecord};
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;
use tokio::time::Instant;

use super::post_office::{PostOffice, Progress};
use super::wording::wording;
use crate::core::Core;

/// How long a worker waits for another one that is sending an earlier mail.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long after its start a worker still begins to send. With the call itself
/// a batch of ten, five at once, fits into the function's minute.
const BEGIN_WITHIN: Duration = Duration::from_secs(8);
/// Mails of one reader that one worker sends; a longer line is left to the jobs
/// of those at its head.
const LONGEST_LINE: usize = 32;
/// When the end of such a line is looked at again.
const LINE_MOVES_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// Makes the signed links that mails carry.
#[derive(Clone)]
pub struct Links {
    /// Keys of signed links.
    pub secrets: Secrets,
    /// Where callers reach the API, without a slash at the end.
    pub public_url: String,
}

impl Links {
    /// All links of a mail that are signed for one sending.
    async fn signed(
        &self,
        tenant: &Tenant,
        mail: &MailRecord,
        now: DateTime<Utc>,
    ) -> Result<Signed, Error> {
        let (target, answer) = (calendar_target(mail), answer_link(mail, now));
        if target.is_none() && answer.is_none() {
            return Ok(Signed::default());
        }
        let ring = self.secrets.keyring().await?;
        // It opens for a week after the start of what the mail is about, or after
        // the mail where that is later.
        let counted_from = mail.starts_at.map_or(now, |start| start.max(now));
        let calendar = target.map(|target| link::sign(&ring, tenant, target, counted_from));
        let answer = answer.map(|link| answer_link::seal(&ring, tenant, &link));
        let url = |folder: &str, token: String| format!("{}/{folder}/{token}", self.public_url);
        Ok(Signed {
            calendar_url: calendar.transpose()?.map(|token| url("ics", token)),
            answer_url: answer.transpose()?.map(|token| url("rsvp", token)),
        })
    }
}

/// The file that a mail links to; one that takes it back links to none.
fn calendar_target(mail: &MailRecord) -> Option<Target> {
    let calendar = mail.calendar.as_ref()?;
    if calendar.method != Method::Request.as_str() {
        return None;
    }
    let appointment = mail.appointment_request_id;
    let appointment = appointment.map(|id| Target::Appointment(AppointmentRequestId::new(id)));
    let session = mail.session_id.zip(mail.invitation_id);
    let session =
        session.map(|(id, reader)| Target::Session(SessionId::new(id), InvitationId::new(reader)));
    appointment.or(session)
}

/// What the links to answer with say: they open until the meeting's end, or for a
/// week after the mail where that is later.
fn answer_link(mail: &MailRecord, now: DateTime<Utc>) -> Option<AnswerLink> {
    let session_id = mail.session_id.filter(|_| mail.asks_for_answer)?;
    let a_week = now + answer_link::VALID_FOR;
    Some(AnswerLink {
        session_id: SessionId::new(session_id),
        invitation_id: InvitationId::new(mail.invitation_id?),
        mail_id: MailId::new(mail.mail_id),
        expires_at: mail.ends_at.map_or(a_week, |end| end.max(a_week)),
    })
}

/// Links that are signed for one sending of a mail and not stored; an absent one
/// is none of that mail's.
#[derive(Debug, Clone, Default)]
pub(super) struct Signed {
    /// To the calendar file.
    pub(super) calendar_url: Option<String>,
    /// To the page that answers, which a query names the answer to.
    pub(super) answer_url: Option<String>,
}

/// Sends one mail and what is to go out before it, as far as that is due and
/// nobody else is at it. What is left waits in the due index; an error is the
/// store's and means: bring the job again.
pub async fn send(
    core: &Core,
    mailer: &Mailer,
    links: &Links,
    tenant: &Tenant,
    mail_id: MailId,
) -> Result<(), Error> {
    let store = core.store(tenant);
    let office = PostOffice {
        store: &store,
        ports: &core.ports,
    };
    let worker = Worker {
        office: &office,
        mailer,
        links,
        tenant,
        began: Instant::now(),
    };
    match worker.work_off(mail_id).await? {
        Progress::Settled => Ok(()),
        Progress::Left(until) => office.defer(mail_id, until).await,
    }
}

struct Worker<'a> {
    office: &'a PostOffice<'a>,
    mailer: &'a Mailer,
    links: &'a Links,
    tenant: &'a Tenant,
    began: Instant,
}

impl Worker<'_> {
    async fn work_off(&self, mail_id: MailId) -> Result<Progress, Error> {
        let Some(mut line) = self.line(mail_id).await? else {
            let later = self.office.ports.now() + LINE_MOVES_WITHIN;
            return Ok(Progress::Left(later));
        };
        while let Some(mail) = line.pop() {
            // Whoever is at the mail itself needs no help.
            let patience = if line.is_empty() {
                Duration::ZERO
            } else {
                PATIENCE
            };
            let progress = self.pass(mail, patience).await?;
            if let Progress::Left(_) = progress {
                return Ok(progress);
            }
        }
        Ok(Progress::Settled)
    }

    /// The mail and those before it that are not settled, the first one last;
    /// `None`: too many.
    async fn line(&self, mail_id: MailId) -> Result<Option<Vec<MailRecord>>, Error> {
        let (mut line, mut next) = (vec![], Some(mail_id));
        while let Some(id) = next {
            let now = self.office.ports.now();
            let mail = self.office.read(id).await?;
            let Some(mail) = mail.filter(|mail| !mail.is_over(now)) else {
                break;
            };
            if line.len() == LONGEST_LINE {
                return Ok(None);
            }
            next = mail.after.map(MailId::new);
            line.push(mail);
        }
        Ok(Some(line))
    }

    /// Sends one mail, unless it has to wait or somebody else is at it for
    /// longer than `patience`.
    async fn pass(&self, mut mail: MailRecord, patience: Duration) -> Result<Progress, Error> {
        let came = Instant::now();
        loop {
            let now = self.office.ports.now();
            if mail.is_over(now) {
                return Ok(Progress::Settled);
            }
            if let Some(until) = mail.waits_until(now) {
                return Ok(Progress::Left(until));
            }
            if let Some(until) = mail.held_until(now) {
                if came.elapsed() >= patience {
                    return Ok(Progress::Left(until));
                }
                tokio::time::sleep(LOOK_EVERY).await;
            } else if self.began.elapsed() >= BEGIN_WITHIN {
                return Ok(Progress::Left(now));
            } else if let Some(claimed) = self.office.claim(&mail, now).await? {
                return self.deliver(claimed, now).await;
            }
            match self.office.read(MailId::new(mail.mail_id)).await? {
                Some(read) => mail = read,
                None => return Ok(Progress::Settled),
            }
        }
    }

    /// Makes the call for a claimed mail.
    async fn deliver(&self, mail: MailRecord, now: DateTime<Utc>) -> Result<Progress, Error> {
        let office = self.office;
        let Some(sender) = self.mailer.sender() else {
            return office.skip(mail, "no_sender_configured").await;
        };
        let links = match self.links.signed(self.tenant, &mail, now).await {
            Ok(links) => links,
            Err(error) => return office.put_back(mail, error.code()).await,
        };
        let Some(wording) = wording(office.store, &mail, &links).await? else {
            return office.skip(mail, "missing_template").await;
        };
        let Ok(reader) = EmailAddress::parse(&mail.recipient_email) else {
            return office.fail(mail, "invalid_address").await;
        };
        let Some(message) = octets(&mail, sender, &reader, &wording, now) else {
            return office.fail(mail, "not_buildable").await;
        };
        let sent = self.mailer.send(sender, &reader, message).await;
        office.conclude(mail, sent).await
    }
}

fn octets(
    mail: &MailRecord,
    sender: &Sender,
    reader: &EmailAddress,
    wording: &Rendered,
    now: DateTime<Utc>,
) -> Option<Vec<u8>> {
    let calendar = match &mail.calendar {
        Some(calendar) => Some(calendar_of(calendar)?),
        None => None,
    };
    let message = Message {
        mail_id: MailId::new(mail.mail_id),
        sender,
        reader,
        reader_name: mail.recipient_name.as_deref(),
        subject: &wording.subject,
        text: &wording.text,
        html: &wording.html,
        calendar,
        date: now,
    };
    message.to_octets().ok()
}

fn calendar_of(calendar: &MailCalendar) -> Option<Calendar<'_>> {
    let method = [Method::Request, Method::Cancel]
        .into_iter()
        .find(|method| method.as_str() == calendar.method)?;
    Some(Calendar {
        method,
        body: &calendar.body,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use convoke_platform::mail::LONGEST_SEND;
    use convoke_platform::records::MailState;
    use uuid::Uuid;

    use super::*;

    fn mail(method: Option<Method>) -> MailRecord {
        MailRecord {
            mail_id: Uuid::from_u128(1),
            template: "meeting_updated".to_owned(),
            recipient_email: "ada@example.org".to_owned(),
            recipient_name: None,
            locale: "en".to_owned(),
            variables: BTreeMap::new(),
            calendar: method.map(|method| MailCalendar {
                method: method.as_str().to_owned(),
                body: String::new(),
            }),
            appointment_request_id: None,
            session_id: Some(Uuid::from_u128(2)),
            invitation_id: Some(Uuid::from_u128(3)),
            asks_for_answer: true,
            starts_at: None,
            ends_at: None,
            after: None,
            state: MailState::Queued,
            lease_until: None,
            due_at: None,
            attempts: 0,
            ses_message_id: None,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    /// IV-7: an answer's link lasts for a week, and longer for a meeting that ends
    /// later; only who was asked has one.
    #[test]
    fn an_answer_can_be_given_until_the_end_or_for_a_week() {
        let now = DateTime::UNIX_EPOCH;
        let mut mail = mail(None);
        let until = |mail: &MailRecord| answer_link(mail, now).map(|link| link.expires_at);
        assert_eq!(until(&mail), Some(now + TimeDelta::days(7)));
        for (ends, expires) in [(1, 7), (7, 7), (8, 8), (400, 400)] {
            mail.ends_at = Some(now + TimeDelta::days(ends));
            assert_eq!(until(&mail), Some(now + TimeDelta::days(expires)));
        }
        let link = answer_link(&mail, now).unwrap();
        assert_eq!(link.mail_id.uuid(), mail.mail_id);
        assert_eq!(Some(link.invitation_id.uuid()), mail.invitation_id);
        mail.asks_for_answer = false;
        assert_eq!(until(&mail), None);
    }

    /// A link leads to the file that came with the mail, not to one taken back.
    #[test]
    fn only_an_invitation_links_to_its_file() {
        let session = Target::Session(
            SessionId::new(Uuid::from_u128(2)),
            InvitationId::new(Uuid::from_u128(3)),
        );
        let mut invitation = mail(Some(Method::Request));
        assert_eq!(calendar_target(&invitation), Some(session));
        assert_eq!(calendar_target(&mail(Some(Method::Cancel))), None);
        assert_eq!(calendar_target(&mail(None)), None);
        let id = Uuid::from_u128(9);
        (invitation.appointment_request_id, invitation.session_id) = (Some(id), None);
        let appointment = Target::Appointment(AppointmentRequestId::new(id));
        assert_eq!(calendar_target(&invitation), Some(appointment));
    }

    /// XC-7: nobody is cut off within a call, which would repeat that mail.
    #[test]
    fn a_batch_of_mails_fits_into_the_functions_minute() {
        let (messages, at_once, store) = (10, 5, Duration::from_secs(4));
        let longest = (BEGIN_WITHIN + LONGEST_SEND + store) * (messages / at_once);
        assert!(longest < Duration::from_mins(1), "{longest:?}");
        assert!(PATIENCE < BEGIN_WITHIN);
    }
}
