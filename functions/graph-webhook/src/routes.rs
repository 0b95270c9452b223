//! The permission table of `graph-webhook`, and its part of the OpenAPI document.
//!
//! The edge of the other functions is not used: it keeps marks in the table and
//! insists on a type of body, and nobody here has a token.

use convoke_platform::http::{Access, Problem};
use convoke_platform::raw::RawKind;
use http::Method;
use utoipa::{OpenApi, ToSchema};

/// A route.
pub struct WebhookRoute {
    /// HTTP method.
    pub method: Method,
    /// Path, without parameters.
    pub path: &'static str,
    /// `operationId`, log lines, metrics.
    pub operation: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What is posted there.
    pub kind: RawKind,
}

/// Every route.
pub static ROUTES: &[WebhookRoute] = &[
    receive_graph_notifications(),
    receive_graph_lifecycle_notifications(),
];

/// What Microsoft Graph posts: <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks>.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the worker reads")]
struct GraphDelivery {
    /// Notifications, of any subscriptions.
    value: Vec<utoipa::openapi::Object>,
    /// Microsoft's signatures, beside encrypted notifications.
    #[schema(required = false)]
    #[schema(rename = "validationTokens")]
    validation_tokens: Option<Vec<String>>,
}

#[utoipa::path(post, path = "/webhooks/graph/notifications", tag = "webhooks", security(()),
    params(("validationToken" = Option<String>, Query, description = "Microsoft's handshake: comes back as it is, decoded; the body is not looked at")),
    request_body(content = GraphDelivery, description = "Up to 5 MiB, whatever its type says; none with the handshake"),
    responses(
        (status = 200, description = "The handshake", content_type = "text/plain; charset=utf-8", body = String),
        (status = 202, description = "Kept, to be checked: forged and genuine notifications alike"),
        (status = 400, description = "Nothing that Microsoft Graph would post", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "Not part of this edition", content_type = "application/problem+json", body = Problem),
        (status = 413, description = "More than 5 MiB", content_type = "application/problem+json", body = Problem),
        (status = 503, description = "Not kept; to be posted again, see Retry-After", content_type = "application/problem+json", body = Problem),
    ))]
/// Take change notifications of Microsoft Graph
const fn receive_graph_notifications() -> WebhookRoute {
    WebhookRoute {
        method: Method::POST,
        path: "/webhooks/graph/notifications",
        operation: "receive_graph_notifications",
        access: Access::Webhook,
        kind: RawKind::Notifications,
    }
}

#[utoipa::path(post, path = "/webhooks/graph/lifecycle", tag = "webhooks", security(()),
    params(("validationToken" = Option<String>, Query, description = "Microsoft's handshake: comes back as it is, decoded; the body is not looked at")),
    request_body(content = GraphDelivery, description = "Up to 5 MiB, whatever its type says; none with the handshake"),
    responses(
        (status = 200, description = "The handshake", content_type = "text/plain; charset=utf-8", body = String),
        (status = 202, description = "Kept, to be checked: forged and genuine notifications alike"),
        (status = 400, description = "Nothing that Microsoft Graph would post", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "Not part of this edition", content_type = "application/problem+json", body = Problem),
        (status = 413, description = "More than 5 MiB", content_type = "application/problem+json", body = Problem),
        (status = 503, description = "Not kept; to be posted again, see Retry-After", content_type = "application/problem+json", body = Problem),
    ))]
/// Take lifecycle notifications of Microsoft Graph's subscriptions
const fn receive_graph_lifecycle_notifications() -> WebhookRoute {
    WebhookRoute {
        method: Method::POST,
        path: "/webhooks/graph/lifecycle",
        operation: "receive_graph_lifecycle_notifications",
        access: Access::Webhook,
        kind: RawKind::Lifecycle,
    }
}

#[derive(OpenApi)]
#[openapi(paths(receive_graph_notifications, receive_graph_lifecycle_notifications))]
struct Paths;

/// The paths and schemas of `graph-webhook`.
pub fn document() -> utoipa::openapi::OpenApi {
    Paths::openapi()
}
