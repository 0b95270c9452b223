//! Calendar events as Convoke sends and reads them.
//!
//! Guarantees: a change carries only the fields that were set, and no debug line
//! shows a join link, an address or a text of the meeting.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::recurrence::Recurrence;
use crate::redact::Hidden;
use crate::time::zoned;

/// An event to create on an organiser's calendar.
#[derive(Clone)]
pub struct NewEvent {
    /// The subject line.
    pub subject: String,
    /// The agenda as HTML; Graph appends the Teams block itself.
    pub body_html: Option<String>,
    /// The first occurrence's start on the wall clock of `time_zone`.
    pub start_local: NaiveDateTime,
    /// The first occurrence's end on the wall clock of `time_zone`.
    pub end_local: NaiveDateTime,
    /// An IANA or Windows zone name.
    pub time_zone: String,
    /// The place's display name.
    pub location: Option<String>,
    /// Whom Graph invites; empty for a meeting that Convoke invites to itself.
    pub attendees: Vec<EventAttendee>,
    /// Whether to ask for a Teams meeting.
    pub is_online_meeting: bool,
    /// How it repeats; absent for a single event.
    pub recurrence: Option<Recurrence>,
    /// The intent's own id: Graph makes one event for it, however often it is sent. Not to be reused after a delete.
    pub transaction_id: String,
    /// Whether attendees may propose other times.
    pub allow_new_time_proposals: bool,
}

/// One entry of an event's attendee list.
#[derive(Clone, PartialEq, Eq)]
pub struct EventAttendee {
    /// The mail address.
    pub address: String,
    /// The display name.
    pub name: Option<String>,
    /// What is expected of them.
    pub kind: AttendeeKind,
}

/// Graph's attendee `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttendeeKind {
    /// Must attend.
    Required,
    /// May attend.
    Optional,
    /// A room or equipment.
    Resource,
}

/// Start and end on the wall clock of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTimes {
    /// The start without an offset.
    pub start_local: NaiveDateTime,
    /// The end without an offset.
    pub end_local: NaiveDateTime,
    /// An IANA or Windows zone name.
    pub time_zone: String,
}

/// What to change on an event; what is `None` is not sent.
#[derive(Clone, Default)]
pub struct EventChange {
    /// A new subject.
    pub subject: Option<String>,
    /// A new agenda as HTML; the Teams block of the present body is kept.
    pub body_html: Option<String>,
    /// New times.
    pub times: Option<EventTimes>,
    /// A new place; empty clears it.
    pub location: Option<String>,
    /// The whole attendee list, replacing the present one.
    pub attendees: Option<Vec<EventAttendee>>,
    /// A new rule for a series.
    pub recurrence: Option<Recurrence>,
    /// Whether attendees may propose other times.
    pub allow_new_time_proposals: Option<bool>,
    /// Make it a Teams meeting; once online, Graph does not take it back (*event resource*).
    pub make_online_meeting: bool,
}

impl EventChange {
    /// A change of start and end, and of nothing else.
    pub fn times(start_local: NaiveDateTime, end_local: NaiveDateTime, time_zone: &str) -> Self {
        Self {
            times: Some(EventTimes {
                start_local,
                end_local,
                time_zone: time_zone.to_owned(),
            }),
            ..Self::default()
        }
    }

    /// Graph's `event` with the set fields, all but the body.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let mut event = Map::new();
        if let Some(subject) = &self.subject {
            event.insert("subject".into(), json!(subject));
        }
        if let Some(times) = &self.times {
            event.insert("start".into(), zoned(times.start_local, &times.time_zone));
            event.insert("end".into(), zoned(times.end_local, &times.time_zone));
        }
        if let Some(location) = &self.location {
            event.insert("location".into(), json!({ "displayName": location }));
        }
        if let Some(attendees) = &self.attendees {
            event.insert("attendees".into(), attendee_list(attendees));
        }
        if let Some(recurrence) = &self.recurrence {
            event.insert("recurrence".into(), recurrence.to_json());
        }
        if let Some(allowed) = self.allow_new_time_proposals {
            event.insert("allowNewTimeProposals".into(), json!(allowed));
        }
        if self.make_online_meeting {
            event.insert("isOnlineMeeting".into(), json!(true));
            event.insert("onlineMeetingProvider".into(), json!("teamsForBusiness"));
        }
        event
    }
}

impl NewEvent {
    /// Graph's `event`, without fields that are empty.
    pub(crate) fn to_json(&self) -> Value {
        let mut event = json!({
            "subject": self.subject,
            "start": zoned(self.start_local, &self.time_zone),
            "end": zoned(self.end_local, &self.time_zone),
            "attendees": attendee_list(&self.attendees),
            "isOnlineMeeting": self.is_online_meeting,
            "allowNewTimeProposals": self.allow_new_time_proposals,
            "transactionId": self.transaction_id,
        });
        if self.is_online_meeting {
            event["onlineMeetingProvider"] = json!("teamsForBusiness");
        }
        if let Some(html) = &self.body_html {
            event["body"] = html_body(html);
        }
        if let Some(location) = &self.location {
            event["location"] = json!({ "displayName": location });
        }
        if let Some(recurrence) = &self.recurrence {
            event["recurrence"] = recurrence.to_json();
        }
        event
    }

    /// The instants between which the first occurrence lies, in whatever zone its wall clock is.
    pub(crate) fn search_window(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let reach = TimeDelta::hours(26);
        let last = self.end_local.max(self.start_local);
        (self.start_local.and_utc() - reach, last.and_utc() + reach)
    }

    /// What is wrong with it before Graph is asked, if anything.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.transaction_id.is_empty() {
            return Some("an event is only created with a transaction id");
        }
        if self.end_local < self.start_local {
            return Some("an event ends before it starts");
        }
        let first = self.start_local.date();
        match &self.recurrence {
            Some(recurrence) if recurrence.range.start_date() != first => {
                Some("a series starts on the date of its first occurrence")
            }
            _ => None,
        }
    }
}

/// Graph's `itemBody` for HTML.
pub(crate) fn html_body(html: &str) -> Value {
    json!({ "contentType": "HTML", "content": html })
}

fn attendee_list(attendees: &[EventAttendee]) -> Value {
    attendees.iter().map(EventAttendee::to_json).collect()
}

impl EventAttendee {
    fn to_json(&self) -> Value {
        let mut address = json!({ "address": self.address });
        if let Some(name) = &self.name {
            address["name"] = json!(name);
        }
        let kind = match self.kind {
            AttendeeKind::Required => "required",
            AttendeeKind::Optional => "optional",
            AttendeeKind::Resource => "resource",
        };
        json!({ "emailAddress": address, "type": kind })
    }
}

/// An event as it is on the organiser's calendar.
#[derive(Clone, PartialEq, Eq)]
pub struct CreatedEvent {
    /// The immutable id; case-sensitive.
    pub id: String,
    /// The iCalendar UID that every mailbox shares.
    pub ical_uid: Option<String>,
    /// The version for `If-Match`.
    pub etag: Option<String>,
    /// The transaction id it was created with.
    pub transaction_id: Option<String>,
    /// Single, series, occurrence or exception.
    pub kind: EventKind,
    /// The series an occurrence belongs to.
    pub series_master_id: Option<String>,
    /// Whether Graph made an online meeting; false in spite of a 201 happens.
    pub is_online_meeting: bool,
    /// Graph's `onlineMeetingProvider`, for example `teamsForBusiness` or `unknown`.
    pub online_meeting_provider: Option<String>,
    /// The join link, byte for byte as Graph sent it.
    pub join_url: Option<String>,
    /// The (first) start.
    pub start: Option<DateTime<Utc>>,
    /// The (first) end.
    pub end: Option<DateTime<Utc>>,
    /// Whether it is cancelled but still on the calendar.
    pub is_cancelled: bool,
    /// Whether an earlier attempt with the same transaction id had made it.
    pub adopted: bool,
}

impl CreatedEvent {
    /// The link of a Teams meeting; `None` when the event has none, or another provider's.
    pub fn teams_join_url(&self) -> Option<&str> {
        let teams = match self.online_meeting_provider.as_deref() {
            None => true,
            Some(provider) => provider.eq_ignore_ascii_case("teamsForBusiness"),
        };
        let link = self.join_url.as_deref().filter(|link| !link.is_empty());
        link.filter(|_| self.is_online_meeting && teams)
    }
}

/// What an event with a known transaction id was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEvent {
    /// The immutable id: of the series, never of an occurrence.
    pub id: String,
    /// The iCalendar UID that every mailbox shares.
    pub ical_uid: Option<String>,
    /// Single or series.
    pub kind: EventKind,
}

/// Graph's event `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventKind {
    /// Does not repeat.
    SingleInstance,
    /// The series itself.
    SeriesMaster,
    /// One of a series.
    Occurrence,
    /// A changed one of a series.
    Exception,
    /// Not said, or not known to this client.
    #[default]
    Unknown,
}

impl EventKind {
    pub(crate) fn parse(name: Option<&str>) -> Self {
        match name {
            Some("singleInstance") => Self::SingleInstance,
            Some("seriesMaster") => Self::SeriesMaster,
            Some("occurrence") => Self::Occurrence,
            Some("exception") => Self::Exception,
            _ => Self::Unknown,
        }
    }
}

/// What became of a delete or cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// Graph removed it now.
    Removed,
    /// It was not there any more.
    AlreadyGone,
}

impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEvent")
            .field("start_local", &self.start_local)
            .field("end_local", &self.end_local)
            .field("time_zone", &self.time_zone)
            .field("attendees", &self.attendees.len())
            .field("is_online_meeting", &self.is_online_meeting)
            .field("recurrence", &self.recurrence)
            .field("transaction_id", &self.transaction_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EventAttendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventAttendee")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EventChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventChange")
            .field("subject", &Hidden::text(self.subject.as_ref()))
            .field("body_html", &Hidden::text(self.body_html.as_ref()))
            .field("times", &self.times)
            .field("location", &Hidden::text(self.location.as_ref()))
            .field("attendees", &self.attendees.as_ref().map(Vec::len))
            .field("recurrence", &self.recurrence)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CreatedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedEvent")
            .field("id", &self.id)
            .field("ical_uid", &self.ical_uid)
            .field("kind", &self.kind)
            .field("is_online_meeting", &self.is_online_meeting)
            .field("online_meeting_provider", &self.online_meeting_provider)
            .field("join_url", &Hidden::text(self.join_url.as_ref()))
            .field("start", &self.start)
            .field("end", &self.end)
            .field("is_cancelled", &self.is_cancelled)
            .field("adopted", &self.adopted)
            .finish_non_exhaustive()
    }
}
