//! Cancelling and deleting a meeting (CM-12).
//!
//! The provider's removal of the event is written down with the cancellation,
//! tried at once, and left to the background when the provider fails.

use convoke_domain::error::Error;
use convoke_domain::event::MeetingEventKind;
use convoke_domain::id::{IntentId, MeetingId};
use convoke_domain::meeting::{Intent, Meeting, MeetingStatus, RemoteEvent};
use convoke_domain::provider::ProviderKind;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Seal, require_version};
use convoke_platform::records::{IntentRecord, MeetingRecord};
use convoke_platform::store::{Record, TenantStore};
use convoke_platform::tenant::Tenant;

use super::create::unlink_in;
use super::{change, must_find};
use crate::core::{Core, undisturbed};
use crate::providers::{CallFailure, Effect, Providers};

/// The meeting went, its event not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable, snake_case.
    pub reason: &'static str,
    /// What is left, and what happens to it.
    pub message: String,
}

struct Removal {
    meeting: Meeting,
    remote: Option<(RemoteEvent, IntentId)>,
}

/// Cancels a meeting for good.
pub async fn cancel(
    core: &Core,
    providers: &Providers,
    tenant: &Tenant,
    id: MeetingId,
    if_match: Option<u64>,
    seal: &Seal<'_, (Meeting, Option<Warning>)>,
) -> Result<(Meeting, Option<Warning>), Error> {
    let store = core.store(tenant);
    let removal = undisturbed(|| cancel_once(core, &store, id, if_match, seal)).await?;
    let warning = remove_event(core, providers, &store, &removal).await;
    Ok((removal.meeting, warning))
}

async fn cancel_once(
    core: &Core,
    store: &TenantStore,
    id: MeetingId,
    if_match: Option<u64>,
    seal: &Seal<'_, (Meeting, Option<Warning>)>,
) -> Result<Removal, Attempt> {
    let mut meeting = must_find(store, id).await?;
    require_version(if_match, meeting.version)?;
    if meeting.status == MeetingStatus::Cancelled {
        return Err(
            Error::conflict("already_cancelled", "this meeting is cancelled already").into(),
        );
    }
    let expected = meeting.version;
    let mut transaction = store.transaction();
    unlink_in(&mut transaction, &meeting);
    let remote = meeting.cancel(core.ports.now());
    meeting.version = expected + 1;
    let intent = remote
        .as_ref()
        .map(|remote| change::intend_removal(core, &mut transaction, &meeting, remote, true))
        .transpose()?;
    transaction.replace(&MeetingRecord::from(&meeting), expected);
    let event = core.meeting_event(store.tenant().id(), MeetingEventKind::Cancelled, &meeting)?;
    transaction.create(&core.outbox(&[event])?);
    let outcome = (meeting, None);
    seal.apply(&mut transaction, &outcome)?;
    transaction.commit().await?;
    Ok(Removal {
        meeting: outcome.0,
        remote: remote.zip(intent),
    })
}

/// Deletes a meeting and all that belongs to it.
pub async fn delete(
    core: &Core,
    providers: &Providers,
    tenant: &Tenant,
    id: MeetingId,
    if_match: Option<u64>,
) -> Result<Option<Warning>, Error> {
    let store = core.store(tenant);
    let removal = undisturbed(|| delete_once(core, &store, id, if_match)).await?;
    Ok(remove_event(core, providers, &store, &removal).await)
}

async fn delete_once(
    core: &Core,
    store: &TenantStore,
    id: MeetingId,
    if_match: Option<u64>,
) -> Result<Removal, Attempt> {
    let mut meeting = must_find(store, id).await?;
    require_version(if_match, meeting.version)?;
    let mut transaction = store.transaction();
    transaction.delete(
        MeetingRecord::KIND,
        &MeetingRecord::key_of(id),
        meeting.version,
    );
    let mut remote = None;
    if meeting.status != MeetingStatus::Cancelled {
        unlink_in(&mut transaction, &meeting);
        remote = meeting.cancel(core.ports.now());
        meeting.version += 1;
        let event =
            core.meeting_event(store.tenant().id(), MeetingEventKind::Cancelled, &meeting)?;
        transaction.create(&core.outbox(&[event])?);
    }
    let intent = remote
        .as_ref()
        .map(|remote| change::intend_removal(core, &mut transaction, &meeting, remote, true))
        .transpose()?;
    transaction.commit().await?;
    Ok(Removal {
        meeting,
        remote: remote.zip(intent),
    })
}

/// Tries the removal that was written down; what fails is tried again later.
async fn remove_event(
    core: &Core,
    providers: &Providers,
    store: &TenantStore,
    removal: &Removal,
) -> Option<Warning> {
    let (remote, intent_id) = removal.remote.as_ref()?;
    let organizer = remote.organizer.as_deref().unwrap_or_default();
    let removed = match providers.remote(ProviderKind::Graph, store).await {
        Ok(calendar) => calendar.delete(organizer, &remote.external_event_id).await,
        Err(error) => Err(CallFailure {
            effect: Effect::None,
            error,
        }),
    };
    let key = IntentRecord::key_of(removal.meeting.meeting_id, *intent_id);
    match removed {
        Ok(())
        | Err(CallFailure {
            effect: Effect::Gone,
            ..
        }) => {
            // One that stays is found to be done by whoever settles it.
            if let Err(error) = store.delete(&key).await {
                tracing::warn!(%error, "a finished intent stays for the reconciler");
            }
            None
        }
        Err(failure) => {
            tracing::warn!(
                code = failure.error.code(),
                "the provider's event could not be removed yet"
            );
            if let Err(error) = free(core, store, &key).await {
                tracing::warn!(%error, "an intent stays claimed until its lease ends");
            }
            Some(Warning {
                reason: failure.error.code(),
                message:
                    "The meeting is cancelled, but its calendar event could not be removed yet. \
                          Convoke goes on trying; if it stays, remove it in the calendar."
                        .to_owned(),
            })
        }
    }
}

async fn free(
    core: &Core,
    store: &TenantStore,
    key: &convoke_platform::store::Key,
) -> Result<(), Error> {
    if let Some(mut intent) = store
        .get::<IntentRecord>(key)
        .await?
        .map(Intent::try_from)
        .transpose()?
    {
        let expected = intent.version;
        intent.put_back(core.ports.now());
        let mut transaction = store.transaction();
        transaction.replace(&IntentRecord::from(&intent), expected);
        transaction.commit().await?;
    }
    Ok(())
}
