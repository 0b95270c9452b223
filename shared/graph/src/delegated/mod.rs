//! A user's own Microsoft 365 calendar, with that user's consent (delegated
//! permissions), for people of any tenant and for personal accounts.
//!
//! Guarantees: what is done for one user travels on the token given for that call
//! and on nothing kept here; a grant that ended is told from an application that is
//! refused ([`GraphErrorClass::GrantRevoked`](crate::GraphErrorClass::GrantRevoked),
//! [`InvalidCredentials`](crate::GraphErrorClass::InvalidCredentials)); no event has
//! attendees, since Exchange would invite them itself; one transaction id makes one
//! event.

mod event;
mod events;
mod grant;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::call::{Authority, Operation};
use crate::client::{GraphClient, unusable_address};
use crate::config::{GraphConfig, Secret};
use crate::error::{GraphError, GraphErrorClass};
use crate::http_client::http_client;

pub use event::OwnEvent;
pub use grant::DelegatedTokens;

/// The deployment's application registration for users' calendars, and the hosts.
#[derive(Debug, Clone)]
pub struct DelegatedConfig {
    /// The application (client) id.
    pub client_id: String,
    /// The client secret's value (not its id).
    pub client_secret: Secret,
    /// Graph's host without a version, for example `https://graph.microsoft.com`.
    pub graph_base_url: String,
    /// The token host, for example `https://login.microsoftonline.com`.
    pub login_base_url: String,
}

/// The client for users' own calendars; clones share connections.
#[derive(Debug, Clone)]
pub struct DelegatedClient {
    graph: GraphClient,
    app: Arc<App>,
}

#[derive(Debug)]
struct App {
    client_id: String,
    client_secret: Secret,
}

impl DelegatedClient {
    /// A client with connections of its own; an address that cannot be used is refused here.
    pub fn new(config: DelegatedConfig) -> Result<Self, GraphError> {
        let http = http_client().map_err(|_| {
            let (code, message) = ("NoHttpClient", "no HTTP client can be built");
            GraphError::without_answer(GraphErrorClass::Permanent, code, message)
        })?;
        Self::over(http, config)
    }

    /// The same over the process's HTTP client.
    pub fn over(http: reqwest::Client, config: DelegatedConfig) -> Result<Self, GraphError> {
        let hosts = GraphConfig::new(config.graph_base_url, config.login_base_url);
        let graph = GraphClient::new(http, hosts);
        if graph.inner.graph.is_none() || graph.inner.login.is_none() {
            return Err(unusable_address());
        }
        let app = App {
            client_id: config.client_id,
            client_secret: config.client_secret,
        };
        Ok(Self {
            graph,
            app: Arc::new(app),
        })
    }

    /// The same client with other limits than [`GraphConfig::new`]'s: of one HTTP
    /// attempt, and of one operation with its retries.
    #[must_use]
    pub fn with_limits(self, attempt_timeout: Duration, budget: Duration) -> Self {
        let inner = &self.graph.inner;
        let limited = GraphConfig {
            attempt_timeout,
            budget,
            ..inner.config.clone()
        };
        Self {
            graph: GraphClient::new(inner.http.clone(), limited),
            app: self.app,
        }
    }

    /// Starts the budget of one operation for whoever `access` was issued for.
    fn operation<'a>(&'a self, access: &'a Secret) -> Operation<'a> {
        let authority = Authority::User {
            access,
            client_secret: &self.app.client_secret,
        };
        Operation::new(&self.graph, authority, self.deadline())
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.graph.inner.config.budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(graph: &str) -> DelegatedConfig {
        DelegatedConfig {
            client_id: "6f1d".into(),
            client_secret: Secret::new("canary-secret"),
            graph_base_url: graph.into(),
            login_base_url: "https://login.example".into(),
        }
    }

    /// XC-9: neither the configuration nor the client shows the secret in debug output.
    #[test]
    fn the_secret_is_hidden_in_debug_output() {
        let config = config("https://graph.example");
        let client = DelegatedClient::new(config.clone()).unwrap();
        let shown = format!("{config:?} {client:?}");
        assert!(shown.contains("6f1d"));
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn an_unusable_address_is_refused_at_once() {
        for bad in ["", "graph.example", "ftp://graph.example"] {
            let error = DelegatedClient::new(config(bad)).unwrap_err();
            assert_eq!(error.class, GraphErrorClass::InvalidRequest, "{bad}");
        }
    }
}
