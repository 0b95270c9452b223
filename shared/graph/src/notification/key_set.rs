//! Microsoft's signing keys, as its login host publishes them.
//!
//! Guarantees: keys come from the configured login host only, whatever its
//! documents say about another; both of its documents are read, since tokens of
//! both versions are in use, and one of them may be missing; a key that is of no
//! use here (another type or purpose) spoils none beside it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::{json, json_body};

/// The documents of the two versions; where a key is in both, the first one's counts.
const DOCUMENTS: [&str; 2] = [
    "/common/v2.0/.well-known/openid-configuration",
    "/common/.well-known/openid-configuration",
];
/// The longest that one document and its keys may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Microsoft publishes about ten.
const MOST_KEYS: usize = 200;
/// The longest key id.
pub(super) const LONGEST_KEY_ID: usize = 256;

/// A public key for RS256.
pub(super) struct SigningKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    /// The issuer that it signs for, with `{tenantid}` in the tenant's place; not always told.
    pub(super) issuer: Option<String>,
}

impl SigningKey {
    /// Whether `signature` is this key's over `message`, by RSA PKCS#1 v1.5 and SHA-256.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents {
            n: &self.modulus,
            e: &self.exponent,
        };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }
}

/// Keys by their ids.
pub(super) struct KeySet {
    pub(super) keys: HashMap<String, Arc<SigningKey>>,
    /// Whether all that the host publishes was read; else a key may be missing.
    pub(super) complete: bool,
}

impl KeySet {
    /// Reads what the login host publishes; `None` when neither document leads to a key.
    pub(super) async fn fetch(http: &reqwest::Client, login: &Url) -> Option<Self> {
        let [first, second] = DOCUMENTS.map(|path| published(http, login, path));
        let (first, second) = tokio::join!(first, second);
        let mut set = Self {
            keys: HashMap::new(),
            complete: true,
        };
        for published in [first, second] {
            match published {
                Published::Keys(keys) => {
                    for (id, key) in keys {
                        set.keys.entry(id).or_insert(key);
                    }
                }
                Published::Nothing => {}
                Published::Unreachable => set.complete = false,
            }
        }
        (!set.keys.is_empty()).then_some(set)
    }
}

/// What came of one document.
enum Published {
    Keys(Vec<(String, Arc<SigningKey>)>),
    /// The host does not have it.
    Nothing,
    Unreachable,
}

async fn published(http: &reqwest::Client, login: &Url, path: &str) -> Published {
    let read = async {
        let mut document = login.clone();
        let base = login.path().trim_end_matches('/');
        document.set_path(&format!("{base}{path}"));
        let Some(found) = get::<WireConfiguration>(http, document).await? else {
            return Ok(Published::Nothing);
        };
        let address = Url::parse(&found.jwks_uri).map_err(|_| Unusable)?;
        if !is_at(&address, login) {
            return Err(Unusable);
        }
        let set: WireKeys = get(http, address).await?.ok_or(Unusable)?;
        let keys = set.keys.into_iter().take(MOST_KEYS).filter_map(read_key);
        Ok(Published::Keys(keys.collect()))
    };
    let result = tokio::time::timeout(PATIENCE, read).await;
    if let Ok(Ok(published)) = result {
        return published;
    }
    tracing::warn!(target: "graph", document = path, "signing keys could not be read");
    Published::Unreachable
}

/// Not reached, or not what it should be.
struct Unusable;

/// A JSON document; `None` for one that does not exist.
async fn get<T: DeserializeOwned>(http: &reqwest::Client, url: Url) -> Result<Option<T>, Unusable> {
    let response = http.get(url).send().await.map_err(|_| Unusable)?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if !response.status().is_success() {
        return Err(Unusable);
    }
    let body = json_body(response).await.map_err(|_| Unusable)?;
    json(&body).map(Some).ok_or(Unusable)
}

/// Whether an address is on the login host: scheme, host and port.
fn is_at(address: &Url, login: &Url) -> bool {
    address.origin() == login.origin() && address.origin().is_tuple()
}

#[derive(Deserialize)]
struct WireConfiguration {
    jwks_uri: String,
}

#[derive(Deserialize)]
struct WireKeys {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct WireKey {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    kid: String,
    n: String,
    e: String,
    issuer: Option<String>,
}

/// An RSA key for signatures, with its id.
fn read_key(wire: Value) -> Option<(String, Arc<SigningKey>)> {
    let wire: WireKey = serde_json::from_value(wire).ok()?;
    let signs = wire.kty == "RSA"
        && wire.purpose.is_none_or(|purpose| purpose == "sig")
        && wire.alg.is_none_or(|algorithm| algorithm == "RS256")
        && !wire.kid.is_empty()
        && wire.kid.len() <= LONGEST_KEY_ID;
    if !signs {
        return None;
    }
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let key = SigningKey {
        modulus: decode(&wire.n)?,
        exponent: decode(&wire.e)?,
        issuer: wire.issuer,
    };
    Some((wire.kid, Arc::new(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NT-3: keys are taken from the configured host, not from wherever a document points to.
    #[test]
    fn another_scheme_host_or_port_is_not_the_login_host() {
        let login = Url::parse("https://login.microsoftonline.com").unwrap();
        let at = |address: &str| is_at(&Url::parse(address).unwrap(), &login);
        assert!(at(
            "https://login.microsoftonline.com/common/discovery/keys"
        ));
        assert!(at("https://LOGIN.microsoftonline.com:443/x"));
        for elsewhere in [
            "http://login.microsoftonline.com/x",
            "https://login.microsoftonline.com:8443/x",
            "https://login.microsoftonline.com.attacker.example/x",
            "https://login.microsoftonline.com@attacker.example/x",
            "data:application/json,{}",
        ] {
            assert!(!at(elsewhere), "{elsewhere}");
        }
    }

    /// An odd key beside good ones is passed over.
    #[test]
    fn only_rsa_keys_for_signatures_are_read() {
        let key = |change: &str| -> Value {
            let mut key = serde_json::json!({"kty": "RSA", "use": "sig", "kid": "k", "n": "AQAB", "e": "AQAB"});
            let change: serde_json::Map<String, Value> = serde_json::from_str(change).unwrap();
            key.as_object_mut().unwrap().extend(change);
            key
        };
        for good in ["{}", r#"{"alg":"RS256"}"#, r#"{"use":null}"#] {
            assert!(read_key(key(good)).is_some(), "{good}");
        }
        for bad in [
            r#"{"kty":"EC"}"#,
            r#"{"kty":"oct"}"#,
            r#"{"use":"enc"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"none"}"#,
            r#"{"kid":""}"#,
            r#"{"kid":null}"#,
            r#"{"n":"not base64!"}"#,
            r#"{"e":7}"#,
        ] {
            assert!(read_key(key(bad)).is_none(), "{bad}");
        }
    }
}
