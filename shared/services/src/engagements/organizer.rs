//! Online meetings by who holds them and by what Microsoft calls them: what
//! notifications and subscriptions start from.
//!
//! Both ways go by indexes that lag by moments.

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::OnlineMeetingId;
use convoke_domain::online_meeting::OnlineMeeting;
use convoke_platform::records::OnlineMeetingRecord;
use convoke_platform::store::{Index, Query, SortRange, TenantStore};

/// Most meetings of an organiser whose ids at Microsoft are not known, within two
/// days, that one notification is matched with.
const UNRESOLVED_MAX: u16 = 50;

/// When the last of an organiser's meetings ends; `None`: there is none.
pub async fn last_end_of(
    store: &TenantStore,
    organizer_object_id: &str,
) -> Result<Option<DateTime<Utc>>, Error> {
    let query = Query {
        index: Index::Gsi1,
        ..Query::partition(OnlineMeetingRecord::of_organizer(organizer_object_id), 1)
    };
    let page = store.query_backwards::<OnlineMeetingRecord>(&query).await?;
    let last = page.records.into_iter().next();
    let last = last.map(OnlineMeeting::try_from).transpose()?;
    Ok(last.map(|meeting| meeting.end))
}

/// The last of an organiser's meetings that ended before `end`.
pub async fn last_ended_before(
    store: &TenantStore,
    organizer_object_id: &str,
    end: DateTime<Utc>,
) -> Result<Option<OnlineMeetingId>, Error> {
    let query = Query {
        index: Index::Gsi1,
        range: SortRange::Before(OnlineMeetingRecord::ending(end)),
        ..Query::partition(OnlineMeetingRecord::of_organizer(organizer_object_id), 1)
    };
    let page = store.query_backwards::<OnlineMeetingRecord>(&query).await?;
    Ok(ids(page.records)?.into_iter().next())
}

/// Our meetings that Microsoft calls by this id; usually one.
pub async fn called(
    store: &TenantStore,
    provider_meeting_id: &str,
) -> Result<Vec<OnlineMeetingId>, Error> {
    let query = Query {
        index: Index::Gsi2,
        ..Query::partition(OnlineMeetingRecord::of_provider(provider_meeting_id), 10)
    };
    let page = store.query::<OnlineMeetingRecord>(&query).await?;
    ids(page.records)
}

/// An organiser's meetings that end within these times and whose ids at
/// Microsoft are not known.
pub async fn unresolved_of(
    store: &TenantStore,
    organizer_object_id: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<OnlineMeetingId>, Error> {
    let query = Query {
        index: Index::Gsi2,
        range: SortRange::Between(
            OnlineMeetingRecord::ending(from),
            OnlineMeetingRecord::ending(to),
        ),
        ..Query::partition(
            OnlineMeetingRecord::unresolved_of(organizer_object_id),
            UNRESOLVED_MAX,
        )
    };
    let page = store.query::<OnlineMeetingRecord>(&query).await?;
    ids(page.records)
}

fn ids(records: Vec<OnlineMeetingRecord>) -> Result<Vec<OnlineMeetingId>, Error> {
    let meetings = records.into_iter().map(OnlineMeeting::try_from);
    let ids = meetings.map(|meeting| Ok(meeting?.online_meeting_id));
    ids.collect()
}
