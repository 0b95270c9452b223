//! VTIMEZONE (RFC 5545, section 3.6.5): what a zone's clocks do from the year
//! before the events on.
//!
//! A zone whose clocks follow a yearly rule gets one DAYLIGHT and one STANDARD
//! with RRULE: Outlook keeps only one such pair and ignores RDATE. A zone whose
//! clocks no longer change gets one STANDARD. Everything else is written as
//! single observances, up to the year that the rule takes over, or for the
//! years that [`Coverage`] says where no RRULE can express the rule.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::check::Coverage;
use super::lines::Lines;
use super::property::{local_form, offset_form};
use super::rrule::weekday;
use crate::zone::{OffsetChange, Onset, Period, YearlyChange, Zone};

/// One STANDARD or DAYLIGHT.
struct Observance<'a> {
    daylight: bool,
    onset: NaiveDateTime,
    offset_before: i32,
    offset: i32,
    name: &'a str,
    rule: Option<&'a str>,
}

pub(super) fn write(lines: &mut Lines, zone: &Zone, coverage: &Coverage) {
    lines.literal("BEGIN:VTIMEZONE");
    lines.property("TZID").text(&[zone.name()]);
    let year_before = coverage.first_year - 1;
    let since = zone.steady().since.max(year_before);
    // A rule that takes over too late to matter is none.
    let rules = yearly_rules(zone).filter(|_| since <= coverage.last_year_of_offsets);
    match &rules {
        Some(_) if since == year_before => {}
        Some(_) => write_single(lines, zone, coverage, since - 1, true),
        None => write_single(lines, zone, coverage, coverage.last_year_of_offsets, false),
    }
    for (change, rule) in rules.iter().flatten() {
        if let Some(onset) = change.onset.in_year(since) {
            let observance = Observance {
                daylight: change.daylight,
                onset,
                offset_before: change.offset_before,
                offset: change.offset,
                name: change.name,
                rule: Some(rule),
            };
            write_observance(lines, &observance);
        }
    }
    lines.literal("END:VTIMEZONE");
}

/// Both changes of the zone's rule with their RRULEs, where both have one.
fn yearly_rules(zone: &Zone) -> Option<[(YearlyChange, String); 2]> {
    let [start, end] = zone.steady().yearly?;
    Some([
        (start, yearly_rule(&start.onset)?),
        (end, yearly_rule(&end.onset)?),
    ])
}

/// The RRULE of an onset. A time outside the day moves the onset to another
/// weekday: that one is named with the days on which it can fall, and there is
/// no rule where those leave the month.
fn yearly_rule(onset: &Onset) -> Option<String> {
    let (month, day) = (onset.month, weekday(onset.shifted_weekday()));
    if onset.day_shift() == 0 {
        let week = if onset.week == 5 {
            "-1".to_owned()
        } else {
            onset.week.to_string()
        };
        return Some(format!("FREQ=YEARLY;BYMONTH={month};BYDAY={week}{day}"));
    }
    let (first, last) = onset.days_of_month()?;
    let days: Vec<String> = (first..=last).map(|day| day.to_string()).collect();
    Some(format!(
        "FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={};BYDAY={day}",
        days.join(",")
    ))
}

/// Every change from the year before the events to the end of `last_year`. The
/// first of them is preceded by what held before where the events need it; one
/// constant suffices where nothing changes from the first start on, and is a
/// STANDARD where no rule follows.
fn write_single(
    lines: &mut Lines,
    zone: &Zone,
    coverage: &Coverage,
    last_year: i32,
    rule_follows: bool,
) {
    let new_year = |year: i32| {
        NaiveDate::from_ymd_opt(year, 1, 1)
            .unwrap_or_default()
            .and_time(chrono::NaiveTime::MIN)
    };
    let begin = new_year(coverage.first_year - 1);
    let is_wanted = |change: &OffsetChange| change.onset() < new_year(last_year + 1);
    // A day's margin: an event near a change is better off with both sides.
    let margin = coverage.from - TimeDelta::days(1);
    if zone
        .changes_after(margin)
        .take_while(is_wanted)
        .next()
        .is_none()
    {
        let constant = zone.period(margin);
        let daylight = constant.daylight && rule_follows;
        return write_constant(lines, begin, &constant, daylight);
    }
    let begin_instant = zone.instant(begin);
    let changes: Vec<OffsetChange> = zone
        .changes_after(begin_instant)
        .take_while(is_wanted)
        .collect();
    if changes.first().is_none_or(|change| change.at > margin) {
        let before = zone.period(begin_instant);
        let daylight = before.daylight;
        write_constant(lines, begin, &before, daylight);
    }
    for change in &changes {
        write_observance(
            lines,
            &Observance {
                daylight: change.period.daylight,
                onset: change.onset(),
                offset_before: change.offset_before,
                offset: change.period.offset,
                name: &change.period.name,
                rule: None,
            },
        );
    }
}

/// What holds without a change.
fn write_constant(lines: &mut Lines, onset: NaiveDateTime, period: &Period, daylight: bool) {
    write_observance(
        lines,
        &Observance {
            daylight,
            onset,
            offset_before: period.offset,
            offset: period.offset,
            name: &period.name,
            rule: None,
        },
    );
}

fn write_observance(lines: &mut Lines, observance: &Observance<'_>) {
    let (begin, end) = if observance.daylight {
        ("BEGIN:DAYLIGHT", "END:DAYLIGHT")
    } else {
        ("BEGIN:STANDARD", "END:STANDARD")
    };
    lines.literal(begin);
    lines.property("TZNAME").text(&[observance.name]);
    lines.property("DTSTART").raw(&local_form(observance.onset));
    lines
        .property("TZOFFSETFROM")
        .raw(&offset_form(observance.offset_before));
    lines
        .property("TZOFFSETTO")
        .raw(&offset_form(observance.offset));
    if let Some(rule) = observance.rule {
        lines.property("RRULE").raw(rule);
    }
    lines.literal(end);
}
