//! An engagement: everything that belongs to one appointment or one online
//! meeting, and moves together (AP-6, AP-7, OM-6).
//!
//! Request, schedule entry, online meeting and interaction of one engagement
//! share one UUID and one partition of the table. A use case reads the whole,
//! changes it by one of these rules, and writes it at once: what people see can
//! never be half moved. Its *root* (the request, else the meeting, else the
//! entry, else the interaction) is rewritten by every write, and so is its lock.

mod appointment;
mod capture;
mod effects;
mod event;
mod legacy;
mod link;
mod remote;
mod staff;
#[cfg(test)]
mod tests;

pub use appointment::{Approval, End, MeetingPlan};
pub use capture::Look;
pub use effects::{Fact, Notice, Reader, facts, notices};
pub use event::{EngagementEvent, event_of};
pub use legacy::Imported;
pub use remote::{Aftermath, Created, EVENT_REMOVED, NO_TEAMS_MEETING};
pub use staff::StaffMeeting;

use crate::appointment::AppointmentRequest;
use crate::artifact::Artifact;
use crate::id::ArtifactId;
use crate::interaction::Interaction;
use crate::online_meeting::{Capture, OnlineMeeting};
use crate::schedule_entry::ScheduleEntry;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Engagement {
    /// What a client asked for.
    pub request: Option<AppointmentRequest>,
    /// The technician's time.
    pub entry: Option<ScheduleEntry>,
    /// The Teams meeting.
    pub meeting: Option<OnlineMeeting>,
    /// The place on the client's timeline.
    pub interaction: Option<Interaction>,
    /// When recordings are looked for.
    pub capture: Option<Capture>,
    /// What was found, newest first. Each has a row of its own, which a write of
    /// the engagement leaves alone.
    pub artifacts: Vec<Artifact>,
    /// Recordings that are being copied; as `artifacts`.
    pub transfers: Vec<ArtifactId>,
}

/// The kinds of parts, in the order in which one is the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The request.
    Request,
    /// The online meeting.
    Meeting,
    /// The schedule entry.
    Entry,
    /// The interaction.
    Interaction,
}

impl Engagement {
    /// The part that every write rewrites.
    pub fn root(&self) -> Option<Part> {
        if self.request.is_some() {
            Some(Part::Request)
        } else if self.meeting.is_some() {
            Some(Part::Meeting)
        } else if self.entry.is_some() {
            Some(Part::Entry)
        } else {
            self.interaction.as_ref().map(|_| Part::Interaction)
        }
    }

    /// Gives each part that differs from `before` its next version, and the root
    /// in any case.
    pub fn raise_versions(&mut self, before: &Self) {
        let root = self.root();
        if let Some(request) = &mut self.request {
            request.version = before.request.as_ref().map_or(0, |one| one.version) + 1;
        }
        if let Some(meeting) = &mut self.meeting
            && (root == Some(Part::Meeting) || before.meeting.as_ref() != Some(&*meeting))
        {
            meeting.version = before.meeting.as_ref().map_or(0, |one| one.version) + 1;
        }
        if let Some(entry) = &mut self.entry
            && (root == Some(Part::Entry) || before.entry.as_ref() != Some(&*entry))
        {
            entry.version = before.entry.as_ref().map_or(0, |one| one.version) + 1;
        }
        if let Some(interaction) = &mut self.interaction
            && (root == Some(Part::Interaction)
                || before.interaction.as_ref() != Some(&*interaction))
        {
            interaction.version = before.interaction.as_ref().map_or(0, |one| one.version) + 1;
        }
    }
}
