//! One Graph operation: a deadline, a token, and requests that are tried until
//! they succeed, are refused for good, or do not fit the deadline any more.
//!
//! Guarantees: the token travels only to the configured host; each attempt has a
//! `client-request-id` of its own and leaves one event in the log, redirects
//! included; a 401 drops the token and is tried once more, if another can be had.

use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderName};
use reqwest::{Method, Response, Url};
use serde_json::Value;
use tokio::time::Instant;

use crate::address::address;
use crate::answer::{Answer, error_body, lost, not_sent, timed_out};
use crate::call_log::{Attempt, Outcome};
use crate::classify::{Refusal, request_id};
use crate::client::{GraphClient, unusable_address};
use crate::config::{GraphProfile, Secret};
use crate::content_range::ContentRange;
use crate::error::{GraphError, GraphErrorClass};
use crate::redirect::{Trail, is_redirect, refused_by_storage};
use crate::retry::Attempts;
use crate::token_cache::AccessToken;

/// A request, ready to be sent any number of times.
pub(crate) struct Call {
    operation: &'static str,
    method: Method,
    url: Url,
    accept: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    writes: bool,
    /// Whether the answer may be elsewhere.
    follows: bool,
    range: ContentRange,
    /// The least that one attempt may take, if the budget has it.
    patience: Duration,
    /// What the body tells Graph and an error must not repeat.
    hidden: Option<Secret>,
}

impl Call {
    /// A request that Graph's Outlook side answers with immutable ids and UTC times.
    pub(crate) fn outlook(operation: &'static str, method: Method, url: Url) -> Self {
        Self::plain(operation, method, url)
            .header("prefer", "IdType=\"ImmutableId\"")
            .header("prefer", "outlook.timezone=\"UTC\"")
    }

    /// A request without preferences.
    pub(crate) fn plain(operation: &'static str, method: Method, url: Url) -> Self {
        let writes = method != Method::GET;
        Self {
            operation,
            method,
            url,
            accept: "application/json",
            headers: Vec::new(),
            body: None,
            writes,
            follows: false,
            range: ContentRange::Whole,
            patience: Duration::ZERO,
            hidden: None,
        }
    }

    /// A request for content of this media type, octet for octet, which Graph may
    /// redirect to its storage.
    pub(crate) fn content(operation: &'static str, url: Url, accept: &'static str) -> Self {
        Self {
            accept,
            follows: true,
            ..Self::plain(operation, Method::GET, url)
        }
        .header("accept-encoding", "identity")
    }

    /// Asks for these octets only.
    pub(crate) fn range(mut self, range: ContentRange) -> Self {
        self.range = range;
        self.headers
            .extend(range.header().map(|value| ("range", value)));
        self
    }

    /// The octets that were asked for.
    pub(crate) fn asked_range(&self) -> ContentRange {
        self.range
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Gives each attempt this long, where the configuration gives it less.
    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Keeps a secret of the body's out of whatever Graph says about it.
    pub(crate) fn hiding(mut self, secret: &Secret) -> Self {
        self.hidden = Some(secret.clone());
        self
    }

    /// Says that a POST changes nothing.
    pub(crate) fn only_asks(mut self) -> Self {
        self.writes = false;
        self
    }
}

/// Whose right an operation uses.
#[derive(Clone, Copy)]
pub(crate) enum Authority<'a> {
    /// The application's own: tokens are fetched and kept here.
    Application(&'a GraphProfile),
    /// A user's: the caller has the token, and there is no other to try with.
    User {
        access: &'a Secret,
        /// The application's, so that no error repeats it.
        client_secret: &'a Secret,
    },
}

impl Authority<'_> {
    fn client_secret(&self) -> &Secret {
        match self {
            Self::Application(profile) => &profile.client_secret,
            Self::User { client_secret, .. } => client_secret,
        }
    }
}

/// What all requests of one operation share.
pub(crate) struct Operation<'a> {
    pub(crate) client: &'a GraphClient,
    pub(crate) authority: Authority<'a>,
    pub(crate) deadline: Instant,
}

impl<'a> Operation<'a> {
    pub(crate) fn new(
        client: &'a GraphClient,
        authority: Authority<'a>,
        deadline: Instant,
    ) -> Self {
        Self {
            client,
            authority,
            deadline,
        }
    }

    /// An address below the API version.
    pub(crate) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Url, GraphError> {
        let inner = &self.client.inner;
        let graph = inner.graph.as_ref().ok_or_else(unusable_address)?;
        let mut all = vec![inner.config.api_version.as_str()];
        all.extend_from_slice(segments);
        address(graph, &all, query)
    }

    /// Sends until a success that reads as `T`.
    pub(crate) async fn send<T: Answer>(&self, call: &Call) -> Result<T, GraphError> {
        let mut attempts = self.attempts();
        loop {
            let token = self
                .token()
                .await
                .map_err(|error| attempts.give_up(error))?;
            if attempts.remaining().is_zero() {
                return Err(attempts.give_up(not_sent()));
            }
            match self.attempt(call, &token, &mut attempts).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    if error.class == GraphErrorClass::AuthExpired && !self.forget(&token) {
                        return Err(attempts.give_up(error));
                    }
                    attempts.pause_after(error).await?;
                }
            }
        }
    }

    pub(crate) fn attempts(&self) -> Attempts {
        Attempts::new(self.deadline, self.client.inner.config.max_attempts)
    }

    async fn attempt<T: Answer>(
        &self,
        call: &Call,
        token: &AccessToken,
        attempts: &mut Attempts,
    ) -> Result<T, GraphError> {
        let attempt = Attempt::begin(call.operation, attempts.begin());
        let usual = self.client.inner.config.attempt_timeout;
        let limit = attempts.remaining().min(usual.max(call.patience));
        let mut outcome = Outcome::default();
        let exchange = self.exchange(call, token, &attempt, &mut outcome);
        let mut result = tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(timed_out()));
        if let Err(error) = &mut result {
            outcome.complete(error, &attempt);
            error.outcome_unknown &= call.writes;
        }
        attempt.log(&outcome, result.as_ref().err());
        result
    }

    /// One request and one answer, with the redirects between them.
    async fn exchange<T: Answer>(
        &self,
        call: &Call,
        token: &AccessToken,
        attempt: &Attempt,
        outcome: &mut Outcome,
    ) -> Result<T, GraphError> {
        let mut trail = Trail::from_graph(&call.url);
        let response = loop {
            let request = self.request(call, &trail, token, attempt);
            let response = request.send().await.map_err(|error| lost(&error))?;
            outcome.status = Some(response.status().as_u16());
            if !trail.has_left() {
                outcome.request_id = request_id(response.headers());
            }
            if !(call.follows && is_redirect(response.status())) {
                break response;
            }
            trail.follow(response.headers())?;
        };
        if response.status().is_success() {
            return T::read(response, call).await.map_err(|mut error| {
                error.outcome_unknown = true;
                error
            });
        }
        if trail.has_left() {
            return Err(refused_by_storage(response.status(), response.headers()));
        }
        Err(self.refused(call, token, attempt, response).await)
    }

    /// The error behind an answer of Graph's.
    async fn refused(
        &self,
        call: &Call,
        token: &AccessToken,
        attempt: &Attempt,
        response: Response,
    ) -> GraphError {
        let headers = response.headers().clone();
        let status = response.status().as_u16();
        let body = error_body(response).await;
        let refusal = Refusal {
            status,
            headers: &headers,
            body: &body,
            client_request_id: &attempt.client_request_id,
            secrets: &[
                token.expose(),
                self.authority.client_secret().expose(),
                call.hidden.as_ref().map_or("", Secret::expose),
            ],
        };
        refusal.by_graph(call.writes)
    }

    fn request(
        &self,
        call: &Call,
        trail: &Trail,
        token: &AccessToken,
        attempt: &Attempt,
    ) -> reqwest::RequestBuilder {
        let http = &self.client.inner.http;
        let mut request = http
            .request(call.method.clone(), trail.url().clone())
            .header(ACCEPT, call.accept);
        if !trail.has_left() {
            request = request.bearer_auth(token.expose()).header(
                HeaderName::from_static("client-request-id"),
                &attempt.client_request_id,
            );
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        match &call.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}
