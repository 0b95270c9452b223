//! The dates of a recurrence, in order.
//!
//! graph-protocol §2: what day 29–31 does in short months is not documented;
//! the simulator does as Outlook does and takes the month's last day.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::recurrence::{Index, Pattern, RangeEnd, Recurrence};

/// No series is expanded beyond this year.
const LAST_YEAR: i32 = 4500;

/// The local dates on which the series has occurrences, earliest first.
pub(crate) struct Dates<'a> {
    recurrence: &'a Recurrence,
    period: u32,
    pending: std::vec::IntoIter<NaiveDate>,
    given: u32,
}

impl<'a> Dates<'a> {
    pub(crate) fn of(recurrence: &'a Recurrence) -> Self {
        Self {
            recurrence,
            period: 0,
            pending: Vec::new().into_iter(),
            given: 0,
        }
    }

    /// The matching dates of the nth period (day, week, month or year); none
    /// when the calendar ends.
    fn candidates(&self, n: u32) -> Option<Vec<NaiveDate>> {
        let start = self.recurrence.start_date;
        let step = n.checked_mul(self.recurrence.interval)?;
        let dates = match &self.recurrence.pattern {
            Pattern::Daily => vec![start.checked_add_days(Days::new(step.into()))?],
            Pattern::Weekly { days, first } => {
                let week = start.week(*first).checked_first_day()?;
                let week = week.checked_add_days(Days::new(u64::from(step) * 7))?;
                let in_week = (0..7).filter_map(|day| week.checked_add_days(Days::new(day)));
                in_week
                    .filter(|date| days.contains(&date.weekday()))
                    .collect()
            }
            Pattern::AbsoluteMonthly { day } => {
                let (year, month) = month_after(start, step)?;
                vec![clamped(year, month, *day)?]
            }
            Pattern::RelativeMonthly { days, index } => {
                let (year, month) = month_after(start, step)?;
                relative(year, month, days, *index).into_iter().collect()
            }
            Pattern::AbsoluteYearly { day, month } => {
                vec![clamped(year_after(start, step)?, *month, *day)?]
            }
            Pattern::RelativeYearly { days, month, index } => {
                let year = year_after(start, step)?;
                relative(year, *month, days, *index).into_iter().collect()
            }
        };
        Some(dates)
    }
}

impl Iterator for Dates<'_> {
    type Item = NaiveDate;

    fn next(&mut self) -> Option<NaiveDate> {
        loop {
            if let Some(date) = self.pending.next() {
                if date < self.recurrence.start_date {
                    continue;
                }
                let over = match self.recurrence.end {
                    RangeEnd::Date(end) => date > end,
                    RangeEnd::Never => date.year() > LAST_YEAR,
                    RangeEnd::Count(count) => self.given >= count,
                };
                if over {
                    return None;
                }
                self.given += 1;
                return Some(date);
            }
            let dates = self.candidates(self.period)?;
            if dates.iter().any(|date| date.year() > LAST_YEAR) {
                return None;
            }
            self.pending = dates.into_iter();
            self.period = self.period.checked_add(1)?;
        }
    }
}

fn month_after(start: NaiveDate, months: u32) -> Option<(i32, u32)> {
    let months = start.month0().checked_add(months)?;
    let year = start.year().checked_add(i32::try_from(months / 12).ok()?)?;
    (year <= LAST_YEAR).then_some((year, months % 12 + 1))
}

fn year_after(start: NaiveDate, years: u32) -> Option<i32> {
    let year = start.year().checked_add(i32::try_from(years).ok()?)?;
    (year <= LAST_YEAR).then_some(year)
}

fn clamped(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    (1..=day)
        .rev()
        .find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
}

fn relative(year: i32, month: u32, days: &[Weekday], index: Index) -> Option<NaiveDate> {
    let mut matching = (1..=31)
        .filter_map(|day| NaiveDate::from_ymd_opt(year, month, day))
        .filter(|date| days.contains(&date.weekday()));
    match index {
        Index::First => matching.next(),
        Index::Second => matching.nth(1),
        Index::Third => matching.nth(2),
        Index::Fourth => matching.nth(3),
        Index::Last => matching.next_back(),
    }
}

#[cfg(test)]
mod tests {
    use super::Dates;
    use crate::calendar::recurrence::Recurrence;
    use serde_json::{Value, json};

    fn first(count: usize, pattern: &Value, range: &Value) -> Vec<String> {
        let recurrence = Recurrence::parse(&json!({"pattern": pattern, "range": range})).unwrap();
        let dates = Dates::of(&recurrence).take(count);
        dates.map(|date| date.to_string()).collect()
    }

    #[test]
    fn a_31st_falls_on_the_last_day_of_shorter_months() {
        let pattern = json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31});
        let range = json!({"type": "noEnd", "startDate": "2027-12-31"});
        let dates = first(4, &pattern, &range);
        assert_eq!(
            dates,
            ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]
        );
    }

    #[test]
    fn a_yearly_29_february_falls_on_the_28th_between_leap_years() {
        let pattern =
            json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2});
        let range = json!({"type": "noEnd", "startDate": "2028-02-29"});
        let dates = first(3, &pattern, &range);
        assert_eq!(dates, ["2028-02-29", "2029-02-28", "2030-02-28"]);
    }

    #[test]
    fn a_fortnight_counts_weeks_from_its_first_day() {
        let range =
            json!({"type": "numbered", "startDate": "2026-11-01", "numberOfOccurrences": 3});
        // 2026-11-01 is a Sunday: in a week from Monday it belongs to the week before.
        let pattern = |first: &str| {
            json!({"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "tuesday"],
                   "firstDayOfWeek": first})
        };
        let dates = first(9, &pattern("sunday"), &range);
        assert_eq!(dates, ["2026-11-01", "2026-11-03", "2026-11-15"]);
        let dates = first(9, &pattern("monday"), &range);
        assert_eq!(dates, ["2026-11-01", "2026-11-10", "2026-11-15"]);
    }

    #[test]
    fn relative_patterns_pick_the_named_weekday() {
        let pattern = json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"],
                             "index": "last"});
        let range = json!({"type": "endDate", "startDate": "2026-11-02", "endDate": "2027-01-28"});
        assert_eq!(first(9, &pattern, &range), ["2026-11-27", "2026-12-25"]);
        let pattern = json!({"type": "relativeYearly", "interval": 1, "month": 5,
                             "daysOfWeek": ["monday"]});
        let range = json!({"type": "noEnd", "startDate": "2026-11-02"});
        assert_eq!(first(2, &pattern, &range), ["2027-05-03", "2028-05-01"]);
    }

    #[test]
    fn an_endless_series_ends_with_the_calendar() {
        let pattern =
            json!({"type": "absoluteYearly", "interval": 999, "dayOfMonth": 1, "month": 1});
        let range = json!({"type": "noEnd", "startDate": "2026-01-01"});
        assert_eq!(first(9, &pattern, &range).len(), 3);
    }
}
