//! A test event with a Teams meeting, on the organiser's calendar for moments.
//!
//! Guarantee: it is written down before it is made, together with a job that
//! removes it later; the note goes only once the event is known to be gone, or
//! to have never been. So neither a crash nor a lost answer leaves one behind
//! (XC-8).

use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use convoke_domain::error::Error;
use convoke_domain::integration::{MicrosoftProfile, SealedSecret, TeamsIntegration};
use convoke_graph::{CreatedEvent, GraphError, GraphSession, NewEvent};
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::ThrowawayRecord;
use convoke_platform::store::{Record, TenantStore};
use convoke_platform::tenant::Tenant;
use uuid::Uuid;

use super::deadline::Deadline;
use crate::core::Core;
use crate::jobs::{Job, mailbox_key};
use crate::microsoft::Microsoft;

/// How far ahead the event lies: nobody is disturbed today.
const AHEAD: TimeDelta = TimeDelta::hours(49);
const LASTS: TimeDelta = TimeDelta::minutes(15);
/// When the background looks for it: after any function that made it has ended.
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(2);
/// Between tries in the background.
const RETRY: TimeDelta = TimeDelta::hours(1);
/// Tries in the background, past which the event itself lies in the past.
const ATTEMPTS: u32 = 72;
/// The longest that one call of the clean-up takes.
const CLEAN_UP: Duration = Duration::from_secs(5);

/// A test event that was written down.
pub(super) struct Throwaway<'a> {
    store: &'a TenantStore,
    session: GraphSession<'a>,
    record: ThrowawayRecord,
    outbox: OutboxRecord,
}

impl<'a> Throwaway<'a> {
    /// Writes it down, with the job that removes it if nobody does before.
    pub(super) async fn note(
        core: &Core,
        store: &'a TenantStore,
        session: GraphSession<'a>,
        profile: &MicrosoftProfile,
        organizer: &str,
    ) -> Result<Self, Error> {
        let now = core.ports.now();
        let start = now + AHEAD;
        let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
        let record = ThrowawayRecord {
            throwaway_id: core.ports.mint(),
            organizer: organizer.to_owned(),
            start: start.duration_trunc(TimeDelta::hours(1)).unwrap_or(start),
            ms_tenant_id: text(profile.tenant_id.as_deref()),
            client_id: text(profile.client_id.as_deref()),
            sealed_client_secret: text(profile.client_secret.as_ref().map(SealedSecret::as_str)),
            attempts: 0,
        };
        let outbox = removal(core, &record, now + LEFT_ALONE)?;
        let mut transaction = store.transaction();
        transaction.create(&record);
        transaction.create(&outbox);
        transaction.commit().await?;
        Ok(Self {
            store,
            session,
            record,
            outbox,
        })
    }

    /// Makes the event.
    pub(super) async fn create(&self, budget: Duration) -> Result<CreatedEvent, GraphError> {
        let start = self.record.start.naive_utc();
        let event = NewEvent {
            subject: "Convoke settings test (removes itself)".to_owned(),
            body_html: None,
            start_local: start,
            end_local: start + LASTS,
            time_zone: "UTC".to_owned(),
            location: None,
            attendees: vec![],
            is_online_meeting: true,
            recurrence: None,
            transaction_id: self.record.throwaway_id.to_string(),
            allow_new_time_proposals: false,
        };
        let session = self.session.with_budget(budget);
        session.create_event(&self.record.organizer, &event).await
    }

    /// Removes an event that was made; answers whether it is gone.
    pub(super) async fn remove(&self, event_id: &str, deadline: Deadline) -> bool {
        let budget = deadline.share(CLEAN_UP, Duration::ZERO);
        let session = self.session.with_budget(budget);
        let removed = session.delete_event(&self.record.organizer, event_id).await;
        if let Err(error) = &removed {
            tracing::warn!(code = error.code, "a test event could not be removed yet");
            return false;
        }
        self.forget().await;
        true
    }

    /// After a creation that may have happened: removes the event where it is
    /// found. One that is not found may still appear, and is looked for again in
    /// the background.
    pub(super) async fn look_and_remove(&self, deadline: Deadline) {
        let budget = deadline.share(CLEAN_UP, Duration::ZERO);
        let session = self.session.with_budget(budget);
        if let Ok(Some(event_id)) = find(session, &self.record).await {
            self.remove(&event_id, deadline).await;
        }
    }

    /// Forgets an event that is not there; a note that stays is found to be
    /// nobody's in the background.
    pub(super) async fn forget(&self) {
        let mut transaction = self.store.transaction();
        transaction.remove(ThrowawayRecord::KIND, &self.record.key());
        transaction.remove(OutboxRecord::KIND, &self.outbox.key());
        if let Err(error) = transaction.commit().await {
            tracing::warn!(%error, "a test event's note stays for the background");
        }
    }
}

/// Removes a test event that was left behind; what fails is tried again later.
pub async fn remove_throwaway(
    core: &Core,
    microsoft: &Microsoft,
    tenant: &Tenant,
    throwaway_id: Uuid,
) -> Result<(), Error> {
    let store = core.store(tenant);
    let key = ThrowawayRecord::key_of(throwaway_id);
    let Some(record) = store.get::<ThrowawayRecord>(&key).await? else {
        return Ok(());
    };
    match clear_up(microsoft, tenant, &record).await {
        Ok(()) => Ok(store.delete(&key).await?),
        Err(error) => put_back(core, &store, record, &error).await,
    }
}

async fn clear_up(
    microsoft: &Microsoft,
    tenant: &Tenant,
    record: &ThrowawayRecord,
) -> Result<(), Error> {
    let settings = TeamsIntegration {
        profile: MicrosoftProfile {
            tenant_id: Some(record.ms_tenant_id.clone()),
            client_id: Some(record.client_id.clone()),
            client_secret: Some(SealedSecret::new(record.sealed_client_secret.clone())),
        },
        ..TeamsIntegration::default()
    };
    let account = microsoft.account_of(tenant, &settings).await?;
    let session = microsoft.client().session(&account.profile);
    let refused = |error: GraphError| Error::Upstream {
        code: "graph_refused",
        message: format!("the test event stays: {}", error.class.as_str()),
        retry_after: error.retry_after,
    };
    if let Some(event_id) = find(session, record).await.map_err(refused)? {
        let removed = session.delete_event(&record.organizer, &event_id).await;
        removed.map_err(refused)?;
    }
    Ok(())
}

async fn put_back(
    core: &Core,
    store: &TenantStore,
    mut record: ThrowawayRecord,
    error: &Error,
) -> Result<(), Error> {
    record.attempts += 1;
    let throwaway_id = record.throwaway_id;
    if record.attempts >= ATTEMPTS {
        tracing::error!(%throwaway_id, code = error.code(), "a test event is given up: remove it in the calendar");
        return Ok(store.delete(&record.key()).await?);
    }
    tracing::warn!(%throwaway_id, code = error.code(), attempts = record.attempts, "a test event could not be removed yet");
    let mut transaction = store.transaction();
    transaction.create(&removal(core, &record, core.ports.now() + RETRY)?);
    transaction.put(&record);
    Ok(transaction.commit().await?)
}

/// The event that a note's transaction id has made, in its own first minute.
async fn find(
    session: GraphSession<'_>,
    record: &ThrowawayRecord,
) -> Result<Option<String>, GraphError> {
    let window = (record.start, record.start + TimeDelta::minutes(1));
    let transaction = record.throwaway_id.to_string();
    let found = session
        .find_event_by_transaction(&record.organizer, &transaction, window)
        .await?;
    Ok(found.map(|event| event.id))
}

fn removal(
    core: &Core,
    record: &ThrowawayRecord,
    not_before: DateTime<Utc>,
) -> Result<OutboxRecord, Error> {
    let job = Job::RemoveThrowaway {
        throwaway_id: record.throwaway_id,
        mailbox: mailbox_key(&record.organizer),
    };
    let message = core.message(&job)?;
    Ok(OutboxRecord::later(
        core.ports.mint(),
        vec![message],
        not_before,
        core.ports.now(),
    ))
}
