//! Which Entra tenant a name stands for: notifications and tokens name it by its
//! GUID, and settings may have a domain (NT-3).
//!
//! Guarantees: the login host is asked once for a domain in a process's life, without
//! any credentials; a GUID is never asked about; what is answered is a GUID in
//! lower case, or an error.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::Url;
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::address::address;
use crate::answer::{error_body, json, json_body_of, lost, timed_out, unusable};
use crate::call_log::{Attempt, Outcome};
use crate::classify::{Refusal, request_id};
use crate::client::{GraphClient, unusable_address};
use crate::error::GraphError;
use crate::retry::Attempts;

/// A configuration has some 2 KB.
const LARGEST_CONFIGURATION: usize = 64 * 1024;
/// How many domains are remembered before all are forgotten.
const MOST_DOMAINS: usize = 1_024;

/// The tenants that were asked about, by their domain in lower case.
#[derive(Default)]
pub(crate) struct KnownTenants(Mutex<HashMap<String, String>>);

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
}

impl GraphClient {
    /// The GUID of an Entra tenant, in lower case. A GUID is answered without a call, a
    /// verified domain by its `OpenID` configuration's issuer, and remembered. A domain
    /// of nobody's is [`UnknownTenant`](crate::GraphErrorClass::UnknownTenant).
    pub async fn microsoft_tenant_guid(&self, tenant: &str) -> Result<String, GraphError> {
        let tenant = tenant.trim();
        if let Ok(guid) = Uuid::try_parse(tenant) {
            return Ok(guid.to_string());
        }
        let domain = tenant.to_lowercase();
        if let Some(known) = self.inner.tenants.get(&domain) {
            return Ok(known);
        }
        let guid = self.discover(&domain).await?;
        self.inner.tenants.remember(domain, guid.clone());
        Ok(guid)
    }

    async fn discover(&self, domain: &str) -> Result<String, GraphError> {
        let login = self.inner.login.as_ref().ok_or_else(unusable_address)?;
        let place = [domain, "v2.0", ".well-known", "openid-configuration"];
        let url = address(login, &place, &[])?;
        let config = &self.inner.config;
        let mut attempts = Attempts::new(Instant::now() + config.budget, config.max_attempts);
        loop {
            let attempt = Attempt::begin("tenant_discovery", attempts.begin());
            let limit = attempts.remaining().min(config.attempt_timeout);
            let mut outcome = Outcome::default();
            let exchange = self.ask_for_issuer(&url, &attempt, &mut outcome);
            let mut result = tokio::time::timeout(limit, exchange)
                .await
                .unwrap_or_else(|_| Err(timed_out()));
            if let Err(error) = &mut result {
                outcome.complete(error, &attempt);
                error.outcome_unknown = false;
            }
            attempt.log(&outcome, result.as_ref().err());
            match result {
                Ok(guid) => return Ok(guid),
                Err(error) => attempts.pause_after(error).await?,
            }
        }
    }

    async fn ask_for_issuer(
        &self,
        url: &Url,
        attempt: &Attempt,
        outcome: &mut Outcome,
    ) -> Result<String, GraphError> {
        let request = self
            .inner
            .http
            .get(url.clone())
            .header("client-request-id", &attempt.client_request_id);
        let response = request.send().await.map_err(|error| lost(&error))?;
        outcome.status = Some(response.status().as_u16());
        outcome.request_id = request_id(response.headers());
        if !response.status().is_success() {
            let headers = response.headers().clone();
            let status = response.status().as_u16();
            let body = error_body(response).await;
            let refusal = Refusal {
                status,
                headers: &headers,
                body: &body,
                client_request_id: &attempt.client_request_id,
                secrets: &[],
            };
            return Err(refusal.by_token_endpoint());
        }
        let body = json_body_of(response, LARGEST_CONFIGURATION).await?;
        let configuration: Option<Configuration> = json(&body);
        configuration
            .and_then(|configuration| guid_of(&configuration.issuer))
            .ok_or_else(|| unusable("NoTenantId", "the login host names no tenant"))
    }
}

impl KnownTenants {
    fn get(&self, domain: &str) -> Option<String> {
        self.lock().get(domain).cloned()
    }

    fn remember(&self, domain: String, guid: String) {
        let mut known = self.lock();
        if known.len() >= MOST_DOMAINS {
            known.clear();
        }
        known.insert(domain, guid);
    }

    /// No code under this lock can panic half-way, so a poisoned one is as good as any.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tenant in an issuer: `https://login.microsoftonline.com/{tenant}/v2.0`, or of
/// the older form without a version.
fn guid_of(issuer: &str) -> Option<String> {
    let issuer = Url::parse(issuer).ok()?;
    let first = issuer.path_segments()?.next()?;
    Uuid::try_parse(first).ok().map(|guid| guid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NT-3: both forms of issuer name the tenant; the placeholder of `common` does not.
    #[test]
    fn an_issuer_names_its_tenant() {
        let guid = "77aa0000-0000-4000-8000-00000000000f";
        for issuer in [
            format!("https://login.microsoftonline.com/{guid}/v2.0"),
            format!("https://login.partner.microsoftonline.cn/{guid}/v2.0"),
            format!("https://sts.windows.net/{}/", guid.to_uppercase()),
        ] {
            assert_eq!(guid_of(&issuer).as_deref(), Some(guid), "{issuer}");
        }
        for none in [
            "",
            guid,
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            "https://login.microsoftonline.com/",
            "mailto:x",
        ] {
            assert_eq!(guid_of(none), None, "{none}");
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let known = KnownTenants::default();
        for number in 0..=MOST_DOMAINS {
            known.remember(format!("{number}.example"), number.to_string());
        }
        assert!(known.lock().len() <= MOST_DOMAINS);
        let last = format!("{MOST_DOMAINS}.example");
        assert_eq!(known.get(&last), Some(MOST_DOMAINS.to_string()));
    }
}
