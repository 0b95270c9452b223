//! An event on a user's own calendar, as Convoke writes it.
//!
//! Guarantees: it never has attendees, and no debug line shows a text of it.

use std::fmt;

use chrono::NaiveDateTime;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::time::zoned;

/// The extended property that carries the transaction id. Unlike `transactionId`
/// itself, events are documented to be filtered by it (§2: a marker of one's own).
pub(super) const MARKER: &str =
    "String {5f0cb1f5-9ed7-4f57-a2b3-6f5a3c1d8e42} Name ConvokeTransaction";

/// A whole single event; the same value creates it and brings it up to date.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnEvent {
    /// The intent's own id: one event is made for it, however often it is sent. Not to be reused after a delete.
    pub transaction_id: Uuid,
    /// The subject line.
    pub subject: String,
    /// The description as plain text; people who are invited are named here.
    pub body_text: String,
    /// The place's display name.
    pub location: Option<String>,
    /// The start on the wall clock of `time_zone`.
    pub start: NaiveDateTime,
    /// The end on the wall clock of `time_zone`.
    pub end: NaiveDateTime,
    /// An IANA name or `UTC`, which every mailbox understands.
    pub time_zone: String,
}

impl OwnEvent {
    /// Graph's `event`, every field that Convoke keeps up to date: an absent place clears it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "subject": self.subject,
            "body": { "contentType": "text", "content": self.body_text },
            "location": { "displayName": self.location.as_deref().unwrap_or_default() },
            "start": zoned(self.start, &self.time_zone),
            "end": zoned(self.end, &self.time_zone),
        })
    }

    /// The same with what is set on creation only.
    pub(super) fn to_new_json(&self) -> Value {
        let transaction_id = self.transaction_id.to_string();
        let mut event = self.to_json();
        event["singleValueExtendedProperties"] = json!([{ "id": MARKER, "value": transaction_id }]);
        event["transactionId"] = transaction_id.into();
        event
    }

    /// What is wrong with it before Graph is asked, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        (self.end < self.start).then_some("an event ends before it starts")
    }
}

impl fmt::Debug for OwnEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnEvent")
            .field("transaction_id", &self.transaction_id)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("time_zone", &self.time_zone)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    /// XC-9: subject, description and place stay out of debug lines.
    #[test]
    fn texts_are_hidden_in_debug_output() {
        let at = NaiveDate::from_ymd_opt(2026, 11, 2)
            .and_then(|day| day.and_hms_opt(9, 0, 0))
            .unwrap();
        let event = OwnEvent {
            transaction_id: Uuid::from_u128(7),
            subject: "canary-subject".into(),
            body_text: "canary-body".into(),
            location: Some("canary-place".into()),
            start: at,
            end: at,
            time_zone: "UTC".into(),
        };
        let shown = format!("{event:?}");
        assert!(shown.contains("UTC"));
        assert!(!shown.contains("canary"), "{shown}");
    }
}
