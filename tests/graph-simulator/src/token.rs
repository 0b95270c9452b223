//! The token endpoint: client credentials, with Entra's own error bodies
//! (graph-protocol §1). Tokens for users are [`crate::delegated`]'s.

use serde_json::json;

use crate::bearer;
use crate::clock;
use crate::delegated::{self, Tokens};
use crate::directory::{App, Secret};
use crate::incoming::{Incoming, decode_form};
use crate::reply::Reply;
use crate::world::{World, same};

/// Microsoft resources for which Entra gives tokens that Graph then refuses.
const OTHER_RESOURCES: [&str; 7] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
    "https://management.azure.com",
    "https://outlook.office365.com",
    "https://vault.azure.net",
];

/// An error in the OAuth shape, which is not Graph's.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    error: String,
    code: u32,
    text: String,
}

pub(crate) fn refuse(status: u16, error: &str, code: u32, text: impl Into<String>) -> Refusal {
    Refusal {
        status,
        error: error.into(),
        code,
        text: text.into(),
    }
}

/// Whether the path is a token endpoint's, of whatever tenant.
pub(crate) fn is_token_path(segments: &[String]) -> bool {
    matches!(segments, [_, oauth2, version, token]
        if same(oauth2, "oauth2") && same(version, "v2.0") && same(token, "token"))
}

/// The client id and the tenant that a token request names; for the log.
pub(crate) fn claimed(world: &World, incoming: &Incoming) -> (Option<String>, Option<String>) {
    let form = decode_form(&String::from_utf8_lossy(&incoming.body));
    let client = form.into_iter().find(|(name, _)| name == "client_id");
    let tenant = incoming.segments.first().and_then(|key| world.tenant(key));
    (client.map(|(_, id)| id), tenant.map(|t| t.id.clone()))
}

/// `POST /{tenant}/oauth2/v2.0/token`.
pub(crate) fn answer(world: &mut World, incoming: &Incoming) -> Reply {
    if incoming.method != "POST" {
        let text = "AADSTS900561: The endpoint only accepts POST requests. Received a GET request.";
        return render(world, &refuse(405, "invalid_request", 900_561, text));
    }
    match grant(world, incoming) {
        Ok(tokens) => {
            let lifetime = world.behaviour.token_lifetime_seconds;
            let mut body = json!({
                "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime,
                "access_token": tokens.access,
            });
            if let Some(scope) = tokens.scope {
                body["scope"] = scope.into();
            }
            if let Some(refresh) = tokens.refresh {
                body["refresh_token"] = refresh.into();
            }
            Reply::json(200, &body).with_header("Cache-Control", "no-store, no-cache")
        }
        Err(refusal) => render(world, &refusal),
    }
}

fn grant(world: &mut World, incoming: &Incoming) -> Result<Tokens, Refusal> {
    let form = match incoming.media_type().as_str() {
        "application/x-www-form-urlencoded" => {
            decode_form(&String::from_utf8_lossy(&incoming.body))
        }
        _ => Vec::new(),
    };
    let field = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    };
    let required = |name: &str| {
        field(name).ok_or_else(|| {
            let text = format!(
                "AADSTS900144: The request body must contain the following parameter: '{name}'."
            );
            refuse(400, "invalid_request", 900_144, text)
        })
    };
    let tenant = incoming.segments.first().map_or("", |s| s);
    if let Some(kind) = field("grant_type").and_then(delegated::Kind::named) {
        return delegated::grant(world, tenant, kind, &form, &incoming.base_url);
    }
    let tenant_id = find_tenant(world, tenant)?;
    let grant_type = required("grant_type")?;
    if grant_type != "client_credentials" {
        let text =
            format!("AADSTS70003: The app requested an unsupported grant type '{grant_type}'.");
        return Err(refuse(400, "unsupported_grant_type", 70_003, text));
    }
    let client_id = required("client_id")?;
    let app = find_app(world, client_id, &tenant_id)?;
    let audience = find_audience(world, required("scope")?, &incoming.base_url)?;
    if field("client_assertion").is_some() {
        // graph-protocol §1: bad certificate assertion. The simulator has no certificates.
        let text = format!(
            "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application '{client_id}'."
        );
        return Err(refuse(401, "invalid_client", 700_027, text));
    }
    check_secret(world, &app, field("client_secret"))?;
    let access = bearer::issue(world, &app, &tenant_id, &audience);
    Ok(Tokens {
        access,
        scope: None,
        refresh: None,
    })
}

pub(crate) fn find_tenant(world: &World, key: &str) -> Result<String, Refusal> {
    // graph-protocol §1: `common` is not usable for this flow.
    if ["common", "organizations", "consumers"].contains(&key.to_ascii_lowercase().as_str()) {
        let text = "AADSTS50059: No tenant-identifying information found in either the request or implied by any provided credentials.";
        return Err(refuse(400, "invalid_request", 50_059, text));
    }
    // graph-protocol §1: unknown tenant; two `error` strings are in circulation.
    world.tenant(key).map(|tenant| tenant.id.clone()).ok_or_else(|| {
        let text = format!(
            "AADSTS90002: Tenant '{key}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
        );
        refuse(400, &world.behaviour.unknown_tenant_error, 90_002, text)
    })
}

/// A tenant's GUID, or how the login host refuses an unknown one.
pub(crate) fn known_tenant(world: &World, key: &str) -> Result<String, Box<Reply>> {
    find_tenant(world, key).map_err(|refusal| Box::new(render(world, &refusal)))
}

fn find_app(world: &World, client_id: &str, tenant_id: &str) -> Result<App, Refusal> {
    let app = world.apps.get(&client_id.to_ascii_lowercase());
    let present = app.filter(|app| app.consents.contains_key(tenant_id));
    // graph-protocol §1: app not in that tenant.
    present.cloned().ok_or_else(|| {
        let text = format!(
            "AADSTS700016: Application with identifier '{client_id}' was not found in the directory '{tenant_id}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
        );
        refuse(400, "unauthorized_client", 700_016, text)
    })
}

fn find_audience(world: &World, scope: &str, base_url: &str) -> Result<String, Refusal> {
    // graph-protocol §1: the scope must be `<graph root>/.default`.
    let Some(root) = scope.strip_suffix("/.default").filter(|s| !s.contains(' ')) else {
        return Err(if scope.contains(' ') || !scope.contains("://") {
            let text = format!(
                "AADSTS70011: The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
            );
            refuse(400, "invalid_scope", 70_011, text)
        } else {
            let text = format!(
                "AADSTS1002012: The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
            );
            refuse(400, "invalid_scope", 1_002_012, text)
        });
    };
    let known = OTHER_RESOURCES.iter().any(|r| same(r, root));
    if known || bearer::is_graph(world, root, base_url) {
        return Ok(root.into());
    }
    let text = format!(
        "AADSTS500011: The resource principal named {root} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
    );
    Err(refuse(400, "invalid_resource", 500_011, text))
}

pub(crate) fn check_secret(world: &World, app: &App, given: Option<&str>) -> Result<(), Refusal> {
    let client_id = &app.client_id;
    let Some(given) = given else {
        let text = "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        return Err(refuse(401, "invalid_client", 7_000_218, text));
    };
    let now = world.now();
    let live = |secret: &&Secret| secret.expires_at.is_none_or(|at| at > now);
    let matching: Vec<&Secret> = app.secrets.iter().filter(|s| s.value == given).collect();
    if matching.iter().any(live) {
        return Ok(());
    }
    if let Some(expired) = matching.first() {
        // graph-protocol §1: expired secret.
        let text = format!(
            "AADSTS7000222: The provided client secret keys for app '{client_id}' are expired. Secret key id: '{}'.",
            expired.id
        );
        return Err(refuse(401, "invalid_client", 7_000_222, text));
    }
    // graph-protocol §1: wrong secret, often the secret's id.
    let text = format!(
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client_id}'."
    );
    Err(refuse(401, "invalid_client", 7_000_215, text))
}

fn render(world: &World, refusal: &Refusal) -> Reply {
    let at = world.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
    let (trace, correlation) = (clock::new_id(), clock::new_id());
    let body = json!({
        "error": refusal.error,
        "error_description": format!(
            "{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            refusal.text
        ),
        "error_codes": [refusal.code], "timestamp": at,
        "trace_id": trace, "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={}", refusal.code),
    });
    Reply::json(refusal.status, &body)
}
