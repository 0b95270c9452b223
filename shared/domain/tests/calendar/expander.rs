//! An independent reading of RRULE, RDATE and EXDATE: every day is asked
//! whether the rule's parts let it through, and its wall clock becomes an
//! instant by the file's own VTIMEZONE.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};

use crate::observances::{Observances, local, short_name};
use crate::raw::{Component, Line};

/// Instants of the event's occurrences whose dates are not after `last_day`.
pub(crate) fn occurrences(calendar: &Component, last_day: NaiveDate) -> BTreeSet<DateTime<Utc>> {
    let event = calendar.inside("VEVENT").next().expect("an event");
    let zone = calendar.inside("VTIMEZONE").next();
    let zone = zone.map(|zone| Observances::read(zone, last_day.year() + 1));
    let instant = |time: NaiveDateTime| match &zone {
        Some(zone) => zone.instant(time),
        None => time.and_utc(),
    };
    let start = local(&event.one("DTSTART").value);
    let mut times: BTreeSet<NaiveDateTime> = BTreeSet::from([start]);
    if let Some(rule) = event.get("RRULE") {
        let rule = Rule::read(&rule.value);
        let days = start.date().iter_days().take_while(|day| *day <= last_day);
        let instances = days
            .filter(|day| rule.lets_through(*day, start.date()))
            .map(|day| day.and_time(start.time()))
            .filter(|time| rule.until.is_none_or(|until| instant(*time) <= until));
        let instances: Vec<NaiveDateTime> = instances.collect();
        assert_eq!(
            instances.first(),
            Some(&start),
            "DTSTART is the first instance"
        );
        times.extend(instances);
    }
    times.extend(
        event
            .all("RDATE")
            .flat_map(dates)
            .filter(|time| time.date() <= last_day),
    );
    for excluded in event.all("EXDATE").flat_map(dates) {
        assert!(
            times.remove(&excluded) || excluded.date() > last_day,
            "{excluded} is no instance"
        );
    }
    times.into_iter().map(instant).collect()
}

fn dates(line: &Line) -> Vec<NaiveDateTime> {
    line.value.split(',').map(local).collect()
}

#[derive(Default)]
struct Rule {
    frequency: String,
    interval: u32,
    months: Vec<u32>,
    month_days: Vec<i64>,
    weekdays: Vec<String>,
    until: Option<DateTime<Utc>>,
}

impl Rule {
    fn read(text: &str) -> Rule {
        let mut rule = Rule {
            interval: 1,
            ..Rule::default()
        };
        for part in text.split(';') {
            let (name, value) = part.split_once('=').expect("a rule part");
            let numbers = || {
                value
                    .split(',')
                    .map(|n| n.parse::<i64>().expect("a number"))
            };
            match name {
                "FREQ" => value.clone_into(&mut rule.frequency),
                "INTERVAL" => rule.interval = value.parse().expect("a number"),
                "BYMONTH" => {
                    rule.months = numbers()
                        .map(|n| u32::try_from(n).expect("a month"))
                        .collect();
                }
                "BYMONTHDAY" => rule.month_days = numbers().collect(),
                "BYDAY" => rule.weekdays = value.split(',').map(str::to_owned).collect(),
                "UNTIL" => {
                    assert!(value.ends_with('Z'), "UNTIL is in UTC");
                    rule.until = Some(local(value).and_utc());
                }
                other => panic!("a part that not every client knows: {other}"),
            }
        }
        rule
    }

    fn lets_through(&self, day: NaiveDate, start: NaiveDate) -> bool {
        let months = |day: NaiveDate| day.year().unsigned_abs() * 12 + day.month0();
        let in_step = match self.frequency.as_str() {
            "DAILY" | "WEEKLY" => self.interval == 1,
            "MONTHLY" => (months(day) - months(start)).is_multiple_of(self.interval),
            "YEARLY" => self.interval == 1 && !self.months.is_empty(),
            other => panic!("an unknown frequency {other}"),
        };
        let length = (28..=31)
            .rfind(|n| NaiveDate::from_ymd_opt(day.year(), day.month(), *n).is_some())
            .map(i64::from)
            .expect("a month has days");
        let is_month_day = |n: &i64| {
            let wanted = if *n < 0 { length + 1 + n } else { *n };
            i64::from(day.day()) == wanted
        };
        let weekday = short_name(day.weekday());
        in_step
            && (self.months.is_empty() || self.months.contains(&day.month()))
            && (self.month_days.is_empty() || self.month_days.iter().any(is_month_day))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(|name| name == weekday))
    }
}
