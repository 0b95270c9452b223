//! Identifiers, as types that cannot be mixed up.
//!
//! Two kinds exist. *Opaque* ids belong to the deployment (organisations,
//! controls, users, clients, contacts): Convoke only guarantees that they are
//! safe inside a storage key, a path and a log line. *Minted* ids are `UUIDv7`
//! and belong to Convoke.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Longest opaque id, in octets.
pub const OPAQUE_ID_MAX: usize = 128;

/// Why a string is no opaque id; the text says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an id is 1 to 128 printable ASCII characters without spaces, quotes, '/', '\\', '%', '#', '?', '<' or '>'"
)]
pub struct InvalidId;

fn is_opaque_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= OPAQUE_ID_MAX
        && text != "."
        && text != ".."
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !br#"/\%#?<>"'`"#.contains(&byte))
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads an id; refuses what could change a key, a path or a log line.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_opaque_id(text) { Ok(Self(text.into())) } else { Err(InvalidId) }
            }

            /// The id as its owner wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

opaque_id!(
    /// A tenant: the organisation (`org_id`) that everything is keyed by.
    TenantId
);
impl TenantId {
    /// The deployment itself, for what belongs to no organisation; no text reads
    /// as this id.
    pub fn deployment() -> Self {
        Self("<deployment>".into())
    }
}

opaque_id!(
    /// A compliance control, in the deployment's own numbering.
    ControlId
);
opaque_id!(
    /// A user of the deployment's own system (the token's `sub`).
    UserId
);
opaque_id!(
    /// A client of the organisation.
    ClientId
);
opaque_id!(
    /// A person at a client.
    ContactId
);

macro_rules! minted_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a freshly minted `UUIDv7`.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Reads the hyphenated form; anything else names nothing.
            pub fn parse(text: &str) -> Option<Self> {
                (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten().map(Self)
            }

            /// When it was minted: `UUIDv7` begins with the time.
            pub fn minted_at(self) -> Option<DateTime<Utc>> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

minted_id!(
    /// A control meeting.
    MeetingId
);
minted_id!(
    /// A control's recurring evidence objective.
    ControlScheduleId
);
minted_id!(
    /// One intended change of a provider's calendar; also Graph's `transactionId`.
    IntentId
);
minted_id!(
    /// A published domain event.
    EventId
);
minted_id!(
    /// A client's request for an appointment.
    AppointmentRequestId
);
minted_id!(
    /// A place in somebody's working time.
    ScheduleEntryId
);
minted_id!(
    /// A Teams meeting, as Convoke knows it; not Microsoft's own id.
    OnlineMeetingId
);
minted_id!(
    /// An entry of a client's timeline.
    InteractionId
);
minted_id!(
    /// One mail to one reader; also its `X-Convoke-Message-Id`.
    MailId
);
minted_id!(
    /// A recording or transcript of an online meeting; the document or file made
    /// of it has the same UUID.
    ArtifactId
);
minted_id!(
    /// A document: a transcript as it was stored.
    DocumentId
);
minted_id!(
    /// A ticket that opens one recording for one caller.
    TicketId
);
minted_id!(
    /// A session, which the API calls a meeting; its conversation and its Teams
    /// meeting have the same UUID.
    SessionId
);
minted_id!(
    /// One invitee's place in a session.
    InvitationId
);
minted_id!(
    /// A message of a conversation.
    MessageId
);
minted_id!(
    /// An in-app notification of one user.
    NotificationId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_change_a_key_a_path_or_a_log_line_are_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a#b",
            "a b",
            "a\nb",
            "a%2fb",
            "é",
            "a\0",
            "a\"b",
            &"x".repeat(129),
            // Nobody's token can name the deployment's own.
            TenantId::deployment().as_str(),
        ] {
            assert_eq!(TenantId::parse(bad), Err(InvalidId), "{bad:?}");
        }
        for good in [
            "acme",
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "user@example.com",
            "PCI-12.5.2",
            "a:b",
            &"x".repeat(128),
        ] {
            assert_eq!(
                TenantId::parse(good).map(|id| id.as_str().to_owned()),
                Ok(good.to_owned())
            );
        }
    }

    #[test]
    fn a_minted_id_reads_back_only_in_its_hyphenated_form() {
        let text = "0192f5a0-1111-7222-8333-444455556666";
        assert_eq!(
            MeetingId::parse(text).map(|id| id.to_string()).as_deref(),
            Some(text)
        );
        for bad in [
            "",
            "0192f5a0111172228333444455556666",
            "{0192f5a0-1111-7222-8333-44445555666}",
            "x",
        ] {
            assert_eq!(MeetingId::parse(bad), None, "{bad:?}");
        }
    }
}
