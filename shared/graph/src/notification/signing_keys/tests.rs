//! Tokens of another implementation (`fixture.json`), forged ones, and key
//! documents on a small HTTP server that counts what is asked of it. The test
//! says what time it is.

mod forgeries;
mod host;
mod keys;

use serde_json::{Value, json};

use self::host::Host;
use super::*;

const TENANT: &str = "77aa1f5e-3c0b-4d6e-9a51-0c3c2f6f0b11";
const AUDIENCE: &str = "6f1d9c3a-8a55-4b0e-b1a7-2d1f8e7a9c01";
const CHANGE_TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
/// When the fixture's tokens begin and end.
const BEGIN: i64 = 1_793_606_400;
const END: i64 = 1_793_692_800;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixture.json")).unwrap()
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn keys_of(host: &Host) -> SigningKeys {
    SigningKeys::new(crate::http_client().unwrap(), &host.url)
}

/// The claims of a genuine token of version 2.
fn claims() -> Value {
    json!({
        "aud": AUDIENCE, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "iat": BEGIN, "nbf": BEGIN, "exp": END, "tid": TENANT, "ver": "2.0",
        "azp": CHANGE_TRACKING, "azpacr": "2"
    })
}

/// The same of version 1.
fn older_claims() -> Value {
    json!({
        "aud": AUDIENCE, "iss": format!("https://sts.windows.net/{TENANT}/"),
        "iat": BEGIN, "nbf": BEGIN, "exp": END, "tid": TENANT, "ver": "1.0",
        "appid": CHANGE_TRACKING, "appidacr": "2"
    })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Signs with the fixture's key, by an implementation of its own.
fn sign(claims: &Value, key_id: Option<&str>) -> String {
    use base64::Engine;
    let der = base64::engine::general_purpose::STANDARD
        .decode(fixture()["private_key_pkcs8"].as_str().unwrap())
        .unwrap();
    let key = pem_of(&der);
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
    header.kid = key_id.map(str::to_owned);
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

fn pem_of(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

fn genuine() -> ValidatedToken {
    ValidatedToken {
        tenant_id: TENANT.to_owned(),
        audience: AUDIENCE.to_owned(),
    }
}
