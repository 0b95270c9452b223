//! One process of a function, from the side of Lambda's Runtime API, which it has to itself.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

use super::answer::{self, Answer};
use crate::environment as clock;

/// One request on its way to a process.
pub(super) struct Invocation {
    pub(super) id: String,
    pub(super) event: Value,
    /// The function's ARN.
    pub(super) arn: String,
    /// How long the process may take.
    pub(super) within: Duration,
    pub(super) asked: Asked,
}

/// Who waits for what an invocation comes to.
pub(super) struct Asked {
    /// For the answer's beginning; dropped where there is none.
    pub(super) answer: oneshot::Sender<Answer>,
    /// For the moment when the process is free again; dropped where it is not usable any more.
    pub(super) free: oneshot::Sender<()>,
}

/// One process, which takes one invocation at a time.
pub(super) struct Environment {
    port: u16,
    invocations: mpsc::Sender<Invocation>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<(String, Asked)>>,
    gone: watch::Sender<bool>,
    server: Mutex<Option<AbortHandle>>,
}

impl Environment {
    /// Opens a Runtime API for a process to come.
    pub(super) async fn open() -> Result<Arc<Self>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (invocations, waiting) = mpsc::channel(1);
        let environment = Arc::new(Self {
            port: listener.local_addr()?.port(),
            invocations,
            waiting: tokio::sync::Mutex::new(waiting),
            current: Mutex::new(None),
            gone: watch::channel(false).0,
            server: Mutex::new(None),
        });
        let routes = axum::Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(respond),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
            .route("/2018-06-01/runtime/init/error", post(fail_to_start))
            .with_state(Arc::clone(&environment));
        let server = tokio::spawn(axum::serve(listener, routes).into_future());
        *lock(&environment.server) = Some(server.abort_handle());
        Ok(environment)
    }

    /// Where its Runtime API is.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Gives the process its next invocation, which it takes once it asks.
    pub(super) async fn hand(&self, invocation: Invocation) {
        let _ = self.invocations.send(invocation).await;
    }

    /// Waits for the end of the process.
    pub(super) async fn ended(&self) {
        let _ = self.gone.subscribe().wait_for(|gone| *gone).await;
    }

    /// Notes that the process is gone.
    pub(super) fn end(&self) {
        self.gone.send_replace(true);
    }

    /// Whether the process is gone.
    pub(super) fn is_gone(&self) -> bool {
        *self.gone.borrow()
    }

    /// Closes the Runtime API. Whoever waits for an answer gets none; an invocation that the process never took is
    /// given back.
    pub(super) fn close(&self) -> Option<Invocation> {
        if let Some(server) = lock(&self.server).take() {
            server.abort();
        }
        lock(&self.current).take();
        self.waiting.try_lock().ok()?.try_recv().ok()
    }

    /// Who waits for this invocation; nobody does for another than the present one.
    fn take(&self, id: &str) -> Option<Asked> {
        lock(&self.current)
            .take_if(|(current, _)| current == id)
            .map(|(_, asked)| asked)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Api = State<Arc<Environment>>;

/// Waits until there is something to do. A process that is not through with the last invocation fails it by asking.
async fn next(State(environment): Api) -> Response {
    lock(&environment.current).take();
    let Some(invocation) = environment.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let Invocation {
        id,
        event,
        arn,
        within,
        asked,
    } = invocation;
    let deadline = (clock::now() + within).timestamp_millis().to_string();
    let headers = [
        ("lambda-runtime-aws-request-id", id.clone()),
        ("lambda-runtime-deadline-ms", deadline),
        ("lambda-runtime-invoked-function-arn", arn),
    ];
    *lock(&environment.current) = Some((id, asked));
    (headers, Json(event)).into_response()
}

async fn respond(State(environment): Api, Path(id): Path<String>, request: Request) -> Response {
    let Some(asked) = environment.take(&id) else {
        return unknown();
    };
    let (head, body) = request.into_parts();
    if answer::pass_on(&head.headers, body, asked.answer)
        .await
        .is_ok()
    {
        let _ = asked.free.send(());
    }
    accepted()
}

/// A process that failed one invocation takes the next.
async fn fail(State(environment): Api, Path(id): Path<String>) -> Response {
    let Some(asked) = environment.take(&id) else {
        return unknown();
    };
    drop(asked.answer);
    let _ = asked.free.send(());
    accepted()
}

/// What went wrong is in its log; it ends by itself.
async fn fail_to_start() -> Response {
    accepted()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

fn unknown() -> Response {
    let error = json!({ "errorMessage": "Invalid request ID", "errorType": "InvalidRequestID" });
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}
