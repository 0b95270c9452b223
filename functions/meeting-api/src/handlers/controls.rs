//! The controls known here.

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_platform::http::{Call, ListRequest, Listing, Reply, query};
use convoke_services::schedules;

use super::put_reply;
use crate::App;
use crate::wire::control::{ControlView, NameBody};

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/controls", tag = "control meetings",
    params(("org_id" = String, Path), ("q" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<ControlView>)))]
/// List the controls known here
pub(crate) async fn list_controls(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let request = ListRequest::read(&call, &app.secrets).await?;
    let text = query::text(&call, "q")?;
    let page = schedules::list_controls(
        &app.core,
        call.tenant()?,
        text,
        request.limit,
        request.after.clone(),
    )
    .await?;
    request
        .reply(page, &app.secrets, |control| ControlView::from(control))
        .await
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/controls/{control_id}", tag = "control meetings",
    params(("org_id" = String, Path), ("control_id" = String, Path)),
    responses((status = 200, body = ControlView, headers(("ETag" = String)))))]
/// Read a control
pub(crate) async fn get_control(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let control = schedules::get_control(&app.core, call.tenant()?, &call.control_id()?).await?;
    Ok(Reply::ok(&ControlView::from(&control)).with_version(control.version))
}

#[utoipa::path(put, path = "/api/v1/orgs/{org_id}/controls/{control_id}", tag = "control meetings",
    params(("org_id" = String, Path), ("control_id" = String, Path)), request_body = NameBody,
    responses((status = 200, body = ControlView, headers(("ETag" = String))),
        (status = 201, body = ControlView, headers(("Location" = String), ("ETag" = String)))))]
/// Name a control
pub(crate) async fn put_control(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<NameBody>()?;
    let (tenant, control_id) = (call.tenant()?, call.control_id()?);
    let control =
        schedules::put_control(&app.core, tenant, &control_id, &body.name, call.if_match()?)
            .await?;
    Ok(put_reply(
        &call,
        control.version == 1,
        control.version,
        &ControlView::from(&control),
    ))
}
