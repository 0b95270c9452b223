//! The client that a process shares and the session that speaks for one tenant.
//!
//! Guarantee: a session only ever uses the profile it was made with, so that calls
//! for one tenant cannot travel on another's credentials (AP-10).

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use crate::call::{Authority, Operation};
use crate::config::{GraphConfig, GraphProfile};
use crate::discovery::KnownTenants;
use crate::error::GraphError;
use crate::token_cache::TokenCache;

/// Microsoft Graph for every tenant of one deployment; clones share tokens and connections.
#[derive(Clone)]
pub struct GraphClient {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) http: reqwest::Client,
    pub(crate) config: GraphConfig,
    /// `None` when the configured address is none.
    pub(crate) graph: Option<Url>,
    pub(crate) login: Option<Url>,
    pub(crate) tokens: TokenCache,
    pub(crate) tenants: KnownTenants,
}

impl GraphClient {
    /// A client over the process's HTTP client; an unusable address is reported by the first call.
    pub fn new(http: reqwest::Client, config: GraphConfig) -> Self {
        let graph = base_url(&config.graph_base_url);
        let login = base_url(&config.login_base_url);
        let inner = Inner {
            http,
            config,
            graph,
            login,
            tokens: TokenCache::default(),
            tenants: KnownTenants::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A view of the client that speaks with `profile`'s credentials.
    pub fn session<'a>(&'a self, profile: &'a GraphProfile) -> GraphSession<'a> {
        GraphSession {
            client: self,
            profile,
            budget: self.inner.config.budget,
        }
    }
}

impl std::fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GraphClient")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

/// One tenant's view of the client: every Graph operation is a method of it.
#[derive(Debug, Clone, Copy)]
pub struct GraphSession<'a> {
    pub(crate) client: &'a GraphClient,
    pub(crate) profile: &'a GraphProfile,
    budget: Duration,
}

impl<'a> GraphSession<'a> {
    /// The same session with another budget per operation, for a caller with a deadline of its own.
    #[must_use]
    pub fn with_budget(self, budget: Duration) -> Self {
        Self { budget, ..self }
    }

    /// Starts the budget of one operation.
    pub(crate) fn operation(&self) -> Operation<'a> {
        let authority = Authority::Application(self.profile);
        Operation::new(self.client, authority, Instant::now() + self.budget)
    }
}

/// An http(s) address without credentials, query or fragment.
pub(crate) fn base_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (plain && url.has_host() && matches!(url.scheme(), "http" | "https")).then_some(url)
}

/// The error for an address that [`base_url`] refused.
pub(crate) fn unusable_address() -> GraphError {
    GraphError::refused_locally(
        "InvalidAddress",
        "the configured Graph or login address is not usable",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_taken() {
        for good in [
            "https://graph.microsoft.com",
            "https://graph.microsoft.us/",
            "http://127.0.0.1:9000",
        ] {
            assert!(base_url(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "graph.microsoft.com",
            "ftp://x",
            "https://a:b@x",
            "https://x?y=1",
            "https://x#y",
        ] {
            assert!(base_url(bad).is_none(), "{bad}");
        }
    }
}
