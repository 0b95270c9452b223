//! The reconciler: finishes what was intended, or clears up after it (XC-8).
//!
//! Run by the worker of the mailbox's queue, for intents that a job or the due
//! index names. Whoever claims an intent may call the provider; a crash frees
//! the claim when its lease ends.

use convoke_domain::error::Error;
use convoke_domain::id::{IntentId, MeetingId};
use convoke_domain::meeting::{Intent, Meeting, MeetingStatus, Operation};
use convoke_domain::provider::ProviderKind;
use convoke_platform::records::IntentRecord;
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use super::find;
use super::outcome::{Ending, Outcome, drop_intent};
use super::scheduling::LEASE;
use crate::core::{Core, undisturbed};
use crate::providers::{CallFailure, Effect, Providers, RemoteCalendar};

/// Look-ups that must find nothing before a creation is taken for not having
/// happened: a request that timed out here may land there a little later.
const LOOKUPS: u32 = 2;
/// Failures after which an operator hears of it as an error each time.
const LOUD_AFTER: u32 = 12;
/// Failures after which an intent is given up: a month of hourly tries.
const ATTEMPTS: u32 = 720;

/// Settles one intent, if it is still there and nobody else is at it.
pub async fn settle(
    core: &Core,
    providers: &Providers,
    tenant: &Tenant,
    meeting_id: MeetingId,
    intent_id: IntentId,
) -> Result<(), Error> {
    let store = core.store(tenant);
    let Some(intent) = claim(core, &store, meeting_id, intent_id).await? else {
        return Ok(());
    };
    let meeting = find(&store, meeting_id).await?;
    let wanted = meeting.filter(|meeting| {
        meeting.intent == Some(intent_id) && meeting.status != MeetingStatus::Cancelled
    });
    let calendar = match calendar_of(providers, &store, wanted.as_ref()).await {
        Ok(calendar) => calendar,
        Err(error) => {
            let failure = CallFailure {
                effect: Effect::None,
                error,
            };
            return put_back(core, &store, intent, &failure).await;
        }
    };
    let settler = Settler {
        core,
        store: &store,
        calendar: &*calendar,
    };
    match (&intent.operation, wanted) {
        (Operation::Create, wanted) => settler.after_creation(intent, wanted.is_some()).await,
        (Operation::Update { event_id }, Some(meeting)) => {
            let event_id = event_id.clone();
            settler.update(intent, &meeting, &event_id).await
        }
        // The meeting needs it no more; what is to be removed has an intent of its own.
        (Operation::Update { .. }, None) => {
            drop_intent(core, &store, &intent, Ending::NoEffect).await
        }
        (Operation::Delete { event_id }, _) => {
            let event_id = event_id.clone();
            settler.delete(intent, &event_id).await
        }
    }
}

async fn claim(
    core: &Core,
    store: &TenantStore,
    meeting_id: MeetingId,
    intent_id: IntentId,
) -> Result<Option<Intent>, Error> {
    let key = IntentRecord::key_of(meeting_id, intent_id);
    let Some(mut intent) = store
        .get::<IntentRecord>(&key)
        .await?
        .map(Intent::try_from)
        .transpose()?
    else {
        return Ok(None);
    };
    let now = core.ports.now();
    if !intent.is_due(now) {
        return Ok(None);
    }
    let expected = intent.version;
    intent.claim(LEASE, now);
    let mut transaction = store.transaction();
    transaction.replace(&IntentRecord::from(&intent), expected);
    match transaction.commit().await {
        Ok(()) => Ok(Some(intent)),
        Err(StoreError::VersionConflict(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The calendar to call, also where the meeting is gone.
async fn calendar_of(
    providers: &Providers,
    store: &TenantStore,
    meeting: Option<&Meeting>,
) -> Result<Box<dyn RemoteCalendar>, Error> {
    let provider = meeting.map_or(ProviderKind::Graph, |meeting| meeting.provider);
    providers.remote(provider, store).await
}

struct Settler<'a> {
    core: &'a Core,
    store: &'a TenantStore,
    calendar: &'a dyn RemoteCalendar,
}

impl Settler<'_> {
    /// A creation that was cut off: the event is adopted when it exists and is
    /// wanted, removed when it is not wanted, and taken for never made when it
    /// cannot be found.
    async fn after_creation(&self, mut intent: Intent, wanted: bool) -> Result<(), Error> {
        match self.calendar.find(&intent).await {
            Ok(Some(remote)) if wanted => {
                let outcome = Outcome {
                    core: self.core,
                    store: self.store,
                    intent: &intent,
                    remote: &remote,
                };
                undisturbed(|| outcome.write(None, None)).await?;
                tracing::info!(intent_id = %intent.intent_id, "an interrupted creation was found and finished");
                Ok(())
            }
            Ok(Some(remote)) => self.delete(intent, &remote.external_event_id).await,
            Ok(None) if intent.empty_lookups + 1 >= LOOKUPS => {
                tracing::info!(intent_id = %intent.intent_id, "an interrupted creation had no effect");
                drop_intent(self.core, self.store, &intent, Ending::NoEffect).await
            }
            Ok(None) => {
                intent.empty_lookups += 1;
                requeue(self.core, self.store, intent).await
            }
            Err(failure) => put_back(self.core, self.store, intent, &failure).await,
        }
    }

    async fn update(
        &self,
        mut intent: Intent,
        meeting: &Meeting,
        event_id: &str,
    ) -> Result<(), Error> {
        match self
            .calendar
            .update(meeting, &intent.organizer, event_id)
            .await
        {
            Ok(remote) => {
                (intent.revision, intent.sequence) = (meeting.revision, meeting.sequence);
                let outcome = Outcome {
                    core: self.core,
                    store: self.store,
                    intent: &intent,
                    remote: &remote,
                };
                undisturbed(|| outcome.follow()).await
            }
            Err(CallFailure {
                effect: Effect::Gone,
                ..
            }) => {
                tracing::warn!(meeting_id = %meeting.meeting_id, "the provider's event was removed there");
                drop_intent(self.core, self.store, &intent, Ending::Gone).await
            }
            Err(failure) => put_back(self.core, self.store, intent, &failure).await,
        }
    }

    async fn delete(&self, intent: Intent, event_id: &str) -> Result<(), Error> {
        match self.calendar.delete(&intent.organizer, event_id).await {
            Ok(())
            | Err(CallFailure {
                effect: Effect::Gone,
                ..
            }) => drop_intent(self.core, self.store, &intent, Ending::NoEffect).await,
            Err(failure) => put_back(self.core, self.store, intent, &failure).await,
        }
    }
}

/// Puts an intent back after a failure. It is tried for a month, hourly in the
/// end: what it stands for must not be forgotten while somebody may mend the
/// cause.
async fn put_back(
    core: &Core,
    store: &TenantStore,
    intent: Intent,
    failure: &CallFailure,
) -> Result<(), Error> {
    let (code, operation) = (failure.error.code(), intent.operation.as_str());
    let (intent_id, meeting_id) = (intent.intent_id, intent.meeting_id);
    if intent.attempts + 1 >= ATTEMPTS {
        tracing::error!(%intent_id, %meeting_id, operation, code, "given up: the provider's calendar has to be put right by hand");
        return drop_intent(core, store, &intent, Ending::GivenUp).await;
    }
    if intent.attempts >= LOUD_AFTER {
        tracing::error!(%intent_id, %meeting_id, operation, code, "still failing: to be tried again");
    } else {
        tracing::warn!(%intent_id, %meeting_id, operation, code, "to be tried again");
    }
    requeue(core, store, intent).await
}

/// Puts an intent back, to be settled after a doubling wait.
pub(super) async fn requeue(
    core: &Core,
    store: &TenantStore,
    mut intent: Intent,
) -> Result<(), Error> {
    let expected = intent.version;
    intent.put_back(core.ports.now());
    let mut transaction = store.transaction();
    transaction.replace(&IntentRecord::from(&intent), expected);
    Ok(transaction.commit().await?)
}
