//! App-only tokens by client credentials, and what they say about grants.
//!
//! Guarantees: the secret goes only to the configured login host, form-encoded;
//! the scope follows Graph's host (national clouds); the answer's `expires_in`
//! is believed, not a constant.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::{json, not_sent, unusable};
use crate::call::{Authority, Operation};
use crate::client::GraphSession;
use crate::config::GraphProfile;
use crate::error::GraphError;
use crate::token_cache::{AccessToken, TokenKey};
use crate::token_request::{TokenKind, TokenRequest, is_sendable, lifetime};

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
    /// A token for the operation: the caller's own, or one for the application, cached or new.
    pub(crate) async fn token(&self) -> Result<AccessToken, GraphError> {
        let profile = match self.authority {
            Authority::Application(profile) => profile,
            Authority::User { access, .. } => return Ok(AccessToken::given(access)),
        };
        let key = self.token_key(profile);
        let tokens = &self.client.inner.tokens;
        match tokio::time::timeout_at(
            self.deadline,
            tokens.get(&key, Instant::now(), self.fetch_token(profile)),
        )
        .await
        {
            Ok(result) => result,
            Err(_) => Err(not_sent()),
        }
    }

    /// Drops a token that Graph refused; false when no other can be had.
    pub(crate) fn forget(&self, token: &AccessToken) -> bool {
        let Authority::Application(profile) = self.authority else {
            return false;
        };
        let key = self.token_key(profile);
        self.client.inner.tokens.forget(&key, token);
        true
    }

    fn token_key(&self, profile: &GraphProfile) -> TokenKey {
        let config = &self.client.inner.config;
        TokenKey::new(&config.login_base_url, profile, &self.scope())
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

    async fn fetch_token(&self, profile: &GraphProfile) -> Result<AccessToken, GraphError> {
        let scope = self.scope();
        let secret = profile.client_secret.expose();
        let request = TokenRequest {
            operation: "token",
            kind: TokenKind::Application,
            tenant: &profile.tenant_id,
            form: &[
                ("client_id", profile.client_id.as_str()),
                ("scope", &scope),
                ("client_secret", secret),
                ("grant_type", "client_credentials"),
            ],
            secrets: &[secret],
        };
        let mut attempts = self.attempts();
        loop {
            match self.client.ask(&request, &mut attempts, read_token).await {
                Ok(token) => return Ok(token),
                Err(error) => attempts.pause_after(error).await?,
            }
        }
    }
}

/// The token of an answer, if it can be sent in a header.
fn read_token(body: &[u8], asked_at: Instant) -> Option<AccessToken> {
    let answer: WireToken = json(body)?;
    let life = lifetime(&answer.expires_in)?;
    is_sendable(&answer.access_token).then(|| AccessToken::new(answer.access_token, asked_at, life))
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
