//! What callers send to create and change meetings.

use convoke_domain::meeting::{AttendeeInput, ChangeInput, MeetingInput};
use convoke_platform::http::Patch;
use convoke_services::meetings::LinkChange;
use serde::Deserialize;
use utoipa::ToSchema;

/// An attendee: `user_id`, or `email` and `name`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttendeeBody {
    /// For a user of the organisation.
    #[schema(min_length = 1, max_length = 128)]
    user_id: Option<String>,
    /// For somebody from outside.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    /// For somebody from outside.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// `required` where absent.
    #[schema(example = "required", pattern = "^(required|optional|resource)$")]
    role: Option<String>,
}

impl From<AttendeeBody> for AttendeeInput {
    fn from(body: AttendeeBody) -> Self {
        Self {
            user_id: body.user_id,
            email: body.email,
            name: body.name,
            role: body.role,
        }
    }
}

/// A new meeting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeeting)]
pub(crate) struct MeetingBody {
    #[schema(example = "PCI Scope Review", max_length = 255, min_length = 1)]
    title: String,
    /// The agenda.
    #[schema(max_length = 32768)]
    description: Option<String>,
    #[schema(
        example = "QUARTERLY",
        pattern = "^(DAILY|WEEKLY|MONTHLY|QUARTERLY|ANNUAL)$"
    )]
    frequency: String,
    /// `mock`, `ics` or `graph`; anything else means `mock`.
    #[schema(example = "ics")]
    provider: Option<String>,
    /// First occurrence: local date-time in `timezone`, or an instant.
    #[schema(example = "2027-01-15T09:00")]
    start: Option<String>,
    #[schema(example = 60, minimum = 1, maximum = 1440)]
    duration_minutes: i64,
    /// IANA name.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
    #[serde(default)]
    is_online: bool,
    #[schema(max_length = 500)]
    location: Option<String>,
    #[schema(format = "uri", max_length = 2048)]
    join_url: Option<String>,
    #[serde(default)]
    #[schema(max_items = 500)]
    attendees: Vec<AttendeeBody>,
    /// The control's own schedule is linked where this is absent.
    #[schema(format = Uuid)]
    control_schedule_id: Option<String>,
}

impl MeetingBody {
    /// The input of the domain, and the schedule that was named.
    pub(crate) fn into_input(self) -> (MeetingInput, Option<String>) {
        let input = MeetingInput {
            title: self.title,
            description: self.description,
            frequency: self.frequency,
            provider: self.provider,
            start: self.start,
            duration_minutes: self.duration_minutes,
            timezone: self.timezone,
            is_online: self.is_online,
            location: self.location,
            join_url: self.join_url,
            attendees: self
                .attendees
                .into_iter()
                .map(AttendeeInput::from)
                .collect(),
        };
        (input, self.control_schedule_id)
    }
}

/// What to change; absent fields stay, `null` clears what can be absent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MeetingChange)]
pub(crate) struct ChangeBody {
    #[schema(max_length = 255, min_length = 1)]
    title: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 32768)]
    description: Patch<String>,
    #[schema(pattern = "^(DAILY|WEEKLY|MONTHLY|QUARTERLY|ANNUAL)$")]
    frequency: Option<String>,
    provider: Option<String>,
    start: Option<String>,
    #[schema(minimum = 1, maximum = 1440)]
    duration_minutes: Option<i64>,
    timezone: Option<String>,
    is_online: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    location: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    join_url: Patch<String>,
    /// Replaces the whole set.
    #[schema(max_items = 500)]
    attendees: Option<Vec<AttendeeBody>>,
    /// `null` unlinks the meeting from its control's schedule.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    control_schedule_id: Patch<String>,
}

impl ChangeBody {
    /// The input of the domain, and what becomes of the link.
    pub(crate) fn into_input(self) -> (ChangeInput, LinkChange) {
        let link = match self.control_schedule_id.0 {
            None => LinkChange::Keep,
            Some(None) => LinkChange::Unlink,
            Some(Some(id)) => LinkChange::To(id),
        };
        let input = ChangeInput {
            title: self.title,
            description: self.description.0,
            frequency: self.frequency,
            provider: self.provider,
            start: self.start,
            duration_minutes: self.duration_minutes,
            timezone: self.timezone,
            is_online: self.is_online,
            location: self.location.0,
            join_url: self.join_url.0,
            attendees: self
                .attendees
                .map(|list| list.into_iter().map(AttendeeInput::from).collect()),
        };
        (input, link)
    }
}
