//! Into the functions by stream, queue and schedule.

use super::*;

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

/// OM-7, OM-10: captures and transfers have a queue each, and one function for both.
#[tokio::test]
async fn captures_and_transfers_reach_the_function_that_looks_for_recordings() -> Result<()> {
    let queues = [&outputs().capture_queue_url, &outputs().transfer_queue_url];
    for (queue, mark) in queues.into_iter().zip(["captured", "transferred"]) {
        let body = json!({ "mark": mark }).to_string();
        aws(
            "AmazonSQS.SendMessage",
            json!({ "QueueUrl": queue, "MessageBody": body }),
        )
        .await?;
        logged("artifact-capture", &["mark", mark], Duration::from_secs(15)).await?;
    }
    Ok(())
}

/// NT-2, NT-4: notifications go to the function that checks them, what concerns a subscription to the one that looks
/// after them.
#[tokio::test]
async fn notifications_and_subscriptions_reach_their_functions() -> Result<()> {
    for (queue, function) in [
        (&outputs().notification_queue_url, "artifact-capture"),
        (&outputs().subscription_queue_url, "subscription-renewal"),
    ] {
        let mark = format!("for-{function}");
        let body = json!({ "mark": mark }).to_string();
        let message = json!({ "QueueUrl": queue, "MessageBody": body });
        aws("AmazonSQS.SendMessage", message).await?;
        logged(function, &["mark", &mark], Duration::from_secs(15)).await?;
    }
    Ok(())
}

/// XC-7, OM-7, NT-4: relay, capture and renewal are asked to, in the words they understand. (The waiting itself is
/// left out.)
#[tokio::test]
async fn the_schedules_ask_to_sweep_and_to_renew() -> Result<()> {
    let schedules = rest(Method::GET, "scheduler", "/schedules", None).await?;
    let mut found = BTreeMap::new();
    for schedule in schedules["Schedules"].as_array().context("schedules")? {
        let name = schedule["Name"].as_str().context("a name")?;
        let schedule = rest(
            Method::GET,
            "scheduler",
            &format!("/schedules/{name}"),
            None,
        )
        .await?;
        assert_eq!(schedule["State"], "ENABLED");
        let target = schedule["Target"]["Arn"].as_str().context("a target")?;
        let input = schedule["Target"]["Input"].as_str().context("an input")?;
        let invocations = format!("/2015-03-31/functions/{target}/invocations");
        rest(Method::POST, "lambda", &invocations, Some(input.to_owned())).await?;
        let function = target.rsplit_once(":convoke-").context("a function")?.1;
        let asked = match function {
            "subscription-renewal" => r#"{"renew": true}"#,
            _ => r#"{"sweep": true}"#,
        };
        logged(function, &[asked], Duration::from_secs(15)).await?;
        found.insert(function.to_owned(), schedule["ScheduleExpression"].clone());
    }
    let expected = [
        ("artifact-capture".to_owned(), json!("rate(10 minutes)")),
        ("outbox-relay".to_owned(), json!("rate(1 minute)")),
        ("subscription-renewal".to_owned(), json!("rate(30 minutes)")),
    ];
    assert_eq!(found, expected.into());
    Ok(())
}
