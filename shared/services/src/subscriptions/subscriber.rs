//! What subscriptions are made with: the deployment's addresses, its certificate,
//! and client states that nobody can guess and a crash cannot lose.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use convoke_domain::error::Error;
use convoke_domain::online_meeting::CapturePolicy;
use convoke_domain::subscription::{SubscriptionKey, Terms};
use convoke_graph::{GraphSession, Secret, SubscriptionCertificate};
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::keyring::{Keyring, Purpose, sha256_hex};
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;

use crate::core::Core;
use crate::microsoft::{Microsoft, TeamsAccount};
use crate::notification_keys::NotificationKeys;

/// Looks after subscriptions.
#[derive(Clone)]
pub struct Subscriber {
    pub(super) core: Core,
    pub(super) microsoft: Microsoft,
    pub(super) policy: CapturePolicy,
    secrets: Secrets,
    keys: NotificationKeys,
    webhook_url: String,
}

/// What all rows of one run are worked on with.
pub(super) struct Kit<'a> {
    pub(super) subscriber: &'a Subscriber,
    pub(super) terms: Terms,
    pub(super) certificate: Option<SubscriptionCertificate>,
    /// Whether what works may be replaced for the sake of new terms: not while
    /// their addresses do not answer.
    pub(super) replaces: bool,
    keyring: Keyring,
}

/// What Microsoft repeats with every notification, and what is stored of it.
pub(super) struct ClientState {
    pub(super) plain: Secret,
    pub(super) hash: String,
}

impl Subscriber {
    /// With the addresses below `CONVOKE_WEBHOOK_URL`, and the capture window that
    /// `CONVOKE_CAPTURE_ATTEMPTS` (14 where absent) makes; no network call.
    pub fn of_environment(
        environment: &Environment,
        core: Core,
        microsoft: Microsoft,
        secrets: Secrets,
    ) -> Result<Self, ConfigError> {
        let url = environment.required("CONVOKE_WEBHOOK_URL")?;
        let attempts = environment.number("CONVOKE_CAPTURE_ATTEMPTS", 14)?;
        let vault = microsoft.vault().clone();
        Ok(Self {
            keys: NotificationKeys::of_environment(environment, core.clone(), vault)?,
            core,
            microsoft,
            policy: CapturePolicy::new(attempts),
            secrets,
            webhook_url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// The base of both addresses.
    pub(super) fn webhook_url(&self) -> &str {
        &self.webhook_url
    }

    /// Reads what one run needs, once.
    pub(super) async fn kit(&self) -> Result<Kit<'_>, Error> {
        let certificate = self.keys.current().await?;
        let certificate = certificate.map(|current| SubscriptionCertificate {
            id: current.id,
            der_base64: current.der_base64,
        });
        let base = &self.webhook_url;
        Ok(Kit {
            subscriber: self,
            terms: Terms {
                notification_url: format!("{base}/webhooks/graph/notifications"),
                lifecycle_notification_url: format!("{base}/webhooks/graph/lifecycle"),
                certificate_id: certificate.as_ref().map(|current| current.id.clone()),
            },
            certificate,
            replaces: true,
            keyring: self.secrets.keyring().await?,
        })
    }
}

impl Kit<'_> {
    /// The client state of a row, by its sort key, which stands for Entra tenant,
    /// application, organiser and kind: the same each time, as long as the root
    /// secret is.
    pub(super) fn client_state(
        &self,
        tenant: &Tenant,
        key: &SubscriptionKey,
    ) -> Result<ClientState, Error> {
        client_state(&self.keyring, tenant, key)
    }

    /// Speaks with an account's credentials, for so long per call.
    pub(super) fn session<'s>(
        &'s self,
        account: &'s TeamsAccount,
        budget: Duration,
    ) -> GraphSession<'s> {
        let client = self.subscriber.microsoft.client();
        client.session(&account.profile).with_budget(budget)
    }
}

fn client_state(
    keyring: &Keyring,
    tenant: &Tenant,
    key: &SubscriptionKey,
) -> Result<ClientState, Error> {
    // No tenant's id holds a line's end.
    let message = format!("{}\n{key}", tenant.id());
    let tag = keyring.sign(Purpose::ClientState, message.as_bytes());
    let tag = tag.map_err(|error| Error::internal(error.to_string()))?;
    let plain = URL_SAFE_NO_PAD.encode(tag);
    Ok(ClientState {
        hash: sha256_hex(plain.as_bytes()),
        plain: Secret::new(plain),
    })
}

#[cfg(test)]
mod tests {
    use convoke_domain::artifact::ArtifactType;
    use convoke_platform::queue::Incoming;

    use super::*;

    fn tenant(id: &str) -> Tenant {
        let message = format!(
            r#"{{"id":"00000000-0000-0000-0000-000000000001","tenant":"{id}","job":{{}}}}"#
        );
        Incoming::parse(&message).unwrap().tenant
    }

    /// NT-1: a client state is unguessable, short enough, each row's own, and the same
    /// again after a crash.
    #[test]
    fn each_row_has_one_client_state() {
        let ring = Keyring::of_root("one");
        let target = "0123456789abcdef0123456789abcdef";
        let key = |kind| SubscriptionKey::new(target, kind).unwrap();
        let (recording, transcript) = (key(ArtifactType::Recording), key(ArtifactType::Transcript));
        let of = |ring: &Keyring, id: &str, key| client_state(ring, &tenant(id), key).unwrap();
        let state = of(&ring, "acme", &recording);
        assert_eq!(state.plain.expose().len(), 43);
        assert_eq!(state.hash, sha256_hex(state.plain.expose().as_bytes()));
        assert_eq!(of(&ring, "acme", &recording).hash, state.hash);
        for other in [
            of(&ring, "acme", &transcript),
            of(&ring, "other", &recording),
            of(&Keyring::of_root("two"), "acme", &recording),
        ] {
            assert_ne!(other.hash, state.hash);
        }
    }
}
