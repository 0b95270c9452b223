//! Documents, queues and items: who reaches which.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;

use super::*;

/// Every function, by the name of its role's function.
fn everyone() -> impl Iterator<Item = &'static str> {
    READERS.into_iter().chain(OTHERS)
}

fn s3(credentials: Credentials) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_s3::config::Region::new(REGION))
        .endpoint_url(&STACK.aws_endpoint)
        .credentials_provider(credentials)
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

fn sqs(credentials: Credentials) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_sqs::config::Region::new(REGION))
        .endpoint_url(&STACK.aws_endpoint)
        .credentials_provider(credentials)
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

fn dynamodb(credentials: Credentials) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_dynamodb::config::Region::new(REGION))
        .endpoint_url(&STACK.aws_endpoint)
        .credentials_provider(credentials)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

fn denied() -> Result<(), String> {
    Err("AccessDenied".to_owned())
}

/// What became of a call: done, or the refusal's code.
fn outcome<T, E: ProvideErrorMetadata>(result: Result<T, E>) -> Result<(), String> {
    result.map(drop).map_err(|error| code(&error))
}

async fn put(client: &aws_sdk_s3::Client, key: &str) -> Result<(), String> {
    let call = client
        .put_object()
        .bucket(&STACK.outputs.bucket_name)
        .key(key)
        .body(ByteStream::from_static(b"WEBVTT"));
    outcome(call.send().await)
}

async fn get(client: &aws_sdk_s3::Client, key: &str) -> Result<(), String> {
    let call = client
        .get_object()
        .bucket(&STACK.outputs.bucket_name)
        .key(key);
    outcome(call.send().await)
}

/// OM-8, OM-9, OM-10: who keeps documents writes, who shows them reads and can tell what is gone, nobody deletes a
/// transcript, only the copier a recording, and nobody leaves the tenants' prefix.
#[tokio::test]
async fn documents_are_written_by_those_who_keep_them_and_read_by_those_who_show_them() {
    let key = "t/acme/m/m-1/transcripts/a-1.vtt";
    put(&s3(owner()), key).await.unwrap();
    put(&s3(owner()), "elsewhere/x").await.unwrap();
    for function in everyone() {
        let client = s3(role_of(function).await);
        let writes = ["meeting-api", "artifact-capture"].contains(&function);
        let reads = ["artifact-capture", "recording-proxy", "recording-stream"].contains(&function);
        let expected = |allowed: bool| if allowed { Ok(()) } else { denied() };
        assert_eq!(put(&client, key).await, expected(writes), "{function}");
        assert_eq!(get(&client, key).await, expected(reads), "{function}");
        assert_eq!(put(&client, "elsewhere/y").await, denied(), "{function}");
        assert_eq!(get(&client, "elsewhere/x").await, denied(), "{function}");
        let delete = client
            .delete_object()
            .bucket(&STACK.outputs.bucket_name)
            .key(key);
        assert_eq!(outcome(delete.send().await), denied(), "{function}");
        let recording = client
            .delete_object()
            .bucket(&STACK.outputs.bucket_name)
            .key("t/acme/m/m-1/recordings/a-9.mp4");
        let deletes = function == "artifact-capture";
        assert_eq!(
            outcome(recording.send().await),
            expected(deletes),
            "{function}"
        );
        let listed = client
            .list_objects_v2()
            .bucket(&STACK.outputs.bucket_name)
            .max_keys(1);
        assert_eq!(outcome(listed.send().await), expected(reads), "{function}");
    }
}

/// OM-10: a recording goes to the bucket in parts, which can be listed and given up.
#[tokio::test]
async fn only_capture_sends_recordings_in_parts() {
    let (bucket, key) = (
        &STACK.outputs.bucket_name,
        "t/acme/m/m-1/recordings/a-2.mp4",
    );
    let client = s3(role_of("artifact-capture").await);
    let begun = client
        .create_multipart_upload()
        .bucket(bucket)
        .key(key)
        .send()
        .await;
    let upload = begun.unwrap().upload_id.unwrap();
    let part = client
        .upload_part()
        .bucket(bucket)
        .key(key)
        .upload_id(&upload)
        .part_number(1)
        .body(ByteStream::from_static(b"part"));
    assert_eq!(outcome(part.send().await), Ok(()));
    let other = s3(role_of("recording-stream").await);
    for (client, expected) in [(&other, denied()), (&client, Ok(()))] {
        let list = client
            .list_parts()
            .bucket(bucket)
            .key(key)
            .upload_id(&upload);
        assert_eq!(outcome(list.send().await), expected);
        let abort = client
            .abort_multipart_upload()
            .bucket(bucket)
            .key(key)
            .upload_id(&upload);
        assert_eq!(outcome(abort.send().await), expected);
    }
}

/// XC-7, OM-7: work is handed on by the relay, and by the function that does it.
#[tokio::test]
async fn captures_and_transfers_are_asked_for_by_the_relay_and_by_capture_itself() {
    let outputs = &STACK.outputs;
    for function in everyone() {
        let client = sqs(role_of(function).await);
        for queue in [&outputs.capture_queue_url, &outputs.transfer_queue_url] {
            let send = client.send_message().queue_url(queue).message_body("{}");
            let sent = outcome(send.send().await);
            if ["outbox-relay", "artifact-capture"].contains(&function) {
                assert_eq!(sent, Ok(()), "{function}");
            } else {
                assert!(sent.is_err_and(|code| code.contains("AccessDenied")));
            }
        }
    }
}

/// NT-2: what Microsoft posted is handed on by the webhook alone, and what is too large for a message is written by it
/// and read and removed by who checks it; nobody else comes near.
#[tokio::test]
async fn notifications_are_kept_by_the_webhook_and_taken_by_capture() {
    let outputs = &STACK.outputs;
    let (bucket, key) = (&outputs.bucket_name, "raw/notifications/2026-11-21/n-1");
    put(&s3(owner()), key).await.unwrap();
    for function in everyone() {
        let sends = sqs(role_of(function).await)
            .send_message()
            .queue_url(&outputs.notification_queue_url)
            .message_body("{}");
        let sent = outcome(sends.send().await);
        let client = s3(role_of(function).await);
        let (written, read) = (put(&client, key).await, get(&client, key).await);
        let delete = client.delete_object().bucket(bucket).key("raw/x");
        let removed = outcome(delete.send().await);
        if function == "graph-webhook" {
            assert_eq!((sent, written), (Ok(()), Ok(())));
            assert_eq!((read, removed), (denied(), denied()));
            continue;
        }
        assert!(sent.is_err(), "{function}");
        assert_eq!(written, denied(), "{function}");
        let takes = function == "artifact-capture";
        let expected = || if takes { Ok(()) } else { denied() };
        assert_eq!((read, removed), (expected(), expected()), "{function}");
    }
}

/// NT-2: whom anybody can call has no way to the table.
#[tokio::test]
async fn the_webhook_reaches_no_item() {
    let client = dynamodb(role_of("graph-webhook").await);
    let key = [("pk", "T#acme#A#1"), ("sk", "REQUEST")]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    let get = client
        .get_item()
        .table_name(&STACK.outputs.table_name)
        .set_key(Some(key.into()));
    assert_eq!(outcome(get.send().await), Err(refused()));
}

/// NT-4: subscriptions are asked to be looked after by the relay alone, since that is in the outbox before.
#[tokio::test]
async fn subscriptions_are_asked_for_by_the_relay() {
    for function in everyone() {
        let send = sqs(role_of(function).await)
            .send_message()
            .queue_url(&STACK.outputs.subscription_queue_url)
            .message_body("{}");
        let sent = outcome(send.send().await);
        assert_eq!(
            sent.is_ok(),
            function == "outbox-relay",
            "{function}: {sent:?}"
        );
    }
}

/// XC-1: what is due across tenants is read by the functions that sweep.
#[tokio::test]
async fn only_the_sweeping_functions_see_what_is_due() {
    for function in everyone() {
        let query = dynamodb(role_of(function).await)
            .query()
            .table_name(&STACK.outputs.table_name)
            .index_name("due")
            .key_condition_expression("duepk = :shard")
            .expression_attribute_values(":shard", AttributeValue::S("DUE#CAPTURE#0".to_owned()));
        let seen = outcome(query.send().await);
        let sweeps = ["outbox-relay", "artifact-capture", "subscription-renewal"];
        let sweeps = sweeps.contains(&function);
        let expected = if sweeps { Ok(()) } else { Err(refused()) };
        assert_eq!(seen, expected, "{function}");
    }
}

/// OM-9: whoever streams recordings reads and leaves notes; nothing is taken away.
#[tokio::test]
async fn the_streaming_function_deletes_nothing() {
    let client = dynamodb(role_of("recording-stream").await);
    let key = || {
        [("pk", "T#acme#A#1"), ("sk", "AUDIT#1")]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
    };
    let put = client
        .put_item()
        .table_name(&STACK.outputs.table_name)
        .set_item(Some(key().into()));
    assert_eq!(outcome(put.send().await), Ok(()));
    let get = client
        .get_item()
        .table_name(&STACK.outputs.table_name)
        .set_key(Some(key().into()));
    assert_eq!(outcome(get.send().await), Ok(()));
    let delete = client
        .delete_item()
        .table_name(&STACK.outputs.table_name)
        .set_key(Some(key().into()));
    assert_eq!(outcome(delete.send().await), Err(refused()));
}
