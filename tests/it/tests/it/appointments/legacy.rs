//! Appointments of an old system (AP-9).

use it::practice::{CLIENT, CONTACT, Practice, TECHNICIAN, read_file};
use serde_json::{Value, json};

const LINK: &str = "https://teams.microsoft.com/l/meetup-join/old";

/// AP-9: each entry stands for itself; what does not fit says why, and the rest is made.
#[tokio::test]
async fn each_entry_stands_for_itself() {
    let practice = Practice::without_teams().await;
    let entry = |fields: &Value| {
        let mut entry = Practice::wish(&json!({ "contact_id": CONTACT }));
        for (name, value) in fields.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    };
    let cases = [
        (json!({ "requested_date": "2025-01-15" }), None),
        (
            json!({ "status": "pending" }),
            Some(("/status", "not_approved")),
        ),
        (
            json!({ "online_meeting_url": "javascript:alert(1)" }),
            Some(("/online_meeting_url", "invalid_link")),
        ),
        (
            json!({ "online_meeting_provider": "zoom", "online_meeting_url": LINK }),
            Some(("/online_meeting_provider", "unknown_provider")),
        ),
        (
            json!({ "online_meeting_id": "a\nb" }),
            Some(("/online_meeting_id", "invalid_id")),
        ),
        (
            json!({ "contact_id": "nobody" }),
            Some(("/contact_id", "unknown_contact")),
        ),
        (
            json!({ "colour": "blue" }),
            Some(("/colour", "unknown_field")),
        ),
        (
            json!({ "requested_duration": "long" }),
            Some(("/requested_duration", "invalid_value")),
        ),
        (
            json!({ "requested_date": "2025-03-30", "requested_time": "02:30" }),
            Some(("/requested_time", "skipped_by_dst")),
        ),
        (
            json!({ "assigned_user_id": "a b" }),
            Some(("/assigned_user_id", "invalid_id")),
        ),
        (
            json!({ "status": "approved", "online_meeting_url": LINK }),
            None,
        ),
    ];
    let entries: Vec<_> = cases.iter().map(|(fields, _)| entry(fields)).collect();
    let body = json!({ "appointment_requests": entries });
    let answer = practice.tell("import", "", &body).await;
    assert_eq!(answer.status, 404, "a path with a slash too many");
    let answer = practice
        .call("POST", "/import", Some(&body))
        .await
        .expect(200);
    let answers = answer["appointment_requests"].as_array().unwrap();
    assert_eq!(answers.len(), cases.len());
    for (answer, (fields, refused)) in answers.iter().zip(&cases) {
        match refused {
            None => {
                assert_eq!(answer["result"], "created", "{fields}: {answer}");
                let request = practice
                    .read(answer["appointment_request_id"].as_str().unwrap())
                    .await;
                assert_eq!(
                    (&request["status"], &request["client_id"]),
                    (&json!("approved"), &json!(CLIENT))
                );
            }
            Some((pointer, code)) => {
                assert_eq!(
                    (&answer["result"], &answer["code"]),
                    (&json!("refused"), &json!("invalid_input")),
                    "{fields}"
                );
                let error = &answer["errors"][0];
                assert_eq!(
                    (&error["pointer"], &error["code"]),
                    (&json!(pointer), &json!(code)),
                    "{fields}"
                );
            }
        }
    }
    let listed = practice.call("GET", "", None).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let many = json!({ "appointment_requests": vec![json!({}); 101] });
    let refused = practice.call("POST", "/import", Some(&many)).await;
    assert_eq!(
        it::requests::violations(&refused),
        [("/appointment_requests".to_owned(), "too_many".to_owned())]
    );
}

/// AP-9: a read shows just the columns that came: no backfill, no meeting of ours,
/// and nothing is removed that nobody could name.
#[tokio::test]
async fn an_imported_request_keeps_just_its_columns() {
    let practice = Practice::without_teams().await;
    for (at, (columns, provider, deletes)) in [
        (json!({}), Value::Null, false),
        (json!({ "online_meeting_url": LINK }), json!("teams"), false),
        (
            json!({ "online_meeting_url": LINK, "online_meeting_id": "MSo1" }),
            json!("teams"),
            true,
        ),
        (
            json!({ "online_meeting_id": "MSo1", "online_meeting_provider": "teams" }),
            json!("teams"),
            true,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut fields = columns.clone();
        fields["requested_date"] = json!(format!("2026-12-{:02}", at + 7));
        let id = practice.imported(&fields).await;
        let path = format!("/api/v1/appointment-requests/{id}");
        for request in [
            practice.read(&id).await,
            practice
                .process
                .approval(practice.portal("GET", &path, None))
                .await
                .expect(200),
        ] {
            for name in ["online_meeting_url", "online_meeting_id"] {
                assert_eq!(request[name], columns[name], "{name} of {columns}");
            }
            assert_eq!(request["online_meeting_provider"], provider, "{columns}");
            assert_eq!(request.get("online_meeting"), None, "{columns}");
            assert_eq!(request["deletes_teams_meeting"], deletes, "{columns}");
            assert_eq!(request["assigned_user_id"], TECHNICIAN);
        }
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        assert_eq!(entry["deletes_teams_meeting"], deletes, "{columns}");
        assert_eq!(
            entry["notes"].as_str().unwrap().contains(LINK),
            columns["online_meeting_url"].is_string()
        );
        let event = read_file(&practice.file(&id).await)["events"][0].clone();
        assert_eq!(event["url"], columns["online_meeting_url"], "{columns}");
        assert_eq!(event["status"], "CONFIRMED");
    }
    assert_eq!(practice.work().await, Vec::<Value>::new(), "nobody is told");
}

/// AP-9: an imported appointment without a meeting of Microsoft's moves and ends like any other.
#[tokio::test]
async fn an_imported_request_moves_and_ends_like_any_other() {
    let practice = Practice::without_teams().await;
    let id = practice
        .imported(&json!({ "online_meeting_url": LINK }))
        .await;
    let taken = practice.requested(&json!({})).await;
    assert_eq!(
        practice
            .tell(&taken, "approve", &json!({}))
            .await
            .problem(409),
        "technician_unavailable"
    );
    let moved = practice
        .tell(
            &id,
            "reschedule",
            &json!({ "new_date": "2026-12-03", "new_time": "09:00" }),
        )
        .await
        .expect(200);
    assert_eq!(moved.get("teams_meeting_warning"), None, "{moved}");
    assert_eq!(moved["request"]["online_meeting_url"], LINK);
    practice
        .tell(&taken, "approve", &json!({}))
        .await
        .expect(200);
    let ended = practice.tell(&id, "cancel", &json!({})).await.expect(200);
    assert_eq!(ended.get("teams_meeting_warning"), None, "{ended}");
    assert_eq!(ended["request"]["online_meeting_url"], Value::Null);
    let second = practice
        .imported(&json!({ "requested_date": "2025-01-15" }))
        .await;
    practice
        .call("DELETE", &format!("/{second}"), None)
        .await
        .expect(200);
    practice.work().await;
}

/// AP-9: what nobody held takes nobody's time, and moves and ends all the same.
#[tokio::test]
async fn an_imported_request_without_technician_takes_nobodys_time() {
    let practice = Practice::without_teams().await;
    let nobody = json!({ "assigned_user_id": null, "preferred_assigned_user_id": null });
    let id = practice.imported(&nobody).await;
    let read = practice.entries("GET", &format!("/{id}"), None).await;
    assert_eq!(read.expect(200)["assigned_user_ids"], json!([]));
    practice.booked(&json!({})).await;
    let to = json!({ "start": "2026-12-07T09:00:00Z" });
    practice.move_entry(&id, &to).await.expect(200);
    let told = practice.sent().len();
    let gone = practice.entries("DELETE", &format!("/{id}"), None).await;
    gone.expect(200);
    practice.work().await;
    assert!(practice.sent().len() > told, "the client is told");
    assert_eq!(practice.read(&id).await["assigned_user_id"], Value::Null);
}
