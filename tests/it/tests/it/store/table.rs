//! The table of `infra/template.yaml`, made through the SDK, and a record with
//! everything that records can have.

use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use chrono::{DateTime, Utc};
use convoke_platform::store::{
    Due, DueKind, Indexes, Key, Record, Store, TRANSACTION_MAX, TenantStore,
};
use it::deployed::{self, new_org};
use it::process::sdk_config;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::routes::tenant;

/// Where the table is.
#[allow(
    clippy::disallowed_methods,
    reason = "which DynamoDB is tested is up to whoever runs the tests"
)]
fn endpoint() -> String {
    std::env::var("AWS_ENDPOINT_URL_DYNAMODB")
        .unwrap_or_else(|_| deployed::stack().aws_endpoint.clone())
}

pub(super) fn client() -> Client {
    Client::new(&sdk_config(&endpoint()))
}

/// A table of these tests' own.
pub(super) async fn table() -> &'static str {
    static TABLE: OnceCell<String> = OnceCell::const_new();
    TABLE
        .get_or_init(|| async {
            let name = format!("store-{}", new_org());
            create_table(&name).await;
            name
        })
        .await
}

/// Makes the table of `infra/template.yaml`.
async fn create_table(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
    let template: yaml_serde::Value =
        yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let table = &template["Resources"]["Table"]["Properties"];
    let word = |value: &yaml_serde::Value| value.as_str().unwrap().to_owned();
    let key_schema = |of: &yaml_serde::Value| -> Vec<KeySchemaElement> {
        of["KeySchema"]
            .as_sequence()
            .unwrap()
            .iter()
            .map(|key| {
                KeySchemaElement::builder()
                    .attribute_name(word(&key["AttributeName"]))
                    .key_type(KeyType::from(word(&key["KeyType"]).as_str()))
                    .build()
                    .unwrap()
            })
            .collect()
    };
    let attributes = table["AttributeDefinitions"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|attribute| {
            AttributeDefinition::builder()
                .attribute_name(word(&attribute["AttributeName"]))
                .attribute_type(ScalarAttributeType::from(
                    word(&attribute["AttributeType"]).as_str(),
                ))
                .build()
                .unwrap()
        });
    let indexes = table["GlobalSecondaryIndexes"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|index| {
            let projection = word(&index["Projection"]["ProjectionType"]);
            GlobalSecondaryIndex::builder()
                .index_name(word(&index["IndexName"]))
                .set_key_schema(Some(key_schema(index)))
                .projection(
                    Projection::builder()
                        .projection_type(ProjectionType::from(projection.as_str()))
                        .build(),
                )
                .build()
                .unwrap()
        });
    client()
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.collect()))
        .set_key_schema(Some(key_schema(table)))
        .set_global_secondary_indexes(Some(indexes.collect()))
        .send()
        .await
        .expect("the table is made");
}

pub(super) async fn store() -> Store {
    Store::new(client(), table().await)
}

pub(super) async fn of_new_tenant() -> (TenantStore, String) {
    let org = new_org();
    (store().await.tenant(&tenant(&org)), org)
}

/// A record with everything that records can have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Page {
    pub(super) book: String,
    pub(super) number: u32,
    pub(super) words: String,
    pub(super) torn: bool,
    pub(super) version: u64,
    pub(super) due: Option<DateTime<Utc>>,
}

impl Page {
    pub(super) fn new(book: &str, number: u32) -> Self {
        Self {
            book: book.into(),
            number,
            words: format!("page {number}"),
            torn: number % 2 == 1,
            version: 1,
            due: None,
        }
    }
}

impl Record for Page {
    const KIND: &'static str = "page";

    fn key(&self) -> Key {
        key_of(&self.book, self.number)
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        let sort = format!("P#{:04}", 1000 - self.number);
        Indexes {
            gsi1: Some(("ALL".into(), sort.clone())),
            gsi2: Some((format!("BOOK#{}", self.book), sort)),
            due: self.due.map(|at| Due {
                kind: DueKind::Occurrence,
                at,
            }),
        }
    }
}

pub(super) fn key_of(book: &str, number: u32) -> Key {
    Key::new(format!("B#{book}"), format!("P#{number:04}"))
}

pub(super) async fn put_all(store: &TenantStore, pages: impl IntoIterator<Item = Page>) {
    let pages: Vec<_> = pages.into_iter().collect();
    for pages in pages.chunks(TRANSACTION_MAX) {
        let mut transaction = store.transaction();
        for page in pages {
            transaction.create(page);
        }
        transaction.commit().await.unwrap();
    }
}
