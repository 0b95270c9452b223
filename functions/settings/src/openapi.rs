//! This function's part of the OpenAPI document.

use utoipa::OpenApi;

use crate::handlers::{integration, templates};

#[derive(OpenApi)]
#[openapi(paths(
    integration::get_teams_integration,
    integration::put_teams_integration,
    integration::verify_organizer,
    integration::get_teams_capability,
    integration::get_teams_diagnostics,
    templates::get_mail_template,
    templates::put_mail_template,
))]
struct Paths;

/// The paths and schemas of `settings`.
pub fn document() -> utoipa::openapi::OpenApi {
    Paths::openapi()
}
