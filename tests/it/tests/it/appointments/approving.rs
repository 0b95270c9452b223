//! What an approval and a reschedule decide: when, and who holds it (AP-3, AP-6).

use it::practice::{OTHER_TECHNICIAN, Practice, TECHNICIAN};
use it::requests::violations;
use serde_json::{Value, json};

/// AP-3: each override alone keeps the others, and one zone governs.
#[tokio::test]
async fn an_override_of_one_keeps_the_others() {
    let practice = Practice::without_teams().await;
    for (final_fields, date, time, zone, start) in [
        (
            json!({}),
            "2027-01-15",
            "09:00",
            "America/New_York",
            "2027-01-15T14:00:00Z",
        ),
        (
            json!({ "final_date": "2027-07-15" }),
            "2027-07-15",
            "09:00",
            "America/New_York",
            "2027-07-15T13:00:00Z",
        ),
        (
            json!({ "final_time": "10:45" }),
            "2027-01-15",
            "10:45",
            "America/New_York",
            "2027-01-15T15:45:00Z",
        ),
        (
            json!({ "final_timezone": "Europe/Berlin" }),
            "2027-01-15",
            "09:00",
            "Europe/Berlin",
            "2027-01-15T08:00:00Z",
        ),
        (
            json!({ "final_timezone": "Europe/Berlin", "final_date": "2027-07-15", "final_time": "08:15" }),
            "2027-07-15",
            "08:15",
            "Europe/Berlin",
            "2027-07-15T06:15:00Z",
        ),
        (
            json!({ "final_date": "2027-11-07", "final_time": "01:30" }),
            "2027-11-07",
            "01:30",
            "America/New_York",
            "2027-11-07T05:30:00Z",
        ),
    ] {
        let id = practice
            .requested(&json!({ "requested_date": "2027-01-15", "timezone": "America/New_York", "requested_duration": 45 }))
            .await;
        let request = practice
            .tell(&id, "approve", &final_fields)
            .await
            .expect(200)["request"]
            .clone();
        let expected = json!([date, time, zone, start, 45]);
        let names = [
            "requested_date",
            "requested_time",
            "timezone",
            "start",
            "requested_duration",
        ];
        let read: Vec<_> = names.iter().map(|name| request[*name].clone()).collect();
        assert_eq!(json!(read), expected, "{final_fields}");
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        assert_eq!(entry["start"], start, "{final_fields}");
        practice
            .call("DELETE", &format!("/{id}"), None)
            .await
            .expect(200);
    }
}

/// AP-3: what is wrong with an approval is named, and nothing is decided.
#[tokio::test]
async fn a_wrong_override_is_named_and_decides_nothing() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({ "requested_date": "2027-03-28", "requested_time": "02:30", "timezone": "UTC" })).await;
    for (body, pointer, code) in [
        (
            json!({ "final_timezone": "Europe/Berlin" }),
            "/final_time",
            "skipped_by_dst",
        ),
        (
            json!({ "final_date": "2026-11-01" }),
            "/final_date",
            "in_the_past",
        ),
        (
            json!({ "final_timezone": "Nowhere" }),
            "/final_timezone",
            "unknown_timezone",
        ),
        (
            json!({ "final_time": "9:00" }),
            "/final_time",
            "invalid_time",
        ),
        (
            json!({ "assigned_user_id": "a b" }),
            "/assigned_user_id",
            "invalid_id",
        ),
        (
            json!({ "internal_notes": "x".repeat(8193) }),
            "/internal_notes",
            "too_long",
        ),
    ] {
        let refused = violations(&practice.tell(&id, "approve", &body).await);
        assert_eq!(refused, [(pointer.to_owned(), code.to_owned())], "{body}");
    }
    assert_eq!(practice.read(&id).await["version"], 1);
}

/// AP-3: a request whose time has passed by now is approved at another time only.
#[tokio::test]
async fn what_has_passed_is_approved_at_another_time_only() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    practice.clock.set("2026-12-05T08:00:00Z");
    let refused = violations(&practice.tell(&id, "approve", &json!({})).await);
    assert_eq!(
        refused,
        [("/final_date".to_owned(), "in_the_past".to_owned())]
    );
    practice
        .tell(&id, "approve", &json!({ "final_date": "2026-12-06" }))
        .await
        .expect(200);
}

/// AP-3: who holds it is who the approver names, else whom the client prefers;
/// with neither it is 422. The approver is on record, with the time.
#[tokio::test]
async fn the_technician_is_the_named_one_else_the_preferred() {
    let practice = Practice::without_teams().await;
    for (preferred, named, holds) in [
        (json!(TECHNICIAN), Value::Null, Some(TECHNICIAN)),
        (
            json!(TECHNICIAN),
            json!(OTHER_TECHNICIAN),
            Some(OTHER_TECHNICIAN),
        ),
        (Value::Null, json!(OTHER_TECHNICIAN), Some(OTHER_TECHNICIAN)),
        (Value::Null, Value::Null, None),
    ] {
        let id = practice
            .requested(&json!({ "preferred_assigned_user_id": preferred }))
            .await;
        let answer = practice
            .tell(&id, "approve", &json!({ "assigned_user_id": named }))
            .await;
        let Some(holds) = holds else {
            assert_eq!(
                violations(&answer),
                [("/assigned_user_id".to_owned(), "missing".to_owned())]
            );
            continue;
        };
        let request = answer.expect(200)["request"].clone();
        assert_eq!(request["assigned_user_id"], holds);
        assert_eq!(request["preferred_assigned_user_id"], preferred);
        assert_eq!(request["approved_by"], "u-approver");
        assert_eq!(request["approved_at"], "2026-11-23T08:00:00Z");
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        assert_eq!(entry["assigned_user_ids"], json!([holds]));
        practice
            .call("DELETE", &format!("/{id}"), None)
            .await
            .expect(200);
    }
}

/// AP-3, XC-5: of two approvers at once one wins; the other is told.
#[tokio::test]
async fn of_many_approvers_one_wins() {
    let practice = Practice::without_teams().await;
    for round in 1..=5 {
        let id = practice
            .requested(&json!({ "requested_date": format!("2027-01-{round:02}") }))
            .await;
        let body = json!({});
        let approvals = (0..6).map(|_| practice.tell(&id, "approve", &body));
        let codes: Vec<_> = futures_util::future::join_all(approvals)
            .await
            .iter()
            .map(|answer| match answer.status {
                200 => "won".to_owned(),
                _ => answer.problem(409),
            })
            .collect();
        assert_eq!(
            codes.iter().filter(|code| *code == "won").count(),
            1,
            "{codes:?}"
        );
        assert_eq!(
            codes
                .iter()
                .filter(|code| *code == "already_approved")
                .count(),
            5,
            "{codes:?}"
        );
        assert_eq!(practice.read(&id).await["version"], 2);
    }
}

/// AP-6: a reschedule needs date and time; length and zone stay where they are not given.
#[tokio::test]
async fn a_reschedule_keeps_what_it_does_not_name() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    for (body, start, end, zone) in [
        (
            json!({ "new_date": "2026-12-02", "new_time": "10:30" }),
            "2026-12-02T09:30:00Z",
            "2026-12-02T10:30:00Z",
            "Europe/Berlin",
        ),
        (
            json!({ "new_date": "2026-12-02", "new_time": "10:30", "new_timezone": "Asia/Tokyo" }),
            "2026-12-02T01:30:00Z",
            "2026-12-02T02:30:00Z",
            "Asia/Tokyo",
        ),
        (
            json!({ "new_date": "2026-12-03", "new_time": "10:30", "new_duration": 90 }),
            "2026-12-03T01:30:00Z",
            "2026-12-03T03:00:00Z",
            "Asia/Tokyo",
        ),
    ] {
        let answer = practice.tell(&id, "reschedule", &body).await.expect(200);
        let request = &answer["request"];
        assert_eq!(
            (&request["start"], &request["end"], &request["timezone"]),
            (&json!(start), &json!(end), &json!(zone))
        );
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        assert_eq!(
            (&entry["start"], &entry["end"]),
            (&json!(start), &json!(end))
        );
    }
    for (body, pointer, code) in [
        (
            json!({ "new_date": "2026-11-02", "new_time": "10:30" }),
            "/new_date",
            "in_the_past",
        ),
        (
            json!({ "new_date": "2027-03-28", "new_time": "02:30", "new_timezone": "Europe/Berlin" }),
            "/new_time",
            "skipped_by_dst",
        ),
        (
            json!({ "new_date": "2027-03-27", "new_time": "02:30", "new_duration": 5 }),
            "/new_duration",
            "out_of_range",
        ),
    ] {
        let refused = violations(&practice.tell(&id, "reschedule", &body).await);
        assert_eq!(refused, [(pointer.to_owned(), code.to_owned())], "{body}");
    }
    let incomplete = practice
        .tell(&id, "reschedule", &json!({ "new_date": "2027-01-01" }))
        .await;
    assert_eq!(violations(&incomplete)[0].1, "invalid_value");
    let reasonless = practice
        .tell(&id, "decline", &json!({ "reason": " " }))
        .await;
    assert_eq!(
        violations(&reasonless),
        [("/reason".to_owned(), "empty".to_owned())]
    );
}

/// AP-3: what staff note is for staff: no portal user ever reads it, whatever they ask.
#[tokio::test]
async fn internal_notes_never_reach_a_portal_user() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    let notes = json!({ "internal_notes": "canary: pays late" });
    let answer = practice.tell(&id, "approve", &notes).await.expect(200);
    assert_eq!(answer["request"]["internal_notes"], "canary: pays late");
    assert_eq!(
        practice.read(&id).await["internal_notes"],
        "canary: pays late"
    );
    let path = format!("/api/v1/appointment-requests/{id}");
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("GET", "/api/v1/appointment-requests".to_owned(), None),
        ("POST", format!("{path}/cancel"), Some(json!({}))),
        ("GET", path.clone(), None),
    ] {
        let file = practice
            .process
            .ics(practice.portal("GET", &format!("{path}/ics"), None))
            .await;
        let answer = practice
            .process
            .approval(practice.portal(method, &path, body.as_ref()))
            .await;
        assert_eq!(answer.status, 200);
        for answer in [answer, file] {
            let shown = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(
                !shown.contains("canary") && !shown.contains("internal_notes"),
                "{shown}"
            );
        }
    }
    practice.work().await;
    assert!(
        !serde_json::to_string(&practice.mails())
            .unwrap()
            .contains("canary")
    );
}
