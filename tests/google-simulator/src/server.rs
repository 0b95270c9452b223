//! A request's way through the simulator: log, fault, effect, answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::calendar;
use crate::connection::{CuttableListener, Link};
use crate::control;
use crate::demo;
use crate::fault::{Action, Fault, Faults, Phase};
use crate::received::Received;
use crate::reply::Reply;
use crate::token;
use crate::world::World;

const LARGEST_BODY: usize = 1024 * 1024;
/// The oldest requests are forgotten beyond this.
const MOST_RECEIVED: usize = 20_000;
/// How long stopping waits for requests under way.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// The state of a running simulator. Locks are held for a call at most, never
/// across an await, and `world` is taken before the others.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    received: Mutex<Vec<(u64, Received)>>,
    starts_with_demo: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(starts_with_demo: bool) -> Self {
        let shared = Self {
            starts_with_demo,
            ..Self::default()
        };
        shared.reset();
        shared
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        let log = lock(&self.received);
        log.iter().map(|(_, entry)| entry.clone()).collect()
    }

    pub(crate) fn clear_received(&self) {
        lock(&self.received).clear();
    }

    pub(crate) fn seed_demo(&self) {
        // The demo's user names the demo's client, so that it always fits.
        let _ = self.world().seed(demo::seed());
    }

    pub(crate) fn reset(&self) {
        *self.world() = World::default();
        self.faults().clear();
        self.clear_received();
        if self.starts_with_demo {
            self.seed_demo();
        }
    }

    fn log(&self, entry: Received) -> u64 {
        let mut log = lock(&self.received);
        if log.len() >= MOST_RECEIVED {
            log.remove(0);
        }
        let number = log.last().map_or(1, |(number, _)| number + 1);
        log.push((number, entry));
        number
    }

    fn log_status(&self, number: u64, status: Option<u16>) {
        let mut log = lock(&self.received);
        if let Some((_, entry)) = log.iter_mut().rev().find(|(n, _)| *n == number) {
            entry.status = status;
        }
    }
}

/// A request, read completely.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// As sent, still percent-encoded.
    pub(crate) path: String,
    /// The path's segments, decoded.
    pub(crate) segments: Vec<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    async fn read(request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let decode = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
        let segments: Option<Vec<String>> = path.split('/').skip(1).map(decode).collect();
        Some(Self {
            method: parts.method.to_string(),
            segments: segments?,
            parameters: decode_form(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body: to_bytes(body, LARGEST_BODY).await.ok()?,
            path,
        })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn is_form(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        kind.starts_with("application/x-www-form-urlencoded")
    }

    /// The body's fields, if it is a form.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        decode_form(&String::from_utf8_lossy(&self.body))
    }
}

/// `application/x-www-form-urlencoded`, leniently.
fn decode_form(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

pub(crate) async fn bind(addr: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(addr).await;
    listener.with_context(|| format!("cannot listen on {addr}"))
}

/// Serves until told to stop, or dropped.
pub(crate) async fn run(
    shared: Arc<Shared>,
    listener: TcpListener,
    stopping: watch::Receiver<bool>,
) {
    let app = Router::new()
        .fallback(front)
        .with_state(shared)
        .into_make_service_with_connect_info::<Link>();
    let server = axum::serve(CuttableListener(listener), app)
        .with_graceful_shutdown(stopped(stopping.clone()));
    tokio::select! {
        _ = server.into_future() => {}
        () = async {
            stopped(stopping).await;
            tokio::time::sleep(STOP_TIMEOUT).await;
        } => {}
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn front(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(link): ConnectInfo<Link>,
    request: Request,
) -> Response {
    let Some(incoming) = Incoming::read(request).await else {
        return Reply::error(400, "badRequest", "Bad Request").into_response();
    };
    if incoming.segments.first().is_some_and(|s| s == "_simulator") {
        return control::answer(&shared, &incoming).into_response();
    }
    // A client that gives up does not stop Google.
    let work = tokio::spawn(async move { perform(&shared, &incoming).await });
    if let Ok(Some(reply)) = work.await {
        return reply.into_response();
    }
    link.cut();
    Reply::empty(500).into_response()
}

/// The answer; none: the connection is to be cut.
async fn perform(shared: &Shared, incoming: &Incoming) -> Option<Reply> {
    let user = calendar::caller(&shared.world(), incoming);
    let number = shared.log(Received::new(incoming, user.as_deref()));
    let struck = shared
        .faults()
        .strike(&incoming.method, &incoming.path, user.as_deref());
    let fault = struck.unwrap_or_else(Fault::any);
    let delay = Duration::from_millis(fault.delay_ms);
    let reply = if fault.phase == Phase::Before {
        tokio::time::sleep(delay).await;
        match fault.action {
            Action::Proceed => Some(effect(shared, incoming)),
            action => spoilt(action),
        }
    } else {
        let reply = effect(shared, incoming);
        tokio::time::sleep(delay).await;
        match fault.action {
            Action::Proceed => Some(reply),
            action => spoilt(action),
        }
    };
    shared.log_status(number, reply.as_ref().map(|reply| reply.status));
    reply
}

fn effect(shared: &Shared, incoming: &Incoming) -> Reply {
    let segments: Vec<&str> = incoming.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["token"] => token::answer(&mut shared.world(), incoming),
        ["calendar", "v3", _, ..] => calendar::answer(&mut shared.world(), incoming),
        _ => Reply::error(404, "notFound", "Not Found"),
    }
}

/// What the fault sends instead of Google's answer.
fn spoilt(action: Action) -> Option<Reply> {
    let Action::Respond {
        status,
        headers,
        body,
    } = action
    else {
        return None;
    };
    let reply = match body {
        Value::Null => Reply::empty(status),
        Value::String(text) => Reply {
            body: text.into_bytes(),
            ..Reply::empty(status)
        },
        json => Reply::json(status, &json),
    };
    let add = |reply: Reply, (name, value): (&String, &String)| reply.with_header(name, value);
    Some(headers.iter().fold(reply, add))
}
