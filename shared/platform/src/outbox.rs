//! Side effects that are written with the state they belong to (XC-7).
//!
//! An outbox item is created in the state's own transaction; the table's stream
//! hands it to the relay, which sends its messages and removes it. What a
//! stream missed, and what is meant for later, the sweeper finds in the due
//! index.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::queue::{Outgoing, Queues, SendError};
use crate::store::{
    Due, DueKind, DueRow, Indexes, Item, Key, Record, Store, StoreError, TenantStore,
};
use crate::tenant::Tenant;

/// Sort key of outbox items; the stream's filter goes by it.
pub const OUTBOX_SORT: &str = "OUTBOX";

/// After so long the sweeper takes an item for missed by the stream.
const MISSED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Messages that wait to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRecord {
    outbox_id: Uuid,
    messages: Vec<Outgoing>,
    /// Not before; absent: at once.
    not_before: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl OutboxRecord {
    /// Messages to send as soon as the transaction is through.
    pub fn now(outbox_id: Uuid, messages: Vec<Outgoing>, now: DateTime<Utc>) -> Self {
        Self {
            outbox_id,
            messages,
            not_before: None,
            created_at: now,
        }
    }

    /// Messages to send once `not_before` has come (the sweeper's cadence is a minute).
    pub fn later(
        outbox_id: Uuid,
        messages: Vec<Outgoing>,
        not_before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            outbox_id,
            messages,
            not_before: Some(not_before),
            created_at: now,
        }
    }
}

impl Record for OutboxRecord {
    const KIND: &'static str = "outbox";

    fn key(&self) -> Key {
        Key::new(format!("O#{}", self.outbox_id), OUTBOX_SORT)
    }

    fn version(&self) -> u64 {
        0
    }

    fn indexes(&self) -> Indexes {
        let at = self.not_before.unwrap_or(self.created_at + MISSED_AFTER);
        Indexes {
            due: Some(Due {
                kind: DueKind::Outbox,
                at,
            }),
            ..Indexes::default()
        }
    }
}

/// Why an outbox item stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// Sends outbox items and removes them.
#[derive(Clone)]
pub struct Relay {
    store: Store,
    queues: Queues,
}

impl Relay {
    /// Over the table and the queues.
    pub fn new(store: Store, queues: Queues) -> Self {
        Self { store, queues }
    }

    /// Relays the new image of a stream record; answers whether it was an
    /// outbox item that was due.
    pub async fn relay_image(&self, image: Item, now: DateTime<Utc>) -> Result<bool, RelayError> {
        let tenant = image
            .get("pk")
            .and_then(|pk| pk.as_s().ok())
            .and_then(|pk| Tenant::of_stored_row(pk))
            .ok_or_else(|| StoreError::Corrupt("a stream record names no tenant".to_owned()))?;
        let record: OutboxRecord = crate::store::from_item(image)?;
        self.relay(&self.store.tenant(&tenant), record, now).await
    }

    /// Relays what the sweeper found; the item may be gone by now.
    pub async fn relay_row(&self, row: &DueRow, now: DateTime<Utc>) -> Result<bool, RelayError> {
        let store = self.store.tenant(&row.tenant);
        match store.get::<OutboxRecord>(&row.key).await? {
            Some(record) => self.relay(&store, record, now).await,
            None => Ok(false),
        }
    }

    async fn relay(
        &self,
        store: &TenantStore,
        record: OutboxRecord,
        now: DateTime<Utc>,
    ) -> Result<bool, RelayError> {
        if record.not_before.is_some_and(|at| at > now) {
            return Ok(false);
        }
        self.queues.send(store.tenant(), &record.messages).await?;
        store.delete(&record.key()).await?;
        Ok(true)
    }
}
