//! Tokens for a user: from the code of a consent, and from a refresh token.
//!
//! Guarantees: a code is not sent again once it may have been redeemed; a new
//! refresh token is handed out whenever Microsoft sends one, since it takes the old
//! one's place.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::DelegatedClient;
use crate::answer::json;
use crate::config::Secret;
use crate::error::GraphError;
use crate::retry::Attempts;
use crate::token_request::{TokenKind, TokenRequest, is_sendable, lifetime};

/// Work and school accounts of any tenant, and personal ones.
const ANY_ACCOUNT: &str = "common";
/// What a user is asked to consent to: an own calendar, also while the user is away.
const SCOPE: &str = "offline_access Calendars.ReadWrite";

/// What the token endpoint gave for a user.
#[derive(Debug, Clone)]
pub struct DelegatedTokens {
    /// The bearer token for the calls on this user's calendar; opaque.
    pub access_token: Secret,
    /// How long the access token lives from now.
    pub expires_in: Duration,
    /// To be stored instead of the one that was sent; absent: that one stays.
    pub refresh_token: Option<Secret>,
}

#[derive(Deserialize)]
struct WireTokens {
    access_token: String,
    expires_in: Value,
    refresh_token: Option<String>,
}

impl DelegatedClient {
    /// A new access token for a stored refresh token.
    /// [`GrantRevoked`](crate::GraphErrorClass::GrantRevoked): the user has to connect again.
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<DelegatedTokens, GraphError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
        ];
        self.ask_for_tokens(TokenKind::Refresh, &form).await
    }

    /// The tokens of a consent that has just brought `code` to `redirect_uri`.
    /// `outcome_unknown` in an error: the code may be spent, and the user consents again.
    pub async fn exchange(
        &self,
        code: &Secret,
        redirect_uri: &str,
        code_verifier: Option<&Secret>,
    ) -> Result<DelegatedTokens, GraphError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
        ];
        form.extend(code_verifier.map(|verifier| ("code_verifier", verifier.expose())));
        self.ask_for_tokens(TokenKind::Code, &form).await
    }

    async fn ask_for_tokens(
        &self,
        kind: TokenKind,
        grant: &[(&str, &str)],
    ) -> Result<DelegatedTokens, GraphError> {
        let secret = self.app.client_secret.expose();
        let mut form = vec![
            ("client_id", self.app.client_id.as_str()),
            ("client_secret", secret),
            ("scope", SCOPE),
        ];
        form.extend_from_slice(grant);
        // All that the grant holds but its type, which is in every message.
        let mut secrets: Vec<&str> = grant.iter().skip(1).map(|(_, value)| *value).collect();
        secrets.push(secret);
        let request = TokenRequest {
            operation: "user_token",
            kind,
            tenant: ANY_ACCOUNT,
            form: &form,
            secrets: &secrets,
        };
        let most = self.graph.inner.config.max_attempts;
        let mut attempts = Attempts::new(self.deadline(), most);
        loop {
            match self.graph.ask(&request, &mut attempts, read_tokens).await {
                Ok(tokens) => return Ok(tokens),
                Err(error) if error.outcome_unknown => return Err(error),
                Err(error) => attempts.pause_after(error).await?,
            }
        }
    }
}

/// The tokens of an answer, if the access token can be sent in a header.
fn read_tokens(body: &[u8], _: Instant) -> Option<DelegatedTokens> {
    let answer: WireTokens = json(body)?;
    let expires_in = lifetime(&answer.expires_in)?;
    let refresh_token = answer.refresh_token.filter(|token| !token.is_empty());
    is_sendable(&answer.access_token).then(|| DelegatedTokens {
        access_token: Secret::new(answer.access_token),
        expires_in,
        refresh_token: refresh_token.map(Secret::new),
    })
}
