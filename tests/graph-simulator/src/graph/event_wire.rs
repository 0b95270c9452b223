//! Events in Graph's JSON.

use serde_json::{Value, json};

use super::extended;
use crate::calendar::entry_id::{EntryId, IdForm};
use crate::calendar::event::{Attendee, Event, Exception, Placed};
use crate::calendar::zones::{LocalTime, Zone, format_local};
use crate::directory::{ShowAs, User};
use crate::stored::StoredEvent;
use crate::world::{World, uuid_of};

/// From whose calendar an event is shown, and how.
pub(super) struct View<'a> {
    pub(super) user: &'a User,
    pub(super) organized: bool,
    pub(super) id_form: IdForm,
    /// graph-protocol §2: `outlook.timezone` only changes how times are returned.
    pub(super) zone: &'a Zone,
}

/// An event or one of its occurrences.
pub(super) fn render(world: &World, event: &Event, placed: &Placed, view: &View<'_>) -> Value {
    let id = |occurrence| {
        let entry = EntryId {
            mailbox: uuid_of(&view.user.id),
            event: event.id,
            occurrence,
        };
        Value::from(entry.encode(view.id_form))
    };
    let kind = match (&event.recurrence, placed.date, &placed.changed) {
        (None, ..) => "singleInstance",
        (Some(_), None, _) => "seriesMaster",
        (Some(_), Some(_), None) => "occurrence",
        (Some(_), Some(_), Some(_)) => "exception",
    };
    let organizer = world.users.get(&event.organizer);
    let organizer = json!({"emailAddress": {
        "name": organizer.map_or("", |u| &u.display_name),
        "address": organizer.map_or("", |u| u.address()),
    }});
    let property = |name: &str, default: Value| {
        let found = event.property(placed, name);
        found.cloned().unwrap_or(default)
    };
    let no_location = json!({"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}});
    let location = property("location", no_location);
    let locations = if location["displayName"] == "" {
        json!([])
    } else {
        json!([location])
    };
    let body = property("body", json!({"contentType": "html", "content": ""}));
    let response = if view.organized {
        "organizer"
    } else {
        "notResponded"
    };
    let master = placed.date.map_or(Value::Null, |_| id(None));
    let mut all = json!({
        "@odata.etag": event.etag(), "id": id(placed.date), "changeKey": event.change_key(),
        "createdDateTime": instant(event.created_at), "lastModifiedDateTime": instant(event.modified_at),
        "iCalUId": event.ical_uid(placed.date), "type": kind, "seriesMasterId": master,
        "originalStartTimeZone": event.start.zone, "originalEndTimeZone": event.end.zone,
        "subject": property("subject", "".into()), "bodyPreview": preview(&body), "body": body,
        "importance": property("importance", "normal".into()),
        "sensitivity": property("sensitivity", "normal".into()),
        "showAs": show_as(event, placed, view.user, view.organized).name(),
        "isAllDay": property("isAllDay", false.into()),
        "categories": property("categories", json!([])),
        "responseRequested": property("responseRequested", true.into()),
        "allowNewTimeProposals": property("allowNewTimeProposals", true.into()),
        "hideAttendees": property("hideAttendees", false.into()),
        "isReminderOn": property("isReminderOn", true.into()),
        "reminderMinutesBeforeStart": property("reminderMinutesBeforeStart", 15.into()),
        "isCancelled": event.removal.is_some(), "isOrganizer": view.organized, "isDraft": false,
        "hasAttachments": false,
        "start": time(&placed.start, view.zone), "end": time(&placed.end, view.zone),
        "location": location, "locations": property("locations", locations),
        "attendees": event.attendees.iter().map(|a| attendee(world, event, a)).collect::<Vec<_>>(),
        "organizer": organizer, "responseStatus": {"response": response, "time": "0001-01-01T00:00:00Z"},
        "webLink": "https://outlook.office365.com/owa/?path=/calendar/item",
    });
    all["recurrence"] = match (&event.recurrence, placed.date) {
        (Some(recurrence), None) => recurrence.render(&event.start.zone),
        _ => Value::Null,
    };
    render_online(event, &mut all);
    // graph-protocol §2: transactionId is returned only if set. Whether the
    // occurrences in a calendar view repeat it is not documented: here they do
    // not, unless the behaviour says so; find a series by `seriesMasterId`.
    let shown = placed.date.is_none() || world.behaviour.transaction_id_on_occurrences;
    if let Some(transaction_id) = event.transaction_id.as_ref().filter(|_| shown) {
        all["transactionId"] = transaction_id.clone().into();
    }
    all
}

/// How the time shows: as the organiser says; to those invited as tentative
/// until they answer, which rooms do at once.
pub(super) fn show_as(event: &Event, placed: &Placed, user: &User, organized: bool) -> ShowAs {
    if organized {
        return event.show_as(placed);
    }
    if user.mailbox.resource {
        ShowAs::Busy
    } else {
        ShowAs::Tentative
    }
}

/// graph-protocol §0.9, §2: `onlineMeetingUrl` is always null for Teams, and
/// without a meeting the provider is `unknown`.
fn render_online(event: &Event, all: &mut Value) {
    all["onlineMeetingUrl"] = Value::Null;
    all["isOnlineMeeting"] = event.online.is_some().into();
    all["onlineMeetingProvider"] = "unknown".into();
    all["onlineMeeting"] = Value::Null;
    if let Some(online) = &event.online {
        all["onlineMeetingProvider"] = "teamsForBusiness".into();
        all["onlineMeeting"] = json!({
            "joinUrl": online.join_url, "conferenceId": "291633251", "tollNumber": "+1 323-555-0166",
        });
    }
}

/// graph-protocol §2: seven fraction digits and no `Z`.
pub(super) fn time(time: &LocalTime, zone: &Zone) -> Value {
    let shown = zone.local(time.instant());
    json!({"dateTime": format_local(shown), "timeZone": zone.name})
}

pub(super) fn instant(at: chrono::DateTime<chrono::Utc>) -> Value {
    format!("{}Z", format_local(at.naive_utc())).into()
}

fn attendee(world: &World, event: &Event, attendee: &Attendee) -> Value {
    let user = world.user_by_address(&event.tenant_id, &attendee.address);
    let response = match user {
        Some(user) if user.mailbox.resource => "accepted",
        Some(user) if event.is_declined(&user.id, None) => "declined",
        _ => "none",
    };
    json!({
        "type": attendee.kind, "status": {"response": response, "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": attendee.name, "address": attendee.address},
    })
}

fn preview(body: &Value) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in body["content"].as_str().unwrap_or_default().chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    text.trim().chars().take(255).collect()
}

/// An event with everything that tests want to know, whether or not it still exists.
pub(crate) fn stored_event(world: &World, event: &Event) -> Option<StoredEvent> {
    let user = world.users.get(&event.organizer)?;
    let view = View {
        user,
        organized: true,
        id_form: IdForm::Immutable,
        zone: &Zone::utc(),
    };
    let mut graph = render(world, event, &event.whole(), &view);
    graph["singleValueExtendedProperties"] = extended::properties(event).into();
    let removed = |(date, exception): (&chrono::NaiveDate, &Exception)| {
        matches!(exception, Exception::Removed(_)).then_some(*date)
    };
    Some(StoredEvent {
        id: graph["id"].as_str().unwrap_or_default().into(),
        organizer: user.upn.clone(),
        subject: event.subject().into(),
        transaction_id: event.transaction_id.clone(),
        start: event.start.instant(),
        end: event.end.instant(),
        join_url: event.online.as_ref().map(|o| o.join_url.clone()),
        online_meeting_id: event.online.as_ref().map(|o| o.meeting_id.clone()),
        created_at: event.created_at,
        modified_at: event.modified_at,
        version: event.version,
        removed: event.removal.clone(),
        removed_occurrences: event.exceptions.iter().filter_map(removed).collect(),
        graph,
    })
}
