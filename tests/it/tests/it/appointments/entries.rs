//! Schedule entries of appointments: read, moved, deleted (OM-6).

use it::practice::Practice;
use it::requests::violations;
use serde_json::{Value, json};

/// OM-6: a move by start keeps the length, one by both changes it, and the
/// request follows on its own wall clock.
#[tokio::test]
async fn a_moved_entry_moves_its_request() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    for (body, start, end, local) in [
        (
            json!({ "start": "2026-12-02T13:15:00Z" }),
            "2026-12-02T13:15:00Z",
            "2026-12-02T14:15:00Z",
            json!(["2026-12-02", "14:15", 60]),
        ),
        (
            json!({ "start": "2027-07-02T13:15:00+02:00", "end": "2027-07-02T13:45:00+02:00" }),
            "2027-07-02T11:15:00Z",
            "2027-07-02T11:45:00Z",
            json!(["2027-07-02", "13:15", 30]),
        ),
        (
            json!({ "end": "2027-07-02T12:15:00Z" }),
            "2027-07-02T11:15:00Z",
            "2027-07-02T12:15:00Z",
            json!(["2027-07-02", "13:15", 60]),
        ),
        (
            json!({ "start": "2027-10-31T00:30:00Z" }),
            "2027-10-31T00:30:00Z",
            "2027-10-31T01:30:00Z",
            json!(["2027-10-31", "02:30", 60]),
        ),
        (
            json!({}),
            "2027-10-31T00:30:00Z",
            "2027-10-31T01:30:00Z",
            json!(["2027-10-31", "02:30", 60]),
        ),
    ] {
        let answer = practice.move_entry(&id, &body).await;
        let moved = answer.expect(200);
        assert_eq!(
            (&moved["start"], &moved["end"]),
            (&json!(start), &json!(end)),
            "{body}"
        );
        assert_eq!(
            answer.header("etag").unwrap(),
            format!("\"{}\"", moved["version"])
        );
        let request = practice.read(&id).await;
        assert_eq!(
            (&request["start"], &request["end"]),
            (&json!(start), &json!(end)),
            "{body}"
        );
        let names = ["requested_date", "requested_time", "requested_duration"];
        assert_eq!(
            json!(names.map(|name| request[name].clone())),
            local,
            "{body}"
        );
        assert_eq!(request["timezone"], "Europe/Berlin");
    }
}

/// OM-6, AP-1: what cannot be an appointment's time is refused by its field, and moves nothing.
#[tokio::test]
async fn an_impossible_move_is_refused_by_its_field() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    let before = practice.read(&id).await;
    for (body, pointer, code) in [
        (
            json!({ "start": "2026-11-22T09:00:00Z" }),
            "/start",
            "in_the_past",
        ),
        // The second pass of 02:30 in Berlin.
        (
            json!({ "start": "2027-10-31T01:30:00Z" }),
            "/start",
            "repeated_by_dst",
        ),
        (
            json!({ "start": "2026-12-02T09:00:30Z" }),
            "/start",
            "invalid_time",
        ),
        (
            json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T09:00:00Z" }),
            "/end",
            "out_of_range",
        ),
        (
            json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T08:00:00Z" }),
            "/end",
            "out_of_range",
        ),
        (
            json!({ "end": "2026-12-02T09:00:00Z" }),
            "/end",
            "out_of_range",
        ),
        (
            json!({ "end": "2026-12-01T08:14:00Z" }),
            "/end",
            "out_of_range",
        ),
        (
            json!({ "start": "9999-12-31T23:59:00Z", "end": "9999-12-31T23:59:59Z" }),
            "/start",
            "invalid_time",
        ),
    ] {
        let refused = violations(&practice.move_entry(&id, &body).await);
        assert_eq!(refused[0], (pointer.to_owned(), code.to_owned()), "{body}");
    }
    for body in [
        json!({ "start": "soon" }),
        json!({ "start": "+262142-12-31T00:00:00Z" }),
        json!({ "title": "x" }),
    ] {
        assert_eq!(practice.move_entry(&id, &body).await.status, 422, "{body}");
    }
    assert_eq!(practice.read(&id).await, before);
}

/// OM-6, AP-7: deleting an entry cancels its appointment, and both are told.
#[tokio::test]
async fn a_deleted_entry_cancels_its_appointment() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    practice.work().await;
    let told = practice.sent().len();
    let answer = practice.entries("DELETE", &format!("/{id}"), None).await;
    assert_eq!(answer.expect(200), json!({}));
    let request = practice.read(&id).await;
    assert_eq!(
        (&request["status"], &request["schedule_entry_id"]),
        (&json!("cancelled"), &Value::Null)
    );
    for method in ["GET", "DELETE"] {
        assert_eq!(
            practice
                .entries(method, &format!("/{id}"), None)
                .await
                .problem(404),
            "not_found"
        );
    }
    assert_eq!(
        practice.move_entry(&id, &json!({})).await.problem(404),
        "not_found"
    );
    practice.work().await;
    let sent = practice.sent();
    let cancels: Vec<_> = sent[told..]
        .iter()
        .map(|mail| (mail.method.as_str(), mail.sequence.as_str()))
        .collect();
    assert_eq!(cancels, [("CANCEL", "1"), ("CANCEL", "1")]);
}

/// OM-6: an entry of a pending request does not exist yet, and no id but ours names one.
#[tokio::test]
async fn what_is_not_approved_has_no_entry() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    for id in [
        id.as_str(),
        "00000000-0000-7000-8000-000000000000",
        "x",
        "%00",
    ] {
        assert_eq!(
            practice
                .entries("GET", &format!("/{id}"), None)
                .await
                .problem(404),
            "not_found",
            "{id}"
        );
        assert_eq!(
            practice.move_entry(id, &json!({})).await.problem(404),
            "not_found",
            "{id}"
        );
    }
}
