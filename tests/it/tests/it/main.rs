//! Integration tests, a module per resource.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails loudly, at the line that went wrong"
)]

mod appointments;
mod blobs;
mod calendar_files;
mod calendars;
mod captures;
mod concurrency;
mod control_schedules;
mod conversations;
mod directory;
mod editions;
mod fixtures;
#[cfg(feature = "enterprise")]
mod graph_faults;
#[cfg(feature = "enterprise")]
mod graph_free_busy;
#[cfg(feature = "enterprise")]
mod graph_scheduling;
mod hostile_input;
mod iam;
mod idempotency;
mod in_app;
mod listing;
mod mail;
mod meetings;
#[cfg(feature = "enterprise")]
mod notification_keys;
mod notifications;
mod online_meetings;
mod openapi;
mod outbox;
mod permissions;
mod problems;
#[cfg(feature = "enterprise")]
mod races;
#[cfg(feature = "enterprise")]
mod reconciliation;
// The table counts the calls to Graph's calendar as well.
mod recordings;
#[cfg(feature = "enterprise")]
mod round_trips;
mod routes;
mod sessions;
mod settings;
mod store;
#[cfg(feature = "enterprise")]
mod subscriptions;
mod tenancy;
mod transcripts_read;
mod transfers;
mod webhook;
