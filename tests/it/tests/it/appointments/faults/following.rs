//! Events that are not moved or not removed.

use graph_simulator::{Fault, RemovalKind};
use it::practice::{Command, Practice, Sent};
use serde_json::{Value, json};

use super::{EVENT, each, matrix, warning_of};

/// What deletions say, word for word.
const DELETED: &str = "Appointment deleted, but the Microsoft Teams meeting could not be removed. Please remove it manually in Teams.";

/// A removal reads the status and no body.
fn is_quiet(command: Command, name: &str) -> bool {
    let unread = ["malformed after the effect", "truncated after the effect"];
    command.ends() && unread.contains(&name)
}

/// AP-6, OM-6: whatever becomes of the PATCH, request, entry and link move at once;
/// the event follows, and nobody is told twice.
#[tokio::test]
async fn a_move_that_fails_is_caught_up_with() {
    each(
        matrix(&Command::MOVING, EVENT),
        async |(command, name, fault)| {
            let case = format!("{command:?}, {name}");
            let practice = Practice::open().await;
            let id = practice.approved().await;
            let link = practice.read(&id).await["online_meeting_url"].clone();
            practice.graph.inject(fault);
            let warning = warning_of(&practice.command(command, &id).await, &case);
            assert!(
                warning["reason"].as_str().unwrap().starts_with("graph_"),
                "{case}: {warning}"
            );
            let request = practice.read(&id).await;
            assert_eq!(request["start"], Command::NEW_START, "{case}");
            assert_eq!(request["online_meeting_url"], link, "{case}");
            let meeting = &request["online_meeting"];
            assert_eq!(meeting["remote_state"], "updating", "{case}");
            assert_eq!(meeting["status"], "scheduled", "{case}");
            assert_eq!(meeting["error_code"], warning["reason"], "{case}");
            assert_eq!(meeting["start_time"], Command::NEW_START, "{case}");
            practice.graph.clear_faults();
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            let request = practice.read(&id).await;
            assert!(
                request["online_meeting"].get("error_code").is_none(),
                "{case}: {request}"
            );
            assert_eq!(practice.on_calendar().len(), 1, "{case}");
            assert_only_times_were_patched(&practice, &case);
            let sent = practice.sent();
            assert_eq!(sent.len(), 4, "{case}: {sent:?}");
            assert!(
                sent[2..]
                    .iter()
                    .all(|mail| mail.sequence == "1" && mail.has_link),
                "{case}: {sent:?}"
            );
        },
    )
    .await;
}

/// AP-6: the times, and nothing else.
fn assert_only_times_were_patched(practice: &Practice, case: &str) {
    let patches = practice.requests("PATCH", "/events/");
    assert!(!patches.is_empty(), "{case}");
    for patch in patches {
        let body = patch.body.unwrap_or_default();
        let mut fields: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        fields.sort();
        assert_eq!(fields, ["end", "start"], "{case}");
    }
}

/// AP-7, OM-6: whatever becomes of the DELETE, the appointment ends at once and
/// says what is left; the event goes later.
#[tokio::test]
async fn a_removal_that_fails_is_caught_up_with() {
    each(
        matrix(&Command::ENDING, EVENT),
        async |(command, name, fault)| {
            let case = format!("{command:?}, {name}");
            let practice = Practice::open().await;
            let id = practice.approved().await;
            practice.graph.inject(fault);
            let answer = practice.command(command, &id).await;
            if is_quiet(command, name) {
                assert_eq!(
                    answer.expect(200).get("teams_meeting_warning"),
                    None,
                    "{case}"
                );
            } else {
                let warning = warning_of(&answer, &case);
                assert!(
                    warning["reason"].as_str().unwrap().starts_with("graph_"),
                    "{case}: {warning}"
                );
                let message = warning["message"].as_str().unwrap();
                match command {
                    Command::Delete | Command::DeleteEntry => {
                        assert_eq!(message, DELETED, "{case}");
                    }
                    _ => assert!(message.ends_with(&DELETED[20..]), "{case}: {message}"),
                }
            }
            assert_ended(&practice, command, &id, &case).await;
            practice.graph.clear_faults();
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
            let sent = practice.sent();
            assert_eq!(sent.len(), 4, "{case}: {sent:?}");
            assert!(
                sent[2..]
                    .iter()
                    .all(|mail| mail.method == "CANCEL" && mail.sequence == "1"),
                "{case}: {sent:?}"
            );
        },
    )
    .await;
}

/// AP-7: what ended reads as ended, whatever Microsoft says.
async fn assert_ended(practice: &Practice, command: Command, id: &str, case: &str) {
    let entry = format!("/api/v1/schedule-entries/{id}");
    let entry = practice
        .process
        .approval(practice.staff("GET", &entry, None))
        .await;
    assert_eq!(entry.status, 404, "{case}");
    let answer = practice.call("GET", &format!("/{id}"), None).await;
    if command == Command::Delete {
        assert_eq!(answer.status, 404, "{case}");
        return;
    }
    let request = answer.expect(200);
    let status = match command {
        Command::Decline => "declined",
        _ => "cancelled",
    };
    assert_eq!(request["status"], status, "{case}");
    assert!(request["online_meeting_url"].is_null(), "{case}: {request}");
    assert_eq!(request["online_meeting"]["status"], "cancelled", "{case}");
    assert!(
        request["online_meeting"]["join_url"].is_null(),
        "{case}: {request}"
    );
}

/// AP-7: an appointment that was cancelled while Microsoft refused, and is then
/// deleted, is not forgotten: the caller is warned again, and the event goes.
#[tokio::test]
async fn deleting_what_was_cancelled_warns_as_long_as_the_event_is_there() {
    let practice = Practice::open().await;
    let id = practice.approved().await;
    let fault = Fault::on("DELETE", EVENT).always();
    practice
        .graph
        .inject(fault.error(403, "ErrorAccessDenied", "no"));
    warning_of(&practice.command(Command::Cancel, &id).await, "cancel");
    let warning = warning_of(&practice.command(Command::Delete, &id).await, "delete");
    assert_eq!(warning["message"], DELETED);
    practice.graph.clear_faults();
    practice.settle().await;
    practice.assert_in_step(&id, "deleted").await;
    assert_eq!(practice.on_calendar(), []);
}

/// AP-6, AP-7: moved twice and ended while Microsoft is away: one PATCH's worth of
/// catching up, or none.
#[tokio::test]
async fn what_happens_while_microsoft_is_away_is_caught_up_with_once() {
    for end in [None, Some(Command::Cancel), Some(Command::Delete)] {
        let case = format!("{end:?}");
        let practice = Practice::open().await;
        let id = practice.approved().await;
        practice
            .graph
            .inject(Fault::on("PATCH", EVENT).always().unavailable("1"));
        practice
            .graph
            .inject(Fault::on("DELETE", EVENT).always().unavailable("1"));
        for day in ["2026-12-03", "2026-12-04", "2026-12-07"] {
            let body = json!({ "new_date": day, "new_time": "14:00" });
            let answer = practice
                .call("POST", &format!("/{id}/reschedule"), Some(&body))
                .await;
            warning_of(&answer, &case);
        }
        if let Some(end) = end {
            warning_of(&practice.command(end, &id).await, &case);
        }
        practice.graph.clear_faults();
        practice.graph.clear_received();
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
        let writes: Vec<_> = ["POST", "PATCH", "DELETE"]
            .map(|method| practice.requests(method, "/events").len())
            .into();
        let expected = if end.is_some() { [0, 0, 1] } else { [0, 1, 0] };
        assert_eq!(writes, expected, "{case}");
    }
}

/// AP-6: an event that somebody removed in Outlook: the dead link is taken back and
/// told of; generating makes a new one.
#[tokio::test]
async fn an_event_that_was_removed_in_outlook_is_taken_back_and_can_be_made_anew() {
    for command in Command::MOVING {
        let case = format!("{command:?}");
        let practice = Practice::open().await;
        let id = practice.approved().await;
        let dead = practice.read(&id).await["online_meeting_url"].clone();
        remove_in_outlook(&practice).await;
        let warning = warning_of(&practice.command(command, &id).await, &case);
        assert_eq!(warning["reason"], "event_removed", "{case}");
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
        let request = practice.read(&id).await;
        assert_eq!(request["online_meeting_url"], Value::Null, "{case}");
        assert_eq!(request["online_meeting"]["status"], "failed", "{case}");
        assert_eq!(
            request["online_meeting"]["error_code"], "event_removed",
            "{case}"
        );
        let last = latest(&practice);
        assert!(
            !last.has_link && last.method == "REQUEST",
            "{case}: {last:?}"
        );
        let answer = practice.command(Command::Generate, &id).await.expect(200);
        assert_eq!(
            answer.get("teams_meeting_warning"),
            None,
            "{case}: {answer}"
        );
        assert_ne!(answer["request"]["online_meeting_url"], dead, "{case}");
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
        assert_eq!(practice.on_calendar().len(), 1, "{case}");
        let newest = latest(&practice);
        assert!(newest.has_link, "{case}: {newest:?}");
        assert!(
            newest.sequence > last.sequence,
            "{case}: {newest:?} after {last:?}"
        );
    }
}

/// AP-7: what is gone already needs no warning.
#[tokio::test]
async fn an_event_that_is_gone_already_ends_quietly() {
    for command in Command::ENDING {
        let practice = Practice::open().await;
        let id = practice.approved().await;
        remove_in_outlook(&practice).await;
        let answer = practice.command(command, &id).await.expect(200);
        assert_eq!(
            answer.get("teams_meeting_warning"),
            None,
            "{command:?}: {answer}"
        );
        practice.settle().await;
        practice.assert_in_step(&id, &format!("{command:?}")).await;
    }
}

/// The mail that calendars go by in the end, whichever way mails overtake each other.
fn latest(practice: &Practice) -> Sent {
    let sent = practice.sent().into_iter();
    sent.max_by_key(|mail| mail.sequence.parse::<u32>().unwrap())
        .expect("a mail")
}

/// Somebody in Outlook: a call of the simulator that is none of Convoke's.
async fn remove_in_outlook(practice: &Practice) {
    practice.remove_in_outlook().await;
    let events = practice.graph.events(graph_simulator::demo::ORGANIZER_UPN);
    let removed = events[0].removed.as_ref().expect("a removed event");
    assert_eq!(removed.kind, RemovalKind::Deleted);
}
