//! What Graph sends because of subscriptions (graph-protocol §6, §7): when there is
//! something to tell, to whom, in which shape, and how often it is tried.
//!
//! `announce` makes notifications, `item` gives them their JSON, `delivery` brings
//! them out; `post` is what these share in a running simulator.

mod announce;
mod delivery;
mod disturbance;
mod encryption;
mod endpoint;
mod item;
mod post;
mod settings;
mod signing;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use disturbance::{Disturbance, DisturbanceEffect};
pub use endpoint::EndpointState;
pub use settings::{NotificationOrder, NotificationSettings, TokenVersion};

pub(crate) use announce::Unannounced;
pub(crate) use delivery::run;
pub(crate) use post::Post;

/// What a POST to an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A recording is there.
    Recording,
    /// A transcript is there.
    Transcript,
    /// Something about the subscription itself.
    Lifecycle,
    /// The question whether the address is real.
    Handshake,
    /// A body that a test made.
    Crafted,
}

/// Something about a subscription itself (§6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LifecycleEvent {
    /// It should be renewed.
    ReauthorizationRequired,
    /// It is gone (never for recordings and transcripts, §0.4).
    SubscriptionRemoved,
    /// Something was lost (never for recordings and transcripts, §0.4).
    Missed,
}

/// A POST to an address, or one that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentNotification {
    /// When it began, by the simulator's clock.
    pub at: DateTime<Utc>,
    /// Of the first notification in it.
    pub kind: NotificationKind,
    /// Where.
    pub url: String,
    /// Ids of the subscriptions, one for each notification in it.
    pub subscription_ids: Vec<String>,
    /// Ids of the recordings and transcripts, in the same order.
    pub artifact_ids: Vec<String>,
    /// Counts from 1.
    pub attempt: u32,
    /// What was answered; absent: nothing.
    pub status: Option<u16>,
    /// Real time until the answer, or until it was given up.
    pub duration_ms: u64,
    /// How it ended.
    pub outcome: DeliveryOutcome,
}

/// How a POST to an address ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// 2xx in time.
    Delivered,
    /// Another status, or another answer to the handshake.
    Refused,
    /// No answer in time.
    TimedOut,
    /// No connection, or one that broke.
    Unreachable,
    /// Not sent: a disturbance took it, or the address is dropped for being slow.
    Dropped,
}

impl SentNotification {
    /// One that says nothing yet about how it went.
    pub(crate) fn begun(kind: NotificationKind, url: &str, at: DateTime<Utc>) -> Self {
        Self {
            at,
            kind,
            url: url.into(),
            subscription_ids: Vec::new(),
            artifact_ids: Vec::new(),
            attempt: 1,
            status: None,
            duration_ms: 0,
            outcome: DeliveryOutcome::Dropped,
        }
    }
}

/// One notification.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    kind: NotificationKind,
    subscription_id: String,
    tenant_id: String,
    client_id: String,
    artifact_id: Option<String>,
    body: Value,
    is_encrypted: bool,
    null_tokens: bool,
}

/// A POST that is still to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    url: String,
    due_at: DateTime<Utc>,
    content: Content,
    /// Made so far.
    attempts: u32,
    /// When the first of them was.
    first_at: Option<DateTime<Utc>>,
}

/// What a POST carries.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Items(Vec<Item>),
    /// Sent as it is, once.
    Crafted(String),
}
