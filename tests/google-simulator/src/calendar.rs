//! The Calendar API v3: events of the caller's own calendars.
//!
//! Deleted events stay, as `cancelled`, and keep their UID.

use serde_json::{Map, Value, json};

use crate::event::{Draft, StoredEvent, invalid, judge, merge};
use crate::reply::Reply;
use crate::server::Incoming;
use crate::world::{SentMail, World, now, random};

const WRITE_SCOPES: [&str; 3] = [
    "https://www.googleapis.com/auth/calendar",
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.events.owned",
];
const READ_SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/calendar.readonly",
    "https://www.googleapis.com/auth/calendar.events.readonly",
];

/// Whose call it is, and on which calendar.
struct Place {
    email: String,
    calendar: String,
}

/// Who is allowed to call, by the access token.
pub(crate) fn caller(world: &World, incoming: &Incoming) -> Option<String> {
    let bearer = incoming.header("authorization")?.strip_prefix("Bearer ")?;
    let access = world.access.get(bearer)?;
    (access.expires_at > now()).then(|| access.email.clone())
}

pub(crate) fn answer(world: &mut World, incoming: &Incoming) -> Reply {
    let place = match admit(world, incoming) {
        Ok(place) => place,
        Err(refusal) => return refusal,
    };
    let segments: Vec<&str> = incoming.segments.iter().map(String::as_str).collect();
    let result = match (incoming.method.as_str(), &segments[3..]) {
        ("GET", [_, "events"]) => list(world, incoming, &place),
        ("POST", [_, "events"]) => insert(world, incoming, &place),
        (method, [_, "events", id]) => match find(world, &place, id) {
            None => Err(not_found()),
            Some(at) => match method {
                "GET" => Ok(Reply::json(200, &world.events[at].show(&place.email))),
                "PUT" | "PATCH" => update(world, incoming, &place, at),
                "DELETE" => delete(world, incoming, at),
                _ => Err(Reply::empty(405)),
            },
        },
        _ => Err(not_found()),
    };
    result.unwrap_or_else(|refusal| refusal)
}

fn not_found() -> Reply {
    Reply::error(404, "notFound", "Not Found")
}

/// Token, then scope, then calendar.
fn admit(world: &World, incoming: &Incoming) -> Result<Place, Reply> {
    if incoming.header("authorization").is_none() {
        return Err(Reply::error(401, "required", "Login Required."));
    }
    let unknown = || Reply::error(401, "authError", "Invalid Credentials");
    let email = caller(world, incoming).ok_or_else(unknown)?;
    let bearer = incoming.header("authorization").unwrap_or_default();
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
    let scope = world.access.get(token).map_or("", |a| a.scope.as_str());
    let reads = incoming.method == "GET";
    let enough =
        |scope: &str| WRITE_SCOPES.contains(&scope) || (reads && READ_SCOPES.contains(&scope));
    if !scope.split_whitespace().any(enough) {
        let text = "Request had insufficient authentication scopes.";
        return Err(Reply::error(403, "insufficientPermissions", text));
    }
    let is_calendar = incoming
        .segments
        .get(2)
        .is_some_and(|name| name == "calendars");
    let id = incoming.segments.get(3).filter(|_| is_calendar);
    let calendar = id.and_then(|id| world.calendar_of(&email, id));
    let calendar = calendar.ok_or_else(not_found)?;
    Ok(Place { email, calendar })
}

fn find(world: &World, place: &Place, id: &str) -> Option<usize> {
    let mut events = world.events.iter();
    events.position(|event| event.calendar == place.calendar && event.id == id)
}

fn list(world: &World, incoming: &Incoming, place: &Place) -> Result<Reply, Reply> {
    let flag = |name: &str| incoming.parameter(name) == Some("true");
    let uid = incoming.parameter("iCalUID");
    let page_size = match incoming.parameter("maxResults").map(str::parse::<usize>) {
        None => world.behaviour.page_size,
        Some(Ok(number)) if number > 0 => number.min(world.behaviour.page_size),
        Some(_) => return Err(invalid("Invalid value for: maxResults")),
    };
    let skip: usize = match incoming.parameter("pageToken") {
        None => 0,
        Some(token) => token
            .parse()
            .map_err(|_| invalid("Invalid page token value."))?,
    };
    let fits = |event: &&StoredEvent| {
        event.calendar == place.calendar
            && uid.is_none_or(|uid| event.ical_uid == uid)
            && (flag("showDeleted") || !event.is_deleted())
    };
    let all: Vec<&StoredEvent> = world.events.iter().filter(fits).collect();
    let page = all.iter().skip(skip).take(page_size);
    let items: Vec<Value> = page.map(|event| event.show(&place.email)).collect();
    let mut answer = json!({
        "kind": "calendar#events", "summary": place.calendar, "timeZone": "UTC", "items": items,
    });
    if all.len() > skip.saturating_add(page_size) {
        answer["nextPageToken"] = (skip + page_size).to_string().into();
    }
    Ok(Reply::json(200, &answer))
}

fn insert(world: &mut World, incoming: &Incoming, place: &Place) -> Result<Reply, Reply> {
    let sends = sends_updates(incoming)?;
    let draft = Draft::read(&incoming.body)?;
    if draft.id.is_some() && draft.ical_uid.is_some() {
        return Err(invalid("Only one of id and iCalUID may be specified."));
    }
    let id = draft.id.unwrap_or_else(random);
    let is_id_character = |c: char| c.is_ascii_digit() || ('a'..='v').contains(&c);
    if !(5..=1024).contains(&id.len()) || !id.chars().all(is_id_character) {
        return Err(invalid("Invalid resource id value."));
    }
    let ical_uid = draft.ical_uid.unwrap_or_else(|| format!("{id}@google.com"));
    let mut members = Map::new();
    merge(&mut members, &draft.members);
    judge(&members)?;
    let same = |event: &&StoredEvent| {
        event.calendar == place.calendar && (event.ical_uid == ical_uid || event.id == id)
    };
    if world.events.iter().any(|event| same(&event)) {
        let text = "The requested identifier already exists.";
        return Err(Reply::error(409, "duplicate", text));
    }
    let event = StoredEvent {
        id,
        ical_uid,
        calendar: place.calendar.clone(),
        status: draft.status.unwrap_or_else(|| "confirmed".into()),
        sequence: draft.sequence.unwrap_or(0),
        version: 1,
        members,
        created: now(),
        updated: now(),
    };
    if sends {
        mail(world, &event);
    }
    let shown = event.show(&place.email);
    world.events.push(event);
    Ok(Reply::json(200, &shown))
}

fn update(
    world: &mut World,
    incoming: &Incoming,
    place: &Place,
    at: usize,
) -> Result<Reply, Reply> {
    let sends = sends_updates(incoming)?;
    let draft = Draft::read(&incoming.body)?;
    let mut event = world.events[at].clone();
    check_etag(incoming, &event)?;
    let uid_stays = draft.ical_uid.is_none_or(|uid| uid == event.ical_uid);
    if !uid_stays || draft.id.is_some_and(|id| id != event.id) {
        return Err(invalid("Invalid value: the identifiers cannot be changed."));
    }
    let patches = incoming.method == "PATCH";
    let given = draft
        .sequence
        .unwrap_or(if patches { event.sequence } else { 0 });
    if given < event.sequence {
        return Err(invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of the resource. Re-fetch the resource and use its sequence number on the following request.",
        ));
    }
    let status = match draft.status {
        Some(status) => status,
        None if patches => event.status.clone(),
        None => "confirmed".into(),
    };
    if event.is_deleted() && (status == "cancelled" || !world.behaviour.restores_deleted) {
        return Err(Reply::error(403, "forbidden", "Forbidden"));
    }
    let times =
        |members: &Map<String, Value>| (members.get("start").cloned(), members.get("end").cloned());
    let before = times(&event.members);
    if !patches {
        event.members = Map::new();
    }
    merge(&mut event.members, &draft.members);
    judge(&event.members)?;
    let moved = u32::from(times(&event.members) != before);
    event.sequence = given.max(event.sequence + moved);
    event.status = status;
    event.version += 1;
    event.updated = now();
    if sends {
        mail(world, &event);
    }
    let shown = event.show(&place.email);
    world.events[at] = event;
    Ok(Reply::json(200, &shown))
}

fn delete(world: &mut World, incoming: &Incoming, at: usize) -> Result<Reply, Reply> {
    let sends = sends_updates(incoming)?;
    if world.events[at].is_deleted() {
        return Err(Reply::error(410, "deleted", "Resource has been deleted"));
    }
    check_etag(incoming, &world.events[at])?;
    let event = &mut world.events[at];
    event.status = "cancelled".into();
    event.sequence += 1;
    event.version += 1;
    event.updated = now();
    let event = event.clone();
    if sends {
        mail(world, &event);
    }
    Ok(Reply::empty(204))
}

fn check_etag(incoming: &Incoming, event: &StoredEvent) -> Result<(), Reply> {
    match incoming.header("if-match") {
        Some(wanted) if wanted != "*" && wanted != event.etag() => {
            Err(Reply::error(412, "conditionNotMet", "Precondition Failed"))
        }
        _ => Ok(()),
    }
}

/// Whether Google is asked to write to the attendees; it does not by itself.
fn sends_updates(incoming: &Incoming) -> Result<bool, Reply> {
    match incoming.parameter("sendUpdates") {
        None => Ok(incoming.parameter("sendNotifications") == Some("true")),
        Some("none") => Ok(false),
        Some("all" | "externalOnly") => Ok(true),
        Some(_) => Err(Reply::error(
            400,
            "invalidParameter",
            "Invalid value for: sendUpdates",
        )),
    }
}

fn mail(world: &mut World, event: &StoredEvent) {
    let to_all = event.attendees().into_iter().map(|to| SentMail {
        to,
        ical_uid: event.ical_uid.clone(),
    });
    world.mails.extend(to_all);
}
