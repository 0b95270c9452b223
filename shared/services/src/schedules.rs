//! Controls and their schedules: setting, reading, completing a step.

use chrono::NaiveDate;
use convoke_domain::cadence::Frequency;
use convoke_domain::control::{Control, ControlSchedule, YEARS};
use convoke_domain::error::{Error, Violations};
use convoke_domain::event::MeetingEventKind;
use convoke_domain::id::{ControlId, ControlScheduleId, UserId};
use convoke_domain::meeting::Meeting;
use convoke_domain::text;
use convoke_domain::zone::Zone;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Seal, require_version};
use convoke_platform::records::{
    CompletionRecord, ControlRecord, LINK_COUNTER_KIND, LinkCounter, ScheduleRecord,
    link_counter_key,
};
use convoke_platform::store::{Filter, Page, Position, Query, Record, StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use crate::core::{Core, undisturbed};
use crate::jobs::Job;
use crate::lockstep;

/// What to set a schedule to.
#[derive(Debug, Clone)]
pub struct ScheduleInput {
    /// `DAILY` to `ANNUAL`.
    pub frequency: String,
    /// The next day on which evidence is due.
    pub next_due: NaiveDate,
    /// IANA name.
    pub timezone: String,
}

/// A completed test, to be recorded.
#[derive(Debug, Clone)]
pub struct Completion<'a> {
    /// The day it was done; today in the schedule's zone where absent.
    pub completed_on: Option<NaiveDate>,
    /// Who says so.
    pub by: &'a UserId,
    /// The version that the schedule must have.
    pub if_match: Option<u64>,
}

/// What a completion did.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The schedule after it.
    pub schedule: ControlSchedule,
    /// Meetings that advanced in the same transaction.
    pub advanced: Vec<Meeting>,
    /// Linked meetings that are still on their way.
    pub pending: u64,
    /// Whether that day was completed before: nothing was done.
    pub repeated: bool,
}

/// Reads a control's schedule.
pub async fn find(
    store: &TenantStore,
    control_id: &ControlId,
) -> Result<Option<ControlSchedule>, StoreError> {
    store
        .get::<ScheduleRecord>(&ScheduleRecord::key_of(control_id))
        .await?
        .map(ControlSchedule::try_from)
        .transpose()
}

/// Reads a control's schedule, which must exist.
pub async fn get(
    core: &Core,
    tenant: &Tenant,
    control_id: &ControlId,
) -> Result<ControlSchedule, Error> {
    find(&core.store(tenant), control_id)
        .await?
        .ok_or(Error::NotFound {
            what: "control schedule",
        })
}

/// Sets a control's schedule; answers whether it is new. Its frequency stays
/// while meetings are linked (CM-4).
pub async fn put(
    core: &Core,
    tenant: &Tenant,
    control_id: &ControlId,
    input: &ScheduleInput,
    if_match: Option<u64>,
) -> Result<(ControlSchedule, bool), Error> {
    let (frequency, zone) = check(input)?;
    let store = core.store(tenant);
    note_control(&store, control_id).await?;
    undisturbed(|| {
        put_once(
            core,
            &store,
            control_id,
            (frequency, input.next_due, &zone),
            if_match,
        )
    })
    .await
}

fn check(input: &ScheduleInput) -> Result<(Frequency, Zone), Error> {
    let mut wrong = Violations::new();
    let frequency = wrong.keep(
        "/frequency",
        "unknown_frequency",
        input
            .frequency
            .parse::<Frequency>()
            .map_err(|_| "use DAILY, WEEKLY, MONTHLY, QUARTERLY or ANNUAL"),
    );
    let zone = wrong.keep(
        "/timezone",
        "unknown_timezone",
        Zone::parse(&input.timezone),
    );
    if !YEARS.contains(&chrono::Datelike::year(&input.next_due)) {
        wrong.add(
            "/next_due",
            "out_of_range",
            format!("a year from {} to {}", YEARS.start(), YEARS.end()),
        );
    }
    wrong.finish()?;
    frequency
        .zip(zone)
        .ok_or_else(|| Error::internal("a schedule without violations lacks a field"))
}

async fn put_once(
    core: &Core,
    store: &TenantStore,
    control_id: &ControlId,
    (frequency, next_due, zone): (Frequency, NaiveDate, &Zone),
    if_match: Option<u64>,
) -> Result<(ControlSchedule, bool), Attempt> {
    let now = core.ports.now();
    let mut transaction = store.transaction();
    let Some(mut schedule) = find(store, control_id).await? else {
        if if_match.is_some() {
            return Err(Error::VersionMismatch.into());
        }
        let schedule = ControlSchedule {
            control_schedule_id: ControlScheduleId::new(core.ports.mint()),
            control_id: control_id.clone(),
            frequency,
            anchor_due: next_due,
            anchor_steps: 0,
            completed_steps: 0,
            last_completed: None,
            zone: zone.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        transaction.create(&ScheduleRecord::from(&schedule));
        return match transaction.commit().await {
            // Somebody else's first; ours becomes a change of it.
            Err(StoreError::AlreadyExists(kind)) => Err(StoreError::VersionConflict(kind).into()),
            other => Ok(other.map(|()| (schedule, true))?),
        };
    };
    require_version(if_match, schedule.version)?;
    if schedule.frequency != frequency {
        if linked_count(store, control_id).await? > 0 {
            return Err(Error::conflict(
                "meetings_linked",
                "the frequency cannot change while meetings are linked; unlink or cancel them first",
            )
            .into());
        }
        transaction.require_zero(LINK_COUNTER_KIND, &link_counter_key(control_id));
    }
    let expected = schedule.version;
    schedule.set(frequency, next_due, zone.clone(), now);
    schedule.version += 1;
    transaction.replace(&ScheduleRecord::from(&schedule), expected);
    transaction.commit().await?;
    Ok((schedule, false))
}

async fn linked_count(store: &TenantStore, control_id: &ControlId) -> Result<u64, StoreError> {
    let counter = store
        .get::<LinkCounter>(&link_counter_key(control_id))
        .await?;
    Ok(counter.map_or(0, |counter| counter.count))
}

/// Records that a control's test was done: one step forward, once a day, with
/// the linked meetings (CM-4).
pub async fn complete(
    core: &Core,
    tenant: &Tenant,
    control_id: &ControlId,
    completion: &Completion<'_>,
    seal: &Seal<'_, Completed>,
) -> Result<Completed, Error> {
    let store = core.store(tenant);
    undisturbed(|| complete_once(core, &store, control_id, completion, seal)).await
}

async fn complete_once(
    core: &Core,
    store: &TenantStore,
    control_id: &ControlId,
    completion: &Completion<'_>,
    seal: &Seal<'_, Completed>,
) -> Result<Completed, Attempt> {
    let now = core.ports.now();
    let mut schedule = find(store, control_id).await?.ok_or(Error::NotFound {
        what: "control schedule",
    })?;
    let expected = schedule.version;
    require_version(completion.if_match, expected)?;
    let completed_on = completion
        .completed_on
        .unwrap_or_else(|| schedule.zone.local(now).date());
    if let Some(done) = store
        .get::<CompletionRecord>(&CompletionRecord::key_of(control_id, completed_on))
        .await?
    {
        let pending = lockstep::count_behind(store, control_id, done.completed_steps).await?;
        return Ok(Completed {
            schedule,
            advanced: vec![],
            pending,
            repeated: true,
        });
    }
    schedule.complete(completed_on, now)?;
    schedule.version += 1;
    let batch = lockstep::first_batch(store, control_id, schedule.completed_steps, now).await?;
    let linked = if batch.more {
        linked_count(store, control_id).await?
    } else {
        batch.seen
    };
    let completed = Completed {
        pending: linked.saturating_sub(batch.seen),
        schedule,
        advanced: batch.advanced,
        repeated: false,
    };
    let mut transaction = store.transaction();
    transaction.replace(&ScheduleRecord::from(&completed.schedule), expected);
    transaction.create(&CompletionRecord::new(
        &completed.schedule,
        completed_on,
        completion.by.as_str(),
        now,
    ));
    lockstep::write(core, store.tenant(), &mut transaction, &completed.advanced)?;
    if batch.more {
        let job = Job::AdvanceLinked {
            control_id: control_id.to_string(),
            completed_steps: completed.schedule.completed_steps,
        };
        transaction.create(&core.outbox(&[job])?);
    }
    seal.apply(&mut transaction, &completed)?;
    match transaction.commit().await {
        // The same day, at the same moment: read again and find it done.
        Err(StoreError::AlreadyExists(kind)) if kind == CompletionRecord::KIND => {
            Err(StoreError::VersionConflict(kind).into())
        }
        other => Ok(other.map(|()| completed)?),
    }
}

/// Makes a control known, so that the picker lists it.
pub async fn note_control(store: &TenantStore, control_id: &ControlId) -> Result<(), StoreError> {
    let key = ControlRecord::key_of(control_id);
    if store.get::<ControlRecord>(&key).await?.is_none() {
        let control = Control {
            control_id: control_id.clone(),
            name: None,
            version: 1,
        };
        store.put_new(&ControlRecord::from(&control)).await?;
    }
    Ok(())
}

/// Names a control.
pub async fn put_control(
    core: &Core,
    tenant: &Tenant,
    control_id: &ControlId,
    name: &str,
    if_match: Option<u64>,
) -> Result<Control, Error> {
    let mut wrong = Violations::new();
    text::check_name(name, "/name", &mut wrong);
    wrong.finish()?;
    let store = core.store(tenant);
    undisturbed(|| async {
        let key = ControlRecord::key_of(control_id);
        let held = store
            .get::<ControlRecord>(&key)
            .await?
            .map(Control::try_from)
            .transpose()?;
        let expected = held.map_or(0, |control| control.version);
        require_version(if_match, expected)?;
        let control = Control {
            control_id: control_id.clone(),
            name: Some(name.to_owned()),
            version: expected + 1,
        };
        let mut transaction = store.transaction();
        match expected {
            0 => transaction.create(&ControlRecord::from(&control)),
            _ => transaction.replace(&ControlRecord::from(&control), expected),
        };
        match transaction.commit().await {
            Err(StoreError::AlreadyExists(kind)) => Err(StoreError::VersionConflict(kind).into()),
            other => Ok(other.map(|()| control)?),
        }
    })
    .await
}

/// Reads a control.
pub async fn get_control(
    core: &Core,
    tenant: &Tenant,
    control_id: &ControlId,
) -> Result<Control, Error> {
    let found = core
        .store(tenant)
        .get::<ControlRecord>(&ControlRecord::key_of(control_id))
        .await?;
    Ok(found
        .ok_or(Error::NotFound { what: "control" })?
        .try_into()?)
}

/// Lists the controls known here; `text` narrows by name or id.
pub async fn list_controls(
    core: &Core,
    tenant: &Tenant,
    text: Option<&str>,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Control>, Error> {
    let mut query = Query::partition(ControlRecord::LIST, limit);
    query.filters = text
        .map(|text| Filter::Contains("search", text.to_lowercase()))
        .into_iter()
        .collect();
    query.after = after;
    let page = core.store(tenant).query::<ControlRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(Control::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}

/// The event that a meeting advanced.
pub(crate) const ADVANCED: MeetingEventKind = MeetingEventKind::OccurrenceAdvanced;
