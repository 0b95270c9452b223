//! Imported appointments that only have their columns (AP-6, AP-7, AP-9).

use graph_simulator::{Fault, StoredMeeting, demo};
use it::practice::{Command, OPENING, Practice};
use serde_json::{Value, json};

use super::{each, matrix, warning_of};

const MEETING: &str = "/v1.0/users/*/onlineMeetings/*";

/// A meeting without event, and the imported request that holds its id.
async fn imported(practice: &Practice) -> (String, StoredMeeting) {
    let start = OPENING.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let end = start + chrono::TimeDelta::hours(1);
    let meeting = practice
        .graph
        .add_online_meeting(demo::ORGANIZER_ID, "Old", start, end)
        .unwrap();
    let columns = json!({ "online_meeting_provider": "teams", "online_meeting_url": meeting.join_url,
        "online_meeting_id": meeting.id });
    (practice.imported(&columns).await, meeting)
}

/// The online meetings that there are, by start.
fn starts(practice: &Practice) -> Vec<Value> {
    let meetings = practice.graph.online_meetings(demo::ORGANIZER_ID);
    meetings.iter().map(|meeting| json!(meeting.start)).collect()
}

/// AP-6, AP-7: a legacy row that only has its online meeting id is moved and removed
/// through `/onlineMeetings`, and caught up with where that fails.
#[tokio::test]
async fn imported_meetings_are_moved_and_removed_by_their_id() {
    let commands: Vec<_> = Command::MOVING.into_iter().chain(Command::ENDING).collect();
    each(matrix(&commands, MEETING), async |(command, name, fault)| {
        let case = format!("{command:?}, {name}");
        let practice = Practice::open().await;
        let (id, meeting) = imported(&practice).await;
        let request = practice.read(&id).await;
        assert_eq!(request["deletes_teams_meeting"], true, "{case}");
        practice.graph.inject(fault);
        let answer = practice.command(command, &id).await;
        let unread = ["malformed after the effect", "truncated after the effect"].contains(&name);
        let is_gone = name == "404";
        if !unread && !is_gone {
            warning_of(&answer, &case);
        }
        practice.graph.clear_faults();
        practice.settle().await;
        assert_eq!(practice.outstanding().await, Vec::<Value>::new(), "{case}");
        assert!(practice.requests("POST", "/events").is_empty(), "{case}");
        if command.ends() {
            if !is_gone {
                assert_eq!(starts(&practice), Vec::<Value>::new(), "{case}");
            }
            let answer = practice.call("GET", &format!("/{id}"), None).await;
            assert_eq!(answer.status == 404, command == Command::Delete, "{case}");
            if answer.status == 200 {
                let request = answer.json();
                assert!(request["online_meeting_url"].is_null(), "{case}: {request}");
                assert_eq!(request["deletes_teams_meeting"], false, "{case}");
            }
            return;
        }
        let request = practice.read(&id).await;
        assert_eq!(request["start"], Command::NEW_START, "{case}");
        if is_gone {
            return;
        }
        assert_eq!(starts(&practice), [json!(Command::NEW_START)], "{case}");
        assert_eq!(request["online_meeting_id"], meeting.id, "{case}");
        assert!(request.get("online_meeting").is_none(), "{case}: no backfill: {request}");
        for patch in practice.requests("PATCH", "/onlineMeetings/") {
            let body = patch.body.unwrap_or_default();
            let mut fields: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
            fields.sort();
            assert_eq!(fields, ["endDateTime", "startDateTime"], "{case}");
        }
    })
    .await;
}

/// AP-6: a legacy meeting that somebody removed: the dead link is taken back; a new,
/// calendar-backed meeting can be made.
#[tokio::test]
async fn an_imported_meeting_that_is_gone_can_be_made_anew() {
    let practice = Practice::open().await;
    let (id, _) = imported(&practice).await;
    let fault = Fault::on("PATCH", MEETING).always();
    practice.graph.inject(fault.error(404, "ErrorItemNotFound", "gone"));
    let warning = warning_of(&practice.command(Command::Reschedule, &id).await, "gone");
    assert_eq!(warning["reason"], "event_removed");
    practice.settle().await;
    assert!(practice.read(&id).await["online_meeting_url"].is_null());
    practice.command(Command::Generate, &id).await.expect(200);
    practice.settle().await;
    practice.assert_in_step(&id, "made anew").await;
    assert_eq!(practice.on_calendar().len(), 1);
}
