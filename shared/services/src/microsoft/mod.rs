//! Microsoft's cloud for one tenant at a time: whose credentials, on whose
//! behalf (AP-10, CM-11).
//!
//! Guarantee: an account is made from the settings of the very tenant whose
//! store it was asked with. Settings of its own are never mixed with the
//! deployment's: what is missing in them is named. In the community edition
//! there is no account, and the capability says so (XC-11).

#[cfg(feature = "enterprise")]
mod account;
#[cfg(feature = "enterprise")]
mod deployment;

use convoke_domain::error::Error;
use convoke_domain::integration::{Capability, TeamsIntegration, capability};
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::records::IntegrationRecord;
use convoke_platform::secrets::Secrets;
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::vault::Vault;

#[cfg(feature = "enterprise")]
pub use account::{Organizer, TeamsAccount};

/// What the vault seals a Microsoft client secret for.
pub const CLIENT_SECRET: &str = "microsoft_client_secret";

/// Whether this is the enterprise edition.
pub const ENTERPRISE: bool = cfg!(feature = "enterprise");

/// Microsoft's cloud as this deployment reaches it; clones share connections,
/// tokens and opened secrets.
#[derive(Clone)]
pub struct Microsoft {
    vault: Vault,
    #[cfg(feature = "enterprise")]
    cloud: std::sync::Arc<Cloud>,
}

#[cfg(feature = "enterprise")]
struct Cloud {
    client: convoke_graph::GraphClient,
    deployment: deployment::DeploymentProfile,
    webhook_url: Option<String>,
}

impl Microsoft {
    /// Over `GRAPH_BASE_URL`, `LOGIN_BASE_URL`, the deployment's own `MS_GRAPH_*`
    /// profile and, where Microsoft is to notify, `CONVOKE_WEBHOOK_URL`; no network
    /// call.
    #[cfg(feature = "enterprise")]
    pub fn of_environment(
        environment: &Environment,
        secrets: &Secrets,
        vault: Vault,
    ) -> Result<Self, ConfigError> {
        let config = convoke_graph::GraphConfig {
            // Leaves a function of 29 s the time to write down what came of it.
            budget: std::time::Duration::from_secs(12),
            ..convoke_graph::GraphConfig::new(
                environment.required("GRAPH_BASE_URL")?,
                environment.required("LOGIN_BASE_URL")?,
            )
        };
        let http = convoke_graph::http_client().map_err(|_| ConfigError::Invalid {
            name: "SSL_CERT_FILE",
            problem: "does not lead to certificates",
        })?;
        let deployment =
            deployment::DeploymentProfile::of_environment(environment, secrets.clone());
        let client = convoke_graph::GraphClient::new(http, config);
        Ok(Self {
            vault,
            cloud: std::sync::Arc::new(Cloud {
                client,
                deployment,
                webhook_url: environment.optional("CONVOKE_WEBHOOK_URL"),
            }),
        })
    }

    /// The community edition keeps settings, and calls nobody.
    #[cfg(not(feature = "enterprise"))]
    #[allow(
        clippy::unnecessary_wraps,
        reason = "the signature of the enterprise edition's, which can fail"
    )]
    pub fn of_environment(_: &Environment, _: &Secrets, vault: Vault) -> Result<Self, ConfigError> {
        Ok(Self { vault })
    }

    /// Whether this tenant can have Teams meetings (TS-4): one read, no call to
    /// Microsoft.
    pub async fn capability(&self, store: &TenantStore) -> Result<Capability, Error> {
        if !ENTERPRISE {
            return Ok(capability(None, false));
        }
        let integration = read_integration(store).await?;
        Ok(capability(integration.as_ref(), true))
    }

    /// What seals the tenants' secrets.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}

impl std::fmt::Debug for Microsoft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Microsoft").finish_non_exhaustive()
    }
}

/// A tenant's settings, where anybody has set them.
pub async fn read_integration(store: &TenantStore) -> Result<Option<TeamsIntegration>, StoreError> {
    store
        .get::<IntegrationRecord>(&IntegrationRecord::key_of())
        .await?
        .map(TeamsIntegration::try_from)
        .transpose()
}
