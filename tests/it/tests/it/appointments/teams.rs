//! Appointments with their Teams meeting: everything that belongs together moves
//! and ends together (AP-6, AP-7, OM-5, OM-6).

use convoke_domain::id::InteractionId;
use convoke_platform::records::InteractionRecord;
use it::practice::{CLIENT, CONTACT, Command, Practice, TECHNICIAN, read_file};
use serde_json::{Value, json};

use crate::routes::tenant;

/// The interaction of an appointment, as stored.
async fn interaction(practice: &Practice, id: &str) -> Value {
    let key = InteractionRecord::key_of(InteractionId::new(id.parse().unwrap()));
    let store = practice.process.store.tenant(&tenant(&practice.org));
    let record = store.get::<InteractionRecord>(&key).await.unwrap();
    record.map_or(Value::Null, |record| serde_json::to_value(record).unwrap())
}

/// OM-5, AP-4: approving puts an "Online Meeting" on the client's timeline, whose
/// notes end with the join line, once, however often things move.
#[tokio::test]
async fn the_interaction_ends_with_the_join_line_once() {
    let practice = Practice::open().await;
    let id = practice.approved().await;
    let link = practice.read(&id).await["online_meeting_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let line = format!("Join Teams Meeting: {link}");
    for time in ["09:00", "10:00", "11:00"] {
        practice
            .tell(
                &id,
                "reschedule",
                &json!({ "new_date": "2026-12-04", "new_time": time }),
            )
            .await
            .expect(200);
        let interaction = interaction(&practice, &id).await;
        assert_eq!(interaction["type"], "Online Meeting");
        assert_eq!(
            (&interaction["client_id"], &interaction["contact_id"]),
            (&json!(CLIENT), &json!(CONTACT))
        );
        assert_eq!(
            (&interaction["user_id"], &interaction["status"]),
            (&json!(TECHNICIAN), &json!("planned"))
        );
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        for notes in [&interaction["notes"], &entry["notes"]] {
            let notes = notes.as_str().unwrap();
            assert!(
                notes.starts_with("Figures of the third quarter") && notes.ends_with(&line),
                "{notes}"
            );
            assert_eq!(notes.matches("Join Teams Meeting").count(), 1, "{notes}");
        }
    }
    let request = practice.read(&id).await;
    let meeting = &request["online_meeting"];
    for name in [
        "interaction_id",
        "schedule_entry_id",
        "appointment_request_id",
        "online_meeting_id",
    ] {
        assert_eq!(meeting[name], json!(id), "{name}");
    }
    practice.settle().await;
}

/// AP-6, OM-6: moving by request or by entry moves request, entry, interaction,
/// meeting and Microsoft's event, of which nothing but the times is touched.
#[tokio::test]
async fn everything_moves_together() {
    let practice = Practice::open().await;
    let id = practice.approved().await;
    let mut start = String::new();
    for command in Command::MOVING {
        if command == Command::MoveEntry {
            let longer = json!({ "start": "2027-07-01T07:00:00Z", "end": "2027-07-01T08:30:00Z" });
            practice.move_entry(&id, &longer).await.expect(200);
            start = "2027-07-01T07:00:00Z".to_owned();
        } else {
            practice.command(command, &id).await.expect(200);
            start = Command::NEW_START.to_owned();
        }
        let request = practice.read(&id).await;
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        let interaction = interaction(&practice, &id).await;
        for (place, at) in [
            ("request", &request["start"]),
            ("entry", &entry["start"]),
            ("meeting", &request["online_meeting"]["start_time"]),
            ("entry's meeting", &entry["online_meeting"]["start_time"]),
            ("interaction", &interaction["start"]),
            (
                "file",
                &read_file(&practice.file(&id).await)["occurrences"]["by_file"][0],
            ),
        ] {
            assert_eq!(*at, json!(start), "{place}");
        }
        assert_eq!(
            (&interaction["end"], &entry["end"]),
            (&request["end"], &request["end"])
        );
        practice.assert_in_step(&id, &start).await;
    }
    assert!(!start.is_empty());
    for patch in practice.requests("PATCH", "/events/") {
        let body = patch.body.unwrap_or_default();
        let mut fields: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        fields.sort();
        assert_eq!(fields, ["end", "start"]);
    }
    assert_eq!(practice.requests("PATCH", "/events/").len(), 2);
}

/// AP-7: whichever way it ends, link, place in time and event go, and the meeting
/// and the interaction stay on record, cancelled.
#[tokio::test]
async fn everything_ends_together() {
    for command in Command::ENDING {
        let practice = Practice::open().await;
        let id = practice.approved().await;
        let request = practice.read(&id).await;
        let entry = practice
            .entries("GET", &format!("/{id}"), None)
            .await
            .expect(200);
        assert_eq!(
            (
                &request["deletes_teams_meeting"],
                &entry["deletes_teams_meeting"]
            ),
            (&json!(true), &json!(true))
        );
        let answer = practice.command(command, &id).await.expect(200);
        assert_eq!(answer.get("teams_meeting_warning"), None, "{command:?}");
        assert!(practice.on_calendar().is_empty(), "{command:?}");
        assert_eq!(
            practice
                .entries("GET", &format!("/{id}"), None)
                .await
                .status,
            404
        );
        let interaction = interaction(&practice, &id).await;
        assert_eq!(interaction["status"], "cancelled", "{command:?}");
        assert!(
            !interaction["notes"].as_str().unwrap().contains("Join"),
            "{command:?}"
        );
        if command != Command::Delete {
            let request = practice.read(&id).await;
            for name in [
                "online_meeting_url",
                "online_meeting_id",
                "online_meeting_provider",
            ] {
                assert_eq!(request[name], Value::Null, "{name} {command:?}");
            }
            assert_eq!(
                request["online_meeting"]["status"], "cancelled",
                "{command:?}"
            );
            assert_eq!(
                request["online_meeting"]["join_url"],
                Value::Null,
                "{command:?}"
            );
            assert_eq!(request["deletes_teams_meeting"], false);
        }
        let told = practice.sent().len();
        practice.settle().await;
        let sent = practice.sent();
        let cancels: Vec<_> = sent[told..]
            .iter()
            .map(|mail| (mail.method.as_str(), mail.sequence.as_str(), mail.has_link))
            .collect();
        assert_eq!(
            cancels,
            [("CANCEL", "1", false), ("CANCEL", "1", false)],
            "{command:?}"
        );
        practice.assert_in_step(&id, "ended").await;
    }
}

/// AP-7: `deletes_teams_meeting` is true exactly while ending it would remove something.
#[tokio::test]
async fn a_read_says_whether_ending_removes_a_meeting() {
    let practice = Practice::open().await;
    let says = async |id: &str| {
        let list = practice.call("GET", "", None).await.expect(200);
        let listed = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["appointment_request_id"] == *id)
            .cloned();
        let read = practice.read(id).await;
        assert_eq!(
            listed.unwrap()["deletes_teams_meeting"],
            read["deletes_teams_meeting"]
        );
        read["deletes_teams_meeting"].as_bool().unwrap()
    };
    let id = practice.requested(&json!({})).await;
    assert!(!says(&id).await, "pending");
    practice
        .approve(&id, &json!({ "generate_teams_meeting": false }))
        .await
        .expect(200);
    assert!(!says(&id).await, "without a meeting");
    practice.command(Command::Generate, &id).await.expect(200);
    assert!(says(&id).await, "with one");
    practice.command(Command::Reschedule, &id).await.expect(200);
    assert!(says(&id).await, "moved");
    practice.command(Command::Decline, &id).await.expect(200);
    assert!(!says(&id).await, "declined");
}

/// AP-4, AP-9, XC-2: a portal user reads the link, and nothing of how it was made.
#[tokio::test]
async fn a_portal_user_reads_the_link_and_nothing_of_staffs() {
    let practice = Practice::open().await;
    let id = practice.approved().await;
    let path = format!("/api/v1/appointment-requests/{id}");
    let read = practice
        .process
        .approval(practice.portal("GET", &path, None))
        .await
        .expect(200);
    let staff = practice.read(&id).await;
    assert_eq!(read["online_meeting_url"], staff["online_meeting_url"]);
    assert_eq!(
        read["online_meeting"]["join_url"],
        staff["online_meeting_url"]
    );
    for name in [
        "provider_event_id",
        "organizer_upn",
        "organizer_user_id",
        "error_code",
        "created_by",
    ] {
        assert_eq!(read["online_meeting"].get(name), None, "{name}");
    }
    assert!(staff["online_meeting"]["organizer_upn"].is_string());
    let cancel = practice.portal("POST", &format!("{path}/cancel"), Some(&json!({})));
    let cancelled = practice.process.approval(cancel).await.expect(200);
    assert_eq!(cancelled["request"]["online_meeting_url"], Value::Null);
    assert!(practice.on_calendar().is_empty());
}

/// AP-4: no external person is ever on the event; it is the organiser's own.
#[tokio::test]
async fn the_event_has_no_attendees() {
    let practice = Practice::open().await;
    practice.approved().await;
    let sent = practice.requests("POST", "/events");
    assert_eq!(sent.len(), 1);
    let body = sent[0].body.clone().unwrap_or_default();
    let attendees = body["attendees"].as_array().map_or(0, Vec::len);
    assert_eq!(attendees, 0, "{body}");
    assert!(!body.to_string().contains("client.example"), "{body}");
    assert!(practice.graph.mails().is_empty());
}
