//! Wall clocks: zone names as Graph takes them, and conversion between local
//! times and instants.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::zone_names::{LISTED_IANA, WINDOWS};

/// A zone that Graph accepts, under the name it was given.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) name: String,
    rules: TimeZone,
}

impl Zone {
    /// UTC, Graph's default for returned times.
    pub(crate) fn utc() -> Self {
        Self {
            name: "UTC".into(),
            rules: TimeZone::UTC,
        }
    }

    /// graph-protocol §2: a Windows name or one of the listed IANA names;
    /// `any_iana` stands for mailbox servers that know more. None: not supported.
    pub(crate) fn find(name: &str, any_iana: bool) -> Option<Self> {
        let windows = WINDOWS.iter().find(|(w, _)| w.eq_ignore_ascii_case(name));
        let listed = || LISTED_IANA.contains(&name);
        let iana = match windows {
            Some((_, iana)) => iana,
            None if listed() || any_iana => name,
            None => return None,
        };
        Some(Self {
            name: name.into(),
            rules: TimeZone::get(iana).ok()?,
        })
    }

    /// The instant that the wall clock shows; a time that a DST change skips
    /// moves forward, one that occurs twice means the first.
    pub(crate) fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let civil = jiff::civil::DateTime::new(
            i16::try_from(local.year()).ok()?,
            i8::try_from(local.month()).ok()?,
            i8::try_from(local.day()).ok()?,
            i8::try_from(local.hour()).ok()?,
            i8::try_from(local.minute()).ok()?,
            i8::try_from(local.second()).ok()?,
            // chrono counts a leap second as nanoseconds beyond a second.
            i32::try_from(local.nanosecond().min(999_999_999)).ok()?,
        )
        .ok()?;
        let at = self.rules.to_timestamp(civil).ok()?;
        DateTime::from_timestamp(at.as_second(), u32::try_from(at.subsec_nanosecond()).ok()?)
    }

    /// What the wall clock shows at the instant.
    pub(crate) fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let nanos = i32::try_from(instant.timestamp_subsec_nanos().min(999_999_999));
        let shown = nanos.ok().and_then(|nanos| {
            let at = Timestamp::new(instant.timestamp(), nanos).ok()?;
            let civil = self.rules.to_datetime(at);
            let date = NaiveDate::from_ymd_opt(
                civil.year().into(),
                u32::try_from(civil.month()).ok()?,
                u32::try_from(civil.day()).ok()?,
            )?;
            let time = NaiveTime::from_hms_nano_opt(
                u32::try_from(civil.hour()).ok()?,
                u32::try_from(civil.minute()).ok()?,
                u32::try_from(civil.second()).ok()?,
                u32::try_from(civil.subsec_nanosecond()).ok()?,
            )?;
            Some(date.and_time(time))
        });
        shown.unwrap_or_else(|| instant.naive_utc())
    }
}

/// Graph's `dateTimeTimeZone`, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocalTime {
    pub(crate) at: NaiveDateTime,
    pub(crate) zone: String,
}

impl LocalTime {
    /// The instant; the zone was checked when the value was stored.
    pub(crate) fn instant(&self) -> DateTime<Utc> {
        Zone::find(&self.zone, true)
            .and_then(|zone| zone.instant(self.at))
            .unwrap_or_else(|| self.at.and_utc())
    }
}

/// graph-protocol §2: a local wall-clock string without offset,
/// `YYYY-MM-DDTHH:MM[:SS[.fffffff]]`. None for anything else, an offset included.
pub(crate) fn parse_local(text: &str) -> Option<NaiveDateTime> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 16 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b'T';
    if !shaped {
        return None;
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .filter(|at| (1601..=4500).contains(&at.year()))
}

/// graph-protocol §2: returned fractions have seven digits and no `Z`.
pub(crate) fn format_local(at: NaiveDateTime) -> String {
    let ticks = at.nanosecond() % 1_000_000_000 / 100;
    format!("{}.{ticks:07}", at.format("%Y-%m-%dT%H:%M:%S"))
}

/// An instant as a query parameter gives it: with an offset, or UTC without.
pub(crate) fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let midnight = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()?
            .and_hms_opt(0, 0, 0)
    };
    parse_local(text).or_else(midnight).map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::{WINDOWS, Zone, format_local, parse_instant, parse_local};
    use crate::calendar::zone_names::LISTED_IANA;

    #[test]
    fn every_name_in_the_tables_has_rules() {
        for (windows, _) in WINDOWS {
            assert!(Zone::find(windows, false).is_some(), "{windows}");
        }
        for iana in LISTED_IANA {
            assert!(Zone::find(iana, false).is_some(), "{iana}");
        }
        assert!(Zone::find("Europe/Madrid", false).is_none());
        assert!(Zone::find("Europe/Madrid", true).is_some());
        assert!(Zone::find("Mars/Olympus", true).is_none());
    }

    #[test]
    fn windows_and_iana_names_of_a_zone_agree() {
        let at = parse_local("2026-07-01T09:00").unwrap();
        let windows = Zone::find("W. Europe Standard Time", false).unwrap();
        let iana = Zone::find("Europe/Berlin", false).unwrap();
        assert_eq!(windows.instant(at), iana.instant(at));
        assert_eq!(iana.local(iana.instant(at).unwrap()), at);
    }

    #[test]
    fn local_times_have_no_offset() {
        assert!(parse_local("2026-11-02T09:00:00").is_some());
        assert!(parse_local("2026-11-02T09:00:00.0000000").is_some());
        for wrong in [
            "2026-11-02T09:00:00Z",
            "2026-11-02T09:00:00+01:00",
            "2026-11-02",
            "2026-11-02 09:00:00",
            "2026-02-30T09:00:00",
            "02.11.2026 09:00:00",
            "",
            "ééééééééé",
        ] {
            assert!(parse_local(wrong).is_none(), "{wrong}");
        }
        let at = parse_local("2026-11-02T09:00:00.25").unwrap();
        assert_eq!(format_local(at), "2026-11-02T09:00:00.2500000");
    }

    #[test]
    fn instants_default_to_utc() {
        let plain = parse_instant("2026-11-02T09:00:00").unwrap();
        assert_eq!(parse_instant("2026-11-02T10:00:00+01:00"), Some(plain));
        assert_eq!(parse_instant("2026-11-02T09:00:00Z"), Some(plain));
        assert!(parse_instant("soon").is_none());
    }
}
