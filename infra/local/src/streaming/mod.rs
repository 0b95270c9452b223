//! The streaming address: a Lambda function URL in response streaming mode, which the local AWS cannot serve (it waits
//! for whole answers, and only takes text).
//!
//! The processes are the deployed function's: its zip, its variables, its role, its place in the logs. Only their
//! Runtime API is served here. As on AWS each answers one request at a time, and what a reader does not take is not
//! asked for. A reader who leaves does not end the invocation: what is still written is read and dropped.

mod answer;
mod environment;
mod event;
mod pool;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::host::Control;
use answer::Answer;
use pool::Pool;

/// The function that streams, by its name in the template without the stack's.
const FUNCTION: &str = "recording-stream";
/// The largest request that a function URL takes.
const REQUEST_LIMIT: usize = 6 * 1024 * 1024;

/// Serves the streaming function of the stack with this prefix until the runtime ends. `ended` tells the ports of its
/// processes that are gone.
pub(crate) fn serve(
    listener: TcpListener,
    prefix: &str,
    control: Control,
    ended: UnboundedReceiver<u16>,
) {
    let pool = Pool::new(FUNCTION, prefix, control);
    tokio::spawn(Arc::clone(&pool).watch(ended));
    let routes = axum::Router::new()
        .fallback(invoke)
        .with_state(pool)
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, routes).into_future());
}

async fn invoke(
    State(pool): State<Arc<Pool>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, REQUEST_LIMIT).await else {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Request must be smaller than 6291456 bytes",
        );
    };
    let id = event::new_id();
    let event = event::of(&head, &body, peer.ip(), &id);
    match pool.invoke(id, event).await {
        Some(answer) => response(answer),
        None => refusal(StatusCode::BAD_GATEWAY, "Internal Server Error"),
    }
}

fn response(mut answer: Answer) -> Response {
    let mut response = Response::new(Body::from_stream(answer.chunks()));
    *response.status_mut() = answer.head.status;
    *response.headers_mut() = answer.head.headers;
    response
}

fn refusal(status: StatusCode, message: &str) -> Response {
    let body = serde_json::json!({ "Message": message }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
