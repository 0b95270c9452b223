//! Planning a session, or beginning one at once (IV-1, IV-2).

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::TimeDelta;
use convoke_domain::address::WebLink;
use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_domain::online_meeting::Span;
use convoke_domain::session::{
    LinkSource, Session, SessionDraft, SessionEventKind, SessionStatus, Who, reconcile,
};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Caller, Seal};
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::SessionRecord;
use convoke_platform::store::{TenantStore, Transaction};

use super::{Sessions, load, people};
use crate::core::undisturbed;
use crate::engagements::{SessionMeeting, Warning, make_session_meeting, session_meeting_possible};
use crate::jobs::Job;

/// When whoever makes a Teams meeting has certainly given up: after the claim
/// that it is made under.
pub(super) const TEAMS_WITHIN: TimeDelta = TimeDelta::seconds(100);

/// A session that was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The session.
    pub session: Session,
    /// Why it has no Teams meeting although one was asked for.
    pub warning: Option<Warning>,
}

/// Plans a session. A Teams meeting that cannot be made never fails it: it then
/// has the deployment's page for a link, and the answer says why.
pub async fn create(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    draft: SessionDraft,
    seal: &Seal<'_, Planned>,
) -> Result<Planned, Error> {
    let begun = Instant::now();
    let warning = if draft.wants_teams {
        session_meeting_possible(store).await?
    } else {
        None
    };
    let wants_teams = draft.wants_teams && warning.is_none();
    let session = first_state(sessions, store, caller, draft, wants_teams).await?;
    let planned = Planned { session, warning };
    write_first(sessions, store, &planned, seal).await?;
    if !planned.session.is_pending() {
        return Ok(planned);
    }
    let made = make_session_meeting(&sessions.desk, store, wanted(&planned.session, begun)).await;
    settle(sessions, store, planned.session.session_id, made, seal).await
}

async fn first_state(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    draft: SessionDraft,
    wants_teams: bool,
) -> Result<Session, Error> {
    let ports = &sessions.desk.core.ports;
    let (now, session_id) = (ports.now(), SessionId::new(ports.mint()));
    let host = people::host_of(store, &caller.user_id).await?;
    let resolved = people::resolve(store, &draft.invitees, &[], None).await?;
    let client_id = resolved.client_id.clone();
    let roster = reconcile(&host, resolved, &[], &[], || ports.mint());
    let (join_url, link_source) = match draft.join_url {
        _ if wants_teams => (None, LinkSource::TeamsPending),
        Some(link) => (Some(link), LinkSource::Given),
        None => (Some(sessions.page(session_id)?), LinkSource::Page),
    };
    let session = Session {
        session_id,
        title: draft.title,
        description: draft.description,
        start: draft.start,
        duration_minutes: draft.duration_minutes,
        zone: draft.zone,
        location: draft.location,
        join_url,
        link_source,
        is_instant: draft.is_instant,
        skips_invitation_mails: draft.skips_invitation_mails,
        status: SessionStatus::Scheduled,
        host,
        client_id,
        roster,
        organizer: sessions.desk.organizer.clone(),
        sequence: 0,
        changed_at: BTreeMap::new(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    session.check_size()?;
    Ok(session)
}

/// The state with its event and what follows; while a Teams meeting is made, for
/// the time being, with somebody to look after it should we not come back.
async fn write_first(
    sessions: &Sessions,
    store: &TenantStore,
    planned: &Planned,
    seal: &Seal<'_, Planned>,
) -> Result<(), Error> {
    let (core, session) = (&sessions.desk.core, &planned.session);
    let mut transaction = store.transaction();
    transaction.create(&SessionRecord::from(session));
    let event = Some((SessionEventKind::Scheduled, &[][..]));
    transaction.create(&core.outbox(&sessions.jobs(store, session, event)?)?);
    if session.is_pending() {
        look_later(sessions, &mut transaction, session.session_id)?;
        seal.apply_provisional(&mut transaction, planned)?;
    } else {
        seal.apply(&mut transaction, planned)?;
    }
    Ok(transaction.commit().await?)
}

pub(super) fn look_later(
    sessions: &Sessions,
    transaction: &mut Transaction,
    id: SessionId,
) -> Result<(), Error> {
    let core = &sessions.desk.core;
    let (now, session_id) = (core.ports.now(), id.uuid());
    let message = core.message(&Job::FollowSession { session_id })?;
    transaction.create(&OutboxRecord::later(
        core.ports.mint(),
        vec![message],
        now + TEAMS_WITHIN,
        now,
    ));
    Ok(())
}

fn wanted(session: &Session, begun: Instant) -> SessionMeeting<'_> {
    let contact = session.roster.iter().find_map(|one| match &one.who {
        Who::Contact(contact_id) => Some(contact_id.clone()),
        _ => None,
    });
    SessionMeeting {
        session_id: session.session_id,
        host: &session.host.user_id,
        subject: session.title.clone(),
        span: Span {
            start: session.start,
            end: session.end(),
        },
        client_id: session.client_id.clone(),
        contact_id: contact,
        begun,
    }
}

/// Writes down what the making came to.
async fn settle(
    sessions: &Sessions,
    store: &TenantStore,
    id: SessionId,
    made: Result<WebLink, Error>,
    seal: &Seal<'_, Planned>,
) -> Result<Planned, Error> {
    let warning = made.as_ref().err().map(|error| Warning {
        reason: error.code().to_owned(),
        message: format!("The meeting was planned without a Teams link: {error}."),
    });
    if let Err(error) = &made {
        tracing::warn!(meeting_id = %id, code = error.code(), "a meeting has no Teams link");
    }
    let link = made.ok();
    undisturbed(|| async {
        let session = settle_once(sessions, store, id, link.clone(), |transaction, session| {
            let planned = Planned {
                session: session.clone(),
                warning: warning.clone(),
            };
            seal.apply(transaction, &planned)
        })
        .await?;
        Ok(Planned {
            session,
            warning: warning.clone(),
        })
    })
    .await
}

/// One try; what changed meanwhile is followed afterwards.
pub(super) async fn settle_once(
    sessions: &Sessions,
    store: &TenantStore,
    id: SessionId,
    link: Option<WebLink>,
    seal: impl FnOnce(&mut Transaction, &Session) -> Result<(), Error>,
) -> Result<Session, Attempt> {
    let core = &sessions.desk.core;
    let held = load(store, id)
        .await?
        .ok_or(Error::NotFound { what: "meeting" })?;
    let mut session = held.session;
    let expected = session.version;
    let has_teams = link.is_some();
    session.settle_link(link, sessions.page(id)?, core.ports.now());
    session.version += 1;
    let mut jobs = sessions.jobs(store, &session, None)?;
    if has_teams {
        jobs.push(Job::FollowSession {
            session_id: id.uuid(),
        });
    }
    let mut transaction = store.transaction();
    transaction.replace(&SessionRecord::from(&session), expected);
    transaction.create(&core.outbox(&jobs)?);
    seal(&mut transaction, &session)?;
    transaction.commit().await?;
    Ok(session)
}
