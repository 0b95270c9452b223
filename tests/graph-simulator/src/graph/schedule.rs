//! `POST /users/{u}/calendar/getSchedule`: free/busy of many mailboxes
//! (graph-protocol §4).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::event_input::{local_time, unreadable};
use super::event_wire::{show_as, time};
use super::{Answer, Call, odata};
use crate::calendar::zones::LocalTime;
use crate::directory::{ShowAs, User};
use crate::reply::GraphError;
use crate::world::World;

const ROLES: [&str; 4] = [
    "Calendars.ReadWrite",
    "Calendars.Read",
    "Calendars.ReadBasic",
    "Calendars.ReadBasic.All",
];
const MAX_MAILBOXES: usize = 100;
const MAX_DAYS: i64 = 62;
const MAX_ENTRIES: usize = 1000;

/// A stretch of a mailbox's time.
struct Block {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    status: ShowAs,
    subject: String,
    location: String,
    private: bool,
}

/// What was asked.
struct Question {
    schedules: Vec<String>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    interval: TimeDelta,
}

pub(super) fn get(world: &World, call: &Call<'_>, user: &str) -> Answer {
    odata::allow_options(call, &[])?;
    let owner = call.mailbox(world, user, &ROLES)?;
    let question = Question::parse(world, &call.body()?)?;
    let answers: Vec<Value> = question
        .schedules
        .iter()
        .map(|address| schedule(world, call, &owner, &question, address))
        .collect();
    let kind = "Collection(microsoft.graph.scheduleInformation)";
    Ok(odata::collection(call, kind, &answers))
}

impl Question {
    fn parse(world: &World, body: &Map<String, Value>) -> Result<Self, GraphError> {
        let mut fields: Map<String, Value> = Map::new();
        for (name, value) in body {
            // Action parameters are matched without regard to case.
            fields.insert(name.to_ascii_lowercase(), value.clone());
        }
        let known = [
            "schedules",
            "starttime",
            "endtime",
            "availabilityviewinterval",
        ];
        if let Some(extra) = fields.keys().find(|k| !known.contains(&k.as_str())) {
            let message = format!(
                "The parameter '{extra}' in the request payload is not a valid parameter for the operation 'getSchedule'."
            );
            return Err(GraphError::bad_request(message));
        }
        let bound = |name: &str| match fields.get(name) {
            Some(value) => local_time(world, name, value),
            None => Err(unreadable(format!("'{name}' is required."))),
        };
        let (from, to) = (bound("starttime")?.instant(), bound("endtime")?.instant());
        let schedules = addresses(fields.get("schedules"))?;
        // graph-protocol §4: zero or negative window.
        if to <= from {
            let message = "The start time must be earlier than the end time.";
            return Err(GraphError::new(400, "ErrorInvalidTimeInterval", message));
        }
        // graph-protocol §4: 62 days.
        if to - from > TimeDelta::days(MAX_DAYS) {
            let days = ((to - from).num_minutes() + 1439) / 1440;
            let message = format!(
                "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long. The allowed limit = {MAX_DAYS} days; the actual limit = {days} days."
            );
            return Err(GraphError::new(400, "ErrorTimeIntervalTooBig", message));
        }
        Ok(Self {
            schedules,
            from,
            to,
            interval: interval(fields.get("availabilityviewinterval"))?,
        })
    }
}

fn addresses(value: Option<&Value>) -> Result<Vec<String>, GraphError> {
    let list = value.and_then(Value::as_array);
    let list = list.ok_or_else(|| unreadable("'schedules' must be a collection of addresses."))?;
    let text = |item: &Value| item.as_str().map(String::from);
    let all: Option<Vec<String>> = list.iter().map(text).collect();
    let all = all.ok_or_else(|| unreadable("'schedules' must be a collection of addresses."))?;
    if all.is_empty() {
        let message = "The mailbox data array is empty.";
        return Err(GraphError::new(400, "ErrorMissingArgument", message));
    }
    // graph-protocol §4: the real limit is 100, not the documented 20.
    if all.len() > MAX_MAILBOXES {
        let message = format!(
            "There are too many target users in the mailbox data array. The allowed size = {MAX_MAILBOXES}; the actual size = {}.",
            all.len()
        );
        return Err(GraphError::new(400, "ErrorMailboxDataArrayTooBig", message));
    }
    Ok(all)
}

fn interval(value: Option<&Value>) -> Result<TimeDelta, GraphError> {
    match value {
        None => Ok(TimeDelta::minutes(30)),
        // graph-protocol §4: null gave a 500.
        Some(Value::Null) => {
            let message = "An internal server error occurred. The operation failed.";
            Err(GraphError::new(500, "ErrorInternalServerError", message))
        }
        // graph-protocol §4: 5 to 1440 minutes.
        Some(value) => {
            let minutes = value.as_i64().filter(|m| (5..=1440).contains(m));
            minutes.map(TimeDelta::minutes).ok_or_else(|| {
                let message = "The availabilityViewInterval must be a number from 5 to 1440.";
                GraphError::new(400, "ErrorInvalidMergedFreeBusyInterval", message)
            })
        }
    }
}

/// graph-protocol §4: what is wrong with one mailbox comes inside the 200.
fn schedule(
    world: &World,
    call: &Call<'_>,
    owner: &User,
    question: &Question,
    address: &str,
) -> Value {
    let failure = |code: &str, message: &str| {
        json!({"scheduleId": address, "availabilityView": "", "scheduleItems": [],
               "error": {"message": message, "responseCode": code}})
    };
    let found = world.user_by_address(&owner.tenant_id, address);
    let Some(user) = found.filter(|user| user.mailbox.enabled) else {
        let message =
            format!("Unable to resolve e-mail address {address} to an Active Directory object.");
        return failure("ErrorMailRecipientNotFound", &message);
    };
    if let Some(error) = &user.mailbox.schedule_error {
        return failure(&error.code, &error.message);
    }
    let blocks = blocks(world, user, question);
    if blocks.len() > MAX_ENTRIES {
        let message = "The result set contains too many calendar entries. The allowed size = 1000.";
        return failure("5006", message);
    }
    let hours = &user.mailbox.working_hours;
    let clock = |text: &str| format!("{text}.0000000");
    json!({
        "scheduleId": address,
        "availabilityView": availability(world, question, &blocks),
        "scheduleItems": blocks.iter().map(|b| item(call, b)).collect::<Vec<_>>(),
        "workingHours": {"daysOfWeek": hours.days, "startTime": clock(&hours.start),
                         "endTime": clock(&hours.end), "timeZone": {"name": hours.zone}},
    })
}

/// The mailbox's own events and invitations, and its seeded busy times.
fn blocks(world: &World, user: &User, question: &Question) -> Vec<Block> {
    let entries = world.entries(user, question.from, question.to);
    let mut blocks: Vec<Block> = entries
        .iter()
        .map(|entry| {
            let text = |name: &str| entry.event.property(&entry.placed, name).cloned();
            let subject = text("subject").unwrap_or_default();
            let location = text("location").unwrap_or_default();
            let sensitivity = text("sensitivity").unwrap_or_default();
            Block {
                start: entry.placed.start.instant(),
                end: entry.placed.end.instant(),
                status: show_as(entry.event, &entry.placed, user, entry.organized),
                subject: subject.as_str().unwrap_or_default().into(),
                location: location["displayName"].as_str().unwrap_or_default().into(),
                private: sensitivity == "private",
            }
        })
        .collect();
    let seeded = user.mailbox.busy.iter();
    blocks.extend(
        seeded
            .filter(|b| b.start < question.to && b.end > question.from)
            .map(|b| Block {
                start: b.start,
                end: b.end,
                status: b.status,
                subject: b.subject.clone(),
                location: String::new(),
                private: b.private,
            }),
    );
    blocks.sort_by_key(|block| (block.start, block.end));
    blocks
}

/// One digit per interval. How overlapping entries merge is not documented
/// (graph-protocol §4): the busiest wins.
fn availability(world: &World, question: &Question, blocks: &[Block]) -> String {
    let step = question.interval.num_milliseconds();
    let offset = |at: DateTime<Utc>| (at - question.from).num_milliseconds().max(0);
    let index = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let length = index((offset(question.to) + step - 1) / step);
    let mut slots = vec![ShowAs::Free; length];
    for block in blocks.iter().filter(|b| b.end > b.start) {
        let first = index(offset(block.start) / step).min(length);
        let beyond = index((offset(block.end) + step - 1) / step).clamp(first, length);
        for slot in &mut slots[first..beyond] {
            if weight(block.status) > weight(*slot) {
                *slot = block.status;
            }
        }
    }
    let digit = |slot: ShowAs| match slot {
        ShowAs::Free => '0',
        ShowAs::Tentative => '1',
        ShowAs::Busy => '2',
        ShowAs::Oof => '3',
        // graph-protocol §0.13, §4: the pages conflict.
        ShowAs::WorkingElsewhere => world.behaviour.working_elsewhere_digit,
    };
    slots.into_iter().map(digit).collect()
}

fn weight(status: ShowAs) -> u8 {
    match status {
        ShowAs::Free => 0,
        ShowAs::WorkingElsewhere => 1,
        ShowAs::Tentative => 2,
        ShowAs::Busy => 3,
        ShowAs::Oof => 4,
    }
}

fn item(call: &Call<'_>, block: &Block) -> Value {
    let moment = |at: DateTime<Utc>| {
        let local = LocalTime {
            at: at.naive_utc(),
            zone: "UTC".into(),
        };
        time(&local, &call.prefer.zone)
    };
    let mut item = json!({
        "isPrivate": block.private, "status": block.status.name(),
        "start": moment(block.start), "end": moment(block.end),
    });
    if !block.private {
        item["subject"] = block.subject.clone().into();
        item["location"] = block.location.clone().into();
    }
    item
}
