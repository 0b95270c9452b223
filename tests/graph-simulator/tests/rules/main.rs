//! The simulator's rules, over real HTTP. Each test is one rule of
//! `graph-protocol.md` or of the control API.

#![allow(
    clippy::unwrap_used,
    reason = "what supports a test fails it the same way"
)]

mod batch;
mod bearer;
mod calendar_views;
mod control;
mod event_changes;
mod events;
mod faults;
mod hostile_input;
mod meetings;
mod peer;
mod recipes;
mod recurrence;
mod removal;
mod schedules;
mod throttling;
mod token;
mod transactions;
mod transcripts;
mod users;
