//! An integration that is changed, cleared or switched off.

use graph_simulator::demo;
use it::practice::{Command, Practice};
use serde_json::{Value, json};

use super::let_ann_organise;

/// AP-6, AP-7: meetings stay where they were made, whoever organises by now.
#[tokio::test]
async fn old_meetings_move_and_go_at_their_own_organiser() {
    for organizer in [json!(demo::ANN_UPN), Value::Null] {
        for command in [Command::MOVING.as_slice(), Command::ENDING.as_slice()].concat() {
            let case = format!("{command:?}, now {organizer}");
            let practice = Practice::open().await;
            let id = practice.approved().await;
            let_ann_organise(&practice);
            let fields = json!({ "default_meeting_organizer_upn": organizer });
            practice.integrate(&fields).await;
            practice.graph.clear_received();
            let answer = practice.command(command, &id).await.expect(200);
            assert_eq!(
                answer.get("teams_meeting_warning"),
                None,
                "{case}: {answer}"
            );
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            for one in practice.graph.received() {
                assert!(
                    one.path.contains(demo::ORGANIZER_ID),
                    "{case}: {}",
                    one.path
                );
            }
            assert_eq!(practice.graph.events(demo::ANN_UPN), [], "{case}");
        }
    }
}

/// AP-4: new meetings are the new organiser's.
#[tokio::test]
async fn new_meetings_are_made_for_the_new_organiser() {
    let practice = Practice::open().await;
    let_ann_organise(&practice);
    let fields = json!({ "default_meeting_organizer_upn": demo::ANN_UPN });
    practice.integrate(&fields).await;
    let id = practice.approved().await;
    let request = practice.read(&id).await;
    assert_eq!(request["online_meeting"]["organizer_upn"], demo::ANN_UPN);
    assert_eq!(request["online_meeting"]["organizer_user_id"], demo::ANN_ID);
    assert_eq!(practice.graph.events(demo::ANN_UPN).len(), 1);
    assert_eq!(practice.on_calendar(), []);
}

/// AP-5, TS-1, TS-4: where the capability says no, approving and generating say its
/// reason, call nobody and leave no row; the mails go without a link.
#[tokio::test]
async fn without_the_capability_nothing_is_tried() {
    let cases = [
        (Value::Null, "not_configured"),
        (json!({ "install_status": "disabled" }), "not_configured"),
        (json!({ "install_status": "pending" }), "not_configured"),
        (json!({ "profile": null }), "not_configured"),
        (
            json!({ "default_meeting_organizer_upn": null }),
            "no_organizer",
        ),
    ];
    for (fields, reason) in cases {
        let practice = Practice::without_teams().await;
        if !fields.is_null() {
            practice.integrate(&json!({})).await;
            practice.integrate(&fields).await;
        }
        practice.graph.clear_received();
        let id = practice.ready_for(Command::Approve).await;
        for command in Command::CREATING {
            let case = format!("{command:?}, {fields}");
            let answer = practice.command(command, &id).await.expect(200);
            let warning = &answer["teams_meeting_warning"];
            assert_eq!(warning["reason"], reason, "{case}: {answer}");
            assert!(warning["message"].is_string(), "{case}: {answer}");
            let request = &answer["request"];
            assert_eq!(request["status"], "approved", "{case}");
            assert!(request["online_meeting_url"].is_null(), "{case}");
            assert!(
                request.get("online_meeting").is_none(),
                "{case}: a row in {request}"
            );
            assert_eq!(request["deletes_teams_meeting"], false, "{case}");
        }
        practice.settle().await;
        assert_eq!(practice.graph.received(), [], "{fields}");
        let sent = practice.sent();
        assert_eq!(sent.len(), 2, "{fields}: {sent:?}");
        assert!(sent.iter().all(|mail| !mail.has_link), "{fields}");
    }
}

/// AP-5: once the capability is there, the meeting can be made, and is told of once.
#[tokio::test]
async fn a_capability_that_comes_later_makes_the_meeting_on_demand() {
    let practice = Practice::without_teams().await;
    let id = practice.ready_for(Command::Approve).await;
    practice.command(Command::Approve, &id).await.expect(200);
    practice.settle().await;
    practice.integrate(&json!({})).await;
    practice.settle().await;
    assert_eq!(practice.on_calendar(), [], "nobody asked for it");
    practice.command(Command::Generate, &id).await.expect(200);
    practice.settle().await;
    practice.assert_in_step(&id, "on demand").await;
    let sent = practice.sent();
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert!(
        sent[2..]
            .iter()
            .all(|mail| mail.has_link && mail.sequence == "1"),
        "{sent:?}"
    );
}

/// TS-1, AP-6, AP-7: an integration that is switched off calls nobody; what was
/// changed meanwhile follows when it is switched on again.
#[tokio::test]
async fn what_happens_while_it_is_switched_off_follows_afterwards() {
    for command in [Command::Reschedule, Command::Cancel, Command::Delete] {
        let case = format!("{command:?}");
        let practice = Practice::open().await;
        let id = practice.approved().await;
        practice
            .integrate(&json!({ "install_status": "disabled" }))
            .await;
        practice.graph.clear_received();
        let answer = practice.command(command, &id).await.expect(200);
        let reason = &answer["teams_meeting_warning"]["reason"];
        assert_eq!(reason, "teams_not_configured", "{case}: {answer}");
        practice.clock.advance(chrono::TimeDelta::minutes(61));
        practice.work().await;
        assert_eq!(practice.graph.received(), [], "{case}");
        practice.integrate(&json!({})).await;
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
    }
}
