//! A series' rule as Graph spells it.
//!
//! Guarantee: exactly the fields that a pattern needs are sent; Graph refuses an
//! extra one (*recurrencePattern*, *recurrenceRange*).

use chrono::{NaiveDate, Weekday};
use serde_json::{Value, json};

/// A series: how it repeats, and from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// How it repeats.
    pub pattern: RecurrencePattern,
    /// From when to when; its start date is the local date of the event's start.
    pub range: RecurrenceRange,
}

/// The patterns Convoke's cadences need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecurrencePattern {
    /// Every day.
    Daily,
    /// Every week on one day.
    Weekly {
        /// The day of the week.
        day: Weekday,
    },
    /// Every `interval` months on a day of the month; quarterly is 3.
    AbsoluteMonthly {
        /// Months between two occurrences, from 1.
        interval: u32,
        /// 1 to 31; what Graph does with 29 to 31 in shorter months is not documented.
        day_of_month: u32,
    },
    /// Every year on a date.
    AbsoluteYearly {
        /// 1 to 31.
        day_of_month: u32,
        /// 1 to 12.
        month: u32,
    },
}

/// The span of a series; dates are local to the event's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecurrenceRange {
    /// Without an end.
    NoEnd {
        /// The first occurrence's date.
        start_date: NaiveDate,
    },
    /// Up to and including a date.
    EndDate {
        /// The first occurrence's date.
        start_date: NaiveDate,
        /// The last possible date.
        end_date: NaiveDate,
    },
    /// A number of occurrences.
    Numbered {
        /// The first occurrence's date.
        start_date: NaiveDate,
        /// More than 0.
        occurrences: u32,
    },
}

impl RecurrenceRange {
    /// The first occurrence's date.
    pub fn start_date(&self) -> NaiveDate {
        match self {
            Self::NoEnd { start_date }
            | Self::EndDate { start_date, .. }
            | Self::Numbered { start_date, .. } => *start_date,
        }
    }
}

impl Recurrence {
    /// Graph's `patternedRecurrence`.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "pattern": self.pattern.to_json(), "range": self.range.to_json() })
    }
}

impl RecurrencePattern {
    fn to_json(self) -> Value {
        match self {
            Self::Daily => json!({ "type": "daily", "interval": 1 }),
            Self::Weekly { day } => json!({
                "type": "weekly", "interval": 1,
                "daysOfWeek": [day_name(day)], "firstDayOfWeek": "monday",
            }),
            Self::AbsoluteMonthly {
                interval,
                day_of_month,
            } => json!({
                "type": "absoluteMonthly", "interval": interval, "dayOfMonth": day_of_month,
            }),
            Self::AbsoluteYearly {
                day_of_month,
                month,
            } => json!({
                "type": "absoluteYearly", "interval": 1, "dayOfMonth": day_of_month, "month": month,
            }),
        }
    }
}

impl RecurrenceRange {
    fn to_json(self) -> Value {
        match self {
            Self::NoEnd { start_date } => {
                json!({ "type": "noEnd", "startDate": start_date.to_string() })
            }
            Self::EndDate {
                start_date,
                end_date,
            } => json!({
                "type": "endDate", "startDate": start_date.to_string(), "endDate": end_date.to_string(),
            }),
            Self::Numbered {
                start_date,
                occurrences,
            } => json!({
                "type": "numbered", "startDate": start_date.to_string(), "numberOfOccurrences": occurrences,
            }),
        }
    }
}

fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    /// CM-10: quarterly is `absoluteMonthly` with interval 3, and nothing more is sent.
    #[test]
    fn each_pattern_sends_exactly_the_fields_it_needs() {
        for (pattern, expected) in [
            (
                RecurrencePattern::Daily,
                json!({"type":"daily","interval":1}),
            ),
            (
                RecurrencePattern::Weekly { day: Weekday::Thu },
                json!({"type":"weekly","interval":1,"daysOfWeek":["thursday"],"firstDayOfWeek":"monday"}),
            ),
            (
                RecurrencePattern::AbsoluteMonthly {
                    interval: 3,
                    day_of_month: 2,
                },
                json!({"type":"absoluteMonthly","interval":3,"dayOfMonth":2}),
            ),
            (
                RecurrencePattern::AbsoluteYearly {
                    day_of_month: 15,
                    month: 3,
                },
                json!({"type":"absoluteYearly","interval":1,"dayOfMonth":15,"month":3}),
            ),
        ] {
            assert_eq!(pattern.to_json(), expected);
        }
    }

    /// CM-10: each range sends exactly the fields it needs.
    #[test]
    fn each_range_sends_exactly_the_fields_it_needs() {
        let start_date = date(2026, 11, 2);
        for (range, expected) in [
            (
                RecurrenceRange::NoEnd { start_date },
                json!({"type":"noEnd","startDate":"2026-11-02"}),
            ),
            (
                RecurrenceRange::EndDate {
                    start_date,
                    end_date: date(2027, 1, 31),
                },
                json!({"type":"endDate","startDate":"2026-11-02","endDate":"2027-01-31"}),
            ),
            (
                RecurrenceRange::Numbered {
                    start_date,
                    occurrences: 12,
                },
                json!({"type":"numbered","startDate":"2026-11-02","numberOfOccurrences":12}),
            ),
        ] {
            assert_eq!(range.to_json(), expected);
            assert_eq!(range.start_date(), start_date);
        }
    }
}
