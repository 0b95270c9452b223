//! VEVENT (RFC 5545, section 3.6.1): one event, property by property.

use chrono::{NaiveDateTime, TimeDelta};

use super::Method;
use super::check::Coverage;
use super::event::{
    Attendee, CalendarEvent, EventStatus, OnlineService, Participation, Role, Series, Timing,
    Transparency, with_line,
};
use super::lines::Lines;
use super::property::{duration_form, utc_form, write_times};
use super::rrule;
use crate::zone::LocalTime;

/// Writes an event that [`check`](super::check::check) has let through.
pub(super) fn write(
    lines: &mut Lines,
    method: Option<Method>,
    event: &CalendarEvent,
    coverage: &Coverage,
) {
    let status = if method == Some(Method::Cancel) {
        EventStatus::Cancelled
    } else {
        event.status
    };
    lines.literal("BEGIN:VEVENT");
    lines.property("UID").text(&[&event.uid]);
    lines.property("DTSTAMP").raw(&utc_form(event.stamp));
    write_timing(lines, event, coverage);
    lines.property("SEQUENCE").raw(&event.sequence.to_string());
    lines.property("STATUS").raw(status_word(status));
    lines.property("TRANSP").raw(match event.transparency {
        Transparency::Opaque => "OPAQUE",
        Transparency::Transparent => "TRANSPARENT",
    });
    if let Some(created) = event.created {
        lines.property("CREATED").raw(&utc_form(created));
    }
    if let Some(modified) = event.last_modified {
        lines.property("LAST-MODIFIED").raw(&utc_form(modified));
    }
    lines.property("SUMMARY").text(&[&event.summary]);
    write_description(lines, event);
    write_place(lines, event);
    write_categories(lines, &event.categories);
    write_people(lines, event);
    if event.reminder && status != EventStatus::Cancelled {
        write_reminder(lines, &event.summary);
    }
    lines.literal("END:VEVENT");
}

fn status_word(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Tentative => "TENTATIVE",
        EventStatus::Confirmed => "CONFIRMED",
        EventStatus::Cancelled => "CANCELLED",
    }
}

fn write_timing(lines: &mut Lines, event: &CalendarEvent, coverage: &Coverage) {
    let zone = event.timing.zone();
    if let Timing::Occurrence { original, .. } = event.timing {
        write_times(lines, "RECURRENCE-ID", zone, std::iter::once(original));
    }
    write_times(
        lines,
        "DTSTART",
        zone,
        std::iter::once(event.timing.start()),
    );
    match end_on_the_wall(event) {
        Some(end) => write_times(lines, "DTEND", zone, std::iter::once(end)),
        None => lines
            .property("DURATION")
            .raw(&duration_form(event.duration_minutes)),
    }
    if let Timing::Series(series) = &event.timing {
        write_recurrence(lines, series, coverage);
    }
}

/// The wall clock of the end, where DTEND says what is meant. It does not when
/// the clocks change in between: clients take the difference of both wall
/// clocks for the length of each occurrence, and a repeated hour for the first.
fn end_on_the_wall(event: &CalendarEvent) -> Option<NaiveDateTime> {
    let (zone, start) = (event.timing.zone(), event.timing.start());
    let duration = TimeDelta::minutes(i64::from(event.duration_minutes));
    let end = start.checked_add_signed(duration)?;
    let instant = zone.instant(start).checked_add_signed(duration)?;
    (zone.resolve(end) == LocalTime::Unique(instant)).then_some(end)
}

fn write_recurrence(lines: &mut Lines, series: &Series, coverage: &Coverage) {
    let zone = series.cadence.zone();
    lines.property("RRULE").raw(&rrule::rule(series));
    let februaries = rrule::short_februaries(series, coverage);
    if !februaries.is_empty() {
        write_times(lines, "RDATE", zone, februaries.into_iter());
    }
    let mut excluded: Vec<NaiveDateTime> = series
        .excluded
        .iter()
        .filter_map(|date| series.cadence.occurrence_on(*date))
        .map(|occurrence| occurrence.original_local)
        .collect();
    excluded.sort_unstable();
    excluded.dedup();
    if !excluded.is_empty() {
        write_times(lines, "EXDATE", zone, excluded.into_iter());
    }
}

fn write_description(lines: &mut Lines, event: &CalendarEvent) {
    match &event.join {
        Some(join) => {
            let line = join.line();
            lines
                .property("DESCRIPTION")
                .text(&with_line(&event.description, &line));
        }
        None if event.description.is_empty() => {}
        None => lines.property("DESCRIPTION").text(&[&event.description]),
    }
}

fn write_place(lines: &mut Lines, event: &CalendarEvent) {
    let service = event.join.as_ref().map(|join| join.service);
    let place = event
        .place
        .as_deref()
        .filter(|place| !place.trim().is_empty());
    match (place, service) {
        (Some(place), _) => lines.property("LOCATION").text(&[place]),
        (None, Some(OnlineService::Teams)) => {
            lines
                .property("LOCATION")
                .text(&["Microsoft Teams Meeting"]);
        }
        (None, _) => {}
    }
    let Some(join) = &event.join else { return };
    lines.property("URL").raw(join.url.as_str());
    // RFC 7986, section 5.11.
    lines
        .property("CONFERENCE")
        .word("VALUE", "URI")
        .word("FEATURE", "AUDIO,VIDEO")
        .quoted("LABEL", join.label())
        .raw(join.url.as_str());
}

fn write_categories(lines: &mut Lines, categories: &[String]) {
    let named: Vec<&str> = categories
        .iter()
        .map(String::as_str)
        .filter(|name| !name.trim().is_empty())
        .collect();
    if !named.is_empty() {
        lines.property("CATEGORIES").texts(&named);
    }
}

fn write_people(lines: &mut Lines, event: &CalendarEvent) {
    if let Some(organizer) = &event.organizer {
        lines
            .property("ORGANIZER")
            .quoted("CN", organizer.name.as_deref().unwrap_or_default())
            .mailto(organizer.email.as_str());
    }
    for attendee in &event.attendees {
        write_attendee(lines, attendee);
    }
}

fn write_attendee(lines: &mut Lines, attendee: &Attendee) {
    let property = lines.property("ATTENDEE");
    let property = match attendee.role {
        Role::Required => property.word("ROLE", "REQ-PARTICIPANT"),
        Role::Optional => property.word("ROLE", "OPT-PARTICIPANT"),
        Role::Resource => property
            .word("CUTYPE", "RESOURCE")
            .word("ROLE", "NON-PARTICIPANT"),
    };
    let participation = match attendee.participation {
        Participation::NeedsAction => "NEEDS-ACTION",
        Participation::Accepted => "ACCEPTED",
        Participation::Declined => "DECLINED",
        Participation::Tentative => "TENTATIVE",
    };
    property
        .word("PARTSTAT", participation)
        .word("RSVP", if attendee.rsvp { "TRUE" } else { "FALSE" })
        .quoted("CN", attendee.name.as_deref().unwrap_or_default())
        .mailto(attendee.email.as_str());
}

/// A VALARM without UID or DTSTAMP: either would have to be new each time.
fn write_reminder(lines: &mut Lines, summary: &str) {
    lines.literal("BEGIN:VALARM");
    lines.literal("ACTION:DISPLAY");
    lines.literal("TRIGGER:-PT15M");
    lines.property("DESCRIPTION").text(&[summary]);
    lines.literal("END:VALARM");
}
