//! Events: what is stored, what a body may say, and what an answer shows.
//!
//! The rules are those of the "Events" resource of the Calendar API v3.

use chrono::{DateTime, SecondsFormat, Utc};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::reply::Reply;

/// What callers may set besides `iCalUID`, `id`, `status` and `sequence`; the rest of a
/// body is read-only and ignored.
const WRITABLE: [&str; 14] = [
    "summary",
    "description",
    "location",
    "start",
    "end",
    "attendees",
    "source",
    "extendedProperties",
    "reminders",
    "transparency",
    "visibility",
    "colorId",
    "guestsCanInviteOthers",
    "guestsCanModify",
];

/// An event of a calendar, deleted ones included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Google's id.
    pub id: String,
    /// The UID, unique in its calendar even among deleted events.
    pub ical_uid: String,
    /// The calendar's id; a primary one's is its owner's address.
    pub calendar: String,
    /// `confirmed`, `tentative` or `cancelled` (deleted).
    pub status: String,
    /// Never falls.
    pub sequence: u32,
    /// Rises with every change; the `etag` is made of it.
    pub version: u64,
    /// The other members as Google shows them: `summary`, `start`, `attendees`, ….
    pub members: Map<String, Value>,
    /// When it was inserted.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

impl StoredEvent {
    /// Whether the calendar shows it no more.
    pub fn is_deleted(&self) -> bool {
        self.status == "cancelled"
    }

    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    /// The addresses of those who take part.
    pub fn attendees(&self) -> Vec<String> {
        let listed = self.members.get("attendees").and_then(Value::as_array);
        let emails = listed
            .into_iter()
            .flatten()
            .filter_map(|a| a["email"].as_str());
        emails.map(String::from).collect()
    }

    /// The resource; `owner` is whose calendar it is.
    pub(crate) fn show(&self, owner: &str) -> Value {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut shown = json!({
            "kind": "calendar#event", "etag": self.etag(), "id": self.id, "status": self.status,
            "htmlLink": format!("https://calendar.example/event?eid={}", self.id),
            "created": time(self.created), "updated": time(self.updated),
            "creator": {"email": owner, "self": true},
            "organizer": {"email": self.calendar, "self": true},
            "iCalUID": self.ical_uid, "sequence": self.sequence, "eventType": "default",
        });
        if let Value::Object(all) = &mut shown {
            all.extend(self.members.clone());
        }
        for attendee in shown["attendees"].as_array_mut().into_iter().flatten() {
            if attendee["email"] == owner {
                attendee["self"] = true.into();
                attendee["organizer"] = true.into();
            }
        }
        shown
    }
}

/// What a body says about an event.
pub(crate) struct Draft {
    pub(crate) members: Map<String, Value>,
    pub(crate) id: Option<String>,
    pub(crate) ical_uid: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) sequence: Option<u32>,
}

impl Draft {
    /// Reads a body; its members are not judged yet, since a patch may lack some.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Reply> {
        let parsed: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
        let mut body = parsed.ok_or_else(|| {
            Reply::error(
                400,
                "parseError",
                "This API does not support parsing form-encoded input.",
            )
        })?;
        let mut text = |name: &str| match body.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(&format!("Invalid value for: {name}"))),
        };
        let (id, ical_uid, status) = (text("id")?, text("iCalUID")?, text("status")?);
        let statuses = [
            None,
            Some("confirmed"),
            Some("tentative"),
            Some("cancelled"),
        ];
        if !statuses.contains(&status.as_deref()) {
            return Err(invalid("Invalid value for: status"));
        }
        let sequence = match body.remove("sequence") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                Some(number.ok_or_else(|| invalid("Invalid sequence value."))?)
            }
        };
        body.retain(|name, _| WRITABLE.contains(&name.as_str()));
        Ok(Self {
            members: body,
            id,
            ical_uid,
            status,
            sequence,
        })
    }
}

pub(crate) fn invalid(message: &str) -> Reply {
    Reply::error(400, "invalid", message)
}

/// Patch semantics: objects are merged, `null` removes, the rest replaces.
pub(crate) fn merge(target: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, change) in changes {
        match (change, target.get_mut(name)) {
            (Value::Null, _) => {
                target.remove(name);
            }
            (Value::Object(inner), Some(Value::Object(present))) => merge(present, inner),
            (change, _) => {
                let mut clean = change.clone();
                if let Value::Object(members) = &mut clean {
                    members.retain(|_, value| !value.is_null());
                }
                target.insert(name.clone(), clean);
            }
        }
    }
}

/// Judges a complete event.
pub(crate) fn judge(members: &Map<String, Value>) -> Result<(), Reply> {
    for name in ["summary", "description", "location"] {
        if members.get(name).is_some_and(|value| !value.is_string()) {
            return Err(invalid(&format!("Invalid value for: {name}")));
        }
    }
    let (start, end) = (instant(members, "start")?, instant(members, "end")?);
    if end < start {
        let text = "The specified time range is empty.";
        return Err(Reply::error(400, "timeRangeEmpty", text));
    }
    judge_attendees(members)?;
    let url = members.get("source").map(|source| &source["url"]);
    let is_web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    if url.is_some_and(|url| !url.as_str().is_some_and(is_web)) {
        return Err(invalid("Invalid source url."));
    }
    let kept = members
        .get("extendedProperties")
        .map(|all| [&all["private"], &all["shared"]]);
    let texts = |all: &&Value| {
        let values = all
            .as_object()
            .map(|all| all.values().all(Value::is_string));
        all.is_null() || values == Some(true)
    };
    if kept.is_some_and(|kept| !kept.iter().all(texts)) {
        return Err(invalid("Invalid extended property."));
    }
    Ok(())
}

fn judge_attendees(members: &Map<String, Value>) -> Result<(), Reply> {
    let Some(attendees) = members.get("attendees") else {
        return Ok(());
    };
    let attendees = attendees
        .as_array()
        .ok_or_else(|| invalid("Invalid value for: attendees"))?;
    let answers = ["needsAction", "declined", "tentative", "accepted"];
    for attendee in attendees {
        let parts = attendee["email"].as_str().and_then(|e| e.split_once('@'));
        let plain = |part: &str| !part.is_empty() && !part.contains([' ', '@', '<', '>']);
        if !parts.is_some_and(|(local, domain)| plain(local) && plain(domain)) {
            return Err(invalid("Invalid attendee email."));
        }
        let answer = &attendee["responseStatus"];
        if !answer.is_null() && !answer.as_str().is_some_and(|a| answers.contains(&a)) {
            return Err(invalid("Invalid attendee response status."));
        }
    }
    Ok(())
}

/// `{"date"}` or `{"dateTime","timeZone"}` as a moment.
fn instant(members: &Map<String, Value>, name: &str) -> Result<Timestamp, Reply> {
    let missing = || Reply::error(400, "required", &format!("Missing {name} time."));
    let wrong = || invalid(&format!("Invalid {name} time."));
    let time = members.get(name).ok_or_else(missing)?;
    let (date, date_time) = (time["date"].as_str(), time["dateTime"].as_str());
    let local: civil::DateTime = match (date, date_time) {
        (None, None) => return Err(missing()),
        (Some(_), Some(_)) => return Err(wrong()),
        (Some(date), None) => {
            let date: civil::Date = date.parse().map_err(|_| wrong())?;
            date.to_datetime(civil::Time::midnight())
        }
        (None, Some(text)) => match text.parse::<Timestamp>() {
            Ok(moment) => return Ok(moment),
            Err(_) => text.parse().map_err(|_| wrong())?,
        },
    };
    let zone = match (time["timeZone"].as_str(), date) {
        (Some(zone), _) => TimeZone::get(zone)
            .map_err(|_| invalid(&format!("Invalid time zone definition for {name} time.")))?,
        (None, Some(_)) => TimeZone::UTC,
        (None, None) => {
            let text = format!("Missing time zone definition for {name} time.");
            return Err(Reply::error(400, "required", &text));
        }
    };
    let zoned = zone.to_zoned(local).map_err(|_| wrong())?;
    Ok(zoned.timestamp())
}
