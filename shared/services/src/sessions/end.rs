//! How a session comes to its end: called off, or held (IV-5).

use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_domain::session::{LinkSource, Session, SessionEventKind};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Caller, Seal, require_version};
use convoke_platform::records::SessionRecord;
use convoke_platform::store::TenantStore;

use super::read::Held;
use super::{Sessions, enter};
use crate::core::undisturbed;
use crate::jobs::Job;

/// Calls a session off: everybody who knows of it hears so.
pub async fn cancel(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    if_match: Option<u64>,
    seal: &Seal<'_, Held>,
) -> Result<Held, Error> {
    let end = |session: &mut Session| session.cancel(sessions.desk.core.ports.now());
    let kind = SessionEventKind::Cancelled;
    undisturbed(|| once(sessions, store, caller, id, if_match, seal, kind, end)).await
}

/// Notes that a session was held; nobody hears of it.
pub async fn end(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    if_match: Option<u64>,
    seal: &Seal<'_, Held>,
) -> Result<Held, Error> {
    let end = |session: &mut Session| session.end_now(sessions.desk.core.ports.now());
    let kind = SessionEventKind::Ended;
    undisturbed(|| once(sessions, store, caller, id, if_match, seal, kind, end)).await
}

#[allow(
    clippy::too_many_arguments,
    reason = "one use case, told apart by the last two"
)]
async fn once(
    sessions: &Sessions,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    if_match: Option<u64>,
    seal: &Seal<'_, Held>,
    kind: SessionEventKind,
    end: impl Fn(&mut Session) -> Result<(), Error>,
) -> Result<Held, Attempt> {
    let (mut held, membership) = enter(store, id, caller).await?;
    membership.require_to_manage()?;
    let expected = held.session.version;
    require_version(if_match, expected)?;
    end(&mut held.session)?;
    held.session.version += 1;
    let mut jobs = sessions.jobs(store, &held.session, Some((kind, &[])))?;
    if matches!(
        held.session.link_source,
        LinkSource::Teams | LinkSource::TeamsPending
    ) {
        jobs.push(Job::FollowSession {
            session_id: id.uuid(),
        });
    }
    let mut transaction = store.transaction();
    transaction.replace(&SessionRecord::from(&held.session), expected);
    transaction.create(&sessions.desk.core.outbox(&jobs)?);
    seal.apply(&mut transaction, &held)?;
    transaction.commit().await?;
    Ok(held)
}
