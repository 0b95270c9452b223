//! Meetings that follow their control's schedule (CM-4).
//!
//! A completion takes the first linked meetings along in its own transaction;
//! a job brings the rest to the same N, batch by batch. Each meeting advances
//! conditionally, by a pure function of N: overlapping completions, repeated
//! jobs and crashes lose no step and double none.

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::{ControlId, MeetingId};
use convoke_domain::meeting::Meeting;
use convoke_platform::backoff::Attempt;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::{LinkRecord, MeetingRecord};
use convoke_platform::store::{
    Page, Position, Query, SortRange, StoreError, TenantStore, Transaction,
};
use convoke_platform::tenant::Tenant;

use crate::core::{Core, undisturbed};
use crate::schedules::ADVANCED;

/// Meetings that advance in the completion's own transaction. Few enough that
/// their other writers seldom disturb it.
const INLINE: u16 = 20;
/// Meetings that a job advances in one transaction.
const BATCH: u16 = 40;

/// The linked meetings that a completion takes along.
pub(crate) struct FirstBatch {
    /// Those that moved, at their new version.
    pub(crate) advanced: Vec<Meeting>,
    /// How many linked meetings were looked at.
    pub(crate) seen: u64,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// Reads the first linked meetings and advances them, in memory, to N.
pub(crate) async fn first_batch(
    store: &TenantStore,
    control_id: &ControlId,
    completed_steps: u32,
    now: DateTime<Utc>,
) -> Result<FirstBatch, StoreError> {
    let page = links(store, control_id, INLINE, None).await?;
    let seen = page.records.len() as u64;
    // A full page may end just where the links end.
    let more = page.next.is_some();
    let advanced = advance(store, &page.records, completed_steps, now).await?;
    Ok(FirstBatch {
        advanced,
        seen,
        more,
    })
}

/// Adds advanced meetings and their events to a transaction.
pub(crate) fn write(
    core: &Core,
    tenant: &Tenant,
    transaction: &mut Transaction,
    advanced: &[Meeting],
) -> Result<(), Error> {
    if advanced.is_empty() {
        return Ok(());
    }
    for meeting in advanced {
        transaction.replace(&MeetingRecord::from(meeting), meeting.version - 1);
    }
    transaction.create(&events(core, tenant, advanced)?);
    Ok(())
}

fn events(core: &Core, tenant: &Tenant, advanced: &[Meeting]) -> Result<OutboxRecord, Error> {
    let jobs = advanced
        .iter()
        .map(|meeting| core.meeting_event(tenant.id(), ADVANCED, meeting))
        .collect::<Result<Vec<_>, _>>()?;
    core.outbox(&jobs)
}

/// Brings every linked meeting to N, however far each has come.
pub async fn advance_all(
    core: &Core,
    tenant: &Tenant,
    control_id: &ControlId,
    completed_steps: u32,
) -> Result<(), Error> {
    let store = core.store(tenant);
    let mut after = None;
    loop {
        let page = links(&store, control_id, BATCH, after).await?;
        undisturbed(|| advance_batch(core, &store, &page.records, completed_steps)).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn advance_batch(
    core: &Core,
    store: &TenantStore,
    links: &[LinkRecord],
    completed_steps: u32,
) -> Result<(), Attempt> {
    let advanced = advance(store, links, completed_steps, core.ports.now()).await?;
    let mut transaction = store.transaction();
    write(core, store.tenant(), &mut transaction, &advanced)?;
    Ok(transaction.commit().await?)
}

async fn advance(
    store: &TenantStore,
    links: &[LinkRecord],
    completed_steps: u32,
    now: DateTime<Utc>,
) -> Result<Vec<Meeting>, StoreError> {
    let mut meetings = read(store, links).await?;
    meetings.retain_mut(|meeting| meeting.advance_to_step(completed_steps, now));
    for meeting in &mut meetings {
        meeting.version += 1;
    }
    Ok(meetings)
}

async fn read(store: &TenantStore, links: &[LinkRecord]) -> Result<Vec<Meeting>, StoreError> {
    let keys: Vec<_> = links
        .iter()
        .map(|link| MeetingRecord::key_of(link.meeting_id()))
        .collect();
    let mut meetings = store
        .get_all::<MeetingRecord>(&keys)
        .await?
        .into_iter()
        .map(Meeting::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    meetings.sort_by_key(|meeting| meeting.meeting_id);
    Ok(meetings)
}

/// How many linked meetings have not come to N yet.
pub(crate) async fn count_behind(
    store: &TenantStore,
    control_id: &ControlId,
    completed_steps: u32,
) -> Result<u64, StoreError> {
    let mut behind = 0;
    let mut after = None;
    loop {
        let page = links(store, control_id, 100, after).await?;
        for mut meeting in read(store, &page.records).await? {
            let now = meeting.updated_at;
            behind += u64::from(meeting.advance_to_step(completed_steps, now));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(behind),
        }
    }
}

async fn links(
    store: &TenantStore,
    control_id: &ControlId,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<LinkRecord>, StoreError> {
    let mut query = Query::partition(LinkRecord::partition(control_id), limit);
    query.range = SortRange::Prefix(LinkRecord::PREFIX.to_owned());
    query.after = after;
    store.query(&query).await
}

/// Advances an unlinked meeting whose occurrence has passed, and says so.
pub async fn advance_passed(
    core: &Core,
    tenant: &Tenant,
    meeting_id: MeetingId,
) -> Result<(), Error> {
    let store = core.store(tenant);
    undisturbed(|| async {
        let found = store
            .get::<MeetingRecord>(&MeetingRecord::key_of(meeting_id))
            .await?;
        let Some(mut meeting) = found.map(Meeting::try_from).transpose()? else {
            return Ok(());
        };
        if !meeting.advance_past(core.ports.now()) {
            return Ok(());
        }
        meeting.version += 1;
        let mut transaction = store.transaction();
        write(
            core,
            tenant,
            &mut transaction,
            std::slice::from_ref(&meeting),
        )?;
        Ok(transaction.commit().await?)
    })
    .await
}
