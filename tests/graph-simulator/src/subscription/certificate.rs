//! The certificate of a subscription with resource data (graph-protocol §7): an
//! X.509 certificate with an RSA key of 2,048 to 4,096 bits, whoever signed it and
//! however old it is.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rsa::PublicEncryptingKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::der::{BIT_STRING, INTEGER, Reader, SEQUENCE, VERSION};

/// Key and thumbprint.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) key: PublicEncryptingKey,
    /// SHA-1 of the DER in upper-case hexadecimal.
    pub(crate) thumbprint: String,
}

impl Certificate {
    /// Reads base64 of the DER, without PEM header and line breaks; otherwise says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let der = STANDARD.decode(text);
        let der = der.map_err(|_| "it is not the base64 of an X.509 certificate's DER")?;
        let info = public_key_info(&der).ok_or("it is not an X.509 certificate")?;
        let key = PublicEncryptingKey::from_der(info).map_err(|_| "its public key is not RSA")?;
        if !(2048..=4096).contains(&key.key_size_bits()) {
            return Err("its RSA key must have from 2048 to 4096 bits");
        }
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &der);
        let octets: Vec<String> = hash.as_ref().iter().map(|o| format!("{o:02X}")).collect();
        Ok(Self {
            key,
            thumbprint: octets.concat(),
        })
    }
}

/// The certificate's `SubjectPublicKeyInfo`. RFC 5280 §4.1: `Certificate` is
/// the part to be signed, an algorithm and a signature.
fn public_key_info(der: &[u8]) -> Option<&[u8]> {
    let mut file = Reader(der);
    let mut certificate = Reader(file.expect(SEQUENCE)?.content);
    let mut signed = Reader(certificate.expect(SEQUENCE)?.content);
    certificate.expect(SEQUENCE)?;
    certificate.expect(BIT_STRING)?;
    if !certificate.is_empty() || !file.is_empty() {
        return None;
    }
    let _ = signed.expect(VERSION);
    signed.expect(INTEGER)?;
    // Algorithm, issuer, validity, subject.
    for _ in 0..4 {
        signed.expect(SEQUENCE)?;
    }
    Some(signed.expect(SEQUENCE)?.whole)
}

#[cfg(test)]
mod tests {
    use super::Certificate;

    /// Made with OpenSSL 3: `openssl req -x509 -newkey rsa:2048`; its thumbprint is
    /// what `openssl x509 -fingerprint -sha1` says.
    const RSA_2048: &str = include_str!("../../assets/certificate-rsa-2048.txt");
    const EC_P256: &str = include_str!("../../assets/certificate-ec-p256.txt");
    const THUMBPRINT: &str = "1E322D7D49BFD5EF55E82D73CE686DA989B2AFBC";

    #[test]
    fn a_certificate_of_another_program_is_read() {
        let certificate = Certificate::parse(RSA_2048.trim()).unwrap();
        assert_eq!(certificate.thumbprint, THUMBPRINT);
        assert_eq!(certificate.key.key_size_bits(), 2048);
    }

    #[test]
    fn what_is_not_such_a_certificate_is_refused() {
        let problem = |text: &str| Certificate::parse(text).unwrap_err();
        assert!(problem(EC_P256.trim()).contains("not RSA"));
        let pem = format!("-----BEGIN CERTIFICATE-----\n{RSA_2048}");
        assert!(problem(&pem).contains("base64"));
        assert!(problem("bm90IGEgY2VydGlmaWNhdGU=").contains("X.509"));
        assert!(problem("").contains("X.509"));
    }
}
