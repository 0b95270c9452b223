//! What may be done to a request in which state (AP-2).

use it::api::Answer;
use it::practice::{Practice, request_id};
use serde_json::{Value, json};

/// Every command, in the order of the table's columns.
const COMMANDS: [&str; 8] = [
    "edit",
    "approve",
    "generate-meeting",
    "reschedule",
    "decline",
    "cancel",
    "ics",
    "delete",
];

/// A request in each state, on a day of its own.
async fn in_state(practice: &Practice, state: &str, day: usize) -> String {
    let id = practice
        .requested(&json!({ "requested_date": format!("2027-01-{day:02}") }))
        .await;
    if state != "pending" && state != "declined while pending" {
        practice.tell(&id, "approve", &json!({})).await.expect(200);
    }
    match state {
        "declined" | "declined while pending" => {
            practice
                .tell(&id, "decline", &json!({ "reason": "no" }))
                .await
        }
        "cancelled" => practice.tell(&id, "cancel", &json!({})).await,
        _ => return id,
    }
    .expect(200);
    id
}

async fn give(practice: &Practice, command: &str, id: &str) -> Answer {
    match command {
        "edit" => {
            practice
                .call(
                    "PATCH",
                    &format!("/{id}"),
                    Some(&json!({ "service_name": "Other" })),
                )
                .await
        }
        "approve" => practice.tell(id, "approve", &json!({})).await,
        "generate-meeting" => {
            practice
                .call("POST", &format!("/{id}/generate-meeting"), None)
                .await
        }
        "reschedule" => {
            practice
                .tell(
                    id,
                    "reschedule",
                    &json!({ "new_date": "2027-02-01", "new_time": "10:00" }),
                )
                .await
        }
        "decline" => {
            practice
                .tell(id, "decline", &json!({ "reason": "no" }))
                .await
        }
        "cancel" => {
            practice
                .tell(id, "cancel", &json!({ "reason": "ill" }))
                .await
        }
        "ics" => practice.file(id).await,
        "delete" => practice.call("DELETE", &format!("/{id}"), None).await,
        other => panic!("{other}"),
    }
}

/// AP-2: every state and every command; what a state does not allow is 409, and changes nothing.
#[tokio::test]
async fn each_state_allows_what_the_table_says() {
    let table = [
        (
            "pending",
            [
                "",
                "",
                "request_not_approved",
                "request_not_approved",
                "",
                "",
                "request_not_approved",
                "",
            ],
        ),
        (
            "approved",
            [
                "request_not_pending",
                "already_approved",
                "",
                "",
                "",
                "",
                "",
                "",
            ],
        ),
        (
            "declined",
            [
                "request_not_pending",
                "request_state",
                "request_not_approved",
                "request_state",
                "request_state",
                "request_state",
                "",
                "",
            ],
        ),
        (
            "cancelled",
            [
                "request_not_pending",
                "request_state",
                "request_not_approved",
                "request_state",
                "request_state",
                "request_state",
                "",
                "",
            ],
        ),
        (
            "declined while pending",
            [
                "request_not_pending",
                "request_state",
                "request_not_approved",
                "request_state",
                "request_state",
                "request_state",
                "request_not_approved",
                "",
            ],
        ),
    ];
    let practice = Practice::without_teams().await;
    let mut day = 0;
    for (state, codes) in table {
        for (command, code) in COMMANDS.into_iter().zip(codes) {
            day = day % 28 + 1;
            let id = in_state(&practice, state, day).await;
            let before = practice.read(&id).await;
            let answer = give(&practice, command, &id).await;
            let case = format!("{command} when {state}");
            if code.is_empty() {
                assert_eq!(
                    answer.status,
                    200,
                    "{case}: {}",
                    String::from_utf8_lossy(&answer.body)
                );
            } else {
                assert_eq!(answer.problem(409), code, "{case}");
                assert_eq!(practice.read(&id).await, before, "{case}");
            }
            practice.call("DELETE", &format!("/{id}"), None).await;
            assert_eq!(
                practice
                    .call("GET", &format!("/{id}"), None)
                    .await
                    .problem(404),
                "not_found"
            );
        }
    }
}

/// AP-2: where each command leads, and what it leaves behind.
#[tokio::test]
async fn a_command_leads_where_it_says() {
    let practice = Practice::without_teams().await;
    for (state, command, to) in [
        ("pending", "approve", "approved"),
        ("pending", "decline", "declined"),
        ("pending", "cancel", "cancelled"),
        ("approved", "reschedule", "approved"),
        ("approved", "decline", "declined"),
        ("approved", "cancel", "cancelled"),
    ] {
        let id = in_state(&practice, state, 4).await;
        let answer = give(&practice, command, &id).await.expect(200);
        let request = practice.read(&id).await;
        assert_eq!(answer["request"], request, "{state} {command}");
        assert_eq!(request["status"], to, "{state} {command}");
        let is_approved = to == "approved";
        assert_eq!(
            request["schedule_entry_id"],
            if is_approved { json!(id) } else { Value::Null }
        );
        assert_eq!(
            practice
                .entries("GET", &format!("/{id}"), None)
                .await
                .status,
            if is_approved { 200 } else { 404 }
        );
        assert_eq!(
            request["declined_reason"],
            if to == "declined" {
                json!("no")
            } else {
                Value::Null
            }
        );
        assert_eq!(
            request["cancelled_reason"],
            if to == "cancelled" {
                json!("ill")
            } else {
                Value::Null
            }
        );
        assert_eq!(request["deletes_teams_meeting"], false);
        practice
            .call("DELETE", &format!("/{id}"), None)
            .await
            .expect(200);
    }
}

/// AP-7: deleting a request leaves nothing that is read under its id, in any state.
#[tokio::test]
async fn a_deleted_request_is_gone() {
    let practice = Practice::without_teams().await;
    let made = practice
        .ask(&Practice::wish(&json!({ "contact_id": "contact-1" })))
        .await
        .expect(201);
    let id = request_id(&made);
    practice.tell(&id, "approve", &json!({})).await.expect(200);
    assert_eq!(
        practice
            .call("DELETE", &format!("/{id}"), None)
            .await
            .expect(200),
        json!({})
    );
    for command in COMMANDS {
        assert_eq!(
            give(&practice, command, &id).await.problem(404),
            "not_found",
            "{command}"
        );
    }
    let list = practice.call("GET", "", None).await.expect(200);
    assert_eq!(list["items"], json!([]));
    assert_eq!(
        practice.entries("GET", "", None).await.expect(200)["items"],
        json!([])
    );
}
