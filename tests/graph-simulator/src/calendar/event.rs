//! Events as Exchange stores them: one item per meeting, seen from the
//! organiser's and the attendees' calendars.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::occurrences::Dates;
use super::recurrence::Recurrence;
use super::zones::{LocalTime, Zone};
use crate::directory::ShowAs;
use crate::stored::Removal;

/// A single event or a series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: String,
    /// Object id of the organiser.
    pub(crate) organizer: String,
    pub(crate) version: u32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) modified_at: DateTime<Utc>,
    pub(crate) removal: Option<Removal>,
    pub(crate) transaction_id: Option<String>,
    pub(crate) start: LocalTime,
    pub(crate) end: LocalTime,
    pub(crate) recurrence: Option<Recurrence>,
    /// Occurrences that differ, by original local date.
    pub(crate) exceptions: BTreeMap<NaiveDate, Exception>,
    pub(crate) attendees: Vec<Attendee>,
    /// The Teams meeting, where one came about.
    pub(crate) online: Option<Online>,
    /// Attendees who removed it from their calendar: object ids, followed by a
    /// date where it was one occurrence only.
    pub(crate) declined_by: BTreeSet<String>,
    /// Subject, body, location and the like, in Graph's own form.
    pub(crate) properties: Map<String, Value>,
    /// Single-value extended properties: id → value.
    pub(crate) extended: BTreeMap<String, String>,
    /// Open extensions: name → members.
    pub(crate) extensions: BTreeMap<String, Map<String, Value>>,
}

/// An occurrence that differs from its series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Exception {
    Removed(Removal),
    Changed {
        start: LocalTime,
        end: LocalTime,
        properties: Map<String, Value>,
    },
}

/// Somebody who is invited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attendee {
    pub(crate) address: String,
    pub(crate) name: String,
    /// `required`, `optional` or `resource`.
    pub(crate) kind: String,
}

/// An event's Teams meeting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Online {
    /// Id of the online meeting, which the event itself never shows (graph-protocol §2).
    pub(crate) meeting_id: String,
    pub(crate) join_url: String,
}

/// An event or an occurrence, placed in time.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The original local date of an occurrence.
    pub(crate) date: Option<NaiveDate>,
    pub(crate) start: LocalTime,
    pub(crate) end: LocalTime,
    /// What an exception overrides.
    pub(crate) changed: Option<Map<String, Value>>,
}

impl Placed {
    pub(crate) fn overlaps(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let (start, end) = (self.start.instant(), self.end.instant());
        start < to && (end > from || (start == end && start >= from))
    }
}

impl Event {
    /// The event as a whole: what a GET of its own id shows.
    pub(crate) fn whole(&self) -> Placed {
        Placed {
            date: None,
            start: self.start.clone(),
            end: self.end.clone(),
            changed: None,
        }
    }

    /// What a calendar view shows: the event, or its occurrences, that overlap the window.
    pub(crate) fn placed_within(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Placed> {
        let Some(recurrence) = &self.recurrence else {
            let whole = self.whole();
            return Vec::from_iter(whole.overlaps(from, to).then_some(whole));
        };
        // A moved occurrence lies between its neighbours, and an occurrence may
        // be longer than its step: look a margin beyond the window.
        let margin = TimeDelta::days(2) + self.duration();
        let last = (to + margin).date_naive();
        Dates::of(recurrence)
            .take_while(|date| *date <= last)
            .filter(|date| date.and_time(self.start.at.time()).and_utc() >= from - margin)
            .filter_map(|date| self.placed_on(date))
            .filter(|placed| placed.overlaps(from, to))
            .collect()
    }

    /// The occurrence with this original date, unless it was removed.
    pub(crate) fn occurrence(&self, date: NaiveDate) -> Option<Placed> {
        let recurrence = self.recurrence.as_ref()?;
        let exists = Dates::of(recurrence)
            .take_while(|d| *d <= date)
            .any(|d| d == date);
        exists.then(|| self.placed_on(date)).flatten()
    }

    /// The dates before and after an occurrence, both without exceptions applied.
    pub(crate) fn neighbours(&self, date: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let Some(recurrence) = &self.recurrence else {
            return (None, None);
        };
        let before = Dates::of(recurrence).take_while(|d| *d < date).last();
        (before, Dates::of(recurrence).find(|d| *d > date))
    }

    fn placed_on(&self, date: NaiveDate) -> Option<Placed> {
        match self.exceptions.get(&date) {
            Some(Exception::Removed(_)) => None,
            Some(Exception::Changed {
                start,
                end,
                properties,
            }) => Some(Placed {
                date: Some(date),
                start: start.clone(),
                end: end.clone(),
                changed: Some(properties.clone()),
            }),
            None => {
                let at = date.and_time(self.start.at.time());
                let end = at.checked_add_signed(self.duration())?;
                let local = |at| LocalTime {
                    at,
                    zone: self.start.zone.clone(),
                };
                Some(Placed {
                    date: Some(date),
                    start: local(at),
                    end: local(end),
                    changed: None,
                })
            }
        }
    }

    /// Length on the start's wall clock.
    fn duration(&self) -> TimeDelta {
        let zone = Zone::find(&self.start.zone, true).unwrap_or_else(Zone::utc);
        zone.local(self.end.instant()) - self.start.at
    }

    /// A property in Graph's form; an exception's own value wins.
    pub(crate) fn property<'a>(&'a self, placed: &'a Placed, name: &str) -> Option<&'a Value> {
        let changed = placed.changed.as_ref().and_then(|own| own.get(name));
        changed.or_else(|| self.properties.get(name))
    }

    pub(crate) fn show_as(&self, placed: &Placed) -> ShowAs {
        let name = self.property(placed, "showAs").and_then(Value::as_str);
        name.and_then(ShowAs::from_name).unwrap_or_default()
    }

    pub(crate) fn subject(&self) -> &str {
        let subject = self.properties.get("subject").and_then(Value::as_str);
        subject.unwrap_or_default()
    }

    /// Changes with every write; the etag is built from it.
    pub(crate) fn change_key(&self) -> String {
        let mut bytes = self.id.as_bytes()[..12].to_vec();
        bytes.extend(self.version.to_be_bytes());
        STANDARD.encode(bytes)
    }

    /// graph-protocol §2: the same across mailboxes, different per occurrence.
    pub(crate) fn ical_uid(&self, occurrence: Option<NaiveDate>) -> String {
        use chrono::Datelike;
        let date = occurrence.map_or_else(
            || "00000000".into(),
            |d| format!("{:04X}{:02X}{:02X}", d.year(), d.month(), d.day()),
        );
        let id = self.id.simple().to_string().to_uppercase();
        format!("040000008200E00074C5B7101A82E008{date}{id}00000000000000000010000000")
    }

    /// An attendee's own calendar no longer shows it.
    pub(crate) fn decline(&mut self, user_id: &str, occurrence: Option<NaiveDate>) {
        self.declined_by.insert(declined_key(user_id, occurrence));
    }

    pub(crate) fn is_declined(&self, user_id: &str, occurrence: Option<NaiveDate>) -> bool {
        self.declined_by.contains(&declined_key(user_id, None))
            || self
                .declined_by
                .contains(&declined_key(user_id, occurrence))
    }

    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.change_key())
    }

    /// Counts as a write.
    pub(crate) fn touch(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.modified_at = now;
    }
}

fn declined_key(user_id: &str, occurrence: Option<NaiveDate>) -> String {
    occurrence.map_or_else(|| user_id.into(), |date| format!("{user_id} {date}"))
}
