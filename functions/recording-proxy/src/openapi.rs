//! This function's part of the OpenAPI document.

use utoipa::OpenApi;

use crate::handlers::{documents, recordings};

#[derive(OpenApi)]
#[openapi(paths(
    recordings::issue_recording_ticket,
    recordings::open_recording,
    documents::get_document,
    documents::update_document,
    documents::download_document,
))]
struct Paths;

/// The paths and schemas of `recording-proxy`.
pub fn document() -> utoipa::openapi::OpenApi {
    Paths::openapi()
}
