//! Changing a session: what of it people see, and who is to hear (IV-4).

use convoke_domain::address::EmailAddress;
use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_domain::session::{
    Field, Invitee, LinkSource, Owed, Session, SessionChange, SessionEventKind, SessionPatch,
    SessionStatus, Told, owed, reconcile,
};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Caller, require_version};
use convoke_platform::records::SessionRecord;
use convoke_platform::store::TenantStore;

use super::read::Held;
use super::{Sessions, enter, people};
use crate::core::undisturbed;
use crate::jobs::Job;

/// How many hear of a change, by which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notified {
    /// Mails.
    pub emails: usize,
    /// In-app notifications.
    pub in_app: usize,
}

/// A session after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The session.
    pub session: Session,
    /// What invitees had been told before.
    pub told: Vec<Told>,
    /// What is other than before.
    pub change: SessionChange,
    /// Who is going to hear of it.
    pub notified: Notified,
}

/// Changes a session. Where nothing changes nothing is written, and where
/// nothing changes for people nobody hears of it.
pub async fn change(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    patch: &SessionPatch,
    if_match: Option<u64>,
) -> Result<Changed, Error> {
    undisturbed(|| change_once(sessions, store, caller, id, patch, if_match)).await
}

async fn change_once(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    patch: &SessionPatch,
    if_match: Option<u64>,
) -> Result<Changed, Attempt> {
    let core = &sessions.desk.core;
    let (held, membership) = enter(store, id, caller).await?;
    membership.require_to_manage()?;
    require_version(if_match, held.session.version)?;
    let Held {
        session: before,
        told,
    } = held;
    let mut session = before.clone();
    let roster = roster_of(sessions, store, &mut session, &told, patch).await?;
    let now = core.ports.now();
    let change = patch.apply(&mut session, roster, &sessions.page(id)?, now)?;
    if session == before {
        return Ok(Changed {
            session,
            told,
            change,
            notified: Notified::default(),
        });
    }
    let notified = if change.is_user_facing() {
        count(&session, &told)
    } else {
        Notified::default()
    };
    session.version += 1;
    let mut transaction = store.transaction();
    transaction.replace(&SessionRecord::from(&session), before.version);
    transaction.create(&core.outbox(&jobs(sessions, store, &before, &session, &change)?)?);
    transaction.commit().await?;
    Ok(Changed {
        session,
        told,
        change,
        notified,
    })
}

async fn roster_of(
    sessions: &Sessions,
    store: &TenantStore,
    session: &mut Session,
    told: &[Told],
    patch: &SessionPatch,
) -> Result<Option<Vec<Invitee>>, Error> {
    let page = sessions.page(session.session_id)?;
    let now = sessions.desk.core.ports.now();
    let Some(names) = patch.invitees(session, &page, now)? else {
        return Ok(None);
    };
    let client = session.client_id.as_ref();
    let resolved = people::resolve(store, &names, &session.roster, client).await?;
    let client_id = resolved.client_id.clone();
    let ports = &sessions.desk.core.ports;
    let roster = reconcile(&session.host, resolved, &session.roster, told, || {
        ports.mint()
    });
    session.client_id = client_id;
    Ok(Some(roster))
}

fn jobs(
    sessions: &Sessions,
    store: &TenantStore,
    before: &Session,
    session: &Session,
    change: &SessionChange,
) -> Result<Vec<Job>, Error> {
    let event = change
        .is_user_facing()
        .then_some((SessionEventKind::Updated, &change.names[..]));
    let mut jobs = sessions.jobs(store, session, event)?;
    let has_teams = |session: &Session| {
        matches!(
            session.link_source,
            LinkSource::Teams | LinkSource::TeamsPending
        )
    };
    let moved = change.fields.contains(&Field::Time) && has_teams(session);
    if moved || (has_teams(before) && !has_teams(session)) {
        jobs.push(Job::FollowSession {
            session_id: session.session_id.uuid(),
        });
    }
    Ok(jobs)
}

/// Who is owed a word by this state.
pub(super) fn count(session: &Session, told: &[Told]) -> Notified {
    let mut notified = Notified::default();
    for (invitee, told) in everybody(session, told) {
        let Some(owed) = owed(session, invitee, told) else {
            continue;
        };
        let (mail, in_app) = ways(session, invitee, told, &owed);
        notified.emails += usize::from(mail);
        notified.in_app += usize::from(in_app);
    }
    notified
}

/// Everybody on the roster, and whoever was told of it and is not.
pub(super) fn everybody<'a>(
    session: &'a Session,
    told: &'a [Told],
) -> impl Iterator<Item = (Option<&'a Invitee>, Option<&'a Told>)> {
    let of = |id| told.iter().find(move |one| one.invitation_id == id);
    let here = session
        .roster
        .iter()
        .map(move |one| (Some(one), of(one.invitation_id)));
    let gone = told
        .iter()
        .filter(|one| session.invitee(one.invitation_id).is_none());
    here.chain(gone.map(|one| (None, Some(one))))
}

/// Whether somebody hears by mail, and whether by an in-app notification (IV-3
/// to IV-5).
pub(super) fn ways(
    session: &Session,
    invitee: Option<&Invitee>,
    told: Option<&Told>,
    owed: &Owed,
) -> (bool, bool) {
    let who = invitee.map(|one| &one.who).or(told.map(|one| &one.who));
    let is_internal = who.is_some_and(|who| who.is_internal());
    let address = invitee.map(|one| &one.email).or(told.map(|one| &one.email));
    let is_reachable = address.is_some_and(Option::is_some);
    let mail = match owed {
        Owed::Invitation => !session.skips_invitation_mails,
        Owed::Recognition => false,
        Owed::Update(_) => !is_internal,
        // One mailbox, two invitations, of which one was left: the other stands.
        Owed::Cancellation if is_reached_otherwise(session, invitee, told) => false,
        // What was never mailed to a colleague needs no mail to be taken back.
        Owed::Cancellation => !is_internal || told.is_some_and(|told| told.holds_file),
    };
    (mail && is_reachable, is_internal)
}

/// Whether the address of somebody who left the roster is still on it.
fn is_reached_otherwise(session: &Session, invitee: Option<&Invitee>, told: Option<&Told>) -> bool {
    let Some(email) = told.and_then(|told| told.email.as_ref()) else {
        return false;
    };
    let is_theirs = |other: &EmailAddress| other.lookup_key() == email.lookup_key();
    invitee.is_none()
        && session.status == SessionStatus::Scheduled
        && (session.roster.iter())
            .filter_map(|one| one.email.as_ref())
            .any(is_theirs)
}
