//! Declining, cancelling and deleting an appointment (AP-7).

use convoke_domain::appointment::RequestStatus;
use convoke_domain::engagement::{End, Engagement};
use convoke_domain::error::Error;
use convoke_domain::id::AppointmentRequestId;
use convoke_domain::online_meeting::Claim;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Seal, require_version};
use convoke_platform::store::TenantStore;

use super::follow::FollowUp;
use super::warning::Verb;
use super::write::Write;
use super::{Actor, Desk, Handled, Warning, must_load, seal_first};
use crate::core::undisturbed;

/// Refuses a request, pending or approved.
pub async fn decline(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    reason: String,
    if_match: Option<u64>,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error> {
    let claim = desk.claim();
    let ending = Ending {
        desk,
        store,
        end: End::Declined(reason),
        actor: None,
        if_match,
        claim,
    };
    let handled = undisturbed(|| ending.once(id, seal)).await?;
    FollowUp::of(desk, store, claim.token, Verb::Decline)
        .run(handled, Some(seal))
        .await
}

/// Takes a request back; a portal user their own.
pub async fn cancel(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    actor: &Actor,
    reason: Option<String>,
    if_match: Option<u64>,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error> {
    let claim = desk.claim();
    let ending = Ending {
        desk,
        store,
        end: End::Cancelled(reason),
        actor: Some(actor),
        if_match,
        claim,
    };
    let handled = undisturbed(|| ending.once(id, seal)).await?;
    FollowUp::of(desk, store, claim.token, Verb::Cancel)
        .run(handled, Some(seal))
        .await
}

struct Ending<'a> {
    desk: &'a Desk,
    store: &'a TenantStore,
    end: End,
    actor: Option<&'a Actor>,
    if_match: Option<u64>,
    claim: Claim,
}

impl Ending<'_> {
    async fn once(
        &self,
        id: AppointmentRequestId,
        seal: &Seal<'_, Handled>,
    ) -> Result<Handled, Attempt> {
        let before = must_load(self.store, id).await?;
        if let Some(actor) = self.actor {
            actor.eyes.require_own(&before)?;
        }
        let request = before.must_request()?;
        require_version(self.if_match, request.version)?;
        let mut after = before.clone();
        after.end(self.end.clone(), self.claim, self.desk.core.ports.now())?;
        let engagement = Write::of(self.desk, self.store, &before)
            .commit(after, |transaction, after| {
                seal_first(seal, transaction, after, None, self.claim)
            })
            .await?;
        Ok(Handled::of(engagement, None))
    }
}

/// Deletes a request in any state. The online meeting and the interaction stay
/// on the record, cancelled.
pub async fn delete(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    if_match: Option<u64>,
) -> Result<Option<Warning>, Error> {
    let claim = desk.claim();
    let engagement = undisturbed(|| delete_once(desk, store, id, if_match, claim)).await?;
    let handled = Handled::of(engagement, None);
    let handled = FollowUp::of(desk, store, claim.token, Verb::Delete)
        .run(handled, None)
        .await?;
    Ok(handled.warning)
}

async fn delete_once(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    if_match: Option<u64>,
    claim: Claim,
) -> Result<Engagement, Attempt> {
    let before = must_load(store, id).await?;
    let request = before.must_request()?;
    require_version(if_match, request.version)?;
    let mut after = before.clone();
    if matches!(
        request.status,
        RequestStatus::Pending | RequestStatus::Approved
    ) {
        after.end(End::Cancelled(None), claim, desk.core.ports.now())?;
    } else {
        after.remove_again(claim, desk.core.ports.now());
    }
    let write = Write {
        drop_request: true,
        ..Write::of(desk, store, &before)
    };
    write.commit(after, |_, _| Ok(())).await
}
