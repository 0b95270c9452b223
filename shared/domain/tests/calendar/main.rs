//! The calendar core against independent readers of what it writes and of the
//! time zone database: nothing in here shares code with what it judges.

#![allow(clippy::expect_used, reason = "a test stops at what it did not expect")]

mod cadence;
mod events;
mod expander;
mod files;
mod lint;
mod observances;
mod raw;
mod readback;
mod recurrence;
mod text;
mod transitions;
mod vtimezone;
mod zones;
