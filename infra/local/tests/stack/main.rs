//! The deployment around the functions: with a function that answers what it was given in the place of each, every
//! way into them is tried on the real template.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

mod gateway;
mod messages;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use convoke_local::{
    CalendarClients, Functions, LogBook, Outputs, REGION, Stack, StackOptions, TokenClaims,
    Workspace, of_template,
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

/// XC-10, XC-13: the key by which secrets are sealed, and who mails come from.
#[tokio::test]
async fn functions_are_told_the_key_and_the_sender() -> Result<()> {
    for (path, sender) in [
        ("/api/v1/appointment-requests", true),
        ("/api/v1/teams-integration", false),
        ("/api/v1/users", true),
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

/// IV-2, IV-6: where sessions without another link are held, and the clients by which users' calendars are reached: ids
/// as they are, secrets by where they are kept.
#[tokio::test]
async fn functions_are_told_of_the_meeting_page_and_of_users_calendars() -> Result<()> {
    let (_, seen) = call(Method::GET, "/api/v1/meetings", Some(&token())).await?;
    let env = &seen["env"];
    let api_url = STACK.api_url.as_deref().context("an API")?;
    assert_eq!(
        env["CONVOKE_MEETING_PAGE_URL"],
        json!(format!("{api_url}/meetings/"))
    );
    let google = STACK.google().context("the simulator")?;
    assert_eq!(google.base_url(), STACK.google_base_url);
    for host in ["GOOGLE_CALENDAR_BASE_URL", "GOOGLE_TOKEN_BASE_URL"] {
        assert_eq!(env[host], json!(STACK.google_base_url), "{host}");
    }
    let clients = CalendarClients::demo();
    for (name, client, secret_arn) in [
        ("GOOGLE", clients.google, &outputs().google_secret_arn),
        (
            "MICROSOFT_CALENDAR",
            clients.microsoft,
            &outputs().microsoft_calendar_secret_arn,
        ),
    ] {
        assert_eq!(env[format!("CONVOKE_{name}_CLIENT_ID")], json!(client.id));
        assert!(secret_arn.starts_with("arn:"), "{name}: {secret_arn}");
        let arn = &env[format!("CONVOKE_{name}_CLIENT_SECRET_ARN")];
        assert_eq!(arn, &json!(secret_arn));
        assert!(!env.to_string().contains(&client.secret), "{name}");
    }
    Ok(())
}
