//! Creating a meeting against a control (CM-1, CM-3).

use convoke_domain::control::ControlSchedule;
use convoke_domain::error::Error;
use convoke_domain::id::{ControlId, MeetingId};
use convoke_domain::meeting::{Meeting, MeetingDraft};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::Seal;
use convoke_platform::records::{
    LINK_COUNTER_KIND, LinkRecord, MeetingRecord, ScheduleRecord, link_counter_key,
};
use convoke_platform::store::{Record, TenantStore, Transaction};
use convoke_platform::tenant::Tenant;

use super::attendees;
use crate::core::{Core, undisturbed};
use crate::schedules;

/// Creates a meeting, linked to the control's schedule where one exists.
pub async fn create(
    core: &Core,
    tenant: &Tenant,
    control_id: &ControlId,
    mut draft: MeetingDraft,
    schedule_id: Option<&str>,
    seal: &Seal<'_, Meeting>,
) -> Result<Meeting, Error> {
    let store = core.store(tenant);
    let meeting_id = MeetingId::new(core.ports.mint());
    schedules::note_control(&store, control_id).await?;
    attendees::resolve(&store, meeting_id, &mut draft.attendees).await?;
    undisturbed(|| {
        create_once(
            core,
            &store,
            control_id,
            meeting_id,
            draft.clone(),
            schedule_id,
            seal,
        )
    })
    .await
}

async fn create_once(
    core: &Core,
    store: &TenantStore,
    control_id: &ControlId,
    meeting_id: MeetingId,
    draft: MeetingDraft,
    schedule_id: Option<&str>,
    seal: &Seal<'_, Meeting>,
) -> Result<Meeting, Attempt> {
    let schedule = schedules::find(store, control_id).await?;
    require_schedule(schedule_id, schedule.as_ref())?;
    let meeting = draft.into_meeting(
        meeting_id,
        control_id.clone(),
        schedule.as_ref(),
        core.ports.now(),
    )?;
    let mut transaction = store.transaction();
    transaction.create(&MeetingRecord::from(&meeting));
    match &schedule {
        Some(schedule) => link_in(&mut transaction, schedule, meeting_id),
        // Else a schedule that comes to exist just now would miss the meeting.
        None => {
            transaction.require_absent(ScheduleRecord::KIND, &ScheduleRecord::key_of(control_id));
        }
    }
    seal.apply(&mut transaction, &meeting)?;
    transaction.commit().await?;
    Ok(meeting)
}

/// A named schedule must be the control's own.
pub(super) fn require_schedule(
    named: Option<&str>,
    schedule: Option<&ControlSchedule>,
) -> Result<(), Error> {
    let Some(named) = named else { return Ok(()) };
    if schedule.is_some_and(|schedule| schedule.control_schedule_id.to_string() == named) {
        return Ok(());
    }
    Err(Error::invalid(
        "/control_schedule_id",
        "not_the_controls_schedule",
        "this is not the schedule of the control; leave it out to link to the control's own",
    ))
}

/// Adds a link to a transaction, on the condition that the schedule stays as
/// it was read.
pub(super) fn link_in(
    transaction: &mut Transaction,
    schedule: &ControlSchedule,
    meeting_id: MeetingId,
) {
    let control_id = &schedule.control_id;
    transaction.require(
        ScheduleRecord::KIND,
        &ScheduleRecord::key_of(control_id),
        schedule.version,
    );
    transaction.put(&LinkRecord::new(control_id, meeting_id));
    transaction.count(LINK_COUNTER_KIND, &link_counter_key(control_id), 1);
}

/// Takes a link out, in a transaction.
pub(super) fn unlink_in(transaction: &mut Transaction, meeting: &Meeting) {
    if meeting.link.is_some() {
        let link = LinkRecord::new(&meeting.control_id, meeting.meeting_id);
        transaction.remove(LinkRecord::KIND, &link.key());
        transaction.count(
            LINK_COUNTER_KIND,
            &link_counter_key(&meeting.control_id),
            -1,
        );
    }
}
