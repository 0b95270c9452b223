//! Which instant a wall clock means, in every zone of the database.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use convoke_domain::zone::{LocalTime, Zone};
use proptest::prelude::*;

use crate::events::{any_zone, local, utc, zone};
use crate::transitions;

/// The data that the product promises to be right for.
#[test]
fn the_bundled_data_is_2026e_or_newer() {
    assert!(
        Zone::database_version() >= "2026e",
        "{}",
        Zone::database_version()
    );
}

/// Morocco gave up its clock changes on 2026-09-20; British Columbia, Alberta
/// and Manitoba on 2026-11-01. Older data is an hour off today.
#[test]
fn zones_that_changed_in_2026_have_their_new_offsets() {
    for (name, at, hours) in [
        ("Africa/Casablanca", "2026-09-01T12:00:00Z", 1),
        ("Africa/Casablanca", "2026-12-01T12:00:00Z", 0),
        ("Africa/Casablanca", "2027-07-01T12:00:00Z", 0),
        ("Africa/El_Aaiun", "2027-07-01T12:00:00Z", 0),
        ("America/Vancouver", "2026-10-01T12:00:00Z", -7),
        ("America/Vancouver", "2026-12-01T12:00:00Z", -7),
        ("America/Vancouver", "2027-07-01T12:00:00Z", -7),
        ("America/Edmonton", "2026-12-01T12:00:00Z", -6),
        ("America/Edmonton", "2027-07-01T12:00:00Z", -6),
        ("America/Winnipeg", "2026-12-01T12:00:00Z", -5),
        ("America/Winnipeg", "2027-07-01T12:00:00Z", -5),
    ] {
        assert_eq!(
            zone(name).offset_seconds(utc(at)),
            hours * 3600,
            "{name} {at}"
        );
    }
}

#[test]
fn a_name_is_found_in_any_case_and_spelt_as_the_database_does() {
    assert_eq!(zone("europe/BERLIN").name(), "Europe/Berlin");
    assert_eq!(zone("utc"), Zone::utc());
    assert_eq!(zone("US/Eastern").to_string(), "US/Eastern");
    assert_ne!(zone("US/Eastern"), zone("America/New_York"));
    for other in [
        "",
        "Europe",
        "Europe/Berlin ",
        "CEST",
        "+01:00",
        "Factory",
        "../etc/passwd",
        "\0",
    ] {
        let error = Zone::parse(other).expect_err(other);
        assert_eq!(error.name, other);
    }
    let long = "x".repeat(10_000);
    assert_eq!(Zone::parse(&long).expect_err("no zone").name.len(), 64);
}

#[test]
fn only_utc_itself_is_utc() {
    let names: Vec<&str> = Zone::all().filter(Zone::is_utc).map(|z| z.name()).collect();
    let known = [
        "Etc/UCT",
        "Etc/UTC",
        "Etc/Universal",
        "Etc/Zulu",
        "UCT",
        "UTC",
        "Universal",
        "Zulu",
    ];
    assert_eq!(names, known);
}

/// AP-1: a skipped time is known as such, a repeated one means the first.
#[test]
fn gap_and_overlap_are_told_apart() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(
        berlin.resolve(local("2027-03-28T02:30:00")),
        LocalTime::Gap {
            after: utc("2027-03-28T01:30:00Z")
        }
    );
    assert_eq!(
        berlin.resolve(local("2027-10-31T02:30:00")),
        LocalTime::Overlap {
            first: utc("2027-10-31T00:30:00Z"),
            second: utc("2027-10-31T01:30:00Z")
        }
    );
    assert_eq!(
        berlin.resolve(local("2027-03-28T03:00:00")),
        LocalTime::Unique(utc("2027-03-28T01:00:00Z"))
    );
    let samoa = zone("Pacific/Apia").resolve(local("2011-12-30T09:00:00"));
    assert_eq!(
        samoa,
        LocalTime::Gap {
            after: utc("2011-12-30T19:00:00Z")
        }
    );
}

#[test]
fn abbreviations_are_what_people_say() {
    assert_eq!(
        zone("Europe/Berlin").abbreviation(utc("2027-07-01T00:00:00Z")),
        "CEST"
    );
    assert_eq!(
        zone("America/Sao_Paulo").abbreviation(utc("2027-07-01T00:00:00Z")),
        "-03"
    );
}

/// What `resolve` ought to answer, from the changes around a wall clock alone.
fn expected(zone: &jiff::tz::TimeZone, local: NaiveDateTime) -> LocalTime {
    let at = local.and_utc();
    let (from, to) = (at - TimeDelta::days(3), at + TimeDelta::days(3));
    let changes = transitions::changes(zone, from, to);
    let mut offsets: Vec<i64> = changes.iter().flat_map(|c| [c.before, c.after]).collect();
    offsets.push(transitions::offset(zone, at));
    match transitions::instants(zone, local, &offsets)[..] {
        [only] => LocalTime::Unique(only),
        [first, second] => LocalTime::Overlap { first, second },
        [] => {
            let gap = changes.iter().find(|change| {
                let before = change.at.naive_utc() + TimeDelta::seconds(change.before);
                let after = change.at.naive_utc() + TimeDelta::seconds(change.after);
                before <= local && local < after
            });
            let gap = gap.expect("a time that nothing skips");
            LocalTime::Gap {
                after: (local - TimeDelta::seconds(gap.before)).and_utc(),
            }
        }
        _ => panic!("{local} occurs three times"),
    }
}

/// Around every change of fifty years in every zone: the edges to the second.
#[test]
fn every_wall_clock_near_a_change_is_resolved_as_the_changes_say() {
    let (from, to) = (utc("1990-01-01T00:00:00Z"), utc("2040-01-01T00:00:00Z"));
    let mut kinds = [0_u32; 3];
    for zone in Zone::all() {
        let data = transitions::time_zone(zone.name());
        for change in transitions::changes(&data, from, to) {
            for offset in [change.before, change.after] {
                let edge = change.at.naive_utc() + TimeDelta::seconds(offset);
                for seconds in [-1800, -1, 0, 1, 1800] {
                    let local = edge + TimeDelta::seconds(seconds);
                    let resolved = zone.resolve(local);
                    assert_eq!(resolved, expected(&data, local), "{zone} {local}");
                    let kind = match resolved {
                        LocalTime::Unique(_) => 0,
                        LocalTime::Gap { .. } => 1,
                        LocalTime::Overlap { .. } => 2,
                    };
                    kinds[kind] += 1;
                }
            }
        }
    }
    assert!(kinds.iter().all(|n| *n > 10_000), "{kinds:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_wall_clock_is_resolved_as_the_changes_say(
        zone in any_zone(),
        seconds in 0_i64..4_000_000_000,
    ) {
        let local = DateTime::from_timestamp(seconds, 0).expect("in range").naive_utc();
        let data = transitions::time_zone(zone.name());
        prop_assert_eq!(zone.resolve(local), expected(&data, local));
    }

    #[test]
    fn what_the_clock_shows_leads_back_to_the_instant(
        zone in any_zone(),
        seconds in -8_000_000_000_000_i64..8_000_000_000_000,
    ) {
        let at = DateTime::from_timestamp(seconds, 0).expect("in range");
        match zone.resolve(zone.local(at)) {
            LocalTime::Unique(only) => prop_assert_eq!(only, at),
            LocalTime::Overlap { first, second } => prop_assert!(at == first || at == second),
            LocalTime::Gap { .. } => prop_assert!(false, "the clock showed a skipped time"),
        }
    }
}

/// Rules go on for ever, and no time that can be expressed makes trouble.
#[test]
fn the_far_future_follows_the_rule_and_the_ends_of_time_are_answered() {
    let berlin = zone("Europe/Berlin");
    for year in [9998, 9999, 10_000, 12_027, 200_000] {
        let summer = chrono::NaiveDate::from_ymd_opt(year, 7, 1).expect("a date");
        let noon = summer.and_hms_opt(12, 0, 0).expect("a time");
        assert_eq!(berlin.instant(noon), (noon - TimeDelta::hours(2)).and_utc());
        assert_eq!(berlin.local(berlin.instant(noon)), noon);
    }
    for zone in Zone::all() {
        for end in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            zone.instant(end);
            zone.local(end.and_utc());
        }
        zone.local(DateTime::<Utc>::MIN_UTC);
        zone.local(DateTime::<Utc>::MAX_UTC);
    }
}
