//! VTIMEZONE of every zone against the database, to the second, ten years
//! ahead.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use convoke_domain::cadence::{Cadence, Frequency};
use convoke_domain::ics::{CalendarEvent, Timing, write_calendar};
use convoke_domain::zone::Zone;

use crate::events::{local, plain, recurring, utc, zone};
use crate::lint::lint;
use crate::observances::Observances;
use crate::raw::Component;
use crate::transitions;

/// The VTIMEZONE of a daily meeting that starts at that wall clock.
fn vtimezone(zone: &Zone, start: &str) -> Component {
    let cadence = Cadence::new(Frequency::Daily, local(start), zone.clone()).expect("a series");
    let file = lint(&write_calendar(None, &[recurring(cadence)]).expect("a valid event"));
    file.inside("VTIMEZONE").next().expect("a zone").clone()
}

/// Starts before, between and after the changes of 2026, and in the past.
const STARTS: [&str; 10] = [
    "1985-07-01T12:00:00",
    "1999-02-01T12:00:00",
    "2007-06-01T12:00:00",
    "2022-12-31T12:00:00",
    "2024-03-01T12:00:00",
    "2026-01-01T12:00:00",
    "2026-11-21T12:00:00",
    "2027-01-01T12:00:00",
    "2027-06-30T12:00:00",
    "2031-10-31T12:00:00",
];

/// Instants around every change from a start on, and one in every month.
fn instants(name: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let data = transitions::time_zone(name);
    let changes = transitions::changes(&data, from, to);
    let near = changes
        .iter()
        .flat_map(|change| [-1, 0, 1].map(|seconds| change.at + TimeDelta::seconds(seconds)));
    let monthly = (0..120).map(|month| from + TimeDelta::days(30 * month));
    near.chain(monthly).filter(|at| *at >= from).collect()
}

#[test]
fn every_zone_reads_back_as_the_database_has_it_for_ten_years() {
    let mut compared = 0;
    for zone in Zone::all().filter(|zone| !zone.is_utc()) {
        let data = transitions::time_zone(zone.name());
        for start in STARTS {
            let from = zone.instant(local(start));
            let to = from + TimeDelta::days(3652);
            let read = Observances::read(&vtimezone(&zone, start), to.year() + 1);
            for at in instants(zone.name(), from, to) {
                let expected = transitions::offset(&data, at);
                assert_eq!(read.offset(at), expected, "{zone} from {start} at {at}");
                let info = data.to_offset_info(transitions::stamp(at));
                assert_eq!(read.name(at), Some(info.abbreviation()), "{zone} at {at}");
                compared += 1;
            }
        }
    }
    assert!(compared > 700_000, "{compared}");
}

fn rules(component: &Component) -> Vec<(&str, &str, Option<&str>)> {
    component
        .children
        .iter()
        .map(|o| {
            let rule: Option<&str> = o.get("RRULE").map(|line| line.value.as_str());
            (o.name.as_str(), o.one("DTSTART").value.as_str(), rule)
        })
        .collect()
}

#[test]
fn a_rule_is_one_pair_that_begins_in_the_year_before() {
    let berlin = vtimezone(&zone("Europe/Berlin"), "2027-01-15T09:00:00");
    assert_eq!(
        rules(&berlin),
        [
            (
                "DAYLIGHT",
                "20260329T020000",
                Some("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")
            ),
            (
                "STANDARD",
                "20261025T030000",
                Some("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU")
            ),
        ]
    );
}

#[test]
fn a_rule_outside_the_day_names_the_shifted_weekday_and_its_days() {
    for (name, daylight, standard) in [
        (
            "America/Nuuk",
            "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=24,25,26,27,28,29,30;BYDAY=SA",
            "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        ),
        (
            "America/Santiago",
            "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=SU",
            "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=SU",
        ),
        (
            "Asia/Jerusalem",
            "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR",
            "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        ),
    ] {
        let component = vtimezone(&zone(name), "2027-01-15T09:00:00");
        let found: Vec<Option<&str>> = rules(&component).into_iter().map(|r| r.2).collect();
        assert_eq!(found, [Some(daylight), Some(standard)], "{name}");
    }
}

#[test]
fn what_no_rule_can_say_is_written_out_for_fifteen_years() {
    for name in ["Africa/Cairo", "Asia/Gaza"] {
        let component = vtimezone(&zone(name), "2027-01-15T09:00:00");
        let onsets = rules(&component);
        assert!(onsets.iter().all(|(_, _, rule)| rule.is_none()), "{name}");
        assert!(onsets[0].1.starts_with("2026"), "{name}: {onsets:?}");
        assert!(
            onsets.iter().any(|(_, onset, _)| onset.starts_with("2042")),
            "{name}"
        );
        assert!(
            !onsets.iter().any(|(_, onset, _)| onset.starts_with("2043")),
            "{name}"
        );
    }
}

#[test]
fn a_zone_whose_clocks_no_longer_change_has_one_standard() {
    for (name, offset) in [
        ("Asia/Tokyo", "+0900"),
        ("America/Vancouver", "-0700"),
        ("America/Edmonton", "-0600"),
        ("America/Winnipeg", "-0500"),
        ("Africa/Casablanca", "+0000"),
    ] {
        let component = vtimezone(&zone(name), "2026-12-01T09:00:00");
        let onsets = rules(&component);
        assert_eq!(onsets, [("STANDARD", "20250101T000000", None)], "{name}");
        assert_eq!(component.children[0].one("TZOFFSETTO").value, offset);
        assert_eq!(component.children[0].one("TZOFFSETFROM").value, offset);
    }
}

/// Morocco's last changes, seen from before them.
#[test]
fn changes_that_end_are_written_one_by_one() {
    let component = vtimezone(&zone("Africa/Casablanca"), "2026-02-01T09:00:00");
    assert!(component.children.iter().all(|o| o.get("RRULE").is_none()));
    let read = Observances::read(&component, 2040);
    for (at, hours) in [
        ("2026-02-10T12:00:00Z", 1),
        ("2026-03-01T12:00:00Z", 0),
        ("2026-09-19T12:00:00Z", 1),
        ("2026-09-21T12:00:00Z", 0),
        ("2035-07-01T12:00:00Z", 0),
    ] {
        assert_eq!(read.offset(utc(at)), hours * 3600, "{at}");
    }
}

/// A single occurrence is named by the wall clock that it had, and that may
/// lie before a change which its new start is after.
#[test]
fn a_moved_occurrence_has_the_offset_of_its_original_time_too() {
    let moved = CalendarEvent {
        timing: Timing::Occurrence {
            original: local("2026-08-15T09:00:00"),
            start: local("2026-11-15T09:00:00"),
            zone: zone("Africa/Casablanca"),
        },
        ..plain()
    };
    let file = lint(&write_calendar(None, &[moved]).expect("a valid event"));
    let read = Observances::read(file.inside("VTIMEZONE").next().expect("a zone"), 2030);
    assert_eq!(
        read.instant(local("2026-08-15T09:00:00")),
        utc("2026-08-15T08:00:00Z")
    );
    assert_eq!(
        read.instant(local("2026-11-15T09:00:00")),
        utc("2026-11-15T09:00:00Z")
    );
}
