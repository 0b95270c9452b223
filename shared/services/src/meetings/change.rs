//! Changing a meeting (CM-2, CM-12).
//!
//! What a provider's event shows is brought in step in the background: the
//! intent to update it is written with the change.

use convoke_domain::control::ControlSchedule;
use convoke_domain::error::Error;
use convoke_domain::event::MeetingEventKind;
use convoke_domain::id::{IntentId, MeetingId};
use convoke_domain::meeting::{
    Change, ChangeInput, Meeting, MeetingStatus, Operation, RemoteEvent,
};
use convoke_domain::provider::ProviderKind;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::require_version;
use convoke_platform::records::{IntentRecord, MeetingRecord, ScheduleRecord};
use convoke_platform::store::{Record, TenantStore, Transaction};
use convoke_platform::tenant::Tenant;

use super::create::{link_in, require_schedule, unlink_in};
use super::{attendees, must_find};
use crate::core::{Core, undisturbed};
use crate::jobs::{Job, mailbox_key};
use crate::schedules;

/// What a change says of the link to the control's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkChange {
    /// Nothing.
    Keep,
    /// Follow this schedule, which must be the control's own.
    To(String),
    /// Follow none.
    Unlink,
}

/// Applies a change; answers with the meeting as it is then.
pub async fn update(
    core: &Core,
    tenant: &Tenant,
    id: MeetingId,
    input: &ChangeInput,
    link: &LinkChange,
    if_match: Option<u64>,
) -> Result<Meeting, Error> {
    let store = core.store(tenant);
    undisturbed(|| update_once(core, &store, id, input.clone(), link, if_match)).await
}

async fn update_once(
    core: &Core,
    store: &TenantStore,
    id: MeetingId,
    input: ChangeInput,
    link: &LinkChange,
    if_match: Option<u64>,
) -> Result<Meeting, Attempt> {
    let mut meeting = must_find(store, id).await?;
    require_version(if_match, meeting.version)?;
    let expected = meeting.version;
    let mut change = Change::parse(input, &meeting)?;
    if let Some(list) = &mut change.attendees {
        attendees::resolve(store, id, list).await?;
    }
    let now = core.ports.now();
    let mut transaction = store.transaction();
    let link_before = meeting.link.clone();
    let linked = change_link(store, &mut transaction, &mut meeting, link).await?;
    let schedule = match &linked {
        Some(schedule) => Some(schedule.clone()),
        None if meeting.link.is_some() => schedules::find(store, &meeting.control_id).await?,
        None => None,
    };
    let before = meeting.clone();
    let changed = meeting.apply(change, schedule.as_ref(), now)?;
    if !changed && meeting.link == link_before {
        return Ok(meeting);
    }
    if let (None, Some(schedule)) = (&linked, &schedule)
        && meeting.link != before.link
    {
        // Anchored to the schedule's N: it must still be that.
        transaction.require(
            ScheduleRecord::KIND,
            &ScheduleRecord::key_of(&meeting.control_id),
            schedule.version,
        );
    }
    if *link == LinkChange::Unlink {
        meeting.advance_past(now);
    }
    meeting.updated_at = now;
    meeting.version = expected + 1;
    leave_provider(core, &mut transaction, &mut meeting, before.provider)?;
    push_if_behind(core, &mut transaction, &mut meeting)?;
    transaction.replace(&MeetingRecord::from(&meeting), expected);
    let event = core.meeting_event(store.tenant().id(), MeetingEventKind::Updated, &meeting)?;
    transaction.create(&core.outbox(&[event])?);
    transaction.commit().await?;
    Ok(meeting)
}

/// Links or unlinks; answers with the schedule that was linked to just now.
async fn change_link(
    store: &TenantStore,
    transaction: &mut Transaction,
    meeting: &mut Meeting,
    link: &LinkChange,
) -> Result<Option<ControlSchedule>, Attempt> {
    match link {
        LinkChange::Keep => Ok(None),
        LinkChange::Unlink => {
            unlink_in(transaction, meeting);
            meeting.link = None;
            Ok(None)
        }
        LinkChange::To(named) => {
            let schedule = schedules::find(store, &meeting.control_id).await?;
            require_schedule(Some(named), schedule.as_ref())?;
            let Some(schedule) = schedule.filter(|_| meeting.link.is_none()) else {
                return Ok(None);
            };
            link_in(transaction, &schedule, meeting.meeting_id);
            meeting.link_to(&schedule);
            Ok(Some(schedule))
        }
    }
}

/// Leaves a provider that is no longer the meeting's: its event is to be
/// removed, and a call that is under way there finds itself unwanted.
fn leave_provider(
    core: &Core,
    transaction: &mut Transaction,
    meeting: &mut Meeting,
    before: ProviderKind,
) -> Result<(), Error> {
    if meeting.provider == before {
        return Ok(());
    }
    meeting.status = MeetingStatus::Planned;
    meeting.intent = None;
    match meeting.remote.take() {
        Some(remote) if remote.provider == ProviderKind::Graph => {
            intend_removal(core, transaction, meeting, &remote, false).map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Writes down that an event is to be removed; `claimed` when the caller sets
/// about it right away, else a job does.
pub(super) fn intend_removal(
    core: &Core,
    transaction: &mut Transaction,
    meeting: &Meeting,
    remote: &RemoteEvent,
    claimed: bool,
) -> Result<IntentId, Error> {
    let operation = Operation::Delete {
        event_id: remote.external_event_id.clone(),
    };
    intend(
        core,
        transaction,
        meeting,
        operation,
        remote.organizer.as_deref().unwrap_or_default(),
        claimed,
    )
}

/// Writes down that the provider's event is to follow the meeting, unless a
/// call is under way that will find it so.
pub(super) fn push_if_behind(
    core: &Core,
    transaction: &mut Transaction,
    meeting: &mut Meeting,
) -> Result<(), Error> {
    if !meeting.is_behind()
        || meeting.intent.is_some()
        || meeting.status == MeetingStatus::Cancelled
    {
        return Ok(());
    }
    let Some(remote) = &meeting.remote else {
        return Ok(());
    };
    let operation = Operation::Update {
        event_id: remote.external_event_id.clone(),
    };
    let organizer = remote.organizer.clone().unwrap_or_default();
    meeting.intent = Some(intend(
        core,
        transaction,
        meeting,
        operation,
        &organizer,
        false,
    )?);
    Ok(())
}

fn intend(
    core: &Core,
    transaction: &mut Transaction,
    meeting: &Meeting,
    operation: Operation,
    organizer: &str,
    claimed: bool,
) -> Result<IntentId, Error> {
    let now = core.ports.now();
    let mut intent = meeting.intend(IntentId::new(core.ports.mint()), operation, organizer, now);
    intent.claimed = claimed;
    transaction.create(&IntentRecord::from(&intent));
    if !claimed {
        let job = Job::SettleIntent {
            meeting_id: meeting.meeting_id.uuid(),
            intent_id: intent.intent_id.uuid(),
            mailbox: mailbox_key(organizer),
        };
        transaction.create(&core.outbox(&[job])?);
    }
    Ok(intent.intent_id)
}
