//! Every route of the function, and who may call it.

use convoke_platform::http::{Access, Portal, Route};
use http::Method;

use crate::App;
use crate::handlers::{entries, requests};

macro_rules! route {
    ($method:ident $path:literal, $permission:literal, $portal:ident, $module:ident :: $handler:ident) => {
        Route {
            method: Method::$method,
            path: $path,
            operation: stringify!($handler),
            access: Access::Permission($permission, Portal::$portal),
            handler: |app, call| Box::pin($module::$handler(app, call)),
        }
    };
}

/// The permission table of `approval`.
pub static ROUTES: &[Route<App>] = &[
    route!(POST "/api/v1/appointment-requests", "appointments:request", Own, requests::create_appointment_request),
    route!(GET "/api/v1/appointment-requests", "appointments:read", Own, requests::list_appointment_requests),
    route!(POST "/api/v1/appointment-requests/import", "tenant_integrations:update", Refused, requests::import_appointment_requests),
    route!(GET "/api/v1/appointment-requests/{appointment_request_id}", "appointments:read", Own, requests::get_appointment_request),
    route!(PATCH "/api/v1/appointment-requests/{appointment_request_id}", "user_schedule:update", Own, requests::update_appointment_request),
    route!(DELETE "/api/v1/appointment-requests/{appointment_request_id}", "user_schedule:update", Refused, requests::delete_appointment_request),
    route!(POST "/api/v1/appointment-requests/{appointment_request_id}/approve", "user_schedule:update", Refused, requests::approve_appointment_request),
    route!(POST "/api/v1/appointment-requests/{appointment_request_id}/generate-meeting", "user_schedule:update", Refused, requests::generate_teams_meeting),
    route!(POST "/api/v1/appointment-requests/{appointment_request_id}/reschedule", "user_schedule:update", Refused, requests::reschedule_appointment_request),
    route!(POST "/api/v1/appointment-requests/{appointment_request_id}/decline", "user_schedule:update", Refused, requests::decline_appointment_request),
    route!(POST "/api/v1/appointment-requests/{appointment_request_id}/cancel", "user_schedule:update", Own, requests::cancel_appointment_request),
    route!(GET "/api/v1/schedule-entries", "user_schedule:read", Refused, entries::list_schedule_entries),
    route!(GET "/api/v1/schedule-entries/{schedule_entry_id}", "user_schedule:read", Refused, entries::get_schedule_entry),
    route!(PATCH "/api/v1/schedule-entries/{schedule_entry_id}", "user_schedule:update", Refused, entries::move_schedule_entry),
    route!(DELETE "/api/v1/schedule-entries/{schedule_entry_id}", "user_schedule:update", Refused, entries::delete_schedule_entry),
];
