//! App-only tokens by client credentials, and what they say about grants.
//!
//! Guarantees: the secret goes only to the configured login host, form-encoded;
//! the scope follows Graph's host (national clouds); the answer's `expires_in`
//! is believed, not a constant.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::address::address;
use crate::answer::{error_body, json, json_body, lost, not_sent, timed_out, unusable};
use crate::call::Operation;
use crate::call_log::{Attempt, Outcome};
use crate::classify::{Refusal, request_id};
use crate::client::{GraphSession, unusable_address};
use crate::error::GraphError;
use crate::retry::Attempts;
use crate::token_cache::{AccessToken, TokenKey};

#[derive(Deserialize)]
struct WireToken {
    access_token: String,
    expires_in: Value,
}

impl GraphSession<'_> {
    /// The application permissions in a token that is fetched for this, since a
    /// cached one keeps the roles it was issued with. For diagnostics: grants by
    /// Exchange RBAC do not show here.
    pub async fn token_roles(&self) -> Result<Vec<String>, GraphError> {
        let operation = self.operation();
        let cached = operation.token().await?;
        operation.forget(&cached);
        let fresh = operation.token().await?;
        roles(fresh.expose())
            .ok_or_else(|| unusable("UnreadableToken", "the token is not a readable JWT"))
    }
}

impl Operation<'_> {
    /// A token for the session's profile, cached or new.
    pub(crate) async fn token(&self) -> Result<AccessToken, GraphError> {
        let key = self.token_key();
        let tokens = &self.client.inner.tokens;
        match tokio::time::timeout_at(
            self.deadline,
            tokens.get(&key, Instant::now(), self.fetch_token()),
        )
        .await
        {
            Ok(result) => result,
            Err(_) => Err(not_sent()),
        }
    }

    /// Drops a token that Graph refused.
    pub(crate) fn forget(&self, token: &AccessToken) {
        self.client.inner.tokens.forget(&self.token_key(), token);
    }

    fn token_key(&self) -> TokenKey {
        let config = &self.client.inner.config;
        TokenKey::new(&config.login_base_url, self.profile, &self.scope())
    }

    fn scope(&self) -> String {
        let root = self
            .client
            .inner
            .config
            .graph_base_url
            .trim_end_matches('/');
        format!("{root}/.default")
    }

    async fn fetch_token(&self) -> Result<AccessToken, GraphError> {
        let mut attempts = self.attempts();
        loop {
            match self.ask_for_token(&mut attempts).await {
                Ok(token) => return Ok(token),
                Err(error) => attempts.pause_after(error).await?,
            }
        }
    }

    async fn ask_for_token(&self, attempts: &mut Attempts) -> Result<AccessToken, GraphError> {
        let attempt = Attempt::begin("token", attempts.begin());
        let limit = attempts
            .remaining()
            .min(self.client.inner.config.attempt_timeout);
        let mut outcome = Outcome::default();
        let exchange = self.exchange_token(&attempt, &mut outcome);
        let mut result = tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(timed_out()));
        if let Err(error) = &mut result {
            outcome.complete(error, &attempt);
            error.outcome_unknown = false;
        }
        attempt.log(&outcome, result.as_ref().err());
        result
    }

    async fn exchange_token(
        &self,
        attempt: &Attempt,
        outcome: &mut Outcome,
    ) -> Result<AccessToken, GraphError> {
        let inner = &self.client.inner;
        let login = inner.login.as_ref().ok_or_else(unusable_address)?;
        let url = address(
            login,
            &[&self.profile.tenant_id, "oauth2", "v2.0", "token"],
            &[],
        )?;
        let secret = self.profile.client_secret.expose();
        let scope = self.scope();
        let form = [
            ("client_id", self.profile.client_id.as_str()),
            ("scope", &scope),
            ("client_secret", secret),
            ("grant_type", "client_credentials"),
        ];
        let asked_at = Instant::now();
        let request = inner
            .http
            .post(url)
            .form(&form)
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
                secrets: &[secret],
            };
            return Err(refusal.by_token_endpoint());
        }
        let body = json_body(response).await?;
        read_token(&body, asked_at)
            .ok_or_else(|| unusable("UnreadableToken", "the token endpoint sent no usable token"))
    }
}

/// The token of an answer, if it can be sent in a header.
fn read_token(body: &[u8], asked_at: Instant) -> Option<AccessToken> {
    let answer: WireToken = json(body)?;
    // Older endpoints send the number as text.
    let seconds = match &answer.expires_in {
        Value::String(text) => text.parse().ok()?,
        other => other.as_u64()?,
    };
    let sendable =
        !answer.access_token.is_empty() && HeaderValue::from_str(&answer.access_token).is_ok();
    sendable.then(|| AccessToken::new(answer.access_token, asked_at, Duration::from_secs(seconds)))
}

/// The `roles` claim; a token without one grants nothing.
fn roles(token: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Claims {
        #[serde(default)]
        roles: Vec<String>,
    }
    let claims = token.split('.').nth(1)?.trim_end_matches('=');
    let claims: Claims = json(&URL_SAFE_NO_PAD.decode(claims).ok()?)?;
    Some(claims.roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TS-5: the roles are read for diagnostics; a token without the claim grants none.
    #[test]
    fn roles_are_read_from_the_payload() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(
            roles(&token(r#"{"roles":["Calendars.ReadWrite"],"aud":"x"}"#)),
            Some(vec!["Calendars.ReadWrite".to_owned()])
        );
        assert_eq!(roles(&token("{}")), Some(vec![]));
        for opaque in ["", "opaque", "a.b.c", &token("7"), &token(r#"{"roles":7}"#)] {
            assert_eq!(roles(opaque), None, "{opaque}");
        }
    }

    #[tokio::test]
    async fn only_usable_tokens_are_read() {
        let read = |body: &str| {
            read_token(body.as_bytes(), Instant::now()).map(|token| token.expose().to_owned())
        };
        for good in [
            r#"{"access_token":"t","expires_in":3599}"#,
            r#"{"access_token":"t","expires_in":"3599","token_type":"Bearer"}"#,
        ] {
            assert_eq!(read(good).as_deref(), Some("t"));
        }
        for bad in [
            "",
            "<html>",
            r#"{"access_token":"","expires_in":1}"#,
            r#"{"access_token":"t"}"#,
            r#"{"access_token":"t","expires_in":-1}"#,
            r#"{"access_token":"t\nX: y","expires_in":1}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
