//! Schedule entries: list, move, delete (OM-6). An appointment's entry is moved
//! and ended with all that belongs to it.

use chrono::{DateTime, Utc};
use convoke_domain::engagement::{End, Engagement};
use convoke_domain::error::Error;
use convoke_domain::id::{ScheduleEntryId, UserId};
use convoke_domain::online_meeting::{Claim, Span};
use convoke_domain::schedule_entry::ScheduleEntry;
use convoke_platform::backoff::Attempt;
use convoke_platform::http::require_version;
use convoke_platform::records::EntryRecord;
use convoke_platform::store::{Filter, Index, Page, Position, Query, SortRange, TenantStore};

use super::follow::FollowUp;
use super::warning::Verb;
use super::write::Write;
use super::{Desk, Handled, Warning, load};
use crate::core::undisturbed;

const UNKNOWN: Error = Error::NotFound {
    what: "schedule entry",
};

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Only those that start at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Only those that start before this.
    pub to: Option<DateTime<Utc>>,
    /// Only those of a user.
    pub assigned_user_id: Option<UserId>,
}

/// Reads one page, by start.
pub async fn list_entries(
    store: &TenantStore,
    filter: &EntryFilter,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<ScheduleEntry>, Error> {
    // The store refuses a range that ends before it begins.
    if filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from >= to)
    {
        return Ok(Page {
            records: vec![],
            next: None,
        });
    }
    let bound = EntryRecord::sort_bound;
    // A bound alone sorts before the entries of that very second.
    let range = match (filter.from, filter.to) {
        (None, None) => SortRange::All,
        (None, Some(to)) => SortRange::Before(bound(to)),
        (Some(from), Some(to)) => SortRange::Between(bound(from), bound(to)),
        (Some(from), None) => SortRange::Between(bound(from), "~".to_owned()),
    };
    let user = filter.assigned_user_id.as_ref();
    let filters = user
        .map(|user| Filter::Contains("assigned_user_ids", user.to_string()))
        .into_iter()
        .collect();
    let query = Query {
        index: Index::Gsi1,
        partition: EntryRecord::LIST.to_owned(),
        range,
        filters,
        limit,
        after,
    };
    let page = store.query::<EntryRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(ScheduleEntry::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}

/// Reads an entry with its engagement: one call.
pub async fn get_entry(store: &TenantStore, id: ScheduleEntryId) -> Result<Engagement, Error> {
    let engagement = load(store, id.uuid()).await?;
    engagement.entry.as_ref().ok_or(UNKNOWN)?;
    Ok(engagement)
}

/// Moves an entry; without `end` it keeps its length.
pub async fn move_entry(
    desk: &Desk,
    store: &TenantStore,
    id: ScheduleEntryId,
    span: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    allow_overlap: bool,
    if_match: Option<u64>,
) -> Result<Handled, Error> {
    let claim = desk.claim();
    let engagement = undisturbed(|| async {
        let before = get_entry(store, id).await?;
        let after = moved(desk, &before, span, claim, if_match)?;
        let write = Write {
            allow_overlap,
            ..Write::of(desk, store, &before)
        };
        write.commit(after, |_, _| Ok(())).await
    })
    .await?;
    let handled = Handled::of(engagement, None);
    FollowUp::of(desk, store, claim.token, Verb::Reschedule)
        .run(handled, None)
        .await
}

fn moved(
    desk: &Desk,
    before: &Engagement,
    (start, end): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    claim: Claim,
    if_match: Option<u64>,
) -> Result<Engagement, Attempt> {
    let entry = before.entry.as_ref().ok_or(UNKNOWN)?;
    require_version(if_match, entry.version)?;
    let length = entry.end - entry.start;
    let start = start.unwrap_or(entry.start);
    let end = end.unwrap_or(start + length);
    let now = desk.core.ports.now();
    let mut after = before.clone();
    after.move_all(Span { start, end }, claim, now)?;
    Ok(after)
}

/// Deletes an entry; an appointment is cancelled with it, a Teams meeting too.
pub async fn delete_entry(
    desk: &Desk,
    store: &TenantStore,
    id: ScheduleEntryId,
    if_match: Option<u64>,
) -> Result<Option<Warning>, Error> {
    let claim = desk.claim();
    let engagement = undisturbed(|| async {
        let before = get_entry(store, id).await?;
        let entry = before.entry.as_ref().ok_or(UNKNOWN)?;
        require_version(if_match, entry.version)?;
        let now = desk.core.ports.now();
        let mut after = before.clone();
        match &before.request {
            Some(_) => after.end(End::Cancelled(None), claim, now)?,
            None => after.drop_entry(claim, now),
        }
        Write::of(desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await
    })
    .await?;
    let handled = Handled::of(engagement, None);
    let handled = FollowUp::of(desk, store, claim.token, Verb::Delete)
        .run(handled, None)
        .await?;
    Ok(handled.warning)
}
