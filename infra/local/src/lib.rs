//! Convoke on this machine: the real template on a local AWS, with the functions' real binaries.
//!
//! `cargo run` is its binary. Tests use the same parts as a library:
//!
//! ```no_run
//! use convoke_local::{Stack, StackOptions, TokenClaims};
//!
//! # fn example() -> anyhow::Result<()> {
//! let stack = Stack::start(StackOptions::temporary())?; // blocks; free ports, nothing kept
//! let token = stack.issuer.token(&TokenClaims::internal("acme", "ann", "meetings:read"))?;
//! let meetings = format!("{}/api/v1/orgs/acme/meetings", stack.api_url.as_deref().unwrap_or_default());
//! # Ok(())
//! # }
//! ```
//!
//! A stack in a `static` is fine: what it started ends with the process that started it, even one that is killed.

mod calendars;
mod demo;
mod deployment;
mod environment;
mod front;
mod functions;
mod google;
mod graph;
mod host;
mod issuer;
mod log_line;
mod logbook;
mod mails;
mod ports;
mod progress;
mod run;
mod seed;
mod stack;
mod stack_file;
mod streaming;
mod venv;
mod welcome;
mod workspace;

pub mod cli;
pub mod output;

pub use calendars::{CalendarClients, OauthClient};
pub use deployment::{Outputs, REGION};
pub use functions::{Edition, Functions, of_template};
pub use google::GooglePeer;
pub use graph::{GraphPeer, MsGraphProfile};
pub use host::LogSink;
pub use issuer::{AUDIENCE, Issuer, TokenClaims};
pub use logbook::{LogBook, LogLine};
pub use mails::{CalendarNote, Mail};
pub use progress::Progress;
pub use stack::{DEMO_ORG, Stack, StackOptions};
pub use stack_file::{Queues, StackFile, Tokens};
pub use workspace::Workspace;
