//! An event as Convoke sends it.
//!
//! Guarantees: times stay wall-clock times of their zone, and no debug line shows a
//! text, an address or a link of the event.

use std::fmt;

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

/// Where an event keeps our own sequence: the user's edits move Google's.
pub(crate) const OWN_SEQUENCE: &str = "convokeSequence";

/// The whole of an event; what is `None` or empty is removed by an update.
#[derive(Clone, PartialEq, Eq)]
pub struct GoogleEvent {
    /// Our UID, the same as in mails and downloads.
    pub ical_uid: String,
    /// How often the event changed; an older one never replaces a newer one.
    pub sequence: u32,
    /// The title.
    pub summary: String,
    /// The text; Google shows HTML in it as HTML.
    pub description: Option<String>,
    /// The place.
    pub location: Option<String>,
    /// When it begins.
    pub start: EventTime,
    /// When it ends.
    pub end: EventTime,
    /// Who takes part; Google does not write to them.
    pub attendees: Vec<GoogleAttendee>,
    /// The page that the event comes from.
    pub source: Option<EventSource>,
}

/// A wall-clock time of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTime {
    /// Date and time without an offset.
    pub local: NaiveDateTime,
    /// An IANA zone name.
    pub zone: String,
}

/// One participant.
#[derive(Clone, PartialEq, Eq)]
pub struct GoogleAttendee {
    /// The mail address.
    pub email: String,
    /// The name shown.
    pub display_name: Option<String>,
    /// What they answered.
    pub response: Response,
}

/// A participant's answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Response {
    /// None yet.
    #[default]
    NeedsAction,
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// Perhaps.
    Tentative,
}

impl Response {
    /// Google's `responseStatus`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeedsAction => "needsAction",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Tentative => "tentative",
        }
    }
}

/// A link beside the event, seen by its owner only.
#[derive(Clone, PartialEq, Eq)]
pub struct EventSource {
    /// The link's text.
    pub title: String,
    /// An http(s) address.
    pub url: String,
}

impl GoogleEvent {
    /// The body of an insert.
    pub(crate) fn to_insert(&self) -> Value {
        let mut body = self.to_update(self.sequence);
        if let Value::Object(members) = &mut body {
            members.retain(|_, value| !value.is_null());
            members.insert("iCalUID".into(), self.ical_uid.as_str().into());
        }
        body
    }

    /// The body of a patch: what is absent is removed by `null`, what Google or the user
    /// added besides (reminders, colours) stays, and a deleted event is restored.
    pub(crate) fn to_update(&self, sequence: u32) -> Value {
        let own = self.sequence.to_string();
        json!({
            "summary": self.summary,
            "description": self.description,
            "location": self.location,
            "start": self.start.to_json(),
            "end": self.end.to_json(),
            "attendees": self.attendees.iter().map(GoogleAttendee::to_json).collect::<Vec<_>>(),
            "source": self.source.as_ref().map(|source| json!({"title": source.title, "url": source.url})),
            "sequence": sequence,
            "status": "confirmed",
            "extendedProperties": {"private": {OWN_SEQUENCE: own}},
        })
    }
}

impl EventTime {
    fn to_json(&self) -> Value {
        let local = self.local.format("%Y-%m-%dT%H:%M:%S").to_string();
        json!({"dateTime": local, "timeZone": self.zone})
    }
}

impl GoogleAttendee {
    fn to_json(&self) -> Value {
        let mut attendee = Map::new();
        attendee.insert("email".into(), self.email.as_str().into());
        attendee.insert("responseStatus".into(), self.response.as_str().into());
        if let Some(name) = &self.display_name {
            attendee.insert("displayName".into(), name.as_str().into());
        }
        Value::Object(attendee)
    }
}

impl fmt::Debug for GoogleEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleEvent")
            .field("sequence", &self.sequence)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("attendees", &self.attendees.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for GoogleAttendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleAttendee")
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").finish_non_exhaustive()
    }
}
