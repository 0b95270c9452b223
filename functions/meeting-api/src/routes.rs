//! Every route of the function, and who may call it.

use convoke_platform::http::{Access, Portal, Route};
use http::Method;

use crate::App;
use crate::handlers::{
    answers, calendar_connections, controls, conversations, directory, interactions, meetings,
    notifications, online_meetings, schedules, sessions,
};

macro_rules! route {
    ($method:ident $path:literal, Access::$access:ident, $module:ident :: $handler:ident) => {
        Route {
            method: Method::$method,
            path: $path,
            operation: stringify!($handler),
            access: Access::$access,
            handler: |app, call| Box::pin($module::$handler(app, call)),
        }
    };
    ($method:ident $path:literal, $permission:literal, $module:ident :: $handler:ident) => {
        route!($method $path, $permission, Refused, $module :: $handler)
    };
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

/// The permission table of `meeting-api`: for portal users only where it says so.
pub static ROUTES: &[Route<App>] = &[
    route!(PUT "/api/v1/orgs/{org_id}/controls/{control_id}/schedule", "controls:write", schedules::put_control_schedule),
    route!(GET "/api/v1/orgs/{org_id}/controls/{control_id}/schedule", "meetings:read", schedules::get_control_schedule),
    route!(POST "/api/v1/orgs/{org_id}/controls/{control_id}/schedule/complete", "controls:write", schedules::complete_control_schedule),
    route!(POST "/api/v1/orgs/{org_id}/controls/{control_id}/meetings", "meetings:write", meetings::create_meeting),
    route!(GET "/api/v1/orgs/{org_id}/meetings", "meetings:read", meetings::list_meetings),
    route!(GET "/api/v1/orgs/{org_id}/meetings/{meeting_id}", "meetings:read", meetings::get_meeting),
    route!(PATCH "/api/v1/orgs/{org_id}/meetings/{meeting_id}", "meetings:write", meetings::update_meeting),
    route!(DELETE "/api/v1/orgs/{org_id}/meetings/{meeting_id}", "meetings:write", meetings::delete_meeting),
    route!(POST "/api/v1/orgs/{org_id}/meetings/{meeting_id}/cancel", "meetings:write", meetings::cancel_meeting),
    route!(POST "/api/v1/orgs/{org_id}/meetings/{meeting_id}/schedule", "meetings:write", meetings::schedule_meeting),
    route!(GET "/api/v1/orgs/{org_id}/meetings/{meeting_id}/occurrences", "meetings:read", meetings::list_occurrences),
    route!(GET "/api/v1/orgs/{org_id}/meetings/{meeting_id}/slots", "meetings:read", meetings::list_slots),
    route!(GET "/api/v1/orgs/{org_id}/controls", "meetings:read", controls::list_controls),
    route!(PUT "/api/v1/orgs/{org_id}/controls/{control_id}", "controls:write", controls::put_control),
    route!(GET "/api/v1/orgs/{org_id}/controls/{control_id}", "meetings:read", controls::get_control),
    route!(GET "/api/v1/orgs/{org_id}/meeting-providers", "meetings:read", meetings::list_meeting_providers),
    route!(PUT "/api/v1/users/{user_id}", "directory:write", directory::put_user),
    route!(GET "/api/v1/users/{user_id}", "directory:read", directory::get_user),
    route!(GET "/api/v1/users", "directory:read", directory::list_users),
    route!(PUT "/api/v1/contacts/{contact_id}", "directory:write", directory::put_contact),
    route!(GET "/api/v1/contacts/{contact_id}", "directory:read", directory::get_contact),
    route!(GET "/api/v1/contacts", "directory:read", directory::list_contacts),
    route!(PUT "/api/v1/clients/{client_id}", "directory:write", directory::put_client),
    route!(GET "/api/v1/clients/{client_id}", "directory:read", directory::get_client),
    route!(GET "/api/v1/clients", "directory:read", directory::list_clients),
    route!(POST "/api/v1/directory/import", "directory:write", directory::import_directory),
    route!(POST "/api/v1/online-meetings", "user_schedule:update", online_meetings::schedule_online_meeting),
    route!(GET "/api/v1/online-meetings/{online_meeting_id}", "interaction:read", Own, online_meetings::get_online_meeting),
    route!(POST "/api/v1/online-meetings/{online_meeting_id}/reschedule", "user_schedule:update", online_meetings::reschedule_online_meeting),
    route!(POST "/api/v1/online-meetings/{online_meeting_id}/cancel", "user_schedule:update", online_meetings::cancel_online_meeting),
    route!(POST "/api/v1/online-meetings/{online_meeting_id}/refresh-recordings", "interaction:update", online_meetings::refresh_recordings),
    route!(GET "/api/v1/interactions", "interaction:read", interactions::list_interactions),
    route!(POST "/api/v1/interactions", "interaction:update", interactions::log_interaction),
    route!(GET "/api/v1/interactions/{interaction_id}", "interaction:read", interactions::get_interaction),
    route!(PATCH "/api/v1/interactions/{interaction_id}", "interaction:update", interactions::update_interaction),
    route!(DELETE "/api/v1/interactions/{interaction_id}", "interaction:delete", interactions::delete_interaction),
    route!(GET "/api/v1/interaction-types", "interaction:read", interactions::list_interaction_types),
    route!(POST "/api/v1/meetings", "meetings:write", sessions::create_session),
    route!(GET "/api/v1/meetings", Access::Member, sessions::list_sessions),
    route!(GET "/api/v1/meetings/{meeting_id}", Access::Member, sessions::get_session),
    route!(PATCH "/api/v1/meetings/{meeting_id}", Access::AnyInternal, sessions::update_session),
    route!(POST "/api/v1/meetings/{meeting_id}/cancel", Access::AnyInternal, sessions::cancel_session),
    route!(POST "/api/v1/meetings/{meeting_id}/end", Access::AnyInternal, sessions::end_session),
    route!(POST "/api/v1/meetings/{meeting_id}/invitations/{invitation_id}/respond", Access::Member, sessions::respond_to_invitation),
    route!(POST "/api/v1/meetings/{meeting_id}/join", Access::Member, sessions::join_session),
    route!(GET "/api/v1/conversations/{conversation_id}/messages", Access::Member, conversations::list_messages),
    route!(POST "/api/v1/conversations/{conversation_id}/messages", Access::Member, conversations::post_message),
    route!(GET "/api/v1/notifications", Access::AnyInternal, notifications::list_notifications),
    route!(POST "/api/v1/notifications/{notification_id}/read", Access::AnyInternal, notifications::read_notification),
    route!(POST "/api/v1/notifications/read-all", Access::AnyInternal, notifications::read_all_notifications),
    route!(PUT "/api/v1/calendar-connections/{provider}", Access::AnyInternal, calendar_connections::put_calendar_connection),
    route!(GET "/api/v1/calendar-connections/{provider}", Access::AnyInternal, calendar_connections::get_calendar_connection),
    route!(DELETE "/api/v1/calendar-connections/{provider}", Access::AnyInternal, calendar_connections::delete_calendar_connection),
    route!(GET "/rsvp/{token}", Access::SignedLink, answers::show_answer_page),
    route!(POST "/rsvp/{token}", Access::SignedLink, answers::answer_by_link),
];
