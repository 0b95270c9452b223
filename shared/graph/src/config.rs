//! What a deployment and a tenant tell the client: hosts, limits and credentials.
//!
//! Guarantee: a client secret can be used, but neither printed nor shown in a
//! debug line.

use std::fmt;
use std::time::Duration;

/// Hosts and limits of one deployment, the same for every tenant.
#[derive(Debug, Clone)]
pub struct GraphConfig {
    /// Graph's host without a version, for example `https://graph.microsoft.com`; the token's scope follows it.
    pub graph_base_url: String,
    /// The token host, for example `https://login.microsoftonline.com`.
    pub login_base_url: String,
    /// The API version in every path, normally `v1.0`.
    pub api_version: String,
    /// The longest one HTTP attempt may take, body included.
    pub attempt_timeout: Duration,
    /// The longest one operation may take with its token, pages, retries and waits.
    pub budget: Duration,
    /// How often one request is tried within the budget; at least once.
    pub max_attempts: u32,
}

impl GraphConfig {
    /// The limits of an interactive caller: 8 s an attempt, 20 s an operation, 4 attempts.
    pub fn new(graph_base_url: impl Into<String>, login_base_url: impl Into<String>) -> Self {
        Self {
            graph_base_url: graph_base_url.into(),
            login_base_url: login_base_url.into(),
            ..Self::default()
        }
    }
}

impl Default for GraphConfig {
    /// The global cloud with the limits of [`GraphConfig::new`].
    fn default() -> Self {
        Self {
            graph_base_url: "https://graph.microsoft.com".to_owned(),
            login_base_url: "https://login.microsoftonline.com".to_owned(),
            api_version: "v1.0".to_owned(),
            attempt_timeout: Duration::from_secs(8),
            budget: Duration::from_secs(20),
            max_attempts: 4,
        }
    }
}

/// One tenant's application registration: what a token is asked with.
#[derive(Debug, Clone)]
pub struct GraphProfile {
    /// The Entra tenant: a GUID or a verified domain, never `common`.
    pub tenant_id: String,
    /// The application (client) id.
    pub client_id: String,
    /// The client secret's value (not its id).
    pub client_secret: Secret,
}

/// Text that must not reach a log: `Debug` hides it and there is no `Display`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret over.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself, for the one request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-9: a profile in a debug line shows no secret.
    #[test]
    fn a_profile_hides_its_secret_in_debug_output() {
        let profile = GraphProfile {
            tenant_id: "77aa".into(),
            client_id: "6f1d".into(),
            client_secret: Secret::new("canary-secret"),
        };
        let shown = format!("{profile:?}");
        assert!(shown.contains("6f1d"));
        assert!(!shown.contains("canary-secret"), "{shown}");
    }
}
