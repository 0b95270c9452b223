//! Many who look at once, and commands that come between: one row and one document
//! per artifact, and nothing lost (OM-7, XC-5).

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use graph_simulator::NewArtifact;
use it::practice::{Meeting, Practice, told, transcript};
use serde_json::json;

/// Longer than a claim holds.
const LEASE_IS_OVER: TimeDelta = TimeDelta::seconds(91);
/// Recordings, and transcripts, of a meeting.
const OF_EACH: usize = 3;

fn hold(practice: &Practice, meeting: &Meeting) {
    for at in 0..OF_EACH {
        practice
            .graph
            .add_recording(&meeting.join_url, NewArtifact::default())
            .unwrap();
        practice
            .graph
            .add_transcript(&meeting.join_url, transcript(&format!("Line {at}")))
            .unwrap();
    }
}

async fn look(practice: &Practice, meeting: &Meeting, is_asked: bool) {
    if is_asked {
        practice.refresh(meeting).await;
    } else {
        assert!(practice.look(meeting).await);
    }
}

/// OM-7: a hundred looks at once, of people, of the queue, of both.
#[tokio::test]
async fn a_hundred_looks_at_once_keep_everything_once() {
    for (case, is_asked) in [
        ("people", (|_| true) as fn(usize) -> bool),
        ("messages", |_| false),
        ("both", |at| at % 2 == 0),
    ] {
        let practice = Practice::open().await;
        let meeting = practice.over().await;
        hold(&practice, &meeting);
        let lookers = (0..100).map(|at| look(&practice, &meeting, is_asked(at)));
        join_all(lookers).await;
        let events = practice.look_due().await;
        practice.assert_kept_once(&meeting, case).await;
        practice.assert_no_other_pointers(&meeting, case).await;
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("recording_ready"), &json!("complete")),
            "{case}"
        );
        let attempts = seen["recording_fetch_attempts"].as_u64().unwrap();
        assert!((1..=100).contains(&attempts), "{case}: {attempts}");
        if case == "messages" {
            assert_eq!(attempts, 1, "a message that comes again finds nothing due");
        }
        assert_eq!(
            told(&events, "online_meeting.recording_ready").len(),
            1,
            "{case}: {events:?}"
        );
    }
}

/// OM-7: claims only save work: with every look taking its predecessor for dead, all
/// of them at work at once come to the same.
#[tokio::test]
async fn looks_without_claims_keep_everything_once() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    hold(&practice, &meeting);
    practice
        .graph
        .configure(|behaviour| behaviour.latency_ms = 60);
    let lookers = (0..20).map(async |at: usize| {
        let turn = u64::try_from(at).unwrap();
        tokio::time::sleep(Duration::from_millis(25 * turn)).await;
        practice.clock.advance(LEASE_IS_OVER);
        look(&practice, &meeting, at.is_multiple_of(2)).await;
    });
    join_all(lookers).await;
    practice
        .graph
        .configure(|behaviour| behaviour.latency_ms = 0);
    practice.clock.advance(LEASE_IS_OVER);
    let events = practice.look_due().await;
    practice.assert_kept_once(&meeting, "without claims").await;
    practice
        .assert_no_other_pointers(&meeting, "without claims")
        .await;
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("complete"))
    );
    let attempts = seen["recording_fetch_attempts"].as_u64().unwrap();
    assert!((1..=21).contains(&attempts), "{attempts}");
    assert_eq!(
        told(&events, "online_meeting.recording_ready").len(),
        1,
        "{events:?}"
    );
}

/// OM-7, OM-11, OM-12: a look that is overtaken by a move, a cancellation or another
/// edit writes nothing of an old date over it, and loses no artifact.
#[tokio::test]
async fn commands_that_come_during_a_look_count() {
    let times = json!({ "start": "2026-12-20T09:00:00Z", "end": "2026-12-20T10:00:00Z" });
    for (command, body) in [
        ("reschedule", Some(&times)),
        ("cancel", None),
        ("refresh-recordings", None),
    ] {
        for head_start in [0, 40, 120] {
            let case = format!("{command} after {head_start} ms");
            let practice = Practice::open().await;
            let meeting = practice.met(&json!({})).await;
            hold(&practice, &meeting);
            practice.clock.set(Meeting::BETWEEN);
            practice
                .graph
                .configure(|behaviour| behaviour.latency_ms = 30);
            let later = async {
                tokio::time::sleep(Duration::from_millis(head_start)).await;
                practice.tell_meeting(&meeting, command, body).await
            };
            let (_, answer) = tokio::join!(practice.refresh(&meeting), later);
            answer.expect(200);
            practice.settle().await;
            let seen = practice.read_meeting(&meeting).await;
            let (status, capture, live) = match command {
                "reschedule" => ("scheduled", "scheduled", 1),
                "cancel" => ("cancelled", "none", 0),
                _ => ("recording_ready", "complete", 1),
            };
            assert_eq!(
                (&seen["status"], &seen["capture_status"]),
                (&json!(status), &json!(capture)),
                "{case}: {seen}"
            );
            assert_eq!(seen["recording_fetch_attempts"], 0, "{case}");
            assert_eq!(practice.on_calendar().len(), live, "{case}");
            if command != "cancel" {
                practice.refresh(&meeting).await;
            }
            if command == "refresh-recordings" {
                practice.assert_kept_once(&meeting, &case).await;
            }
        }
    }
}
