//! What goes wrong at the provider: nothing else fails, and the calendar ends in
//! step.

use chrono::TimeDelta;
use google_simulator::{Fault, demo};
use it::practice::HOST;
use serde_json::json;

use super::diary::{ANN, Diary, text};

const EVENTS: &str = "/calendar/v3/calendars/*/events";
const EVENT: &str = "/calendar/v3/calendars/*/events/*";

/// IV-6: a revoked grant is marked, reported to its user once, and tried no more
/// until they connect again.
#[tokio::test]
async fn a_revoked_connection_is_reported_once_and_used_no_more() {
    let diary = Diary::connected().await;
    let id = diary.planned(&json!({})).await;
    diary.google.revoke(ANN);
    diary.changed(&id, &json!({ "title": "Unseen" })).await;
    let connection = diary.read(HOST, "google").await;
    assert_eq!(connection["status"], "revoked");
    assert_eq!(connection["last_error"], "grant_revoked");
    assert!(connection["authorization_url"].is_string());
    diary.google.clear_received();
    diary.changed(&id, &json!({ "title": "Unseen too" })).await;
    let second = diary.planned(&json!({ "title": "Second" })).await;
    diary.settle().await;
    assert_eq!(diary.google.received().len(), 0);
    let told = diary.practice.notifications(HOST).await;
    let told: Vec<_> = told
        .iter()
        .filter(|one| one["type"] == "calendar_connection_revoked")
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["title"], "Google Calendar");
    let session = diary
        .practice
        .session("GET", &second, "", None)
        .await
        .expect(200);
    assert_eq!(session["status"], "scheduled");
    // The user connects again.
    let seed = google_simulator::Seed {
        clients: vec![],
        users: vec![google_simulator::User::new(
            ANN,
            "1//0again",
            demo::CLIENT_ID,
        )],
    };
    diary.google.seed(seed).unwrap();
    diary.connect(HOST, "1//0again").await;
    diary.settle().await;
    let titles: Vec<_> = diary
        .google
        .events(ANN)
        .iter()
        .map(|e| text(e, "summary").to_owned())
        .collect();
    assert_eq!(titles, ["Unseen too", "Second"]);
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
}

/// IV-6: while Google is down meetings stand, and afterwards it is in step.
#[tokio::test]
async fn a_calendar_follows_once_google_is_back() {
    let diary = Diary::connected().await;
    diary
        .google
        .inject(Fault::on("*", EVENTS).always().respond(503, json!({})));
    diary
        .google
        .inject(Fault::on("*", EVENT).always().respond(503, json!({})));
    let id = diary.planned(&json!({})).await;
    assert_eq!(diary.count(ANN), 0);
    let row = &diary.rows("session", &id).await[0];
    assert_eq!(
        (&row["error"], &row["attempts"]),
        (&json!("unavailable"), &json!(1))
    );
    assert_eq!(
        diary.read(HOST, "google").await["last_error"],
        "unavailable"
    );
    for minutes in [1, 2, 4, 8] {
        assert_eq!(diary.due(0).await.len(), 0);
        diary
            .practice
            .clock
            .advance(TimeDelta::seconds(60 * minutes + 1));
        assert_eq!(diary.due(0).await.len(), 1, "{minutes}");
        diary.work().await;
    }
    diary
        .changed(&id, &json!({ "title": "The last state" }))
        .await;
    diary.google.clear_faults();
    diary.settle().await;
    assert_eq!(text(&diary.event(ANN), "summary"), "The last state");
    let connection = diary.read(HOST, "google").await;
    assert_eq!(
        (&connection["status"], connection.get("last_error")),
        (&json!("connected"), None)
    );
}

/// IV-6: after four days it is given up, until something changes.
#[tokio::test]
async fn what_fails_for_days_is_given_up_until_it_changes() {
    let diary = Diary::connected().await;
    diary
        .google
        .inject(Fault::on("POST", EVENTS).always().throttle());
    let id = diary.planned(&json!({})).await;
    assert_eq!(diary.rows("session", &id).await[0]["error"], "rate_limited");
    for _ in 0..110 {
        diary.practice.clock.advance(TimeDelta::minutes(61));
        for row in diary.due(0).await {
            let _ = row;
            assert!(diary.sync("session", &id).await);
        }
    }
    assert_eq!(diary.due(24 * 365).await.len(), 0);
    let row = &diary.rows("session", &id).await[0];
    assert!(row["given_up"].is_string(), "{row}");
    diary.google.clear_faults();
    diary.google.clear_received();
    assert!(diary.sync("session", &id).await);
    assert_eq!(diary.google.received().len(), 0);
    diary.changed(&id, &json!({ "title": "Once more" })).await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Once more");
}

/// IV-6: a provider that says when is asked then, and not before.
#[tokio::test]
async fn a_throttled_call_waits_as_long_as_google_says() {
    let diary = Diary::connected().await;
    let busy = Fault::on("POST", EVENTS).respond(
        429,
        json!({ "error": { "errors": [{ "reason": "rateLimitExceeded" }] } }),
    );
    diary.google.inject(busy.header("Retry-After", "1800"));
    let id = diary.planned(&json!({})).await;
    diary.practice.clock.advance(TimeDelta::minutes(29));
    assert!(diary.sync("session", &id).await);
    assert_eq!(diary.count(ANN), 0);
    diary.practice.clock.advance(TimeDelta::minutes(2));
    diary.work().await;
    assert_eq!(diary.count(ANN), 1);
}

/// XC-8, IV-6: a call whose effect nobody heard of makes no second event, whatever
/// was changed meanwhile.
#[tokio::test]
async fn a_call_that_was_cut_off_makes_no_second_event() {
    for (method, path) in [("POST", EVENTS), ("PATCH", EVENT), ("DELETE", EVENT)] {
        let diary = Diary::connected().await;
        diary.google.inject(Fault::on(method, path).after().cut());
        let id = diary.planned(&json!({})).await;
        diary.changed(&id, &json!({ "title": "Changed" })).await;
        diary.settle().await;
        assert_eq!(diary.google.all_events(ANN).len(), 1, "{method}");
        assert_eq!(text(&diary.event(ANN), "summary"), "Changed", "{method}");
        diary
            .practice
            .session("POST", &id, "/cancel", Some(&json!({})))
            .await
            .expect(200);
        diary.settle().await;
        assert_eq!(diary.count(ANN), 0, "{method}");
        assert_eq!(diary.rows("session", &id).await.len(), 0, "{method}");
    }
}

/// XC-8, IV-6: a meeting that is cancelled before anybody knows whether its event
/// was made leaves none.
#[tokio::test]
async fn a_lost_creation_of_a_cancelled_meeting_is_removed() {
    for is_made in [true, false] {
        let diary = Diary::connected().await;
        let lost = Fault::on("POST", EVENTS);
        let lost = if is_made { lost.after() } else { lost };
        diary.google.inject(lost.cut());
        let id = diary.planned(&json!({})).await;
        assert_eq!(diary.rows("session", &id).await[0]["may_exist"], true);
        diary
            .practice
            .session("POST", &id, "/cancel", Some(&json!({})))
            .await
            .expect(200);
        diary.settle().await;
        assert_eq!(
            (diary.count(ANN), diary.rows("session", &id).await.len()),
            (0, 0)
        );
    }
}

/// IV-6: an access token that is worth nothing any more is replaced at once.
#[tokio::test]
async fn an_expired_access_token_is_replaced() {
    let diary = Diary::connected().await;
    diary.google.expire_access_tokens();
    let id = diary.planned(&json!({})).await;
    assert_eq!(diary.count(ANN), 1);
    assert_eq!(diary.rows("session", &id).await[0]["attempts"], 0);
}

/// IV-6: what Google refuses for good shows at the connection, and is not tried again.
#[tokio::test]
async fn a_refusal_for_good_shows_at_the_connection() {
    let diary = Diary::connected().await;
    diary
        .google
        .inject(Fault::on("POST", EVENTS).error(403, "forbidden", "canary"));
    let id = diary.planned(&json!({})).await;
    let connection = diary.read(HOST, "google").await;
    assert_eq!(
        (&connection["status"], &connection["last_error"]),
        (&json!("error"), &json!("forbidden"))
    );
    assert_eq!(diary.due(24 * 365).await.len(), 0);
    assert!(diary.sync("session", &id).await);
    assert_eq!(diary.count(ANN), 0);
    diary.connect(HOST, demo::REFRESH_TOKEN).await;
    diary.work().await;
    assert_eq!(diary.count(ANN), 1);
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
}

/// IV-6: the deployment's own secret was replaced: it is read anew and tried again,
/// and no user has to connect again.
#[tokio::test]
async fn a_refused_application_revokes_nobody() {
    let diary = Diary::connected().await;
    diary.google.expire_access_tokens();
    diary
        .google
        .inject(Fault::on("POST", "/token").token_error(401, "invalid_client"));
    let id = diary.planned(&json!({})).await;
    assert_eq!(
        diary.rows("session", &id).await[0]["error"],
        "client_refused"
    );
    assert_eq!(diary.read(HOST, "google").await["status"], "connected");
    diary.settle().await;
    assert_eq!(diary.count(ANN), 1);
}
