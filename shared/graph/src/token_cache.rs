//! Access tokens, shared by everything that runs in one process.
//!
//! Guarantees: one refresh at a time per credential, and whoever waited for it
//! shares its outcome, failure included; a token is renewed five minutes before
//! it ends while the old one goes on serving; a token that Graph refused is
//! dropped only if it is still the cached one; the cache is bounded.
//!
//! A frozen Lambda environment may stop the monotonic clock, so that a token ends
//! earlier than its entry says: Graph's 401 then renews it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use tokio::time::Instant;

use crate::config::{GraphProfile, Secret};
use crate::error::GraphError;

/// How many credentials are remembered; the one unused for longest goes first.
const MOST_CREDENTIALS: usize = 256;
const EARLY: Duration = Duration::from_mins(5);
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// A token and when it is to be renewed.
#[derive(Clone)]
pub(crate) struct AccessToken {
    value: Arc<Secret>,
    renew_at: Instant,
    ends_at: Instant,
}

impl AccessToken {
    /// A token that was asked for at `asked_at` and lives for `life`.
    pub(crate) fn new(value: String, asked_at: Instant, life: Duration) -> Self {
        let life = life.min(LONGEST_LIFE);
        let early = EARLY.min(life / 2);
        Self {
            value: Arc::new(Secret::new(value)),
            renew_at: asked_at + life.saturating_sub(early),
            ends_at: asked_at + life,
        }
    }

    /// A token that the caller has, to be used now and not to be kept.
    pub(crate) fn given(value: &Secret) -> Self {
        let now = Instant::now();
        Self {
            value: Arc::new(value.clone()),
            renew_at: now,
            ends_at: now,
        }
    }

    /// The bearer token.
    pub(crate) fn expose(&self) -> &str {
        self.value.expose()
    }
}

/// Whose token it is; the secret only as a digest, so that a changed secret is another entry.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey {
    login: String,
    tenant: String,
    client: String,
    secret_digest: [u8; 32],
    scope: String,
}

impl TokenKey {
    pub(crate) fn new(login: &str, profile: &GraphProfile, scope: &str) -> Self {
        let secret = profile.client_secret.expose().as_bytes();
        let mut secret_digest = [0; 32];
        secret_digest.copy_from_slice(digest::digest(&digest::SHA256, secret).as_ref());
        Self {
            login: login.to_owned(),
            tenant: profile.tenant_id.clone(),
            client: profile.client_id.clone(),
            secret_digest,
            scope: scope.to_owned(),
        }
    }
}

/// The bounded map of tokens.
#[derive(Default)]
pub(crate) struct TokenCache {
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    by_key: HashMap<TokenKey, (u64, Arc<Slot>)>,
    uses: u64,
}

#[derive(Default)]
struct Slot {
    token: Mutex<Option<AccessToken>>,
    /// Held while a token is fetched; keeps the last failure for those who waited.
    renewal: tokio::sync::Mutex<Option<GraphError>>,
    /// How many fetches have failed: whoever sees it grow while waiting shares the failure.
    failures: AtomicU64,
}

impl TokenCache {
    /// The token that is good at `now`, else what `fetch` gets; `fetch` runs once for all who wait.
    pub(crate) async fn get<F>(
        &self,
        key: &TokenKey,
        now: Instant,
        fetch: F,
    ) -> Result<AccessToken, GraphError>
    where
        F: Future<Output = Result<AccessToken, GraphError>>,
    {
        let slot = self.slot(key);
        let failures = slot.failures.load(Ordering::Acquire);
        let present = slot.present(now);
        if let Some(token) = present.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.clone());
        }
        let mut last_failure = match (present, slot.renewal.try_lock()) {
            (_, Ok(renewal)) => renewal,
            // Somebody is renewing it and the old one still serves.
            (Some(token), Err(_)) => return Ok(token),
            (None, Err(_)) => slot.renewal.lock().await,
        };
        if let Some(token) = slot.present(now).filter(|token| now < token.renew_at) {
            return Ok(token);
        }
        if slot.failures.load(Ordering::Acquire) != failures
            && let Some(failure) = last_failure.as_ref()
        {
            return Err(failure.clone());
        }
        match fetch.await {
            Ok(token) => {
                *last_failure = None;
                *lock(&slot.token) = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                *last_failure = Some(error.clone());
                slot.failures.fetch_add(1, Ordering::AcqRel);
                slot.present(now).ok_or(error)
            }
        }
    }

    /// Drops `token`, unless another has taken its place.
    pub(crate) fn forget(&self, key: &TokenKey, token: &AccessToken) {
        let slot = self.slot(key);
        let mut present = lock(&slot.token);
        if present
            .as_ref()
            .is_some_and(|own| Arc::ptr_eq(&own.value, &token.value))
        {
            *present = None;
        }
    }

    fn slot(&self, key: &TokenKey) -> Arc<Slot> {
        let mut slots = lock(&self.slots);
        slots.uses += 1;
        let now = slots.uses;
        if let Some((used, slot)) = slots.by_key.get_mut(key) {
            *used = now;
            return slot.clone();
        }
        if slots.by_key.len() >= MOST_CREDENTIALS {
            let oldest = slots.by_key.iter().min_by_key(|(_, (used, _))| *used);
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|key| slots.by_key.remove(&key));
        }
        let slot = Arc::new(Slot::default());
        slots.by_key.insert(key.clone(), (now, slot.clone()));
        slot
    }
}

impl Slot {
    /// The token, if it has not ended.
    fn present(&self, now: Instant) -> Option<AccessToken> {
        lock(&self.token)
            .clone()
            .filter(|token| now < token.ends_at)
    }
}

/// No code under these locks can panic half-way, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
