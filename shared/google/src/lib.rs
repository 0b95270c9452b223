//! Google Calendar, on behalf of one user: tokens, and the events that Convoke
//! keeps on that user's own calendar.
//!
//! One [`GoogleClient`] serves every user of a process; each call names the access
//! token it speaks with. Every operation ends within its budget and either
//! succeeds or gives a [`GoogleError`] that says what Google meant and whether a
//! change may have happened all the same. It is one attempt: whoever calls repeats.
//! Google never writes to the attendees (`sendUpdates=none`): Convoke does. The crate
//! knows neither AWS nor a wall clock; it logs one line per HTTP call under the target
//! `google`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use convoke_google::{GoogleClient, GoogleConfig, Secret};
//!
//! let client = GoogleClient::new(GoogleConfig {
//!     client_id: "….apps.googleusercontent.com".into(),
//!     client_secret: Secret::new("…"),
//!     calendar_base_url: "https://www.googleapis.com".into(),
//!     token_base_url: "https://oauth2.googleapis.com".into(),
//! })?;
//! let tokens = client.refresh(&Secret::new("…")).await?;
//! let known = client.find_event(&tokens.access_token, "primary", "019ae0c1@convoke.example").await?;
//! # Ok(()) }
//! ```

mod answer;
mod call;
mod client;
mod config;
mod error;
mod error_body;
mod event;
mod events;
mod http_client;
mod standing;
mod tokens;
mod update;

pub use client::GoogleClient;
pub use config::{GoogleConfig, Secret, SetupError};
pub use error::{Effect, GoogleError, GoogleErrorClass};
pub use event::{EventSource, EventTime, GoogleAttendee, GoogleEvent, Response};
pub use tokens::Tokens;
