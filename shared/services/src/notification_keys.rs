//! The deployment's own keys for encrypted notifications (XC-10): made by itself,
//! sealed by KMS, chosen by the id of their certificate.
//!
//! Guarantees: makers that race agree on one key; a new one takes its place after
//! a year, and older ones still open what was encrypted for them; a private key
//! leaves this process sealed only.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::error::Error;
use convoke_graph::SubscriptionCertificate;
use convoke_graph::notification::{DecryptionKey, GeneratedKey, generate_key};
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::records::{CurrentNotificationKeyRecord, NotificationKeyRecord};
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;
use convoke_platform::vault::Vault;

use crate::core::Core;

/// What the vault seals a private key for.
const NOTIFICATION_KEY: &str = "notification_key";
/// The name in the certificate; nobody checks it.
const COMMON_NAME: &str = "Convoke notifications";
/// A new key is made after this.
const IN_USE_FOR: TimeDelta = TimeDelta::days(365);
/// The certificate's own life: subscriptions end within days of a change of keys.
const CERTIFIED_FOR: TimeDelta = TimeDelta::days(2 * 365);
/// Microsoft's clock may be behind ours.
const CERTIFIED_BEFORE: TimeDelta = TimeDelta::days(1);
/// How long a process goes by what it read of the key in use.
const KEPT_FOR: Duration = Duration::from_mins(5);
/// Private keys that a process keeps; there is one a year.
const MOST_OPENED: usize = 16;
/// Microsoft's limit for a certificate's id.
const LONGEST_ID: usize = 128;
/// How often a maker looks again after somebody else was first.
const ATTEMPTS: usize = 3;

/// The keys; clones share what was read and opened.
#[derive(Clone)]
pub struct NotificationKeys {
    core: Core,
    vault: Vault,
    encrypts: bool,
    current: Arc<tokio::sync::Mutex<Option<Kept>>>,
    opened: Arc<Mutex<HashMap<String, Arc<DecryptionKey>>>>,
}

/// What is known of the key in use.
struct Kept {
    record: CurrentNotificationKeyRecord,
    read_at: Instant,
}

impl NotificationKeys {
    /// Encrypted notifications are asked for unless `CONVOKE_ENCRYPT_NOTIFICATIONS`
    /// is `false`; no network call.
    pub fn of_environment(
        environment: &Environment,
        core: Core,
        vault: Vault,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            core,
            vault,
            encrypts: encrypts(environment)?,
            current: Arc::default(),
            opened: Arc::default(),
        })
    }

    /// The certificate to make subscriptions with, which is made where there is
    /// none of this year; `None` where notifications are not to be encrypted.
    pub async fn current(&self) -> Result<Option<SubscriptionCertificate>, Error> {
        if !self.encrypts {
            return Ok(None);
        }
        let now = self.core.ports.now();
        let mut held = self.current.lock().await;
        let known = held
            .as_ref()
            .filter(|kept| kept.read_at.elapsed() < KEPT_FOR && !is_old(&kept.record, now));
        let record = if let Some(kept) = known {
            kept.record.clone()
        } else {
            let record = self.find_or_make(now).await?;
            let read_at = Instant::now();
            held.insert(Kept { record, read_at }).record.clone()
        };
        Ok(Some(SubscriptionCertificate {
            id: record.certificate_id,
            der_base64: record.certificate,
        }))
    }

    /// The private key of a certificate, also while notifications are not to be
    /// encrypted any more; `None` for a certificate that was never ours.
    pub async fn open(&self, certificate_id: &str) -> Result<Option<Arc<DecryptionKey>>, Error> {
        if certificate_id.is_empty() || certificate_id.len() > LONGEST_ID {
            return Ok(None);
        }
        if let Some(key) = self.opened().get(certificate_id) {
            return Ok(Some(key.clone()));
        }
        let place = NotificationKeyRecord::key_of(certificate_id);
        let record: Option<NotificationKeyRecord> = self.store().get(&place).await?;
        let Some(record) = record else {
            return Ok(None);
        };
        let sealed = &record.sealed_private_key;
        let deployment = Tenant::of_deployment();
        let text = self
            .vault
            .open(&deployment, NOTIFICATION_KEY, sealed)
            .await?;
        let key = STANDARD.decode(text).ok();
        let key = key.and_then(|pkcs8| DecryptionKey::from_pkcs8(&pkcs8).ok());
        let key = Arc::new(key.ok_or_else(|| Error::internal("a notification key is no key"))?);
        let mut opened = self.opened();
        if opened.len() >= MOST_OPENED {
            opened.clear();
        }
        opened.insert(certificate_id.to_owned(), key.clone());
        Ok(Some(key))
    }

    async fn find_or_make(
        &self,
        now: DateTime<Utc>,
    ) -> Result<CurrentNotificationKeyRecord, Error> {
        let store = self.store();
        for _ in 0..ATTEMPTS {
            let place = CurrentNotificationKeyRecord::key_of();
            let stored: Option<CurrentNotificationKeyRecord> = store.get(&place).await?;
            let version = stored.as_ref().map(|record| record.version);
            if let Some(record) = stored.filter(|record| !is_old(record, now)) {
                return Ok(record);
            }
            if let Some(made) = self.make(&store, version, now).await? {
                return Ok(made);
            }
        }
        Err(StoreError::VersionConflict("notification key").into())
    }

    /// Makes a key and puts it in use in the place of the one of that version;
    /// `None` where somebody else was first.
    async fn make(
        &self,
        store: &TenantStore,
        replaced: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<Option<CurrentNotificationKeyRecord>, Error> {
        let generated = generate(now).await?;
        let private_key = STANDARD.encode(&generated.private_key_pkcs8);
        let sealed_private_key = self
            .vault
            .seal(store.tenant(), NOTIFICATION_KEY, &private_key)
            .await?;
        let current = CurrentNotificationKeyRecord {
            certificate_id: self.core.ports.mint().to_string(),
            certificate: generated.certificate_der_base64,
            made_at: now,
            version: replaced.unwrap_or(0) + 1,
        };
        let mut transaction = store.transaction();
        transaction.create(&NotificationKeyRecord {
            certificate_id: current.certificate_id.clone(),
            certificate: current.certificate.clone(),
            sealed_private_key,
            made_at: now,
        });
        match replaced {
            None => transaction.create(&current),
            Some(version) => transaction.replace(&current, version),
        };
        match transaction.commit().await {
            Ok(()) => {
                tracing::info!(
                    certificate_id = current.certificate_id,
                    "a new notification key is in use"
                );
                Ok(Some(current))
            }
            Err(StoreError::AlreadyExists(_) | StoreError::VersionConflict(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn store(&self) -> TenantStore {
        self.core.store(&Tenant::of_deployment())
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<DecryptionKey>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new key, made aside: it keeps a processor busy for a while.
async fn generate(now: DateTime<Utc>) -> Result<GeneratedKey, Error> {
    let (begin, end) = (now - CERTIFIED_BEFORE, now + CERTIFIED_FOR);
    tokio::task::spawn_blocking(move || generate_key(COMMON_NAME, begin, end))
        .await
        .map_err(|_| Error::internal("making a notification key was interrupted"))?
        .map_err(|error| Error::internal(error.to_string()))
}

fn is_old(record: &CurrentNotificationKeyRecord, now: DateTime<Utc>) -> bool {
    now - record.made_at >= IN_USE_FOR
}

fn encrypts(environment: &Environment) -> Result<bool, ConfigError> {
    const NAME: &str = "CONVOKE_ENCRYPT_NOTIFICATIONS";
    match environment.optional(NAME).as_deref() {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(ConfigError::Invalid {
            name: NAME,
            problem: "is neither true nor false",
        }),
    }
}

impl fmt::Debug for NotificationKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationKeys")
            .field("encrypts", &self.encrypts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NT-1: notifications are encrypted unless the deployment says otherwise in so many words.
    #[test]
    fn encryption_is_on_unless_it_is_turned_off() {
        let of = |value: &str| {
            let name = "CONVOKE_ENCRYPT_NOTIFICATIONS".to_owned();
            encrypts(&Environment::of([(name, value.to_owned())]))
        };
        assert_eq!(encrypts(&Environment::default()), Ok(true));
        assert_eq!(of("true"), Ok(true));
        assert_eq!(of("false"), Ok(false));
        for unclear in ["0", "no", "False", "off"] {
            assert!(of(unclear).is_err(), "{unclear}");
        }
    }

    /// XC-10: a key is replaced after a year, while its certificate is still good.
    #[test]
    fn a_key_is_old_after_a_year() {
        let made_at = DateTime::UNIX_EPOCH;
        let record = CurrentNotificationKeyRecord {
            certificate_id: "c".to_owned(),
            certificate: String::new(),
            made_at,
            version: 1,
        };
        assert!(!is_old(&record, made_at - TimeDelta::days(1)));
        assert!(!is_old(&record, made_at + TimeDelta::days(364)));
        assert!(is_old(&record, made_at + TimeDelta::days(365)));
    }

    /// XC-10: what is made fits what KMS encrypts at once, and opens again.
    #[tokio::test]
    async fn a_generated_key_fits_the_vault() {
        let key = generate(DateTime::UNIX_EPOCH + TimeDelta::days(20_000))
            .await
            .unwrap();
        let text = STANDARD.encode(&key.private_key_pkcs8);
        assert!(text.len() <= 4_096, "{}", text.len());
        assert!(DecryptionKey::from_pkcs8(&key.private_key_pkcs8).is_ok());
    }
}
