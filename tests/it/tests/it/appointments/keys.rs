//! Repeated and overtaken requests: `Idempotency-Key`, `ETag`, `If-Match`
//! (XC-4, XC-5), and fields that no command knows (XC-3).

use it::api::Answer;
use it::gateway::Event;
use it::practice::{Practice, request_id};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/appointment-requests";

/// Sends the same request under one key three times; answers with the first answer.
async fn thrice(practice: &Practice, event: &Event) -> Value {
    let event = event.clone().header("idempotency-key", "k1");
    let first = practice.process.approval(event.clone()).await;
    for _ in 0..2 {
        let again = practice.process.approval(event.clone()).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        for name in ["etag", "location"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
    }
    first.json()
}

fn types(events: &[Value]) -> Vec<String> {
    let mut types: Vec<_> = events
        .iter()
        .map(|event| event["detail_type"].as_str().unwrap().to_owned())
        .collect();
    types.sort();
    types
}

/// XC-4, XC-7: whatever is sent again under its key is done once: one event of
/// each kind, one mail to each reader.
#[tokio::test]
async fn a_repeated_command_is_done_once() {
    let practice = Practice::without_teams().await;
    let made = thrice(
        &practice,
        &practice.portal("POST", PATH, Some(&Practice::wish(&json!({})))),
    )
    .await;
    let id = request_id(&made);
    assert_eq!(types(&practice.work().await), ["appointment.requested"]);
    for (command, body, expected, mails) in [
        (
            "approve",
            json!({}),
            vec!["appointment.approved", "schedule_entry.created"],
            2,
        ),
        (
            "reschedule",
            json!({ "new_date": "2026-12-03", "new_time": "09:00" }),
            vec!["appointment.rescheduled", "schedule_entry.updated"],
            2,
        ),
        (
            "cancel",
            json!({ "reason": "ill" }),
            vec!["appointment.cancelled", "schedule_entry.deleted"],
            2,
        ),
    ] {
        let before = practice.sent().len();
        thrice(
            &practice,
            &practice.staff("POST", &format!("{PATH}/{id}/{command}"), Some(&body)),
        )
        .await;
        assert_eq!(types(&practice.work().await), expected, "{command}");
        assert_eq!(practice.sent().len() - before, mails, "{command}");
    }
    let page = practice.call("GET", "", None).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

/// XC-4: with a Teams meeting, too: the replay tells the outcome, and Microsoft is asked once.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn a_repeated_approval_makes_one_meeting() {
    let practice = Practice::open().await;
    let id = practice.requested(&json!({})).await;
    let post = |command: &str, body: Value| {
        practice.staff("POST", &format!("{PATH}/{id}/{command}"), Some(&body))
    };
    let answer = thrice(
        &practice,
        &post("approve", json!({ "generate_teams_meeting": true })),
    )
    .await;
    assert!(
        answer["request"]["online_meeting_url"].is_string(),
        "{answer}"
    );
    assert_eq!(practice.requests("POST", "/events").len(), 1);
    practice.settle().await;
    assert_eq!(practice.sent().len(), 2);
    let moved = thrice(
        &practice,
        &post(
            "reschedule",
            json!({ "new_date": "2026-12-02", "new_time": "10:30" }),
        ),
    )
    .await;
    assert_eq!(
        moved["request"]["online_meeting"]["remote_state"],
        "in_step"
    );
    assert_eq!(practice.requests("PATCH", "/events").len(), 1);
    let ended = thrice(&practice, &post("cancel", json!({}))).await;
    assert_eq!(ended["request"]["online_meeting"]["status"], "cancelled");
    assert_eq!(practice.requests("DELETE", "/events").len(), 1);
    practice.settle().await;
    assert_eq!(practice.sent().len(), 6);
    practice.assert_in_step(&id, "after it all").await;
}

fn etag(answer: &Answer) -> String {
    answer.header("etag").expect("an ETag").to_owned()
}

/// XC-5: every write honours If-Match: an old one is 412 and changes nothing,
/// the present one is taken.
#[tokio::test]
async fn every_write_honours_if_match() {
    let practice = Practice::without_teams().await;
    let entry = |id: &str| format!("/api/v1/schedule-entries/{id}");
    let request = |id: &str| format!("{PATH}/{id}");
    for (method, rest, body, approved) in [
        ("PATCH", "", Some(json!({ "service_name": "Other" })), false),
        ("POST", "/approve", Some(json!({})), false),
        ("POST", "/generate-meeting", None, true),
        (
            "POST",
            "/reschedule",
            Some(json!({ "new_date": "2027-01-05", "new_time": "09:00" })),
            true,
        ),
        ("POST", "/decline", Some(json!({ "reason": "no" })), true),
        ("POST", "/cancel", Some(json!({})), true),
        ("DELETE", "", None, true),
        (
            "PATCH",
            "entry",
            Some(json!({ "start": "2027-01-06T09:00:00Z" })),
            true,
        ),
        ("DELETE", "entry", None, true),
    ] {
        let id = practice.requested(&json!({})).await;
        if approved {
            practice
                .tell(&id, "approve", &json!({ "allow_overlap": true }))
                .await
                .expect(200);
            practice.tell(&id, "reschedule", &json!({ "new_date": "2027-01-04", "new_time": "09:00", "allow_overlap": true })).await.expect(200);
        } else {
            practice
                .call(
                    "PATCH",
                    &request(&id)[PATH.len()..],
                    Some(&json!({ "description": "x" })),
                )
                .await
                .expect(200);
        }
        let of_entry = rest == "entry";
        let resource = if of_entry { entry(&id) } else { request(&id) };
        let path = if of_entry {
            resource.clone()
        } else {
            format!("{resource}{rest}")
        };
        let now = etag(
            &practice
                .process
                .approval(practice.staff("GET", &resource, None))
                .await,
        );
        let before = practice.read(&id).await;
        let event = practice.staff(method, &path, body.as_ref());
        for stale in ["\"1\"", "\"99\""] {
            let answer = practice
                .process
                .approval(event.clone().header("if-match", stale))
                .await;
            assert_eq!(answer.problem(412), "version_mismatch", "{method} {path}");
        }
        assert_eq!(practice.read(&id).await, before);
        let done = practice
            .process
            .approval(event.header("if-match", &now))
            .await;
        assert_eq!(
            done.status,
            200,
            "{method} {path}: {}",
            String::from_utf8_lossy(&done.body)
        );
        if method != "DELETE" {
            let read = practice
                .process
                .approval(practice.staff("GET", &resource, None))
                .await;
            assert_eq!(etag(&done), etag(&read), "{method} {path}");
        }
        practice.call("DELETE", &format!("/{id}"), None).await;
    }
}

/// XC-3: a field that no command knows is refused with its name, also inside.
#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let practice = Practice::without_teams().await;
    let mut wish = Practice::wish(&json!({}));
    wish["requester"] = json!({ "email": "a@b.example", "phone": "1" });
    for (body, pointer) in [
        (Practice::wish(&json!({ "status": "approved" })), "/status"),
        (
            Practice::wish(&json!({ "internal_notes": "x" })),
            "/internal_notes",
        ),
        (wish, "/requester/phone"),
    ] {
        let refused = it::requests::violations(&practice.ask(&body).await);
        assert_eq!(refused, [(pointer.to_owned(), "unknown_field".to_owned())]);
    }
}
