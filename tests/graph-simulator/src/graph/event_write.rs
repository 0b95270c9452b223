//! Creating, changing, deleting and cancelling events (graph-protocol §2).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::event_input::{EventInput, RecurrenceInput, check_event, unreadable};
use super::event_online::{attach_meeting, keeps_teams_blob};
use super::event_read::{Located, locate, not_found, show};
use super::meetings;
use super::{Answer, CALENDAR_WRITE, Call, odata};
use crate::calendar::entry_id::EntryId;
use crate::calendar::event::{Attendee, Event, Exception};
use crate::clock;
use crate::directory::User;
use crate::reply::{GraphError, Reply};
use crate::stored::{MailKind, Removal, RemovalKind};
use crate::world::{World, same, uuid_of};

/// `POST /users/{u}/events`.
pub(super) fn create(world: &mut World, call: &Call<'_>, user: &str) -> Answer {
    odata::allow_options(call, &["$select"])?;
    let user = call.mailbox(world, user, &CALENDAR_WRITE)?;
    let input = EventInput::parse(world, &call.body()?)?;
    let (Some(start), Some(end)) = (input.start.clone(), input.end.clone()) else {
        return Err(unreadable("'start' and 'end' are required."));
    };
    let now = world.now();
    let mut event = Event {
        id: clock::new_id(),
        tenant_id: user.tenant_id.clone(),
        organizer: user.id.clone(),
        version: 1,
        created_at: now,
        modified_at: now,
        removal: None,
        transaction_id: input.transaction_id.clone().filter(|id| !id.is_empty()),
        start,
        end,
        recurrence: match &input.recurrence {
            RecurrenceInput::Series(recurrence) => Some(recurrence.clone()),
            _ => None,
        },
        exceptions: BTreeMap::new(),
        attendees: input.attendees.clone().unwrap_or_default(),
        online: None,
        declined_by: BTreeSet::new(),
        properties: input.properties.clone(),
        extended: input.extended.iter().cloned().collect(),
        extensions: input.extensions.iter().cloned().collect(),
    };
    check_event(&event)?;
    check_transaction(world, call, &event)?;
    // Once without effect, so that a wrong `$select` leaves nothing behind.
    show(world, call, &user, &event, &event.whole(), true)?;
    if input.is_online == Some(true) {
        attach_meeting(world, call, &user, &mut event, input.provider.as_deref());
    }
    let located = Located {
        event: event.id,
        occurrence: None,
        organized: true,
    };
    let invited = event.attendees.clone();
    world.send(
        MailKind::Invitation,
        &event,
        located.entry(&user),
        &invited,
        None,
    );
    let mut body = show(world, call, &user, &event, &event.whole(), true)?;
    body["@odata.context"] = call.context("users/events/$entity");
    world.events.insert(event.id, event);
    let id = located.entry(&user).encode(call.prefer.id_form);
    let location = format!(
        "{}/v1.0/users/{}/events/{id}",
        call.request.base_url, user.id
    );
    Ok(Reply::json(201, &body).with_header("Location", &location))
}

/// graph-protocol §0.10, §2: a repeated transaction id is an error, not a replay.
fn check_transaction(world: &World, call: &Call<'_>, event: &Event) -> Result<(), GraphError> {
    let Some(wanted) = &event.transaction_id else {
        return Ok(());
    };
    let behaviour = &world.behaviour;
    let used = |other: &&Event| {
        other.organizer == event.organizer
            && other.transaction_id.as_ref() == Some(wanted)
            && (other.removal.is_none() || behaviour.transaction_ids_outlive_deletion)
    };
    let Some(first) = world.events.values().find(used) else {
        return Ok(());
    };
    let message = "Your request can't be completed. The TransactionId specified in the request has already been used to create a different event.";
    let status = behaviour.duplicate_transaction_status;
    let error = GraphError::new(status, "ErrorDuplicateTransactionId", message);
    if !behaviour.duplicate_names_existing_event {
        return Err(error);
    }
    let id = EntryId {
        mailbox: uuid_of(&first.organizer),
        event: first.id,
        occurrence: None,
    };
    Err(error.member("@event.existingEventId", &id.encode(call.prefer.id_form)))
}

/// `PATCH …/events/{id}`.
pub(super) fn update(world: &mut World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    odata::allow_options(call, &["$select"])?;
    let user = call.mailbox(world, user, &CALENDAR_WRITE)?;
    let located = locate(world, &user, id)?;
    let before = world
        .events
        .get(&located.event)
        .cloned()
        .ok_or_else(not_found)?;
    check_match(call, &before)?;
    let input = EventInput::parse(world, &call.body()?)?;
    if !located.organized {
        // What an attendee changes on a copy never reaches the meeting; which
        // of it sticks is not documented, so the simulator refuses it all.
        let message =
            "Your request can't be completed. You need to be an organizer to update a meeting.";
        return Err(GraphError::new(400, "ErrorInvalidRequest", message));
    }
    let mut event = before.clone();
    match located.occurrence {
        None => update_whole(world, call, &user, &mut event, &input)?,
        Some(date) => update_occurrence(&mut event, date, input)?,
    }
    event.touch(world.now());
    let placed = match located.occurrence {
        None => event.whole(),
        Some(date) => event.occurrence(date).ok_or_else(not_found)?,
    };
    let mut body = show(world, call, &user, &event, &placed, true)?;
    body["@odata.context"] = call.context("users/events/$entity");
    mail_changes(world, located.entry(&user), &before, &event);
    meetings::follow(world, &event);
    world.events.insert(event.id, event);
    Ok(Reply::json(200, &body))
}

/// graph-protocol §2, §8: `If-Match` with another etag is 412.
fn check_match(call: &Call<'_>, event: &Event) -> Result<(), GraphError> {
    let Some(header) = call.request.header("if-match") else {
        return Ok(());
    };
    let etag = event.etag();
    if header
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag == etag)
    {
        return Ok(());
    }
    let message = "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.";
    Err(GraphError::new(412, "ErrorIrresolvableConflict", message))
}

fn update_whole(
    world: &mut World,
    call: &Call<'_>,
    organizer: &User,
    event: &mut Event,
    input: &EventInput,
) -> Result<(), GraphError> {
    // graph-protocol §2: transactionId is set on create only.
    if input.transaction_id.is_some() && input.transaction_id != event.transaction_id {
        let message = "Set action is invalid for property 'transactionId'.";
        return Err(GraphError::new(400, "ErrorInvalidPropertySet", message));
    }
    let repeats = !matches!(input.recurrence, RecurrenceInput::Absent);
    let moved = input.start.is_some() || input.end.is_some() || repeats;
    if moved {
        // As in Outlook, moving a series does away with its exceptions.
        event.exceptions.clear();
    }
    let set = |field: &mut _, value: &Option<_>| {
        if let Some(value) = value {
            *field = Clone::clone(value);
        }
    };
    set(&mut event.start, &input.start);
    set(&mut event.end, &input.end);
    match &input.recurrence {
        RecurrenceInput::Absent => {}
        RecurrenceInput::Single => event.recurrence = None,
        RecurrenceInput::Series(recurrence) => event.recurrence = Some(recurrence.clone()),
    }
    if let Some(attendees) = &input.attendees {
        event.attendees.clone_from(attendees);
    }
    event.properties.extend(input.properties.clone());
    event.extended.extend(input.extended.iter().cloned());
    event.extensions.extend(input.extensions.iter().cloned());
    check_event(event)?;
    // graph-protocol §0.12: a body without the Teams blob removes the meeting.
    if let (Some(body), Some(online)) = (input.properties.get("body"), &event.online)
        && !keeps_teams_blob(body, &online.join_url)
    {
        event.online = None;
        return Ok(());
    }
    // graph-protocol §2: once online, an event cannot be switched back or to
    // another provider; Outlook ignores the attempt.
    if input.is_online == Some(true) && event.online.is_none() {
        attach_meeting(world, call, organizer, event, input.provider.as_deref());
    }
    Ok(())
}

fn update_occurrence(
    event: &mut Event,
    date: chrono::NaiveDate,
    input: EventInput,
) -> Result<(), GraphError> {
    let repeats = !matches!(input.recurrence, RecurrenceInput::Absent);
    if repeats || input.attendees.is_some() || input.is_online.is_some() {
        let message = "Recurrence, attendees and the online meeting belong to the series master.";
        return Err(GraphError::new(400, "ErrorInvalidPropertySet", message));
    }
    let placed = event.occurrence(date).ok_or_else(not_found)?;
    let mut properties = placed.changed.unwrap_or_default();
    properties.extend(input.properties);
    let start = input.start.unwrap_or(placed.start);
    let end = input.end.unwrap_or(placed.end);
    if end.instant() < start.instant() {
        let message = "At least one property failed validation: the end is before the start.";
        return Err(GraphError::new(
            400,
            "ErrorPropertyValidationFailure",
            message,
        ));
    }
    // graph-protocol §2: an occurrence moved onto or past its neighbour.
    let (before, after) = event.neighbours(date);
    let day = start.at.date();
    if before.is_some_and(|before| day <= before) || after.is_some_and(|after| day >= after) {
        let message = "Modified occurrence is crossing or overlapping adjacent occurrence.";
        return Err(GraphError::new(
            400,
            "ErrorOccurrenceCrossingBoundary",
            message,
        ));
    }
    event.exceptions.insert(
        date,
        Exception::Changed {
            start,
            end,
            properties,
        },
    );
    Ok(())
}

/// graph-protocol §2: a PATCH of attendees only mails those who changed;
/// anything else goes to everybody.
fn mail_changes(world: &mut World, entry: EntryId, before: &Event, after: &Event) {
    let missing_from = |list: &[Attendee], a: &Attendee| {
        !list.iter().any(|other| same(&other.address, &a.address))
    };
    let partition = |of: &[Attendee], other: &[Attendee]| {
        let changed = of.iter().filter(|a| missing_from(other, a));
        changed.cloned().collect::<Vec<_>>()
    };
    let added = partition(&after.attendees, &before.attendees);
    let removed = partition(&before.attendees, &after.attendees);
    let mut as_before = after.clone();
    as_before.attendees.clone_from(&before.attendees);
    let visible = |event: &Event| {
        let exceptions = format!("{:?}", event.exceptions);
        (
            event.start.clone(),
            event.end.clone(),
            event.recurrence.clone(),
            event.properties.clone(),
            event.online.is_some(),
            exceptions,
        )
    };
    world.send(MailKind::Cancellation, after, entry, &removed, None);
    world.send(MailKind::Invitation, after, entry, &added, None);
    if visible(&as_before) != visible(before) {
        let stayed = |a: &&Attendee| missing_from(&added, a);
        let stayed: Vec<Attendee> = after.attendees.iter().filter(stayed).cloned().collect();
        world.send(MailKind::Update, after, entry, &stayed, None);
    }
}

/// `DELETE …/events/{id}`.
pub(super) fn delete(world: &mut World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    let user = call.mailbox(world, user, &CALENDAR_WRITE)?;
    let located = locate(world, &user, id)?;
    check_match(
        call,
        world.events.get(&located.event).ok_or_else(not_found)?,
    )?;
    if located.organized {
        remove(world, &user, located, RemovalKind::Deleted, None);
    } else if let Some(event) = world.events.get_mut(&located.event) {
        // An attendee removes the meeting from their own calendar only.
        event.decline(&user.id, located.occurrence);
    }
    Ok(Reply::empty(204))
}

/// `POST …/events/{id}/cancel`: the organiser only, with a message.
pub(super) fn cancel(world: &mut World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    let user = call.mailbox(world, user, &CALENDAR_WRITE)?;
    let located = locate(world, &user, id)?;
    let body = if call.request.body.is_empty() {
        Map::new()
    } else {
        call.body()?
    };
    let mut comment = None;
    for (name, value) in &body {
        match value {
            Value::String(text) if same(name, "comment") => comment = Some(text.clone()),
            Value::Null if same(name, "comment") => {}
            _ => {
                let message = format!(
                    "The parameter '{name}' in the request payload is not a valid parameter for the operation 'Cancel'."
                );
                return Err(GraphError::bad_request(message));
            }
        }
    }
    // graph-protocol §2: organiser only.
    if !located.organized {
        let message =
            "Your request can't be completed. You need to be an organizer to cancel a meeting.";
        return Err(GraphError::new(400, "ErrorInvalidRequest", message));
    }
    remove(world, &user, located, RemovalKind::Cancelled, comment);
    Ok(Reply::empty(202))
}

/// Takes an event or an occurrence off the organiser's calendar; attendees
/// get a cancellation.
fn remove(
    world: &mut World,
    user: &User,
    located: Located,
    kind: RemovalKind,
    comment: Option<String>,
) {
    let now = world.now();
    let removal = Removal {
        at: now,
        kind,
        comment: comment.clone(),
    };
    let Some(event) = world.events.get_mut(&located.event) else {
        return;
    };
    match located.occurrence {
        None => event.removal = Some(removal),
        Some(date) => {
            event.exceptions.insert(date, Exception::Removed(removal));
        }
    }
    event.touch(now);
    let event = event.clone();
    world.send(
        MailKind::Cancellation,
        &event,
        located.entry(user),
        &event.attendees,
        comment,
    );
}
