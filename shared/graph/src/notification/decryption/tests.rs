//! Vectors of another implementation (`fixture.json`), and what becomes of them
//! when anything in them is changed.

use serde_json::Value;

use super::super::{DecryptedArtifact, generate_key};
use super::*;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixture.json")).unwrap()
}

fn key(fixture: &Value, name: &str) -> DecryptionKey {
    let pkcs8 = STANDARD.decode(fixture[name].as_str().unwrap()).unwrap();
    DecryptionKey::from_pkcs8(&pkcs8).unwrap()
}

fn content(wire: &Value) -> EncryptedContent {
    let text = |name: &str| wire[name].as_str().unwrap().to_owned();
    EncryptedContent {
        data: text("data"),
        data_signature: Some(text("dataSignature")),
        data_key: text("dataKey"),
        certificate_id: text("encryptionCertificateId"),
    }
}

/// The key and the genuine content.
fn genuine() -> (DecryptionKey, EncryptedContent) {
    let fixture = fixture();
    (
        key(&fixture, "private_key_pkcs8"),
        content(&fixture["sealed"]),
    )
}

/// Every text that differs from `text` in one bit of what it encodes.
fn with_one_bit_flipped(text: &str) -> impl Iterator<Item = String> {
    let octets = STANDARD.decode(text).unwrap();
    (0..octets.len() * 8).map(move |bit| {
        let mut octets = octets.clone();
        octets[bit / 8] ^= 1 << (bit % 8);
        STANDARD.encode(octets)
    })
}

/// NT-3: what another implementation encrypted as Microsoft does opens.
#[test]
fn known_vectors_open() {
    let fixture = fixture();
    let (key_2048, sealed) = genuine();
    let plain = key_2048.decrypt(&sealed).unwrap();
    assert_eq!(fixture["plain"].as_str().unwrap().as_bytes(), plain);
    let artifact = DecryptedArtifact::parse(&plain).unwrap();
    assert_eq!(artifact.id, "VjIj");
    let key_4096 = key(&fixture, "private_key_4096_pkcs8");
    let sealed = content(&fixture["sealed_for_4096_bits"]);
    assert_eq!(key_4096.decrypt(&sealed), Ok(plain));
    let empty = content(&fixture["sealed_empty"]);
    assert_eq!(key_2048.decrypt(&empty), Ok(vec![]));
}

/// NT-3: other algorithms, key lengths and certificates are refused, each by its step.
#[test]
fn what_microsoft_does_not_do_is_refused() {
    let fixture = fixture();
    let (key, _) = genuine();
    let refused_by = |name: &str| {
        let refused = key.decrypt(&content(&fixture["refused"][name]));
        refused.expect_err(name).0
    };
    for name in [
        "oaep with SHA-256",
        "oaep with MGF1 of SHA-256",
        "oaep with a label",
        "pkcs1 v1.5",
        "for another certificate",
    ] {
        assert_eq!(refused_by(name), "the data key", "{name}");
    }
    for name in ["a key of 16 octets", "a key of 48 octets"] {
        assert_eq!(refused_by(name), "the data key's length", "{name}");
    }
    assert_eq!(refused_by("hmac over the base64 text"), "the signature");
    assert_eq!(refused_by("no padding"), "the data");
    assert_eq!(fixture["refused"].as_object().unwrap().len(), 9);
}

/// NT-3: no bit of the data can change, and the signature says so before the
/// padding could.
#[test]
fn flipped_bits_in_the_data_are_refused_by_the_signature() {
    let (key, content) = genuine();
    // One key opened once; what is checked is what follows.
    let sealed = STANDARD.decode(&content.data_key).unwrap();
    let data_key = key.open(&sealed).unwrap();
    let signature = content.data_signature.as_deref();
    for data in with_one_bit_flipped(&content.data) {
        let data = STANDARD.decode(data).unwrap();
        assert_eq!(
            verify(&data_key, &data, signature),
            Err(NotDecrypted("the signature"))
        );
    }
    for data in with_one_bit_flipped(&content.data).step_by(997) {
        let changed = EncryptedContent {
            data,
            ..content.clone()
        };
        assert_eq!(key.decrypt(&changed), Err(NotDecrypted("the signature")));
    }
}

/// NT-3: nor any bit of the signature, nor its length.
#[test]
fn flipped_bits_in_the_signature_are_refused() {
    let (key, content) = genuine();
    let signature = content.data_signature.clone().unwrap();
    for flipped in with_one_bit_flipped(&signature) {
        let changed = EncryptedContent {
            data_signature: Some(flipped),
            ..content.clone()
        };
        assert_eq!(key.decrypt(&changed), Err(NotDecrypted("the signature")));
    }
    let octets = STANDARD.decode(&signature).unwrap();
    for length in 0..octets.len() {
        let changed = EncryptedContent {
            data_signature: Some(STANDARD.encode(&octets[..length])),
            ..content.clone()
        };
        assert_eq!(key.decrypt(&changed), Err(NotDecrypted("the signature")));
    }
    let without = EncryptedContent {
        data_signature: None,
        ..content
    };
    assert_eq!(key.decrypt(&without), Err(NotDecrypted("no signature")));
}

/// NT-3: nor any bit of the encrypted key.
#[test]
fn flipped_bits_in_the_data_key_are_refused() {
    let (key, content) = genuine();
    for data_key in with_one_bit_flipped(&content.data_key).step_by(13) {
        let changed = EncryptedContent {
            data_key,
            ..content.clone()
        };
        assert!(key.decrypt(&changed).is_err());
    }
}

/// NT-3: nothing that was cut off opens, nor does what is longer than it may be.
#[test]
fn truncated_and_endless_content_is_refused() {
    let (key, content) = genuine();
    let data = STANDARD.decode(&content.data).unwrap();
    for length in [0, 1, 15, 16, data.len() - 16, data.len() - 1] {
        let changed = EncryptedContent {
            data: STANDARD.encode(&data[..length]),
            ..content.clone()
        };
        assert!(key.decrypt(&changed).is_err(), "{length}");
    }
    let sealed = STANDARD.decode(&content.data_key).unwrap();
    for length in [0, 1, 128, 255] {
        let changed = EncryptedContent {
            data_key: STANDARD.encode(&sealed[..length]),
            ..content.clone()
        };
        assert!(key.decrypt(&changed).is_err(), "{length}");
    }
    let endless = "A".repeat(300 * 1024);
    for changed in [
        EncryptedContent {
            data: endless.clone(),
            ..content.clone()
        },
        EncryptedContent {
            data_key: endless.clone(),
            ..content.clone()
        },
        EncryptedContent {
            data_signature: Some(endless),
            ..content.clone()
        },
        EncryptedContent {
            data: "not base64!".to_owned(),
            ..content.clone()
        },
    ] {
        assert!(key.decrypt(&changed).unwrap_err().0.ends_with("text"));
    }
}

/// Correctly signed octets that are no whole number of blocks, or of which none
/// is left, do not open.
#[test]
fn signed_data_without_blocks_is_refused() {
    let data_key = [7; DATA_KEY_LEN];
    for length in [0, 1, 15, 17, 31] {
        assert_eq!(
            decrypt(&data_key, vec![0; length]),
            Err(NotDecrypted("the data")),
            "{length}"
        );
    }
}

#[test]
fn only_rsa_keys_are_taken() {
    for bad in [&b""[..], b"key", &[0x30; 64]] {
        assert_eq!(DecryptionKey::from_pkcs8(bad).err(), Some(UnusableKey));
    }
}

/// XC-10: a key of our own making opens what is encrypted for its certificate.
#[test]
fn a_generated_key_opens_what_is_made_for_it() {
    use aws_lc_rs::rsa::OaepPublicEncryptingKey;
    let begin = chrono::DateTime::UNIX_EPOCH;
    let generated = generate_key("Convoke", begin, begin + chrono::TimeDelta::days(1)).unwrap();
    let private = PrivateDecryptingKey::from_pkcs8(&generated.private_key_pkcs8).unwrap();
    let public = OaepPublicEncryptingKey::new(private.public_key()).unwrap();
    let mut sealed = vec![0; public.ciphertext_size()];
    let data_key = [9; DATA_KEY_LEN];
    let sealed = public
        .encrypt(&OAEP_SHA1_MGF1SHA1, &data_key, &mut sealed, None)
        .unwrap();
    let key = DecryptionKey::from_pkcs8(&generated.private_key_pkcs8).unwrap();
    assert_eq!(key.open(sealed), Ok(data_key));
}

/// XC-9: neither keys nor contents show in debug output.
#[test]
fn debug_output_hides_keys_and_contents() {
    let (key, content) = genuine();
    assert_eq!(format!("{key:?}"), "DecryptionKey");
    let shown = format!("{content:?}");
    assert!(shown.contains("fixture") && shown.len() < 100, "{shown}");
}
