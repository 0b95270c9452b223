//! From activation to the timeline, with nobody asking for anything.

use convoke_domain::artifact::ArtifactType;
use graph_simulator::{DeliveryOutcome, NotificationKind, SentNotification};
use it::practice::{Practice, Watched, told};
use serde_json::{Value, json};

use super::{both_by, ways};

/// The posts of a kind that Microsoft made, all of them taken.
fn delivered(watched: &Watched, kind: NotificationKind) -> Vec<SentNotification> {
    let sent = watched.graph.deliveries();
    let of_kind = sent.into_iter().filter(|one| one.kind == kind);
    of_kind
        .inspect(|one| assert_eq!(one.outcome, DeliveryOutcome::Delivered, "{one:?}"))
        .collect()
}

async fn assert_walked(encrypts: bool) {
    let watched = Watched::open(encrypts).await;
    // A real handshake at both addresses, for each of the two.
    assert_eq!(delivered(&watched, NotificationKind::Handshake).len(), 4);
    for kind in ArtifactType::ALL {
        let made = watched.subscription(kind).await;
        assert_eq!(made.includes_resource_data, encrypts);
        let row = watched.row(kind).await;
        assert_eq!(row.certificate_id, made.encryption_certificate_id);
        assert_eq!(row.certificate_id.is_some(), encrypts);
    }
    let (meeting, held) = watched.held().await;
    let bodies: Vec<_> = watched
        .hook
        .posted()
        .into_iter()
        .filter(|post| !post.target.contains("validationToken"))
        .collect();
    assert!(!bodies.is_empty());
    for post in &bodies {
        assert_eq!(
            (post.status, &*post.target),
            (202, "/webhooks/graph/notifications")
        );
        let body: Value = serde_json::from_str(&post.body).unwrap();
        assert_eq!(body["value"][0]["encryptedContent"].is_object(), encrypts);
        assert_eq!(body["validationTokens"].is_array(), encrypts);
    }
    watched.graph.clear_received();
    for message in watched.queued().await {
        assert!(watched.process.take_in(&message).await);
    }
    let events = watched.work().await;

    let seen = watched.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("complete")),
        "{seen}"
    );
    let ledger = &seen["capture_ledger"];
    assert_eq!(ledger["expected"], json!(["recording", "transcript"]));
    assert_eq!(ledger["watched"], json!(["recording", "transcript"]));
    assert_eq!(ledger["missing"], json!([]));
    assert_eq!(ways(&seen), both_by(&["notification"]));
    for line in ledger["arrivals"].as_array().unwrap() {
        assert_eq!(line["at"], "2026-12-01T10:01:00Z");
    }
    watched.assert_kept_once(&meeting, "walked").await;
    let entry = watched.interaction(meeting.id).await;
    let artifacts = entry["online_meeting"]["artifacts"].as_array();
    assert_eq!(artifacts.map(Vec::len), Some(2), "{entry}");
    assert_eq!(entry["status"], "completed");
    assert_eq!(
        told(&events, "online_meeting.recording_ready").len(),
        1,
        "{events:?}"
    );
    let texts = watched.requests("GET", "/content");
    assert_eq!(texts.len(), 1, "one text, read once");
    assert!(held.recording.is_some() && held.transcript.is_some());
    // Nobody else has anything to do about it, until the looks that come anyway.
    assert!(watched.work().await.is_empty());
    assert!(watched.queued().await.is_empty());
}

/// NT-1, NT-3, TS-5, OM-7: activated, met, over: recording and transcript are on the
/// timeline by Microsoft's encrypted notifications alone, and the ledger says so.
#[tokio::test]
async fn encrypted_notifications_bring_recording_and_transcript() {
    Box::pin(assert_walked(true)).await;
}

/// NT-1: the same without encryption, where the deployment wants it so.
#[tokio::test]
async fn plain_notifications_bring_recording_and_transcript() {
    Box::pin(assert_walked(false)).await;
}

/// NT-1: an organisation that does not use Teams is told of nothing.
#[tokio::test]
async fn without_an_integration_nothing_is_subscribed() {
    let practice = Practice::without_teams().await;
    practice.work().await;
    assert_eq!(practice.graph.subscriptions(), []);
}
