//! The keys of the login host: what validation tokens are signed with, and what
//! it publishes (graph-protocol §7). They live as long as the process.

use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::TokenVersion;
use crate::bearer;
use crate::clock;
use crate::subscription::der::{INTEGER, Reader, SEQUENCE};

/// Microsoft's change tracking, which every validation token names (graph-protocol §7).
const CHANGE_TRACKING_APP_ID: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
const LIFETIME: TimeDelta = TimeDelta::hours(24);

#[derive(Debug)]
struct SigningKey {
    id: String,
    pair: KeyPair,
}

/// The published keys; the last one signs. The first is made when it is needed.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys(Mutex<Vec<SigningKey>>);

impl SigningKey {
    fn generate() -> anyhow::Result<Self> {
        Ok(Self {
            id: clock::new_id().simple().to_string(),
            pair: KeyPair::generate(KeySize::Rsa2048).context("no RSA key could be made")?,
        })
    }

    /// As a JSON web key.
    fn published(&self, issuer: Option<&str>) -> Value {
        let (n, e) = numbers(self.pair.public_key().as_ref()).unwrap_or_default();
        let mut key = json!({
            "kty": "RSA", "use": "sig", "kid": self.id,
            "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e),
        });
        if let Some(issuer) = issuer {
            key["issuer"] = issuer.into();
        }
        key
    }

    fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": self.id});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .context("the token could not be signed")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017), without leading zeros.
fn numbers(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut sequence = Reader(Reader(der).expect(SEQUENCE)?.content);
    let mut number = || {
        let octets = sequence.expect(INTEGER)?.content;
        let first = octets.iter().position(|octet| *octet != 0)?;
        Some(octets[first..].to_vec())
    };
    Some((number()?, number()?))
}

impl SigningKeys {
    /// The first use makes a key, which takes a moment; nothing else waits for it.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Vec<SigningKey>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.is_empty() {
            keys.push(SigningKey::generate()?);
        }
        work(&mut keys)
    }

    /// A JWT with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        self.with(|keys| keys.last().context("no key")?.sign(claims))
    }

    /// What the login host publishes.
    pub(crate) fn published(&self, issuer: Option<&str>) -> anyhow::Result<Value> {
        self.with(|keys| {
            let keys: Vec<Value> = keys.iter().map(|key| key.published(issuer)).collect();
            Ok(json!({ "keys": keys }))
        })
    }

    /// Signs with a new key from now on; the old ones stay published, or not.
    pub(crate) fn rotate(&self, keeps_old: bool) -> anyhow::Result<()> {
        let new = SigningKey::generate()?;
        self.with(|keys| {
            if !keeps_old {
                keys.clear();
            }
            keys.push(new);
            Ok(())
        })
    }
}

/// The claims of a genuine validation token.
pub(crate) fn claims(
    version: TokenVersion,
    tenant_id: &str,
    client_id: &str,
    now: DateTime<Utc>,
) -> Value {
    let principal = bearer::principal(tenant_id, CHANGE_TRACKING_APP_ID);
    let mut claims = json!({
        "aud": client_id, "tid": tenant_id,
        "iat": now.timestamp(), "nbf": now.timestamp(), "exp": (now + LIFETIME).timestamp(),
        "idtyp": "app", "oid": principal, "sub": principal,
        "uti": clock::new_id().simple().to_string(),
    });
    let (ver, issuer, caller, means) = match version {
        TokenVersion::V1 => (
            "1.0",
            format!("https://sts.windows.net/{tenant_id}/"),
            "appid",
            "appidacr",
        ),
        TokenVersion::V2 => (
            "2.0",
            format!("https://login.microsoftonline.com/{tenant_id}/v2.0"),
            "azp",
            "azpacr",
        ),
    };
    claims["ver"] = ver.into();
    claims["iss"] = issuer.into();
    claims[caller] = CHANGE_TRACKING_APP_ID.into();
    claims[means] = "2".into();
    claims
}
