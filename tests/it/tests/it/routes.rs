//! Every route of the API, with a request that it takes: for the tests that
//! drive them all. A route without a case here fails those tests.

mod estate;
mod requests;

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
pub(crate) use self::requests::{appointment, meeting, schedule, session};
use self::requests::{posted_by_microsoft, request_of};

/// When these tests take place: late enough that the deployed stack's own
/// sweeper, which goes by the machine's clock, finds nothing of theirs due.
pub(crate) const NOW: &str = "2049-12-01T08:00:00Z";

/// Who plans the meetings of estates, and may do everything but manage others'.
pub(crate) const HOST: &str = "u-admin";

/// What a page's form sends.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

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
            Access::AnyInternal | Access::Member | Access::SignedLink | Access::Webhook => None,
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

    /// Whether portal users may where they belong to what the path names.
    pub(crate) fn is_for_members(&self) -> bool {
        self.access == Access::Member
    }

    /// Whose call it is on an estate: of whom the route is for, else of anybody
    /// of the organisation.
    pub(crate) fn caller<'a>(&self, ids: &'a Estate) -> &'a str {
        match self.operation {
            "list_sessions"
            | "get_session"
            | "update_session"
            | "cancel_session"
            | "end_session"
            | "list_messages"
            | "post_message"
            | "download_invitation" => HOST,
            "respond_to_invitation"
            | "join_session"
            | "list_notifications"
            | "read_notification"
            | "read_all_notifications" => &ids.user,
            "put_calendar_connection"
            | "get_calendar_connection"
            | "delete_calendar_connection" => &ids.connected,
            _ => "u1",
        }
    }

    /// Who may, in a word.
    pub(crate) fn who(&self) -> &'static str {
        match self.access {
            Access::Permission(permission, _) => permission,
            Access::AnyInternal => "any-internal",
            Access::Member => "member",
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
        if self.operation == "answer_by_link" {
            return event.header("content-type", FORM).text("response=accepted");
        }
        self.body_with(ids).iter().fold(event, Event::json)
    }

    /// The body, with the ids of an estate.
    pub(crate) fn body_with(&self, ids: &Estate) -> Option<Value> {
        let mut body = self.body.clone()?;
        fill_all(&mut body, ids);
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

/// Puts an estate's ids into every text that asks for one.
fn fill_all(value: &mut Value, ids: &Estate) {
    match value {
        Value::String(text) if text.ends_with("_id}") => *text = ids.fill(text),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_all(item, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill_all(field, ids)),
        _ => {}
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
    let event = Event::new(method, path).internal(org, HOST, ALL_SCOPES);
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
