//! Control schedules (CM-3, CM-4).

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_platform::http::{Call, Reply};
use convoke_services::schedules::{self, Completed, Completion, ScheduleInput};

use super::put_reply;
use crate::App;
use crate::wire::control::{CompletedView, CompletionBody, ScheduleBody, ScheduleView};

#[utoipa::path(put, path = "/api/v1/orgs/{org_id}/controls/{control_id}/schedule", tag = "control meetings",
    params(("org_id" = String, Path), ("control_id" = String, Path)), request_body = ScheduleBody,
    responses((status = 200, body = ScheduleView, headers(("ETag" = String))),
        (status = 201, body = ScheduleView, headers(("Location" = String), ("ETag" = String)))))]
/// Set a control's recurring evidence objective
pub(crate) async fn put_control_schedule(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let input = ScheduleInput::from(call.command::<ScheduleBody>()?);
    let (tenant, control_id) = (call.tenant()?, call.control_id()?);
    let (schedule, new) =
        schedules::put(&app.core, tenant, &control_id, &input, call.if_match()?).await?;
    Ok(put_reply(
        &call,
        new,
        schedule.version,
        &ScheduleView::from(&schedule),
    ))
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/controls/{control_id}/schedule", tag = "control meetings",
    params(("org_id" = String, Path), ("control_id" = String, Path)),
    responses((status = 200, body = ScheduleView, headers(("ETag" = String)))))]
/// Read a control's recurring evidence objective
pub(crate) async fn get_control_schedule(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let schedule = schedules::get(&app.core, call.tenant()?, &call.control_id()?).await?;
    Ok(Reply::ok(&ScheduleView::from(&schedule)).with_version(schedule.version))
}

#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/controls/{control_id}/schedule/complete", tag = "control meetings",
    params(("org_id" = String, Path), ("control_id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = CompletionBody,
    responses((status = 200, body = CompletedView, headers(("ETag" = String)))))]
/// Record that the control's test was done; linked meetings advance with it
pub(crate) async fn complete_control_schedule(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<CompletionBody>()?;
    let render = |completed: &Completed| {
        Reply::ok(&CompletedView::from(completed)).with_version(completed.schedule.version)
    };
    let seal = call.seal(&render);
    let (tenant, control_id, by) = (call.tenant()?, call.control_id()?, &call.caller()?.user_id);
    let completion = Completion {
        completed_on: body.completed_on,
        by,
        if_match: call.if_match()?,
    };
    let completed = schedules::complete(&app.core, tenant, &control_id, &completion, &seal).await?;
    Ok(if completed.repeated {
        seal.reply_unstored(&completed)
    } else {
        seal.reply(&completed)
    })
}
