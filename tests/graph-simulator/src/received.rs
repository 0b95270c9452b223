//! The log of what arrived: every request with its resolved caller and what it
//! was answered, secrets redacted.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::incoming::{Incoming, decode_form};

/// The oldest entries are dropped beyond this.
const CAPACITY: usize = 20_000;
const SECRET_FIELDS: [&str; 5] = [
    "client_secret",
    "client_assertion",
    "refresh_token",
    "code",
    "code_verifier",
];

/// A request that reached the simulator (the control API's own excepted).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// Counts from 1.
    pub seq: u64,
    /// By the simulator's clock.
    pub at: DateTime<Utc>,
    /// Upper case.
    pub method: String,
    /// As sent, still percent-encoded.
    pub path: String,
    /// The raw query, without `?`.
    pub query: String,
    /// The decoded query.
    pub parameters: BTreeMap<String, String>,
    /// Names in lower case, repeated ones joined by `, `; `authorization` says only its scheme.
    pub headers: BTreeMap<String, String>,
    /// From the bearer token, or the `client_id` of a token request.
    pub app_id: Option<String>,
    /// From the bearer token, or the path of a token request.
    pub tenant_id: Option<String>,
    /// JSON where it parses, a form as an object, else text; secrets redacted.
    pub body: Option<Value>,
    /// What was answered; absent while in progress, cut or hanging.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// The fault that struck.
    pub fault: Option<u64>,
    /// Octets of a recording or transcript handed to the connection so far.
    #[serde(default)]
    pub sent: Option<u64>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not yet.
    InProgress,
    /// With an answer; content may still be on its way.
    Answered,
    /// The connection was closed without one, or before the content's end.
    Cut,
    /// The client left before the content's end.
    Abandoned,
    /// Kept waiting on purpose.
    Hanging,
}

/// Who sent a request, as far as it could be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    pub(crate) app_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
}

/// The requests so far, oldest first.
#[derive(Debug, Default)]
pub(crate) struct ReceivedLog {
    next_seq: u64,
    entries: VecDeque<Received>,
}

impl ReceivedLog {
    pub(crate) fn begin(&mut self, at: DateTime<Utc>, incoming: &Incoming, sender: Sender) -> u64 {
        self.next_seq += 1;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(Received {
            seq: self.next_seq,
            at,
            method: incoming.method.to_string(),
            path: incoming.path.clone(),
            query: incoming.query.clone(),
            parameters: incoming.parameters.iter().cloned().collect(),
            headers: readable_headers(incoming),
            app_id: sender.app_id,
            tenant_id: sender.tenant_id,
            body: readable_body(incoming),
            status: None,
            outcome: Outcome::InProgress,
            fault: None,
            sent: None,
        });
        self.next_seq
    }

    pub(crate) fn update(&mut self, seq: u64, change: impl FnOnce(&mut Received)) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|e| e.seq == seq) {
            change(entry);
        }
    }

    pub(crate) fn list(&self) -> Vec<Received> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

fn readable_headers(incoming: &Incoming) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for (name, value) in &incoming.headers {
        let mut text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name.as_str() == "authorization" {
            let scheme = text.split(' ').next().unwrap_or_default();
            text = format!("{scheme} (redacted)");
        }
        headers
            .entry(name.to_string())
            .and_modify(|all: &mut String| {
                all.push_str(", ");
                all.push_str(&text);
            })
            .or_insert(text);
    }
    headers
}

fn readable_body(incoming: &Incoming) -> Option<Value> {
    if incoming.body.is_empty() {
        return None;
    }
    if incoming.media_type() == "application/x-www-form-urlencoded" {
        let fields = decode_form(&String::from_utf8_lossy(&incoming.body));
        let redact = |(name, value): (String, String)| {
            let secret = SECRET_FIELDS.contains(&name.as_str());
            let value = if secret { "(redacted)".into() } else { value };
            (name, Value::String(value))
        };
        return Some(Value::Object(
            fields.into_iter().map(redact).collect::<Map<_, _>>(),
        ));
    }
    let text = || Value::String(String::from_utf8_lossy(&incoming.body).into_owned());
    Some(serde_json::from_slice(&incoming.body).unwrap_or_else(|_| text()))
}
