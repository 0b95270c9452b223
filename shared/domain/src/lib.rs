//! The rules of meetings, and nothing else: no I/O, no clock of its own, no
//! knowledge of AWS, HTTP or any provider's protocol.
//!
//! Time and ids come in as arguments; every type that can be wrong is checked
//! where it is made, so that what holds one can rely on it.

pub mod address;
pub mod appointment;
pub mod artifact;
pub mod cadence;
pub mod calendar_connection;
pub mod control;
pub mod conversation;
pub mod directory;
pub mod engagement;
pub mod error;
pub mod event;
pub mod ics;
pub mod id;
pub mod integration;
pub mod interaction;
pub mod meeting;
pub mod notification;
pub mod online_meeting;
pub mod provider;
pub mod schedule_entry;
pub mod session;
pub mod slot;
pub mod subscription;
pub mod technician;
pub mod text;
pub mod transcript;
pub mod zone;
