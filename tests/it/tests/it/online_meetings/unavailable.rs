//! No Teams meeting can be made here (OM-4, XC-11). The same in both editions,
//! but for the reason.

use it::practice::Practice;
use it::requests::violations;
use serde_json::{Value, json};

/// What a practice without settings is told.
const REASON: &str = if cfg!(feature = "enterprise") {
    "not_configured"
} else {
    "ee_disabled"
};

/// OM-4: 503 with the capability's reason, no call to Graph, and nothing stored.
#[tokio::test]
async fn without_teams_nothing_is_stored() {
    let practice = Practice::without_teams().await;
    practice.work().await;
    let before = practice.items().await;
    let plan = Practice::plan(&json!({}));
    let answer = practice.meetings("POST", "", Some(&plan)).await;
    assert_eq!(answer.problem(503), REASON);
    let after = practice.items().await;
    // The caller's own entry in the directory aside, which any call refreshes.
    let stored: Vec<_> = after
        .keys()
        .filter(|key| !before.contains_key(*key))
        .collect();
    assert_eq!(stored, Vec::<&(String, String)>::new());
    assert_eq!(practice.graph.received().len(), 0);
    assert_eq!(practice.work().await, Vec::<Value>::new());
}

/// OM-4, XC-3: what cannot be a Teams meeting is refused by its field, before
/// anybody asks whether there is Teams.
#[tokio::test]
async fn an_impossible_meeting_is_refused_by_its_field() {
    let practice = Practice::without_teams().await;
    for (fields, pointer, code) in [
        (json!({ "subject": "" }), "/subject", "empty"),
        (
            json!({ "end": "2026-12-01T09:00:00Z" }),
            "/end",
            "out_of_range",
        ),
        (
            json!({ "end": "2026-12-01T08:00:00Z" }),
            "/end",
            "out_of_range",
        ),
        (
            json!({ "end": "2026-12-02T15:00:01Z" }),
            "/end",
            "out_of_range",
        ),
        (json!({ "start": "soon" }), "/start", "invalid_value"),
        (
            json!({ "start": "+262142-12-31T00:00:00Z" }),
            "/start",
            "invalid_value",
        ),
        (json!({ "contact_id": null }), "/client_id", "missing"),
        (json!({ "contact_id": "a b" }), "/contact_id", "invalid_id"),
        (
            json!({ "create_schedule_entry": false, "assigned_user_ids": ["tech-1"] }),
            "/assigned_user_ids",
            "not_allowed",
        ),
        (
            json!({ "assigned_user_ids": ["tech-1", "tech-1"] }),
            "/assigned_user_ids/1",
            "duplicate",
        ),
        (json!({ "colour": "blue" }), "/colour", "unknown_field"),
    ] {
        let plan = Practice::plan(&fields);
        let answer = practice.meetings("POST", "", Some(&plan)).await;
        let refused = violations(&answer);
        assert_eq!(
            refused[0],
            (pointer.to_owned(), code.to_owned()),
            "{fields}"
        );
    }
    assert_eq!(practice.graph.received().len(), 0);
}

/// OM-4: no id but one of an online meeting names one.
#[tokio::test]
async fn what_is_no_online_meeting_is_not_found() {
    let practice = Practice::without_teams().await;
    let request = practice.booked(&json!({})).await;
    let times = json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:00:00Z" });
    for id in [
        request.as_str(),
        "00000000-0000-7000-8000-000000000000",
        "recordings",
        "%00",
    ] {
        for (method, rest, body) in [
            ("GET", "", None),
            ("POST", "/reschedule", Some(&times)),
            ("POST", "/cancel", None),
            ("POST", "/refresh-recordings", None),
        ] {
            let answer = practice
                .meetings(method, &format!("/{id}{rest}"), body)
                .await;
            assert_eq!(answer.problem(404), "not_found", "{method} {id}{rest}");
        }
    }
}
