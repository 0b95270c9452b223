//! Time zones: which instant a wall clock means, and which wall clock an
//! instant shows, by the IANA data compiled into the program.
//!
//! This module is the only one that knows `jiff`. It reads the bundled data
//! (2026e) and never the system's, whose age nobody controls: an answer depends
//! on the build alone. `chrono` stays the type of instants and local times.
//!
//! Nothing here fails or panics for any time that `chrono` can express: beyond
//! the years that the data covers, the Gregorian calendar repeats every 400
//! years, weekdays included, and so do the rules.

mod database;
mod posix;
mod transitions;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::civil;
use jiff::tz::AmbiguousOffset;

use database::Record;
pub(crate) use posix::Onset;
pub(crate) use transitions::{OffsetChange, Period, Steady, YearlyChange};

/// An IANA time zone of the bundled database; cheap to clone, equal by name.
///
/// A link such as `US/Eastern` stays what it was called: it is not replaced by
/// the zone that it points to.
#[derive(Clone)]
pub struct Zone(&'static Record);

/// No zone of the bundled database has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a time zone of the IANA database")]
pub struct UnknownZone {
    /// The name as it was given, cut after 64 characters.
    pub name: String,
}

/// What a wall clock means in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalTime {
    /// It occurs once.
    Unique(DateTime<Utc>),
    /// The clocks skip it. `after` is where it moves: forward by the length of
    /// the gap (02:30 to 03:30), which is how RFC 5545, section 3.3.5 reads it.
    Gap {
        /// The instant that the skipped time moves to.
        after: DateTime<Utc>,
    },
    /// It occurs twice, since the clocks are set back.
    Overlap {
        /// Before the clocks are set back: the one that counts.
        first: DateTime<Utc>,
        /// After it.
        second: DateTime<Utc>,
    },
}

impl LocalTime {
    /// The one instant that a rule means: a skipped time moved forward, of a
    /// repeated one the first.
    pub fn instant(self) -> DateTime<Utc> {
        match self {
            LocalTime::Unique(at)
            | LocalTime::Gap { after: at }
            | LocalTime::Overlap { first: at, .. } => at,
        }
    }
}

impl Zone {
    /// Finds a zone by its IANA name, whatever the case of its letters.
    ///
    /// `Factory`, which stands for "nobody has set a zone yet", is refused.
    pub fn parse(name: &str) -> Result<Zone, UnknownZone> {
        database::find(name).map(Zone).ok_or_else(|| UnknownZone {
            name: name.chars().take(64).collect(),
        })
    }

    /// Coordinated Universal Time, named `UTC`.
    pub fn utc() -> Zone {
        Zone(database::utc())
    }

    /// Every zone that [`Zone::parse`] finds, links included, in order of name.
    pub fn all() -> impl Iterator<Item = Zone> {
        database::all().map(Zone)
    }

    /// The release of the IANA data in use, such as `2026e`.
    pub fn database_version() -> &'static str {
        database::version()
    }

    /// The name, in the case that the database spells it.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Whether the zone is UTC itself under one of its names, so that an .ics
    /// file can write its times with `Z`.
    pub fn is_utc(&self) -> bool {
        self.0.is_utc()
    }

    /// Which instant, or which two, the wall clock shows `local` at.
    pub fn resolve(&self, local: NaiveDateTime) -> LocalTime {
        let at = |offset: jiff::tz::Offset| earlier(local, offset.seconds());
        match self
            .0
            .time_zone()
            .to_ambiguous_timestamp(civil_datetime(local))
            .offset()
        {
            AmbiguousOffset::Unambiguous { offset } => LocalTime::Unique(at(offset)),
            AmbiguousOffset::Gap { before, .. } => LocalTime::Gap { after: at(before) },
            AmbiguousOffset::Fold { before, after } => LocalTime::Overlap {
                first: at(before),
                second: at(after),
            },
        }
    }

    /// The instant that a recurring local time means: one that the clocks skip
    /// moves forward by the gap, of one that occurs twice the first counts.
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        self.resolve(local).instant()
    }

    /// What the wall clock shows at an instant.
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let offset = TimeDelta::seconds(i64::from(self.offset_seconds(at)));
        at.naive_utc()
            .checked_add_signed(offset)
            .unwrap_or(at.naive_utc())
    }

    /// Seconds that the wall clock is ahead of UTC at an instant.
    pub fn offset_seconds(&self, at: DateTime<Utc>) -> i32 {
        self.0.time_zone().to_offset(timestamp(at)).seconds()
    }

    /// What people call the zone's time at an instant: `CEST`, or `+03` where
    /// they have no word for it.
    pub fn abbreviation(&self, at: DateTime<Utc>) -> String {
        self.0
            .time_zone()
            .to_offset_info(timestamp(at))
            .abbreviation()
            .to_owned()
    }

    /// Changes of offset, name or daylight flag after `from`, in order: the
    /// explicit ones of the data, then those of the zone's rule, without end.
    pub(crate) fn changes_after(
        &self,
        from: DateTime<Utc>,
    ) -> impl Iterator<Item = OffsetChange> + use<> {
        transitions::changes_after(self.0.time_zone(), timestamp(from))
    }

    /// Offset, name and daylight flag at an instant.
    pub(crate) fn period(&self, at: DateTime<Utc>) -> Period {
        Period::at(self.0.time_zone(), timestamp(at))
    }

    /// The rule that the zone follows once its explicit changes are over.
    pub(crate) fn steady(&self) -> &'static Steady {
        self.0.steady()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name()).finish()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Zone, UnknownZone> {
        Zone::parse(name)
    }
}

/// The calendar repeats after this many years, to the weekday.
const CYCLE_YEARS: i32 = 400;
const CYCLE_DAYS: u64 = 146_097;
const CYCLE_SECONDS: i64 = 146_097 * 86_400;

/// Years that `jiff` computes in, less one on either side for offsets.
const LAST_YEAR: i32 = 9998;

fn earlier(local: NaiveDateTime, seconds: i32) -> DateTime<Utc> {
    local
        .checked_sub_signed(TimeDelta::seconds(i64::from(seconds)))
        .unwrap_or(local)
        .and_utc()
}

/// The same wall clock in a year that `jiff` knows, to the second: transitions
/// fall on whole ones.
fn civil_datetime(local: NaiveDateTime) -> civil::DateTime {
    let cycles = u64::from(cycles_beyond(local.year()));
    let days = Days::new(cycles * CYCLE_DAYS);
    let near = if local.year() < 0 {
        local.checked_add_days(days)
    } else {
        local.checked_sub_days(days)
    };
    let near = near.unwrap_or(local);
    // Every field is in range by now; chrono's types bound them.
    civil::DateTime::new(
        i16::try_from(near.year()).unwrap_or(i16::MAX),
        narrow(near.month()),
        narrow(near.day()),
        narrow(near.hour()),
        narrow(near.minute()),
        narrow(near.second()),
        0,
    )
    .unwrap_or(civil::DateTime::MAX)
}

fn narrow(field: u32) -> i8 {
    i8::try_from(field).unwrap_or(i8::MAX)
}

fn cycles_beyond(year: i32) -> u32 {
    let beyond = year.unsigned_abs().saturating_sub(LAST_YEAR.unsigned_abs());
    beyond.div_ceil(CYCLE_YEARS.unsigned_abs())
}

fn timestamp(at: DateTime<Utc>) -> jiff::Timestamp {
    let cycles = i64::from(cycles_beyond(at.year())) * if at.year() < 0 { 1 } else { -1 };
    let seconds = at.timestamp().saturating_add(cycles * CYCLE_SECONDS);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
}
