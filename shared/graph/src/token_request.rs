//! One request to the token endpoint, whoever the token is for.
//!
//! Guarantees: secrets, codes and refresh tokens go only to the configured login
//! host, form-encoded, and into no error; each attempt leaves one line in the log.

use std::time::Duration;

use reqwest::header::HeaderValue;
use serde_json::Value;
use tokio::time::Instant;

use crate::address::address;
use crate::answer::{error_body, json_body, lost, timed_out, unusable};
use crate::call_log::{Attempt, Outcome};
use crate::classify::{Refusal, request_id};
use crate::client::{GraphClient, unusable_address};
use crate::error::GraphError;
use crate::retry::Attempts;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An application's token; asking again does no harm.
    Application,
    /// A user's token for a refresh token, which Microsoft lets be used again.
    Refresh,
    /// A user's token for a code, which is spent by it.
    Code,
}

/// A form for the token endpoint, ready to be sent any number of times.
pub(crate) struct TokenRequest<'a> {
    /// The name in the log.
    pub(crate) operation: &'static str,
    pub(crate) kind: TokenKind,
    /// A tenant's id or domain, or `common`.
    pub(crate) tenant: &'a str,
    pub(crate) form: &'a [(&'a str, &'a str)],
    /// What of the form an error must not repeat.
    pub(crate) secrets: &'a [&'a str],
}

impl GraphClient {
    /// Asks once; `read` makes of a success what the caller needs. `outcome_unknown`
    /// says that a code may be spent.
    pub(crate) async fn ask<T>(
        &self,
        request: &TokenRequest<'_>,
        attempts: &mut Attempts,
        read: impl Fn(&[u8], Instant) -> Option<T>,
    ) -> Result<T, GraphError> {
        let attempt = Attempt::begin(request.operation, attempts.begin());
        let limit = attempts.remaining().min(self.inner.config.attempt_timeout);
        let mut outcome = Outcome::default();
        let exchange = self.exchange_form(request, &attempt, &mut outcome, read);
        let mut result = tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(timed_out()));
        if let Err(error) = &mut result {
            outcome.complete(error, &attempt);
            error.outcome_unknown &= request.kind == TokenKind::Code;
        }
        attempt.log(&outcome, result.as_ref().err());
        result
    }

    async fn exchange_form<T>(
        &self,
        request: &TokenRequest<'_>,
        attempt: &Attempt,
        outcome: &mut Outcome,
        read: impl Fn(&[u8], Instant) -> Option<T>,
    ) -> Result<T, GraphError> {
        let login = self.inner.login.as_ref().ok_or_else(unusable_address)?;
        let url = address(login, &[request.tenant, "oauth2", "v2.0", "token"], &[])?;
        let asked_at = Instant::now();
        let sent = self
            .inner
            .http
            .post(url)
            .form(request.form)
            .header("client-request-id", &attempt.client_request_id);
        let response = sent.send().await.map_err(|error| lost(&error))?;
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
                secrets: request.secrets,
            };
            return Err(match request.kind {
                TokenKind::Application => refusal.by_token_endpoint(),
                TokenKind::Refresh | TokenKind::Code => refusal.by_token_endpoint_for_user(),
            });
        }
        let body = json_body(response).await.map_err(granted)?;
        let unreadable = || unusable("UnreadableToken", "the token endpoint sent no usable token");
        read(&body, asked_at).ok_or_else(|| granted(unreadable()))
    }
}

/// The endpoint has done its part, whatever became of the answer.
fn granted(mut error: GraphError) -> GraphError {
    error.outcome_unknown = true;
    error
}

/// `expires_in`; older endpoints send the number as text.
pub(crate) fn lifetime(expires_in: &Value) -> Option<Duration> {
    let seconds = match expires_in {
        Value::String(text) => text.parse().ok()?,
        other => other.as_u64()?,
    };
    Some(Duration::from_secs(seconds))
}

/// Whether a token can be sent in a header.
pub(crate) fn is_sendable(token: &str) -> bool {
    !token.is_empty() && HeaderValue::from_str(token).is_ok()
}
