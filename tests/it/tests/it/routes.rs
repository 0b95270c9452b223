//! Every route of the API, with a request that it takes: for the tests that
//! drive them all. A route without a case here fails those tests.

mod estate;

use chrono::TimeDelta;
use convoke_local::Stack;
use convoke_platform::http::{Access, Portal};
use convoke_platform::queue::Incoming;
use convoke_platform::tenant::Tenant;
use http::Method;
use it::api::{ALL_SCOPES, Answer};
use it::clock::TestClock;
use it::deployed;
use it::gateway::Event;
use it::process::Process;
use serde_json::{Value, json};

pub(crate) use self::estate::Estate;

/// When these tests take place: late enough that the deployed stack's own
/// sweeper, which goes by the machine's clock, finds nothing of theirs due.
pub(crate) const NOW: &str = "2049-12-01T08:00:00Z";

const ENTERPRISE: bool = cfg!(feature = "enterprise");

/// Which function serves a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    MeetingApi,
    IcsDownload,
    Settings,
    Approval,
    RecordingProxy,
    GraphWebhook,
}

/// What a route answers to ids that only another tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// There is no such thing.
    NotFound,
    /// A list of the caller's own, in which nothing of the other's appears.
    Lists,
    /// It makes one of the caller's own under that id.
    Makes,
    /// It names nothing of a tenant's.
    Nameless,
    /// Its body names somebody whom the directory does not know.
    Unknown,
}

/// A route and a request that it takes.
pub(crate) struct Case {
    pub(crate) service: Service,
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) access: Access,
    pub(crate) body: Option<Value>,
    pub(crate) foreign: Foreign,
    /// The answer to a caller who may.
    pub(crate) status: u16,
}

impl Case {
    /// The permission that the route asks for.
    pub(crate) fn permission(&self) -> Option<&'static str> {
        match self.access {
            Access::Permission(permission, _) => Some(permission),
            Access::AnyInternal | Access::SignedLink | Access::Webhook => None,
        }
    }

    /// Whether anybody has to have a token.
    pub(crate) fn has_caller(&self) -> bool {
        !matches!(self.access, Access::SignedLink | Access::Webhook)
    }

    /// Whether portal users may, for what is their own.
    pub(crate) fn is_for_portal(&self) -> bool {
        matches!(self.access, Access::Permission(_, Portal::Own))
    }

    /// Who may, in a word.
    pub(crate) fn who(&self) -> &'static str {
        match self.access {
            Access::Permission(permission, _) => permission,
            Access::AnyInternal => "any-internal",
            Access::SignedLink => "signed-link",
            Access::Webhook => "webhook",
        }
    }

    /// The request, with the ids of an estate, on behalf of nobody.
    pub(crate) fn event(&self, ids: &Estate) -> Event {
        self.event_in(&ids.org, ids)
    }

    /// The request in an organisation, with all other ids of an estate.
    pub(crate) fn event_in(&self, org: &str, ids: &Estate) -> Event {
        let target = format!("{}{}", self.template, self.query());
        let target = ids.fill(&target.replace("{org_id}", org));
        let event = Event::new(self.method.as_str(), &target);
        self.body_with(ids).iter().fold(event, Event::json)
    }

    /// The body, with the ids of an estate.
    pub(crate) fn body_with(&self, ids: &Estate) -> Option<Value> {
        let mut body = self.body.clone()?;
        for value in body.as_object_mut()?.values_mut() {
            if let Value::String(text) = value
                && text.ends_with("_id}")
            {
                *text = ids.fill(text);
            }
        }
        Some(body)
    }

    /// The query that the route does not go without.
    pub(crate) fn query(&self) -> &'static str {
        match self.operation {
            "list_interactions" => "?client_id={client_id}",
            _ => "",
        }
    }

    /// Sends an event to the function that serves the route.
    pub(crate) async fn send(&self, process: &Process, event: Event) -> Answer {
        match self.service {
            Service::MeetingApi => process.api(event).await,
            Service::IcsDownload => process.ics(event).await,
            Service::Settings => process.settings(event).await,
            Service::Approval => process.approval(event).await,
            Service::RecordingProxy => process.recordings(event).await,
            Service::GraphWebhook => process.webhook(event).await,
        }
    }
}

/// A case per route of all permission tables.
pub(crate) fn cases() -> Vec<Case> {
    let meeting_api = meeting_api::routes::ROUTES.iter().map(|route| {
        (
            Service::MeetingApi,
            &route.method,
            route.path,
            route.operation,
            route.access,
        )
    });
    let ics_download = ics_download::ROUTES.iter().map(|route| {
        (
            Service::IcsDownload,
            &route.method,
            route.path,
            route.operation,
            route.access,
        )
    });
    let settings = settings::routes::ROUTES.iter().map(|route| {
        (
            Service::Settings,
            &route.method,
            route.path,
            route.operation,
            route.access,
        )
    });
    let approval = approval::routes::ROUTES.iter().map(|route| {
        (
            Service::Approval,
            &route.method,
            route.path,
            route.operation,
            route.access,
        )
    });
    let recording_proxy = recording_proxy::routes::ROUTES.iter().map(|route| {
        (
            Service::RecordingProxy,
            &route.method,
            route.path,
            route.operation,
            route.access,
        )
    });
    let graph_webhook = graph_webhook::ROUTES.iter().map(|route| {
        (
            Service::GraphWebhook,
            &route.method,
            route.path,
            route.operation,
            route.access,
        )
    });
    meeting_api
        .chain(ics_download)
        .chain(settings)
        .chain(approval)
        .chain(recording_proxy)
        .chain(graph_webhook)
        .map(|(service, method, template, operation, access)| {
            let (body, status, foreign) = match service {
                Service::GraphWebhook => posted_by_microsoft(),
                _ => request_of(operation),
            };
            Case {
                service,
                method: method.clone(),
                template,
                operation,
                access,
                body,
                foreign,
                status,
            }
        })
        .collect()
}

fn posted_by_microsoft() -> (Option<Value>, u16, Foreign) {
    let status = if ENTERPRISE { 202 } else { 404 };
    (Some(json!({ "value": [] })), status, Foreign::Nameless)
}

fn request_of(operation: &str) -> (Option<Value>, u16, Foreign) {
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
        other => panic!("{other} is a route without a case in tests/it/tests/it/routes.rs"),
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
pub(crate) fn online_meeting() -> Value {
    json!({ "subject": "Review", "start": "2050-01-14T09:00:00Z", "end": "2050-01-14T10:00:00Z",
        "contact_id": "{contact_id}" })
}

/// An appointment request of somebody whom no directory knows.
pub(crate) fn appointment(date: &str) -> Value {
    json!({ "service_name": "Review", "requested_date": date, "requested_time": "09:00", "requested_duration": 60,
        "timezone": "Europe/Berlin", "requester": { "name": "Ida", "email": "ida@outside.example" } })
}

/// Handlers on the shared stack whose clock stands at [`NOW`].
pub(crate) fn process() -> (Process, TestClock) {
    let clock = TestClock::at(NOW);
    (Process::new(stack(), clock.ports(), None), clock)
}

/// The shared stack.
pub(crate) fn stack() -> &'static Stack {
    deployed::stack()
}

/// Calls `meeting-api` as an internal user who may do everything.
pub(crate) async fn admin(
    process: &Process,
    org: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let event = Event::new(method, path).internal(org, "u-admin", ALL_SCOPES);
    process
        .api(match body {
            Some(body) => event.json(body),
            None => event,
        })
        .await
}

/// A tenant, vouched for the way a queue's message is.
pub(crate) fn tenant(org: &str) -> Tenant {
    let body = json!({ "id": "00000000-0000-7000-8000-000000000000", "tenant": org, "job": null });
    Incoming::parse(&body.to_string()).unwrap().tenant
}

/// JSON's text.
pub(crate) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

/// A little more than a day.
pub(crate) const OVER_A_DAY: TimeDelta = TimeDelta::seconds(86_401);
