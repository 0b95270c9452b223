//! Transactions: everything in them happens, or nothing does.
//!
//! The SDK sends a client token with each, so its own retries cannot write twice.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};

use super::record::{self, Key, Record};
use super::{Store, StoreError, error};
use crate::tenant::Tenant;

/// Most items of one transaction (DynamoDB's own limit).
pub const TRANSACTION_MAX: usize = 100;

const VERSION_IS: &str = "#version = :version";

/// Writes that belong together, each with the error that its failed condition means.
#[must_use = "nothing is written before commit"]
pub struct Transaction {
    store: Store,
    tenant: Tenant,
    items: Vec<TransactWriteItem>,
    failures: Vec<StoreError>,
    broken: Option<StoreError>,
}

impl Transaction {
    pub(super) fn new(store: Store, tenant: Tenant) -> Self {
        Self {
            store,
            tenant,
            items: vec![],
            failures: vec![],
            broken: None,
        }
    }

    /// How many items it holds.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it would write nothing.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Writes a record that must not be there yet.
    pub fn create<R: Record>(&mut self, record: &R) -> &mut Self {
        self.put_if(
            record,
            Some(("attribute_not_exists(pk)", None)),
            StoreError::AlreadyExists(R::KIND),
        )
    }

    /// Writes a record over the one at `expected` version.
    pub fn replace<R: Record>(&mut self, record: &R, expected: u64) -> &mut Self {
        self.put_if(
            record,
            Some((VERSION_IS, Some(expected))),
            StoreError::VersionConflict(R::KIND),
        )
    }

    /// Writes a record whatever was there.
    pub fn put<R: Record>(&mut self, record: &R) -> &mut Self {
        self.put_if(record, None, StoreError::VersionConflict(R::KIND))
    }

    fn put_if<R: Record>(
        &mut self,
        record: &R,
        condition: Option<(&str, Option<u64>)>,
        failure: StoreError,
    ) -> &mut Self {
        match record::to_item(&self.tenant, record) {
            Err(broken) => self.broken = Some(broken),
            Ok(item) => {
                let mut put = Put::builder()
                    .table_name(&*self.store.table)
                    .set_item(Some(item));
                if let Some((expression, version)) = condition {
                    put = put.condition_expression(expression);
                    if let Some(version) = version {
                        put = put.set_expression_attribute_names(Some(version_name()));
                        put = put.set_expression_attribute_values(Some(version_value(version)));
                    }
                }
                self.add(
                    put.build()
                        .map(|put| TransactWriteItem::builder().put(put).build()),
                    failure,
                );
            }
        }
        self
    }

    /// Removes the item at `expected` version.
    pub fn delete(&mut self, kind: &'static str, key: &Key, expected: u64) -> &mut Self {
        let delete = Delete::builder()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .condition_expression(VERSION_IS)
            .set_expression_attribute_names(Some(version_name()))
            .set_expression_attribute_values(Some(version_value(expected)))
            .build();
        self.add(
            delete.map(|delete| TransactWriteItem::builder().delete(delete).build()),
            StoreError::VersionConflict(kind),
        );
        self
    }

    /// Removes an item, there or not.
    pub fn remove(&mut self, kind: &'static str, key: &Key) -> &mut Self {
        let delete = Delete::builder()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .build();
        self.add(
            delete.map(|delete| TransactWriteItem::builder().delete(delete).build()),
            StoreError::VersionConflict(kind),
        );
        self
    }

    /// Requires an item to be at `expected` version, without writing it.
    pub fn require(&mut self, kind: &'static str, key: &Key, expected: u64) -> &mut Self {
        let check = ConditionCheck::builder()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .condition_expression(VERSION_IS)
            .set_expression_attribute_names(Some(version_name()))
            .set_expression_attribute_values(Some(version_value(expected)))
            .build();
        self.add(
            check.map(|check| TransactWriteItem::builder().condition_check(check).build()),
            StoreError::VersionConflict(kind),
        );
        self
    }

    /// Requires that no item is there.
    pub fn require_absent(&mut self, kind: &'static str, key: &Key) -> &mut Self {
        let check = ConditionCheck::builder()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        self.add(
            check.map(|check| TransactWriteItem::builder().condition_check(check).build()),
            StoreError::VersionConflict(kind),
        );
        self
    }

    /// Adds `by` to a counter item, which comes to exist with the first addition.
    pub fn count(&mut self, kind: &'static str, key: &Key, by: i64) -> &mut Self {
        let update = Update::builder()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .update_expression("ADD #count :by SET #kind = :kind, #schema = :schema")
            .set_expression_attribute_names(Some(HashMap::from([
                ("#count".to_owned(), "count".to_owned()),
                ("#kind".to_owned(), "kind".to_owned()),
                ("#schema".to_owned(), "schema_version".to_owned()),
            ])))
            .set_expression_attribute_values(Some(HashMap::from([
                (":by".to_owned(), AttributeValue::N(by.to_string())),
                (":kind".to_owned(), AttributeValue::S(kind.to_owned())),
                (":schema".to_owned(), AttributeValue::N("1".to_owned())),
            ])))
            .build();
        self.add(
            update.map(|update| TransactWriteItem::builder().update(update).build()),
            StoreError::VersionConflict(kind),
        );
        self
    }

    /// Requires that a counter is absent or zero.
    pub fn require_zero(&mut self, kind: &'static str, key: &Key) -> &mut Self {
        let check = ConditionCheck::builder()
            .table_name(&*self.store.table)
            .set_key(Some(key.attributes(&self.tenant)))
            .condition_expression("attribute_not_exists(pk) OR #count = :zero")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .build();
        self.add(
            check.map(|check| TransactWriteItem::builder().condition_check(check).build()),
            StoreError::VersionConflict(kind),
        );
        self
    }

    /// Adds writes to the deployment's own items, whoever's the others are.
    pub fn in_deployment(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        let tenant = std::mem::replace(&mut self.tenant, Tenant::of_deployment());
        write(self);
        self.tenant = tenant;
        self
    }

    /// Adds a ready-made write, for the idempotency mark's own fence.
    pub(crate) fn raw(&mut self, item: TransactWriteItem, failure: StoreError) -> &mut Self {
        self.items.push(item);
        self.failures.push(failure);
        self
    }

    /// Writes it all, or nothing.
    pub async fn commit(self) -> Result<(), StoreError> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        if self.items.is_empty() {
            return Ok(());
        }
        self.store
            .client
            .transact_write_items()
            .set_transact_items(Some(self.items))
            .send()
            .await
            .map_err(|error| error::from_transaction(&error, &self.failures))?;
        Ok(())
    }

    fn add<E: std::fmt::Display>(
        &mut self,
        built: Result<TransactWriteItem, E>,
        failure: StoreError,
    ) {
        match built {
            Ok(item) => {
                self.raw(item, failure);
            }
            Err(error) => self.broken = Some(StoreError::Corrupt(error.to_string())),
        }
    }
}

fn version_name() -> HashMap<String, String> {
    HashMap::from([("#version".to_owned(), "version".to_owned())])
}

fn version_value(version: u64) -> HashMap<String, AttributeValue> {
    HashMap::from([(
        ":version".to_owned(),
        AttributeValue::N(version.to_string()),
    )])
}
