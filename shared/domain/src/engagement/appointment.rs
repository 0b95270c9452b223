//! What approvers and clients do with an appointment (AP-2, AP-3, AP-6, AP-7).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Engagement;
use crate::address::EmailAddress;
use crate::appointment::{
    AppointmentRequest, AppointmentTime, Assignee, LastMails, MeetingColumns, RequestDraft,
    RequestStatus,
};
use crate::error::Error;
use crate::id::{AppointmentRequestId, OnlineMeetingId, ScheduleEntryId, UserId};
use crate::online_meeting::{Claim, OnlineMeeting, Organizer, Remote, Span, Status};
use crate::schedule_entry::{ScheduleEntry, WorkItem};

/// A Teams meeting that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingPlan {
    /// Minted for this creation.
    pub transaction_id: Uuid,
    /// Held by whoever makes it.
    pub claim: Claim,
    /// On whose calendar.
    pub organizer: Organizer,
    /// Who wants it.
    pub created_by: UserId,
}

/// An approval (AP-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// When it will be.
    pub time: AppointmentTime,
    /// Who holds it.
    pub assignee: Assignee,
    /// For staff only.
    pub internal_notes: Option<String>,
    /// Who approves.
    pub approved_by: UserId,
    /// The ORGANIZER that its calendar files will name.
    pub organizer: Option<EmailAddress>,
    /// The Teams meeting, where one is to be made.
    pub meeting: Option<MeetingPlan>,
}

/// How an appointment ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// An approver refuses it.
    Declined(String),
    /// Either side takes it back.
    Cancelled(Option<String>),
}

impl Engagement {
    /// A request that was just made.
    pub fn requested(
        draft: RequestDraft,
        id: AppointmentRequestId,
        created_by: UserId,
        now: DateTime<Utc>,
    ) -> Self {
        let request = AppointmentRequest {
            appointment_request_id: id,
            status: RequestStatus::Pending,
            service_name: draft.service_name,
            description: draft.description,
            time: draft.time,
            preferred: draft.preferred,
            client_id: draft.client_id,
            contact_id: draft.contact_id,
            requester: draft.requester,
            assignee: None,
            internal_notes: None,
            approved_by: None,
            approved_at: None,
            declined_reason: None,
            cancelled_reason: None,
            columns: MeetingColumns::default(),
            has_meeting: false,
            legacy_organizer: None,
            legacy_ms_tenant_id: None,
            is_legacy: false,
            told: false,
            last_mails: LastMails::default(),
            organizer: None,
            sequence: 0,
            created_by,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        Self {
            request: Some(request),
            ..Self::default()
        }
    }

    /// The request, which has to be there.
    pub fn must_request(&self) -> Result<&AppointmentRequest, Error> {
        self.request.as_ref().ok_or(Error::NotFound {
            what: "appointment request",
        })
    }

    fn request_to(&mut self, next: RequestStatus) -> Result<&mut AppointmentRequest, Error> {
        let request = self.request.as_mut().ok_or(Error::NotFound {
            what: "appointment request",
        })?;
        if request.status.may_become(next) {
            return Ok(request);
        }
        Err(refused(request.status, next))
    }

    /// Refuses to approve what is decided already (409). Two approvers: the
    /// second finds it approved.
    pub fn require_approvable(&self) -> Result<(), Error> {
        let request = self.must_request()?;
        match request.status {
            RequestStatus::Pending => Ok(()),
            RequestStatus::Approved => Err(Error::conflict(
                "already_approved",
                "this appointment request is approved already; reschedule it to change its time",
            )),
            status => Err(refused(status, RequestStatus::Approved)),
        }
    }

    /// Refuses a Teams meeting for what is not approved (409).
    pub fn require_approved(&self) -> Result<(), Error> {
        let status = self.must_request()?.status;
        if status == RequestStatus::Approved {
            return Ok(());
        }
        Err(Error::conflict(
            "request_not_approved",
            format!(
                "only an approved request can have a Teams meeting; this one is {}",
                status.as_str()
            ),
        ))
    }

    /// Accepts a pending request: its entry comes to exist, and its meeting is on
    /// its way.
    pub fn approve(&mut self, approval: Approval, now: DateTime<Utc>) -> Result<(), Error> {
        self.require_approvable()?;
        let request = self.request_to(RequestStatus::Approved)?;
        request.status = RequestStatus::Approved;
        request.time = approval.time;
        request.assignee = Some(approval.assignee);
        request.internal_notes = approval.internal_notes;
        request.approved_by = Some(approval.approved_by);
        request.approved_at = Some(now);
        request.organizer = approval.organizer;
        request.told = approval.meeting.is_none();
        request.updated_at = now;
        self.entry = self.request.as_ref().map(|request| entry_of(request, now));
        if let Some(plan) = approval.meeting {
            self.plan_meeting(plan, now)?;
        }
        Ok(())
    }

    /// Writes down that a Teams meeting is to be made for an approved request.
    /// One that failed is taken up again; one that is still being removed is not
    /// (409, in a moment).
    pub fn plan_meeting(&mut self, plan: MeetingPlan, now: DateTime<Utc>) -> Result<(), Error> {
        self.require_approved()?;
        let request = self.request.as_mut().ok_or(Error::NotFound {
            what: "appointment request",
        })?;
        let span = Span {
            start: request.time.start(),
            end: request.time.end(),
        };
        if span.end <= now {
            return Err(Error::conflict(
                "appointment_over",
                "this appointment is over; no Teams meeting is made for it",
            ));
        }
        if request.is_legacy && request.columns.meeting_id.is_some() {
            return Err(Error::conflict(
                "legacy_meeting",
                "this imported appointment has a Teams meeting already; decline or cancel it to remove that",
            ));
        }
        let remote = Remote::creating(plan.transaction_id, span, plan.claim);
        request.has_meeting = true;
        if let Some(entry) = &mut self.entry {
            entry.has_meeting = true;
        }
        let Some(meeting) = &mut self.meeting else {
            self.meeting = Some(new_meeting(request, plan, remote, now));
            return Ok(());
        };
        if !meeting.may_be_made_anew() {
            return Err(Error::in_progress(
                "meeting_in_progress",
                "the Teams meeting is being made or removed right now; try again in a moment",
            ));
        }
        meeting.become_status(Status::Scheduled)?;
        meeting.organizer = plan.organizer;
        meeting.created_by = plan.created_by;
        meeting.subject.clone_from(&request.service_name);
        (meeting.start, meeting.end) = (span.start, span.end);
        meeting.zone = request.time.zone().clone();
        meeting.provider_event_id = None;
        meeting.provider_meeting_id = None;
        meeting.join_url = None;
        meeting.error_code = None;
        meeting.is_legacy = false;
        meeting.remote = remote;
        meeting.updated_at = now;
        Ok(())
    }

    /// Moves an approved appointment, and all that belongs to it (AP-6). `claim`
    /// is taken where Microsoft has to follow and nobody else is at it.
    pub fn reschedule(
        &mut self,
        time: AppointmentTime,
        claim: Claim,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let request = self.request_to(RequestStatus::Approved)?;
        if request.status != RequestStatus::Approved {
            return Err(Error::conflict(
                "request_not_approved",
                format!(
                    "only an approved request can be rescheduled; this one is {}",
                    request.status.as_str()
                ),
            ));
        }
        if request.time == time {
            return Ok(());
        }
        let span = Span {
            start: time.start(),
            end: time.end(),
        };
        let zone = time.zone().clone();
        request.time = time;
        request.sequence += 1;
        request.updated_at = now;
        self.move_to(span, claim, now);
        if let Some(meeting) = &mut self.meeting {
            meeting.zone = zone;
        }
        Ok(())
    }

    /// Moves entry, interaction and meeting.
    pub(super) fn move_to(&mut self, span: Span, claim: Claim, now: DateTime<Utc>) {
        if let Some(entry) = &mut self.entry {
            (entry.start, entry.end) = (span.start, span.end);
            entry.updated_at = now;
        }
        if let Some(interaction) = &mut self.interaction {
            (interaction.start, interaction.end) = (span.start, span.end);
            interaction.updated_at = now;
        }
        self.adopt_legacy_columns(now);
        if let Some(meeting) = &mut self.meeting {
            meeting.move_to(span, claim, now);
        }
    }

    /// Ends an appointment (AP-7): entry and link go, the meeting is to be removed.
    pub fn end(&mut self, end: End, claim: Claim, now: DateTime<Utc>) -> Result<(), Error> {
        let next = match end {
            End::Declined(_) => RequestStatus::Declined,
            End::Cancelled(_) => RequestStatus::Cancelled,
        };
        self.request_to(next)?;
        self.adopt_legacy_columns(now);
        let request = self.request_to(next)?;
        if request.status == RequestStatus::Approved {
            request.sequence += 1;
        }
        request.status = next;
        match end {
            End::Declined(reason) => request.declined_reason = Some(reason),
            End::Cancelled(reason) => request.cancelled_reason = reason,
        }
        request.columns = MeetingColumns::default();
        request.has_meeting = false;
        request.updated_at = now;
        self.entry = None;
        self.cancel_meeting(claim, now);
        Ok(())
    }
}

fn refused(status: RequestStatus, next: RequestStatus) -> Error {
    Error::conflict(
        "request_state",
        format!(
            "this appointment request is {} and cannot become {}",
            status.as_str(),
            next.as_str()
        ),
    )
}

pub(super) fn entry_of(request: &AppointmentRequest, now: DateTime<Utc>) -> ScheduleEntry {
    ScheduleEntry {
        schedule_entry_id: ScheduleEntryId::new(request.appointment_request_id.uuid()),
        title: request.service_name.clone(),
        notes: super::link::with_join_line(
            request.description.as_deref().unwrap_or_default(),
            request.columns.url.as_ref(),
        ),
        start: request.time.start(),
        end: request.time.end(),
        assigned_user_ids: request
            .assignee
            .iter()
            .map(|assignee| assignee.user_id.clone())
            .collect(),
        work_item: WorkItem::AppointmentRequest,
        appointment_request_id: Some(request.appointment_request_id),
        has_meeting: request.has_meeting,
        version: 0,
        created_at: now,
        updated_at: now,
    }
}

pub(super) fn new_meeting(
    request: &AppointmentRequest,
    plan: MeetingPlan,
    remote: Remote,
    now: DateTime<Utc>,
) -> OnlineMeeting {
    let id = request.appointment_request_id.uuid();
    OnlineMeeting {
        online_meeting_id: OnlineMeetingId::new(id),
        provider_meeting_id: None,
        provider_event_id: None,
        organizer: plan.organizer,
        subject: request.service_name.clone(),
        join_url: None,
        start: request.time.start(),
        end: request.time.end(),
        zone: request.time.zone().clone(),
        status: Status::Scheduled,
        remote,
        error_code: None,
        recording_fetch_attempts: 0,
        last_fetch_at: None,
        appointment_request_id: Some(request.appointment_request_id),
        interaction_id: None,
        schedule_entry_id: Some(ScheduleEntryId::new(id)),
        client_id: request.client_id.clone(),
        contact_id: request.contact_id.clone(),
        created_by: plan.created_by,
        staff_plan: None,
        is_legacy: false,
        version: 0,
        created_at: now,
        updated_at: now,
    }
}
