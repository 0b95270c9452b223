//! Online meetings as every route shows them (OM-1, OM-2).

use chrono::{DateTime, Utc};
use convoke_domain::engagement::Engagement;
use convoke_domain::event::rfc3339;
use convoke_domain::online_meeting::Status;
use serde::Serialize;
use utoipa::ToSchema;

use crate::artifact::{ArtifactView, artifacts_of};
use crate::ledger::LedgerView;

/// An online meeting. What only staff may know is absent for portal users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OnlineMeeting)]
pub struct OnlineMeetingView {
    /// Convoke's own id.
    #[schema(format = Uuid)]
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
    #[schema(example = "Quarterly review")]
    subject: String,
    /// `null` once it is cancelled.
    #[schema(required = true)]
    join_url: Option<String>,
    #[schema(format = DateTime, example = "2027-01-15T09:00:00Z")]
    start_time: String,
    #[schema(format = DateTime, example = "2027-01-15T10:00:00Z")]
    end_time: String,
    #[schema(
        example = "scheduled",
        pattern = "^(scheduled|ended|recording_pending|recording_ready|no_recording|cancelled|failed)$"
    )]
    status: &'static str,
    /// What Microsoft's side still has to follow.
    #[schema(
        example = "in_step",
        pattern = "^(none|creating|in_step|updating|deleting|gone|unreachable)$"
    )]
    remote_state: &'static str,
    /// Why Microsoft did not do what it was to do, or recordings were not looked
    /// for as a whole, last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    /// How often recordings were looked for since it ended.
    recording_fetch_attempts: u32,
    /// When they were last looked for.
    #[schema(required = true, format = DateTime)]
    last_fetch_at: Option<String>,
    /// How far looking for recording and transcript has come; `running` also
    /// where a refresh had no time left and goes on in the background.
    #[schema(
        example = "scheduled",
        pattern = "^(none|scheduled|running|waiting|complete|closed)$"
    )]
    capture_status: &'static str,
    #[schema(required = true)]
    appointment_request_id: Option<String>,
    #[schema(required = true)]
    interaction_id: Option<String>,
    #[schema(required = true)]
    schedule_entry_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[schema(required = true)]
    client_id: Option<String>,
    #[schema(required = true)]
    contact_id: Option<String>,
    /// Recordings and transcripts, newest first: those that the reader may see.
    artifacts: Vec<ArtifactView>,
    /// What was expected and what arrived; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    capture_ledger: Option<LedgerView>,
    version: u64,
}

impl OnlineMeetingView {
    /// As it stands at `now`; `None` for what is shown to nobody: what stands for
    /// an imported row's columns, or is only about to become a meeting.
    pub fn of(engagement: &Engagement, is_staff: bool, now: DateTime<Utc>) -> Option<Self> {
        let meeting = engagement.must_meeting().ok()?;
        let capture = engagement.capture.as_ref();
        let for_staff = |text: Option<&String>| text.filter(|_| is_staff).cloned();
        let error = meeting
            .error_code
            .as_ref()
            .or_else(|| capture?.error_code.as_ref());
        Some(Self {
            online_meeting_id: meeting.online_meeting_id.to_string(),
            provider: "teams",
            provider_meeting_id: meeting.provider_meeting_id.clone(),
            provider_event_id: for_staff(meeting.provider_event_id.as_ref()),
            organizer_upn: for_staff(Some(&meeting.organizer.upn)),
            organizer_user_id: for_staff(meeting.organizer.object_id.as_ref()),
            subject: meeting.subject.clone(),
            join_url: meeting
                .join_url
                .as_ref()
                .filter(|_| meeting.status != Status::Cancelled)
                .map(|url| url.as_str().to_owned()),
            start_time: rfc3339(meeting.start),
            end_time: rfc3339(meeting.end),
            status: meeting.status_at(now).as_str(),
            remote_state: meeting.remote.state.as_str(),
            error_code: for_staff(error),
            recording_fetch_attempts: meeting.recording_fetch_attempts,
            last_fetch_at: meeting.last_fetch_at.map(rfc3339),
            capture_status: engagement.capture_status(now).as_str(),
            appointment_request_id: meeting.appointment_request_id.map(|id| id.to_string()),
            interaction_id: meeting.interaction_id.map(|id| id.to_string()),
            schedule_entry_id: meeting.schedule_entry_id.map(|id| id.to_string()),
            created_by: is_staff.then(|| meeting.created_by.to_string()),
            client_id: meeting.client_id.as_ref().map(ToString::to_string),
            contact_id: meeting.contact_id.as_ref().map(ToString::to_string),
            artifacts: artifacts_of(engagement, is_staff),
            capture_ledger: LedgerView::of(engagement).filter(|_| is_staff),
            version: meeting.version,
        })
    }
}
