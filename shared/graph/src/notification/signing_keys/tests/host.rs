//! A login host with nothing but its key documents.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(super) const VERSION_1: &str = "/common/.well-known/openid-configuration";
pub(super) const VERSION_2: &str = "/common/v2.0/.well-known/openid-configuration";
const KEYS_1: &str = "/common/discovery/keys";
const KEYS_2: &str = "/common/discovery/v2.0/keys";

#[derive(Default)]
struct State {
    pages: HashMap<String, (u16, String)>,
    asked: usize,
}

/// A running host.
pub(super) struct Host {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

impl Host {
    /// With both documents, each leading to the fixture's key.
    pub(super) async fn start() -> Self {
        let host = Self::bare().await;
        host.publish(VERSION_1, &[super::fixture()["jwk"].clone()]);
        host.publish(VERSION_2, &[super::fixture()["jwk"].clone()]);
        host
    }

    /// With nothing on it.
    pub(super) async fn bare() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { url, state }
    }

    /// Puts keys behind one of the two documents.
    pub(super) fn publish(&self, document: &str, keys: &[Value]) {
        let path = if document == VERSION_1 {
            KEYS_1
        } else {
            KEYS_2
        };
        let address = format!("{}{path}", self.url);
        self.page(document, 200, &json!({ "jwks_uri": address }).to_string());
        self.page(path, 200, &json!({ "keys": keys }).to_string());
    }

    pub(super) fn page(&self, path: &str, status: u16, body: &str) {
        let mut state = self.state.lock().unwrap();
        let page = (status, body.to_owned());
        state.pages.insert(path.to_owned(), page);
    }

    /// How many requests there were.
    pub(super) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    loop {
        while !buffer.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut buffer).await {
                Ok(read) if read > 0 => {}
                _ => return,
            }
        }
        let head = String::from_utf8(std::mem::take(&mut buffer)).unwrap();
        let path = head.split(' ').nth(1).unwrap();
        let (status, body) = {
            let mut state = state.lock().unwrap();
            state.asked += 1;
            let page = state.pages.get(path).cloned();
            page.unwrap_or((404, String::new()))
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}");
        // Long enough that those who ask at once find each other.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
