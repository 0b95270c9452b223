//! Reading meetings, one or page by page (CM-6).

use chrono::{DateTime, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::{ControlId, MeetingId};
use convoke_domain::meeting::{Meeting, MeetingStatus};
use convoke_domain::provider::ProviderKind;
use convoke_platform::records::MeetingRecord;
use convoke_platform::store::{Filter, Index, Page, Position, Query, SortRange};
use convoke_platform::tenant::Tenant;

use super::must_find;
use crate::core::Core;

/// Which meetings a list shows.
#[derive(Debug, Clone, Default)]
pub struct MeetingFilter {
    /// Only those of a control.
    pub control_id: Option<ControlId>,
    /// Only those on a provider.
    pub provider: Option<ProviderKind>,
    /// Only those whose next occurrence is before this; cancelled ones have none.
    pub due_before: Option<DateTime<Utc>>,
}

/// Reads one meeting.
pub async fn get(core: &Core, tenant: &Tenant, id: MeetingId) -> Result<Meeting, Error> {
    must_find(&core.store(tenant), id).await
}

/// Reads one page, by next occurrence.
pub async fn list(
    core: &Core,
    tenant: &Tenant,
    filter: &MeetingFilter,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Meeting>, Error> {
    let (index, partition) = match &filter.control_id {
        Some(control_id) => (Index::Gsi2, MeetingRecord::list_of(control_id)),
        None => (Index::Gsi1, MeetingRecord::LIST.to_owned()),
    };
    let mut filters = vec![];
    if let Some(provider) = filter.provider {
        filters.push(Filter::Is("provider", provider.as_str().to_owned()));
    }
    let range = match filter.due_before {
        None => SortRange::All,
        Some(at) => {
            filters.push(Filter::IsNot(
                "status",
                MeetingStatus::Cancelled.as_str().to_owned(),
            ));
            SortRange::Before(MeetingRecord::sort_bound(at))
        }
    };
    let query = Query {
        index,
        partition,
        range,
        filters,
        limit,
        after,
    };
    let page = core.store(tenant).query::<MeetingRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(Meeting::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}
