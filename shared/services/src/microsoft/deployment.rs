//! The deployment's own Microsoft profile, for the one organisation that it names (CM-11).

use convoke_domain::error::Error;
use convoke_graph::{GraphProfile, Secret};
use convoke_platform::config::Environment;
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;
use tokio::sync::Mutex;

use crate::providers::GRAPH_KEYS;

/// The deployment's own Microsoft profile, for the one organisation it names.
pub(super) struct DeploymentProfile {
    org_id: Option<String>,
    tenant_id: Option<String>,
    client_id: Option<String>,
    client_secret_arn: Option<String>,
    pub(super) organizer: Option<String>,
    secrets: Secrets,
    secret: Mutex<Option<Secret>>,
}

impl DeploymentProfile {
    /// Reads the `MS_GRAPH_*` settings; the secret itself is read when first needed.
    pub(super) fn of_environment(environment: &Environment, secrets: Secrets) -> Self {
        Self {
            org_id: environment.optional("MS_GRAPH_ORG_ID"),
            tenant_id: environment.optional("MS_GRAPH_TENANT_ID"),
            client_id: environment.optional("MS_GRAPH_CLIENT_ID"),
            client_secret_arn: environment.optional("MS_GRAPH_CLIENT_SECRET_ARN"),
            organizer: environment.optional("MS_GRAPH_ORGANIZER_EMAIL"),
            secrets,
            secret: Mutex::default(),
        }
    }

    /// Settings that this tenant lacks.
    pub(super) fn missing_keys(&self, tenant: &Tenant) -> Vec<&'static str> {
        if self.org_id.is_some() && self.org_id.as_deref() != Some(tenant.id().as_str()) {
            return GRAPH_KEYS.to_vec();
        }
        let settings = [
            &self.tenant_id,
            &self.client_id,
            &self.client_secret_arn,
            &self.organizer,
        ];
        let missing: Vec<_> = GRAPH_KEYS
            .iter()
            .zip(settings)
            .filter(|(_, setting)| setting.is_none())
            .map(|(key, _)| *key)
            .collect();
        if missing.is_empty() && self.org_id.is_none() {
            // All there, but for nobody.
            return vec!["MS_GRAPH_ORG_ID"];
        }
        missing
    }

    /// Tenant, application and secret, as the client takes them.
    pub(super) async fn profile(&self) -> Result<GraphProfile, Error> {
        let (Some(tenant_id), Some(client_id), Some(arn)) =
            (&self.tenant_id, &self.client_id, &self.client_secret_arn)
        else {
            return Err(Error::internal(
                "an unconfigured Graph profile was asked for",
            ));
        };
        let mut held = self.secret.lock().await;
        let secret = if let Some(secret) = &*held {
            secret.clone()
        } else {
            let text = self.secrets.text(arn).await?;
            let read = text
                .map(Secret::new)
                .ok_or_else(|| Error::internal("the Microsoft client secret has no value"))?;
            held.insert(read).clone()
        };
        Ok(GraphProfile {
            tenant_id: tenant_id.clone(),
            client_id: client_id.clone(),
            client_secret: secret,
        })
    }

    /// Forgets the secret when Microsoft refused it: it may have been replaced,
    /// and is read anew for the next call.
    pub(super) fn refused(&self) {
        // Held by somebody else, it is just being read.
        if let Ok(mut held) = self.secret.try_lock() {
            *held = None;
        }
    }
}
