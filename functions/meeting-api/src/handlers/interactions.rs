//! Interactions: the timeline of a client or contact (OM-5).

use std::sync::Arc;

use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::{ClientId, ContactId, InvalidId};
use convoke_domain::interaction::{InteractionDraft, InteractionType};
use convoke_platform::http::{Call, ListRequest, Listing, Reply, query};
use convoke_services::engagements::{self, TimelineOf};
use convoke_wire::{DeletedView, InteractionView};

use super::store_of;
use crate::App;
use crate::wire::interaction::{ChangeBody, InteractionBody, TypeView};

fn version_of(engagement: &Engagement) -> u64 {
    let interaction = engagement.interaction.as_ref();
    interaction.map_or(0, |interaction| interaction.version)
}

fn reply(app: &App, engagement: &Engagement) -> Reply {
    let now = app.core.ports.now();
    Reply::ok(&InteractionView::of_engagement(engagement, now)).with_version(version_of(engagement))
}

fn bad_query(message: String) -> Error {
    Error::Malformed {
        code: "invalid_query",
        message,
    }
}

/// Whose timeline is asked for: exactly one.
fn timeline_of(call: &Call) -> Result<TimelineOf, Error> {
    let refused = |name: &str| {
        let name = name.to_owned();
        move |error: InvalidId| bad_query(format!("{name}: {error}"))
    };
    match (
        query::text(call, "client_id")?,
        query::text(call, "contact_id")?,
    ) {
        (Some(id), None) => ClientId::parse(id)
            .map(TimelineOf::Client)
            .map_err(refused("client_id")),
        (None, Some(id)) => ContactId::parse(id)
            .map(TimelineOf::Contact)
            .map_err(refused("contact_id")),
        _ => Err(bad_query(
            "name one of client_id and contact_id: whose timeline to list".to_owned(),
        )),
    }
}

#[utoipa::path(get, path = "/api/v1/interactions", tag = "interactions",
    params(("client_id" = Option<String>, Query, description = "this or contact_id"),
        ("contact_id" = Option<String>, Query, description = "this or client_id"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<InteractionView>)))]
/// List a client's or contact's timeline, the latest first
pub(crate) async fn list_interactions(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let of = timeline_of(&call)?;
    let request = ListRequest::read(&call, &app.secrets).await?;
    let (store, after) = (store_of(&app, &call)?, request.after.clone());
    let page = engagements::list_interactions(&store, &of, request.limit, after).await?;
    request.reply(page, &app.secrets, InteractionView::of).await
}

#[utoipa::path(get, path = "/api/v1/interactions/{interaction_id}", tag = "interactions",
    params(("interaction_id" = String, Path)),
    responses((status = 200, body = InteractionView, headers(("ETag" = String)))))]
/// Read an interaction with its online meeting, recordings and transcripts
pub(crate) async fn get_interaction(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (store, id) = (store_of(&app, &call)?, call.interaction_id()?);
    let engagement = engagements::get_interaction(&store, id).await?;
    Ok(reply(&app, &engagement))
}

#[utoipa::path(post, path = "/api/v1/interactions", tag = "interactions", request_body = InteractionBody,
    responses((status = 201, body = InteractionView, headers(("Location" = String), ("ETag" = String)))))]
/// Log an interaction
pub(crate) async fn log_interaction(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (by, now) = (&call.caller()?.user_id, app.core.ports.now());
    let draft = InteractionDraft::parse(&call.command::<InteractionBody>()?.into(), by, now)?;
    let render = |made: &Engagement| {
        let interaction = made.interaction.as_ref();
        let id = interaction.map(|interaction| interaction.interaction_id.to_string());
        let location = format!("/api/v1/interactions/{}", id.unwrap_or_default());
        Reply::created(&location, &InteractionView::of_engagement(made, now))
            .with_version(version_of(made))
    };
    let seal = call.seal(&render);
    let (desk, store) = (&app.recorder.desk, store_of(&app, &call)?);
    let made = engagements::log_interaction(desk, &store, by, draft, &seal).await?;
    Ok(seal.reply(&made))
}

#[utoipa::path(patch, path = "/api/v1/interactions/{interaction_id}", tag = "interactions",
    params(("interaction_id" = String, Path)), request_body = ChangeBody,
    responses((status = 200, body = InteractionView, headers(("ETag" = String)))))]
/// Change what an interaction says
pub(crate) async fn update_interaction(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let input = call.command::<ChangeBody>()?.into();
    let (desk, store) = (&app.recorder.desk, store_of(&app, &call)?);
    let (id, if_match) = (call.interaction_id()?, call.if_match()?);
    let changed = engagements::change_interaction(desk, &store, id, &input, if_match).await?;
    Ok(reply(&app, &changed))
}

#[utoipa::path(delete, path = "/api/v1/interactions/{interaction_id}", tag = "interactions",
    params(("interaction_id" = String, Path)),
    responses((status = 200, body = DeletedView)))]
/// Delete an interaction; an online meeting of it that lies ahead is cancelled first
pub(crate) async fn delete_interaction(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (desk, store) = (&app.recorder.desk, store_of(&app, &call)?);
    let (id, if_match) = (call.interaction_id()?, call.if_match()?);
    let warning = engagements::delete_interaction(desk, &store, id, if_match).await?;
    Ok(Reply::ok(&DeletedView::of(warning.as_ref())))
}

#[utoipa::path(get, path = "/api/v1/interaction-types", tag = "interactions",
    responses((status = 200, body = Listing<TypeView>)))]
/// List the types of interactions
pub(crate) async fn list_interaction_types(_: Arc<App>, _: Call) -> Result<Reply, Error> {
    Ok(Reply::ok(&Listing {
        items: InteractionType::ALL.map(TypeView::from).into(),
        next_cursor: None,
    }))
}
