//! What a sweeper may see across tenants: the due index, keys only.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};

use super::record::{self, DUE_SHARDS, DueKind, Key};
use super::{Store, StoreError, error};
use crate::tenant::Tenant;

/// A row whose time has come; the only way from the index to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    /// Whose row it is.
    pub tenant: Tenant,
    /// Its primary key within that tenant.
    pub key: Key,
}

/// Reads the due index.
pub struct Sweeper {
    store: Store,
}

impl Sweeper {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Up to `limit` rows per shard that are due by `now`, oldest first. The
    /// index lags by moments: the reader must check the item itself.
    pub async fn due(
        &self,
        kind: DueKind,
        now: DateTime<Utc>,
        limit: u16,
    ) -> Result<Vec<DueRow>, StoreError> {
        let shards = (0..DUE_SHARDS).map(|shard| self.due_in_shard(kind, shard, now, limit));
        let rows = futures_util::future::try_join_all(shards).await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn due_in_shard(
        &self,
        kind: DueKind,
        shard: u8,
        now: DateTime<Utc>,
        limit: u16,
    ) -> Result<Vec<DueRow>, StoreError> {
        let answer = self
            .store
            .client
            .query()
            .table_name(&*self.store.table)
            .index_name("due")
            .key_condition_expression("duepk = :shard AND duesk < :now")
            .expression_attribute_values(":shard", record::text(kind.partition(shard)))
            .expression_attribute_values(":now", record::text(record::due_sort(now, "")))
            .limit(limit.into())
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        answer
            .items
            .unwrap_or_default()
            .iter()
            .map(row_of)
            .collect()
    }
}

fn row_of(item: &record::Item) -> Result<DueRow, StoreError> {
    let text = |name| {
        item.get(name)
            .and_then(|value: &AttributeValue| value.as_s().ok())
    };
    let (Some(pk), Some(sk)) = (text("pk"), text("sk")) else {
        return Err(StoreError::Corrupt("a due row has no key".to_owned()));
    };
    let tenant = Tenant::of_stored_row(pk);
    let partition = pk.splitn(3, '#').nth(2);
    match (tenant, partition) {
        (Some(tenant), Some(partition)) => Ok(DueRow {
            tenant,
            key: Key::new(partition, sk),
        }),
        _ => Err(StoreError::Corrupt("a due row names no tenant".to_owned())),
    }
}
