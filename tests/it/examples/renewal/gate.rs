//! The way to Microsoft: hands each call on to the simulator, and counts how many there are and how many at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use reqwest::Client;

/// More than any call here.
const MOST: usize = 1024 * 1024;

/// Calls since they were last asked for.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// By method; for tokens by that word.
    pub(crate) by_name: BTreeMap<String, u32>,
    pub(crate) most_at_once: usize,
}

/// See the module.
pub(crate) struct Gate {
    pub(crate) url: String,
    desk: Arc<Desk>,
}

struct Desk {
    simulator: String,
    client: Client,
    under_way: AtomicUsize,
    calls: Mutex<Calls>,
}

/// A call that is under way until it is answered, or the caller has gone.
struct Guest<'a>(&'a AtomicUsize);

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Gate {
    pub(crate) async fn open(simulator: &str) -> Result<Self> {
        let desk = Arc::new(Desk {
            simulator: simulator.to_owned(),
            client: Client::builder().no_proxy().build()?,
            under_way: AtomicUsize::default(),
            calls: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new().fallback(pass).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, desk })
    }

    /// Takes what was counted.
    pub(crate) fn take(&self) -> Calls {
        let mut calls = self
            .desk
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *calls)
    }
}

impl Desk {
    fn admit(&self, request: &Request) -> Guest<'_> {
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        let is_token = request.uri().path().ends_with("/oauth2/v2.0/token");
        let name = if is_token {
            "token"
        } else {
            request.method().as_str()
        };
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.by_name.entry(name.to_owned()).or_default() += 1;
        calls.most_at_once = calls.most_at_once.max(at_once);
        Guest(&self.under_way)
    }
}

async fn pass(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<(StatusCode, HeaderMap, Bytes), StatusCode> {
    let _guest = desk.admit(&request);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST)
        .await
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    let (mut headers, url) = (parts.headers, format!("{}{}", desk.simulator, parts.uri));
    // The host stays: what a token is for has to be where it was asked for.
    headers.remove(header::CONTENT_LENGTH);
    let call = desk
        .client
        .request(parts.method, url)
        .headers(headers)
        .body(body);
    let answer = call.send().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for own in [
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::CONNECTION,
    ] {
        headers.remove(own);
    }
    let body = answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok((status, headers, body))
}
