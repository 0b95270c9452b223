//! Changing a session: what of it people see, and who is to hear (IV-4).

use convoke_domain::error::Error;
use convoke_domain::id::{ClientId, SessionId};
use convoke_domain::session::{
    Field, Invitee, InviteeNames, LinkSource, Owed, Session, SessionChange, SessionEventKind,
    SessionPatch, Told, Who, owed, reconcile,
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
    if session.organizer.is_none() {
        // Nobody holds a file yet: there was nobody to send one.
        session.organizer.clone_from(&sessions.desk.organizer);
    }
    let is_as_read = session.clone();
    let change = patch.apply(&mut session, roster, &sessions.page(id)?, now)?;
    if session == is_as_read {
        return Ok(Changed {
            session,
            told,
            change,
            notified: Notified::default(),
        });
    }
    session.check_size()?;
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
    let has_strangers = session.roster.iter().any(|one| one.who == Who::External);
    let names = match patch.invitees(session, &page, now)? {
        Some(names) => names,
        // Somebody may have registered since.
        None if has_strangers => InviteeNames::default(),
        None => return Ok(None),
    };
    let client = session.client_id.as_ref();
    let resolved = people::resolve(store, &names, &session.roster, client).await?;
    let client_id = resolved.client_id.clone();
    require_same_client(session, client_id.as_ref())?;
    let ports = &sessions.desk.core.ports;
    let roster = reconcile(&session.host, resolved, &session.roster, told, || {
        ports.mint()
    });
    session.client_id = client_id;
    Ok(Some(roster))
}

/// A Teams meeting is on one client's timeline, and its recordings are theirs.
fn require_same_client(session: &Session, client_id: Option<&ClientId>) -> Result<(), Error> {
    let was = session.client_id.as_ref();
    if !has_teams(session) || was.is_none() || was == client_id {
        return Ok(());
    }
    Err(Error::conflict(
        "teams_meeting_of_other_client",
        "this meeting's Teams meeting is on the timeline of its contacts' client; plan another meeting for another client's contacts",
    ))
}

fn has_teams(session: &Session) -> bool {
    matches!(
        session.link_source,
        LinkSource::Teams | LinkSource::TeamsPending
    )
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
    let is_told_of = |field| change.fields.contains(field);
    let is_elsewhere =
        [Field::Time, Field::Title].iter().any(is_told_of) || before.client_id != session.client_id;
    if (is_elsewhere && has_teams(session)) || (has_teams(before) && !has_teams(session)) {
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
    let is_internal = who.is_some_and(Who::is_internal);
    let address = invitee.map(|one| &one.email).or(told.map(|one| &one.email));
    let is_reachable = match owed {
        // It is taken back from where it was sent.
        Owed::Cancellation => told.is_some_and(|told| told.email.is_some()),
        _ => address.is_some_and(Option::is_some),
    };
    let knows = told.is_some_and(|told| !told.is_cancelled);
    let mail = match owed {
        Owed::Invitation => !session.skips_invitation_mails,
        Owed::Recognition => false,
        Owed::Update(_) => !is_internal,
        // What was never mailed to a colleague needs no mail to be taken back.
        Owed::Cancellation => !is_internal || told.is_some_and(|told| told.holds_file),
    };
    // A mail that reaches somebody late is no news to who reads notifications.
    let in_app = is_internal && !(*owed == Owed::Invitation && knows);
    (mail && is_reachable, in_app)
}
