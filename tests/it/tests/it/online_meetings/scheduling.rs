//! Scheduling, moving and cancelling (OM-4).

use graph_simulator::{Fault, demo};
use it::practice::{CLIENT, CONTACT, Meeting, OTHER_TECHNICIAN, Practice, TECHNICIAN, told};
use it::requests::instant;
use serde_json::{Value, json};

/// OM-1, OM-4, OM-5: it comes to exist with its interaction and its schedule
/// entry, all of one id, and on the organiser's calendar with those invited.
#[tokio::test]
async fn a_meeting_comes_with_its_interaction_and_its_entry() {
    let practice = Practice::open().await;
    let fields = json!({ "assigned_user_ids": [TECHNICIAN, OTHER_TECHNICIAN],
        "attendees": [{ "user_id": TECHNICIAN }, { "email": "eve@outside.example", "name": "Eve", "role": "optional" }] });
    let plan = Practice::plan(&fields);
    let answer = practice.meetings("POST", "", Some(&plan)).await;
    let made = answer.expect(201);
    let id = made["online_meeting_id"].as_str().unwrap();
    assert_eq!(
        answer.header("location"),
        Some(&*format!("/api/v1/online-meetings/{id}"))
    );
    assert_eq!(
        answer.header("etag"),
        Some(&*format!("\"{}\"", made["version"]))
    );
    for (name, value) in [
        ("provider", json!("teams")),
        ("organizer_upn", json!(demo::ORGANIZER_UPN)),
        ("subject", plan["subject"].clone()),
        ("start_time", json!(Meeting::START)),
        ("end_time", json!(Meeting::END)),
        ("status", json!("scheduled")),
        ("remote_state", json!("in_step")),
        ("capture_status", json!("scheduled")),
        ("recording_fetch_attempts", json!(0)),
        ("last_fetch_at", Value::Null),
        ("appointment_request_id", Value::Null),
        ("interaction_id", json!(id)),
        ("schedule_entry_id", json!(id)),
        ("created_by", json!("u-approver")),
        ("client_id", json!(CLIENT)),
        ("contact_id", json!(CONTACT)),
        ("artifacts", json!([])),
    ] {
        assert_eq!(made[name], value, "{name} of {made}");
    }
    assert_eq!(made.get("unreachable_attendees"), None);
    let live = practice.on_calendar();
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].join_url.as_deref(), made["join_url"].as_str());
    assert_eq!(live[0].start, instant(&made["start_time"]));
    let sent = practice.requests("POST", "/events")[0]
        .body
        .clone()
        .unwrap();
    let invited: Vec<_> = sent["attendees"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["emailAddress"]["address"], &one["type"]))
        .collect();
    assert_eq!(
        invited,
        [
            (&json!("tess@practice.example"), &json!("required")),
            (&json!("eve@outside.example"), &json!("optional"))
        ]
    );
    let entry = practice.entries("GET", &format!("/{id}"), None).await;
    let entry = entry.expect(200);
    assert_eq!(
        (&entry["work_item_type"], &entry["work_item_id"]),
        (&json!("interaction"), &json!(id))
    );
    assert_eq!(
        entry["assigned_user_ids"],
        json!([TECHNICIAN, OTHER_TECHNICIAN])
    );
    let read = practice.meetings("GET", &format!("/{id}"), None).await;
    assert_eq!(read.header("etag"), answer.header("etag"));
    assert_eq!(read.expect(200), made);
    assert_eq!(entry["online_meeting"], made);
    let events = practice.work().await;
    for kind in [
        "online_meeting.scheduled",
        "interaction.created",
        "interaction.logged",
        "schedule_entry.created",
    ] {
        assert_eq!(told(&events, kind).len(), 1, "{kind} of {events:?}");
    }
}

/// XC-4: the same key is answered again, by the same meeting; a refusal of
/// Microsoft's is no answer to keep.
#[tokio::test]
async fn a_repeated_request_makes_no_second_meeting() {
    let practice = Practice::open().await;
    let plan = Practice::plan(&json!({}));
    let post = async || {
        let event = practice.meeting_event("POST", "", Some(&plan));
        practice
            .process
            .api(event.header("idempotency-key", "k"))
            .await
    };
    let fault = Fault::on("POST", "/v1.0/users/*/events");
    practice
        .graph
        .inject(fault.error(403, "ErrorAccessDenied", "no"));
    assert!(post().await.status >= 500);
    let made = post().await;
    let again = post().await;
    assert_eq!(made.expect(201), again.expect(201));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(practice.on_calendar().len(), 1);
    let command = async |command: &str, body: Option<&Value>| {
        let rest = format!(
            "/{}/{command}",
            made.json()["online_meeting_id"].as_str().unwrap()
        );
        let event = practice.meeting_event("POST", &rest, body);
        practice
            .process
            .api(event.header("idempotency-key", "k"))
            .await
    };
    let times = json!({ "start": "2026-12-03T13:00:00Z", "end": "2026-12-03T13:45:00Z" });
    for (name, body) in [("reschedule", Some(&times)), ("cancel", None)] {
        let first = command(name, body).await.expect(200);
        let again = command(name, body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{name}");
        assert_eq!(again.expect(200), first, "{name}");
    }
}

/// OM-4, XC-14: an internal attendee without an address is named, and the
/// meeting comes about without them.
#[tokio::test]
async fn whoever_cannot_be_reached_is_named() {
    let practice = Practice::open().await;
    let plan = Practice::plan(&json!({ "create_schedule_entry": false,
        "attendees": [{ "user_id": "nobody-knows", "role": "optional" }] }));
    let made = practice.meetings("POST", "", Some(&plan)).await.expect(201);
    assert_eq!(
        made["unreachable_attendees"],
        json!([{ "user_id": "nobody-knows", "role": "optional" }])
    );
    assert_eq!(made["schedule_entry_id"], Value::Null);
    assert_eq!(practice.on_calendar().len(), 1);
}

/// OM-4: where Microsoft refuses, the caller gets its error; there is neither
/// meeting nor interaction nor entry, and nothing stays on the calendar.
#[tokio::test]
async fn a_refused_creation_is_an_error_and_leaves_nothing() {
    for (case, fault) in [
        (
            "refused",
            Fault::on("POST", "/v1.0/users/*/events").error(403, "ErrorAccessDenied", "no"),
        ),
        (
            "without Teams",
            Fault::on("POST", "/v1.0/users/*/events").without_teams_meeting(),
        ),
    ] {
        let practice = Practice::open().await;
        practice.graph.inject(fault.always());
        let plan = Practice::plan(&json!({}));
        let answer = practice.meetings("POST", "", Some(&plan)).await;
        assert!(answer.status >= 400, "{case}: {}", answer.json());
        let code = answer.problem(answer.status);
        assert!(!code.is_empty(), "{case}");
        practice.settle().await;
        let list = format!("/api/v1/interactions?contact_id={CONTACT}");
        let list = practice
            .process
            .api(practice.staff("GET", &list, None))
            .await;
        assert_eq!(list.expect(200)["items"], json!([]), "{case}");
        let entries = practice.entries("GET", "", None).await.expect(200);
        assert_eq!(entries["items"], json!([]), "{case}");
        assert!(practice.on_calendar().is_empty(), "{case}");
    }
}

/// OM-4, OM-6: a move takes interaction, entry and event along; the same times
/// again change nothing.
#[tokio::test]
async fn a_move_takes_everything_along() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let times = json!({ "start": "2026-12-03T13:00:00Z", "end": "2026-12-03T13:45:00Z" });
    let answer = practice
        .tell_meeting(&meeting, "reschedule", Some(&times))
        .await;
    let moved = answer.expect(200);
    assert_eq!(moved.get("teams_meeting_warning"), None);
    let read = practice.read_meeting(&meeting).await;
    assert_eq!(moved["online_meeting"], read);
    assert_eq!(
        (&read["start_time"], &read["end_time"]),
        (&times["start"], &times["end"])
    );
    let live = practice.on_calendar();
    assert_eq!(live[0].start, instant(&times["start"]));
    assert_eq!(live[0].end, instant(&times["end"]));
    let entry = practice
        .entries("GET", &format!("/{}", meeting.id), None)
        .await;
    assert_eq!(entry.expect(200)["start"], times["start"]);
    let interaction = practice.interaction(meeting.id).await;
    assert_eq!(
        (&interaction["start_time"], &interaction["duration_minutes"]),
        (&times["start"], &json!(45))
    );
    let calls = practice.requests("PATCH", "/events").len();
    let again = practice
        .tell_meeting(&meeting, "reschedule", Some(&times))
        .await;
    again.expect(200);
    assert_eq!(practice.requests("PATCH", "/events").len(), calls);
}

/// XC-5: a command that names another version than the present one does nothing.
#[tokio::test]
async fn a_command_of_an_old_version_is_refused() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let rest = format!("/{}/cancel", meeting.id);
    let event = practice.meeting_event("POST", &rest, None);
    let refused = practice
        .process
        .api(event.header("if-match", "\"999\""))
        .await;
    assert_eq!(refused.problem(412), "version_mismatch");
    assert_eq!(practice.on_calendar().len(), 1);
}

/// OM-2, OM-4: a cancelled meeting reads so at once, without its link; its entry
/// goes, its interaction stays as cancelled, and it cannot be moved any more.
#[tokio::test]
async fn a_cancelled_meeting_goes_with_its_entry() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let answer = practice
        .tell_meeting(&meeting, "cancel", None)
        .await
        .expect(200);
    assert_eq!(answer.get("teams_meeting_warning"), None);
    let read = practice.read_meeting(&meeting).await;
    assert_eq!(answer["online_meeting"], read);
    assert_eq!(
        (&read["status"], &read["remote_state"], &read["join_url"]),
        (&json!("cancelled"), &json!("gone"), &Value::Null)
    );
    assert_eq!(read["capture_status"], "none");
    assert!(practice.on_calendar().is_empty());
    let rest = format!("/{}", meeting.id);
    let entry = practice.entries("GET", &rest, None).await;
    assert_eq!(entry.problem(404), "not_found");
    let interaction = practice.interaction(meeting.id).await;
    assert_eq!(interaction["status"], "cancelled");
    assert!(!interaction["notes"].to_string().contains("Join Teams"));
    let times = json!({ "start": "2026-12-03T13:00:00Z", "end": "2026-12-03T13:45:00Z" });
    for (command, body) in [("reschedule", Some(&times)), ("cancel", None)] {
        let refused = practice.tell_meeting(&meeting, command, body).await;
        assert_eq!(refused.problem(409), "online_meeting_state", "{command}");
    }
}

/// OM-4, AP-5: cancelling stands though Microsoft refuses; the caller is warned.
#[tokio::test]
async fn a_removal_that_microsoft_refuses_is_a_warning() {
    let practice = Practice::open().await;
    let meeting = practice.met(&json!({})).await;
    let fault = Fault::on("DELETE", "/v1.0/users/*/events/*");
    practice
        .graph
        .inject(fault.error(403, "ErrorAccessDenied", "no").always());
    let answer = practice
        .tell_meeting(&meeting, "cancel", None)
        .await
        .expect(200);
    let warning = &answer["teams_meeting_warning"];
    assert!(warning["reason"].is_string(), "{answer}");
    assert!(
        warning["message"]
            .as_str()
            .unwrap()
            .contains("manually in Teams")
    );
    assert_eq!(answer["online_meeting"]["status"], "cancelled");
}
