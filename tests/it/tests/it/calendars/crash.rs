//! A worker that dies between writing, calling and writing (XC-7, XC-8).

use it::death::Moment;
use it::practice::HOST;
use serde_json::json;

use super::diary::{ANN, Diary, sync_job, text};

/// XC-8, IV-6: wherever a worker dies, the next one finishes: one event, with the
/// last state, or none.
#[tokio::test]
async fn a_worker_that_dies_leaves_no_second_event() {
    let diary = Diary::connected().await;
    for meanwhile in [Meanwhile::Nothing, Meanwhile::Changed, Meanwhile::Cancelled] {
        for nth in 1..=4 {
            for moment in [Moment::Before, Moment::After] {
                die(&diary, meanwhile, nth, moment).await;
            }
        }
    }
}

/// What becomes of the session before the next worker comes.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    Nothing,
    Changed,
    Cancelled,
}

async fn die(diary: &Diary, meanwhile: Meanwhile, nth: u32, moment: Moment) {
    let case = format!("{meanwhile:?}, write {nth}, {moment:?}");
    let practice = &diary.practice;
    let session = practice.planned(&json!({ "title": "Planned" })).await;
    let id = session["meeting_id"].as_str().unwrap();
    let doomed = diary.another();
    doomed.death.at("TransactWriteItems", nth, moment);
    Box::pin(doomed.deliver(&practice.org, &sync_job("session", id), false)).await;
    let expected = match meanwhile {
        Meanwhile::Nothing => vec!["Planned"],
        Meanwhile::Changed => {
            let body = json!({ "title": "Changed" });
            practice
                .session("PATCH", id, "", Some(&body))
                .await
                .expect(200);
            vec!["Changed"]
        }
        Meanwhile::Cancelled => {
            let body = json!({});
            practice
                .session("POST", id, "/cancel", Some(&body))
                .await
                .expect(200);
            vec![]
        }
    };
    diary.settle().await;
    let mut events = diary.google.all_events(ANN);
    events.retain(|event| event.ical_uid.starts_with(id));
    assert!(events.len() <= 1, "{case}: {events:?}");
    events.retain(|event| !event.is_deleted());
    let titles: Vec<_> = events.iter().map(|event| text(event, "summary")).collect();
    assert_eq!(titles, expected, "{case}");
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
