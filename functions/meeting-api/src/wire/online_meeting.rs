//! Online meetings: what staff send, and what a command answers.

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::UserId;
use convoke_domain::meeting::AttendeeInput;
use convoke_domain::online_meeting::{MeetingInput, Span, read_span};
use convoke_services::engagements::{Handled, Scheduled};
use convoke_wire::{Instant, OnlineMeetingView, WarningView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::command::AttendeeBody;
use super::meeting::AttendeeView;

/// A Teams meeting to be scheduled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOnlineMeeting)]
pub(crate) struct OnlineMeetingBody {
    #[schema(example = "Quarterly review", max_length = 255, min_length = 1)]
    subject: String,
    #[schema(value_type = String, format = DateTime, example = "2027-01-15T09:00:00Z")]
    start: Instant,
    /// After the start, by 30 hours at most.
    #[schema(value_type = String, format = DateTime, example = "2027-01-15T10:00:00Z")]
    end: Instant,
    /// Whose timeline it goes on; this, `contact_id` or both.
    #[schema(example = "globex", min_length = 1, max_length = 128)]
    client_id: Option<String>,
    /// A lone contact brings their client.
    #[schema(example = "cleo", min_length = 1, max_length = 128)]
    contact_id: Option<String>,
    /// Whom Microsoft invites; nobody is invited twice.
    #[serde(default)]
    #[schema(max_items = 500)]
    attendees: Vec<AttendeeBody>,
    /// Plain text for interaction and schedule entry.
    #[schema(max_length = 32768)]
    notes: Option<String>,
    /// Whether it takes somebody's working time.
    #[serde(default)]
    create_schedule_entry: bool,
    /// Whose; the caller's own where nobody is named.
    #[serde(default)]
    #[schema(max_items = 50)]
    assigned_user_ids: Vec<String>,
}

impl From<OnlineMeetingBody> for MeetingInput {
    fn from(body: OnlineMeetingBody) -> Self {
        Self {
            subject: body.subject,
            start: body.start.0,
            end: body.end.0,
            client_id: body.client_id,
            contact_id: body.contact_id,
            attendees: body
                .attendees
                .into_iter()
                .map(AttendeeInput::from)
                .collect(),
            notes: body.notes,
            create_schedule_entry: body.create_schedule_entry,
            assigned_user_ids: body.assigned_user_ids,
        }
    }
}

/// New times.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OnlineMeetingMove)]
pub(crate) struct MoveBody {
    #[schema(value_type = String, format = DateTime, example = "2027-01-16T09:00:00Z")]
    start: Instant,
    #[schema(value_type = String, format = DateTime, example = "2027-01-16T10:00:00Z")]
    end: Instant,
}

impl MoveBody {
    pub(crate) fn into_span(self) -> Result<Span, Error> {
        read_span(self.start.0, self.end.0)
    }
}

/// A Teams meeting that was scheduled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnlineMeetingScheduled)]
pub(crate) struct ScheduledView {
    #[serde(flatten)]
    #[schema(value_type = OnlineMeetingView)]
    meeting: Option<OnlineMeetingView>,
    /// Internal attendees whom nobody can reach, since the directory knows no
    /// address of theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    unreachable_attendees: Vec<AttendeeView>,
}

impl ScheduledView {
    pub(crate) fn of(scheduled: &Scheduled, now: DateTime<Utc>) -> Self {
        let meeting = scheduled.engagement.meeting.as_ref();
        let plan = meeting.and_then(|meeting| meeting.staff_plan.as_ref());
        let attendees = plan.iter().flat_map(|plan| &plan.attendees);
        let is_unreachable =
            |user_id: Option<&UserId>| user_id.is_some_and(|id| scheduled.unreachable.contains(id));
        Self {
            meeting: OnlineMeetingView::of(&scheduled.engagement, true, now),
            unreachable_attendees: attendees
                .filter(|attendee| is_unreachable(attendee.user_id()))
                .map(AttendeeView::from)
                .collect(),
        }
    }
}

/// An online meeting after a command, and what Microsoft has not followed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnlineMeetingHandled)]
pub(crate) struct HandledView {
    #[schema(value_type = OnlineMeetingView)]
    online_meeting: Option<OnlineMeetingView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    teams_meeting_warning: Option<WarningView>,
}

impl HandledView {
    pub(crate) fn of(handled: &Handled, now: DateTime<Utc>) -> Self {
        Self {
            online_meeting: OnlineMeetingView::of(&handled.engagement, true, now),
            teams_meeting_warning: handled.warning.as_ref().map(WarningView::of),
        }
    }
}
