//! Keys derived from the deployment's one root secret (XC-10).
//!
//! One key per purpose (HKDF-SHA-256), named by a key id that is a fingerprint
//! of the root, so that what an older root signed still verifies while Secrets
//! Manager keeps it as `AWSPREVIOUS`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, digest, hkdf, hmac};

/// What a derived key is for; each purpose has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Encrypting list cursors.
    Cursor,
    /// Signing links to .ics files.
    IcsLink,
    /// Sealing tickets for recordings.
    Ticket,
    /// The client states of subscriptions to Microsoft's notifications.
    ClientState,
    /// Signing the links by which invitees answer.
    AnswerLink,
}

impl Purpose {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Cursor => b"convoke/cursor/v1",
            Self::IcsLink => b"convoke/ics-link/v1",
            Self::Ticket => b"convoke/ticket/v1",
            Self::ClientState => b"convoke/client-state/v1",
            Self::AnswerLink => b"convoke/answer-link/v1",
        }
    }
}

/// Length of a key id.
pub const KEY_ID_LEN: usize = 4;
const KEY_LEN: usize = 32;
const TAG_LEN: usize = 16;
const NONCE_LEN: usize = 12;

/// A root secret and the keys derived from it.
#[derive(Clone)]
pub struct Keyring {
    root: std::sync::Arc<hkdf::Prk>,
    id: [u8; KEY_ID_LEN],
}

/// Cryptography failed where it cannot; treated as a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cryptographic primitive failed")]
pub struct CryptoFailure;

impl Keyring {
    /// Derives from the root secret's text.
    pub fn of_root(secret: &str) -> Self {
        let fingerprint = digest::digest(&digest::SHA256, secret.as_bytes());
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&fingerprint.as_ref()[..KEY_ID_LEN]);
        let root =
            hkdf::Salt::new(hkdf::HKDF_SHA256, b"convoke/root/v1").extract(secret.as_bytes());
        Self {
            root: root.into(),
            id,
        }
    }

    /// Names this root in what it signs.
    pub fn id(&self) -> [u8; KEY_ID_LEN] {
        self.id
    }

    /// HMAC-SHA-256 over `message`.
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> Result<Vec<u8>, CryptoFailure> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive(purpose)?);
        Ok(hmac::sign(&key, message).as_ref().to_vec())
    }

    /// Whether `tag` is this root's over `message`, in constant time.
    pub fn verifies(&self, purpose: Purpose, message: &[u8], tag: &[u8]) -> bool {
        self.sign(purpose, message)
            .is_ok_and(|expected| constant_time::verify_slices_are_equal(&expected, tag).is_ok())
    }

    /// AES-256-GCM with a random nonce: nonce, ciphertext, tag. `context` must
    /// be the same again to open it.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, CryptoFailure> {
        let key = self.aead(purpose)?;
        let mut sealed = plain.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(context), &mut sealed)
            .map_err(|_| CryptoFailure)?;
        let mut out = nonce.as_ref().to_vec();
        out.append(&mut sealed);
        Ok(out)
    }

    /// Opens what [`Self::seal`] closed; `None` when anything differs.
    pub fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        if sealed.len() < NONCE_LEN + TAG_LEN {
            return None;
        }
        let (nonce, body) = sealed.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self
            .aead(purpose)
            .ok()?
            .open_in_place(nonce, Aad::from(context), &mut body)
            .ok()?;
        Some(plain.to_vec())
    }

    fn aead(&self, purpose: Purpose) -> Result<RandomizedNonceKey, CryptoFailure> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.derive(purpose)?).map_err(|_| CryptoFailure)
    }

    fn derive(&self, purpose: Purpose) -> Result<[u8; KEY_LEN], CryptoFailure> {
        let mut key = [0; KEY_LEN];
        self.root
            .expand(&[purpose.info()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| CryptoFailure)?;
        Ok(key)
    }
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
pub fn is_same(one: &str, other: &str) -> bool {
    constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// SHA-256, as it is.
pub(crate) fn sha256(bytes: &[u8]) -> impl AsRef<[u8]> + use<> {
    digest::digest(&digest::SHA256, bytes)
}

/// SHA-256 in lower-case hex, for keys and fingerprints of input.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    sha256(bytes)
        .as_ref()
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_only_with_the_same_root_purpose_and_context() {
        let ring = Keyring::of_root("one");
        let sealed = ring.seal(Purpose::Cursor, b"acme", b"position").unwrap();
        assert_eq!(
            ring.open(Purpose::Cursor, b"acme", &sealed).as_deref(),
            Some(&b"position"[..])
        );
        assert_eq!(ring.open(Purpose::Cursor, b"other", &sealed), None);
        assert_eq!(ring.open(Purpose::IcsLink, b"acme", &sealed), None);
        assert_eq!(
            Keyring::of_root("two").open(Purpose::Cursor, b"acme", &sealed),
            None
        );
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(
                ring.open(Purpose::Cursor, b"acme", &forged),
                None,
                "octet {at}"
            );
            assert_eq!(ring.open(Purpose::Cursor, b"acme", &sealed[..at]), None);
        }
    }

    #[test]
    fn a_signature_holds_for_its_root_purpose_and_message_only() {
        let ring = Keyring::of_root("one");
        let tag = ring.sign(Purpose::IcsLink, b"m").unwrap();
        assert!(ring.verifies(Purpose::IcsLink, b"m", &tag));
        assert!(!ring.verifies(Purpose::IcsLink, b"n", &tag));
        assert!(!ring.verifies(Purpose::Cursor, b"m", &tag));
        assert!(!ring.verifies(Purpose::IcsLink, b"m", &tag[1..]));
        assert!(!Keyring::of_root("two").verifies(Purpose::IcsLink, b"m", &tag));
    }
}
