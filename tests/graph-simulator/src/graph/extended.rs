//! Markers that a client leaves on events: single-value extended properties
//! and open extensions (graph-protocol §2 recommends one for recovery).

use serde_json::{Map, Value, json};

use super::event_input::unreadable;
use super::event_read::locate;
use super::{Answer, CALENDAR_READ, CALENDAR_WRITE, Call, odata};
use crate::calendar::event::Event;
use crate::graph::filter::Filter;
use crate::reply::{GraphError, Reply};
use crate::world::World;

const TYPES: [&str; 12] = [
    "String",
    "Integer",
    "Boolean",
    "Double",
    "Float",
    "Short",
    "Long",
    "Currency",
    "SystemTime",
    "CLSID",
    "Binary",
    "ApplicationTime",
];

/// Reads `singleValueExtendedProperties`: `[{"id","value"}]`.
pub(super) fn parse(value: &Value) -> Result<Vec<(String, String)>, GraphError> {
    let list = value
        .as_array()
        .ok_or_else(|| unreadable("'singleValueExtendedProperties' must be a collection."))?;
    let one = |item: &Value| {
        let member = |name: &str| item.get(name).and_then(Value::as_str);
        let (Some(id), Some(text)) = (member("id"), member("value")) else {
            return Err(unreadable(
                "An extended property needs 'id' and 'value', both strings.",
            ));
        };
        if !is_property_id(id) {
            let message = format!(
                "PropertyId values may only be in one of the following formats: 'MapiPropertyType namespaceGuid Name propertyName', 'MapiPropertyType namespaceGuid Id propertyId' or 'MapiPropertyType propertyTag'. '{id}' is not."
            );
            return Err(GraphError::new(400, "ErrorInvalidProperty", message));
        }
        Ok((id.to_owned(), text.to_owned()))
    };
    list.iter().map(one).collect()
}

fn is_property_id(id: &str) -> bool {
    let parts: Vec<&str> = id.splitn(4, ' ').collect();
    let known = |kind: &str| TYPES.iter().any(|t| t.eq_ignore_ascii_case(kind));
    let hex = |text: &str| {
        let digits = text.strip_prefix("0x").unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    match parts.as_slice() {
        [kind, tag] => known(kind) && hex(tag),
        [kind, guid, how, name] => {
            let guid = guid.trim_start_matches('{').trim_end_matches('}');
            let named = how.eq_ignore_ascii_case("Name") && !name.is_empty();
            let numbered = how.eq_ignore_ascii_case("Id") && hex(name);
            known(kind) && uuid::Uuid::parse_str(guid).is_ok() && (named || numbered)
        }
        _ => false,
    }
}

/// An open extension: its name and all its members.
pub(super) type OpenExtension = (String, Map<String, Value>);

/// Reads `extensions` inside an event: open extensions with a name each.
pub(super) fn parse_open(value: &Value) -> Result<Vec<OpenExtension>, GraphError> {
    let list = value
        .as_array()
        .ok_or_else(|| unreadable("'extensions' must be a collection."))?;
    list.iter().map(open_extension).collect()
}

fn open_extension(value: &Value) -> Result<OpenExtension, GraphError> {
    let members = value.as_object().cloned().unwrap_or_default();
    let name = members.get("extensionName").and_then(Value::as_str);
    match name.filter(|name| !name.is_empty()).map(String::from) {
        Some(name) => Ok((name, members)),
        None => Err(unreadable("An open extension needs an 'extensionName'.")),
    }
}

/// The part of an `$expand` on extended properties or extensions that an event has.
pub(super) fn expand(
    call: &Call<'_>,
    event: &Event,
    rendered: &mut Value,
) -> Result<(), GraphError> {
    let Some(expand) = call.request.parameter("$expand") else {
        return Ok(());
    };
    for part in split_outside_parentheses(expand) {
        let (name, filter) = match part.split_once('(') {
            Some((name, options)) => {
                let options = options.strip_suffix(')').unwrap_or(options);
                let text = options.trim().strip_prefix("$filter=");
                let text = text.ok_or_else(|| {
                    GraphError::bad_request(format!("'{options}' is not supported in $expand."))
                })?;
                (name.trim(), Some(Filter::parse(text)?))
            }
            None => (part.trim(), None),
        };
        let all = match name {
            "singleValueExtendedProperties" => properties(event),
            "extensions" => event.extensions.values().map(render).collect(),
            other => {
                let message = format!("Could not find a property named '{other}' to expand.");
                return Err(GraphError::bad_request(message));
            }
        };
        // Exchange returns only properties that are asked for by id.
        let wanted = |item: &Value| match &filter {
            Some(filter) => filter.accepts(item),
            None => name == "extensions",
        };
        let chosen: Vec<Value> = all.into_iter().filter(wanted).collect();
        if !chosen.is_empty() {
            rendered[name] = chosen.into();
        }
    }
    Ok(())
}

/// Extended properties in Graph's form.
pub(super) fn properties(event: &Event) -> Vec<Value> {
    let one = |(id, value): (&String, &String)| json!({"id": id, "value": value});
    event.extended.iter().map(one).collect()
}

fn render(members: &Map<String, Value>) -> Value {
    let mut members = members.clone();
    let name = members.get("extensionName").cloned().unwrap_or_default();
    let full = format!(
        "Microsoft.OutlookServices.OpenTypeExtension.{}",
        name.as_str().unwrap_or_default()
    );
    members.insert(
        "@odata.type".into(),
        "#microsoft.graph.openTypeExtension".into(),
    );
    members.insert("id".into(), full.into());
    Value::Object(members)
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0u32, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// `POST …/events/{id}/extensions`.
pub(super) fn create(world: &mut World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    let user = call.mailbox(world, user, &CALENDAR_WRITE)?;
    let located = locate(world, &user, id)?;
    let (name, members) = open_extension(&Value::Object(call.body()?))?;
    let now = world.now();
    let rendered = render(&members);
    if let Some(event) = world.events.get_mut(&located.event) {
        event.extensions.insert(name, members);
        event.touch(now);
    }
    Ok(Reply::json(201, &rendered))
}

/// `GET …/events/{id}/extensions/{name}`.
pub(super) fn get(world: &World, call: &Call<'_>, user: &str, id: &str, name: &str) -> Answer {
    odata::allow_options(call, &[])?;
    let user = call.mailbox(world, user, &CALENDAR_READ)?;
    let located = locate(world, &user, id)?;
    let found = world.events.get(&located.event);
    let found = found.and_then(|event| event.extensions.get(short(name)));
    match found {
        Some(members) => Ok(Reply::json(200, &render(members))),
        None => Err(missing()),
    }
}

/// `DELETE …/events/{id}/extensions/{name}`.
pub(super) fn delete(
    world: &mut World,
    call: &Call<'_>,
    user: &str,
    id: &str,
    name: &str,
) -> Answer {
    let user = call.mailbox(world, user, &CALENDAR_WRITE)?;
    let located = locate(world, &user, id)?;
    let event = world.events.get_mut(&located.event);
    match event.and_then(|event| event.extensions.remove(short(name))) {
        Some(_) => Ok(Reply::empty(204)),
        None => Err(missing()),
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("Microsoft.OutlookServices.OpenTypeExtension.")
        .unwrap_or(name)
}

fn missing() -> GraphError {
    let message = "The specified object was not found in the store.";
    GraphError::new(404, "ErrorItemNotFound", message)
}
