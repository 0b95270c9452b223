//! Queries of one partition of one tenant, page by page.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use serde::{Deserialize, Serialize};

use super::record::{self, Item, Key, Record};
use super::{StoreError, TenantStore, error};

/// Which key the query goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// The table's own key.
    Primary,
    /// `gsi1`; eventually consistent.
    Gsi1,
    /// `gsi2`; eventually consistent.
    Gsi2,
}

impl Index {
    const fn names(self) -> (Option<&'static str>, &'static str, &'static str) {
        match self {
            Self::Primary => (None, "pk", "sk"),
            Self::Gsi1 => (Some("gsi1"), "gsi1pk", "gsi1sk"),
            Self::Gsi2 => (Some("gsi2"), "gsi2pk", "gsi2sk"),
        }
    }
}

/// Which sort keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortRange {
    /// All of the partition.
    All,
    /// Those that begin with this.
    Prefix(String),
    /// Those before this, which is left out.
    Before(String),
    /// Those from the first (included) to the second.
    Between(String, String),
}

/// What a read item must also hold; a filtered page may come out short (XC-6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The attribute is this text.
    Is(&'static str, String),
    /// The attribute is anything but this text.
    IsNot(&'static str, String),
    /// The attribute is this truth value.
    Flag(&'static str, bool),
    /// The attribute contains this text.
    Contains(&'static str, String),
}

/// Where a page ended: keys only, and no secrets to their own tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(BTreeMap<String, String>);

/// One query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which key it goes by.
    pub index: Index,
    /// The partition, within the tenant.
    pub partition: String,
    /// Which sort keys.
    pub range: SortRange,
    /// What the items must also hold.
    pub filters: Vec<Filter>,
    /// Most items looked at.
    pub limit: u16,
    /// Where the page before ended.
    pub after: Option<Position>,
}

impl Query {
    /// All of a partition of the table, up to `limit` items a page.
    pub fn partition(partition: impl Into<String>, limit: u16) -> Self {
        Self {
            index: Index::Primary,
            partition: partition.into(),
            range: SortRange::All,
            filters: vec![],
            limit,
            after: None,
        }
    }
}

/// A page of records and where to go on.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// In sort-key order.
    pub records: Vec<R>,
    /// Present when there may be more.
    pub next: Option<Position>,
}

impl TenantStore {
    /// Reads one page; queries by the table's own key are strongly consistent.
    pub async fn query<R: Record>(&self, query: &Query) -> Result<Page<R>, StoreError> {
        self.query_in_order(query, true).await
    }

    /// As [`Self::query`], from the last sort key to the first.
    pub async fn query_backwards<R: Record>(&self, query: &Query) -> Result<Page<R>, StoreError> {
        self.query_in_order(query, false).await
    }

    /// The keys of a page's items, of whatever kinds they are: what an index
    /// names is read by its key.
    pub async fn query_keys(
        &self,
        query: &Query,
        is_forward: bool,
    ) -> Result<Page<Key>, StoreError> {
        let (items, next) = self.items(query, is_forward).await?;
        let own = record::prefixed(&self.tenant, "");
        let key = |item: &Item| {
            let text = |name| item.get(name)?.as_s().ok();
            let partition = text("pk")?.strip_prefix(&own)?;
            Some(Key::new(partition, text("sk")?.as_str()))
        };
        let keys: Option<Vec<_>> = items.iter().map(key).collect();
        let records =
            keys.ok_or_else(|| StoreError::Corrupt("an item has no key of its tenant".to_owned()))?;
        Ok(Page { records, next })
    }

    async fn query_in_order<R: Record>(
        &self,
        query: &Query,
        is_forward: bool,
    ) -> Result<Page<R>, StoreError> {
        let (items, next) = self.items(query, is_forward).await?;
        let records = items
            .into_iter()
            .map(record::from_item)
            .collect::<Result<_, _>>()?;
        Ok(Page { records, next })
    }

    async fn items(
        &self,
        query: &Query,
        is_forward: bool,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let answer = self
            .ask(query)
            .scan_index_forward(is_forward)
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        let next = answer
            .last_evaluated_key
            .as_ref()
            .map(Position::of_key)
            .transpose()?;
        Ok((answer.items.unwrap_or_default(), next))
    }

    /// How many items a query finds, `max` at most, without fetching any. Its
    /// limit is how many are looked at in one call.
    pub async fn count(&self, query: &Query, max: u32) -> Result<u32, StoreError> {
        let mut query = query.clone();
        let mut found = 0;
        loop {
            let answer = self
                .ask(&query)
                .select(Select::Count)
                .send()
                .await
                .map_err(|error| error::from_sdk(&error))?;
            found += u32::try_from(answer.count).unwrap_or(0);
            let next = answer.last_evaluated_key.filter(|key| !key.is_empty());
            match next {
                Some(next) if found < max => query.after = Some(Position::of_key(&next)?),
                _ => return Ok(found.min(max)),
            }
        }
    }

    /// The call that a query makes, but for its order.
    fn ask(&self, query: &Query) -> QueryFluentBuilder {
        let (index, partition_name, sort_name) = query.index.names();
        let mut names = HashMap::from([("#pk".to_owned(), partition_name.to_owned())]);
        let mut values = HashMap::from([(
            ":pk".to_owned(),
            record::text(record::prefixed(&self.tenant, &query.partition)),
        )]);
        let mut condition = "#pk = :pk".to_owned();
        let sort = match &query.range {
            SortRange::All => None,
            SortRange::Prefix(prefix) => Some((" AND begins_with(#sk, :sk)", prefix, None)),
            SortRange::Before(bound) => Some((" AND #sk < :sk", bound, None)),
            SortRange::Between(from, to) => Some((" AND #sk BETWEEN :sk AND :to", from, Some(to))),
        };
        if let Some((expression, value, to)) = sort {
            condition.push_str(expression);
            names.insert("#sk".to_owned(), sort_name.to_owned());
            values.insert(":sk".to_owned(), record::text(value.clone()));
            if let Some(to) = to {
                values.insert(":to".to_owned(), record::text(to.clone()));
            }
        }
        let filter = filter_expression(&query.filters, &mut names, &mut values);
        self.store
            .client
            .query()
            .table_name(&*self.store.table)
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression(condition)
            .set_filter_expression(filter)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .limit(query.limit.into())
            .consistent_read(query.index == Index::Primary)
            .set_exclusive_start_key(query.after.as_ref().map(Position::to_key))
    }

    /// Reads a whole partition, page by page. For collections that the rules
    /// keep small.
    pub async fn query_all<R: Record>(&self, mut query: Query) -> Result<Vec<R>, StoreError> {
        let mut records = vec![];
        loop {
            let page = self.query(&query).await?;
            records.extend(page.records);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(records),
            }
        }
    }
}

impl Position {
    fn of_key(key: &HashMap<String, AttributeValue>) -> Result<Self, StoreError> {
        key.iter()
            .map(|(name, value)| Some((name.clone(), value.as_s().ok()?.clone())))
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| StoreError::Corrupt("a key attribute is no text".to_owned()))
    }

    fn to_key(&self) -> HashMap<String, AttributeValue> {
        self.0
            .iter()
            .map(|(name, value)| (name.clone(), record::text(value.clone())))
            .collect()
    }
}

fn filter_expression(
    filters: &[Filter],
    names: &mut HashMap<String, String>,
    values: &mut HashMap<String, AttributeValue>,
) -> Option<String> {
    let parts: Vec<String> = filters
        .iter()
        .enumerate()
        .map(|(at, filter)| {
            let (name, value, expression) = match filter {
                Filter::Is(name, value) => (
                    name,
                    record::text(value.clone()),
                    format!("#f{at} = :f{at}"),
                ),
                Filter::IsNot(name, value) => (
                    name,
                    record::text(value.clone()),
                    format!("#f{at} <> :f{at}"),
                ),
                Filter::Flag(name, value) => (
                    name,
                    AttributeValue::Bool(*value),
                    format!("#f{at} = :f{at}"),
                ),
                Filter::Contains(name, value) => (
                    name,
                    record::text(value.clone()),
                    format!("contains(#f{at}, :f{at})"),
                ),
            };
            names.insert(format!("#f{at}"), (*name).to_owned());
            values.insert(format!(":f{at}"), value);
            expression
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}
