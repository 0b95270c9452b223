//! A store that is away, throttles, or finds our request wrong (XC-3).

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use convoke_platform::config::Environment;
use convoke_platform::http::Edge;
use convoke_platform::secrets::Secrets;
use convoke_platform::store::Store;
use convoke_services::core::Core;
use http::Method;
use it::api::Answer;
use it::clock::TestClock;
use it::deployed::new_org;
use it::gateway::answer_of;
use it::process::{Process, meeting_api_app, microsoft, sdk_config};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::routes::{self, NOW};

use super::{event, problem};

/// `meeting-api` over a table behind another endpoint.
fn edge_over(endpoint: &str) -> (Edge<meeting_api::App>, Process) {
    let (process, _) = routes::process();
    let (stack, ports) = (routes::stack(), TestClock::at(NOW).ports());
    let elsewhere = sdk_config(endpoint)
        .into_builder()
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .build(),
        )
        .build();
    let secrets = Secrets::new(
        aws_sdk_secretsmanager::Client::new(&sdk_config(&stack.aws_endpoint)),
        &stack.outputs.root_secret_arn,
    );
    let environment = Environment::of([
        ("GRAPH_BASE_URL".to_owned(), stack.graph_base_url.clone()),
        ("LOGIN_BASE_URL".to_owned(), stack.graph_base_url.clone()),
        ("CONVOKE_DOMAIN".to_owned(), "convoke.example".to_owned()),
    ]);
    let microsoft = microsoft(stack, &environment);
    let core = Core::new(
        Store::new(aws_sdk_dynamodb::Client::new(&elsewhere), "convoke"),
        ports.clone(),
    );
    let app = meeting_api_app(stack, &environment, core, microsoft, secrets);
    (
        meeting_api::edge(app, &environment, ports).unwrap(),
        process,
    )
}

/// A DynamoDB that refuses everything with one error.
async fn refusing(kind: &'static str, status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut seen: Vec<u8> = vec![];
                let mut chunk = [0; 16_384];
                while let Ok(read) = stream.read(&mut chunk).await {
                    seen.extend(&chunk[..read]);
                    // The SDK sends small bodies with their heads; what is left over is never read.
                    if read == 0 || seen.windows(4).any(|four| four == b"\r\n\r\n") {
                        break;
                    }
                }
                let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
                    "message": "secret internals" })
                .to_string();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    url
}

async fn every_store_route(
    edge: &Edge<meeting_api::App>,
    org: &str,
    check: impl Fn(&Answer, &str),
) {
    let id = "0190a5b0-0000-7000-8000-000000000000";
    for case in routes::cases()
        .into_iter()
        .filter(|case| case.service == routes::Service::MeetingApi)
    {
        // Of what names nothing only these go to the table first.
        let of_caller = [
            "read_all_notifications",
            "get_calendar_connection",
            "delete_calendar_connection",
        ];
        let is_of_caller = of_caller.contains(&case.operation);
        if case.foreign == routes::Foreign::Nameless && !is_of_caller {
            continue;
        }
        let path = format!("{}{}", case.template, case.query())
            .replace("{org_id}", org)
            .replace("{meeting_id}", id)
            .replace("{online_meeting_id}", id)
            .replace("{interaction_id}", id)
            .replace("{invitation_id}", id)
            .replace("{conversation_id}", id)
            .replace("{notification_id}", id)
            .replace("{provider}", "google")
            .replace(['{', '}'], "");
        for key in [None, Some("k1")]
            .into_iter()
            .take(1 + usize::from(case.method == Method::POST))
        {
            let mut event = event(org, case.method.as_str(), &path);
            if let Some(body) = &case.body {
                event = event.json(body);
            }
            if let Some(key) = key {
                event = event.header("idempotency-key", key);
            }
            check(
                &answer_of(edge.handle(event.into_request()).await),
                case.operation,
            );
        }
    }
}

/// XC-3: a store that cannot be reached is 503, with when to come back, and
/// not a word of what is behind.
#[tokio::test]
async fn a_store_that_cannot_be_reached_is_unavailable() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (edge, _process) = edge_over(&format!("http://{dead}"));
    every_store_route(&edge, &new_org(), |answer, operation| {
        problem(answer, 503, "store_unavailable");
        assert!(answer.header("retry-after").is_some(), "{operation}");
    })
    .await;
}

/// XC-3: a store that asks to slow down is 429 with `Retry-After`.
#[tokio::test]
async fn a_throttled_store_asks_to_come_back() {
    for kind in [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    ] {
        let (edge, _process) = edge_over(&refusing(kind, 400).await);
        every_store_route(&edge, &new_org(), |answer, operation| {
            let refused = problem(answer, 429, "busy");
            assert!(answer.header("retry-after").is_some(), "{operation}");
            assert!(!refused.to_string().contains("secret"), "{operation}");
        })
        .await;
    }
}

/// XC-3: a request that DynamoDB finds wrong is a bug of ours: 500, and nothing
/// of it in the body.
#[tokio::test]
async fn a_bug_of_ours_shows_nothing_of_itself() {
    let (edge, _process) = edge_over(&refusing("ValidationException", 400).await);
    let event = event("acme", "GET", "/api/v1/users/u1");
    let refused = problem(
        &answer_of(edge.handle(event.into_request()).await),
        500,
        "internal_error",
    );
    assert!(!refused.to_string().contains("secret"));
}
