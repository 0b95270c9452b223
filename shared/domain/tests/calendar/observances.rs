//! An independent reading of VTIMEZONE: which offset its text gives at an
//! instant, and which instant a wall clock. RRULEs are expanded by looking at
//! every day of a year.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

use crate::raw::Component;

/// One moment at which an observance takes over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Takeover {
    pub(crate) at: DateTime<Utc>,
    pub(crate) before: i64,
    pub(crate) after: i64,
    pub(crate) name: String,
}

/// A VTIMEZONE, expanded up to a year.
pub(crate) struct Observances(Vec<Takeover>);

impl Observances {
    pub(crate) fn read(zone: &Component, last_year: i32) -> Observances {
        let mut takeovers: Vec<Takeover> = zone
            .children
            .iter()
            .flat_map(|observance| expand(observance, last_year))
            .collect();
        takeovers.sort();
        assert!(!takeovers.is_empty());
        Observances(takeovers)
    }

    fn index(&self, at: DateTime<Utc>) -> usize {
        self.0.partition_point(|takeover| takeover.at <= at)
    }

    pub(crate) fn offset(&self, at: DateTime<Utc>) -> i64 {
        match self.index(at) {
            0 => self.0[0].before,
            n => self.0[n - 1].after,
        }
    }

    /// The name in force; none before the first takeover.
    pub(crate) fn name(&self, at: DateTime<Utc>) -> Option<&str> {
        self.index(at)
            .checked_sub(1)
            .map(|n| self.0[n].name.as_str())
    }

    /// What RFC 5545, section 3.3.5 makes of a wall clock: the first of two
    /// instants, the offset before a gap.
    pub(crate) fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let mut offsets: Vec<i64> = self.0.iter().flat_map(|t| [t.before, t.after]).collect();
        offsets.sort_unstable();
        offsets.dedup();
        let candidates = offsets
            .iter()
            .map(|offset| (local - TimeDelta::seconds(*offset)).and_utc());
        let valid = candidates
            .filter(|at| at.naive_utc() + TimeDelta::seconds(self.offset(*at)) == local)
            .min();
        valid.unwrap_or_else(|| {
            let gap = self.0.iter().find(|takeover| {
                let naive = takeover.at.naive_utc();
                let from = naive + TimeDelta::seconds(takeover.before);
                let to = naive + TimeDelta::seconds(takeover.after);
                from <= local && local < to
            });
            let gap = gap.unwrap_or_else(|| panic!("{local} is neither in the zone nor in a gap"));
            (local - TimeDelta::seconds(gap.before)).and_utc()
        })
    }
}

fn expand(observance: &Component, last_year: i32) -> Vec<Takeover> {
    let value = |name: &str| observance.one(name).value.as_str();
    let start = local(value("DTSTART"));
    let (before, after) = (offset(value("TZOFFSETFROM")), offset(value("TZOFFSETTO")));
    let name = observance.one("TZNAME").text();
    let onsets = match observance.get("RRULE") {
        None => vec![start],
        Some(rule) => yearly(&rule.value, start, last_year),
    };
    let takeover = |onset: NaiveDateTime| Takeover {
        at: (onset - TimeDelta::seconds(before)).and_utc(),
        before,
        after,
        name: name.clone(),
    };
    onsets.into_iter().map(takeover).collect()
}

fn yearly(rule: &str, start: NaiveDateTime, last_year: i32) -> Vec<NaiveDateTime> {
    let (mut month, mut days, mut weekday) = (None, None, None);
    for part in rule.split(';') {
        match part.split_once('=').expect("a rule part") {
            ("FREQ", "YEARLY") => {}
            ("BYMONTH", value) => month = value.parse::<u32>().ok(),
            ("BYMONTHDAY", value) => {
                let list: Vec<u32> = value
                    .split(',')
                    .map(|d| d.parse().expect("a day"))
                    .collect();
                days = Some(list);
            }
            ("BYDAY", value) => weekday = Some(value),
            other => panic!("{other:?} in the rule of a zone"),
        }
    }
    let (month, weekday) = (month.expect("a month"), weekday.expect("a weekday"));
    let (nth, name) = weekday.split_at(weekday.len() - 2);
    let mut onsets = Vec::new();
    for year in start.year()..=last_year.max(start.year()) {
        let first = NaiveDate::from_ymd_opt(year, month, 1).expect("a month");
        let in_month: Vec<NaiveDate> = first
            .iter_days()
            .take_while(|day| day.month() == month)
            .collect();
        let named: Vec<NaiveDate> = in_month
            .into_iter()
            .filter(|day| short_name(day.weekday()) == name)
            .collect();
        let picked = match nth {
            "" => named
                .into_iter()
                .find(|day| days.as_ref().is_none_or(|d| d.contains(&day.day()))),
            "-1" => named.last().copied(),
            nth => named
                .get(nth.parse::<usize>().expect("an ordinal") - 1)
                .copied(),
        };
        let onset = picked
            .expect("the clocks change every year")
            .and_time(start.time());
        if onset >= start {
            onsets.push(onset);
        }
    }
    assert_eq!(
        onsets.first(),
        Some(&start),
        "DTSTART is the rule's first instance: {rule}"
    );
    onsets
}

pub(crate) fn short_name(day: Weekday) -> &'static str {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][day.num_days_from_monday() as usize]
}

/// `20270131T090000`, with or without `Z`.
pub(crate) fn local(value: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(value.trim_end_matches('Z'), "%Y%m%dT%H%M%S").expect("a time")
}

fn offset(value: &str) -> i64 {
    let (sign, digits) = value.split_at(1);
    let pair = |at: usize| {
        digits
            .get(at..at + 2)
            .map_or(0, |p| p.parse::<i64>().expect("digits"))
    };
    let seconds = pair(0) * 3600 + pair(2) * 60 + pair(4);
    if sign == "-" { -seconds } else { seconds }
}
