//! The log of what arrived: every request with its caller and what it was answered,
//! secrets redacted.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::server::Incoming;

const SECRET_FIELDS: [&str; 4] = ["client_secret", "refresh_token", "code", "code_verifier"];

/// A request that reached the simulator (the control API's own excepted).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// Upper case.
    pub method: String,
    /// As sent, still percent-encoded.
    pub path: String,
    /// The decoded query.
    pub parameters: BTreeMap<String, String>,
    /// Names in lower case; `authorization` says only its scheme.
    pub headers: BTreeMap<String, String>,
    /// Whose access token it came with.
    pub user: Option<String>,
    /// JSON where it parses, a form as an object, else text; secrets redacted.
    pub body: Option<Value>,
    /// What was answered; absent while in progress and for what was cut.
    pub status: Option<u16>,
}

impl Received {
    pub(crate) fn new(incoming: &Incoming, user: Option<&str>) -> Self {
        Self {
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            parameters: incoming.parameters.iter().cloned().collect(),
            headers: readable_headers(&incoming.headers),
            user: user.map(String::from),
            body: readable_body(incoming),
            status: None,
        }
    }
}

fn readable_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let readable = headers.iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let scheme = text.split(' ').next().unwrap_or_default();
        match name.as_str() {
            "authorization" => (name.to_string(), format!("{scheme} (redacted)")),
            _ => (name.to_string(), text),
        }
    });
    readable.collect()
}

fn readable_body(incoming: &Incoming) -> Option<Value> {
    if incoming.body.is_empty() {
        return None;
    }
    if incoming.is_form() {
        let redact = |(name, value): (String, String)| {
            let secret = SECRET_FIELDS.contains(&name.as_str());
            let value = if secret { "(redacted)".into() } else { value };
            (name, Value::String(value))
        };
        let fields: Map<_, _> = incoming.form().into_iter().map(redact).collect();
        return Some(Value::Object(fields));
    }
    let text = || Value::String(String::from_utf8_lossy(&incoming.body).into_owned());
    Some(serde_json::from_slice(&incoming.body).unwrap_or_else(|_| text()))
}
