//! The API of control meetings, control schedules, online meetings, interactions
//! and the directory.
//!
//! [`routes::ROUTES`] is the table of what exists and who may call it; handlers
//! read the call, run one use case and answer in wire types.

mod app;
mod boot;
mod handlers;
pub mod openapi;
pub mod routes;
mod wire;

pub use app::App;
pub use boot::{boot, edge};
