//! Answers, and Graph's error shape.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::artifact::ContentStream;

/// A complete answer before it is put on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Octets that are made while they are sent; then `body` is empty.
    pub(crate) content: Option<ContentStream>,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::new(),
            body: Vec::new(),
            content: None,
        }
    }

    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::typed(status, "application/json", body.to_string().into_bytes())
    }

    /// An answer with a body of this media type.
    pub(crate) fn typed(status: u16, media_type: &'static str, body: Vec<u8>) -> Self {
        let mut reply = Self::empty(status);
        reply.body = body;
        reply
            .headers
            .insert("content-type", HeaderValue::from_static(media_type));
        reply
    }

    /// With a header; one that cannot be sent is left out.
    #[must_use]
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// The ids under which Graph logs a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestIds {
    pub(crate) request: String,
    pub(crate) client: String,
    pub(crate) at: DateTime<Utc>,
}

/// `{"error":{"code","message","innerError":{…}}}` (graph-protocol §8).
#[derive(Clone, Debug)]
pub(crate) struct GraphError(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    status: u16,
    code: String,
    message: String,
    inner: Map<String, Value>,
    members: Map<String, Value>,
    headers: Vec<(&'static str, String)>,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.into(),
            message: message.into(),
            inner: Map::new(),
            members: Map::new(),
            headers: Vec::new(),
        }))
    }

    /// 400 `BadRequest`: what OData itself refuses.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// With a member inside `innerError`.
    #[must_use]
    pub(crate) fn inner(mut self, name: &str, value: &str) -> Self {
        self.0.inner.insert(name.into(), value.into());
        self
    }

    /// With a member beside `code` and `message`.
    #[must_use]
    pub(crate) fn member(mut self, name: &str, value: &str) -> Self {
        self.0.members.insert(name.into(), value.into());
        self
    }

    /// With a header.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    pub(crate) fn into_reply(self, ids: &RequestIds) -> Reply {
        let parts = *self.0;
        let mut inner = parts.inner;
        let date = ids.at.format("%Y-%m-%dT%H:%M:%S").to_string();
        inner.insert("date".into(), date.into());
        inner.insert("request-id".into(), ids.request.clone().into());
        inner.insert("client-request-id".into(), ids.client.clone().into());
        let mut error = parts.members;
        error.insert("code".into(), parts.code.into());
        error.insert("message".into(), parts.message.into());
        error.insert("innerError".into(), Value::Object(inner));
        let reply = Reply::json(parts.status, &json!({ "error": error }));
        parts
            .headers
            .iter()
            .fold(reply, |reply, (name, value)| reply.with_header(name, value))
    }
}
