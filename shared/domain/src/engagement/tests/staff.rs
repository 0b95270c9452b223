//! OM-4, OM-5: meetings that staff make, and interactions that go.

use super::{attached, created, link, now, plan, token, user};
use crate::engagement::{Engagement, Fact, StaffMeeting, facts, notices};
use crate::error::Error;
use crate::id::ClientId;
use crate::interaction::{InteractionInput, InteractionStatus, change};
use crate::online_meeting::{RemoteState, Span, StaffPlan, Status};
use crate::schedule_entry::WorkItem;
use chrono::TimeDelta;
use uuid::Uuid;

fn span() -> Span {
    Span {
        start: now() + TimeDelta::hours(2),
        end: now() + TimeDelta::hours(3),
    }
}

fn intended() -> Engagement {
    let staff = StaffMeeting {
        subject: "Kick-off".into(),
        span: span(),
        client_id: Some(ClientId::parse("client").unwrap()),
        contact_id: None,
        plan: StaffPlan {
            notes: Some("Agenda".into()),
            attendees: vec![],
            entry_for: Some(vec![user()]),
            ..StaffPlan::default()
        },
    };
    Engagement::of_staff(staff, plan(), Uuid::from_u128(7), now())
}

fn scheduled() -> Engagement {
    let mut engagement = intended();
    engagement
        .created(created(), token(1).token, now())
        .unwrap();
    engagement
}

/// OM-4, OM-5: meeting, interaction and entry come to exist together, with the link.
#[test]
fn a_staff_made_meeting_appears_as_a_whole() {
    let before = intended();
    assert!(before.must_meeting().is_err(), "nobody sees the intent");
    assert_eq!(facts(&Engagement::default(), &before), []);
    let after = scheduled();
    assert_eq!(
        facts(&before, &after),
        [
            Fact::ScheduleEntryCreated,
            Fact::InteractionLogged,
            Fact::InteractionCreated,
            Fact::OnlineMeetingScheduled
        ]
    );
    assert_eq!(notices(&before, &after), []);
    let (entry, interaction) = (after.entry.unwrap(), after.interaction.unwrap());
    assert_eq!(entry.work_item, WorkItem::Interaction);
    assert_eq!(interaction.user_id, Some(user()));
    let notes = "Agenda\n\nJoin Teams Meeting: https://teams.example/j";
    assert_eq!(
        (entry.notes.as_str(), interaction.notes.as_str()),
        (notes, notes)
    );
    let meeting = after.meeting.unwrap();
    assert_eq!(meeting.schedule_entry_id, Some(entry.schedule_entry_id));
    assert_eq!(meeting.interaction_id, Some(interaction.interaction_id));
}

/// OM-4: what Microsoft certainly did not make is forgotten, what it may have
/// made is removed.
#[test]
fn a_creation_that_fails_leaves_nothing_to_see() {
    let mut refused = intended();
    refused
        .abandon_creation("graph_refused", true, token(1).token, now())
        .unwrap();
    assert_eq!(refused, Engagement::default());
    let mut unknown = intended();
    unknown
        .abandon_creation("graph_unavailable", false, token(1).token, now())
        .unwrap();
    assert!(unknown.must_meeting().is_err());
    let meeting = unknown.meeting.unwrap();
    assert_eq!(meeting.remote.state, RemoteState::Deleting);
    assert!(meeting.remote.is_due(now()));
}

/// OM-4, XC-8: a creation whose command died is cleared up, not finished.
#[test]
fn a_creation_that_nobody_finished_is_given_up() {
    let mut engagement = intended();
    let meeting = engagement.meeting.as_mut().unwrap();
    meeting.give_up_unanswered_creation(now()).unwrap();
    assert_eq!(meeting.status, Status::Failed);
    assert_eq!(meeting.remote.state, RemoteState::Deleting);
    let mut of_appointment = super::creating();
    let meeting = of_appointment.meeting.as_mut().unwrap();
    meeting.give_up_unanswered_creation(now()).unwrap();
    assert_eq!(meeting.remote.state, RemoteState::Creating);
}

/// OM-4, OM-6: moving moves entry and interaction along.
#[test]
fn a_staff_made_meeting_moves_as_a_whole() {
    let before = scheduled();
    let mut after = before.clone();
    let span = Span {
        start: span().end,
        end: span().end + TimeDelta::hours(2),
    };
    after.move_all(span, token(2), now()).unwrap();
    let (entry, interaction) = (
        after.entry.as_ref().unwrap(),
        after.interaction.as_ref().unwrap(),
    );
    assert_eq!((entry.start, entry.end), (span.start, span.end));
    assert_eq!((interaction.start, interaction.end), (span.start, span.end));
    assert_eq!(
        facts(&before, &after),
        [Fact::ScheduleEntryUpdated, Fact::OnlineMeetingRescheduled]
    );
    let backwards = Span {
        start: span.end,
        end: span.start,
    };
    assert!(matches!(
        after.move_all(backwards, token(3), now()),
        Err(Error::Invalid { .. })
    ));
}

/// OM-4: cancelling removes entry and link; what is over stays on the record.
#[test]
fn a_staff_made_meeting_is_cancelled_with_its_entry() {
    let before = scheduled();
    let mut after = before.clone();
    after.cancel_online_meeting(token(2), now()).unwrap();
    assert!(after.entry.is_none());
    let interaction = after.interaction.as_ref().unwrap();
    assert_eq!(interaction.status, InteractionStatus::Cancelled);
    assert_eq!(interaction.notes, "Agenda");
    let meeting = after.meeting.as_ref().unwrap();
    assert_eq!(meeting.schedule_entry_id, None);
    assert_eq!(
        (meeting.status, meeting.remote.state),
        (Status::Cancelled, RemoteState::Deleting)
    );
    let again = after.cancel_online_meeting(token(3), now());
    assert!(matches!(again, Err(Error::Conflict { .. })));
    let mut over = before.clone();
    let late = over.cancel_online_meeting(token(2), span().end);
    assert!(matches!(
        late,
        Err(Error::Conflict {
            code: "online_meeting_over",
            ..
        })
    ));
}

/// OM-4: cancelling an appointment's meeting leaves the appointment, without link.
#[test]
fn an_appointment_outlives_its_meeting() {
    let before = attached();
    let mut after = before.clone();
    after.cancel_online_meeting(token(2), now()).unwrap();
    let request = after.request.as_ref().unwrap();
    assert_eq!(request.status, crate::appointment::RequestStatus::Approved);
    assert_eq!(request.columns.url, None);
    assert!(after.entry.is_some());
    assert_eq!(
        notices(&before, &after),
        super::both(crate::engagement::Notice::LinkChanged)
    );
}

/// OM-5: an interaction goes with the meeting that lies ahead; one of a meeting
/// that took place goes alone.
#[test]
fn deleting_an_interaction_cancels_a_meeting_that_lies_ahead() {
    let mut ahead = scheduled();
    ahead.drop_interaction(token(2), now());
    assert!(ahead.interaction.is_none() && ahead.entry.is_none());
    assert_eq!(ahead.meeting.unwrap().status, Status::Cancelled);
    let mut held = scheduled();
    held.drop_interaction(token(2), span().end);
    assert!(held.interaction.is_none() && held.entry.is_some());
    let meeting = held.meeting.unwrap();
    assert_eq!(meeting.status, Status::Scheduled);
    assert_eq!(meeting.join_url, Some(link()));
    assert_eq!(meeting.interaction_id, None);
}

/// OM-5: changed notes keep the join line, once; its times are the meeting's.
#[test]
fn a_meetings_interaction_keeps_its_join_line() {
    let engagement = scheduled();
    let meeting = engagement.meeting.as_ref();
    let mut interaction = engagement.interaction.clone().unwrap();
    let line = "Join Teams Meeting: https://teams.example/j";
    for (sent, kept) in [
        ("Went well", format!("Went well\n\n{line}")),
        (
            &format!("Went well\n\n{line}"),
            format!("Went well\n\n{line}"),
        ),
        ("", line.to_owned()),
    ] {
        let input = InteractionInput {
            notes: Some(sent.to_owned()),
            ..InteractionInput::default()
        };
        change(&mut interaction, meeting, &input, now()).unwrap();
        assert_eq!(interaction.notes, kept);
    }
    let input = InteractionInput {
        start_time: Some(now()),
        ..InteractionInput::default()
    };
    assert!(change(&mut interaction, meeting, &input, now()).is_err());
}
