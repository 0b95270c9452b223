//! The encrypted object in a notification (graph-protocol §7, steps 1 to 3 turned round).

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::subscription::Certificate;

/// `encryptedContent`, with a symmetric key of its own.
pub(super) fn encrypt(
    certificate: Certificate,
    certificate_id: &str,
    plain: &[u8],
) -> Result<Value, Unspecified> {
    let mut key = [0; 32];
    rand::fill(&mut key)?;
    let mut start = [0; 16];
    start.copy_from_slice(&key[..16]);
    let mut data = plain.to_vec();
    PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &key)?)?
        .less_safe_encrypt(
            &mut data,
            EncryptionContext::Iv128(FixedLength::from(start)),
        )?;
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &data);
    let public = OaepPublicEncryptingKey::new(certificate.key)?;
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut sealed, None)?;
    Ok(json!({
        "data": STANDARD.encode(&data),
        "dataSignature": STANDARD.encode(signature),
        "dataKey": STANDARD.encode(sealed),
        "encryptionCertificateId": certificate_id,
        "encryptionCertificateThumbprint": certificate.thumbprint,
    }))
}
