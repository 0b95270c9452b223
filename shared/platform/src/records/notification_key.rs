//! The keys that Microsoft encrypts notifications for, in the table of the
//! deployment's own tenant: each at `NOTIFICATION_KEYS` / `KEY#<certificate id>`,
//! where it stays for as long as anything may name it, and which one is in use at
//! `NOTIFICATION_KEYS` / `CURRENT`. Of a private key only KMS's ciphertext is stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{Key, Record};

const PARTITION: &str = "NOTIFICATION_KEYS";

/// One key with its certificate.
#[derive(Clone, Serialize, Deserialize)]
pub struct NotificationKeyRecord {
    /// What subscriptions and notifications call it.
    pub certificate_id: String,
    /// The certificate: DER in base64.
    pub certificate: String,
    /// The private key, PKCS#8 in base64, sealed.
    pub sealed_private_key: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

impl NotificationKeyRecord {
    /// Where a key is stored.
    pub fn key_of(certificate_id: &str) -> Key {
        Key::new(PARTITION, format!("KEY#{certificate_id}"))
    }
}

impl Record for NotificationKeyRecord {
    const KIND: &'static str = "notification key";

    fn key(&self) -> Key {
        Self::key_of(&self.certificate_id)
    }

    fn version(&self) -> u64 {
        0
    }
}

/// The certificate that new subscriptions are made with.
#[derive(Clone, Serialize, Deserialize)]
pub struct CurrentNotificationKeyRecord {
    /// What subscriptions and notifications call it.
    pub certificate_id: String,
    /// The certificate: DER in base64.
    pub certificate: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Raised with each new key.
    pub version: u64,
}

impl CurrentNotificationKeyRecord {
    /// Where it is stored.
    pub fn key_of() -> Key {
        Key::new(PARTITION, "CURRENT")
    }
}

impl Record for CurrentNotificationKeyRecord {
    const KIND: &'static str = "current notification key";

    fn key(&self) -> Key {
        Self::key_of()
    }

    fn version(&self) -> u64 {
        self.version
    }
}
