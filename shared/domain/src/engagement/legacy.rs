//! Imported appointments: they keep just their columns, and move and end like
//! any other (AP-6, AP-7, AP-9).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Engagement;
use super::appointment::{MeetingPlan, entry_of, new_meeting};
use crate::address::EmailAddress;
use crate::appointment::{Assignee, MeetingColumns, RequestDraft, RequestStatus};
use crate::id::{AppointmentRequestId, UserId};
use crate::online_meeting::{Claim, Organizer, Remote, RemoteState, Span};

/// An old system's approved appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What was asked for.
    pub draft: RequestDraft,
    /// Who holds it.
    pub assignee: Option<Assignee>,
    /// Link and ids of its Teams meeting.
    pub columns: MeetingColumns,
    /// The organiser at the time of the import: the meeting is looked for there.
    pub legacy_organizer: Option<String>,
    /// The Entra tenant of that time: no other one's credentials go there.
    pub legacy_ms_tenant_id: Option<String>,
    /// The ORGANIZER that its calendar files will name.
    pub organizer: Option<EmailAddress>,
    /// Who imports it.
    pub by: UserId,
}

impl Engagement {
    /// An old system's approved appointment, with just its columns (AP-9).
    pub fn imported(imported: Imported, id: AppointmentRequestId, now: DateTime<Utc>) -> Self {
        let mut engagement = Self::requested(imported.draft, id, imported.by.clone(), now);
        if let Some(request) = &mut engagement.request {
            request.status = RequestStatus::Approved;
            request.assignee = imported.assignee;
            request.approved_by = Some(imported.by);
            request.approved_at = Some(now);
            request.organizer = imported.organizer;
            request.has_meeting = imported.columns.meeting_id.is_some();
            request.columns = imported.columns;
            request.legacy_organizer = imported.legacy_organizer;
            request.legacy_ms_tenant_id = imported.legacy_ms_tenant_id;
            request.is_legacy = true;
            request.told = true;
        }
        engagement.entry = engagement
            .request
            .as_ref()
            .map(|request| entry_of(request, now));
        engagement
    }

    /// An imported row that only has an `online_meeting_id` gets a row that
    /// carries what Microsoft has to follow; nobody is shown it.
    pub(super) fn adopt_legacy_columns(&mut self, now: DateTime<Utc>) {
        let (Some(request), None) = (&self.request, &self.meeting) else {
            return;
        };
        let (true, Some(meeting_id)) = (request.is_legacy, &request.columns.meeting_id) else {
            return;
        };
        let span = Span {
            start: request.time.start(),
            end: request.time.end(),
        };
        let plan = MeetingPlan {
            // Nothing was created here: there is no transaction to look for.
            transaction_id: Uuid::nil(),
            claim: Claim {
                token: Uuid::nil(),
                until: now,
            },
            organizer: Organizer {
                ms_tenant_id: request.legacy_ms_tenant_id.clone(),
                upn: request.legacy_organizer.clone().unwrap_or_default(),
                object_id: request.legacy_organizer.clone(),
            },
            created_by: request.created_by.clone(),
        };
        let mut remote = Remote::creating(plan.transaction_id, span, plan.claim);
        remote.rest(RemoteState::InStep);
        let mut meeting = new_meeting(request, plan, remote, now);
        meeting.provider_meeting_id = Some(meeting_id.clone());
        meeting.join_url.clone_from(&request.columns.url);
        meeting.is_legacy = true;
        self.meeting = Some(meeting);
    }
}
