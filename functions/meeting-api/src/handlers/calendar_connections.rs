//! The caller's connected calendars (IV-6).

use std::sync::Arc;

use convoke_domain::calendar_connection::{CalendarProvider, ConnectionDraft, ConnectionInput};
use convoke_domain::error::Error;
use convoke_platform::http::{Call, Reply};
use convoke_services::calendars;
use http::StatusCode;

use super::{put_reply, store_of};
use crate::App;
use crate::wire::calendar_connection::{ConnectionBody, ConnectionView};

fn provider_of(call: &Call) -> Result<CalendarProvider, Error> {
    CalendarProvider::parse(call.param("provider")).ok_or(Error::NotFound {
        what: "calendar provider",
    })
}

#[utoipa::path(put, path = "/api/v1/calendar-connections/{provider}", tag = "calendar connections",
    params(("provider" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = ConnectionBody,
    responses((status = 200, body = ConnectionView, headers(("ETag" = String))),
        (status = 201, body = ConnectionView, headers(("Location" = String), ("ETag" = String))),
        (status = 501, description = "Microsoft's calendars need the enterprise edition"),
        (status = 503, description = "Not configured, or the provider cannot be reached")))]
/// Connect your calendar of this provider: the consent is tried at once, and replaces an earlier one
pub(crate) async fn put_calendar_connection(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let provider = provider_of(&call)?;
    let input = ConnectionInput::from(call.command::<ConnectionBody>()?);
    let draft = ConnectionDraft::parse(provider, &input)?;
    let (store, owner) = (store_of(&app, &call)?, (&call.caller()?.user_id, provider));
    let if_match = call.if_match()?;
    let connected = calendars::connect(&app.calendars, &store, owner, &draft, if_match).await?;
    let connection = &connected.connection;
    let view = ConnectionView::of(&app.calendars, provider, Some(connection));
    Ok(put_reply(
        &call,
        connected.is_new,
        connection.version,
        &view,
    ))
}

#[utoipa::path(get, path = "/api/v1/calendar-connections/{provider}", tag = "calendar connections",
    params(("provider" = String, Path)),
    responses((status = 200, body = ConnectionView, headers(("ETag" = String)))))]
/// Read your connection to this provider, or how to make one
pub(crate) async fn get_calendar_connection(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let provider = provider_of(&call)?;
    let (store, owner) = (store_of(&app, &call)?, (&call.caller()?.user_id, provider));
    let connection = calendars::find(&store, owner).await?;
    let view = ConnectionView::of(&app.calendars, provider, connection.as_ref());
    Ok(Reply::ok(&view).with_version(connection.map_or(0, |one| one.version)))
}

#[utoipa::path(delete, path = "/api/v1/calendar-connections/{provider}", tag = "calendar connections",
    params(("provider" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Forgotten, or never there")))]
/// Forget your connection to this provider; what stands in the calendar stays there
pub(crate) async fn delete_calendar_connection(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let provider = provider_of(&call)?;
    call.no_command()?;
    let (store, owner) = (store_of(&app, &call)?, (&call.caller()?.user_id, provider));
    calendars::disconnect(&app.calendars, &store, owner, call.if_match()?).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
