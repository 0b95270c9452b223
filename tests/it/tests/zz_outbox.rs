//! Scratch.
#[path = "it/outbox.rs"]
mod outbox;
