//! Reading query parameters.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use convoke_domain::error::Error;

use super::Call;

/// An instant: RFC 3339, or a date that means its midnight in UTC.
pub fn instant(call: &Call, name: &str) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(text) = call.query(name)? else {
        return Ok(None);
    };
    // A `+` of an offset arrives as a space where it was not encoded.
    let instant =
        DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map(|at| at.with_timezone(&Utc));
    let date = text
        .parse::<NaiveDate>()
        .map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let instant = instant.or(date).ok();
    // Other years are written in another length, and would not sort.
    let instant = instant.filter(|at| (0..=9999).contains(&at.year()));
    instant.map(Some).ok_or_else(|| Error::Malformed {
        code: "invalid_query",
        message: format!(
            "{name} is a date such as 2027-01-15, or an instant such as 2027-01-15T14:00:00Z"
        ),
    })
}

/// A number within a range.
pub fn number(
    call: &Call,
    name: &str,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, Error> {
    let Some(text) = call.query(name)? else {
        return Ok(default);
    };
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| Error::Malformed {
            code: "invalid_query",
            message: format!(
                "{name} is a number from {} to {}",
                range.start(),
                range.end()
            ),
        })
}

/// `true` or `false`.
pub fn flag(call: &Call, name: &str) -> Result<Option<bool>, Error> {
    match call.query(name)? {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Error::Malformed {
            code: "invalid_query",
            message: format!("{name} is true or false"),
        }),
    }
}

/// Text that may be empty, which narrows nothing.
pub fn text<'a>(call: &'a Call, name: &str) -> Result<Option<&'a str>, Error> {
    Ok(call.query(name)?.filter(|text| !text.is_empty()))
}
