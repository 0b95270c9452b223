//! Reading requests, one or page by page (AP-9).

use convoke_domain::appointment::{AppointmentRequest, RequestStatus};
use convoke_domain::artifact::{Viewer, may_see};
use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::{AppointmentRequestId, OnlineMeetingId, UserId};
use convoke_platform::records::RequestRecord;
use convoke_platform::store::{Filter, Index, Page, Position, Query, SortRange, TenantStore};
use convoke_platform::tenant::Tenant;

use super::{Eyes, UNKNOWN, load, must_load};
use crate::core::Core;
use crate::microsoft::read_integration;

/// Which requests a list shows.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    /// Only those of a status.
    pub status: Option<RequestStatus>,
    /// Only those that a technician holds.
    pub assigned_user_id: Option<UserId>,
}

/// Reads a request with all that belongs to it: one call.
pub async fn get(
    core: &Core,
    tenant: &Tenant,
    id: AppointmentRequestId,
    eyes: &Eyes,
) -> Result<Engagement, Error> {
    let engagement = must_load(&core.store(tenant), id).await?;
    eyes.require_visible(&engagement)?;
    show(&core.store(tenant), eyes, engagement).await
}

/// Reads an online meeting with all that belongs to it: one call, and one more
/// where a portal user may see recordings of it.
pub async fn get_meeting(
    store: &TenantStore,
    id: OnlineMeetingId,
    eyes: &Eyes,
) -> Result<Engagement, Error> {
    let engagement = load(store, id.uuid()).await?;
    let meeting = engagement.must_meeting()?;
    match eyes {
        Eyes::Portal { client_id, .. } if meeting.client_id.as_ref() != Some(client_id) => {
            return Err(Error::NotFound {
                what: "online meeting",
            });
        }
        _ => {}
    }
    show(store, eyes, engagement).await
}

/// Leaves out the artifacts that the reader may not see (OM-8, OM-9).
pub(super) async fn show(
    store: &TenantStore,
    eyes: &Eyes,
    mut engagement: Engagement,
) -> Result<Engagement, Error> {
    let Some(meeting) = engagement.meeting.as_ref() else {
        engagement.artifacts.clear();
        return Ok(engagement);
    };
    if engagement.artifacts.is_empty() {
        return Ok(engagement);
    }
    let viewer = match eyes {
        Eyes::Staff => Viewer::Staff,
        Eyes::Portal { client_id, .. } => Viewer::Client {
            client_id,
            is_exposed: read_integration(store)
                .await?
                .is_some_and(|integration| integration.expose_recordings_in_portal),
        },
    };
    engagement
        .artifacts
        .retain(|artifact| may_see(viewer, meeting, artifact));
    Ok(engagement)
}

/// Reads a request alone: one call.
pub async fn get_request(
    core: &Core,
    tenant: &Tenant,
    id: AppointmentRequestId,
) -> Result<AppointmentRequest, Error> {
    let record = core
        .store(tenant)
        .get::<RequestRecord>(&RequestRecord::key_of(id))
        .await?;
    Ok(record.ok_or(UNKNOWN)?.try_into()?)
}

/// Reads one page, by start; a portal user's client's own.
pub async fn list(
    core: &Core,
    tenant: &Tenant,
    filter: &RequestFilter,
    eyes: &Eyes,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<AppointmentRequest>, Error> {
    let (index, partition) = match eyes {
        Eyes::Staff => (Index::Gsi1, RequestRecord::LIST.to_owned()),
        Eyes::Portal { client_id, .. } => (Index::Gsi2, RequestRecord::list_of(client_id)),
    };
    let mut filters = vec![];
    if let Some(status) = filter.status {
        filters.push(Filter::Is("status", status.as_str().to_owned()));
    }
    if let Some(user_id) = &filter.assigned_user_id {
        filters.push(Filter::Is("assigned_user_id", user_id.to_string()));
    }
    let query = Query {
        index,
        partition,
        range: SortRange::All,
        filters,
        limit,
        after,
    };
    let page = core.store(tenant).query::<RequestRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(AppointmentRequest::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}
