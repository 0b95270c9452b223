//! Killed between intent and outcome.

use chrono::TimeDelta;
use graph_simulator::Fault;
use it::practice::{Command, Practice};
use serde_json::{Value, json};

use super::{EVENT, EVENTS, assert_done_or_busy, creation_steps, die_at, keyed};

/// Longer than a claim holds.
const LEASE_IS_OVER: TimeDelta = TimeDelta::seconds(91);

/// Counts the published events of a kind.
fn count(published: &[Value], kind: &str) -> usize {
    let told = published
        .iter()
        .filter(|event| event["detail_type"] == kind);
    told.count()
}

/// XC-7, XC-8: killed at any step of a creation: the sweep finishes it, once.
#[tokio::test]
async fn a_creation_that_was_interrupted_is_finished_once() {
    for command in Command::CREATING {
        for (step, fault) in creation_steps() {
            let case = format!("{command:?} {step}");
            let practice = Practice::open().await;
            let id = practice.ready_for(command).await;
            let told = practice.sent().len();
            practice.graph.expire_tokens();
            let order = keyed(&practice, command, &id, "the-key");
            die_at(&practice, fault, order.clone()).await;
            let request = practice.read(&id).await;
            assert_eq!(request["status"], "approved", "{case}");
            assert!(request["online_meeting_url"].is_null(), "{case}");
            let second = practice.command(Command::Approve, &id).await;
            assert_eq!(second.problem(409), "already_approved", "{case}");
            let busy = practice.command(Command::Generate, &id).await;
            assert_eq!(busy.problem(409), "meeting_in_progress", "{case}");

            let published = practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            assert_eq!(practice.on_calendar().len(), 1, "{case}");
            assert_eq!(
                practice.sent().len(),
                told + 2,
                "{case}: {:?}",
                practice.sent()
            );
            assert!(
                practice.sent()[told..].iter().all(|mail| mail.has_link),
                "{case}"
            );
            for (kind, times) in [
                (
                    "appointment.approved",
                    usize::from(command == Command::Approve),
                ),
                (
                    "schedule_entry.created",
                    usize::from(command == Command::Approve),
                ),
                ("appointment.online_meeting_attached", 1),
                ("interaction.created", 1),
                ("online_meeting.scheduled", 1),
            ] {
                assert_eq!(count(&published, kind), times, "{case}: {kind}");
            }

            let replayed = practice.process.approval(order).await.expect(200);
            assert_eq!(replayed["request"]["status"], "approved", "{case}");
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            assert_eq!(
                practice.sent().len(),
                told + 2,
                "{case}: the replay told nobody"
            );
        }
    }
}

/// XC-4, XC-8: the caller comes back with the same key right after the crash, and
/// once the mark has run out: an answer by then, and one event.
#[tokio::test]
async fn a_key_that_comes_again_after_a_crash_makes_no_second_event() {
    for (step, fault) in creation_steps() {
        let practice = Practice::open().await;
        let id = practice.ready_for(Command::Approve).await;
        practice.graph.expire_tokens();
        let order = keyed(&practice, Command::Approve, &id, "the-key");
        die_at(&practice, fault, order.clone()).await;
        let early = practice.process.approval(order.clone()).await;
        assert_eq!(early.problem(409), "request_in_progress", "{step}");
        for wait in [LEASE_IS_OVER, TimeDelta::minutes(5)] {
            practice.clock.advance(wait);
            let answer = practice.process.approval(order.clone()).await.expect(200);
            assert_eq!(answer["request"]["status"], "approved", "{step}");
        }
        practice.settle().await;
        practice.assert_in_step(&id, step).await;
        assert_eq!(practice.on_calendar().len(), 1, "{step}");
    }
}

/// XC-8: a caller who asks for the meeting once the claim has run out takes the
/// creation over: the same event, or the first.
#[tokio::test]
async fn generating_takes_an_interrupted_creation_over() {
    for (step, fault) in creation_steps() {
        let practice = Practice::open().await;
        let id = practice.ready_for(Command::Approve).await;
        practice.graph.expire_tokens();
        die_at(&practice, fault, practice.order(Command::Approve, &id)).await;
        practice.clock.advance(LEASE_IS_OVER);
        let answer = practice.command(Command::Generate, &id).await.expect(200);
        assert_eq!(
            answer.get("teams_meeting_warning"),
            None,
            "{step}: {answer}"
        );
        assert!(
            answer["request"]["online_meeting_url"].is_string(),
            "{step}: {answer}"
        );
        practice.settle().await;
        practice.assert_in_step(&id, step).await;
        let events = practice.graph.events(graph_simulator::demo::ORGANIZER_UPN);
        assert_eq!(events.len(), 1, "{step}");
        assert_eq!(practice.sent().len(), 2, "{step}: {:?}", practice.sent());
    }
}

/// XC-8, AP-6, AP-7: what happens to the appointment while its creation is in flight
/// or nobody knows what came of it: before the claim has run out, and after.
#[tokio::test]
async fn what_happens_to_an_interrupted_creation_counts() {
    for (step, fault) in creation_steps() {
        for command in [
            Command::MOVING,
            [Command::Cancel, Command::Decline],
            [Command::Delete, Command::DeleteEntry],
        ]
        .concat()
        {
            for wait in [TimeDelta::zero(), LEASE_IS_OVER] {
                let case = format!("{command:?} {step}, {wait} later");
                let practice = Practice::open().await;
                let id = practice.ready_for(Command::Approve).await;
                practice.graph.expire_tokens();
                die_at(
                    &practice,
                    fault.clone(),
                    practice.order(Command::Approve, &id),
                )
                .await;
                practice.clock.advance(wait);
                practice.command(command, &id).await.expect(200);
                practice.settle().await;
                practice.assert_in_step(&id, &case).await;
                assert_eq!(
                    practice.on_calendar().len(),
                    usize::from(!command.ends()),
                    "{case}"
                );
                let sent = practice.sent();
                let expected = if command.ends() { 1 } else { 2 };
                // Nobody had heard of it: who asked hears once what became of it.
                let heard = if command == Command::Delete {
                    1
                } else {
                    expected
                };
                assert_eq!(sent.len(), heard, "{case}: {sent:?}");
            }
        }
    }
}

/// XC-8, AP-6: killed before or after the PATCH: the event shows the new times.
#[tokio::test]
async fn a_move_that_was_interrupted_is_finished() {
    for command in Command::MOVING {
        for lands in [false, true] {
            for then in [None, Some(Command::Cancel), Some(Command::Delete)] {
                let case = format!("{command:?}, lands: {lands}, then {then:?}");
                let practice = Practice::open().await;
                let id = practice.approved().await;
                let patch = Fault::on("PATCH", EVENT).hang();
                let fault = if lands { patch.after() } else { patch };
                die_at(&practice, fault, practice.order(command, &id)).await;
                if let Some(then) = then {
                    practice.command(then, &id).await.expect(200);
                }
                practice.settle().await;
                practice.assert_in_step(&id, &case).await;
                let there = practice.on_calendar();
                assert_eq!(there.len(), usize::from(then.is_none()), "{case}");
                for event in there {
                    assert_eq!(json!(event.start), json!(Command::NEW_START), "{case}");
                }
                let mails = 4 + 2 * usize::from(then.is_some());
                assert_eq!(
                    practice.sent().len(),
                    mails,
                    "{case}: {:?}",
                    practice.sent()
                );
            }
        }
    }
}

/// XC-8, AP-7: killed before or after the DELETE: the event is gone, the mails went once.
#[tokio::test]
async fn an_ending_that_was_interrupted_is_finished() {
    for command in Command::ENDING {
        for lands in [false, true] {
            let case = format!("{command:?}, lands: {lands}");
            let practice = Practice::open().await;
            let id = practice.approved().await;
            let delete = Fault::on("DELETE", EVENT).hang();
            let fault = if lands { delete.after() } else { delete };
            die_at(&practice, fault, practice.order(command, &id)).await;
            let again = practice.command(command, &id).await;
            assert!([404, 409].contains(&again.status), "{case}: {again:?}");
            let published = practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            assert_eq!(practice.sent().len(), 4, "{case}: {:?}", practice.sent());
            for kind in ["schedule_entry.deleted", "online_meeting.cancelled"] {
                assert_eq!(count(&published, kind), 1, "{case}: {kind}");
            }
        }
    }
}

/// XC-8, OM-3: an event without Teams meeting whose maker dies before removing it.
#[tokio::test]
async fn an_event_without_teams_meeting_is_removed_whoever_dies() {
    for lands in [false, true] {
        let case = format!("removal lands: {lands}");
        let practice = Practice::open().await;
        let id = practice.ready_for(Command::Approve).await;
        practice
            .graph
            .inject(Fault::on("POST", EVENTS).without_teams_meeting());
        let delete = Fault::on("DELETE", EVENT).hang();
        let fault = if lands { delete.after() } else { delete };
        die_at(&practice, fault, practice.order(Command::Approve, &id)).await;
        practice.clock.advance(LEASE_IS_OVER);
        assert_done_or_busy(&practice.command(Command::Generate, &id).await, &case);
        practice.settle().await;
        practice.assert_never_two_events(&case);
        practice.command(Command::Generate, &id).await.expect(200);
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
        assert_eq!(practice.on_calendar().len(), 1, "{case}");
    }
}
