//! An SES that does what a test tells it to, and keeps what it got: the local
//! AWS neither fails on demand nor keeps a raw message.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use convoke_local::Workspace;
use convoke_platform::aws;
use convoke_platform::config::Environment;
use convoke_platform::mail::Mailer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::process::sdk_config;

/// Who mails of tests come from.
pub const SENDER: &str = "Convoke, Test <mail@convoke.example>";
/// Longest that a request may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

/// What becomes of one request.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    /// The mail is taken.
    Taken,
    /// The mail is taken after so many milliseconds.
    TakenAfter(u64),
    /// A status and the error's name.
    Refused(u16, &'static str),
    /// The connection is closed without an answer.
    Closed,
    /// No answer ever comes.
    Hanging,
}

/// See the module.
#[derive(Clone)]
pub struct Ses {
    url: String,
    script: Arc<Mutex<VecDeque<Outcome>>>,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Ses {
    /// Answers by the script, then takes everything.
    pub async fn start(script: &[Outcome]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ses = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            received: Arc::default(),
        };
        let server = ses.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        ses
    }

    /// A mailer that talks to it.
    pub fn mailer(&self) -> Mailer {
        mailer(&self.url, Some(SENDER))
    }

    /// The bodies of the requests so far.
    pub fn received(&self) -> Vec<Value> {
        self.received.lock().unwrap().clone()
    }

    /// Returns once so many requests have come.
    pub async fn until_received(&self, count: usize) {
        let waiting = async {
            while self.received().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(ARRIVES_WITHIN, waiting)
            .await
            .expect("the request arrives");
    }

    /// One connection, one request: the client opens another for its next.
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let body = read_body(&mut stream).await?;
        self.received.lock().unwrap().push(body);
        let outcome = self.script.lock().unwrap().pop_front();
        let (status, kind, answer) = match outcome.unwrap_or(Outcome::Taken) {
            Outcome::Taken => (200, "", json!({ "MessageId": "ses-1" })),
            Outcome::TakenAfter(ms) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                (200, "", json!({ "MessageId": "ses-1" }))
            }
            Outcome::Refused(status, kind) => (
                status,
                kind,
                json!({ "message": "mailcanary@example.org is refused" }),
            ),
            Outcome::Closed => return None,
            Outcome::Hanging => std::future::pending().await,
        };
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nx-amzn-errortype: {kind}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        stream.write_all(head.as_bytes()).await.ok()
    }
}

/// A mailer on an SES at `endpoint`.
pub fn mailer(endpoint: &str, sender: Option<&str>) -> Mailer {
    let variables = sender.map(|from| ("CONVOKE_MAIL_FROM".to_owned(), from.to_owned()));
    aws::mailer(&sdk_config(endpoint), &Environment::of(variables)).expect("a readable sender")
}

/// Tells the local AWS that the tests' sender is verified.
pub async fn verify_sender(endpoint: &str) {
    let scope = "Credential=test/20261121/us-east-1/ses/aws4_request";
    let answer = client()
        .post(format!("{endpoint}/v2/email/identities"))
        .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
        .json(&json!({ "EmailIdentity": "convoke.example" }))
        .send()
        .await
        .unwrap();
    // A second test finds it there already.
    assert!(
        matches!(answer.status().as_u16(), 200 | 400 | 409),
        "{answer:?}"
    );
}

/// Mails that the local AWS took, as it tells of them.
pub async fn local_mails(endpoint: &str) -> Vec<Value> {
    let url = format!("{endpoint}/_ministack/ses/messages");
    let answer = client().get(url).send().await.unwrap();
    let told: Value = answer.json().await.unwrap();
    let accounts = told["messages"].as_object().into_iter().flatten();
    let mails = accounts.flat_map(|(_, mails)| mails.as_array().cloned().unwrap_or_default());
    mails.collect()
}

#[allow(
    clippy::disallowed_methods,
    reason = "a client of a local AWS needs no time-outs"
)]
fn client() -> reqwest::Client {
    reqwest::Client::new()
}

async fn read_body(stream: &mut TcpStream) -> Option<Value> {
    let mut octets = vec![];
    loop {
        let mut chunk = vec![0; 16 * 1024];
        let read = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        octets.extend_from_slice(&chunk[..read]);
        let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&octets[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))?;
        let length: usize = length.trim().parse().ok()?;
        if octets.len() >= end + 4 + length {
            return serde_json::from_slice(&octets[end + 4..]).ok();
        }
    }
}

/// What Python's `email` reads in the message of a request.
pub fn read_mail(request: &Value) -> Value {
    let python = Workspace::of_this_build().local().join("venv/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("readers/read_mail.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the local AWS has a Python");
    let message = request["Content"]["Raw"]["Data"]
        .as_str()
        .expect("raw content");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(message.as_bytes())
        .expect("the reader reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the reader ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("the reader answers JSON")
}
