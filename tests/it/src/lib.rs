//! What the integration tests stand on: a deployed stack, an HTTP client for
//! it, and the functions' handlers in this process with a clock and a network
//! that tests drive.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness fails loudly, at the line that went wrong"
)]

pub mod api;
mod background;
pub mod clock;
pub mod death;
pub mod deployed;
pub mod described;
pub mod gateway;
pub mod listener;
pub mod office;
pub mod openapi;
pub mod practice;
pub mod process;
pub mod readers;
pub mod readers_venv;
pub mod recorded;
pub mod requests;
pub mod schemas;
pub mod ses;
pub mod throttle;
