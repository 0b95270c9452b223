//! What happens to a stored mail: claimed, settled, put back, given up.
//!
//! Whoever claims a mail may send it; the claim outlasts the call. A worker that
//! dies within the call frees the claim when its lease ends, and the mail goes
//! out again with the same `X-Convoke-Message-Id`. Nothing else doubles it.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::MailId;
use convoke_platform::backoff;
use convoke_platform::clock::Ports;
use convoke_platform::mail::SendFailure;
use convoke_platform::records::{MailRecord, MailState};
use convoke_platform::store::{StoreError, TenantStore};
use uuid::Uuid;

/// How long a claim holds: longer than any function lives.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// Times that the outcome of a send is written before the mail is left claimed.
const OUTCOME_TRIES: u32 = 6;
/// Tries from which on an operator hears of each failure as an error.
const LOUD_FROM: u32 = 12;
/// How long a mail is tried.
const TRIED_FOR: TimeDelta = TimeDelta::days(4);

/// How far a mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing is to be done about it any more.
    Settled,
    /// It is to be looked at again then.
    Left(DateTime<Utc>),
}

/// A tenant's stored mails.
pub(super) struct PostOffice<'a> {
    pub(super) store: &'a TenantStore,
    pub(super) ports: &'a Ports,
}

impl PostOffice<'_> {
    pub(super) async fn read(&self, mail_id: MailId) -> Result<Option<MailRecord>, StoreError> {
        self.store.get(&MailRecord::key_of(mail_id)).await
    }

    /// Takes a mail that is free; `None`: somebody else wrote it meanwhile.
    pub(super) async fn claim(
        &self,
        mail: &MailRecord,
        now: DateTime<Utc>,
    ) -> Result<Option<MailRecord>, Error> {
        let mut mail = mail.clone();
        mail.state = MailState::Claimed;
        mail.lease_until = Some(now + LEASE);
        mail.due_at = mail.lease_until;
        mail.attempts += 1;
        match self.write(&mut mail).await {
            Ok(()) => Ok(Some(mail)),
            Err(StoreError::VersionConflict(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Has the sweep look at a mail then, unless somebody is at it.
    pub(super) async fn defer(&self, mail_id: MailId, until: DateTime<Utc>) -> Result<(), Error> {
        let Some(mut mail) = self.read(mail_id).await? else {
            return Ok(());
        };
        if mail.state != MailState::Queued || mail.due_at == Some(until) {
            return Ok(());
        }
        mail.due_at = Some(until);
        match self.write(&mut mail).await {
            Ok(()) | Err(StoreError::VersionConflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes down what came of a call.
    pub(super) async fn conclude(
        &self,
        mut mail: MailRecord,
        sent: Result<String, SendFailure>,
    ) -> Result<Progress, Error> {
        match sent {
            Ok(id) => {
                let (appointment_request_id, meeting_id) = about(&mail);
                tracing::info!(mail_id = %mail.mail_id, template = mail.template,
                    appointment_request_id, meeting_id, ses_message_id = id, "a mail was sent");
                mail.ses_message_id = Some(id);
                self.settle(mail, MailState::Sent).await
            }
            Err(SendFailure::Rejected { code }) => self.fail(mail, &code).await,
            Err(SendFailure::Passing { code }) => self.put_back(mail, &code).await,
        }
    }

    /// There is nobody to send it, or nothing to say.
    pub(super) async fn skip(
        &self,
        mail: MailRecord,
        code: &'static str,
    ) -> Result<Progress, Error> {
        let (appointment_request_id, meeting_id) = about(&mail);
        tracing::info!(mail_id = %mail.mail_id, template = mail.template, locale = mail.locale,
            appointment_request_id, meeting_id, code, "a mail was skipped");
        self.settle(mail, MailState::Skipped).await
    }

    /// It will never go out.
    pub(super) async fn fail(&self, mail: MailRecord, code: &str) -> Result<Progress, Error> {
        let (appointment_request_id, meeting_id) = about(&mail);
        tracing::warn!(mail_id = %mail.mail_id, template = mail.template, attempts = mail.attempts,
            appointment_request_id, meeting_id, code, "a mail was refused for good");
        self.settle(mail, MailState::Failed).await
    }

    /// Has it tried again after a doubling wait, for some days.
    pub(super) async fn put_back(&self, mail: MailRecord, code: &str) -> Result<Progress, Error> {
        let (now, attempts) = (self.ports.now(), mail.attempts);
        let (mail_id, template) = (mail.mail_id, &mail.template);
        let (appointment_request_id, meeting_id) = about(&mail);
        if now >= mail.created_at + TRIED_FOR {
            tracing::error!(%mail_id, template, attempts, appointment_request_id, meeting_id, code,
                "given up: a mail did not go out");
            return self.settle(mail, MailState::Failed).await;
        }
        if attempts >= LOUD_FROM {
            tracing::error!(%mail_id, template, attempts, appointment_request_id, meeting_id, code,
                "a mail still does not go out: to be sent again");
        } else {
            tracing::warn!(%mail_id, template, attempts, appointment_request_id, meeting_id, code,
                "a mail is to be sent again");
        }
        let due_at = now + wait_after(attempts);
        self.end_claim(mail, MailState::Queued, Some(due_at))
            .await?;
        Ok(Progress::Left(due_at))
    }

    async fn settle(&self, mail: MailRecord, state: MailState) -> Result<Progress, Error> {
        self.end_claim(mail, state, None).await?;
        Ok(Progress::Settled)
    }

    /// Tried hard after a send: a claim that runs out would send the mail again.
    async fn end_claim(
        &self,
        mut mail: MailRecord,
        state: MailState,
        due_at: Option<DateTime<Utc>>,
    ) -> Result<(), Error> {
        (mail.state, mail.due_at, mail.lease_until) = (state, due_at, None);
        let held = mail.version;
        for tries in 1..=OUTCOME_TRIES {
            mail.version = held;
            match self.write(&mut mail).await {
                Ok(()) => return Ok(()),
                Err(error) if tries == OUTCOME_TRIES => return Err(error.into()),
                // They have taken over since, or an earlier try got through.
                Err(error) if error.is_conflict() && self.has_moved_on(&mail, held).await => {
                    return Ok(());
                }
                Err(_) => backoff::pause(tries + 2).await,
            }
        }
        Ok(())
    }

    async fn has_moved_on(&self, mail: &MailRecord, held: u64) -> bool {
        match self.read(MailId::new(mail.mail_id)).await {
            Ok(Some(stored)) => stored.version != held,
            Ok(None) => true,
            Err(_) => false,
        }
    }

    async fn write(&self, mail: &mut MailRecord) -> Result<(), StoreError> {
        let expected = mail.version;
        mail.version += 1;
        let mut transaction = self.store.transaction();
        transaction.replace(mail, expected);
        transaction.commit().await
    }
}

/// What a mail is about, by the ids that log lines name: one of the two, and the
/// other's field is left out.
fn about(mail: &MailRecord) -> (Option<String>, Option<String>) {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string());
    (text(mail.appointment_request_id), text(mail.session_id))
}

/// A minute after the first try, doubling up to an hour.
fn wait_after(attempts: u32) -> TimeDelta {
    TimeDelta::minutes(1 << attempts.saturating_sub(1).min(6)).min(TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_minute_to_an_hour() {
        let waits: Vec<_> = (1..=9)
            .map(|tries| wait_after(tries).num_minutes())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(wait_after(u32::MAX), TimeDelta::hours(1));
    }
}
