//! The mails that a change asks for: to whom, in which zone and language, with
//! which calendar file (AP-6 to AP-8).

use convoke_domain::appointment::{AppointmentRequest, PersonCopy, calendar_event};
use convoke_domain::directory::Person;
use convoke_domain::engagement::{Engagement, Notice, Reader};
use convoke_domain::error::Error;
use convoke_domain::ics::{self, Method};
use convoke_domain::id::MailId;
use convoke_platform::store::TenantStore;

use super::Desk;
use crate::directory::{find_contact, find_user};
use crate::mail::{AppointmentLetter, MailKey, Recipient};

/// Writes the letters of some notices about `after`, each after the last one to
/// its reader, and notes them there. Whoever has no address is left out.
pub(super) async fn compose(
    desk: &Desk,
    store: &TenantStore,
    after: &mut Engagement,
    notices: &[(Reader, Notice)],
) -> Result<Vec<AppointmentLetter>, Error> {
    let Some(request) = after.request.as_mut().filter(|_| !notices.is_empty()) else {
        return Ok(vec![]);
    };
    let mut letters = vec![];
    for (reader, notice) in notices {
        if let Some(recipient) = recipient(store, request, *reader).await? {
            let mut letter = letter(desk, request, *reader, *notice, recipient)?;
            letter.after = request.last_mails.note(*reader, letter.mail_id);
            letters.push(letter);
        }
    }
    Ok(letters)
}

/// The reader as the directory knows them by now, else as they were copied.
async fn recipient(
    store: &TenantStore,
    request: &AppointmentRequest,
    reader: Reader,
) -> Result<Option<Recipient>, Error> {
    let (copy, known) = match reader {
        Reader::Client => {
            let known = match &request.contact_id {
                Some(id) => find_contact(store, id).await?.map(|contact| contact.person),
                None => None,
            };
            (request.requester.clone(), known)
        }
        Reader::Technician => {
            let Some(assignee) = &request.assignee else {
                return Ok(None);
            };
            let known = find_user(store, &assignee.user_id).await?;
            (assignee.person.clone(), known.map(|user| user.person))
        }
    };
    let Person {
        email,
        name,
        zone,
        locale,
    } = known.unwrap_or_default();
    let Some(email) = email.or(copy.email) else {
        return Ok(None);
    };
    Ok(Some(Recipient {
        email,
        name: name.or(copy.name),
        locale,
        zone: zone.unwrap_or_else(|| request.time.zone().clone()),
    }))
}

fn letter(
    desk: &Desk,
    request: &AppointmentRequest,
    reader: Reader,
    notice: Notice,
    recipient: Recipient,
) -> Result<AppointmentLetter, Error> {
    let (key, method) = match (notice, reader) {
        (Notice::Approved, Reader::Client) => (
            MailKey::AppointmentRequestApprovedClient,
            Some(Method::Request),
        ),
        (Notice::Approved, Reader::Technician) => {
            (MailKey::AppointmentAssigned, Some(Method::Request))
        }
        (Notice::Rescheduled, _) => (MailKey::AppointmentRescheduled, Some(Method::Request)),
        (Notice::LinkChanged, _) => (MailKey::AppointmentUpdated, Some(Method::Request)),
        (Notice::Cancelled(had_file), _) => (
            MailKey::AppointmentCancelled,
            had_file.then_some(Method::Cancel),
        ),
        (Notice::Declined(had_file), _) => (
            MailKey::AppointmentRequestDeclinedClient,
            had_file.then_some(Method::Cancel),
        ),
    };
    let calendar = method
        .map(|method| calendar_file(desk, request, &recipient, method))
        .transpose()?
        .flatten();
    let counterpart = match reader {
        Reader::Client => request.assignee.as_ref().map(|one| &one.person),
        Reader::Technician => Some(&request.requester),
    };
    Ok(AppointmentLetter {
        mail_id: MailId::new(desk.core.ports.mint()),
        after: None,
        key,
        recipient,
        reader,
        service_name: request.service_name.clone(),
        start: request.time.start(),
        duration_minutes: request.time.duration_minutes(),
        zone: request.time.zone().clone(),
        counterpart: counterpart.and_then(|person| person.name.clone()),
        description: request.description.clone(),
        reason: request
            .declined_reason
            .clone()
            .or_else(|| request.cancelled_reason.clone()),
        online_meeting_url: request.columns.url.clone(),
        calendar: calendar.map(|file| (method.unwrap_or(Method::Request), file)),
        appointment_request_id: request.appointment_request_id,
    })
}

/// The file of a mail; its recipient is among the attendees, at the address that
/// the mail goes to. Without an ORGANIZER (no sender) there is none.
fn calendar_file(
    desk: &Desk,
    request: &AppointmentRequest,
    recipient: &Recipient,
    method: Method,
) -> Result<Option<String>, Error> {
    if request.organizer.is_none() {
        return Ok(None);
    }
    let mut event = calendar_event(request, &desk.domain);
    let address = recipient.email.lookup_key();
    if !event
        .attendees
        .iter()
        .any(|attendee| attendee.email.lookup_key() == address)
    {
        let mut as_read = request.clone();
        as_read.requester = PersonCopy {
            name: recipient.name.clone(),
            email: Some(recipient.email.clone()),
        };
        event = calendar_event(&as_read, &desk.domain);
    }
    ics::write_calendar(Some(method), &[event])
        .map(Some)
        .map_err(|error| Error::internal(error.to_string()))
}
