//! Whether there is anything to look for yet, and how long a refresh may take
//! (OM-12).

use std::time::{Duration, Instant};

use graph_simulator::{Fault, NewArtifact};
use it::practice::{Meeting, Practice, told, transcript};
use serde_json::{Value, json};

use super::TEXT;

/// Requests to Graph about recordings and transcripts.
fn looks(practice: &Practice) -> usize {
    practice.requests("GET", "/recordings").len() + practice.requests("GET", "/transcripts").len()
}

/// OM-12: before the start nobody at Microsoft is asked, whoever asks here.
#[tokio::test]
async fn nothing_is_looked_for_before_the_start() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    practice.graph.clear_received();
    let before = practice.read_meeting(&meeting).await;
    practice.clock.set("2026-12-01T08:59:59Z");
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen, before);
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("scheduled"), &json!("scheduled"))
    );
    assert!(practice.look(&meeting).await);
    assert_eq!(practice.look_due().await, Vec::<Value>::new());
    assert_eq!(practice.graph.received().len(), 0);
    assert_eq!(practice.read_meeting(&meeting).await, before);
}

/// OM-12: between start and end what exists is kept, and nothing is counted or given up.
#[tokio::test]
async fn between_start_and_end_nothing_is_counted() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    practice.clock.set(Meeting::BETWEEN);
    for _ in 0..20 {
        let seen = practice.refresh(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("scheduled"), &json!("scheduled")),
            "{seen}"
        );
        assert_eq!(seen["recording_fetch_attempts"], 0, "{seen}");
        assert_eq!(seen["last_fetch_at"], Meeting::BETWEEN, "{seen}");
    }
    practice
        .graph
        .add_recording(&meeting.join_url, NewArtifact::default())
        .unwrap();
    let seen = practice.refresh(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["recording_fetch_attempts"]),
        (&json!("recording_ready"), &json!(0))
    );
    assert_eq!(
        told(&practice.work().await, "online_meeting.recording_ready").len(),
        1
    );
    assert_eq!(
        practice.due_looks(practice.now()).await.len(),
        0,
        "until the end"
    );
    let path = format!("/api/v1/interactions/{}", meeting.id);
    let planned = practice
        .process
        .api(practice.staff("GET", &path, None))
        .await
        .expect(200);
    assert_eq!(planned["status"], "planned");
    // The end is looked at as for any other.
    practice
        .graph
        .add_transcript(&meeting.join_url, transcript("At the end."))
        .unwrap();
    practice.clock.set(Meeting::END);
    practice.look_due().await;
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["capture_status"], &seen["recording_fetch_attempts"]),
        (&json!("complete"), &json!(1))
    );
    practice.assert_kept_once(&meeting, "both").await;
}

/// OM-12: a cancelled meeting is looked for by nobody, and shows nothing; one that has
/// taken place is not cancelled any more.
#[tokio::test]
async fn a_cancelled_meeting_is_skipped() {
    for at in ["2026-12-01T08:00:00Z", Meeting::BETWEEN] {
        let practice = Practice::open().await;
        let meeting = practice.met(&json!({})).await;
        practice.graph.hold_meeting(&meeting.join_url).unwrap();
        practice.clock.set(at);
        practice.refresh(&meeting).await;
        practice
            .tell_meeting(&meeting, "cancel", None)
            .await
            .expect(200);
        practice.work().await;
        practice.clock.set(Meeting::AFTER);
        practice.graph.clear_received();
        let seen = practice.refresh(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("cancelled"), &json!("none")),
            "{at}"
        );
        assert_eq!(seen["artifacts"], json!([]), "{at}");
        assert!(practice.look(&meeting).await);
        assert_eq!(practice.look_due().await, Vec::<Value>::new());
        assert_eq!(looks(&practice), 0, "{at}");
    }
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    practice.refresh(&meeting).await;
    let refused = practice.tell_meeting(&meeting, "cancel", None).await;
    assert_eq!(refused.problem(409), "online_meeting_over");
    practice.assert_kept_once(&meeting, "over").await;
    assert_eq!(practice.on_calendar().len(), 1);
}

/// OM-12: a refresh answers within 20 s and says that it goes on; the queue has the
/// rest, which the next look does.
#[tokio::test]
async fn a_refresh_leaves_what_takes_too_long_to_the_queue() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice
        .graph
        .add_recording(&meeting.join_url, NewArtifact::default())
        .unwrap();
    for at in 0..9 {
        practice
            .graph
            .add_transcript(&meeting.join_url, transcript(&format!("Line {at}")))
            .unwrap();
    }
    practice
        .graph
        .inject(Fault::on("GET", TEXT).always().delay_ms(7_500));
    let begun = Instant::now();
    let seen = practice.refresh(&meeting).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("running")),
        "{seen}"
    );
    assert_eq!(
        seen["recording_fetch_attempts"], 0,
        "it is not through yet: {seen}"
    );
    let there = seen["artifacts"].as_array().unwrap();
    assert_eq!(there.len(), 10, "{seen}");
    let texts = there
        .iter()
        .filter(|one| one["document_id"].is_string())
        .count();
    assert!((1..9).contains(&texts), "{seen}");
    assert_eq!(
        practice.due_looks(practice.now()).await.len(),
        1,
        "the sweep finds it too"
    );
    practice.graph.clear_faults();
    practice.work().await;
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(
        seen["capture_status"], "complete",
        "the queue did the rest: {seen}"
    );
    assert_eq!(seen["recording_fetch_attempts"], 1, "{seen}");
    practice.assert_kept_once(&meeting, "in two goes").await;
}
