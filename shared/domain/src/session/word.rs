//! The words that sessions are told in: states, answers, fields. Each reads back
//! as it was written.

use crate::id::{ContactId, UserId};

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// It lies ahead, or goes on.
    Scheduled,
    /// It was held.
    Ended,
    /// It does not take place.
    Cancelled,
}

impl SessionStatus {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Scheduled, Self::Ended, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// What an invitee has answered (RFC 5545 `PARTSTAT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Response {
    /// Nothing yet, or not since the time changed.
    #[default]
    NeedsAction,
    /// Comes.
    Accepted,
    /// Does not come.
    Declined,
    /// May come.
    Tentative,
}

impl Response {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeedsAction => "needs_action",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Tentative => "tentative",
        }
    }

    /// Reads a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::NeedsAction,
            Self::Accepted,
            Self::Declined,
            Self::Tentative,
        ]
        .into_iter()
        .find(|response| response.as_str() == word)
    }

    /// Reads an answer: one of the three that can be given.
    pub fn parse_answer(word: &str) -> Option<Self> {
        Self::parse(word).filter(|response| *response != Self::NeedsAction)
    }
}

/// Who somebody invited is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// A user of the organisation.
    Internal(UserId),
    /// A person at the session's client.
    Contact(ContactId),
    /// An e-mail address that nobody is known by.
    External,
}

impl Who {
    /// The API's word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Internal(_) => "internal",
            Self::Contact(_) => "contact",
            Self::External => "external",
        }
    }

    /// Whether they read in-app notifications.
    pub const fn is_internal(&self) -> bool {
        matches!(self, Self::Internal(_))
    }
}

/// Where a session's link comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkSource {
    /// The caller gave it.
    Given,
    /// The deployment's meeting page.
    Page,
    /// A Teams meeting with the session's UUID.
    Teams,
    /// A Teams meeting that is being made: nobody is told anything before that
    /// has come to an end.
    TeamsPending,
}

impl LinkSource {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Page => "page",
            Self::Teams => "teams",
            Self::TeamsPending => "teams_pending",
        }
    }

    /// Reads what was stored.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Given, Self::Page, Self::Teams, Self::TeamsPending]
            .into_iter()
            .find(|source| source.as_str() == word)
    }
}

/// What people see of a session, and are told of when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The title.
    Title,
    /// The description.
    Description,
    /// Start, duration or zone.
    Time,
    /// The place.
    Location,
    /// The join link.
    JoinUrl,
}

impl Field {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [
        Self::Title,
        Self::Time,
        Self::Location,
        Self::JoinUrl,
        Self::Description,
    ];

    /// As stored, and in the API's `changes`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Time => "time",
            Self::Location => "location",
            Self::JoinUrl => "join_url",
        }
    }

    /// Reads what was stored.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == word)
    }
}

/// Why an invitee got no mail where others would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailNote {
    /// They have no address.
    Unreachable,
    /// Somebody else invites (`skip_invitation_emails`).
    Skipped,
}

impl MailNote {
    /// As stored, and in the API's `mail_status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Skipped => "skipped",
        }
    }

    /// Reads what was stored.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Unreachable, Self::Skipped]
            .into_iter()
            .find(|note| note.as_str() == word)
    }
}
