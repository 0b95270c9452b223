//! The control API's part for recordings and transcripts, and for the storage.

use serde_json::{Map, Value, json};

use super::{Refusal, body, counted, found, merged, to_json};
use crate::artifact::{ArtifactKind, NewArtifact};
use crate::incoming::Incoming;
use crate::server::{Shared, Side};

/// Members of a body that name a meeting; one of them is needed.
const MEETING_NAMES: [&str; 3] = ["online_meeting_id", "join_url", "event_id"];

/// Answers what concerns artifacts and storage; nothing for other routes.
pub(super) fn route(
    shared: &Shared,
    incoming: &Incoming,
    segments: &[&str],
) -> Option<Result<Value, Refusal>> {
    Some(match (incoming.method.as_str(), segments) {
        ("POST", ["meetings", "hold"]) => hold(shared, incoming),
        ("POST", ["recordings"]) => add(shared, incoming, ArtifactKind::Recording),
        ("POST", ["transcripts"]) => add(shared, incoming, ArtifactKind::Transcript),
        ("GET", ["artifacts"]) => {
            let meeting = incoming.parameter("meeting");
            counted(&shared.world().artifacts_of(meeting))
        }
        ("GET", ["artifacts", id]) => {
            let found = shared.world().artifact_mut(id).map(|a| to_json(a));
            found.unwrap_or_else(|text| Err((404, text)))
        }
        ("GET", ["artifacts", id, "digest"]) => digest(shared, id),
        ("PATCH", ["artifacts", id]) => patch(shared, incoming, id),
        ("DELETE", ["artifacts", id]) => {
            let removed = shared.change(|world| world.remove_artifact(id));
            found(removed.then_some(Value::Null))
        }
        ("GET", ["storage", "received"]) => to_json(&shared.log(Side::Storage).list()),
        ("DELETE", ["storage", "received"]) => {
            shared.log(Side::Storage).clear();
            Ok(Value::Null)
        }
        ("POST", ["storage", "expire"]) => {
            shared.expire_storage_links();
            Ok(Value::Null)
        }
        _ => return None,
    })
}

/// Takes the meeting's name out of a body.
fn take_meeting(members: &mut Map<String, Value>) -> Result<String, Refusal> {
    let mut names = MEETING_NAMES
        .iter()
        .filter_map(|name| members.remove(*name));
    match (names.next(), names.next()) {
        (Some(Value::String(name)), None) => Ok(name),
        _ => Err((422, format!("give one of {}", MEETING_NAMES.join(", ")))),
    }
}

fn read(value: Value) -> Result<NewArtifact, Refusal> {
    serde_json::from_value(value).map_err(|error| (400, error.to_string()))
}

fn add(shared: &Shared, incoming: &Incoming, kind: ArtifactKind) -> Result<Value, Refusal> {
    let mut members: Map<String, Value> = body(incoming)?;
    let meeting = take_meeting(&mut members)?;
    let new = read(Value::Object(members))?;
    let added = shared.change(|world| world.add_artifact(kind, &meeting, new));
    to_json(&added.map_err(|text| (422, text))?)
}

fn hold(shared: &Shared, incoming: &Incoming) -> Result<Value, Refusal> {
    let mut members: Map<String, Value> = body(incoming)?;
    let meeting = take_meeting(&mut members)?;
    // Absent is the usual one, `null` is none.
    let mut take = |name: &str| match members.remove(name) {
        None => Ok(Some(NewArtifact::default())),
        Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some),
    };
    let (recording, transcript) = (take("recording")?, take("transcript")?);
    if let Some(name) = members.keys().next() {
        return Err((400, format!("unknown field `{name}`")));
    }
    let held = shared.change(|world| world.hold_meeting(&meeting, recording, transcript));
    to_json(&held.map_err(|text| (422, text))?)
}

/// Size and SHA-256 of the whole, which takes a while for gigabytes.
fn digest(shared: &Shared, id: &str) -> Result<Value, Refusal> {
    let found = shared.world().artifact_mut(id).map(|a| a.content.clone());
    let content = found.map_err(|text| (404, text))?;
    Ok(json!({"size": content.size(), "sha256": content.sha256()}))
}

fn patch(shared: &Shared, incoming: &Incoming, id: &str) -> Result<Value, Refusal> {
    let change: Value = body(incoming)?;
    let fixed = ["id", "kind", "meeting_id", "organizer_id"];
    if fixed.iter().any(|name| change.get(name).is_some()) {
        return Err((
            422,
            "what it is and where it belongs cannot be changed".into(),
        ));
    }
    shared.change(|world| {
        let artifact = world.artifact_mut(id).map_err(|text| (404, text))?;
        *artifact = merged(artifact, &change)?;
        to_json(artifact)
    })
}
