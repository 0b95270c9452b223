//! The Teams integration of the caller's organisation (TS).

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::integration::IntegrationChange;
use convoke_platform::http::{Call, Reply};
use convoke_services::integration;

use crate::App;
use crate::wire::integration::{
    CapabilityView, DiagnosisView, IntegrationBody, IntegrationView, VerificationView, VerifyBody,
};

#[utoipa::path(get, path = "/api/v1/teams-integration", tag = "settings",
    responses((status = 200, body = IntegrationView, headers(("ETag" = String)))))]
/// Read the settings; the client secret is never shown
pub(crate) async fn get_teams_integration(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let settings = integration::get(&app.core, call.tenant()?).await?;
    Ok(Reply::ok(&IntegrationView::from(&settings)).with_version(settings.version))
}

#[utoipa::path(put, path = "/api/v1/teams-integration", tag = "settings", request_body = IntegrationBody,
    responses((status = 200, body = IntegrationView, headers(("ETag" = String))),
        (status = 501, description = "An organiser needs the enterprise edition")))]
/// Change the settings: what is absent stays, null clears
pub(crate) async fn put_teams_integration(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let change = IntegrationChange::from(call.command::<IntegrationBody>()?);
    let (tenant, if_match) = (call.tenant()?, call.if_match()?);
    let saved = integration::put(&app.core, &app.microsoft, tenant, &change, if_match).await?;
    Ok(Reply::ok(&IntegrationView::from(&saved)).with_version(saved.integration.version))
}

#[utoipa::path(post, path = "/api/v1/teams-integration/verify-organizer", tag = "settings",
    request_body = VerifyBody, responses((status = 200, body = VerificationView)))]
/// Test that meetings can be made on the organiser's behalf, with an event that is removed again
pub(crate) async fn verify_organizer(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let upn = call.command::<VerifyBody>()?.upn;
    let found = integration::verify(&app.core, &app.microsoft, call.tenant()?, upn.as_deref());
    Ok(Reply::ok(&VerificationView::from(found.await?)))
}

#[utoipa::path(get, path = "/api/v1/teams-integration/capability", tag = "settings",
    responses((status = 200, body = CapabilityView)))]
/// Tell whether a Teams meeting can be asked for
pub(crate) async fn get_teams_capability(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let store = app.core.store(call.tenant()?);
    let capability = app.microsoft.capability(&store).await?;
    Ok(Reply::ok(&CapabilityView::from(capability)))
}

#[utoipa::path(get, path = "/api/v1/teams-integration/diagnostics", tag = "settings",
    responses((status = 200, body = DiagnosisView)))]
/// Test the setup step by step
pub(crate) async fn get_teams_diagnostics(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let diagnosis = integration::diagnose(&app.core, &app.microsoft, call.tenant()?).await?;
    Ok(Reply::ok(&DiagnosisView::from(diagnosis)))
}
