//! Use cases: what several functions share, and what needs the store and a
//! calendar together.
//!
//! Every change is read, decided by the domain, and written conditionally,
//! with its side effects in the same transaction; calls to a calendar happen
//! outside of transactions, between an intent and an outcome.

pub mod calendars;
pub mod callers;
pub mod capture;
pub mod conversations;
pub mod core;
#[cfg(feature = "enterprise")]
pub mod deltas;
pub mod directory;
pub mod engagements;
pub mod in_app;
pub mod integration;
pub mod jobs;
pub mod lockstep;
pub mod mail;
pub mod meetings;
pub mod microsoft;
#[cfg(feature = "enterprise")]
pub mod notification_keys;
#[cfg(feature = "enterprise")]
pub mod notifications;
pub mod providers;
pub mod recordings;
pub mod schedules;
pub mod sessions;
pub mod subscriptions;
pub mod teams;
pub mod transfer;
