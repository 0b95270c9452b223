//! Items of several kinds that share a partition, read with one query.

use aws_sdk_dynamodb::types::AttributeValue;

use super::record::{self, Item, Record};
use super::{StoreError, TenantStore, error, from_item};

/// The items of one partition, to be taken out by kind.
#[derive(Debug, Default)]
pub struct Collection(Vec<Item>);

impl Collection {
    /// The records of a kind, in the order of their sort keys.
    pub fn take_all<R: Record>(&mut self) -> Result<Vec<R>, StoreError> {
        let kind = AttributeValue::S(R::KIND.to_owned());
        let (taken, left) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|item| item.get("kind") == Some(&kind));
        self.0 = left;
        taken.into_iter().map(from_item).collect()
    }

    /// The one record of a kind, if it is there.
    pub fn take<R: Record>(&mut self) -> Result<Option<R>, StoreError> {
        Ok(self.take_all()?.into_iter().next())
    }
}

impl TenantStore {
    /// Reads a whole partition of the table, strongly consistent. For
    /// collections that the rules keep small.
    pub async fn collection(&self, partition: &str) -> Result<Collection, StoreError> {
        let mut items = vec![];
        let mut from = None;
        loop {
            let answer = self
                .store
                .client
                .query()
                .table_name(&*self.store.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(
                    ":pk",
                    record::text(record::prefixed(&self.tenant, partition)),
                )
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(|error| error::from_sdk(&error))?;
            items.extend(answer.items.unwrap_or_default());
            match answer.last_evaluated_key {
                Some(next) if !next.is_empty() => from = Some(next),
                _ => return Ok(Collection(items)),
            }
        }
    }
}
