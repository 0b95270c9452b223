//! This function's part of the OpenAPI document.

use utoipa::OpenApi;

use crate::handlers::{
    answers, calendar_connections, controls, conversations, directory, interactions, meetings,
    notifications, online_meetings, schedules, sessions,
};

#[derive(OpenApi)]
#[openapi(paths(
    schedules::put_control_schedule,
    schedules::get_control_schedule,
    schedules::complete_control_schedule,
    meetings::create_meeting,
    meetings::list_meetings,
    meetings::get_meeting,
    meetings::update_meeting,
    meetings::delete_meeting,
    meetings::cancel_meeting,
    meetings::schedule_meeting,
    meetings::list_occurrences,
    meetings::list_slots,
    meetings::list_meeting_providers,
    controls::list_controls,
    controls::get_control,
    controls::put_control,
    directory::put_user,
    directory::get_user,
    directory::list_users,
    directory::put_contact,
    directory::get_contact,
    directory::list_contacts,
    directory::put_client,
    directory::get_client,
    directory::list_clients,
    directory::import_directory,
    online_meetings::schedule_online_meeting,
    online_meetings::get_online_meeting,
    online_meetings::reschedule_online_meeting,
    online_meetings::cancel_online_meeting,
    online_meetings::refresh_recordings,
    interactions::list_interactions,
    interactions::log_interaction,
    interactions::get_interaction,
    interactions::update_interaction,
    interactions::delete_interaction,
    interactions::list_interaction_types,
    sessions::create_session,
    sessions::list_sessions,
    sessions::get_session,
    sessions::update_session,
    sessions::cancel_session,
    sessions::end_session,
    sessions::respond_to_invitation,
    sessions::join_session,
    conversations::list_messages,
    conversations::post_message,
    notifications::list_notifications,
    notifications::read_notification,
    notifications::read_all_notifications,
    calendar_connections::put_calendar_connection,
    calendar_connections::get_calendar_connection,
    calendar_connections::delete_calendar_connection,
    answers::show_answer_page,
    answers::answer_by_link,
))]
struct Paths;

/// The paths and schemas of `meeting-api`.
pub fn document() -> utoipa::openapi::OpenApi {
    Paths::openapi()
}
