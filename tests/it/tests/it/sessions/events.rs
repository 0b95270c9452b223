//! Published events of sessions, as other systems read them (XC-12).

use std::collections::BTreeSet;

use it::practice::{GUEST, HOST, Practice, TECHNICIAN};
use it::requests::id_of;
use it::schemas::assert_fits_schema;
use serde_json::{Value, json};

use super::{place_of, practice};

/// What people wrote, are called, and are reached by.
const PRIVATE: [&str; 9] = [
    "Quarterly",
    "Figures",
    "canary",
    "@",
    "Hanna",
    "Ada",
    "http",
    "rsvp",
    "Room",
];

/// Every event fits its schema, is the practice's own, and says nothing private.
fn check(practice: &Practice, events: &[Value]) {
    let mut ids = BTreeSet::new();
    for event in events {
        let kind = event["detail_type"].as_str().unwrap();
        let detail = &event["detail"];
        assert_fits_schema(kind, detail);
        assert_eq!(detail["org_id"], json!(practice.org));
        let id = detail["event_id"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{kind} has a used id");
        for private in PRIVATE {
            assert!(!detail.to_string().contains(private), "{kind}: {detail}");
        }
    }
}

fn of_sessions(events: Vec<Value>) -> Vec<(String, Value)> {
    let events = events.into_iter().map(|mut event| {
        let kind = event["detail_type"].as_str().unwrap().to_owned();
        (kind, event["detail"].take())
    });
    events
        .filter(|(kind, _)| kind.starts_with("session."))
        .collect()
}

/// XC-12: planned, changed in what people see, called off: each is told once, with the
/// state after it, by its schema.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_tells_what_happened_to_it() {
    let practice = practice().await;
    let planned = practice
        .planned(&json!({ "description": "canary", "location": "Room canary" }))
        .await;
    let id = id_of(&planned, "meeting_id");
    let mut events = practice.work().await;
    for change in [
        json!({ "title": "Quarterly canary" }),
        json!({ "start": "2026-12-02T09:00", "duration_minutes": 30, "timezone": "UTC" }),
        json!({ "invitees": { "emails": [GUEST, "canary@guests.example"] } }),
        json!({ "join_url": "https://canary.example/join" }),
    ] {
        let changed = practice.session("PATCH", &id, "", Some(&change)).await;
        changed.expect(200);
        events.extend(practice.work().await);
    }
    let cancelled = practice.session("POST", &id, "/cancel", None).await;
    cancelled.expect(200);
    events.extend(practice.work().await);
    check(&practice, &events);
    let told = of_sessions(events);
    let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    let updated = "session.updated";
    let expected = [
        "session.scheduled",
        updated,
        updated,
        updated,
        updated,
        "session.cancelled",
    ];
    assert_eq!(kinds, expected);
    let of = |name: &str| -> Vec<&Value> { told.iter().map(|(_, one)| &one[name]).collect() };
    let versions: Vec<_> = of("version").into_iter().map(Value::as_u64).collect();
    assert!(
        versions.is_sorted_by(|one, next| one < next),
        "{versions:?}"
    );
    assert_eq!(of("sequence"), [0, 1, 2, 3, 4, 5]);
    let moved = ["start", "timezone", "duration_minutes"];
    let changes = [
        &Value::Null,
        &json!(["title"]),
        &json!(moved),
        &json!(["invitees"]),
        &json!(["join_url"]),
        &Value::Null,
    ];
    assert_eq!(of("changes"), changes);
    // Contact, two users, two from outside: one of those was replaced.
    assert_eq!(of("invitee_count"), [5; 6]);
    assert_eq!(told[2].1["start"], "2026-12-02T09:00:00Z");
    assert_eq!(told[2].1["end"], "2026-12-02T09:30:00Z");
    assert_eq!(told[5].1["status"], "cancelled");
    assert!(of("host_id").into_iter().all(|host| host == HOST));
    assert!(of("meeting_id").into_iter().all(|one| *one == id));
}

/// XC-12: an instant session is told of, and its end; nobody's answer, joining, word
/// or reading is, nor a change that nobody sees or that was refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_news_of_a_session_is_not_told() {
    let practice = practice().await;
    let instant = json!({ "instant": true, "start": null });
    let planned = practice.planned(&instant).await;
    let id = id_of(&planned, "meeting_id");
    let mut events = practice.work().await;
    let own = place_of(&planned, "user_id", TECHNICIAN);
    let path = format!("/api/v1/meetings/{id}");
    let messages = format!("/api/v1/conversations/{id}/messages");
    for (path, body) in [
        (
            format!("{path}/invitations/{own}/respond"),
            Some(json!({ "response": "accepted" })),
        ),
        (format!("{path}/join"), None),
        (messages, Some(json!({ "body": "canary" }))),
    ] {
        let event = practice.colleague(TECHNICIAN, "POST", &path, body.as_ref());
        let answer = Box::pin(practice.process.api(event)).await;
        assert!(answer.status < 300, "{answer:?}");
    }
    for change in [json!({}), json!({ "skip_invitation_emails": true })] {
        let changed = practice.session("PATCH", &id, "", Some(&change)).await;
        changed.expect(200);
    }
    let refused = json!({ "title": "" });
    let refused = practice.session("PATCH", &id, "", Some(&refused)).await;
    refused.problem(422);
    events.extend(practice.work().await);
    practice
        .session("POST", &id, "/end", None)
        .await
        .expect(200);
    practice
        .session("POST", &id, "/end", None)
        .await
        .problem(409);
    events.extend(practice.work().await);
    check(&practice, &events);
    let told = of_sessions(events);
    let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["session.scheduled", "session.ended"]);
    assert_eq!(told[1].1["status"], "ended");
}

/// XC-12, IV-2: a session with a Teams meeting is told of once, with or without that
/// meeting's own events, and so is the loss of its link.
#[cfg(feature = "enterprise")]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_with_teams_is_told_of_once() {
    let practice = Box::pin(async { Practice::open().await.with_host().await }).await;
    let teams = json!({ "generate_teams_meeting": true });
    let planned = practice.planned(&teams).await;
    assert!(planned["teams_meeting_warning"].is_null(), "{planned}");
    let id = id_of(&planned, "meeting_id");
    let mut events = practice.settle().await;
    let cancelled = practice.session("POST", &id, "/cancel", None).await;
    cancelled.expect(200);
    events.extend(practice.settle().await);
    check(&practice, &events);
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["detail_type"].as_str().unwrap())
        .filter(|kind| kind.starts_with("session.") || kind.starts_with("online_meeting."))
        .collect();
    let expected = [
        "online_meeting.cancelled",
        "online_meeting.scheduled",
        "session.cancelled",
        "session.scheduled",
    ];
    assert_eq!(kinds.len(), expected.len(), "{kinds:?}");
    assert_eq!(BTreeSet::from_iter(kinds), expected.into());
}
