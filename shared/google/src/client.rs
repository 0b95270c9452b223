//! The client that a process shares.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use crate::config::{GoogleConfig, SetupError, base_url};
use crate::error::GoogleError;
use crate::http_client::http_client;

/// The longest one operation may take, its answer's body and further calls included.
const BUDGET: Duration = Duration::from_secs(8);

/// Google for every user of one deployment; clones share connections.
#[derive(Clone)]
pub struct GoogleClient {
    pub(crate) inner: Arc<Inner>,
    budget: Duration,
}

pub(crate) struct Inner {
    pub(crate) http: reqwest::Client,
    pub(crate) config: GoogleConfig,
    calendar: Url,
    token: Url,
}

impl GoogleClient {
    /// Builds the client with its connections; fails for an unusable address or without TLS.
    pub fn new(config: GoogleConfig) -> Result<Self, SetupError> {
        let calendar = base_url(&config.calendar_base_url, "the calendar's base URL")?;
        let token = base_url(&config.token_base_url, "the token endpoint's base URL")?;
        let inner = Inner {
            http: http_client()?,
            config,
            calendar,
            token,
        };
        Ok(Self {
            inner: Arc::new(inner),
            budget: BUDGET,
        })
    }

    /// The same client with another budget per operation (8 s at first), for a caller with a deadline.
    #[must_use]
    pub fn with_budget(self, budget: Duration) -> Self {
        Self { budget, ..self }
    }

    /// When an operation that begins now must have ended.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.budget
    }

    /// `POST /token`'s address.
    pub(crate) fn token_address(&self) -> Result<Url, GoogleError> {
        below(&self.inner.token, &["token"])
    }

    /// The address of a calendar's events, or of one event.
    pub(crate) fn events_address(
        &self,
        calendar_id: &str,
        event_id: Option<&str>,
    ) -> Result<Url, GoogleError> {
        let mut path = vec!["calendar", "v3", "calendars", calendar_id, "events"];
        path.extend(event_id);
        below(&self.inner.calendar, &path)
    }
}

/// An address whose segments are exactly these: an id that a URL would swallow
/// (`..`) must not turn one event's address into another's.
fn below(base: &Url, segments: &[&str]) -> Result<Url, GoogleError> {
    let refused = || GoogleError::refused_locally("unusableIdentifier");
    if segments.iter().any(|id| matches!(*id, "" | "." | "..")) {
        return Err(refused());
    }
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| refused())?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

impl std::fmt::Debug for GoogleClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GoogleClient")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IV-6: an id cannot lead the client to another address.
    #[test]
    fn ids_stay_within_their_segment() {
        let base = Url::parse("https://www.googleapis.com").unwrap();
        let url = below(&base, &["calendars", "a/../b?c#d%2e", "events"]).unwrap();
        assert_eq!(
            url.as_str(),
            "https://www.googleapis.com/calendars/a%2F..%2Fb%3Fc%23d%252e/events"
        );
        for id in ["", ".", ".."] {
            assert!(below(&base, &["calendars", id]).is_err(), "{id}");
        }
    }
}
