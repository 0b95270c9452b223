//! Microsoft Graph, app-only: the calendar events, free/busy, users, online
//! meetings, recordings, transcripts and subscriptions that Convoke needs. And, with
//! a user's own consent, the events on that user's calendar.
//!
//! One [`GraphClient`] serves every tenant of a process; a [`GraphSession`] speaks
//! with one tenant's credentials. A [`DelegatedClient`] speaks for users who connected
//! their calendar. Every operation ends within its budget and
//! either succeeds or gives a [`GraphError`] that says what Graph meant and whether
//! a write may have happened all the same. The crate knows neither AWS nor a wall
//! clock; it logs one line per HTTP attempt under the target `graph`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use convoke_graph::{GraphClient, GraphConfig, GraphProfile, Secret, http_client};
//!
//! let config = GraphConfig::new("https://graph.microsoft.com", "https://login.microsoftonline.com");
//! let client = GraphClient::new(http_client()?, config);
//! let profile = GraphProfile {
//!     tenant_id: "77aa…".into(),
//!     client_id: "6f1d…".into(),
//!     client_secret: Secret::new("…"),
//! };
//! let organizer = client.session(&profile).get_user("organiser@example.com").await?;
//! # Ok(()) }
//! ```
#![allow(
    clippy::result_large_err,
    reason = "an error here follows a network round trip, and its public fields are plain"
)]

mod address;
mod answer;
mod artifact_kind;
mod artifacts;
mod call;
mod call_log;
mod classify;
mod client;
mod config;
mod content_range;
mod correlation;
mod delegated;
mod delta;
mod directory;
mod discovery;
mod error;
mod error_body;
mod event;
mod events;
mod http_client;
mod lookup;
pub mod notification;
mod online_meetings;
mod pages;
mod recording;
mod recurrence;
mod redact;
mod redirect;
mod retry;
mod schedule;
mod subscriptions;
mod teams_block;
mod time;
mod token;
mod token_cache;
mod token_request;
mod transcripts;
mod webhook_probe;
mod wire_event;

pub use artifact_kind::ArtifactKind;
pub use artifacts::ArtifactInfo;
pub use client::{GraphClient, GraphSession};
pub use config::{GraphConfig, GraphProfile, Secret};
pub use content_range::ContentRange;
pub use delegated::{DelegatedClient, DelegatedConfig, DelegatedTokens, OwnEvent};
pub use delta::{ArtifactDelta, DeltaArtifact, DeltaFrom};
pub use directory::{CalendarInfo, DirectoryUser};
pub use error::{GraphError, GraphErrorClass};
pub use event::{
    AttendeeKind, CreatedEvent, Deleted, EventAttendee, EventChange, EventKind, EventTimes,
    FoundEvent, NewEvent,
};
pub use http_client::{CONNECT_TIMEOUT, READ_TIMEOUT, http_client};
pub use recording::RecordingContent;
pub use recurrence::{Recurrence, RecurrencePattern, RecurrenceRange};
pub use schedule::{BusyStatus, MailboxError, MailboxSchedule, ScheduleItem, WorkingHours};
pub use subscriptions::{
    GraphSubscription, HANDSHAKE_PATIENCE, SubscriptionCertificate, SubscriptionRequest,
    subscription_resource,
};
pub use transcripts::TranscriptContent;
pub use webhook_probe::WebhookProblem;
