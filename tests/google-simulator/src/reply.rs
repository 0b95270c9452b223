//! Answers, and the two shapes of Google's errors.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

/// A complete answer before it is put on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let json = "application/json; charset=UTF-8";
        Self {
            body: body.to_string().into_bytes(),
            ..Self::empty(status).with_header("content-type", json)
        }
    }

    /// The Calendar API's error.
    pub(crate) fn error(status: u16, reason: &str, message: &str) -> Self {
        let domain = match reason {
            "timeRangeEmpty" => "calendar",
            _ => "global",
        };
        Self::json(status, &error_body(status, domain, reason, message))
    }

    /// The token endpoint's error.
    pub(crate) fn oauth(status: u16, error: &str, description: &str) -> Self {
        let body = json!({"error": error, "error_description": description});
        Self::json(status, &body)
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// For the wire; a header that cannot be sent is left out.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(&value))
            {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// `{"error":{"errors":[{"domain","reason","message"}],"code","message"}}`.
pub(crate) fn error_body(status: u16, domain: &str, reason: &str, message: &str) -> Value {
    let entry = json!({"domain": domain, "reason": reason, "message": message});
    json!({"error": {"errors": [entry], "code": status, "message": message}})
}
