//! Tickets for recordings (OM-9).

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::id::ArtifactId;
use convoke_platform::http::{Call, Reply};
use convoke_services::recordings::tickets::{self, Issued};
use http::{StatusCode, header};

use crate::App;
use crate::wire::TicketView;

#[utoipa::path(post, path = "/api/v1/online-meetings/recordings/{artifact_id}/ticket", tag = "recordings",
    params(("artifact_id" = String, Path)),
    responses((status = 200, body = TicketView)))]
/// Get an address that a recording plays from, without a token
pub(crate) async fn issue_recording_ticket(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let (url, ticket) = issue(&app, &call).await?;
    let view = TicketView {
        url,
        expires_at: ticket.expires_at,
    };
    Ok(secret(Reply::ok(&view)))
}

#[utoipa::path(get, path = "/api/v1/online-meetings/recordings/{artifact_id}", tag = "recordings",
    params(("artifact_id" = String, Path)),
    responses((status = 303, description = "To the address that the recording plays from, with a ticket",
        headers(("Location" = String))),
        (status = 409, description = "Its meeting was cancelled")))]
/// Go to where a recording plays from
pub(crate) async fn open_recording(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (url, _) = issue(&app, &call).await?;
    let reply = Reply::bytes(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    Ok(secret(reply.with_header(header::LOCATION, &url)))
}

async fn issue(app: &App, call: &Call) -> Result<(String, Issued), Error> {
    let id = ArtifactId::parse(call.param("artifact_id"));
    let id = id.ok_or(Error::NotFound { what: "recording" })?;
    let ticket = tickets::issue(&app.core, &app.secrets, call.caller()?, id).await?;
    let url = format!(
        "{}/recordings/{id}?ticket={}",
        app.streaming_url, ticket.token
    );
    Ok((url, ticket))
}

/// What carries a ticket is kept by nobody, and the address is told to nobody.
fn secret(reply: Reply) -> Reply {
    reply
        .with_header(header::REFERRER_POLICY, "no-referrer")
        .with_header(header::CACHE_CONTROL, "private, no-store")
}
