//! Opens encrypted resource data, exactly as `graph-protocol.md` §7 says.
//!
//! Guarantees: the signature is checked, in constant time, before anything is
//! decrypted with the data key; a key of any other length than AES-256's is
//! refused; sizes are limited. There is no fallback to other algorithms.

use std::fmt;

use aws_lc_rs::cipher::{
    AES_256, AES_CBC_IV_LEN, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::delivery::EncryptedContent;

/// Length of an AES-256 key.
const DATA_KEY_LEN: usize = 32;
/// The modulus of the largest key that Microsoft allows, 4096 bits.
const LARGEST_SEALED_KEY: usize = 512;
/// Far above an artifact without its content.
const LARGEST_DATA: usize = 192 * 1024;

/// The private half of a certificate that subscriptions were made with.
pub struct DecryptionKey {
    key: OaepPrivateDecryptingKey,
}

/// Not an RSA key in PKCS#8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is no RSA key in PKCS#8")]
pub struct UnusableKey;

/// Which step refused; tells nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content cannot be decrypted: {0}")]
pub struct NotDecrypted(pub &'static str);

impl DecryptionKey {
    /// Takes a DER document.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, UnusableKey> {
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| UnusableKey)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| UnusableKey)?;
        Ok(Self { key })
    }

    /// The object inside, normally JSON for
    /// [`DecryptedArtifact::parse`](super::DecryptedArtifact::parse).
    pub fn decrypt(&self, content: &EncryptedContent) -> Result<Vec<u8>, NotDecrypted> {
        let sealed = decode(&content.data_key, LARGEST_SEALED_KEY, "the data key's text")?;
        let data_key = self.open(&sealed)?;
        let data = decode(&content.data, LARGEST_DATA, "the data's text")?;
        verify(&data_key, &data, content.data_signature.as_deref())?;
        decrypt(&data_key, data)
    }

    /// The data key: RSA-OAEP, with SHA-1 for the hash and for MGF1.
    fn open(&self, sealed: &[u8]) -> Result<[u8; DATA_KEY_LEN], NotDecrypted> {
        let mut opened = vec![0; self.key.min_output_size()];
        let opened = self
            .key
            .decrypt(&OAEP_SHA1_MGF1SHA1, sealed, &mut opened, None)
            .map_err(|_| NotDecrypted("the data key"))?;
        (&*opened)
            .try_into()
            .map_err(|_| NotDecrypted("the data key's length"))
    }
}

/// HMAC-SHA-256 over the data's octets (not their text), compared in constant time.
fn verify(
    data_key: &[u8; DATA_KEY_LEN],
    data: &[u8],
    signature: Option<&str>,
) -> Result<(), NotDecrypted> {
    let signature = signature.ok_or(NotDecrypted("no signature"))?;
    let signature = decode(signature, DATA_KEY_LEN, "the signature's text")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, data_key);
    hmac::verify(&key, data, &signature).map_err(|_| NotDecrypted("the signature"))
}

/// AES-256-CBC with PKCS#7 padding; the key's first half is the initial vector.
fn decrypt(data_key: &[u8; DATA_KEY_LEN], mut data: Vec<u8>) -> Result<Vec<u8>, NotDecrypted> {
    let refused = |_| NotDecrypted("the data");
    let mut iv = [0; AES_CBC_IV_LEN];
    iv.copy_from_slice(&data_key[..AES_CBC_IV_LEN]);
    let key = UnboundCipherKey::new(&AES_256, data_key).map_err(refused)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(refused)?;
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let length = key.decrypt(&mut data, context).map_err(refused)?.len();
    data.truncate(length);
    Ok(data)
}

fn decode(text: &str, largest: usize, what: &'static str) -> Result<Vec<u8>, NotDecrypted> {
    if text.len() > largest.div_ceil(3) * 4 {
        return Err(NotDecrypted(what));
    }
    STANDARD.decode(text).map_err(|_| NotDecrypted(what))
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecryptionKey")
    }
}

#[cfg(test)]
mod tests;
