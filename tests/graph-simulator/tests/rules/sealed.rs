//! An application's side of encrypted notifications: a certificate, what it
//! decrypts, and validation tokens checked with another program's library.

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::peer::{Answer, Peer};

/// A key and its self-made certificate.
pub(crate) struct KeyOfApp {
    private: PrivateDecryptingKey,
    pub(crate) certificate: String,
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut all = vec![tag];
    if length < 0x80 {
        all.push(u8::try_from(length).unwrap());
    } else {
        all.push(0x82);
        all.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
    }
    all.extend_from_slice(content);
    all
}

impl KeyOfApp {
    pub(crate) fn generate() -> Self {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let info: PublicKeyX509Der<'_> = private.public_key().as_der().unwrap();
        // SHA-256 with RSA.
        let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
        let algorithm = der(0x30, &[der(0x06, &oid), der(0x05, &[])].concat());
        let name = der(0x30, &[]);
        let times = [der(0x17, b"260101000000Z"), der(0x17, b"270101000000Z")];
        let signed = [
            der(0xa0, &der(0x02, &[2])),
            der(0x02, &[7]),
            algorithm.clone(),
            name.clone(),
            der(0x30, &times.concat()),
            name,
            info.as_ref().to_vec(),
        ];
        // Graph does not look at the signature.
        let parts = [der(0x30, &signed.concat()), algorithm, der(0x03, &[0; 257])];
        let certificate = STANDARD.encode(der(0x30, &parts.concat()));
        Self {
            private,
            certificate,
        }
    }

    /// Steps 1 to 4 of graph-protocol §7.
    pub(crate) fn open(&self, content: &Value) -> Value {
        let member = |name: &str| STANDARD.decode(content[name].as_str().unwrap()).unwrap();
        let (data, sealed) = (member("data"), member("dataKey"));
        let private = OaepPrivateDecryptingKey::new(self.private.clone()).unwrap();
        let mut key = vec![0; private.min_output_size()];
        let key = private
            .decrypt(&OAEP_SHA1_MGF1SHA1, &sealed, &mut key, None)
            .unwrap();
        let mac = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::verify(&mac, &data, &member("dataSignature")).unwrap();
        let start: [u8; 16] = key[..16].try_into().unwrap();
        let cipher = UnboundCipherKey::new(&AES_256, key).unwrap();
        let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).unwrap();
        let mut data = data;
        let context = DecryptionContext::Iv128(FixedLength::from(start));
        serde_json::from_slice(cipher.decrypt(&mut data, context).unwrap()).unwrap()
    }
}

/// The keys at this path of the login host.
pub(crate) async fn published(peer: &Peer, path: &str) -> Vec<Value> {
    let url = format!("{}{path}", peer.sim.base_url());
    let answer = Answer::of(peer.http.get(url)).await;
    assert_eq!(answer.status, 200);
    answer.body["keys"].as_array().unwrap().clone()
}

/// The claims of a token that was signed by one of these keys.
pub(crate) fn claims(token: &str, keys: &[Value], audience: &str) -> Option<Value> {
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = keys
        .iter()
        .find(|key| key["kid"] == header.kid.clone().unwrap())?;
    let (n, e) = (key["n"].as_str().unwrap(), key["e"].as_str().unwrap());
    let key = DecodingKey::from_rsa_components(n, e).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation);
    decoded.ok().map(|data| data.claims)
}
