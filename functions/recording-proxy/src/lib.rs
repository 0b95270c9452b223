//! Recordings and transcripts for whoever may see them (OM-8, OM-9).
//!
//! One binary, two Lambda functions: behind the API it issues tickets and serves
//! documents ([`routes::ROUTES`]); at a function URL of its own it streams
//! recordings to whoever has a ticket ([`stream`]), since an HTTP API cannot
//! stream. `CONVOKE_STREAMS=true` makes it the second.

mod app;
mod boot;
mod handlers;
pub mod openapi;
pub mod routes;
pub mod stream;
mod wire;

pub use app::App;
pub use boot::{boot, edge};
