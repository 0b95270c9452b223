//! Tickets: who gets one, what it opens and for how long, and what is written
//! down of it (OM-9, XC-4).

use std::collections::BTreeMap;

use chrono::TimeDelta;
use convoke_platform::records::AuditEvent;
use convoke_platform::ticket::VALID_FOR;
use graph_simulator::{Content, Delivery};
use it::gateway::Event;
use it::practice::CLIENT;
use it::process::STREAMING_URL;
use serde_json::json;
use uuid::Uuid;

use super::laboratory::{Laboratory, path_of, recording_path, stream_by, ticket_path};

fn content() -> Content {
    Content::generated(5_000, 31)
}

/// OM-9: a ticket is an address that plays without a token, for hours; its issue
/// and its first use are each written down once, whoever seeks how often.
#[tokio::test]
async fn issue_and_first_use_leave_a_row_each() {
    let laboratory = Laboratory::open().await;
    let recording = laboratory
        .add_recording(content(), Delivery::default())
        .await;
    let event = laboratory.portal("POST", &ticket_path(&recording), CLIENT);
    assert_eq!(
        laboratory.ask(event.clone()).await.problem(404),
        "not_found"
    );
    laboratory.expose(true).await;
    let answer = laboratory.ask(event).await;
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let ticket = answer.expect(200);
    let expires_at = laboratory.practice.now() + VALID_FOR;
    assert_eq!(ticket["expires_at"], json!(expires_at));
    let path = path_of(&ticket);

    let rows = laboratory.audit(&recording).await;
    assert_eq!(rows.len(), 1, "one refused, one issued");
    assert_eq!(rows[0].event(), AuditEvent::Issued);
    assert_eq!(
        (rows[0].user_id(), rows[0].client_id()),
        ("portal-1", Some(CLIENT))
    );

    laboratory.practice.clock.advance(TimeDelta::minutes(5));
    let other = laboratory.another_process();
    let parts = ["bytes=0-9", "bytes=10-19", "bytes=20-29", "bytes=30-"];
    let at_once = parts.map(|range| laboratory.range(&path, range));
    for answer in futures_util::future::join_all(at_once).await {
        assert_eq!(answer.status, 206);
    }
    let elsewhere = stream_by(&other.recording_stream, "GET", &path, &[]).await;
    assert_eq!(elsewhere.status, 200);
    let rows = laboratory.audit(&recording).await;
    let events: Vec<_> = rows.iter().map(|row| (row.event(), row.at())).collect();
    let used_at = laboratory.practice.now();
    let issued_at = used_at - TimeDelta::minutes(5);
    assert_eq!(
        events,
        [(AuditEvent::Issued, issued_at), (AuditEvent::Used, used_at)]
    );
}

/// OM-9: a ticket ends with its hours.
#[tokio::test]
async fn an_expired_ticket_opens_nothing() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    laboratory
        .practice
        .clock
        .advance(VALID_FOR - TimeDelta::seconds(1));
    assert_eq!(laboratory.get(&path).await.status, 200);
    laboratory.practice.clock.advance(TimeDelta::seconds(1));
    assert_eq!(laboratory.get(&path).await.problem(404).await, "not_found");
}

/// OM-9: an altered ticket opens nothing, and no other recording's does.
#[tokio::test]
async fn altered_and_foreign_tickets_open_nothing() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    let other = laboratory
        .add_recording(content(), Delivery::default())
        .await;
    let (bare, token) = path.split_once("?ticket=").unwrap();
    let swapped = format!("/recordings/{}?ticket={token}", other.artifact_id);
    let unknown = format!("/recordings/{}?ticket={token}", Uuid::nil());
    let flipped = if token.ends_with('A') { 'B' } else { 'A' };
    let altered = format!("{bare}?ticket={}{flipped}", &token[..token.len() - 1]);
    let twice = format!("{bare}?ticket={token}&ticket={token}");
    let long = format!("{bare}?ticket={}", "A".repeat(5_000));
    let stranger = Laboratory::recorded(content(), Delivery::default()).await.1;
    let theirs = format!(
        "{bare}?ticket={}",
        stranger.split_once("?ticket=").unwrap().1
    );
    laboratory.practice.graph.clear_received();
    for wrong in [
        swapped,
        unknown,
        altered,
        long,
        theirs,
        format!("{bare}?ticket="),
        format!("{bare}?portal=false"),
    ] {
        assert_eq!(
            laboratory.get(&wrong).await.problem(404).await,
            "not_found",
            "{wrong}"
        );
    }
    assert!(laboratory.practice.graph.received().is_empty());
    // The same ticket twice is no other one, whichever is read.
    assert!([200, 404].contains(&laboratory.get(&twice).await.status));
}

/// OM-9: each request asks anew: exposure switched off, a meeting cancelled.
#[tokio::test]
async fn a_ticket_is_asked_about_with_each_request() {
    let laboratory = Laboratory::open().await;
    let recording = laboratory
        .add_recording(content(), Delivery::default())
        .await;
    laboratory.expose(true).await;
    let staff = laboratory.ticket(&recording).await;
    let portal = laboratory.portal_ticket(&recording).await;
    for path in [&staff, &portal] {
        assert_eq!(laboratory.get(path).await.status, 200);
    }
    laboratory.expose(false).await;
    assert_eq!(
        laboratory.get(&portal).await.problem(404).await,
        "not_found"
    );
    let insisting = format!("{portal}&portal=false&expose=true");
    assert_eq!(
        laboratory.get(&insisting).await.problem(404).await,
        "not_found"
    );
    assert_eq!(laboratory.get(&staff).await.status, 200);
    laboratory.expose(true).await;
    assert_eq!(laboratory.get(&portal).await.status, 200);

    laboratory.practice.clock.set("2026-12-01T07:00:00Z");
    let staff = laboratory.ticket(&recording).await;
    let portal = laboratory.portal_ticket(&recording).await;
    let cancel = format!("/{}/cancel", laboratory.meeting);
    let cancelled = laboratory
        .practice
        .call("POST", &cancel, Some(&json!({})))
        .await;
    cancelled.expect(200);
    let code = laboratory.get(&staff).await.problem(409).await;
    assert_eq!(code, "online_meeting_cancelled");
    assert_eq!(
        laboratory.get(&portal).await.problem(404).await,
        "not_found"
    );
    let answer = laboratory
        .call("POST", &ticket_path(&recording), None)
        .await;
    assert_eq!(answer.problem(409), "online_meeting_cancelled");
    let event = laboratory.portal("POST", &ticket_path(&recording), CLIENT);
    assert_eq!(laboratory.ask(event).await.problem(404), "not_found");
}

/// OM-9: the API's own address leads to the streaming one, for who may.
#[tokio::test]
async fn the_apis_address_redirects_with_a_ticket() {
    let laboratory = Laboratory::open().await;
    let recording = laboratory
        .add_recording(content(), Delivery::default())
        .await;
    let answer = laboratory
        .call("GET", &recording_path(&recording), None)
        .await;
    assert_eq!(answer.expect(303), json!(null));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let location = answer.header("location").unwrap();
    let path = location.strip_prefix(STREAMING_URL).unwrap();
    assert_eq!(laboratory.get(path).await.octets(200).await.len(), 5_000);
    let rows = laboratory.audit(&recording).await;
    assert_eq!(rows.len(), 2);
    let event = laboratory.portal("GET", &recording_path(&recording), CLIENT);
    assert_eq!(laboratory.ask(event).await.problem(404), "not_found");
}

/// XC-4: a ticket is exempt from idempotency: the same key brings another one, and
/// none lies in the table.
#[tokio::test]
async fn a_ticket_is_not_kept_under_a_key() {
    let laboratory = Laboratory::open().await;
    let recording = laboratory
        .add_recording(content(), Delivery::default())
        .await;
    let event = || {
        laboratory
            .practice
            .staff("POST", &ticket_path(&recording), None)
            .header("idempotency-key", "k-1")
    };
    laboratory.practice.process.calls.take();
    let first = laboratory.ask(event()).await.expect(200);
    let written = laboratory.practice.process.calls.take();
    assert_eq!(
        written.get("TransactWriteItems"),
        Some(&1),
        "the audit: {written:?}"
    );
    assert_eq!(written.get("PutItem"), None, "{written:?}");
    let second = laboratory.ask(event()).await.expect(200);
    assert_ne!(first["url"], second["url"]);
}

/// OM-9: only recordings have tickets, and only to who may read interactions.
#[tokio::test]
async fn only_recordings_have_tickets() {
    let laboratory = Laboratory::open().await;
    let transcript = laboratory.add_transcript("WEBVTT\n".into()).await;
    for (method, path) in [
        ("POST", ticket_path(&transcript)),
        ("GET", recording_path(&transcript)),
        (
            "POST",
            "/api/v1/online-meetings/recordings/x/ticket".to_owned(),
        ),
    ] {
        let answer = laboratory.call(method, &path, None).await;
        assert_eq!(answer.problem(404), "not_found", "{method} {path}");
    }
    let recording = laboratory
        .add_recording(content(), Delivery::default())
        .await;
    let event = Event::new("POST", &ticket_path(&recording));
    let other = event.internal(&laboratory.practice.org, "u-1", "appointments:read");
    assert_eq!(
        laboratory.ask(other).await.problem(403),
        "permission_missing"
    );
}

/// Architecture, "Speed": seeking costs one query and one read of the settings, and
/// no write.
#[tokio::test]
async fn seeking_costs_two_reads() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    laboratory.range(&path, "bytes=0-9").await.octets(206).await;
    laboratory.practice.process.calls.take();
    laboratory.practice.graph.clear_received();
    laboratory
        .range(&path, "bytes=10-19")
        .await
        .octets(206)
        .await;
    let calls = laboratory.practice.process.calls.take();
    let expected = [("GetItem".to_owned(), 1), ("Query".to_owned(), 1)];
    assert_eq!(calls, BTreeMap::from(expected));
    assert_eq!(laboratory.practice.graph.received().len(), 1);
}
