//! The control API under `/_simulator`: the handle's methods for programs in other
//! processes. `README.md` beside this crate lists the routes. It takes no token and
//! is not recorded. What it refuses is `{"error": "…"}`.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::event::StoredEvent;
use crate::fault::Fault;
use crate::reply::Reply;
use crate::server::{Incoming, Shared};
use crate::world::{Behaviour, Code, Seed};

/// Status and sentence.
type Refusal = (u16, String);

pub(crate) fn answer(shared: &Shared, incoming: &Incoming) -> Reply {
    match route(shared, incoming) {
        Ok(Value::Null) => Reply::empty(204),
        Ok(body) => Reply::json(200, &body),
        Err((status, sentence)) => Reply::json(status, &json!({ "error": sentence })),
    }
}

fn route(shared: &Shared, incoming: &Incoming) -> Result<Value, Refusal> {
    let segments: Vec<&str> = incoming.segments[1..].iter().map(String::as_str).collect();
    if obeyed(shared, &incoming.method, &segments) {
        return Ok(Value::Null);
    }
    let done = |()| Value::Null;
    let unfit = |text: String| (422, text);
    match (incoming.method.as_str(), segments.as_slice()) {
        ("GET", []) => Ok(json!({"name": "google-simulator"})),
        ("POST", ["seed"]) => {
            let seed: Seed = body(incoming)?;
            shared.world().seed(seed).map(done).map_err(unfit)
        }
        ("GET", ["behaviour"]) => to_json(&shared.world().behaviour),
        ("PUT", ["behaviour"]) => {
            let behaviour: Behaviour = body(incoming)?;
            shared.world().behaviour = behaviour;
            Ok(Value::Null)
        }
        ("GET", ["users", email, "refresh-tokens"]) => {
            let world = shared.world();
            let own = world.grants.iter().filter(|(_, g)| g.email == *email);
            counted(&own.map(|(token, _)| token).collect::<Vec<_>>())
        }
        ("POST", ["codes"]) => {
            let code: Code = body(incoming)?;
            let issued = shared.world().issue_code(code).map_err(unfit)?;
            Ok(json!({ "code": issued }))
        }
        ("GET", ["events"]) => {
            let world = shared.world();
            let calendar = incoming.parameter("calendar");
            let wanted = |e: &&StoredEvent| calendar.is_none_or(|id| e.calendar == id);
            counted(&world.events.iter().filter(wanted).collect::<Vec<_>>())
        }
        ("PATCH", ["events", calendar, id]) => {
            let change = Value::Object(body(incoming)?);
            let edited = shared.world().edit(calendar, id, &change);
            edited.map(done).map_err(unfit)
        }
        ("GET", ["mails"]) => counted(&shared.world().mails),
        ("POST", ["faults"]) => {
            let fault: Fault = body(incoming)?;
            shared.faults().inject(fault);
            Ok(Value::Null)
        }
        ("GET", ["received"]) => counted(&shared.received()),
        _ => Err((404, "there is nothing here; see the README".into())),
    }
}

/// Does what takes no body and has no answer; false: it is something else.
fn obeyed(shared: &Shared, method: &str, segments: &[&str]) -> bool {
    match (method, segments) {
        ("POST", ["reset"]) => shared.reset(),
        ("POST", ["seed", "demo"]) => shared.seed_demo(),
        ("POST", ["users", email, "revoke"]) => shared.world().revoke(email),
        ("POST", ["access-tokens", "expire"]) => shared.world().access.clear(),
        ("POST", ["events", "forget-deleted"]) => {
            shared.world().events.retain(|e| !e.is_deleted());
        }
        ("DELETE", ["faults"]) => shared.faults().clear(),
        ("DELETE", ["received"]) => shared.clear_received(),
        _ => return false,
    }
    true
}

/// The body as something typed. Objects only: serde would take a list for a struct's fields.
fn body<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, Refusal> {
    let unreadable = |error: serde_json::Error| (400, error.to_string());
    let members: Map<String, Value> = serde_json::from_slice(&incoming.body).map_err(unreadable)?;
    serde_json::from_value(Value::Object(members)).map_err(unreadable)
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|error| (500, error.to_string()))
}

fn counted(items: &[impl serde::Serialize]) -> Result<Value, Refusal> {
    Ok(json!({"count": items.len(), "items": to_json(&items)?}))
}
