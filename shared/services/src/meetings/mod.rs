//! Control meetings: creating, reading, changing, scheduling, ending them.

mod attendees;
mod change;
mod create;
mod outcome;
mod read;
mod remove;
mod scheduling;
mod settle;
mod slots;

use convoke_domain::error::Error;
use convoke_domain::id::MeetingId;
use convoke_domain::meeting::Meeting;
use convoke_platform::records::MeetingRecord;
use convoke_platform::store::{StoreError, TenantStore};

pub use attendees::refresh_user;
pub use change::{LinkChange, update};
pub use create::create;
pub use read::{MeetingFilter, get, list};
pub use remove::{Warning, cancel, delete};
pub use scheduling::{Scheduled, schedule};
pub use settle::settle;
pub use slots::{Availability, AvailabilityStatus, slots};

async fn find(store: &TenantStore, id: MeetingId) -> Result<Option<Meeting>, StoreError> {
    store
        .get::<MeetingRecord>(&MeetingRecord::key_of(id))
        .await?
        .map(Meeting::try_from)
        .transpose()
}

async fn must_find(store: &TenantStore, id: MeetingId) -> Result<Meeting, Error> {
    find(store, id)
        .await?
        .ok_or(Error::NotFound { what: "meeting" })
}
