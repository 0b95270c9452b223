//! The streaming address, with a function that only streams in the place of the real one.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use convoke_local::{Functions, LogBook, Stack, StackOptions, Workspace, of_template};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

const MIB: u64 = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);

static LOGS: LazyLock<LogBook> = LazyLock::new(LogBook::default);
static STACK: LazyLock<Stack> = LazyLock::new(|| start(&LOGS, &[]));

fn start(logs: &LogBook, variables: &[(&str, &str)]) -> Stack {
    let streamer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streamer/bootstrap");
    let names = of_template(&Workspace::of_this_build()).expect("the template is readable");
    Stack::start(StackOptions {
        functions: Functions::Executables(
            names
                .into_iter()
                .map(|name| (name, streamer.clone()))
                .collect(),
        ),
        function_env: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        logs: logs.sink(),
        ..StackOptions::temporary()
    })
    .expect("the stack starts")
}

fn client() -> Client {
    Client::builder().timeout(PATIENCE).build().unwrap()
}

async fn call_at(stack: &Stack, method: Method, path: &str) -> Response {
    let url = format!("{}{path}", stack.streaming_url.as_deref().unwrap());
    let request = client().request(method, url).header("range", "bytes=5-9");
    request.send().await.unwrap()
}

async fn get(path: &str) -> Response {
    call_at(&STACK, Method::GET, path).await
}

fn process_of(answer: &Response) -> String {
    answer.headers()["x-process"].to_str().unwrap().to_owned()
}

async fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn printed(text: &str) -> bool {
    LOGS.lines()
        .iter()
        .any(|line| line.function == "recording-stream" && line.text.contains(text))
}

/// OM-9: a function URL's event, with the deployed function's own variables and role.
#[tokio::test]
async fn the_deployed_function_gets_a_function_urls_event() {
    let answer = get("/recordings/r%2F1?ticket=a%2Bb").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let seen: Value = answer.json().await.unwrap();
    let event = &seen["event"];
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["rawPath"], "/recordings/r%2F1");
    assert_eq!(event["rawQueryString"], "ticket=a%2Bb");
    assert_eq!(event["headers"]["range"], "bytes=5-9");
    assert_eq!(event["requestContext"]["http"]["method"], "GET");
    let domain = event["requestContext"]["domainName"].as_str().unwrap();
    assert!(domain.ends_with(".lambda-url.us-east-1.on.aws"), "{domain}");
    assert!(event["requestContext"].get("authorizer").is_none());

    let env = &seen["env"];
    assert_eq!(env["AWS_LAMBDA_FUNCTION_NAME"], "convoke-recording-stream");
    assert_eq!(env["CONVOKE_STREAMS"], "true");
    assert_eq!(env["CONVOKE_BUCKET"], json!(STACK.outputs.bucket_name));
    assert_eq!(env["CONVOKE_TABLE"], json!(STACK.outputs.table_name));
    assert_eq!(env["AWS_ENDPOINT_URL"], json!(STACK.aws_endpoint));
    assert_eq!(env["GRAPH_BASE_URL"], json!(STACK.graph_base_url));
    assert!(env["AWS_ACCESS_KEY_ID"].is_string());
}

/// OM-9: ranges and HEAD pass through, lengths included.
#[tokio::test]
async fn a_range_keeps_its_status_headers_and_length() {
    for (method, expected) in [(Method::GET, "56789"), (Method::HEAD, "")] {
        let answer = call_at(&STACK, method.clone(), "/range").await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{method}");
        assert_eq!(answer.headers()["content-range"], "bytes 5-9/100");
        assert_eq!(answer.headers()["content-length"], "5");
        assert_eq!(answer.headers()["content-type"], "video/mp4");
        assert_eq!(answer.text().await.unwrap(), expected);
    }
}

/// OM-9: bytes arrive as they are written, not at the end.
#[tokio::test]
async fn an_answer_arrives_while_it_is_written() {
    let since = Instant::now();
    let mut answer = get("/slow").await;
    let first = answer.chunk().await.unwrap().unwrap();
    assert_eq!(first.as_ref(), b"first ");
    let until_first = since.elapsed();
    let rest = answer.chunk().await.unwrap().unwrap();
    assert_eq!(rest.as_ref(), b"second");
    assert!(
        since.elapsed() >= until_first + Duration::from_millis(500),
        "both words came at once"
    );
    assert_eq!(answer.chunk().await.unwrap(), None);
}

/// The resident memory of this process, in which the address is served.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// OM-9: whatever the size, what is on its way stays small; a reader who pauses makes the function wait.
#[tokio::test]
async fn a_hundred_megabytes_pass_without_gathering_anywhere() {
    get("/warm-up").await.bytes().await.unwrap();
    let before = resident();
    let mut answer = get("/stream?mib=100").await;
    assert_eq!(answer.content_length(), Some(100 * MIB));
    let mut read = answer.chunk().await.unwrap().unwrap().len() as u64;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(printed("wrote 1 MiB"));
    assert!(!printed("wrote 60 MiB"), "nobody made it wait");
    let mut most = resident();
    let mut number = 0;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        assert!(chunk.iter().all(|byte| u64::from(*byte) <= read / MIB + 1));
        read += chunk.len() as u64;
        number += 1;
        if number % 100 == 0 {
            most = most.max(resident());
        }
    }
    assert_eq!(read, 100 * MIB);
    assert!(
        most < before + 32 * MIB,
        "{} MiB more than before",
        (most - before) / MIB
    );
}

/// OM-9: a reader who leaves ends nothing: the invocation comes to its end, and its process takes the next.
#[tokio::test]
async fn a_reader_who_leaves_does_no_harm() {
    // A stack of its own, so that no other test's request takes the process.
    let logs = LogBook::default();
    let stack = start(&logs, &[]);
    let mut answer = call_at(&stack, Method::GET, "/stream?mib=40").await;
    let process = process_of(&answer);
    answer.chunk().await.unwrap().unwrap();
    drop(answer);
    wait_for("it never came to its end", || {
        logs.lines()
            .iter()
            .any(|line| line.text.contains("is through"))
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let next = call_at(&stack, Method::GET, "/").await;
    assert_eq!(process_of(&next), process);
}

/// Requests at once have a process each; in turn they share one; more than eight wait.
#[tokio::test]
async fn there_are_as_many_processes_as_requests_at_once_up_to_eight() {
    let logs = LogBook::default();
    let stack = start(&logs, &[]);
    let one = process_of(&call_at(&stack, Method::GET, "/range").await);
    wait_for("it is free", || !logs.lines().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        process_of(&call_at(&stack, Method::GET, "/range").await),
        one
    );

    let url = format!("{}/slow", stack.streaming_url.as_deref().unwrap());
    let calls: Vec<_> = (0..12)
        .map(|_| tokio::spawn(client().get(&url).send()))
        .collect();
    let mut processes = BTreeSet::new();
    for call in calls {
        let answer = call.await.unwrap().unwrap();
        processes.insert(process_of(&answer));
        assert_eq!(answer.text().await.unwrap(), "first second");
    }
    assert_eq!(processes.len(), 8, "{processes:?}");
    assert!(processes.contains(&one));
}

/// OM-9: what fails within an answer does not pass for its end.
#[tokio::test]
async fn an_answer_that_fails_within_is_cut() {
    for path in ["/fail-within", "/die-within"] {
        let mut answer = get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.chunk().await.unwrap().unwrap().as_ref(), b"so far");
        assert!(answer.chunk().await.is_err(), "{path} ended as if whole");
        assert_eq!(get("/").await.status(), StatusCode::OK, "after {path}");
    }
}

/// A function that fails or dies before it answers is a bad gateway, and the next request finds one that lives.
#[tokio::test]
async fn a_function_that_fails_before_it_answers_is_a_bad_gateway() {
    for path in ["/die", "/fail"] {
        assert_eq!(get(path).await.status(), StatusCode::BAD_GATEWAY, "{path}");
        assert_eq!(get("/").await.status(), StatusCode::OK, "after {path}");
    }
    let logs = LogBook::default();
    let stack = start(&logs, &[("FAILS_TO_START", "yes")]);
    for _ in 0..2 {
        let answer = call_at(&stack, Method::GET, "/").await;
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    }
}

/// Without a prelude all that a function says is the body, as on AWS.
#[tokio::test]
async fn an_answer_without_prelude_is_all_body() {
    let answer = get("/no-prelude").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.text().await.unwrap(), "as it is");
}

/// Killing a binary kills the processes that stream as well; nothing is left of them when the stack is gone.
#[tokio::test]
async fn processes_are_killed_with_their_binary_and_end_with_the_stack() {
    let logs = LogBook::default();
    let stack = start(&logs, &[]);
    let killed = process_of(&call_at(&stack, Method::GET, "/").await);
    stack.kill_function("recording-proxy").unwrap();
    wait_for("it lives", || !lives(&killed)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answer = call_at(&stack, Method::GET, "/").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let next = process_of(&answer);
    assert_ne!(next, killed);
    stack.stop();
    wait_for("it outlived its stack", || !lives(&next)).await;
}

fn lives(process: &str) -> bool {
    Path::new("/proc").join(process).exists()
}

/// OM-9: tickets lead here.
#[tokio::test]
async fn the_deployment_is_told_where_recordings_stream_from() {
    assert!(STACK.streaming_url.is_some());
    assert_eq!(STACK.outputs.streaming_url, STACK.streaming_url);
}
