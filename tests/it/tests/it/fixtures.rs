//! `events/*.json`, one per event shape: each is what its function takes, here
//! and with `cargo lambda invoke FUNCTION -F events/FILE`.

mod notifications;
mod sessions;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use it::api::{ALL_SCOPES, Answer};
use it::clock::TestClock;
use it::deployed::new_org;
use it::gateway::{Event, answer_of};
use it::process::Process;
use it::recorded::FILM;
use serde_json::{Value, json};

use crate::routes::{self, admin, text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// A fixture, moved to another organisation where it names one.
fn fixture(name: &str, org: &str) -> Value {
    let file = std::fs::read_to_string(folder().join(name)).unwrap();
    serde_json::from_str(&file.replace("acme", org)).unwrap()
}

fn request(event: &Value) -> lambda_http::Request {
    lambda_http::request::from_str(&event.to_string()).unwrap()
}

/// Creates the fixture's meeting; answers with its id and its link's token.
async fn created(process: &Process, org: &str) -> (String, String) {
    let event = fixture("meeting-api-create-meeting.json", org);
    let made = answer_of(process.meeting_api.handle(request(&event)).await).expect(201);
    let token = text(&made["ics_url"])
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    (text(&made["meeting_id"]).to_owned(), token)
}

/// Replaces the id that a fixture stands in for with one that exists.
fn with_id(event: &Value, id: &str) -> Value {
    let placeholder = "01a1e000-0000-7000-8000-000000000001";
    let text = event.to_string();
    assert!(text.contains(placeholder), "{text} names no meeting");
    serde_json::from_str(&text.replace(placeholder, id)).unwrap()
}

/// Every file is driven by a test of this module.
#[test]
fn every_fixture_is_driven() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let driven = [
        "approval-approve.json",
        "artifact-capture-sqs-capture.json",
        "artifact-capture-sqs-notification-pointer.json",
        "artifact-capture-sqs-notification.json",
        "artifact-capture-sqs-transfer.json",
        "artifact-capture-sweep.json",
        "delivery-sqs-fifo-sync-online-meeting.json",
        "delivery-sqs-fifo.json",
        "delivery-sqs-send-mail.json",
        "delivery-sqs-sync-calendars.json",
        "delivery-sqs-tell-session.json",
        "delivery-sqs.json",
        "graph-webhook-base64.json",
        "graph-webhook-handshake.json",
        "graph-webhook-lifecycle.json",
        "graph-webhook-notification.json",
        "ics-download-invitation.json",
        "ics-download-link.json",
        "ics-download-meeting.json",
        "meeting-api-answer-page.json",
        "meeting-api-answer.json",
        "meeting-api-connect-calendar.json",
        "meeting-api-create-meeting.json",
        "meeting-api-create-session.json",
        "meeting-api-get-meeting.json",
        "meeting-api-list-notifications.json",
        "meeting-api-post-message.json",
        "meeting-api-read-notification.json",
        "meeting-api-update-session.json",
        "outbox-relay-stream.json",
        "outbox-relay-sweep.json",
        "recording-stream-range.json",
        "settings-put-teams-integration.json",
        "subscription-renewal-renew.json",
        "subscription-renewal-sqs-align.json",
        "subscription-renewal-sqs-renew.json",
    ];
    assert_eq!(files, driven.map(str::to_owned).into());
}

/// The HTTP API's event, payload format 2.0, with the authorizer's claims.
#[tokio::test]
async fn the_gateways_events_are_read() {
    let ((process, _), org) = (routes::process(), new_org());
    let (id, token) = created(&process, &org).await;
    let read = with_id(&fixture("meeting-api-get-meeting.json", &org), &id);
    let answer = answer_of(process.meeting_api.handle(request(&read)).await);
    assert_eq!(answer.expect(200)["title"], "PCI Scope Review");
    let download = with_id(&fixture("ics-download-meeting.json", &org), &id);
    let file = answer_of(process.ics_download.handle(request(&download)).await);
    assert_eq!(
        (file.status, file.header("content-type")),
        (200, Some("text/calendar; charset=utf-8"))
    );
    let link = fixture("ics-download-link.json", &org);
    assert_eq!(
        answer_of(process.ics_download.handle(request(&link)).await).problem(404),
        "not_found"
    );
    let path = text(&link["rawPath"]).to_owned();
    let link: Value =
        serde_json::from_str(&link.to_string().replace(&path, &format!("/ics/{token}"))).unwrap();
    assert_eq!(
        answer_of(process.ics_download.handle(request(&link)).await).body,
        file.body
    );
}

/// TS-1: a change of settings, as the gateway hands it on.
#[tokio::test]
async fn the_settings_event_is_read() {
    let ((process, _), org) = (routes::process(), new_org());
    let put = fixture("settings-put-teams-integration.json", &org);
    let answer = answer_of(process.settings.handle(request(&put)).await);
    if cfg!(feature = "enterprise") {
        assert_eq!(answer.expect(200)["install_status"], "active");
    } else {
        assert_eq!(answer.problem(501), "ee_disabled");
    }
}

/// OM-9: a browser's request for a range, as the function URL hands it on; with a
/// ticket that was issued it gets its octets.
#[tokio::test]
async fn a_range_of_a_recording_is_asked_for() {
    let ((process, _), org) = (routes::process(), new_org());
    let estate = routes::Estate::of(&process, &org).await;
    let event = fixture("recording-stream-range.json", &org);
    let refused = process.recording_stream.handle(request(&event)).await;
    assert_eq!(refused.status(), 404);
    let path = estate.fill("/api/v1/online-meetings/recordings/{artifact_id}/ticket");
    let issue = Event::new("POST", &path).internal(&org, "u1", ALL_SCOPES);
    let issued = process.recordings(issue).await;
    if !cfg!(feature = "enterprise") {
        assert_eq!(issued.problem(404), "not_found");
        return;
    }
    let url = text(&issued.expect(200)["url"]).to_owned();
    let target = url.strip_prefix(it::process::STREAMING_URL).unwrap();
    let (path, query) = target.split_once('?').unwrap();
    let ticket = query.strip_prefix("ticket=").unwrap();
    let event = event
        .to_string()
        .replace(text(&event["rawPath"]), path)
        .replace(text(&event["queryStringParameters"]["ticket"]), ticket);
    let event = lambda_http::request::from_str(&event).unwrap();
    let answer = process.recording_stream.handle(event).await;
    assert_eq!(answer.status(), 206);
    let range = format!("bytes 0-{}/{}", FILM.len() - 1, FILM.len());
    assert_eq!(answer.headers()["content-range"], range);
}

/// An approval, of a request that is there.
#[tokio::test]
async fn an_approval_is_taken() {
    let ((process, _), org) = (routes::process(), new_org());
    let estate = routes::Estate::of(&process, &org).await;
    let mut event = with_id(&fixture("approval-approve.json", &org), &estate.pending);
    let wanted: Value = serde_json::from_str(text(&event["body"])).unwrap();
    let answer = answer_of(process.approval.handle(request(&event)).await).expect(200);
    let approved = &answer["request"];
    assert_eq!(approved["status"], "approved");
    for (given, read) in [
        ("assigned_user_id", "assigned_user_id"),
        ("internal_notes", "internal_notes"),
        ("final_time", "requested_time"),
    ] {
        if !wanted[given].is_null() {
            assert_eq!(approved[read], wanted[given], "{given}");
        }
    }
    event["body"] = json!("nonsense");
    let answer = answer_of(process.approval.handle(request(&event)).await);
    assert_eq!(answer.problem(400), "malformed_json");
}

/// A stream's batch: the outbox item is relayed, other records are passed over.
#[tokio::test]
async fn the_streams_batch_is_relayed() {
    let ((process, _), org) = (routes::process(), new_org());
    let batch = fixture("outbox-relay-stream.json", &org);
    let kinds: Vec<_> = batch["Records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["eventName"])
        .collect();
    assert_eq!(kinds, ["INSERT", "REMOVE"]);
    let answer = process.outbox_relay.handle(batch.clone()).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let mut broken = batch;
    broken["Records"][0]["dynamodb"]["NewImage"]["pk"]["S"] = json!("no tenant");
    let answer = process.outbox_relay.handle(broken.clone()).await.unwrap();
    let sequence = &broken["Records"][0]["dynamodb"]["SequenceNumber"];
    assert_eq!(
        answer,
        json!({ "batchItemFailures": [{ "itemIdentifier": sequence }] })
    );
}

/// The schedule's event starts a sweep; what is no event of ours is an error.
#[tokio::test]
async fn the_schedules_event_starts_a_sweep() {
    // Long ago: nothing of any other test is due.
    let process = Process::new(
        routes::stack(),
        TestClock::at("2000-01-01T00:00:00Z").ports(),
        None,
    );
    let answer = process
        .outbox_relay
        .handle(fixture("outbox-relay-sweep.json", "acme"))
        .await
        .unwrap();
    assert_eq!(answer, Value::Null);
    assert!(
        process.calls.take()["Query"] > 1,
        "the due index was looked through"
    );
    assert!(
        process
            .outbox_relay
            .handle(json!({ "sweep": "yes" }))
            .await
            .is_err()
    );
}

/// SQS batches, of the standard queue and of the FIFO queue; what is not one of
/// our messages comes back as failed, by itself.
#[tokio::test]
async fn the_queues_batches_are_worked_off() {
    let ((process, _), org) = (routes::process(), new_org());
    admin(
        &process,
        &org,
        "PUT",
        "/api/v1/users/u-ada",
        Some(&json!({ "name": "Ada" })),
    )
    .await
    .expect(201);
    for name in [
        "delivery-sqs.json",
        "delivery-sqs-send-mail.json",
        "delivery-sqs-fifo.json",
        "delivery-sqs-fifo-sync-online-meeting.json",
    ] {
        let mut batch = fixture(name, &org);
        let fifo = text(&batch["Records"][0]["eventSourceARN"])
            .rsplit('.')
            .next()
            == Some("fifo");
        assert_eq!(fifo, name.contains("fifo"));
        let event: SqsEvent = serde_json::from_value(batch.clone()).unwrap();
        assert!(
            process
                .delivery
                .handle(event)
                .await
                .batch_item_failures
                .is_empty(),
            "{name}"
        );
        batch["Records"][0]["body"] = json!("nonsense");
        let event: SqsEvent = serde_json::from_value(batch.clone()).unwrap();
        let failed = process.delivery.handle(event).await.batch_item_failures;
        let failed: Vec<_> = failed
            .iter()
            .map(|failure| failure.item_identifier.as_str())
            .collect();
        assert_eq!(failed, [text(&batch["Records"][0]["messageId"])], "{name}");
    }
}

/// Both queues' messages and the schedule's event; a meeting that is gone is no
/// failure, and what is not one of our messages is.
#[tokio::test]
async fn the_capture_functions_events_are_taken() {
    // Long ago: nothing of any other test is due.
    let clock = TestClock::at("2000-01-01T00:00:00Z");
    let process = Process::new(routes::stack(), clock.ports(), None);
    let (app, left) = (&process.artifact_capture, Duration::from_mins(15));
    let sweep = fixture("artifact-capture-sweep.json", "acme");
    assert_eq!(app.handle(sweep, left).await.unwrap(), Value::Null);
    let queries = process.calls.take().get("Query").copied();
    assert_eq!(queries.is_some(), cfg!(feature = "enterprise"));
    for name in ["capture", "transfer"] {
        let file = format!("artifact-capture-sqs-{name}.json");
        let mut batch = fixture(&file, &new_org());
        let answer = app.handle(batch.clone(), left).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }), "{name}");
        batch["Records"][0]["body"] = json!("nonsense");
        let answer = app.handle(batch.clone(), left).await.unwrap();
        let id = &batch["Records"][0]["messageId"];
        let failures = json!([{ "itemIdentifier": id }]);
        assert_eq!(answer["batchItemFailures"], failures, "{name}");
    }
    assert!(app.handle(json!({ "sweep": "yes" }), left).await.is_err());
}
