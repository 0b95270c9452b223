//! This function's part of the OpenAPI document.

use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths())]
struct Paths;

/// The paths and schemas of `settings`.
pub fn document() -> utoipa::openapi::OpenApi {
    Paths::openapi()
}
