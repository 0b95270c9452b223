//! The deployment around the functions: with a function that answers what it was given in the place of each, every
//! way into them is tried on the real template.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use convoke_local::{
    Functions, LogBook, Outputs, REGION, Stack, StackOptions, TokenClaims, Workspace, of_template,
};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

static LOGS: LazyLock<LogBook> = LazyLock::new(LogBook::default);
static STACK: LazyLock<Stack> =
    LazyLock::new(|| Stack::start(options()).expect("the stack starts"));

fn options() -> StackOptions {
    StackOptions {
        functions: echoes(),
        logs: LOGS.sink(),
        ..StackOptions::temporary()
    }
}

fn echoes() -> Functions {
    let echo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/echo/bootstrap");
    let names = of_template(&Workspace::of_this_build()).expect("the template is readable");
    Functions::Executables(
        names
            .into_iter()
            .map(|name| (name, echo.clone()))
            .collect::<BTreeMap<String, PathBuf>>(),
    )
}

fn token() -> String {
    STACK
        .issuer
        .token(&TokenClaims::internal(
            "acme",
            "ann",
            "meetings:read meetings:write",
        ))
        .expect("a token")
}

async fn call(method: Method, path: &str, token: Option<&str>) -> Result<(StatusCode, Value)> {
    let url = format!("{}{path}", STACK.api_url.as_deref().context("an API")?);
    let mut request = Client::builder().build()?.request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await?;
    Ok((answer.status(), answer.json().await.unwrap_or(Value::Null)))
}

fn credential(service: &str) -> String {
    let scope = format!("test/20260101/{REGION}/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
}

/// One call of a JSON protocol of the local AWS, as an SDK would make it.
async fn aws(target: &str, body: Value) -> Result<Value> {
    let service = if target.starts_with("DynamoDB") {
        "dynamodb"
    } else {
        "sqs"
    };
    let answer = Client::builder()
        .build()?
        .post(&STACK.aws_endpoint)
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", credential(service))
        .body(body.to_string())
        .send()
        .await?;
    ensure!(
        answer.status().is_success(),
        "{target}: {}",
        answer.text().await?
    );
    Ok(answer.json().await?)
}

/// One call of a REST protocol of the local AWS.
async fn rest(method: Method, service: &str, path: &str, body: Option<String>) -> Result<Value> {
    let answer = Client::builder()
        .build()?
        .request(method, format!("{}{path}", STACK.aws_endpoint))
        .header("authorization", credential(service))
        .body(body.unwrap_or_default())
        .send()
        .await?;
    ensure!(
        answer.status().is_success(),
        "{path}: {}",
        answer.text().await?
    );
    Ok(answer.json().await?)
}

/// Waits for a line of a function that holds all of this text.
async fn logged(function: &str, parts: &[&str], within: Duration) -> Result<String> {
    let since = Instant::now();
    while since.elapsed() < within {
        let lines = LOGS.lines();
        let found = lines.iter().find(|line| {
            line.function == function && parts.iter().all(|part| line.text.contains(part))
        });
        if let Some(line) = found {
            return Ok(line.text.clone());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{function} never printed {parts:?}")
}

fn outputs() -> &'static Outputs {
    &STACK.outputs
}

/// XC-2: the gateway verifies tokens; the function gets the claims as strings.
#[tokio::test]
async fn a_valid_token_reaches_the_function_with_its_claims() -> Result<()> {
    let (status, seen) = call(Method::GET, "/api/v1/orgs/acme/meetings", Some(&token())).await?;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen["function"], "convoke-meeting-api");
    let claims = &seen["event"]["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!(claims["sub"], "ann");
    assert_eq!(claims["org_id"], "acme");
    assert!(claims["exp"].is_string());
    Ok(())
}

/// XC-2: forged, foreign, expired and missing tokens stop at the gateway.
#[tokio::test]
async fn tokens_that_do_not_verify_are_refused_by_the_gateway() -> Result<()> {
    let claims = TokenClaims::internal("acme", "ann", "meetings:read");
    let foreign =
        convoke_local::Issuer::with_new_key(STACK.issuer.url().to_owned())?.token(&claims)?;
    let expired = STACK.issuer.token(&TokenClaims {
        expires_in: -60,
        ..claims.clone()
    })?;
    let elsewhere = STACK
        .issuer
        .sign(&json!({ "iss": STACK.issuer.url(), "aud": "other", "sub": "ann" }))?;
    for token in [
        None,
        Some("nonsense"),
        Some(&*foreign),
        Some(&*expired),
        Some(&*elsewhere),
    ] {
        let (status, body) = call(Method::GET, "/api/v1/orgs/acme/meetings", token).await?;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token:?}");
        assert_eq!(body, json!({ "message": "Unauthorized" }));
    }
    Ok(())
}

/// Each function owns a prefix; a longer path or single segments win over a greedy one.
#[tokio::test]
async fn every_route_reaches_the_function_that_owns_it() -> Result<()> {
    let owned = [
        (
            Method::POST,
            "/api/v1/orgs/acme/meetings/m1/cancel",
            "meeting-api",
        ),
        (
            Method::PUT,
            "/api/v1/orgs/acme/controls/c1/schedule",
            "meeting-api",
        ),
        (
            Method::DELETE,
            "/api/v1/orgs/acme/meetings/m1",
            "meeting-api",
        ),
        (Method::GET, "/api/v1/users", "meeting-api"),
        (Method::PUT, "/api/v1/users/ann", "meeting-api"),
        (
            Method::GET,
            "/api/v1/contacts?client_id=globex",
            "meeting-api",
        ),
        (Method::PUT, "/api/v1/clients/globex", "meeting-api"),
        (Method::POST, "/api/v1/directory/import", "meeting-api"),
        (
            Method::GET,
            "/api/v1/orgs/acme/meetings/m1/ics",
            "ics-download",
        ),
        (Method::GET, "/api/v1/appointment-requests", "approval"),
        (Method::POST, "/api/v1/appointment-requests", "approval"),
        (Method::GET, "/api/v1/appointment-requests/a1", "approval"),
        (Method::PATCH, "/api/v1/appointment-requests/a1", "approval"),
        (
            Method::DELETE,
            "/api/v1/appointment-requests/a1",
            "approval",
        ),
        (
            Method::POST,
            "/api/v1/appointment-requests/a1/approve",
            "approval",
        ),
        (
            Method::GET,
            "/api/v1/appointment-requests/a1/ics",
            "ics-download",
        ),
        (Method::GET, "/api/v1/schedule-entries?from=x", "approval"),
        (Method::GET, "/api/v1/schedule-entries/e1", "approval"),
        (Method::PATCH, "/api/v1/schedule-entries/e1", "approval"),
        (Method::DELETE, "/api/v1/schedule-entries/e1", "approval"),
        (Method::GET, "/api/v1/teams-integration", "settings"),
        (Method::PUT, "/api/v1/teams-integration", "settings"),
        (
            Method::POST,
            "/api/v1/teams-integration/verify-organizer",
            "settings",
        ),
        (
            Method::GET,
            "/api/v1/teams-integration/capability",
            "settings",
        ),
        (Method::GET, "/api/v1/mail-templates/k/en", "settings"),
        (Method::PUT, "/api/v1/mail-templates/k/en", "settings"),
    ];
    let token = token();
    for (method, path, function) in owned {
        let (status, seen) = call(method.clone(), path, Some(&token)).await?;
        assert_eq!(status, StatusCode::OK, "{method} {path}");
        assert_eq!(
            seen["function"],
            format!("convoke-{function}"),
            "{method} {path}"
        );
    }
    let (status, _) = call(Method::GET, "/api/v1/elsewhere", Some(&token)).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn a_signed_link_needs_no_token() -> Result<()> {
    let (status, seen) = call(Method::GET, "/ics/abc", None).await?;
    assert_eq!(
        (status, &seen["function"]),
        (StatusCode::OK, &json!("convoke-ics-download"))
    );
    let (status, _) = call(Method::HEAD, "/ics/abc", None).await?;
    assert_eq!(status, StatusCode::OK);
    Ok(())
}

/// The address in front changes nothing of what was sent.
#[tokio::test]
async fn path_and_query_arrive_with_their_percent_encoding() -> Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let address = STACK
        .api_url
        .as_deref()
        .context("an API")?
        .trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await?;
    let request = format!(
        "GET /api/v1/orgs/acme/x%2Fy/a%252Fb/..%2fz?q=a%2Bb+c&q=%26 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nX-Odd: kept\r\n\r\n",
        token()
    );
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let body = answer.split_once("\r\n\r\n").context("a body")?.1;
    let body = body
        .get(body.find('{').context("JSON")?..=body.rfind('}').context("JSON")?)
        .context("JSON")?;
    let seen: Value = serde_json::from_str(body)?;
    assert_eq!(seen["event"]["rawQueryString"], "q=a%2Bb+c&q=%26");
    // API Gateway itself decodes the path of an HTTP API once, except for the percent sign.
    assert_eq!(
        seen["event"]["rawPath"],
        "/api/v1/orgs/acme/x/y/a%252Fb/../z"
    );
    assert_eq!(seen["event"]["headers"]["x-odd"], "kept");
    Ok(())
}

/// XC-7: outbox items reach the relay by the stream, other items do not.
#[tokio::test]
async fn the_stream_carries_new_outbox_items_and_nothing_else_to_the_relay() -> Result<()> {
    let item = |pk: &str, sk: &str| json!({ "TableName": outputs().table_name, "Item": { "pk": { "S": pk }, "sk": { "S": sk } } });
    aws(
        "DynamoDB_20120810.PutItem",
        item("T#acme#M#stream-test", "MEETING"),
    )
    .await?;
    aws(
        "DynamoDB_20120810.PutItem",
        item("T#acme#O#stream-test", "OUTBOX"),
    )
    .await?;
    logged(
        "outbox-relay",
        &["T#acme#O#stream-test", "INSERT"],
        Duration::from_secs(15),
    )
    .await?;
    assert!(
        !LOGS
            .lines()
            .iter()
            .any(|line| line.text.contains("T#acme#M#stream-test"))
    );
    Ok(())
}

/// XC-7: what a consumer reports as failed stays in the queue, the rest of the batch does not.
#[tokio::test]
async fn both_queues_reach_delivery() -> Result<()> {
    let message =
        json!({ "QueueUrl": outputs().delivery_queue_url, "MessageBody": r#"{"mark":"plain"}"# });
    aws("AmazonSQS.SendMessage", message).await?;
    logged("delivery", &["mark", "plain"], Duration::from_secs(15)).await?;
    let message = json!({
        "QueueUrl": outputs().graph_queue_url, "MessageBody": r#"{"mark":"ordered"}"#,
        "MessageGroupId": "acme", "MessageDeduplicationId": "1",
    });
    aws("AmazonSQS.SendMessage", message).await?;
    logged(
        "delivery",
        &["mark", "ordered", "MessageGroupId"],
        Duration::from_secs(15),
    )
    .await?;
    Ok(())
}

/// XC-7: every minute the relay is asked to sweep, in the words it understands. (The waiting itself is left out.)
#[tokio::test]
async fn the_schedule_asks_the_relay_to_sweep_every_minute() -> Result<()> {
    let schedules = rest(Method::GET, "scheduler", "/schedules", None).await?;
    let name = schedules["Schedules"][0]["Name"]
        .as_str()
        .context("a schedule")?
        .to_owned();
    let schedule = rest(
        Method::GET,
        "scheduler",
        &format!("/schedules/{name}"),
        None,
    )
    .await?;
    assert_eq!(schedule["ScheduleExpression"], "rate(1 minute)");
    assert_eq!(schedule["State"], "ENABLED");
    let target = schedule["Target"]["Arn"].as_str().context("a target")?;
    let input = schedule["Target"]["Input"].as_str().context("an input")?;
    rest(
        Method::POST,
        "lambda",
        &format!("/2015-03-31/functions/{target}/invocations"),
        Some(input.to_owned()),
    )
    .await?;
    logged(
        "outbox-relay",
        &[r#"{"sweep": true}"#],
        Duration::from_secs(15),
    )
    .await?;
    Ok(())
}

/// XC-10, XC-13: the key by which secrets are sealed, and who mails come from.
#[tokio::test]
async fn functions_are_told_the_key_and_the_sender() -> Result<()> {
    for (path, sender) in [
        ("/api/v1/appointment-requests", true),
        ("/api/v1/teams-integration", false),
        ("/api/v1/users", false),
    ] {
        let (_, seen) = call(Method::GET, path, Some(&token())).await?;
        let env = &seen["env"];
        assert_eq!(env["CONVOKE_KEY_ID"], json!(outputs().key_arn), "{path}");
        let from = env.get("CONVOKE_MAIL_FROM").and_then(Value::as_str);
        let expected = sender.then_some("Convoke <convoke@example.com>");
        assert_eq!(from, expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn functions_are_told_what_they_need_and_where_the_local_aws_is() -> Result<()> {
    let (_, seen) = call(Method::GET, "/api/v1/orgs/acme/meetings", Some(&token())).await?;
    let env = &seen["env"];
    assert_eq!(env["AWS_ENDPOINT_URL"], json!(STACK.aws_endpoint));
    assert_eq!(env["CONVOKE_TABLE"], json!(outputs().table_name));
    assert_eq!(env["CONVOKE_PUBLIC_URL"], json!(STACK.api_url));
    assert_eq!(
        env["CONVOKE_ROOT_SECRET_ARN"],
        json!(outputs().root_secret_arn)
    );
    assert_eq!(env["CONVOKE_FUNCTION_TIMEOUT_S"], "29");
    assert_eq!(env["GRAPH_BASE_URL"], json!(STACK.graph_base_url));
    assert!(
        env["MS_GRAPH_CLIENT_SECRET_ARN"]
            .as_str()
            .context("an ARN")?
            .starts_with("arn:")
    );
    assert!(
        env.get("SSL_CERT_FILE").is_none(),
        "Lambda's own file is not here"
    );
    Ok(())
}
