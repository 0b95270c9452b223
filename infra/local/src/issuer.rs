//! The development OIDC issuer: an RSA key, its discovery document and key set, and tokens signed with it.
//!
//! It stands in for the organisation's own identity provider, and shows all that Convoke asks of one: RS256, discovery,
//! a key id. It has no login; whoever can read the key can be anybody, which is what development needs.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::Json;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;

/// What the deployment expects in a token's `aud`.
pub const AUDIENCE: &str = "convoke";

/// Signs tokens in the name of one address.
#[derive(Clone)]
pub struct Issuer {
    url: String,
    key: EncodingKey,
    public: Jwk,
}

/// What a token says of its bearer, by Convoke's default claim names; the rest is filled in.
#[derive(Debug, Clone, Serialize)]
pub struct TokenClaims {
    /// The user's id.
    pub sub: String,
    /// Permissions, separated by spaces.
    pub scope: String,
    /// The organisation.
    pub org_id: String,
    /// `internal` or `portal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    /// Of a portal user: whose client they act for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal_client_id: Option<String>,
    /// Of a portal user: which contact they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal_contact_id: Option<String>,
    /// A verified address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Seconds from now until it expires; negative for one that has.
    #[serde(skip)]
    pub expires_in: i64,
}

impl TokenClaims {
    /// An internal user, for an hour.
    pub fn internal(org_id: &str, sub: &str, scope: &str) -> Self {
        Self {
            sub: sub.to_owned(),
            scope: scope.to_owned(),
            org_id: org_id.to_owned(),
            user_type: Some("internal".to_owned()),
            portal_client_id: None,
            portal_contact_id: None,
            email: None,
            name: None,
            expires_in: 3600,
        }
    }

    /// A portal user who acts for a client as one of its contacts, for an hour.
    pub fn portal(org_id: &str, sub: &str, scope: &str, client_id: &str, contact_id: &str) -> Self {
        Self {
            user_type: Some("portal".to_owned()),
            portal_client_id: Some(client_id.to_owned()),
            portal_contact_id: Some(contact_id.to_owned()),
            ..Self::internal(org_id, sub, scope)
        }
    }
}

impl Issuer {
    /// The issuer at `url`, with the key in `key_file`; the key is made where there is none.
    pub fn open(url: String, key_file: &Path) -> Result<Self> {
        if !key_file.exists() {
            write_new_key(key_file)?;
        }
        let pem =
            fs::read(key_file).with_context(|| format!("{} cannot be read", key_file.display()))?;
        Self::with_key(url, &pem)
            .with_context(|| format!("{} is no RSA key; remove it", key_file.display()))
    }

    /// The issuer at `url` with a key of its own that is not kept.
    pub fn with_new_key(url: String) -> Result<Self> {
        Self::with_key(url, &new_key()?)
    }

    fn with_key(url: String, pem: &[u8]) -> Result<Self> {
        let key = EncodingKey::from_rsa_pem(pem)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256)?;
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256)?);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { url, key, public })
    }

    /// What tokens carry as `iss`, and where discovery starts.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A token for our audience, valid from now on.
    pub fn token(&self, claims: &TokenClaims) -> Result<String> {
        let mut payload = serde_json::to_value(claims)?;
        if claims.email.is_some() {
            payload["email_verified"] = Value::Bool(true);
        }
        let now = jsonwebtoken::get_current_timestamp().cast_signed();
        payload["iss"] = json!(self.url);
        payload["aud"] = json!(AUDIENCE);
        payload["iat"] = json!(now);
        payload["exp"] = json!(now + claims.expires_in);
        self.sign(&payload)
    }

    /// A signature over any claims, good or bad: nothing is added.
    pub fn sign(&self, payload: &Value) -> Result<String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid.clone_from(&self.public.common.key_id);
        Ok(jsonwebtoken::encode(&header, payload, &self.key)?)
    }

    /// Serves discovery and key set until the runtime ends.
    pub(crate) fn serve(&self, listener: TcpListener) {
        let discovery = json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/jwks.json", self.url),
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        });
        let keys = json!({ "keys": [self.public] });
        let routes = axum::Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(move || async move { Json(discovery) }),
            )
            .route("/jwks.json", get(move || async move { Json(keys) }));
        tokio::spawn(axum::serve(listener, routes).into_future());
    }
}

/// A fresh RSA key of 2048 bits as PKCS #8 in PEM.
fn new_key() -> Result<Vec<u8>> {
    let pair =
        KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key can be made"))?;
    let der: Pkcs8V1Der<'_> = pair
        .as_der()
        .map_err(|_| anyhow!("the RSA key cannot be written down"))?;
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    Ok(format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
    .into_bytes())
}

/// Writes a key whole, readable by its owner only; where another process was faster, theirs stays.
fn write_new_key(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be created", folder.display()))?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&new_key()?)?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => {
            Err(refused.error.into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    fn read(issuer: &Issuer, token: &str) -> Result<Value, jsonwebtoken::errors::Error> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[issuer.url()]);
        let key = DecodingKey::from_jwk(&issuer.public)?;
        jsonwebtoken::decode::<Value>(token, &key, &rules).map(|read| read.claims)
    }

    #[test]
    fn a_token_verifies_with_the_published_key_and_says_who_bears_it() {
        let issuer = Issuer::with_new_key("http://127.0.0.1:1".to_owned()).unwrap();
        let claims = TokenClaims::portal("acme", "cleo", "appointments:read", "globex", "cleo");
        let read = read(&issuer, &issuer.token(&claims).unwrap()).unwrap();
        assert_eq!(read["sub"], "cleo");
        assert_eq!(read["user_type"], "portal");
        assert_eq!(read["portal_client_id"], "globex");
        assert_eq!(read["scope"], "appointments:read");
    }

    #[test]
    fn another_issuers_key_does_not_verify() {
        let ours = Issuer::with_new_key("http://127.0.0.1:1".to_owned()).unwrap();
        let theirs = Issuer::with_new_key("http://127.0.0.1:1".to_owned()).unwrap();
        let token = theirs
            .token(&TokenClaims::internal("acme", "ann", "meetings:read"))
            .unwrap();
        assert!(read(&ours, &token).is_err());
    }

    #[test]
    fn the_key_is_kept_for_the_next_start_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuer/key.pem");
        let first = Issuer::open("http://127.0.0.1:1".to_owned(), &file).unwrap();
        let again = Issuer::open("http://127.0.0.1:1".to_owned(), &file).unwrap();
        let token = first
            .token(&TokenClaims::internal("acme", "ann", ""))
            .unwrap();
        assert!(read(&again, &token).is_ok());
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
