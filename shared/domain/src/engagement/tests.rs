//! AP-2 to AP-7 as state changes: what each leaves behind, and whom it tells.

mod arrival;
mod capture;
mod staff;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    Aftermath, Approval, Created, EVENT_REMOVED, End, Engagement, Fact, Imported, MeetingPlan,
    NO_TEAMS_MEETING, Notice, Reader, facts, notices,
};
use crate::address::WebLink;
use crate::appointment::{
    AppointmentTime, Assignee, MeetingColumns, PersonCopy, RequestDraft, RequestStatus,
};
use crate::id::{AppointmentRequestId, ClientId, ContactId, UserId};
use crate::interaction::InteractionStatus;
use crate::online_meeting::{Claim, Organizer, RemoteState, Span, Status};
use crate::zone::Zone;

fn now() -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn at(hours: i64) -> AppointmentTime {
    AppointmentTime::restored(now() + TimeDelta::hours(hours), 60, Zone::utc())
}

fn token(number: u128) -> Claim {
    Claim {
        token: Uuid::from_u128(number),
        until: now() + TimeDelta::seconds(90),
    }
}

fn draft() -> RequestDraft {
    RequestDraft {
        service_name: "Review".into(),
        time: at(24),
        description: Some("Figures".into()),
        preferred: None,
        client_id: Some(ClientId::parse("client").unwrap()),
        contact_id: Some(ContactId::parse("contact").unwrap()),
        requester: PersonCopy::default(),
    }
}

fn user() -> UserId {
    UserId::parse("tech").unwrap()
}

fn pending() -> Engagement {
    let id = AppointmentRequestId::new(Uuid::from_u128(7));
    Engagement::requested(draft(), id, user(), now())
}

fn plan() -> MeetingPlan {
    MeetingPlan {
        transaction_id: Uuid::from_u128(1),
        claim: token(1),
        organizer: Organizer {
            ms_tenant_id: Some("tenant".into()),
            upn: "meetings@example.com".into(),
            object_id: Some("oid".into()),
        },
        created_by: user(),
    }
}

fn approval(meeting: Option<MeetingPlan>) -> Approval {
    Approval {
        time: at(24),
        assignee: Assignee {
            user_id: user(),
            person: PersonCopy::default(),
        },
        internal_notes: None,
        approved_by: user(),
        organizer: None,
        meeting,
    }
}

fn link() -> WebLink {
    WebLink::parse("https://teams.example/j").unwrap()
}

fn created() -> Created {
    Created {
        event_id: "event".into(),
        join_url: Some(link()),
        removed: false,
        meeting_id: Some("meeting".into()),
    }
}

/// Approved with the toggle, while the creation is under way.
fn creating() -> Engagement {
    let mut engagement = pending();
    engagement.approve(approval(Some(plan())), now()).unwrap();
    engagement
}

/// Approved, with its link, told to both.
fn attached() -> Engagement {
    let mut engagement = creating();
    engagement
        .created(created(), token(1).token, now())
        .unwrap();
    engagement
}

fn both(notice: Notice) -> Vec<(Reader, Notice)> {
    vec![(Reader::Client, notice), (Reader::Technician, notice)]
}

fn remote_of(engagement: &Engagement) -> (Status, RemoteState) {
    let meeting = engagement.meeting.as_ref().unwrap();
    (meeting.status, meeting.remote.state)
}

/// AP-3, AP-8: without a meeting both are told at once.
#[test]
fn an_approval_without_meeting_takes_time_and_tells_both() {
    let before = pending();
    let mut after = before.clone();
    after.approve(approval(None), now()).unwrap();
    assert_eq!(
        facts(&before, &after),
        [Fact::AppointmentApproved, Fact::ScheduleEntryCreated]
    );
    assert_eq!(notices(&before, &after), both(Notice::Approved));
    let error = after.approve(approval(None), now()).unwrap_err();
    assert_eq!(error.code(), "already_approved");
}

/// AP-4, OM-5: the mails wait for the meeting, and carry its link.
#[test]
fn mails_wait_for_the_meeting_that_is_being_made() {
    let (before, planned, after) = (pending(), creating(), attached());
    assert_eq!(notices(&before, &planned), []);
    assert_eq!(
        remote_of(&planned),
        (Status::Scheduled, RemoteState::Creating)
    );
    assert_eq!(notices(&planned, &after), both(Notice::Approved));
    assert_eq!(
        facts(&planned, &after),
        [
            Fact::AppointmentOnlineMeetingAttached,
            Fact::ScheduleEntryUpdated,
            Fact::InteractionLogged,
            Fact::InteractionCreated,
            Fact::OnlineMeetingScheduled,
        ]
    );
    let request = after.request.as_ref().unwrap();
    assert_eq!(request.columns.provider.as_deref(), Some("teams"));
    assert_eq!(request.sequence, 0, "nobody was told before");
    let notes = &after.interaction.as_ref().unwrap().notes;
    assert_eq!(
        notes,
        "Figures\n\nJoin Teams Meeting: https://teams.example/j"
    );
    assert_eq!(&after.entry.as_ref().unwrap().notes, notes);
}

/// AP-5: a failure tells both without a link; a link that comes later is an update.
#[test]
fn a_failed_creation_is_told_without_a_link_and_a_later_link_once() {
    let planned = creating();
    let mut failed = planned.clone();
    failed
        .creation_failed(
            "graph_unavailable",
            Aftermath::TryAgain(None),
            token(1).token,
            now(),
        )
        .unwrap();
    assert_eq!(remote_of(&failed), (Status::Failed, RemoteState::Creating));
    assert_eq!(notices(&planned, &failed), both(Notice::Approved));
    assert!(failed.interaction.is_none());
    assert!(failed.request.as_ref().unwrap().columns.is_empty());
    let meeting = failed.meeting.as_mut().unwrap();
    assert_eq!(meeting.error_code.as_deref(), Some("graph_unavailable"));
    meeting.remote.take(token(2));
    let mut late = failed.clone();
    late.created(created(), token(2).token, now()).unwrap();
    assert_eq!(remote_of(&late), (Status::Scheduled, RemoteState::InStep));
    assert_eq!(notices(&failed, &late), both(Notice::LinkChanged));
    assert_eq!(late.request.as_ref().unwrap().sequence, 1);
}

/// OM-3: an event without a Teams meeting is a failure, and is to be removed.
#[test]
fn an_event_without_teams_meeting_is_removed() {
    for (removed, state) in [(false, RemoteState::Deleting), (true, RemoteState::Gone)] {
        let mut engagement = creating();
        let made = Created {
            join_url: None,
            removed,
            ..created()
        };
        engagement.created(made, token(1).token, now()).unwrap();
        assert_eq!(remote_of(&engagement), (Status::Failed, state));
        let meeting = engagement.meeting.as_ref().unwrap();
        assert_eq!(meeting.error_code.as_deref(), Some(NO_TEAMS_MEETING));
        assert!(!engagement.request.as_ref().unwrap().has_meeting);
        let again = engagement.plan_meeting(plan(), now());
        assert_eq!(again.is_ok(), removed, "a new one waits for the removal");
    }
}

/// AP-6: everything moves together, and Microsoft is to follow.
#[test]
fn a_reschedule_moves_every_part() {
    let before = attached();
    let mut after = before.clone();
    after.reschedule(at(30), token(2), now()).unwrap();
    let span = Span {
        start: at(30).start(),
        end: at(30).end(),
    };
    let entry = after.entry.as_ref().unwrap();
    assert_eq!((entry.start, entry.end), (span.start, span.end));
    assert_eq!(after.interaction.as_ref().unwrap().start, span.start);
    let meeting = after.meeting.as_ref().unwrap();
    assert_eq!(
        (meeting.span(), meeting.remote.state),
        (span, RemoteState::Updating)
    );
    assert!(meeting.remote.is_held_by(token(2).token));
    assert_eq!(after.request.as_ref().unwrap().sequence, 1);
    assert_eq!(notices(&before, &after), both(Notice::Rescheduled));
    assert_eq!(
        facts(&before, &after),
        [
            Fact::AppointmentRescheduled,
            Fact::ScheduleEntryUpdated,
            Fact::OnlineMeetingRescheduled,
        ]
    );
    after.event_moved(span, token(2).token, now()).unwrap();
    assert_eq!(remote_of(&after).1, RemoteState::InStep);
}

/// AP-6: a move while Microsoft is at work is followed by another.
#[test]
fn a_move_during_a_call_is_followed_by_another_call() {
    let mut engagement = creating();
    engagement.reschedule(at(30), token(2), now()).unwrap();
    assert!(
        !engagement
            .meeting
            .as_ref()
            .unwrap()
            .remote
            .is_held_by(token(2).token)
    );
    engagement
        .created(created(), token(1).token, now())
        .unwrap();
    assert_eq!(remote_of(&engagement).1, RemoteState::Updating);
    let meeting = engagement.meeting.as_ref().unwrap();
    assert!(meeting.remote.is_due(now()), "at once");
}

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

/// AP-9, AP-7: an imported row keeps just its columns, and its meeting follows all the same.
#[test]
fn an_imported_row_has_columns_only_until_it_moves_or_ends() {
    let imported = Imported {
        draft: draft(),
        assignee: None,
        columns: MeetingColumns {
            provider: Some("teams".into()),
            url: Some(link()),
            meeting_id: Some("old".into()),
        },
        legacy_organizer: Some("oid".into()),
        legacy_ms_tenant_id: None,
        organizer: None,
        by: user(),
    };
    let id = AppointmentRequestId::new(Uuid::from_u128(8));
    let before = Engagement::imported(imported, id, now());
    assert!(before.meeting.is_none() && before.interaction.is_none());
    let mut moved = before.clone();
    moved.reschedule(at(30), token(2), now()).unwrap();
    let meeting = moved.meeting.as_ref().unwrap();
    assert!(meeting.is_legacy && meeting.remote.is_held_by(token(2).token));
    assert_eq!(meeting.remote.state, RemoteState::Updating);
    assert_eq!(
        moved.request.as_ref().unwrap().columns,
        before.request.as_ref().unwrap().columns
    );
    let mut ended = before.clone();
    ended.end(End::Cancelled(None), token(2), now()).unwrap();
    assert_eq!(remote_of(&ended).1, RemoteState::Deleting);
    assert_eq!(
        ended
            .meeting
            .as_ref()
            .unwrap()
            .provider_meeting_id
            .as_deref(),
        Some("old")
    );
    assert!(
        facts(&before, &ended)
            .iter()
            .all(|fact| *fact != Fact::OnlineMeetingCancelled)
    );
}

/// XC-5: the root is rewritten by every write, other parts when they differ.
#[test]
fn every_write_raises_the_roots_version() {
    let mut before = pending();
    before.raise_versions(&Engagement::default());
    let mut after = before.clone();
    after.raise_versions(&before);
    assert_eq!(after.request.as_ref().unwrap().version, 2);
    after.approve(approval(None), now()).unwrap();
    let written = after.clone();
    after.raise_versions(&written);
    assert_eq!(after.entry.as_ref().unwrap().version, 0, "unchanged");
    assert_eq!(after.request.as_ref().unwrap().version, 3);
    assert_eq!(after.request.unwrap().status, RequestStatus::Approved);
}
