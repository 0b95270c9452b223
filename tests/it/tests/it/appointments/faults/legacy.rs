//! Imported appointments that only have their columns (AP-6, AP-7, AP-9).

use graph_simulator::{StoredMeeting, demo};
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
    meetings
        .iter()
        .map(|meeting| json!(meeting.start))
        .collect()
}

/// AP-6, AP-7: a legacy row that only has its online meeting id is moved and removed
/// through `/onlineMeetings`, and caught up with where that fails.
#[tokio::test]
async fn imported_meetings_are_moved_and_removed_by_their_id() {
    let commands: Vec<_> = Command::MOVING.into_iter().chain(Command::ENDING).collect();
    each(
        matrix(&commands, MEETING),
        async |(command, name, fault)| {
            let case = format!("{command:?}, {name}");
            let practice = Practice::open().await;
            let (id, meeting) = imported(&practice).await;
            let request = practice.read(&id).await;
            assert_eq!(request["deletes_teams_meeting"], true, "{case}");
            practice.graph.inject(fault);
            let answer = practice.command(command, &id).await;
            let unread =
                ["malformed after the effect", "truncated after the effect"].contains(&name);
            // Gone is as good as removed; what is to be moved is looked for again.
            let is_gone = command.ends() && name == "404";
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
            assert_eq!(starts(&practice), [json!(Command::NEW_START)], "{case}");
            assert_eq!(request["online_meeting_id"], meeting.id, "{case}");
            assert!(
                request.get("online_meeting").is_none(),
                "{case}: no backfill: {request}"
            );
            for patch in practice.requests("PATCH", "/onlineMeetings/") {
                let body = patch.body.unwrap_or_default();
                let mut fields: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
                fields.sort();
                assert_eq!(fields, ["endDateTime", "startDateTime"], "{case}");
            }
        },
    )
    .await;
}

/// AP-9: an imported appointment that has its link keeps it; nobody is called.
#[tokio::test]
async fn an_imported_link_is_kept() {
    let practice = Practice::open().await;
    let (id, meeting) = imported(&practice).await;
    practice.graph.clear_received();
    let answer = practice.command(Command::Generate, &id).await.expect(200);
    assert_eq!(answer["request"]["online_meeting_url"], meeting.join_url);
    assert_eq!(practice.graph.received(), []);
}
