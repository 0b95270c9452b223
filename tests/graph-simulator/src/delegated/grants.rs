//! The codes and refresh tokens that apps hold.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::directory::{App, User, UserGrant};
use crate::world::same;

/// How long a code can be redeemed.
const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// Who consented to which app, and to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) client_id: String,
    /// Object id.
    pub(crate) user_id: String,
    /// Without `offline_access`.
    pub(crate) scopes: Vec<String>,
}

/// What a refresh token or code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It gives tokens.
    Valid,
    /// Used up: a code that was redeemed, or a refresh token where those are single-use.
    Spent,
    /// `invalid_grant`, 50173: the user or an administrator took it back.
    Revoked,
    /// `interaction_required`, 50076: the tenant wants a second factor first.
    NeedsInteraction,
}

/// A refresh token that an app holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredGrant {
    /// The app.
    pub client_id: String,
    /// Object id of the user.
    pub user_id: String,
    /// Delegated permissions, without `offline_access`.
    pub scopes: Vec<String>,
    /// The refresh token.
    pub refresh_token: String,
    /// By the simulator's clock.
    pub issued_at: DateTime<Utc>,
    /// Whether it gives tokens.
    pub state: GrantState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) consent: Consent,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) state: GrantState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) consent: Consent,
    pub(crate) redirect_uri: String,
    /// PKCE, S256.
    pub(crate) challenge: Option<String>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) state: GrantState,
}

/// Everything that users consented to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Grants {
    refresh_tokens: BTreeMap<String, RefreshToken>,
    codes: BTreeMap<String, Code>,
}

impl Grants {
    /// Adds seeded ones; an unknown app or user is an error.
    pub(crate) fn seed(
        &mut self,
        seeds: Vec<UserGrant>,
        apps: &BTreeMap<String, App>,
        users: &BTreeMap<String, User>,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        for seed in seeds {
            let consent = Consent {
                client_id: seed.client_id.to_ascii_lowercase(),
                user_id: find_user(users, &seed.user)?,
                scopes: seed.scopes,
            };
            if !apps.contains_key(&consent.client_id) {
                return Err(format!("there is no app {}", seed.client_id));
            }
            if seed.refresh_token.is_empty() {
                return Err("a grant needs a refresh token".into());
            }
            self.insert(seed.refresh_token, consent, now);
        }
        Ok(())
    }

    fn insert(&mut self, token: String, consent: Consent, now: DateTime<Utc>) {
        let issued = RefreshToken {
            consent,
            issued_at: now,
            state: GrantState::Valid,
        };
        self.refresh_tokens.insert(token, issued);
    }

    /// A new refresh token, opaque and in Entra's style.
    pub(crate) fn issue(&mut self, consent: Consent, now: DateTime<Utc>) -> String {
        let id = || clock::new_id().simple().to_string();
        let token = format!("1.AXkA{}.{}{}", id(), id(), id());
        self.insert(token.clone(), consent, now);
        token
    }

    /// The code that a consent brings to the redirect address.
    pub(crate) fn authorize(
        &mut self,
        consent: Consent,
        redirect_uri: &str,
        challenge: Option<String>,
        now: DateTime<Utc>,
    ) -> String {
        let code = format!("1.AXkA{}", clock::new_id().simple());
        let authorized = Code {
            consent,
            redirect_uri: redirect_uri.into(),
            challenge,
            expires_at: now + CODE_LIFETIME,
            state: GrantState::Valid,
        };
        self.codes.insert(code.clone(), authorized);
        code
    }

    pub(crate) fn refresh_token_mut(&mut self, token: &str) -> Option<&mut RefreshToken> {
        self.refresh_tokens.get_mut(token)
    }

    pub(crate) fn code_mut(&mut self, code: &str) -> Option<&mut Code> {
        self.codes.get_mut(code)
    }

    /// Puts what the user gave the app (any app without one) into a state; how many
    /// refresh tokens and codes that were valid till then are concerned.
    pub(crate) fn set_state(
        &mut self,
        user_id: &str,
        client_id: Option<&str>,
        state: GrantState,
    ) -> usize {
        let tokens = self
            .refresh_tokens
            .values_mut()
            .map(|token| (&token.consent, &mut token.state));
        let codes = self.codes.values_mut();
        let codes = codes.map(|code| (&code.consent, &mut code.state));
        let mut count = 0;
        for (consent, present) in tokens.chain(codes) {
            let concerned = consent.user_id == user_id
                && client_id.is_none_or(|id| same(id, &consent.client_id));
            let over = matches!(present, GrantState::Spent | GrantState::Revoked);
            if concerned && !over {
                count += 1;
                *present = state;
            }
        }
        count
    }

    /// The refresh tokens, oldest first.
    pub(crate) fn list(&self, user_id: Option<&str>) -> Vec<StoredGrant> {
        let wanted = |consent: &Consent| user_id.is_none_or(|id| consent.user_id == id);
        let of_user = self
            .refresh_tokens
            .iter()
            .filter(|(_, token)| wanted(&token.consent));
        let mut list: Vec<StoredGrant> = of_user
            .map(|(token, issued)| StoredGrant {
                client_id: issued.consent.client_id.clone(),
                user_id: issued.consent.user_id.clone(),
                scopes: issued.consent.scopes.clone(),
                refresh_token: token.clone(),
                issued_at: issued.issued_at,
                state: issued.state,
            })
            .collect();
        list.sort_by_key(|grant| grant.issued_at);
        list
    }
}

fn find_user(users: &BTreeMap<String, User>, key: &str) -> Result<String, String> {
    let matches = |user: &&User| same(&user.id, key) || same(&user.upn, key);
    let found = users.values().find(matches).map(|user| user.id.clone());
    found.ok_or_else(|| format!("there is no user {key}"))
}
