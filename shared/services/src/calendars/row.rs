//! Rows of what stands in connected calendars: written conditionally, so that who
//! was faster is never overwritten.

use chrono::{DateTime, Utc};
use convoke_domain::calendar_connection::CalendarSync;
use convoke_domain::error::Error;
use convoke_platform::backoff;
use convoke_platform::records::CalendarSyncRecord;
use convoke_platform::store::{Record, StoreError, TenantStore};

/// Times that an outcome is written before the row is left claimed.
const OUTCOME_TRIES: u32 = 6;

/// Somebody else wrote meanwhile, and knows better.
pub(super) fn pass_conflict(error: StoreError) -> Result<(), StoreError> {
    match error {
        StoreError::VersionConflict(_) | StoreError::AlreadyExists(_) => Ok(()),
        error => Err(error),
    }
}

/// Writes a row: a new one where there must be none, else over its version.
pub(super) async fn put(store: &TenantStore, row: &mut CalendarSync) -> Result<(), StoreError> {
    let expected = row.version;
    row.version += 1;
    let mut transaction = store.transaction();
    let record = CalendarSyncRecord::from(&*row);
    if expected == 0 {
        transaction.create(&record);
    } else {
        transaction.replace(&record, expected);
    }
    transaction.commit().await
}

/// Takes a row that rests out of the due index, so that the sweep does not come
/// for it again and again.
pub(super) async fn settle_down(
    store: &TenantStore,
    mut row: CalendarSync,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if row.version > 0 && row.due_at.is_some_and(|at| at <= now) {
        (row.claim, row.due_at) = (None, None);
        put(store, &mut row).await.or_else(pass_conflict)?;
    }
    Ok(())
}

pub(super) async fn forget(store: &TenantStore, row: &CalendarSync) -> Result<(), Error> {
    if row.version == 0 {
        return Ok(());
    }
    let mut transaction = store.transaction();
    let key = CalendarSyncRecord::key_of(&row.key);
    transaction.delete(CalendarSyncRecord::KIND, &key, row.version);
    Ok(transaction.commit().await.or_else(pass_conflict)?)
}

/// Tried hard after a call: a claim that runs out would have it looked for again.
pub(super) async fn conclude(
    store: &TenantStore,
    row: CalendarSync,
    held: u64,
) -> Result<(), Error> {
    for tries in 1..=OUTCOME_TRIES {
        let mut written = CalendarSync {
            version: held,
            ..row.clone()
        };
        match put(store, &mut written).await {
            // They have taken over since, or an earlier try got through.
            Ok(()) | Err(StoreError::VersionConflict(_)) => return Ok(()),
            Err(error) if tries == OUTCOME_TRIES => return Err(error.into()),
            Err(_) => backoff::pause(tries + 2).await,
        }
    }
    Ok(())
}
