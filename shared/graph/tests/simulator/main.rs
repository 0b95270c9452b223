//! The client against the project's Graph simulator, which enforces what the
//! protocol notes say: whole flows, and what is left on the calendar after faults.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on stops with the reason"
)]

mod access;
mod artifacts;
mod bodies;
mod events;
mod faults;
mod meetings;
mod organisations;
mod own_calendar;
mod probes;
mod schedule;
mod single_events;
mod subscriptions;
mod world;
