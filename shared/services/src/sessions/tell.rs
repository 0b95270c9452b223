//! Telling invitees what they are owed (IV-3 to IV-5): mails, notifications, and
//! the note of what each was told, some invitees to a transaction.
//!
//! Each transaction stands on the version of the session that it tells of and on
//! each invitee's row, so nobody is told twice, or of a state that has passed.

use std::collections::HashMap;

use chrono::TimeDelta;
use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_domain::notification::NotificationKind;
use convoke_domain::session::{Field, Invitee, MailNote, Owed, Session, Told, Who, owed};
use convoke_platform::backoff::Attempt;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::{InvitationRecord, SessionRecord};
use convoke_platform::store::{Record, StoreError, TenantStore, Transaction};
use convoke_platform::tenant::Tenant;

use super::change::{everybody, ways};
use super::letters::{self, Reader};
use super::{Sessions, load};
use crate::core::undisturbed;
use crate::in_app::{self, Note};
use crate::jobs::Job;
use crate::mail;

/// Invitees told in one transaction: three items each, of DynamoDB's hundred.
const AT_ONCE: usize = 25;
/// Octets of mails written in one transaction: half of what DynamoDB takes. A
/// hundred long names and a long description make a file of 200 KB.
const OCTETS_AT_ONCE: usize = 2 << 20;
/// When it is gone on with where others write all the time.
const AGAIN_AFTER: TimeDelta = TimeDelta::seconds(5);

/// Tells everybody what they are owed, until nobody is owed anything.
pub async fn tell(sessions: &Sessions, tenant: &Tenant, id: SessionId) -> Result<(), Error> {
    let store = sessions.desk.core.store(tenant);
    loop {
        match undisturbed(|| tell_some(sessions, &store, id)).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(Error::Busy { .. }) => return later(sessions, &store, id).await,
            Err(error) => return Err(error),
        }
    }
}

async fn later(sessions: &Sessions, store: &TenantStore, id: SessionId) -> Result<(), Error> {
    let core = &sessions.desk.core;
    let (now, session_id) = (core.ports.now(), id.uuid());
    let message = core.message(&Job::TellSession { session_id })?;
    let outbox = OutboxRecord::later(core.ports.mint(), vec![message], now + AGAIN_AFTER, now);
    Ok(store.put(&outbox).await?)
}

/// Somebody, and what they are owed.
struct Due<'a> {
    invitee: Option<&'a Invitee>,
    told: Option<&'a Told>,
    owed: Owed,
}

/// Tells some; whether there may be more to tell.
async fn tell_some(
    sessions: &Sessions,
    store: &TenantStore,
    id: SessionId,
) -> Result<bool, Attempt> {
    let Some(held) = load(store, id).await? else {
        return Ok(false);
    };
    let session = &held.session;
    let due: Vec<_> = everybody(session, &held.told)
        .filter_map(|(invitee, told)| {
            let owed = owed(session, invitee, told)?;
            Some(Due {
                invitee,
                told,
                owed,
            })
        })
        .take(AT_ONCE)
        .collect();
    if due.is_empty() {
        return Ok(false);
    }
    let people: Vec<Who> = due.iter().map(Due::who).collect();
    let readers = letters::readers(store, people).await?;
    let mut transaction = store.transaction();
    transaction.require(
        SessionRecord::KIND,
        &SessionRecord::key_of(id),
        session.version,
    );
    let (mut letters, mut notes, mut octets) = (vec![], vec![], 0);
    for due in &due {
        let (told, letter) = due.pass(sessions, session, &readers)?;
        octets += letter.as_ref().map_or(0, weight);
        if octets > OCTETS_AT_ONCE && !letters.is_empty() {
            break;
        }
        notes.extend(due.note(session));
        letters.extend(letter);
        let row = InvitationRecord::new(id, &told);
        match due.told {
            Some(before) => transaction.replace(&row, before.version),
            None => transaction.create(&row),
        };
    }
    let core = &sessions.desk.core;
    let jobs = mail::post_session(core, &mut transaction, letters)?;
    in_app::notify(core, &mut transaction, notes)?;
    if !jobs.is_empty() {
        transaction.create(&core.outbox(&jobs)?);
    }
    commit(transaction).await?;
    Ok(true)
}

/// About as many octets as a letter takes in the table.
fn weight(letter: &mail::SessionLetter) -> usize {
    let file = letter.calendar.as_ref().map_or(0, |(_, file)| file.len());
    let description = letter.description.as_ref().map_or(0, String::len);
    file + description
}

/// Commits; a row that came to exist meanwhile is read again.
async fn commit(transaction: Transaction) -> Result<(), Attempt> {
    match transaction.commit().await {
        Err(StoreError::AlreadyExists(kind)) if kind == InvitationRecord::KIND => {
            Err(StoreError::VersionConflict(kind).into())
        }
        other => Ok(other?),
    }
}

impl Due<'_> {
    fn who(&self) -> Who {
        let invited = self.invitee.map(|one| one.who.clone());
        invited
            .or_else(|| self.told.map(|one| one.who.clone()))
            .unwrap_or(Who::External)
    }

    /// What they have been told once this is through, and the mail that tells it.
    fn pass(
        &self,
        sessions: &Sessions,
        session: &Session,
        readers: &HashMap<Who, Reader>,
    ) -> Result<(Told, Option<mail::SessionLetter>), Error> {
        let mut told = self.told_before(session)?;
        let (by_mail, _) = ways(session, self.invitee, self.told, &self.owed);
        let letter = match by_mail {
            true => letters::compose(sessions, session, &self.owed, &told, readers)?,
            false => None,
        };
        if let Some(letter) = &letter {
            told.last_mail = Some(letter.mail_id);
            told.mail_note = None;
            told.holds_file |= letter.calendar.is_some();
        } else if self.owed == Owed::Invitation {
            told.mail_note = Some(match told.email {
                None => MailNote::Unreachable,
                Some(_) => MailNote::Skipped,
            });
        }
        told.sequence = session.sequence;
        told.start = session.start;
        told.is_cancelled = self.owed == Owed::Cancellation;
        told.holds_file &= !told.is_cancelled;
        told.version += 1;
        Ok((told, letter))
    }

    /// What they knew, as they are known by now.
    fn told_before(&self, session: &Session) -> Result<Told, Error> {
        let mut told = match (self.told, self.invitee) {
            (Some(told), _) => told.clone(),
            (None, Some(invitee)) => Told {
                invitation_id: invitee.invitation_id,
                who: invitee.who.clone(),
                email: None,
                name: None,
                sequence: session.sequence,
                start: session.start,
                is_cancelled: false,
                holds_file: false,
                last_mail: None,
                mail_note: None,
                version: 0,
            },
            (None, None) => return Err(Error::internal("nobody is owed something")),
        };
        if let Some(invitee) = self.invitee {
            told.who = invitee.who.clone();
            told.email.clone_from(&invitee.email);
            told.name.clone_from(&invitee.name);
        }
        Ok(told)
    }

    /// The in-app notification of a colleague.
    fn note(&self, session: &Session) -> Option<Note> {
        let Who::Internal(user_id) = self.who() else {
            return None;
        };
        let (kind, changes) = match &self.owed {
            Owed::Invitation | Owed::Recognition => (NotificationKind::MeetingScheduled, vec![]),
            Owed::Update(fields) => (NotificationKind::MeetingUpdated, fields.clone()),
            Owed::Cancellation if self.invitee.is_some() => {
                (NotificationKind::MeetingCancelled, vec![])
            }
            Owed::Cancellation => (NotificationKind::MeetingUninvited, vec![]),
        };
        Some(note(session, user_id, kind, changes))
    }
}

/// A notification about a session.
pub(super) fn note(
    session: &Session,
    user_id: convoke_domain::id::UserId,
    kind: NotificationKind,
    changes: Vec<Field>,
) -> Note {
    Note {
        session_id: Some(session.session_id),
        title: session.title.clone(),
        start: Some(session.start),
        zone: Some(session.zone.clone()),
        changes,
        ..Note::to(user_id, kind)
    }
}
