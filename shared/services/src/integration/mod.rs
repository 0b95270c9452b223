//! The settings of a tenant's Teams integration: reading and saving them, and
//! finding out whether they work (TS-1 to TS-3, TS-5).
//!
//! Guarantee: Microsoft is asked before the transaction, never within one, and
//! only with the credentials of the settings that are being saved or tested.

#[cfg(feature = "enterprise")]
mod arrivals;
#[cfg(not(feature = "enterprise"))]
mod community;
#[cfg(feature = "enterprise")]
mod deadline;
mod diagnosis;
#[cfg(feature = "enterprise")]
mod diagnosis_steps;
#[cfg(feature = "enterprise")]
mod examination;
#[cfg(feature = "enterprise")]
mod reason;
#[cfg(feature = "enterprise")]
mod resolve;
#[cfg(feature = "enterprise")]
mod throwaway;
#[cfg(feature = "enterprise")]
mod trial;
mod verify;

use convoke_domain::error::Error;
use convoke_domain::integration::{IntegrationChange, SealedSecret, TeamsIntegration};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::require_version;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::IntegrationRecord;
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use crate::core::{Core, undisturbed};
use crate::jobs::Job;
use crate::microsoft::{CLIENT_SECRET, ENTERPRISE, Microsoft, read_integration};

#[cfg(not(feature = "enterprise"))]
use community::Resolver;
#[cfg(not(feature = "enterprise"))]
pub use community::remove_throwaway;
pub use diagnosis::{Diagnosis, Step, StepStatus, diagnose};
#[cfg(feature = "enterprise")]
use resolve::Resolver;
#[cfg(feature = "enterprise")]
pub use throwaway::remove_throwaway;
pub use verify::{Verification, verify};

/// Something that did not work out although the settings are saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsWarning {
    /// Stable, snake_case.
    pub reason: &'static str,
    /// What follows from it, and what to do.
    pub message: String,
}

/// Settings as they were saved.
#[derive(Debug, Clone)]
pub struct Saved {
    /// What holds now.
    pub integration: TeamsIntegration,
    /// Why the organiser's object id is not known (TS-2).
    pub warning: Option<SettingsWarning>,
}

/// A tenant's settings; the defaults at version 0 before anything was set.
pub async fn get(core: &Core, tenant: &Tenant) -> Result<TeamsIntegration, Error> {
    Ok(read_integration(&core.store(tenant))
        .await?
        .unwrap_or_default())
}

/// Saves a change. The organiser is resolved to an object id where that is not
/// known or other credentials are to find it; when that fails the settings are
/// saved all the same, with a warning.
pub async fn put(
    core: &Core,
    microsoft: &Microsoft,
    tenant: &Tenant,
    change: &IntegrationChange,
    if_match: Option<u64>,
) -> Result<Saved, Error> {
    if !ENTERPRISE && change.names_organizer() {
        return Err(Error::NotImplemented {
            code: "ee_disabled",
            message: "an organiser needs the enterprise edition: this one does not speak to Microsoft's cloud"
                .to_owned(),
        });
    }
    change.check()?;
    let sealed = match &change.client_secret {
        Some(Some(plain)) => {
            let sealed = microsoft.vault().seal(tenant, CLIENT_SECRET, plain).await?;
            Some(SealedSecret::new(sealed))
        }
        _ => None,
    };
    let store = core.store(tenant);
    let resolver = Resolver::new(microsoft, tenant);
    undisturbed(|| put_once(core, &store, &resolver, change, sealed.clone(), if_match)).await
}

async fn put_once(
    core: &Core,
    store: &TenantStore,
    resolver: &Resolver<'_>,
    change: &IntegrationChange,
    sealed: Option<SealedSecret>,
    if_match: Option<u64>,
) -> Result<Saved, Attempt> {
    let present = read_integration(store).await?.unwrap_or_default();
    require_version(if_match, present.version)?;
    let mut integration = change.apply(&present, sealed, core.ports.now())?;
    let warning = resolver.resolve(&present, &mut integration).await;
    // The subscriptions follow (NT-6).
    let outbox = core.outbox(&[Job::AlignSubscriptions {}])?;
    write(store, &integration, present.version, Some(&outbox)).await?;
    Ok(Saved {
        integration,
        warning,
    })
}

/// Writes settings over those of `expected` version, 0 meaning that there are none,
/// with what follows.
async fn write(
    store: &TenantStore,
    integration: &TeamsIntegration,
    expected: u64,
    outbox: Option<&OutboxRecord>,
) -> Result<(), StoreError> {
    let record = IntegrationRecord::from(integration);
    let mut transaction = store.transaction();
    if expected == 0 {
        transaction.create(&record);
    } else {
        transaction.replace(&record, expected);
    }
    if let Some(outbox) = outbox {
        transaction.create(outbox);
    }
    match transaction.commit().await {
        // Somebody else's first; ours becomes a change of it.
        Err(StoreError::AlreadyExists(kind)) => Err(StoreError::VersionConflict(kind)),
        other => other,
    }
}
