//! Schedule entries (OM-6).

use std::sync::Arc;

use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::{ScheduleEntryId, UserId};
use convoke_platform::http::{Call, ListRequest, Listing, Reply, query};
use convoke_platform::store::TenantStore;
use convoke_services::engagements::{self, EntryFilter, Warning};
use convoke_wire::DeletedView;

use crate::App;
use crate::wire::command::MoveBody;
use crate::wire::entry::EntryView;

fn store_of(app: &App, call: &Call) -> Result<TenantStore, Error> {
    Ok(app.desk.core.store(call.tenant()?))
}

fn id_of(call: &Call) -> Result<ScheduleEntryId, Error> {
    ScheduleEntryId::parse(call.param("schedule_entry_id")).ok_or(Error::NotFound {
        what: "schedule entry",
    })
}

fn reply(app: &App, engagement: &Engagement, warning: Option<&Warning>) -> Result<Reply, Error> {
    let version = engagement.entry.as_ref().map_or(0, |entry| entry.version);
    let view = EntryView::of_engagement(engagement, warning, app.desk.core.ports.now());
    let view = view.ok_or_else(|| Error::internal("a moved entry is gone"))?;
    Ok(Reply::ok(&view).with_version(version))
}

#[utoipa::path(get, path = "/api/v1/schedule-entries", tag = "schedule entries",
    params(("from" = Option<String>, Query, description = "starts at or after this date or instant"),
        ("to" = Option<String>, Query, description = "starts before this date or instant"),
        ("assigned_user_id" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<EntryView>)))]
/// List schedule entries by start
pub(crate) async fn list_schedule_entries(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let filter = EntryFilter {
        from: query::instant(&call, "from")?,
        to: query::instant(&call, "to")?,
        assigned_user_id: user_of(&call)?,
    };
    let request = ListRequest::read(&call, &app.secrets).await?;
    let store = store_of(&app, &call)?;
    let page =
        engagements::list_entries(&store, &filter, request.limit, request.after.clone()).await?;
    request.reply(page, &app.secrets, EntryView::of).await
}

/// The user whose entries or requests are asked for.
pub(super) fn user_of(call: &Call) -> Result<Option<UserId>, Error> {
    query::text(call, "assigned_user_id")?
        .map(UserId::parse)
        .transpose()
        .map_err(|error| Error::Malformed {
            code: "invalid_query",
            message: format!("assigned_user_id: {error}"),
        })
}

#[utoipa::path(get, path = "/api/v1/schedule-entries/{schedule_entry_id}", tag = "schedule entries",
    params(("schedule_entry_id" = String, Path)),
    responses((status = 200, body = EntryView, headers(("ETag" = String)))))]
/// Read a schedule entry with its online meeting
pub(crate) async fn get_schedule_entry(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let engagement = engagements::get_entry(&store_of(&app, &call)?, id_of(&call)?).await?;
    reply(&app, &engagement, None)
}

#[utoipa::path(patch, path = "/api/v1/schedule-entries/{schedule_entry_id}", tag = "schedule entries",
    params(("schedule_entry_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = MoveBody,
    responses((status = 200, body = EntryView, headers(("ETag" = String)))))]
/// Move a schedule entry, with the appointment and the Teams meeting behind it
pub(crate) async fn move_schedule_entry(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<MoveBody>()?;
    let handled = engagements::move_entry(
        &app.desk,
        &store_of(&app, &call)?,
        id_of(&call)?,
        (body.start.map(|at| at.0), body.end.map(|at| at.0)),
        body.allow_overlap,
        call.if_match()?,
    )
    .await?;
    reply(&app, &handled.engagement, handled.warning.as_ref())
}

#[utoipa::path(delete, path = "/api/v1/schedule-entries/{schedule_entry_id}", tag = "schedule entries",
    params(("schedule_entry_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = DeletedView)))]
/// Delete a schedule entry; the appointment behind it is cancelled, its Teams meeting removed
pub(crate) async fn delete_schedule_entry(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let store = store_of(&app, &call)?;
    let warning =
        engagements::delete_entry(&app.desk, &store, id_of(&call)?, call.if_match()?).await?;
    Ok(Reply::ok(&DeletedView::of(warning.as_ref())))
}
