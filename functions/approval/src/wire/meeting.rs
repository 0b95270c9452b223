//! Online meetings as appointments and schedule entries show them.

use convoke_domain::event::rfc3339;
use convoke_domain::online_meeting::{OnlineMeeting, Status};
use convoke_services::engagements::Warning;
use serde::Serialize;
use utoipa::ToSchema;

/// An online meeting. What only staff may know is absent for portal users.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnlineMeeting)]
pub(crate) struct OnlineMeetingView {
    /// Convoke's own id.
    online_meeting_id: String,
    #[schema(example = "teams")]
    provider: &'static str,
    /// Microsoft's id, once it is resolved.
    #[schema(required = true)]
    provider_meeting_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizer_upn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizer_user_id: Option<String>,
    subject: String,
    #[schema(required = true)]
    join_url: Option<String>,
    start_time: String,
    end_time: String,
    #[schema(example = "scheduled")]
    status: &'static str,
    /// What Microsoft's side still has to follow.
    #[schema(example = "in_step")]
    remote_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[schema(required = true)]
    interaction_id: Option<String>,
    #[schema(required = true)]
    schedule_entry_id: Option<String>,
    #[schema(required = true)]
    appointment_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
}

impl OnlineMeetingView {
    /// `None` for what only stands for an imported row's columns.
    pub(crate) fn of(meeting: Option<&OnlineMeeting>, is_staff: bool) -> Option<Self> {
        let meeting = meeting.filter(|meeting| !meeting.is_legacy)?;
        let for_staff = |text: &Option<String>| text.clone().filter(|_| is_staff);
        Some(Self {
            online_meeting_id: meeting.online_meeting_id.to_string(),
            provider: "teams",
            provider_meeting_id: meeting.provider_meeting_id.clone(),
            provider_event_id: for_staff(&meeting.provider_event_id),
            organizer_upn: is_staff.then(|| meeting.organizer.upn.clone()),
            organizer_user_id: for_staff(&meeting.organizer.object_id),
            subject: meeting.subject.clone(),
            join_url: meeting
                .join_url
                .as_ref()
                .filter(|_| meeting.status != Status::Cancelled)
                .map(|url| url.as_str().to_owned()),
            start_time: rfc3339(meeting.start),
            end_time: rfc3339(meeting.end),
            status: meeting.status.as_str(),
            remote_state: meeting.remote.state.as_str(),
            error_code: for_staff(&meeting.error_code),
            interaction_id: meeting.interaction_id.map(|id| id.to_string()),
            schedule_entry_id: meeting.schedule_entry_id.map(|id| id.to_string()),
            appointment_request_id: meeting.appointment_request_id.map(|id| id.to_string()),
            created_by: is_staff.then(|| meeting.created_by.to_string()),
        })
    }
}

/// Something was done here that Microsoft has not followed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamsMeetingWarning)]
pub(crate) struct WarningView {
    /// Stable, snake_case.
    #[schema(example = "graph_unavailable")]
    reason: String,
    message: String,
}

impl WarningView {
    /// Clients hear that something is left, not what an administrator has to do.
    pub(crate) fn for_reader(warning: &Warning, is_staff: bool) -> Self {
        if is_staff {
            return Self::of(warning);
        }
        Self {
            reason: "teams_meeting_pending".to_owned(),
            message: "The Microsoft Teams meeting could not be changed yet.".to_owned(),
        }
    }

    pub(crate) fn of(warning: &Warning) -> Self {
        Self {
            reason: warning.reason.clone(),
            message: warning.message.clone(),
        }
    }
}

/// What is left after a deletion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deleted)]
pub(crate) struct DeletedView {
    #[serde(skip_serializing_if = "Option::is_none")]
    teams_meeting_warning: Option<WarningView>,
}

impl DeletedView {
    pub(crate) fn of(warning: Option<&Warning>) -> Self {
        Self {
            teams_meeting_warning: warning.map(WarningView::of),
        }
    }
}
