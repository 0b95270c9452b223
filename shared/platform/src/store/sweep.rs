//! What a sweeper may see across tenants: the due index, keys only.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};

use super::record::{self, DUE_SHARDS, DueKind, Item, Key};
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
        self.pages(kind, now, limit).next().await
    }

    /// All rows that are due by `now`, page by page.
    pub fn pages(&self, kind: DueKind, now: DateTime<Utc>, limit: u16) -> DuePages<'_> {
        let places = (0..DUE_SHARDS).map(|shard| Place { shard, after: None });
        DuePages {
            sweeper: self,
            kind,
            now,
            limit,
            places: places.collect(),
        }
    }

    async fn page(
        &self,
        pages: &DuePages<'_>,
        place: &Place,
    ) -> Result<(Vec<Item>, Option<Place>), StoreError> {
        let partition = pages.kind.partition(place.shard);
        let answer = self
            .store
            .client
            .query()
            .table_name(&*self.store.table)
            .index_name("due")
            .key_condition_expression("duepk = :shard AND duesk < :now")
            .expression_attribute_values(":shard", record::text(partition))
            .expression_attribute_values(":now", record::text(record::due_sort(pages.now, "")))
            .limit(pages.limit.into())
            .set_exclusive_start_key(place.after.clone())
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        let after = answer.last_evaluated_key.filter(|key| !key.is_empty());
        let next = after.map(|after| Place {
            shard: place.shard,
            after: Some(after),
        });
        Ok((answer.items.unwrap_or_default(), next))
    }
}

/// A walk over what is due: a page of every shard at a time, so that a shard
/// with much to do keeps no other one waiting.
pub struct DuePages<'a> {
    sweeper: &'a Sweeper,
    kind: DueKind,
    now: DateTime<Utc>,
    limit: u16,
    places: Vec<Place>,
}

/// Where a walk stands in a shard that has more.
struct Place {
    shard: u8,
    after: Option<Item>,
}

impl DuePages<'_> {
    /// Whether there may be more.
    pub fn has_more(&self) -> bool {
        !self.places.is_empty()
    }

    /// The next rows, at most the limit of each shard, oldest first. A row that
    /// names no tenant is logged and left out: it must not stop the others.
    pub async fn next(&mut self) -> Result<Vec<DueRow>, StoreError> {
        let pages = {
            let reads = self
                .places
                .iter()
                .map(|place| self.sweeper.page(self, place));
            futures_util::future::try_join_all(reads).await?
        };
        let (items, places): (Vec<_>, Vec<_>) = pages.into_iter().unzip();
        self.places = places.into_iter().flatten().collect();
        let mut items: Vec<_> = items.into_iter().flatten().collect();
        items.sort_by(|a, b| text_of(a, "duesk").cmp(&text_of(b, "duesk")));
        let rows = items.iter().filter_map(|item| match row_of(item) {
            Ok(row) => Some(row),
            Err(error) => {
                tracing::error!(%error, kind = ?self.kind, "a due row cannot be read");
                None
            }
        });
        Ok(rows.collect())
    }
}

fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a String> {
    item.get(name)
        .and_then(|value: &AttributeValue| value.as_s().ok())
}

fn row_of(item: &Item) -> Result<DueRow, StoreError> {
    let (Some(pk), Some(sk)) = (text_of(item, "pk"), text_of(item, "sk")) else {
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
