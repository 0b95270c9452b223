//! `POST /token`: refresh tokens and codes for access tokens (RFC 6749, RFC 7636, and
//! Google's "Using OAuth 2.0 for Web Server Applications").

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::reply::Reply;
use crate::server::Incoming;
use crate::world::{Access, LIFETIME_SECONDS, User, World, now, random};

/// The form's fields, each at most once.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn require(&self, name: &str) -> Result<&str, Reply> {
        let missing = || {
            let text = format!("Missing required parameter: {name}");
            Reply::oauth(400, "invalid_request", &text)
        };
        self.get(name).ok_or_else(missing)
    }
}

pub(crate) fn answer(world: &mut World, incoming: &Incoming) -> Reply {
    if incoming.method != "POST" {
        return Reply::empty(405);
    }
    if !incoming.is_form() {
        return Reply::oauth(400, "invalid_request", "The body is not a form.");
    }
    let form = Form(incoming.form());
    match grant(world, &form) {
        Ok(body) => Reply::json(200, &body),
        Err(refusal) => refusal,
    }
}

fn grant(world: &mut World, form: &Form) -> Result<Value, Reply> {
    let client_id = authenticate(world, form)?.to_owned();
    match form.require("grant_type")? {
        "refresh_token" => refresh(world, form, &client_id),
        "authorization_code" => exchange(world, form, &client_id),
        other => {
            let text = format!("Invalid grant_type: {other}");
            Err(Reply::oauth(400, "unsupported_grant_type", &text))
        }
    }
}

fn authenticate<'a>(world: &World, form: &'a Form) -> Result<&'a str, Reply> {
    let id = form.require("client_id")?;
    let unknown = || Reply::oauth(401, "invalid_client", "The OAuth client was not found.");
    let client = world.clients.get(id).ok_or_else(unknown)?;
    match form.get("client_secret") {
        Some(secret) if secret == client.secret => Ok(id),
        Some(_) => Err(Reply::oauth(401, "invalid_client", "Unauthorized")),
        None => Err(Reply::oauth(
            400,
            "invalid_request",
            "client_secret is missing.",
        )),
    }
}

fn refresh(world: &mut World, form: &Form, client_id: &str) -> Result<Value, Reply> {
    let token = form.require("refresh_token")?;
    let dead = || Reply::oauth(400, "invalid_grant", "Token has been expired or revoked.");
    let grant = world.grants.get(token).cloned().ok_or_else(dead)?;
    if grant.client_id != client_id {
        return Err(Reply::oauth(401, "unauthorized_client", "Unauthorized"));
    }
    let user = world.users.get(&grant.email).cloned().ok_or_else(dead)?;
    let mut answer = issue(world, &user);
    if user.rotates {
        world.grants.remove(token);
        answer["refresh_token"] = new_grant(world, &user, client_id).into();
    }
    Ok(answer)
}

fn new_grant(world: &mut World, user: &User, client_id: &str) -> String {
    let token = format!("1//0{}", random());
    world.grant(&user.email, client_id, token.clone());
    token
}

fn exchange(world: &mut World, form: &Form, client_id: &str) -> Result<Value, Reply> {
    let name = form.require("code")?;
    let redirect_uri = form.require("redirect_uri")?;
    let refused = |text| Reply::oauth(400, "invalid_grant", text);
    let open = world
        .codes
        .get(name)
        .ok_or_else(|| refused("Bad Request"))?;
    if open.expires_at <= now() {
        return Err(refused("Bad Request"));
    }
    if open.code.client_id != client_id {
        return Err(Reply::oauth(401, "unauthorized_client", "Unauthorized"));
    }
    if open.code.redirect_uri != redirect_uri {
        return Err(Reply::oauth(400, "redirect_uri_mismatch", "Bad Request"));
    }
    if let Some(challenge) = &open.code.code_challenge {
        let missing = || refused("Missing code verifier.");
        let verifier = form.get("code_verifier").ok_or_else(missing)?;
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != *challenge {
            return Err(refused("Invalid code verifier."));
        }
    }
    let user = world.users.get(&open.code.email).cloned();
    let user = user.ok_or_else(|| refused("Bad Request"))?;
    world.codes.remove(name);
    let mut answer = issue(world, &user);
    answer["refresh_token"] = new_grant(world, &user, client_id).into();
    Ok(answer)
}

fn issue(world: &mut World, user: &User) -> Value {
    let token = format!("ya29.a0{}", random());
    let access = Access {
        email: user.email.clone(),
        scope: user.scope.clone(),
        expires_at: now() + TimeDelta::seconds(LIFETIME_SECONDS),
    };
    world.access.insert(token.clone(), access);
    json!({
        "access_token": token, "expires_in": LIFETIME_SECONDS,
        "scope": user.scope, "token_type": "Bearer",
    })
}
