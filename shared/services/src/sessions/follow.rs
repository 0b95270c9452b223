//! Keeping a session and its Teams meeting in step: the meeting goes where the
//! session is, and the session notices when there is no meeting any more.

use convoke_domain::error::Error;
use convoke_domain::id::{OnlineMeetingId, SessionId};
use convoke_domain::session::{LinkSource, Session, SessionEventKind, SessionStatus};
use convoke_platform::backoff::Attempt;
use convoke_platform::records::SessionRecord;
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;

use super::create::{TEAMS_WITHIN, look_later, settle_once};
use super::{Sessions, load};
use crate::core::undisturbed;
use crate::engagements::{Eyes, align_session_meeting, get_meeting};

/// Looks at both and acts on what differs; nothing where nothing does.
pub async fn follow(sessions: &Sessions, tenant: &Tenant, id: SessionId) -> Result<(), Error> {
    let store = sessions.desk.core.store(tenant);
    let Some(held) = load(&store, id).await? else {
        return Ok(());
    };
    let session = held.session;
    if session.is_pending() && session.status == SessionStatus::Scheduled {
        return finish_making(sessions, &store, &session).await;
    }
    let is_wanted =
        session.link_source == LinkSource::Teams && session.status != SessionStatus::Cancelled;
    if session.status == SessionStatus::Ended && is_wanted {
        // It was held; its recordings belong to the record.
        return Ok(());
    }
    let aligning = align_session_meeting(&sessions.desk, &store, &session, is_wanted);
    let link = Box::pin(aligning).await?;
    if is_wanted && link.is_none() {
        undisturbed(|| note_loss(sessions, &store, id)).await?;
    }
    Ok(())
}

/// Whoever was making the meeting did not come back. What they made and wrote
/// down is used; what they did not write down the background removes.
async fn finish_making(
    sessions: &Sessions,
    store: &TenantStore,
    session: &Session,
) -> Result<(), Error> {
    if sessions.desk.core.ports.now() < session.created_at + TEAMS_WITHIN {
        // Whoever makes it may still be at it, by this clock.
        let mut transaction = store.transaction();
        look_later(sessions, &mut transaction, session.session_id)?;
        return Ok(transaction.commit().await?);
    }
    let id = OnlineMeetingId::new(session.session_id.uuid());
    let link = match get_meeting(store, id, &Eyes::Staff).await {
        Ok(engagement) => engagement.meeting.and_then(|meeting| meeting.join_url),
        Err(Error::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    if link.is_none() {
        tracing::warn!(meeting_id = %session.session_id, code = "teams_meeting_not_made",
            "a meeting has no Teams link");
    }
    undisturbed(|| {
        settle_once(sessions, store, session.session_id, link.clone(), |_, _| {
            Ok(())
        })
    })
    .await?;
    Ok(())
}

/// The Teams meeting was removed: people get the deployment's page instead.
async fn note_loss(sessions: &Sessions, store: &TenantStore, id: SessionId) -> Result<(), Attempt> {
    let Some(held) = load(store, id).await? else {
        return Ok(());
    };
    let before = held.session;
    let mut session = before.clone();
    session.lose_teams(sessions.page(id)?, sessions.desk.core.ports.now());
    if session == before {
        return Ok(());
    }
    tracing::warn!(meeting_id = %id, code = "teams_meeting_gone", "a meeting has lost its Teams link");
    session.version += 1;
    let event = Some((SessionEventKind::Updated, &["join_url"][..]));
    let mut transaction = store.transaction();
    transaction.replace(&SessionRecord::from(&session), before.version);
    transaction.create(
        &sessions
            .desk
            .core
            .outbox(&sessions.jobs(store, &session, event)?)?,
    );
    Ok(transaction.commit().await?)
}
