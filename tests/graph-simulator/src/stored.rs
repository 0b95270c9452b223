//! What tests may look at: events (removed ones included), online meetings and
//! the mail that Exchange would have sent.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event, whether or not it still exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Immutable id.
    pub id: String,
    /// UPN of the organiser.
    pub organizer: String,
    /// Subject.
    pub subject: String,
    /// As given on creation.
    pub transaction_id: Option<String>,
    /// The start as it is now: of a series, the first occurrence's.
    pub start: DateTime<Utc>,
    /// The end that belongs to `start`.
    pub end: DateTime<Utc>,
    /// The join link, while the event has a Teams meeting.
    pub join_url: Option<String>,
    /// Id of its online meeting, which Graph's event never shows.
    pub online_meeting_id: Option<String>,
    /// By the simulator's clock.
    pub created_at: DateTime<Utc>,
    /// By the simulator's clock.
    pub modified_at: DateTime<Utc>,
    /// Counts writes, from 1.
    pub version: u32,
    /// Absent while the event is on the calendar.
    pub removed: Option<Removal>,
    /// Original dates of occurrences that were deleted or cancelled alone.
    pub removed_occurrences: Vec<NaiveDate>,
    /// The event as GET answers it (times in UTC, immutable id).
    pub graph: Value,
}

/// How an event left the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// By the simulator's clock.
    pub at: DateTime<Utc>,
    /// DELETE or `/cancel`.
    pub kind: RemovalKind,
    /// The comment sent with `/cancel`.
    pub comment: Option<String>,
}

/// The call that removed an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalKind {
    /// `DELETE /users/{u}/events/{id}`.
    Deleted,
    /// `POST /users/{u}/events/{id}/cancel`.
    Cancelled,
}

/// A Teams meeting, calendar-backed or stand-alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredMeeting {
    /// Base64 of `1*{organiser oid}*0**{thread}` (§3).
    pub id: String,
    /// Object id of the organiser.
    pub organizer_id: String,
    /// The tenant it lives in.
    pub tenant_id: String,
    /// Verbatim.
    pub join_url: String,
    /// Subject.
    pub subject: String,
    /// The series' start, for a series.
    pub start: DateTime<Utc>,
    /// The end that belongs to `start`.
    pub end: DateTime<Utc>,
    /// Created through a calendar event (§3: only those have artifacts).
    pub calendar_backed: bool,
    /// By the simulator's clock; the resolution lag counts from here.
    pub created_at: DateTime<Utc>,
    /// Digits for joining by hand, `joinMeetingIdSettings/joinMeetingId`.
    pub join_meeting_id: String,
    /// `externalId` of `createOrGet`.
    pub external_id: Option<String>,
    /// Object ids of users in the tenant who may see its metadata.
    pub invitee_ids: Vec<String>,
    /// Options set by PATCH, e.g. `recordAutomatically`.
    pub settings: serde_json::Map<String, Value>,
}

/// A mail that Exchange sent on behalf of an organiser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMail {
    /// By the simulator's clock.
    pub at: DateTime<Utc>,
    /// What it said.
    pub kind: MailKind,
    /// Immutable id of the event (or occurrence).
    pub event_id: String,
    /// UPN of the organiser.
    pub from: String,
    /// Addresses, as given in the event.
    pub to: Vec<String>,
    /// The comment of a cancellation.
    pub comment: Option<String>,
}

/// Why Exchange wrote to attendees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// They were invited.
    Invitation,
    /// The meeting changed.
    Update,
    /// The meeting, or their place in it, is gone.
    Cancellation,
}
