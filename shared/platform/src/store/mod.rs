//! The one store: a DynamoDB table, reached only with a verified tenant.
//!
//! [`Store`] hands out a [`TenantStore`] for a [`Tenant`] and nothing else, so
//! no query can leave a tenant out. All changes are conditional writes or
//! transactions (XC-5); what a sweeper may see across tenants is in `sweep`.

mod collection;
mod error;
mod query;
mod record;
mod sweep;
mod transaction;

use std::sync::Arc;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValue};

pub use collection::Collection;
pub(crate) use error::from_sdk;
pub use error::{StoreError, describe};
pub use query::{Filter, Index, Page, Position, Query, SortRange};
pub(crate) use record::from_item;
pub use record::{DUE_SHARDS, Due, DueKind, Indexes, Item, Key, Record};
pub use sweep::{DuePages, DueRow, Sweeper};
pub use transaction::{TRANSACTION_MAX, Transaction};

use crate::tenant::Tenant;

/// Most items of one batch read (DynamoDB's own limit).
const BATCH_MAX: usize = 100;

/// The table.
#[derive(Clone)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    table: Arc<str>,
}

impl Store {
    /// Over a client and the table's name.
    pub fn new(client: aws_sdk_dynamodb::Client, table: &str) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// The items of one tenant.
    pub fn tenant(&self, tenant: &Tenant) -> TenantStore {
        TenantStore {
            store: self.clone(),
            tenant: tenant.clone(),
        }
    }

    /// The cross-tenant due index, for sweepers (whose role alone may read it).
    pub fn sweeper(&self) -> Sweeper {
        Sweeper::new(self.clone())
    }
}

/// The items of one tenant.
#[derive(Clone)]
pub struct TenantStore {
    store: Store,
    tenant: Tenant,
}

impl TenantStore {
    /// Whose items these are.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Reads one item, strongly consistent: callers see their own writes.
    pub async fn get<R: Record>(&self, key: &Key) -> Result<Option<R>, StoreError> {
        let answer = self
            .store
            .client
            .get_item()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        answer.item.map(from_item).transpose()
    }

    /// Reads items 100 at a time, strongly consistent, in no order; absent ones
    /// are left out. No key may be given twice.
    pub async fn get_all<R: Record>(&self, keys: &[Key]) -> Result<Vec<R>, StoreError> {
        let mut records = Vec::with_capacity(keys.len());
        let mut pending: Vec<Item> = keys
            .iter()
            .map(|key| key.attributes(&self.tenant))
            .collect();
        let mut incomplete = 0;
        while !pending.is_empty() {
            let batch = pending.split_off(pending.len().saturating_sub(BATCH_MAX));
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(batch))
                .consistent_read(true)
                .build()
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let answer = self
                .store
                .client
                .batch_get_item()
                .request_items(&*self.store.table, wanted)
                .send()
                .await
                .map_err(|error| error::from_sdk(&error))?;
            for item in answer
                .responses
                .into_iter()
                .flat_map(std::collections::HashMap::into_values)
                .flatten()
            {
                records.push(from_item(item)?);
            }
            let mut left = answer
                .unprocessed_keys
                .into_iter()
                .flat_map(std::collections::HashMap::into_values)
                .flat_map(|rest| rest.keys)
                .peekable();
            if left.peek().is_some() {
                incomplete += 1;
                if incomplete > 5 {
                    return Err(StoreError::Throttled(
                        "a batch read stayed incomplete".to_owned(),
                    ));
                }
                crate::backoff::pause(incomplete).await;
            }
            pending.extend(left);
        }
        Ok(records)
    }

    /// Writes a record whatever was there: only for records nobody else reads
    /// and changes (references, marks).
    pub async fn put<R: Record>(&self, record: &R) -> Result<(), StoreError> {
        self.store
            .client
            .put_item()
            .table_name(&*self.store.table)
            .set_item(Some(record::to_item(&self.tenant, record)?))
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        Ok(())
    }

    /// Writes a record where there is none; answers whether it did.
    pub async fn put_new<R: Record>(&self, record: &R) -> Result<bool, StoreError> {
        let mut transaction = self.transaction();
        transaction.create(record);
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(StoreError::AlreadyExists(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes an item; one that is gone already is as good as removed.
    pub async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.store
            .client
            .delete_item()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .return_values(ReturnValue::None)
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        Ok(())
    }

    /// The item that a record would be, for writes with a condition of their own.
    pub(crate) fn item_of<R: Record>(&self, record: &R) -> Result<Item, StoreError> {
        record::to_item(&self.tenant, record)
    }

    pub(crate) fn attributes_of(&self, key: &Key) -> Item {
        key.attributes(&self.tenant)
    }

    pub(crate) fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.store.client
    }

    pub(crate) fn table(&self) -> &str {
        &self.store.table
    }

    /// Starts a transaction.
    pub fn transaction(&self) -> Transaction {
        Transaction::new(self.store.clone(), self.tenant.clone())
    }
}
