//! What a client expands from a file is what the cadence yields.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use convoke_domain::cadence::{Cadence, Frequency};
use convoke_domain::ics::{CalendarEvent, IcsError, Series, Timing, write_calendar};
use proptest::prelude::*;

use crate::events::{any_cadence, any_frequency, any_zone, cadence, local, plain, recurring, zone};
use crate::expander::occurrences;
use crate::lint::lint;
use crate::raw::Component;

fn written(event: &CalendarEvent) -> Component {
    lint(&write_calendar(None, std::slice::from_ref(event)).expect("a valid event"))
}

fn rule(frequency: Frequency, anchor: &str) -> String {
    let file = written(&recurring(cadence(frequency, anchor, "Europe/Berlin")));
    file.inside("VEVENT")
        .next()
        .expect("an event")
        .one("RRULE")
        .value
        .clone()
}

fn starts(cadence: &Cadence, last_day: NaiveDate) -> BTreeSet<DateTime<Utc>> {
    cadence
        .occurrences_from(0)
        .take_while(|o| o.date() <= last_day)
        .map(|o| o.start)
        .collect()
}

/// CM-5, CM-9: ten years of occurrences, read from the text alone.
fn check_ten_years(cadence: &Cadence) {
    let last_day = cadence.anchor().date().with_day(1).expect("a date") + TimeDelta::days(3600);
    let expected = starts(cadence, last_day);
    let file = written(&recurring(cadence.clone()));
    assert_eq!(occurrences(&file, last_day), expected, "{cadence:?}");
}

#[test]
fn rules_are_written_in_the_words_that_every_client_knows() {
    use Frequency::{Annual, Daily, Monthly, Quarterly, Weekly};
    for (frequency, anchor, expected) in [
        (Daily, "2027-01-31T09:00:00", "FREQ=DAILY"),
        (Weekly, "2027-01-31T09:00:00", "FREQ=WEEKLY;BYDAY=SU"),
        (Monthly, "2027-01-28T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=28"),
        (Monthly, "2027-01-30T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=30"),
        (Monthly, "2027-01-31T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        (
            Quarterly,
            "2027-01-05T09:00:00",
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=5",
        ),
        (
            Quarterly,
            "2026-12-31T09:00:00",
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1",
        ),
        (
            Annual,
            "2027-06-30T09:00:00",
            "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=30",
        ),
        (
            Annual,
            "2028-02-29T09:00:00",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
        ),
        (
            Annual,
            "2027-02-28T09:00:00",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28",
        ),
    ] {
        assert_eq!(
            rule(frequency, anchor),
            expected,
            "{frequency} from {anchor}"
        );
    }
}

/// CM-5: every frequency from every day that some month lacks, on both
/// hemispheres, through gaps and repeated hours.
#[test]
fn every_month_end_expands_to_the_cadence() {
    let zones = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Sydney",
        "America/Santiago",
        "America/Nuuk",
        "Africa/Cairo",
        "Asia/Gaza",
        "Africa/Casablanca",
        "Asia/Jerusalem",
        "Pacific/Chatham",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "America/Vancouver",
        "UTC",
        "Etc/GMT+5",
    ];
    let days = [
        "2027-01-28",
        "2027-01-29",
        "2027-01-30",
        "2027-01-31",
        "2026-11-29",
        "2026-11-30",
        "2026-12-31",
        "2028-02-28",
        "2028-02-29",
        "2027-02-28",
        "2027-03-27",
        "2027-10-30",
    ];
    for name in zones {
        for day in days {
            for time in ["02:30:00", "00:00:00", "23:59:59"] {
                for frequency in Frequency::ALL {
                    let anchor = local(&format!("{day}T{time}"));
                    if let Ok(cadence) = Cadence::new(frequency, anchor, zone(name)) {
                        check_ten_years(&cadence);
                    }
                }
            }
        }
    }
}

/// CM-5: every zone.
#[test]
fn a_daily_half_past_two_expands_to_the_cadence_in_every_zone() {
    for zone in convoke_domain::zone::Zone::all() {
        for anchor in ["2026-12-01T02:30:00", "2027-06-30T00:00:00"] {
            match Cadence::new(Frequency::Daily, local(anchor), zone.clone()) {
                Ok(cadence) => check_ten_years(&cadence),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// CM-5, CM-9: any cadence at all.
    #[test]
    fn any_cadence_expands_to_itself(cadence in any_cadence()) {
        check_ten_years(&cadence);
    }

    #[test]
    fn a_series_that_ends_has_its_last_occurrence_and_none_after(
        cadence in any_cadence(),
        last in 0_u32..120,
        excluded in proptest::collection::vec(0_u32..130, 0..5),
    ) {
        // RDATEs for short Februaries are written ten years ahead.
        let last = last.min(match cadence.frequency() {
            Frequency::Annual => 10,
            Frequency::Quarterly => 40,
            _ => 119,
        });
        let date = |n: u32| cadence.occurrence(n).expect("in the calendar").date();
        let last_day = date(last) + TimeDelta::days(400);
        let series = Series {
            cadence: cadence.clone(),
            last: Some(last),
            excluded: excluded.iter().copied().filter(|n| *n <= last).map(date).collect(),
        };
        let expected: BTreeSet<DateTime<Utc>> = cadence
            .occurrences_from(0)
            .take_while(|o| o.index <= last)
            .filter(|o| !excluded.contains(&o.index))
            .map(|o| o.start)
            .collect();
        let file = written(&CalendarEvent { timing: Timing::Series(series), ..plain() });
        prop_assert_eq!(occurrences(&file, last_day), expected);
        let event = file.inside("VEVENT").next().expect("an event");
        let until = cadence.occurrence(last).expect("in the calendar").start;
        let until = format!(";UNTIL={}", until.format("%Y%m%dT%H%M%SZ"));
        prop_assert!(event.one("RRULE").value.ends_with(&until));
    }

    /// Old meetings: their files are right today, not only ten years from
    /// their start on.
    #[test]
    fn a_series_from_the_past_is_right_at_the_time_of_writing(
        frequency in any_frequency(),
        zone in any_zone(),
        year in 1990_i32..2026,
        day in 1_u32..=31,
        month in 1_u32..=12,
    ) {
        let date = (0..4).find_map(|back| NaiveDate::from_ymd_opt(year, month, day - back));
        let anchor = date.expect("a date").and_hms_opt(9, 0, 0).expect("a time");
        let Ok(cadence) = Cadence::new(frequency, anchor, zone) else { return Ok(()) };
        let last_day = NaiveDate::from_ymd_opt(2036, 12, 31).expect("a date");
        let file = written(&recurring(cadence.clone()));
        let now = plain().stamp - TimeDelta::days(400);
        let recent = |all: BTreeSet<DateTime<Utc>>| -> Vec<DateTime<Utc>> {
            all.into_iter().filter(|at| *at >= now).collect()
        };
        prop_assert_eq!(recent(occurrences(&file, last_day)), recent(starts(&cadence, last_day)));
    }
}

/// CM-5: dates that no rule of all clients can say.
#[test]
fn short_februaries_are_given_as_dates_ten_years_ahead() {
    let file = written(&recurring(cadence(
        Frequency::Quarterly,
        "2026-11-30T09:00:00",
        "UTC",
    )));
    let event = file.inside("VEVENT").next().expect("an event");
    let dates: Vec<&str> = event.one("RDATE").value.split(',').collect();
    assert_eq!(dates.len(), 10);
    assert_eq!(
        (dates[0], dates[1]),
        ("20270228T090000Z", "20280229T090000Z")
    );
    assert_eq!(dates[9], "20360229T090000Z");
    let file = written(&recurring(cadence(
        Frequency::Quarterly,
        "2026-10-30T09:00:00",
        "UTC",
    )));
    let event = file.inside("VEVENT").next().expect("an event");
    assert!(
        event.get("RDATE").is_none(),
        "January, April, July and October have a 30th"
    );
}

/// A moved occurrence stays in the series under its original wall clock.
#[test]
fn a_moved_occurrence_names_the_one_that_it_replaces() {
    let cadence = cadence(Frequency::Monthly, "2027-01-31T09:00:00", "Europe/Berlin");
    let moved = |original: &str| CalendarEvent {
        timing: Timing::Occurrence {
            original: local(original),
            start: local("2027-03-02T14:00:00"),
            zone: zone("Europe/Berlin"),
        },
        ..plain()
    };
    let events = [recurring(cadence.clone()), moved("2027-02-28T09:00:00")];
    let file = lint(&write_calendar(None, &events).expect("valid events"));
    let second = file.inside("VEVENT").nth(1).expect("two events");
    let id = second.one("RECURRENCE-ID");
    assert_eq!(
        (id.param("TZID"), id.value.as_str()),
        (Some("Europe/Berlin"), "20270228T090000")
    );
    assert_eq!(second.one("DTSTART").value, "20270302T140000");

    let refused = |events: &[CalendarEvent]| write_calendar(None, events).expect_err("refused");
    for none in [
        "2027-02-27T09:00:00",
        "2027-02-28T10:00:00",
        "2026-12-31T09:00:00",
    ] {
        let date = local(none).date();
        assert_eq!(
            refused(&[events[0].clone(), moved(none)]),
            IcsError::Occurrence(date)
        );
    }
    let date = local("2027-02-28T09:00:00").date();
    let twice = [events[0].clone(), events[1].clone(), events[1].clone()];
    assert_eq!(refused(&twice), IcsError::Occurrence(date));
    let excluded = Series {
        cadence,
        last: None,
        excluded: vec![date],
    };
    let excluded = CalendarEvent {
        timing: Timing::Series(excluded),
        ..plain()
    };
    assert_eq!(
        refused(&[excluded, events[1].clone()]),
        IcsError::Occurrence(date)
    );
    assert_eq!(
        refused(&[plain(), events[1].clone()]),
        IcsError::Occurrence(date)
    );
}
