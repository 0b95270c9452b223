//! How a zone's offset changes: what a VTIMEZONE has to tell.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::posix::Onset;

/// What holds between two changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Period {
    /// Seconds ahead of UTC.
    pub(crate) offset: i32,
    pub(crate) daylight: bool,
    /// `CEST`, `+03`.
    pub(crate) name: String,
}

impl Period {
    pub(super) fn at(time_zone: &TimeZone, at: Timestamp) -> Period {
        let info = time_zone.to_offset_info(at);
        Period {
            offset: info.offset().seconds(),
            daylight: info.dst().is_dst(),
            name: info.abbreviation().to_owned(),
        }
    }
}

/// One change of offset, name or daylight flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OffsetChange {
    pub(crate) at: DateTime<Utc>,
    pub(crate) offset_before: i32,
    pub(crate) period: Period,
}

impl OffsetChange {
    /// The wall clock before the change at the moment of the change.
    pub(crate) fn onset(&self) -> NaiveDateTime {
        let naive = self.at.naive_utc();
        naive
            .checked_add_signed(TimeDelta::seconds(i64::from(self.offset_before)))
            .unwrap_or(naive)
    }
}

/// A change that comes back every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct YearlyChange {
    pub(crate) onset: Onset,
    pub(crate) offset_before: i32,
    pub(crate) offset: i32,
    pub(crate) daylight: bool,
    pub(crate) name: &'static str,
}

/// How a zone goes on once its explicit changes are over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Steady {
    /// The first whole year under the rule.
    pub(crate) since: i32,
    /// The change to daylight time and the one back; `None`: no changes.
    pub(crate) yearly: Option<[YearlyChange; 2]>,
}

pub(super) fn changes_after(
    time_zone: &'static TimeZone,
    from: Timestamp,
) -> impl Iterator<Item = OffsetChange> {
    let mut before = Period::at(time_zone, from);
    time_zone.following(from).filter_map(move |transition| {
        let period = Period {
            offset: transition.offset().seconds(),
            daylight: transition.dst().is_dst(),
            name: transition.abbreviation().to_owned(),
        };
        let previous = std::mem::replace(&mut before, period.clone());
        let at = DateTime::from_timestamp(transition.timestamp().as_second(), 0)?;
        (previous != period).then_some(OffsetChange {
            at,
            offset_before: previous.offset,
            period,
        })
    })
}
