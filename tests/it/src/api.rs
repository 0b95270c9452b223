//! The deployed API over HTTP, as its callers see it.

use convoke_local::{Stack, TokenClaims};
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::deployed;

/// Every permission that the API knows.
pub const ALL_SCOPES: &str = "controls:write meetings:read meetings:write directory:read directory:write \
    tenant_integrations:read tenant_integrations:update \
    appointments:request appointments:read user_schedule:read user_schedule:update \
    interaction:read interaction:update interaction:delete";

/// A caller of the deployed API.
#[derive(Clone)]
pub struct Api {
    base: String,
    /// The caller's organisation.
    pub org: String,
    token: Option<String>,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; fails the test where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "{error} in {}: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// The body as JSON, of an answer that must have this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The problem's code, of an answer that must have this status.
    pub fn problem(&self, status: u16) -> String {
        let problem = self.expect(status);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(problem["status"], status);
        problem["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Api {
    /// An internal user of an organisation with every permission, on the shared stack.
    pub fn admin(org: &str) -> Self {
        Self::with_scopes(org, "u-admin", ALL_SCOPES)
    }

    /// An internal user with these permissions.
    pub fn with_scopes(org: &str, sub: &str, scopes: &str) -> Self {
        Self::with_claims(
            deployed::stack(),
            &TokenClaims::internal(org, sub, scopes),
            org,
        )
    }

    /// Any caller of any stack.
    pub fn with_claims(stack: &Stack, claims: &TokenClaims, org: &str) -> Self {
        let token = stack.issuer.token(claims).expect("a token is signed");
        Self {
            token: Some(token),
            ..Self::anonymous(stack, org)
        }
    }

    /// A caller without token.
    #[allow(clippy::disallowed_methods, reason = "a test's own client")]
    pub fn anonymous(stack: &Stack, org: &str) -> Self {
        let base = stack.api_url.clone().expect("functions are deployed");
        Self {
            base,
            org: org.to_owned(),
            token: None,
            client: reqwest::Client::new(),
        }
    }

    /// The path of the organisation's resource.
    pub fn org_path(&self, rest: &str) -> String {
        format!("/api/v1/orgs/{}{rest}", self.org)
    }

    /// Sends a request with JSON or without a body.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("the API answers");
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("a whole body").to_vec(),
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    /// POST with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// PUT with JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, &[], Some(body)).await
    }

    /// PATCH with JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, &[], Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], None).await
    }
}
