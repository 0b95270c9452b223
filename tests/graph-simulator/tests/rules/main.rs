//! The simulator's rules, over real HTTP. Each test is one rule of
//! `graph-protocol.md` or of the control API.

#![allow(
    clippy::unwrap_used,
    reason = "what supports a test fails it the same way"
)]

mod artifact_access;
mod artifact_lists;
mod batch;
mod bearer;
mod calendar_views;
mod content;
mod control;
mod delegated;
mod deliveries;
mod delta;
mod event_changes;
mod events;
mod faults;
mod held;
mod holding;
mod hook;
mod hostile_input;
mod load;
mod meetings;
mod notifications;
mod own_calendar;
mod peer;
mod recipes;
mod recurrence;
mod removal;
mod schedules;
mod sealed;
mod sealed_notifications;
mod storage;
mod subscription_control;
mod subscription_refusals;
mod subscriptions;
mod throttling;
mod token;
mod transactions;
mod transcript_content;
mod transcripts;
mod users;
