//! Ends, and what they meet: calls on their way, dead links, what is out of reach.

use super::*;

/// AP-7: link and entry go at once; the event is to be removed.
#[test]
fn an_end_takes_the_link_back_and_cancels_the_rest() {
    for (end, client) in [
        (End::Cancelled(None), Notice::Cancelled(true)),
        (End::Declined("no".into()), Notice::Declined(true)),
    ] {
        let before = attached();
        let mut after = before.clone();
        after.end(end, token(2), now()).unwrap();
        assert!(after.entry.is_none());
        assert!(after.request.as_ref().unwrap().columns.is_empty());
        assert_eq!(
            remote_of(&after),
            (Status::Cancelled, RemoteState::Deleting)
        );
        let interaction = after.interaction.as_ref().unwrap();
        assert_eq!(interaction.status, InteractionStatus::Cancelled);
        assert_eq!(interaction.notes, "Figures");
        assert_eq!(
            notices(&before, &after),
            [
                (Reader::Client, client),
                (Reader::Technician, Notice::Cancelled(true))
            ]
        );
        let told = facts(&before, &after);
        assert!(told.contains(&Fact::ScheduleEntryDeleted), "{told:?}");
        assert!(told.contains(&Fact::OnlineMeetingCancelled), "{told:?}");
        after.event_gone(token(2).token, now()).unwrap();
        assert_eq!(remote_of(&after), (Status::Cancelled, RemoteState::Gone));
    }
}

/// XC-8: an event that comes to exist after the end is removed, and looked for
/// where nobody knows.
#[test]
fn an_end_during_the_creation_removes_what_comes_of_it() {
    let mut engagement = creating();
    engagement
        .end(End::Cancelled(None), token(2), now())
        .unwrap();
    assert_eq!(remote_of(&engagement).1, RemoteState::Deleting);
    let mut made = engagement.clone();
    made.created(created(), token(1).token, now()).unwrap();
    assert_eq!(remote_of(&made), (Status::Cancelled, RemoteState::Deleting));
    assert!(made.meeting.as_ref().unwrap().remote.is_due(now()));
    assert!(made.request.as_ref().unwrap().columns.is_empty());
    let code = "graph_permission_missing";
    engagement
        .creation_failed(code, Aftermath::Over, token(1).token, now())
        .unwrap();
    assert_eq!(
        remote_of(&engagement),
        (Status::Cancelled, RemoteState::Gone)
    );
}

/// AP-7: whatever a call comes to, what was asked for meanwhile does not wait for it.
#[test]
fn a_command_during_a_call_is_followed_at_once() {
    let aftermaths = [
        Aftermath::TryAgain(Some(TimeDelta::hours(1))),
        Aftermath::OutOfReach,
        Aftermath::Over,
    ];
    for aftermath in aftermaths {
        let mut engagement = attached();
        engagement.reschedule(at(30), token(2), now()).unwrap();
        engagement
            .end(End::Cancelled(None), token(3), now())
            .unwrap();
        engagement
            .call_failed("graph_unavailable", aftermath, token(2).token, now())
            .unwrap();
        let meeting = engagement.meeting.as_ref().unwrap();
        assert_eq!(meeting.remote.state, RemoteState::Deleting, "{aftermath:?}");
        assert!(meeting.remote.is_due(now()), "{aftermath:?}");
    }
    let mut resolving = attached();
    let meeting = resolving.meeting.as_mut().unwrap();
    meeting.provider_meeting_id = None;
    meeting.remote.take(token(2));
    resolving
        .end(End::Cancelled(None), token(3), now())
        .unwrap();
    resolving
        .resolved(None, None, Aftermath::Over, token(2).token, now())
        .unwrap();
    assert_eq!(remote_of(&resolving).1, RemoteState::Deleting);
    assert!(resolving.meeting.unwrap().remote.is_due(now()));
}

/// AP-10: what another Entra tenant's profile cannot reach waits for the right one.
#[test]
fn what_is_out_of_reach_is_looked_at_again() {
    let mut engagement = attached();
    engagement.reschedule(at(30), token(2), now()).unwrap();
    engagement
        .call_failed(
            "microsoft_tenant_changed",
            Aftermath::OutOfReach,
            token(2).token,
            now(),
        )
        .unwrap();
    let meeting = engagement.meeting.as_mut().unwrap();
    assert_eq!(meeting.remote.state, RemoteState::Unreachable);
    assert_eq!(meeting.remote.due_at, Some(now() + TimeDelta::hours(1)));
    meeting.remote.take(token(4));
    let span = meeting.span();
    engagement.event_moved(span, token(4).token, now()).unwrap();
    assert_eq!(remote_of(&engagement).1, RemoteState::InStep);
}

/// AP-6: a link whose event was removed in Outlook is taken back.
#[test]
fn a_dead_link_is_taken_back() {
    let mut before = attached();
    before.reschedule(at(30), token(2), now()).unwrap();
    let mut after = before.clone();
    after.event_gone(token(2).token, now()).unwrap();
    assert_eq!(remote_of(&after), (Status::Failed, RemoteState::Gone));
    let meeting = after.meeting.as_ref().unwrap();
    assert_eq!(meeting.error_code.as_deref(), Some(EVENT_REMOVED));
    assert!(after.request.as_ref().unwrap().columns.is_empty());
    assert_eq!(notices(&before, &after), both(Notice::LinkChanged));
    assert_eq!(
        facts(&before, &after).last(),
        Some(&Fact::OnlineMeetingCancelled)
    );
    after.plan_meeting(plan(), now()).unwrap();
}

/// AP-2: an end before anybody was told sends no calendar file.
#[test]
fn an_end_of_what_nobody_knew_of_takes_no_file_back() {
    let before = pending();
    for (end, notice) in [
        (End::Cancelled(None), Notice::Cancelled(false)),
        (End::Declined("no".into()), Notice::Declined(false)),
    ] {
        let mut after = before.clone();
        after.end(end, token(2), now()).unwrap();
        assert_eq!(notices(&before, &after), [(Reader::Client, notice)]);
        let again = after.clone().end(End::Cancelled(None), token(3), now());
        assert_eq!(again.unwrap_err().code(), "request_state");
    }
}
