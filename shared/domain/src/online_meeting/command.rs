//! What staff send to schedule an online meeting (OM-4).

use chrono::{DateTime, TimeDelta, Utc};

use super::{Span, StaffPlan};
use crate::error::{Error, Violations};
use crate::id::{ClientId, ContactId, UserId};
use crate::interaction::read_timeline;
use crate::meeting::{AttendeeInput, parse_attendees};
use crate::text;

/// The longest that a Teams meeting runs (*Limits and specifications for
/// Microsoft Teams*).
const LONGEST: TimeDelta = TimeDelta::hours(30);
/// Most people whose time one schedule entry takes.
const ASSIGNED_MAX: usize = 50;

/// As sent.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "as the API names them")]
pub struct MeetingInput {
    pub subject: String,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub client_id: Option<String>,
    pub contact_id: Option<String>,
    pub attendees: Vec<AttendeeInput>,
    pub notes: Option<String>,
    pub create_schedule_entry: bool,
    pub assigned_user_ids: Vec<String>,
}

/// Checked, before the directory was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingDraft {
    /// A line.
    pub subject: String,
    /// From when to when.
    pub span: Span,
    /// The client; a lone contact brings theirs.
    pub client_id: Option<ClientId>,
    /// The person at the client.
    pub contact_id: Option<ContactId>,
    /// Notes, attendees, and whose time it takes.
    pub plan: StaffPlan,
}

impl MeetingDraft {
    /// Reads what was sent. An entry that names nobody takes the caller's time.
    pub fn parse(input: &MeetingInput, caller: &UserId) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        text::check_title(&input.subject, "/subject", &mut wrong);
        if let Some(notes) = &input.notes {
            text::check_description(notes, "/notes", &mut wrong);
        }
        let span = check_span(input.start, input.end, &mut wrong);
        let (client_id, contact_id) = read_timeline(
            input.client_id.as_deref(),
            input.contact_id.as_deref(),
            "name the client or the contact whose timeline the meeting goes on",
            &mut wrong,
        );
        let attendees = parse_attendees(&input.attendees, &mut wrong);
        let entry_for = read_assigned(input, caller, &mut wrong);
        wrong.finish()?;
        Ok(Self {
            subject: input.subject.clone(),
            span,
            client_id,
            contact_id,
            plan: StaffPlan {
                notes: input.notes.clone(),
                attendees,
                entry_for,
                is_of_session: false,
            },
        })
    }
}

fn read_assigned(
    input: &MeetingInput,
    caller: &UserId,
    wrong: &mut Violations,
) -> Option<Vec<UserId>> {
    let ids = &input.assigned_user_ids;
    if !input.create_schedule_entry {
        if !ids.is_empty() {
            wrong.add(
                "/assigned_user_ids",
                "not_allowed",
                "set create_schedule_entry to true to take these users' time",
            );
        }
        return None;
    }
    if ids.len() > ASSIGNED_MAX {
        wrong.add(
            "/assigned_user_ids",
            "too_many",
            format!("at most {ASSIGNED_MAX} users"),
        );
        return None;
    }
    let mut users: Vec<UserId> = vec![];
    for (at, id) in ids.iter().enumerate() {
        let pointer = format!("/assigned_user_ids/{at}");
        let Some(user) = wrong.keep(&pointer, "invalid_id", UserId::parse(id)) else {
            continue;
        };
        if users.contains(&user) {
            wrong.add(pointer, "duplicate", "this user is named already");
        } else {
            users.push(user);
        }
    }
    if users.is_empty() {
        users.push(caller.clone());
    }
    Some(users)
}

/// A span that a Teams meeting can have: it ends after its start, within 30 hours.
pub fn read_span(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Span, Error> {
    let mut wrong = Violations::new();
    let span = check_span(start, end, &mut wrong);
    wrong.finish()?;
    Ok(span)
}

fn check_span(start: DateTime<Utc>, end: DateTime<Utc>, wrong: &mut Violations) -> Span {
    if end <= start {
        wrong.add("/end", "out_of_range", "the end is after the start");
    } else if end - start > LONGEST {
        wrong.add(
            "/end",
            "out_of_range",
            "a Teams meeting lasts 30 hours at most",
        );
    }
    Span { start, end }
}
