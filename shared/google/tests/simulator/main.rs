//! The client against a Google that enforces its rules.

#![allow(
    clippy::unwrap_used,
    reason = "what supports a test fails it the same way"
)]

mod classes;
mod events;
mod hostile;
mod logs;
mod peer;
mod tokens;
mod uncertain;
