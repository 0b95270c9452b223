//! Online meetings that staff schedule, move and cancel directly (OM-4), and
//! interactions that are taken off the timeline (OM-5).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Engagement, MeetingPlan};
use crate::error::Error;
use crate::id::{ClientId, ContactId, OnlineMeetingId, ScheduleEntryId};
use crate::online_meeting::{
    Claim, OnlineMeeting, Remote, RemoteState, Span, StaffPlan, Status, read_span,
};
use crate::schedule_entry::{ScheduleEntry, WorkItem};
use crate::zone::Zone;

/// A Teams meeting that staff schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMeeting {
    /// The event's subject.
    pub subject: String,
    /// From when to when.
    pub span: Span,
    /// Whose timeline it goes on; a contact's client is filled in.
    pub client_id: Option<ClientId>,
    /// The person at the client.
    pub contact_id: Option<ContactId>,
    /// Notes, attendees, and whose time it takes.
    pub plan: StaffPlan,
}

impl Engagement {
    /// The intent of a meeting that staff schedule: it becomes visible with its
    /// link, or not at all.
    pub fn of_staff(staff: StaffMeeting, plan: MeetingPlan, id: Uuid, now: DateTime<Utc>) -> Self {
        let meeting = OnlineMeeting {
            online_meeting_id: OnlineMeetingId::new(id),
            provider_meeting_id: None,
            provider_event_id: None,
            organizer: plan.organizer,
            subject: staff.subject,
            join_url: None,
            start: staff.span.start,
            end: staff.span.end,
            zone: Zone::utc(),
            status: Status::Scheduled,
            remote: Remote::creating(plan.transaction_id, staff.span, plan.claim),
            error_code: None,
            recording_fetch_attempts: 0,
            last_fetch_at: None,
            appointment_request_id: None,
            interaction_id: None,
            schedule_entry_id: None,
            client_id: staff.client_id,
            contact_id: staff.contact_id,
            created_by: plan.created_by,
            staff_plan: Some(staff.plan),
            is_legacy: false,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        Self {
            meeting: Some(meeting),
            ..Self::default()
        }
    }

    /// Gives up the creation of a staff-made meeting: whoever asked for it was
    /// told that it failed, or waits no longer, and may ask again. What it
    /// certainly did not make is forgotten; what it may have made is removed.
    pub fn abandon_creation(
        &mut self,
        code: &str,
        had_no_effect: bool,
        token: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let meeting = self.held_meeting(token)?;
        if had_no_effect {
            self.meeting = None;
            return Ok(());
        }
        meeting.become_status(Status::Failed)?;
        meeting.error_code = Some(code.to_owned());
        meeting.updated_at = now;
        meeting.remote.wake(RemoteState::Deleting, now);
        Ok(())
    }

    /// Moves everything to another span: an appointment as its reschedule does
    /// (AP-6), what staff made by itself.
    pub fn move_all(&mut self, span: Span, claim: Claim, now: DateTime<Utc>) -> Result<(), Error> {
        if let Some(request) = &self.request {
            let time = request.time.moved(span.start, span.end, now)?;
            return self.reschedule(time, claim, now);
        }
        read_span(span.start, span.end)?;
        let is_same = self
            .meeting
            .as_ref()
            .is_some_and(|meeting| meeting.span() == span);
        if !is_same {
            self.move_to(span, claim, now);
        }
        Ok(())
    }

    /// Refuses to change a meeting that is none any more (409).
    pub fn require_standing_meeting(&self) -> Result<&OnlineMeeting, Error> {
        let meeting = self.must_meeting()?;
        match meeting.status {
            Status::Cancelled | Status::Failed => Err(Error::conflict(
                "online_meeting_state",
                format!("this online meeting is {}", meeting.status.as_str()),
            )),
            _ => Ok(meeting),
        }
    }

    /// Refuses to change by itself what a session decides about (409).
    pub fn require_no_session(&self) -> Result<(), Error> {
        let plan = self
            .meeting
            .as_ref()
            .and_then(|meeting| meeting.staff_plan.as_ref());
        if plan.is_some_and(|plan| plan.is_of_session) {
            return Err(Error::conflict(
                "belongs_to_meeting",
                "this online meeting belongs to a meeting with invitees; change or cancel that one (/api/v1/meetings, same id)",
            ));
        }
        Ok(())
    }

    /// The meeting, where one is shown to anybody.
    pub fn must_meeting(&self) -> Result<&OnlineMeeting, Error> {
        self.meeting
            .as_ref()
            .filter(|meeting| {
                let is_being_made = meeting.staff_plan.is_some()
                    && meeting.join_url.is_none()
                    && meeting.interaction_id.is_none();
                !meeting.is_legacy && !is_being_made
            })
            .ok_or(Error::NotFound {
                what: "online meeting",
            })
    }

    /// Cancels the Teams meeting (OM-4). An appointment stands, without its link;
    /// what staff made goes with its schedule entry. One that has taken place
    /// stays on the record (409).
    pub fn cancel_online_meeting(&mut self, claim: Claim, now: DateTime<Utc>) -> Result<(), Error> {
        let meeting = self.require_standing_meeting()?;
        if meeting.end <= now {
            return Err(Error::conflict(
                "online_meeting_over",
                "this online meeting is over and stays on the record",
            ));
        }
        self.call_meeting_off(claim, now);
        Ok(())
    }

    fn call_meeting_off(&mut self, claim: Claim, now: DateTime<Utc>) {
        if self.request.is_none() {
            self.leave_no_entry(now);
        }
        self.cancel_meeting(claim, now);
        self.detach(now);
    }

    /// Drops the schedule entry, and what names it.
    pub(super) fn leave_no_entry(&mut self, now: DateTime<Utc>) {
        self.entry = None;
        if let Some(meeting) = &mut self.meeting {
            meeting.schedule_entry_id = None;
            meeting.updated_at = now;
        }
    }

    /// Takes the interaction off the timeline; a meeting that lies ahead is
    /// cancelled with it.
    pub fn drop_interaction(&mut self, claim: Claim, now: DateTime<Utc>) {
        let lies_ahead = self.meeting.as_ref().is_some_and(|meeting| {
            meeting.end > now && !matches!(meeting.status, Status::Cancelled | Status::Failed)
        });
        if lies_ahead {
            self.call_meeting_off(claim, now);
        }
        self.interaction = None;
        if let Some(meeting) = &mut self.meeting {
            meeting.interaction_id = None;
            meeting.updated_at = now;
        }
    }
}

impl OnlineMeeting {
    /// A staff-made meeting that nobody finished: its command died, and whoever
    /// waited for it may have asked again. What it made is removed.
    pub fn give_up_unanswered_creation(&mut self, now: DateTime<Utc>) -> Result<(), Error> {
        if self.staff_plan.is_none() || self.remote.state != RemoteState::Creating {
            return Ok(());
        }
        self.become_status(Status::Failed)?;
        self.error_code = Some("creation_interrupted".to_owned());
        self.remote.state = RemoteState::Deleting;
        self.updated_at = now;
        Ok(())
    }
}

/// The schedule entry that a staff-made meeting asks for.
pub(super) fn entry_of_staff(
    meeting: &OnlineMeeting,
    notes: String,
    now: DateTime<Utc>,
) -> Option<ScheduleEntry> {
    let users = meeting.staff_plan.as_ref()?.entry_for.clone()?;
    Some(ScheduleEntry {
        schedule_entry_id: ScheduleEntryId::new(meeting.online_meeting_id.uuid()),
        title: meeting.subject.clone(),
        notes,
        start: meeting.start,
        end: meeting.end,
        assigned_user_ids: users,
        work_item: WorkItem::Interaction,
        appointment_request_id: None,
        has_meeting: true,
        version: 0,
        created_at: now,
        updated_at: now,
    })
}
