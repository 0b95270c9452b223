//! The RRULE and RDATE that make a client see what a
//! [`Cadence`](crate::cadence::Cadence) yields.
//!
//! Only parts that every engine reads alike are used. A rule of `BYMONTHDAY=30`
//! has no instance in February, where the cadence has its last day: those are
//! given as RDATEs, as far ahead as [`Coverage`] says. `BYSETPOS` would be
//! endless, but ical.js gets it wrong and Outlook refuses the file; `RSCALE`
//! with `SKIP` is known to few.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};

use super::check::Coverage;
use super::event::Series;
use super::property::utc_form;
use crate::cadence::{Cadence, Frequency};

/// The RECUR value (RFC 5545, section 3.3.10).
pub(super) fn rule(series: &Series) -> String {
    let cadence = &series.cadence;
    let date = cadence.anchor().date();
    let mut rule = match cadence.frequency() {
        Frequency::Daily => "FREQ=DAILY".to_owned(),
        Frequency::Weekly => format!("FREQ=WEEKLY;BYDAY={}", weekday(date.weekday())),
        Frequency::Monthly => format!("FREQ=MONTHLY;BYMONTHDAY={}", month_day(date.day())),
        Frequency::Quarterly => {
            format!(
                "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY={}",
                month_day(date.day())
            )
        }
        Frequency::Annual => {
            let day = if (date.month(), date.day()) == (2, 29) {
                -1
            } else {
                month_day(date.day())
            };
            format!("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={day}", date.month())
        }
    };
    if let Some(last) = series.last.and_then(|last| cadence.occurrence(last)) {
        rule.push_str(";UNTIL=");
        rule.push_str(&utc_form(last.start));
    }
    rule
}

/// The 31st, where it does not exist, is the last day: so it always is. In
/// ANNUAL its month always has it, and `-1` says the same.
fn month_day(day: u32) -> i64 {
    if day == 31 { -1 } else { i64::from(day) }
}

pub(super) fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

/// The occurrences that the rule leaves out: the last days of Februaries that
/// are too short for a 29th or 30th.
pub(super) fn short_februaries(series: &Series, coverage: &Coverage) -> Vec<NaiveDateTime> {
    let cadence = &series.cadence;
    if !leaves_out_februaries(cadence) {
        return Vec::new();
    }
    let day = cadence.anchor().day();
    (cadence.anchor().year()..=coverage.last_year_of_dates)
        .filter_map(|year| NaiveDate::from_ymd_opt(year, 3, 1)?.pred_opt())
        .filter(|last_day| last_day.day() < day)
        .filter_map(|last_day| cadence.occurrence_on(last_day))
        .filter(|occurrence| series.last.is_none_or(|last| occurrence.index <= last))
        .map(|occurrence| occurrence.original_local)
        .collect()
}

fn leaves_out_februaries(cadence: &Cadence) -> bool {
    let monthly = matches!(
        cadence.frequency(),
        Frequency::Monthly | Frequency::Quarterly
    );
    monthly && matches!(cadence.anchor().day(), 29 | 30)
}
