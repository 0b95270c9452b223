//! Control meetings (CM-1, CM-2, CM-5 to CM-12).

use std::sync::Arc;

use chrono::TimeDelta;
use convoke_domain::error::Error;
use convoke_domain::id::ControlId;
use convoke_domain::meeting::{Meeting, MeetingDraft};
use convoke_domain::provider::ProviderKind;
use convoke_platform::http::{Call, ListRequest, Listing, Reply, query};
use convoke_platform::keyring::Keyring;
use convoke_platform::link::{self, Target};
use convoke_platform::tenant::Tenant;
use convoke_services::meetings::{self, MeetingFilter, Scheduled, Warning};

use crate::App;
use crate::wire::command::{ChangeBody, MeetingBody};
use crate::wire::meeting::{
    DeletedView, MeetingView, OccurrenceView, ProviderView, ScheduledView, SlotView, WarningView,
};

/// Makes views of a tenant's meetings, with signed links to their files.
struct Viewer<'a> {
    app: &'a App,
    ring: Keyring,
    tenant: &'a Tenant,
}

impl<'a> Viewer<'a> {
    async fn new(app: &'a App, call: &'a Call) -> Result<Self, Error> {
        Ok(Self {
            app,
            ring: app.secrets.keyring().await?,
            tenant: call.tenant()?,
        })
    }

    fn view(&self, meeting: &Meeting) -> MeetingView {
        let now = self.app.core.ports.now();
        // Signing fails only where HMAC itself does; the meeting is shown all the same.
        let token = link::sign(
            &self.ring,
            self.tenant,
            Target::Meeting(meeting.meeting_id),
            now,
        )
        .unwrap_or_default();
        MeetingView::of(meeting, format!("{}/ics/{token}", self.app.public_url))
    }

    fn reply(&self, meeting: &Meeting) -> Reply {
        Reply::ok(&self.view(meeting)).with_version(meeting.version)
    }
}

#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/controls/{control_id}/meetings", tag = "control meetings",
    params(("org_id" = String, Path), ("control_id" = String, Path)), request_body = MeetingBody,
    responses((status = 201, body = MeetingView, headers(("Location" = String), ("ETag" = String)))))]
/// Create a recurring meeting against a control
pub(crate) async fn create_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (input, schedule_id) = call.command::<MeetingBody>()?.into_input();
    let draft = MeetingDraft::parse(input)?;
    let viewer = Viewer::new(&app, &call).await?;
    let render = |meeting: &Meeting| {
        let location = format!(
            "/api/v1/orgs/{}/meetings/{}",
            viewer.tenant.id(),
            meeting.meeting_id
        );
        Reply::created(&location, &viewer.view(meeting)).with_version(meeting.version)
    };
    let seal = call.seal(&render);
    let control_id = call.control_id()?;
    let meeting = meetings::create(
        &app.core,
        viewer.tenant,
        &control_id,
        draft,
        schedule_id.as_deref(),
        &seal,
    )
    .await?;
    Ok(seal.reply(&meeting))
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/meetings", tag = "control meetings",
    params(("org_id" = String, Path), ("control_id" = Option<String>, Query), ("provider" = Option<String>, Query),
        ("due_before" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<MeetingView>)))]
/// List meetings by next occurrence
pub(crate) async fn list_meetings(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let filter = MeetingFilter {
        control_id: query::text(&call, "control_id")?
            .map(ControlId::parse)
            .transpose()
            .map_err(|error| Error::Malformed {
                code: "invalid_query",
                message: format!("control_id: {error}"),
            })?,
        provider: query::text(&call, "provider")?.map(ProviderKind::parse_or_mock),
        due_before: query::instant(&call, "due_before")?,
    };
    let request = ListRequest::read(&call, &app.secrets).await?;
    let viewer = Viewer::new(&app, &call).await?;
    let page = meetings::list(
        &app.core,
        viewer.tenant,
        &filter,
        request.limit,
        request.after.clone(),
    )
    .await?;
    request
        .reply(page, &app.secrets, |meeting| viewer.view(meeting))
        .await
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}", tag = "control meetings",
    params(("org_id" = String, Path), ("meeting_id" = String, Path)),
    responses((status = 200, body = MeetingView, headers(("ETag" = String)))))]
/// Read a meeting
pub(crate) async fn get_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let viewer = Viewer::new(&app, &call).await?;
    let meeting = meetings::get(&app.core, viewer.tenant, call.meeting_id()?).await?;
    Ok(viewer.reply(&meeting))
}

#[utoipa::path(patch, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}", tag = "control meetings",
    params(("org_id" = String, Path), ("meeting_id" = String, Path)), request_body = ChangeBody,
    responses((status = 200, body = MeetingView, headers(("ETag" = String)))))]
/// Change a meeting; its calendar event follows in the background
pub(crate) async fn update_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (input, link) = call.command::<ChangeBody>()?.into_input();
    let viewer = Viewer::new(&app, &call).await?;
    let id = call.meeting_id()?;
    let meeting = meetings::update(
        &app.core,
        viewer.tenant,
        id,
        &input,
        &link,
        call.if_match()?,
    )
    .await?;
    Ok(viewer.reply(&meeting))
}

#[utoipa::path(delete, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}", tag = "control meetings",
    params(("org_id" = String, Path), ("meeting_id" = String, Path)),
    responses((status = 200, body = DeletedView)))]
/// Delete a meeting and its calendar event
pub(crate) async fn delete_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (tenant, id) = (call.tenant()?, call.meeting_id()?);
    let warning = meetings::delete(&app.core, &app.providers, tenant, id, call.if_match()?).await?;
    Ok(Reply::ok(&DeletedView {
        warning: warning.as_ref().map(WarningView::from),
    }))
}

#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}/cancel", tag = "control meetings",
    params(("org_id" = String, Path), ("meeting_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = MeetingView, headers(("ETag" = String)))))]
/// Cancel a meeting and remove its calendar event
pub(crate) async fn cancel_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let viewer = Viewer::new(&app, &call).await?;
    let render = |(meeting, warning): &(Meeting, Option<Warning>)| {
        Reply::ok(&viewer.view(meeting).with_warning(warning.as_ref()))
            .with_version(meeting.version)
    };
    let seal = call.seal(&render);
    let id = call.meeting_id()?;
    let cancelled = meetings::cancel(
        &app.core,
        &app.providers,
        viewer.tenant,
        id,
        call.if_match()?,
        &seal,
    )
    .await?;
    // What was stored with the cancellation could not know of the warning.
    Ok(match &cancelled.1 {
        Some(_) => seal.reply_unstored(&cancelled),
        None => seal.reply(&cancelled),
    })
}

#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}/schedule", tag = "control meetings",
    params(("org_id" = String, Path), ("meeting_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ScheduledView, headers(("ETag" = String)))))]
/// Put the meeting on its provider's calendar, or update it there
pub(crate) async fn schedule_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let render = |scheduled: &Scheduled| {
        Reply::ok(&ScheduledView::from(scheduled)).with_version(scheduled.meeting.version)
    };
    let seal = call.seal(&render);
    let (tenant, id) = (call.tenant()?, call.meeting_id()?);
    let scheduled = meetings::schedule(
        &app.core,
        &app.providers,
        tenant,
        id,
        call.if_match()?,
        &seal,
    )
    .await?;
    Ok(seal.reply(&scheduled))
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}/occurrences", tag = "control meetings",
    params(("org_id" = String, Path), ("meeting_id" = String, Path),
        ("count" = Option<u32>, Query, minimum = 1, maximum = 100)),
    responses((status = 200, body = Listing<OccurrenceView>)))]
/// Preview the next occurrences
pub(crate) async fn list_occurrences(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let count = query::number(&call, "count", 10, 1..=100)?;
    let meeting = meetings::get(&app.core, call.tenant()?, call.meeting_id()?).await?;
    let duration = TimeDelta::minutes(meeting.duration_minutes.into());
    let items = meeting
        .next_occurrence()
        .into_iter()
        .flat_map(|next| meeting.cadence.occurrences_from(next.index))
        .take(count as usize)
        .map(|one| OccurrenceView::new(one.date(), one.start, one.start + duration))
        .collect();
    Ok(Reply::ok(&Listing::<OccurrenceView> {
        items,
        next_cursor: None,
    }))
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}/slots", tag = "control meetings",
    params(("org_id" = String, Path), ("meeting_id" = String, Path),
        ("from" = Option<String>, Query), ("to" = Option<String>, Query)),
    responses((status = 200, body = Listing<SlotView>),
        (status = 409, description = "Cancelled, or without a next occurrence")))]
/// Offer times at which organiser and required attendees are free
pub(crate) async fn list_slots(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (from, to) = (query::instant(&call, "from")?, query::instant(&call, "to")?);
    let (tenant, id) = (call.tenant()?, call.meeting_id()?);
    let slots = meetings::slots(&app.core, &app.providers, tenant, id, from, to).await?;
    let items = slots.into_iter().map(SlotView::from).collect();
    Ok(Reply::ok(&Listing::<SlotView> {
        items,
        next_cursor: None,
    }))
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/meeting-providers", tag = "control meetings",
    params(("org_id" = String, Path)), responses((status = 200, body = Vec<ProviderView>)))]
/// List the calendars and what each still needs
pub(crate) async fn list_meeting_providers(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let store = app.core.store(call.tenant()?);
    let mut items = vec![];
    for provider in app.providers.iter() {
        let missing_keys = provider.missing_keys(&store).await?;
        items.push(ProviderView {
            provider: provider.kind().as_str(),
            configured: missing_keys.is_empty(),
            behaviour: provider.behaviour(),
            missing_keys,
        });
    }
    Ok(Reply::ok(&items))
}
