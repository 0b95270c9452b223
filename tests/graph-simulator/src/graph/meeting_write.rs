//! Stand-alone online meetings, and the options of any (graph-protocol §3).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::meeting_lookup::organized;
use super::meetings::{NewMeeting, WRITE, open, render};
use super::{Answer, Call, odata};
use crate::calendar::zones::parse_instant;
use crate::directory::User;
use crate::reply::{GraphError, Reply};
use crate::stored::StoredMeeting;
use crate::world::{World, same};

const SWITCHES: [&str; 9] = [
    "recordAutomatically",
    "allowTranscription",
    "allowRecording",
    "allowTeamworkReactions",
    "allowAttendeeToEnableCamera",
    "allowAttendeeToEnableMic",
    "allowParticipantsToChangeName",
    "isEntryExitAnnounced",
    "shareMeetingChatHistoryDefault",
];
const OBJECTS: [&str; 3] = [
    "lobbyBypassSettings",
    "joinMeetingIdSettings",
    "watermarkProtection",
];
const PRESENTERS: [&str; 4] = ["everyone", "organization", "roleIsPresenter", "organizer"];
const CHAT: [&str; 3] = ["enabled", "disabled", "limited"];

/// What a body asks for.
#[derive(Debug, Default)]
struct MeetingInput {
    subject: Option<String>,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    external_id: Option<String>,
    attendees: Option<Vec<Value>>,
    organizer: Option<Value>,
    settings: Map<String, Value>,
}

fn bad(message: impl Into<String>) -> GraphError {
    GraphError::bad_request(message)
}

impl MeetingInput {
    fn parse(body: Map<String, Value>) -> Result<Self, GraphError> {
        let mut input = Self::default();
        for (name, value) in body {
            let text = || {
                let wrong = || bad(format!("'{name}' must be a string."));
                value.as_str().map(String::from).ok_or_else(wrong)
            };
            match name.as_str() {
                n if n.starts_with('@') => {}
                "subject" => input.subject = Some(text()?),
                "externalId" => input.external_id = Some(text()?),
                "startDateTime" => input.start = Some(moment(&name, &text()?)?),
                "endDateTime" => input.end = Some(moment(&name, &text()?)?),
                "participants" => {
                    let attendees = value.get("attendees").and_then(Value::as_array);
                    input.attendees = attendees.cloned();
                    input.organizer = value.get("organizer").cloned();
                }
                n if SWITCHES.contains(&n) && value.is_boolean()
                    || OBJECTS.contains(&n) && value.is_object()
                    || n == "allowedPresenters" && PRESENTERS.contains(&text()?.as_str())
                    || n == "allowMeetingChat" && CHAT.contains(&text()?.as_str()) =>
                {
                    input.settings.insert(name, value);
                }
                n if SWITCHES.contains(&n)
                    || OBJECTS.contains(&n)
                    || ["allowedPresenters", "allowMeetingChat"].contains(&n) =>
                {
                    return Err(bad(format!("The value of '{n}' is invalid.")));
                }
                // graph-protocol §3: what extra fields were answered with.
                _ => return Err(bad("Updating meeting type is not supported.")),
            }
        }
        Ok(input)
    }

    fn window(&self, default: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), GraphError> {
        let (start, end) = match (self.start, self.end) {
            (Some(start), Some(end)) => (start, end),
            (None, None) => (default, default + TimeDelta::hours(1)),
            // graph-protocol §3: start and end must be sent together.
            _ => return Err(bad("startDateTime and endDateTime must be sent together.")),
        };
        if end <= start {
            return Err(bad("endDateTime must be later than startDateTime."));
        }
        Ok((start, end))
    }

    fn invitees(&self, world: &World, tenant_id: &str) -> Option<Vec<String>> {
        let one = |value: &Value| {
            let upn = value.get("upn").and_then(Value::as_str);
            let id = value.pointer("/identity/user/id").and_then(Value::as_str);
            let user = id.or(upn).and_then(|key| world.user(tenant_id, key));
            user.map(|user| user.id.clone())
        };
        let list = self.attendees.as_ref()?;
        Some(list.iter().filter_map(one).collect())
    }
}

fn moment(name: &str, text: &str) -> Result<DateTime<Utc>, GraphError> {
    let parsed = parse_instant(text);
    parsed.ok_or_else(|| bad(format!("The value '{text}' of '{name}' is not a time.")))
}

fn new_meeting(
    world: &mut World,
    user: &User,
    input: MeetingInput,
) -> Result<StoredMeeting, GraphError> {
    let (start, end) = input.window(world.now())?;
    let new = NewMeeting {
        start,
        end,
        // graph-protocol §3: not on any calendar, hence without artifacts.
        calendar_backed: false,
        invitee_ids: input.invitees(world, &user.tenant_id).unwrap_or_default(),
        subject: input.subject.unwrap_or_default(),
        external_id: input.external_id,
        settings: input.settings,
    };
    Ok(open(world, user, new))
}

/// `POST /users/{oid}/onlineMeetings`.
pub(super) fn create(world: &mut World, call: &Call<'_>, user: &str) -> Answer {
    let user = call.meeting_user(world, user, &WRITE)?;
    let input = MeetingInput::parse(call.body()?)?;
    let meeting = new_meeting(world, &user, input)?;
    Ok(answer(world, call, 201, &meeting))
}

/// `POST /users/{oid}/onlineMeetings/createOrGet`: graph-protocol §3, the
/// idempotent variant.
pub(super) fn create_or_get(world: &mut World, call: &Call<'_>, user: &str) -> Answer {
    let user = call.meeting_user(world, user, &WRITE)?;
    let mut body = call.body()?;
    body.remove("chatInfo");
    let input = MeetingInput::parse(body)?;
    let Some(external_id) = input.external_id.clone().filter(|id| !id.is_empty()) else {
        return Err(bad("externalId is required."));
    };
    let existing = world.meetings.values().find(|meeting| {
        meeting.organizer_id == user.id && meeting.external_id.as_ref() == Some(&external_id)
    });
    if let Some(meeting) = existing {
        return Ok(answer(world, call, 200, meeting));
    }
    let meeting = new_meeting(world, &user, input)?;
    Ok(answer(world, call, 201, &meeting))
}

/// `PATCH /users/{oid}/onlineMeetings/{id}`: stand-alone or calendar-backed.
pub(super) fn update(world: &mut World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    odata::allow_options(call, &[])?;
    let user = call.meeting_user(world, user, &WRITE)?;
    let mut meeting = organized(world, &user, id)?.clone();
    let input = MeetingInput::parse(call.body()?)?;
    // graph-protocol §3: the organiser cannot change.
    let named = input
        .organizer
        .as_ref()
        .and_then(|o| o.pointer("/identity/user/id"));
    if named
        .and_then(Value::as_str)
        .is_some_and(|id| !same(id, &user.id))
    {
        return Err(bad("The organizer of a meeting cannot be changed."));
    }
    if input.start.is_some() || input.end.is_some() {
        // The calendar event of a calendar-backed meeting keeps its own times:
        // what Graph does to it is not documented.
        (meeting.start, meeting.end) = input.window(meeting.start)?;
    }
    // graph-protocol §3: attendees are replaced as a full list.
    if let Some(invitees) = input.invitees(world, &user.tenant_id) {
        meeting.invitee_ids = invitees;
    }
    if let Some(subject) = input.subject {
        meeting.subject = subject;
    }
    meeting.settings.extend(input.settings);
    world.meetings.insert(meeting.id.clone(), meeting.clone());
    Ok(answer(world, call, 200, &meeting))
}

/// `DELETE /users/{oid}/onlineMeetings/{id}`.
pub(super) fn delete(world: &mut World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    let user = call.meeting_user(world, user, &WRITE)?;
    let id = organized(world, &user, id)?.id.clone();
    world.meetings.remove(&id);
    Ok(Reply::empty(204))
}

fn answer(world: &World, call: &Call<'_>, status: u16, meeting: &StoredMeeting) -> Reply {
    let mut body = render(world, meeting);
    body["@odata.context"] = call.context("users/onlineMeetings/$entity");
    Reply::json(status, &body)
}
