//! Recordings and transcripts of meetings (graph-protocol §5): what a test or a
//! demonstration adds to a meeting, and what is kept of it.

mod content;
mod delivery;
mod holding;
mod ranges;
mod serving;
mod speech;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use content::Content;
pub(crate) use content::Reader;
pub use delivery::Delivery;
pub(crate) use holding::has_expired;
pub(crate) use serving::{ContentStream, Revocable, Served, serve};
pub(crate) use speech::Form;

/// What was made of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// Picture and sound.
    Recording,
    /// What was said.
    Transcript,
}

/// A recording or transcript to be added; everything has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewArtifact {
    /// Absent: one shaped like Graph's, long base64 with `/` and `=`.
    pub id: Option<String>,
    /// When its making began; absent: two minutes into the meeting.
    pub created_at: Option<DateTime<Utc>>,
    /// Absent: shortly before the meeting's end.
    pub ended_at: Option<DateTime<Utc>>,
    /// By the simulator's clock; until then nobody sees it.
    pub visible_from: Option<DateTime<Utc>>,
    /// It stays away from so many listings of its meeting (pages after the first not counted).
    pub visible_after_listings: u32,
    /// Pairs a recording with a transcript; absent: one of its own.
    pub content_correlation_id: Option<String>,
    /// Absent: the short video of this crate, or a conversation of two people.
    pub content: Option<Content>,
    /// Absent: as [`crate::Behaviour`] says for its kind.
    pub delivery: Option<Delivery>,
}

impl NewArtifact {
    /// With this content.
    pub fn of(content: Content) -> Self {
        Self {
            content: Some(content),
            ..Self::default()
        }
    }

    /// Made between these times.
    #[must_use]
    pub fn made(mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        (self.created_at, self.ended_at) = (Some(from), Some(to));
        self
    }

    /// Unseen until the simulator's clock reads so.
    #[must_use]
    pub fn visible_from(mut self, at: DateTime<Utc>) -> Self {
        self.visible_from = Some(at);
        self
    }

    /// Unseen by the next so many listings.
    #[must_use]
    pub fn visible_after_listings(mut self, listings: u32) -> Self {
        self.visible_after_listings = listings;
        self
    }

    /// Its content comes this way, whatever the behaviour says.
    #[must_use]
    pub fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = Some(delivery);
        self
    }
}

/// A recording or transcript as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredArtifact {
    /// Opaque; percent-encode it in paths.
    pub id: String,
    /// Recording or transcript.
    pub kind: ArtifactKind,
    /// Id of the online meeting.
    pub meeting_id: String,
    /// Object id of the meeting's organiser.
    pub organizer_id: String,
    /// `createdDateTime`.
    pub created_at: DateTime<Utc>,
    /// `endDateTime`.
    pub ended_at: DateTime<Utc>,
    /// `callId`.
    pub call_id: String,
    /// `contentCorrelationId`; not always a GUID (§5).
    pub content_correlation_id: String,
    /// By the simulator's clock; until then nobody sees it.
    pub visible_from: Option<DateTime<Utc>>,
    /// It is seen once so many listings have gone by.
    pub visible_after_listings: u32,
    /// Listings of its meeting since it was added.
    pub listings: u32,
    /// What `/content` sends.
    pub content: Content,
    /// How, if not as the behaviour says.
    pub delivery: Option<Delivery>,
    /// Answers with content begun so far, at Graph and at its storage.
    pub served: u32,
}

impl StoredArtifact {
    /// Whether Graph shows it by now.
    pub(crate) fn is_visible(&self, now: DateTime<Utc>) -> bool {
        self.visible_from.is_none_or(|from| from <= now)
            && self.listings >= self.visible_after_listings
    }
}

/// What [`crate::GraphSimulator::hold_meeting`] made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldMeeting {
    /// Id of the online meeting.
    pub online_meeting_id: String,
    /// If one was asked for.
    pub recording: Option<StoredArtifact>,
    /// If one was asked for.
    pub transcript: Option<StoredArtifact>,
}
