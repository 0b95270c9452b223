//! A request as it arrived: read completely, with bounds on size and time, its
//! path split and decoded. Whatever cannot be read is a 4xx, never a panic.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;

use crate::reply::GraphError;

/// Graph's own cap on request bodies.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// How much beyond the cap is read and thrown away, so that the client gets to
/// see the 413 instead of a broken pipe.
const MAX_DRAINED: usize = 64 * 1024 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A request, complete.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) method: Method,
    /// As sent, still percent-encoded.
    pub(crate) path: String,
    /// The path's segments, decoded; `users('x')` is split into `users`, `x`.
    pub(crate) segments: Vec<String>,
    pub(crate) query: String,
    /// The query's parameters in order, decoded once.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Scheme and host by which the client knows the simulator.
    pub(crate) base_url: String,
}

impl Incoming {
    /// Reads the request; with an error when path or body are unusable. The
    /// request is there in either case, for the log.
    pub(crate) async fn read(request: Request, fallback_host: &str) -> (Self, Option<GraphError>) {
        let (parts, body) = request.into_parts();
        let host = parts.headers.get("host").and_then(|h| h.to_str().ok());
        let mut incoming = Self::new(
            parts.method,
            parts.uri.path(),
            parts.uri.query().unwrap_or_default(),
            parts.headers.clone(),
            format!("http://{}", host.unwrap_or(fallback_host)),
        );
        let problem = match tokio::time::timeout(BODY_TIMEOUT, read_body(body)).await {
            Ok(Ok(body)) => {
                incoming.body = body;
                incoming.decode_path().err()
            }
            Ok(Err(error)) => Some(error),
            Err(_) => Some(GraphError::new(
                408,
                "RequestTimeout",
                "The body took too long.",
            )),
        };
        (incoming, problem)
    }

    /// A request without a body whose path is not decoded yet.
    pub(crate) fn new(
        method: Method,
        path: &str,
        query: &str,
        headers: HeaderMap,
        base_url: String,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            segments: Vec::new(),
            query: query.into(),
            parameters: decode_form(query),
            headers,
            body: Bytes::new(),
            base_url,
        }
    }

    /// Fills `segments`; 400 for percent-encoding that is not UTF-8.
    pub(crate) fn decode_path(&mut self) -> Result<(), GraphError> {
        let bad = || GraphError::new(400, "BadRequest", "The URL is not valid UTF-8.");
        let mut segments = Vec::new();
        for raw in self.path.split('/').filter(|s| !s.is_empty()) {
            let segment = percent_decode_str(raw).decode_utf8().map_err(|_| bad())?;
            match keyed(&segment) {
                Some((name, key)) => segments.extend([name, key]),
                None => segments.push(segment.into_owned()),
            }
        }
        self.segments = segments;
        Ok(())
    }

    /// A query parameter, its name without regard to case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let same = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.parameters.iter().find(same).map(|(_, v)| v.as_str())
    }

    /// A header that is readable text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The content type without parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let full = self.header("content-type").unwrap_or_default();
        let bare = full.split(';').next().unwrap_or_default();
        bare.trim().to_ascii_lowercase()
    }
}

/// Splits OData's key form `users('x')`; function calls with named arguments stay whole.
fn keyed(segment: &str) -> Option<(String, String)> {
    let (name, rest) = segment.split_once("('")?;
    let key = rest.strip_suffix("')")?;
    let plain = !name.is_empty() && name.chars().all(char::is_alphanumeric);
    plain.then(|| (name.into(), key.replace("''", "'")))
}

async fn read_body(body: Body) -> Result<Bytes, GraphError> {
    let mut stream = body.into_data_stream();
    let mut all: Vec<u8> = Vec::new();
    let mut seen = 0usize;
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|_| GraphError::new(400, "BadRequest", "The body could not be read."))?;
        seen += chunk.len();
        if seen <= MAX_BODY {
            all.extend_from_slice(&chunk);
        } else if seen > MAX_DRAINED {
            break;
        } else {
            all.clear();
        }
    }
    if seen > MAX_BODY {
        let message = "The request body exceeds the maximum of 4194304 bytes.";
        return Err(GraphError::new(413, "RequestEntityTooLarge", message));
    }
    Ok(all.into())
}

/// `application/x-www-form-urlencoded`, leniently: `+` is a space, what is not
/// UTF-8 becomes replacement characters.
pub(crate) fn decode_form(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}
