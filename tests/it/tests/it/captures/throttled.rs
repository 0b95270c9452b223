//! A table that throttles in the middle of a look: the message comes again, and
//! everything is there once (OM-7, XC-7).

use chrono::TimeDelta;
use convoke_services::capture::Recorder;
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use graph_simulator::NewArtifact;
use it::practice::{Practice, transcript};
use it::throttle::Throttle;
use serde_json::json;

/// A recorder whose table throttles.
fn throttled(practice: &Practice, throttle: &Throttle) -> Recorder {
    let process = &practice.process;
    let store = throttle.store(&process.site);
    let core = Core::new(store, process.ports.clone());
    let recorder = &process.artifact_capture.recorder;
    Recorder {
        desk: Desk::new(core, process.microsoft.clone(), "convoke.example", None),
        blobs: recorder.blobs.clone(),
        policy: recorder.policy,
    }
}

/// OM-7, XC-7: throttled at each write of a look, beyond the SDK's patience: a later
/// look finishes, nothing is lost, nothing is there twice.
#[tokio::test]
async fn a_table_that_throttles_loses_nothing() {
    let mut throttled_at = 0;
    for writes in 0..8 {
        let case = format!("after {writes} writes");
        let mut practice = Practice::open().await;
        let meeting = practice.over().await;
        practice
            .graph
            .add_recording(&meeting.join_url, NewArtifact::default())
            .unwrap();
        practice
            .graph
            .add_transcript(&meeting.join_url, transcript("Good morning."))
            .unwrap();
        let throttle = Throttle::after("TransactWriteItems", writes, 1).await;
        let recorder = throttled(&practice, &throttle);
        let usual = std::mem::replace(&mut practice.process.artifact_capture.recorder, recorder);
        practice.look(&meeting).await;
        throttled_at += u32::from(throttle.is_over());
        practice.process.artifact_capture.recorder = usual;
        // A claim that nobody lifted runs out; what failed is looked at when it is due.
        practice.clock.advance(TimeDelta::minutes(10));
        practice.look_due().await;
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("recording_ready"), &json!("complete")),
            "{case}: {seen}"
        );
        practice.assert_kept_once(&meeting, &case).await;
    }
    // The claim, two rows, a text and the outcome.
    assert!(throttled_at >= 5, "{throttled_at}");
}
