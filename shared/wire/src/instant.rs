//! Instants as callers send them.

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// An instant, in whole seconds, as the API writes them. Years of another length
/// than four digits are refused: they would not sort, and run out of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub DateTime<Utc>);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = DateTime::<Utc>::deserialize(deserializer)?;
        at.with_nanosecond(0)
            .filter(|at| (0..=9999).contains(&at.year()))
            .map(Self)
            .ok_or_else(|| D::Error::custom("an instant is of a year from 0000 to 9999"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let value = serde_json::Value::String(text.to_owned());
        let instant: Instant = serde_json::from_value(value).ok()?;
        Some(instant.0.to_rfc3339())
    }

    #[test]
    fn an_instant_is_read_in_whole_seconds() {
        for text in [
            "2027-01-15T09:00:00Z",
            "2027-01-15T10:00:00.999+01:00",
            "2027-01-15T09:00:00.000000001Z",
        ] {
            assert_eq!(
                read(text).as_deref(),
                Some("2027-01-15T09:00:00+00:00"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_year_of_another_length_is_refused() {
        for text in [
            "+10000-01-01T00:00:00Z",
            "+262142-12-31T00:00:00Z",
            "-0001-01-01T00:00:00Z",
            "soon",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read("9999-12-31T23:59:59Z").is_some());
    }
}
