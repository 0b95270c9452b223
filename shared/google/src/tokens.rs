//! Access tokens: from a refresh token, or from the code of a consent.
//!
//! Guarantees: credentials travel in the body, to the configured host alone; an
//! answer without a usable access token is no success. Where Google rotates refresh
//! tokens, the new one is part of the answer and the old one is worth nothing, so
//! that a lost answer is [`Effect::Unknown`](crate::Effect::Unknown).

use std::time::Duration;

use serde::Deserialize;

use crate::call::{Call, Endpoint};
use crate::client::GoogleClient;
use crate::config::Secret;
use crate::error::{Effect, GoogleError};

/// Google always says how long a token lasts; a peer that does not is asked again soon.
const UNSAID_LIFETIME: u64 = 300;
const LONGEST_LIFETIME: u64 = 24 * 3600;

/// What Google gives for a refresh token or a code.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For calls to the calendar.
    pub access_token: Secret,
    /// How long it lasts, from now on; at most a day.
    pub expires_in: Duration,
    /// A new refresh token; where there is one, it replaces the old one.
    pub refresh_token: Option<Secret>,
    /// What the user allowed: scopes, separated by blanks.
    pub scope: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    scope: Option<String>,
}

impl GoogleClient {
    /// A fresh access token; class `GrantRevoked` when the user's consent is gone.
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<Tokens, GoogleError> {
        let form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
        ];
        self.tokens("refresh_token", form).await
    }

    /// The tokens for the code that Google gave the user's browser; `redirect_uri` and
    /// `code_verifier` as in the request for consent. A code works once.
    pub async fn exchange(
        &self,
        code: &Secret,
        redirect_uri: &str,
        code_verifier: Option<&Secret>,
    ) -> Result<Tokens, GoogleError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
        ];
        form.extend(code_verifier.map(|verifier| ("code_verifier", verifier.expose())));
        self.tokens("exchange_code", form).await
    }

    async fn tokens(
        &self,
        operation: &'static str,
        mut form: Vec<(&str, &str)>,
    ) -> Result<Tokens, GoogleError> {
        let config = &self.inner.config;
        form.push(("client_id", &config.client_id));
        form.push(("client_secret", config.client_secret.expose()));
        let call = Call {
            operation,
            endpoint: Endpoint::Token,
            request: self.inner.http.post(self.token_address()?).form(&form),
            writes: true,
            deadline: self.deadline(),
        };
        let answer: TokenAnswer = call.json().await.map_err(|failure| failure.error)?;
        answer.usable()
    }
}

impl TokenAnswer {
    fn usable(self) -> Result<Tokens, GoogleError> {
        let bearer = |kind: &String| kind.eq_ignore_ascii_case("bearer");
        let is_token = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        if !self.token_type.as_ref().is_none_or(bearer) || !is_token(&self.access_token) {
            return Err(GoogleError::unavailable(
                "unreadableAnswer",
                Effect::Unknown,
            ));
        }
        let seconds = self.expires_in.unwrap_or(UNSAID_LIFETIME);
        Ok(Tokens {
            access_token: Secret::new(self.access_token),
            expires_in: Duration::from_secs(seconds.min(LONGEST_LIFETIME)),
            refresh_token: self
                .refresh_token
                .filter(|text| is_token(text))
                .map(Secret::new),
            scope: self.scope,
        })
    }
}
