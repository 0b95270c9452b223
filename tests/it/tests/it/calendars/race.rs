//! Many at once: changes, workers, refresh tokens that work once.

use futures_util::future::join_all;
use google_simulator::{Fault, Seed, User, demo};
use it::practice::HOST;
use serde_json::json;

use super::diary::{ANN, Diary, sync_job, text};

/// IV-6: a hundred changes, told in any order and at once by several workers, end
/// in one event with the last state.
#[tokio::test]
async fn a_hundred_changes_end_in_one_event_with_the_last_state() {
    let diary = Diary::connected().await;
    let session = diary.practice.planned(&json!({})).await;
    let id = session["meeting_id"].as_str().unwrap();
    let workers: Vec<_> = (0..3).map(|_| diary.another()).collect();
    let org = &diary.practice.org;
    let change = async {
        for n in 0..100 {
            let body = json!({ "title": format!("State {n}") });
            diary
                .practice
                .session("PATCH", id, "", Some(&body))
                .await
                .expect(200);
        }
    };
    let work = join_all(workers.iter().map(|worker| async move {
        for _ in 0..40 {
            Box::pin(worker.deliver(org, &sync_job("session", id), false)).await;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }));
    tokio::join!(change, work);
    diary.settle().await;
    assert_eq!(diary.google.all_events(ANN).len(), 1);
    assert_eq!(text(&diary.event(ANN), "summary"), "State 99");
}

/// IV-6: two workers at one new event make one; whoever comes second leaves it to
/// the first.
#[tokio::test]
async fn two_workers_make_one_event() {
    let diary = Diary::connected().await;
    diary.google.inject(
        Fault::on("POST", "/calendar/v3/calendars/*/events")
            .always()
            .delay_ms(300),
    );
    let session = diary.practice.planned(&json!({})).await;
    let id = session["meeting_id"].as_str().unwrap();
    let (one, other) = (diary.another(), diary.another());
    let job = sync_job("session", id);
    let org = &diary.practice.org;
    let (a, b) = tokio::join!(
        one.deliver(org, &job, false),
        other.deliver(org, &job, false)
    );
    assert!(a && b);
    assert_eq!(diary.google.all_events(ANN).len(), 1);
    assert_eq!(diary.requests("POST", "/events"), 1);
}

/// IV-6: refresh tokens that work once: each successor is stored before it is needed.
#[tokio::test]
async fn a_rotating_refresh_token_is_never_lost() {
    let diary = rotating().await;
    for n in 0..5 {
        let before = diary.stored(HOST, "google").await["sealed_refresh_token"].clone();
        diary.google.expire_access_tokens();
        diary
            .planned(&json!({ "title": format!("Session {n}") }))
            .await;
        assert_ne!(
            diary.stored(HOST, "google").await["sealed_refresh_token"],
            before
        );
    }
    assert_eq!(diary.count(ANN), 5);
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
}

/// IV-6: workers that need a token at once use one refresh token after the other,
/// and lose none.
#[tokio::test]
async fn workers_that_refresh_at_once_lose_no_token() {
    let diary = rotating().await;
    let mut ids = vec![];
    for n in 0..4 {
        let session = diary
            .practice
            .planned(&json!({ "title": format!("Session {n}") }))
            .await;
        ids.push(session["meeting_id"].as_str().unwrap().to_owned());
    }
    let workers: Vec<_> = (0..4).map(|_| diary.another()).collect();
    diary
        .google
        .inject(Fault::on("POST", "/token").always().after().delay_ms(100));
    let org = &diary.practice.org;
    let done = join_all(workers.iter().zip(&ids).map(|(worker, id)| async move {
        Box::pin(worker.deliver(org, &sync_job("session", id), false)).await
    }));
    assert!(done.await.iter().all(|done| *done));
    assert_eq!(diary.google.refresh_tokens(ANN).len(), 1);
    diary.google.clear_faults();
    diary.settle().await;
    assert_eq!(diary.count(ANN), 4);
    let connection = diary.read(HOST, "google").await;
    assert_eq!(connection["status"], "connected", "{connection}");
    // The one that is stored is the one that works.
    diary.another();
    diary.google.expire_access_tokens();
    diary.planned(&json!({ "title": "Afterwards" })).await;
    assert_eq!(diary.count(ANN), 5);
}

async fn rotating() -> Diary {
    let diary = Diary::open().await;
    let user = User::new(ANN, "1//0rotating", demo::CLIENT_ID).rotating();
    let seed = Seed {
        clients: vec![],
        users: vec![user],
    };
    diary.google.seed(seed).unwrap();
    diary.connect(HOST, "1//0rotating").await;
    diary
}
