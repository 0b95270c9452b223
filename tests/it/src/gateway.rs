//! Events as the HTTP API's gateway makes them (payload format 2.0), for
//! handlers that run in this process.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use graph_webhook::{GatewayAnswer, GatewayEvent};
use lambda_http::{Body, Request, Response};
use serde_json::{Map, Value, json};

use crate::api::Answer;

/// A request on its way to a handler.
#[derive(Debug, Clone)]
pub struct Event {
    method: String,
    path: String,
    query: String,
    headers: Map<String, Value>,
    claims: Option<Map<String, Value>>,
    body: Option<String>,
    base64: bool,
}

impl Event {
    /// A request without token, headers or body; `path` may have a query.
    pub fn new(method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Map::new(),
            claims: None,
            body: None,
            base64: false,
        }
    }

    /// An internal user's claims, as the authorizer hands them on: all strings.
    #[must_use]
    pub fn internal(self, org: &str, sub: &str, scope: &str) -> Self {
        self.claims(&json!({ "org_id": org, "sub": sub, "scope": scope, "user_type": "internal" }))
    }

    /// A portal user's claims.
    #[must_use]
    pub fn portal(self, org: &str, sub: &str, scope: &str, client: &str, contact: &str) -> Self {
        self.claims(
            &json!({ "org_id": org, "sub": sub, "scope": scope, "user_type": "portal",
            "portal_client_id": client, "portal_contact_id": contact }),
        )
    }

    /// Any claims.
    #[must_use]
    pub fn claims(mut self, claims: &Value) -> Self {
        self.claims = claims.as_object().cloned();
        self
    }

    /// A header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .text(&body.to_string())
    }

    /// A body as it is.
    #[must_use]
    pub fn text(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// A body that the gateway encodes, since its type says no text.
    #[must_use]
    pub fn octets(mut self, body: &[u8]) -> Self {
        self.body = Some(STANDARD.encode(body));
        self.base64 = true;
        self
    }

    /// The event as JSON, for fixtures and the Lambda runtime.
    pub fn to_value(&self) -> Value {
        let authorizer = self
            .claims
            .as_ref()
            .map(|claims| json!({ "jwt": { "claims": claims, "scopes": null } }));
        json!({
            "version": "2.0",
            "routeKey": format!("{} {}", self.method, self.path),
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "test",
                "authorizer": authorizer,
                "domainName": "api.example.com",
                "domainPrefix": "api",
                "http": { "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "test" },
                "requestId": "test-request",
                "routeKey": "$default",
                "stage": "$default",
                "time": "21/Nov/2026:04:00:00 +0000",
                "timeEpoch": 1_795_233_600_000_i64
            },
            "body": self.body,
            "isBase64Encoded": self.base64
        })
    }

    /// The event as `graph-webhook` takes it.
    pub fn into_webhook(self) -> GatewayEvent {
        serde_json::from_value(self.to_value()).expect("a gateway event")
    }

    /// The event as a handler takes it.
    pub fn into_request(self) -> Request {
        lambda_http::request::from_str(&self.to_value().to_string()).expect("a gateway event")
    }
}

/// An answer of `graph-webhook`'s as a caller sees it.
pub fn answer_of_webhook(answer: GatewayAnswer) -> Answer {
    let headers = answer.headers.iter().map(|(name, value)| {
        let value = value.as_str().expect("a header is text");
        let name: http::HeaderName = name.parse().expect("a header's name");
        (name, value.parse().expect("a header's value"))
    });
    Answer {
        status: answer.status_code,
        headers: headers.collect(),
        body: answer.body.into_bytes(),
    }
}

/// A handler's response as a caller sees it.
pub fn answer_of(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => vec![],
    };
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}
