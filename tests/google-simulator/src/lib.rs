//! A Google Calendar that enforces its documented rules.
//!
//! Convoke talks to Google in production and to this peer in tests and under
//! `cargo run`. The simulator answers over real HTTP, keeps its state in memory, and
//! refuses what Google's documentation says Google refuses. It shares no code with the
//! client that it tests. The token endpoint (`/token`), the Calendar API
//! (`/calendar/v3/…`) and the control API (`/_simulator/…`) are served on one port.
//!
//! ```no_run
//! use google_simulator::{Fault, GoogleSimulator, Options, demo};
//!
//! # async fn example() -> anyhow::Result<()> {
//! let sim = GoogleSimulator::start(Options::default()).await?; // a free port
//! sim.seed_demo();
//! let base_url = sim.base_url(); // GOOGLE_CALENDAR_BASE_URL and GOOGLE_TOKEN_BASE_URL both
//!
//! // The next event is stored, but the answer is lost:
//! sim.inject(Fault::on("POST", "/calendar/v3/calendars/*/events").after().cut());
//! // The user takes the consent back:
//! sim.revoke(demo::ANN);
//!
//! // … drive the client …
//!
//! assert_eq!(sim.events(demo::ANN).len(), 1);
//! assert!(sim.mails().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! The same over HTTP for programs in other processes: see `README.md` beside this crate.

mod calendar;
mod connection;
mod control;
pub mod demo;
mod event;
mod fault;
mod received;
mod reply;
mod server;
mod simulator;
mod token;
mod world;

pub use event::StoredEvent;
pub use fault::{Action, Fault, Phase};
pub use received::Received;
pub use simulator::{GoogleSimulator, Options};
pub use world::{Behaviour, Client, Code, Seed, SentMail, User};
