//! Access tokens: shaped like Entra's, remembered when issued, and checked on
//! every Graph call (graph-protocol §1, §8).

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::clock;
use crate::directory::{App, User};
use crate::reply::GraphError;
use crate::world::{World, same};

/// Expired tokens are remembered this long, so that they are told from forged ones.
const REMEMBERED_AFTER_EXPIRY: TimeDelta = TimeDelta::hours(24);
/// Graph's application id, which is a valid audience too.
const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

/// A token that was issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct IssuedToken {
    pub(crate) tenant_id: String,
    pub(crate) client_id: String,
    pub(crate) audience: String,
    pub(crate) roles: Vec<String>,
    pub(crate) expires_at: DateTime<Utc>,
    #[serde(default)]
    pub(crate) issued_at: DateTime<Utc>,
    /// The user for whom the app acts, by their consent; absent: the app acts for itself.
    #[serde(default)]
    pub(crate) user: Option<SignedIn>,
}

/// A user who consented, and to what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    /// Object id.
    pub(crate) id: String,
    /// Delegated permissions.
    pub(crate) scopes: Vec<String>,
}

/// Who calls, as a valid token says.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant_id: String,
    pub(crate) client_id: String,
    pub(crate) token: String,
    pub(crate) issued_at: DateTime<Utc>,
    /// The user, with a delegated token; it has no roles.
    pub(crate) user: Option<SignedIn>,
    roles: Vec<String>,
}

/// Object id of an app's service principal in a tenant.
pub(crate) fn principal(tenant_id: &str, client_id: &str) -> Uuid {
    let both = [tenant_id, client_id].map(|id| crate::world::uuid_of(id).as_u128());
    Uuid::from_u128(both[0] ^ both[1])
}

/// Issues a token for an app in a tenant. The roles are those of this moment:
/// later consent shows only in a new token (graph-protocol §1).
pub(crate) fn issue(world: &mut World, app: &App, tenant_id: &str, audience: &str) -> String {
    let (now, expires_at) = lifetime(world);
    let roles = app.consents.get(tenant_id).cloned().unwrap_or_default();
    let principal = principal(tenant_id, &app.client_id);
    let payload = json!({
        "aud": audience, "iss": format!("https://sts.windows.net/{tenant_id}/"),
        "iat": now.timestamp(), "nbf": now.timestamp(), "exp": expires_at.timestamp(),
        "app_displayname": app.display_name, "appid": app.client_id, "appidacr": "1",
        "idtyp": "app", "oid": principal, "sub": principal, "tid": tenant_id,
        "roles": roles, "uti": clock::new_id().simple().to_string(), "ver": "1.0",
    });
    let issued = IssuedToken {
        tenant_id: tenant_id.into(),
        client_id: app.client_id.clone(),
        audience: audience.into(),
        roles,
        expires_at,
        issued_at: now,
        user: None,
    };
    remember(world, &payload, issued)
}

/// Issues a delegated token for Graph: an app acts for a user of any tenant who consented.
pub(crate) fn issue_for_user(
    world: &mut World,
    app: &App,
    user: &User,
    scopes: Vec<String>,
) -> String {
    let (now, expires_at) = lifetime(world);
    let root = world.behaviour.graph_roots.first();
    let audience = root.map_or(GRAPH_APP_ID, String::as_str).to_owned();
    let tenant_id = &user.tenant_id;
    let payload = json!({
        "aud": audience, "iss": format!("https://sts.windows.net/{tenant_id}/"),
        "iat": now.timestamp(), "nbf": now.timestamp(), "exp": expires_at.timestamp(),
        "app_displayname": app.display_name, "appid": app.client_id, "appidacr": "1",
        "idtyp": "user", "oid": user.id, "tid": tenant_id, "upn": user.upn,
        "name": user.display_name, "scp": scopes.join(" "),
        "uti": clock::new_id().simple().to_string(), "ver": "1.0",
    });
    let issued = IssuedToken {
        tenant_id: tenant_id.clone(),
        client_id: app.client_id.clone(),
        audience,
        roles: Vec::new(),
        expires_at,
        issued_at: now,
        user: Some(SignedIn {
            id: user.id.clone(),
            scopes,
        }),
    };
    remember(world, &payload, issued)
}

/// Now, and when a token of now ends.
fn lifetime(world: &World) -> (DateTime<Utc>, DateTime<Utc>) {
    let now = world.now();
    let seconds = world.behaviour.token_lifetime_seconds;
    (now, now + TimeDelta::seconds(seconds.into()))
}

/// The token with this payload, known from now on.
fn remember(world: &mut World, payload: &serde_json::Value, issued: IssuedToken) -> String {
    let now = issued.issued_at;
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "graph-simulator"});
    let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature: String = std::iter::repeat_with(clock::new_id)
        .take(4)
        .map(|id| URL_SAFE_NO_PAD.encode(id.as_bytes()))
        .collect();
    let token = format!("{}.{}.{signature}", encode(&header), encode(payload));
    // Now and then only: with thousands of tenants each token would look at all others.
    if world.tokens.len().is_power_of_two() {
        world
            .tokens
            .retain(|_, issued| issued.expires_at + REMEMBERED_AFTER_EXPIRY > now);
    }
    world.tokens.insert(token.clone(), issued);
    token
}

/// Checks the bearer token. graph-protocol §8: 401 `InvalidAuthenticationToken`.
pub(crate) fn authenticate(
    world: &World,
    headers: &HeaderMap,
    base_url: &str,
) -> Result<Caller, GraphError> {
    let refuse = |message: &str| Err(refusal(message));
    let header = headers.get("authorization").and_then(|h| h.to_str().ok());
    let token = match header.and_then(|h| h.split_once(' ')) {
        Some((scheme, token)) if same(scheme, "bearer") => token.trim(),
        _ => "",
    };
    if token.is_empty() {
        return refuse("Access token is empty.");
    }
    let Some(issued) = world.tokens.get(token) else {
        return refuse(if token.split('.').count() == 3 {
            "Access token validation failure. Invalid signature."
        } else {
            "CompactToken parsing failed with error code: 80049217"
        });
    };
    // graph-protocol §1: tokens are for one root; those of other clouds or
    // services are not interchangeable.
    if !is_graph(world, &issued.audience, base_url) {
        return refuse("Access token validation failure. Invalid audience.");
    }
    if issued.expires_at <= world.now() {
        return Err(expired());
    }
    Ok(Caller {
        tenant_id: issued.tenant_id.clone(),
        client_id: issued.client_id.clone(),
        token: token.into(),
        issued_at: issued.issued_at,
        user: issued.user.clone(),
        roles: issued.roles.clone(),
    })
}

/// The refusal of a token whose time is over.
pub(crate) fn expired() -> GraphError {
    refusal("Lifetime validation failed, the token is expired.")
}

fn refusal(message: &str) -> GraphError {
    let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"";
    GraphError::new(401, "InvalidAuthenticationToken", message)
        .header("WWW-Authenticate", challenge)
}

/// The token's owner, valid or not; for the log.
pub(crate) fn owner<'a>(world: &'a World, headers: &HeaderMap) -> Option<&'a IssuedToken> {
    let header = headers.get("authorization")?.to_str().ok()?;
    world.tokens.get(header.split_once(' ')?.1.trim())
}

/// Whether an audience is this Graph: its documented root, its application id
/// or the address under which the simulator is known.
pub(crate) fn is_graph(world: &World, audience: &str, base_url: &str) -> bool {
    // Two names of one machine; a client may use one for login and one for Graph.
    let numeric = |url: &str| url.replace("://localhost", "://127.0.0.1");
    let root = audience.trim_end_matches('/');
    root == GRAPH_APP_ID
        || same(&numeric(root), &numeric(base_url))
        || world.behaviour.graph_roots.iter().any(|r| same(r, root))
}

impl Caller {
    pub(crate) fn has_any_role(&self, roles: &[&str]) -> bool {
        self.roles.iter().any(|role| roles.contains(&role.as_str()))
    }

    /// Exchange: a role in the token, or an RBAC grant whose scope has the
    /// mailbox. graph-protocol §9: the two are additive.
    pub(crate) fn may_use_mailbox(&self, world: &World, user: &User, roles: &[&str]) -> bool {
        let granted = || {
            let app = world.apps.get(&self.client_id);
            app.is_some_and(|app| {
                app.rbac.iter().any(|grant| {
                    same(&grant.tenant_id, &self.tenant_id)
                        && roles.contains(&grant.role.as_str())
                        && grant
                            .mailboxes
                            .as_ref()
                            .is_none_or(|scope| scope.iter().any(|id| same(id, &user.id)))
                })
            })
        };
        self.has_any_role(roles) || granted()
    }
}
