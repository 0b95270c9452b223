//! Takes what Microsoft Graph posts (NT-2): answers its validation handshake, and
//! keeps notifications for the worker that checks them.
//!
//! Guarantees: between a body and its 202 there is one write and nothing else, no
//! table, no key, no call to Microsoft; forged and genuine bodies get the same
//! answer; 503 says that nothing was kept. Anybody may post here, so a body is
//! looked at no further than whether it could be Graph's at all.

mod event;
mod handshake;
mod routes;
mod shape;

use std::time::Duration;

use bytes::Bytes;
use convoke_domain::error::Error;
use convoke_platform::aws;
use convoke_platform::clock::Ports;
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::http::Reply;
use convoke_platform::log::{Outcome, Work};
use convoke_platform::raw::RawNotifications;
use http::{HeaderName, StatusCode, header};
use tracing::Instrument;

pub use self::event::{GatewayAnswer, GatewayEvent};
pub use self::routes::{ROUTES, WebhookRoute, document};

/// Most octets of a body. Lambda takes events of 6 MB, escapes included.
pub const BODY_MAX: usize = 5 * 1024 * 1024;
/// How long keeping a notification may take: Graph waits for three seconds.
const PATIENCE: Duration = Duration::from_millis(2500);
/// The community edition has no notifications (XC-11).
const ENTERPRISE: bool = cfg!(feature = "enterprise");

/// The function's state, built once per process.
pub struct App {
    /// Where notifications are kept.
    pub raw: RawNotifications,
    /// Clock and ids.
    pub ports: Ports,
}

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<App, ConfigError> {
    let sdk = aws::load().await;
    Ok(App {
        raw: aws::arriving_notifications(&sdk, environment)?,
        ports: Ports::system(),
    })
}

/// Why a request is not taken.
enum Refused {
    /// The path takes POST alone.
    Method,
    /// More than [`BODY_MAX`].
    TooLarge,
    /// By a rule, or since it was not kept.
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl App {
    /// Answers one event of the gateway's; every failure is a problem document.
    pub async fn handle(&self, event: GatewayEvent) -> GatewayAnswer {
        let request_id = event.request_id().to_owned();
        let route = ROUTES.iter().find(|route| route.path == event.path());
        let operation = route.map_or("unrouted", |route| route.operation);
        let mut work = Work::begin(operation);
        work.note("request_id", request_id.clone());
        let span = tracing::info_span!("request", request_id, operation);
        let taken = self.take(route, event, &mut work).instrument(span).await;
        let (reply, outcome) = match taken {
            Ok(reply) => (reply, Outcome::Done),
            Err(refused) => refuse(refused, &request_id, &mut work),
        };
        work.note("status", reply.status().as_u16());
        work.end(outcome, self.ports.now());
        let reply = reply
            .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .with_header(header::CACHE_CONTROL, "no-store")
            .with_header(HeaderName::from_static("x-request-id"), &request_id);
        GatewayAnswer::of(&reply)
    }

    async fn take(
        &self,
        route: Option<&WebhookRoute>,
        event: GatewayEvent,
        work: &mut Work,
    ) -> Result<Reply, Refused> {
        let route = route.filter(|_| ENTERPRISE);
        let route = route.ok_or(Error::NotFound { what: "route" })?;
        if route.method.as_str() != event.method() {
            return Err(Refused::Method);
        }
        // Before anything else: Graph's handshake has no body to read.
        if let Some(token) = handshake::token_of(event.query())? {
            work.note("handshake", true);
            let text = "text/plain; charset=utf-8";
            return Ok(Reply::bytes(StatusCode::OK, text, token));
        }
        let body = event.into_body()?;
        work.note("size", body.len());
        if body.len() > BODY_MAX {
            return Err(Refused::TooLarge);
        }
        work.note("items", shape::items_of(&body)?);
        self.keep(route, Bytes::from(body)).await?;
        Ok(Reply::empty(StatusCode::ACCEPTED))
    }

    async fn keep(&self, route: &WebhookRoute, body: Bytes) -> Result<(), Error> {
        let (id, now) = (self.ports.mint(), self.ports.now());
        let put = Box::pin(self.raw.put(route.kind, body, id, now));
        match tokio::time::timeout(PATIENCE, put).await {
            Ok(kept) => kept,
            Err(_) => Err(Error::Upstream {
                code: "notification_not_kept",
                message: "the notification could not be kept in time; send it again".to_owned(),
                retry_after: Some(Duration::from_secs(5)),
            }),
        }
    }
}

fn refuse(refused: Refused, request_id: &str, work: &mut Work) -> (Reply, Outcome) {
    match refused {
        Refused::Method => {
            work.note("code", "method_not_allowed");
            let reply = Reply::method_not_allowed("POST", request_id);
            (reply, Outcome::Refused)
        }
        Refused::TooLarge => {
            work.note("code", "payload_too_large");
            let reply = Reply::payload_too_large(BODY_MAX, request_id);
            (reply, Outcome::Refused)
        }
        Refused::Error(error) => {
            work.note("code", error.code());
            let outcome = match &error {
                Error::Malformed { .. } | Error::NotFound { .. } => Outcome::Refused,
                _ => Outcome::Failed,
            };
            (Reply::of_error(error, request_id), outcome)
        }
    }
}
