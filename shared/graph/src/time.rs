//! Times in Graph's own spelling: a wall clock and a zone name beside it.
//!
//! Guarantee: what Graph answers is read only when it says UTC, which every call
//! asks for; a time in another zone is not guessed.

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat, Timelike, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

/// Graph's `dateTimeTimeZone` in an answer: seven fractional digits and no `Z`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireTime {
    date_time: String,
    time_zone: Option<String>,
}

impl WireTime {
    /// The instant, if the zone is UTC and the text a time.
    pub(crate) fn to_utc(&self) -> Option<DateTime<Utc>> {
        if !self.time_zone.as_deref().is_none_or(is_utc) {
            return None;
        }
        let text = self.date_time.trim_end_matches(['Z', 'z']);
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        Some(local.and_utc())
    }
}

/// A plain `DateTimeOffset` property, however many digits its fraction has. .NET's
/// year 1 stands for no time.
pub(crate) fn read_instant(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (at.year() > 1).then_some(at)
}

/// Graph's spellings of UTC, Windows and IANA.
fn is_utc(zone: &str) -> bool {
    ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "tzone://Microsoft/Utc"]
        .iter()
        .any(|name| zone.eq_ignore_ascii_case(name))
}

/// Graph's `dateTimeTimeZone` for a request.
pub(crate) fn zoned(local: NaiveDateTime, zone: &str) -> Value {
    json!({ "dateTime": local.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": zone })
}

/// An instant for query strings and plain `DateTimeOffset` properties.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An instant as subscriptions are documented to take it: with seven digits.
pub(crate) fn fine_instant(at: DateTime<Utc>) -> String {
    // A leap second counts on beyond the 59th's end, and Graph has none.
    let ticks = (at.nanosecond() / 100).min(9_999_999);
    let minute = at.format("%Y-%m-%dT%H:%M");
    format!("{minute}:{:02}.{ticks:07}Z", at.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(date_time: &str, time_zone: Option<&str>) -> Option<String> {
        let time = WireTime {
            date_time: date_time.to_owned(),
            time_zone: time_zone.map(str::to_owned),
        };
        time.to_utc().map(|at| at.to_rfc3339())
    }

    #[test]
    fn seven_fractional_digits_without_an_offset_are_read() {
        let expected = Some("2026-11-02T08:00:00+00:00".to_owned());
        assert_eq!(read("2026-11-02T08:00:00.0000000", Some("UTC")), expected);
        assert_eq!(read("2026-11-02T08:00:00Z", None), expected);
    }

    /// OM-7: fractions have up to seven digits, and a time that does not read is none.
    #[test]
    fn instants_are_read_with_any_fraction_and_offset() {
        let read = |text| read_instant(text).map(|at| at.to_rfc3339());
        for (text, expected) in [
            (
                "2026-11-02T08:02:11.5990966Z",
                "2026-11-02T08:02:11.599096600+00:00",
            ),
            (
                "2026-11-02T08:58:03.2346Z",
                "2026-11-02T08:58:03.234600+00:00",
            ),
            ("2026-11-02T08:58:03Z", "2026-11-02T08:58:03+00:00"),
            ("2026-11-02T09:58:03+01:00", "2026-11-02T08:58:03+00:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected));
        }
        for nothing in ["", "soon", "2026-11-02", "0001-01-01T00:00:00Z"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    /// NT-1: an expiry travels in the spelling of Microsoft's own example.
    #[test]
    fn a_subscriptions_expiry_has_seven_digits() {
        for (text, expected) in [
            ("2026-11-04T20:00:00Z", "2026-11-04T20:00:00.0000000Z"),
            (
                "2026-11-04T21:00:00.123456789+01:00",
                "2026-11-04T20:00:00.1234567Z",
            ),
            ("2026-12-31T23:59:60.5Z", "2026-12-31T23:59:59.9999999Z"),
        ] {
            let at = DateTime::parse_from_rfc3339(text).unwrap().to_utc();
            assert_eq!(fine_instant(at), expected);
        }
    }

    #[test]
    fn a_time_in_another_zone_is_not_taken_for_utc() {
        assert_eq!(
            read(
                "2026-11-02T09:00:00.0000000",
                Some("W. Europe Standard Time")
            ),
            None
        );
        assert_eq!(read("tomorrow", Some("UTC")), None);
    }
}
