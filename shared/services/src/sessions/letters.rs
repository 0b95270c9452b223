//! What a mail about a session says to one reader, in their zone and language,
//! with its calendar file (IV-3 to IV-5).

use std::collections::HashMap;

use convoke_domain::address::EmailAddress;
use convoke_domain::directory::{Contact, Locale, Person, User};
use convoke_domain::error::Error;
use convoke_domain::ics::{self, Method};
use convoke_domain::id::MailId;
use convoke_domain::session::{
    Field, Owed, Readers, Session, SessionStatus, Told, Who, calendar_event, withdrawal_event,
};
use convoke_domain::zone::Zone;
use convoke_platform::records::{ContactRecord, UserRecord};
use convoke_platform::store::TenantStore;

use super::Sessions;
use crate::mail::{MailKey, Recipient, SessionLetter};

/// How somebody reads.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    zone: Option<Zone>,
    locale: Locale,
}

/// How users and contacts read, as the directory knows.
pub(super) async fn readers(
    store: &TenantStore,
    people: Vec<Who>,
) -> Result<HashMap<Who, Reader>, Error> {
    let (mut users, mut contacts) = (vec![], vec![]);
    for who in people {
        match who {
            Who::Internal(id) => users.push(UserRecord::key_of(&id)),
            Who::Contact(id) => contacts.push(ContactRecord::key_of(&id)),
            Who::External => {}
        }
    }
    // One person is in it once: by identity on the roster, and by id among those
    // who have left it.
    dedup(&mut users);
    dedup(&mut contacts);
    let mut readers = HashMap::with_capacity(users.len() + contacts.len());
    for record in store.get_all::<UserRecord>(&users).await? {
        let user = User::try_from(record)?;
        readers.insert(Who::Internal(user.user_id), reader(user.person));
    }
    for record in store.get_all::<ContactRecord>(&contacts).await? {
        let contact = Contact::try_from(record)?;
        readers.insert(Who::Contact(contact.contact_id), reader(contact.person));
    }
    Ok(readers)
}

fn dedup(keys: &mut Vec<convoke_platform::store::Key>) {
    keys.sort_by(|one, other| (&one.partition, &one.sort).cmp(&(&other.partition, &other.sort)));
    keys.dedup();
}

fn reader(person: Person) -> Reader {
    Reader {
        zone: person.zone,
        locale: person.locale,
    }
}

/// The mail that tells somebody what they are owed; `None`: they have no address.
pub(super) fn compose(
    sessions: &Sessions,
    session: &Session,
    owed: &Owed,
    told: &Told,
    readers: &HashMap<Who, Reader>,
) -> Result<Option<SessionLetter>, Error> {
    let Some(email) = told.email.clone() else {
        return Ok(None);
    };
    let (key, changes) = match owed {
        Owed::Recognition => return Ok(None),
        Owed::Invitation if session.is_instant => (MailKey::InstantMeetingInvitation, vec![]),
        Owed::Invitation => (MailKey::ScheduledMeetingInvitation, vec![]),
        Owed::Update(fields) => (MailKey::MeetingUpdated, fields.clone()),
        Owed::Cancellation => (MailKey::MeetingCancelled, vec![]),
    };
    let is_off = *owed == Owed::Cancellation;
    let calendar = calendar_file(sessions, session, owed, told, &email)?;
    let moved = changes.contains(&Field::Time) && told.start != session.start;
    let reader = readers.get(&told.who);
    // Who is out of it reads no more of it than they knew.
    let known = |text: &Option<String>| text.clone().filter(|_| !is_off);
    let (title, start, duration) = if is_off {
        (&told.title, told.start, told.duration_minutes)
    } else {
        (&session.title, session.start, session.duration_minutes)
    };
    Ok(Some(SessionLetter {
        key,
        mail_id: MailId::new(sessions.desk.core.ports.mint()),
        after: told.last_mail,
        recipient: Recipient {
            email,
            name: told.name.clone(),
            locale: reader.map(|reader| reader.locale).unwrap_or_default(),
            zone: reader
                .and_then(|reader| reader.zone.clone())
                .unwrap_or_else(|| session.zone.clone()),
        },
        session_id: session.session_id,
        invitation_id: told.invitation_id,
        title: title.clone(),
        host_name: session.host.name.clone(),
        start,
        previous_start: moved.then_some(told.start),
        duration_minutes: duration,
        zone: session.zone.clone(),
        location: known(&session.location),
        description: known(&session.description),
        join: session.join_link().filter(|_| !is_off),
        changes,
        is_withdrawn: is_off && session.status != SessionStatus::Cancelled,
        asks_for_answer: !is_off,
        calendar,
    }))
}

/// The file of a mail; its reader is among the attendees. Without an ORGANIZER
/// (no sender) there is none, and none is taken back that nobody has.
fn calendar_file(
    sessions: &Sessions,
    session: &Session,
    owed: &Owed,
    told: &Told,
    email: &EmailAddress,
) -> Result<Option<(Method, String)>, Error> {
    let is_off = *owed == Owed::Cancellation;
    if session.organizer.is_none() || (is_off && !told.holds_file) {
        return Ok(None);
    }
    let domain = &sessions.desk.domain;
    let (method, event) = if is_off {
        (Method::Cancel, withdrawal_event(session, domain, told))
    } else {
        let readers = Readers::EveryoneAnd(email, told.name.as_deref());
        (Method::Request, calendar_event(session, domain, readers))
    };
    let file = ics::write_calendar(Some(method), &[event]);
    let file = file.map_err(|error| Error::internal(error.to_string()))?;
    Ok(Some((method, file)))
}
