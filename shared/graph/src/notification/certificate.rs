//! Makes the key that Microsoft encrypts notifications for, with its certificate.
//!
//! Guarantees: RSA with 2048 bits, and a self-signed X.509 certificate around it
//! (Microsoft takes no bare public key, and does not check the issuer); the
//! private key never shows in debug output.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike, Utc};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, Error, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    RsaKeySize, date_time_ymd,
};

/// The years that both of X.509's ways to write a time can name.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

/// A new key and its certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct GeneratedKey {
    /// The certificate as a subscription takes it: DER in base64 on one line.
    pub certificate_der_base64: String,
    /// The private key, for [`DecryptionKey::from_pkcs8`](super::DecryptionKey::from_pkcs8).
    pub private_key_pkcs8: Vec<u8>,
}

/// No key could be made: a time that no certificate can hold, or a failing generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key and certificate could be made")]
pub struct KeyGenerationFailed;

/// Makes a key; takes some hundred milliseconds of computing.
pub fn generate_key(
    common_name: &str,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
) -> Result<GeneratedKey, KeyGenerationFailed> {
    let since_1970 = |time: DateTime<Utc>| {
        let seconds = u64::try_from(time.timestamp()).ok();
        seconds.filter(|_| YEARS.contains(&time.year()))
    };
    let (Some(begin), Some(end)) = (since_1970(not_before), since_1970(not_after)) else {
        return Err(KeyGenerationFailed);
    };
    let failed = |_: Error| KeyGenerationFailed;
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(failed)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name;
    parameters.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(begin);
    parameters.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(end);
    parameters.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    Ok(GeneratedKey {
        certificate_der_base64: STANDARD.encode(certificate.der()),
        private_key_pkcs8: key.serialize_der(),
    })
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rsa::PrivateDecryptingKey;
    use chrono::TimeDelta;

    use super::*;

    fn contains(document: &[u8], part: &[u8]) -> bool {
        document.windows(part.len()).any(|window| window == part)
    }

    /// NT-1: the certificate is for the key beside it, on one line, and names its times.
    #[test]
    fn the_certificate_is_of_the_key() {
        let begin = DateTime::from_timestamp(1_793_606_400, 0).unwrap();
        let key = generate_key("Convoke test", begin, begin + TimeDelta::days(20_000)).unwrap();
        let certificate = STANDARD.decode(&key.certificate_der_base64).unwrap();
        let private = PrivateDecryptingKey::from_pkcs8(&key.private_key_pkcs8).unwrap();
        assert_eq!(private.key_size_bits(), 2048);
        let public: PublicKeyX509Der<'_> = private.public_key().as_der().unwrap();
        assert!(contains(&certificate, public.as_ref()));
        assert!(contains(&certificate, b"Convoke test"));
        // Years up to 2049 have two digits, later ones four.
        assert!(contains(&certificate, b"261102080000Z"));
        assert!(contains(&certificate, b"20810805080000Z"));
        let another = generate_key("Convoke test", begin, begin).unwrap();
        assert_ne!(another, key);
    }

    #[test]
    fn times_that_no_certificate_can_hold_are_refused() {
        let now = DateTime::UNIX_EPOCH;
        for (begin, end) in [
            (DateTime::<Utc>::MIN_UTC, now),
            (now - TimeDelta::seconds(1), now),
            (now, DateTime::<Utc>::MAX_UTC),
        ] {
            assert_eq!(generate_key("c", begin, end), Err(KeyGenerationFailed));
        }
    }

    /// XC-9, XC-10: the private key does not show in debug output.
    #[test]
    fn debug_output_hides_the_private_key() {
        let key = generate_key("c", DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(format!("{key:?}"), "GeneratedKey { .. }");
    }
}
