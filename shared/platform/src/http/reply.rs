//! What a handler answers.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// Status, headers and body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// Whether the answer was stored with the state that it tells of.
    pub(super) stored: bool,
}

impl Reply {
    /// 200 with JSON.
    pub fn ok<T: Serialize>(body: &T) -> Self {
        Self::json_of(StatusCode::OK, body)
    }

    /// 201 with JSON and `Location`.
    pub fn created<T: Serialize>(location: &str, body: &T) -> Self {
        let mut reply = Self::json_of(StatusCode::CREATED, body);
        if let Ok(location) = HeaderValue::from_str(location) {
            reply.set_header(header::LOCATION, location);
        }
        reply
    }

    /// Any status with any bytes.
    pub fn bytes(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self {
            status,
            headers,
            body: body.into(),
            stored: false,
        }
    }

    /// Any status without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            stored: false,
        }
    }

    pub(super) fn json_of<T: Serialize>(status: StatusCode, body: &T) -> Self {
        // Wire types have string keys and finite numbers: they serialise.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::bytes(status, "application/json", body)
    }

    /// From the parts of a stored answer.
    pub(super) fn of_parts(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            headers,
            body,
            stored: true,
        }
    }

    /// Adds the resource's version as a strong `ETag`.
    #[must_use]
    pub fn with_version(mut self, version: u64) -> Self {
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
            self.set_header(header::ETAG, tag);
        }
        self
    }

    /// Adds or replaces a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.set_header(name, value);
        }
        self
    }

    pub(super) fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A header's value.
    pub fn header(&self, name: HeaderName) -> Option<&HeaderValue> {
        self.headers.get(name)
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body's bytes.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// 304 where the caller's `If-None-Match` names the answer's `ETag`.
    pub(super) fn unless_known(self, if_none_match: Option<&HeaderValue>) -> Self {
        let known = match (
            if_none_match.and_then(|value| value.to_str().ok()),
            self.headers.get(header::ETAG),
        ) {
            (Some(known), Some(tag)) => known
                .split(',')
                .map(|one| one.trim().trim_start_matches("W/"))
                .any(|one| one == "*" || one.as_bytes() == tag.as_bytes()),
            _ => false,
        };
        if !known || self.status != StatusCode::OK {
            return self;
        }
        let mut headers = self.headers;
        headers.remove(header::CONTENT_TYPE);
        Self {
            status: StatusCode::NOT_MODIFIED,
            headers,
            body: Bytes::new(),
            stored: self.stored,
        }
    }
}
