//! What a provider holds of a meeting, and what was meant to change there.

use chrono::{DateTime, TimeDelta, Utc};

use crate::address::WebLink;
use crate::id::{IntentId, MeetingId};
use crate::meeting::{Meeting, MeetingStatus};
use crate::provider::ProviderKind;

/// The provider's event of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteEvent {
    /// Which provider holds it; stays when the meeting's own choice changes.
    pub provider: ProviderKind,
    /// The provider's id (`mock-<uuid>`, the file's UID, Graph's immutable id).
    pub external_event_id: String,
    /// The mailbox that owns it (Graph only); every later call goes there.
    pub organizer: Option<String>,
    /// The provider's own join link.
    pub join_url: Option<WebLink>,
    /// The meeting's revision that the provider shows.
    pub revision: u32,
    /// The meeting's sequence that the provider shows: while it is the
    /// meeting's own, the series there need not be sent again.
    pub sequence: u32,
}

/// What a provider call is to achieve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Create the event; the intent's id is Graph's `transactionId`.
    Create,
    /// Bring this event in step with the meeting.
    Update {
        /// The provider's id.
        event_id: String,
    },
    /// Remove this event; the meeting may be gone by then.
    Delete {
        /// The provider's id.
        event_id: String,
    },
}

impl Operation {
    /// For logs and records.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
        }
    }
}

/// A provider call written down before it is made (XC-8): whoever finds it
/// later can finish it or clear up after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Minted with the intent; never reused.
    pub intent_id: IntentId,
    /// The meeting, which may be gone by now.
    pub meeting_id: MeetingId,
    /// What the call is to achieve.
    pub operation: Operation,
    /// The mailbox that the call addresses.
    pub organizer: String,
    /// The meeting's revision that the call carries.
    pub revision: u32,
    /// The meeting's sequence that the call carries.
    pub sequence: u32,
    /// Start of the first occurrence sent: where to look for the event.
    pub first_start: DateTime<Utc>,
    /// Whether somebody is at work on it (until `lease_until`) or it waits.
    pub claimed: bool,
    /// When whoever is at work on it is taken for dead, or when it is due.
    pub lease_until: DateTime<Utc>,
    /// Times that it was put back so far.
    pub attempts: u32,
    /// Look-ups that found nothing so far.
    pub empty_lookups: u32,
    /// Rises with every write.
    pub version: u64,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

impl Intent {
    /// Whether somebody may take it on at `now`.
    pub fn is_free(&self, now: DateTime<Utc>) -> bool {
        !self.claimed || self.lease_until <= now
    }

    /// Whether the reconciler may take it on at `now`: a message that comes
    /// again does not shorten the wait after a failure.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.lease_until <= now || (!self.claimed && self.attempts == 0)
    }

    /// Takes it on for as long as a function may live.
    pub fn claim(&mut self, lease: TimeDelta, now: DateTime<Utc>) {
        self.claimed = true;
        self.lease_until = now + lease;
        self.version += 1;
    }

    /// Puts it back after a failure, to be due again after a doubling wait of
    /// a minute to an hour.
    pub fn put_back(&mut self, now: DateTime<Utc>) {
        self.claimed = false;
        self.lease_until =
            now + TimeDelta::minutes(1 << self.attempts.min(6)).min(TimeDelta::hours(1));
        self.attempts += 1;
        self.version += 1;
    }
}

impl Meeting {
    /// Writes down what is to be done at the provider, from its state of now.
    pub fn intend(
        &self,
        intent_id: IntentId,
        operation: Operation,
        organizer: &str,
        now: DateTime<Utc>,
    ) -> Intent {
        Intent {
            intent_id,
            meeting_id: self.meeting_id,
            operation,
            organizer: organizer.to_owned(),
            revision: self.revision,
            sequence: self.sequence,
            first_start: self.next_occurrence().map_or(now, |next| next.start),
            claimed: false,
            lease_until: now + TimeDelta::minutes(1),
            attempts: 0,
            empty_lookups: 0,
            version: 1,
            created_at: now,
        }
    }

    /// Notes that the provider holds the series now (CM-8): the next occurrence
    /// has materialised, and stays the next one.
    pub fn record_scheduled(&mut self, remote: RemoteEvent, now: DateTime<Utc>) {
        if let Some(next) = self.next_occurrence() {
            self.last_occurrence = Some(next.start);
        }
        self.status = MeetingStatus::Scheduled;
        self.remote = Some(remote);
        self.intent = None;
        self.updated_at = now;
    }

    /// Cancels for good. The provider's event is taken off the meeting and
    /// returned: its removal is the caller's to write down.
    pub fn cancel(&mut self, now: DateTime<Utc>) -> Option<RemoteEvent> {
        self.status = MeetingStatus::Cancelled;
        self.sequence += 1;
        self.revision += 1;
        self.intent = None;
        self.updated_at = now;
        self.take_remote_of(ProviderKind::Graph)
    }

    /// Takes the event off the meeting when that provider holds it.
    pub fn take_remote_of(&mut self, provider: ProviderKind) -> Option<RemoteEvent> {
        self.remote.take_if(|remote| remote.provider == provider)
    }

    /// Whether the provider's event shows less than the meeting says.
    pub fn is_behind(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| {
            remote.provider == ProviderKind::Graph && remote.revision < self.revision
        })
    }
}
