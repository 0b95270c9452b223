//! Microsoft 365 beside Google.

use google_simulator::demo as google;
use graph_simulator::{Fault, StoredEvent, demo};
use it::practice::{HOST, TECHNICIAN};
use it::requests::violations;
use serde_json::{Value, json};

use super::diary::{ANN, Diary, settings, text};

const LINK: &str = "https://meet.example/room?a=1&b=2";
const REDIRECT: &str = "https://console.example/calendars";

async fn connected() -> Diary {
    let diary = Diary::open().await;
    connect(&diary, HOST, demo::CALENDAR_REFRESH_TOKEN).await;
    diary
}

async fn connect(diary: &Diary, user: &str, token: &str) -> Value {
    let body = json!({ "refresh_token": token });
    let answer = diary.call(user, "PUT", "microsoft", Some(&body)).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.json());
    answer.json()
}

fn events(diary: &Diary) -> Vec<StoredEvent> {
    let events = diary.practice.graph.events(demo::ANN_UPN).into_iter();
    events.filter(|event| event.removed.is_none()).collect()
}

fn event(diary: &Diary) -> StoredEvent {
    let mut events = events(diary);
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn body(event: &StoredEvent) -> String {
    event.graph["body"]["content"]
        .as_str()
        .unwrap()
        .replace("\r\n", "\n")
}

/// IV-6: without attendees, since Exchange would invite them itself; they are named
/// in the text, which ends with the join line.
#[tokio::test]
async fn a_session_stands_in_the_hosts_microsoft_calendar() {
    let diary = connected().await;
    let id = diary
        .planned(&json!({ "join_url": LINK, "location": "Room 1" }))
        .await;
    let made = event(&diary);
    assert_eq!(made.subject, "Quarterly review");
    assert_eq!(made.start.to_rfc3339(), "2026-12-01T08:00:00+00:00");
    assert_eq!(made.end.to_rfc3339(), "2026-12-01T09:00:00+00:00");
    assert_eq!(made.graph["attendees"], json!([]));
    assert_eq!(made.graph["location"]["displayName"], "Room 1");
    let text = body(&made);
    assert!(
        text.starts_with("Figures of the third quarter\n\nInvited: Hanna Host, "),
        "{text}"
    );
    assert!(
        text.ends_with(&format!("\n\nJoin meeting: {LINK}")),
        "{text}"
    );
    assert_eq!(text.matches("Join meeting").count(), 1);
    assert!(
        text.contains("Ada Client") && text.contains("gus@guests.example"),
        "{text}"
    );
    diary
        .changed(
            &id,
            &json!({ "title": "Moved", "start": "2026-12-02T14:00" }),
        )
        .await;
    let moved = event(&diary);
    assert_eq!(
        (moved.id.as_str(), moved.subject.as_str()),
        (made.id.as_str(), "Moved")
    );
    assert_eq!(moved.start.to_rfc3339(), "2026-12-02T13:00:00+00:00");
    diary
        .practice
        .session("POST", &id, "/cancel", Some(&json!({})))
        .await
        .expect(200);
    diary.work().await;
    assert_eq!(events(&diary).len(), 0);
    assert_eq!(diary.practice.graph.mails().len(), 0);
}

/// IV-6: both providers at once, each for itself: one that is down keeps the other
/// from nothing.
#[tokio::test]
async fn each_calendar_goes_its_own_way() {
    let diary = connected().await;
    diary.connect(HOST, google::REFRESH_TOKEN).await;
    diary.practice.graph.inject(
        Fault::on("POST", "/v1.0/me/events")
            .always()
            .respond(503, json!({})),
    );
    let id = diary.planned(&json!({})).await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Quarterly review");
    assert_eq!(events(&diary).len(), 0);
    assert_eq!(
        diary.read(HOST, "microsoft").await["last_error"],
        "transient"
    );
    assert_eq!(diary.read(HOST, "google").await.get("last_error"), None);
    diary.practice.graph.clear_faults();
    diary.settle().await;
    assert_eq!(event(&diary).subject, "Quarterly review");
    diary.google.revoke(ANN);
    diary.changed(&id, &json!({ "title": "Seen by one" })).await;
    assert_eq!(event(&diary).subject, "Seen by one");
    assert_eq!(diary.read(HOST, "google").await["status"], "revoked");
    assert_eq!(diary.read(HOST, "microsoft").await["status"], "connected");
}

/// IV-6: by the code of a consent, with PKCE; and how to ask for it.
#[tokio::test]
async fn a_code_connects_a_microsoft_calendar() {
    let diary = Diary::open().await;
    let offered = diary.read(HOST, "microsoft").await;
    let url = offered["authorization_url"].as_str().unwrap();
    for part in [
        "/common/oauth2/v2.0/authorize?client_id=",
        demo::CALENDAR_CLIENT_ID,
        "offline_access%20Calendars.ReadWrite",
    ] {
        assert!(url.contains(part), "{url}");
    }
    let (verifier, challenge) = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let code = diary
        .practice
        .graph
        .authorize(
            demo::CALENDAR_CLIENT_ID,
            demo::ANN_UPN,
            REDIRECT,
            Some(challenge),
        )
        .unwrap();
    let body =
        json!({ "authorization_code": code, "redirect_uri": REDIRECT, "code_verifier": verifier });
    diary
        .call(HOST, "PUT", "microsoft", Some(&body))
        .await
        .expect(201);
    let spent = diary.call(HOST, "PUT", "microsoft", Some(&body)).await;
    let expected = ("/authorization_code".to_owned(), "grant_refused".to_owned());
    assert_eq!(violations(&spent), [expected]);
    diary.planned(&json!({})).await;
    assert_eq!(events(&diary).len(), 1);
}

/// IV-6: Microsoft gives a new refresh token each time; the newest is kept, also
/// where the old one is worth nothing afterwards.
#[tokio::test]
async fn each_new_refresh_token_is_kept() {
    let mut diary = connected().await;
    diary
        .practice
        .graph
        .configure(|behaviour| behaviour.refresh_tokens_single_use = true);
    for n in 0..3 {
        let alike = settings(diary.google.base_url());
        diary.restart(&alike);
        diary
            .planned(&json!({ "title": format!("Session {n}") }))
            .await;
    }
    assert_eq!(events(&diary).len(), 3);
    assert_eq!(diary.read(HOST, "microsoft").await["status"], "connected");
}

/// IV-6: a consent that the user or their administrator took back.
#[tokio::test]
async fn a_revoked_microsoft_connection_is_reported() {
    let diary = connected().await;
    diary.practice.graph.revoke_grants(demo::ANN_UPN).unwrap();
    diary.practice.graph.expire_tokens();
    let id = diary.planned(&json!({})).await;
    assert_eq!(diary.read(HOST, "microsoft").await["status"], "revoked");
    let told = diary.practice.notifications(HOST).await;
    let told: Vec<_> = told
        .iter()
        .filter(|one| one["type"] == "calendar_connection_revoked")
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["title"], "Microsoft 365 calendar");
    diary
        .practice
        .session("GET", &id, "", None)
        .await
        .expect(200);
}

/// XC-8, IV-6: an answer that was lost makes no second event there either.
#[tokio::test]
async fn a_lost_answer_makes_no_second_microsoft_event() {
    let diary = connected().await;
    diary
        .practice
        .graph
        .inject(Fault::on("POST", "/v1.0/me/events").times(4).after().cut());
    let id = diary.planned(&json!({})).await;
    diary.changed(&id, &json!({ "title": "Changed" })).await;
    diary.settle().await;
    assert_eq!(event(&diary).subject, "Changed");
}

/// IV-6: who removed the event does not get it back, unless its time changes.
#[tokio::test]
async fn a_removed_microsoft_event_stays_gone_until_its_time_changes() {
    let diary = connected().await;
    let id = diary.planned(&json!({})).await;
    let gone = Fault::on("PATCH", "/v1.0/me/events/*");
    let not_found = json!({ "error": { "code": "ErrorItemNotFound", "message": "The specified object was not found in the store." } });
    diary
        .practice
        .graph
        .inject(gone.always().respond(404, not_found));
    diary.changed(&id, &json!({ "title": "Other" })).await;
    assert_eq!(diary.rows("session", &id).await[0]["is_removed"], true);
    let before = events(&diary).len();
    diary.changed(&id, &json!({ "title": "Another" })).await;
    assert_eq!(events(&diary).len(), before);
    diary
        .changed(&id, &json!({ "start": "2026-12-03T09:00" }))
        .await;
    let titles: Vec<_> = events(&diary)
        .into_iter()
        .map(|event| event.subject)
        .collect();
    assert!(titles.contains(&"Another".to_owned()), "{titles:?}");
}

/// IV-6: entries on Microsoft's calendars.
#[tokio::test]
async fn a_technicians_entry_stands_in_their_microsoft_calendar() {
    let diary = Diary::open().await;
    connect(&diary, TECHNICIAN, demo::CALENDAR_REFRESH_TOKEN).await;
    let id = diary.practice.booked(&json!({})).await;
    diary.work().await;
    let made = event(&diary);
    assert_eq!(made.start.to_rfc3339(), "2026-12-01T08:00:00+00:00");
    assert_eq!(body(&made).trim(), "Figures of the third quarter");
    diary
        .practice
        .entries("DELETE", &format!("/{id}"), None)
        .await
        .expect(200);
    diary.work().await;
    assert_eq!(events(&diary).len(), 0);
}
