//! A diagnosis from the settings on: what is stored, then what Microsoft says, then
//! what is kept of that for the capability.

use std::time::Instant;

use convoke_domain::error::Error;
use convoke_domain::integration::{InstallStatus, TeamsIntegration};
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use super::arrivals::Arrivals;
use super::deadline::Deadline;
use super::diagnosis::{Diagnosis, StepStatus};
use super::examination::{Examination, Found};
use super::reason::Reason;
use crate::core::Core;
use crate::microsoft::{Microsoft, TeamsAccount, read_integration};

/// Runs all steps, and keeps what they found of recordings.
pub(super) async fn run(
    core: &Core,
    microsoft: &Microsoft,
    tenant: &Tenant,
) -> Result<Diagnosis, Error> {
    let store = core.store(tenant);
    let mut diagnosis = Diagnosis::default();
    let since = Instant::now();
    let stored = read_integration(&store).await?;
    if let Some(why) = settings(&mut diagnosis, since, stored.as_ref()) {
        diagnosis.skip("profile", &*why);
        diagnosis.skip_rest(&why);
        return Ok(diagnosis);
    }
    let integration = stored.unwrap_or_default();
    let account = profile(&mut diagnosis, microsoft, tenant, &integration).await?;
    let Some(account) = account else {
        diagnosis.skip_rest("not tested: the profile does not do");
        return Ok(diagnosis);
    };
    let (now, deadline) = (core.ports.now(), Deadline::begin());
    let mut examination = Examination::new(diagnosis, microsoft, &account, deadline, now);
    examination.run().await;
    let (mut diagnosis, finding) = examination.outcome();
    let arrivals = Arrivals {
        core,
        microsoft,
        store: &store,
        integration: &integration,
        account: &account,
        deadline,
    };
    arrivals.run(&mut diagnosis).await?;
    keep(&store, integration, finding.whole()).await?;
    Ok(diagnosis)
}

/// Notes the first step; answers why no other can be tested, if so.
fn settings(
    diagnosis: &mut Diagnosis,
    since: Instant,
    stored: Option<&TeamsIntegration>,
) -> Option<String> {
    let step = "settings";
    let status = stored.map(|integration| integration.install_status);
    match status {
        None => {
            diagnosis.note(
                step,
                since,
                StepStatus::Fail,
                "nothing was set yet",
                Some(Reason::NotConfigured.remedy()),
            );
            return Some("not tested: there are no settings".to_owned());
        }
        Some(InstallStatus::Disabled) => {
            diagnosis.note(
                step,
                since,
                StepStatus::Fail,
                "the integration is disabled",
                Some("Set install_status to active."),
            );
            return Some("not tested: the integration is disabled".to_owned());
        }
        Some(InstallStatus::Pending) => diagnosis.note(
            step,
            since,
            StepStatus::Warn,
            "the integration is pending: no meetings are made",
            Some("Set install_status to active."),
        ),
        Some(InstallStatus::Active) => {
            diagnosis.note(
                step,
                since,
                StepStatus::Pass,
                "the integration is active",
                None,
            );
        }
    }
    None
}

/// Whether the profile is whole and its secret opens.
async fn profile(
    diagnosis: &mut Diagnosis,
    microsoft: &Microsoft,
    tenant: &Tenant,
    integration: &TeamsIntegration,
) -> Result<Option<TeamsAccount>, Error> {
    let since = Instant::now();
    let missing = integration.profile.missing();
    if !missing.is_empty() {
        let detail = format!("missing: {}", missing.join(", "));
        let remedy = Reason::NotConfigured.remedy();
        diagnosis.note("profile", since, StepStatus::Fail, detail, Some(remedy));
        return Ok(None);
    }
    match microsoft.account_of(tenant, integration).await {
        Ok(account) => {
            let detail = "tenant id, client id and client secret are set";
            diagnosis.note("profile", since, StepStatus::Pass, detail, None);
            Ok(Some(account))
        }
        Err(error @ Error::Internal { .. }) => {
            tracing::warn!(%error, "a stored client secret does not open");
            let detail = "the stored client secret does not open";
            let remedy = "Set the client secret again.";
            diagnosis.note("profile", since, StepStatus::Fail, detail, Some(remedy));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Writes what was found where it is news; settings that changed meanwhile keep theirs.
async fn keep(
    store: &TenantStore,
    mut integration: TeamsIntegration,
    finding: Found,
) -> Result<(), Error> {
    let obstacle = match finding {
        Found::Open => return Ok(()),
        Found::Clear => None,
        Found::Obstacle(reason) => Some(reason),
    };
    if integration.recording_obstacle == obstacle {
        return Ok(());
    }
    let expected = integration.version;
    integration.recording_obstacle = obstacle;
    integration.version += 1;
    match super::write(store, &integration, expected, None).await {
        Ok(()) | Err(StoreError::VersionConflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
