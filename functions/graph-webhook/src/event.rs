//! The gateway's event and answer (HTTP API, payload format 2.0), as far as this
//! function has to do with them.
//!
//! Only a few members are read: a header that nobody here looks at cannot make an
//! event unreadable, and the query arrives as it was sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use convoke_domain::error::Error;
use convoke_platform::http::Reply;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    request_context: RequestContext,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    request_id: String,
    http: RequestLine,
}

#[derive(Deserialize)]
struct RequestLine {
    method: String,
}

impl GatewayEvent {
    pub(crate) fn path(&self) -> &str {
        &self.raw_path
    }

    pub(crate) fn method(&self) -> &str {
        &self.request_context.http.method
    }

    /// The query as it was sent, not decoded.
    pub(crate) fn query(&self) -> &str {
        &self.raw_query_string
    }

    /// The gateway's id, if it is fit for a header.
    pub(crate) fn request_id(&self) -> &str {
        let id = &self.request_context.request_id;
        let is_fit = id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic());
        if is_fit && !id.is_empty() {
            id
        } else {
            "unknown"
        }
    }

    /// The body's octets, which the gateway encodes where their type says no text.
    pub(crate) fn into_body(self) -> Result<Vec<u8>, Error> {
        let body = self.body.unwrap_or_default();
        if !self.is_base64_encoded {
            return Ok(body.into_bytes());
        }
        STANDARD.decode(body).map_err(|_| Error::Malformed {
            code: "malformed_json",
            message: "the body cannot be read".to_owned(),
        })
    }
}

/// An answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayAnswer {
    /// HTTP status.
    pub status_code: u16,
    /// Headers, each once.
    pub headers: Map<String, Value>,
    /// The body; empty for none.
    pub body: String,
    is_base64_encoded: bool,
}

impl GatewayAnswer {
    pub(crate) fn of(reply: &Reply) -> Self {
        let headers = reply.headers().iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_owned(), value.into()))
        });
        Self {
            status_code: reply.status().as_u16(),
            headers: headers.collect(),
            // A token or a problem document: text.
            body: String::from_utf8_lossy(reply.body()).into_owned(),
            is_base64_encoded: false,
        }
    }
}
