//! Control meetings: recurring meetings tied to a control's evidence cadence.
//!
//! A meeting is anchored to its first occurrence; which occurrence is next is
//! an index into that series, never a date of its own, so that the API, the
//! .ics and the calendar's series cannot disagree (CM-5).

mod advance;
mod attendee;
mod change;
mod command;
pub(crate) mod field;
mod file;
mod remote;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

pub use attendee::{
    ATTENDEES_MAX, Attendee, AttendeeInput, Identity, Role, parse_attendees, refuse_duplicates,
};
pub use change::{Change, ChangeInput};
pub use command::{DURATION_MINUTES, MeetingDraft, MeetingInput, StartChoice};
pub use file::calendar_event;
pub use remote::{Intent, Operation, RemoteEvent};

use crate::address::{EmailAddress, WebLink};
use crate::cadence::{Cadence, Occurrence};
use crate::error::Error;
use crate::id::{ControlId, ControlScheduleId, IntentId, MeetingId, UserId};
use crate::provider::ProviderKind;
use crate::text;

/// How far a meeting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeetingStatus {
    /// Known here, not yet on its provider's calendar.
    Planned,
    /// Its provider holds the series.
    Scheduled,
    /// Will not take place; final.
    Cancelled,
}

impl MeetingStatus {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Scheduled => "scheduled",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The tie to a control's schedule: the meeting's index is N minus `linked_at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleLink {
    /// The schedule that the meeting follows.
    pub control_schedule_id: ControlScheduleId,
    /// The schedule's N when the meeting's index was 0; below zero when the
    /// meeting had gone further than the schedule before it was linked.
    pub linked_at: i64,
}

/// A control meeting.
#[derive(Debug, Clone, PartialEq)]
pub struct Meeting {
    /// Minted at creation.
    pub meeting_id: MeetingId,
    /// The control it gives evidence for.
    pub control_id: ControlId,
    /// Present while it advances in lock-step with the control's schedule.
    pub link: Option<ScheduleLink>,
    /// What calendars show.
    pub title: String,
    /// The agenda.
    pub description: Option<String>,
    /// The calendar that it is scheduled on.
    pub provider: ProviderKind,
    /// Length of each occurrence.
    pub duration_minutes: u32,
    /// Whether it is held online.
    pub is_online: bool,
    /// A place, if any.
    pub location: Option<String>,
    /// A link that the caller gave.
    pub join_url: Option<WebLink>,
    /// Who is asked to it.
    pub attendees: Vec<Attendee>,
    /// The series: frequency, first occurrence and zone.
    pub cadence: Cadence,
    /// Which occurrence of the series is next.
    pub index: u32,
    /// The occurrence just materialised or passed.
    pub last_occurrence: Option<DateTime<Utc>>,
    /// How far it has come.
    pub status: MeetingStatus,
    /// What its provider holds.
    pub remote: Option<RemoteEvent>,
    /// A provider call that is under way or was interrupted.
    pub intent: Option<IntentId>,
    /// Rises with every change that a provider's event shows.
    pub revision: u32,
    /// iCalendar `SEQUENCE`: rises when time, recurrence or status changes.
    pub sequence: u32,
    /// Rises with every write.
    pub version: u64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Meeting {
    /// The next occurrence; `None` once cancelled, or past the calendar's end.
    pub fn next_occurrence(&self) -> Option<Occurrence> {
        match self.status {
            MeetingStatus::Cancelled => None,
            MeetingStatus::Planned | MeetingStatus::Scheduled => {
                self.cadence.occurrence(self.index)
            }
        }
    }

    /// Refuses more text than a meeting may hold in all.
    pub fn check_size(&self) -> Result<(), Error> {
        let octets = |text: Option<&str>| text.map_or(0, str::len);
        let attendees: usize = self
            .attendees
            .iter()
            .map(|attendee| {
                let id = attendee.user_id().map(UserId::as_str);
                // And the names of the fields.
                64 + octets(id)
                    + octets(attendee.name())
                    + octets(attendee.email().map(EmailAddress::as_str))
            })
            .sum();
        let own = self.title.len()
            + octets(self.description.as_deref())
            + octets(self.location.as_deref());
        if attendees + own <= text::MEETING_OCTETS_MAX {
            return Ok(());
        }
        Err(Error::invalid(
            "",
            "too_large",
            format!(
                "title, description, location and attendees may have {} octets together; they have {}",
                text::MEETING_OCTETS_MAX,
                attendees + own
            ),
        ))
    }

    /// The link that people join by: the caller's own, else the provider's.
    pub fn effective_join_url(&self) -> Option<&WebLink> {
        self.join_url
            .as_ref()
            .or_else(|| self.remote.as_ref()?.join_url.as_ref())
    }

    /// The UID of its file: `<meeting_id>@<deployment domain>`, for life.
    pub fn uid(&self, domain: &str) -> String {
        file::uid(self, domain)
    }

    /// Internal attendees without an address that the directory knows (XC-14).
    pub fn unreachable_attendees(&self) -> impl Iterator<Item = &Attendee> {
        self.attendees
            .iter()
            .filter(|attendee| attendee.email().is_none())
    }

    /// Attendees that files, mails and calendars can name.
    pub fn reachable_attendees(&self) -> impl Iterator<Item = &Attendee> {
        self.attendees
            .iter()
            .filter(|attendee| attendee.email().is_some())
    }
}
