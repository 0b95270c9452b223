//! Online meetings that staff schedule directly, and looking for the recordings
//! of any (OM-4, OM-7).

use std::sync::Arc;

use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::online_meeting::MeetingDraft;
use convoke_platform::http::{Call, Reply};
use convoke_services::capture;
use convoke_services::engagements::{self, Eyes, Handled, Scheduled};
use convoke_wire::{OnlineMeetingView, answer};

use super::store_of;
use crate::App;
use crate::wire::online_meeting::{HandledView, MoveBody, OnlineMeetingBody, ScheduledView};

fn version_of(engagement: &Engagement) -> u64 {
    let meeting = engagement.meeting.as_ref();
    meeting.map_or(0, |meeting| meeting.version)
}

fn reply(app: &App, engagement: &Engagement, eyes: &Eyes) -> Reply {
    let now = app.core.ports.now();
    Reply::ok(&OnlineMeetingView::of(engagement, eyes.is_staff(), now))
        .with_version(version_of(engagement))
}

#[utoipa::path(post, path = "/api/v1/online-meetings", tag = "online meetings", request_body = OnlineMeetingBody,
    responses((status = 201, body = ScheduledView, headers(("Location" = String), ("ETag" = String)))))]
/// Schedule a Teams meeting with its interaction
pub(crate) async fn schedule_online_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let by = &call.caller()?.user_id;
    let draft = MeetingDraft::parse(&call.command::<OnlineMeetingBody>()?.into(), by)?;
    let now = app.core.ports.now();
    let render = |scheduled: &Scheduled| {
        let meeting = scheduled.engagement.meeting.as_ref();
        let id = meeting.map(|meeting| meeting.online_meeting_id.to_string());
        let location = format!("/api/v1/online-meetings/{}", id.unwrap_or_default());
        Reply::created(&location, &ScheduledView::of(scheduled, now))
            .with_version(version_of(&scheduled.engagement))
    };
    let seal = call.seal(&render);
    let (desk, store) = (&app.recorder.desk, store_of(&app, &call)?);
    let scheduled = Box::pin(engagements::schedule(desk, &store, by, draft, &seal)).await?;
    Ok(seal.reply(&scheduled))
}

#[utoipa::path(get, path = "/api/v1/online-meetings/{online_meeting_id}", tag = "online meetings",
    params(("online_meeting_id" = String, Path)),
    responses((status = 200, body = OnlineMeetingView, headers(("ETag" = String)))))]
/// Read an online meeting with its recordings and transcripts; portal users their client's
pub(crate) async fn get_online_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let eyes = Eyes::of(call.caller()?);
    let id = call.online_meeting_id()?;
    let engagement = engagements::get_meeting(&store_of(&app, &call)?, id, &eyes).await?;
    Ok(reply(&app, &engagement, &eyes))
}

#[utoipa::path(post, path = "/api/v1/online-meetings/{online_meeting_id}/reschedule", tag = "online meetings",
    params(("online_meeting_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = MoveBody,
    responses((status = 200, body = HandledView, headers(("ETag" = String)))))]
/// Move an online meeting and what belongs to it
pub(crate) async fn reschedule_online_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let span = call.command::<MoveBody>()?.into_span()?;
    let render = |handled: &Handled| handled_reply(&app, handled);
    let seal = call.seal(&render);
    let (desk, store) = (&app.recorder.desk, store_of(&app, &call)?);
    let (id, if_match) = (call.online_meeting_id()?, call.if_match()?);
    let handled = engagements::reschedule_meeting(desk, &store, id, span, if_match, &seal).await?;
    Ok(answer(&seal, &handled))
}

#[utoipa::path(post, path = "/api/v1/online-meetings/{online_meeting_id}/cancel", tag = "online meetings",
    params(("online_meeting_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = HandledView, headers(("ETag" = String)))))]
/// Cancel an online meeting that lies ahead; an appointment stands without its link
pub(crate) async fn cancel_online_meeting(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let render = |handled: &Handled| handled_reply(&app, handled);
    let seal = call.seal(&render);
    let (desk, store) = (&app.recorder.desk, store_of(&app, &call)?);
    let (id, if_match) = (call.online_meeting_id()?, call.if_match()?);
    let handled = engagements::cancel_meeting(desk, &store, id, if_match, &seal).await?;
    Ok(answer(&seal, &handled))
}

fn handled_reply(app: &App, handled: &Handled) -> Reply {
    Reply::ok(&HandledView::of(handled, app.core.ports.now()))
        .with_version(version_of(&handled.engagement))
}

#[utoipa::path(post, path = "/api/v1/online-meetings/{online_meeting_id}/refresh-recordings", tag = "online meetings",
    params(("online_meeting_id" = String, Path)),
    responses((status = 200, body = OnlineMeetingView, headers(("ETag" = String)))))]
/// Look for recordings and transcripts now; what takes longer than 20 s goes on in the background
pub(crate) async fn refresh_recordings(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let (store, id) = (store_of(&app, &call)?, call.online_meeting_id()?);
    let engagement = Box::pin(capture::refresh(&app.recorder, &store, id)).await?;
    Ok(reply(&app, &engagement, &Eyes::Staff))
}
