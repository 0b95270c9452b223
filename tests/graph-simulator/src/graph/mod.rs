//! Graph itself: the paths it knows, and what every call has in common.

mod artifact_content;
mod artifact_delta;
mod artifact_functions;
mod artifact_pages;
mod artifacts;
mod batch;
mod calendar_view;
mod event_input;
mod event_list;
mod event_online;
mod event_read;
mod event_wire;
mod event_write;
mod extended;
mod filter;
mod filter_tokens;
mod meeting_lookup;
mod meeting_write;
mod meetings;
mod odata;
mod own_calendar;
mod prefer;
mod schedule;
mod subscription_input;
mod subscriptions;
mod users;

pub(crate) use artifact_delta::{DeltaRound, is_delta};
pub(crate) use artifacts::seven_digits;
pub(crate) use event_wire::stored_event;
pub(crate) use meetings::open_stand_alone;
pub(crate) use subscriptions::{Planned, carry_out, plan_subscription, writes_subscription};

use serde_json::{Map, Value};

use crate::artifact::{ArtifactKind, Form};
use crate::bearer::Caller;
use crate::directory::User;
use crate::incoming::Incoming;
use crate::reply::{GraphError, Reply};
use crate::world::World;
use prefer::Prefer;

/// What a handler answers.
type Answer = Result<Reply, GraphError>;

const CALENDAR_READ: [&str; 2] = ["Calendars.ReadWrite", "Calendars.Read"];
const CALENDAR_WRITE: [&str; 1] = ["Calendars.ReadWrite"];

/// What a fault changes about the effect of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effects {
    /// Events come about without their Teams meeting.
    pub(crate) without_teams: bool,
    /// Content is always redirected, as in a batch, whose answers are JSON.
    pub(crate) redirects: bool,
}

/// One authenticated call.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Incoming,
    pub(crate) caller: &'a Caller,
    pub(crate) effects: Effects,
    prefer: Prefer,
}

/// What a path names.
#[derive(Debug, PartialEq)]
enum Resource<'a> {
    Users,
    User(&'a str),
    Calendar(&'a str),
    CalendarView(&'a str),
    Schedule(&'a str),
    Events(&'a str),
    Event(&'a str, &'a str),
    Cancel(&'a str, &'a str),
    Instances(&'a str, &'a str),
    Extensions(&'a str, &'a str),
    Extension(&'a str, &'a str, &'a str),
    Meetings(&'a str),
    CreateOrGetMeeting(&'a str),
    Meeting(&'a str, &'a str),
    /// User and meeting.
    Artifacts(ArtifactKind, &'a str, &'a str),
    /// User, meeting and artifact.
    Artifact(ArtifactKind, &'a str, &'a str, &'a str),
    /// The same.
    Content(ArtifactKind, &'a str, &'a str, &'a str),
    /// The same, of a transcript.
    Metadata(&'a str, &'a str, &'a str),
    /// User and the whole function call.
    AllArtifacts(ArtifactKind, &'a str, &'a str),
    /// The same.
    ArtifactDelta(ArtifactKind, &'a str, &'a str),
    Subscriptions,
    Subscription(&'a str),
    TenantMeetings,
    Batch,
    Me,
}

impl<'a> Resource<'a> {
    /// Names compare without regard to case, keys as they are.
    fn find(segments: &'a [String]) -> Option<Self> {
        let keys: Vec<&str> = segments.iter().map(String::as_str).collect();
        let lower: Vec<String> = keys.iter().map(|k| k.to_ascii_lowercase()).collect();
        let names: Vec<&str> = lower.iter().map(String::as_str).collect();
        // The default calendar's events are reached with and without `/calendar`.
        let (user, rest) = match names.as_slice() {
            ["me", ..] => return Some(Self::Me),
            ["$batch"] => return Some(Self::Batch),
            ["users"] => return Some(Self::Users),
            ["subscriptions"] => return Some(Self::Subscriptions),
            ["subscriptions", _] => return Some(Self::Subscription(keys[1])),
            ["communications", "onlinemeetings"] => return Some(Self::TenantMeetings),
            ["users", _, "calendar", "events" | "calendarview", ..] => (keys[1], 3),
            ["users", _, ..] => (keys[1], 2),
            _ => return None,
        };
        let keys = &keys[rest..];
        Some(match &names[rest..] {
            [] => Self::User(user),
            ["calendar"] => Self::Calendar(user),
            ["calendarview"] => Self::CalendarView(user),
            ["calendar", "getschedule" | "microsoft.graph.getschedule"] => Self::Schedule(user),
            ["events"] => Self::Events(user),
            ["events", _] => Self::Event(user, keys[1]),
            ["events", _, "cancel" | "microsoft.graph.cancel"] => Self::Cancel(user, keys[1]),
            ["events", _, "instances"] => Self::Instances(user, keys[1]),
            ["events", _, "extensions"] => Self::Extensions(user, keys[1]),
            ["events", _, "extensions", _] => Self::Extension(user, keys[1], keys[3]),
            ["onlinemeetings"] => Self::Meetings(user),
            [
                "onlinemeetings",
                "createorget" | "microsoft.graph.createorget",
            ] => Self::CreateOrGetMeeting(user),
            ["onlinemeetings", call] if artifact_functions::kind(call).is_some() => {
                Self::AllArtifacts(artifact_functions::kind(call)?, user, keys[1])
            }
            ["onlinemeetings", call, delta]
                if artifact_functions::kind(call).is_some() && artifact_delta::names(delta) =>
            {
                Self::ArtifactDelta(artifact_functions::kind(call)?, user, keys[1])
            }
            ["onlinemeetings", _] => Self::Meeting(user, keys[1]),
            ["onlinemeetings", _, collection, rest @ ..] => {
                let kind = artifacts::kind(collection)?;
                match rest {
                    [] => Self::Artifacts(kind, user, keys[1]),
                    [_] => Self::Artifact(kind, user, keys[1], keys[3]),
                    [_, "content"] => Self::Content(kind, user, keys[1], keys[3]),
                    [_, "metadatacontent"] if kind == ArtifactKind::Transcript => {
                        Self::Metadata(user, keys[1], keys[3])
                    }
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    /// The user whose mailbox the call loads, for Outlook's throttle.
    fn mailbox(&self) -> Option<&'a str> {
        match self {
            Self::Calendar(user)
            | Self::CalendarView(user)
            | Self::Schedule(user)
            | Self::Events(user)
            | Self::Event(user, _)
            | Self::Cancel(user, _)
            | Self::Instances(user, _)
            | Self::Extensions(user, _)
            | Self::Extension(user, ..) => Some(user),
            _ => None,
        }
    }
}

/// Whether the path is Graph's, of either version.
pub(crate) fn is_graph_path(segments: &[String]) -> bool {
    matches!(segments, [version, ..] if version == "v1.0" || version == "beta")
}

/// The object id of the mailbox that Outlook's throttle counts the call on.
pub(crate) fn mailbox_of(world: &World, caller: &Caller, request: &Incoming) -> Option<String> {
    let segments = own_calendar::addressed(request.segments.get(1..)?, caller);
    let resource = Resource::find(&segments)?;
    let user = world.user(&caller.tenant_id, resource.mailbox()?)?;
    Some(user.id.clone())
}

/// Performs the call.
pub(crate) fn answer(
    world: &mut World,
    request: &Incoming,
    caller: &Caller,
    effects: Effects,
) -> Answer {
    let call = Call {
        effects,
        ..Call::plain(world, request, caller)?
    };
    let segments = request.segments.get(1..).unwrap_or_default();
    let segments = own_calendar::addressed(segments, caller);
    let Some(resource) = Resource::find(&segments) else {
        let last = segments.last().map_or("", String::as_str);
        let message = format!("Resource not found for the segment '{last}'.");
        return Err(GraphError::bad_request(message));
    };
    let reply = route(world, &call, &resource)?;
    Ok(call.prefer.acknowledge(reply))
}

fn route(world: &mut World, call: &Call<'_>, resource: &Resource<'_>) -> Answer {
    use Resource as R;
    match (call.request.method.as_str(), resource) {
        (_, R::Me) => {
            let message = "/me request is only valid with delegated authentication flow.";
            Err(GraphError::bad_request(message))
        }
        ("POST", R::Batch) => batch::run(world, call),
        ("GET", R::Users) => users::list(world, call),
        ("GET", R::User(user)) => users::get(world, call, user),
        ("GET", R::Calendar(user)) => event_read::calendar(world, call, user),
        ("GET", R::CalendarView(user)) => calendar_view::list(world, call, user),
        ("POST", R::Schedule(user)) => schedule::get(world, call, user),
        ("GET", R::Events(user)) => event_list::list(world, call, user),
        ("POST", R::Events(user)) => event_write::create(world, call, user),
        ("GET", R::Event(user, id)) => event_read::get(world, call, user, id),
        ("PATCH", R::Event(user, id)) => event_write::update(world, call, user, id),
        ("DELETE", R::Event(user, id)) => event_write::delete(world, call, user, id),
        ("POST", R::Cancel(user, id)) => event_write::cancel(world, call, user, id),
        ("GET", R::Instances(user, id)) => calendar_view::instances(world, call, user, id),
        ("POST", R::Extensions(user, id)) => extended::create(world, call, user, id),
        ("GET", R::Extension(user, id, name)) => extended::get(world, call, user, id, name),
        ("DELETE", R::Extension(user, id, name)) => extended::delete(world, call, user, id, name),
        ("GET", R::Meetings(user)) => meeting_lookup::find(world, call, user),
        ("POST", R::Meetings(user)) => meeting_write::create(world, call, user),
        ("POST", R::CreateOrGetMeeting(user)) => meeting_write::create_or_get(world, call, user),
        ("GET", R::Meeting(user, id)) => meeting_lookup::get(world, call, user, id),
        ("PATCH", R::Meeting(user, id)) => meeting_write::update(world, call, user, id),
        ("DELETE", R::Meeting(user, id)) => meeting_write::delete(world, call, user, id),
        ("GET", R::Artifacts(kind, user, meeting)) => {
            artifacts::list(world, call, *kind, user, meeting)
        }
        ("GET", R::Artifact(kind, user, meeting, id)) => {
            artifacts::get(world, call, *kind, (user, meeting, id))
        }
        ("GET", R::Content(ArtifactKind::Recording, user, meeting, id)) => {
            artifact_content::get(world, call, Form::Video, (user, meeting, id))
        }
        ("GET", R::Content(ArtifactKind::Transcript, user, meeting, id)) => {
            let form = artifact_content::wanted_form(call)?;
            artifact_content::get(world, call, form, (user, meeting, id))
        }
        ("GET", R::Metadata(user, meeting, id)) => {
            artifact_content::get(world, call, Form::Metadata, (user, meeting, id))
        }
        ("GET", R::AllArtifacts(kind, user, function)) => {
            artifact_functions::list(world, call, *kind, user, function)
        }
        ("GET", R::ArtifactDelta(kind, user, function)) => {
            artifact_delta::list(world, call, *kind, user, function)
        }
        ("GET", R::Subscriptions) => subscriptions::list(world, call),
        ("GET", R::Subscription(id)) => subscriptions::get(world, call, id),
        ("DELETE", R::Subscription(id)) => subscriptions::delete(world, call, id),
        // Outside of batches they do not come here.
        ("POST", R::Subscriptions) | ("PATCH", R::Subscription(_)) => {
            Err(subscriptions::refuse_in_batch())
        }
        ("GET", R::TenantMeetings) => meeting_lookup::find_in_tenant(call),
        (method, _) => {
            let message = format!("The HTTP method '{method}' is not supported here.");
            Err(GraphError::new(405, "MethodNotAllowed", message))
        }
    }
}

impl<'a> Call<'a> {
    /// A call that no fault has changed.
    fn plain(world: &World, request: &'a Incoming, caller: &'a Caller) -> Result<Self, GraphError> {
        Ok(Self {
            request,
            caller,
            effects: Effects::default(),
            prefer: Prefer::parse(world, &request.headers)?,
        })
    }
}

impl Call<'_> {
    /// The body as a JSON object.
    fn body(&self) -> Result<Map<String, Value>, GraphError> {
        let media_type = self.request.media_type();
        if media_type != "application/json" {
            let message = format!(
                "A supported MIME type could not be found that matches the content type of the request. None of the supported type(s) matches the content type '{media_type}'."
            );
            return Err(GraphError::new(415, "UnsupportedMediaType", message));
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(body)) => Ok(body),
            _ => Err(GraphError::bad_request(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
            )),
        }
    }

    /// The mailbox in the path, if the caller may use it for one of these roles.
    fn mailbox(&self, world: &World, key: &str, roles: &[&str]) -> Result<User, GraphError> {
        if let Some(signed_in) = &self.caller.user {
            return own_calendar::mailbox(world, self.caller, signed_in, key, roles);
        }
        let denied = |message: &str| GraphError::new(403, "ErrorAccessDenied", message);
        let no_grant = "Access is denied. Check credentials and try again.";
        let app = world.apps.get(&self.caller.client_id);
        let has_rbac = app.is_some_and(|app| !app.rbac.is_empty());
        // graph-protocol §9: a missing grant is refused before anything is looked at.
        if !self.caller.has_any_role(roles) && !has_rbac {
            return Err(denied(no_grant));
        }
        // graph-protocol §2: a mailbox that is not in the token's tenant is not
        // found, with a code that differs from a missing event's.
        let user = world.user(&self.caller.tenant_id, key).ok_or_else(|| {
            GraphError::new(404, "ResourceNotFound", "Resource could not be discovered.")
        })?;
        // graph-protocol §9: Exchange's own policy shuts the app out.
        if user.mailbox.denied_apps.contains(&self.caller.client_id) {
            return Err(denied("Access to OData is disabled."));
        }
        if !self.caller.may_use_mailbox(world, user, roles) {
            return Err(denied(no_grant));
        }
        // graph-protocol §2: the user exists, the mailbox does not.
        if !user.mailbox.enabled {
            return Err(no_mailbox());
        }
        Ok(user.clone())
    }

    /// The absolute URL of this call's `@odata.context`.
    fn context(&self, what: &str) -> Value {
        let version = self.request.segments.first().map_or("v1.0", String::as_str);
        format!("{}/{version}/$metadata#{what}", self.request.base_url).into()
    }
}

/// graph-protocol §2: the user exists, the mailbox does not.
fn no_mailbox() -> GraphError {
    let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
    GraphError::new(404, "MailboxNotEnabledForRESTAPI", message)
}

#[cfg(test)]
mod tests {
    use super::{ArtifactKind, Resource};

    fn segments(path: &str) -> Vec<String> {
        path.split('/').map(String::from).collect()
    }

    #[test]
    fn paths_are_found_whatever_the_case_of_their_names() {
        let path = segments("Users/Ann/CALENDAR/Events/AbC=/cancel");
        assert_eq!(Resource::find(&path), Some(Resource::Cancel("Ann", "AbC=")));
        let path = segments("users/u/onlineMeetings/createOrGet");
        assert_eq!(
            Resource::find(&path),
            Some(Resource::CreateOrGetMeeting("u"))
        );
        for function in ["getAllTranscripts(a='b')", "GETALLTRANSCRIPTS"] {
            let path = segments(&format!("users/u/onlineMeetings/{function}"));
            assert_eq!(
                Resource::find(&path),
                Some(Resource::AllArtifacts(
                    ArtifactKind::Transcript,
                    "u",
                    function
                ))
            );
        }
        assert_eq!(Resource::find(&segments("users/u/planner")), None);
        assert_eq!(Resource::find(&[]), None);
    }
}
