//! Downloads of .ics files: with a token, or by a signed link that any
//! calendar program can open.

use std::sync::Arc;

use convoke_domain::appointment::{self, AppointmentRequest};
use convoke_domain::error::Error;
use convoke_domain::ics::{self, CalendarEvent};
use convoke_domain::id::{AppointmentRequestId, MeetingId};
use convoke_domain::meeting::{Meeting, calendar_event};
use convoke_domain::session::{self, Readers, Session};
use convoke_platform::aws;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::http::{Access, Call, Edge, EdgeParts, Portal, Reply, Route};
use convoke_platform::link::{self, Target};
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;
use convoke_services::core::Core;
use convoke_services::engagements::{self, Eyes};
use convoke_services::meetings;
use convoke_services::sessions::{self, Membership};
use http::{Method, StatusCode, header};
use utoipa::OpenApi;

/// The function's state, built once per process.
pub struct App {
    /// Store, clock and ids.
    pub core: Core,
    /// Keys of signed links.
    pub secrets: Secrets,
    /// The deployment's UID domain.
    pub domain: String,
}

/// The permission table of `ics-download`.
pub static ROUTES: &[Route<App>] = &[
    Route {
        method: Method::GET,
        path: "/api/v1/orgs/{org_id}/meetings/{meeting_id}/ics",
        operation: "download_meeting_ics",
        access: Access::Permission("meetings:read", Portal::Refused),
        handler: |app, call| Box::pin(download_meeting_ics(app, call)),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/appointment-requests/{appointment_request_id}/ics",
        operation: "download_appointment_ics",
        access: Access::Permission("appointments:read", Portal::Own),
        handler: |app, call| Box::pin(download_appointment_ics(app, call)),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/meetings/{meeting_id}/invitation",
        operation: "download_invitation",
        access: Access::Member,
        handler: |app, call| Box::pin(download_invitation(app, call)),
    },
    Route {
        method: Method::GET,
        path: "/ics/{token}",
        operation: "open_ics_link",
        access: Access::SignedLink,
        handler: |app, call| Box::pin(open_ics_link(app, call)),
    },
];

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<Edge<App>, lambda_http::Error> {
    let sdk = aws::load().await;
    let ports = Ports::system();
    let app = App {
        core: Core::new(aws::store(&sdk, environment)?, ports.clone()),
        secrets: aws::secrets(&sdk, environment)?,
        domain: environment.required("CONVOKE_DOMAIN")?,
    };
    edge(app, environment, ports)
}

/// Puts the routes in front of a ready-made state.
pub fn edge(
    app: App,
    environment: &Environment,
    ports: Ports,
) -> Result<Edge<App>, lambda_http::Error> {
    // Reads only: who downloads is noted where they do something.
    let hook = None;
    let store = app.core.table().clone();
    let parts = EdgeParts::of_environment(environment, store, ports, hook)?;
    Ok(Edge::new(parts, Arc::new(app), ROUTES)?)
}

#[derive(OpenApi)]
#[openapi(paths(
    download_meeting_ics,
    download_appointment_ics,
    download_invitation,
    open_ics_link
))]
struct Paths;

/// This function's part of the OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    Paths::openapi()
}

#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/meetings/{meeting_id}/ics", tag = "ics",
    params(("org_id" = String, Path), ("meeting_id" = String, Path)),
    responses((status = 200, content_type = "text/calendar", body = String,
        headers(("Content-Disposition" = String), ("ETag" = String)))))]
/// Download a control meeting as an .ics file
async fn download_meeting_ics(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    file_of(&app, call.tenant()?, call.meeting_id()?).await
}

#[utoipa::path(get, path = "/ics/{token}", tag = "ics", params(("token" = String, Path)), security(()),
    responses((status = 200, content_type = "text/calendar", body = String,
        headers(("Content-Disposition" = String), ("ETag" = String))),
        (status = 409, description = "The appointment was never approved; the meeting was cancelled or has ended")))]
/// Open the .ics file that a signed link leads to
async fn open_ics_link(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let now = app.core.ports.now();
    let (tenant, target) = link::open(&app.secrets, call.param("token"), now).await?;
    match target {
        Target::Meeting(id) => file_of(&app, &tenant, id).await,
        Target::Session(id, reader) => {
            let held = sessions::load(&app.core.store(&tenant), id).await?;
            // A link is of use to its reader for as long as they are invited.
            let invited = held.filter(|held| held.session.invitee(reader).is_some());
            let held = invited.ok_or(Error::NotFound { what: "meeting" })?;
            file_of_session(&app, &held.session)
        }
        Target::Appointment(id) => {
            let request = engagements::get_request(&app.core, &tenant, id).await?;
            file_of_appointment(&app, &request)
        }
    }
}

#[utoipa::path(get, path = "/api/v1/appointment-requests/{appointment_request_id}/ics", tag = "ics",
    params(("appointment_request_id" = String, Path)),
    responses((status = 200, content_type = "text/calendar", body = String,
        headers(("Content-Disposition" = String), ("ETag" = String))),
        (status = 409, description = "It was never approved")))]
/// Download an approved appointment as an .ics file
async fn download_appointment_ics(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let id = AppointmentRequestId::parse(call.param("appointment_request_id"));
    let id = id.ok_or(Error::NotFound {
        what: "appointment request",
    })?;
    let request = engagements::get_request(&app.core, call.tenant()?, id).await?;
    Eyes::of(call.caller()?).require_to_see(&request)?;
    file_of_appointment(&app, &request)
}

#[utoipa::path(get, path = "/api/v1/meetings/{meeting_id}/invitation", tag = "ics",
    params(("meeting_id" = String, Path)),
    responses((status = 200, content_type = "text/calendar", body = String,
        headers(("Content-Disposition" = String), ("ETag" = String))),
        (status = 409, description = "It was cancelled, or has ended")))]
/// Download a meeting with invitees as an .ics file: its host and whoever is invited
async fn download_invitation(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let store = app.core.store(call.tenant()?);
    let (held, membership) = sessions::enter(&store, call.session_id()?, call.caller()?).await?;
    // Who manages all meetings is no part of this one.
    if membership == Membership::Admin && !sessions::takes_part(&held.session, call.caller()?) {
        return Err(Error::NotFound { what: "meeting" });
    }
    file_of_session(&app, &held.session)
}

/// The file of a session that stands (IV-5).
fn file_of_session(app: &App, session: &Session) -> Result<Reply, Error> {
    session.require_scheduled()?;
    let event = session::calendar_event(session, &app.domain, Readers::Everyone);
    file_reply(&event, &session.title, session.version)
}

/// The file of an appointment: one read. One that was never approved has none.
fn file_of_appointment(app: &App, request: &AppointmentRequest) -> Result<Reply, Error> {
    if request.approved_at.is_none() {
        return Err(Error::conflict(
            "request_not_approved",
            "only an approved appointment has a calendar file",
        ));
    }
    let event = appointment::calendar_event(request, &app.domain);
    file_reply(&event, &request.service_name, request.version)
}

/// The file of a meeting (CM-9): one read, whatever the provider.
async fn file_of(app: &App, tenant: &Tenant, id: MeetingId) -> Result<Reply, Error> {
    let meeting: Meeting = meetings::get(&app.core, tenant, id).await?;
    let event = calendar_event(&meeting, &app.domain);
    file_reply(&event, &meeting.title, meeting.version)
}

fn file_reply(event: &CalendarEvent, title: &str, version: u64) -> Result<Reply, Error> {
    let file = ics::write_calendar(None, std::slice::from_ref(event))
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(Reply::bytes(StatusCode::OK, ics::CONTENT_TYPE, file)
        .with_header(
            header::CONTENT_DISPOSITION,
            &ics::content_disposition(title),
        )
        .with_version(version))
}
