//! Meetings on the wire.

use chrono::{DateTime, Utc};
use convoke_domain::event::rfc3339;
use convoke_domain::meeting::{Attendee, Meeting};
use convoke_domain::slot::Slot;
use convoke_services::meetings::{Availability, AvailabilityStatus, Scheduled, Warning};
use serde::Serialize;
use utoipa::ToSchema;

/// An attendee as stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Attendee)]
pub(crate) struct AttendeeView {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// Absent where the directory knows none.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[schema(pattern = "^(required|optional|resource)$")]
    role: &'static str,
}

impl From<&Attendee> for AttendeeView {
    fn from(attendee: &Attendee) -> Self {
        Self {
            user_id: attendee.user_id().map(ToString::to_string),
            email: attendee.email().map(|email| email.as_str().to_owned()),
            name: attendee.name().map(str::to_owned),
            role: attendee.role.as_str(),
        }
    }
}

/// What became of a calendar's event that could not be removed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Warning)]
pub(crate) struct WarningView {
    /// Stable, snake_case.
    reason: String,
    message: String,
}

impl From<&Warning> for WarningView {
    fn from(warning: &Warning) -> Self {
        Self {
            reason: warning.reason.to_owned(),
            message: warning.message.clone(),
        }
    }
}

/// A control meeting.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Meeting)]
pub(crate) struct MeetingView {
    #[schema(format = Uuid)]
    meeting_id: String,
    control_id: String,
    #[schema(required = true, format = Uuid)]
    control_schedule_id: Option<String>,
    title: String,
    #[schema(required = true)]
    description: Option<String>,
    #[schema(pattern = "^(DAILY|WEEKLY|MONTHLY|QUARTERLY|ANNUAL)$")]
    frequency: &'static str,
    #[schema(pattern = "^(mock|ics|graph)$")]
    provider: &'static str,
    /// The first occurrence of the series.
    #[schema(format = DateTime)]
    start: String,
    duration_minutes: u32,
    timezone: String,
    is_online: bool,
    #[schema(required = true)]
    location: Option<String>,
    /// The caller's own link, else the one that the provider made.
    #[schema(required = true)]
    join_url: Option<String>,
    attendees: Vec<AttendeeView>,
    /// Users whom the directory does not know, or without an address: left out
    /// of files, mails and calendars.
    unreachable_attendees: Vec<AttendeeView>,
    #[schema(example = "planned", pattern = "^(planned|scheduled|cancelled)$")]
    status: &'static str,
    #[schema(required = true, format = DateTime)]
    next_occurrence: Option<String>,
    #[schema(required = true, format = DateTime)]
    last_occurrence: Option<String>,
    #[schema(required = true)]
    external_event_id: Option<String>,
    /// A signed link to the .ics file that lasts a week or more.
    #[schema(format = "uri")]
    ics_url: String,
    version: u64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// After a cancellation whose calendar event could not be removed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<WarningView>,
}

impl MeetingView {
    pub(crate) fn of(meeting: &Meeting, ics_url: String) -> Self {
        Self {
            meeting_id: meeting.meeting_id.to_string(),
            control_id: meeting.control_id.to_string(),
            control_schedule_id: meeting
                .link
                .as_ref()
                .map(|link| link.control_schedule_id.to_string()),
            title: meeting.title.clone(),
            description: meeting.description.clone(),
            frequency: meeting.cadence.frequency().as_str(),
            provider: meeting.provider.as_str(),
            start: rfc3339(meeting.cadence.zone().instant(meeting.cadence.anchor())),
            duration_minutes: meeting.duration_minutes,
            timezone: meeting.cadence.zone().name().to_owned(),
            is_online: meeting.is_online,
            location: meeting.location.clone(),
            join_url: meeting
                .effective_join_url()
                .map(|url| url.as_str().to_owned()),
            attendees: meeting.attendees.iter().map(AttendeeView::from).collect(),
            unreachable_attendees: meeting
                .unreachable_attendees()
                .map(AttendeeView::from)
                .collect(),
            status: meeting.status.as_str(),
            next_occurrence: meeting.next_occurrence().map(|next| rfc3339(next.start)),
            last_occurrence: meeting.last_occurrence.map(rfc3339),
            external_event_id: meeting
                .remote
                .as_ref()
                .map(|remote| remote.external_event_id.clone()),
            ics_url,
            version: meeting.version,
            created_at: rfc3339(meeting.created_at),
            updated_at: rfc3339(meeting.updated_at),
            warning: None,
        }
    }

    pub(crate) fn with_warning(mut self, warning: Option<&Warning>) -> Self {
        self.warning = warning.map(WarningView::from);
        self
    }
}

/// What is left of a deleted meeting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deleted)]
pub(crate) struct DeletedView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warning: Option<WarningView>,
}

/// Whether somebody is free at the next occurrence.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Availability)]
pub(crate) struct AvailabilityView {
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[schema(example = "free", pattern = "^(free|busy|unknown)$")]
    status: &'static str,
    /// The calendar's own code, where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<&Availability> for AvailabilityView {
    fn from(availability: &Availability) -> Self {
        let (status, detail) = match &availability.status {
            AvailabilityStatus::Free => ("free", None),
            AvailabilityStatus::Busy => ("busy", None),
            AvailabilityStatus::Unknown(code) => ("unknown", Some(code.clone())),
        };
        Self {
            email: availability.email.clone(),
            user_id: availability.user_id.as_ref().map(ToString::to_string),
            status,
            detail,
        }
    }
}

/// What scheduling did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scheduled)]
pub(crate) struct ScheduledView {
    #[schema(required = true)]
    external_event_id: Option<String>,
    #[schema(pattern = "^(mock|ics|graph)$")]
    provider: &'static str,
    #[schema(required = true, format = DateTime)]
    last_occurrence: Option<String>,
    #[schema(required = true, format = DateTime)]
    next_occurrence: Option<String>,
    /// What was done, honestly.
    note: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    join_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability: Option<Vec<AvailabilityView>>,
}

impl From<&Scheduled> for ScheduledView {
    fn from(scheduled: &Scheduled) -> Self {
        let meeting = &scheduled.meeting;
        Self {
            external_event_id: meeting
                .remote
                .as_ref()
                .map(|remote| remote.external_event_id.clone()),
            provider: meeting.provider.as_str(),
            last_occurrence: meeting.last_occurrence.map(rfc3339),
            next_occurrence: meeting.next_occurrence().map(|next| rfc3339(next.start)),
            note: scheduled.note.clone(),
            join_url: meeting
                .effective_join_url()
                .map(|url| url.as_str().to_owned()),
            availability: scheduled
                .availability
                .as_ref()
                .map(|list| list.iter().map(AvailabilityView::from).collect()),
        }
    }
}

/// One occurrence of the series.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occurrence)]
pub(crate) struct OccurrenceView {
    /// The local date that identifies the occurrence.
    #[schema(format = Date)]
    pub(crate) original_date: String,
    #[schema(format = DateTime)]
    pub(crate) start: String,
    #[schema(format = DateTime)]
    pub(crate) end: String,
}

impl OccurrenceView {
    pub(crate) fn new(
        original_date: chrono::NaiveDate,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Self {
        Self {
            original_date: original_date.to_string(),
            start: rfc3339(start),
            end: rfc3339(end),
        }
    }
}

/// A time at which organiser and required attendees are free.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Slot)]
pub(crate) struct SlotView {
    #[schema(format = DateTime)]
    start: String,
    #[schema(format = DateTime)]
    end: String,
    /// Optional attendees who are not free then.
    conflicts: Vec<String>,
    /// People of whom the calendar says nothing.
    unknown: Vec<String>,
}

impl From<Slot<String>> for SlotView {
    fn from(slot: Slot<String>) -> Self {
        Self {
            start: rfc3339(slot.start),
            end: rfc3339(slot.end),
            conflicts: slot.conflicts,
            unknown: slot.unknown,
        }
    }
}

/// One provider and whether it can be used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeetingProvider)]
pub(crate) struct ProviderView {
    #[schema(pattern = "^(mock|ics|graph)$")]
    pub(crate) provider: &'static str,
    pub(crate) configured: bool,
    pub(crate) behaviour: &'static str,
    /// Settings to make before it can be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) missing_keys: Vec<&'static str>,
}
