//! The account to speak to Microsoft with: credentials, and on whose behalf.

use std::fmt;

use convoke_domain::error::Error;
use convoke_domain::integration::{InstallStatus, SealedSecret, TeamsIntegration};
use convoke_graph::{GraphClient, GraphProfile, Secret};
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;

use super::{CLIENT_SECRET, Microsoft, read_integration};
use crate::providers::{ORGANIZER_KEY, provider_not_configured};

/// The setting that names the organiser.
const ORGANIZER: &str = "default_meeting_organizer_upn";

/// Credentials of one tenant, ready for a session, and its organiser.
#[derive(Clone)]
pub struct TeamsAccount {
    /// What a Graph session takes.
    pub profile: GraphProfile,
    /// The Entra tenant that the credentials belong to: a GUID or a domain name.
    pub ms_tenant_id: String,
    /// On whose behalf new meetings are made; meetings that exist know their own.
    pub organizer: Option<Organizer>,
    tenant: Tenant,
    origin: Origin,
}

/// On whose behalf meetings are made.
#[derive(Clone, PartialEq, Eq)]
pub struct Organizer {
    /// The user principal name, or an object id that did not resolve to one.
    pub upn: String,
    /// The Entra object id, which the paths of online meetings need.
    pub object_id: Option<String>,
}

/// Where an account's secret comes from.
#[derive(Clone)]
enum Origin {
    Deployment,
    Tenant(SealedSecret),
}

/// Whose settings a tenant's control meetings go by (CM-11).
enum CalendarSettings {
    Tenant(TeamsIntegration),
    Deployment,
}

impl Microsoft {
    /// The client, for sessions with an account's profile.
    pub fn client(&self) -> &GraphClient {
        &self.cloud.client
    }

    /// Where Microsoft reaches the deployment, without a slash at the end.
    pub fn webhook_url(&self) -> Option<&str> {
        self.cloud.webhook_url.as_deref()
    }

    /// The tenant's own account, while the integration is active. Without an
    /// organiser it still serves meetings that exist. Otherwise
    /// `teams_not_configured`, naming what is missing.
    pub async fn teams_account(&self, store: &TenantStore) -> Result<TeamsAccount, Error> {
        let integration = read_integration(store).await?.unwrap_or_default();
        let missing = missing_of(&integration);
        if !missing.is_empty() {
            return Err(teams_not_configured(missing));
        }
        self.account_of(store.tenant(), &integration).await
    }

    /// The account of complete settings, in use or not: for testing them.
    pub(crate) async fn account_of(
        &self,
        tenant: &Tenant,
        integration: &TeamsIntegration,
    ) -> Result<TeamsAccount, Error> {
        let profile = &integration.profile;
        let (Some(tenant_id), Some(client_id), Some(sealed)) = (
            &profile.tenant_id,
            &profile.client_id,
            &profile.client_secret,
        ) else {
            return Err(teams_not_configured(profile.missing()));
        };
        let secret = self
            .vault
            .open(tenant, CLIENT_SECRET, sealed.as_str())
            .await?;
        let upn = integration.default_meeting_organizer_upn.clone();
        let object_id = integration.default_meeting_organizer_object_id.clone();
        Ok(TeamsAccount {
            profile: GraphProfile {
                tenant_id: tenant_id.clone(),
                client_id: client_id.clone(),
                client_secret: Secret::new(secret),
            },
            ms_tenant_id: tenant_id.clone(),
            organizer: upn.map(|upn| Organizer { upn, object_id }),
            tenant: tenant.clone(),
            origin: Origin::Tenant(sealed.clone()),
        })
    }

    /// The account of control meetings: the tenant's own, or the deployment's
    /// where the tenant has set no credentials and `MS_GRAPH_ORG_ID` names it.
    /// Otherwise `provider_not_configured`, naming all that is missing.
    pub async fn calendar_account(&self, store: &TenantStore) -> Result<TeamsAccount, Error> {
        let (settings, missing) = self.calendar_settings(store).await?;
        self.account_of_calendar(store, settings, missing).await
    }

    /// The same for events that exist, which know their own organiser: none has
    /// to be set.
    pub async fn calendar_credentials(&self, store: &TenantStore) -> Result<TeamsAccount, Error> {
        let (settings, mut missing) = self.calendar_settings(store).await?;
        missing.retain(|key| ![ORGANIZER, ORGANIZER_KEY].contains(key));
        self.account_of_calendar(store, settings, missing).await
    }

    async fn account_of_calendar(
        &self,
        store: &TenantStore,
        settings: CalendarSettings,
        missing: Vec<&'static str>,
    ) -> Result<TeamsAccount, Error> {
        if !missing.is_empty() {
            return Err(provider_not_configured(missing));
        }
        match settings {
            CalendarSettings::Tenant(integration) => {
                self.account_of(store.tenant(), &integration).await
            }
            CalendarSettings::Deployment => self.deployment_account(store.tenant()).await,
        }
    }

    /// What this tenant's control meetings still need; one read.
    pub async fn calendar_missing(&self, store: &TenantStore) -> Result<Vec<&'static str>, Error> {
        Ok(self.calendar_settings(store).await?.1)
    }

    /// Forgets an account's secret after Microsoft refused it: it may have been
    /// replaced, and is read anew for the next call.
    pub fn refused(&self, account: &TeamsAccount) {
        match &account.origin {
            Origin::Deployment => self.cloud.deployment.refused(),
            Origin::Tenant(sealed) => {
                self.vault
                    .forget(&account.tenant, CLIENT_SECRET, sealed.as_str());
            }
        }
    }

    async fn calendar_settings(
        &self,
        store: &TenantStore,
    ) -> Result<(CalendarSettings, Vec<&'static str>), Error> {
        let own = read_integration(store).await?;
        let own = own.filter(|integration| !integration.profile.is_empty());
        let Some(integration) = own else {
            let missing = self.cloud.deployment.missing_keys(store.tenant());
            return Ok((CalendarSettings::Deployment, missing));
        };
        let mut missing = missing_of(&integration);
        if integration.default_meeting_organizer_upn.is_none() {
            missing.push(ORGANIZER);
        }
        Ok((CalendarSettings::Tenant(integration), missing))
    }

    async fn deployment_account(&self, tenant: &Tenant) -> Result<TeamsAccount, Error> {
        let deployment = &self.cloud.deployment;
        let profile = deployment.profile().await?;
        Ok(TeamsAccount {
            ms_tenant_id: profile.tenant_id.clone(),
            profile,
            organizer: deployment.organizer.clone().map(|upn| Organizer {
                upn,
                object_id: None,
            }),
            tenant: tenant.clone(),
            origin: Origin::Deployment,
        })
    }
}

/// What keeps settings from being used.
fn missing_of(integration: &TeamsIntegration) -> Vec<&'static str> {
    let mut missing = integration.profile.missing();
    if integration.install_status != InstallStatus::Active {
        missing.push("install_status");
    }
    missing
}

fn teams_not_configured(missing_keys: Vec<&'static str>) -> Error {
    Error::NotConfigured {
        code: "teams_not_configured",
        message: format!(
            "the Teams integration of this organisation is not in use: set {} (install_status to active)",
            missing_keys.join(", ")
        ),
        missing_keys,
        required_permissions: vec![],
    }
}

impl fmt::Debug for TeamsAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TeamsAccount")
            .field("tenant", &self.tenant)
            .field("ms_tenant_id", &self.ms_tenant_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Organizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Organizer")
            .field("object_id", &self.object_id)
            .finish_non_exhaustive()
    }
}
