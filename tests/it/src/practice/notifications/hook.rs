//! The notification address: a server that hands what it gets to the webhook's
//! handler, as the gateway does.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::gateway::{Event, answer_of_webhook};
use crate::process::Process;

/// More than the webhook takes.
const MOST: usize = 8 * 1024 * 1024;

/// A post that was answered.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Where to, with its query.
    pub target: String,
    /// What.
    pub body: String,
    /// The answer's status.
    pub status: u16,
}

struct Desk {
    webhook: graph_webhook::App,
    posted: Mutex<Vec<Posted>>,
}

/// The running server; it lives as long as the test's runtime.
pub struct Hook {
    addr: SocketAddr,
    desk: Arc<Desk>,
}

impl Hook {
    /// In front of a process's webhook.
    pub(super) async fn start(process: &Process) -> Self {
        let desk = Arc::new(Desk {
            webhook: graph_webhook::App {
                raw: process.raw.clone(),
                ports: process.ports.clone(),
            },
            posted: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let app = Router::new().fallback(take).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { addr, desk }
    }

    /// What comes before the paths.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Every post so far, handshakes included.
    pub fn posted(&self) -> Vec<Posted> {
        self.desk.posted.lock().unwrap().clone()
    }
}

async fn take(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST).await.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    let target = parts.uri.to_string();
    let event = Event::new(parts.method.as_str(), &target).text(&body);
    let answer = answer_of_webhook(desk.webhook.handle(event.into_webhook()).await);
    desk.posted.lock().unwrap().push(Posted {
        target,
        body,
        status: answer.status,
    });
    let status = StatusCode::from_u16(answer.status).expect("a status");
    (status, answer.headers, answer.body).into_response()
}
