//! Background work, as messages name it: ids and times, never people or links.

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_platform::keyring::sha256_hex;
use convoke_platform::queue::{Outgoing, Queue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// One piece of background work. Every job may come twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Put a domain event on the bus.
    PublishEvent {
        /// As [`convoke_domain::event::MeetingEventKind::detail_type`].
        detail_type: String,
        /// The event's detail.
        detail: Value,
    },
    /// Bring a schedule's linked meetings to its N completed steps.
    AdvanceLinked {
        /// The control of the schedule.
        control_id: String,
        /// N.
        completed_steps: u32,
    },
    /// Advance an unlinked meeting whose occurrence has passed.
    AdvancePassed {
        /// The meeting.
        meeting_id: Uuid,
    },
    /// Copy a user's new name and address onto their meetings.
    RefreshUser {
        /// The user.
        user_id: String,
    },
    /// Copy a contact's new name and address onto their appointments.
    RefreshContact {
        /// The contact.
        contact_id: String,
    },
    /// Tell invitees what they are owed of a session.
    TellSession {
        /// The session.
        session_id: Uuid,
    },
    /// Bring a session and its Teams meeting in step.
    FollowSession {
        /// The session.
        session_id: Uuid,
    },
    /// Bring connected calendars in step with what stands in them.
    SyncCalendars {
        /// What that is.
        subject: CalendarSubject,
        /// The session's or schedule entry's UUID.
        id: Uuid,
    },
    /// Send a mail that was written down.
    SendMail {
        /// The mail.
        mail_id: Uuid,
    },
    /// Bring Microsoft's side of an online meeting in step with ours.
    SyncOnlineMeeting {
        /// The online meeting.
        online_meeting_id: Uuid,
        /// As [`Job::SettleIntent`]'s.
        mailbox: String,
    },
    /// Look for a meeting's recordings and transcripts: if that is due, or for
    /// what arrived.
    CaptureArtifacts {
        /// The online meeting.
        online_meeting_id: Uuid,
        /// What Microsoft told or listed; absent: the meeting's own time has come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrival: Option<Arrival>,
    },
    /// Bring a tenant's subscriptions in line with its settings.
    AlignSubscriptions {},
    /// Look after one subscription now.
    RenewSubscription {
        /// Which, by its row's sort key.
        subscription: String,
        /// What Microsoft said of it.
        event: SubscriptionEvent,
    },
    /// List what an organiser's meetings have left behind (NT-5).
    ListDelta {
        /// As [`Job::RenewSubscription`]'s.
        subscription: String,
    },
    /// Copy a recording into the bucket, or go on with it.
    TransferRecording {
        /// The meeting it was made of.
        online_meeting_id: Uuid,
        /// The recording.
        artifact_id: Uuid,
    },
    /// Remove the test event of a verification that did not do so itself.
    RemoveThrowaway {
        /// The test event; also Graph's transaction id of it.
        throwaway_id: Uuid,
        /// As [`Job::SettleIntent`]'s.
        mailbox: String,
    },
    /// Finish, repeat or clear up after a provider call.
    SettleIntent {
        /// The meeting, which may be gone.
        meeting_id: Uuid,
        /// The intent.
        intent_id: Uuid,
        /// Names the mailbox without its address ([`mailbox_key`]): calls to one go one after the other.
        mailbox: String,
    },
}

/// What stands in somebody's connected calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarSubject {
    /// A session, in its host's.
    Session,
    /// A schedule entry, in its assignees'.
    ScheduleEntry,
}

/// An artifact that came up outside of a meeting's own looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// `recording` or `transcript`.
    pub kind: String,
    /// Microsoft's id of it.
    pub provider_artifact_id: String,
    /// Microsoft's id of its meeting.
    pub provider_meeting_id: String,
    /// How it came up.
    pub path: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a subscription is to be looked after out of turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionEvent {
    /// Microsoft wants it authorised again: one PATCH does.
    ReauthorizationRequired,
    /// Microsoft removed it.
    Removed,
    /// Microsoft lost notifications.
    Missed,
}

/// Stands for a mailbox where its address must not be seen.
pub fn mailbox_key(organizer: &str) -> String {
    sha256_hex(organizer.to_lowercase().as_bytes())[..32].to_owned()
}

impl Job {
    /// An event for the bus.
    pub fn publish<E: Serialize>(detail_type: &str, event: &E) -> Result<Self, Error> {
        let detail =
            serde_json::to_value(event).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self::PublishEvent {
            detail_type: detail_type.to_owned(),
            detail,
        })
    }

    /// Reads a message's job.
    pub fn parse(job: Value) -> Result<Self, Error> {
        serde_json::from_value(job)
            .map_err(|error| Error::internal(format!("no job of ours: {error}")))
    }

    /// The message that carries the job.
    pub fn to_outgoing(&self, id: Uuid) -> Result<Outgoing, Error> {
        let (queue, group) = match self {
            Self::SettleIntent { mailbox, .. }
            | Self::SyncOnlineMeeting { mailbox, .. }
            | Self::RemoveThrowaway { mailbox, .. } => (Queue::Graph, mailbox.clone()),
            Self::CaptureArtifacts { .. } | Self::ListDelta { .. } => {
                (Queue::Capture, String::new())
            }
            Self::AlignSubscriptions {} | Self::RenewSubscription { .. } => {
                (Queue::Subscriptions, String::new())
            }
            Self::TransferRecording { .. } => (Queue::Transfer, String::new()),
            Self::PublishEvent { .. }
            | Self::AdvanceLinked { .. }
            | Self::AdvancePassed { .. }
            | Self::RefreshUser { .. }
            | Self::RefreshContact { .. }
            | Self::TellSession { .. }
            | Self::FollowSession { .. }
            | Self::SyncCalendars { .. }
            | Self::SendMail { .. } => (Queue::Delivery, String::new()),
        };
        let job = serde_json::to_value(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Outgoing {
            queue,
            group,
            id,
            job,
        })
    }
}
