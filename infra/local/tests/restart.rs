//! What outlasts a stop: the table's items, queues and their messages, and that the stream is listened to. What does
//! not: any process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use convoke_local::{
    Functions, LogBook, REGION, Stack, StackOptions, TokenClaims, Workspace, of_template,
};
use reqwest::Client;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

fn start(folder: &Path, logs: &LogBook) -> Result<Stack> {
    let echo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/echo/bootstrap");
    let names = of_template(&Workspace::of_this_build())?;
    Stack::start(StackOptions {
        functions: Functions::Executables(
            names.into_iter().map(|name| (name, echo.clone())).collect(),
        ),
        folder: Some(folder.to_owned()),
        logs: logs.sink(),
        ..StackOptions::temporary()
    })
}

async fn dynamodb(stack: &Stack, action: &str, body: Value) -> Result<Value> {
    let answer = Client::builder()
        .build()?
        .post(&stack.aws_endpoint)
        .header("x-amz-target", format!("DynamoDB_20120810.{action}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0"),
        )
        .body(body.to_string())
        .send()
        .await?;
    ensure!(
        answer.status().is_success(),
        "{action}: {}",
        answer.text().await?
    );
    Ok(answer.json().await?)
}

async fn put_outbox_item(stack: &Stack, pk: &str) -> Result<()> {
    let item = json!({ "pk": { "S": pk }, "sk": { "S": "OUTBOX" } });
    dynamodb(
        stack,
        "PutItem",
        json!({ "TableName": stack.outputs.table_name, "Item": item }),
    )
    .await?;
    Ok(())
}

async fn relayed(logs: &LogBook, pk: &str) -> Result<()> {
    let since = Instant::now();
    while !logs
        .lines()
        .iter()
        .any(|line| line.function == "outbox-relay" && line.text.contains(pk))
    {
        ensure!(since.elapsed() < PATIENCE, "{pk} never reached the relay");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn status(stack: &Stack) -> Result<u16> {
    let token = stack
        .issuer
        .token(&TokenClaims::internal("acme", "ann", "meetings:read"))?;
    let url = format!(
        "{}/api/v1/orgs/acme/meetings",
        stack.api_url.as_deref().context("an API")?
    );
    Ok(Client::builder()
        .build()?
        .get(url)
        .bearer_auth(token)
        .send()
        .await?
        .status()
        .as_u16())
}

/// Processes whose environment or command line mentions a folder: the local AWS and its functions.
fn processes_of(folder: &Path) -> usize {
    let needle = folder.display().to_string();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    entries
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .parse::<u32>()
                .is_ok_and(|id| id != std::process::id())
        })
        .filter(|entry| {
            ["environ", "cmdline"].iter().any(|file| {
                std::fs::read(entry.path().join(file))
                    .is_ok_and(|it| String::from_utf8_lossy(&it).contains(&needle))
            })
        })
        .count()
}

#[tokio::test]
async fn state_survives_a_restart_on_other_ports_and_nothing_is_left_running() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let logs = LogBook::default();
    let first = start(folder.path(), &logs)?;
    put_outbox_item(&first, "T#acme#O#before-1").await?;
    put_outbox_item(&first, "T#acme#O#before-2").await?;
    relayed(&logs, "before-2").await?;
    let (table, aws) = (first.outputs.table_name.clone(), first.aws_endpoint.clone());
    assert!(
        processes_of(folder.path()) >= 2,
        "the local AWS and a function run"
    );
    first.stop();
    assert_eq!(processes_of(folder.path()), 0);

    let logs = LogBook::default();
    let second = start(folder.path(), &logs)?;
    assert_eq!(second.outputs.table_name, table);
    assert_ne!(second.aws_endpoint, aws);
    let port = second.aws_endpoint.rsplit_once(':').context("a port")?.1;
    assert!(
        second
            .outputs
            .delivery_queue_url
            .contains(&format!(":{port}/")),
        "queue addresses follow the port"
    );
    let key = json!({ "pk": { "S": "T#acme#O#before-1" }, "sk": { "S": "OUTBOX" } });
    let found = dynamodb(
        &second,
        "GetItem",
        json!({ "TableName": table, "Key": key }),
    )
    .await?;
    assert_eq!(found["Item"]["pk"]["S"], "T#acme#O#before-1");
    put_outbox_item(&second, "T#acme#O#after").await?;
    relayed(&logs, "after").await?;
    assert_eq!(status(&second).await?, 200);
    Ok(())
}

#[tokio::test]
async fn a_killed_function_is_started_again_by_the_next_call() -> Result<()> {
    let stack = start(tempfile::tempdir()?.path(), &LogBook::default())?;
    assert_eq!(status(&stack).await?, 200);
    stack.kill_function("meeting-api")?;
    let since = Instant::now();
    while status(&stack).await? != 200 {
        ensure!(since.elapsed() < PATIENCE, "it did not come back");
    }
    Ok(())
}

#[tokio::test]
async fn without_functions_only_what_holds_data_and_messages_is_deployed() -> Result<()> {
    let stack = Stack::start(StackOptions {
        functions: Functions::None,
        ..StackOptions::temporary()
    })?;
    assert_eq!(stack.api_url, None);
    put_outbox_item(&stack, "T#acme#O#alone").await?;
    let table = json!({ "TableName": stack.outputs.table_name });
    let found = dynamodb(&stack, "Scan", table.clone()).await?;
    assert_eq!(found["Count"], 1);
    let expiry = dynamodb(&stack, "DescribeTimeToLive", table).await?;
    assert_eq!(
        expiry["TimeToLiveDescription"]["AttributeName"],
        "expires_at"
    );
    assert!(
        stack
            .outputs
            .graph_queue_url
            .ends_with("/convoke-graph.fifo")
    );
    assert!(stack.graph().is_some());
    Ok(())
}
