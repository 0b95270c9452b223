//! The whole way, as its users go it.

use it::practice::{CONTACT_EMAIL, Practice, TECHNICIAN, TECHNICIAN_EMAIL};
use serde_json::json;

/// AP-1 to AP-8, OM-1, OM-2, OM-3, OM-5: asked for, approved with one switch, moved, cancelled; the link is never stale.
#[tokio::test]
async fn approving_makes_moves_and_removes_the_teams_meeting() {
    let practice = Practice::open().await;
    let id = practice.requested(&json!({})).await;
    let answer = practice.approve(&id, &json!({})).await.expect(200);
    assert_eq!(answer.get("teams_meeting_warning"), None, "{answer}");
    let request = &answer["request"];
    assert_eq!(request["status"], "approved");
    assert_eq!(request["assigned_user_id"], TECHNICIAN);
    let link = request["online_meeting_url"]
        .as_str()
        .expect("a link")
        .to_owned();
    assert_eq!(request["online_meeting_provider"], "teams");
    assert!(request["online_meeting_id"].is_string());
    assert_eq!(request["online_meeting"]["status"], "scheduled");
    assert_eq!(request["online_meeting"]["remote_state"], "in_step");
    let meeting = &request["online_meeting"];
    assert_eq!(meeting["provider_meeting_id"], request["online_meeting_id"]);
    assert_eq!(meeting["join_url"], link);
    assert_eq!(
        meeting["organizer_upn"],
        graph_simulator::demo::ORGANIZER_UPN
    );
    assert_eq!(
        meeting["organizer_user_id"],
        graph_simulator::demo::ORGANIZER_ID
    );
    assert_eq!(meeting["provider_event_id"], practice.on_calendar()[0].id);
    assert_eq!(meeting["appointment_request_id"], id);
    assert_eq!(meeting["schedule_entry_id"], request["schedule_entry_id"]);
    assert!(meeting["interaction_id"].is_string());
    assert_eq!(meeting["created_by"], "u-approver");
    assert_eq!(practice.on_calendar().len(), 1);
    let events = practice.settle().await;
    let types: Vec<_> = events
        .iter()
        .map(|event| event["detail_type"].as_str().unwrap())
        .collect();
    for expected in [
        "appointment.requested",
        "appointment.approved",
        "schedule_entry.created",
        "appointment.online_meeting_attached",
        "schedule_entry.updated",
        "interaction.logged",
        "interaction.created",
        "online_meeting.scheduled",
    ] {
        assert!(types.contains(&expected), "{expected} in {types:?}");
    }
    let mails = practice.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    let text = serde_json::to_string(&mails).unwrap();
    for expected in [CONTACT_EMAIL, TECHNICIAN_EMAIL, "Join Teams Meeting", &link] {
        assert!(text.contains(expected), "{expected} in {text}");
    }

    let moved = json!({ "new_date": "2026-12-02", "new_time": "10:30" });
    let answer = practice
        .call("POST", &format!("/{id}/reschedule"), Some(&moved))
        .await
        .expect(200);
    assert_eq!(answer.get("teams_meeting_warning"), None, "{answer}");
    assert_eq!(answer["request"]["online_meeting_url"], link);
    assert_eq!(answer["request"]["start"], "2026-12-02T09:30:00Z");
    let event = &practice.on_calendar()[0];
    assert_eq!(event.start.to_rfc3339(), "2026-12-02T09:30:00+00:00");
    practice.settle().await;
    assert_eq!(practice.mails().len(), 4);

    let answer = practice
        .call(
            "POST",
            &format!("/{id}/cancel"),
            Some(&json!({ "reason": "ill" })),
        )
        .await
        .expect(200);
    assert_eq!(answer.get("teams_meeting_warning"), None, "{answer}");
    assert_eq!(answer["request"]["online_meeting_url"], json!(null));
    assert_eq!(answer["request"]["online_meeting"]["status"], "cancelled");
    assert!(practice.on_calendar().is_empty());
    practice.settle().await;
    assert_eq!(practice.mails().len(), 6);
}
