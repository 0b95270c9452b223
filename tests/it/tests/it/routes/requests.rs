//! What each route takes, and what it answers to whom.

use serde_json::{Value, json};

use super::Foreign;

const ENTERPRISE: bool = cfg!(feature = "enterprise");

pub(super) fn posted_by_microsoft() -> (Option<Value>, u16, Foreign) {
    let status = if ENTERPRISE { 202 } else { 404 };
    (Some(json!({ "value": [] })), status, Foreign::Nameless)
}

pub(super) fn request_of(operation: &str) -> (Option<Value>, u16, Foreign) {
    use Foreign::{Lists, Makes, Nameless, NotFound, Unknown};
    match operation {
        // The community edition has no recordings.
        "issue_recording_ticket" | "open_recording" if !ENTERPRISE => (None, 404, NotFound),
        "get_control_schedule"
        | "get_meeting"
        | "list_occurrences"
        | "get_control"
        | "delete_meeting"
        | "cancel_meeting"
        | "schedule_meeting"
        | "get_user"
        | "get_contact"
        | "get_client"
        | "download_meeting_ics"
        | "download_appointment_ics"
        | "get_appointment_request"
        | "delete_appointment_request"
        | "generate_teams_meeting"
        | "get_schedule_entry"
        | "delete_schedule_entry"
        | "get_online_meeting"
        | "cancel_online_meeting"
        | "refresh_recordings"
        | "get_interaction"
        | "delete_interaction"
        | "issue_recording_ticket"
        | "get_document"
        | "download_document" => (None, 200, NotFound),
        "open_recording" => (None, 303, NotFound),
        "list_meetings"
        | "list_controls"
        | "list_users"
        | "list_contacts"
        | "list_clients"
        | "list_appointment_requests"
        | "list_schedule_entries"
        | "list_interactions" => (None, 200, Lists),
        "list_meeting_providers"
        | "open_ics_link"
        | "get_teams_integration"
        | "get_teams_capability"
        | "get_teams_diagnostics"
        | "list_interaction_types"
        | "get_mail_template" => (None, 200, Nameless),
        "put_teams_integration" => (Some(json!({ "download_recordings": true })), 200, Nameless),
        "verify_organizer" => (Some(json!({})), 200, Nameless),
        "put_mail_template" => (Some(json!({ "subject": "{{serviceName}}" })), 200, Nameless),
        // No calendar is configured here that could be asked.
        "list_slots" => (None, 503, NotFound),
        "put_control_schedule" => (Some(schedule()), 200, Makes),
        "complete_control_schedule" => {
            (Some(json!({ "completed_on": "2049-12-01" })), 200, NotFound)
        }
        "create_meeting" => (Some(meeting()), 201, Makes),
        "update_meeting" | "update_interaction" => {
            (Some(json!({ "title": "Another title" })), 200, NotFound)
        }
        "put_control" | "put_client" | "put_user" => {
            (Some(json!({ "name": "Another name" })), 200, Makes)
        }
        "put_contact" => (
            Some(json!({ "name": "Another name", "client_id": "any" })),
            200,
            Makes,
        ),
        "create_appointment_request" => (Some(appointment("2050-03-01")), 201, Makes),
        "import_appointment_requests" => {
            (Some(json!({ "appointment_requests": [] })), 200, Nameless)
        }
        "update_appointment_request" => (Some(json!({ "service_name": "Another" })), 200, NotFound),
        "approve_appointment_request" | "cancel_appointment_request" => {
            (Some(json!({})), 200, NotFound)
        }
        "reschedule_appointment_request" => (
            Some(json!({ "new_date": "2050-02-01", "new_time": "10:00" })),
            200,
            NotFound,
        ),
        "decline_appointment_request" => (Some(json!({ "reason": "no time" })), 200, NotFound),
        "move_schedule_entry" => (
            Some(json!({ "start": "2050-02-01T09:00:00Z" })),
            200,
            NotFound,
        ),
        // Without Teams nothing is scheduled, whoever is asked to come.
        "schedule_online_meeting" => (Some(online_meeting()), 503, Nameless),
        "reschedule_online_meeting" => (
            Some(json!({ "start": "2050-02-01T09:00:00Z", "end": "2050-02-01T10:00:00Z" })),
            200,
            NotFound,
        ),
        "log_interaction" => (
            Some(
                json!({ "type": "Call", "title": "Asked about it", "contact_id": "{contact_id}" }),
            ),
            201,
            Unknown,
        ),
        "update_document" => (Some(json!({ "is_client_visible": true })), 200, NotFound),
        "import_directory" => (Some(json!({ "users": [], "contacts": [] })), 200, Nameless),
        other => request_of_sessions(other),
    }
}

/// Of meetings with invitees, and what belongs to their users.
fn request_of_sessions(operation: &str) -> (Option<Value>, u16, Foreign) {
    use Foreign::{Lists, Nameless, NotFound, Unknown};
    match operation {
        "get_session"
        | "cancel_session"
        | "end_session"
        | "join_session"
        | "download_invitation"
        | "list_messages"
        | "read_notification" => (None, 200, NotFound),
        "list_sessions" | "list_notifications" => (None, 200, Lists),
        "read_all_notifications"
        | "show_answer_page"
        | "answer_by_link"
        | "get_calendar_connection" => (None, 200, Nameless),
        "delete_calendar_connection" => (None, 204, Nameless),
        // No provider is configured here whom the token could be shown to.
        "put_calendar_connection" => (Some(json!({ "refresh_token": "token" })), 503, Nameless),
        "create_session" => (Some(session()), 201, Unknown),
        "update_session" => (Some(json!({ "title": "Another title" })), 200, NotFound),
        "respond_to_invitation" => (Some(json!({ "response": "accepted" })), 200, NotFound),
        "post_message" => (Some(json!({ "body": "Here it is." })), 201, NotFound),
        other => {
            panic!("{other} is a route without a case in tests/it/tests/it/routes/requests.rs")
        }
    }
}

/// A schedule that meetings can be linked to.
pub(crate) fn schedule() -> Value {
    json!({ "frequency": "QUARTERLY", "next_due": "2050-01-14", "timezone": "Europe/Berlin" })
}

/// A meeting without attendees.
pub(crate) fn meeting() -> Value {
    json!({ "title": "PCI Scope Review", "frequency": "QUARTERLY", "provider": "ics",
        "start": "2050-01-14T09:00", "duration_minutes": 60, "timezone": "Europe/Berlin" })
}

/// An online meeting with a contact.
fn online_meeting() -> Value {
    json!({ "subject": "Review", "start": "2050-01-14T09:00:00Z", "end": "2050-01-14T10:00:00Z",
        "contact_id": "{contact_id}" })
}

/// A meeting with a contact, a colleague and somebody from outside.
pub(crate) fn session() -> Value {
    json!({ "title": "Kick-off", "start": "2050-01-14T09:00", "duration_minutes": 60, "timezone": "Europe/Berlin",
        "invitees": { "contact_ids": ["{contact_id}"], "user_ids": ["{user_id}"],
            "emails": ["eve@outside.example"] } })
}

/// An appointment request of somebody whom no directory knows.
pub(crate) fn appointment(date: &str) -> Value {
    json!({ "service_name": "Review", "requested_date": date, "requested_time": "09:00", "requested_duration": 60,
        "timezone": "Europe/Berlin", "requester": { "name": "Ida", "email": "ida@outside.example" } })
}
