//! The calls that a Teams meeting's life consists of (OM-3, AP-6, AP-7).
//!
//! Guarantee: calls for a tenant use that tenant's credentials only (AP-10), and
//! address what exists by the row's own organiser and ids, whoever is the
//! organiser by now.

#[cfg(feature = "enterprise")]
mod artifacts;
#[cfg(feature = "enterprise")]
mod graph;
mod recording;
#[cfg(not(feature = "enterprise"))]
mod unavailable;

use convoke_domain::online_meeting::OnlineMeeting;

pub use recording::{ByteRange, FoundArtifact, NotOpened, RecordingBytes, TranscriptText};

use crate::microsoft::Microsoft;

/// Calls Teams for meetings.
#[derive(Debug, Clone)]
pub struct Teams {
    #[cfg_attr(
        not(feature = "enterprise"),
        allow(dead_code, reason = "the community edition calls nobody")
    )]
    microsoft: Microsoft,
}

impl Teams {
    /// With each tenant's own settings.
    pub fn new(microsoft: Microsoft) -> Self {
        Self { microsoft }
    }
}

/// What a join link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The online meeting's id; `None`: Microsoft does not tell yet.
    pub meeting_id: Option<String>,
    /// The organiser's object id that it was asked with.
    pub organizer_object_id: String,
}

/// What is addressed at Microsoft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address<'a> {
    /// A calendar event.
    Event(&'a str),
    /// A meeting without event, which old rows have.
    OnlineMeeting(&'a str),
}

impl<'a> Address<'a> {
    /// Where a meeting is, if that is known.
    pub fn of(meeting: &'a OnlineMeeting) -> Option<Self> {
        match (&meeting.provider_event_id, &meeting.provider_meeting_id) {
            (Some(event), _) => Some(Self::Event(event)),
            (None, Some(id)) if meeting.is_legacy => Some(Self::OnlineMeeting(id)),
            _ => None,
        }
    }
}
