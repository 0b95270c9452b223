//! Interactions: the timeline of a client or contact (OM-5).

mod command;

use chrono::{DateTime, Utc};

pub(crate) use command::read_timeline;
pub use command::{InteractionDraft, InteractionInput, change};

use crate::id::{ClientId, ContactId, InteractionId, UserId};

/// A kind of interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InteractionType {
    /// The system's own, for meetings held on Teams.
    OnlineMeeting,
    /// A telephone call.
    Call,
    /// An exchange of mails.
    Email,
    /// A meeting in person.
    Meeting,
    /// Anything worth a note.
    Note,
}

impl InteractionType {
    /// All of them, the system's own first.
    pub const ALL: [Self; 5] = [
        Self::OnlineMeeting,
        Self::Call,
        Self::Email,
        Self::Meeting,
        Self::Note,
    ];

    /// Reads a name, whatever its case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// Whether only the system makes interactions of it.
    pub const fn is_system(self) -> bool {
        matches!(self, Self::OnlineMeeting)
    }

    /// What people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnlineMeeting => "Online Meeting",
            Self::Call => "Call",
            Self::Email => "Email",
            Self::Meeting => "Meeting",
            Self::Note => "Note",
        }
    }

    /// The name of its icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::OnlineMeeting => "video",
            Self::Call => "phone",
            Self::Email => "mail",
            Self::Meeting => "users",
            Self::Note => "file-text",
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
    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Planned, Self::Completed, Self::Cancelled]
            .into_iter()
            .find(|one| one.as_str() == word)
    }

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
