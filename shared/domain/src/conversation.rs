//! A session's conversation: what its members write to each other (IV-5).
//!
//! It has the session's UUID and no state of its own: who belongs to it, and
//! whether it takes messages, is decided by the session.

use chrono::{DateTime, Utc};

use crate::error::{Error, Violations};
use crate::id::{MessageId, SessionId};
use crate::session::{Session, SessionStatus, Who};
use crate::text;

/// Who wrote a message: the host, or somebody invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub who: Who,
    /// As they were called when they wrote, if anybody said.
    pub name: Option<String>,
}

impl Author {
    /// The member that somebody is, under the name that the session knows them
    /// by; `None` for strangers, and for those who may only manage it.
    pub fn of(session: &Session, who: &Who) -> Option<Self> {
        let is_host = matches!(who, Who::Internal(id) if session.host.user_id == *id);
        let name = if is_host {
            session.host.name.clone()
        } else {
            session.invitee_of(who)?.name.clone()
        };
        let who = who.clone();
        Some(Self { who, name })
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id; sorted by when it was written.
    pub message_id: MessageId,
    /// The session whose conversation it is in.
    pub conversation_id: SessionId,
    /// Who wrote it.
    pub author: Author,
    /// Plain text as it was sent; whoever shows it escapes it.
    pub body: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Refuses a body without visible text, or of more than
/// [`text::MESSAGE_MAX`] characters.
pub fn check_body(body: &str) -> Result<(), Error> {
    let mut wrong = Violations::new();
    text::check_message(body, "/body", &mut wrong);
    wrong.finish()
}

/// Refuses messages about what does not take place. After a meeting people go on
/// writing: that it has ended closes nothing.
pub fn require_open(session: &Session) -> Result<(), Error> {
    if session.status == SessionStatus::Cancelled {
        return Err(Error::conflict(
            "meeting_cancelled",
            "this meeting was cancelled; its conversation can be read, and takes no more messages",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IV-5: a message is some visible text, and not endless.
    #[test]
    fn a_message_needs_visible_text_of_at_most_4000_characters() {
        let code = |body: &str| match check_body(body) {
            Err(Error::Invalid { violations }) => Some(violations[0].code),
            Ok(()) => None,
            Err(error) => panic!("{error}"),
        };
        for empty in ["", " ", "\n\t\r", "\u{a0}\u{2003}", "\0\u{1b}"] {
            assert_eq!(code(empty), Some("empty"), "{empty:?}");
        }
        for good in ["x", "👩‍👩‍👧", "<b>hello</b>", "a\0b", &"é".repeat(4000)] {
            assert_eq!(code(good), None, "{good:?}");
        }
        assert_eq!(code(&"👍".repeat(4001)), Some("too_long"));
    }
}
