//! The control API under `/_simulator`: the handle's methods for programs in
//! other processes. `README.md` beside this crate lists the routes.
//!
//! It takes no token and is not recorded. What it refuses is `{"error": "…"}`.

mod artifacts;
mod grants;
mod subscriptions;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock;
use crate::directory::Seed;
use crate::fault::Fault;
use crate::incoming::Incoming;
use crate::reply::{GraphError, Reply, RequestIds};
use crate::server::{Shared, Side};
use crate::storage;
use crate::world::World;

/// Status and sentence.
type Refusal = (u16, String);

pub(crate) fn is_control_path(path: &str) -> bool {
    path == "/_simulator" || path.starts_with("/_simulator/")
}

/// Body of `PUT /_simulator/clock`: one of the three.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    now: Option<DateTime<Utc>>,
    offset_ms: Option<i64>,
    advance_ms: Option<i64>,
}

/// Body of `POST /_simulator/online-meetings`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LegacyMeeting {
    organizer: String,
    #[serde(default)]
    subject: String,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

pub(crate) fn answer(shared: &Shared, incoming: &Incoming, problem: Option<GraphError>) -> Reply {
    if let Some(problem) = problem {
        let ids = RequestIds {
            request: String::new(),
            client: String::new(),
            at: shared.world().now(),
        };
        return problem.into_reply(&ids);
    }
    match route(shared, incoming) {
        Ok(Value::Null) => Reply::empty(204),
        Ok(body) => Reply::json(200, &body),
        Err((status, sentence)) => Reply::json(status, &json!({ "error": sentence })),
    }
}

fn route(shared: &Shared, incoming: &Incoming) -> Result<Value, Refusal> {
    let segments: Vec<&str> = incoming.segments[1..].iter().map(String::as_str).collect();
    let filter = |name: &str| incoming.parameter(name);
    match (incoming.method.as_str(), segments.as_slice()) {
        ("GET", []) => {
            let base_url = format!("http://{}", shared.host);
            let storage_url = storage::base_url(&base_url, shared.storage_port);
            let now = shared.world().now();
            Ok(json!({"base_url": base_url, "storage_url": storage_url, "now": now}))
        }
        ("POST", ["seed"]) => {
            let seed: Seed = body(incoming)?;
            let seeded = shared.change(|world| world.seed(seed));
            seeded.map(|()| Value::Null).map_err(|text| (422, text))
        }
        ("POST", ["seed", "demo"]) => {
            shared.seed_demo();
            Ok(Value::Null)
        }
        ("GET", ["directory"]) => {
            let world = shared.world();
            let (tenants, apps, users) = (&world.tenants, &world.apps, &world.users);
            Ok(json!({
                "tenants": tenants.values().collect::<Vec<_>>(),
                "apps": apps.values().collect::<Vec<_>>(),
                "users": users.values().collect::<Vec<_>>(),
            }))
        }
        ("PATCH", ["tenants", id]) => patch_entry(shared, incoming, "tenants", id),
        ("PATCH", ["apps", id]) => patch_entry(shared, incoming, "apps", id),
        ("PATCH", ["users", id]) => {
            let id = shared.world().any_user_id(id);
            let id = id.ok_or((404, "there is no such user".to_owned()))?;
            patch_entry(shared, incoming, "users", &id)
        }
        ("GET", ["behaviour"]) => to_json(&shared.world().behaviour),
        ("PATCH", ["behaviour"]) => {
            let change: Value = body(incoming)?;
            shared.change(|world| {
                world.behaviour = merged(&world.behaviour, &change)?;
                to_json(&world.behaviour)
            })
        }
        ("GET", ["faults"]) => to_json(&shared.faults().list()),
        ("POST", ["faults"]) => {
            let fault: Fault = body(incoming)?;
            Ok(json!({"id": shared.faults().inject(fault)}))
        }
        ("DELETE", ["faults"]) => {
            shared.clear_faults();
            Ok(Value::Null)
        }
        ("DELETE", ["faults", id]) => {
            let removed = id.parse().is_ok_and(|id| shared.faults().remove(id));
            found(removed.then_some(Value::Null))
        }
        ("GET", ["received"]) => to_json(&shared.log(Side::Graph).list()),
        ("DELETE", ["received"]) => {
            shared.log(Side::Graph).clear();
            Ok(Value::Null)
        }
        ("GET", ["events"]) => counted(&shared.events(filter("mailbox"))),
        ("GET", ["online-meetings"]) => counted(&shared.meetings(filter("organizer"))),
        ("POST", ["online-meetings"]) => {
            let new: LegacyMeeting = body(incoming)?;
            let times = (new.start, new.end);
            let opened = shared
                .change(|world| world.add_online_meeting(&new.organizer, &new.subject, times));
            to_json(&opened.map_err(|text| (422, text))?)
        }
        ("GET", ["mails"]) => counted(&shared.world().mails),
        ("GET", ["clock"]) => Ok(clock_state(&shared.world())),
        ("PUT", ["clock"]) => {
            let change: ClockChange = body(incoming)?;
            set_clock(shared, &change)
        }
        ("POST", ["tokens", "expire"]) => {
            shared.expire_tokens();
            Ok(Value::Null)
        }
        ("POST", ["reset"]) => {
            shared.reset();
            Ok(Value::Null)
        }
        _ => artifacts::route(shared, incoming, &segments)
            .or_else(|| subscriptions::route(shared, incoming, &segments))
            .or_else(|| grants::route(shared, incoming, &segments))
            .unwrap_or_else(|| found(None)),
    }
}

fn found(value: Option<Value>) -> Result<Value, Refusal> {
    value.ok_or_else(|| (404, "there is nothing here; see the README".into()))
}

/// The body as something typed. Objects only: serde would take a list for a
/// struct's fields in order.
fn body<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, Refusal> {
    let members: serde_json::Map<String, Value> =
        serde_json::from_slice(&incoming.body).map_err(|error| (400, error.to_string()))?;
    serde_json::from_value(Value::Object(members)).map_err(|error| (400, error.to_string()))
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|error| (500, error.to_string()))
}

fn counted(items: &[impl serde::Serialize]) -> Result<Value, Refusal> {
    Ok(json!({"count": items.len(), "items": to_json(&items)?}))
}

/// A JSON merge patch (RFC 7396) on something typed.
fn merged<T>(current: &T, change: &Value) -> Result<T, Refusal>
where
    T: serde::Serialize + DeserializeOwned,
{
    let mut value = to_json(current)?;
    merge(&mut value, change);
    serde_json::from_value(value).map_err(|error| (422, error.to_string()))
}

fn merge(target: &mut Value, change: &Value) {
    let Value::Object(changes) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in changes {
        if value.is_null() {
            if let Some(members) = target.as_object_mut() {
                members.remove(name);
            }
        } else {
            merge(&mut target[name.as_str()], value);
        }
    }
}

fn patch_entry(
    shared: &Shared,
    incoming: &Incoming,
    kind: &str,
    id: &str,
) -> Result<Value, Refusal> {
    let change: Value = body(incoming)?;
    if change.get("id").is_some() || change.get("client_id").is_some() {
        return Err((422, "ids cannot be changed".into()));
    }
    let id = id.to_ascii_lowercase();
    let missing = || (404, format!("there is no '{id}' among the {kind}"));
    shared.change(|world| match kind {
        "tenants" => patch(world.tenants.get_mut(&id).ok_or_else(missing)?, &change),
        "apps" => patch(world.apps.get_mut(&id).ok_or_else(missing)?, &change),
        _ => patch(world.users.get_mut(&id).ok_or_else(missing)?, &change),
    })
}

fn patch<T>(entry: &mut T, change: &Value) -> Result<Value, Refusal>
where
    T: serde::Serialize + DeserializeOwned,
{
    *entry = merged(entry, change)?;
    to_json(entry)
}

fn clock_state(world: &World) -> Value {
    json!({"now": world.now(), "offset_ms": world.clock_offset_ms})
}

fn set_clock(shared: &Shared, change: &ClockChange) -> Result<Value, Refusal> {
    shared.change(|world| {
        world.clock_offset_ms = match (change.now, change.offset_ms, change.advance_ms) {
            (Some(now), None, None) => clock::offset_to(now),
            (None, Some(offset), None) => offset,
            (None, None, Some(by)) => world.clock_offset_ms.saturating_add(by),
            _ => return Err((422, "give one of now, offset_ms, advance_ms".into())),
        };
        Ok(clock_state(world))
    })
}
