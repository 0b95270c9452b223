//! `GET …/calendarView` and `GET …/events/{id}/instances`: series expanded into
//! their occurrences.

use chrono::{DateTime, TimeDelta, Utc};

use super::event_list::{OPTIONS, Row, answer};
use super::event_read::{locate, not_found};
use super::{Answer, CALENDAR_READ, Call, odata};
use crate::calendar::zones::parse_instant;
use crate::reply::GraphError;
use crate::world::World;

/// Exchange's own bound on the window.
const MAX_DAYS: i64 = 1825;

/// `GET /users/{u}/calendarView?startDateTime=…&endDateTime=…`.
pub(super) fn list(world: &World, call: &Call<'_>, user: &str) -> Answer {
    odata::allow_options(call, &OPTIONS)?;
    let user = call.mailbox(world, user, &CALENDAR_READ)?;
    let (from, to) = window(call)?;
    let rows = world.entries(&user, from, to).into_iter().map(|entry| Row {
        event: entry.event,
        placed: entry.placed,
        organized: entry.organized,
    });
    answer(world, call, &user, rows.collect())
}

/// `GET …/events/{id}/instances?startDateTime=…&endDateTime=…`.
pub(super) fn instances(world: &World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    odata::allow_options(call, &OPTIONS)?;
    let user = call.mailbox(world, user, &CALENDAR_READ)?;
    let (from, to) = window(call)?;
    let located = locate(world, &user, id)?;
    let event = world.events.get(&located.event).ok_or_else(not_found)?;
    if event.recurrence.is_none() || located.occurrence.is_some() {
        let message = "The event is not a series master.";
        return Err(GraphError::new(400, "ErrorInvalidRequest", message));
    }
    let rows = event.placed_within(from, to).into_iter().map(|placed| Row {
        event,
        placed,
        organized: located.organized,
    });
    answer(world, call, &user, rows.collect())
}

fn window(call: &Call<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>), GraphError> {
    let invalid = |message: &str| GraphError::new(400, "ErrorInvalidParameter", message);
    let bound = |name: &str| {
        let text = call.request.parameter(name).ok_or_else(|| {
            invalid("This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.")
        })?;
        let message = format!("The value '{text}' of parameter '{name}' is invalid.");
        parse_instant(text).ok_or_else(|| invalid(&message))
    };
    let (from, to) = (bound("startDateTime")?, bound("endDateTime")?);
    if to < from {
        return Err(invalid(
            "The value of EndDateTime must not be before that of StartDateTime.",
        ));
    }
    if to - from > TimeDelta::days(MAX_DAYS) {
        let message = format!(
            "The range between the start and end dates is greater than the allowed range. Maximum number of days: {MAX_DAYS}"
        );
        return Err(GraphError::new(
            400,
            "ErrorCalendarViewRangeTooBig",
            message,
        ));
    }
    Ok((from, to))
}
