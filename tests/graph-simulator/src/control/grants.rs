//! The control API's part for what users consent to.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, body, counted};
use crate::delegated::GrantState;
use crate::incoming::Incoming;
use crate::server::Shared;

/// Body of `POST /_simulator/grants/revoke` and `…/interaction`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Concerned {
    /// Object id or UPN.
    user: String,
    /// Absent: all apps.
    client_id: Option<String>,
}

/// Body of `POST /_simulator/authorizations`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorization {
    client_id: String,
    user: String,
    redirect_uri: String,
    code_challenge: Option<String>,
}

/// Answers what concerns consents; nothing for other routes.
pub(super) fn route(
    shared: &Shared,
    incoming: &Incoming,
    segments: &[&str],
) -> Option<Result<Value, Refusal>> {
    Some(match (incoming.method.as_str(), segments) {
        ("GET", ["grants"]) => list(shared, incoming.parameter("user")),
        ("POST", ["grants", "revoke"]) => set(shared, incoming, GrantState::Revoked),
        ("POST", ["grants", "interaction"]) => set(shared, incoming, GrantState::NeedsInteraction),
        ("POST", ["authorizations"]) => authorize(shared, incoming),
        _ => return None,
    })
}

fn list(shared: &Shared, user: Option<&str>) -> Result<Value, Refusal> {
    let world = shared.world();
    let Some(user) = user else {
        return counted(&world.grants.list(None));
    };
    let id = world.any_user_id(user);
    let id = id.ok_or((404, "there is no such user".to_owned()))?;
    counted(&world.grants.list(Some(&id)))
}

fn set(shared: &Shared, incoming: &Incoming, state: GrantState) -> Result<Value, Refusal> {
    let told: Concerned = body(incoming)?;
    let client_id = told.client_id.as_deref();
    let changed = shared.change(|world| world.set_grants(&told.user, client_id, state));
    let count = changed.map_err(|text| (422, text))?;
    Ok(json!({ "count": count }))
}

fn authorize(shared: &Shared, incoming: &Incoming) -> Result<Value, Refusal> {
    let asked: Authorization = body(incoming)?;
    let Authorization {
        client_id,
        user,
        redirect_uri,
        code_challenge,
    } = asked;
    let code =
        shared.change(|world| world.authorize(&client_id, &user, &redirect_uri, code_challenge));
    let code = code.map_err(|text| (422, text))?;
    Ok(json!({ "code": code }))
}
