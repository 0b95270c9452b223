//! The control API's part for subscriptions, notifications and delta lists.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, body, counted, found, merged, to_json};
use crate::incoming::Incoming;
use crate::load;
use crate::notification::{Disturbance, LifecycleEvent, Post};
use crate::server::Shared;

/// Body of `POST /_simulator/subscriptions/{id}/lifecycle`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    event: LifecycleEvent,
}

/// Body of `POST /_simulator/notifications/crafted`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crafted {
    url: String,
    /// A string is sent as it is, anything else as JSON.
    body: Value,
}

/// Body of `POST /_simulator/signing-keys`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    keeps_old: bool,
}

/// Body of `POST /_simulator/seed/organizations`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    count: u16,
    organizers_each: u16,
}

/// Body of `PUT /_simulator/notifications`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    held: bool,
}

/// Answers what concerns subscriptions; nothing for other routes.
pub(super) fn route(
    shared: &Shared,
    incoming: &Incoming,
    segments: &[&str],
) -> Option<Result<Value, Refusal>> {
    let post = &shared.post;
    Some(match (incoming.method.as_str(), segments) {
        ("GET", ["subscriptions"]) => {
            let mut world = shared.world();
            let now = world.now();
            world.subscriptions.expire(now);
            counted(&world.subscriptions.all())
        }
        ("GET", ["subscriptions", id]) => {
            let world = shared.world();
            found(world.subscriptions.get(id).map(|s| json!(s)))
        }
        ("PATCH", ["subscriptions", id]) => patch(shared, incoming, id),
        ("DELETE", ["subscriptions", id]) => {
            let removed = shared.change(|world| world.subscriptions.remove(id));
            found(removed.map(|_| Value::Null))
        }
        ("POST", ["subscriptions", id, "lifecycle"]) => body(incoming).and_then(|told: Told| {
            let sent = shared.change(|world| post.announce_lifecycle(world, id, told.event));
            found(sent.then_some(Value::Null))
        }),
        ("GET", ["subscriptions", id, "notification"]) => genuine(shared, incoming, id),
        ("PUT", ["notifications"]) => body(incoming).map(|hold: Hold| {
            post.hold(hold.held);
            Value::Null
        }),
        ("GET", ["notifications"]) => {
            let settled = post.is_settled(&shared.world());
            Ok(json!({ "settled": settled }))
        }
        ("POST", ["notifications", "crafted"]) => body(incoming).map(|crafted: Crafted| {
            let text = match crafted.body {
                Value::String(text) => text,
                json => json.to_string(),
            };
            shared.change(|world| Post::craft(world, &crafted.url, text));
            Value::Null
        }),
        ("GET", ["deliveries"]) => counted(&post.sent()),
        ("DELETE", ["deliveries"]) => {
            post.clear_log();
            Ok(Value::Null)
        }
        ("GET", ["disturbances"]) => {
            let rules = post.disturbances().list();
            let rules = rules
                .into_iter()
                .map(|(id, hits, rule)| json!({"id": id, "hits": hits, "disturbance": rule}));
            Ok(rules.collect())
        }
        ("POST", ["disturbances"]) => {
            body(incoming).map(|rule: Disturbance| json!({"id": post.disturbances().inject(rule)}))
        }
        ("DELETE", ["disturbances"]) => {
            post.disturbances().clear();
            Ok(Value::Null)
        }
        ("GET", ["endpoint"]) => {
            let url = incoming.parameter("url").unwrap_or_default();
            let state = post.endpoint_state(&shared.world(), url);
            Ok(json!({ "state": state }))
        }
        ("POST", ["signing-keys"]) => body(incoming).and_then(|rotation: Rotation| {
            let rotated = post.keys.rotate(rotation.keeps_old);
            rotated
                .map(|()| Value::Null)
                .map_err(|error| (500, error.to_string()))
        }),
        ("POST", ["signing-keys", "token"]) => body(incoming).and_then(|claims: Value| {
            let token = post.keys.sign(&claims);
            token
                .map(|token| json!({ "token": token }))
                .map_err(|error| (500, error.to_string()))
        }),
        ("GET", ["signing-keys", "claims"]) => {
            let parameter = |name: &str| incoming.parameter(name).unwrap_or_default();
            let (tenant, app) = (parameter("tenant"), parameter("app"));
            Ok(Post::genuine_claims(&shared.world(), tenant, app))
        }
        ("POST", ["delta", "expire"]) => {
            shared.change(|world| world.delta_rounds.clear());
            Ok(Value::Null)
        }
        ("POST", ["seed", "organizations"]) => body(incoming).and_then(|wanted: Load| {
            let organizations = load::organizations(wanted.count, wanted.organizers_each);
            let seeded = shared.change(|world| world.seed(load::seed(&organizations)));
            seeded.map_err(|text| (422, text))?;
            counted(&organizations)
        }),
        _ => return None,
    })
}

/// `?artifact=`: the body that its notification would have.
fn genuine(shared: &Shared, incoming: &Incoming, id: &str) -> Result<Value, Refusal> {
    let artifact = incoming.parameter("artifact").unwrap_or_default();
    let world = shared.world();
    let genuine = shared.post.genuine_body(&world, id, artifact);
    genuine.map_err(|text| (404, text))
}

fn patch(shared: &Shared, incoming: &Incoming, id: &str) -> Result<Value, Refusal> {
    let change: Value = body(incoming)?;
    let fixed = ["id", "tenant_id", "client_id", "kind", "target"];
    if fixed.iter().any(|name| change.get(name).is_some()) {
        return Err((422, "what it is and whose cannot be changed".into()));
    }
    shared.change(|world| {
        let missing = || (404, format!("there is no subscription {id}"));
        let wanted = merged(world.subscriptions.get(id).ok_or_else(missing)?, &change)?;
        let changed = world.subscriptions.update(id, |stored| *stored = wanted);
        to_json(changed.ok_or_else(missing)?)
    })
}
