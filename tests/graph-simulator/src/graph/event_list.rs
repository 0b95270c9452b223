//! `GET /users/{u}/events`: single events and series masters, filtered,
//! ordered and paged.

use serde_json::Value;

use super::event_read::show;
use super::event_wire::{View, render};
use super::filter::Filter;
use super::{Answer, CALENDAR_READ, Call, extended, odata};
use crate::calendar::entry_id::IdForm;
use crate::calendar::event::{Event, Placed};
use crate::calendar::zones::Zone;
use crate::directory::User;
use crate::reply::GraphError;
use crate::world::{World, place_of};

pub(super) const OPTIONS: [&str; 7] = [
    "$select", "$filter", "$expand", "$orderby", "$top", "$skip", "$count",
];
const PAGE_LIMIT: usize = 1000;

/// Properties by which Exchange orders.
const SORTABLE: [&str; 5] = [
    "start/dateTime",
    "end/dateTime",
    "createdDateTime",
    "lastModifiedDateTime",
    "subject",
];

/// One event in a list.
pub(super) struct Row<'a> {
    pub(super) event: &'a Event,
    pub(super) placed: Placed,
    pub(super) organized: bool,
}

/// `GET /users/{u}/events`.
pub(super) fn list(world: &World, call: &Call<'_>, user: &str) -> Answer {
    odata::allow_options(call, &OPTIONS)?;
    let user = call.mailbox(world, user, &CALENDAR_READ)?;
    let mut events: Vec<&Event> = world.events.values().collect();
    // Newest first, as Exchange does without `$orderby`.
    events.sort_by_key(|event| std::cmp::Reverse((event.created_at, event.id)));
    let on_calendar = events.into_iter().filter(|event| event.removal.is_none());
    let rows = on_calendar.filter_map(|event| {
        let organized = place_of(event, &user)?;
        Some(Row {
            event,
            placed: event.whole(),
            organized,
        })
    });
    answer(world, call, &user, rows.collect())
}

/// Filters, orders, selects and pages.
pub(super) fn answer(world: &World, call: &Call<'_>, user: &User, rows: Vec<Row<'_>>) -> Answer {
    let filter = call
        .request
        .parameter("$filter")
        .map(Filter::parse)
        .transpose()?;
    if let Some(filter) = &filter {
        check_filter(world, filter)?;
    }
    let full = |row: &Row<'_>| {
        let view = View {
            user,
            organized: row.organized,
            id_form: IdForm::Immutable,
            zone: &Zone::utc(),
        };
        let mut value = render(world, row.event, &row.placed, &view);
        value["singleValueExtendedProperties"] = extended::properties(row.event).into();
        value
    };
    let mut chosen: Vec<(Row<'_>, Value)> = Vec::new();
    for row in rows {
        let value = full(&row);
        if filter.as_ref().is_none_or(|filter| filter.accepts(&value)) {
            chosen.push((row, value));
        }
    }
    order(call, &mut chosen)?;
    let shown: Result<Vec<Value>, GraphError> = chosen
        .iter()
        .map(|(row, _)| show(world, call, user, row.event, &row.placed, row.organized))
        .collect();
    odata::page(call, "users/events", shown?, PAGE_LIMIT)
}

fn check_filter(world: &World, filter: &Filter) -> Result<(), GraphError> {
    for path in filter.paths() {
        let refuse = |why: &str| {
            let message = format!("The property '{path}' {why}.");
            Err(GraphError::new(400, "ErrorInvalidProperty", message))
        };
        let path = path.split('/').next().unwrap_or_default();
        match path.to_ascii_lowercase().as_str() {
            // graph-protocol §2, unverified: `$filter` on transactionId.
            "transactionid" if !world.behaviour.transaction_id_filterable => {
                return refuse("does not support filtering");
            }
            "transactionid"
            | "icaluid"
            | "subject"
            | "start"
            | "end"
            | "createddatetime"
            | "lastmodifieddatetime"
            | "showas"
            | "type"
            | "isallday"
            | "iscancelled"
            | "isorganizer"
            | "sensitivity"
            | "importance"
            | "categories"
            | "singlevalueextendedproperties"
            | "seriesmasterid"
            | "organizer" => {}
            _ => return refuse("does not exist or does not support filtering"),
        }
    }
    Ok(())
}

fn order(call: &Call<'_>, rows: &mut [(Row<'_>, Value)]) -> Result<(), GraphError> {
    let Some(text) = call.request.parameter("$orderby") else {
        return Ok(());
    };
    let mut words = text.split_whitespace();
    let property = words.next().unwrap_or_default();
    let descending = match (words.next(), words.next()) {
        (None | Some("asc"), None) => false,
        (Some("desc"), None) => true,
        _ => {
            return Err(GraphError::bad_request(format!(
                "Invalid $orderby '{text}'."
            )));
        }
    };
    let known = SORTABLE.iter().find(|p| p.eq_ignore_ascii_case(property));
    let Some(known) = known else {
        let message = format!("The property '{property}' does not support sorting.");
        return Err(GraphError::bad_request(message));
    };
    let pointer = format!("/{known}");
    let key = |value: &Value| {
        let text = value.pointer(&pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    rows.sort_by(|(_, a), (_, b)| {
        let ordering = key(a).cmp(&key(b));
        if descending {
            ordering.reverse()
        } else {
            ordering
        }
    });
    Ok(())
}
