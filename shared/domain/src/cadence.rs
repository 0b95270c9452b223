//! Recurrence as people mean it: the nth occurrence is computed from the first
//! one, never from the previous, on the wall clock of a zone.
//!
//! So 09:00 stays 09:00 across daylight saving, and the 31st falls on the last
//! day of shorter months and returns to the 31st. The API's next occurrence,
//! the .ics RRULE and Graph's series all come from here.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, Timelike, Utc};

use crate::zone::{LocalTime, Zone};

/// How often something recurs; a quarter is three months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// Every day.
    Daily,
    /// Every seven days.
    Weekly,
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every twelve months.
    Annual,
}

/// A frequency that is none of `DAILY`, `WEEKLY`, `MONTHLY`, `QUARTERLY`, `ANNUAL`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a frequency is one of DAILY, WEEKLY, MONTHLY, QUARTERLY and ANNUAL")]
pub struct UnknownFrequency;

impl Frequency {
    /// Every frequency, the shortest first.
    pub const ALL: [Frequency; 5] = [
        Frequency::Daily,
        Frequency::Weekly,
        Frequency::Monthly,
        Frequency::Quarterly,
        Frequency::Annual,
    ];

    /// The word that the API uses, such as `QUARTERLY`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Frequency::Daily => "DAILY",
            Frequency::Weekly => "WEEKLY",
            Frequency::Monthly => "MONTHLY",
            Frequency::Quarterly => "QUARTERLY",
            Frequency::Annual => "ANNUAL",
        }
    }

    fn step(self) -> Step {
        match self {
            Frequency::Daily => Step::Days(1),
            Frequency::Weekly => Step::Days(7),
            Frequency::Monthly => Step::Months(1),
            Frequency::Quarterly => Step::Months(3),
            Frequency::Annual => Step::Months(12),
        }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Frequency {
    type Err = UnknownFrequency;

    fn from_str(text: &str) -> Result<Frequency, UnknownFrequency> {
        Frequency::ALL
            .into_iter()
            .find(|frequency| frequency.as_str() == text)
            .ok_or(UnknownFrequency)
    }
}

enum Step {
    Days(u32),
    Months(u32),
}

/// The last year of the calendar here: four digits are all that iCalendar and
/// ISO 8601 can write.
const LAST_YEAR: i32 = 9999;

/// The date `n` steps after `anchor`, on the last day of the month where the
/// anchor's day does not exist; `None` after the year 9999.
pub fn step_date(frequency: Frequency, anchor: NaiveDate, n: u32) -> Option<NaiveDate> {
    let date = match frequency.step() {
        Step::Days(days) => anchor.checked_add_days(Days::new(u64::from(days) * u64::from(n))),
        Step::Months(months) => anchor.checked_add_months(Months::new(months.checked_mul(n)?)),
    };
    date.filter(|date| date.year() <= LAST_YEAR)
}

/// A start that no series can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The clocks skip that time on that day.
    #[error("{local} does not exist in {zone}: the clocks skip it")]
    Skipped {
        /// The wall clock that was asked for.
        local: NaiveDateTime,
        /// Where.
        zone: Zone,
    },
    /// Before 1970 or after 2999.
    #[error("a series starts in a year from 1970 to 2999, not in {year}")]
    YearOutOfRange {
        /// The year that was asked for.
        year: i32,
    },
}

/// One occurrence of a [`Cadence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// 0 for the first.
    pub index: u32,
    /// The wall clock that the cadence asks for; its date identifies the
    /// occurrence for ever, wherever the occurrence is moved to.
    pub original_local: NaiveDateTime,
    /// When it takes place.
    pub start: DateTime<Utc>,
}

impl Occurrence {
    /// The date that identifies the occurrence.
    pub fn date(&self) -> NaiveDate {
        self.original_local.date()
    }
}

/// An endless series of occurrences of one wall clock in one zone.
///
/// A later occurrence whose wall clock the zone skips moves forward by the gap
/// (02:30 becomes 03:30); of one that occurs twice the first counts. That is
/// what RFC 5545, section 3.3.10 says of an RRULE; ical.js differs there.
/// Starts never decrease. Two can only coincide where a zone skipped a whole
/// day (Samoa's 2011-12-30).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cadence {
    frequency: Frequency,
    anchor: NaiveDateTime,
    zone: Zone,
}

/// Steps by which an estimate from dates alone starts early: a zone can skip a
/// day, a month can be short, and the local date can be a day off.
const ESTIMATE_MARGIN: i64 = 3;

impl Cadence {
    /// Years in which a series may start.
    pub const ANCHOR_YEARS: std::ops::RangeInclusive<i32> = 1970..=2999;

    /// A series whose first occurrence is `anchor`, cut to whole seconds.
    ///
    /// A start that the clocks skip is refused; one that occurs twice means the
    /// first.
    pub fn new(
        frequency: Frequency,
        anchor: NaiveDateTime,
        zone: Zone,
    ) -> Result<Cadence, AnchorError> {
        let anchor = anchor.with_nanosecond(0).unwrap_or(anchor);
        if !Cadence::ANCHOR_YEARS.contains(&anchor.year()) {
            return Err(AnchorError::YearOutOfRange {
                year: anchor.year(),
            });
        }
        match zone.resolve(anchor) {
            LocalTime::Gap { .. } => Err(AnchorError::Skipped {
                local: anchor,
                zone,
            }),
            _ => Ok(Cadence {
                frequency,
                anchor,
                zone,
            }),
        }
    }

    /// A series that was accepted before: later zone data may skip its start,
    /// which then moves forward like any other occurrence.
    pub fn restored(frequency: Frequency, anchor: NaiveDateTime, zone: Zone) -> Cadence {
        Cadence {
            frequency,
            anchor,
            zone,
        }
    }

    /// How often.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// The wall clock of the first occurrence.
    pub fn anchor(&self) -> NaiveDateTime {
        self.anchor
    }

    /// Where the wall clock hangs.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The nth occurrence, 0 being the first; `None` after the year 9999.
    pub fn occurrence(&self, n: u32) -> Option<Occurrence> {
        let date = step_date(self.frequency, self.anchor.date(), n)?;
        let original_local = date.and_time(self.anchor.time());
        Some(Occurrence {
            index: n,
            original_local,
            start: self.zone.instant(original_local),
        })
    }

    /// The occurrences from the nth on, to the end of the calendar.
    pub fn occurrences_from(&self, n: u32) -> impl Iterator<Item = Occurrence> {
        (n..=u32::MAX).map_while(|n| self.occurrence(n))
    }

    /// The index of the first occurrence that starts at `at` or later; `None`
    /// where the calendar ends before. Takes the same time for any `at`.
    pub fn first_at_or_after(&self, at: DateTime<Utc>) -> Option<u32> {
        let estimate = self.whole_steps_to(self.zone.local(at).date()) - ESTIMATE_MARGIN;
        let from = u32::try_from(estimate.max(0)).ok()?;
        self.occurrences_from(from)
            .find(|o| o.start >= at)
            .map(|o| o.index)
    }

    /// The occurrence that a local date identifies; `None` for a date on which
    /// the cadence has none.
    pub fn occurrence_on(&self, date: NaiveDate) -> Option<Occurrence> {
        let n = u32::try_from(self.whole_steps_to(date)).ok()?;
        self.occurrence(n)
            .filter(|occurrence| occurrence.date() == date)
    }

    /// Steps from the anchor to the month (or, where days count, to the day)
    /// of `date`, rounded down.
    fn whole_steps_to(&self, date: NaiveDate) -> i64 {
        let anchor = self.anchor.date();
        match self.frequency.step() {
            Step::Days(days) => (date - anchor).num_days().div_euclid(i64::from(days)),
            Step::Months(months) => {
                let month_number = |d: NaiveDate| 12 * i64::from(d.year()) + i64::from(d.month());
                (month_number(date) - month_number(anchor)).div_euclid(i64::from(months))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn dates(frequency: Frequency, anchor: &str, n: u32) -> Vec<String> {
        (0..n)
            .filter_map(|n| step_date(frequency, day(anchor), n))
            .map(|date| date.to_string())
            .collect()
    }

    /// CM-1: the API's words, and no others.
    #[test]
    fn a_frequency_reads_back_as_the_word_it_writes() {
        for frequency in Frequency::ALL {
            assert_eq!(frequency.to_string().parse(), Ok(frequency));
        }
        for other in ["daily", "YEARLY", "", " DAILY"] {
            assert_eq!(other.parse::<Frequency>(), Err(UnknownFrequency));
        }
    }

    /// CM-5: a 31st falls on the last day of shorter months and returns.
    #[test]
    fn a_thirty_first_returns_to_the_thirty_first() {
        assert_eq!(
            dates(Frequency::Monthly, "2027-01-31", 5),
            [
                "2027-01-31",
                "2027-02-28",
                "2027-03-31",
                "2027-04-30",
                "2027-05-31"
            ]
        );
        assert_eq!(
            dates(Frequency::Quarterly, "2026-11-30", 5),
            [
                "2026-11-30",
                "2027-02-28",
                "2027-05-30",
                "2027-08-30",
                "2027-11-30"
            ]
        );
    }

    /// CM-5: 29 February likewise.
    #[test]
    fn a_leap_day_returns_in_leap_years() {
        assert_eq!(
            dates(Frequency::Annual, "2028-02-29", 5),
            [
                "2028-02-29",
                "2029-02-28",
                "2030-02-28",
                "2031-02-28",
                "2032-02-29"
            ]
        );
    }

    #[test]
    fn the_calendar_ends_with_the_year_9999() {
        assert_eq!(step_date(Frequency::Daily, day("9999-12-31"), 1), None);
        for frequency in Frequency::ALL {
            assert_eq!(step_date(frequency, day("2026-01-01"), u32::MAX), None);
            // Three and twelve times that are just above what 32 bits hold.
            for n in [1_431_655_766, 357_913_942] {
                assert_eq!(step_date(frequency, day("2026-01-01"), n), None);
            }
        }
    }

    fn cadence(frequency: Frequency, anchor: &str, zone: &str) -> Result<Cadence, AnchorError> {
        let anchor = anchor.parse().expect("a local time");
        Cadence::new(frequency, anchor, Zone::parse(zone).expect("a zone"))
    }

    #[test]
    fn a_start_that_the_clocks_skip_is_refused() {
        let refused = cadence(Frequency::Daily, "2027-03-28T02:30:00", "Europe/Berlin");
        assert!(
            matches!(refused, Err(AnchorError::Skipped { .. })),
            "{refused:?}"
        );
        let refused = cadence(Frequency::Daily, "1969-12-31T09:00:00", "UTC");
        assert_eq!(refused, Err(AnchorError::YearOutOfRange { year: 1969 }));
        let refused = cadence(Frequency::Daily, "3000-01-01T09:00:00", "UTC");
        assert_eq!(refused, Err(AnchorError::YearOutOfRange { year: 3000 }));
    }

    /// CM-5: what a zone skips later moves forward, of what it repeats the
    /// first counts.
    #[test]
    fn a_later_skipped_time_moves_forward_and_a_repeated_one_is_the_first() {
        let daily = cadence(Frequency::Daily, "2027-03-27T02:30:00", "Europe/Berlin");
        let skipped = daily
            .expect("a series")
            .occurrence(1)
            .expect("in the calendar");
        assert_eq!(skipped.start.to_rfc3339(), "2027-03-28T01:30:00+00:00");
        assert_eq!(skipped.date(), day("2027-03-28"));
        let daily = cadence(Frequency::Daily, "2027-10-30T02:30:00", "Europe/Berlin");
        let repeated = daily
            .expect("a series")
            .occurrence(1)
            .expect("in the calendar");
        assert_eq!(repeated.start.to_rfc3339(), "2027-10-31T00:30:00+00:00");
    }

    #[test]
    fn an_occurrence_is_found_by_its_date_and_only_by_it() {
        let monthly = cadence(Frequency::Monthly, "2027-01-31T09:00:00", "UTC").expect("a series");
        let found = monthly.occurrence_on(day("2028-02-29"));
        assert_eq!(found.map(|o| o.index), Some(13));
        assert_eq!(monthly.occurrence_on(day("2028-02-28")), None);
        assert_eq!(monthly.occurrence_on(day("2026-12-31")), None);
        let weekly = cadence(Frequency::Weekly, "2027-01-04T09:00:00", "UTC").expect("a series");
        assert_eq!(
            weekly.occurrence_on(day("2027-01-18")).map(|o| o.index),
            Some(2)
        );
        assert_eq!(weekly.occurrence_on(day("2027-01-19")), None);
    }

    #[test]
    fn nothing_is_found_after_the_end_of_the_calendar() {
        let monthly = cadence(Frequency::Monthly, "2027-01-31T09:00:00", "UTC").expect("a series");
        assert_eq!(monthly.first_at_or_after(DateTime::<Utc>::MAX_UTC), None);
        assert_eq!(monthly.first_at_or_after(DateTime::<Utc>::MIN_UTC), Some(0));
    }
}
