//! What the login host publishes besides tokens: its OpenID configurations and
//! the keys that validation tokens are signed with (graph-protocol §7).

use serde_json::json;

use crate::incoming::Incoming;
use crate::reply::Reply;
use crate::server::Shared;
use crate::token;
use crate::world::same;

/// What stands for any tenant.
const ANY_TENANT: [&str; 2] = ["common", "organizations"];

enum Document<'a> {
    /// Of a tenant, in the newer version or not.
    Configuration(&'a str, bool),
    Keys(bool),
}

fn find(segments: &[String]) -> Option<Document<'_>> {
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match names.as_slice() {
        [tenant, "v2.0", ".well-known", "openid-configuration"] => {
            Document::Configuration(tenant, true)
        }
        [tenant, ".well-known", "openid-configuration"] => Document::Configuration(tenant, false),
        [_, "discovery", "v2.0", "keys"] => Document::Keys(true),
        [_, "discovery", "keys"] => Document::Keys(false),
        _ => return None,
    })
}

/// Answers a GET of one of its documents; nothing for other requests.
pub(crate) fn answer(shared: &Shared, incoming: &Incoming) -> Option<Reply> {
    if incoming.method != "GET" {
        return None;
    }
    match find(&incoming.segments)? {
        Document::Configuration(tenant, is_v2) => {
            Some(configuration(shared, incoming, tenant, is_v2))
        }
        Document::Keys(is_v2) => {
            let issuer = "https://login.microsoftonline.com/{tenantid}/v2.0";
            let keys = shared.post.keys.published(is_v2.then_some(issuer));
            // No key can be made on a machine without randomness.
            Some(keys.map_or_else(|_| Reply::empty(500), |keys| Reply::json(200, &keys)))
        }
    }
}

/// `issuer` has Microsoft's name and the tenant's GUID, whichever way it was
/// named; `jwks_uri` is the simulator's.
fn configuration(shared: &Shared, incoming: &Incoming, tenant: &str, is_v2: bool) -> Reply {
    let id = if ANY_TENANT.iter().any(|name| same(name, tenant)) {
        "{tenantid}".to_owned()
    } else {
        match token::known_tenant(&shared.world(), tenant) {
            Ok(id) => id,
            Err(refusal) => return *refusal,
        }
    };
    let base_url = &incoming.base_url;
    let (issuer, keys, version) = if is_v2 {
        let issuer = format!("https://login.microsoftonline.com/{id}/v2.0");
        (issuer, "discovery/v2.0/keys", "oauth2/v2.0")
    } else {
        let issuer = format!("https://sts.windows.net/{id}/");
        (issuer, "discovery/keys", "oauth2")
    };
    let body = json!({
        "issuer": issuer,
        "jwks_uri": format!("{base_url}/common/{keys}"),
        "token_endpoint": format!("{base_url}/{tenant}/{version}/token"),
        "authorization_endpoint": format!("{base_url}/{tenant}/{version}/authorize"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["pairwise"],
        "response_types_supported": ["code", "id_token"],
    });
    Reply::json(200, &body)
}
