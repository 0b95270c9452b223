//! Entra tenants: an organisation that changes to another, and two beside each other.

use futures_util::future::join_all;
use graph_simulator::{Fault, OnlineMeetingSupport, demo, fabrikam};
use it::api::{ALL_SCOPES, Answer};
use it::deployed::new_org;
use it::gateway::Event;
use it::practice::{Command, OPENING, Practice};
use serde_json::{Value, json};

use super::{assert_nothing_is_mixed, fabrikams};

const EVENTS: &str = "/v1.0/users/*/events";

/// What is out of reach is looked at again each hour.
async fn hours_pass(practice: &Practice) {
    for _ in 0..5 {
        practice.work().await;
        practice.clock.advance(chrono::TimeDelta::minutes(61));
    }
}

/// AP-6, AP-7, AP-10: a meeting of the tenant that was left behind cannot be reached:
/// that is said, and nobody's credentials go to the wrong place.
#[tokio::test]
async fn a_meeting_of_another_tenant_is_out_of_reach_and_says_so() {
    for command in [Command::MOVING.as_slice(), Command::ENDING.as_slice()].concat() {
        let case = format!("{command:?}");
        let practice = Practice::open().await;
        practice.graph.seed(fabrikam::seed()).unwrap();
        let id = practice.approved().await;
        practice.integrate(&fabrikams()).await;
        practice.graph.clear_received();
        let answer = practice.command(command, &id).await.expect(200);
        let reason = &answer["teams_meeting_warning"]["reason"];
        assert_eq!(reason, "microsoft_tenant_changed", "{case}: {answer}");
        hours_pass(&practice).await;
        assert_eq!(practice.graph.received(), [], "{case}");
        if command != Command::Delete {
            let meeting = practice.read(&id).await["online_meeting"].clone();
            assert_eq!(meeting["remote_state"], "unreachable", "{case}");
            assert_eq!(meeting["error_code"], "microsoft_tenant_changed", "{case}");
        }
        assert_eq!(
            practice.on_calendar().len(),
            1,
            "{case}: it is left as it was"
        );

        let new = practice
            .requested(&json!({ "requested_date": "2026-12-10" }))
            .await;
        practice.approve(&new, &json!({})).await.expect(200);
        hours_pass(&practice).await;
        assert_eq!(
            practice.graph.events(fabrikam::ORGANIZER_UPN).len(),
            1,
            "{case}"
        );
        assert_nothing_is_mixed(&practice.graph.received());
        assert!(
            practice
                .graph
                .received()
                .iter()
                .all(|one| one.tenant_id.as_deref() == Some(fabrikam::TENANT_ID)),
            "{case}"
        );
    }
}

/// AP-6: back in the old tenant, the meeting follows again.
#[tokio::test]
async fn a_meeting_is_reached_again_once_its_tenant_is_back() {
    for command in [Command::Reschedule, Command::Cancel] {
        let practice = Practice::open().await;
        practice.graph.seed(fabrikam::seed()).unwrap();
        let id = practice.approved().await;
        practice.integrate(&fabrikams()).await;
        let moved = json!({ "new_date": "2026-12-03", "new_time": "08:00" });
        let answer = practice
            .call("POST", &format!("/{id}/reschedule"), Some(&moved))
            .await;
        assert!(answer.expect(200)["teams_meeting_warning"].is_object());
        hours_pass(&practice).await;
        practice.integrate(&json!({})).await;
        let answer = practice.command(command, &id).await.expect(200);
        assert_eq!(
            answer.get("teams_meeting_warning"),
            None,
            "{command:?}: {answer}"
        );
        practice.settle().await;
        practice.assert_in_step(&id, &format!("{command:?}")).await;
        assert_nothing_is_mixed(&practice.graph.received());
    }
}

/// AP-10, XC-8: a creation whose outcome is unknown, and an event that is still to be
/// removed, belong to the tenant that they were made in.
#[tokio::test]
async fn what_an_old_tenant_still_holds_is_not_looked_for_in_the_new_one() {
    for fault in [
        Fault::on("POST", EVENTS).after().cut().always(),
        Fault::on("POST", EVENTS).unavailable("1").always(),
    ] {
        let case = format!("{fault:?}");
        let practice = Practice::open().await;
        practice.graph.seed(fabrikam::seed()).unwrap();
        let id = practice.ready_for(Command::Approve).await;
        practice.graph.inject(fault);
        practice.command(Command::Approve, &id).await.expect(200);
        practice.graph.clear_faults();
        practice.integrate(&fabrikams()).await;
        practice.graph.clear_received();
        hours_pass(&practice).await;
        assert_eq!(practice.graph.received(), [], "{case}");
        let meeting = practice.read(&id).await["online_meeting"].clone();
        assert_eq!(meeting["status"], "failed", "{case}: {meeting}");
        assert_eq!(
            meeting["error_code"], "microsoft_tenant_changed",
            "{case}: {meeting}"
        );
        let answer = practice.command(Command::Generate, &id).await.expect(200);
        assert_eq!(
            answer.get("teams_meeting_warning"),
            None,
            "{case}: {answer}"
        );
        practice.settle().await;
        assert_eq!(
            practice.graph.events(fabrikam::ORGANIZER_UPN).len(),
            1,
            "{case}"
        );
        assert_nothing_is_mixed(&practice.graph.received());
    }
}

/// AP-10: the same for an event without Teams meeting that could not be removed.
#[tokio::test]
async fn an_old_tenants_leftover_does_not_keep_the_new_one_from_its_meeting() {
    let practice = Practice::open().await;
    practice.graph.seed(fabrikam::seed()).unwrap();
    let unavailable = |user: &mut graph_simulator::User| {
        user.mailbox.online_meetings = OnlineMeetingSupport::Unavailable;
    };
    practice
        .graph
        .update_user(demo::ORGANIZER_UPN, unavailable)
        .unwrap();
    let id = practice.ready_for(Command::Approve).await;
    practice
        .graph
        .inject(Fault::on("DELETE", "/v1.0/**").always().unavailable("1"));
    practice.command(Command::Approve, &id).await.expect(200);
    practice.graph.clear_faults();
    practice.integrate(&fabrikams()).await;
    hours_pass(&practice).await;
    let answer = practice.command(Command::Generate, &id).await.expect(200);
    assert_eq!(answer.get("teams_meeting_warning"), None, "{answer}");
    practice.settle().await;
    assert_eq!(practice.graph.events(fabrikam::ORGANIZER_UPN).len(), 1);
    assert_nothing_is_mixed(&practice.graph.received());
}

/// AP-9, AP-10: an imported meeting is the tenant's at the time of its import.
#[tokio::test]
async fn an_imported_meeting_is_not_looked_for_in_another_tenant() {
    for command in [Command::Reschedule, Command::Cancel] {
        let practice = Practice::open().await;
        practice.graph.seed(fabrikam::seed()).unwrap();
        let start = OPENING.parse().unwrap();
        let meeting = practice.graph.add_online_meeting(
            demo::ORGANIZER_ID,
            "Old",
            start,
            start + chrono::TimeDelta::hours(1),
        );
        let columns = json!({ "online_meeting_id": meeting.unwrap().id });
        let id = practice.imported(&columns).await;
        practice.integrate(&fabrikams()).await;
        practice.graph.clear_received();
        let answer = practice.command(command, &id).await.expect(200);
        let reason = &answer["teams_meeting_warning"]["reason"];
        assert_eq!(reason, "microsoft_tenant_changed", "{command:?}: {answer}");
        hours_pass(&practice).await;
        assert_eq!(practice.graph.received(), [], "{command:?}");
        assert_eq!(
            practice.graph.online_meetings(demo::ORGANIZER_ID).len(),
            1,
            "{command:?}"
        );
    }
}

fn staff(org: &str, method: &str, path: &str, body: Option<&Value>) -> Event {
    let event = Event::new(method, path).internal(org, "u-approver", ALL_SCOPES);
    body.into_iter().fold(event, Event::json)
}

async fn call(
    practice: &Practice,
    org: &str,
    method: &str,
    rest: &str,
    body: Option<Value>,
) -> Answer {
    let path = format!("/api/v1/appointment-requests{rest}");
    practice
        .process
        .approval(staff(org, method, &path, body.as_ref()))
        .await
}

/// One organisation's appointment, from asking to its end, some of it failing.
async fn whole_life(practice: &Practice, org: &str, round: u32) {
    let wish = json!({ "service_name": org, "requested_date": "2026-12-01", "requested_duration": 15,
        "requested_time": format!("{:02}:00", 6 + round), "timezone": "UTC",
        "requester": { "email": format!("reader@{org}.example") } });
    let made = call(practice, org, "POST", "", Some(wish))
        .await
        .expect(201);
    let id = made["appointment_request_id"].as_str().unwrap();
    let approve = json!({ "generate_teams_meeting": true, "assigned_user_id": "tech-9" });
    call(
        practice,
        org,
        "POST",
        &format!("/{id}/approve"),
        Some(approve),
    )
    .await
    .expect(200);
    if round.is_multiple_of(2) {
        practice.graph.expire_tokens();
    }
    let moved = json!({ "new_date": "2026-12-02", "new_time": format!("{:02}:30", 6 + round) });
    call(
        practice,
        org,
        "POST",
        &format!("/{id}/reschedule"),
        Some(moved),
    )
    .await
    .expect(200);
    call(
        practice,
        org,
        "POST",
        &format!("/{id}/generate-meeting"),
        None,
    )
    .await
    .expect(200);
    if round.is_multiple_of(3) {
        call(practice, org, "DELETE", &format!("/{id}"), None)
            .await
            .expect(200);
    }
}

/// AP-10: two organisations with a tenant each, in the same process, at once.
#[tokio::test]
async fn two_organisations_never_share_credentials_or_calendars() {
    let mut practice = Practice::open().await;
    practice.graph.seed(fabrikam::seed()).unwrap();
    let (first, second) = (practice.org.clone(), new_org());
    practice.org.clone_from(&second);
    practice.integrate(&fabrikams()).await;
    for status in [500, 403, 503] {
        let fault = Fault::any().nth(9);
        practice
            .graph
            .inject(fault.error(status, "InternalServerError", "no"));
    }
    let lives = (0..6).flat_map(|round| [(&first, round), (&second, round)]);
    join_all(lives.map(|(org, round)| whole_life(&practice, org, round))).await;
    practice.graph.clear_faults();
    for org in [&first, &second] {
        practice.org.clone_from(org);
        practice.settle().await;
    }
    assert_nothing_is_mixed(&practice.graph.received());
    for (org, organizer) in [
        (&first, demo::ORGANIZER_UPN),
        (&second, fabrikam::ORGANIZER_UPN),
    ] {
        let events = practice.graph.events(organizer);
        assert!(
            events.iter().all(|event| event.subject == **org),
            "{events:?}"
        );
        let live = events
            .iter()
            .filter(|event| event.removed.is_none())
            .count();
        assert_eq!(live, 4, "{organizer}");
    }
    for mail in practice.mails() {
        let to = mail["to"][0][1].as_str().unwrap_or_default().to_owned();
        let (own, others) = if to.contains(first.as_str()) {
            (&first, &second)
        } else {
            (&second, &first)
        };
        let text = mail.to_string();
        assert!(
            text.contains(own.as_str()) && !text.contains(others.as_str()),
            "{to}"
        );
    }
}
