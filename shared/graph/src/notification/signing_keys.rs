//! Checks validation tokens against Microsoft's signing keys, which are kept.
//!
//! Guarantees: keys are read at most once at a time, and whoever waited shares
//! the outcome; they are read anew after a day, and for an unknown key id only
//! if the last time is five minutes ago, so that a storm of invented ids reads
//! nothing; while they cannot be read, those at hand go on serving for another
//! day. Whoever cannot be judged for want of keys is never called forged.
//!
//! A frozen Lambda environment may stop the monotonic clock, so that keys stay a
//! little longer than said here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Url;
use tokio::time::Instant;

use super::key_set::{KeySet, SigningKey};
use super::validation_token::{TokenProblem, UnprovenToken, ValidatedToken};

/// How long keys are used without asking again.
const FRESH_FOR: Duration = Duration::from_hours(24);
/// How long they are used at most, while asking fails.
const USED_FOR: Duration = Duration::from_hours(48);
/// Between two readings for unknown key ids.
const PAUSE: Duration = Duration::from_mins(5);
/// Between a reading that failed and the next.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The keys that Microsoft signs validation tokens with; clones share them.
#[derive(Clone)]
pub struct SigningKeys {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    /// `None` when the configured address is none.
    login: Option<Url>,
    /// The address as issuers have it, without a slash at the end.
    login_base: String,
    known: Mutex<Known>,
    /// Held while keys are read.
    reading: tokio::sync::Mutex<()>,
}

/// What the last reading brought.
#[derive(Default)]
struct Known {
    /// By id, each with the time when it was read.
    keys: HashMap<String, (Instant, Arc<SigningKey>)>,
    last: Option<Reading>,
}

#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    complete: bool,
}

impl SigningKeys {
    /// Over the process's HTTP client and the login host, for example
    /// `https://login.microsoftonline.com`; no network call.
    pub fn new(http: reqwest::Client, login_base_url: &str) -> Self {
        let login_base = login_base_url.trim_end_matches('/').to_owned();
        let inner = Inner {
            http,
            login: crate::client::base_url(&login_base),
            login_base,
            known: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Whether Microsoft's change tracking signed this, valid at `at`; what it
    /// vouches for is for the caller to compare.
    pub async fn validate(
        &self,
        token: &str,
        at: DateTime<Utc>,
    ) -> Result<ValidatedToken, TokenProblem> {
        self.validate_when(token, at, Instant::now()).await
    }

    async fn validate_when(
        &self,
        token: &str,
        at: DateTime<Utc>,
        now: Instant,
    ) -> Result<ValidatedToken, TokenProblem> {
        let token = UnprovenToken::parse(token)?;
        let key = self.key(&token.key_id, now).await?;
        token.prove(&key, &self.inner.login_base, at)
    }

    async fn key(&self, id: &str, now: Instant) -> Result<Arc<SigningKey>, TokenProblem> {
        if let Some(key) = self.known().key(id, now, FRESH_FOR) {
            return Ok(key);
        }
        let _reading = self.inner.reading.lock().await;
        // Somebody may have read them meanwhile.
        if let Some(key) = self.known().key(id, now, FRESH_FOR) {
            return Ok(key);
        }
        let due = self.known().is_due(now);
        if due {
            self.read(now).await;
        }
        let known = self.known();
        if let Some(key) = known.key(id, now, USED_FOR) {
            return Ok(key);
        }
        if known.last.is_some_and(|reading| reading.complete) {
            return Err(TokenProblem::Forged("unknown key"));
        }
        Err(TokenProblem::KeysUnavailable)
    }

    async fn read(&self, now: Instant) {
        let inner = &self.inner;
        let set = match &inner.login {
            Some(login) => KeySet::fetch(&inner.http, login).await,
            None => None,
        };
        self.known().take(set, now);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        let known = &self.inner.known;
        known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn key(&self, id: &str, now: Instant, longest: Duration) -> Option<Arc<SigningKey>> {
        let (read_at, key) = self.keys.get(id)?;
        let young = now.saturating_duration_since(*read_at) < longest;
        young.then(|| key.clone())
    }

    /// Keeps what was read. A set that is complete replaces what was known: a key
    /// that is no longer published does not serve any more.
    fn take(&mut self, set: Option<KeySet>, now: Instant) {
        let complete = set.as_ref().is_some_and(|set| set.complete);
        self.last = Some(Reading { at: now, complete });
        self.keys.retain(|_, (read_at, _)| {
            !complete && now.saturating_duration_since(*read_at) < USED_FOR
        });
        for (id, key) in set.into_iter().flat_map(|set| set.keys) {
            self.keys.insert(id, (now, key));
        }
    }

    /// Whether the keys may be read again.
    fn is_due(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| {
            let pause = if last.complete {
                PAUSE
            } else {
                PAUSE_AFTER_FAILURE
            };
            now.saturating_duration_since(last.at) >= pause
        })
    }
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
