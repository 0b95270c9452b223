//! XC-8: calls that race, or die at any moment, leave neither an orphan nor a
//! stale or second event.

use std::time::Duration;

use futures_util::future::join_all;
use it::office::Office;
use serde_json::json;

/// Killed at any moment of scheduling, cancelling and deleting.
#[tokio::test]
async fn a_kill_at_any_moment_leaves_nothing_wrong() {
    let case = async |round: u64| {
        let office = Office::open().await;
        office
            .graph
            .configure(|behaviour| behaviour.latency_ms = 15);
        let id = office.create(&json!({})).await;
        let patience = Duration::from_millis(4 * round);
        let _ = tokio::time::timeout(patience, office.schedule(&id)).await;
        let _ = tokio::time::timeout(
            patience,
            office.patch(&id, &json!({ "title": "Another title" })),
        )
        .await;
        if round.is_multiple_of(2) {
            let _ = tokio::time::timeout(patience, office.cancel(&id)).await;
        }
        office.settle().await;
        office.assert_in_step(&id, &format!("round {round}")).await;
    };
    for rounds in (1..=40).collect::<Vec<_>>().chunks(4) {
        join_all(rounds.iter().map(|round| case(*round))).await;
    }
}

/// Twenty callers at once: one event, one POST; the others hear that it is being done.
#[tokio::test]
async fn twenty_callers_at_once_make_one_event() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    let answers = join_all((0..20).map(|_| office.schedule(&id))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(done >= 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.problem(409), "provider_call_in_progress");
    }
    office.settle().await;
    office.assert_in_step(&id, "twenty callers").await;
    assert_eq!(office.requests("POST", "/events").len(), 1);
}

/// Scheduling races with cancel, delete, provider and title changes.
#[tokio::test]
async fn races_leave_neither_orphans_nor_stale_events() {
    for already_there in [false, true] {
        for case in ["title", "start", "cancel", "delete", "provider"] {
            for head_start in [0, 30, 60] {
                let office = Office::open().await;
                office
                    .graph
                    .configure(|behaviour| behaviour.latency_ms = 20);
                let id = if already_there {
                    office.scheduled(&json!({})).await
                } else {
                    office.create(&json!({})).await
                };
                let other = async {
                    tokio::time::sleep(Duration::from_millis(head_start)).await;
                    match case {
                        "title" => {
                            office
                                .patch(&id, &json!({ "title": "Another title" }))
                                .await
                        }
                        "start" => {
                            office
                                .patch(&id, &json!({ "start": "2027-06-15T09:00" }))
                                .await
                        }
                        "provider" => office.patch(&id, &json!({ "provider": "ics" })).await,
                        "cancel" => office.cancel(&id).await,
                        _ => office.delete(&id).await,
                    }
                };
                let (scheduled, other) = tokio::join!(office.schedule(&id), other);
                let name = format!("{case} after {head_start} ms, already there: {already_there}");
                assert!(
                    matches!(scheduled.status, 200 | 404 | 409),
                    "{name}: {scheduled:?}"
                );
                assert!(matches!(other.status, 200 | 204), "{name}: {other:?}");
                office.settle().await;
                office.assert_in_step(&id, &name).await;
            }
        }
    }
}
