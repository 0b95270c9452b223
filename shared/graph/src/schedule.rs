//! Free/busy by `getSchedule`.
//!
//! Guarantees: any number of mailboxes is asked in batches that Graph takes; the
//! answer has one entry per mailbox, in the order asked; what one mailbox refuses
//! is that entry's error and nobody else's; a window Graph would refuse is refused
//! here; a time that is not in UTC is an error, not a wrong time.

use std::fmt;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Json;
use crate::call::{Call, Operation};
use crate::client::GraphSession;
use crate::error::GraphError;
use crate::redact::redact;
use crate::time::{WireTime, zoned};

/// The documented limit, which counts members of distribution lists too.
const BATCH: usize = 20;
const LONGEST_WINDOW: TimeDelta = TimeDelta::days(62);
const INTERVALS: std::ops::RangeInclusive<u32> = 5..=1440;

/// One mailbox's free/busy in the window.
#[derive(Clone, PartialEq, Eq)]
pub struct MailboxSchedule {
    /// The address as it was asked for.
    pub mailbox: String,
    /// A digit per interval, `0` free to `3` out of office; `4` cannot be relied on, see the items.
    pub availability_view: String,
    /// What is in the calendar, in UTC.
    pub items: Vec<ScheduleItem>,
    /// When the mailbox's owner works, if they said.
    pub working_hours: Option<WorkingHours>,
    /// Why nothing is known about this mailbox.
    pub error: Option<MailboxError>,
}

/// One entry of a calendar, without its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleItem {
    /// The beginning.
    pub start: DateTime<Utc>,
    /// The end.
    pub end: DateTime<Utc>,
    /// How busy it makes.
    pub status: BusyStatus,
}

/// Graph's `freeBusyStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusyStatus {
    /// Shown as free.
    Free,
    /// Tentative.
    Tentative,
    /// Busy.
    Busy,
    /// Out of office.
    OutOfOffice,
    /// Working elsewhere.
    WorkingElsewhere,
    /// Anything else.
    Unknown,
}

/// Graph's `workingHours`; times are on the wall clock of `time_zone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingHours {
    /// English day names in lower case.
    pub days: Vec<String>,
    /// The beginning of each day's work.
    pub start: NaiveTime,
    /// The end of each day's work.
    pub end: NaiveTime,
    /// A Windows or IANA zone name.
    pub time_zone: String,
}

/// Why a mailbox's schedule is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxError {
    /// Graph's `responseCode`, for example `ErrorMailRecipientNotFound`, or `MissingFromAnswer`.
    pub code: String,
    /// Graph's message, redacted.
    pub message: String,
}

impl GraphSession<'_> {
    /// The free/busy of `who` in `window`, at most 62 days, in steps of
    /// `interval_minutes` (5 to 1440); the requests count against `organizer`'s mailbox.
    pub async fn get_schedule(
        &self,
        organizer: &str,
        who: &[String],
        window: (DateTime<Utc>, DateTime<Utc>),
        interval_minutes: u32,
    ) -> Result<Vec<MailboxSchedule>, GraphError> {
        let length = window.1 - window.0;
        if length <= TimeDelta::zero() {
            return Err(GraphError::refused_locally(
                "ErrorInvalidTimeInterval",
                "the window is empty",
            ));
        }
        if length > LONGEST_WINDOW {
            return Err(GraphError::refused_locally(
                "ErrorTimeIntervalTooBig",
                "the window is longer than 62 days",
            ));
        }
        if !INTERVALS.contains(&interval_minutes) {
            return Err(GraphError::refused_locally(
                "InvalidInterval",
                "an interval has 5 to 1440 minutes",
            ));
        }
        let operation = self.operation();
        let mut schedules = Vec::with_capacity(who.len());
        for batch in who.chunks(BATCH) {
            let answered = operation
                .schedule_batch(organizer, batch, window, interval_minutes)
                .await?;
            schedules.extend(batch.iter().map(|mailbox| schedule_of(mailbox, &answered)));
        }
        Ok(schedules)
    }
}

impl Operation<'_> {
    async fn schedule_batch(
        &self,
        organizer: &str,
        batch: &[String],
        window: (DateTime<Utc>, DateTime<Utc>),
        interval_minutes: u32,
    ) -> Result<Vec<WireSchedule>, GraphError> {
        let url = self.url(&["users", organizer, "calendar", "getSchedule"], &[])?;
        let body = json!({
            "schedules": batch,
            "startTime": zoned(window.0.naive_utc(), "UTC"),
            "endTime": zoned(window.1.naive_utc(), "UTC"),
            "availabilityViewInterval": interval_minutes,
        });
        let call = Call::outlook("get_schedule", Method::POST, url)
            .json(body)
            .only_asks();
        self.send::<Json<WireSchedules>>(&call)
            .await
            .map(|Json(answer)| answer.value)
    }
}

/// The entry for `mailbox`; an answer without one is that mailbox's error.
fn schedule_of(mailbox: &str, answered: &[WireSchedule]) -> MailboxSchedule {
    let own = answered
        .iter()
        .find(|schedule| schedule.schedule_id.eq_ignore_ascii_case(mailbox));
    let mut schedule = MailboxSchedule {
        mailbox: mailbox.to_owned(),
        availability_view: String::new(),
        items: Vec::new(),
        working_hours: None,
        error: None,
    };
    let Some(own) = own else {
        schedule.error = Some(mailbox_error(
            "MissingFromAnswer",
            "Graph did not answer for this mailbox",
        ));
        return schedule;
    };
    schedule.error = own.error.as_ref().map(WireError::to_error);
    schedule.availability_view = own.availability_view.clone().unwrap_or_default();
    schedule.working_hours = own
        .working_hours
        .as_ref()
        .and_then(WireWorkingHours::to_hours);
    let items: Option<Vec<_>> = own
        .schedule_items
        .iter()
        .flatten()
        .map(WireItem::to_item)
        .collect();
    match items {
        Some(items) => schedule.items = items,
        None if schedule.error.is_none() => {
            schedule.error = Some(mailbox_error("UnreadableTime", "a time is not in UTC"));
        }
        None => {}
    }
    schedule
}

fn mailbox_error(code: &str, message: &str) -> MailboxError {
    MailboxError {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

#[derive(Deserialize)]
struct WireSchedules {
    value: Vec<WireSchedule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSchedule {
    schedule_id: String,
    availability_view: Option<String>,
    schedule_items: Option<Vec<WireItem>>,
    working_hours: Option<WireWorkingHours>,
    error: Option<WireError>,
}

#[derive(Deserialize)]
struct WireItem {
    status: Option<String>,
    start: WireTime,
    end: WireTime,
}

impl WireItem {
    fn to_item(&self) -> Option<ScheduleItem> {
        let status = match self.status.as_deref() {
            Some("free") => BusyStatus::Free,
            Some("tentative") => BusyStatus::Tentative,
            Some("busy") => BusyStatus::Busy,
            Some("oof") => BusyStatus::OutOfOffice,
            Some("workingElsewhere") => BusyStatus::WorkingElsewhere,
            _ => BusyStatus::Unknown,
        };
        Some(ScheduleItem {
            start: self.start.to_utc()?,
            end: self.end.to_utc()?,
            status,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireWorkingHours {
    days_of_week: Option<Vec<String>>,
    start_time: Option<String>,
    end_time: Option<String>,
    time_zone: Option<WireZone>,
}

#[derive(Deserialize)]
struct WireZone {
    name: Option<String>,
}

impl WireWorkingHours {
    /// `None` when anything is missing: nobody then knows when they work.
    fn to_hours(&self) -> Option<WorkingHours> {
        let time =
            |text: &Option<String>| NaiveTime::parse_from_str(text.as_deref()?, "%H:%M:%S%.f").ok();
        Some(WorkingHours {
            days: self.days_of_week.clone()?,
            start: time(&self.start_time)?,
            end: time(&self.end_time)?,
            time_zone: self.time_zone.as_ref()?.name.clone()?,
        })
    }
}

/// `freeBusyError`, whose code is a text or a number.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireError {
    message: Option<String>,
    response_code: Option<Value>,
}

impl WireError {
    fn to_error(&self) -> MailboxError {
        let code = match &self.response_code {
            Some(Value::String(code)) => code.clone(),
            Some(Value::Number(code)) => code.to_string(),
            _ => "UnknownError".to_owned(),
        };
        let message = self.message.as_deref().unwrap_or_default();
        MailboxError {
            code: redact(&code, &[]),
            message: redact(message, &[]),
        }
    }
}

impl fmt::Debug for MailboxSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxSchedule")
            .field("availability_view", &self.availability_view)
            .field("items", &self.items.len())
            .field("working_hours", &self.working_hours)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
