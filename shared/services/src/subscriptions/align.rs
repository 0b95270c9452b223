//! Bringing a tenant's subscriptions in line with its settings (NT-1, NT-6): who is
//! to be watched, and what is to go.
//!
//! Guarantee: rows are written only as long as the settings are those that were
//! read; a later change brings a job of its own.

use convoke_domain::artifact::ArtifactType;
use convoke_domain::error::Error;
use convoke_domain::integration::TeamsIntegration;
use convoke_domain::subscription::{Subscription, SubscriptionState, Wish};
use convoke_platform::backoff::Attempt;
use convoke_platform::records::{IntegrationRecord, SubscriptionRecord};
use convoke_platform::store::{Record, StoreError, TenantStore, Transaction};
use convoke_platform::tenant::Tenant;

use super::keep::{Wake, keep};
use super::list;
use super::outcome::list_job;
use super::subscriber::{Kit, Subscriber};
use crate::core::undisturbed;
use crate::microsoft::read_integration;

/// Makes rows, retires and removes them as the settings want it, and then looks
/// after what is due. What fails at Microsoft is tried again by later rounds.
pub async fn align(subscriber: &Subscriber, tenant: &Tenant) -> Result<(), Error> {
    let store = subscriber.core.store(tenant);
    let kit = subscriber.kit().await?;
    undisturbed(|| write(&kit, &store)).await?;
    let mut rows = list(&store).await?;
    // What is to go may be in the way of what is to come.
    rows.sort_by_key(|row| row.state != SubscriptionState::Removing);
    for row in rows {
        keep(&kit, &store, &row.key.to_string(), Wake::Due, None).await?;
    }
    Ok(())
}

async fn write(kit: &Kit<'_>, store: &TenantStore) -> Result<(), Attempt> {
    let settings = read_integration(store).await?.unwrap_or_default();
    let wish = Wish::of(&settings);
    let rows = list(store).await?;
    let now = kit.subscriber.core.ports.now();
    for row in &rows {
        let mut next = row.clone();
        wish.apply(&mut next, now);
        if next.error_code.is_some() {
            // Settings that were saved again are a reason to try.
            next.try_at_once(now);
        }
        if next != *row {
            next.version += 1;
            let mut transaction = store.transaction();
            transaction.replace(&SubscriptionRecord::from(&next), row.version);
            require(&mut transaction, &settings);
            transaction.commit().await?;
        }
    }
    create(kit, store, &settings, &wish, &rows).await
}

/// Rows for what is wanted and not there, with a list of what there is already.
async fn create(
    kit: &Kit<'_>,
    store: &TenantStore,
    settings: &TeamsIntegration,
    wish: &Wish,
    rows: &[Subscription],
) -> Result<(), Attempt> {
    let Some((app, organizer)) = wish.target() else {
        return Ok(());
    };
    let core = &kit.subscriber.core;
    let (mut transaction, mut jobs) = (store.transaction(), vec![]);
    for kind in ArtifactType::ALL {
        let (ms_tenant, client) = (&app.ms_tenant_id, &app.client_id);
        let key = SubscriptionRecord::name_of(ms_tenant, client, organizer, kind)?;
        if rows.iter().any(|row| row.key == key) {
            continue;
        }
        let hash = kit.client_state(store.tenant(), &key)?.hash;
        jobs.push(list_job(&key));
        let row = Subscription::wanted(key, app, organizer, hash, core.ports.now());
        transaction.create(&SubscriptionRecord::from(&row));
    }
    if jobs.is_empty() {
        return Ok(());
    }
    transaction.create(&core.outbox(&jobs)?);
    require(&mut transaction, settings);
    match transaction.commit().await {
        // Another run's first.
        Err(StoreError::AlreadyExists(kind)) => Err(StoreError::VersionConflict(kind).into()),
        other => Ok(other?),
    }
}

fn require(transaction: &mut Transaction, settings: &TeamsIntegration) {
    let (kind, key) = (IntegrationRecord::KIND, IntegrationRecord::key_of());
    if settings.version == 0 {
        transaction.require_absent(kind, &key);
    } else {
        transaction.require(kind, &key, settings.version);
    }
}
