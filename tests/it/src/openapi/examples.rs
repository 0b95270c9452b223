//! Examples: `docs/examples/<operationId>.request.json`, and `.response.<extension>` for its success.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, RefOr};

/// How the example of a type of content is called.
const EXTENSIONS: &[(&str, &str)] = &[
    ("application/json", "json"),
    ("application/x-www-form-urlencoded", "json"),
    ("text/html", "html"),
    ("text/calendar", "ics"),
    ("text/vtt", "vtt"),
    ("text/plain", "txt"),
];

/// Puts an operation's examples into it, as far as there are any.
pub(super) fn add(operation: &mut Operation, id: &str) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (media, content) in &mut body.content {
            illustrate(content, media, &format!("{id}.request"));
        }
    }
    let answers = operation.responses.responses.iter_mut();
    for (_, answer) in answers.filter(|(status, _)| status.starts_with('2')) {
        let RefOr::T(answer) = answer else { continue };
        for (media, content) in &mut answer.content {
            illustrate(content, media, &format!("{id}.response"));
        }
    }
}

fn illustrate(content: &mut RefOr<Content>, media: &str, name: &str) {
    let extension = EXTENSIONS.iter().find(|(of, _)| media.starts_with(of));
    if let (RefOr::T(content), Some((_, extension))) = (content, extension) {
        content.example = read(&format!("{name}.{extension}"));
    }
}

fn read(name: &str) -> Option<Value> {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).ok()?;
    if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        let json = serde_json::from_str(&text);
        return Some(json.unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    }
    Some(Value::String(text))
}

/// Where they are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples")
}
