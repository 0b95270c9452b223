//! The calls to Microsoft that an engagement waits for, and their outcome: the
//! saga's second half, and the reconciler for every gap in it (XC-8, OM-3).
//!
//! Whoever holds the claim on a meeting may call: a command at once (`follow`),
//! the background when the due index says so, for what failed and for what a
//! crash left behind.

use chrono::TimeDelta;
use convoke_domain::engagement::{Aftermath, Created, Engagement};
use convoke_domain::error::Error;
use convoke_domain::id::OnlineMeetingId;
use convoke_domain::online_meeting::{OnlineMeeting, RemoteState, Span, Status};
use convoke_platform::http::Seal;
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;
use uuid::Uuid;

use super::follow::CALLS_WITHIN;
use super::warning::Warning;
use super::write::Write;
use super::{Desk, Handled, load};
use crate::core::undisturbed;
use crate::microsoft::ENTERPRISE;
use crate::providers::{CallFailure, Effect};
use crate::teams::{Address, Resolved};

/// Failures after which an operator hears of it as an error each time.
const LOUD_AFTER: u32 = 12;
/// Failures after which moving or removing is given up: a month of hourly tries.
const ATTEMPTS: u32 = 720;
/// Look-ups that must find nothing before a creation that is not wanted any
/// more is taken for not having happened.
const LOOKUPS: u32 = 2;
/// Tries after which a creation that is refused ends, though one before it had
/// an unknown effect.
const SURE_AFTER: u32 = 3;
/// Tries at resolving a join link before recordings do without.
const RESOLVE_ATTEMPTS: u32 = 60;

/// How one round of calls ended.
pub(super) enum Report {
    Created(Created),
    CreationFailed(CallFailure, Aftermath),
    Moved(Span),
    Gone,
    LookedInVain,
    Failed(CallFailure, Aftermath),
    Resolved(Option<Resolved>, Aftermath),
    Nothing,
}

/// Brings Microsoft's side of a meeting in step, if that is due and nobody else
/// is at it: the reconciler.
pub async fn sync(desk: &Desk, tenant: &Tenant, id: OnlineMeetingId) -> Result<(), Error> {
    if !ENTERPRISE {
        // Nobody to call: rows of the other edition stay untouched.
        return Ok(());
    }
    let store = desk.core.store(tenant);
    let now = desk.core.ports.now();
    let is_due = |meeting: &OnlineMeeting| meeting.remote.is_due(now);
    // The due index brings the meeting again: a message that stays would hold
    // back everything else of its mailbox.
    if let Err(error) = settle(desk, &store, id.uuid(), &is_due).await {
        tracing::error!(online_meeting_id = %id, code = error.code(), %error, "a Teams meeting could not be looked at");
    }
    Ok(())
}

/// As [`sync`], at once, also before it is due; for a command, which waits for it
/// no longer than half of its time.
pub(super) async fn sync_now(desk: &Desk, store: &TenantStore, id: Uuid) -> Result<(), Error> {
    let now = desk.core.ports.now();
    let is_free = |meeting: &OnlineMeeting| meeting.remote.is_free(now);
    let work = settle(desk, store, id, &is_free);
    // What is left in the middle is taken up when the claim has run out.
    tokio::time::timeout(CALLS_WITHIN / 2, work)
        .await
        .unwrap_or(Ok(()))
}

async fn settle(
    desk: &Desk,
    store: &TenantStore,
    id: Uuid,
    wanted: &(dyn Fn(&OnlineMeeting) -> bool + Send + Sync),
) -> Result<(), Error> {
    let claim = desk.claim();
    let claimed = undisturbed(|| async {
        let before = load(store, id).await?;
        let mut after = before.clone();
        let Some(meeting) = after.meeting.as_mut().filter(|meeting| wanted(meeting)) else {
            return Ok(None);
        };
        meeting.remote.take(claim);
        meeting.give_up_unanswered_creation(desk.core.ports.now())?;
        let after = Write::of(desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await?;
        Ok(after.meeting)
    })
    .await?;
    let Some(meeting) = claimed else {
        return Ok(());
    };
    let report = act(desk, store, &meeting, false).await;
    log(&meeting, &report);
    record(desk, store, id, &report, claim.token, None, None).await?;
    Ok(())
}

fn log(meeting: &OnlineMeeting, report: &Report) {
    let online_meeting_id = meeting.online_meeting_id.uuid();
    let state = meeting.remote.state.as_str();
    match report {
        Report::CreationFailed(failure, _) | Report::Failed(failure, _) => {
            let (code, attempts) = (failure.error.code(), meeting.remote.attempts);
            if attempts >= LOUD_AFTER {
                tracing::error!(%online_meeting_id, state, code, attempts, "Microsoft's side is still not in step");
            } else {
                tracing::warn!(%online_meeting_id, state, code, attempts, "to be tried again");
            }
        }
        _ => tracing::info!(%online_meeting_id, state, "Microsoft's side was looked at"),
    }
}

/// Makes the calls that the meeting's state asks for; no transaction is open.
pub(super) async fn act(
    desk: &Desk,
    store: &TenantStore,
    meeting: &OnlineMeeting,
    first: bool,
) -> Report {
    match meeting.remote.state {
        RemoteState::Creating => create(desk, store, meeting, first).await,
        RemoteState::Unreachable if meeting.status == Status::Cancelled => {
            remove(desk, store, meeting).await
        }
        RemoteState::Updating | RemoteState::Unreachable => {
            let span = meeting.span();
            match desk.teams.move_to(store, meeting, span).await {
                Ok(()) => Report::Moved(span),
                Err(failure) if failure.effect == Effect::Gone => Report::Gone,
                Err(failure) => patience(failure, meeting),
            }
        }
        RemoteState::Deleting => remove(desk, store, meeting).await,
        RemoteState::InStep => resolve(desk, store, meeting).await,
        RemoteState::None | RemoteState::Gone => Report::Nothing,
    }
}

async fn create(desk: &Desk, store: &TenantStore, meeting: &OnlineMeeting, first: bool) -> Report {
    if !first {
        // An earlier try may have made it.
        match desk.teams.find(store, meeting).await {
            Ok(Some(created)) => return Report::Created(created),
            Ok(None) if meeting.end <= desk.core.ports.now() => {
                let error = Error::conflict("appointment_over", "the appointment is over");
                let effect = Effect::Refused;
                return Report::CreationFailed(CallFailure { effect, error }, Aftermath::Over);
            }
            Ok(None) => {}
            Err(failure) => return look_up_failed(desk, failure, meeting),
        }
    }
    // A try whose effect nobody knows may still land: looks that find nothing
    // have to be some minutes apart before a refusal counts.
    let is_sure = first || meeting.remote.attempts >= SURE_AFTER;
    match desk.teams.create(store, meeting).await {
        Ok(created) => Report::Created(created),
        Err(failure) => creation_failed(failure, is_sure),
    }
}

/// What an earlier try came to is looked for until the appointment is over.
fn look_up_failed(desk: &Desk, failure: CallFailure, meeting: &OnlineMeeting) -> Report {
    let is_over = meeting.end <= desk.core.ports.now() && meeting.remote.attempts >= LOUD_AFTER;
    let aftermath = match &failure.error {
        _ if is_over => Aftermath::Lost,
        error if error.code() == OTHER_TENANT => Aftermath::OutOfReach,
        error => Aftermath::TryAgain(wait_of(error)),
    };
    Report::CreationFailed(failure, aftermath)
}

/// What certainly had no effect and will not do better ends a creation; after
/// a try whose effect nobody knows it does not.
fn creation_failed(failure: CallFailure, is_sure: bool) -> Report {
    let aftermath = match failure.effect {
        Effect::Refused if is_sure => Aftermath::Over,
        _ => Aftermath::TryAgain(wait_of(&failure.error)),
    };
    Report::CreationFailed(failure, aftermath)
}

async fn remove(desk: &Desk, store: &TenantStore, meeting: &OnlineMeeting) -> Report {
    let found;
    let address = match Address::of(meeting) {
        Some(address) => address,
        None => match desk.teams.locate(store, meeting).await {
            Ok(Some(event_id)) => {
                found = event_id;
                Address::Event(&found)
            }
            Ok(None) if meeting.remote.empty_lookups + 1 >= LOOKUPS => return Report::Gone,
            Ok(None) => return Report::LookedInVain,
            Err(failure) => return patience(failure, meeting),
        },
    };
    match desk.teams.remove(store, meeting, address).await {
        Ok(()) => Report::Gone,
        Err(failure) if failure.effect == Effect::Gone => Report::Gone,
        Err(failure) => patience(failure, meeting),
    }
}

async fn resolve(desk: &Desk, store: &TenantStore, meeting: &OnlineMeeting) -> Report {
    let is_over = meeting.remote.attempts + 1 >= RESOLVE_ATTEMPTS;
    let aftermath = if is_over {
        Aftermath::Over
    } else {
        Aftermath::TryAgain(None)
    };
    match desk.teams.resolve(store, meeting).await {
        Ok(id) => Report::Resolved(id, aftermath),
        Err(failure) => {
            tracing::warn!(online_meeting_id = %meeting.online_meeting_id, code = failure.error.code(), "a join link did not resolve");
            Report::Resolved(None, aftermath)
        }
    }
}

/// Moving and removing is tried for a month: what people hold must not be wrong
/// while somebody may mend the cause.
fn patience(failure: CallFailure, meeting: &OnlineMeeting) -> Report {
    let aftermath = match &failure.error {
        _ if meeting.remote.attempts + 1 >= ATTEMPTS => Aftermath::Over,
        error if error.code() == OTHER_TENANT => Aftermath::OutOfReach,
        error => Aftermath::TryAgain(wait_of(error)),
    };
    Report::Failed(failure, aftermath)
}

/// The code of a profile that belongs to another Entra tenant than the meeting.
pub(crate) const OTHER_TENANT: &str = "microsoft_tenant_changed";

fn wait_of(error: &Error) -> Option<TimeDelta> {
    match error {
        Error::Upstream {
            retry_after: Some(wait),
            ..
        } => TimeDelta::from_std(*wait).ok(),
        _ => None,
    }
}

/// Writes an outcome down, with the answer of whoever waits for it.
pub(super) async fn record(
    desk: &Desk,
    store: &TenantStore,
    id: Uuid,
    report: &Report,
    token: Uuid,
    warning: Option<Warning>,
    seal: Option<&Seal<'_, Handled>>,
) -> Result<Engagement, Error> {
    undisturbed(|| async {
        let before = load(store, id).await?;
        let mut after = before.clone();
        apply(&mut after, report, token, desk.core.ports.now())?;
        Write::of(desk, store, &before)
            .commit(after, |transaction, after| {
                let handled = Handled::of(after.clone(), warning.clone());
                seal.map_or(Ok(()), |seal| seal.apply(transaction, &handled))
            })
            .await
    })
    .await
}

fn apply(
    engagement: &mut Engagement,
    report: &Report,
    token: Uuid,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Error> {
    match report {
        Report::Created(created) => engagement.created(created.clone(), token, now),
        Report::CreationFailed(failure, aftermath) => {
            engagement.creation_failed(failure.error.code(), *aftermath, token, now)
        }
        Report::Moved(span) => engagement.event_moved(*span, token, now),
        Report::Gone => engagement.event_gone(token, now),
        Report::LookedInVain => engagement.looked_in_vain(token, now),
        Report::Failed(failure, aftermath) => {
            engagement.call_failed(failure.error.code(), *aftermath, token, now)
        }
        Report::Resolved(resolved, aftermath) => {
            let (id, object_id) = resolved.clone().map_or((None, None), |resolved| {
                (resolved.meeting_id, Some(resolved.organizer_object_id))
            });
            engagement.resolved(id, object_id, *aftermath, token, now)
        }
        Report::Nothing => engagement.let_rest(token, now),
    }
}
