//! Secrets of tenants, sealed by KMS (XC-10).
//!
//! Guarantee: what is sealed opens only for the tenant and the purpose that it
//! was sealed for, since both are KMS's encryption context. What was opened or
//! sealed is kept in the process for a few minutes, by tenant, purpose and ciphertext.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use convoke_domain::error::Error;

use crate::store::describe;
use crate::tenant::Tenant;

/// How long an opened value is kept.
const KEPT_FOR: Duration = Duration::from_mins(5);
/// How many opened values are kept.
const MOST_KEPT: usize = 256;

/// Seals and opens; clones share what was opened.
#[derive(Clone)]
pub struct Vault {
    client: aws_sdk_kms::Client,
    key_id: Arc<str>,
    opened: Arc<Mutex<HashMap<Place, Opened>>>,
}

/// Whose value it is, what for, and which ciphertext.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    tenant: String,
    purpose: &'static str,
    digest: [u8; 32],
}

struct Opened {
    plain: String,
    at: Instant,
}

impl Vault {
    /// Over a client and the deployment's key.
    pub fn new(client: aws_sdk_kms::Client, key_id: &str) -> Self {
        Self {
            client,
            key_id: key_id.into(),
            opened: Arc::default(),
        }
    }

    /// Encrypts up to 4096 octets for a tenant and purpose; answers base64 text.
    pub async fn seal(
        &self,
        tenant: &Tenant,
        purpose: &'static str,
        plain: &str,
    ) -> Result<String, Error> {
        let answer = self
            .client
            .encrypt()
            .key_id(&*self.key_id)
            .plaintext(Blob::new(plain))
            .set_encryption_context(Some(context(tenant, purpose)))
            .send()
            .await
            .map_err(|error| unavailable(&describe(&error)))?;
        let sealed = answer
            .ciphertext_blob
            .ok_or_else(|| Error::internal("KMS encrypted to nothing"))?;
        let sealed = STANDARD.encode(sealed);
        self.keep(Place::of(tenant, purpose, &sealed), plain);
        Ok(sealed)
    }

    /// Decrypts what was sealed for the same tenant and purpose; anything else is
    /// a corrupt record.
    pub async fn open(
        &self,
        tenant: &Tenant,
        purpose: &'static str,
        sealed: &str,
    ) -> Result<String, Error> {
        let place = Place::of(tenant, purpose, sealed);
        if let Some(plain) = self.kept(&place) {
            return Ok(plain);
        }
        let ciphertext = STANDARD
            .decode(sealed)
            .map_err(|_| foreign("is not base64"))?;
        let answer = self
            .client
            .decrypt()
            .key_id(&*self.key_id)
            .ciphertext_blob(Blob::new(ciphertext))
            .set_encryption_context(Some(context(tenant, purpose)))
            .send()
            .await
            .map_err(|error| {
                if error.as_service_error().is_some_and(is_foreign) {
                    foreign(&describe(&error))
                } else {
                    unavailable(&describe(&error))
                }
            })?;
        let plain = answer
            .plaintext
            .and_then(|plain| String::from_utf8(plain.into_inner()).ok())
            .ok_or_else(|| foreign("holds no text"))?;
        self.keep(place, &plain);
        Ok(plain)
    }

    /// Forgets what a ciphertext opened to, so that it is opened anew.
    pub fn forget(&self, tenant: &Tenant, purpose: &'static str, sealed: &str) {
        self.opened().remove(&Place::of(tenant, purpose, sealed));
    }

    fn kept(&self, place: &Place) -> Option<String> {
        let opened = self.opened();
        let found = opened
            .get(place)
            .filter(|kept| kept.at.elapsed() < KEPT_FOR);
        found.map(|kept| kept.plain.clone())
    }

    fn keep(&self, place: Place, plain: &str) {
        let mut opened = self.opened();
        opened.retain(|_, kept| kept.at.elapsed() < KEPT_FOR);
        if opened.len() >= MOST_KEPT {
            opened.clear();
        }
        let (plain, at) = (plain.to_owned(), Instant::now());
        opened.insert(place, Opened { plain, at });
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, HashMap<Place, Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Place {
    fn of(tenant: &Tenant, purpose: &'static str, sealed: &str) -> Self {
        let mut digest = [0; 32];
        digest.copy_from_slice(digest::digest(&digest::SHA256, sealed.as_bytes()).as_ref());
        Self {
            tenant: tenant.id().to_string(),
            purpose,
            digest,
        }
    }
}

fn context(tenant: &Tenant, purpose: &str) -> HashMap<String, String> {
    HashMap::from([
        ("tenant".to_owned(), tenant.id().to_string()),
        ("purpose".to_owned(), purpose.to_owned()),
    ])
}

/// Whether KMS says that this ciphertext is not what the context claims.
fn is_foreign(error: &DecryptError) -> bool {
    error.is_invalid_ciphertext_exception() || error.is_incorrect_key_exception()
}

fn foreign(what: &str) -> Error {
    Error::internal(format!("a sealed value does not open: {what}"))
}

fn unavailable(what: &str) -> Error {
    tracing::warn!(error = what, "KMS did not do it");
    Error::Upstream {
        code: "secrets_unavailable",
        message: "the deployment's key cannot be used; try again".to_owned(),
        retry_after: None,
    }
}
