//! `POST /$batch`: up to 20 calls in one (graph-protocol §8).

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

use super::{Answer, Call, Effects};
use crate::clock;
use crate::incoming::Incoming;
use crate::reply::{GraphError, Reply, RequestIds};
use crate::world::World;

const MAX_REQUESTS: usize = 20;

/// Runs the sub-requests in order; each succeeds or fails by itself.
pub(super) fn run(world: &mut World, call: &Call<'_>) -> Answer {
    let body = call.body()?;
    let requests = body.get("requests").and_then(Value::as_array);
    let requests = requests.ok_or_else(|| GraphError::bad_request("'requests' is required."))?;
    // graph-protocol §8: at most 20.
    if requests.is_empty() || requests.len() > MAX_REQUESTS {
        let message = format!("Number of batch request steps must be from 1 to {MAX_REQUESTS}.");
        return Err(GraphError::bad_request(message));
    }
    let mut parsed = Vec::new();
    for request in requests {
        let step = Step::parse(call, request)?;
        if parsed.iter().any(|other: &Step<'_>| other.id == step.id) {
            let message = format!("Duplicate request id '{}'.", step.id);
            return Err(GraphError::bad_request(message));
        }
        parsed.push(step);
    }
    let mut responses: Vec<Value> = Vec::new();
    for step in &parsed {
        let response = step.run(world, call, &responses);
        responses.push(response);
    }
    Ok(Reply::json(200, &json!({ "responses": responses })))
}

struct Step<'a> {
    id: &'a str,
    depends_on: Vec<&'a str>,
    request: Incoming,
}

impl<'a> Step<'a> {
    /// graph-protocol §8: `id`, `method` and a relative `url` are required; no nesting.
    fn parse(call: &Call<'_>, value: &'a Value) -> Result<Self, GraphError> {
        let member = |name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.ok_or_else(|| GraphError::bad_request(format!("A batch step needs '{name}'.")))
        };
        let (id, method, url) = (member("id")?, member("method")?, member("url")?);
        let bad_url =
            || GraphError::bad_request(format!("The url '{url}' of a batch step is invalid."));
        if !url.starts_with('/') || url.contains("://") && !url.contains('?') {
            return Err(bad_url());
        }
        let version = call.request.segments.first().map_or("v1.0", String::as_str);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let method: Method = method.to_ascii_uppercase().parse().map_err(|_| bad_url())?;
        let mut headers = HeaderMap::new();
        let given = value.get("headers").and_then(Value::as_object);
        for (name, text) in given.unwrap_or(&Map::new()) {
            if let (Ok(name), Some(Ok(text))) = (
                name.parse::<HeaderName>(),
                text.as_str().map(HeaderValue::from_str),
            ) {
                headers.append(name, text);
            }
        }
        let base_url = call.request.base_url.clone();
        let path = format!("/{version}{path}");
        let mut request = Incoming::new(method, &path, query, headers, base_url);
        request.decode_path()?;
        if request
            .segments
            .get(1)
            .is_some_and(|s| s.eq_ignore_ascii_case("$batch"))
        {
            return Err(GraphError::bad_request("Batches cannot be nested."));
        }
        if let Some(body) = value.get("body").filter(|body| !body.is_null()) {
            request.body = Bytes::from(body.to_string());
        }
        let depends_on = value.get("dependsOn").and_then(Value::as_array);
        let depends_on = depends_on.into_iter().flatten().filter_map(Value::as_str);
        Ok(Self {
            id,
            depends_on: depends_on.collect(),
            request,
        })
    }

    fn run(&self, world: &mut World, call: &Call<'_>, earlier: &[Value]) -> Value {
        let succeeded = |id: &&str| {
            earlier.iter().any(|response| {
                response["id"] == **id && response["status"].as_u64().is_some_and(|s| s < 400)
            })
        };
        let ids = RequestIds {
            request: clock::new_id().to_string(),
            client: clock::new_id().to_string(),
            at: world.now(),
        };
        let reply = if self.depends_on.iter().all(succeeded) {
            let effects = Effects {
                redirects: true,
                ..call.effects
            };
            super::answer(world, &self.request, call.caller, effects)
        } else {
            // graph-protocol §8: a failed dependency gives 424.
            Err(GraphError::new(
                424,
                "FailedDependency",
                "A dependency failed.",
            ))
        };
        let reply = reply.unwrap_or_else(|error| error.into_reply(&ids));
        let mut headers = Map::new();
        for (name, value) in &reply.headers {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.insert(name.to_string(), text.into());
        }
        let mut response =
            json!({"id": self.id, "status": reply.status.as_u16(), "headers": headers});
        if !reply.body.is_empty() {
            response["body"] = serde_json::from_slice(&reply.body).unwrap_or_default();
        }
        response
    }
}
