//! Queries by every key, and the due index across tenants.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_platform::store::{DUE_SHARDS, DueKind, Filter, Index, Query, SortRange, TenantStore};

use super::table::{Page, of_new_tenant, put_all, store as whole_store};

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
    let by = |index, partition: &str| Query {
        index,
        ..Query::partition(partition, 100)
    };
    assert_eq!(
        numbers(&store, by(Index::Gsi2, "BOOK#a")).await.concat(),
        [6, 5, 4, 3, 2, 1, 0]
    );
    assert_eq!(
        numbers(&store, by(Index::Gsi1, "ALL")).await.concat(),
        [50, 6, 5, 4, 3, 2, 1, 0]
    );
    let paged = Query {
        limit: 3,
        ..by(Index::Gsi1, "ALL")
    };
    assert_eq!(
        numbers(&store, paged).await.concat(),
        [50, 6, 5, 4, 3, 2, 1, 0]
    );
    let prefix = Query {
        range: SortRange::Prefix("P#0005".into()),
        ..Query::partition("B#a", 100)
    };
    assert_eq!(numbers(&store, prefix).await.concat(), [5]);
    let before = Query {
        range: SortRange::Before("P#0002".into()),
        ..Query::partition("B#a", 100)
    };
    assert_eq!(numbers(&store, before).await.concat(), [0, 1]);
    let all = store
        .query_all::<Page>(Query::partition("B#a", 2))
        .await
        .unwrap();
    assert_eq!(all.len(), 7);
    let (other, _) = of_new_tenant().await;
    assert!(
        numbers(&other, Query::partition("B#a", 3))
            .await
            .concat()
            .is_empty()
    );
    assert!(
        numbers(&other, by(Index::Gsi1, "ALL"))
            .await
            .concat()
            .is_empty()
    );
}

/// XC-6: a filter may leave a page short, but loses nothing.
#[tokio::test]
async fn filters_leave_pages_short_but_lose_nothing() {
    let (store, _) = of_new_tenant().await;
    put_all(&store, (0..6).map(|number| Page::new("a", number))).await;
    let filtered = |filter| Query {
        filters: vec![filter],
        ..Query::partition("B#a", 2)
    };
    let torn = numbers(&store, filtered(Filter::Flag("torn", true))).await;
    assert_eq!(torn[..3], [vec![1], vec![3], vec![5]]);
    assert_eq!(
        numbers(&store, filtered(Filter::Is("words", "page 4".into())))
            .await
            .concat(),
        [4]
    );
    assert_eq!(
        numbers(&store, filtered(Filter::IsNot("words", "page 4".into())))
            .await
            .concat(),
        [0, 1, 2, 3, 5]
    );
    assert_eq!(
        numbers(&store, filtered(Filter::Contains("words", "e 2".into())))
            .await
            .concat(),
        [2]
    );
    let both = Query {
        filters: vec![
            Filter::Flag("torn", true),
            Filter::Contains("words", "3".into()),
        ],
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
    let due = |number: u32, at| Page {
        due: Some(at),
        ..Page::new(&format!("book {number}"), number)
    };
    put_all(
        &store,
        (0..40).map(|number| due(number, at + TimeDelta::seconds(number.into()))),
    )
    .await;
    let rows = async |until| {
        let sweeper = whole_store().await.sweeper();
        let rows = sweeper.due(DueKind::Occurrence, until, 100).await.unwrap();
        rows.into_iter()
            .filter(|row| row.tenant.id().as_str() == org)
            .map(|row| row.key)
            .collect::<Vec<_>>()
    };
    assert!(rows(at).await.is_empty());
    assert_eq!(rows(at + TimeDelta::milliseconds(19_500)).await.len(), 20);
    let keys = rows(at + TimeDelta::hours(1)).await;
    assert_eq!(keys.len(), 40);
    for key in &keys {
        assert!(store.get::<Page>(key).await.unwrap().is_some());
    }
    let few = whole_store()
        .await
        .sweeper()
        .due(DueKind::Occurrence, at + TimeDelta::hours(1), 1)
        .await
        .unwrap();
    assert!(
        few.len() > 1 && few.len() <= DUE_SHARDS.into(),
        "40 rows are spread over shards: {}",
        few.len()
    );
    // What is no longer due leaves the index.
    let mut transaction = store.transaction();
    transaction.replace(
        &Page {
            version: 2,
            ..Page::new("book 3", 3)
        },
        1,
    );
    transaction.commit().await.unwrap();
    assert_eq!(rows(at + TimeDelta::hours(1)).await.len(), 39);
}
