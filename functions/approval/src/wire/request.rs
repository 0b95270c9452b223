//! Appointment requests as callers read them.

use chrono::{DateTime, Utc};
use convoke_domain::appointment::{AppointmentRequest, RequestStatus};
use convoke_domain::engagement::Engagement;
use convoke_domain::event::rfc3339;
use convoke_platform::http::FieldProblem;
use convoke_services::engagements::Handled;
use convoke_wire::{ArtifactView, OnlineMeetingView, WarningView, artifacts_of};
use serde::Serialize;
use utoipa::ToSchema;

/// Who asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequesterView)]
pub(crate) struct RequesterView {
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    email: Option<String>,
}

/// An appointment request. What only staff may know is absent for portal users.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentRequest)]
pub(crate) struct RequestView {
    #[schema(format = Uuid)]
    appointment_request_id: String,
    #[schema(pattern = "^(pending|approved|declined|cancelled)$")]
    status: &'static str,
    service_name: String,
    /// The appointment's date in `timezone`.
    #[schema(format = Date)]
    requested_date: String,
    /// The appointment's time in `timezone`.
    requested_time: String,
    requested_duration: u32,
    timezone: &'static str,
    #[schema(required = true)]
    description: Option<String>,
    #[schema(required = true)]
    preferred_assigned_user_id: Option<String>,
    #[schema(required = true)]
    client_id: Option<String>,
    #[schema(required = true)]
    contact_id: Option<String>,
    requester: RequesterView,
    #[schema(required = true, format = Uuid)]
    schedule_entry_id: Option<String>,
    #[schema(format = DateTime)]
    start: String,
    #[schema(format = DateTime)]
    end: String,
    #[schema(required = true)]
    assigned_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_notes: Option<String>,
    #[schema(required = true)]
    approved_by: Option<String>,
    #[schema(required = true, format = DateTime)]
    approved_at: Option<String>,
    #[schema(required = true)]
    declined_reason: Option<String>,
    #[schema(required = true)]
    cancelled_reason: Option<String>,
    #[schema(required = true)]
    online_meeting_provider: Option<String>,
    /// The join link.
    #[schema(required = true)]
    online_meeting_url: Option<String>,
    /// Microsoft's id of the online meeting, once it is known.
    #[schema(required = true)]
    online_meeting_id: Option<String>,
    /// In single reads only.
    #[serde(skip_serializing_if = "Option::is_none")]
    online_meeting: Option<OnlineMeetingView>,
    /// Its recordings and transcripts, newest first: those that the reader may see.
    /// In single reads of what has an online meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    artifacts: Option<Vec<ArtifactView>>,
    /// Who gets no mail, since no address is known: `client`, `technician`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreachable_attendees: Vec<&'static str>,
    /// Whether cancelling, declining or deleting it removes a Teams meeting.
    deletes_teams_meeting: bool,
    version: u64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl RequestView {
    /// Of a list: without its meeting.
    pub(crate) fn of(request: &AppointmentRequest, is_staff: bool) -> Self {
        let local = request.time.local();
        let is_approved = request.status == RequestStatus::Approved;
        Self {
            appointment_request_id: request.appointment_request_id.to_string(),
            status: request.status.as_str(),
            service_name: request.service_name.clone(),
            requested_date: local.format("%Y-%m-%d").to_string(),
            requested_time: local.format("%H:%M").to_string(),
            requested_duration: request.time.duration_minutes(),
            timezone: request.time.zone().name(),
            description: request.description.clone(),
            preferred_assigned_user_id: request.preferred.as_ref().map(ToString::to_string),
            client_id: request.client_id.as_ref().map(ToString::to_string),
            contact_id: request.contact_id.as_ref().map(ToString::to_string),
            requester: RequesterView {
                name: request.requester.name.clone(),
                email: request
                    .requester
                    .email
                    .as_ref()
                    .map(|email| email.as_str().to_owned()),
            },
            // An approved request has its entry, which shares its UUID.
            schedule_entry_id: is_approved.then(|| request.appointment_request_id.to_string()),
            start: rfc3339(request.time.start()),
            end: rfc3339(request.time.end()),
            assigned_user_id: request
                .assignee
                .as_ref()
                .map(|assignee| assignee.user_id.to_string()),
            internal_notes: request.internal_notes.clone().filter(|_| is_staff),
            approved_by: request.approved_by.as_ref().map(ToString::to_string),
            approved_at: request.approved_at.map(rfc3339),
            declined_reason: request.declined_reason.clone(),
            cancelled_reason: request.cancelled_reason.clone(),
            online_meeting_provider: request.columns.provider.clone(),
            online_meeting_url: request
                .columns
                .url
                .as_ref()
                .map(|url| url.as_str().to_owned()),
            online_meeting_id: request.columns.meeting_id.clone(),
            online_meeting: None,
            artifacts: None,
            unreachable_attendees: unreachable_of(request),
            deletes_teams_meeting: request.has_meeting,
            version: request.version,
            created_at: rfc3339(request.created_at),
            updated_at: rfc3339(request.updated_at),
        }
    }

    /// With its meeting as it stands at `now`; `None` when the request is gone.
    pub(crate) fn of_engagement(
        engagement: &Engagement,
        is_staff: bool,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let mut view = Self::of(engagement.request.as_ref()?, is_staff);
        view.online_meeting = OnlineMeetingView::of(engagement, is_staff, now);
        view.artifacts = view
            .online_meeting
            .as_ref()
            .map(|_| artifacts_of(engagement, is_staff));
        Some(view)
    }
}

fn unreachable_of(request: &AppointmentRequest) -> Vec<&'static str> {
    let technician = request.assignee.as_ref();
    let people = [
        ("client", Some(&request.requester)),
        ("technician", technician.map(|one| &one.person)),
    ];
    people
        .into_iter()
        .filter(|(_, person)| person.is_some_and(|person| person.email.is_none()))
        .map(|(who, _)| who)
        .collect()
}

/// A request after a command, and what Microsoft has not followed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentRequestHandled)]
pub(crate) struct HandledView {
    request: Option<RequestView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    teams_meeting_warning: Option<WarningView>,
}

impl HandledView {
    pub(crate) fn of(handled: &Handled, is_staff: bool, now: DateTime<Utc>) -> Self {
        let mut engagement = handled.engagement.clone();
        if !is_staff {
            // Whether the tenant shows them was not asked for a command.
            engagement.artifacts.clear();
        }
        Self {
            request: RequestView::of_engagement(&engagement, is_staff, now),
            teams_meeting_warning: handled
                .warning
                .as_ref()
                .map(|warning| WarningView::for_reader(warning, is_staff)),
        }
    }
}

/// What became of an imported entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedAppointment)]
pub(crate) struct ImportedView {
    #[schema(pattern = "^(created|refused)$")]
    pub(crate) result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    pub(crate) appointment_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldProblem>,
}

/// Answers per entry, in the order given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentRequestsImported)]
pub(crate) struct ImportView {
    pub(crate) appointment_requests: Vec<ImportedView>,
}
