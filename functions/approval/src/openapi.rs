//! This function's part of the OpenAPI document.

use utoipa::OpenApi;

use crate::handlers::{entries, requests};

#[derive(OpenApi)]
#[openapi(paths(
    requests::create_appointment_request,
    requests::list_appointment_requests,
    requests::import_appointment_requests,
    requests::get_appointment_request,
    requests::update_appointment_request,
    requests::delete_appointment_request,
    requests::approve_appointment_request,
    requests::generate_teams_meeting,
    requests::reschedule_appointment_request,
    requests::decline_appointment_request,
    requests::cancel_appointment_request,
    entries::list_schedule_entries,
    entries::get_schedule_entry,
    entries::move_schedule_entry,
    entries::delete_schedule_entry,
))]
struct Paths;

/// The paths and schemas of `approval`.
pub fn document() -> utoipa::openapi::OpenApi {
    Paths::openapi()
}
