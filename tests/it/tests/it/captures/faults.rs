//! A Microsoft or a bucket that refuses something: what can be kept is kept, the
//! meeting says what failed, and a later look gets the rest (OM-7, OM-11).

use convoke_domain::artifact::ArtifactType;
use convoke_platform::blobs::Blobs;
use graph_simulator::{Fault, NewArtifact};
use it::deployed;
use it::practice::{Meeting, Practice, transcript};
use it::process::sdk_config;
use serde_json::{Value, json};

use super::{RECORDINGS, TEXT, TRANSCRIPTS};

/// Planted in Microsoft's answers: nothing of it may reach a caller.
const CANARY: &str = "canary-7f3a-internal";

/// The meeting after its next due look.
async fn looked_again(practice: &Practice, meeting: &Meeting) -> Value {
    let due = practice
        .capture(meeting)
        .await
        .due_at
        .expect("it is looked again");
    practice.clock.set(&due.to_rfc3339());
    practice.look_due().await;
    practice.read_meeting(meeting).await
}

/// OM-7, OM-11: each list fails by itself: the other kind is kept, the failure is
/// told and counts, and the next look gets what is missing.
#[tokio::test]
async fn a_kind_that_fails_keeps_no_other_away() {
    let faults = |path: &str| {
        let on = || Fault::on("GET", path).always();
        [
            ("403", on().error(403, "Forbidden", CANARY)),
            ("404", on().error(404, "NotFound", CANARY)),
            ("429", on().throttle("120")),
            ("503", on().unavailable("120")),
            ("no list", on().respond(200, json!({ "value": CANARY }))),
        ]
    };
    let mut cases = vec![];
    for (kind, path) in [("recording", RECORDINGS), ("transcript", TRANSCRIPTS)] {
        cases.extend(faults(path).map(|(name, fault)| (kind, name, fault)));
    }
    futures_util::future::join_all(cases.into_iter().map(async |(failing, name, fault)| {
        let case = format!("{failing}s: {name}");
        let practice = Practice::open().await;
        let meeting = practice.over().await;
        practice.graph.hold_meeting(&meeting.join_url).unwrap();
        practice.graph.inject(fault);
        let seen = practice.refresh(&meeting).await;
        assert_eq!(seen["status"], "recording_ready", "{case}: {seen}");
        assert_eq!(seen["capture_status"], "waiting", "{case}: {seen}");
        assert_eq!(seen["recording_fetch_attempts"], 1, "{case}: {seen}");
        assert!(seen["error_code"].is_string(), "{case}: {seen}");
        assert!(!seen.to_string().contains(CANARY), "{case}: {seen}");
        let kept = seen["artifacts"].as_array().unwrap();
        assert_eq!(kept.len(), 1, "{case}: {seen}");
        assert_ne!(kept[0]["artifact_type"], failing, "{case}: {seen}");
        practice.graph.clear_faults();
        let seen = looked_again(&practice, &meeting).await;
        assert_eq!(seen["capture_status"], "complete", "{case}: {seen}");
        assert_eq!(seen["recording_fetch_attempts"], 2, "{case}: {seen}");
        assert_eq!(seen.get("error_code"), None, "{case}: {seen}");
        practice.assert_kept_once(&meeting, &case).await;
    }))
    .await;
}

/// OM-7: one transcript's text that fails keeps neither the others' nor its own row away.
#[tokio::test]
async fn a_text_that_fails_keeps_no_other_away() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice
        .graph
        .add_recording(&meeting.join_url, NewArtifact::default())
        .unwrap();
    for at in 0..5 {
        practice
            .graph
            .add_transcript(&meeting.join_url, transcript(&format!("Line {at}")))
            .unwrap();
    }
    practice
        .graph
        .inject(Fault::on("GET", TEXT).nth(2).error(404, "NotFound", CANARY));
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen["status"], "recording_ready", "{seen}");
    assert_eq!(
        (&seen["error_code"], &seen["capture_status"]),
        (&json!("artifact_gone"), &json!("waiting"))
    );
    let stored = practice.stored(&meeting).await;
    let (kept, missing): (Vec<_>, Vec<_>) = stored
        .artifacts
        .iter()
        .filter(|one| one.artifact_type == ArtifactType::Transcript)
        .partition(|one| one.document.is_some());
    assert_eq!((kept.len(), missing.len()), (4, 1));
    // What cannot be read yet has no link to read it by.
    let view = seen["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["artifact_id"] == missing[0].artifact_id.to_string());
    assert_eq!(view.unwrap()["links"], json!({}));
    let seen = looked_again(&practice, &meeting).await;
    assert_eq!(seen["capture_status"], "complete", "{seen}");
    practice.assert_kept_once(&meeting, "the fifth").await;
}

/// OM-7: a text that was known before is fetched though listing fails.
#[tokio::test]
async fn a_known_text_is_fetched_while_lists_fail() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice
        .graph
        .add_transcript(&meeting.join_url, transcript("Good morning."))
        .unwrap();
    practice
        .graph
        .inject(Fault::on("GET", TEXT).error(404, "NotFound", CANARY));
    practice.refresh(&meeting).await;
    practice
        .graph
        .inject(Fault::on("GET", TRANSCRIPTS).error(404, "NotFound", CANARY));
    let seen = practice.refresh(&meeting).await;
    assert_eq!(
        seen["error_code"], "artifact_gone",
        "the list still failed: {seen}"
    );
    practice.assert_kept_once(&meeting, "by its id").await;
}

/// OM-7, OM-11: a bucket that refuses: rows are there, the look counts, and the text
/// is fetched again once the bucket takes it.
#[tokio::test]
async fn a_bucket_that_refuses_loses_nothing() {
    let mut practice = Practice::open().await;
    let meeting = practice.over().await;
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    let stack = deployed::resources();
    let client = convoke_platform::aws::bucket_client(&sdk_config(&stack.aws_endpoint));
    let nowhere = Blobs::new(client, "no-such-bucket-of-convoke");
    let recorder = &mut practice.process.artifact_capture.recorder;
    let bucket = std::mem::replace(&mut recorder.blobs, nowhere);
    assert!(
        practice.look(&meeting).await,
        "the due index brings it again"
    );
    let seen = practice.read_meeting(&meeting).await;
    assert!(seen["error_code"].is_string(), "{seen}");
    assert_eq!(
        (&seen["status"], &seen["recording_fetch_attempts"]),
        (&json!("recording_ready"), &json!(1))
    );
    let stored = practice.stored(&meeting).await;
    assert_eq!(stored.artifacts.len(), 2);
    assert!(stored.artifacts.iter().all(|one| one.document.is_none()));
    practice.process.artifact_capture.recorder.blobs = bucket;
    let seen = looked_again(&practice, &meeting).await;
    assert_eq!(seen["capture_status"], "complete", "{seen}");
    practice.assert_kept_once(&meeting, "a bucket again").await;
}

/// OM-11: a Microsoft that refuses everything, a profile that is gone, an organiser
/// without policy: each look counts, until it is given up.
#[tokio::test]
async fn looks_that_fail_altogether_count() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    practice
        .integrate(&json!({ "install_status": "disabled" }))
        .await;
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen["error_code"], "teams_not_configured", "{seen}");
    assert_eq!(
        (&seen["status"], &seen["recording_fetch_attempts"]),
        (&json!("recording_pending"), &json!(1))
    );
    practice.integrate(&json!({})).await;
    for attempts in 2..=4 {
        let refused = Fault::on("GET", "/v1.0/users/*/onlineMeetings/**").always();
        practice
            .graph
            .inject(refused.error(403, "Forbidden", CANARY));
        let seen = looked_again(&practice, &meeting).await;
        assert_eq!(seen["recording_fetch_attempts"], attempts, "{seen}");
        assert!(seen["error_code"].is_string(), "{seen}");
    }
    practice.graph.clear_faults();
    looked_again(&practice, &meeting).await;
    practice.assert_kept_once(&meeting, "mended").await;
}
