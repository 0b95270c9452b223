//! When a notification cannot be kept, Microsoft is told so, in time: it posts
//! again for four hours (NT-2).

use std::time::Instant;

use convoke_platform::aws::arriving_notifications;
use convoke_platform::config::Environment;
use tokio::net::TcpListener;

use super::*;

/// How long Graph waits.
const GRAPHS_PATIENCE: Duration = Duration::from_secs(3);

/// The handler as it is deployed, with an AWS of the test's own.
fn hook_on(endpoint: &str) -> graph_webhook::App {
    let environment = Environment::of(
        [
            (
                "CONVOKE_NOTIFICATION_QUEUE_URL",
                format!("{endpoint}/000000000000/q"),
            ),
            ("CONVOKE_BUCKET", "documents".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    graph_webhook::App {
        raw: arriving_notifications(&sdk_config(endpoint), &environment).unwrap(),
        ports: TestClock::at(NOW).ports(),
    }
}

async fn assert_not_kept(endpoint: &str) {
    let app = hook_on(endpoint);
    let small = json!({ "value": [notification()] }).to_string();
    let large = json!({ "value": ["x".repeat(400_000)] }).to_string();
    for body in [small, large] {
        let event = Event::new("POST", PATHS[0].0).text(&body).into_webhook();
        let began = Instant::now();
        let answer = answer_of_webhook(app.handle(event).await);
        assert_eq!(answer.problem(503), "notification_not_kept");
        assert!(answer.header("retry-after").is_some());
        assert_guarded(&answer);
        assert!(began.elapsed() < GRAPHS_PATIENCE, "{:?}", began.elapsed());
        let shown = String::from_utf8_lossy(&answer.body);
        assert!(!shown.contains(endpoint), "{shown}");
        // The handshake needs nothing.
        let event = Event::new("POST", &format!("{}?validationToken=x", PATHS[0].0));
        let answer = answer_of_webhook(app.handle(event.into_webhook()).await);
        assert_eq!((answer.status, &answer.body[..]), (200, &b"x"[..]));
    }
}

/// NT-2: nobody there.
#[tokio::test]
async fn a_queue_that_cannot_be_reached_is_503() {
    if !ENTERPRISE {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_not_kept(&endpoint).await;
}

/// NT-2: somebody who takes the call and never answers.
#[tokio::test]
async fn a_queue_that_does_not_answer_is_503_before_graph_gives_up() {
    if !ENTERPRISE {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = vec![];
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    assert_not_kept(&endpoint).await;
}

/// NT-2: a queue that refuses, as a throttled or deleted one does.
#[tokio::test]
async fn a_queue_that_refuses_is_503() {
    if !ENTERPRISE {
        return;
    }
    for (status, code) in [
        (400, "QueueDoesNotExist"),
        (403, "AccessDenied"),
        (500, "InternalError"),
    ] {
        let endpoint = refusing_aws(status, code).await;
        assert_not_kept(&endpoint).await;
    }
}

/// An AWS that refuses everything.
pub(crate) async fn refusing_aws(status: u16, code: &'static str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut seen = vec![0; 64 * 1024];
                let _ = socket.read(&mut seen).await;
                let body = json!({ "__type": code, "message": "secret internals" }).to_string();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
                // The rest of a large body is taken, or the answer is lost with the connection.
                while socket.read(&mut seen).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    endpoint
}
