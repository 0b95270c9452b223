//! The handle's part for what users consent to.

use super::GraphSimulator;
use crate::delegated::{Consent, GrantState, StoredGrant};
use crate::world::World;

impl GraphSimulator {
    /// Has a user (object id or UPN) consent to an app's use of their calendar, and
    /// gives the code that the browser would bring to `redirect_uri`. `challenge` is
    /// PKCE's, S256.
    pub fn authorize(
        &self,
        client_id: &str,
        user: &str,
        redirect_uri: &str,
        challenge: Option<&str>,
    ) -> anyhow::Result<String> {
        let challenge = challenge.map(str::to_owned);
        self.shared
            .change(|world| world.authorize(client_id, user, redirect_uri, challenge))
            .map_err(anyhow::Error::msg)
    }

    /// The refresh tokens of a user (object id or UPN), oldest first.
    pub fn grants(&self, user: &str) -> Vec<StoredGrant> {
        let world = self.shared.world();
        let id = world.any_user_id(user);
        id.map_or_else(Vec::new, |id| world.grants.list(Some(&id)))
    }

    /// The user (or an administrator) takes back what they gave to all apps: their codes
    /// and refresh tokens are worth nothing from now on. Access tokens live on:
    /// [`GraphSimulator::expire_tokens`]. Says how many are concerned.
    pub fn revoke_grants(&self, user: &str) -> anyhow::Result<usize> {
        self.set_grants(user, GrantState::Revoked)
    }

    /// The tenant wants a second factor before it goes on honouring the user's refresh tokens.
    pub fn require_interaction(&self, user: &str) -> anyhow::Result<usize> {
        self.set_grants(user, GrantState::NeedsInteraction)
    }

    fn set_grants(&self, user: &str, state: GrantState) -> anyhow::Result<usize> {
        self.shared
            .change(|world| world.set_grants(user, None, state))
            .map_err(anyhow::Error::msg)
    }
}

impl World {
    pub(crate) fn authorize(
        &mut self,
        client_id: &str,
        user: &str,
        redirect_uri: &str,
        challenge: Option<String>,
    ) -> Result<String, String> {
        let user_id = self.any_user_id(user);
        let user_id = user_id.ok_or_else(|| format!("there is no user {user}"))?;
        let client_id = client_id.to_ascii_lowercase();
        if !self.apps.contains_key(&client_id) {
            return Err(format!("there is no app {client_id}"));
        }
        let consent = Consent {
            client_id,
            user_id,
            scopes: vec!["Calendars.ReadWrite".into()],
        };
        let now = self.now();
        Ok(self.grants.authorize(consent, redirect_uri, challenge, now))
    }

    pub(crate) fn set_grants(
        &mut self,
        user: &str,
        client_id: Option<&str>,
        state: GrantState,
    ) -> Result<usize, String> {
        let user_id = self.any_user_id(user);
        let user_id = user_id.ok_or_else(|| format!("there is no user {user}"))?;
        Ok(self.grants.set_state(&user_id, client_id, state))
    }
}
