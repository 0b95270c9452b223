//! Interactions: the timeline of a client or contact (OM-5).

use chrono::{DateTime, Utc};

use crate::id::{ClientId, ContactId, InteractionId, UserId};

/// A kind of interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InteractionType {
    /// The system's own, for meetings held on Teams.
    OnlineMeeting,
}

impl InteractionType {
    /// What people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnlineMeeting => "Online Meeting",
        }
    }

    /// The name of its icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::OnlineMeeting => "video",
        }
    }
}

/// How far an interaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InteractionStatus {
    /// It lies ahead; what a new one has.
    #[default]
    Planned,
    /// It took place.
    Completed,
    /// It will not take place.
    Cancelled,
}

impl InteractionStatus {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Something that happened, or will happen, with a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    /// Minted with its engagement.
    pub interaction_id: InteractionId,
    /// Its kind.
    pub kind: InteractionType,
    /// A line.
    pub title: String,
    /// Plain text; the join line ends it, once.
    pub notes: String,
    /// The client.
    pub client_id: Option<ClientId>,
    /// The person at the client.
    pub contact_id: Option<ContactId>,
    /// The internal user.
    pub user_id: Option<UserId>,
    /// When it starts.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// How far it has come.
    pub status: InteractionStatus,
    /// Rises with every write.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Interaction {
    /// Its length, in whole minutes.
    pub fn duration_minutes(&self) -> i64 {
        (self.end - self.start).num_minutes()
    }
}
