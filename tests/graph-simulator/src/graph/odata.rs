//! OData's query options: which are allowed, `$select`, paging.

use serde_json::{Map, Value, json};

use super::Call;
use crate::reply::{GraphError, Reply};

/// Refuses system query options that the resource does not know.
pub(super) fn allow_options(call: &Call<'_>, allowed: &[&str]) -> Result<(), GraphError> {
    for (name, _) in &call.request.parameters {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with('$') && !allowed.contains(&lower.as_str()) {
            let message = format!("The query option '{name}' is not supported here.");
            return Err(GraphError::bad_request(message));
        }
    }
    Ok(())
}

/// Keeps what `$select` names, besides `id` and annotations; a name that the
/// object does not have is an error.
pub(super) fn select(call: &Call<'_>, value: Value, kind: &str) -> Result<Value, GraphError> {
    let Some(list) = call.request.parameter("$select") else {
        return Ok(value);
    };
    let Value::Object(all) = value else {
        return Ok(value);
    };
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    if names.contains(&"*") {
        return Ok(Value::Object(all));
    }
    for name in &names {
        // Optional members that this object happens not to have.
        let known = ["transactionId", "accountEnabled"]
            .iter()
            .chain(&["singleValueExtendedProperties", "extensions"])
            .any(|k| k.eq_ignore_ascii_case(name));
        if !known && !all.keys().any(|key| key.eq_ignore_ascii_case(name)) {
            let message = format!("Could not find a property named '{name}' on type '{kind}'.");
            return Err(GraphError::new(400, "RequestBroker--ParseUri", message));
        }
    }
    let wanted = |key: &str| {
        key == "id"
            || key.starts_with('@')
            || key == "singleValueExtendedProperties"
            || key == "extensions"
            || names.iter().any(|name| key.eq_ignore_ascii_case(name))
    };
    Ok(Value::Object(
        all.into_iter().filter(|(key, _)| wanted(key)).collect(),
    ))
}

/// A page of a collection, with `@odata.nextLink` while there is more. The
/// number of items that follow is not told in advance.
pub(super) fn page(
    call: &Call<'_>,
    context: &str,
    items: Vec<Value>,
    max: usize,
) -> Result<Reply, GraphError> {
    let number = |name: &str, least: usize| match call.request.parameter(name) {
        None => Ok(None),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => {
                let message = format!("Invalid value '{text}' for the query option '{name}'.");
                Err(GraphError::bad_request(message))
            }
        },
    };
    // Graph's default page of events is 10.
    let preferred = call.prefer.page_size.map(|size| size.min(max));
    let top = number("$top", 1)?.or(preferred).unwrap_or(10);
    if top > max {
        let message = format!("The limit of '{max}' for Top query has been exceeded.");
        return Err(GraphError::bad_request(message));
    }
    let skip = number("$skip", 0)?.unwrap_or(0);
    let total = items.len();
    let value: Vec<Value> = items.into_iter().skip(skip).take(top).collect();
    let mut body = Map::new();
    body.insert("@odata.context".into(), call.context(context));
    if call.request.parameter("$count") == Some("true") {
        body.insert("@odata.count".into(), total.into());
    }
    if skip + value.len() < total && !value.is_empty() {
        let next = next_link(call, skip + value.len(), top);
        body.insert("@odata.nextLink".into(), next.into());
    }
    body.insert("value".into(), value.into());
    Ok(Reply::json(200, &Value::Object(body)))
}

fn next_link(call: &Call<'_>, skip: usize, top: usize) -> String {
    let kept = call.request.query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = name.to_ascii_lowercase().replace("%24", "$");
        !pair.is_empty() && name != "$skip" && name != "$top"
    });
    let mut query: Vec<String> = kept.map(String::from).collect();
    query.push(format!("%24top={top}"));
    query.push(format!("%24skip={skip}"));
    let request = call.request;
    format!("{}{}?{}", request.base_url, request.path, query.join("&"))
}

/// A collection that is never paged.
pub(super) fn collection(call: &Call<'_>, context: &str, value: &[Value]) -> Reply {
    let body = json!({"@odata.context": call.context(context), "value": value});
    Reply::json(200, &body)
}
