//! Writing a row: conditionally on its version, and in the same transaction whose
//! Microsoft's subscription is and what follows from it.
//!
//! Guarantee: a pointer is there exactly as long as a row names its subscription.

use convoke_domain::subscription::{Subscription, SubscriptionKey, SubscriptionState};
use convoke_platform::backoff::Attempt;
use convoke_platform::records::{SubscriptionPointerRecord, SubscriptionRecord};
use convoke_platform::store::{Record, StoreError, TenantStore, Transaction};
use convoke_platform::tenant::Tenant;

use super::stop::Stop;
use crate::core::{Core, undisturbed};
use crate::jobs::Job;

/// Reads a row.
pub(super) async fn read(
    store: &TenantStore,
    sort: &str,
) -> Result<Option<Subscription>, StoreError> {
    let key = SubscriptionRecord::key_of(sort);
    let record = store.get::<SubscriptionRecord>(&key).await?;
    record.map(Subscription::try_from).transpose()
}

/// Whose subscription Microsoft's id names, if it is one of this deployment.
pub(super) async fn pointer(
    core: &Core,
    subscription_id: &str,
) -> Result<Option<SubscriptionPointerRecord>, StoreError> {
    let deployment = core.store(&Tenant::of_deployment());
    let key = SubscriptionPointerRecord::key_of(subscription_id);
    deployment.get(&key).await
}

/// Has what may have been missed listed.
pub(super) fn list_job(key: &SubscriptionKey) -> Job {
    Job::ListDelta {
        subscription: key.to_string(),
    }
}

/// Writes `after` over `before`, with what follows from the difference.
pub(super) async fn commit(
    core: &Core,
    store: &TenantStore,
    before: &Subscription,
    after: Subscription,
) -> Result<Subscription, StoreError> {
    let mut after = after;
    after.version = before.version + 1;
    let mut transaction = store.transaction();
    transaction.replace(&SubscriptionRecord::from(&after), before.version);
    if after.subscription_id != before.subscription_id {
        move_pointer(&mut transaction, store, before, Some(&after));
        if after.state == SubscriptionState::Live {
            // Nobody told of what came up while there was none.
            let outbox = core.outbox(&[list_job(&after.key)]);
            let outbox = outbox.map_err(|error| StoreError::Corrupt(error.to_string()))?;
            transaction.create(&outbox);
        }
    }
    transaction.commit().await?;
    Ok(after)
}

/// Removes a row and its pointer.
pub(super) async fn delete(store: &TenantStore, row: &Subscription) -> Result<(), StoreError> {
    let key = SubscriptionRecord::key_of(&row.key.to_string());
    let mut transaction = store.transaction();
    transaction.delete(SubscriptionRecord::KIND, &key, row.version);
    move_pointer(&mut transaction, store, row, None);
    transaction.commit().await
}

fn move_pointer(
    transaction: &mut Transaction,
    store: &TenantStore,
    before: &Subscription,
    after: Option<&Subscription>,
) {
    transaction.in_deployment(|transaction| {
        if let Some(id) = &before.subscription_id {
            let key = SubscriptionPointerRecord::key_of(id);
            transaction.remove(SubscriptionPointerRecord::KIND, &key);
        }
        if let Some(after) = after
            && let Some(id) = &after.subscription_id
        {
            let pointer = SubscriptionPointerRecord::to(id, store.tenant(), &after.key);
            transaction.create(&pointer);
        }
    });
}

/// Writes down what was done at Microsoft, whatever else has become of the row
/// meanwhile; `None`: it is gone.
pub(super) async fn record(
    core: &Core,
    store: &TenantStore,
    key: &SubscriptionKey,
    change: impl Fn(&mut Subscription) -> bool,
) -> Result<Option<Subscription>, Stop> {
    let sort = key.to_string();
    let written = undisturbed(|| async {
        let Some(before) = read(store, &sort).await? else {
            return Ok(Ok(None));
        };
        let mut after = before.clone();
        if !change(&mut after) {
            return Ok(Ok(Some(before)));
        }
        match commit(core, store, &before, after).await {
            Ok(after) => Ok(Ok(Some(after))),
            Err(StoreError::AlreadyExists(SubscriptionPointerRecord::KIND)) => Ok(Err(taken())),
            Err(error) => Err(Attempt::from(error)),
        }
    })
    .await;
    written.map_err(Stop::Store)?
}

/// Another organisation of this deployment has this subscription: it is theirs.
pub(super) fn taken() -> Stop {
    Stop::refused("subscription_taken")
}
