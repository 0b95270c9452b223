//! Whatever texts go in, the file is well-formed, holds what went in and
//! nothing else, and is the same when written again.

#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use chrono::{DateTime, NaiveDate, TimeDelta};
use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::cadence::{Cadence, Frequency};
use convoke_domain::ics::{
    Attendee, CalendarEvent, EventStatus, JoinLink, Method, OnlineService, Organizer,
    Participation, Role, Series, Timing, Transparency, write_calendar,
};
use convoke_domain::zone::Zone;
use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/calendar/lint.rs"]
mod lint;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/calendar/raw.rs"]
mod raw;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    uid: &'a str,
    summary: &'a str,
    description: &'a str,
    place: Option<&'a str>,
    link: Option<&'a str>,
    is_teams: bool,
    organizer: Option<(&'a str, Option<&'a str>)>,
    attendees: Vec<(&'a str, Option<&'a str>, u8)>,
    categories: Vec<&'a str>,
    zone: u16,
    frequency: u8,
    is_series: bool,
    day: u16,
    minute: u16,
    last: Option<u16>,
    excluded: Vec<u16>,
    duration_minutes: u32,
    stamp: u32,
    reminder: bool,
    method: Option<bool>,
}

fn timing(input: &Input<'_>) -> Option<Timing> {
    static ZONES: LazyLock<Vec<Zone>> = LazyLock::new(|| Zone::all().collect());
    let zone = ZONES[usize::from(input.zone) % ZONES.len()].clone();
    let date = NaiveDate::from_ymd_opt(1970, 1, 1)? + TimeDelta::days(i64::from(input.day));
    let minute = u32::from(input.minute) % (24 * 60);
    let start = date.and_hms_opt(minute / 60, minute % 60, 0)?;
    if !input.is_series {
        return Some(Timing::Once { start, zone });
    }
    let frequency = Frequency::ALL[usize::from(input.frequency) % Frequency::ALL.len()];
    let cadence = Cadence::new(frequency, start, zone).ok()?;
    let excluded = input.excluded.iter().take(20);
    let excluded = excluded.filter_map(|n| cadence.occurrence(u32::from(*n)).map(|o| o.date()));
    let excluded = excluded.collect();
    Some(Timing::Series(Series {
        cadence,
        last: input.last.map(u32::from),
        excluded,
    }))
}

/// The address, or a plain one where it is none: names want to be fuzzed too.
fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text)
        .unwrap_or_else(|_| EmailAddress::parse("ada@example.org").expect("an address"))
}

fn attendee((email, name, role): &(&str, Option<&str>, u8)) -> Attendee {
    Attendee {
        email: address(email),
        name: name.map(str::to_owned),
        role: [Role::Required, Role::Optional, Role::Resource][usize::from(role % 3)],
        participation: Participation::NeedsAction,
        rsvp: role % 2 == 0,
    }
}

fn event(input: &Input<'_>) -> Option<CalendarEvent> {
    let service = if input.is_teams {
        OnlineService::Teams
    } else {
        OnlineService::Other
    };
    let link = input.link.map(|link| {
        WebLink::parse(link)
            .unwrap_or_else(|_| WebLink::parse("https://example.org/").expect("a link"))
    });
    let organizer = input.organizer.map(|(email, name)| Organizer {
        email: address(email),
        name: name.map(str::to_owned),
    });
    let stamp = DateTime::from_timestamp(i64::from(input.stamp), 0)?;
    Some(CalendarEvent {
        uid: input.uid.to_owned(),
        stamp,
        sequence: input.stamp,
        timing: timing(input)?,
        duration_minutes: input.duration_minutes,
        summary: input.summary.to_owned(),
        description: input.description.to_owned(),
        place: input.place.map(str::to_owned),
        join: link.map(|url| JoinLink { url, service }),
        status: EventStatus::Confirmed,
        transparency: Transparency::Opaque,
        created: Some(stamp),
        last_modified: None,
        categories: input
            .categories
            .iter()
            .map(|&word| word.to_owned())
            .collect(),
        organizer,
        attendees: input.attendees.iter().map(attendee).collect(),
        reminder: input.reminder,
    })
}

fuzz_target!(|input: Input<'_>| {
    let Some(event) = event(&input) else { return };
    let method = input.method.map(|cancel| {
        if cancel {
            Method::Cancel
        } else {
            Method::Request
        }
    });
    let events = [event];
    let Ok(ics) = write_calendar(method, &events) else {
        return;
    };
    let file = lint::lint(&ics);
    let read = file.inside("VEVENT").next().expect("an event");
    assert_eq!(read.all("ATTENDEE").count(), events[0].attendees.len());
    assert_eq!(
        read.all("ORGANIZER").count(),
        usize::from(events[0].organizer.is_some())
    );
    assert_eq!(read.one("UID").text(), input.uid);
    assert_eq!(write_calendar(method, &events).as_deref(), Ok(ics.as_str()));
});
