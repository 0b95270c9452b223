//! The store over its table (XC-1, XC-5, XC-7), on any DynamoDB: the local
//! AWS, or the one that `AWS_ENDPOINT_URL_DYNAMODB` names, such as Amazon's
//! DynamoDB Local (`.ci/dynamodb-local`).
//!
//! The table is made through the SDK with the schema that `infra/template.yaml`
//! declares, so that the two cannot drift apart.

mod queries;
mod relay;
mod table;

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use convoke_platform::store::{Key, Query, Record, StoreError};
use serde::{Deserialize, Serialize};

use table::{Page, client, key_of, of_new_tenant, put_all, table};

/// What was written is read back at once, whole; the key of another tenant
/// names nothing (XC-1).
#[tokio::test]
async fn an_item_reads_back_and_only_for_its_tenant() {
    let (store, _) = of_new_tenant().await;
    let mut page = Page::new("a", 1);
    page.words = "\u{1f600} \"quotes\"\r\n\0 \u{202e}".into();
    assert!(store.put_new(&page).await.unwrap());
    assert!(!store.put_new(&page).await.unwrap(), "it is there already");
    assert_eq!(
        store.get::<Page>(&page.key()).await.unwrap(),
        Some(page.clone())
    );
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
    assert_eq!(
        transaction.commit().await,
        Err(StoreError::AlreadyExists("page"))
    );

    let mut transaction = store.transaction();
    transaction.create(&fresh).replace(&held, 7);
    assert_eq!(
        transaction.commit().await,
        Err(StoreError::VersionConflict("page"))
    );

    let mut transaction = store.transaction();
    transaction.create(&fresh).delete("leaf", &held.key(), 7);
    assert_eq!(
        transaction.commit().await,
        Err(StoreError::VersionConflict("leaf"))
    );

    let mut transaction = store.transaction();
    transaction.create(&fresh).require("leaf", &absent, 1);
    assert_eq!(
        transaction.commit().await,
        Err(StoreError::VersionConflict("leaf"))
    );

    let mut transaction = store.transaction();
    transaction
        .create(&fresh)
        .require_absent("leaf", &held.key());
    assert_eq!(
        transaction.commit().await,
        Err(StoreError::VersionConflict("leaf"))
    );

    assert_eq!(store.get::<Page>(&fresh.key()).await.unwrap(), None);

    let mut transaction = store.transaction();
    transaction
        .create(&fresh)
        .delete("page", &held.key(), 1)
        .require_absent("page", &absent);
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
    put_all(
        &store,
        [Page {
            words: String::new(),
            ..Page::new("a", 1)
        }],
    )
    .await;
    let writers = (0..10).map(|writer| {
        let store = store.clone();
        async move {
            loop {
                let mut page = store.get::<Page>(&key_of("a", 1)).await.unwrap().unwrap();
                let expected = page.version;
                page.words = format!("{}[{writer}]", page.words);
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
        assert_eq!(
            page.words.matches(&format!("[{writer}]")).count(),
            1,
            "{}",
            page.words
        );
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
    assert!(matches!(
        transaction.commit().await,
        Err(StoreError::Corrupt(_))
    ));
    assert_eq!(store.get::<Page>(&key_of("over", 0)).await.unwrap(), None);
}

/// A batch read takes any number of keys, and leaves out what is not there.
#[tokio::test]
async fn a_batch_read_takes_more_than_a_hundred_keys() {
    let (store, _) = of_new_tenant().await;
    put_all(&store, (0..150).map(|number| Page::new("a", number))).await;
    let keys: Vec<_> = (0..250).map(|number| key_of("a", number)).collect();
    let read: BTreeSet<u32> = store
        .get_all::<Page>(&keys)
        .await
        .unwrap()
        .iter()
        .map(|page| page.number)
        .collect();
    assert_eq!(read, (0..150).collect());
    assert!(store.get_all::<Page>(&[]).await.unwrap().is_empty());
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
    assert!(
        counted
            .iter()
            .all(|result| !matches!(result, Err(error) if !error.is_conflict())),
        "{counted:?}"
    );
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
        assert!(
            matches!(read, Err(StoreError::Corrupt(_))),
            "{attribute}: {read:?}"
        );
        let read = store.query::<Page>(&Query::partition("B#a", 10)).await;
        assert!(matches!(read, Err(StoreError::Corrupt(_))), "{attribute}");
        assert!(
            store.get_all::<Page>(&[page.key()]).await.is_err(),
            "{attribute}"
        );
    }
}
