//! AP-2 to AP-7 as state changes: what each leaves behind, and whom it tells.

mod arrival;
mod capture;
mod ending;
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
