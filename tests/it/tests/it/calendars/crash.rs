//! A worker that dies between writing, calling and writing (XC-7, XC-8).

use it::death::Moment;
use it::practice::HOST;
use serde_json::json;

use super::diary::{ANN, Diary, sync_job, text};

/// XC-8, IV-6: wherever a worker dies, the next one finishes: one event, with the
/// last state, or none.
#[tokio::test]
async fn a_worker_that_dies_leaves_no_second_event() {
    for (change, expected) in [
        ("none", Some("Quarterly review")),
        ("title", Some("Changed")),
        ("cancel", None),
    ] {
        for nth in 1..=4 {
            for moment in [Moment::Before, Moment::After] {
                die(change, expected, nth, moment).await;
            }
        }
    }
}

async fn die(change: &str, expected: Option<&str>, nth: u32, moment: Moment) {
    let case = format!("{change}, write {nth}, {moment:?}");
    let diary = Diary::connected().await;
    let session = diary.practice.planned(&json!({})).await;
    let id = session["meeting_id"].as_str().unwrap();
    let doomed = diary.another();
    doomed.death.at("TransactWriteItems", nth, moment);
    let org = &diary.practice.org;
    Box::pin(doomed.deliver(org, &sync_job("session", id), false)).await;
    match change {
        "title" => {
            let body = json!({ "title": "Changed" });
            diary
                .practice
                .session("PATCH", id, "", Some(&body))
                .await
                .expect(200);
        }
        "cancel" => {
            diary
                .practice
                .session("POST", id, "/cancel", Some(&json!({})))
                .await
                .expect(200);
        }
        _ => {}
    }
    diary.settle().await;
    let titles: Vec<_> = diary
        .google
        .events(ANN)
        .iter()
        .map(|e| text(e, "summary").to_owned())
        .collect();
    let expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
    assert_eq!(titles, expected, "{case}");
    assert!(diary.google.all_events(ANN).len() <= 1, "{case}");
}

/// IV-6: a worker that dies while it renews frees the connection in half a minute.
#[tokio::test]
async fn a_worker_that_dies_at_the_token_keeps_nobody_waiting_for_long() {
    let mut diary = Diary::connected().await;
    let session = diary.practice.planned(&json!({})).await;
    let id = session["meeting_id"].as_str().unwrap();
    let doomed = diary.another();
    // The row, the claim on the connection, and then its release.
    doomed.death.at("TransactWriteItems", 3, Moment::Before);
    Box::pin(doomed.deliver(&diary.practice.org, &sync_job("session", id), false)).await;
    assert!(doomed.death.has_come());
    assert!(diary.stored(HOST, "google").await["renewal_until"].is_string());
    let alike = super::diary::settings(diary.google.base_url());
    diary.restart(&alike);
    diary.settle().await;
    assert_eq!(diary.count(ANN), 1);
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
}
