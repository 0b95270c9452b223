//! What a validation token has to say, and who has to have said it
//! (`graph-protocol.md` §7).
//!
//! Guarantees: RS256 and nothing else, whatever the header asks for; no claim is
//! looked at before the signature holds; tenant, issuer, key and caller agree.
//! The audience is handed back for the caller to compare.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::key_set::{LONGEST_KEY_ID, SigningKey};
use crate::answer::json;

/// The application that sends change notifications.
const GRAPH_CHANGE_TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
/// Microsoft's tokens have about two thousand characters.
const LONGEST_TOKEN: usize = 16 * 1024;
/// How far the clocks may be apart.
const LEEWAY_SECONDS: i64 = 300;
/// Where issuers of the worldwide cloud live, whatever host the keys came from.
const WORLDWIDE_LOGIN: &str = "https://login.microsoftonline.com";

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// It is not what Microsoft signs for a notification; says which check failed.
    #[error("the validation token is not genuine: {0}")]
    Forged(&'static str),
    /// Nothing is proved: Microsoft's keys could not be read. Worth trying again.
    #[error("the keys of validation tokens cannot be read")]
    KeysUnavailable,
}

/// What a genuine token vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatedToken {
    /// The Entra tenant, a GUID in lower case.
    pub tenant_id: String,
    /// The application (client) id that it was made for; the caller compares it.
    pub audience: String,
}

/// A token in its parts, nothing of it proved yet.
pub(super) struct UnprovenToken<'a> {
    /// Which key is said to have signed it.
    pub(super) key_id: String,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    ver: String,
    iss: String,
    tid: String,
    aud: String,
    exp: i64,
    nbf: Option<i64>,
    azp: Option<String>,
    appid: Option<String>,
}

impl<'a> UnprovenToken<'a> {
    /// Takes a token apart.
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenProblem> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenProblem::Forged("length"));
        }
        let form = TokenProblem::Forged("form");
        let (signed, signature) = token.rsplit_once('.').ok_or(form)?;
        let (header, claims) = signed.split_once('.').ok_or(form)?;
        let header: Header = part(header).ok_or(form)?;
        if header.alg != "RS256" {
            return Err(TokenProblem::Forged("algorithm"));
        }
        if header.crit.is_some() {
            return Err(TokenProblem::Forged("critical header"));
        }
        let key_id = header
            .kid
            .filter(|id| !id.is_empty() && id.len() <= LONGEST_KEY_ID);
        Ok(Self {
            key_id: key_id.ok_or(TokenProblem::Forged("key id"))?,
            signed,
            claims,
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| form)?,
        })
    }

    /// Checks the signature, and then every claim but the audience; `login` is
    /// the base address of the login host.
    pub(super) fn prove(
        &self,
        key: &SigningKey,
        login: &str,
        at: DateTime<Utc>,
    ) -> Result<ValidatedToken, TokenProblem> {
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(TokenProblem::Forged("signature"));
        }
        let claims: Claims = part(self.claims).ok_or(TokenProblem::Forged("claims"))?;
        check_times(&claims, at.timestamp())?;
        check_issuer(&claims, key, login)?;
        let caller = match claims.ver.as_str() {
            "1.0" => claims.appid,
            "2.0" => claims.azp,
            _ => return Err(TokenProblem::Forged("version")),
        };
        if caller.as_deref() != Some(GRAPH_CHANGE_TRACKING) {
            return Err(TokenProblem::Forged("caller"));
        }
        Ok(ValidatedToken {
            tenant_id: claims.tid.to_ascii_lowercase(),
            audience: claims.aud,
        })
    }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), TokenProblem> {
    if now >= claims.exp.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenProblem::Forged("expired"));
    }
    let begin = claims.nbf.unwrap_or(i64::MIN);
    if now < begin.saturating_sub(LEEWAY_SECONDS) {
        return Err(TokenProblem::Forged("not yet valid"));
    }
    Ok(())
}

/// The tenant is one, the issuer is that tenant's, and so may the key be.
fn check_issuer(claims: &Claims, key: &SigningKey, login: &str) -> Result<(), TokenProblem> {
    let tenant = claims.tid.as_str();
    if !is_guid(tenant) {
        return Err(TokenProblem::Forged("tenant"));
    }
    let issuers = [
        format!("https://sts.windows.net/{tenant}/"),
        format!("{login}/{tenant}/v2.0"),
        format!("{WORLDWIDE_LOGIN}/{tenant}/v2.0"),
    ];
    if !issuers.contains(&claims.iss) {
        return Err(TokenProblem::Forged("issuer"));
    }
    // Some keys are one tenant's only, as those of personal accounts.
    let fits = key.issuer.as_ref().is_none_or(|template| {
        let issuer = template.replace("{tenantid}", tenant);
        issuers.contains(&issuer)
    });
    if !fits {
        return Err(TokenProblem::Forged("key of another issuer"));
    }
    Ok(())
}

/// A GUID with its hyphens, as Microsoft writes it.
fn is_guid(text: &str) -> bool {
    text.len() == uuid::fmt::Hyphenated::LENGTH && Uuid::try_parse(text).is_ok()
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    json(&URL_SAFE_NO_PAD.decode(text).ok()?)
}

impl std::fmt::Debug for UnprovenToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnprovenToken").finish_non_exhaustive()
    }
}
