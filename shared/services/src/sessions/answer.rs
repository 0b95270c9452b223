//! Answers of invitees (IV-7), and joining (IV-5).

use convoke_domain::error::Error;
use convoke_domain::id::{InvitationId, SessionId};
use convoke_domain::notification::NotificationKind;
use convoke_domain::session::{Field, Invitee, Response, Session};
use convoke_platform::answer_link::AnswerLink;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Caller, Seal};
use convoke_platform::records::{SessionRecord, UsedAnswerLinkRecord};
use convoke_platform::store::{Record, StoreError, TenantStore, Transaction};
use convoke_platform::tenant::Tenant;

use super::read::{Held, who};
use super::tell::note;
use super::{Sessions, enter, load};
use crate::core::{Core, undisturbed};
use crate::in_app::{self, Note};
use crate::jobs::{CalendarSubject, Job};

const UNKNOWN: Error = Error::NotFound { what: "invitation" };

/// Records a caller's own answer; anybody else's invitation does not exist for
/// them (404).
pub async fn answer(
    core: &Core,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    invitation_id: InvitationId,
    response: Response,
    seal: &Seal<'_, Session>,
) -> Result<Session, Error> {
    undisturbed(|| async {
        let (held, _) = enter(store, id, caller).await?;
        let own = held.session.invitee_of(&who(caller));
        if own.is_none_or(|own| own.invitation_id != invitation_id) {
            return Err(UNKNOWN.into());
        }
        write_answer(
            core,
            store,
            held.session,
            invitation_id,
            response,
            |transaction, session| seal.apply(transaction, session),
        )
        .await
    })
    .await
}

/// What a link in a mail leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// The session.
    pub session: Session,
    /// Whose link it is.
    pub invitee: Invitee,
    /// Whether it has been answered by already.
    pub is_used: bool,
}

/// What the page of a link shows; nothing is changed.
pub async fn look_at_link(
    core: &Core,
    tenant: &Tenant,
    link: &AnswerLink,
) -> Result<LinkView, Error> {
    let store = core.store(tenant);
    let held = load(&store, link.session_id).await?.ok_or(UNKNOWN)?;
    let invitee = held
        .session
        .invitee(link.invitation_id)
        .cloned()
        .ok_or(UNKNOWN)?;
    let used = UsedAnswerLinkRecord::key_of(link.mail_id);
    let is_used = store.get::<UsedAnswerLinkRecord>(&used).await?.is_some();
    Ok(LinkView {
        session: held.session,
        invitee,
        is_used,
    })
}

/// Records the answer that a link in a mail gives, and uses the link up in the
/// same transaction: it answers once (409 `link_used`). `seen` is the sequence of
/// what its reader saw; an answer to another time is none (409 `meeting_moved`).
pub async fn answer_by_link(
    core: &Core,
    tenant: &Tenant,
    link: &AnswerLink,
    response: Response,
    seen: Option<u32>,
) -> Result<(), Error> {
    let store = core.store(tenant);
    undisturbed(|| async {
        let held = load(&store, link.session_id).await?.ok_or(UNKNOWN)?;
        held.session.invitee(link.invitation_id).ok_or(UNKNOWN)?;
        require_seen(&held.session, seen)?;
        let used = UsedAnswerLinkRecord::of(link);
        write_answer(
            core,
            &store,
            held.session,
            link.invitation_id,
            response,
            |transaction, _| {
                transaction.create(&used);
                Ok(())
            },
        )
        .await
    })
    .await?;
    Ok(())
}

fn require_seen(session: &Session, seen: Option<u32>) -> Result<(), Error> {
    let moved_at = session.changed_at.get(&Field::Time).copied();
    match (seen, moved_at) {
        (Some(seen), Some(moved_at)) if seen < moved_at => Err(Error::conflict(
            "meeting_moved",
            "the meeting was moved since; look at its new time, and answer for that",
        )),
        _ => Ok(()),
    }
}

async fn write_answer(
    core: &Core,
    store: &TenantStore,
    mut session: Session,
    invitation_id: InvitationId,
    response: Response,
    also: impl FnOnce(&mut Transaction, &Session) -> Result<(), Error>,
) -> Result<Session, Attempt> {
    let expected = session.version;
    let is_news = session.answer(invitation_id, response, core.ports.now())?;
    session.version += 1;
    let mut transaction = store.transaction();
    transaction.replace(&SessionRecord::from(&session), expected);
    if is_news {
        in_app::notify(
            core,
            &mut transaction,
            vec![note_to_host(&session, invitation_id, response)],
        )?;
        transaction.create(&core.outbox(&[Job::SyncCalendars {
            subject: CalendarSubject::Session,
            id: session.session_id.uuid(),
        }])?);
    }
    also(&mut transaction, &session)?;
    match transaction.commit().await {
        Err(StoreError::AlreadyExists(kind)) if kind == UsedAnswerLinkRecord::KIND => {
            Err(Error::conflict(
                "link_used",
                "this link has been used; answer by the newest mail, or where you see the meeting",
            )
            .into())
        }
        other => {
            other?;
            Ok(session)
        }
    }
}

fn note_to_host(session: &Session, invitation_id: InvitationId, response: Response) -> Note {
    let invitee = session.invitee(invitation_id);
    let address = || {
        invitee
            .and_then(|one| one.email.as_ref())
            .map(ToString::to_string)
    };
    Note {
        person: invitee.and_then(|one| one.name.clone()).or_else(address),
        response: Some(response),
        ..note(
            session,
            session.host.user_id.clone(),
            NotificationKind::MeetingResponse,
            vec![],
        )
    }
}

/// Makes the caller a participant; the host needs not be made one. Whoever joins
/// again finds the meeting as it was.
pub async fn join(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    seal: &Seal<'_, Held>,
) -> Result<Held, Error> {
    let core = &sessions.desk.core;
    undisturbed(|| async {
        let (mut held, _) = enter(store, id, caller).await?;
        let expected = held.session.version;
        let is_host = held.session.host.user_id == caller.user_id;
        let is_news = if is_host && held.session.invitee_of(&who(caller)).is_none() {
            held.session.require_scheduled()?;
            false
        } else {
            held.session.join(&who(caller), core.ports.now())?
        };
        let mut transaction = store.transaction();
        if is_news {
            held.session.version += 1;
            transaction.replace(&SessionRecord::from(&held.session), expected);
        } else {
            transaction.require(SessionRecord::KIND, &SessionRecord::key_of(id), expected);
        }
        seal.apply(&mut transaction, &held)?;
        transaction.commit().await?;
        Ok(held)
    })
    .await
}
