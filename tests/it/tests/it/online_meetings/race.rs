//! Staff who come at once: one meeting, one event or none, and nothing lost
//! (XC-4, XC-5, XC-8).

use std::time::Duration;

use futures_util::future::join_all;
use it::practice::{Meeting, Practice, meeting_of, told};
use serde_json::json;

/// XC-4, OM-4: twenty requests with one key make one meeting, and answer the same.
#[tokio::test]
async fn twenty_requests_with_one_key_make_one_meeting() {
    let practice = Practice::open().await;
    practice
        .graph
        .configure(|behaviour| behaviour.latency_ms = 30);
    let order = practice.meeting_event("POST", "", Some(&Practice::plan(&json!({}))));
    let order = order.header("idempotency-key", "one");
    let answers = join_all((0..20).map(|_| practice.process.api(order.clone()))).await;
    let (made, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert!(!made.is_empty(), "{answers:?}");
    for answer in busy {
        assert_eq!(answer.problem(409), "request_in_progress");
    }
    let replayed = practice.process.api(order).await;
    for answer in made {
        assert_eq!(answer.body, replayed.body);
    }
    let events = practice.settle().await;
    assert_eq!(practice.requests("POST", "/events").len(), 1);
    assert_eq!(practice.on_calendar().len(), 1);
    for kind in [
        "online_meeting.scheduled",
        "interaction.created",
        "schedule_entry.created",
    ] {
        assert_eq!(told(&events, kind).len(), 1, "{kind}: {events:?}");
    }
    let seen = practice
        .read_meeting(&meeting_of(&replayed.expect(201)))
        .await;
    assert_eq!(seen["remote_state"], "in_step");
}

/// XC-5, OM-4: twenty without a key make twenty. A mailbox takes four calls at once:
/// whoever it had no time for is told so, and leaves nothing behind.
#[tokio::test]
async fn twenty_requests_make_twenty_meetings() {
    let practice = Practice::open().await;
    let plan = Practice::plan(&json!({ "create_schedule_entry": false }));
    let mut ids = vec![];
    for _ in 0..5 {
        let missing = (ids.len()..20).map(|_| practice.meetings("POST", "", Some(&plan)));
        for answer in join_all(missing).await {
            if answer.status == 503 {
                assert_eq!(answer.json()["code"], "graph_unavailable");
                continue;
            }
            ids.push(meeting_of(&answer.expect(201)).id);
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    practice.settle().await;
    assert_eq!(practice.on_calendar().len(), 20);
}

async fn assert_in_step(practice: &Practice, meeting: &Meeting, case: &str) {
    assert_eq!(
        practice.outstanding().await,
        Vec::<serde_json::Value>::new(),
        "{case}"
    );
    practice.assert_never_two_events(case);
    let seen = practice.read_meeting(meeting).await;
    let live = practice.on_calendar();
    let path = format!("/api/v1/interactions/{}", meeting.id);
    let interaction = practice
        .process
        .api(practice.staff("GET", &path, None))
        .await
        .expect(200);
    let has_entry = practice
        .entries("GET", &format!("/{}", meeting.id), None)
        .await
        .status
        == 200;
    if seen["status"] == "cancelled" {
        assert_eq!(live, [], "{case}: an orphan");
        assert!(!has_entry, "{case}: {seen}");
        assert_eq!(interaction["status"], "cancelled", "{case}");
        assert_eq!(seen["join_url"], json!(null), "{case}");
        return;
    }
    assert_eq!(live.len(), 1, "{case}: {live:?}");
    assert_eq!(seen["remote_state"], "in_step", "{case}: {seen}");
    assert!(has_entry, "{case}");
    for (shown, name) in [(live[0].start, "start_time"), (live[0].end, "end_time")] {
        assert_eq!(shown, it::requests::instant(&seen[name]), "{case}: {name}");
        assert_eq!(interaction[name], seen[name], "{case}: {name}");
    }
}

/// XC-5, XC-8: moves, cancellations, a deleted interaction and refreshes at once, a
/// little later each time, before the start and while it goes on: never an orphan.
#[tokio::test]
async fn commands_that_race_end_in_step() {
    let first = json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:30:00Z" });
    let second = json!({ "start": "2026-12-03T09:00:00Z", "end": "2026-12-03T10:30:00Z" });
    let mut cases = vec![];
    for head_start in [0, 20, 60] {
        for at in [None, Some(Meeting::BETWEEN)] {
            cases.push((head_start, at));
        }
    }
    join_all(cases.into_iter().map(async |(head_start, at)| {
        let case = format!("{head_start} ms, at {at:?}");
        for is_cancelled in [true, false] {
            let practice = Practice::open().await;
            let meeting = practice.met(&json!({})).await;
            practice.graph.hold_meeting(&meeting.join_url).unwrap();
            if let Some(at) = at {
                practice.clock.set(at);
                practice.refresh(&meeting).await;
            }
            let kept = practice.stored(&meeting).await.artifacts;
            practice
                .graph
                .configure(|behaviour| behaviour.latency_ms = 20);
            let tell = async |turn: u32, command: &str, body| {
                tokio::time::sleep(Duration::from_millis(head_start) * turn).await;
                practice.tell_meeting(&meeting, command, body).await
            };
            let (a, b, c, d) = tokio::join!(
                tell(0, "reschedule", Some(&first)),
                tell(1, "refresh-recordings", None),
                tell(
                    2,
                    if is_cancelled {
                        "cancel"
                    } else {
                        "refresh-recordings"
                    },
                    None
                ),
                tell(3, "reschedule", Some(&second)),
            );
            for answer in [a, b, c, d] {
                assert!(matches!(answer.status, 200 | 409), "{case}: {answer:?}");
            }
            practice.settle().await;
            assert_in_step(&practice, &meeting, &case).await;
            let now = practice.stored(&meeting).await.artifacts;
            assert!(
                kept.iter().all(|one| now.contains(one)),
                "{case}: {kept:?}, {now:?}"
            );
        }
    }))
    .await;
}
