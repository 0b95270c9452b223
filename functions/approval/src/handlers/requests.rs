//! Appointment requests (AP).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use convoke_domain::appointment::{RequestDraft, RequestStatus};
use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::AppointmentRequestId;
use convoke_platform::http::{Call, FieldProblem, ListRequest, Listing, Reply, query, read_value};
use convoke_platform::store::TenantStore;
use convoke_services::engagements::{self, Actor, Eyes, Handled, ImportEntry, RequestFilter};
use convoke_wire::{DeletedView, answer};
use serde_json::Value;

use super::entries::user_of;
use crate::App;
use crate::wire::command::{
    ApproveBody, CancelBody, ChangeBody, DeclineBody, ImportBody, ImportEntryBody, RequestBody,
    RescheduleBody,
};
use crate::wire::request::{HandledView, ImportView, ImportedView, RequestView};

/// Most entries of one import.
const IMPORT_MAX: usize = 100;

/// Who calls, about which request, and what they may see of it.
struct Context {
    store: TenantStore,
    actor: Actor,
    now: DateTime<Utc>,
}

impl Context {
    fn of(app: &App, call: &Call) -> Result<Self, Error> {
        let caller = call.caller()?;
        Ok(Self {
            store: app.desk.core.store(caller.tenant()),
            actor: Actor::of(caller),
            now: app.desk.core.ports.now(),
        })
    }

    fn handled(&self, handled: &Handled) -> Reply {
        let version = version_of(&handled.engagement);
        let is_staff = self.actor.eyes.is_staff();
        Reply::ok(&HandledView::of(handled, is_staff, self.now)).with_version(version)
    }
}

fn id_of(call: &Call) -> Result<AppointmentRequestId, Error> {
    AppointmentRequestId::parse(call.param("appointment_request_id")).ok_or(Error::NotFound {
        what: "appointment request",
    })
}

fn version_of(engagement: &Engagement) -> u64 {
    engagement
        .request
        .as_ref()
        .map_or(0, |request| request.version)
}

fn reply(app: &App, engagement: &Engagement, eyes: &Eyes) -> Reply {
    let now = app.desk.core.ports.now();
    Reply::ok(&RequestView::of_engagement(
        engagement,
        eyes.is_staff(),
        now,
    ))
    .with_version(version_of(engagement))
}

#[utoipa::path(post, path = "/api/v1/appointment-requests", tag = "appointments", request_body = RequestBody,
    responses((status = 201, body = RequestView, headers(("Location" = String), ("ETag" = String)))))]
/// Request an appointment
pub(crate) async fn create_appointment_request(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let now = app.desk.core.ports.now();
    let draft = RequestDraft::parse(call.command::<RequestBody>()?.into(), now)?;
    let caller = call.caller()?;
    let is_staff = Eyes::of(caller).is_staff();
    let render = |made: &Engagement| {
        let id = made
            .request
            .as_ref()
            .map(|request| request.appointment_request_id.to_string());
        let location = format!("/api/v1/appointment-requests/{}", id.unwrap_or_default());
        Reply::created(&location, &RequestView::of_engagement(made, is_staff, now))
            .with_version(version_of(made))
    };
    let seal = call.seal(&render);
    let made = engagements::create(&app.desk, caller, draft, &seal).await?;
    Ok(seal.reply(&made))
}

#[utoipa::path(get, path = "/api/v1/appointment-requests", tag = "appointments",
    params(("status" = Option<String>, Query, pattern = "^(pending|approved|declined|cancelled)$"),
        ("assigned_user_id" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<RequestView>)))]
/// List appointment requests by start; portal users see their client's
pub(crate) async fn list_appointment_requests(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let status = query::text(&call, "status")?.map(|word| {
        RequestStatus::parse(word).ok_or_else(|| Error::Malformed {
            code: "invalid_query",
            message: "status is pending, approved, declined or cancelled".to_owned(),
        })
    });
    let filter = RequestFilter {
        status: status.transpose()?,
        assigned_user_id: user_of(&call)?,
    };
    let request = ListRequest::read(&call, &app.secrets).await?;
    let eyes = Eyes::of(call.caller()?);
    let page = engagements::list(
        &app.desk.core,
        call.tenant()?,
        &filter,
        &eyes,
        request.limit,
        request.after.clone(),
    )
    .await?;
    let is_staff = eyes.is_staff();
    request
        .reply(page, &app.secrets, |one| RequestView::of(one, is_staff))
        .await
}

#[utoipa::path(get, path = "/api/v1/appointment-requests/{appointment_request_id}", tag = "appointments",
    params(("appointment_request_id" = String, Path)),
    responses((status = 200, body = RequestView, headers(("ETag" = String)))))]
/// Read an appointment request with its online meeting
pub(crate) async fn get_appointment_request(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let eyes = Eyes::of(call.caller()?);
    let core = &app.desk.core;
    let engagement = engagements::get(core, call.tenant()?, id_of(&call)?, &eyes).await?;
    Ok(reply(&app, &engagement, &eyes))
}

#[utoipa::path(patch, path = "/api/v1/appointment-requests/{appointment_request_id}", tag = "appointments",
    params(("appointment_request_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = ChangeBody,
    responses((status = 200, body = RequestView, headers(("ETag" = String)))))]
/// Edit a pending request
pub(crate) async fn update_appointment_request(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let input = call.command::<ChangeBody>()?.into();
    let Context { store, actor, .. } = Context::of(&app, &call)?;
    let changed = engagements::change(
        &app.desk,
        &store,
        id_of(&call)?,
        &actor,
        &input,
        call.if_match()?,
    )
    .await?;
    Ok(reply(&app, &changed, &actor.eyes))
}

#[utoipa::path(delete, path = "/api/v1/appointment-requests/{appointment_request_id}", tag = "appointments",
    params(("appointment_request_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = DeletedView)))]
/// Delete a request; an approved one is cancelled with it, its Teams meeting removed
pub(crate) async fn delete_appointment_request(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let Context { store, .. } = Context::of(&app, &call)?;
    let warning = engagements::delete(&app.desk, &store, id_of(&call)?, call.if_match()?).await?;
    Ok(Reply::ok(&DeletedView::of(warning.as_ref())))
}

#[utoipa::path(post, path = "/api/v1/appointment-requests/{appointment_request_id}/approve", tag = "appointments",
    params(("appointment_request_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = ApproveBody,
    responses((status = 200, body = HandledView, headers(("ETag" = String)))))]
/// Approve a pending request, with a Teams meeting where one is asked for
pub(crate) async fn approve_appointment_request(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let command = call.command::<ApproveBody>()?.into_command()?;
    let context = Context::of(&app, &call)?;
    let render = |handled: &Handled| context.handled(handled);
    let seal = call.seal(&render);
    let handled = engagements::approve(
        &app.desk,
        &context.store,
        id_of(&call)?,
        &context.actor,
        &command,
        call.if_match()?,
        &seal,
    )
    .await?;
    Ok(answer(&seal, &handled))
}

#[utoipa::path(post, path = "/api/v1/appointment-requests/{appointment_request_id}/generate-meeting", tag = "appointments",
    params(("appointment_request_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = HandledView, headers(("ETag" = String)))))]
/// Make, or try again to make, the Teams meeting of an approved request
pub(crate) async fn generate_teams_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let context = Context::of(&app, &call)?;
    let render = |handled: &Handled| context.handled(handled);
    let seal = call.seal(&render);
    let handled = Box::pin(engagements::generate_meeting(
        &app.desk,
        &context.store,
        id_of(&call)?,
        &context.actor,
        call.if_match()?,
        &seal,
    ))
    .await?;
    Ok(answer(&seal, &handled))
}

#[utoipa::path(post, path = "/api/v1/appointment-requests/{appointment_request_id}/reschedule", tag = "appointments",
    params(("appointment_request_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = RescheduleBody,
    responses((status = 200, body = HandledView, headers(("ETag" = String)))))]
/// Move an approved appointment and its Teams meeting
pub(crate) async fn reschedule_appointment_request(
    app: Arc<App>,
    call: Call,
) -> Result<Reply, Error> {
    let command = call.command::<RescheduleBody>()?.into();
    let context = Context::of(&app, &call)?;
    let render = |handled: &Handled| context.handled(handled);
    let seal = call.seal(&render);
    let handled = engagements::reschedule(
        &app.desk,
        &context.store,
        id_of(&call)?,
        &command,
        call.if_match()?,
        &seal,
    )
    .await?;
    Ok(answer(&seal, &handled))
}

#[utoipa::path(post, path = "/api/v1/appointment-requests/{appointment_request_id}/decline", tag = "appointments",
    params(("appointment_request_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = DeclineBody,
    responses((status = 200, body = HandledView, headers(("ETag" = String)))))]
/// Decline a request, pending or approved
pub(crate) async fn decline_appointment_request(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let reason = call.command::<DeclineBody>()?.into_reason()?;
    let context = Context::of(&app, &call)?;
    let render = |handled: &Handled| context.handled(handled);
    let seal = call.seal(&render);
    let handled = engagements::decline(
        &app.desk,
        &context.store,
        id_of(&call)?,
        reason,
        call.if_match()?,
        &seal,
    )
    .await?;
    Ok(answer(&seal, &handled))
}

#[utoipa::path(post, path = "/api/v1/appointment-requests/{appointment_request_id}/cancel", tag = "appointments",
    params(("appointment_request_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = CancelBody,
    responses((status = 200, body = HandledView, headers(("ETag" = String)))))]
/// Cancel a request; portal users their own
pub(crate) async fn cancel_appointment_request(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let reason = call.command::<CancelBody>()?.into_reason()?;
    let context = Context::of(&app, &call)?;
    let render = |handled: &Handled| context.handled(handled);
    let seal = call.seal(&render);
    let handled = engagements::cancel(
        &app.desk,
        &context.store,
        id_of(&call)?,
        &context.actor,
        reason,
        call.if_match()?,
        &seal,
    )
    .await?;
    Ok(answer(&seal, &handled))
}

#[utoipa::path(post, path = "/api/v1/appointment-requests/import", tag = "appointments", request_body = ImportBody,
    responses((status = 200, body = ImportView)))]
/// Import an old system's approved appointments; answers per entry
pub(crate) async fn import_appointment_requests(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<ImportBody>()?;
    if body.appointment_requests.len() > IMPORT_MAX {
        return Err(Error::invalid(
            "/appointment_requests",
            "too_many",
            format!("at most {IMPORT_MAX} entries at once"),
        ));
    }
    let Context { store, actor, .. } = Context::of(&app, &call)?;
    let read: Vec<Result<ImportEntry, Error>> = body
        .appointment_requests
        .into_iter()
        .map(|entry| read_value::<ImportEntryBody>(Value::Object(entry))?.into_entry())
        .collect();
    let readable = read.iter().filter_map(|entry| entry.as_ref().ok().cloned());
    let imported = engagements::import(&app.desk, &store, &actor, readable.collect()).await?;
    let mut imported = imported.into_iter();
    let answers = read.into_iter().map(|entry| match entry {
        Ok(_) => imported
            .next()
            .unwrap_or_else(|| Err(Error::internal("an imported entry has no answer"))),
        Err(error) => Err(error),
    });
    Ok(Reply::ok(&ImportView {
        appointment_requests: answers.map(imported_view).collect(),
    }))
}

fn imported_view(answer: Result<AppointmentRequestId, Error>) -> ImportedView {
    match answer {
        Ok(id) => ImportedView {
            result: "created",
            appointment_request_id: Some(id.to_string()),
            code: None,
            errors: vec![],
        },
        Err(error) => ImportedView {
            result: "refused",
            appointment_request_id: None,
            code: Some(error.code()),
            errors: match &error {
                Error::Invalid { violations } => {
                    violations.iter().map(FieldProblem::from).collect()
                }
                _ => vec![],
            },
        },
    }
}
