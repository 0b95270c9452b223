//! The store over its table (XC-1, XC-5, XC-7), on any DynamoDB: the local
//! AWS, or the one that `AWS_ENDPOINT_URL_DYNAMODB` names, such as Amazon's
//! DynamoDB Local (`.ci/dynamodb-local`).
//!
//! The table is made through the SDK with the schema that `infra/template.yaml`
//! declares, so that the two cannot drift apart.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use chrono::{DateTime, TimeDelta, Utc};
use convoke_platform::clock::Clock;
use convoke_platform::outbox::{OutboxRecord, Relay};
use convoke_platform::queue::{Incoming, Outgoing, Queue, Queues};
use convoke_platform::store::{
    DUE_SHARDS, Due, DueKind, Filter, Index, Indexes, Key, Query, Record, SortRange, Store, StoreError,
    TRANSACTION_MAX, TenantStore,
};
use it::clock::TestClock;
use it::deployed::{self, new_org};
use it::process::sdk_config;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::routes::{NOW, tenant};

/// Where the table is.
#[allow(clippy::disallowed_methods, reason = "which DynamoDB is tested is up to whoever runs the tests")]
fn endpoint() -> String {
    std::env::var("AWS_ENDPOINT_URL_DYNAMODB").unwrap_or_else(|_| deployed::stack().aws_endpoint.clone())
}

fn client() -> Client {
    Client::new(&sdk_config(&endpoint()))
}

/// A table of these tests' own.
async fn table() -> &'static str {
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
    let template: yaml_serde::Value = yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
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
    let attributes = table["AttributeDefinitions"].as_sequence().unwrap().iter().map(|attribute| {
        AttributeDefinition::builder()
            .attribute_name(word(&attribute["AttributeName"]))
            .attribute_type(ScalarAttributeType::from(word(&attribute["AttributeType"]).as_str()))
            .build()
            .unwrap()
    });
    let indexes = table["GlobalSecondaryIndexes"].as_sequence().unwrap().iter().map(|index| {
        let projection = word(&index["Projection"]["ProjectionType"]);
        GlobalSecondaryIndex::builder()
            .index_name(word(&index["IndexName"]))
            .set_key_schema(Some(key_schema(index)))
            .projection(Projection::builder().projection_type(ProjectionType::from(projection.as_str())).build())
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

async fn store() -> Store {
    Store::new(client(), table().await)
}

async fn of_new_tenant() -> (TenantStore, String) {
    let org = new_org();
    (store().await.tenant(&tenant(&org)), org)
}

/// A record with everything that records can have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Page {
    book: String,
    number: u32,
    words: String,
    torn: bool,
    version: u64,
    due: Option<DateTime<Utc>>,
}

impl Page {
    fn new(book: &str, number: u32) -> Self {
        Self { book: book.into(), number, words: format!("page {number}"), torn: number % 2 == 1, version: 1, due: None }
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
            due: self.due.map(|at| Due { kind: DueKind::Occurrence, at }),
        }
    }
}

fn key_of(book: &str, number: u32) -> Key {
    Key::new(format!("B#{book}"), format!("P#{number:04}"))
}

async fn put_all(store: &TenantStore, pages: impl IntoIterator<Item = Page>) {
    let pages: Vec<_> = pages.into_iter().collect();
    for pages in pages.chunks(TRANSACTION_MAX) {
        let mut transaction = store.transaction();
        for page in pages {
            transaction.create(page);
        }
        transaction.commit().await.unwrap();
    }
}

/// What was written is read back at once, whole; the key of another tenant
/// names nothing (XC-1).
#[tokio::test]
async fn an_item_reads_back_and_only_for_its_tenant() {
    let (store, _) = of_new_tenant().await;
    let mut page = Page::new("a", 1);
    page.words = "\u{1f600} \"quotes\"\r\n\0 \u{202e}".into();
    assert!(store.put_new(&page).await.unwrap());
    assert!(!store.put_new(&page).await.unwrap(), "it is there already");
    assert_eq!(store.get::<Page>(&page.key()).await.unwrap(), Some(page.clone()));
    let (other, _) = of_new_tenant().await;
    assert_eq!(other.get::<Page>(&page.key()).await.unwrap(), None);
    other.delete(&page.key()).await.unwrap();
    assert!(store.get::<Page>(&page.key()).await.unwrap().is_some());
    store.delete(&page.key()).await.unwrap();
    store.delete(&page.key()).await.unwrap();
    assert_eq!(store.get::<Page>(&page.key()).await.unwrap(), None);
}

/// XC-5: one failed condition, and nothing of the transaction is written; the
/// error names the record whose condition it was.
#[tokio::test]
async fn a_transaction_happens_whole_or_not_at_all() {
    let (store, _) = of_new_tenant().await;
    let (held, fresh) = (Page::new("a", 1), Page::new("a", 2));
    put_all(&store, [held.clone()]).await;
    let absent = key_of("a", 99);

    let mut transaction = store.transaction();
    transaction.create(&fresh).create(&held);
    assert_eq!(transaction.commit().await, Err(StoreError::AlreadyExists("page")));

    let mut transaction = store.transaction();
    transaction.create(&fresh).replace(&held, 7);
    assert_eq!(transaction.commit().await, Err(StoreError::VersionConflict("page")));

    let mut transaction = store.transaction();
    transaction.create(&fresh).delete("leaf", &held.key(), 7);
    assert_eq!(transaction.commit().await, Err(StoreError::VersionConflict("leaf")));

    let mut transaction = store.transaction();
    transaction.create(&fresh).require("leaf", &absent, 1);
    assert_eq!(transaction.commit().await, Err(StoreError::VersionConflict("leaf")));

    let mut transaction = store.transaction();
    transaction.create(&fresh).require_absent("leaf", &held.key());
    assert_eq!(transaction.commit().await, Err(StoreError::VersionConflict("leaf")));

    assert_eq!(store.get::<Page>(&fresh.key()).await.unwrap(), None);

    let mut transaction = store.transaction();
    transaction.create(&fresh).delete("page", &held.key(), 1).require_absent("page", &absent);
    assert_eq!(transaction.len(), 3);
    transaction.commit().await.unwrap();
    assert_eq!(store.get::<Page>(&held.key()).await.unwrap(), None);
    assert_eq!(store.get::<Page>(&fresh.key()).await.unwrap(), Some(fresh));
    let empty = store.transaction();
    assert!(empty.is_empty());
    empty.commit().await.unwrap();
}

/// XC-5: of two writers at the same version one wins, and the other hears of it.
#[tokio::test]
async fn concurrent_writers_lose_nothing() {
    let (store, _) = of_new_tenant().await;
    put_all(&store, [Page { words: String::new(), ..Page::new("a", 1) }]).await;
    let writers = (0..10).map(|writer| {
        let store = store.clone();
        async move {
            loop {
                let mut page = store.get::<Page>(&key_of("a", 1)).await.unwrap().unwrap();
                let expected = page.version;
                page.words.push_str(&format!("[{writer}]"));
                page.version += 1;
                let mut transaction = store.transaction();
                transaction.replace(&page, expected);
                match transaction.commit().await {
                    Ok(()) => return,
                    Err(error) => assert!(error.is_conflict(), "{error}"),
                }
            }
        }
    });
    futures_util::future::join_all(writers).await;
    let page = store.get::<Page>(&key_of("a", 1)).await.unwrap().unwrap();
    assert_eq!(page.version, 11);
    for writer in 0..10 {
        assert_eq!(page.words.matches(&format!("[{writer}]")).count(), 1, "{}", page.words);
    }
}

/// A transaction holds 100 writes, DynamoDB's own limit; one more is an error
/// of ours, and writes nothing.
#[tokio::test]
async fn a_transaction_holds_a_hundred_writes() {
    let (store, _) = of_new_tenant().await;
    put_all(&store, (0..100).map(|number| Page::new("full", number))).await;
    let mut transaction = store.transaction();
    for number in 0..=100 {
        transaction.create(&Page::new("over", number));
    }
    assert!(matches!(transaction.commit().await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.get::<Page>(&key_of("over", 0)).await.unwrap(), None);
}

/// A batch read takes any number of keys, and leaves out what is not there.
#[tokio::test]
async fn a_batch_read_takes_more_than_a_hundred_keys() {
    let (store, _) = of_new_tenant().await;
    put_all(&store, (0..150).map(|number| Page::new("a", number))).await;
    let keys: Vec<_> = (0..250).map(|number| key_of("a", number)).collect();
    let read: BTreeSet<u32> = store.get_all::<Page>(&keys).await.unwrap().iter().map(|page| page.number).collect();
    assert_eq!(read, (0..150).collect());
    assert!(store.get_all::<Page>(&[]).await.unwrap().is_empty());
}

async fn numbers(store: &TenantStore, mut query: Query) -> Vec<Vec<u32>> {
    let mut pages = vec![];
    loop {
        let page = store.query::<Page>(&query).await.unwrap();
        pages.push(page.records.iter().map(|page| page.number).collect());
        match page.next {
            Some(next) => query.after = Some(next),
            None => return pages,
        }
    }
}

/// XC-6: queries page in order by every key, and see their own partition only.
#[tokio::test]
async fn queries_page_in_order_by_every_key() {
    let (store, _) = of_new_tenant().await;
    put_all(&store, (0..7).map(|number| Page::new("a", number))).await;
    put_all(&store, [Page::new("b", 50)]).await;
    let pages = numbers(&store, Query::partition("B#a", 3)).await;
    assert_eq!(pages[..3], [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    let by = |index, partition: &str| Query { index, ..Query::partition(partition, 100) };
    assert_eq!(numbers(&store, by(Index::Gsi2, "BOOK#a")).await.concat(), [6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(numbers(&store, by(Index::Gsi1, "ALL")).await.concat(), [50, 6, 5, 4, 3, 2, 1, 0]);
    let paged = Query { limit: 3, ..by(Index::Gsi1, "ALL") };
    assert_eq!(numbers(&store, paged).await.concat(), [50, 6, 5, 4, 3, 2, 1, 0]);
    let prefix = Query { range: SortRange::Prefix("P#0005".into()), ..Query::partition("B#a", 100) };
    assert_eq!(numbers(&store, prefix).await.concat(), [5]);
    let before = Query { range: SortRange::Before("P#0002".into()), ..Query::partition("B#a", 100) };
    assert_eq!(numbers(&store, before).await.concat(), [0, 1]);
    let all = store.query_all::<Page>(Query::partition("B#a", 2)).await.unwrap();
    assert_eq!(all.len(), 7);
    let (other, _) = of_new_tenant().await;
    assert!(numbers(&other, Query::partition("B#a", 3)).await.concat().is_empty());
    assert!(numbers(&other, by(Index::Gsi1, "ALL")).await.concat().is_empty());
}

/// XC-6: a filter may leave a page short, but loses nothing.
#[tokio::test]
async fn filters_leave_pages_short_but_lose_nothing() {
    let (store, _) = of_new_tenant().await;
    put_all(&store, (0..6).map(|number| Page::new("a", number))).await;
    let filtered = |filter| Query { filters: vec![filter], ..Query::partition("B#a", 2) };
    let torn = numbers(&store, filtered(Filter::Flag("torn", true))).await;
    assert_eq!(torn[..3], [vec![1], vec![3], vec![5]]);
    assert_eq!(numbers(&store, filtered(Filter::Is("words", "page 4".into()))).await.concat(), [4]);
    assert_eq!(numbers(&store, filtered(Filter::IsNot("words", "page 4".into()))).await.concat(), [0, 1, 2, 3, 5]);
    assert_eq!(numbers(&store, filtered(Filter::Contains("words", "e 2".into()))).await.concat(), [2]);
    let both = Query {
        filters: vec![Filter::Flag("torn", true), Filter::Contains("words", "3".into())],
        ..Query::partition("B#a", 2)
    };
    assert_eq!(numbers(&store, both).await.concat(), [3]);
}

/// XC-7: the due index gives each shard's rows whose time has come, oldest
/// first, with the tenant they belong to.
#[tokio::test]
async fn the_due_index_gives_what_is_due() {
    let (store, org) = of_new_tenant().await;
    // A time that no other test has, so that only these rows lie before it.
    let at: DateTime<Utc> = "1999-06-01T00:00:00Z".parse().unwrap();
    let due = |number: u32, at| Page { due: Some(at), ..Page::new(&format!("book {number}"), number) };
    put_all(&store, (0..40).map(|number| due(number, at + TimeDelta::seconds(number.into())))).await;
    let rows = async |until| {
        let sweeper = self::store().await.sweeper();
        let rows = sweeper.due(DueKind::Occurrence, until, 100).await.unwrap();
        rows.into_iter().filter(|row| row.tenant.id().as_str() == org).map(|row| row.key).collect::<Vec<_>>()
    };
    assert!(rows(at).await.is_empty());
    assert_eq!(rows(at + TimeDelta::milliseconds(19_500)).await.len(), 20);
    let keys = rows(at + TimeDelta::hours(1)).await;
    assert_eq!(keys.len(), 40);
    for key in &keys {
        assert!(store.get::<Page>(key).await.unwrap().is_some());
    }
    let few = self::store().await.sweeper().due(DueKind::Occurrence, at + TimeDelta::hours(1), 1).await.unwrap();
    assert!(few.len() > 1 && few.len() <= DUE_SHARDS.into(), "40 rows are spread over shards: {}", few.len());
    // What is no longer due leaves the index.
    let mut transaction = store.transaction();
    transaction.replace(&Page { version: 2, ..Page::new("book 3", 3) }, 1);
    transaction.commit().await.unwrap();
    assert_eq!(rows(at + TimeDelta::hours(1)).await.len(), 39);
}

#[derive(Debug, Serialize, Deserialize)]
struct Tally {
    count: i64,
}

impl Record for Tally {
    const KIND: &'static str = "tally";

    fn key(&self) -> Key {
        Key::new("TALLY", "TALLY")
    }

    fn version(&self) -> u64 {
        0
    }
}

/// A counter counts under concurrency, and can be required to be zero.
#[tokio::test]
async fn a_counter_counts() {
    let (store, _) = of_new_tenant().await;
    let key = Key::new("TALLY", "TALLY");
    let count = async |by: i64| {
        let mut transaction = store.transaction();
        transaction.count("tally", &key, by);
        transaction.commit().await
    };
    let empty = async || {
        let mut transaction = store.transaction();
        transaction.require_zero("tally", &key);
        transaction.commit().await
    };
    empty().await.unwrap();
    let counted = futures_util::future::join_all((0..10).map(|_| count(2))).await;
    let done = counted.iter().filter(|result| result.is_ok()).count();
    assert!(counted.iter().all(|result| !matches!(result, Err(error) if !error.is_conflict())), "{counted:?}");
    let tally = store.get::<Tally>(&key).await.unwrap().unwrap();
    assert_eq!(usize::try_from(tally.count).unwrap(), 2 * done);
    assert_eq!(empty().await, Err(StoreError::VersionConflict("tally")));
    count(-tally.count).await.unwrap();
    empty().await.unwrap();
}

/// A newer schema, another kind or a broken item is refused, never guessed at.
#[tokio::test]
async fn what_a_newer_release_wrote_is_refused() {
    let (store, org) = of_new_tenant().await;
    for (attribute, value) in [
        ("schema_version", AttributeValue::N("2".into())),
        ("kind", AttributeValue::S("leaf".into())),
        ("number", AttributeValue::S("three".into())),
    ] {
        let page = Page::new("a", 3);
        store.put(&page).await.unwrap();
        client()
            .update_item()
            .table_name(table().await)
            .set_key(Some(HashMap::from([
                ("pk".into(), AttributeValue::S(format!("T#{org}#B#a"))),
                ("sk".into(), AttributeValue::S("P#0003".into())),
            ])))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", attribute)
            .expression_attribute_values(":value", value)
            .send()
            .await
            .unwrap();
        let read = store.get::<Page>(&page.key()).await;
        assert!(matches!(read, Err(StoreError::Corrupt(_))), "{attribute}: {read:?}");
        let read = store.query::<Page>(&Query::partition("B#a", 10)).await;
        assert!(matches!(read, Err(StoreError::Corrupt(_))), "{attribute}");
        assert!(store.get_all::<Page>(&[page.key()]).await.is_err(), "{attribute}");
    }
}

/// Queues that nobody but the test reads.
struct Post {
    client: aws_sdk_sqs::Client,
    delivery: String,
    queues: Queues,
}

impl Post {
    async fn new() -> Self {
        let client = aws_sdk_sqs::Client::new(&sdk_config(&deployed::stack().aws_endpoint));
        let name = new_org();
        let delivery = client.create_queue().queue_name(&name).send().await.unwrap().queue_url.unwrap();
        let graph = client
            .create_queue()
            .queue_name(format!("{name}.fifo"))
            .attributes(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true")
            .send()
            .await
            .unwrap();
        let queues = Queues::new(client.clone(), &delivery, &graph.queue_url.unwrap());
        Self { client, delivery, queues }
    }

    /// What has arrived since the last time, in any order.
    async fn arrived(&self) -> Vec<Incoming> {
        let mut all = vec![];
        loop {
            let batch = self.client.receive_message().queue_url(&self.delivery).max_number_of_messages(10).send();
            let messages = batch.await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return all;
            }
            for message in messages {
                all.push(Incoming::parse(message.body.as_deref().unwrap()).unwrap());
                let receipt = message.receipt_handle.unwrap();
                self.client.delete_message().queue_url(&self.delivery).receipt_handle(receipt).send().await.unwrap();
            }
        }
    }
}

fn messages(count: u32) -> Vec<Outgoing> {
    let ports = TestClock::at(NOW).ports();
    (0..count)
        .map(|at| Outgoing { queue: Queue::Delivery, group: String::new(), id: ports.mint(), job: json!({ "at": at }) })
        .collect()
}

async fn write_outbox(store: &TenantStore, record: &OutboxRecord) {
    let mut transaction = store.transaction();
    transaction.create(record);
    transaction.commit().await.unwrap();
}

/// XC-7: the stream was missed; the sweeper sends after a minute, once, with
/// the tenant that the row belongs to.
#[tokio::test]
async fn the_sweeper_sends_what_the_stream_missed() {
    let (post, clock, (store, org)) = (Post::new().await, TestClock::at(NOW), of_new_tenant().await);
    let table = self::store().await;
    let relay = outbox_relay::App::new(table, post.queues.clone(), clock.ports());
    write_outbox(&store, &OutboxRecord::now(id(), messages(12), clock.now())).await;
    clock.advance(TimeDelta::seconds(59));
    relay.sweep().await.unwrap();
    assert!(post.arrived().await.iter().all(|message| message.tenant.id().as_str() != org));
    clock.advance(TimeDelta::seconds(2));
    relay.sweep().await.unwrap();
    let mut sent: Vec<i64> = ours(&post, &org).await.iter().map(|job| job["at"].as_i64().unwrap()).collect();
    sent.sort_unstable();
    assert_eq!(sent, (0..12).collect::<Vec<_>>());
    relay.sweep().await.unwrap();
    assert!(ours(&post, &org).await.is_empty(), "it was sent and is gone");
}

async fn ours(post: &Post, org: &str) -> Vec<Value> {
    let arrived = post.arrived().await.into_iter();
    arrived.filter(|message| message.tenant.id().as_str() == org).map(|message| message.job).collect()
}

fn id() -> Uuid {
    TestClock::at(NOW).ports().mint()
}

/// The item as a stream's new image shows it.
async fn image_of(org: &str, outbox_id: Uuid) -> Option<HashMap<String, AttributeValue>> {
    let key = HashMap::from([
        ("pk".into(), AttributeValue::S(format!("T#{org}#O#{outbox_id}"))),
        ("sk".into(), AttributeValue::S("OUTBOX".into())),
    ]);
    client().get_item().table_name(table().await).set_key(Some(key)).send().await.unwrap().item
}

/// XC-7: the relay sends an image of the stream and removes the item; the same
/// image again is sent again (at least once), and what is for later waits.
#[tokio::test]
async fn the_relay_sends_a_streams_image_and_removes_the_item() {
    let (post, clock, (store, org)) = (Post::new().await, TestClock::at(NOW), of_new_tenant().await);
    let relay = Relay::new(self::store().await, post.queues.clone());
    let (first, later) = (id(), id());
    write_outbox(&store, &OutboxRecord::now(first, messages(2), clock.now())).await;
    let at = clock.now() + TimeDelta::minutes(10);
    write_outbox(&store, &OutboxRecord::later(later, messages(1), at, clock.now())).await;
    let image = image_of(&org, first).await.unwrap();
    assert!(relay.relay_image(image.clone(), clock.now()).await.unwrap());
    assert_eq!(ours(&post, &org).await.len(), 2);
    assert!(image_of(&org, first).await.is_none());
    assert!(relay.relay_image(image, clock.now()).await.unwrap());
    let waiting = image_of(&org, later).await.unwrap();
    assert!(!relay.relay_image(waiting.clone(), clock.now()).await.unwrap());
    assert!(image_of(&org, later).await.is_some());
    assert!(relay.relay_image(waiting, at).await.unwrap());
    let mut foreign = HashMap::from([("pk".to_owned(), AttributeValue::S("no tenant".into()))]);
    assert!(relay.relay_image(foreign.clone(), at).await.is_err());
    foreign.insert("pk".to_owned(), AttributeValue::S(format!("T#{org}#O#x")));
    assert!(relay.relay_image(foreign, at).await.is_err(), "an image that is no outbox item");
}

/// XC-7: what cannot be sent stays, and goes with a later sweep.
#[tokio::test]
async fn what_the_queue_refuses_stays_in_the_outbox() {
    let (post, clock, (store, org)) = (Post::new().await, TestClock::at(NOW), of_new_tenant().await);
    let outbox_id = id();
    write_outbox(&store, &OutboxRecord::now(outbox_id, messages(1), clock.now())).await;
    let nowhere = format!("{}-gone", post.delivery);
    let broken = Relay::new(self::store().await, Queues::new(post.client.clone(), &nowhere, &nowhere));
    let image = image_of(&org, outbox_id).await.unwrap();
    assert!(broken.relay_image(image.clone(), clock.now()).await.is_err());
    assert!(image_of(&org, outbox_id).await.is_some());
    let relay = Relay::new(self::store().await, post.queues.clone());
    relay.relay_image(image, clock.now()).await.unwrap();
    assert_eq!(ours(&post, &org).await.len(), 1);
}
