//! How an entity becomes an item and comes back.
//!
//! Records are storage structs; domain types are never serialised. An item
//! carries its `kind` and `schema_version`, and what reads it refuses a newer
//! one instead of guessing.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::tenant::Tenant;

/// An item as DynamoDB holds it.
pub type Item = HashMap<String, AttributeValue>;

/// A primary key within one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition, after the tenant's prefix.
    pub partition: String,
    /// Sort key.
    pub sort: String,
}

impl Key {
    /// Names an item of a tenant.
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            sort: sort.into(),
        }
    }

    pub(super) fn attributes(&self, tenant: &Tenant) -> Item {
        HashMap::from([
            ("pk".to_owned(), text(prefixed(tenant, &self.partition))),
            ("sk".to_owned(), text(self.sort.clone())),
        ])
    }
}

/// When background work on an item is due, in the sharded cross-tenant index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which kind of work.
    pub kind: DueKind,
    /// Not before.
    pub at: DateTime<Utc>,
}

/// Kinds of background work that a sweeper looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueKind {
    /// An outbox item that no stream record has relayed.
    Outbox,
    /// A provider call that was interrupted or has to be tried again.
    Intent,
    /// An unlinked meeting whose occurrence passes.
    Occurrence,
    /// An online meeting that Microsoft's side has to follow.
    OnlineMeeting,
    /// A mail that has not gone out.
    Mail,
    /// A meeting whose recordings and transcripts are to be looked for.
    Capture,
    /// A recording that is being copied.
    Transfer,
    /// A subscription to Microsoft's change notifications, to be made, looked
    /// after or removed.
    Subscription,
    /// An organiser whose recordings or transcripts are to be listed.
    Delta,
    /// An event in somebody's connected calendar.
    CalendarSync,
}

impl DueKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Outbox,
        Self::Intent,
        Self::Occurrence,
        Self::OnlineMeeting,
        Self::Mail,
        Self::Capture,
        Self::Transfer,
        Self::Subscription,
        Self::Delta,
        Self::CalendarSync,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Outbox => "OUTBOX",
            Self::Intent => "INTENT",
            Self::Occurrence => "OCCURRENCE",
            Self::OnlineMeeting => "ONLINE_MEETING",
            Self::Mail => "MAIL",
            Self::Capture => "CAPTURE",
            Self::Transfer => "TRANSFER",
            Self::Subscription => "SUBSCRIPTION",
            Self::Delta => "DELTA",
            Self::CalendarSync => "CALENDAR_SYNC",
        }
    }

    /// The index partition of one shard.
    pub(super) fn partition(self, shard: u8) -> String {
        format!("DUE#{}#{shard}", self.as_str())
    }
}

/// Shards of the due index, per kind: spreads writers over partitions.
pub const DUE_SHARDS: u8 = 8;

/// Secondary index keys of an item; partitions are within the tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexes {
    /// Partition and sort key in `gsi1`.
    pub gsi1: Option<(String, String)>,
    /// Partition and sort key in `gsi2`.
    pub gsi2: Option<(String, String)>,
    /// Place in the due index.
    pub due: Option<Due>,
}

/// A storage struct.
pub trait Record: Serialize + DeserializeOwned + Send {
    /// The item's `kind`, and the word that errors use for it.
    const KIND: &'static str;
    /// Raised when the struct changes shape; older ones must still read.
    const SCHEMA_VERSION: u32 = 1;

    /// Where it is stored.
    fn key(&self) -> Key;
    /// Its version; 0 for records that are only ever replaced whole.
    fn version(&self) -> u64;
    /// Its places in the secondary indexes.
    fn indexes(&self) -> Indexes {
        Indexes::default()
    }
    /// When DynamoDB may drop it (checked in code too).
    fn expires_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// Turns a record into an item of that tenant.
pub(super) fn to_item<R: Record>(tenant: &Tenant, record: &R) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(record)
        .map_err(|error| StoreError::Corrupt(format!("{} does not serialise: {error}", R::KIND)))?;
    let key = record.key();
    let indexes = record.indexes();
    for (name, entry) in [("gsi1", indexes.gsi1), ("gsi2", indexes.gsi2)] {
        if let Some((partition, sort)) = entry {
            item.insert(format!("{name}pk"), text(prefixed(tenant, &partition)));
            item.insert(format!("{name}sk"), text(sort));
        }
    }
    if let Some(due) = indexes.due {
        let partition = prefixed(tenant, &key.partition);
        item.insert("duesk".to_owned(), text(due_sort(due.at, &partition)));
        item.insert(
            "duepk".to_owned(),
            text(due.kind.partition(shard_of(&partition))),
        );
    }
    if let Some(at) = record.expires_at() {
        item.insert(
            "expires_at".to_owned(),
            AttributeValue::N(at.timestamp().to_string()),
        );
    }
    item.insert("kind".to_owned(), text(R::KIND.to_owned()));
    item.insert(
        "schema_version".to_owned(),
        AttributeValue::N(R::SCHEMA_VERSION.to_string()),
    );
    item.extend(key.attributes(tenant));
    Ok(item)
}

/// Reads an item back.
pub(crate) fn from_item<R: Record>(item: Item) -> Result<R, StoreError> {
    let schema = item
        .get("schema_version")
        .and_then(|value| value.as_n().ok()?.parse::<u32>().ok());
    let kind = item.get("kind").and_then(|value| value.as_s().ok());
    if kind.is_none_or(|kind| kind != R::KIND)
        || schema.is_none_or(|schema| schema > R::SCHEMA_VERSION)
    {
        return Err(StoreError::Corrupt(format!(
            "an item is a {kind:?} of schema {schema:?}, not a {}",
            R::KIND
        )));
    }
    serde_dynamo::from_item(item)
        .map_err(|error| StoreError::Corrupt(format!("{} does not read: {error}", R::KIND)))
}

/// Sort key in the due index: by time, then spread.
pub(super) fn due_sort(at: DateTime<Utc>, unique: &str) -> String {
    format!("{}#{unique}", at.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
}

fn shard_of(partition: &str) -> u8 {
    let hash = partition.bytes().fold(0u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    });
    u8::try_from(hash % u32::from(DUE_SHARDS)).unwrap_or(0)
}

pub(super) fn prefixed(tenant: &Tenant, partition: &str) -> String {
    format!("T#{}#{partition}", tenant.id())
}

pub(super) fn text(value: String) -> AttributeValue {
    AttributeValue::S(value)
}
