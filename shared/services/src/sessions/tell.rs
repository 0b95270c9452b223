//! Telling invitees what they are owed (IV-3 to IV-5): mails, notifications, and
//! the note of what each was told, some invitees to a transaction.
//!
//! Each transaction stands on the version of the session that it tells of and on
//! each invitee's row, so nobody is told twice, or of a state that has passed.

use std::collections::HashMap;

use chrono::TimeDelta;
use convoke_domain::address::EmailAddress;
use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_domain::notification::NotificationKind;
use convoke_domain::session::{
    Field, Invitee, MailNote, Owed, Session, SessionStatus, Told, Who, owed,
};
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
        let (told, passed) = due.pass(sessions, session, &readers)?;
        octets += passed.iter().map(weight).sum::<usize>();
        if octets > OCTETS_AT_ONCE && !letters.is_empty() {
            break;
        }
        notes.extend(due.note(session));
        letters.extend(passed);
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

    /// What they have been told once this is through, and the mails that tell it:
    /// none, one, or two where what an old address holds is taken back.
    fn pass(
        &self,
        sessions: &Sessions,
        session: &Session,
        readers: &HashMap<Who, Reader>,
    ) -> Result<(Told, Vec<mail::SessionLetter>), Error> {
        let mut told = self.told_before(session)?;
        let (by_mail, _) = ways(session, self.invitee, self.told, &self.owed);
        let mut letters = vec![];
        if by_mail {
            for owed in self.steps(&told) {
                let letter = self.write(sessions, session, &owed, &mut told, readers)?;
                letters.extend(letter);
            }
        } else if self.owed == Owed::Invitation {
            let address = self.invitee.and_then(|one| one.email.as_ref());
            told.mail_note = Some(match address {
                None => MailNote::Unreachable,
                Some(_) => MailNote::Skipped,
            });
        }
        let is_off = self.owed == Owed::Cancellation;
        if !is_off {
            told.title.clone_from(&session.title);
            told.start = session.start;
            told.duration_minutes = session.duration_minutes;
        }
        told.sequence = session.sequence;
        told.is_cancelled = is_off;
        told.is_withdrawn = is_off && session.status != SessionStatus::Cancelled;
        told.holds_file &= !is_off;
        told.version += 1;
        Ok((told, letters))
    }

    /// The mails that it takes. Whose address is another one since is invited
    /// there, and what the old mailbox holds is taken back.
    fn steps(&self, told: &Told) -> Vec<Owed> {
        let key = |email: Option<&EmailAddress>| email.map(EmailAddress::lookup_key);
        let address = self.invitee.and_then(|one| one.email.as_ref());
        let has_moved = told.holds_file && key(address) != key(told.email.as_ref());
        match &self.owed {
            Owed::Update(_) | Owed::Invitation if has_moved => {
                vec![Owed::Cancellation, Owed::Invitation]
            }
            owed => vec![owed.clone()],
        }
    }

    fn write(
        &self,
        sessions: &Sessions,
        session: &Session,
        owed: &Owed,
        told: &mut Told,
        readers: &HashMap<Who, Reader>,
    ) -> Result<Option<mail::SessionLetter>, Error> {
        if *owed != Owed::Cancellation {
            let address = self.invitee.and_then(|one| one.email.clone());
            told.email = address.or_else(|| told.email.clone());
        }
        let letter = letters::compose(sessions, session, owed, told, readers)?;
        if let Some(letter) = &letter {
            told.last_mail = Some(letter.mail_id);
            told.mail_note = None;
            told.holds_file = match owed {
                Owed::Cancellation => false,
                _ => told.holds_file || letter.calendar.is_some(),
            };
        }
        Ok(letter)
    }

    /// What they knew, as they are called by now.
    fn told_before(&self, session: &Session) -> Result<Told, Error> {
        let mut told = match (self.told, self.invitee) {
            (Some(told), _) => told.clone(),
            (None, Some(invitee)) => Told {
                invitation_id: invitee.invitation_id,
                who: invitee.who.clone(),
                email: None,
                name: None,
                sequence: session.sequence,
                title: session.title.clone(),
                start: session.start,
                duration_minutes: session.duration_minutes,
                is_cancelled: false,
                is_withdrawn: false,
                holds_file: false,
                last_mail: None,
                mail_note: None,
                version: 0,
            },
            (None, None) => return Err(Error::internal("nobody is owed something")),
        };
        if let Some(invitee) = self.invitee {
            told.who = invitee.who.clone();
            told.name.clone_from(&invitee.name);
        }
        Ok(told)
    }

    /// The in-app notification of a colleague; who is out of it reads no more of
    /// it than they knew.
    fn note(&self, session: &Session) -> Option<Note> {
        let Who::Internal(user_id) = self.who() else {
            return None;
        };
        let (_, in_app) = ways(session, self.invitee, self.told, &self.owed);
        if !in_app {
            return None;
        }
        let (kind, changes) = match &self.owed {
            Owed::Invitation | Owed::Recognition => (NotificationKind::MeetingScheduled, vec![]),
            Owed::Update(fields) => (NotificationKind::MeetingUpdated, fields.clone()),
            Owed::Cancellation if session.status == SessionStatus::Cancelled => {
                (NotificationKind::MeetingCancelled, vec![])
            }
            Owed::Cancellation => (NotificationKind::MeetingUninvited, vec![]),
        };
        let note = note(session, user_id, kind, changes);
        Some(
            match self.told.filter(|_| self.owed == Owed::Cancellation) {
                Some(told) => Note {
                    title: told.title.clone(),
                    start: Some(told.start),
                    ..note
                },
                None => note,
            },
        )
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
