//! Schedule entries as callers read them.

use chrono::{DateTime, Utc};
use convoke_domain::engagement::Engagement;
use convoke_domain::event::rfc3339;
use convoke_domain::schedule_entry::ScheduleEntry;
use convoke_services::engagements::Warning;
use convoke_wire::{OnlineMeetingView, WarningView};
use serde::Serialize;
use utoipa::ToSchema;

/// A schedule entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduleEntry)]
pub(crate) struct EntryView {
    #[schema(format = Uuid)]
    schedule_entry_id: String,
    title: String,
    /// Text for a calendar; it ends with the join line.
    notes: String,
    #[schema(format = DateTime)]
    start: String,
    #[schema(format = DateTime)]
    end: String,
    assigned_user_ids: Vec<String>,
    #[schema(pattern = "^(appointment_request|interaction)$")]
    work_item_type: &'static str,
    #[schema(format = Uuid)]
    work_item_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    appointment_request_id: Option<String>,
    /// With its artifacts; in single reads only.
    #[serde(skip_serializing_if = "Option::is_none")]
    online_meeting: Option<OnlineMeetingView>,
    /// Whether deleting it removes a Teams meeting.
    deletes_teams_meeting: bool,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    teams_meeting_warning: Option<WarningView>,
}

impl EntryView {
    /// Of a list: without its meeting.
    pub(crate) fn of(entry: &ScheduleEntry) -> Self {
        Self {
            schedule_entry_id: entry.schedule_entry_id.to_string(),
            title: entry.title.clone(),
            notes: entry.notes.clone(),
            start: rfc3339(entry.start),
            end: rfc3339(entry.end),
            assigned_user_ids: entry
                .assigned_user_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
            work_item_type: entry.work_item.as_str(),
            work_item_id: entry.schedule_entry_id.to_string(),
            appointment_request_id: entry.appointment_request_id.map(|id| id.to_string()),
            online_meeting: None,
            deletes_teams_meeting: entry.has_meeting,
            version: entry.version,
            teams_meeting_warning: None,
        }
    }

    /// With its meeting as it stands at `now`, and a warning; `None` when the entry
    /// is gone.
    pub(crate) fn of_engagement(
        engagement: &Engagement,
        warning: Option<&Warning>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let mut view = Self::of(engagement.entry.as_ref()?);
        view.online_meeting = OnlineMeetingView::of(engagement, true, now);
        view.teams_meeting_warning = warning.map(WarningView::of);
        Some(view)
    }
}
