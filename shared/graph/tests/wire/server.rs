//! An HTTP server that does exactly what its script says, down to the byte.
//!
//! Requests to a token endpoint are answered from their own script (by default
//! with `token-1`, `token-2`, …), all others from the main one, in order. A
//! request beyond the script is answered with 599, which no client retries past
//! its attempts.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one request.
#[derive(Clone)]
pub(crate) enum Step {
    /// These bytes, then the connection stays open.
    Answer(Vec<u8>),
    /// These bytes, then the connection is closed.
    AnswerAndClose(Vec<u8>),
    /// The connection is closed without an answer.
    Cut,
    /// These bytes, then nothing more.
    Hang(Vec<u8>),
    /// Each of these after a pause, then the connection stays open.
    Slowly(Duration, Vec<Vec<u8>>),
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, undecoded.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let own = self.headers.iter().filter(|(key, _)| key == name);
        own.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn is_for_token(&self) -> bool {
        self.target.ends_with("/oauth2/v2.0/token")
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<Step>,
    tokens: VecDeque<Step>,
    issued: u32,
    received: Vec<Request>,
}

/// A running script.
pub(crate) struct Server {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            script: script.into_iter().collect(),
            ..State::default()
        }));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { url, state }
    }

    /// Adds steps, for scripts that name the server's own address.
    pub(crate) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.state.lock().unwrap().script.extend(steps);
    }

    /// What the token endpoint does before it goes on issuing tokens.
    pub(crate) fn tokens(&self, steps: impl IntoIterator<Item = Step>) {
        self.state.lock().unwrap().tokens.extend(steps);
    }

    /// The requests to Graph so far.
    pub(crate) fn graph_requests(&self) -> Vec<Request> {
        let received = self.received();
        received
            .into_iter()
            .filter(|request| !request.is_for_token())
            .collect()
    }

    /// The requests to the token endpoint so far.
    pub(crate) fn token_requests(&self) -> Vec<Request> {
        let received = self.received();
        received.into_iter().filter(Request::is_for_token).collect()
    }

    /// Everything so far, in order.
    pub(crate) fn received(&self) -> Vec<Request> {
        self.state.lock().unwrap().received.clone()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let step = {
            let mut state = state.lock().unwrap();
            state.received.push(request.clone());
            next_step(&mut state, &request)
        };
        match step {
            Step::Answer(bytes) => stream.write_all(&bytes).await.unwrap_or_default(),
            Step::AnswerAndClose(bytes) => {
                stream.write_all(&bytes).await.unwrap_or_default();
                return;
            }
            Step::Cut => return,
            Step::Slowly(pause, pieces) => {
                for piece in pieces {
                    stream.write_all(&piece).await.unwrap_or_default();
                    tokio::time::sleep(pause).await;
                }
            }
            Step::Hang(bytes) => {
                stream.write_all(&bytes).await.unwrap_or_default();
                std::future::pending::<()>().await;
            }
        }
    }
}

fn next_step(state: &mut State, request: &Request) -> Step {
    if !request.is_for_token() {
        return state
            .script
            .pop_front()
            .unwrap_or_else(|| answer(599, "{}"));
    }
    state.tokens.pop_front().unwrap_or_else(|| {
        state.issued += 1;
        let token = format!(
            r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"token-{}"}}"#,
            state.issued
        );
        answer(200, &token)
    })
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        fill(stream, buffer).await?;
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < head_end + 4 + length {
        fill(stream, buffer).await?;
    }
    let body = buffer[head_end + 4..head_end + 4 + length].to_vec();
    buffer.drain(..head_end + 4 + length);
    let body = String::from_utf8(body).unwrap();
    Some(Request {
        method,
        target,
        headers,
        body,
    })
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(buffer).await.ok()?;
    (read > 0).then_some(())
}

/// A JSON answer.
pub(crate) fn answer(status: u16, body: &str) -> Step {
    answer_with(status, &[], body)
}

/// A JSON answer with further headers.
pub(crate) fn answer_with(status: u16, headers: &[(&str, &str)], body: &str) -> Step {
    Step::Answer(bytes(status, headers, body))
}

/// The bytes of a JSON answer.
pub(crate) fn bytes(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// An error in Graph's shape.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Step {
    answer(
        status,
        &serde_json::json!({ "error": { "code": code, "message": message } }).to_string(),
    )
}

/// An answer with content; its length is told unless it is chunked.
pub(crate) fn content(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Step {
    let mut bytes = content_head(status, headers, body.len());
    bytes.extend_from_slice(body);
    Step::Answer(bytes)
}

/// The head of [`content`], which promises `length` octets.
pub(crate) fn content_head(status: u16, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} X\r\n");
    if !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
        write!(text, "content-length: {length}\r\n").unwrap();
    }
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    format!("{text}\r\n").into_bytes()
}

/// A redirect.
pub(crate) fn redirect(status: u16, location: &str) -> Step {
    content(status, &[("location", location)], b"")
}
