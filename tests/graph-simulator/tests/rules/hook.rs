//! An application's notification address: it keeps what arrives and answers as told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use graph_simulator::demo;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer};

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// How the address answers.
#[derive(Clone, Debug)]
pub(crate) struct Manners {
    /// Status of the handshake.
    pub(crate) handshake: u16,
    pub(crate) media_type: &'static str,
    /// Put behind the sentence.
    pub(crate) suffix: &'static str,
    pub(crate) handshake_delay: Duration,
    /// Status of notifications.
    pub(crate) status: u16,
    pub(crate) delay: Duration,
}

#[derive(Debug)]
struct Inside {
    calls: Vec<Call>,
    manners: Manners,
}

/// The running server.
#[derive(Debug)]
pub(crate) struct Hook {
    addr: SocketAddr,
    inside: Arc<Mutex<Inside>>,
}

impl Hook {
    pub(crate) async fn start() -> Self {
        let inside = Arc::new(Mutex::new(Inside {
            calls: Vec::new(),
            manners: Manners {
                handshake: 200,
                media_type: "text/plain",
                suffix: "",
                handshake_delay: Duration::ZERO,
                status: 202,
                delay: Duration::ZERO,
            },
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let app = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&inside));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { addr, inside }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub(crate) fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.inside.lock().unwrap().manners);
    }

    /// Handshakes so far.
    pub(crate) fn handshakes(&self) -> Vec<Call> {
        let calls = self.inside.lock().unwrap().calls.clone();
        let asked = |call: &Call| call.query.contains("validationToken=");
        calls.into_iter().filter(asked).collect()
    }

    /// Notifications so far, handshakes excepted.
    pub(crate) fn notified(&self) -> Vec<Call> {
        let calls = self.inside.lock().unwrap().calls.clone();
        let told = |call: &Call| !call.query.contains("validationToken=");
        calls.into_iter().filter(told).collect()
    }

    /// Every notification so far, in the order in which they came.
    pub(crate) fn items(&self) -> Vec<Value> {
        let bodies = self.notified();
        let values = bodies.iter().map(|call| call.json()["value"].clone());
        values.flat_map(|v| v.as_array().unwrap().clone()).collect()
    }
}

async fn receive(State(inside): State<Arc<Mutex<Inside>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let manners = {
        let mut inside = inside.lock().unwrap();
        inside.calls.push(Call {
            path: parts.uri.path().into(),
            query: query.clone(),
            headers: parts.headers,
            body,
        });
        inside.manners.clone()
    };
    let fields = query.split('&').filter_map(|pair| pair.split_once('='));
    let token = fields
        .into_iter()
        .find(|(name, _)| *name == "validationToken");
    let Some((_, token)) = token else {
        tokio::time::sleep(manners.delay).await;
        return StatusCode::from_u16(manners.status)
            .unwrap()
            .into_response();
    };
    tokio::time::sleep(manners.handshake_delay).await;
    // One form-decode.
    let spaced = token.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .unwrap();
    let status = StatusCode::from_u16(manners.handshake).unwrap();
    let body = format!("{decoded}{}", manners.suffix);
    (status, [("content-type", manners.media_type)], body).into_response()
}

/// What a subscription for the demo organiser's recordings says, for two days.
pub(crate) fn wanted(peer: &Peer, hook: &Hook) -> Value {
    json!({
        "changeType": "created",
        "notificationUrl": hook.url("/hook?tag=a"), "lifecycleNotificationUrl": hook.url("/life"),
        "resource": recordings(), "clientState": "secret-state",
        "expirationDateTime": in_minutes(peer, 2880),
    })
}

pub(crate) fn in_minutes(peer: &Peer, minutes: i64) -> String {
    (peer.sim.now() + TimeDelta::minutes(minutes)).to_rfc3339()
}

pub(crate) fn recordings() -> String {
    format!(
        "users/{}/onlineMeetings/getAllRecordings",
        demo::ORGANIZER_ID
    )
}

pub(crate) fn transcripts() -> String {
    format!(
        "users/{}/onlineMeetings/getAllTranscripts",
        demo::ORGANIZER_ID
    )
}

/// [`wanted`] with members added, replaced, or (`null`) left out.
pub(crate) fn wanted_with(peer: &Peer, hook: &Hook, changes: Value) -> Value {
    let mut body = wanted(peer, hook);
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        body[name] = value;
    }
    body.as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    body
}

pub(crate) async fn subscribe(peer: &Peer, hook: &Hook, changes: Value) -> Answer {
    peer.post("/subscriptions", &wanted_with(peer, hook, changes))
        .await
}
