//! Directory look-ups: `GET /users/{id|upn}` and `GET /users?$filter=…`.

use serde_json::{Value, json};

use super::{Answer, Call, odata};
use crate::directory::User;
use crate::graph::filter::Filter;
use crate::reply::{GraphError, Reply};
use crate::world::{World, same};

const ROLES: [&str; 5] = [
    "User.Read.All",
    "User.ReadBasic.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

pub(super) fn get(world: &World, call: &Call<'_>, key: &str) -> Answer {
    odata::allow_options(call, &["$select", "$expand"])?;
    authorize(call)?;
    let Some(user) = world.user(&call.caller.tenant_id, key) else {
        let message = format!(
            "Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        );
        return Err(GraphError::new(404, "Request_ResourceNotFound", message));
    };
    let mut body = select(call, user)?;
    body["@odata.context"] = call.context("users/$entity");
    Ok(Reply::json(200, &body))
}

pub(super) fn list(world: &World, call: &Call<'_>) -> Answer {
    odata::allow_options(call, &["$select", "$filter", "$top", "$skip", "$count"])?;
    authorize(call)?;
    let filter = call
        .request
        .parameter("$filter")
        .map(Filter::parse)
        .transpose()?;
    let mut found = Vec::new();
    for user in world.users.values() {
        let mine = same(&user.tenant_id, &call.caller.tenant_id);
        if mine && filter.as_ref().is_none_or(|f| f.accepts(&render(user))) {
            found.push(select(call, user)?);
        }
    }
    odata::page(call, "users", found, 999)
}

fn authorize(call: &Call<'_>) -> Result<(), GraphError> {
    // graph-protocol §1: missing consent shows as Authorization_RequestDenied
    // on directory calls.
    if call.caller.has_any_role(&ROLES) {
        return Ok(());
    }
    let message = "Insufficient privileges to complete the operation.";
    Err(GraphError::new(403, "Authorization_RequestDenied", message))
}

fn select(call: &Call<'_>, user: &User) -> Result<Value, GraphError> {
    let full = odata::select(call, render(user), "microsoft.graph.user")?;
    if call.request.parameter("$select").is_some() {
        return Ok(full);
    }
    // Without `$select` a user has only its basic properties.
    let mut basic = full;
    if let Some(members) = basic.as_object_mut() {
        members.remove("accountEnabled");
        members.remove("userType");
    }
    Ok(basic)
}

fn render(user: &User) -> Value {
    let (given, family) = user.display_name.split_once(' ').unwrap_or(("", ""));
    let text = |text: &str| {
        if text.is_empty() {
            Value::Null
        } else {
            text.into()
        }
    };
    json!({
        "id": user.id, "userPrincipalName": user.upn, "mail": text(user.address()),
        "displayName": text(&user.display_name), "givenName": text(given), "surname": text(family),
        "businessPhones": [], "jobTitle": null, "mobilePhone": null, "officeLocation": null,
        "preferredLanguage": null, "accountEnabled": true, "userType": "Member",
    })
}
