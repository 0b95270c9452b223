//! The body of POST and PATCH on events: which properties exist, of what type,
//! and what a whole event must satisfy (graph-protocol §2).

use chrono::{NaiveTime, TimeDelta};
use serde_json::{Map, Value, json};

use super::extended;
use super::prefer::find_zone;
use crate::calendar::event::{Attendee, Event};
use crate::calendar::occurrences::Dates;
use crate::calendar::recurrence::Recurrence;
use crate::calendar::zones::{LocalTime, parse_local};
use crate::reply::GraphError;
use crate::world::World;

/// What a body asks for; what it does not mention is absent.
#[derive(Debug, Default)]
pub(super) struct EventInput {
    pub(super) start: Option<LocalTime>,
    pub(super) end: Option<LocalTime>,
    pub(super) recurrence: RecurrenceInput,
    pub(super) attendees: Option<Vec<Attendee>>,
    pub(super) is_online: Option<bool>,
    pub(super) provider: Option<String>,
    pub(super) transaction_id: Option<String>,
    pub(super) properties: Map<String, Value>,
    pub(super) extended: Vec<(String, String)>,
    pub(super) extensions: Vec<extended::OpenExtension>,
}

/// What a body says about the recurrence.
#[derive(Debug, Default)]
pub(super) enum RecurrenceInput {
    #[default]
    Absent,
    /// `null`: a single event.
    Single,
    Series(Recurrence),
}

const SHOW_AS: [&str; 6] = [
    "free",
    "tentative",
    "busy",
    "oof",
    "workingElsewhere",
    "unknown",
];
const SENSITIVITY: [&str; 4] = ["normal", "personal", "private", "confidential"];
const IMPORTANCE: [&str; 3] = ["low", "normal", "high"];
const PROVIDERS: [&str; 4] = [
    "unknown",
    "skypeForBusiness",
    "skypeForConsumer",
    "teamsForBusiness",
];
/// Set by Exchange; ignored in a body.
const READ_ONLY: [&str; 22] = [
    "id",
    "bodyPreview",
    "calendar",
    "changeKey",
    "createdDateTime",
    "hasAttachments",
    "iCalUId",
    "isCancelled",
    "isDraft",
    "isOrganizer",
    "lastModifiedDateTime",
    "occurrenceId",
    "onlineMeeting",
    "onlineMeetingUrl",
    "organizer",
    "originalEndTimeZone",
    "originalStart",
    "originalStartTimeZone",
    "responseStatus",
    "seriesMasterId",
    "type",
    "webLink",
];

/// 400 for JSON that does not fit the type of a property.
pub(super) fn unreadable(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "RequestBodyRead", message)
}

fn mismatch(name: &str, expected: &str) -> GraphError {
    unreadable(format!(
        "Cannot convert the value of '{name}' to the expected type '{expected}'."
    ))
}

impl EventInput {
    pub(super) fn parse(world: &World, body: &Map<String, Value>) -> Result<Self, GraphError> {
        let mut input = Self::default();
        for (name, value) in body {
            if !name.starts_with('@') && !READ_ONLY.contains(&name.as_str()) {
                input.read(world, name, value)?;
            }
        }
        Ok(input)
    }

    fn read(&mut self, world: &World, name: &str, value: &Value) -> Result<(), GraphError> {
        match name {
            "start" => self.start = Some(local_time(world, name, value)?),
            "end" => self.end = Some(local_time(world, name, value)?),
            "recurrence" => self.recurrence = recurrence(world, value)?,
            "attendees" => self.attendees = Some(attendees(value)?),
            "isOnlineMeeting" => self.is_online = Some(boolean(name, value)?),
            "onlineMeetingProvider" => {
                self.provider = Some(one_of(name, value, &PROVIDERS)?.into());
            }
            "transactionId" => self.transaction_id = optional_text(name, value)?,
            "singleValueExtendedProperties" => self.extended = extended::parse(value)?,
            "extensions" => self.extensions = extended::parse_open(value)?,
            _ => {
                let checked = property(name, value)?;
                self.properties.insert(name.into(), checked);
            }
        }
        Ok(())
    }
}

fn property(name: &str, value: &Value) -> Result<Value, GraphError> {
    Ok(match name {
        "subject" => optional_text(name, value)?.into(),
        "showAs" => one_of(name, value, &SHOW_AS)?.into(),
        "sensitivity" => one_of(name, value, &SENSITIVITY)?.into(),
        "importance" => one_of(name, value, &IMPORTANCE)?.into(),
        "isAllDay"
        | "isReminderOn"
        | "responseRequested"
        | "allowNewTimeProposals"
        | "hideAttendees" => boolean(name, value)?.into(),
        "reminderMinutesBeforeStart" => {
            let minutes = value.as_i64().filter(|m| i32::try_from(*m).is_ok());
            minutes.ok_or_else(|| mismatch(name, "Edm.Int32"))?.into()
        }
        "categories" => {
            let list = value.as_array().filter(|l| l.iter().all(Value::is_string));
            list.cloned()
                .ok_or_else(|| mismatch(name, "Collection(Edm.String)"))?
                .into()
        }
        "body" => item_body(value)?,
        "location" => location(name, value)?,
        "locations" => {
            let list = value.as_array();
            let list = list.ok_or_else(|| mismatch(name, "Collection(Location)"))?;
            let each: Result<Vec<_>, _> = list.iter().map(|l| location(name, l)).collect();
            each?.into()
        }
        _ => {
            return Err(unreadable(format!(
                "The property '{name}' does not exist on type 'Microsoft.OutlookServices.Event'. Make sure to only use property names that are defined by the type or mark the type as open type."
            )));
        }
    })
}

fn boolean(name: &str, value: &Value) -> Result<bool, GraphError> {
    value.as_bool().ok_or_else(|| mismatch(name, "Edm.Boolean"))
}

fn optional_text(name: &str, value: &Value) -> Result<Option<String>, GraphError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(mismatch(name, "Edm.String")),
    }
}

fn one_of<'a>(name: &str, value: &'a Value, known: &[&str]) -> Result<&'a str, GraphError> {
    let text = value.as_str().ok_or_else(|| mismatch(name, "Edm.String"))?;
    if known.contains(&text) {
        return Ok(text);
    }
    let message = format!("Requested value '{text}' was not found for the property '{name}'.");
    Err(unreadable(message))
}

/// graph-protocol §2: a local wall-clock string without offset, and a zone name.
pub(super) fn local_time(
    world: &World,
    name: &str,
    value: &Value,
) -> Result<LocalTime, GraphError> {
    let object = value
        .as_object()
        .ok_or_else(|| mismatch(name, "dateTimeTimeZone"))?;
    let known = ["dateTime", "timeZone"];
    if let Some(extra) = object.keys().find(|k| !known.contains(&k.as_str())) {
        return Err(unreadable(format!(
            "The property '{extra}' does not exist on type 'microsoft.graph.dateTimeTimeZone'."
        )));
    }
    let text = |member: &str| {
        let found = object.get(member).and_then(Value::as_str);
        found.ok_or_else(|| unreadable(format!("'{name}/{member}' is required.")))
    };
    let (date_time, zone) = (text("dateTime")?, text("timeZone")?);
    let at = parse_local(date_time).ok_or_else(|| {
        let message = format!(
            "The value '{date_time}' of '{name}/dateTime' is not a local date and time without offset."
        );
        GraphError::new(400, "ErrorInvalidRequest", message)
    })?;
    let zone = find_zone(world, zone)?.name;
    Ok(LocalTime { at, zone })
}

fn recurrence(world: &World, value: &Value) -> Result<RecurrenceInput, GraphError> {
    if value.is_null() {
        return Ok(RecurrenceInput::Single);
    }
    let recurrence = Recurrence::parse(value)?;
    if let Some(zone) = &recurrence.zone {
        find_zone(world, zone)?;
    }
    Ok(RecurrenceInput::Series(recurrence))
}

/// graph-protocol §2: attendee types are required, optional and resource.
fn attendees(value: &Value) -> Result<Vec<Attendee>, GraphError> {
    let list = value
        .as_array()
        .ok_or_else(|| mismatch("attendees", "Collection(Attendee)"))?;
    list.iter().map(attendee).collect()
}

fn attendee(value: &Value) -> Result<Attendee, GraphError> {
    let member = |name: &str| value.get(name).filter(|v| !v.is_null());
    let kind = member("type").map_or(Ok("required"), |kind| {
        one_of("type", kind, &["required", "optional", "resource"])
    })?;
    let email = member("emailAddress");
    let part = |name: &str| email.and_then(|e| e.get(name)).and_then(Value::as_str);
    let address = part("address").unwrap_or_default();
    let (local, domain) = address.split_once('@').unwrap_or_default();
    if local.is_empty() || domain.is_empty() || address.contains(char::is_whitespace) {
        let message = "At least one recipient isn't valid.";
        return Err(GraphError::new(400, "ErrorInvalidRecipients", message));
    }
    Ok(Attendee {
        address: address.into(),
        name: part("name").unwrap_or(address).into(),
        kind: kind.into(),
    })
}

fn item_body(value: &Value) -> Result<Value, GraphError> {
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    let kind = member("contentType").unwrap_or("text").to_ascii_lowercase();
    if !value.is_object() || !["text", "html"].contains(&kind.as_str()) {
        return Err(mismatch("body", "microsoft.graph.itemBody"));
    }
    Ok(json!({"contentType": kind, "content": member("content").unwrap_or_default()}))
}

fn location(name: &str, value: &Value) -> Result<Value, GraphError> {
    let mut members = value
        .as_object()
        .cloned()
        .ok_or_else(|| mismatch(name, "microsoft.graph.location"))?;
    members.entry("displayName").or_insert_with(|| "".into());
    members.entry("locationType").or_insert("default".into());
    Ok(Value::Object(members))
}

/// What must hold for an event as a whole, after creation and after every PATCH.
pub(super) fn check_event(event: &Event) -> Result<(), GraphError> {
    let failed = |message: &str| {
        Err(GraphError::new(
            400,
            "ErrorPropertyValidationFailure",
            message,
        ))
    };
    let length = event.end.instant() - event.start.instant();
    if length < TimeDelta::zero() {
        return failed("At least one property failed validation: the end is before the start.");
    }
    if length > TimeDelta::days(5 * 366) {
        let message = "The duration of the calendar item is too long.";
        return Err(GraphError::new(
            400,
            "ErrorCalendarDurationIsTooLong",
            message,
        ));
    }
    if event.properties.get("isAllDay") == Some(&Value::Bool(true)) {
        let midnight = |time: &LocalTime| time.at.time() == NaiveTime::MIN;
        if !midnight(&event.start) || !midnight(&event.end) || length < TimeDelta::hours(23) {
            return failed("The start and end of an all-day event need to be set to midnight.");
        }
    }
    let Some(recurrence) = &event.recurrence else {
        return Ok(());
    };
    // graph-protocol §2: startDate must equal the date of the event's start.
    if recurrence.start_date != event.start.at.date() {
        let message = format!(
            "The recurrence's startDate {} is not the date of the event's start {}.",
            recurrence.start_date,
            event.start.at.date()
        );
        return Err(GraphError::new(
            400,
            "ErrorCalendarInvalidRecurrence",
            message,
        ));
    }
    let mut dates = Dates::of(recurrence);
    let Some(first) = dates.next() else {
        let message = "The recurrence has no occurrence.";
        return Err(GraphError::new(
            400,
            "ErrorRecurrenceHasNoOccurrence",
            message,
        ));
    };
    if dates.next().is_some_and(|second| length > second - first) {
        let message = "An occurrence is longer than the time to the next one.";
        return Err(GraphError::new(
            400,
            "ErrorOccurrenceTimeSpanTooBig",
            message,
        ));
    }
    Ok(())
}
