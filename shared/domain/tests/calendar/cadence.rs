//! Cadence in every zone: the wall clock is kept, the order too, and what was
//! clamped returns.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use convoke_domain::cadence::{Cadence, Frequency, Occurrence};
use convoke_domain::zone::{LocalTime, Zone};
use proptest::prelude::*;

use crate::events::{any_cadence, local};

/// The date of an occurrence by a calendar's own arithmetic.
fn expected_date(frequency: Frequency, anchor: NaiveDate, n: u32) -> NaiveDate {
    let months = match frequency {
        Frequency::Daily => return anchor + TimeDelta::days(i64::from(n)),
        Frequency::Weekly => return anchor + TimeDelta::days(7 * i64::from(n)),
        Frequency::Monthly => n,
        Frequency::Quarterly => 3 * n,
        Frequency::Annual => 12 * n,
    };
    let elapsed = anchor.month0() + months;
    let year = anchor.year() + i32::try_from(elapsed / 12).expect("a year");
    let month = elapsed % 12 + 1;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    NaiveDate::from_ymd_opt(year, month, anchor.day().min(length)).expect("a date")
}

fn check_wall_clock(cadence: &Cadence, occurrence: Occurrence) {
    let (zone, local) = (cadence.zone(), occurrence.original_local);
    let shown = zone.local(occurrence.start);
    match zone.resolve(local) {
        LocalTime::Gap { .. } => {
            // Moved forward by what the clocks skip, and by no more.
            let before = zone.offset_seconds(occurrence.start - TimeDelta::hours(25));
            let after = zone.offset_seconds(occurrence.start);
            assert_eq!(
                shown - local,
                TimeDelta::seconds(i64::from(after - before)),
                "{zone}"
            );
        }
        _ => assert_eq!(shown, local, "{zone}"),
    }
}

/// CM-5: in every zone, with every frequency, from month ends and leap days.
#[test]
fn every_zone_keeps_the_wall_clock_the_order_and_the_day() {
    let anchors = [
        "2027-01-31T09:00:00",
        "2028-02-29T02:30:00",
        "2026-11-30T00:15:00",
    ];
    for zone in Zone::all() {
        for anchor in anchors.map(local) {
            for frequency in Frequency::ALL {
                let cadence = match Cadence::new(frequency, anchor, zone.clone()) {
                    Ok(cadence) => cadence,
                    Err(error) => panic!("{zone} {anchor}: {error}"),
                };
                check_occurrences(&cadence, 60);
            }
        }
    }
}

fn check_occurrences(cadence: &Cadence, steps: usize) {
    let (frequency, anchor) = (cadence.frequency(), cadence.anchor());
    let mut before = None;
    for (n, occurrence) in (0_u32..).zip(cadence.occurrences_from(0)).take(steps) {
        assert_eq!(occurrence.index, n);
        assert_eq!(cadence.occurrence(n), Some(occurrence));
        let date = expected_date(frequency, anchor.date(), n);
        assert_eq!(occurrence.original_local, date.and_time(anchor.time()));
        check_wall_clock(cadence, occurrence);
        assert!(before < Some(occurrence.start), "{cadence:?} {n}");
        before = Some(occurrence.start);
    }
}

/// The one kind of place where two occurrences coincide.
#[test]
fn a_skipped_day_moves_its_occurrence_onto_the_next() {
    let apia = Zone::parse("Pacific/Apia").expect("a zone");
    let daily = Cadence::new(Frequency::Daily, local("2011-12-29T09:00:00"), apia);
    let starts: Vec<DateTime<Utc>> = daily
        .expect("a series")
        .occurrences_from(0)
        .take(4)
        .map(|o| o.start)
        .collect();
    assert_eq!(starts[1], starts[2]);
    assert!(starts[0] < starts[1] && starts[2] < starts[3]);
}

fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (1_600_000_000_i64..2_400_000_000)
        .prop_map(|seconds| DateTime::from_timestamp(seconds, 0).expect("in range"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// CM-5: any anchor in any zone.
    #[test]
    fn any_cadence_keeps_wall_clock_order_and_day(cadence in any_cadence()) {
        check_occurrences(&cadence, 400);
    }

    #[test]
    fn the_first_occurrence_after_an_instant_is_what_a_search_finds(
        cadence in any_cadence(),
        at in any_instant(),
    ) {
        let found = cadence.occurrences_from(0).find(|o| o.start >= at).map(|o| o.index);
        prop_assert_eq!(cadence.first_at_or_after(at), found);
    }

    #[test]
    fn an_occurrence_is_found_at_its_very_start(cadence in any_cadence(), n in 0_u32..3000) {
        let occurrence = cadence.occurrence(n).expect("in the calendar");
        prop_assert_eq!(cadence.first_at_or_after(occurrence.start), Some(n));
        let later = cadence.first_at_or_after(occurrence.start + TimeDelta::seconds(1));
        prop_assert_eq!(later, Some(n + 1));
        prop_assert_eq!(cadence.occurrence_on(occurrence.date()), Some(occurrence));
    }

    #[test]
    fn no_anchor_and_no_index_makes_trouble(
        days in -100_000_000_i64..100_000_000,
        n in any::<u32>(),
        index in 0_usize..597,
    ) {
        let zones: Vec<Zone> = Zone::all().collect();
        let anchor = DateTime::UNIX_EPOCH.naive_utc().checked_add_signed(TimeDelta::days(days));
        let anchor = anchor.unwrap_or(NaiveDateTime::MAX);
        for frequency in Frequency::ALL {
            if let Ok(cadence) = Cadence::new(frequency, anchor, zones[index].clone()) {
                cadence.occurrence(n);
                cadence.occurrences_from(n).next();
                cadence.first_at_or_after(DateTime::<Utc>::MAX_UTC);
            }
        }
    }
}
