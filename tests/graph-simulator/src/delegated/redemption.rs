//! The token endpoint's grants for users: `refresh_token` and `authorization_code`,
//! with Entra's error bodies (the OAuth shape of graph-protocol §1; numbers and words
//! as Entra's list of error codes has them).

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;

use super::grants::{Consent, GrantState};
use crate::bearer;
use crate::directory::{App, User};
use crate::token::{Refusal, check_secret, find_tenant, refuse};
use crate::world::{World, same};

/// Path segments that stand for work accounts of any tenant.
const ANY_TENANT: [&str; 2] = ["common", "organizations"];
/// Asked for beside permissions, and always granted.
const SIGN_IN: [&str; 4] = ["offline_access", "openid", "profile", "email"];

/// What the endpoint answers with.
pub(crate) struct Tokens {
    pub(crate) access: String,
    /// Of a user's token.
    pub(crate) scope: Option<String>,
    pub(crate) refresh: Option<String>,
}

/// A grant that speaks for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    RefreshToken,
    AuthorizationCode,
}

impl Kind {
    pub(crate) fn named(grant_type: &str) -> Option<Self> {
        match grant_type {
            "refresh_token" => Some(Self::RefreshToken),
            "authorization_code" => Some(Self::AuthorizationCode),
            _ => None,
        }
    }
}

/// A form's fields.
struct Form<'a>(&'a [(String, String)]);

impl<'a> Form<'a> {
    fn field(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        let value = found.map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        self.field(name).ok_or_else(|| {
            let text = format!(
                "AADSTS900144: The request body must contain the following parameter: '{name}'."
            );
            refuse(400, "invalid_request", 900_144, text)
        })
    }
}

/// Gives tokens for a user, or says why not.
pub(crate) fn grant(
    world: &mut World,
    tenant: &str,
    kind: Kind,
    form: &[(String, String)],
    base_url: &str,
) -> Result<Tokens, Refusal> {
    let form = Form(form);
    let app = find_app(world, form.required("client_id")?)?;
    let tenant = if ANY_TENANT.iter().any(|name| same(name, tenant)) {
        None
    } else {
        Some(find_tenant(world, tenant)?)
    };
    check_secret(world, &app, form.field("client_secret"))?;
    let consent = match kind {
        Kind::RefreshToken => check_refresh_token(world, &app, form.required("refresh_token")?)?,
        Kind::AuthorizationCode => check_code(world, &app, &form)?,
    };
    let user = world.users.get(&consent.user_id).cloned();
    let user = user.filter(|user| tenant.is_none_or(|id| id == user.tenant_id));
    let user = user.ok_or_else(|| {
        let text = "AADSTS50020: User account does not exist in this tenant.";
        refuse(400, "invalid_grant", 50_020, text)
    })?;
    let wanted = Wanted::parse(world, &consent, form.field("scope"), base_url)?;
    spend(world, kind, &form);
    Ok(issue(world, &app, &user, consent, wanted))
}

fn find_app(world: &World, client_id: &str) -> Result<App, Refusal> {
    let app = world.apps.get(&client_id.to_ascii_lowercase());
    app.cloned().ok_or_else(|| {
        let text = format!(
            "AADSTS700016: Application with identifier '{client_id}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
        );
        refuse(400, "unauthorized_client", 700_016, text)
    })
}

fn invalid_grant(code: u32, text: &str) -> Refusal {
    refuse(400, "invalid_grant", code, format!("AADSTS{code}: {text}"))
}

fn malformed() -> Refusal {
    invalid_grant(
        9_002_313,
        "Invalid request. Request is malformed or invalid.",
    )
}

/// What a state refuses; none where it gives tokens.
fn refused_by(state: GrantState) -> Option<Refusal> {
    match state {
        GrantState::Valid => None,
        GrantState::Spent => Some(invalid_grant(
            54_005,
            "OAuth2 Authorization code or refresh token was already redeemed, please retry with a new valid one.",
        )),
        GrantState::Revoked => Some(invalid_grant(
            50_173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.",
        )),
        GrantState::NeedsInteraction => {
            let text = "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.";
            Some(refuse(400, "interaction_required", 50_076, text))
        }
    }
}

fn check_refresh_token(world: &mut World, app: &App, token: &str) -> Result<Consent, Refusal> {
    let (now, days) = (world.now(), world.behaviour.refresh_token_days);
    let found = world
        .grants
        .refresh_token_mut(token)
        .ok_or_else(malformed)?;
    // Another app's token is none.
    if !same(&found.consent.client_id, &app.client_id) {
        return Err(invalid_grant(
            70_000,
            "Provided grant is invalid or malformed.",
        ));
    }
    if let Some(refusal) = refused_by(found.state) {
        return Err(refusal);
    }
    if found.issued_at + TimeDelta::days(days.into()) <= now {
        return Err(invalid_grant(
            700_082,
            "The refresh token has expired due to inactivity.",
        ));
    }
    Ok(found.consent.clone())
}

fn check_code(world: &mut World, app: &App, form: &Form<'_>) -> Result<Consent, Refusal> {
    let now = world.now();
    let code = form.required("code")?;
    let redirect_uri = form.required("redirect_uri")?;
    let found = world.grants.code_mut(code).ok_or_else(malformed)?;
    if !same(&found.consent.client_id, &app.client_id) {
        return Err(invalid_grant(
            70_000,
            "Provided grant is invalid or malformed.",
        ));
    }
    if let Some(refusal) = refused_by(found.state) {
        return Err(refusal);
    }
    if found.expires_at <= now {
        return Err(invalid_grant(
            70_008,
            "The provided authorization code or refresh token has expired due to inactivity.",
        ));
    }
    // Seen as `invalid_client`, although the client is right.
    if found.redirect_uri != redirect_uri {
        let text = format!(
            "AADSTS500112: The reply address '{redirect_uri}' does not match the reply address '{}' provided when requesting Authorization code.",
            found.redirect_uri
        );
        return Err(refuse(400, "invalid_client", 500_112, text));
    }
    let proof = form.field("code_verifier").map(s256);
    if found.challenge != proof {
        return Err(invalid_grant(
            501_481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        ));
    }
    Ok(found.consent.clone())
}

/// PKCE's challenge for a verifier.
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// A code is redeemed once, a refresh token where the switch says so.
fn spend(world: &mut World, kind: Kind, form: &Form<'_>) {
    match kind {
        Kind::AuthorizationCode => {
            let code = form.field("code").unwrap_or_default();
            if let Some(code) = world.grants.code_mut(code) {
                code.state = GrantState::Spent;
            }
        }
        Kind::RefreshToken if world.behaviour.refresh_tokens_single_use => {
            let token = form.field("refresh_token").unwrap_or_default();
            if let Some(token) = world.grants.refresh_token_mut(token) {
                token.state = GrantState::Spent;
            }
        }
        Kind::RefreshToken => {}
    }
}

/// What a request asks for.
struct Wanted {
    scopes: Vec<String>,
    refresh: bool,
}

impl Wanted {
    /// A permission beyond the consent is 65001. Without `scope`, all that was consented to.
    fn parse(
        world: &World,
        consent: &Consent,
        scope: Option<&str>,
        base_url: &str,
    ) -> Result<Self, Refusal> {
        let mut scopes = Vec::new();
        let Some(scope) = scope else {
            return Ok(Self {
                scopes: consent.scopes.clone(),
                refresh: true,
            });
        };
        for name in scope.split_whitespace() {
            if SIGN_IN.contains(&name) {
                continue;
            }
            let bare = match name.rsplit_once('/') {
                Some((root, bare)) if bearer::is_graph(world, root, base_url) => bare,
                _ => name,
            };
            if bare == ".default" {
                scopes.extend(consent.scopes.iter().cloned());
                continue;
            }
            let granted = consent.scopes.iter().find(|own| same(own, bare));
            let granted = granted.ok_or_else(|| {
                invalid_grant(
                    65_001,
                    "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.",
                )
            })?;
            scopes.push(granted.clone());
        }
        let refresh = scope
            .split_whitespace()
            .any(|name| name == "offline_access");
        Ok(Self { scopes, refresh })
    }
}

fn issue(world: &mut World, app: &App, user: &User, consent: Consent, wanted: Wanted) -> Tokens {
    let scope = wanted.scopes.join(" ");
    let access = bearer::issue_for_user(world, app, user, wanted.scopes);
    let now = world.now();
    let refresh = wanted.refresh.then(|| world.grants.issue(consent, now));
    Tokens {
        access,
        scope: Some(scope),
        refresh,
    }
}
