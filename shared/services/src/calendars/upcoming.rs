//! What is to stand in a calendar that was just connected: everything of its user
//! that is not over, as far as a page or two reach.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::calendar_connection::SyncSubject;
use convoke_domain::event::rfc3339;
use convoke_domain::id::UserId;
use convoke_platform::records::{CalendarSyncRecord, EntryRecord, SessionRecord, sessions_of_user};
use convoke_platform::store::{
    Filter, Index, Key, Query, Record, SortRange, StoreError, TenantStore,
};
use uuid::Uuid;

/// Most sessions, and most schedule entries, that a new connection begins with;
/// what lies further ahead follows with its next change.
const MOST: usize = 150;
/// Items that one page looks at.
const PAGE: u16 = 500;
/// Pages that are read of each.
const PAGES: u32 = 4;
/// The longest that anything takes: what goes on has begun since.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// What of a user is not over, sessions first, each by start.
pub(super) async fn upcoming(
    store: &TenantStore,
    user_id: &UserId,
    now: DateTime<Utc>,
) -> Result<Vec<SyncSubject>, StoreError> {
    let kind = Filter::Is("kind", SessionRecord::KIND.to_owned());
    let sessions = keys(store, sessions_of_user(user_id), kind, now);
    let own = Filter::Contains("assigned_user_ids", user_id.to_string());
    let entries = keys(store, EntryRecord::LIST.to_owned(), own, now);
    let (sessions, entries) = futures_util::future::try_join(sessions, entries).await?;
    let id_of = |key: &Key, prefix: &str| Uuid::parse_str(key.partition.strip_prefix(prefix)?).ok();
    let sessions = sessions
        .iter()
        .filter_map(|key| id_of(key, "S#"))
        .map(SyncSubject::Session);
    let entries = entries
        .iter()
        .filter_map(|key| id_of(key, "A#"))
        .map(SyncSubject::ScheduleEntry);
    let mut seen = HashSet::new();
    Ok(sessions
        .chain(entries)
        .filter(|subject| seen.insert(CalendarSyncRecord::partition_of(*subject)))
        .collect())
}

async fn keys(
    store: &TenantStore,
    partition: String,
    filter: Filter,
    now: DateTime<Utc>,
) -> Result<Vec<Key>, StoreError> {
    let mut query = Query {
        index: Index::Gsi1,
        partition,
        range: SortRange::Between(rfc3339(now - LONGEST), "9999".to_owned()),
        filters: vec![filter],
        limit: PAGE,
        after: None,
    };
    let mut found = vec![];
    for _ in 0..PAGES {
        let page = store.query_keys(&query, true).await?;
        found.extend(page.records);
        query.after = page.next;
        if query.after.is_none() || found.len() >= MOST {
            break;
        }
    }
    found.truncate(MOST);
    Ok(found)
}
