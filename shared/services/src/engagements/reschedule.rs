//! Moving an approved appointment (AP-6).

use convoke_domain::appointment::{AppointmentTime, RequestStatus, TimeFields, TimeInput};
use convoke_domain::engagement::Engagement;
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::AppointmentRequestId;
use convoke_domain::online_meeting::Claim;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Seal, require_version};
use convoke_platform::store::TenantStore;

use super::follow::FollowUp;
use super::warning::Verb;
use super::write::Write;
use super::{Desk, Handled, must_load, seal_first};
use crate::core::undisturbed;

/// A new time; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct RescheduleCommand {
    /// Date, time, zone, length.
    pub time: TimeInput,
    /// Whether the technician may be booked twice.
    pub allow_overlap: bool,
}

/// Moves request, entry, interaction and meeting; Microsoft follows.
pub async fn reschedule(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    command: &RescheduleCommand,
    if_match: Option<u64>,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error> {
    let claim = desk.claim();
    let engagement = undisturbed(|| once(desk, store, id, command, if_match, claim, seal)).await?;
    let handled = Handled::of(engagement, None);
    FollowUp::of(desk, store, claim.token, Verb::Reschedule)
        .run(handled, Some(seal))
        .await
}

async fn once(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    command: &RescheduleCommand,
    if_match: Option<u64>,
    claim: Claim,
    seal: &Seal<'_, Handled>,
) -> Result<Engagement, Attempt> {
    let before = must_load(store, id).await?;
    let request = before.must_request()?;
    require_version(if_match, request.version)?;
    let now = desk.core.ports.now();
    let mut after = before.clone();
    if request.status == RequestStatus::Approved {
        let mut wrong = Violations::new();
        let (input, fields) = (&command.time, &TimeFields::NEW);
        let time = AppointmentTime::read(input, fields, Some(&request.time), now, &mut wrong);
        wrong.finish()?;
        let time = time.ok_or_else(|| Error::internal("a time was not kept"))?;
        after.reschedule(time, claim, now)?;
    } else {
        // Refuses it, and says why.
        after.reschedule(request.time.clone(), claim, now)?;
    }
    let write = Write {
        allow_overlap: command.allow_overlap,
        ..Write::of(desk, store, &before)
    };
    write
        .commit(after, |transaction, after| {
            seal_first(seal, transaction, after, None, claim)
        })
        .await
}
