//! When is looked, and when that ends (OM-11).

use chrono::{DateTime, TimeDelta, Utc};
use graph_simulator::NewArtifact;
use it::practice::{Meeting, Practice, told, transcript};
use it::schemas::assert_fits_schema;
use serde_json::{Value, json};

/// Goes from one due look to the next until there is none: when they were, and
/// what was told.
async fn look_to_the_end(
    practice: &Practice,
    meeting: &Meeting,
) -> (Vec<DateTime<Utc>>, Vec<Value>) {
    let (mut looks, mut events) = (vec![], vec![]);
    while let Some(due) = practice.capture(meeting).await.due_at {
        assert!(looks.len() < 40, "looks without end: {looks:?}");
        // A message that comes early finds nothing to do.
        if practice.now() < due {
            practice.graph.clear_received();
            assert!(practice.look(meeting).await);
            assert_eq!(practice.graph.received().len(), 0, "before it is due");
        }
        practice.clock.set(&due.to_rfc3339());
        looks.push(due);
        events.extend(practice.look_due().await);
    }
    (looks, events)
}

fn end() -> DateTime<Utc> {
    Meeting::END.parse().unwrap()
}

/// OM-11: looks come at the end and ever more slowly, past two days; then it is said
/// once that there is nothing. A later refresh still finds something, and says so.
#[tokio::test]
async fn looks_end_in_no_recording_and_a_later_one_may_find_something() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let (looks, events) = look_to_the_end(&practice, &meeting).await;
    assert_eq!(looks.len(), 14, "{looks:?}");
    assert_eq!(looks[0], end());
    let waits: Vec<_> = looks.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(waits.is_sorted(), "{waits:?}");
    assert!(*looks.last().unwrap() - end() > TimeDelta::hours(48));
    let none = told(&events, "online_meeting.no_recording");
    assert_eq!(none.len(), 1, "{events:?}");
    assert_fits_schema("online_meeting.no_recording", &none[0]["detail"]);
    assert!(told(&events, "online_meeting.recording_ready").is_empty());
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("no_recording"), &json!("closed"))
    );
    assert_eq!(seen["recording_fetch_attempts"], 14);

    // Nobody looks by themselves any more, and a refresh that finds nothing says so once more to nobody.
    practice.clock.advance(TimeDelta::days(3));
    assert_eq!(practice.look_due().await, Vec::<Value>::new());
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen["status"], "no_recording");
    assert_eq!(practice.look_due().await, Vec::<Value>::new());
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    let seen = practice.refresh(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("complete"))
    );
    let events = practice.look_due().await;
    let ready = told(&events, "online_meeting.recording_ready");
    assert_eq!(ready.len(), 1, "{events:?}");
    assert_fits_schema("online_meeting.recording_ready", &ready[0]["detail"]);
    practice.assert_kept_once(&meeting, "late").await;
}

/// OM-11: with one kind there, the other is looked for until the window closes; the
/// status stays, and each news is told.
#[tokio::test]
async fn a_missing_kind_is_looked_for_until_the_window_closes() {
    let recording = (Some(NewArtifact::default()), None);
    let text = (None, Some(transcript("Good morning.")));
    for (first, second) in [(recording.clone(), text.clone()), (text, recording)] {
        let practice = Practice::open().await;
        let meeting = practice.over().await;
        practice
            .graph
            .hold_meeting_with(&meeting.join_url, first.0, first.1)
            .unwrap();
        let events = practice.look_due().await;
        assert_eq!(
            told(&events, "online_meeting.recording_ready").len(),
            1,
            "{events:?}"
        );
        for _ in 0..3 {
            let due = practice.capture(&meeting).await.due_at.expect("it goes on");
            practice.clock.set(&due.to_rfc3339());
            let events = practice.look_due().await;
            assert!(
                told(&events, "online_meeting.recording_ready").is_empty(),
                "{events:?}"
            );
            let seen = practice.read_meeting(&meeting).await;
            assert_eq!(
                (&seen["status"], &seen["capture_status"]),
                (&json!("recording_ready"), &json!("waiting"))
            );
        }
        practice
            .graph
            .hold_meeting_with(&meeting.join_url, second.0, second.1)
            .unwrap();
        let (looks, events) = look_to_the_end(&practice, &meeting).await;
        assert_eq!(
            told(&events, "online_meeting.recording_ready").len(),
            1,
            "{events:?}"
        );
        assert!(
            told(&events, "online_meeting.no_recording").is_empty(),
            "{events:?}"
        );
        // Complete: looked at some hours later and at the window's end once more.
        assert_eq!(looks.len(), 3, "{looks:?}");
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("recording_ready"), &json!("complete"))
        );
        practice.assert_kept_once(&meeting, "both").await;
    }
}

/// OM-11: a kind that never comes ends the looks as well; what is there stays ready.
#[tokio::test]
async fn a_kind_that_never_comes_ends_the_looks() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    practice
        .graph
        .hold_meeting_with(&meeting.join_url, Some(NewArtifact::default()), None)
        .unwrap();
    let (looks, events) = look_to_the_end(&practice, &meeting).await;
    assert_eq!(looks.len(), 14, "{looks:?}");
    assert_eq!(told(&events, "online_meeting.recording_ready").len(), 1);
    assert!(told(&events, "online_meeting.no_recording").is_empty());
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_ready"), &json!("closed"))
    );
}

/// OM-11: rescheduling starts over, before the window closed and after: attempts,
/// status and looks are of the new date, and what the old one had stays.
#[tokio::test]
async fn rescheduling_starts_over() {
    let times = json!({ "start": "2026-12-20T09:00:00Z", "end": "2026-12-20T10:00:00Z" });
    for (case, is_held, to_the_end) in [
        ("given up", false, true),
        ("ready", true, false),
        ("waiting", false, false),
    ] {
        let practice = Practice::open().await;
        let meeting = practice.over().await;
        if is_held {
            practice.graph.hold_meeting(&meeting.join_url).unwrap();
        }
        practice.look_due().await;
        if to_the_end {
            look_to_the_end(&practice, &meeting).await;
        }
        practice
            .tell_meeting(&meeting, "reschedule", Some(&times))
            .await
            .expect(200);
        practice.work().await;
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("scheduled"), &json!("scheduled")),
            "{case}"
        );
        assert_eq!(seen["recording_fetch_attempts"], 0, "{case}");
        let kept = usize::from(is_held) * 2;
        assert_eq!(seen["artifacts"].as_array().unwrap().len(), kept, "{case}");
        // Nothing is looked for before the new end.
        practice.graph.clear_received();
        practice.clock.set("2026-12-20T08:59:59Z");
        practice.look_due().await;
        practice.refresh(&meeting).await;
        assert_eq!(practice.requests("GET", "/recordings").len(), 0, "{case}");
        let (from, to) = ("2026-12-20T09:02:00Z", "2026-12-20T09:58:00Z");
        let of_now =
            |artifact: NewArtifact| artifact.made(from.parse().unwrap(), to.parse().unwrap());
        practice.clock.set("2026-12-20T10:00:00Z");
        let events = practice.look_due().await;
        assert!(
            told(&events, "online_meeting.recording_ready").is_empty(),
            "{case}: {events:?}"
        );
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("recording_pending"), &json!("waiting")),
            "{case}"
        );
        assert_eq!(seen["recording_fetch_attempts"], 1, "{case}");
        let (recording, text) = (NewArtifact::default(), transcript("The second time."));
        practice
            .graph
            .hold_meeting_with(
                &meeting.join_url,
                Some(of_now(recording)),
                Some(of_now(text)),
            )
            .unwrap();
        practice.clock.set("2026-12-20T10:05:00Z");
        let events = practice.look_due().await;
        assert_eq!(
            told(&events, "online_meeting.recording_ready").len(),
            1,
            "{case}: {events:?}"
        );
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("recording_ready"), &json!("complete")),
            "{case}"
        );
        assert_eq!(
            seen["artifacts"].as_array().unwrap().len(),
            kept + 2,
            "{case}"
        );
        practice.assert_kept_once(&meeting, case).await;
    }
}

/// OM-11: what was made of the earlier date, but seen only after the move, does not
/// end the looks for the new one.
#[tokio::test]
async fn what_is_seen_late_of_an_earlier_date_ends_no_look() {
    let practice = Practice::open().await;
    let meeting = practice.over().await;
    practice.graph.hold_meeting(&meeting.join_url).unwrap();
    let times = json!({ "start": "2026-12-20T09:00:00Z", "end": "2026-12-20T10:00:00Z" });
    let moved = practice.tell_meeting(&meeting, "reschedule", Some(&times));
    moved.await.expect(200);
    practice.clock.set("2026-12-20T10:00:00Z");
    practice.look_due().await;
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(seen["artifacts"].as_array().unwrap().len(), 2, "{seen}");
    assert_eq!(
        (&seen["status"], &seen["capture_status"]),
        (&json!("recording_pending"), &json!("waiting"))
    );
    practice.assert_kept_once(&meeting, "seen late").await;
}

/// OM-11, OM-12: a meeting that only runs longer keeps what was made of it so far.
#[tokio::test]
async fn a_meeting_that_runs_longer_keeps_what_it_has() {
    for is_seen in [false, true] {
        let practice = Practice::open().await;
        let meeting = practice.met(&json!({})).await;
        practice.graph.hold_meeting(&meeting.join_url).unwrap();
        practice.clock.set(Meeting::BETWEEN);
        if is_seen {
            practice.refresh(&meeting).await;
        }
        let longer = json!({ "start": Meeting::START, "end": "2026-12-01T11:00:00Z" });
        let moved = practice.tell_meeting(&meeting, "reschedule", Some(&longer));
        moved.await.expect(200);
        practice.clock.set(Meeting::AFTER);
        assert_eq!(practice.due_looks(practice.now()).await.len(), 0, "not yet");
        practice.clock.set("2026-12-01T11:00:00Z");
        practice.look_due().await;
        let seen = practice.read_meeting(&meeting).await;
        assert_eq!(
            (&seen["status"], &seen["capture_status"]),
            (&json!("recording_ready"), &json!("complete")),
            "seen before: {is_seen}"
        );
        practice.assert_kept_once(&meeting, "longer").await;
    }
}
