//! Controls and their schedules on the wire.

use chrono::NaiveDate;
use convoke_domain::control::{Control, ControlSchedule};
use convoke_domain::event::rfc3339;
use convoke_domain::meeting::Meeting;
use convoke_services::schedules::{Completed, ScheduleInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A control's recurring evidence objective, to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ControlScheduleInput)]
pub(crate) struct ScheduleBody {
    #[schema(
        example = "QUARTERLY",
        pattern = "^(DAILY|WEEKLY|MONTHLY|QUARTERLY|ANNUAL)$"
    )]
    frequency: String,
    #[schema(example = "2027-01-15")]
    next_due: NaiveDate,
    /// IANA name: where "today" is meant.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
}

impl From<ScheduleBody> for ScheduleInput {
    fn from(body: ScheduleBody) -> Self {
        Self {
            frequency: body.frequency,
            next_due: body.next_due,
            timezone: body.timezone,
        }
    }
}

/// A control's recurring evidence objective.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ControlSchedule)]
pub(crate) struct ScheduleView {
    #[schema(format = Uuid)]
    control_schedule_id: String,
    control_id: String,
    #[schema(pattern = "^(DAILY|WEEKLY|MONTHLY|QUARTERLY|ANNUAL)$")]
    frequency: &'static str,
    next_due: NaiveDate,
    #[schema(required = true)]
    last_completed: Option<NaiveDate>,
    timezone: String,
    version: u64,
}

impl From<&ControlSchedule> for ScheduleView {
    fn from(schedule: &ControlSchedule) -> Self {
        Self {
            control_schedule_id: schedule.control_schedule_id.to_string(),
            control_id: schedule.control_id.to_string(),
            frequency: schedule.frequency.as_str(),
            next_due: schedule.next_due(),
            last_completed: schedule.last_completed,
            timezone: schedule.zone.name().to_owned(),
            version: schedule.version,
        }
    }
}

/// A completed test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Completion)]
pub(crate) struct CompletionBody {
    /// The day it was done; today in the schedule's zone where absent. One day
    /// counts once.
    pub(crate) completed_on: Option<NaiveDate>,
}

/// A linked meeting that advanced.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdvancedMeeting)]
pub(crate) struct AdvancedView {
    #[schema(format = Uuid)]
    meeting_id: String,
    #[schema(required = true, format = DateTime)]
    last_occurrence: Option<String>,
    #[schema(required = true, format = DateTime)]
    next_occurrence: Option<String>,
}

impl From<&Meeting> for AdvancedView {
    fn from(meeting: &Meeting) -> Self {
        Self {
            meeting_id: meeting.meeting_id.to_string(),
            last_occurrence: meeting.last_occurrence.map(rfc3339),
            next_occurrence: meeting.next_occurrence().map(|next| rfc3339(next.start)),
        }
    }
}

/// What a completion did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Completed)]
pub(crate) struct CompletedView {
    schedule: ScheduleView,
    /// Linked meetings that advanced at once.
    advanced_meetings: Vec<AdvancedView>,
    /// Linked meetings that are still on their way.
    pending_count: u64,
}

impl From<&Completed> for CompletedView {
    fn from(completed: &Completed) -> Self {
        Self {
            schedule: ScheduleView::from(&completed.schedule),
            advanced_meetings: completed.advanced.iter().map(AdvancedView::from).collect(),
            pending_count: completed.pending,
        }
    }
}

/// A name for a control or client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Name)]
pub(crate) struct NameBody {
    #[schema(example = "PCI DSS 12.5.2", max_length = 255, min_length = 1)]
    pub(crate) name: String,
}

/// A control that is known here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Control)]
pub(crate) struct ControlView {
    control_id: String,
    /// `null` until somebody names it.
    #[schema(required = true)]
    name: Option<String>,
    version: u64,
}

impl From<&Control> for ControlView {
    fn from(control: &Control) -> Self {
        Self {
            control_id: control.control_id.to_string(),
            name: control.name.clone(),
            version: control.version,
        }
    }
}
