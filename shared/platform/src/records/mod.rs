//! Storage structs: what each entity looks like in the table, and the way
//! between it and the domain.
//!
//! Reading is strict: a stored value that the rules would refuse is corrupt,
//! never guessed at.

mod control;
mod directory;
mod intent;
mod meeting;

pub use control::{
    CompletionRecord, ControlRecord, LINK_COUNTER_KIND, LinkCounter, LinkRecord, ScheduleRecord,
    link_counter_key,
};
pub use directory::{
    AddressKind, AddressRecord, AttendanceRecord, ClientRecord, ContactRecord, UserRecord,
};
pub use intent::IntentRecord;
pub use meeting::MeetingRecord;

use crate::store::StoreError;

/// A stored value that does not read back.
fn corrupt(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("stored {what}: {error}"))
}
