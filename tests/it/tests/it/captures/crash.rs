//! Looks that die at any step: the due index brings the meeting again, and all is
//! there once (XC-7, OM-7).

use chrono::TimeDelta;
use graph_simulator::{Fault, NewArtifact};
use it::death::Moment;
use it::practice::{Meeting, Practice, told, transcript};
use serde_json::json;

use super::{RECORDINGS, TEXT, TRANSCRIPTS};

/// Longer than a claim holds.
const LEASE_IS_OVER: TimeDelta = TimeDelta::seconds(91);

async fn held() -> (Practice, Meeting) {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice
        .graph
        .add_recording(&meeting.join_url, NewArtifact::default())
        .unwrap();
    for line in ["Good morning.", "Good evening."] {
        practice
            .graph
            .add_transcript(&meeting.join_url, transcript(line))
            .unwrap();
    }
    (practice, meeting)
}

/// Nobody meddles while the dead one may live; after that all is there, and told.
async fn assert_finished(practice: &Practice, meeting: &Meeting, case: &str) {
    let mut events = practice.work().await;
    practice.clock.advance(LEASE_IS_OVER);
    events.extend(practice.look_due().await);
    practice.assert_kept_once(meeting, case).await;
    let seen = practice.read_meeting(meeting).await;
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("complete")),
        "{case}: {seen}"
    );
    assert_eq!(
        seen["recording_fetch_attempts"], 1,
        "{case}: only what was written down counts"
    );
    assert_eq!(
        told(&events, "online_meeting.recording_ready").len(),
        1,
        "{case}: {events:?}"
    );
    practice.clock.advance(TimeDelta::minutes(1));
    assert!(practice.look_due().await.is_empty(), "{case}");
}

/// XC-7, OM-7: dropped at each call to Microsoft, before and after its effect.
#[tokio::test]
async fn a_look_that_is_dropped_at_a_call_is_made_again() {
    let steps = [
        ("a token", "POST", "**/token"),
        ("recordings", "GET", RECORDINGS),
        ("transcripts", "GET", TRANSCRIPTS),
        ("a text", "GET", TEXT),
    ];
    for (at, (step, method, path)) in steps.into_iter().enumerate() {
        for lands in [false, true] {
            // People's looks and the queue's, in turns.
            let is_asked = lands == at.is_multiple_of(2);
            let case = format!("{step}, lands: {lands}, asked: {is_asked}");
            let (practice, meeting) = held().await;
            practice.graph.expire_tokens();
            practice.graph.clear_received();
            let fault = Fault::on(method, path).hang();
            practice
                .graph
                .inject(if lands { fault.after() } else { fault });
            let dying = async {
                if is_asked {
                    practice.refresh(&meeting).await;
                } else {
                    practice.look(&meeting).await;
                }
            };
            tokio::select! {
                () = dying => panic!("{case}: nothing hung"),
                () = practice.until_hanging() => {}
            }
            practice.graph.clear_faults();
            let seen = practice.read_meeting(&meeting).await;
            assert_eq!(
                seen["capture_status"], "running",
                "{case}: nobody knows yet"
            );
            practice.graph.clear_received();
            assert!(practice.look(&meeting).await, "{case}");
            assert_eq!(
                practice.graph.received().len(),
                0,
                "{case}: it may still live"
            );
            assert_finished(&practice, &meeting, &case).await;
        }
    }
}

/// XC-7, OM-7: a process that dies at any call to table or bucket, before and after
/// its effect; another one makes the look.
#[tokio::test]
async fn a_process_that_dies_at_any_write_loses_nothing() {
    let mut deaths = 0;
    for (operation, most) in [("TransactWriteItems", 8), ("PutObject", 3)] {
        for nth in 1..=most {
            for moment in [Moment::Before, Moment::After] {
                let case = format!("{operation} {nth}, {moment:?}");
                let (practice, meeting) = held().await;
                let mortal = practice.another_process();
                mortal.death.at(operation, nth, moment);
                let is_done = mortal.capture(&practice.org, &meeting.job()).await;
                if !mortal.death.has_come() {
                    assert!(is_done, "{case}");
                    continue;
                }
                deaths += 1;
                // A message that failed comes again at once.
                assert!(practice.look(&meeting).await, "{case}");
                assert_finished(&practice, &meeting, &case).await;
            }
        }
    }
    // The claim, three rows, two texts and the outcome are written, at least.
    assert!(deaths >= 16, "{deaths}");
}
