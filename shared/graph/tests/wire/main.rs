//! The client against a scripted TCP server: exact request shapes, and every way
//! in which an answer can go wrong on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on stops with the reason"
)]

mod artifacts;
mod auth;
mod clouds;
mod delta;
mod discovery;
mod faults;
mod fixtures;
mod logs;
mod lookup;
mod own_calendar;
mod recordings;
mod redirects;
mod requests;
mod schedule;
mod server;
mod subscriptions;
mod throttling;
mod transcripts;
mod updates;
