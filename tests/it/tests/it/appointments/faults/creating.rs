//! Events that are not made, or not as they were meant.

use graph_simulator::{Fault, OnlineMeetingSupport, demo};
use it::practice::{CONTACT_EMAIL, Command, Practice, Sent, TECHNICIAN_EMAIL};
use serde_json::json;

use super::{EVENT, EVENTS, REFUSALS, assert_without_meeting, each, matrix, warning_of};

/// AP-5, OM-2, XC-8: whatever becomes of the POST, the command succeeds without a
/// link and says why; afterwards there is one event and one link.
#[tokio::test]
async fn a_creation_that_fails_never_fails_the_command() {
    each(
        matrix(&Command::CREATING, EVENTS),
        async |(command, name, fault)| {
            let case = format!("{command:?}, {name}");
            let practice = Practice::open().await;
            let id = practice.ready_for(command).await;
            practice.graph.inject(fault);
            let warning = warning_of(&practice.command(command, &id).await, &case);
            assert_without_meeting(&practice, &id, &warning["reason"], &case).await;
            let told = practice.sent().len();
            practice.graph.clear_faults();
            let published = practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            let is_final = REFUSALS.contains(&name);
            assert_eq!(
                practice.on_calendar().len(),
                usize::from(!is_final),
                "{case}"
            );
            if is_final {
                let answer = practice.command(Command::Generate, &id).await.expect(200);
                assert_eq!(
                    answer.get("teams_meeting_warning"),
                    None,
                    "{case}: {answer}"
                );
                practice.settle().await;
                practice.assert_in_step(&id, &case).await;
                assert_eq!(practice.on_calendar().len(), 1, "{case}");
            } else {
                let attached = "appointment.online_meeting_attached";
                let times = published
                    .iter()
                    .filter(|event| event["detail_type"] == attached);
                assert_eq!(times.count(), 1, "{case}");
            }
            let again = practice.command(Command::Generate, &id).await.expect(200);
            assert_eq!(again.get("teams_meeting_warning"), None, "{case}: {again}");
            practice.settle().await;
            assert_eq!(
                practice.graph.events(demo::ORGANIZER_UPN).len(),
                1,
                "{case}"
            );
            let before = usize::from(command == Command::Generate) * 2;
            assert_eq!(told, before, "{case}: mails are sent in the background");
            assert_told_in_order(&practice, &case);
        },
    )
    .await;
}

/// AP-5, AP-6: each hears of the approval without a link once, and of the link once,
/// as an update of the same calendar entry.
fn assert_told_in_order(practice: &Practice, case: &str) {
    let sent = practice.sent();
    assert_eq!(sent.len(), 4, "{case}: {sent:?}");
    for reader in [CONTACT_EMAIL, TECHNICIAN_EMAIL] {
        let theirs: Vec<&Sent> = sent.iter().filter(|one| one.to == reader).collect();
        let [first, second] = theirs[..] else {
            panic!("{case}: {theirs:?}");
        };
        assert_eq!(
            (first.has_link, second.has_link),
            (false, true),
            "{case}: {theirs:?}"
        );
        assert_eq!((&*first.sequence, &*second.sequence), ("0", "1"), "{case}");
        assert_eq!(
            (&*first.method, &*second.method),
            ("REQUEST", "REQUEST"),
            "{case}"
        );
        assert!(
            !first.uid.is_empty() && first.uid == second.uid,
            "{case}: {theirs:?}"
        );
    }
}

/// AP-5, OM-3: an event without a Teams meeting is no success and is removed,
/// whether or not Microsoft lets it go at once.
#[tokio::test]
async fn an_event_without_teams_meeting_is_removed_and_told_of() {
    for command in Command::CREATING {
        for removable in [true, false] {
            let case = format!("{command:?}, removable: {removable}");
            let practice = Practice::open().await;
            let id = practice.ready_for(command).await;
            practice
                .graph
                .inject(Fault::on("POST", EVENTS).without_teams_meeting());
            if !removable {
                let fault = Fault::on("DELETE", EVENT).always();
                practice
                    .graph
                    .inject(fault.error(403, "ErrorAccessDenied", "no"));
            }
            let warning = warning_of(&practice.command(command, &id).await, &case);
            assert_eq!(warning["reason"], "no_teams_meeting", "{case}");
            assert_without_meeting(&practice, &id, &warning["reason"], &case).await;
            practice.work().await;
            assert_eq!(
                practice.on_calendar().len(),
                usize::from(!removable),
                "{case}"
            );
            practice.graph.clear_faults();
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            assert_without_meeting(&practice, &id, &warning["reason"], &case).await;
            practice.command(Command::Generate, &id).await.expect(200);
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            assert_eq!(practice.on_calendar().len(), 1, "{case}");
            assert_told_in_order(&practice, &case);
        }
    }
}

/// AP-5: a mailbox that never gets Teams meetings keeps failing; asking again and
/// again leaves nothing behind.
#[tokio::test]
async fn trying_again_where_it_cannot_work_leaves_nothing_behind() {
    let practice = Practice::open().await;
    let update = |support| {
        practice
            .graph
            .update_user(demo::ORGANIZER_UPN, |user| {
                user.mailbox.online_meetings = support;
            })
            .unwrap();
    };
    update(OnlineMeetingSupport::Unavailable);
    let id = practice.ready_for(Command::Approve).await;
    warning_of(&practice.command(Command::Approve, &id).await, "approve");
    for round in 0..4 {
        let case = format!("round {round}");
        let warning = warning_of(&practice.command(Command::Generate, &id).await, &case);
        assert_eq!(warning["reason"], "no_teams_meeting");
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
        assert!(practice.on_calendar().is_empty(), "{case}");
    }
    assert_eq!(practice.sent().len(), 2, "nobody hears of tries");
    update(OnlineMeetingSupport::Teams);
    practice.command(Command::Generate, &id).await.expect(200);
    practice.settle().await;
    practice.assert_in_step(&id, "once it works").await;
    assert_told_in_order(&practice, "once it works");
}

/// OM-3: a join link that does not resolve leaves the meeting usable; its id comes
/// later, and nobody is written to again.
#[tokio::test]
async fn a_join_link_that_resolves_late_costs_nothing_but_the_id() {
    for command in Command::CREATING {
        let practice = Practice::open().await;
        practice
            .graph
            .configure(|behaviour| behaviour.resolution_lag_ms = u64::MAX);
        let id = practice.ready_for(command).await;
        let warning = warning_of(&practice.command(command, &id).await, "unresolved");
        assert_eq!(warning["reason"], "online_meeting_id_unresolved");
        let request = practice.read(&id).await;
        assert!(request["online_meeting_url"].is_string(), "{request}");
        assert!(request["online_meeting_id"].is_null(), "{request}");
        assert_eq!(request["online_meeting"]["status"], "scheduled");
        assert_eq!(request["online_meeting"]["remote_state"], "in_step");
        practice.work().await;
        let sent = practice.sent().len();
        practice
            .graph
            .configure(|behaviour| behaviour.resolution_lag_ms = 0);
        practice.settle().await;
        practice.assert_in_step(&id, "resolved").await;
        let request = practice.read(&id).await;
        assert!(request["online_meeting_id"].is_string(), "{request}");
        let meeting = &request["online_meeting"];
        assert_eq!(meeting["provider_meeting_id"], request["online_meeting_id"]);
        assert_eq!(practice.sent().len(), sent, "nobody hears of an id");
    }
}

/// OM-3, AP-6, AP-7: while the id does not resolve, and after that was given up, the
/// meeting moves and goes as any other.
#[tokio::test]
async fn a_meeting_whose_id_never_resolves_moves_and_goes() {
    for rounds_before in [0, 3, 70] {
        for command in [Command::Reschedule, Command::Cancel, Command::Delete] {
            let case = format!("{command:?} after {rounds_before} rounds");
            let practice = Practice::open().await;
            practice
                .graph
                .configure(|behaviour| behaviour.resolution_lag_ms = u64::MAX);
            let id = practice.ready_for(Command::Approve).await;
            practice.command(Command::Approve, &id).await.expect(200);
            for _ in 0..rounds_before {
                practice.work().await;
                practice.clock.advance(chrono::TimeDelta::minutes(61));
            }
            if rounds_before == 70 {
                assert_eq!(
                    practice.outstanding().await,
                    Vec::<serde_json::Value>::new()
                );
            }
            let answer = practice.command(command, &id).await.expect(200);
            assert_eq!(
                answer.get("teams_meeting_warning"),
                None,
                "{case}: {answer}"
            );
            let there = practice.on_calendar();
            assert_eq!(there.len(), usize::from(!command.ends()), "{case}");
            for event in there {
                assert_eq!(json!(event.start), json!(Command::NEW_START), "{case}");
            }
        }
    }
}
