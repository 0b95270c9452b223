//! The rules of a meeting, without a store.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    AttendeeInput, Change, ChangeInput, Intent, Meeting, MeetingDraft, MeetingInput, Operation,
};
use crate::control::ControlSchedule;
use crate::error::Error;
use crate::id::{ControlId, ControlScheduleId, IntentId, MeetingId};
use crate::zone::Zone;

const NOW: &str = "2026-11-21T04:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn input() -> MeetingInput {
    MeetingInput {
        title: "Review".into(),
        frequency: "MONTHLY".into(),
        duration_minutes: 60,
        timezone: "Europe/Berlin".into(),
        start: Some("2027-01-31T09:00".into()),
        ..MeetingInput::default()
    }
}

fn make(input: MeetingInput, schedule: Option<&ControlSchedule>) -> Result<Meeting, Error> {
    let control_id = ControlId::parse("c").unwrap();
    MeetingDraft::parse(input)?.into_meeting(
        MeetingId::new(Uuid::nil()),
        control_id,
        schedule,
        at(NOW),
    )
}

fn monthly(completed_steps: u32) -> ControlSchedule {
    ControlSchedule {
        control_schedule_id: ControlScheduleId::new(Uuid::nil()),
        control_id: ControlId::parse("c").unwrap(),
        frequency: crate::cadence::Frequency::Monthly,
        anchor_due: "2027-01-31".parse().unwrap(),
        anchor_steps: completed_steps,
        completed_steps,
        last_completed: None,
        zone: Zone::parse("Europe/Berlin").unwrap(),
        version: 1,
        created_at: at(NOW),
        updated_at: at(NOW),
    }
}

fn next(meeting: &Meeting) -> String {
    meeting.next_occurrence().unwrap().start.to_rfc3339()
}

/// CM-4, CM-5: a linked meeting follows N, however late, twice or out of order
/// it hears of it.
#[test]
fn a_linked_meeting_is_a_pure_function_of_n() {
    let mut meeting = make(input(), Some(&monthly(7))).unwrap();
    assert!(meeting.advance_to_step(10, at(NOW)));
    assert_eq!(next(&meeting), "2027-04-30T07:00:00+00:00");
    assert_eq!(meeting.last_occurrence, Some(at("2027-03-31T07:00:00Z")));
    for late in [10, 9, 7, 0] {
        assert!(!meeting.advance_to_step(late, at(NOW)), "{late}");
    }
    assert!(meeting.advance_to_step(11, at(NOW)));
    assert_eq!(
        next(&meeting),
        "2027-05-31T07:00:00+00:00",
        "back on the 31st"
    );
    assert!(
        !meeting.advance_past(at("2030-01-01T00:00:00Z")),
        "the clock does not move it"
    );
}

/// CM-4: linking keeps the next occurrence, wherever the schedule stands.
#[test]
fn linking_later_keeps_the_next_occurrence() {
    let mut meeting = make(input(), None).unwrap();
    meeting.advance_past(at("2027-06-15T00:00:00Z"));
    let before = next(&meeting);
    meeting.link_to(&monthly(2));
    assert!(!meeting.advance_to_step(2, at(NOW)));
    assert_eq!(next(&meeting), before);
    assert!(meeting.advance_to_step(3, at(NOW)));
    assert_eq!(next(&meeting), "2027-07-31T07:00:00+00:00");
}

/// CM-1: what `start` reads as may be sent back and changes nothing.
#[test]
fn the_same_start_again_is_no_change() {
    let mut meeting = make(input(), None).unwrap();
    meeting.advance_past(at("2027-06-15T00:00:00Z"));
    let before = meeting.clone();
    let same = ChangeInput {
        start: Some("2027-01-31T08:00:00Z".into()),
        ..ChangeInput::default()
    };
    let change = Change::parse(same, &meeting).unwrap();
    assert_eq!(meeting.apply(change, None, at(NOW)), Ok(false));
    assert_eq!(meeting, before);
}

/// CM-2: forty meetings fit into one transaction, however much people write.
#[test]
fn a_meeting_holds_a_bounded_amount_of_text() {
    let attendee = |n: usize| AttendeeInput {
        email: Some(format!("guest-{n}@example.com")),
        name: Some("名".repeat(255)),
        ..AttendeeInput::default()
    };
    let with = |count| MeetingInput {
        attendees: (0..count).map(attendee).collect(),
        ..input()
    };
    assert!(make(with(100), None).is_ok());
    match make(with(500), None) {
        Err(Error::Invalid { violations }) => assert_eq!(violations[0].code, "too_large"),
        other => panic!("{other:?}"),
    }
}

fn intent() -> Intent {
    let meeting = make(input(), None).unwrap();
    meeting.intend(
        IntentId::new(Uuid::nil()),
        Operation::Create,
        "m@example.com",
        at(NOW),
    )
}

/// XC-8: a message that comes again does not shorten the wait after a failure.
#[test]
fn a_failed_intent_waits_longer_each_time() {
    let mut intent = intent();
    let mut now = at(NOW);
    assert!(intent.is_due(now), "a fresh one is taken on at once");
    let mut waits = vec![];
    for _ in 0..9 {
        intent.claim(TimeDelta::seconds(90), now);
        assert!(!intent.is_due(now) && !intent.is_free(now));
        intent.put_back(now);
        assert!(!intent.is_due(now), "not before its time");
        assert!(intent.is_free(now), "but a caller may take it over");
        waits.push((intent.lease_until - now).num_minutes());
        now = intent.lease_until;
        assert!(intent.is_due(now));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}
