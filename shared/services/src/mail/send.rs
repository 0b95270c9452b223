//! Sending one mail that was written down.
//!
//! Whoever claims it may send it; the claim outlasts the call. A worker that
//! dies within the call frees the claim when its lease ends, and the mail goes
//! out again with the same `X-Convoke-Message-Id`. Nothing else doubles it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::EmailAddress;
use convoke_domain::directory::Locale;
use convoke_domain::error::Error;
use convoke_domain::ics::Method;
use convoke_domain::id::{AppointmentRequestId, MailId};
use convoke_platform::backoff;
use convoke_platform::link::{self, Target};
use convoke_platform::mail::mime::{Calendar, Message};
use convoke_platform::mail::template::{Rendered, Source, render};
use convoke_platform::mail::{Mailer, SendFailure, Sender};
use convoke_platform::records::{MailCalendar, MailRecord, MailState};
use convoke_platform::secrets::Secrets;
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use super::key::{self, MailKey};
use super::{product, templates};
use crate::core::Core;

/// How long a claim holds: longer than any function lives.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// Times that the outcome of a send is written before the mail is left claimed.
const OUTCOME_TRIES: u32 = 6;

/// Makes the signed links that mails carry.
#[derive(Clone)]
pub struct Links {
    /// Keys of signed links.
    pub secrets: Secrets,
    /// Where callers reach the API, without a slash at the end.
    pub public_url: String,
}

impl Links {
    async fn calendar_url(
        &self,
        tenant: &Tenant,
        mail: &MailRecord,
        now: DateTime<Utc>,
    ) -> Result<String, Error> {
        let invites = |calendar: &MailCalendar| calendar.method == Method::Request.as_str();
        if !mail.calendar.as_ref().is_some_and(invites) {
            return Ok(String::new());
        }
        let id = AppointmentRequestId::new(mail.appointment_request_id);
        let ring = self.secrets.keyring().await?;
        let token = link::sign(&ring, tenant, Target::Appointment(id), now)?;
        Ok(format!("{}/ics/{token}", self.public_url))
    }
}

/// Sends one mail, unless it was sent, skipped or refused before. An error
/// means: bring the job again.
pub async fn send(
    core: &Core,
    mailer: &Mailer,
    links: &Links,
    tenant: &Tenant,
    mail_id: MailId,
) -> Result<(), Error> {
    let store = core.store(tenant);
    let Some(mail) = store
        .get::<MailRecord>(&MailRecord::key_of(mail_id))
        .await?
    else {
        return Ok(());
    };
    let now = core.ports.now();
    if is_over(&mail, now) {
        return Ok(());
    }
    let calendar_url = links.calendar_url(tenant, &mail, now).await?;
    let post_office = PostOffice { store: &store };
    let mut mail = post_office.claim(mail, now).await?;
    let known = mail.variables.entry(key::CALENDAR_URL.to_owned());
    *known.or_default() = calendar_url;
    let Some(sender) = mailer.sender() else {
        log_skip(&mail, "no_sender_configured");
        return post_office.settle(mail, MailState::Skipped).await;
    };
    let Some(wording) = post_office.wording(&mail).await? else {
        log_skip(&mail, "missing_template");
        return post_office.settle(mail, MailState::Skipped).await;
    };
    let Ok(reader) = EmailAddress::parse(&mail.recipient_email) else {
        log_failure(&mail, "invalid_address");
        return post_office.settle(mail, MailState::Failed).await;
    };
    let message = octets(&mail, sender, &reader, &wording, now)?;
    post_office
        .conclude(mail, mailer.send(sender, &reader, message).await)
        .await
}

fn is_over(mail: &MailRecord, now: DateTime<Utc>) -> bool {
    let is_settled = match mail.state {
        MailState::Queued | MailState::Claimed => false,
        MailState::Sent | MailState::Skipped | MailState::Failed => true,
    };
    is_settled || mail.expiry() <= now
}

fn octets(
    mail: &MailRecord,
    sender: &Sender,
    reader: &EmailAddress,
    wording: &Rendered,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, Error> {
    let message = Message {
        mail_id: MailId::new(mail.mail_id),
        sender,
        reader,
        reader_name: mail.recipient_name.as_deref(),
        subject: &wording.subject,
        text: &wording.text,
        html: &wording.html,
        calendar: mail.calendar.as_ref().map(calendar_of).transpose()?,
        date: now,
    };
    let octets = message.to_octets();
    octets.map_err(|error| Error::internal(format!("a mail cannot be built: {error}")))
}

fn calendar_of(calendar: &MailCalendar) -> Result<Calendar<'_>, Error> {
    let method = [Method::Request, Method::Cancel]
        .into_iter()
        .find(|method| method.as_str() == calendar.method)
        .ok_or_else(|| Error::internal("a stored mail has a method that there is not"))?;
    Ok(Calendar {
        method,
        body: &calendar.body,
    })
}

struct PostOffice<'a> {
    store: &'a TenantStore,
}

impl PostOffice<'_> {
    async fn claim(&self, mut mail: MailRecord, now: DateTime<Utc>) -> Result<MailRecord, Error> {
        let in_progress = || Error::in_progress("mail_in_progress", "somebody else is sending it");
        let is_held = mail.lease_until.is_some_and(|until| until > now);
        if mail.state == MailState::Claimed && is_held {
            return Err(in_progress());
        }
        mail.state = MailState::Claimed;
        mail.lease_until = Some(now + LEASE);
        mail.attempts += 1;
        match self.write(&mut mail).await {
            Ok(()) => Ok(mail),
            Err(StoreError::VersionConflict(_)) => Err(in_progress()),
            Err(error) => Err(error.into()),
        }
    }

    /// The tenant's wording, or else the product's, filled in.
    async fn wording(&self, mail: &MailRecord) -> Result<Option<Rendered>, Error> {
        let (Some(key), Ok(locale)) = (MailKey::parse(&mail.template), Locale::parse(&mail.locale))
        else {
            return Ok(None);
        };
        let Some(product) = product::source(key, locale) else {
            return Ok(None);
        };
        let values = complete(key, &mail.variables);
        let held = templates::find(self.store, key, locale).await?;
        let own = held.and_then(|held| templates::overlaid(product, &held));
        let own = own.and_then(|own| rendered(mail, &own, &values, "the organisation's"));
        Ok(own.or_else(|| rendered(mail, product, &values, "the product's")))
    }

    async fn conclude(
        &self,
        mut mail: MailRecord,
        sent: Result<String, SendFailure>,
    ) -> Result<(), Error> {
        match sent {
            Ok(id) => {
                tracing::info!(mail_id = %mail.mail_id, template = mail.template,
                    appointment_request_id = %mail.appointment_request_id, ses_message_id = id, "a mail was sent");
                mail.ses_message_id = Some(id);
                self.settle(mail, MailState::Sent).await
            }
            Err(SendFailure::Rejected { code }) => {
                log_failure(&mail, &code);
                self.settle(mail, MailState::Failed).await
            }
            Err(SendFailure::Passing { code }) => {
                tracing::warn!(mail_id = %mail.mail_id, template = mail.template, attempts = mail.attempts,
                    appointment_request_id = %mail.appointment_request_id, code, "a mail is to be sent again");
                self.settle(mail, MailState::Queued).await?;
                Err(Error::Upstream {
                    code: "mail_unavailable",
                    message: "the mail service did not take the mail".to_owned(),
                    retry_after: None,
                })
            }
        }
    }

    /// Ends the claim. Tried hard after a send: a claim that runs out would
    /// send the mail again.
    async fn settle(&self, mut mail: MailRecord, state: MailState) -> Result<(), Error> {
        mail.state = state;
        mail.lease_until = None;
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
        let key = MailRecord::key_of(MailId::new(mail.mail_id));
        match self.store.get::<MailRecord>(&key).await {
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

/// Every variable of the key: a mail that an older release wrote down may lack
/// one that templates use now.
fn complete(key: MailKey, stored: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let names = key.variable_names().into_iter();
    let value = |name: &str| stored.get(name).cloned().unwrap_or_default();
    names.map(|name| (name.to_owned(), value(name))).collect()
}

fn rendered(
    mail: &MailRecord,
    source: &Source,
    values: &BTreeMap<String, String>,
    whose: &'static str,
) -> Option<Rendered> {
    match render(source, values) {
        Ok(rendered) => Some(rendered),
        Err(error) => {
            tracing::warn!(mail_id = %mail.mail_id, template = mail.template, locale = mail.locale, whose,
                section = error.section.as_str(), code = error.reason.as_str(), "a mail's template cannot be used");
            None
        }
    }
}

fn log_skip(mail: &MailRecord, code: &'static str) {
    tracing::info!(mail_id = %mail.mail_id, template = mail.template, locale = mail.locale,
        appointment_request_id = %mail.appointment_request_id, code, "a mail was skipped");
}

fn log_failure(mail: &MailRecord, code: &str) {
    tracing::warn!(mail_id = %mail.mail_id, template = mail.template, attempts = mail.attempts,
        appointment_request_id = %mail.appointment_request_id, code, "a mail was refused for good");
}
