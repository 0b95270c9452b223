//! Online meetings: what Convoke knows of a Teams meeting, and what Microsoft's
//! side still has to follow (OM-1, OM-2).
//!
//! The row is the intent of every Graph call (XC-8): [`Remote`] is written
//! before the call and says what is to be reached, so whoever finds it later can
//! finish it or clear up after it.

mod capture;
mod command;
mod remote;
mod status;

use chrono::{DateTime, Utc};

pub use capture::{Capture, CapturePolicy, CaptureStatus};
pub use command::{MeetingDraft, MeetingInput, read_span};
pub use remote::{Claim, Remote, RemoteState, Span};
pub use status::Status;

use crate::address::WebLink;
use crate::error::Error;
use crate::id::{
    AppointmentRequestId, ClientId, ContactId, InteractionId, OnlineMeetingId, ScheduleEntryId,
    UserId,
};
use crate::meeting::Attendee;
use crate::zone::Zone;

/// Whose calendar holds the event: every later call goes there, whoever is the
/// organiser by then (AP-6).
#[derive(Clone, PartialEq, Eq)]
pub struct Organizer {
    /// The Entra tenant that the mailbox is in; a profile of another one cannot reach it.
    pub ms_tenant_id: Option<String>,
    /// User principal name, as configured.
    pub upn: String,
    /// Entra object id, which `/onlineMeetings` needs.
    pub object_id: Option<String>,
}

impl Organizer {
    /// The user as calendar paths name it: the object id outlives a rename.
    pub fn mailbox(&self) -> &str {
        self.object_id.as_deref().unwrap_or(&self.upn)
    }
}

impl std::fmt::Debug for Organizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Organizer")
            .field("object_id", &self.object_id)
            .finish_non_exhaustive()
    }
}

/// What belongs to a meeting that staff scheduled directly (OM-4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaffPlan {
    /// Plain text for interaction and schedule entry.
    pub notes: Option<String>,
    /// Whom Microsoft invites.
    pub attendees: Vec<Attendee>,
    /// Whose time a schedule entry takes; `None`: there is to be none.
    pub entry_for: Option<Vec<UserId>>,
    /// Whether a session of the same UUID has it, and decides about it.
    pub is_of_session: bool,
}

/// An online meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineMeeting {
    /// Minted with its engagement.
    pub online_meeting_id: OnlineMeetingId,
    /// Microsoft's id of the online meeting; resolved from the join link, which can lag.
    pub provider_meeting_id: Option<String>,
    /// The calendar event's immutable id.
    pub provider_event_id: Option<String>,
    /// Whose calendar holds it.
    pub organizer: Organizer,
    /// The event's subject.
    pub subject: String,
    /// The link, exactly as Microsoft gave it.
    pub join_url: Option<WebLink>,
    /// When it starts.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// The zone that governs its wall clock.
    pub zone: Zone,
    /// Where it stands.
    pub status: Status,
    /// What Microsoft's side still has to follow.
    pub remote: Remote,
    /// Why Microsoft did not do what it was to do, last time.
    pub error_code: Option<String>,
    /// How often recording and transcript were looked for.
    pub recording_fetch_attempts: u32,
    /// When they were last looked for.
    pub last_fetch_at: Option<DateTime<Utc>>,
    /// The request, where it is an appointment's.
    pub appointment_request_id: Option<AppointmentRequestId>,
    /// The interaction, once there is one.
    pub interaction_id: Option<InteractionId>,
    /// The schedule entry, where there is one.
    pub schedule_entry_id: Option<ScheduleEntryId>,
    /// The client.
    pub client_id: Option<ClientId>,
    /// The person at the client.
    pub contact_id: Option<ContactId>,
    /// Who had it made.
    pub created_by: UserId,
    /// What staff scheduled with it; an appointment's says that itself (OM-4).
    pub staff_plan: Option<StaffPlan>,
    /// Whether it only stands for the columns of an imported request: then it is
    /// shown to nobody (AP-9).
    pub is_legacy: bool,
    /// Rises with every write.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl OnlineMeeting {
    /// Start and end.
    pub fn span(&self) -> Span {
        Span {
            start: self.start,
            end: self.end,
        }
    }

    /// Goes to another status; staying is no transition. What the table does not
    /// know is a bug, or a race that the caller lost.
    pub fn become_status(&mut self, next: Status) -> Result<(), Error> {
        if self.status == next {
            return Ok(());
        }
        if !self.status.may_become(next) {
            return Err(Error::conflict(
                "online_meeting_state",
                format!(
                    "an online meeting that is {} cannot become {}",
                    self.status.as_str(),
                    next.as_str()
                ),
            ));
        }
        self.status = next;
        Ok(())
    }

    /// Where it stands at `now`: what lies behind is over, though nobody has looked yet.
    pub fn status_at(&self, now: DateTime<Utc>) -> Status {
        match self.status {
            Status::Scheduled if self.end <= now => Status::Ended,
            status => status,
        }
    }

    /// Whether nothing of an earlier try stands in the way of a new event.
    pub fn may_be_made_anew(&self) -> bool {
        match self.remote.state {
            RemoteState::None | RemoteState::Gone => true,
            // What an earlier try came to could not be found out, or what it left
            // behind without a link cannot be removed.
            RemoteState::Unreachable => self.join_url.is_none() && !self.is_legacy,
            RemoteState::Creating
            | RemoteState::InStep
            | RemoteState::Updating
            | RemoteState::Deleting => false,
        }
    }

    /// Whether Microsoft holds, or may hold, something that ending it removes.
    pub fn is_live(&self) -> bool {
        match self.remote.state {
            RemoteState::Creating | RemoteState::InStep | RemoteState::Updating => true,
            RemoteState::Unreachable => self.provider_event_id.is_some() || self.is_legacy,
            RemoteState::None | RemoteState::Deleting | RemoteState::Gone => false,
        }
    }
}
